"""What the parser does on each rule of ``feel.lark``: make a node.

Chains of one operator become one flat node, so that a long sum is not a deep tree.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from complaintflow.feel import nodes
from complaintflow.feel.nodes import Node
from complaintflow.feel.numbers import CONTEXT, EXACT, is_number
from complaintflow.feel.values import Value

Items = list[Any]
_CONSTANTS = {"TRUE": True, "FALSE": False, "NULL": None}
_CHAINS = ({"+", "-"}, {"*", "/"}, {"**"})


def _deepest(*below: Node) -> int:
    return 1 + max((node.depth for node in below), default=0)


def _span(items: Items) -> tuple[int, int]:
    first, last = items[0], items[-1]
    start = first.start if isinstance(first, Node) else first.start_pos
    return start, last.end if isinstance(last, Node) else last.end_pos


def _nodes(items: Items) -> list[Any]:
    return [item for item in items if isinstance(item, Node)]


def _chained(form: type[nodes.Both] | type[nodes.Either], items: Items) -> Node:
    """``a and b and c`` as one node; the list of the node on the left is taken over, as a copy would be quadratic."""
    left, _, right = items
    if isinstance(left, form):
        left.operands.append(right)
        return form(*_span(items), max(left.depth, _deepest(right)), left.operands)
    return form(*_span(items), _deepest(left, right), [left, right])


class Builder:
    """One method per alias in the grammar; lark calls it with the list of parts."""

    def number(self, items: Items) -> Node:
        value = _number(items[0].value)
        if not isinstance(value, int) and not value.is_finite():
            return nodes.Impossible(*_span(items), 1, "the number is too large")
        return nodes.Literal(*_span(items), 1, value)

    def string(self, items: Items) -> Node:
        return nodes.Literal(*_span(items), 1, items[0].value)

    def at(self, items: Items) -> Node:
        return nodes.AtLiteral(*_span(items), 1, items[0].value)

    def constant(self, items: Items) -> Node:
        return nodes.Literal(*_span(items), 1, _CONSTANTS[items[0].type])

    def name(self, items: Items) -> Node:
        return nodes.Name(*_span(items), 1, items[0].value)

    def parens(self, items: Items) -> Node:
        inner: Node = items[1]
        return inner.spanning(*_span(items))

    def either(self, items: Items) -> Node:
        return _chained(nodes.Either, items)

    def both(self, items: Items) -> Node:
        return _chained(nodes.Both, items)

    def compare(self, items: Items) -> Node:
        left, operator, right = items
        return nodes.Compare(*_span(items), _deepest(left, right), operator.value, left, right)

    def between(self, items: Items) -> Node:
        operand, low, high = _nodes(items)
        return nodes.Between(*_span(items), _deepest(operand, low, high), operand, low, high)

    def test(self, items: Items) -> Node:
        return nodes.Test(*_span(items), _deepest(items[1]), items[0].value, items[1])

    def in_test(self, items: Items) -> Node:
        return nodes.In(*_span(items), _deepest(items[0], items[3]) + 1, items[0], [self.test(items[2:])])

    def in_value(self, items: Items) -> Node:
        return nodes.In(*_span(items), _deepest(items[0], items[2]), items[0], [items[2]])

    def in_any(self, items: Items) -> Node:
        operand, *tests = _nodes(items)
        return nodes.In(*_span(items), _deepest(operand, *tests), operand, tests)

    def instance_of(self, items: Items) -> Node:
        return nodes.InstanceOf(*_span(items), _deepest(items[0]), items[0], items[2].value)

    def arithmetic(self, items: Items) -> Node:
        left, operator, right = items
        if isinstance(left, nodes.Arithmetic) and any({left.rest[0][0], operator.value} <= same for same in _CHAINS):
            left.rest.append((operator.value, right))
            return nodes.Arithmetic(*_span(items), max(left.depth, _deepest(right)), left.first, left.rest)
        return nodes.Arithmetic(*_span(items), _deepest(left, right), left, [(operator.value, right)])

    def negate(self, items: Items) -> Node:
        operand = items[1]
        if isinstance(operand, nodes.Literal) and is_number(operand.value):
            return nodes.Literal(*_span(items), 1, -operand.value)
        return nodes.Negate(*_span(items), _deepest(operand), operand)

    def path(self, items: Items) -> Node:
        return nodes.Path(*_span(items), _deepest(items[0]), items[0], items[2].value)

    def filter(self, items: Items) -> Node:
        return nodes.Filter(*_span(items), _deepest(items[0], items[2]), items[0], items[2])

    def call(self, items: Items) -> Node:
        function, *arguments = _nodes(items)
        return nodes.Call(*_span(items), _deepest(function, *arguments), function, arguments, None)

    def call_named(self, items: Items) -> Node:
        named = [item for item in items if isinstance(item, tuple)]
        arguments = [value for _, value in named]
        depth = _deepest(items[0], *arguments)
        return nodes.Call(*_span(items), depth, items[0], arguments, [name for name, _ in named])

    def named(self, items: Items) -> tuple[str, Node]:
        return items[0].value, items[2]

    entry = named

    def interval(self, items: Items) -> Node:
        opening, low, _, high, closing = items
        closed = opening.type == "LSQB", closing.type == "RSQB"
        return nodes.Interval(*_span(items), _deepest(low, high), low, high, *closed)

    def list(self, items: Items) -> Node:
        parts = _nodes(items)
        return nodes.ListOf(*_span(items), _deepest(*parts), parts)

    def context(self, items: Items) -> Node:
        entries = [item for item in items if isinstance(item, tuple)]
        return nodes.Context(*_span(items), _deepest(*(value for _, value in entries)), entries)

    def conditional(self, items: Items) -> Node:
        condition, then, otherwise = _nodes(items)
        return nodes.Conditional(*_span(items), _deepest(condition, then, otherwise), condition, then, otherwise)

    def iteration(self, items: Items) -> Node:
        variable, _, source, *until = items
        end = until[-1] if until and until[-1] is not None else None
        below = (source, end) if end is not None else (source,)
        last = end or source
        return nodes.Iteration(variable.start_pos, last.end, _deepest(*below), variable.value, source, end)

    def iterate(self, items: Items) -> Node:
        *iterations, body = _nodes(items)
        return nodes.Iterate(*_span(items), _deepest(*iterations, body), iterations, body)

    def quantified(self, items: Items) -> Node:
        *iterations, body = _nodes(items)
        every = items[0].type == "EVERY"
        return nodes.Quantified(*_span(items), _deepest(*iterations, body), every, iterations, body)

    def parameter(self, items: Items) -> tuple[str, Value]:
        return items[0].value, items[1].value if items[1] is not None else None

    def function(self, items: Items) -> Node:
        parameters = [item for item in items if isinstance(item, tuple)]
        return nodes.Definition(*_span(items), _deepest(items[-1]), parameters, items[-1], items[-2] is not None)

    def tests(self, items: Items) -> Node:
        parts = _nodes(items)
        return nodes.Tests(*_span(items), _deepest(*parts), parts, False)

    def negated_tests(self, items: Items) -> Node:
        parts = _nodes(items)
        return nodes.Tests(*_span(items), _deepest(*parts), parts, True)


def _number(text: str) -> int | Decimal:
    if text.isdigit() and len(text) < len(str(EXACT)):
        return int(text)
    return CONTEXT.create_decimal(text)


Rule = Callable[[Items], Node]
