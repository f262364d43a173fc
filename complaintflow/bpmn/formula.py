"""What a designer may write where a value is expected: FEEL after ``=``, else plain text."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, Final

from complaintflow import feel
from complaintflow.bpmn.scope import Scope
from complaintflow.errors import InvalidDiagram
from complaintflow.feel import temporal
from complaintflow.feel.values import Failure
from complaintflow.records import dataclass

_WEEKS: Final = re.compile(r"P(\d{1,5})W")

# deadline() and repeat() compute with the calendar, so their results belong where a time is expected.
TIME_FUNCTIONS: Final = frozenset({"deadline", "repeat"})


@dataclass(frozen=True, slots=True)
class Formula:
    """Compiled FEEL, or a constant. ``where`` names file and element for messages."""

    text: str
    expression: feel.Expression | None
    where: str

    def value(self, context: Mapping[str, Any], functions: Mapping[str, Any], warnings: list[Any]) -> Any:
        """Evaluate; an error inside FEEL is null plus a warning.

        Raises:
            FeelLimitExceeded: the expression did too much work.
        """
        if self.expression is None:
            return self.text
        if isinstance(context, Scope):
            # A called process may belong to another policy, whose deadlines are others.
            functions = context.functions or functions
        return self.expression.evaluate(context, functions=functions, warnings=warnings)


def compile_formula(
    text: str,
    where: str,
    *,
    times: frozenset[str] = frozenset(),
    feel_only: bool = False,
    checked: bool = False,
) -> Formula:
    """Compile what stands in an attribute.

    Args:
        text: the attribute; FEEL when it begins with ``=``.
        where: file and element.
        times: which of ``deadline`` and ``repeat`` may be called here.
        feel_only: the place takes nothing but FEEL, with or without the ``=``.
        checked: the same text was compiled before for the same place; so it is parsed only when it is needed.

    Raises:
        FeelSyntaxError: it does not parse.
        InvalidDiagram: it calls ``deadline`` or ``repeat`` in a place that is not a time.
    """
    stripped = text.strip()
    if stripped.startswith("="):
        body = stripped[1:].strip()
    elif feel_only:
        body = stripped
    else:
        return Formula(text, None, where)
    if checked:
        return Formula(body, feel.parse_later(body, where=where), where)
    expression = feel.parse(body, where=where)
    for name in sorted(TIME_FUNCTIONS & expression.calls - times):
        raise InvalidDiagram(
            f"{name}() is called in an expression that is not a time: {body}",
            where=where,
            advice="deadline() stands in a timer's date or a task's due date, repeat() in a timer's cycle; "
            "elsewhere read the variable that holds the time",
        )
    return Formula(body, expression, where)


def plain(value: Any) -> Any:
    """A FEEL value as a variable is stored: JSON, with times as ISO 8601 text (as in Camunda 8)."""
    if value is None or isinstance(value, (bool, str, int, float)):
        return value
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, datetime) and value.tzinfo is not None:
        # ISO 8601 has no zone names, and whoever reads the variable outside knows only ISO 8601.
        return temporal.text(value.replace(tzinfo=timezone(value.utcoffset() or timedelta())))
    if isinstance(value, (datetime, date, time, timedelta, feel.YearMonthDuration)):
        return temporal.text(value)
    return None


@functools.lru_cache(1_024)
def read_time(text: str) -> Any:
    """A date, time or duration from its ISO 8601 text; None where it is none."""
    weeks = _WEEKS.fullmatch(text)
    if weeks is not None:
        # Timers know weeks, FEEL does not.
        text = f"P{7 * int(weeks[1])}D"
    try:
        return temporal.parse_at(text)
    except (Failure, ValueError):
        return None


def shown(value: Any) -> str:
    """A value in a sentence for a person."""
    if value is None:
        return "null"
    return f'"{value}"' if isinstance(value, str) else str(plain(value))


def _number(value: Decimal) -> int | float | Decimal | None:
    if not value.is_finite():
        return None
    if value == value.to_integral_value() and abs(value) < Decimal(10) ** 18:
        return int(value)
    short = float(value)
    return short if Decimal(repr(short)) == value else value
