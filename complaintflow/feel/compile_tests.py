"""Closures for comparisons, ``between``, ``in`` and unary tests (DMN 1.5, tables 52 to 55)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping

from complaintflow.feel import nodes
from complaintflow.feel.closures import Code, Compiler, Form
from complaintflow.feel.comparison import equal, member, order
from complaintflow.feel.nodes import Node
from complaintflow.feel.runtime import Scope
from complaintflow.feel.values import Failure, Range, Value, describe

Test = Callable[[Scope, Value], bool | None]
_Order = Callable[[Value, Value], bool]

PYTHON_ORDERS: Mapping[str, _Order] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
QUICK_TYPES = frozenset({int, str})
"""Types whose values, when both sides are of the same, compare in Python as in FEEL."""
_WEIGHTY = frozenset({list, dict})
"""Types whose comparison takes as long as they are large."""


def relate(symbol: str, left: Value, right: Value) -> bool | None:
    """``left symbol right``.

    Raises:
        Failure: the two are of different kinds, or have no order.
    """
    if symbol in ("=", "!="):
        same = equal(left, right)
        if same is None:
            raise Failure(f"{describe(left)} and {describe(right)} are of different kinds")
        return same if symbol == "=" else not same
    return PYTHON_ORDERS[symbol](order(left, right), 0)


def _compare(compiler: Compiler, node: nodes.Compare) -> Code:
    symbol = node.operator
    if symbol in ("=", "!="):
        for side, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(other, nodes.Literal) and other.value is None:
                return _compare_null(compiler.compile(side, quiet=True), symbol == "=")
    left, right, fail = compiler.compile(node.left), compiler.compile(node.right), compiler.failing(node)
    quick = PYTHON_ORDERS[symbol]

    def code(scope: Scope) -> bool | None:
        a, b = left(scope), right(scope)
        if type(a) is type(b) and type(a) in QUICK_TYPES:
            return quick(a, b)
        if type(a) in _WEIGHTY:
            scope.run.weigh(a)
        try:
            return relate(symbol, a, b)
        except Failure as why:
            return fail(scope, why, a, b)

    return code


def _compare_null(side: Code, positive: bool) -> Code:
    if positive:
        return lambda scope: side(scope) is None
    return lambda scope: side(scope) is not None


def _between(compiler: Compiler, node: nodes.Between) -> Code:
    operand, low, high = (compiler.compile(one) for one in (node.operand, node.low, node.high))
    fail = compiler.failing(node)

    def code(scope: Scope) -> bool | None:
        value, start, end = operand(scope), low(scope), high(scope)
        try:
            return order(value, start) >= 0 and order(value, end) <= 0
        except Failure as why:
            return fail(scope, why, value, start, end)

    return code


def _in(compiler: Compiler, node: nodes.In) -> Code:
    operand, test = compiler.compile(node.operand), _any_of(compiler, node.tests)
    return lambda scope: test(scope, operand(scope))


def _any_of(compiler: Compiler, tests: list[Node]) -> Test:
    """Passes if one of the tests does; null if none does and one could not be decided."""
    compiled = [_test(compiler, test) for test in tests]
    if len(compiled) == 1:
        return compiled[0]

    def passes(scope: Scope, value: Value) -> bool | None:
        answer: bool | None = False
        for test in compiled:
            result = test(scope, value)
            if result is True:
                return True
            if result is None:
                answer = None
        return answer

    return passes


def _test(compiler: Compiler, node: Node) -> Test:
    if isinstance(node, nodes.Test):
        return _operator_test(compiler, node)
    if isinstance(node, nodes.Literal):
        return _literal_test(node.value)
    code, fail = compiler.compile(node), compiler.failing(node)
    decides = _asks(node)
    truth = isinstance(node, _TRUTHS) or decides
    interval = isinstance(node, nodes.Interval)

    def passes(scope: Scope, value: Value) -> bool | None:
        test = code(scope)
        if type(test) in _WEIGHTY:
            scope.run.weigh(test)
        if isinstance(test, bool) and (decides or (truth and not isinstance(value, bool))):
            return test
        if test is None and (truth or interval):
            return None
        try:
            return member(value, test)
        except Failure as why:
            return fail(scope, why, value)

    return passes


_TRUTHS = (nodes.Compare, nodes.Both, nodes.Either, nodes.In, nodes.Between, nodes.InstanceOf, nodes.Quantified)
"""Forms whose value, as a test, is the answer rather than something to be equal to."""


def _asks(node: object) -> bool:
    """True if the test itself speaks of the value, as ``?``."""
    if isinstance(node, nodes.Name):
        return node.name == "?"
    if isinstance(node, list | tuple):
        return any(_asks(item) for item in node)
    if isinstance(node, Node):
        return any(_asks(getattr(node, field)) for field in type(node).__slots__)
    return False


def _literal_test(literal: Value) -> Test:
    same = type(literal)

    def passes(scope: Scope, value: Value) -> bool | None:
        if type(value) is same and same in QUICK_TYPES:
            return bool(value == literal)
        return equal(value, literal)

    return passes


def _operator_test(compiler: Compiler, node: nodes.Test) -> Test:
    operand, fail, symbol = compiler.compile(node.operand), compiler.failing(node), node.operator

    def passes(scope: Scope, value: Value) -> bool | None:
        other = operand(scope)
        if type(other) in _WEIGHTY:
            scope.run.weigh(other)
        try:
            return relate(symbol, value, other)
        except Failure as why:
            return fail(scope, why, value, other)

    return passes


def _test_value(compiler: Compiler, node: nodes.Test) -> Code:
    """``> 5`` where a value stands: the range it describes (grammar rule 7)."""
    operand, fail, symbol = compiler.compile(node.operand), compiler.failing(node), node.operator

    def code(scope: Scope) -> Value:
        end = operand(scope)
        if end is None:
            return fail(scope, "the end of the range is null", None)
        if symbol == "!=":
            return fail(scope, '"!=" is no range')
        if symbol == "=":
            return Range(end, end)
        if symbol[0] == "<":
            return Range(None, end, False, symbol == "<=")
        return Range(end, None, symbol == ">=", False)

    return code


def _tests(compiler: Compiler, node: nodes.Tests) -> Code:
    """A cell of a decision table; the value is ``?`` in the scope."""
    if not node.tests:
        return lambda scope: True
    compiler.bound.append({"?"})
    test = _any_of(compiler, node.tests)
    compiler.bound.pop()
    if not node.negated:
        return lambda scope: test(scope, scope.vars["?"])

    def negated(scope: Scope) -> bool | None:
        result = test(scope, scope.vars["?"])
        return None if result is None else not result

    return negated


FORMS: Mapping[type, Form] = {
    nodes.Compare: _compare,
    nodes.Between: _between,
    nodes.In: _in,
    nodes.Test: _test_value,
    nodes.Tests: _tests,
}
