"""Dates, times and durations as text, both ways (DMN 1.5, 10.3.2.3.4 to 10.3.2.3.8 and 10.3.4.1).

Years run from 1 to 9999 and calculations are exact to the microsecond, as in Python; digits beyond it are kept for
`string()` only, in `FineTime` and `FineDateTime`, which `plain` turns back into the standard classes.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from complaintflow.feel.values import Failure, Value, YearMonthDuration, duration_text

_DATE = re.compile(r"(-?(?:[1-9]\d{4,8}|\d{4}))-(\d\d)-(\d\d)", re.ASCII)
_TIME = re.compile(
    r"(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,30}))?)?"
    r"([Zz]|[+-]\d\d:\d\d(?::\d\d)?)?(?:@([A-Za-z][\w+/-]*)|\[([A-Za-z][\w+/-]*)\])?",
    re.ASCII,
)
_DURATION = re.compile(
    r"(-)?P(?=.)(?:(\d{1,18})Y)?(?:(\d{1,18})M)?(?:(\d{1,18})D)?"
    r"(?:T(?=.)(?:(\d{1,18})H)?(?:(\d{1,18})M)?(?:(\d{1,18}(?:\.\d{1,30})?)S)?)?",
    re.ASCII,
)
_FURTHEST_OFFSET = timedelta(hours=18)
_MACHINE_ZONES = frozenset({"localtime", "posixrules"})


class FineTime(time):
    """A time that remembers the nanoseconds Python's `time` has no room for."""

    nanos: int = 0


class FineDateTime(datetime):
    """A date and time that remembers its nanoseconds."""

    nanos: int = 0


def plain(value: Value) -> Value:
    """The value with standard classes only, lists and contexts included."""
    if isinstance(value, FineDateTime):
        return datetime.combine(value.date(), value.time(), value.tzinfo)
    if isinstance(value, FineTime):
        return time(value.hour, value.minute, value.second, value.microsecond, value.tzinfo)
    if type(value) is list:
        return [plain(item) for item in value]
    if type(value) is dict:
        return {key: plain(item) for key, item in value.items()}
    return value


def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name.

    Raises:
        Failure: there is none of that name.
    """
    try:
        if name in _MACHINE_ZONES:
            raise KeyError(name)
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Failure(f'there is no time zone "{name}"') from None


def offset(text: str) -> timezone:
    """``Z``, ``+02:00`` or ``-02:45:55``; as in Java, at most 18 hours.

    Raises:
        Failure: the offset is out of range.
    """
    if text in ("Z", "z"):
        return UTC
    hours, minutes, *rest = (int(part) for part in text[1:].split(":"))
    seconds = rest[0] if rest else 0
    span = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if minutes > 59 or seconds > 59 or span > _FURTHEST_OFFSET:
        raise Failure(f'"{text}" is no time offset')
    return fixed(-span if text[0] == "-" else span)


def fixed(span: timedelta) -> timezone:
    """A time zone of a fixed offset.

    Raises:
        Failure: more than 18 hours, or less than whole seconds.
    """
    if abs(span) > _FURTHEST_OFFSET or span.microseconds:
        raise Failure(f"a time offset of {duration_text(span)} is out of range")
    return timezone(span) if span else UTC


def parse_date(text: str) -> date:
    """``2024-02-29``.

    Raises:
        Failure: no date, or a year outside 1 to 9999.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        raise Failure(f'"{text}" is no date (YYYY-MM-DD)')
    return make_date(int(match[1]), int(match[2]), int(match[3]))


def make_date(year: int, month: int, day: int) -> date:
    """A date from its parts.

    Raises:
        Failure: there is no such day, or the year is outside 1 to 9999.
    """
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        raise Failure(f"there is no day {year}-{month}-{day} in the years 1 to 9999") from None


def parse_time(text: str) -> time:
    """``13:20:00``, with a fraction, an offset, or ``@`` and a zone; seconds may be left out.

    Raises:
        Failure: it is none.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise Failure(f'"{text}" is no time (hh:mm:ss)')
    hour, minute, second, fraction, shift, at_zone, bracket_zone = match.groups()
    if shift and at_zone:
        raise Failure(f'"{text}" has both an offset and a time zone')
    where: tzinfo | None = None
    if at_zone or bracket_zone:
        where = zone(at_zone or bracket_zone)
    elif shift:
        where = offset(shift)
    digits = (fraction or "").ljust(9, "0")
    try:
        found = FineTime(int(hour), int(minute), int(second or 0), int(digits[:6]), where)
    except ValueError:
        raise Failure(f'there is no time "{text}"') from None
    found.nanos = int(digits[6:9])
    return found if found.nanos else time(found.hour, found.minute, found.second, found.microsecond, where)


def parse_date_time(text: str) -> datetime:
    """``2024-02-29T13:20:00`` with a time as in `parse_time`; a date alone is its midnight.

    Raises:
        Failure: it is none.
    """
    day, separator, clock = text.partition("T")
    return combine(parse_date(day), parse_time(clock) if separator else time())


def combine(day: date, clock: time) -> datetime:
    """One date and time out of both; nanoseconds are kept."""
    if isinstance(clock, FineTime):
        joined = FineDateTime.combine(day, clock)
        joined.nanos = clock.nanos
        return joined
    return datetime.combine(date(day.year, day.month, day.day), clock)


def time_of(moment: datetime) -> time:
    """The time part with its zone; nanoseconds are kept."""
    if isinstance(moment, FineDateTime):
        clock = FineTime(moment.hour, moment.minute, moment.second, moment.microsecond, moment.tzinfo)
        clock.nanos = moment.nanos
        return clock
    return moment.timetz()


def parse_duration(text: str) -> timedelta | YearMonthDuration:
    """``P1Y2M`` or ``P1DT2H3M4.5S``, with a sign; the two kinds do not mix.

    Raises:
        Failure: it is none, or too long.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise Failure(f'"{text}" is no duration (like P1Y2M or P1DT2H)')
    sign, years, months, days, hours, minutes, seconds = match.groups()
    factor = -1 if sign else 1
    if years or months:
        if days or hours or minutes or seconds:
            raise Failure(f'"{text}" mixes years and months with days and time')
        return YearMonthDuration(factor * (int(years or 0) * 12 + int(months or 0)))
    whole = (int(days or 0) * 24 + int(hours or 0)) * 60 + int(minutes or 0)
    micros = round(Decimal(seconds or 0) * 1_000_000)
    try:
        return timedelta(minutes=factor * whole, microseconds=factor * micros)
    except OverflowError:
        raise Failure(f'the duration "{text}" is too long') from None


def parse_at(text: str) -> Value:
    """The value of an ``@`` literal (DMN 1.5, grammar rule 62): whichever of the kinds the text is.

    Raises:
        Failure: it is none of them.
    """
    if "P" in text[:2]:
        return parse_duration(text)
    if "T" in text:
        return parse_date_time(text)
    if _DATE.fullmatch(text):
        return parse_date(text)
    if _TIME.fullmatch(text):
        return parse_time(text)
    raise Failure(f'@"{text}" is neither a date, nor a time, nor a duration')


def time_text(clock: time | datetime) -> str:
    """The time part: ``10:20:00.5+02:00``, ``10:20:00@Europe/Paris``."""
    nanos = clock.microsecond * 1000 + getattr(clock, "nanos", 0)
    fraction = f".{nanos:09d}".rstrip("0") if nanos else ""
    return f"{clock.hour:02d}:{clock.minute:02d}:{clock.second:02d}{fraction}{zone_text(clock)}"


def zone_text(clock: time | datetime) -> str:
    """The suffix for the time zone: empty, ``Z``, an offset, or ``@`` and the zone's name."""
    where = clock.tzinfo
    if where is None:
        return ""
    if isinstance(where, ZoneInfo) and where.key:
        return f"@{where.key}"
    span = clock.utcoffset()
    if not span:
        return "Z"
    seconds = abs(span) // timedelta(seconds=1)
    rest = f":{seconds % 60:02d}" if seconds % 60 else ""
    return f"{'-' if span < timedelta(0) else '+'}{seconds // 3600:02d}:{seconds // 60 % 60:02d}{rest}"


def text(value: date | time | datetime | timedelta | YearMonthDuration) -> str:
    """Any temporal value as `string()` writes it; `parse_at` reads it back."""
    if isinstance(value, datetime):
        return f"{value.date().isoformat()}T{time_text(value)}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return time_text(value)
    if isinstance(value, timedelta):
        return duration_text(value)
    return str(value)
