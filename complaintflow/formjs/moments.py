"""Dates and times of forms: ISO 8601 texts in the formats that form-js writes."""

from __future__ import annotations

import datetime as dt
import re

from complaintflow.formjs.plain import Unfit

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
_OFFSET = r"(?:Z|[+-][0-9]{2}:[0-9]{2})?"
# Texts, which `re` keeps once they are used: most forms have no such field.
_FORMS = {"date": _DATE, "time": _TIME + _OFFSET, "datetime": f"{_DATE}T{_TIME}{_OFFSET}"}
_EXAMPLES = {
    ("date", False): "a date, written like 2026-11-22",
    ("time", False): "a time, written like 14:05",
    ("time", True): "a time with its offset, written like 14:05+08:00",
    ("datetime", False): "a date and time, written like 2026-11-22T14:05",
    ("datetime", True): "a date and time with its offset, written like 2026-11-22T14:05+08:00",
}


def moment(value: object, subtype: str, serializing: str) -> str:
    """The ISO 8601 text of a date, a time, or a date and time.

    Forms of different processes ask for a day or for a moment under the same name; so that one payload serves them, a
    date and time is taken as its day where a date is asked for, and a date as its first minute where no offset is
    needed.

    Args:
        value: a text, or Python's own date, time or datetime.
        subtype: ``date``, ``time`` or ``datetime``.
        serializing: ``utc_offset`` (an offset is needed), ``utc_normalized`` (an offset is needed, and the result is
            in UTC, ending in Z) or ``no_timezone`` (an offset may be there).

    Raises:
        Unfit: it is no such moment.
    """
    zoned = subtype != "date" and serializing != "no_timezone"
    expected = Unfit(f"It must be {_EXAMPLES[subtype, zoned]}.")
    text = _fitted(_written(value), subtype, zoned=zoned)
    if text is None or not re.fullmatch(_FORMS[subtype], text):
        raise expected
    try:
        parsed = _parsed(text, subtype)
    except ValueError as error:
        raise Unfit("There is no such day or time.") from error
    if isinstance(parsed, dt.date) and not isinstance(parsed, dt.datetime):
        return text
    if zoned and parsed.tzinfo is None:
        raise expected
    return _in_utc(parsed) if serializing == "utc_normalized" else text


def day_of(text: str) -> dt.date:
    """The day on which the date, or the date and time, stands as written."""
    return dt.date.fromisoformat(text[:10])


def _written(value: object) -> str | None:
    if isinstance(value, str):
        return value.strip()
    return value.isoformat() if isinstance(value, dt.datetime | dt.date | dt.time) else None


def _fitted(text: str | None, subtype: str, *, zoned: bool) -> str | None:
    if text is not None and subtype == "date" and re.fullmatch(_FORMS["datetime"], text):
        return text[:10]
    if text is not None and subtype == "datetime" and not zoned and re.fullmatch(_FORMS["date"], text):
        return f"{text}T00:00"
    return text


def _parsed(text: str, subtype: str) -> dt.date | dt.time | dt.datetime:
    if subtype == "date":
        return dt.date.fromisoformat(text)
    return dt.time.fromisoformat(text) if subtype == "time" else dt.datetime.fromisoformat(text)


def _in_utc(parsed: dt.datetime | dt.time | dt.date) -> str:
    if isinstance(parsed, dt.time):
        parsed = dt.datetime.combine(dt.date(2000, 1, 2), parsed)
        return _in_utc(parsed).partition("T")[2]
    assert isinstance(parsed, dt.datetime)
    try:
        moved = parsed.astimezone(dt.UTC).replace(tzinfo=None)
    except OverflowError as error:
        raise Unfit("There is no such day or time.") from error
    return moved.isoformat(timespec="auto" if parsed.second or parsed.microsecond else "minutes") + "Z"
