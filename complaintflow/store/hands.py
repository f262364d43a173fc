"""What a worker can do, one thing at a time, and what may tell it to: the port of a queue.

Without a queue workers look for work by themselves. ``complaintflow.adapters.procrastinate`` is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from complaintflow.store.rows import ScheduleRow, TimerRow


class Hands(Protocol):
    """What a worker can do: what a queue may ask of it. Every method may be called from any thread.

    Raises (every method): StoreUnavailable.
    """

    def job_types(self) -> frozenset[str]:
        """The types of jobs that it can run."""

    def now(self) -> datetime:
        """The engine's time."""

    def stop(self) -> None:
        """Ask it to finish what is being done and to begin nothing; what it holds beside that is given back."""

    def stopping(self) -> bool:
        """Whether it was asked to stop: finish what is being done, begin nothing."""

    def beat(self) -> None:
        """Say that it is alive, and do what is done once a day."""

    def due_timers(self, limit: int) -> list[TimerRow]:
        """Timers that are due and that it can fire, earliest first."""

    def due_schedules(self, limit: int) -> list[ScheduleRow]:
        """Rows of the schedule that are due and that it can start, earliest first."""

    def run_jobs(self, cases: Sequence[str]) -> int:
        """Take one ready job of each of these cases (of one named twice, two) and run them, one after the other.

        Returns how many were run: 0 where none is ready any more.
        """

    def fire_timers(self, case_id: str) -> int:
        """Fire the due timers of a case. Returns how many fired."""

    def start_cases(self) -> int:
        """Start the cases that the clock starts by now. Returns how many."""


class Queue(Protocol):
    """Tells workers on any machine of each ready job, in the very commit that makes it ready.

    It carries no state of the work: what is to be done are the store's rows, and a call that comes twice, or for
    nothing, finds nothing to do. What was not announced, or announced to somebody who died, is announced again.
    """

    def serve(self, hands: Hands) -> None:
        """Hand work to a worker until it is stopping. Raises StoreUnavailable."""

    def drain(self, hands: Hands) -> int:
        """Hand it what is due until nothing is. Returns how much was done. Raises StoreUnavailable."""
