"""Calculating with dates, times and durations (DMN 1.5, 10.3.2.3.4 to 10.3.2.3.8, tables 54 and 57).

Instants are compared and moved on the time line, not on the wall clock: an hour over the end of summer time is an
hour. Years and months move on the calendar.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from complaintflow.feel.values import Failure, Value, YearMonthDuration

_REFERENCE_DAY = date(2000, 1, 1)
"""A time in a named zone has no date to look its offset up with; this day stands in."""
_BEGINNING = datetime(1, 1, 1)  # noqa: DTZ001 - the origin of every time line
_DAY = timedelta(days=1)
_MIDNIGHT = time(tzinfo=UTC)
Moment: TypeAlias = date | datetime


def day_of(moment: Moment) -> date:
    """The date part."""
    return moment.date() if isinstance(moment, datetime) else moment


def as_date_time(moment: Moment) -> datetime:
    """A date is its midnight in UTC where a date and time is needed (DMN 1.5, 10.3.2.3.5)."""
    return moment if isinstance(moment, datetime) else datetime.combine(moment, _MIDNIGHT)


def instant(moment: datetime) -> timedelta:
    """Where the moment lies on the time line, or on that of the wall clock if it has no zone."""
    return moment.replace(tzinfo=None) - _BEGINNING - (moment.utcoffset() or timedelta(0))


def clock_offset(clock: time) -> timedelta | None:
    """The offset of a time; that of a named zone is taken on the reference day."""
    if clock.tzinfo is None:
        return None
    return datetime.combine(_REFERENCE_DAY, clock).utcoffset()


def since_midnight(clock: time) -> timedelta:
    """How far the time is into its day, in UTC where it has an offset (value of a time, DMN 1.5, 10.3.2.3.4)."""
    span = timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond)
    return span - (clock_offset(clock) or timedelta(0))


def move(moment: Moment, span: timedelta | YearMonthDuration) -> Moment:
    """The moment plus a duration; a date stays a date.

    Raises:
        Failure: outside the years 1 to 9999.
    """
    try:
        if isinstance(span, YearMonthDuration):
            return _move_months(moment, span.months)
        if not isinstance(moment, datetime):
            return (datetime.combine(moment, time()) + span).date()
        if moment.tzinfo is None:
            return moment + span
        return (moment.astimezone(UTC) + span).astimezone(moment.tzinfo)
    except (OverflowError, ValueError):
        raise Failure("the result lies outside the years 1 to 9999") from None


def _move_months(moment: Moment, months: int) -> Moment:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    return moment.replace(year=year, month=month + 1, day=min(moment.day, calendar.monthrange(year, month + 1)[1]))


def move_time(clock: time, span: timedelta) -> time:
    """A time plus a duration runs around the clock; its offset stays."""
    moved = (datetime.combine(_REFERENCE_DAY, clock.replace(tzinfo=None)) + span % _DAY).time()
    return moved.replace(tzinfo=clock.tzinfo)


def between(left: Moment, right: Moment) -> timedelta:
    """left - right; a date next to a date and time is its midnight in UTC.

    Raises:
        Failure: one has a time zone and the other has none.
    """
    if not isinstance(left, datetime) and not isinstance(right, datetime):
        return left - right
    first, second = as_date_time(left), as_date_time(right)
    if (first.tzinfo is None) != (second.tzinfo is None):
        raise Failure("one of the two has a time zone and the other has none")
    return instant(first) - instant(second)


def comparable(left: Moment, right: Moment) -> tuple[timedelta, timedelta]:
    """Where both lie on one time line; a date is its midnight in UTC.

    A moment without time zone takes that of the other (DMN 1.5, table 54).
    """
    first, second = as_date_time(left), as_date_time(right)
    if (first.tzinfo is None) != (second.tzinfo is None):
        first, second = first.replace(tzinfo=None), second.replace(tzinfo=None)
    return instant(first), instant(second)


def comparable_times(left: time, right: time) -> tuple[timedelta, timedelta]:
    """How far both are into the day; a time without offset takes that of the other (DMN 1.5, table 54)."""
    if (left.tzinfo is None) != (right.tzinfo is None):
        left, right = left.replace(tzinfo=None), right.replace(tzinfo=None)
    return since_midnight(left), since_midnight(right)


def months_between(start: Moment, end: Moment) -> YearMonthDuration:
    """Whole months from day to day, negative if end is earlier (``years and months duration``, DMN 1.5, table 72)."""
    months = (end.year - start.year) * 12 + end.month - start.month
    if months > 0 and end.day < start.day:
        months -= 1
    elif months < 0 and end.day > start.day:
        months += 1
    return YearMonthDuration(months)


_DATE_PARTS: Mapping[str, Callable[[date], int]] = {
    "year": lambda value: value.year,
    "month": lambda value: value.month,
    "day": lambda value: value.day,
    "weekday": lambda value: value.isoweekday(),
}
_TIME_PARTS: Mapping[str, Callable[[Any], Value]] = {
    "hour": lambda value: value.hour,
    "minute": lambda value: value.minute,
    "second": lambda value: _seconds(value.second, value.microsecond),
    "time offset": lambda value: value.utcoffset() if isinstance(value, datetime) else clock_offset(value),
    "timezone": lambda value: value.tzinfo.key if isinstance(value.tzinfo, ZoneInfo) else None,
}
_DAYS_TIME_PARTS: Mapping[str, Callable[[timedelta], Value]] = {
    "days": lambda span: span.days,
    "hours": lambda span: span.seconds // 3600,
    "minutes": lambda span: span.seconds // 60 % 60,
    "seconds": lambda span: _seconds(span.seconds % 60, span.microseconds),
}
_YEARS_MONTHS_PARTS: Mapping[str, Callable[[YearMonthDuration], Value]] = {
    "years": lambda span: span.months // 12,
    "months": lambda span: span.months % 12,
}


def _seconds(whole: int, micros: int) -> int | Decimal:
    return (whole + Decimal(micros).scaleb(-6)).normalize() if micros else whole


def property_of(value: Value, name: str) -> Value:
    """A named part of a temporal value (DMN 1.5, tables 65 and 66); the parts of a negative duration are negative.

    Raises:
        Failure: this kind has no such part.
    """
    parts: dict[str, Callable[[Any], Value]] = {}
    if isinstance(value, timedelta):
        parts |= _DAYS_TIME_PARTS
    elif isinstance(value, YearMonthDuration):
        parts |= _YEARS_MONTHS_PARTS
    if isinstance(value, date):
        parts |= _DATE_PARTS
    if isinstance(value, datetime | time):
        parts |= _TIME_PARTS
    if name not in parts:
        raise Failure(f'such a value has no "{name}"')
    negative = isinstance(value, timedelta) and value < timedelta(0)
    if negative or (isinstance(value, YearMonthDuration) and value.months < 0):
        return -parts[name](-value if isinstance(value, timedelta) else YearMonthDuration(-value.months))
    return parts[name](value)
