"""The kinds of values FEEL knows, and how Python values are seen as them (DMN 1.5, 10.3.2.1 and 10.3.2.3).

| FEEL | Python |
|---|---|
| number | int, Decimal, float (not bool, not NaN or infinite) |
| string, boolean, null | str, bool, None |
| date, time, date and time | date, time, datetime |
| days and time duration | timedelta |
| years and months duration | YearMonthDuration |
| list, context | list or tuple, any Mapping |
| range, function | Range, Function |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import total_ordering
from typing import Any, TypeAlias

from complaintflow.records import dataclass

Value: TypeAlias = Any
"""A FEEL value: whatever stands in the table above."""


@dataclass(frozen=True, slots=True)
@total_ordering
class YearMonthDuration:
    """A years and months duration, counted in months; negative ones run backwards."""

    months: int

    def __lt__(self, other: object) -> bool:
        return self.months < other.months if isinstance(other, YearMonthDuration) else NotImplemented

    def __str__(self) -> str:
        years, months = divmod(abs(self.months), 12)
        body = (f"{years}Y" if years else "") + (f"{months}M" if months else "")
        return ("-" if self.months < 0 else "") + "P" + (body or "0M")


@dataclass(frozen=True, slots=True)
class Range:
    """An interval; an end that is None is open to infinity on that side.

    A range written as a test (``> 5``) has one end; ``[1..10]`` has two.
    """

    low: Value
    high: Value
    low_closed: bool = True
    high_closed: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function value: what ``function(a) ...`` gives, and what a DMN room passes in for a knowledge model.

    Attributes:
        parameters: their names, in order.
        call: takes the arguments by position.
        name: for messages.
        signature: the types of the parameters, each a ``types.Type`` or None, and of the result.
    """

    parameters: tuple[str, ...]
    call: Callable[..., Value]
    name: str = "function"
    signature: tuple[tuple[Any, ...], Any] | None = None


class Failure(Exception):
    """Why an operation gives null; it becomes a warning and never leaves the package."""


KINDS: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    Decimal: "number",
    float: "number",
    str: "string",
    list: "list",
    tuple: "list",
    dict: "context",
    date: "date",
    time: "time",
    datetime: "date and time",
    timedelta: "days and time duration",
    YearMonthDuration: "years and months duration",
    Range: "range",
    Function: "function",
}

_SUBCLASSES: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),
    (int, "number"),
    (Decimal, "number"),
    (float, "number"),
    (str, "string"),
    (datetime, "date and time"),
    (date, "date"),
    (time, "time"),
    (timedelta, "days and time duration"),
    (Function, "function"),
    (list, "list"),
    (tuple, "list"),
    (Mapping, "context"),
)


_LONG_NUMBER = 10**40


def kind(value: Value) -> str:
    """The FEEL name of the value's kind; ``"unknown"`` for a Python object that FEEL does not know."""
    known = KINDS.get(type(value))
    if known is not None:
        return known
    for python_type, name in _SUBCLASSES:
        if isinstance(value, python_type):
            return name
    return "unknown"


def duration_text(span: timedelta) -> str:
    """A days and time duration in its canonical form: ``P1DT2H``, ``PT0S``."""
    micros = abs(span) // timedelta(microseconds=1)
    seconds, micros = divmod(micros, 1_000_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    fraction = f".{micros:06d}".rstrip("0") if micros else ""
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    clock += f"{seconds}{fraction}S" if seconds or micros else ""
    body = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
    return ("-" if span < timedelta(0) else "") + "P" + (body or "T0S")


def describe(value: Value) -> str:
    """The value in a few words, for messages: its kind, and its content where that is short."""
    what = kind(value)
    if what in ("null", "list", "context", "function", "unknown", "range"):
        return what
    if what == "string":
        return f'string "{value}"' if len(value) <= 30 else f'string "{value[:27]}..."'
    if isinstance(value, int) and abs(value) > _LONG_NUMBER:
        return "number of very many digits"
    if isinstance(value, timedelta):
        return f"{what} {duration_text(value)}"
    return f"{what} {str(value).lower() if what == 'boolean' else value}"
