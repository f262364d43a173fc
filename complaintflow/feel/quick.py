"""A short cut for the conditions that decide most gateways.

`amount > 100 and severity in ("high", "urgent")`, over values that are there and of the expected kind, is decided on
the context itself, without a scope. Whatever is less simple, a missing name or another kind of value, is left to the
closures: the short cut says None, or raises KeyError, and never has an opinion that the closures would not have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from complaintflow.feel import nodes
from complaintflow.feel.compile_tests import PYTHON_ORDERS
from complaintflow.feel.nodes import Node
from complaintflow.feel.numbers import CONTEXT
from complaintflow.feel.values import Value

Quick: TypeAlias = Callable[[Mapping[str, Any]], bool | None]
_Reader: TypeAlias = Callable[[Mapping[str, Any]], Value]

_EXACT = 2**53
"""Integers up to here are exact as a float."""
_DIGITS = 15
"""Decimal fractions of so many digits keep their order as floats."""


def shortcut(node: Node) -> Quick | None:
    """The short cut for a tree; None if it has a form that has none."""
    maker = _MAKERS.get(type(node))
    return maker(node) if maker is not None else None


def _truth(node: nodes.Name | nodes.Path) -> Quick | None:
    """A variable that is true or false."""
    read = _reader(node)
    if read is None:
        return None

    def code(context: Mapping[str, Any]) -> bool | None:
        value = read(context)
        return value if type(value) is bool else None

    return code


def _compare(node: nodes.Compare) -> Quick | None:
    if isinstance(node.right, nodes.Literal):
        return _compare_literal(node, node.right.value)
    left, right, order = _reader(node.left), _reader(node.right), PYTHON_ORDERS[node.operator]
    if left is None or right is None:
        return None

    def code(context: Mapping[str, Any]) -> bool | None:
        a, b = left(context), right(context)
        kind = type(a)
        return order(a, b) if kind is type(b) and (kind is int or kind is str) else None

    return code


def _compare_literal(node: nodes.Compare, literal: Value) -> Quick | None:
    read, order = _reader(node.left), PYTHON_ORDERS[node.operator]
    if read is None:
        return None
    equality = node.operator in ("=", "!=")
    if literal is None and equality:
        positive = node.operator == "="
        return lambda context: (read(context) is None) is positive
    kind = type(literal)
    if kind is str or (kind is bool and equality):

        def of_same_kind(context: Mapping[str, Any]) -> bool | None:
            value = read(context)
            return order(value, literal) if type(value) is kind else None

        return of_same_kind
    as_float = _float(literal)
    if as_float is None:
        return None

    def of_number(context: Mapping[str, Any]) -> bool | None:
        value = read(context)
        if type(value) is int:
            return order(value, literal)
        if type(value) is float:  # what is infinite or no number has no difference to itself
            return order(value, as_float) if value - value == 0 else None
        if type(value) is Decimal:
            number = CONTEXT.plus(value)
            return order(number, literal) if number.is_finite() else None
        return None

    return of_number


def _float(literal: Value) -> float | None:
    """The float that compares with others as the number does with their shortest text; None if there is none."""
    if type(literal) is int and abs(literal) <= _EXACT:
        return float(literal)
    short = (
        isinstance(literal, Decimal) and len(literal.as_tuple().digits) <= _DIGITS and abs(literal.adjusted()) < _DIGITS
    )
    return float(literal) if short else None


def _reader(node: Node) -> _Reader | None:
    """Reads a variable, or an entry inside one; raises KeyError where the closures have to look."""
    if isinstance(node, nodes.Name):
        name = node.name
        return lambda context: context[name]
    if not isinstance(node, nodes.Path):
        return None
    base, entry = _reader(node.base), node.name
    if base is None:
        return None

    def inner(context: Mapping[str, Any]) -> Value:
        around = base(context)
        if type(around) is dict:
            return around[entry]
        raise KeyError(entry)

    return inner


def _in(node: nodes.In) -> Quick | None:
    """``status in ("open", "waiting")``, ``amount in [100..200]``."""
    read = _reader(node.operand)
    if read is None:
        return None
    if len(node.tests) == 1 and isinstance(node.tests[0], nodes.Interval):
        interval = node.tests[0]
        return _within(read, interval.low, interval.high, interval.low_closed, interval.high_closed)
    only = node.tests[0]
    tests = only.items if len(node.tests) == 1 and isinstance(only, nodes.ListOf) else node.tests
    literals = [test.value for test in tests if isinstance(test, nodes.Literal)]
    kind = type(literals[0]) if literals else None
    if len(literals) != len(tests) or kind not in (int, str) or any(type(each) is not kind for each in literals):
        return None
    allowed = frozenset(literals)

    def code(context: Mapping[str, Any]) -> bool | None:
        value = read(context)
        return value in allowed if type(value) is kind else None

    return code


def _between(node: nodes.Between) -> Quick | None:
    read = _reader(node.operand)
    return None if read is None else _within(read, node.low, node.high, low_closed=True, high_closed=True)


def _within(read: _Reader, low: Node, high: Node, low_closed: bool, high_closed: bool) -> Quick | None:
    if not isinstance(low, nodes.Literal) or not isinstance(high, nodes.Literal):
        return None
    first, last = low.value, high.value
    if type(first) is not int or type(last) is not int or first > last:
        return None
    above, below = PYTHON_ORDERS[">=" if low_closed else ">"], PYTHON_ORDERS["<=" if high_closed else "<"]

    def code(context: Mapping[str, Any]) -> bool | None:
        value = read(context)
        return above(value, first) and below(value, last) if type(value) is int else None

    return code


def _both(node: nodes.Both) -> Quick | None:
    return _chain(node.operands, decisive=False)


def _either(node: nodes.Either) -> Quick | None:
    return _chain(node.operands, decisive=True)


def _chain(operands: list[Node], *, decisive: bool) -> Quick | None:
    """``and`` ends at the first false, ``or`` at the first true; at what is neither the closures take over."""
    return _joined([shortcut(operand) for operand in operands], decisive=decisive)


def _joined(found: list[Quick | None], *, decisive: bool) -> Quick | None:
    codes = [code for code in found if code is not None]
    if len(codes) != len(found):
        return None
    first, *others = codes
    if not others:
        return first
    if len(others) == 1:
        last = others[0]

        def both(context: Mapping[str, Any]) -> bool | None:
            answer = first(context)
            return last(context) if answer is not decisive and answer is not None else answer

        return both

    def code(context: Mapping[str, Any]) -> bool | None:
        for each in codes:
            answer = each(context)
            if answer is decisive or answer is None:
                return answer
        return not decisive

    return code


def _tests(node: nodes.Tests) -> Quick | None:
    """The cell of a decision table, such as ``"low", "high"``, ``> 5`` or ``[1..10]``."""
    passes = _joined([_test(test) for test in node.tests], decisive=True) if node.tests else None
    if passes is None or not node.negated:
        return passes
    code = passes

    def negated(context: Mapping[str, Any]) -> bool | None:
        answer = code(context)
        return None if answer is None else not answer

    return negated


def _test(test: Node) -> Quick | None:
    """One test of the value, which is ``?``."""
    value = nodes.Name(test.start, test.end, 1, "?")
    if isinstance(test, nodes.Literal):
        return _compare(nodes.Compare(test.start, test.end, 1, "=", value, test))
    if isinstance(test, nodes.Test):
        return _compare(nodes.Compare(test.start, test.end, 1, test.operator, value, test.operand))
    if isinstance(test, nodes.Interval):
        return _in(nodes.In(test.start, test.end, 1, value, [test]))
    return None


def _call(node: nodes.Call) -> Quick | None:
    """``not(x)``, unless somebody calls a variable so."""
    if not isinstance(node.function, nodes.Name) or node.function.name != "not" or node.names is not None:
        return None
    inner = shortcut(node.arguments[0]) if len(node.arguments) == 1 else None
    if inner is None:
        return None

    def code(context: Mapping[str, Any]) -> bool | None:
        if _has_not(context):
            return None
        answer = inner(context)
        return None if answer is None else not answer

    return code


def _has_not(context: Mapping[str, Any]) -> bool:
    if type(context) is dict:  # other mappings may know more than they hold
        return "not" in context
    try:
        context["not"]
    except KeyError:
        return False
    return True


_MAKERS: Mapping[type, Callable[[Any], Quick | None]] = {
    nodes.Name: _truth,
    nodes.Path: _truth,
    nodes.Compare: _compare,
    nodes.In: _in,
    nodes.Between: _between,
    nodes.Both: _both,
    nodes.Either: _either,
    nodes.Call: _call,
    nodes.Tests: _tests,
}
