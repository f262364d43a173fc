"""The filters of notices: how values are written in the language of the reader and the zone of the organisation.

babel writes what is written in other languages than the policies', and numbers; its data are a tenth of a program's
first case, so it is imported when it is needed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

import jinja2
from jinja2 import filters as jinja_filters

from complaintflow.errors import NoticeError
from complaintflow.records import dataclass
from complaintflow.time.openings import weekday

if TYPE_CHECKING:
    from babel import Locale

_CHINESE: Final = "zh"
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """How values are written: in which language, and times in which zone."""

    language: str
    zone: dt.tzinfo

    @property
    def locale(self) -> Locale:
        """The language as babel has it."""
        from babel import Locale

        return Locale.parse(self.language.replace("-", "_"))

    @property
    def chinese(self) -> bool:
        """Whether the language is Chinese."""
        return self.language.replace("-", "_").partition("_")[0].lower() == _CHINESE


@jinja2.pass_context
def date(context: jinja2.runtime.Context, value: object) -> str:
    """The day of a date or an instant, in the organisation's zone: November 22, 2026."""
    written = _written(context)
    return _day(_moment(value, written), written)


@jinja2.pass_context
def last_day(context: jinja2.runtime.Context, value: object) -> str:
    """The last day of a deadline: what is due at 24:00 on the 22nd (0:00 on the 23rd) is due on the 22nd."""
    written = _written(context)
    moment = _moment(value, written)
    if isinstance(moment, dt.datetime):
        moment -= dt.timedelta(microseconds=1)
    return _day(moment, written)


@jinja2.pass_context
def datetime(context: jinja2.runtime.Context, value: object) -> str:
    """The day and the time of an instant, in the organisation's zone: November 22, 2026, 14:05.

    Midnight is 24:00 of the day that it closes, as the command line has it.
    """
    written = _written(context)
    moment = _moment(value, written)
    if not isinstance(moment, dt.datetime):
        return _day(moment, written)
    time = f"{moment:%H:%M}"
    if moment.time() == dt.time.min:
        moment, time = moment - dt.timedelta(days=1), "24:00"
    return f"{_day(moment, written)}{' ' if written.chinese else ', '}{time}"


@jinja2.pass_context
def money(context: jinja2.runtime.Context, value: object, currency: str = "CNY") -> str:
    """An amount of money; ``currency`` is its ISO 4217 code."""
    from babel.numbers import format_currency

    return format_currency(_number(value), currency, locale=_written(context).locale)


@jinja2.pass_context
def number(context: jinja2.runtime.Context, value: object) -> str:
    """A number, with the separators of the language and at most 10 digits behind the point."""
    from babel.numbers import format_decimal

    return format_decimal(_number(value), locale=_written(context).locale, format="#,##0.##########")


@jinja2.pass_context
def join(context: jinja2.runtime.Context, value: object, separator: str | None = None, attribute: str = "") -> str:
    """The items of a list, or one part of each, as a text; by default between ", " or "、"."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise NoticeError("only a list can be joined")
    items = [context.environment.getitem(item, attribute) if attribute else item for item in value]
    if not all(isinstance(item, str | int | float | Decimal) and not isinstance(item, bool) for item in items):
        raise NoticeError("a list that holds more than texts and numbers cannot be joined", advice="name an attribute")
    if separator is None:
        separator = "、" if _written(context).chinese else ", "
    return separator.join(str(item) for item in items)


@jinja2.pass_context
def hours(context: jinja2.runtime.Context, value: object) -> str:
    """Opening hours of the policy file: Mon to Fri 09:00-12:00, 13:00-17:00."""
    written = _written(context)
    if not isinstance(value, Mapping):
        raise NoticeError("only the hours of an opening can be written as hours")
    names = written.locale.days["format"]["abbreviated"]
    until, between = ("至", "；") if written.chinese else (" to ", "; ")
    said = []
    for days, times in value.items():
        week = until.join(str(names[weekday(day)]) for day in str(days).split("-"))
        said.append(f"{week} " + ", ".join("-".join(pair) for pair in zip(times[::2], times[1::2], strict=True)))
    return between.join(said)


def default(value: object, instead: object = "") -> object:
    """``instead`` where the value is missing, null or empty."""
    absent = isinstance(value, jinja2.Undefined) or value is None or value == ""
    return instead if absent else value


def items(value: object) -> list[tuple[object, object]]:
    """The names and values of an object, for a loop."""
    if not isinstance(value, Mapping):
        raise NoticeError("only an object has items")
    return list(value.items())


FILTERS: dict[str, Callable[..., Any]] = {
    "date": date,
    "last_day": last_day,
    "datetime": datetime,
    "money": money,
    "number": number,
    "join": join,
    "hours": hours,
    "default": default,
    "d": default,
    "items": items,
    "upper": jinja_filters.do_upper,
    "lower": jinja_filters.do_lower,
    "capitalize": jinja_filters.do_capitalize,
    "trim": jinja_filters.do_trim,
    "truncate": jinja_filters.do_truncate,
    "length": len,
    "count": len,
    "first": jinja_filters.FILTERS["first"],
    "last": jinja_filters.do_last,
    "sort": jinja_filters.do_sort,
    "selectattr": jinja_filters.FILTERS["selectattr"],
    "rejectattr": jinja_filters.FILTERS["rejectattr"],
}


def _written(context: jinja2.runtime.Context) -> Written:
    written = context["_work"].written
    assert isinstance(written, Written)
    return written


def _day(moment: dt.date, written: Written) -> str:
    day = moment.date() if isinstance(moment, dt.datetime) else moment
    if written.language == "en":
        return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"
    if written.language == _CHINESE:
        return f"{day.year}年{day.month}月{day.day}日"
    from babel.dates import format_date

    return format_date(day, "long", locale=written.locale)


def _moment(value: object, written: Written) -> dt.date:
    """The date as it is; an instant in the organisation's zone, where a naive one is meant to be already."""
    if isinstance(value, str):
        value = _parsed(value.strip())
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=written.zone) if value.tzinfo is None else value.astimezone(written.zone)
    if isinstance(value, dt.date):
        return value
    raise NoticeError("a value is not a date or time")


def _parsed(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text) if len(text) == len("2026-11-22") else dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise NoticeError("a text is not a date or time of ISO 8601") from error


def _number(value: object) -> Decimal:
    try:
        if isinstance(value, str | int | float | Decimal) and not isinstance(value, bool):
            found = Decimal(str(value))
            if found.is_finite() and abs(found.adjusted()) < 100:  # a longer one only fills pages with zeros
                return found
    except InvalidOperation:
        pass
    raise NoticeError("a value is not a number")
