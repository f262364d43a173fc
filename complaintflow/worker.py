"""Due timers, cases that the clock starts, and ready jobs, one after the other.

Jobs are leased: a worker that dies gives its jobs back when the lease ends. A timer needs no lease,
because firing it is a command and the case's version lets only one worker win; nor does a schedule, whose next
time is set in the commit that starts the case.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from complaintflow import schedule
from complaintflow.commands import Fire, HaltEvent, Recompute
from complaintflow.errors import ComplaintflowError, EvaluationError, StoreUnavailable
from complaintflow.rows import ScheduleRow, TimerRow

if TYPE_CHECKING:
    from complaintflow.dispatch import Dispatcher
    from complaintflow.work import Work

log = logging.getLogger("complaintflow")

LEASE: Final = timedelta(minutes=5)
ALIVE: Final = timedelta(minutes=2)
BATCH: Final = 20
PAGE: Final = 200
# How long a worker rests at most, so that work opened by another process is not kept waiting.
NAP: Final = 1.0


class Worker:
    """Fires timers, starts cases and runs jobs until it is stopped.

    ``on_progress(timers, jobs)`` is called after each round with the totals so far; a case that the clock started
    counts as a timer.
    """

    def __init__(self, work: Work, dispatcher: Dispatcher) -> None:
        self.work = work
        self.dispatcher = dispatcher
        self.name = secrets.token_hex(8)
        self.timers = 0
        self.jobs = 0
        self._stop = threading.Event()
        self._recomputed: date | None = None
        self._unfit: set[TimerRow | ScheduleRow] = set()

    def run(self, on_progress: Callable[[int, int], None] | None = None) -> None:
        """Work until ``stop``; rests when nothing is due.

        Raises:
            StoreUnavailable: ten rounds in a row.
        """
        failures = 0
        while not self._stop.is_set():
            try:
                with self.work.store.transaction() as tx:
                    tx.beat(self.name, self.work.clock.now())
                self._recompute_daily()
                done = self.run_once()
                failures = 0
            except StoreUnavailable:
                failures += 1
                if failures > 10:
                    raise
                log.warning("the database does not answer; trying again")
                done = 0
            if on_progress is not None:
                on_progress(self.timers, self.jobs)
            if not done:
                self._stop.wait(NAP)

    def stop(self) -> None:
        """Finish the round and return from ``run``."""
        self._stop.set()

    def run_once(self, case_id: str | None = None) -> int:
        """Fire and start what is due and run what is ready, once. Returns how much was done."""
        fired = self._fire_timers() + self._start_cases() if case_id is None else 0
        return fired + self._run_jobs(case_id)

    def drain(self, case_id: str | None = None) -> int:
        """``run_once`` until nothing is due at this time. Returns how much was done."""
        total = 0
        while done := self.run_once(case_id):
            total += done
        if case_id is not None:
            while self.dispatcher.spawned:
                total += self.drain(self.dispatcher.spawned.pop())
        return total

    def recompute_provisional(self) -> int:
        """Compute provisional dates again. Returns how many cases moved."""
        moved, after = 0, ""
        while True:
            with self.work.store.reading() as tx:
                page = tx.provisional_cases(after, PAGE)
            for case_id in page:
                moved += self.work.run(case_id, Recompute()) is not None
            if len(page) < PAGE:
                return moved
            after = page[-1]

    def _fire_timers(self) -> int:
        with self.work.store.reading() as tx:
            due = tx.due_timers(self.work.clock.now(), BATCH + len(self._unfit))
        before = self.timers
        for timer in due:
            if timer in self._unfit:
                continue
            try:
                self.work.run(timer.case_id, Fire(timer.token, timer.due_at))
                self.timers += 1
            except StoreUnavailable:
                raise
            except EvaluationError as error:
                self.work.run(timer.case_id, HaltEvent(timer.token, "timer", str(error)))
                self.timers += 1
            except ComplaintflowError as error:
                # The row stays for a worker that can fire it, and must not stand in the way of the others.
                self._unfit.add(timer)
                log.error("a timer of case %s cannot fire: %s", timer.case_id, type(error).__name__)
        return self.timers - before

    def _start_cases(self) -> int:
        with self.work.store.reading() as tx:
            due = tx.due_schedules(self.work.clock.now(), BATCH + len(self._unfit))
        before = self.timers
        for row in due:
            if row in self._unfit:
                continue
            try:
                self.timers += schedule.start_case(self.work, row) is not None
            except StoreUnavailable:
                raise
            except ComplaintflowError as error:
                # As with timers: the row stays due, which the schedule shows.
                self._unfit.add(row)
                log.error("the clock cannot start %s: %s", row.process, type(error).__name__)
        return self.timers - before

    def _recompute_daily(self) -> None:
        today = self.work.clock.now().date()
        if today != self._recomputed:
            self._recomputed = today
            self._unfit.clear()
            self.recompute_provisional()

    def _run_jobs(self, case_id: str | None) -> int:
        now = self.work.clock.now()
        with self.work.store.transaction() as tx:
            jobs = tx.lease_jobs(now, now + LEASE, self.name, BATCH, case_id)
        for job in jobs:
            if self.work.clock.now() >= now + LEASE:
                break  # The rest is no longer ours: whoever is free takes it.
            try:
                self.dispatcher.run(job)
            except StoreUnavailable:
                raise
            except Exception as error:
                # It comes back when its lease ends; the others must not wait for that.
                log.error("job %s (%s) could not be written down: %s", job.key, job.type, type(error).__name__)
            self.jobs += 1
        return len(jobs)
