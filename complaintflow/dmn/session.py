"""Making decisions: the values of one evaluation, each node computed once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from complaintflow.dmn import language
from complaintflow.dmn.boxed import callable_value
from complaintflow.dmn.graph import DecisionNode, InputNode, KnowledgeNode, Link, Node, ServiceNode, Unit, variable_name
from complaintflow.dmn.graph import where as place_of
from complaintflow.dmn.run import Run, Scope
from complaintflow.dmn.types import Mismatch, accept
from complaintflow.errors import DecisionError
from complaintflow.feel.values import Failure, Function

Value = Any

_ABSENT: Final = object()


class Session:
    """One evaluation of a model, or one call of a decision service.

    Args:
        root: the file that was asked; names in `inputs` are its names.
        inputs: values from outside, read by key and never copied.
        given: values of nodes that are already known, such as the arguments of a service.
    """

    def __init__(self, root: Unit, inputs: Mapping[str, Value], run: Run, given: Mapping[Node, Value]) -> None:
        self._root = root
        self._inputs = inputs
        self._run = run
        self._values: dict[Node, Value] = dict(given)

    def decide(self, plan: tuple[DecisionNode, ...]) -> Value:
        """Make the decisions of a plan in its order; the value of the last."""
        value = None
        for node in plan:
            value = self._decision(node)
        return value

    def serve(self, node: ServiceNode) -> Value:
        """The result of a service: the value of its only output decision, or a context of all (10.4)."""
        if node.error is not None:
            raise node.error
        self.decide(node.plan)
        results = {variable_name(each): self._values[each] for each in node.outputs}
        value = next(iter(results.values())) if len(results) == 1 else results
        return value if node.wanted is None else language.conform(value, node.wanted, place_of(node), self._run)

    def give(self, node: InputNode | DecisionNode) -> None:
        """Take an input of a service from outside; one that is missing is null."""
        value = self._from_outside(node)
        self._values[node] = None if value is _ABSENT else value

    def function(self, node: KnowledgeNode | ServiceNode) -> Function:
        """A knowledge model or service as a FEEL function.

        Raises:
            DefinitionError: it cannot run.
        """
        if node.error is not None:
            raise node.error
        known = self._values.get(node)
        if isinstance(known, Function):
            return known
        function = self._knowledge(node) if isinstance(node, KnowledgeNode) else self._service(node)
        self._values[node] = function
        return function

    def _decision(self, node: DecisionNode) -> Value:
        if node in self._values:
            return self._values[node]
        if node.error is not None:
            raise node.error
        place = place_of(node)
        value = None
        if node.logic is None:
            self._run.warn(place, "the decision has no logic")
        else:
            value = node.logic(self._scope(node.links, node.unit), self._run)
        if node.wanted is not None:
            value = language.conform(value, node.wanted, place, self._run)
        self._values[node] = value
        return value

    def _scope(self, links: tuple[Link, ...], unit: Unit) -> Scope:
        """The values of what is required, over everything from outside for decisions of the file that was asked.

        The standard shows a decision only what it requires; Camunda shows it all variables, and most of its tables
        are drawn without input data.
        """
        local: dict[str, Value] = {}
        others: list[tuple[dict[str, Value], str, Value]] = []
        for link in links:
            value = self._value(link.target)
            if value is _ABSENT:
                continue
            names = local.setdefault(link.alias, {}) if link.alias else local
            names[link.names[0]] = value
            others.extend((names, name, value) for name in link.names[1:])
        for names, name, value in others:
            names.setdefault(name, value)
        return Scope(local, self._inputs if unit is self._root else {})

    def _value(self, node: Node) -> Value:
        if isinstance(node, KnowledgeNode | ServiceNode):
            return self.function(node)
        if node in self._values:
            return self._values[node]
        value = self._values[node] = self._from_outside(node)
        return value

    def _from_outside(self, node: InputNode | DecisionNode) -> Value:
        """A value from the inputs, as the node's type.

        Raises:
            DecisionError: it is of another type or not allowed.
        """
        if node.error is not None:
            raise node.error
        value = self._look_up(node)
        if node.wanted is None or value is _ABSENT:
            return value
        try:
            return accept(value, node.wanted)
        except Mismatch as mismatch:
            raise DecisionError(
                f"input '{variable_name(node)}': {mismatch}",
                where=place_of(node),
                advice="change what fills it, or its type in the decision file",
            ) from None

    def _look_up(self, node: InputNode | DecisionNode) -> Value:
        """An input of an imported file stands under the import's name, or else under its own."""
        names = (variable_name(node), node.source.name)
        for path in (*self._root.paths_to(node.unit), ()):
            place: Value = self._inputs
            for alias in path:
                place = _get(place, alias)
            for name in names:
                value = _get(place, name)
                if value is not _ABSENT:
                    return value
        return _ABSENT

    def _knowledge(self, node: KnowledgeNode) -> Function:
        place = place_of(node)

        def body(scope: Mapping[str, Value], run: Run) -> Value:
            assert node.body is not None
            value = node.body(scope, run)
            return value if node.wanted is None else language.conform(value, node.wanted, place, run)

        # The scope is filled after the function exists, so that knowledge models may call each other.
        scope = Scope({}, {})
        names = tuple(each.name for each in node.parameters)
        function = callable_value(variable_name(node), names, node.types, body, scope, self._run)
        self._values[node] = function
        scope.update(self._scope(node.links, node.unit))
        return function

    def _service(self, node: ServiceNode) -> Function:
        names = tuple(variable_name(each) for each in node.parameters)

        def call(*arguments: Value) -> Value:
            if len(arguments) != len(names):
                raise Failure(f"{node.source.name} takes {len(names)} arguments and got {len(arguments)}")
            given: dict[Node, Value] = {}
            for parameter, argument in zip(node.parameters, arguments, strict=True):
                value = argument
                if parameter.wanted is not None:
                    at = f"{place_of(node)}, {variable_name(parameter)}"
                    value = language.conform(argument, parameter.wanted, at, self._run)
                if value is None and argument is not None:
                    return None
                given[parameter] = value
            self._run.enter(node.source.name)
            try:
                return Session(node.unit, {}, self._run, given).serve(node)
            finally:
                self._run.leave()

        return Function(names, call, variable_name(node))


def _get(place: Value, name: str) -> Value:
    if not isinstance(place, Mapping):
        return _ABSENT
    try:
        return place[name]
    except KeyError:
        return _ABSENT
