"""Opening hours as a policy file writes them, by weekday."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from complaintflow.errors import CalendarError

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT: Final = 24 * 60


def weekday(name: str) -> int:
    if name not in WEEKDAYS:
        raise CalendarError(f'"{name}" is not a weekday', advice=f"write one of: {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(name)


def opening_times(hours: Mapping[str, Sequence[str]]) -> dict[int, tuple[tuple[int, int], ...]]:
    """Weekday -> (opening, closing) pairs in minutes of the day."""
    table: dict[int, tuple[tuple[int, int], ...]] = {}
    for key, texts in hours.items():
        first, _, last = key.partition("-")
        days = range(weekday(first), weekday(last or first) + 1)
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
    return MIDNIGHT if text == "24:00" else int(match[1]) * 60 + int(match[2])
