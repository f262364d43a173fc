"""The syntax tree: one class per form of expression. ``start`` and ``end`` are offsets into the source."""

from __future__ import annotations

from typing import Self

from complaintflow.feel.types import Type
from complaintflow.feel.values import Value
from complaintflow.records import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """What all forms have: their place in the text."""

    start: int
    end: int
    depth: int
    """Levels below and including this one; bounded by ``Limits.nesting``."""

    def spanning(self, start: int, end: int) -> Self:
        """The same at another place: brackets belong to what stands in them."""
        return type(self)(start, end, *(getattr(self, name) for name in self.__match_args__[2:]))


def size(tree: object) -> int:
    """How many nodes the tree has: what one evaluation of it costs."""
    if isinstance(tree, Node):
        return 1 + sum(size(getattr(tree, field)) for field in type(tree).__slots__)
    if isinstance(tree, list | tuple):
        return sum(map(size, tree))
    return 0


@dataclass(frozen=True, slots=True, eq=False)
class Literal(Node):
    """``12``, ``"text"``, ``true``, ``null``."""

    value: Value


@dataclass(frozen=True, slots=True, eq=False)
class AtLiteral(Node):
    """``@"2024-02-29"``."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Impossible(Node):
    """What is well formed and has no value, such as ``1e9999``."""

    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Name(Node):
    """A variable or function, by its name."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Path(Node):
    """``base.name``."""

    base: Node
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Filter(Node):
    """``base[condition]``."""

    base: Node
    condition: Node


@dataclass(frozen=True, slots=True, eq=False)
class Call(Node):
    """``f(1, 2)`` or ``f(a: 1, b: 2)``."""

    function: Node
    arguments: list[Node]
    names: list[str] | None
    """The names of the arguments, if they are given by name."""


@dataclass(frozen=True, slots=True, eq=False)
class Negate(Node):
    """``-operand``."""

    operand: Node


@dataclass(frozen=True, slots=True, eq=False)
class Arithmetic(Node):
    """``first (operator operand)*`` of one precedence, computed from the left."""

    first: Node
    rest: list[tuple[str, Node]]


@dataclass(frozen=True, slots=True, eq=False)
class Compare(Node):
    """``left = right``, ``<`` and so on."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True, eq=False)
class Between(Node):
    """``operand between low and high``."""

    operand: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True, eq=False)
class Test(Node):
    """``< 5`` as a value, or as one of the tests after ``in``."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True, eq=False)
class In(Node):
    """``operand in test`` or ``operand in (test, test)``."""

    operand: Node
    tests: list[Node]


@dataclass(frozen=True, slots=True, eq=False)
class InstanceOf(Node):
    """``operand instance of type``."""

    operand: Node
    type: Type


@dataclass(frozen=True, slots=True, eq=False)
class Both(Node):
    """``a and b and ...``."""

    operands: list[Node]


@dataclass(frozen=True, slots=True, eq=False)
class Either(Node):
    """``a or b or ...``."""

    operands: list[Node]


@dataclass(frozen=True, slots=True, eq=False)
class Conditional(Node):
    """``if condition then a else b``."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True, eq=False)
class Iteration(Node):
    """``name in source`` or ``name in source..until``."""

    name: str
    source: Node
    until: Node | None


@dataclass(frozen=True, slots=True, eq=False)
class Iterate(Node):
    """``for x in a, y in b return body``."""

    iterations: list[Iteration]
    body: Node


@dataclass(frozen=True, slots=True, eq=False)
class Quantified(Node):
    """``some x in a satisfies body``, or ``every``."""

    every: bool
    iterations: list[Iteration]
    body: Node


@dataclass(frozen=True, slots=True, eq=False)
class ListOf(Node):
    """``[1, 2, 3]``."""

    items: list[Node]


@dataclass(frozen=True, slots=True, eq=False)
class Context(Node):
    """``{a: 1, b: a + 1}``."""

    entries: list[tuple[str, Node]]


@dataclass(frozen=True, slots=True, eq=False)
class Interval(Node):
    """``[low..high]``; parentheses, or brackets turned outwards, leave an end out."""

    low: Node
    high: Node
    low_closed: bool
    high_closed: bool


@dataclass(frozen=True, slots=True, eq=False)
class Definition(Node):
    """``function(a: number, b) body``."""

    parameters: list[tuple[str, Type | None]]
    body: Node
    external: bool


@dataclass(frozen=True, slots=True, eq=False)
class Tests(Node):
    """The unary tests of a decision table's cell."""

    tests: list[Node]
    negated: bool
