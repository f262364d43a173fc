"""The sweeper: what has fallen due, and what is ready without anybody having been told, is called for.

Every worker sweeps, one at a time: the lease is an advisory lock of one sweep, so nobody has to be elected, and
nobody's death is noticed. Nothing is remembered between sweeps: a call that still waits is found by its queueing lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Engine

from complaintflow.adapters.procrastinate import calls
from complaintflow.store.hands import Hands
from complaintflow.store.ticks import to_ticks

BATCH: Final = 200
GRACE: Final = timedelta(seconds=1)
"""A job that is ready for longer has waited for its turn, or lost its call."""

_ONE_AT_A_TIME: Final = "SELECT pg_try_advisory_xact_lock(7163386)"
_READY: Final = (
    "SELECT case_id, token, type FROM cf_job WHERE ready_at <= %s AND type = ANY(%s)"
    " ORDER BY ready_at, due_at, case_id, token LIMIT %s"
)
_READY_OF: Final = (
    "SELECT case_id, token, type FROM cf_job WHERE case_id = ANY(%s) AND ready_at <= %s AND type = ANY(%s)"
)
_STRANGE: Final = (
    "SELECT type, count(*) FROM (SELECT type FROM cf_job WHERE ready_at <= %s AND type <> ALL(%s) LIMIT 10000) AS job"
    " GROUP BY type ORDER BY type"
)
_CALLED: Final = (
    "SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = ANY(%s::text[])"
)


def sweep(engine: Engine, hands: Hands, grace: timedelta = GRACE) -> int:
    """Call for what is due and for ready jobs older than ``grace``. Returns how many calls were made.

    Only what this worker can do itself: what it cannot, those call for who can.
    """
    clockwork = [calls.fire_timers(row.case_id) for row in hands.due_timers(BATCH)]
    if hands.due_schedules(1):
        clockwork.append(calls.start_cases())
    with engine.begin() as connection:
        driver: Any = connection.connection.driver_connection
        if not driver.execute(_ONE_AT_A_TIME).fetchone()[0]:
            return 0
        wanted = {call.lock: call for call in [*clockwork, *_ready(driver, hands, grace)]}
        waiting = driver.execute(_CALLED, (list(wanted),)).fetchall() if wanted else []
        for (lock,) in waiting:
            wanted.pop(lock, None)
        if wanted:
            calls.defer(driver, list(wanted.values()))
    return len(wanted)


def _ready(driver: Any, hands: Hands, grace: timedelta) -> list[calls.Call]:
    before = to_ticks(hands.now() - grace)
    rows = driver.execute(_READY, (before, sorted(hands.job_types()), BATCH)).fetchall()
    return [calls.run_job(*row) for row in rows]


def recall(driver: Any, hands: Hands, cases: Sequence[str]) -> None:
    """Call for the ready jobs of these cases."""
    now, types = to_ticks(hands.now()), sorted(hands.job_types())
    found = [calls.run_job(*row) for row in driver.execute(_READY_OF, (list(cases), now, types)).fetchall()]
    if found:
        calls.defer(driver, found)


def strangers(engine: Engine, hands: Hands, grace: timedelta = GRACE) -> dict[str, int]:
    """Types of ready jobs that this worker has no handler for, with how many wait (10,000 stands for more)."""
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        found = driver.execute(_STRANGE, (to_ticks(hands.now() - grace), sorted(hands.job_types())))
        return dict(found.fetchall())
