"""What people begin besides complaints: notes, events, suggestions, a policy that is to be changed."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from complaintflow.time.calendar import WorkingCalendar
from tests.simulation.arrivals import ROOT, Arrival, moment

SCHEDULED: Final = (
    "grievance-box", "hr-facilities", "hr-quarterly-review", "hr-service-team", "hr-suggestions", "hr-training",
    "office-boxes", "policy-review", "wedding-case-library", "wedding-recognition", "wedding-report", "wedding-survey",
    "wedding-training", "whistleblower-boxes", "whistleblower-report", "whistleblower-spot-check",
)  # fmt: skip
"""What the clock starts."""
BY_HAND: Final[Mapping[str, int]] = {
    "quick-note": 150, "wedding-safety": 120, "hr-suggestions": 40, "wedding-suggestion": 40, "wedding-staff-care": 15,
    "wedding-warning": 6, "policy-life": 6, "policy-roll-out": 2, "policy-training": 2, "policy-supervision": 2,
    "hr-emergency": 2, "hr-service-team": 1, "whistleblower-protection": 2, "whistleblower-watch": 2,
}  # fmt: skip
"""What people start by hand, and how often beside 5,000 complaints; each at least once."""
_OF: Final = 5000
_REGULATIONS: Final = ("office", "grievance", "law-firm", "hr", "customer", "wedding-client")
# Fields with a day: so many days after the beginning.
_DAYS: Final[Mapping[str, int]] = {
    "event_at": 45,
    "valid_from": 20,
    "in_force_at": 0,
    "published_at": 0,
    "closed_at": 0,
}


def occasions(cases: int, year: int, calendar: WorkingCalendar, chosen: random.Random) -> list[Arrival]:
    """A year of them, in order of time; all but the last quarter, so that something comes of each."""
    days = [date(year, 1, 1) + timedelta(days=day) for day in range(270)]
    working = [day for day in days if calendar.is_working_day(day)]
    found = [
        _occasion(process, chosen.choice(working), calendar, chosen)
        for process, number in BY_HAND.items()
        for _ in range(max(1, round(number * cases / _OF)))
    ]
    return sorted(found, key=lambda one: (one.at, one.process))


def _occasion(process: str, day: date, calendar: WorkingCalendar, chosen: random.Random) -> Arrival:
    at = moment(day, calendar, chosen)
    payload: dict[str, Any] = json.loads((ROOT / process / "payload.json").read_text(encoding="utf-8"))
    for name, days in _DAYS.items():
        if name in payload:
            payload[name] = payload[name].replace(payload[name][:10], (at.date() + timedelta(days=days)).isoformat())
    if "regulation" in payload:
        payload["regulation"] = chosen.choice(_REGULATIONS)
    return Arrival(at, process, payload)
