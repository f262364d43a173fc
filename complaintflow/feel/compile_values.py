"""Closures for the plain forms: literals, arithmetic, logic, lists, contexts, ranges (DMN 1.5, 10.3.2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress

from complaintflow.feel import arithmetic, nodes, temporal
from complaintflow.feel.closures import Code, Compiler, Form
from complaintflow.feel.comparison import order
from complaintflow.feel.runtime import Scope
from complaintflow.feel.temporal import FineDateTime, FineTime
from complaintflow.feel.types import BareType, NamedType
from complaintflow.feel.values import Failure, Range, Value, describe, kind


def _literal(compiler: Compiler, node: nodes.Literal) -> Code:
    value = node.value
    return lambda scope: value


def _impossible(compiler: Compiler, node: nodes.Impossible) -> Code:
    why, fail = node.why, compiler.failing(node)
    return lambda scope: fail(scope, why)


def _at_literal(compiler: Compiler, node: nodes.AtLiteral) -> Code:
    fail = compiler.failing(node)
    try:
        value = temporal.parse_at(node.text)
    except Failure as error:
        why = str(error)

        def broken(scope: Scope) -> Value:
            return fail(scope, why)

        return broken
    if isinstance(value, FineTime | FineDateTime):

        def fine(scope: Scope) -> Value:
            scope.run.fine = True
            return value

        return fine
    return lambda scope: value


def _negate(compiler: Compiler, node: nodes.Negate) -> Code:
    operand, fail = compiler.compile(node.operand), compiler.failing(node)

    def code(scope: Scope) -> Value:
        value = operand(scope)
        try:
            return arithmetic.negate(value)
        except Failure as why:
            return fail(scope, why, value)

    return code


_WEIGHTY = frozenset({list, dict})
"""Values whose parts are looked at."""
_OPERATIONS: Mapping[str, Callable[[Value, Value], Value]] = {
    "+": arithmetic.add,
    "-": arithmetic.subtract,
    "*": arithmetic.multiply,
    "/": arithmetic.divide,
    "**": arithmetic.power,
}


def _arithmetic(compiler: Compiler, node: nodes.Arithmetic) -> Code:
    first, fail = compiler.compile(node.first), compiler.failing(node)
    rest = [(operator, _OPERATIONS[operator], compiler.compile(operand)) for operator, operand in node.rest]

    def code(scope: Scope) -> Value:
        value = first(scope)
        for operator, operation, operand in rest:
            other = operand(scope)
            try:
                value = operation(value, other)
            except Failure as why:
                return fail(scope, why, value, other)
            if operator == "**":
                scope.run.bounded(value)
            elif type(value) is str:
                scope.run.lengthy(value)
        return value

    return code


def _both(compiler: Compiler, node: nodes.Both) -> Code:
    first, *others = [compiler.compile(one) for one in node.operands]
    fail = compiler.failing(node)

    def code(scope: Scope) -> bool | None:
        value = first(scope)
        if value is False:
            return False
        doubtful, doubt = value is not True, value
        for operand in others:
            value = operand(scope)
            if value is False:
                return False
            if value is not True:
                doubtful, doubt = True, value
        if doubtful:
            fail(scope, f'an operand of "and" is {describe(doubt)}, neither true nor false', doubt)
            return None
        return True

    return code


def _either(compiler: Compiler, node: nodes.Either) -> Code:
    first, *others = [compiler.compile(one) for one in node.operands]
    fail = compiler.failing(node)

    def code(scope: Scope) -> bool | None:
        value = first(scope)
        if value is True:
            return True
        doubtful, doubt = value is not False, value
        for operand in others:
            value = operand(scope)
            if value is True:
                return True
            if value is not False:
                doubtful, doubt = True, value
        if doubtful:
            fail(scope, f'an operand of "or" is {describe(doubt)}, neither true nor false', doubt)
            return None
        return False

    return code


def _conditional(compiler: Compiler, node: nodes.Conditional) -> Code:
    condition, then = compiler.compile(node.condition), compiler.compile(node.then)
    otherwise = compiler.compile(node.otherwise)

    def code(scope: Scope) -> Value:
        return then(scope) if condition(scope) is True else otherwise(scope)

    return code


def _list(compiler: Compiler, node: nodes.ListOf) -> Code:
    items = [compiler.compile(item) for item in node.items]
    return lambda scope: [item(scope) for item in items]


def _context(compiler: Compiler, node: nodes.Context) -> Code:
    compiler.bound.append(set())
    entries = []
    fail = compiler.failing(node)
    times = Counter(key for key, _ in node.entries)
    twice = next((key for key in times if times[key] > 1), None)
    for key, value in node.entries:
        recursive = isinstance(value, nodes.Definition)
        if recursive:
            compiler.bound[-1].add(key)
        entries.append((key, compiler.compile(value)))
        compiler.bound[-1].add(key)
    compiler.bound.pop()

    def code(scope: Scope) -> Value:
        if twice is not None:
            return fail(scope, f'the entry "{twice}" is there twice')
        made: dict[str, Value] = {}
        inner = Scope(made, scope, scope.run)
        for key, entry in entries:
            made[key] = entry(inner)
        return made

    return code


def _interval(compiler: Compiler, node: nodes.Interval) -> Code:
    low, high, fail = compiler.compile(node.low), compiler.compile(node.high), compiler.failing(node)
    low_closed, high_closed = node.low_closed, node.high_closed

    def made(start: Value, end: Value) -> Range:
        if start is None or end is None:
            raise Failure("an end of the range is null")
        if kind(start) != kind(end) or order(start, end) > 0:
            raise Failure(f"there is no range from {describe(start)} to {describe(end)}")
        return Range(start, end, low_closed, high_closed)

    if isinstance(node.low, nodes.Literal) and isinstance(node.high, nodes.Literal):
        with suppress(Failure):
            constant = made(node.low.value, node.high.value)
            return lambda scope: constant

    def code(scope: Scope) -> Value:
        start, end = low(scope), high(scope)
        try:
            return made(start, end)
        except Failure as why:
            return fail(scope, why, start, end)

    return code


def _instance_of(compiler: Compiler, node: nodes.InstanceOf) -> Code:
    operand, of, fail = compiler.compile(node.operand, quiet=True), node.type, compiler.failing(node)

    def code(scope: Scope) -> bool | None:
        found = of.resolve(scope.run.types)
        if isinstance(found, NamedType | BareType):
            return fail(scope, found.unknown)
        value = operand(scope)
        if type(value) in _WEIGHTY:
            scope.run.weigh(value)
        return found.holds(value)

    return code


FORMS: Mapping[type, Form] = {
    nodes.Literal: _literal,
    nodes.Impossible: _impossible,
    nodes.AtLiteral: _at_literal,
    nodes.Negate: _negate,
    nodes.Arithmetic: _arithmetic,
    nodes.Both: _both,
    nodes.Either: _either,
    nodes.Conditional: _conditional,
    nodes.ListOf: _list,
    nodes.Context: _context,
    nodes.Interval: _interval,
    nodes.InstanceOf: _instance_of,
}
