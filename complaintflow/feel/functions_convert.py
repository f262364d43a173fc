"""Conversion functions (DMN 1.5, 10.3.4.1; Camunda's from json and to json)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from complaintflow.feel import moments, names, numbers, temporal
from complaintflow.feel.functions import CAMUNDA, builtin
from complaintflow.feel.numbers import CONTEXT, finite
from complaintflow.feel.runtime import Run
from complaintflow.feel.temporal import FineDateTime, FineTime
from complaintflow.feel.values import Failure, Range, Value, YearMonthDuration, describe, kind

# Texts, which `re` keeps once they are used: few expressions read a number from a text, and all import this.
_NUMBER = r"-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d{1,6})?"
_GROUPED = r"-?[\d ,.]+"


@builtin("string(from: any)", example='string(["a", 1.5]) = "[\\"a\\", 1.5]"')
def string(run: Run, value: Value) -> str | None:
    """The value as text, in the form it would have in an expression; a string stays as it is, null is null."""
    if value is None or isinstance(value, str):
        return value
    return run.lengthy(written(run, value))


def written(run: Run, value: Value) -> str:
    """The value as it is written inside another: strings in quotes.

    Raises:
        Failure: the value cannot be written.
    """
    run.spend(1)
    what = kind(value)
    if value is None:
        return "null"
    if what == "boolean":
        return "true" if value else "false"
    if what == "number":
        return numbers.text(value)
    if what == "string":
        return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
    if what == "list":
        return run.lengthy("[" + ", ".join(written(run, item) for item in value) + "]")
    if what == "context":
        entries = (f"{_key(run, key)}: {written(run, value[key])}" for key in value)
        return run.lengthy("{" + ", ".join(entries) + "}")
    if isinstance(value, Range):
        return _range_text(run, value)
    if isinstance(value, date | time | timedelta | YearMonthDuration):
        return temporal.text(value)
    raise Failure(f"{describe(value)} cannot be written as text")


def _key(run: Run, key: str) -> str:
    return key if names.name_end(key, 0) == len(key) > 0 else written(run, key)


def _range_text(run: Run, value: Range) -> str:
    if value.low is None or value.high is None:
        end = value.high if value.low is None else value.low
        symbol = ("<" if value.low is None else ">") + ("=" if value.low_closed or value.high_closed else "")
        return f"{symbol} {_end(run, end)}"
    opening, closing = "[" if value.low_closed else "(", "]" if value.high_closed else ")"
    return f"{opening}{_end(run, value.low)}..{_end(run, value.high)}{closing}"


def _end(run: Run, value: Value) -> str:
    text = written(run, value)
    return f'@"{text}"' if isinstance(value, date | time | timedelta | YearMonthDuration) else text


@builtin("number(from: string)", example='number("1 500.5", " ", ".") = 1500.5')
def number(run: Run, text: str) -> Decimal:
    """The number in a text, with grouping and decimal separators if given."""
    if re.fullmatch(_NUMBER, text, re.ASCII) is None:
        raise Failure(f'"{text}" is no number')
    return finite(CONTEXT.create_decimal(text))


@builtin("number(from: string, grouping separator: string?, decimal separator?: string?)")
def number_grouped(run: Run, text: str, grouping: str | None, point: str | None = None) -> Decimal:
    """The number in a text with separators: grouping is space, comma or point, decimal is point or comma."""
    if grouping not in (None, " ", ",", ".") or point not in (None, ".", ",") or (grouping and grouping == point):
        raise Failure("the separators must be different: a space, a comma or a point")
    if re.fullmatch(_GROUPED, text, re.ASCII) is None:
        raise Failure(f'"{text}" is no number')
    return number(run, text.replace(grouping or "", "").replace(point or ".", "."))


@builtin("date(from: string)")
def date_from(run: Run, text: str) -> date:
    """The date in a text like 2024-02-29, of a date and time, or of a year, a month and a day."""
    return temporal.parse_date(text)


@builtin("date(year: number, month: number, day: number)")
def date_parts(run: Run, year: Value, month: Value, day: Value) -> date:
    """The date of a year, a month and a day."""
    return temporal.make_date(*(_whole(part) for part in (year, month, day)))


def _whole(value: Value) -> int:
    if not numbers.whole(value):
        raise Failure(f"{numbers.text(value)} is no whole number")
    return numbers.integer(value)


def _fine(run: Run, value: Value) -> Value:
    """Mark the run if the value carries nanoseconds, so that they are taken off its result."""
    run.fine = run.fine or isinstance(value, FineTime | FineDateTime)
    return value


@builtin("time(from: string)")
def time_from(run: Run, text: str) -> time:
    """The time in a text like 13:20:00+02:00, of a date and time (a date is midnight in UTC), or of its parts."""
    clock: time = _fine(run, temporal.parse_time(text.removeprefix("T")))
    return clock


@builtin("time(hour: number, minute: number, second: number, offset?: days and time duration?)")
def time_parts(run: Run, hour: Value, minute: Value, second: Value, offset: timedelta | None = None) -> time:
    """The time of an hour, a minute, a second that may have a fraction, and an offset from UTC."""
    where = None if offset is None else temporal.fixed(offset)
    seconds = numbers.decimal(second)
    whole = int(seconds)
    nanos = int((seconds - whole) * 1_000_000_000)
    try:
        found = FineTime(_whole(hour), _whole(minute), whole, nanos // 1000, where)
    except (ValueError, OverflowError):
        raise Failure("there is no such time") from None
    found.nanos = nanos % 1000
    clock: time = _fine(run, found) if found.nanos else temporal.plain(found)
    return clock


@builtin("date and time(from: string)", example='date and time("2012-12-24T23:59:00") = @"2012-12-24T23:59:00"')
def date_time_from(run: Run, text: str) -> datetime:
    """The date and time in a text, out of a date and a time, or from its parts."""
    moment: datetime = _fine(run, temporal.parse_date_time(text))
    return moment


@builtin("date and time(from: date and time)")
def date_time_same(run: Run, value: datetime) -> datetime:
    """A date and time stays as it is."""
    return value


@builtin("date and time(from: date)")
def date_time_midnight(run: Run, value: date) -> datetime:
    """A date is its midnight in UTC."""
    return moments.as_date_time(value)


@builtin("date and time(date: date or date and time, time: time)")
def date_time_of(run: Run, day: date, clock: time) -> datetime:
    """The day of the one with the time of the other."""
    moment: datetime = _fine(run, temporal.combine(day, clock))
    return moment


@builtin("date and time(date: date and time, timezone: string)")
def date_time_at(run: Run, moment: datetime, timezone: str) -> datetime:
    """The same moment in another time zone; one without zone is taken as UTC (Camunda)."""
    fixed = re.fullmatch(r"Z|[+-]\d\d:\d\d(?::\d\d)?", timezone)
    where = temporal.offset(timezone) if fixed else temporal.zone(timezone)
    try:
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(where)
    except OverflowError:
        raise Failure("the result lies outside the years 1 to 9999") from None


@builtin(
    "date and time(year: number, month: number, day: number, hour: number, minute: number, second: number, "
    "offset?: days and time duration or string?)"
)
def date_time_parts(
    run: Run, year: Value, month: Value, day: Value, hour: Value, minute: Value, second: Value, offset: Value = None
) -> datetime:
    """The date and time of its parts, with an offset or the name of a time zone."""
    clock = time_parts(run, hour, minute, second, offset if isinstance(offset, timedelta) else None)
    if isinstance(offset, str):
        clock = clock.replace(tzinfo=temporal.zone(offset))
    moment: datetime = _fine(run, temporal.combine(date_parts(run, year, month, day), clock))
    return moment


@builtin("duration(from: string)", example='duration("P1DT2H") = @"PT26H"')
def duration(run: Run, text: str) -> timedelta | YearMonthDuration:
    """The duration in a text: years and months, or days and time."""
    return temporal.parse_duration(text)


@builtin("duration(from: days and time duration or years and months duration)")
def duration_same(run: Run, value: Value) -> Value:
    """A duration stays as it is."""
    return value


@builtin("to json(value: any)", example=r'to json({a: [1, "x"]}) = "{\"a\":[1,\"x\"]}"', source=CAMUNDA)
def to_json(run: Run, value: Value) -> str:
    """The value as JSON text; dates, times and durations become ISO 8601 strings."""
    return run.lengthy(_json(run, value))


def _json(run: Run, value: Value) -> str:
    run.spend(1)
    what = kind(value)
    if value is None or what in ("boolean", "string"):
        return json.dumps(value, ensure_ascii=False)
    if what == "number":
        return numbers.text(value)
    if what == "list":
        return run.lengthy("[" + ",".join(_json(run, item) for item in value) + "]")
    if isinstance(value, Mapping):
        entries = (f"{json.dumps(str(key), ensure_ascii=False)}:{_json(run, value[key])}" for key in value)
        return run.lengthy("{" + ",".join(entries) + "}")
    if isinstance(value, datetime) and isinstance(value.tzinfo, ZoneInfo):
        shifted = value.replace(tzinfo=temporal.fixed(value.utcoffset() or timedelta(0)))
        return json.dumps(f"{temporal.text(shifted)}[{value.tzinfo.key}]")
    if isinstance(value, date | time | timedelta | YearMonthDuration):
        return json.dumps(temporal.text(value))
    raise Failure(f"{describe(value)} cannot be written as JSON")


@builtin("from json(value: string)", example=r'from json("{\"a\": 1}") = {a: 1}', source=CAMUNDA)
def from_json(run: Run, value: str) -> Value:
    """The value in a JSON text."""
    run.spend(len(value) // 10)

    def no_number(name: str) -> Any:
        raise ValueError(name)

    try:
        return json.loads(value, parse_float=_json_number, parse_int=_json_number, parse_constant=no_number)
    except (ValueError, RecursionError):
        raise Failure("the text is no JSON") from None


def _json_number(text: str) -> int | Decimal:
    if len(text) < 19 and text.lstrip("-").isdigit():
        return int(text)
    made = CONTEXT.create_decimal(text)
    if not made.is_finite():
        raise ValueError(text)
    return made
