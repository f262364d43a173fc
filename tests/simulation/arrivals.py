"""When complaints come in over a year, and what they say: waves, holidays, and days on which many say the same."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from complaintflow.time.calendar import WorkingCalendar

SHARES: Final[Mapping[str, float]] = {
    "customer": 0.30, "office": 0.17, "hr": 0.15, "wedding-client": 0.14, "law-firm": 0.09, "grievance": 0.09,
    "whistleblower": 0.06,
}  # fmt: skip
"""The seven processes, and how many of a hundred complaints each one gets."""

# Of each month, how many complaints come where 1 is usual.
_WAVES: Final[Mapping[str, tuple[float, ...]]] = {
    "customer": (1.3, 1.5, 0.8, 0.8, 1.0, 1.1, 1.2, 1.2, 0.9, 1.4, 1.0, 1.2),
    "wedding-client": (0.5, 0.5, 0.7, 1.0, 1.7, 1.2, 0.6, 0.6, 1.3, 2.0, 1.3, 0.6),
    "hr": (1.4, 0.7, 1.1, 1.0, 0.9, 1.0, 1.0, 0.8, 1.0, 0.8, 1.1, 1.4),
}
_FLAT: Final = (1.0,) * 12
_OPEN_ALL_WEEK: Final = frozenset({"customer", "wedding-client"})
# Many of the same: process, day, fields, within so many hours, share of a year's complaints of the process.
_SURGES: Final = (
    ("hr", (3, 10), {"category": "pay"}, 9, 0.03),
    ("hr", (7, 21), {"category": "facilities"}, 6, 0.025),
    ("hr", (11, 12), {"category": "pay"}, 30, 0.02),
    ("customer", (6, 18), {"subject": "Off milk, again"}, 8, 0.02),
    ("wedding-client", (10, 3), {"subject": "The hall was double booked"}, 20, 0.03),
)
_LEAST: Final = 9
_FIELDS: Final[Mapping[str, Mapping[str, tuple[Any, ...]]]] = {
    "customer": {
        "channel": ("phone", "in_person", "email", "letter", "web", "app"),
        "store": ("Harbour Street", "Old Town", "Station", "North Gate"),
    },
    "office": {"channel": ("web", "email", "suggestion_box", "in_person")},
    "hr": {
        "channel": ("email", "in_person", "phone", "web"),
        "category": ("service_attitude", "process", "facilities", "pay", "conduct", "other"),
    },
    "whistleblower": {"channel": ("phone", "email", "letter", "web", "suggestion_box")},
    "law-firm": {"channel": ("phone", "in_person", "email", "letter", "web", "referral")},
    "grievance": {
        "channel": ("in_person", "letter", "email"),
        "addressee": ("superior", "hr", "hr"),
        "ground": ("corruption", "abuse_of_power", "dangerous_orders", "unfair_discipline", "harmful_conditions"),
    },
    "wedding-client": {"channel": ("phone", "web", "email", "in_person")},
}
_NAMELESS: Final[Mapping[str, float]] = {"whistleblower": 0.5, "hr": 0.1, "office": 0.05}
ROOT: Final = Path(__file__).resolve().parents[2] / "processes"
"""The shipped ones."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A complaint: when, of which process, and what it says."""

    at: datetime
    process: str
    payload: Mapping[str, Any]


def arrivals(cases: int, year: int, calendar: WorkingCalendar, chosen: random.Random) -> list[Arrival]:
    """A year of complaints, in order of time."""
    found: list[Arrival] = []
    for process, number in _numbers(cases).items():
        surges = list(_surges(process, number, year, calendar, chosen))[:number]
        days = [date(year, 1, 1) + timedelta(days=day) for day in range(365)]
        weights = [_weight(process, day, calendar) for day in days]
        for day in chosen.choices(days, weights, k=number - len(surges)):
            found.append(_arrival(process, moment(day, calendar, chosen), {}, chosen))
        found += surges
    return sorted(found, key=lambda one: (one.at, one.process))


def _numbers(cases: int) -> dict[str, int]:
    """How many complaints each process gets: as many as asked for in all."""
    numbers = {process: int(cases * share) for process, share in SHARES.items()}
    numbers["customer"] += cases - sum(numbers.values())
    return numbers


def _weight(process: str, day: date, calendar: WorkingCalendar) -> float:
    wave = _WAVES.get(process, _FLAT)[day.month - 1]
    if calendar.is_working_day(day):
        return wave
    return wave * (1.3 if process in _OPEN_ALL_WEEK else 0.1)


def _surges(
    process: str, number: int, year: int, calendar: WorkingCalendar, chosen: random.Random
) -> Iterator[Arrival]:
    for whose, (month, day), fields, hours, share in _SURGES:
        if whose == process:
            begin = datetime(year, month, day, 8, tzinfo=calendar.zone)
            for _ in range(max(_LEAST, round(number * share))):
                at = begin + timedelta(seconds=chosen.randrange(hours * 3600))
                yield _arrival(process, at, fields, chosen)


def moment(day: date, calendar: WorkingCalendar, chosen: random.Random) -> datetime:
    """A time of a day, mostly before noon."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=calendar.zone)
    return midnight + timedelta(seconds=int(chosen.triangular(7 * 3600, 22 * 3600, 11 * 3600)))


def _arrival(process: str, at: datetime, fields: Mapping[str, Any], chosen: random.Random) -> Arrival:
    payload = json.loads((ROOT / process / "payload.json").read_text(encoding="utf-8"))
    for name, values in _FIELDS[process].items():
        payload[name] = chosen.choice(values)
    payload.update(fields)
    payload["occurred_at"] = (at.date() - timedelta(days=chosen.randrange(1, 30))).isoformat()
    for name in ("received_at", "discovered_at", "wished_by", "wedding_date"):
        payload.pop(name, None)
    if chosen.random() < _NAMELESS.get(process, 0):
        payload["anonymous"] = True
        payload.pop("reporter", None)
    return Arrival(at, process, payload)
