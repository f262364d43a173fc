"""The clock port: where the library learns what time it is (D7).

This is the only file of the package that reads the system's clock; everything else is handed a `Clock`, so that a test
can move time and a due date can be computed twice with the same result.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Protocol

from complaintflow.errors import CalendarError, ClockWentBack


def stopwatch() -> float:
    """Seconds from a moment that means nothing: only the difference of two calls does."""
    return perf_counter()


class Clock(Protocol):
    """Anything that tells the time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC, to the microsecond."""
        return datetime.now(UTC)


class VirtualClock:
    """A clock that stands still until it is moved: for tests, replays and demonstrations.

    Args:
        start: where it stands at first; aware, in any zone.

    Raises:
        CalendarError: `start` has no zone.
    """

    def __init__(self, start: datetime) -> None:
        self._now = _utc(start)

    def now(self) -> datetime:
        """The moment it was set to, aware, in UTC."""
        return self._now

    def set(self, moment: datetime) -> None:
        """Move to `moment`, which is aware and not earlier than now.

        Raises:
            CalendarError: `moment` has no zone.
            ClockWentBack: `moment` is earlier than the clock shows.
        """
        moment = _utc(moment)
        if moment < self._now:
            raise ClockWentBack(
                f"the virtual clock stands at {self._now.isoformat()} and cannot go back to {moment.isoformat()}",
                advice="start another VirtualClock at the earlier time",
            )
        self._now = moment

    def advance(self, by: timedelta) -> datetime:
        """Move forward by `by` (not negative) and return the new moment.

        Raises:
            ClockWentBack: `by` is negative.
        """
        self.set(self._now + by)
        return self._now

    def __repr__(self) -> str:
        return f"VirtualClock({self._now.isoformat()})"


def _utc(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise CalendarError(
            f"the time {moment.isoformat()} has no zone",
            advice="give it one, as in datetime(2026, 9, 28, 9, tzinfo=ZoneInfo('Asia/Shanghai'))",
        )
    return moment.astimezone(UTC)
