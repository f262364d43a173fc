"""Cron expressions with six fields, as Camunda 8 reads a timer's cycle (Spring's rules), in the organisation's zone.

    second minute hour day-of-month month day-of-week        0 0 9 * * MON     Mondays at nine
    @yearly @annually @monthly @weekly @daily @midnight @hourly

A field is ``*``, a number, a range ``9-17``, each with a step (``*/5``, ``10/20``), or several with commas; months and
days may be names (JAN, MON), a day of the week is 0 or 7 for Sunday to 6; ``?`` is ``*`` for days. Days of the month
are also ``L`` (the last), ``L-3`` (the third before it), ``15W`` (the weekday nearest to the 15th, within its month)
and ``LW`` (the last weekday); days of the week also ``5L`` or ``FRIL`` (the last Friday) and ``MON#2`` (the second
Monday). All fields must fit, the two of days as well.

A time that the clocks skip comes as much later as they skip; one that they show twice comes once.
"""

from __future__ import annotations

import re
from calendar import monthrange, weekday
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final

from complaintflow.records import dataclass

_MACROS: Final = {
    "@yearly": "0 0 0 1 1 *", "@annually": "0 0 0 1 1 *", "@monthly": "0 0 0 1 * *", "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *", "@midnight": "0 0 0 * * *", "@hourly": "0 0 * * * *",
}  # fmt: skip
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_PART: Final = r"(?P<first>\*|\d{1,2})(?:-(?P<last>\d{1,2}))?(?:/(?P<step>\d{1,2}))?"
_DAY_OF_MONTH: Final = r"L(?:-(?P<before>\d{1,2}))?|LW|(?P<near>\d{1,2})W"
_DAY_OF_WEEK: Final = r"(?P<day>\d)(?:L|#(?P<nth>[1-5]))"
# The rarest pattern, a 29 February on a given day of the week, comes within forty years.
_YEARS: Final = 41


@dataclass(frozen=True, slots=True)
class Cron:
    """When something happens again and again: for each field the numbers that fit.

    Attributes:
        seconds, minutes, hours, months: in their order; months from 1.
        month_days, week_days: plain days, the latter 0 (Sunday) to 6.
        month_rules, week_rules: what depends on the month, as written.
    """

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: tuple[int, ...]
    month_days: frozenset[int]
    month_rules: tuple[str, ...]
    week_days: frozenset[int]
    week_rules: tuple[str, ...]

    def after(self, moment: datetime, zone: tzinfo) -> datetime | None:
        """The first time that is later than ``moment`` (aware), in UTC; None where there is none."""
        local = moment.astimezone(zone).replace(tzinfo=None)
        for found in self._times(local.replace(microsecond=0, fold=0) + timedelta(seconds=1)):
            instant = found.replace(tzinfo=zone).astimezone(UTC)
            if instant > moment:
                return instant
        return None

    def _times(self, start: datetime) -> Iterator[datetime]:
        """The times on the wall clock from ``start`` on."""
        for year in range(start.year, min(start.year + _YEARS, 9_999)):
            for month in self.months:
                if (year, month) < (start.year, start.month):
                    continue
                for day in self._days(year, month):
                    yield from self._of_day(start.replace(year=year, month=month, day=day), start)

    def _of_day(self, day: datetime, start: datetime) -> Iterator[datetime]:
        if day.date() < start.date():
            return
        today = day.date() == start.date()
        for hour in self.hours:
            if today and hour < start.hour:
                continue
            for minute in self.minutes:
                if today and (hour, minute) < (start.hour, start.minute):
                    continue
                for second in self.seconds:
                    found = day.replace(hour=hour, minute=minute, second=second)
                    if found >= start:
                        yield found

    def _days(self, year: int, month: int) -> list[int]:
        first, last = weekday(year, month, 1), monthrange(year, month)[1]
        # Python's Monday is 0; here Sunday is.
        week = {day: (first + day) % 7 for day in range(1, last + 1)}
        by_month = self.month_days | {_month_day(rule, week, last) for rule in self.month_rules}
        by_week = {day for rule in self.week_rules if (day := _week_day(rule, week, last)) is not None}
        return [day for day in week if day in by_month and (week[day] in self.week_days or day in by_week)]


def _month_day(rule: str, week: dict[int, int], last: int) -> int | None:
    """The day that ``L``, ``L-3``, ``LW`` or ``15W`` means in a month."""
    if rule.endswith("W"):
        day = last if rule == "LW" else int(rule[:-1])
        if day > last:
            return None
        if week[day] == 6:
            return day - 1 if day > 1 else 3
        if week[day] == 0:
            return day + 1 if day < last else day - 2
        return day
    return last - int(rule[2:] or 0)


def _week_day(rule: str, week: dict[int, int], last: int) -> int | None:
    """The day that ``5L`` or ``1#2`` means in a month."""
    days = [day for day in range(1, last + 1) if week[day] == int(rule[0]) % 7]
    if rule.endswith("L"):
        return days[-1]
    nth = int(rule[2:])
    return days[nth - 1] if nth <= len(days) else None


@lru_cache(maxsize=256)
def read_cron(text: str) -> Cron | None:
    """Read an expression or a macro; None where it is none, or means a day that never comes."""
    fields = _MACROS.get(text.strip().lower(), text).upper().split()
    if len(fields) != 6:
        return None
    found = [_numbers(field, *bounds) for field, bounds in zip(fields[:3], ((0, 59), (0, 59), (0, 23)), strict=True)]
    months = _numbers(_numbered(fields[4], _MONTHS, 1), 1, 12)
    month_days = _split("*" if fields[3] == "?" else fields[3], _DAY_OF_MONTH)
    # A range may end with Sunday, and then it is the seventh day; it may begin with it, and then it is the day 0.
    named = re.sub(r"-SUN\b", "-7", fields[5])
    week_days = _split("*" if named == "?" else _numbered(named, _DAYS, 0), _DAY_OF_WEEK)
    plain_month, plain_week = _numbers(month_days[0], 1, 31), _numbers(re.sub(r"\b7-", "0-", week_days[0]), 0, 7)
    parts = [*found, months, plain_month, plain_week]
    rules_fit = all(_fits(rule) for rule in (*month_days[1], *week_days[1]))
    if any(part is None for part in parts) or not rules_fit:
        return None
    seconds, minutes, hours, month, of_month, of_week = (tuple(part or ()) for part in parts)
    cron = Cron(
        seconds, minutes, hours, month,
        frozenset(of_month), month_days[1], frozenset(day % 7 for day in of_week), week_days[1],
    )  # fmt: skip
    return cron if cron.after(datetime(2000, 1, 1, tzinfo=UTC), UTC) is not None else None


def _numbered(field: str, names: tuple[str, ...], first: int) -> str:
    """Names as their numbers."""
    for number, name in enumerate(names, first):
        field = re.sub(rf"\b{name}(?=L?\b)", str(number), field)
    return field


def _split(field: str, rules: str) -> tuple[str, tuple[str, ...]]:
    """The plain parts of a field of days, and those that depend on the month."""
    parts = field.split(",")
    special = tuple(part for part in parts if re.fullmatch(rules, part))
    return ",".join(part for part in parts if part not in special), special


def _fits(rule: str) -> bool:
    """Whether a rule of days names days that there are."""
    numbers = [int(number) for number in re.findall(r"\d+", rule)]
    if rule.startswith("L-"):
        return 0 < numbers[0] < 31
    if rule.endswith("W"):
        return rule == "LW" or 0 < numbers[0] < 32
    return rule == "L" or numbers[0] <= 7


def _numbers(field: str, lowest: int, highest: int) -> tuple[int, ...] | None:
    """The numbers that a field of plain parts names; empty for an empty field, None where it is wrong."""
    found: set[int] = set()
    for part in field.split(",") if field else ():
        match = re.fullmatch(_PART, part)
        if match is None or (match["first"] == "*" and match["last"]):
            return None
        step = int(match["step"]) if match["step"] else 1
        first = lowest if match["first"] == "*" else int(match["first"])
        alone = match["first"] != "*" and not match["step"]
        last = int(match["last"]) if match["last"] else first if alone else highest
        if step < 1 or not lowest <= first <= last <= highest:
            return None
        found.update(range(first, last + 1, step))
    return tuple(sorted(found))


def from_quartz(text: str) -> str | None:
    """A cron expression as Camunda 7 reads it (Quartz's rules), as the same one by ours; None where there is none.

    There a day of the week is 1 for Sunday to 7, L alone is 7, a range may go over the end of the week, and a year may
    follow, which can only be ``*`` here.
    """
    fields = text.upper().split()
    if len(fields) == 7 and fields[6] == "*":
        fields.pop()
    if len(fields) != 6 or text.lstrip().startswith("@"):
        return None
    days = [_quartz_days(part) for part in _numbered(fields[5], _DAYS, 1).split(",")]
    if None in days:
        return None
    spoken = " ".join([*fields[:5], ",".join(filter(None, days))])
    return spoken if read_cron(spoken) is not None else None


def _quartz_days(part: str) -> str | None:
    if part in ("*", "?"):
        return part
    match = re.fullmatch(r"(\*|[1-7])?(?:-([1-7]))?(?:/([1-7]))?(L|#[1-5])?", part)
    if match is None or not part:
        return None
    first, last, step, rule = match.groups()
    if rule is not None:
        if last or step or first == "*" or (first is None and rule != "L"):
            return None
        return f"{int(first) - 1}{rule}" if first else "6"
    if first is None or (first == "*" and last):
        return None
    begin = 1 if first == "*" else int(first)
    end = int(last) if last else 7 if step else begin
    days = range(begin, end + 1 if end >= begin else end + 8, int(step or 1))
    return ",".join(str((day - 1) % 7) for day in days)
