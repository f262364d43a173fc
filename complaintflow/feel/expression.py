"""Expressions that are parsed once and evaluated often."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from complaintflow.errors import FeelLimitExceeded, FeelSyntaxError
from complaintflow.feel.limits import DEFAULT_LIMITS, Limits, exceeded
from complaintflow.feel.runtime import NOTHING, Meter, Run, Scope, Warning, in_force
from complaintflow.feel.temporal import plain
from complaintflow.feel.types import Type
from complaintflow.feel.values import Value

Functions = Mapping[str, Callable[..., Any]]
_MADE_OF_PARTS = frozenset({list, dict})
"""Results that are weighed before they leave: lists that share their parts may be too large to be written down."""
_LONGEST_SHOWN = 200
_NAME_DEPTH = 4
_NAME_COUNT = 2000


class Expression:
    """One expression, or the unary tests of one cell, compiled.

    Attributes:
        text: the source.
        free_names: the variables it certainly reads.
        filter_names: names inside filters; each is an entry of the list's elements or else a variable.
        calls: the names of the functions it calls, built-in or not.
    """

    __slots__ = ("_code", "_quick", "calls", "filter_names", "free_names", "text")

    def __init__(self, text: str, names: frozenset[str], limits: Limits, *, unary: bool) -> None:
        from complaintflow.feel.compiler import compile_tree
        from complaintflow.feel.parser import parse_tree

        self.text = text
        try:
            found = compile_tree(text, parse_tree(text, names, limits, unary=unary))
        except RecursionError:
            raise exceeded("the nesting of the expression", limits.nesting, "nesting") from None
        self._code = found.code
        self._quick = found.quick
        self.free_names = found.free_names
        self.filter_names = found.filter_names
        self.calls = found.calls

    def __repr__(self) -> str:
        return f"<Expression {self.text!r}>"

    def evaluate(
        self,
        context: Mapping[str, Any] = NOTHING,
        *,
        functions: Functions = NOTHING,
        warnings: list[Warning] | None = None,
        limits: Limits = DEFAULT_LIMITS,
        types: Mapping[str, object] = NOTHING,
        meter: Meter | None = None,
    ) -> Value:
        """The value in a context.

        Args:
            context: the variables; read by key when they are needed, never copied or changed.
            functions: the host's functions by name, called with FEEL values by position; they are found after
                variables and built-ins, except that `now`, `today`, `uuid` and `random number` give way to them.
            warnings: is appended to, one `Warning` for each part that gave null without being written so.
            limits: the bounds.
            types: the types of a DMN model (`types.Type`) by name, for ``instance of`` and typed parameters.
            meter: counts the work of several evaluations together, which share the bound on steps.

        Raises:
            FeelLimitExceeded: a bound was passed.
            EvaluationError: an `assert` did not hold.
        """
        if self._quick is not None:
            try:
                answer = self._quick(context)
            except KeyError:
                answer = None
            if answer is not None:
                return answer
        run = self._run(functions, warnings, limits, types, meter)
        try:
            value = self._code(Scope(context, None, run))
            if type(value) in _MADE_OF_PARTS:
                run.weigh(value)
            return plain(value) if run.fine else value
        except RecursionError:
            raise self._too_deep(run.limits) from None
        except FeelLimitExceeded as error:
            raise self._named(error) from None
        finally:
            run.report()

    def test(
        self,
        value: Value,
        context: Mapping[str, Any] = NOTHING,
        *,
        functions: Functions = NOTHING,
        warnings: list[Warning] | None = None,
        limits: Limits = DEFAULT_LIMITS,
        types: Mapping[str, object] = NOTHING,
    ) -> bool | None:
        """For unary tests: whether the value passes. The tests see it as ``?``; options as for `evaluate`."""
        run = self._run(functions, warnings, limits, types, None)
        try:
            result: bool | None = self._code(Scope({"?": value}, Scope(context, None, run), run))
        except RecursionError:
            raise self._too_deep(run.limits) from None
        except FeelLimitExceeded as error:
            raise self._named(error) from None
        return result

    def _too_deep(self, limits: Limits) -> FeelLimitExceeded:
        return self._named(exceeded("the nesting of the evaluation", limits.recursion, "recursion"))

    def _named(self, error: FeelLimitExceeded) -> FeelLimitExceeded:
        """The error with the expression in its message."""
        if "`" not in error.where:
            shown = self.text if len(self.text) <= _LONGEST_SHOWN else f"{self.text[:_LONGEST_SHOWN]}..."
            error.where = f"{error.where}, in `{shown}`"
        return error

    def _run(
        self,
        functions: Functions,
        warnings: list[Warning] | None,
        limits: Limits,
        types: Mapping[str, object],
        meter: Meter | None,
    ) -> Run:
        run = Run()
        run.text = self.text
        if functions is not NOTHING:
            run.functions = functions
        if warnings is not None:
            run.warnings = warnings
        if limits is not DEFAULT_LIMITS:
            run.limits = limits
        if types is not NOTHING:
            run.types = types
        if meter is not None:
            run.meter, run.steps, run.before = meter, meter.steps, meter.steps
        return run


class _Later(Expression):
    """An expression that is known to parse: it is parsed when one of its slots is first read, and fills them all."""

    __slots__ = ()

    def __init__(self, text: str) -> None:
        self.text = text

    def __getattr__(self, name: str) -> Any:
        if name not in Expression.__slots__:
            raise AttributeError(name)
        parsed = _parsed(self.text, frozenset(), DEFAULT_LIMITS, False)
        for slot in Expression.__slots__:
            setattr(self, slot, getattr(parsed, slot))
        return getattr(parsed, name)


@lru_cache(maxsize=4096)
def _parsed(text: str, names: frozenset[str], limits: Limits, unary: bool) -> Expression:
    return Expression(text, names, limits, unary=unary)


def parse(text: str, names: Iterable[str] = (), *, where: str = "", limits: Limits = DEFAULT_LIMITS) -> Expression:
    """The expression, from the cache if it was parsed before.

    Args:
        text: the source, without the ``=`` that marks an expression in a diagram.
        names: names with spaces or symbols that are in scope; others need no mention.
        where: the file and element, for the message of an error.
        limits: bounds of length and nesting.

    Raises:
        FeelSyntaxError: it does not parse.
        FeelLimitExceeded: it is too long or nested too deeply.
    """
    return _located(text, names, where, limits, unary=False)


def parse_later(text: str, *, where: str = "") -> Expression:
    """An expression that was parsed before, and found good, under the usual bounds: parsed again when it is needed.

    Args:
        text, where: as for `parse`.

    Raises:
        FeelSyntaxError, FeelLimitExceeded: as for `parse`, at once, where other bounds than the usual are in force.
    """
    return _Later(text) if in_force(DEFAULT_LIMITS) == DEFAULT_LIMITS else parse(text, where=where)


def parse_unary(
    text: str, names: Iterable[str] = (), *, where: str = "", limits: Limits = DEFAULT_LIMITS
) -> Expression:
    """Unary tests, as in a cell of a decision table; use `Expression.test`. ``-`` always passes."""
    return _located(text, names, where, limits, unary=True)


def _located(text: str, names: Iterable[str], where: str, limits: Limits, *, unary: bool) -> Expression:
    known = names if isinstance(names, frozenset) else frozenset(names)
    try:
        return _parsed(text, known, in_force(limits), unary)
    except FeelSyntaxError as error:
        if not where:
            raise
        raise FeelSyntaxError(
            error.what, text=error.text, position=error.position, where=where, advice=error.remedy
        ) from None


def set_limits(limits: Limits) -> None:
    """The bounds of every evaluation in this process that names no others, such as those of the engine."""
    Run.limits = limits


def evaluate(text: str, context: Mapping[str, Any] = NOTHING, **options: Any) -> Value:
    """Parse and evaluate; names with spaces are taken from the context. Options as for `Expression.evaluate`.

    Raises:
        FeelSyntaxError: it does not parse.
        FeelLimitExceeded: a bound was passed.
    """
    return parse(text, spaced_names(context)).evaluate(context, **options)


def unary_test(text: str, value: Value, context: Mapping[str, Any] = NOTHING, **options: Any) -> bool | None:
    """Whether the value passes the unary tests; None if that cannot be said. Options as for `evaluate`."""
    return parse_unary(text, spaced_names(context)).test(value, context, **options)


def parse_type(text: str) -> Type:
    """The type a text names, as in the ``typeRef`` of a DMN file: ``number``, ``list<date>``, ``tLoan``.

    Raises:
        FeelSyntaxError: it is none.
    """
    from complaintflow.feel.typetext import parse_type as read

    return read(text)


def spaced_names(context: Mapping[str, Any]) -> frozenset[str]:
    """The names in a context, nested ones included, that are not a single plain word."""
    found: set[str] = set()
    _collect(context, found, _NAME_DEPTH)
    return frozenset(found)


def _collect(value: Any, found: set[str], depth: int) -> None:
    if isinstance(value, Mapping):
        for key in value:
            if isinstance(key, str) and not key.isidentifier() and len(found) < _NAME_COUNT:
                found.add(key)
            if depth:
                _collect(value[key], found, depth - 1)
    elif isinstance(value, list) and depth and value:
        _collect(value[0], found, depth - 1)
