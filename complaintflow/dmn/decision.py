"""`DecisionModel`: what the rest of the library sees of DMN."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from complaintflow import feel
from complaintflow.dmn import tree
from complaintflow.dmn.graph import DecisionNode, InputNode, KnowledgeNode, Node, ServiceNode, Unit, variable_name
from complaintflow.dmn.imports import Resolver, folder_resolver, link_files
from complaintflow.dmn.parse import parse
from complaintflow.dmn.run import Fired, Run
from complaintflow.dmn.session import Session
from complaintflow.errors import DefinitionError, FeelLimitExceeded, InvalidDecision
from complaintflow.feel.limits import DEFAULT_LIMITS, Limits
from complaintflow.feel.runtime import in_force

Value: TypeAlias = Any


# Hit policies that give a result for each rule.
_MANY: Final = frozenset({"COLLECT", "RULE ORDER", "OUTPUT ORDER"})


class DecisionModel:
    """A DMN file (1.1 to 1.5) with what it imports: compiled once, evaluated many times, safe to share between threads.

    Attributes:
        file: the name for messages.
        name: of the model.
        problems: what in the file cannot run, such as an expression that does not parse or a Java function. The
            rest of the file works; evaluating what is concerned raises the problem.
    """

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self.file = unit.definitions.file
        self.name = unit.definitions.name
        self.problems: tuple[DefinitionError, ...] = tuple(dict.fromkeys(unit.all_problems()))

    @classmethod
    def load(cls, path: str | Path, imports: Resolver | None = None) -> DecisionModel:
        """Read a file; what it imports is looked for in its folder, unless `imports` says otherwise.

        Raises:
            InvalidDecision: the file cannot be read, is not DMN, or imports what is not there.
        """
        path = Path(path)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise InvalidDecision(f"the file cannot be read: {error.strerror}", where=str(path)) from None
        return cls.parse(data, file=str(path), imports=imports or folder_resolver(path.parent))

    @classmethod
    def parse(cls, text: str | bytes, file: str = "decision.dmn", imports: Resolver | None = None) -> DecisionModel:
        """Read a model from text.

        Args:
            file: the name for messages.
            imports: gives the content of an imported file by (namespace, location), or None if there is none.

        Raises:
            InvalidDecision: not DMN, with an element outside the allow-list, or an import that leads nowhere.
        """
        return cls(link_files(parse(text, file), imports or (lambda namespace, location: None)))

    @property
    def decisions(self) -> dict[str, str]:
        """Id -> name of the decisions, in the order of the file; a decision without id goes by its name."""
        return self._listed(DecisionNode)

    @property
    def services(self) -> dict[str, str]:
        """Id -> name of the decision services."""
        return self._listed(ServiceNode)

    @property
    def knowledge(self) -> dict[str, str]:
        """Id -> name of the business knowledge models."""
        return self._listed(KnowledgeNode)

    def inputs(self, name: str) -> tuple[tree.Item, ...]:
        """What a decision, service or knowledge model takes from outside.

        For a decision: the input data it needs, directly or through others, then the variables its expressions read
        without drawing them, with the type of the column they fill. For a service or knowledge model: its parameters.

        Raises:
            InvalidDecision: the model has nothing of that id or name.
        """
        node = self._find(name)
        if isinstance(node, KnowledgeNode):
            return node.parameters
        if isinstance(node, ServiceNode):
            return tuple(tree.Item(variable_name(each), each.source.variable.type_ref) for each in node.parameters)
        found: dict[str, tree.Item] = {}
        read: dict[str, tree.Item] = {}
        for each in node.plan:
            for link in each.links:
                if isinstance(link.target, InputNode):
                    item = link.target.source.variable
                    found.setdefault(item.name, item)
            columns = _column_types(each.source.logic)
            read.update((name, tree.Item(name, columns.get(name, ""))) for name in sorted(each.reads))
        return (*found.values(), *(item for name, item in read.items() if name not in found))

    def rules(self, name: str) -> tuple[tree.Rule, ...]:
        """The rules of a decision that is a table, in order; empty if it is none.

        Raises:
            InvalidDecision: the model has nothing of that id or name.
        """
        node = self._find(name)
        logic: Any = node.source.logic if isinstance(node, DecisionNode) else None
        if isinstance(node, KnowledgeNode) and isinstance(node.source.function, tree.FunctionDefinition):
            logic = node.source.function.body
        return logic.rules if isinstance(logic, tree.Table) else ()

    def outputs(self, name: str) -> tuple[str, ...]:
        """The names of a decision's outputs: of a table's columns, else of its variable.

        Raises:
            InvalidDecision: the model has nothing of that id or name.
        """
        node = self._find(name)
        if not isinstance(node, DecisionNode):
            return ()
        logic = node.source.logic
        columns = logic.outputs if isinstance(logic, tree.Table) else ()
        if len(columns) > 1:
            return tuple(column.name or column.label for column in columns)
        return ((columns[0].name if columns else "") or variable_name(node),)

    def gives_many(self, name: str) -> bool:
        """Whether a decision gives one result for each rule that fired, by its hit policy.

        Raises:
            InvalidDecision: the model has nothing of that id or name.
        """
        node = self._find(name)
        logic = node.source.logic if isinstance(node, DecisionNode) else None
        return isinstance(logic, tree.Table) and logic.policy in _MANY and not logic.aggregation

    def evaluate(
        self,
        name: str,
        inputs: Mapping[str, Value],
        *,
        functions: Mapping[str, Callable[..., Value]] | None = None,
        warnings: list[feel.Warning] | None = None,
        trace: list[Fired] | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> Value:
        """The result of a decision, decision service or business knowledge model.

        Args:
            name: its id or name.
            inputs: values by name, read lazily; for a service its input data and input decisions, for a knowledge
                model its parameters. Of imported files: a context under the name of the import.
            functions: host functions for FEEL, which shadow nothing but missing names.
            warnings: collects why something became null.
            trace: collects the rules that fired, one entry for each table, in the order of evaluation.
            limits: the bounds; `steps` and `recursion` hold for all expressions, boxed loops and calls together.

        Returns:
            A FEEL value (ARCHITECTURE.md, "Values").

        Raises:
            InvalidDecision, FeelSyntaxError: nothing of that name, or one of `problems` is in the way.
            DecisionError: a hit policy is violated, or a value is outside its type or allowed values.
            FeelLimitExceeded: too much work.
        """
        node = self._find(name)
        if node.error is not None:
            raise node.error
        run = Run(functions or {}, warnings, trace, in_force(limits))
        session = Session(self._unit, inputs, run, {})
        try:
            if isinstance(node, DecisionNode):
                return session.decide(node.plan)
            if isinstance(node, ServiceNode):
                for parameter in node.parameters:
                    session.give(parameter)
                return session.serve(node)
            return session.function(node).call(*(inputs.get(each.name) for each in node.parameters))
        except RecursionError:
            raise FeelLimitExceeded(f"'{name}' nests its calls too deeply", where=self.file) from None

    def _listed(self, kind: type[Node]) -> dict[str, str]:
        return {node.source.id or node.source.name: node.source.name for node in self._unit.nodes if type(node) is kind}

    def _find(self, name: str) -> DecisionNode | ServiceNode | KnowledgeNode:
        node = self._unit.named(name)
        if node is None or isinstance(node, InputNode):
            known = ", ".join((*self.decisions, *self.services, *self.knowledge)) or "none"
            raise InvalidDecision(
                f"the file has no decision '{name}'", where=self.file, advice=f"use one of its ids: {known}"
            )
        return node


def _column_types(logic: tree.Expression | None) -> dict[str, str]:
    """The types of a table's columns, by their input expressions."""
    if not isinstance(logic, tree.Table):
        return {}
    return {each.expression.text.strip(): each.expression.type_ref for each in logic.inputs}
