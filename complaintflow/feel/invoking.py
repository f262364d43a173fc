"""Calling a function value from inside a built-in one, as `sort` does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from complaintflow.feel.limits import exceeded
from complaintflow.feel.runtime import Run
from complaintflow.feel.values import Failure, Function, Value


def call_host(name: str, function: Callable[..., Value], arguments: Sequence[Value]) -> Value:
    """A host function's value.

    Raises:
        Failure: it raised ValueError, TypeError, LookupError or ArithmeticError; anything else passes through.
    """
    try:
        return function(*arguments)
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:
        raise Failure(f"{name}: {error}") from error


def invoke(run: Run, function: Function, arguments: Sequence[Value]) -> Value:
    """The value of a function value for arguments; the call counts as work and as a level of recursion.

    Raises:
        Failure: the arguments do not fit, or the function has no result.
        FeelLimitExceeded: calls are nested too deeply.
    """
    run.spend(1)
    run.depth += 1
    try:
        if run.depth > run.limits.recursion:
            raise exceeded("the recursion of functions", run.limits.recursion, "recursion")
        return call_host(function.name, function.call, arguments)
    finally:
        run.depth -= 1
