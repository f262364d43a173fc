"""The syntax tree: one class per form of expression. ``start`` and ``end`` are offsets into the source."""

from __future__ import annotations

from dataclasses import dataclass

from complaintflow.feel.types import Type
from complaintflow.feel.values import Value


@dataclass(slots=True, eq=False)
class Node:
    start: int
    end: int
    depth: int
    """Levels below and including this one; bounded by ``Limits.nesting``."""


def size(tree: object) -> int:
    """How many nodes the tree has: what one evaluation of it costs."""
    if isinstance(tree, Node):
        return 1 + sum(size(getattr(tree, field)) for field in type(tree).__slots__)
    if isinstance(tree, list | tuple):
        return sum(map(size, tree))
    return 0


@dataclass(slots=True, eq=False)
class Literal(Node):
    value: Value


@dataclass(slots=True, eq=False)
class AtLiteral(Node):
    text: str


@dataclass(slots=True, eq=False)
class Name(Node):
    name: str


@dataclass(slots=True, eq=False)
class Path(Node):
    base: Node
    name: str


@dataclass(slots=True, eq=False)
class Filter(Node):
    base: Node
    condition: Node


@dataclass(slots=True, eq=False)
class Call(Node):
    function: Node
    arguments: list[Node]
    names: list[str] | None
    """The names of the arguments, if they are given by name."""


@dataclass(slots=True, eq=False)
class Negate(Node):
    operand: Node


@dataclass(slots=True, eq=False)
class Arithmetic(Node):
    """``first (operator operand)*`` of one precedence, computed from the left."""

    first: Node
    rest: list[tuple[str, Node]]


@dataclass(slots=True, eq=False)
class Compare(Node):
    operator: str
    left: Node
    right: Node


@dataclass(slots=True, eq=False)
class Between(Node):
    operand: Node
    low: Node
    high: Node


@dataclass(slots=True, eq=False)
class Test(Node):
    """``< 5`` as a value, or as one of the tests after ``in``."""

    operator: str
    operand: Node


@dataclass(slots=True, eq=False)
class In(Node):
    operand: Node
    tests: list[Node]


@dataclass(slots=True, eq=False)
class InstanceOf(Node):
    operand: Node
    type: Type


@dataclass(slots=True, eq=False)
class Both(Node):
    """``a and b and ...``."""

    operands: list[Node]


@dataclass(slots=True, eq=False)
class Either(Node):
    """``a or b or ...``."""

    operands: list[Node]


@dataclass(slots=True, eq=False)
class Conditional(Node):
    condition: Node
    then: Node
    otherwise: Node


@dataclass(slots=True, eq=False)
class Iteration(Node):
    """``name in source`` or ``name in source..until``."""

    name: str
    source: Node
    until: Node | None


@dataclass(slots=True, eq=False)
class Iterate(Node):
    iterations: list[Iteration]
    body: Node


@dataclass(slots=True, eq=False)
class Quantified(Node):
    every: bool
    iterations: list[Iteration]
    body: Node


@dataclass(slots=True, eq=False)
class ListOf(Node):
    items: list[Node]


@dataclass(slots=True, eq=False)
class Context(Node):
    entries: list[tuple[str, Node]]


@dataclass(slots=True, eq=False)
class Interval(Node):
    low: Node
    high: Node
    low_closed: bool
    high_closed: bool


@dataclass(slots=True, eq=False)
class Definition(Node):
    """``function(a: number, b) body``."""

    parameters: list[tuple[str, Type | None]]
    body: Node
    external: bool


@dataclass(slots=True, eq=False)
class Tests(Node):
    """The unary tests of a decision table's cell."""

    tests: list[Node]
    negated: bool
