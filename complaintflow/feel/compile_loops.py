"""Closures for filters, ``for``, ``some`` and ``every`` (DMN 1.5, 10.3.2.5, 10.3.2.14 and table 49)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta

from complaintflow.feel import nodes, numbers
from complaintflow.feel.closures import Code, Compiler, Fail, Form
from complaintflow.feel.comparison import less
from complaintflow.feel.runtime import Run, Scope
from complaintflow.feel.values import Failure, Range, Value, describe, kind

_Source = Callable[[Scope], Iterator[Value]]


def _filter(compiler: Compiler, node: nodes.Filter) -> Code:
    base, fail = compiler.compile(node.base), compiler.failing(node)
    if isinstance(node.condition, nodes.Literal) and numbers.is_number(node.condition.value):
        position = node.condition.value

        def by_number(scope: Scope) -> Value:
            return _at(scope, base(scope), position, fail)

        return by_number
    compiler.filters += 1
    compiler.bound.append({"item"})
    condition, cost = compiler.compile(node.condition), nodes.size(node.condition)
    compiler.bound.pop()
    compiler.filters -= 1

    def code(scope: Scope) -> Value:
        value = base(scope)
        if value is None:
            return fail(scope, "null cannot be filtered", None)
        items = value if kind(value) == "list" else [value]
        scope.run.spend((len(items) + 1) * cost)
        found = []
        for item in items or [None]:
            answer = condition(_element(item, scope))
            if answer is True and items:
                found.append(item)
            elif numbers.is_number(answer):
                return _at(scope, items, answer, fail)
        return found

    return code


def _element(item: Value, scope: Scope) -> Scope:
    """The scope of a filter: the element as ``item``, and before that its own entries."""
    inner = Scope({"item": item}, scope, scope.run)
    return Scope(item, inner, scope.run) if isinstance(item, Mapping) else inner


def _at(scope: Scope, value: Value, position: Value, fail: Fail) -> Value:
    if value is None:
        return fail(scope, "null has no elements", None)
    items = value if kind(value) == "list" else [value]
    try:
        index = numbers.integer(position, "position") if numbers.whole(position) else 0
    except Failure as why:
        return fail(scope, why)
    if 0 < index <= len(items):
        return items[index - 1]
    if -len(items) <= index < 0:
        return items[index]
    return fail(scope, f"there is no element {numbers.text(position)}, the list has {len(items)}")


def _source(compiler: Compiler, node: nodes.Iteration) -> _Source:
    """What an iteration runs over, one after the other: a list, a range of integers or dates, or a single value."""
    first = compiler.compile(node.source)
    if node.until is None:
        return lambda scope: _elements(scope.run, first(scope))
    last = compiler.compile(node.until)
    return lambda scope: _steps(scope.run, first(scope), last(scope))


def _elements(run: Run, value: Value) -> Iterator[Value]:
    if isinstance(value, Range):
        return _steps(run, *_inner_ends(value))
    if value is None:
        raise Failure("null cannot be iterated over")
    return iter(value) if kind(value) == "list" else iter((value,))


def _inner_ends(interval: Range) -> tuple[Value, Value]:
    low, high = interval.low, interval.high
    if low is None or high is None:
        raise Failure("a range without end cannot be iterated over")
    falling = less(high, low)
    one: Value = timedelta(days=1) if isinstance(low, date) else 1
    low = low if interval.low_closed else (low - one if falling else low + one)
    high = high if interval.high_closed else (high + one if falling else high - one)
    return low, high


def _steps(run: Run, start: Value, end: Value) -> Iterator[Value]:
    if numbers.is_number(start) and numbers.is_number(end) and numbers.whole(start) and numbers.whole(end):
        first, last = numbers.integer(start), numbers.integer(end)
        return iter(range(first, last + 1) if first <= last else range(first, last - 1, -1))
    if _is_date(start) and _is_date(end):
        step = 1 if start <= end else -1
        return (start + timedelta(days=step * index) for index in range(abs((end - start).days) + 1))
    raise Failure(f"cannot iterate from {describe(start)} to {describe(end)}")


def _is_date(value: Value) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _iterations(compiler: Compiler, iterations: list[nodes.Iteration]) -> list[tuple[str, _Source]]:
    """The sources in order; each sees the variables before it, all of which stay bound until the caller pops them."""
    compiler.bound.append({"partial"})
    found = []
    for node in iterations:
        found.append((node.name, _source(compiler, node)))
        compiler.bound[-1].add(node.name)
    return found


def _rounds(scope: Scope, sources: list[tuple[str, _Source]], cost: int) -> Iterator[Scope]:
    """The scope of every combination, the last variable running fastest; each round costs the size of the body."""
    (name, source), rest = sources[0], sources[1:]
    for value in source(scope):
        scope.run.spend(cost)
        inner = Scope({name: value}, scope, scope.run)
        if rest:
            yield from _rounds(inner, rest, cost)
        else:
            yield inner


def _iterate(compiler: Compiler, node: nodes.Iterate) -> Code:
    sources = _iterations(compiler, node.iterations)
    body, fail, cost = compiler.compile(node.body), compiler.failing(node), nodes.size(node)
    compiler.bound.pop()

    def code(scope: Scope) -> Value:
        results: list[Value] = []
        bound = scope.run.limits.list_length
        try:
            for inner in _rounds(scope, sources, cost):
                inner.vars = _WithPartial(inner.vars, results, scope.run)
                results.append(body(inner))
                if len(results) > bound:
                    scope.run.sized(results)
        except Failure as why:
            return fail(scope, why, None)
        return results

    return code


class _WithPartial(dict[str, Value]):
    """The variables of one round; ``partial``, the results so far, is copied only when it is read."""

    __slots__ = ("_results", "_run")

    def __init__(self, names: Mapping[str, Value], results: list[Value], run: Run) -> None:
        super().__init__(names)
        self._results = results
        self._run = run

    def __missing__(self, name: str) -> Value:
        if name != "partial":
            raise KeyError(name)
        self._run.spend(len(self._results))
        return list(self._results)


def _quantified(compiler: Compiler, node: nodes.Quantified) -> Code:
    sources = _iterations(compiler, node.iterations)
    body, fail, every = compiler.compile(node.body), compiler.failing(node), node.every
    cost = nodes.size(node)
    compiler.bound.pop()

    def code(scope: Scope) -> bool | None:
        answer: bool | None = every
        try:
            for inner in _rounds(scope, sources, cost):
                result = body(inner)
                if result is (not every):
                    return not every
                if result is not every:
                    answer = None
        except Failure as why:
            return fail(scope, why, None)
        if answer is None:
            fail(scope, "for one of the elements the condition is neither true nor false", None)
        return answer

    return code


FORMS: Mapping[type, Form] = {
    nodes.Filter: _filter,
    nodes.Iterate: _iterate,
    nodes.Quantified: _quantified,
}
