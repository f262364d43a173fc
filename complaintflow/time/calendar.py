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
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from complaintflow.errors import CalendarError
from complaintflow.time.countries import country_class
from complaintflow.time.interval import CLOCK_UNITS, Due, Ends, Interval, Remaining, Unit, rule_of
from complaintflow.time.openings import MIDNIGHT, opening_times, weekday

if TYPE_CHECKING:
    from holidays.holiday_base import HolidayBase


# Countries whose working days follow a yearly notice; a year without one can only be guessed.
_BY_NOTICE = frozenset({"CN", "CHN"})
# The notice of a year has bridged or worked the last three days of the December before it (2007, 2011, 2018).
_NOTICE_REACHES_BACK = timedelta(days=3)
_INSTANT = timedelta(microseconds=1)


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
        self._hours = opening_times(hours) if hours else None
        self._days_off = frozenset(extra_days_off)
        self._working_days = frozenset(extra_working_days)
        if both := self._days_off & self._working_days:
            raise CalendarError(f"{min(both)} is given both as a day off and as a working day", where="calendar")
        self._weekend = None if weekend is None else frozenset(weekday(name) for name in weekend)
        if self._weekend is not None and len(self._weekend) == 7:
            raise CalendarError("the weekend has all seven days", advice="leave at least one working day a week")
        self._confirmed = frozenset(confirmed_years)
        self._years: dict[int, tuple[int, ...]] = {}
        self._holidays: type[HolidayBase] | None = None
        self._notices: frozenset[int] | None = None

    def look_up_country(self) -> None:
        """Look the days off up now, in place of at the first question. Raises CalendarError: nobody knows them."""
        if self.country is not None:
            self._country()

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
        ends, roll = rule_of(interval.unit, ends, roll)
        local = self._local(start)
        if interval.unit in CLOCK_UNITS:
            return self._after_time(start, interval.amount * CLOCK_UNITS[interval.unit], interval.unit, ends, roll)
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
        if interval.unit in CLOCK_UNITS:
            back = -interval.amount * CLOCK_UNITS[interval.unit]
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
        by_days = by.unit not in CLOCK_UNITS
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
        ends, roll = rule_of(unit, ends, roll)
        local = self._local(now)
        days, time, was = 0, timedelta(), None
        if now >= due.at:
            return Remaining(unit, days, time, ends, roll, ended=due.at)
        if unit == "working hour":
            time = self._open_time(now, due.at)
        elif unit in CLOCK_UNITS:
            time = due.at - now
        else:
            count = self.working_days_between if unit == "working day" else lambda a, b: (b - a).days
            days = count(local.date(), due.day)
            if ends == "exact":
                end = due.at.astimezone(self.zone)
                time = (end - local) - timedelta(days=(due.day - local.date()).days)
                was = due.at
        return Remaining(unit, days, time, ends, roll, was=was)

    def resume(self, now: datetime, remaining: Remaining) -> Due:
        """The new end of a deadline that goes on at `now`, always after `now` unless it had run out before."""
        if remaining.ended:
            return Due(remaining.ended, False, self._day_ended_by(remaining.ended))
        unit, ends, roll = remaining.unit, remaining.ends, remaining.roll
        if unit in CLOCK_UNITS:
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
        if remaining.was is not None and due.at < remaining.was:
            # A pause over midnight between two days off counts no day, but has turned the clock.
            due = Due(remaining.was, due.provisional, self._day_ended_by(remaining.was))
        return due

    def __repr__(self) -> str:
        place = f"{self.country}-{self.subdivision}" if self.subdivision else self.country
        return f"WorkingCalendar({place}, {self.zone.key})"

    # -- below the surface

    def _after_time(self, start: datetime, time: timedelta, unit: Unit, ends: Ends, roll: bool) -> Due:
        working = unit == "working hour"
        at = self.add_working_hours(start, time) if working else start.astimezone(UTC) + time
        end = at.astimezone(self.zone)
        due = self._land(end, self._day_ended_by(end), ends, roll, asked=working)
        if due.at < at and due.at <= start:  # it ends with the day, and starts after that day's closing time
            return self._after_time(self.next_opening(start), time, unit, ends, roll)
        return due

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
            self._holidays = country_class(str(self.country), self.subdivision)
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
        day, minute = (day + timedelta(days=1), 0) if minute == MIDNIGHT else (day, minute)
        return datetime(day.year, day.month, day.day, *divmod(minute, 60), tzinfo=self.zone).astimezone(UTC)

    def _minutes(self, day: date) -> Sequence[tuple[int, int]]:
        if not self.is_working_day(day):
            return ()
        if self._hours is None:
            return ((0, MIDNIGHT),)
        return self._hours.get(day.weekday()) or next(iter(self._hours.values()))

    def _openings(self, day: date) -> list[tuple[datetime, datetime]]:
        return [(self._moment(day, opens), self._moment(day, closes)) for opens, closes in self._minutes(day)]

    def _close(self, day: date) -> datetime:
        minutes = self._minutes(day) if self._hours else ()
        return self._moment(day, minutes[-1][1] if minutes else MIDNIGHT)

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


def _add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise CalendarError(f'there is no time zone "{name}"', advice='write one as "Asia/Shanghai"') from error
