"""Functions on dates and times (DMN 1.5, 10.3.4.6, 10.3.4.8 and 10.3.4.11)."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from complaintflow.feel import moments, temporal
from complaintflow.feel.comparison import equal
from complaintflow.feel.functions import CAMUNDA, builtin
from complaintflow.feel.runtime import Run
from complaintflow.feel.values import Value, YearMonthDuration, kind

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def _now(run: Run) -> datetime:
    own = run.functions.get("now")
    if own is not None:
        moment: datetime = own()
        return moment
    from complaintflow.time.clock import SystemClock

    return SystemClock().now()


@builtin("now()", example="now() instance of date and time")
def now(run: Run) -> datetime:
    """The current date and time; the host gives its own `now`, else it is the system's in UTC."""
    return _now(run)


@builtin("today()", example="today() instance of date")
def today(run: Run) -> date:
    """The current date; the host gives its own `today`, else it is the day of `now`."""
    own = run.functions.get("today")
    if own is not None:
        day: date = own()
        return day
    return _now(run).date()


@builtin("day of week(date: date or date and time)", example='day of week(@"2019-09-17") = "Tuesday"')
def day_of_week(run: Run, day: date) -> str:
    """The English name of the day."""
    return _DAYS[day.weekday()]


@builtin("day of year(date: date or date and time)", example='day of year(@"2019-09-17") = 260')
def day_of_year(run: Run, day: date) -> int:
    """The number of the day in its year."""
    return day.timetuple().tm_yday


@builtin("week of year(date: date or date and time)", example='week of year(@"2019-09-17") = 38')
def week_of_year(run: Run, day: date) -> int:
    """The number of the week in its year (ISO 8601)."""
    return day.isocalendar().week


@builtin("month of year(date: date or date and time)", example='month of year(@"2019-09-17") = "September"')
def month_of_year(run: Run, day: date) -> str:
    """The English name of the month."""
    return _MONTHS[day.month - 1]


@builtin(
    "last day of month(date: date or date and time)",
    example='last day of month(@"2024-02-01") = @"2024-02-29"',
    source=CAMUNDA,
)
def last_day_of_month(run: Run, day: date) -> date:
    """The last day of the month of a date."""
    return date(day.year, day.month, calendar.monthrange(day.year, day.month)[1])


@builtin(
    "years and months duration(from: date or date and time, to: date or date and time)",
    example='years and months duration(@"2011-12-22", @"2013-08-24") = @"P1Y8M"',
)
def years_and_months_duration(run: Run, start: date, end: date) -> YearMonthDuration:
    """The whole years and months between two dates."""
    return moments.months_between(start, end)


@builtin("is(value1: any, value2: any)", example='not(is(@"23:00:50Z", @"23:00:50"))')
def is_same(run: Run, value1: Value, value2: Value) -> bool:
    """True if both are the same value: unlike =, times are the same only with the same offset."""
    run.weigh(value1)
    return _same(value1, value2)


def _same(left: Value, right: Value) -> bool:
    what = kind(left)
    if what != kind(right):
        return False
    if isinstance(left, datetime | time):
        zoned = [isinstance(value.tzinfo, ZoneInfo) and value.tzinfo.key for value in (left, right)]
        offsets = [moments.property_of(value, "time offset") for value in (left, right)]
        naive = [value.replace(tzinfo=None) for value in (left, right)]
        return naive[0] == naive[1] and zoned[0] == zoned[1] and offsets[0] == offsets[1]
    if what == "list":
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, Mapping):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    return equal(left, right) is True


@builtin("date(from: date)", "date(from: date and time)", example='date(@"2012-12-25T11:00:00") = @"2012-12-25"')
def date_of(run: Run, value: date) -> date:
    """The date of a date and time; a date stays as it is."""
    return moments.day_of(value)


@builtin("time(from: time)", "time(from: date and time)", "time(from: date)", example='time(14, 30, 0) = @"14:30:00"')
def time_of(run: Run, value: date | time) -> time:
    """The time of a date and time; a date is midnight in UTC."""
    if isinstance(value, time):
        return value
    return temporal.time_of(moments.as_date_time(value))
