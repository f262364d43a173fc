"""Deadlines in words, counted on a working calendar (D7).

`Interval` is the text of the policy file ("3 working days"); `WorkingCalendar` knows an organisation's zone, days off
and opening hours, and turns a start and an interval into a `Due`. The rule of counting is one throughout:

* minutes and hours run from the moment; working hours run only while the house is open;
* days, working days, weeks, months and years leave out the starting day and end at the close of their last day: 24:00
  in the organisation's zone, or the close of business where opening hours are given;
* a month ends on the day of the same number, or on the last day of a month that has none;
* a last day on a day off moves to the next working day.

Source: Civil Code of China, articles 200 to 204; a deadline may choose otherwise (`ends`, `roll`). `docs/counting.md`
has a worked example. What happens before `Due.at` is in time; what happens at `Due.at` is late.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args
from zoneinfo import ZoneInfo

from complaintflow.errors import CalendarError

if TYPE_CHECKING:
    from holidays.holiday_base import HolidayBase

Unit = Literal["minute", "hour", "working hour", "day", "working day", "week", "month", "year"]
Ends = Literal["close of day", "exact"]

# No deadline is longer than a hundred years: it keeps a slip of the keyboard from counting for minutes.
_LONGEST: dict[str, int] = {
    "minute": 52_594_920, "hour": 876_582, "working hour": 876_582, "day": 36_525, "working day": 36_525,
    "week": 5_217, "month": 1_200, "year": 100,
}  # fmt: skip
_CLOCK_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "working hour": timedelta(hours=1)}
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MIDNIGHT = 24 * 60
# Countries whose working days follow a yearly notice; a year without one can only be guessed.
_BY_NOTICE = frozenset({"CN", "CHN"})
# The notice of a year has bridged or worked the last three days of the December before it (2007, 2011, 2018).
_NOTICE_REACHES_BACK = timedelta(days=3)
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Interval:
    """A length of time in the words of a policy: an amount (0 to a hundred years) of one unit.

    ``str(interval)`` is the text that `parse` reads back. "0 days" ends with the starting day.

    Raises:
        CalendarError: the unit is unknown, or the amount is no whole number or out of range.
    """

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.unit not in _LONGEST:
            raise _not_an_interval(f"{self.amount} {self.unit}")
        if not 0 <= self.amount <= _LONGEST[self.unit]:
            raise CalendarError(
                f"{self.amount} {self.unit}s is out of range",
                advice=f"write 0 to {_LONGEST[self.unit]} {self.unit}s (at most a hundred years)",
            )

    @classmethod
    def parse(cls, text: str) -> Interval:
        """Read "4 hours", "1 working day", "2 months": a whole number and a unit, singular or plural.

        Raises:
            CalendarError: the text is anything else; the advice names the units.
        """
        amount, _, unit = " ".join(text.split()).partition(" ")
        unit = unit.removesuffix("s")
        if not re.fullmatch(r"[0-9]{1,9}", amount) or unit not in _LONGEST:
            raise _not_an_interval(text)
        return cls(int(amount), unit)  # type: ignore[arg-type]  # it is a key of _LONGEST

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}" + ("" if self.amount == 1 else "s")


def _not_an_interval(text: str) -> CalendarError:
    units = ", ".join(f"{unit}s" for unit in get_args(Unit))
    return CalendarError(
        f'"{text}" is not an interval',
        advice=f'write a whole number and one of: {units}; for instance "3 working days" or "90 minutes"',
    )


@dataclass(frozen=True, slots=True)
class Due:
    """When a deadline ends.

    Attributes:
        at: the first moment that is too late, aware, in UTC.
        provisional: the calendar was asked for days whose official notice is not known yet, so `at` may still move.
        day: the last day, in the organisation's zone.
    """

    at: datetime
    provisional: bool
    day: date


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left of a deadline while it pauses; made by `WorkingCalendar.remaining`, spent by `resume`.

    Attributes:
        unit: the unit of the deadline's interval.
        days: for days, weeks, months and years the days, for working days the working days, after the day of the pause.
        time: for clock units the clock or working time left; for an exact deadline in days what its time of day is
            ahead of that of the pause; otherwise zero.
        ends, roll: as the deadline had them.
        ended: where the deadline had already run out before the pause: that moment, which no pause moves.
    """

    unit: Unit
    days: int
    time: timedelta
    ends: Ends
    roll: bool
    ended: datetime | None = None

    def to_json(self) -> dict[str, object]:
        """A dict of JSON values, `time` in seconds, `ended` in ISO 8601."""
        return {
            "unit": self.unit,
            "days": self.days,
            "seconds": self.time.total_seconds(),
            "ends": self.ends,
            "roll": self.roll,
            "ended": self.ended and self.ended.isoformat(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> Remaining:
        """The inverse of `to_json`."""
        ended = stored["ended"] and datetime.fromisoformat(str(stored["ended"]))
        time = timedelta(seconds=float(str(stored["seconds"])))
        return cls(stored["unit"], stored["days"], time, stored["ends"], stored["roll"], ended or None)  # type: ignore[arg-type]


class WorkingCalendar:
    """The working days and hours of an organisation. Immutable; years are looked up once and kept.

    Args:
        country: ISO 3166 code (two or three capital letters) as the `holidays` package knows it; None: only weekends.
            An unknown one shows at the first look-up, because that is when `holidays` is imported (0.1 s).
        subdivision: ISO 3166-2 code within the country ("BY").
        zone: IANA name; all counting of days happens in it.
        hours: opening times by weekday or range, opening and closing in turn:
            ``{"mon-fri": ("09:00", "12:00", "13:00", "18:00")}``. They apply on working days only; a working day whose
            weekday has none (China's adjusted Saturdays) has those of the first entry.
        extra_days_off, extra_working_days: the organisation's own; they win over country and weekend.
        weekend: weekday names ("sat", "sun"); None: the country's own.
        confirmed_years: years whose official notice was entered by hand in the two lists above.

    Raises:
        CalendarError: one of these cannot be used.
    """

    def __init__(
        self,
        country: str | None = "CN",
        subdivision: str | None = None,
        zone: str = "Asia/Shanghai",
        hours: Mapping[str, Sequence[str]] | None = None,
        extra_days_off: Iterable[date] = (),
        extra_working_days: Iterable[date] = (),
        weekend: Iterable[str] | None = None,
        confirmed_years: Iterable[int] = (),
    ) -> None:
        if country is not None and not re.fullmatch("[A-Z]{2,3}", country):
            raise CalendarError(f'"{country}" is no country code', advice='write an ISO 3166 code such as "CN" or "DE"')
        self.country, self.subdivision = country, subdivision
        self.zone = _zone(zone)
        self._hours = _opening_times(hours) if hours else None
        self._days_off = frozenset(extra_days_off)
        self._working_days = frozenset(extra_working_days)
        if both := self._days_off & self._working_days:
            raise CalendarError(f"{min(both)} is given both as a day off and as a working day", where="calendar")
        self._weekend = None if weekend is None else frozenset(_weekday(name) for name in weekend)
        if self._weekend is not None and len(self._weekend) == 7:
            raise CalendarError("the weekend has all seven days", advice="leave at least one working day a week")
        self._confirmed = frozenset(confirmed_years)
        self._years: dict[int, tuple[int, ...]] = {}
        self._holidays: type[HolidayBase] | None = None
        self._notices: frozenset[int] | None = None

    # -- days

    def is_working_day(self, day: date) -> bool:
        """Whether `day` (a date, or an aware moment, taken in the zone) is a working day."""
        day = self._date(day)
        days = self._year(day.year)
        index = bisect_left(days, day.toordinal())
        return index < len(days) and days[index] == day.toordinal()

    def working_days_between(self, a: date, b: date) -> int:
        """The working days after `a` up to and with `b`: the starting day is left out, as in a deadline.

        Negative when `b` is before `a`; always ``between(a, b) + between(b, c) == between(a, c)``. Takes dates or aware
        moments; of a `Due` pass its `day`, since the close of a day is already the next one's first moment.
        """
        a, b = self._date(a), self._date(b)
        if b < a:
            return -self.working_days_between(b, a)
        whole_years = sum(len(self._year(year)) for year in range(a.year, b.year))
        upto_a = bisect_right(self._year(a.year), a.toordinal())
        return whole_years + bisect_right(self._year(b.year), b.toordinal()) - upto_a

    def provisional(self, year: int) -> bool:
        """Whether the official notice for `year` is unknown, so that its working days are a guess.

        Only where a notice decides (China). `holidays` lists the moved days of each notice under its year in
        `special_public_holidays`; a year that it only computes has no entry there.
        """
        if self.country not in _BY_NOTICE:
            return False
        if self._notices is None:
            known = getattr(self._country()(), "special_public_holidays", {})
            self._notices = self._confirmed | frozenset(known)
        return year not in self._notices

    # -- hours

    def open_at(self, moment: datetime) -> bool:
        """Whether the house is open at `moment` (closing time itself is closed); without hours: a working day."""
        return any(opens <= moment < closes for opens, closes in self._openings(self._local(moment).date()))

    def next_opening(self, moment: datetime) -> datetime:
        """`moment` itself if the house is open then, else when it opens next; in UTC."""
        for opens, closes in self._walk(self._local(moment).date(), 1):
            if moment < closes:
                return max(opens, moment.astimezone(UTC))
        raise AssertionError("the walk does not end")

    def add_working_hours(self, start: datetime, time: timedelta) -> datetime:
        """The moment, in UTC, by which the house was open for `time` since `start`; a negative `time` goes back.

        Raises:
            CalendarError: the calendar has no opening hours.
        """
        if self._hours is None:
            raise CalendarError(
                "working hours need opening hours",
                advice='give the calendar hours, such as {"mon-fri": ("09:00", "18:00")}, or count in hours',
            )
        left, back = abs(time), time < timedelta()
        for opens, closes in self._walk(self._local(start).date(), -1 if back else 1):
            begin, end = (opens, min(closes, start)) if back else (max(opens, start), closes)
            if begin > end or (begin == end and left):
                continue
            if left <= end - begin:
                return (end - left if back else begin + left).astimezone(UTC)
            left -= end - begin
        raise AssertionError("the walk does not end")

    # -- deadlines

    def due(
        self, start: datetime, interval: Interval | str, *, ends: Ends | None = None, roll: bool | None = None
    ) -> Due:
        """When an interval that starts at `start` ends.

        Args:
            start: aware, in any zone.
            interval: an `Interval` or its text.
            ends: "close of day", or "exact" for the same time of day as `start` on the last day (a minute that summer
                time skips falls one hour later). None: "exact" for minutes and hours, else "close of day".
            roll: whether a last day on a day off moves to the next working day. None: no for minutes and hours.

        Raises:
            CalendarError: `start` has no zone, or the interval or the calendar cannot be used.
        """
        interval = Interval.parse(interval) if isinstance(interval, str) else interval
        ends, roll = _rule(interval.unit, ends, roll)
        local = self._local(start)
        if interval.unit in _CLOCK_UNITS:
            return self._after_time(start, interval.amount * _CLOCK_UNITS[interval.unit], interval.unit, ends, roll)
        day = local.date()
        if interval.unit == "working day":
            last = self._move(day, interval.amount)
        elif interval.unit in ("day", "week"):
            last = day + timedelta(days=interval.amount * (7 if interval.unit == "week" else 1))
        else:
            last = _add_months(day, interval.amount * (12 if interval.unit == "year" else 1))
        return self._land(local + (last - day), last, ends, roll, asked=interval.unit == "working day")

    def before(self, due: Due | datetime, interval: Interval | str) -> datetime:
        """When to remind of a deadline: `interval` before it ends, in UTC.

        Hours and working hours count back from its end. Days count back from its last day and leave that out, and the
        reminder comes when the day so found begins (or opens); one on a day off comes on the working day before. So "1
        working day" before a deadline that ends with Thursday is Wednesday morning.

        Raises:
            CalendarError: as for `due`.
        """
        interval = Interval.parse(interval) if isinstance(interval, str) else interval
        at = due.at if isinstance(due, Due) else due
        if interval.unit in _CLOCK_UNITS:
            back = -interval.amount * _CLOCK_UNITS[interval.unit]
            return self.add_working_hours(at, back) if interval.unit == "working hour" else at.astimezone(UTC) + back
        day = due.day if isinstance(due, Due) else self._day_ended_by(at)
        if interval.unit == "working day":
            first = self._move(day, -interval.amount) if interval.amount else day
        elif interval.unit in ("day", "week"):
            first = day - timedelta(days=interval.amount * (7 if interval.unit == "week" else 1))
        else:
            first = _add_months(day, -interval.amount * (12 if interval.unit == "year" else 1))
        if not self.is_working_day(first):
            first = self._move(first, -1)
        return self._openings(first)[0][0]

    def extend(self, due: Due, by: Interval | str, *, ends: Ends | None = None, roll: bool | None = None) -> Due:
        """A deadline prolonged: `by` is counted from the old last day, or for minutes and hours from the old end."""
        by = Interval.parse(by) if isinstance(by, str) else by
        by_days = by.unit not in _CLOCK_UNITS
        start = due.at - _INSTANT if by_days and due.at == self._close(due.day) else due.at
        return self.due(start, by, ends=ends, roll=roll)

    def remaining(
        self, now: datetime, due: Due, interval: Interval | str, *, ends: Ends | None = None, roll: bool | None = None
    ) -> Remaining:
        """What is left of a deadline that pauses at `now`, in the unit of its `interval`.

        `interval`, `ends` and `roll` are those that `due` was computed with. `resume` gives the new end. A pause moves
        a deadline in hours by the time it lasted, one in working hours by the time the house was open meanwhile, one
        in working days by the working days between the two days, one in days, weeks, months or years by the days; an
        exact one in days keeps the minutes too. Pausing and resuming on the same day moves no deadline that ends with
        a day. What had run out before the pause stays run out.
        """
        unit = (Interval.parse(interval) if isinstance(interval, str) else interval).unit
        ends, roll = _rule(unit, ends, roll)
        local = self._local(now)
        days, time = 0, timedelta()
        if now >= due.at:
            return Remaining(unit, days, time, ends, roll, ended=due.at)
        if unit == "working hour":
            time = self._open_time(now, due.at)
        elif unit in _CLOCK_UNITS:
            time = due.at - now
        else:
            count = self.working_days_between if unit == "working day" else lambda a, b: (b - a).days
            days = count(local.date(), due.day)
            if ends == "exact":
                end = due.at.astimezone(self.zone)
                time = (end - local) - timedelta(days=(due.day - local.date()).days)
        return Remaining(unit, days, time, ends, roll)

    def resume(self, now: datetime, remaining: Remaining) -> Due:
        """The new end of a deadline that goes on at `now`, always after `now` unless it had run out before."""
        if remaining.ended:
            return Due(remaining.ended, False, self._day_ended_by(remaining.ended))
        unit, ends, roll = remaining.unit, remaining.ends, remaining.roll
        if unit in _CLOCK_UNITS:
            return self._after_time(now, remaining.time, unit, ends, roll)
        local = self._local(now)
        working = unit == "working day"
        day = local.date()
        last = self._move(day, remaining.days) if working else day + timedelta(days=remaining.days)
        end = local + (last - day) + remaining.time
        if ends == "exact":
            last = self._day_ended_by(end)
        due = self._land(end, last, ends, roll or working, asked=working)
        if due.at <= now:  # it pauses on its last day and goes on after closing time: the next day is its last
            due = self._land(end, last + timedelta(days=1), ends, roll or working, asked=working)
        return due

    def __repr__(self) -> str:
        place = f"{self.country}-{self.subdivision}" if self.subdivision else self.country
        return f"WorkingCalendar({place}, {self.zone.key})"

    # -- below the surface

    def _after_time(self, start: datetime, time: timedelta, unit: Unit, ends: Ends, roll: bool) -> Due:
        working = unit == "working hour"
        at = self.add_working_hours(start, time) if working else start.astimezone(UTC) + time
        end = at.astimezone(self.zone)
        return self._land(end, self._day_ended_by(end), ends, roll, asked=working)

    def _land(self, end: datetime, last: date, ends: Ends, roll: bool, *, asked: bool) -> Due:
        """Roll the last day, and take its close, or the wall-clock time of `end` (in the zone) moved with it."""
        day = self._move(last, 0) if roll else last
        at = self._close(day) if ends == "close of day" else (end + (day - last)).astimezone(UTC)
        return Due(at, (asked or roll) and self.provisional((day + _NOTICE_REACHES_BACK).year), day)

    def _move(self, day: date, count: int) -> date:
        """The working day `count` after (or before) `day`; with 0, `day` itself or the next working day."""
        year, ordinal = day.year, day.toordinal()
        days = self._year(year)
        index = bisect_right(days, ordinal) + count - 1 if count > 0 else bisect_left(days, ordinal) + count
        while index >= len(days):
            index -= len(days)
            year += 1
            days = self._year(year)
        while index < 0:
            year -= 1
            days = self._year(year)
            index += len(days)
        return date.fromordinal(days[index])

    def _year(self, year: int) -> tuple[int, ...]:
        """The ordinals of the working days of a year, ascending."""
        days = self._years.get(year)
        if days is None:
            days = self._years[year] = tuple(self._look_up(year))
        return days

    def _look_up(self, year: int) -> Iterator[int]:
        weekend = self._weekend
        known = None if self.country is None else self._country()(subdiv=self.subdivision, years=year, expand=False)
        moved = known.weekend_workdays if known is not None else frozenset[date]()
        for ordinal in range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1):
            day = date.fromordinal(ordinal)
            if weekend is None:
                off = known.is_weekend(day) if known is not None else day.weekday() >= 5
            else:
                off = day.weekday() in weekend
            works = day in moved if off else (known is None or day not in known)
            if day in self._working_days or (works and day not in self._days_off):
                yield ordinal

    def _country(self) -> type[HolidayBase]:
        if self._holidays is None:
            self._holidays = _country_class(str(self.country), self.subdivision)
        return self._holidays

    def _local(self, moment: datetime) -> datetime:
        if moment.tzinfo is None:
            raise CalendarError(f"the time {moment.isoformat()} has no zone", advice="use aware times throughout")
        return moment.astimezone(self.zone)

    def _date(self, day: date) -> date:
        return self._local(day).date() if isinstance(day, datetime) else day

    def _day_ended_by(self, at: datetime) -> date:
        return (at.astimezone(UTC) - _INSTANT).astimezone(self.zone).date()

    def _moment(self, day: date, minute: int) -> datetime:
        day, minute = (day + timedelta(days=1), 0) if minute == _MIDNIGHT else (day, minute)
        return datetime(day.year, day.month, day.day, *divmod(minute, 60), tzinfo=self.zone).astimezone(UTC)

    def _minutes(self, day: date) -> Sequence[tuple[int, int]]:
        if not self.is_working_day(day):
            return ()
        if self._hours is None:
            return ((0, _MIDNIGHT),)
        return self._hours.get(day.weekday()) or next(iter(self._hours.values()))

    def _openings(self, day: date) -> list[tuple[datetime, datetime]]:
        return [(self._moment(day, opens), self._moment(day, closes)) for opens, closes in self._minutes(day)]

    def _close(self, day: date) -> datetime:
        minutes = self._minutes(day) if self._hours else ()
        return self._moment(day, minutes[-1][1] if minutes else _MIDNIGHT)

    def _walk(self, day: date, step: Literal[1, -1]) -> Iterator[tuple[datetime, datetime]]:
        """The openings from `day` on, or back from it, the nearest first."""
        while True:
            yield from self._openings(day)[::step]
            day = self._move(day, step)

    def _open_time(self, start: datetime, end: datetime) -> timedelta:
        total = timedelta()
        for opens, closes in self._walk(self._local(start).date(), 1):
            if opens >= end:
                break
            total += max(min(closes, end) - max(opens, start), timedelta())
        return total


def _rule(unit: Unit, ends: Ends | None, roll: bool | None) -> tuple[Ends, bool]:
    clock = unit in _CLOCK_UNITS
    ends = ends or ("exact" if clock else "close of day")
    if ends not in get_args(Ends):
        raise CalendarError(f'a deadline cannot end "{ends}"', advice='write "close of day" or "exact"')
    return ends, (not clock if roll is None else roll)


def _add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise CalendarError(f'there is no time zone "{name}"', advice='write one as "Asia/Shanghai"') from error


def _weekday(name: str) -> int:
    if name not in _WEEKDAYS:
        raise CalendarError(f'"{name}" is not a weekday', advice=f"write one of: {', '.join(_WEEKDAYS)}")
    return _WEEKDAYS.index(name)


def _opening_times(hours: Mapping[str, Sequence[str]]) -> dict[int, tuple[tuple[int, int], ...]]:
    """Weekday -> (opening, closing) pairs in minutes of the day."""
    table: dict[int, tuple[tuple[int, int], ...]] = {}
    for key, texts in hours.items():
        first, _, last = key.partition("-")
        days = range(_weekday(first), _weekday(last or first) + 1)
        times = [_minute_of_day(text) for text in texts]
        if not days or any(day in table for day in days):
            raise CalendarError(f'the opening hours "{key}" name no day, or one that has hours already', where="hours")
        if len(times) % 2 or not times or sorted(set(times)) != times:
            raise CalendarError(
                f'the opening hours of "{key}" do not open and close in turn: {", ".join(texts)}',
                advice='list the times ascending, as ["09:00", "18:00"] or ["09:00", "12:00", "13:00", "18:00"]',
            )
        pairs = tuple(zip(times[::2], times[1::2], strict=True))
        table.update(dict.fromkeys(days, pairs))
    return table


def _minute_of_day(text: str) -> int:
    match = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)|24:00", text)
    if match is None:
        raise CalendarError(f'"{text}" is not a time of day', advice='write "09:00"; the end of the day is "24:00"')
    return _MIDNIGHT if text == "24:00" else int(match[1]) * 60 + int(match[2])


def _country_class(code: str, subdivision: str | None) -> type[HolidayBase]:
    """The `holidays` class of a country, loaded from its own file.

    ``holidays.countries`` imports all 250 countries (0.09 s) on the way to one, so the file is loaded by itself
    (0.007 s) under a private name; `holidays` itself stays as any other user of it expects.
    """
    registry = import_module("holidays.registry")
    entry = next(((file, names) for file, names in registry.COUNTRIES.items() if code in names), None)
    if entry is None:
        raise CalendarError(f'the holidays package knows no country "{code}"', advice="use an ISO 3166 code")
    file = Path(str(registry.__file__)).with_name("countries") / f"{entry[0]}.py"
    spec = spec_from_file_location(f"complaintflow._holidays_{entry[0]}", file)
    if spec is None or spec.loader is None:
        raise CalendarError(f"the holidays package has no file {file.name}", advice="install `holidays` again")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    found: type[HolidayBase] = getattr(module, entry[1][0])
    if subdivision is not None and subdivision not in found.subdivisions:
        known = ", ".join(found.subdivisions) or "none"
        raise CalendarError(f'"{code}" has no subdivision "{subdivision}"', advice=f"write one of: {known}")
    return found
