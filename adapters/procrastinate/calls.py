"""What is deferred: calls that name a case, in queues by what a worker must be able to do.

Each job type has a queue of its own, so that a worker hears only of jobs that it has handlers for; the others stay for
a worker that has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final

from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from procrastinate.sync_psycopg_connector import SyncPsycopgConnector

from complaintflow.adapters.sql.listening import has_ready
from complaintflow.store.rows import Change

JOB: Final = "complaintflow.job"
TIMERS: Final = "complaintflow.timers"
SCHEDULES: Final = "complaintflow.schedules"

CLOCK_QUEUE: Final = "cf"
"""For what the clock sets off: any worker can do that."""

# A channel of PostgreSQL has at most 63 bytes, and procrastinate puts 23 before the queue's name.
_LONGEST: Final = 40

# It never connects: each call is made on a connection that is in a transaction already.
_manager: Final = JobManager(SyncPsycopgConnector())


def queue_of(job_type: str) -> str:
    """The queue of a job type."""
    name = f"{CLOCK_QUEUE}:{job_type}"
    if len(name.encode()) <= _LONGEST and "," not in name:  # procrastinate's command separates queues with commas
        return name
    return f"{CLOCK_QUEUE}#{hashlib.sha256(job_type.encode()).hexdigest()[:32]}"


def queues_of(job_types: Iterable[str]) -> list[str]:
    """The queues that a worker with these handlers hears."""
    return [CLOCK_QUEUE, *sorted(map(queue_of, job_types))]


def run_job(case_id: str, job_type: str, lock: str | None = None) -> Job:
    """The call to run a ready job of this type in this case.

    Args:
        lock: procrastinate's *queueing* lock: no two calls with it wait at a time. The sweeper's have one.
    """
    return Job(queue=queue_of(job_type), task_name=JOB, task_kwargs={"case_id": case_id}, lock=None, queueing_lock=lock)


def fire_timers(case_id: str) -> Job:
    """The call to fire the due timers of this case."""
    lock = f"{TIMERS}:{case_id}"
    return Job(queue=CLOCK_QUEUE, task_name=TIMERS, task_kwargs={"case_id": case_id}, lock=None, queueing_lock=lock)


def start_cases() -> Job:
    """The call to start the cases that the clock starts by now."""
    return Job(queue=CLOCK_QUEUE, task_name=SCHEDULES, task_kwargs={}, lock=None, queueing_lock=SCHEDULES)


def defer(driver: Any, calls: Sequence[Job]) -> None:
    """Defer calls on a psycopg connection; whoever has it commits.

    Raises:
        psycopg.Error: the database refused it.
    """
    try:
        _manager.batch_defer_jobs(jobs=list(calls), connection=driver)
    except ConnectorException as error:
        raise error.__cause__ or error from None


def announce(driver: Any, change: Change) -> None:
    """Defer a call for each job of the change that may be run at once."""
    if has_ready(change):
        now = change.case.updated_at
        ready = [row for row in change.jobs if row.due_at is not None and row.due_at <= now]
        defer(driver, [run_job(row.case_id, row.type) for row in ready])
