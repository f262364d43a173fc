"""Quarters, months and years as the organisation lives them: they begin and end at midnight in its zone."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo
from typing import Final, Literal

from complaintflow.errors import InvalidData
from complaintflow.records import dataclass

Kind = Literal["month", "quarter", "year"]
_MONTHS: Final[dict[str, int]] = {"month": 1, "quarter": 3, "year": 12}
_WRITTEN: Final = re.compile(r"(?P<year>[0-9]{4})(?:-?[Qq](?P<quarter>[1-4])|-(?P<month>0[1-9]|1[0-2]))?")


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time: from ``since`` on, before ``until``, both aware. ``name`` is as "2026Q3"; "" for others."""

    since: datetime
    until: datetime
    name: str = ""

    @classmethod
    def parse(cls, text: str, zone: tzinfo) -> Period:
        """From "2026Q3", "2026-07" or "2026". Raises InvalidData."""
        found = _WRITTEN.fullmatch(text.strip())
        if found is None or found["year"] == "0000":
            advice = "write a quarter as 2026Q3, a month as 2026-07, a year as 2026"
            raise InvalidData(f"'{text}' is no quarter, month or year", advice=advice)
        year = int(found["year"])
        if found["quarter"]:
            return cls._of(year, 3 * int(found["quarter"]) - 2, "quarter", zone)
        return cls._of(year, int(found["month"] or 1), "month" if found["month"] else "year", zone)

    @classmethod
    def ended(cls, kind: Kind, before: datetime, zone: tzinfo) -> Period:
        """The last one that was over at a time."""
        local = before.astimezone(zone)
        length = _MONTHS[kind]
        running = (local.month - 1) // length * length
        months = local.year * 12 + running - length
        return cls._of(months // 12, months % 12 + 1, kind, zone)

    @classmethod
    def _of(cls, year: int, month: int, kind: Kind, zone: tzinfo) -> Period:
        following = year * 12 + month - 1 + _MONTHS[kind]
        name = {"month": f"{year:04}-{month:02}", "quarter": f"{year:04}Q{(month + 2) // 3}", "year": f"{year:04}"}[
            kind
        ]
        after = following // 12, following % 12 + 1
        try:
            return cls(_midnight(year, month, zone), _midnight(*after, zone), name)
        except ValueError:
            raise InvalidData(f"there is no year after {name}", [("period", "is too late")]) from None

    @property
    def last_day(self) -> str:
        """The last day of it, ISO 8601, in its own zone."""
        return (self.until - timedelta(microseconds=1)).date().isoformat()


def _midnight(year: int, month: int, zone: tzinfo) -> datetime:
    return datetime(year, month, 1, tzinfo=zone)
