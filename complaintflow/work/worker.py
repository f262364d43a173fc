"""Due timers, cases that the clock starts, and ready jobs, one after the other.

Jobs are leased: a worker that dies gives its jobs back when the lease ends, one that is stopped at once. A timer
needs no lease, because firing it is a command and the case's version lets only one worker win; nor does a schedule,
whose next time is set in the commit that starts the case.

Where the store has a queue, the queue says what comes next; what is done is the same.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from complaintflow import telemetry
from complaintflow.case.commands import Recompute
from complaintflow.case.events import Fire, HaltEvent
from complaintflow.errors import (
    ClockWentBack,
    ComplaintflowError,
    DefinitionError,
    EvaluationError,
    MissingHandler,
    MissingKey,
    StaleCase,
    StoreUnavailable,
    UnreadableValue,
)
from complaintflow.logs import about
from complaintflow.store.rows import JobRow, ScheduleRow, TimerRow
from complaintflow.work import schedule

if TYPE_CHECKING:
    from complaintflow.work.dispatch import Dispatcher
    from complaintflow.work.work import Work

log = logging.getLogger("complaintflow")

LEASE: Final = timedelta(minutes=5)
ALIVE: Final = timedelta(minutes=2)
# How often a worker measures what is due, where somebody listens.
MEASURED: Final = timedelta(seconds=15)
BATCH: Final = 20
PAGE: Final = 200
# Rounds in a row in which the database may refuse, before the worker gives up.
FAILURES: Final = 10
# How long a worker rests at most, so that work opened by another process is not kept waiting.
NAP: Final = 1.0
# How long a job rests that a worker could not even read, so that another has a chance.
REST: Final = timedelta(seconds=30)


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
        self._wake = threading.Event()
        self._failures = 0
        self._said: set[str] = set()
        self._recomputed: date | None = None
        self._measured: datetime | None = None
        # What cannot be done now, and when it is tried again (None: tomorrow).
        self._unfit: dict[TimerRow | ScheduleRow, datetime | None] = {}

    def run(self, on_progress: Callable[[int, int], None] | None = None) -> None:
        """Work until ``stop``; rests when nothing is due.

        Raises:
            StoreUnavailable, StaleCase: more than ten rounds in a row.
        """
        with self.work.store.listening(self._wake.set):
            while not self._stop.is_set():
                # Before looking: what is left here while it looks wakes it again.
                self._wake.clear()
                try:
                    done = self._turn()
                    self._failures = 0
                except (StoreUnavailable, StaleCase) as error:
                    self._failures += 1
                    if self._failures > FAILURES:
                        raise
                    log.warning("%s; trying again", error.what, extra=about("store-unavailable"))
                    done = 0
                if on_progress is not None:
                    on_progress(self.timers, self.jobs)
                if not done and not self._stop.is_set():
                    self._wake.wait(NAP)

    def _turn(self) -> int:
        queue = self.work.store.queue
        if queue is not None:
            began = self.work.clock.now()
            try:
                queue.serve(self)
            except (StoreUnavailable, StaleCase):
                if self.work.clock.now() - began >= ALIVE:
                    self._failures = 0
                raise
            return 0
        self.beat()
        return self.run_once()

    def stop(self) -> None:
        """Finish the job at hand, give the others back, and return from ``run``."""
        self._stop.set()
        self._wake.set()

    def run_once(self, case_id: str | None = None) -> int:
        """Fire and start what is due and run what is ready, once. Returns how much was done."""
        fired = self._fire_timers() + self._start_cases() if case_id is None else 0
        return fired + self._run_jobs([case_id])

    def drain(self, case_id: str | None = None) -> int:
        """``run_once`` until nothing is due at this time. Returns how much was done."""
        queue = self.work.store.queue
        if case_id is None and self.work.watch is not None:
            self.work.watch.sweep(due=False)
        if queue is not None and case_id is None:
            return queue.drain(self)
        with telemetry.span("drain", **({"case": case_id} if case_id is not None else {})) as seen:
            total = 0
            while done := self.run_once(case_id):
                total += done
            if case_id is not None:
                while self.dispatcher.spawned:
                    total += self.drain(self.dispatcher.spawned.pop())
                if self.work.watch is not None:
                    for begun in self.work.watch.taken():
                        total += self.drain(begun)
            seen.tell(done=total)
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

    # -- one thing at a time (``complaintflow.store.hands.Hands``) ----------------------------------

    def job_types(self) -> frozenset[str]:
        """The types of jobs that can be run here."""
        return self.dispatcher.job_types

    def now(self) -> datetime:
        """The engine's time."""
        return self.work.clock.now()

    def stopping(self) -> bool:
        """Whether ``stop`` was called."""
        return self._stop.is_set()

    def beat(self) -> None:
        """Say that this worker is alive, and compute provisional dates again once a day."""
        now = self.work.clock.now()
        with self.work.store.transaction() as tx:
            tx.beat(self.name, now)
        if telemetry.active() and (self._measured is None or now >= self._measured + MEASURED):
            self._measured = now
            self._measure(now)
        self._recompute_daily()
        if self.work.watch is not None:
            self.work.watch.begun.clear()  # A worker runs the jobs of all cases.
            self.work.watch.sweep()

    def _measure(self, now: datetime) -> None:
        with self.work.store.reading() as tx:
            backlog = tx.backlog(now, now - ALIVE)
        age = (now - backlog.oldest).total_seconds() if backlog.oldest is not None else 0.0
        telemetry.waiting(backlog.timers, backlog.jobs, max(age, 0.0))

    def due_timers(self, limit: int) -> list[TimerRow]:
        """Due timers that this worker can fire, as far as it knows; earliest first."""
        with self.work.store.reading() as tx:
            due = tx.due_timers(self.work.clock.now(), limit + len(self._unfit))
        return [row for row in due if self._is_fit(row)]

    def due_schedules(self, limit: int) -> list[ScheduleRow]:
        """Due rows of the schedule that this worker can start, as far as it knows; earliest first."""
        with self.work.store.reading() as tx:
            due = tx.due_schedules(self.work.clock.now(), limit + len(self._unfit))
        return [row for row in due if self._is_fit(row)]

    def run_jobs(self, cases: Sequence[str]) -> int:
        """Take one ready job of each of these cases and run them; 0 when there is none, or a stop was asked for."""
        done = 0 if self._stop.is_set() else self._run_jobs(cases, 1)
        self.dispatcher.spawned.clear()  # Cases that began have jobs of their own.
        return done

    def fire_timers(self, case_id: str) -> int:
        """Fire the due timers of a case. Returns how many fired."""
        now = self.work.clock.now()
        with self.work.store.reading() as tx:
            due = [row for row in tx.timers(case_id) if row.due_at <= now and self._is_fit(row)]
        return self._fire(due)

    def start_cases(self) -> int:
        """Start the cases that the clock starts by now. Returns how many."""
        return self._start_cases()

    # -- inside -------------------------------------------------------------------------------

    def _fire_timers(self) -> int:
        return self._fire(self.due_timers(BATCH))

    def _fire(self, due: Sequence[TimerRow]) -> int:
        before = self.timers
        for timer in due:
            try:
                done = self.work.run(timer.case_id, Fire(timer.token, timer.due_at))
                self.timers += 1
                if done is not None:
                    telemetry.fired(done.case.process, (done.case.updated_at - timer.due_at).total_seconds())
            except StoreUnavailable:
                raise
            except EvaluationError as error:
                self.work.run(timer.case_id, HaltEvent(timer.token, "timer", str(error)))
                self.timers += 1
            except ComplaintflowError as error:
                # The row stays for a worker that can fire it, and must not stand in the way of the others.
                self._put_off(timer, error)
                kind, case = type(error).__name__, timer.case_id
                told = about("timer-unfit", case=case, element=timer.element, error=kind)
                log.error("a timer of case %s cannot fire: %s", case, kind, extra=told)
        return self.timers - before

    def _start_cases(self) -> int:
        before = self.timers
        for row in self.due_schedules(BATCH):
            try:
                self.timers += schedule.start_case(self.work, row) is not None
            except StoreUnavailable:
                raise
            except ComplaintflowError as error:
                # As with timers: the row stays due, which the schedule shows.
                self._put_off(row, error)
                kind = type(error).__name__
                told = about("schedule-unfit", process=row.process, element=row.element, error=kind)
                log.error("the clock cannot start %s: %s", row.process, kind, extra=told)
        return self.timers - before

    def _put_off(self, row: TimerRow | ScheduleRow, error: ComplaintflowError) -> None:
        # A clock that went back is set, and others finish writing: a deadline must not wait for tomorrow then.
        passing = isinstance(error, (ClockWentBack, StaleCase))
        self._unfit[row] = self.work.clock.now() + REST if passing else None

    def _is_fit(self, row: TimerRow | ScheduleRow) -> bool:
        if row not in self._unfit:
            return True
        again = self._unfit[row]
        return again is not None and again <= self.work.clock.now()

    def _recompute_daily(self) -> None:
        today = self.work.clock.now().date()
        if today != self._recomputed:
            self._recomputed = today
            self._unfit.clear()
            self.recompute_provisional()

    def _run_jobs(self, cases: Sequence[str | None], limit: int = BATCH) -> int:
        """Lease so many jobs of each of these cases (of any, if it is None), and run them."""
        now = self.work.clock.now()
        lacking = sorted(self.dispatcher.lacking or ())
        with self.work.store.transaction() as tx:
            held = [tx.lease_jobs(now, now + LEASE, self.name, limit, case_id, lacking) for case_id in cases]
        jobs = [job for some in held for job in some]
        for number, job in enumerate(jobs):
            if self._stop.is_set():
                self._give_back(jobs[number:], now)
                return number
            if self.work.clock.now() >= now + LEASE:
                break  # The rest is no longer ours: whoever is free takes it.
            self._run_job(job)
        return len(jobs)

    def _run_job(self, job: JobRow) -> None:
        try:
            self.dispatcher.run(job)
        except StoreUnavailable:
            raise
        except MissingHandler as error:
            if self.dispatcher.lacking is not None:
                self.dispatcher.lacking.add(job.type)
            self._say_once(f"{error}\n  the job waits for a worker that has it")
            self._give_back([job], self.work.clock.now())
            return
        except (DefinitionError, MissingKey, UnreadableValue) as error:
            self._say_once(f"{error}\n  the job waits for a worker that can read it")
            self._give_back([job], self.work.clock.now() + REST)
            return
        except Exception as error:
            # It comes back when its lease ends; the others must not wait for that.
            kind = type(error).__name__
            told = about("job-not-written", job=job.key, type=job.type, error=kind)
            log.error("job %s (%s) could not be written down: %s", job.key, job.type, kind, extra=told)
        self.jobs += 1

    def _give_back(self, jobs: Sequence[JobRow], ready_at: datetime) -> None:
        with self.work.store.transaction() as tx:
            tx.give_back(jobs, self.name, ready_at)

    def _say_once(self, problem: str) -> None:
        if problem not in self._said:
            self._said.add(problem)
            log.error("%s", problem, extra=about("job-left"))
