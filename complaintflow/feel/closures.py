"""Closures for the syntax tree: each node becomes one function from a scope to a value.

Nothing is generated as source. A failure inside is null, with a warning if nothing below has explained it already.
This file has what all forms share, names and paths among it; the forms are in the modules ``compile_*``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from complaintflow.feel import library, moments, nodes
from complaintflow.feel.nodes import Node
from complaintflow.feel.runtime import Run, Scope
from complaintflow.feel.values import Failure, Range, Value, describe, kind

Code: TypeAlias = Callable[[Scope], Value]
Fail: TypeAlias = Callable[..., None]
Form: TypeAlias = Callable[["Compiler", Any], Code]


class Compiler:
    """Compiles one source text; remembers the names it meets and which of them are bound inside it.

    Args:
        text: the source.
        forms: for each class of node the function that makes its closure.
    """

    def __init__(self, text: str, forms: Mapping[type, Form]) -> None:
        self.text = text
        self.forms = forms
        self.free: set[str] = set()
        self.filtered: set[str] = set()
        self.calls: set[str] = set()
        self.bound: list[set[str]] = []
        self.filters = 0

    def compile(self, node: Node, *, quiet: bool = False) -> Code:
        """The closure of a node; a quiet one does not warn about a missing name or entry at its top."""
        if isinstance(node, nodes.Name):
            return self._name(node, quiet)
        if isinstance(node, nodes.Path):
            return self._path(node, quiet)
        return self.forms[type(node)](self, node)

    def failing(self, node: Node) -> Fail:
        """A function that records why the node gave null.

        Operands that are null and explained need no second word, and in a filter none: not all elements have all
        entries.
        """
        text, start, end = self.text, node.start, node.end
        nulls_are_usual = self.filters > 0

        def fail(scope: Scope, why: object, *operands: Value) -> None:
            run = scope.run
            if run.warnings is None:
                return
            null = any(operand is None for operand in operands)
            if null and (nulls_are_usual or run.explained(text, start, end)):
                return
            run.warn(text, start, end, str(why))

        return fail

    def source(self, node: Node) -> str:
        """The node as it is written."""
        return self.text[node.start : node.end]

    def is_bound(self, name: str) -> bool:
        """True if the expression itself declares the name around the current node."""
        return any(name in names for names in self.bound)

    def _name(self, node: nodes.Name, quiet: bool) -> Code:
        name, fail = node.name, self.failing(node)
        if not self.is_bound(name):
            (self.filtered if self.filters else self.free).add(name)
        silent = quiet or self.filters > 0

        def missing(scope: Scope) -> Value:
            found = library.function_value(name, scope.run)
            if found is None and not silent:
                fail(scope, f'there is no variable "{name}"')
            return found

        def code(scope: Scope) -> Value:
            try:
                return scope.vars[name]
            except KeyError:
                outer = scope.parent
            while outer is not None:
                try:
                    return outer.vars[name]
                except KeyError:
                    outer = outer.parent
            return missing(scope)

        return code

    def _path(self, node: nodes.Path, quiet: bool) -> Code:
        base, name, fail = self.compile(node.base, quiet=quiet), node.name, self.failing(node)
        silent = quiet or self.filters > 0

        def code(scope: Scope) -> Value:
            value = base(scope)
            if type(value) is dict and name in value:
                return value[name]
            try:
                return step(value, name, scope.run)
            except Failure as why:
                if not silent:
                    fail(scope, why, value)
                return None

        return code


def step(value: Value, name: str, run: Run) -> Value:
    """``value.name``: an entry, the entries of a list's elements, or a part of a temporal value or range (table 64).

    Raises:
        Failure: there is none.
    """
    what = kind(value)
    if what == "context":
        try:
            return value[name]
        except KeyError:
            raise Failure(f'the context has no entry "{name}"') from None
    if what == "list":
        run.spend(len(value))
        return [_step_or_null(item, name, run) for item in value]
    if what == "range" and name in _RANGE_PARTS:
        return _RANGE_PARTS[name](value)
    if what in _TEMPORAL:
        return moments.property_of(value, name)
    raise Failure(f'{describe(value)} has no entry "{name}"')


def _step_or_null(item: Value, name: str, run: Run) -> Value:
    try:
        return step(item, name, run)
    except Failure:
        return None


_TEMPORAL = frozenset({"date", "time", "date and time", "days and time duration", "years and months duration"})
_RANGE_PARTS: Mapping[str, Callable[[Range], Value]] = {
    "start": lambda value: value.low,
    "end": lambda value: value.high,
    "start included": lambda value: value.low is not None and value.low_closed,
    "end included": lambda value: value.high is not None and value.high_closed,
}
