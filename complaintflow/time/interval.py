"""Deadlines in words ("3 working days"), and what a calendar makes of them: an end, or what is left of one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Literal, get_args

from complaintflow.errors import CalendarError
from complaintflow.records import dataclass

Unit = Literal["minute", "hour", "working hour", "day", "working day", "week", "month", "year"]
Ends = Literal["close of day", "exact"]

# No deadline is longer than a hundred years: it keeps a slip of the keyboard from counting for minutes.
_LONGEST: dict[str, int] = {
    "minute": 52_594_920, "hour": 876_582, "working hour": 876_582, "day": 36_525, "working day": 36_525,
    "week": 5_217, "month": 1_200, "year": 100,
}  # fmt: skip
CLOCK_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "working hour": timedelta(hours=1)}


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
        was: for an exact deadline in days its end before the pause, which no pause brings nearer.
    """

    unit: Unit
    days: int
    time: timedelta
    ends: Ends
    roll: bool
    ended: datetime | None = None
    was: datetime | None = None

    def to_json(self) -> dict[str, object]:
        """A dict of JSON values, `time` in seconds, `ended` and `was` in ISO 8601."""
        return {
            "unit": self.unit,
            "days": self.days,
            "seconds": self.time.total_seconds(),
            "ends": self.ends,
            "roll": self.roll,
            "ended": self.ended and self.ended.isoformat(),
            "was": self.was and self.was.isoformat(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> Remaining:
        """The inverse of `to_json`."""

        def moment(key: str) -> datetime | None:
            return datetime.fromisoformat(str(stored[key])) if stored[key] else None

        time = timedelta(seconds=float(str(stored["seconds"])))
        unit, ends, days = stored["unit"], stored["ends"], stored["days"]
        return cls(unit, days, time, ends, bool(stored["roll"]), moment("ended"), moment("was"))  # type: ignore[arg-type]


def rule_of(unit: Unit, ends: Ends | None, roll: bool | None) -> tuple[Ends, bool]:
    """How an interval of this unit ends and rolls where a deadline does not say otherwise. Raises CalendarError."""
    clock = unit in CLOCK_UNITS
    ends = ends or ("exact" if clock else "close of day")
    if ends not in get_args(Ends):
        raise CalendarError(f'a deadline cannot end "{ends}"', advice='write "close of day" or "exact"')
    return ends, (not clock if roll is None else roll)
