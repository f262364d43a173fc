"""What is deferred: calls that name a case, in queues by what a worker must be able to do.

Each job type has a queue of its own, so that a worker hears only of jobs that it has handlers for; the others stay for
a worker that has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import orjson

from complaintflow.adapters.sql.listening import has_ready
from complaintflow.store.rows import Change

JOB: Final = "complaintflow.job"
TIMERS: Final = "complaintflow.timers"
SCHEDULES: Final = "complaintflow.schedules"

CLOCK_QUEUE: Final = "cf"
"""For what the clock sets off: any worker can do that."""

# A channel of PostgreSQL has at most 63 bytes, and procrastinate puts 23 before the queue's name.
_LONGEST: Final = 40

# What procrastinate_defer_jobs_v1 does, but for the conflict: a call under the same lock that waits is call enough.
_DEFER: Final = (
    "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, args)"
    " SELECT queue, task, lock, args::jsonb"
    " FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS call (queue, task, lock, args)"
    " ON CONFLICT DO NOTHING"
)


class Call(NamedTuple):
    """One call.

    Attributes:
        queue: who hears it.
        task: what is to be done.
        lock: procrastinate's *queueing* lock: no two calls with it wait at a time.
        about: the task's arguments.
    """

    queue: str
    task: str
    lock: str
    about: dict[str, str]


def queue_of(job_type: str) -> str:
    """The queue of a job type."""
    name = f"{CLOCK_QUEUE}:{job_type}"
    if len(name.encode()) <= _LONGEST and "," not in name:  # procrastinate's command separates queues with commas
        return name
    return f"{CLOCK_QUEUE}#{hashlib.sha256(job_type.encode()).hexdigest()[:32]}"


def queues_of(job_types: Iterable[str]) -> list[str]:
    """The queues that a worker with these handlers hears."""
    return [CLOCK_QUEUE, *sorted(map(queue_of, job_types))]


def run_job(case_id: str, token: int, job_type: str) -> Call:
    """The call to run a ready job of this type in this case: that of the token, or another one that is ready."""
    return Call(queue_of(job_type), JOB, f"{JOB}:{case_id}:{token}", {"case_id": case_id})


def fire_timers(case_id: str) -> Call:
    """The call to fire the due timers of this case."""
    return Call(CLOCK_QUEUE, TIMERS, f"{TIMERS}:{case_id}", {"case_id": case_id})


def start_cases() -> Call:
    """The call to start the cases that the clock starts by now."""
    return Call(CLOCK_QUEUE, SCHEDULES, SCHEDULES, {})


def defer(driver: Any, calls: Sequence[Call]) -> None:
    """Defer calls on a psycopg connection, but for those that wait already; whoever has it commits.

    Raises:
        psycopg.Error: the database refused it.
    """
    queues, tasks, locks, abouts = zip(*calls, strict=True)
    driver.execute(_DEFER, (*map(list, (queues, tasks, locks)), [orjson.dumps(about).decode() for about in abouts]))


def announce(driver: Any, change: Change) -> None:
    """Defer a call for each job of the change that may be run at once."""
    if has_ready(change):
        now = change.case.updated_at
        ready = [row for row in change.jobs if row.due_at is not None and row.due_at <= now]
        defer(driver, [run_job(row.case_id, row.token, row.type) for row in ready])
