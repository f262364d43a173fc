"""The requirement graph: files linked to each other, their nodes compiled (DMN 1.5, chapter 6).

A `Unit` is one file with what it imports. Its nodes are compiled when it is made; what cannot run keeps its error,
which is raised when somebody needs the node and listed in `Unit.problems`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any, NamedTuple, TypeAlias

from complaintflow.dmn import tree
from complaintflow.dmn.boxed import Compiler
from complaintflow.dmn.language import Vocabulary
from complaintflow.dmn.run import Code, Run
from complaintflow.dmn.types import Types
from complaintflow.errors import DefinitionError, InvalidDecision
from complaintflow.feel.names import is_simple
from complaintflow.feel.types import Type
from complaintflow.records import dataclass

Value = Any


class Link(NamedTuple):
    """A requirement: where it leads, and under which names its value is visible; `alias` is that of an import."""

    target: Node
    alias: str
    names: tuple[str, ...]


@dataclass(eq=False, slots=True)
class InputNode:
    """Input data."""

    unit: Unit
    source: tree.InputData
    wanted: Type | None = None
    error: DefinitionError | None = None


@dataclass(eq=False, slots=True)
class DecisionNode:
    """A decision; `reads` are the variables it reads without requiring them."""

    unit: Unit
    source: tree.Decision
    links: tuple[Link, ...] = ()
    logic: Code | None = None
    wanted: Type | None = None
    reads: frozenset[str] = frozenset()
    error: DefinitionError | None = None
    _plan: tuple[DecisionNode, ...] = ()

    @property
    def plan(self) -> tuple[DecisionNode, ...]:
        """The decisions it needs, in an order in which they can be made, itself last.

        Raises:
            InvalidDecision: it needs itself.
        """
        self._plan = self._plan or _ordered([self], frozenset())
        return self._plan


@dataclass(eq=False, slots=True)
class KnowledgeNode:
    """A business knowledge model."""

    unit: Unit
    source: tree.Knowledge
    links: tuple[Link, ...] = ()
    parameters: tuple[tree.Item, ...] = ()
    types: tuple[Type | None, ...] = ()
    body: Code | None = None
    wanted: Type | None = None
    error: DefinitionError | None = None


@dataclass(eq=False, slots=True)
class ServiceNode:
    """A decision service; `parameters` are its input data, then its input decisions, as positional calls take them."""

    unit: Unit
    source: tree.Service
    parameters: tuple[InputNode | DecisionNode, ...] = ()
    outputs: tuple[DecisionNode, ...] = ()
    wanted: Type | None = None
    error: DefinitionError | None = None
    _plan: tuple[DecisionNode, ...] = ()

    @property
    def plan(self) -> tuple[DecisionNode, ...]:
        """The decisions inside the service, in an order in which they can be made.

        Raises:
            InvalidDecision: one of them needs itself.
        """
        self._plan = self._plan or _ordered(self.outputs, frozenset(self.parameters))
        return self._plan


Node: TypeAlias = InputNode | DecisionNode | KnowledgeNode | ServiceNode


def where(node: Node) -> str:
    """File and element, for errors and warnings."""
    kinds = {
        InputNode: "input data",
        DecisionNode: "decision",
        KnowledgeNode: "knowledge model",
        ServiceNode: "decision service",
    }
    return f"{node.unit.definitions.file}, {kinds[type(node)]} '{node.source.name or node.source.id}'"


def variable_name(node: Node) -> str:
    """The name under which others see the node's value."""
    return node.source.variable.name


@dataclass(eq=False, slots=True)
class Unit:
    """One file, linked and compiled."""

    definitions: tree.Definitions
    imports: Mapping[str, Unit]
    types: Types = field(init=False)
    nodes: tuple[Node, ...] = field(init=False)
    problems: list[DefinitionError] = field(init=False, default_factory=list)
    _by_id: dict[str, Node] = field(init=False, default_factory=dict)
    _ambient: frozenset[str] = field(init=False, default=frozenset())

    def __post_init__(self) -> None:
        imported = {alias: unit.types for alias, unit in self.imports.items()}
        self.types = Types(self.definitions.types, imported, _tester, self.definitions.file)
        self.nodes = tuple(_MAKERS[type(each)](self, each) for each in self.definitions.nodes)
        self._by_id = {node.source.id: node for node in self.nodes if node.source.id}
        self._ambient = frozenset(_ambient(self))
        self.problems.extend(self.types.broken.values())
        for prepare in (_link, _compile):
            for node in self.nodes:
                try:
                    prepare(node)
                except DefinitionError as error:
                    node.error = node.error or error
                    self.problems.append(error)
        try:
            _ordered([node for node in self.nodes if isinstance(node, DecisionNode)], frozenset())
        except InvalidDecision as error:
            self.problems.append(error)

    def all_problems(self) -> Iterator[DefinitionError]:
        """What cannot run in this file, and in those it imports."""
        yield from self.problems
        for unit in self.imports.values():
            yield from unit.all_problems()

    def words(self, names: Iterable[str] = ()) -> Vocabulary:
        """What expressions in this file may name, with these variables."""
        return Vocabulary(self.types, self._ambient, names)

    def find(self, href: str) -> tuple[str, Node]:
        """The node a reference leads to, and the name of the import it came through (empty for this file).

        Raises:
            InvalidDecision: it leads nowhere.
        """
        namespace, _, identity = href.rpartition("#")
        if namespace in ("", self.definitions.namespace) and identity in self._by_id:
            return "", self._by_id[identity]
        for alias, unit in self.imports.items():
            if namespace == unit.definitions.namespace and identity in unit._by_id:
                return alias, unit._by_id[identity]
        raise InvalidDecision(
            f"a requirement points to '{href}', which does not exist",
            where=self.definitions.file,
            advice="draw the requirement again, or import the file it points to",
        )

    def paths_to(self, unit: Unit) -> list[tuple[str, ...]]:
        """The names of the imports that lead from this file to another, shortest first; one empty path to itself."""
        paths: list[tuple[str, ...]] = []
        reached: list[tuple[tuple[str, ...], Unit]] = [((), self)]
        for path, here in reached:
            if here is unit:
                paths.append(path)
            reached.extend(((*path, alias) if alias else path, each) for alias, each in here.imports.items())
        return paths

    def named(self, name: str) -> Node | None:
        """The node with that id, or else that name; decisions come before services, knowledge models and inputs."""
        if name in self._by_id:
            return self._by_id[name]
        order = (DecisionNode, ServiceNode, KnowledgeNode, InputNode)
        candidates = [node for node in self.nodes if name in (node.source.name, variable_name(node))]
        return min(candidates, key=lambda node: order.index(type(node)), default=None)


_MAKERS: dict[type, Callable[[Unit, Any], Node]] = {
    tree.InputData: InputNode,
    tree.Decision: DecisionNode,
    tree.Knowledge: KnowledgeNode,
    tree.Service: ServiceNode,
}


def _tester(tests: str, place: str) -> Callable[[Value], bool]:
    """A predicate for the allowed values of a type."""
    code = Vocabulary().unary(tests, place)
    return lambda value: code({"?": value}, Run()) is True


def _ambient(unit: Unit) -> Iterator[str]:
    """Names of several words that may follow a dot: item components, and the elements of imported files."""
    for each in (unit, *unit.imports.values()):
        for definition in each.definitions.types:
            yield from _component_names(definition)
        for expression in _logic(each.definitions.nodes):
            yield from _result_names(expression)
    for imported in unit.imports.values():
        yield from (variable_name(node) for node in imported.nodes)


def _logic(nodes: Iterable[tree.Node]) -> Iterator[tree.Expression]:
    for node in nodes:
        if isinstance(node, tree.Decision) and node.logic is not None:
            yield node.logic
        elif isinstance(node, tree.Knowledge) and node.function is not None:
            yield node.function


def _component_names(definition: tree.ItemDefinition) -> Iterator[str]:
    for component in definition.components:
        if not is_simple(component.name):
            yield component.name
        yield from _component_names(component)


def _result_names(expression: tree.Expression) -> Iterator[str]:
    """Names of the entries of a context or the outputs of a table, which a dependent decision may write after a dot."""
    names: list[str] = []
    if isinstance(expression, tree.Context):
        names = [entry.variable.name for entry in expression.entries if entry.variable is not None]
        for entry in expression.entries:
            yield from _result_names(entry.value)
    elif isinstance(expression, tree.Relation):
        names = [column.name for column in expression.columns]
    elif isinstance(expression, tree.Table):
        names = [output.name for output in expression.outputs]
    elif isinstance(expression, tree.FunctionDefinition) and expression.body is not None:
        yield from _result_names(expression.body)
    yield from (name for name in names if not is_simple(name))


def _links(unit: Unit, references: Iterable[str]) -> tuple[Link, ...]:
    links = []
    for href in references:
        alias, target = unit.find(href)
        source = target.source
        names = [variable_name(target), source.name]
        if is_simple(source.id):
            # Camunda 8 knows the result of a required decision by its id.
            names.append(source.id)
        links.append(Link(target, alias, tuple(dict.fromkeys(name for name in names if name))))
    return tuple(links)


def _link(node: Node) -> None:
    unit = node.unit
    if isinstance(node, DecisionNode):
        source = node.source
        node.links = _links(unit, (*source.inputs, *source.decisions, *source.knowledge))
    elif isinstance(node, KnowledgeNode):
        node.links = _links(unit, node.source.knowledge)
    elif isinstance(node, ServiceNode):
        service = node.source
        inputs = [unit.find(href)[1] for href in (*service.input_data, *service.input_decisions)]
        outputs = [unit.find(href)[1] for href in service.outputs]
        node.parameters = tuple(each for each in inputs if isinstance(each, InputNode | DecisionNode))
        node.outputs = tuple(each for each in outputs if isinstance(each, DecisionNode))


def _visible(links: Iterable[Link]) -> list[str]:
    return [name for link in links for name in (link.names if not link.alias else (link.alias,))]


def _compile(node: Node) -> None:
    words = node.unit.words(_visible(node.links) if isinstance(node, DecisionNode | KnowledgeNode) else ())
    place = where(node)
    node.wanted = words.type(node.source.variable.type_ref)
    if isinstance(node, DecisionNode):
        if node.source.logic is not None:
            code = Compiler(node.source.id or node.source.name).code(node.source.logic, words, place)
            node.logic, node.reads = code, frozenset(words.reads)
    elif isinstance(node, KnowledgeNode):
        node.wanted = words.result_type(node.source.variable.type_ref)
        _compile_knowledge(node, words, place)
    elif isinstance(node, ServiceNode):
        node.wanted = words.result_type(node.source.variable.type_ref)


def _compile_knowledge(node: KnowledgeNode, words: Vocabulary, place: str) -> None:
    function = node.source.function
    if isinstance(function, tree.Broken):
        raise function.error
    if function is None or function.body is None:
        raise InvalidDecision("the knowledge model has no logic", where=place, advice="write its expression")
    node.parameters = function.parameters
    node.types = tuple(words.type(each.type_ref) for each in function.parameters)
    inside = words.plus(*(each.name for each in function.parameters))
    node.wanted = words.result_type(function.type_ref) or node.wanted
    node.body = Compiler(node.source.id or node.source.name).code(function.body, inside, place)


def _ordered(goals: Iterable[DecisionNode], given: frozenset[Node]) -> tuple[DecisionNode, ...]:
    """Required decisions before those that need them, without recursion; what is given is not looked behind.

    Raises:
        InvalidDecision: a decision needs itself.
    """
    done: dict[DecisionNode, None] = {}
    open_: dict[DecisionNode, None] = {}
    stack: list[tuple[DecisionNode, bool]] = [(goal, False) for goal in goals]
    while stack:
        node, ready = stack.pop()
        if ready:
            open_.pop(node)
            done[node] = None
            continue
        if node in done or node in given:
            continue
        if node in open_:
            circle = list(open_)[list(open_).index(node) :]
            chain = " needs ".join(f"'{each.source.name}'" for each in (*circle, node))
            raise InvalidDecision(
                f"the decisions need each other in a circle: {chain}",
                where=where(node),
                advice="remove one of these requirements",
            )
        open_[node] = None
        stack.append((node, True))
        stack.extend((link.target, False) for link in node.links if isinstance(link.target, DecisionNode))
    return tuple(done)
