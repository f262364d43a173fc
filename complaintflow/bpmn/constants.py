"""Formulas that read nothing: what they give is known before there is a case, and is refused at load if it is no good.

demand(formula, LIST, "the collection of 'Ask'")    raises where it is certain to give no list
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from complaintflow.bpmn.formula import plain, read_time, shown
from complaintflow.errors import ComplaintflowError, InvalidDiagram
from complaintflow.feel import YearMonthDuration
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from complaintflow.bpmn.formula import Formula

# What gives something else each time, or is known only in a case.
_MOVING: Final = frozenset({"now", "today", "uuid", "random number", "deadline", "repeat", "working_days_between"})


@dataclass(frozen=True, slots=True)
class Kind:
    """What a place needs. ``wanted`` is a noun phrase with an example."""

    wanted: str
    fits: Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_time(value: Any) -> bool:
    return isinstance(_read(value), date)


def _is_span(value: Any) -> bool:
    # An event that waits for a duration takes a time as well.
    return isinstance(_read(value), (date, timedelta, YearMonthDuration))


def _read(value: Any) -> Any:
    return read_time(value) if isinstance(value, str) else value


def _whole(low: int, high: int | None = None) -> Callable[[Any], bool]:
    def fits(value: Any) -> bool:
        number = plain(value)
        if isinstance(number, str) and number.strip().isdigit():
            number = int(number)
        whole = isinstance(number, int) and not isinstance(number, bool)
        return whole and low <= number and (high is None or number <= high)

    return fits


CONDITION: Final = Kind("true or false", lambda value: isinstance(value, bool))
LIST: Final = Kind("a list, e.g. =measures", lambda value: isinstance(value, list))
ROUNDS: Final = Kind("a number of rounds, e.g. 3", _whole(0))
RETRIES: Final = Kind("a whole number above 0", _whole(1))
PRIORITY: Final = Kind("a whole number from 0 to 100", _whole(0, 100))
TEXT: Final = Kind("a text", _is_text)
KEY: Final = Kind(
    "a text or a whole number, e.g. =case.key",
    lambda value: _is_text(value) or (not isinstance(value, bool) and isinstance(plain(value), int)),
)
TIME: Final = Kind('a date or time, e.g. =date and time("2026-03-02T09:00:00+08:00")', _is_time)
DURATION: Final = Kind("a duration, e.g. P3D or PT4H", _is_span)


def known(formula: Formula) -> tuple[Any, str] | None:
    """The value that a formula always gives, and why it is null if it is; None where that depends on the case."""
    expression = formula.expression
    if expression is None:
        return formula.text, ""
    if expression.free_names or expression.filter_names or expression.calls & _MOVING:
        return None
    warnings: list[Any] = []
    try:
        value = expression.evaluate(warnings=warnings)
    except ComplaintflowError as error:
        return None, error.what
    return value, warnings[0].message if warnings and value is None else ""


def demand(formula: Formula, kind: Kind, role: str) -> None:
    """Hold what a formula is certain to give against what is needed.

    Args:
        role: what gives it, for the message, e.g. "the due date of 'Ask'".

    Raises:
        InvalidDiagram: it always gives something else.
    """
    found = known(formula)
    if found is not None and not kind.fits(found[0]):
        refuse(formula, found, kind.wanted, role)


def refuse(formula: Formula, found: tuple[Any, str], wanted: str, role: str) -> None:
    """Raises InvalidDiagram: what is always given is not what is wanted."""
    value, why = found
    gives = shown(value) if formula.expression is None else f"={formula.text}, which always gives {shown(value)}"
    raise InvalidDiagram(
        f"{role} is {gives}" + (f": {why}" if why else ""), where=formula.where, advice=f"let it give {wanted}"
    )
