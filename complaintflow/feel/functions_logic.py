"""Boolean functions, and those that deal with what may be missing (DMN 1.5, 10.3.4.2; Camunda)."""

from __future__ import annotations

from complaintflow.errors import EvaluationError
from complaintflow.feel.functions import CAMUNDA, builtin
from complaintflow.feel.runtime import Run
from complaintflow.feel.values import Failure, Value


@builtin("not(negand: any)", example="not(1 = 2)")
def negation(run: Run, negand: Value) -> bool | None:
    """True for false and false for true; null for everything else."""
    return not negand if isinstance(negand, bool) else None


@builtin("all(list: list)", "all(b1: any, b2: any, ...b: any)", example="all([true, true])")
def every_one(run: Run, *items: Value) -> bool | None:
    """True if all elements are true, false if one is false, null if one is neither."""
    return _quantify(run, items, decisive=False)


@builtin("any(list: list)", "any(b1: any, b2: any, ...b: any)", example="any([false, true])")
def any_one(run: Run, *items: Value) -> bool | None:
    """True if one element is true, false if all are false, null if one is neither."""
    return _quantify(run, items, decisive=True)


def _quantify(run: Run, items: tuple[Value, ...], *, decisive: bool) -> bool | None:
    elements = items[0] if len(items) == 1 else items
    run.spend(len(elements))
    if any(element is decisive for element in elements):
        return decisive
    if all(isinstance(element, bool) for element in elements):
        return not decisive
    raise Failure("an element is neither true nor false")


@builtin("is defined(value: any)", example="not(is defined(missing))", source=CAMUNDA)
def is_defined(run: Run, value: Value) -> bool:
    """True if the value is not null; a variable or an entry that does not exist counts as null, without a warning."""
    return value is not None


@builtin("get or else(value: any, default: any)", example='get or else(null, "none") = "none"', source=CAMUNDA)
def get_or_else(run: Run, value: Value, default: Value) -> Value:
    """The value, or the default if it is null or does not exist."""
    return default if value is None else value


@builtin("assert(value: any, condition: any, cause?: string?)", example="assert(4, 4 > 3) = 4", source=CAMUNDA)
def assertion(run: Run, value: Value, condition: Value, cause: str | None = None) -> Value:
    """The value if the condition is true; otherwise the evaluation fails with an error that shows the cause."""
    if condition is True:
        return value
    raise EvaluationError(
        f"an assertion of the expression does not hold: {cause or 'the condition is not true'}",
        where=run.text,
        advice="correct the data that the expression reads",
    )


@builtin(
    "fromAi(value: any, description?: string?, type?: string?, schema?: context?, options?: context?)",
    example='fromAi("A", "where it comes from") = "A"',
    source=CAMUNDA,
)
def from_ai(run: Run, value: Value, *about: Value) -> Value:
    """The value unchanged; the other arguments are read by tools, not by FEEL."""
    return value
