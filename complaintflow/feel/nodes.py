"""The syntax tree: one class per form of expression. ``start`` and ``end`` are offsets into the source."""

from __future__ import annotations

from dataclasses import dataclass

from complaintflow.feel.types import Type
from complaintflow.feel.values import Value


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Node:
    """What all forms have: their place in the text."""

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


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Literal(Node):
    """``12``, ``"text"``, ``true``, ``null``."""

    value: Value


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class AtLiteral(Node):
    """``@"2024-02-29"``."""

    text: str


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Impossible(Node):
    """What is well formed and has no value, such as ``1e9999``."""

    why: str


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Name(Node):
    """A variable or function, by its name."""

    name: str


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Path(Node):
    """``base.name``."""

    base: Node
    name: str


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Filter(Node):
    """``base[condition]``."""

    base: Node
    condition: Node


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Call(Node):
    """``f(1, 2)`` or ``f(a: 1, b: 2)``."""

    function: Node
    arguments: list[Node]
    names: list[str] | None
    """The names of the arguments, if they are given by name."""


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Negate(Node):
    """``-operand``."""

    operand: Node


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Arithmetic(Node):
    """``first (operator operand)*`` of one precedence, computed from the left."""

    first: Node
    rest: list[tuple[str, Node]]


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Compare(Node):
    """``left = right``, ``<`` and so on."""

    operator: str
    left: Node
    right: Node


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Between(Node):
    """``operand between low and high``."""

    operand: Node
    low: Node
    high: Node


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Test(Node):
    """``< 5`` as a value, or as one of the tests after ``in``."""

    operator: str
    operand: Node


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class In(Node):
    """``operand in test`` or ``operand in (test, test)``."""

    operand: Node
    tests: list[Node]


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class InstanceOf(Node):
    """``operand instance of type``."""

    operand: Node
    type: Type


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Both(Node):
    """``a and b and ...``."""

    operands: list[Node]


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Either(Node):
    """``a or b or ...``."""

    operands: list[Node]


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Conditional(Node):
    """``if condition then a else b``."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Iteration(Node):
    """``name in source`` or ``name in source..until``."""

    name: str
    source: Node
    until: Node | None


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Iterate(Node):
    """``for x in a, y in b return body``."""

    iterations: list[Iteration]
    body: Node


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Quantified(Node):
    """``some x in a satisfies body``, or ``every``."""

    every: bool
    iterations: list[Iteration]
    body: Node


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class ListOf(Node):
    """``[1, 2, 3]``."""

    items: list[Node]


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Context(Node):
    """``{a: 1, b: a + 1}``."""

    entries: list[tuple[str, Node]]


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Interval(Node):
    """``[low..high]``; parentheses, or brackets turned outwards, leave an end out."""

    low: Node
    high: Node
    low_closed: bool
    high_closed: bool


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Definition(Node):
    """``function(a: number, b) body``."""

    parameters: list[tuple[str, Type | None]]
    body: Node
    external: bool


@dataclass(slots=True, eq=False, repr=False, match_args=False)
class Tests(Node):
    """The unary tests of a decision table's cell."""

    tests: list[Node]
    negated: bool
