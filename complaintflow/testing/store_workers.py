"""The contract of stores, part three: what a worker asks, and that two never get the same answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from threading import Barrier

from complaintflow.store.port import Store
from complaintflow.store.rows import Backlog, Change, JobRow
from complaintflow.testing.store_samples import (
    HOUR,
    MICROSECOND,
    NOW,
    case_id,
    case_row,
    job_row,
    later,
    rows_of,
    save,
    timer_row,
)

THREADS = 8
SOON = NOW + HOUR


def lease(store: Store, now: datetime, until: datetime, limit: int = 100, case: str | None = None) -> list[JobRow]:
    """Take jobs in a transaction of their own."""
    with store.transaction() as transaction:
        return transaction.lease_jobs(now, until, "worker-1", limit, case)


class DueContract:
    """What is due."""

    def test_due_timers_come_earliest_first(self, store: Store) -> None:
        """A timer is due at its very microsecond and not one before; a limit keeps the earliest."""
        first, second = case_row(1), case_row(2)
        late, early = timer_row(first, 1, due_at=NOW), timer_row(first, 2, due_at=NOW - HOUR)
        between, coming = timer_row(second, 1, due_at=NOW - MICROSECOND), timer_row(second, 2, due_at=NOW + MICROSECOND)
        save(store, Change(first, timers=[late, early]), Change(second, timers=[coming, between]))
        with store.reading() as transaction:
            assert transaction.due_timers(NOW, 10) == [early, between, late]
            assert transaction.due_timers(NOW, 2) == [early, between]
            assert transaction.due_timers(NOW - HOUR - MICROSECOND, 10) == []

    def test_next_due_is_the_earliest_of_timers_and_jobs(self, store: Store) -> None:
        """A worker may rest until then; a job that waits for a person does not wake it."""
        case = case_row()
        with store.reading() as transaction:
            assert transaction.next_due() is None
        save(store, Change(case, jobs=[job_row(case, 1, due_at=None)]))
        with store.reading() as transaction:
            assert transaction.next_due() is None
        case = later(case)
        save(store, Change(case, timers=[timer_row(case, due_at=NOW + 2 * HOUR)], jobs=[job_row(case, 2, due_at=SOON)]))
        with store.reading() as transaction:
            assert transaction.next_due() == SOON
        save(store, Change(later(case), closed_jobs=[2]))
        with store.reading() as transaction:
            assert transaction.next_due() == NOW + 2 * HOUR

    def test_a_held_job_is_next_due_when_its_lease_ends(self, store: Store) -> None:
        """While somebody works on the job nobody else need wake for it."""
        case = case_row()
        save(store, Change(case, jobs=[job_row(case)]))
        lease(store, NOW, SOON)
        with store.reading() as transaction:
            assert transaction.next_due() == SOON

    def test_the_backlog_counts_what_is_due_and_who_is_alive(self, store: Store) -> None:
        """Due timers and jobs, held or not, the oldest of them, and the workers seen since the given time."""
        case = case_row()
        timers = [timer_row(case, 1, due_at=NOW), timer_row(case, 2, due_at=SOON)]
        jobs = [
            job_row(case, 3, due_at=NOW - HOUR),
            job_row(case, 4, due_at=NOW - MICROSECOND),
            job_row(case, 5, due_at=SOON),
            job_row(case, 6, due_at=None),
        ]
        with store.reading() as transaction:
            assert transaction.backlog(NOW, NOW) == Backlog(0, 0, None, 0)
        save(store, Change(case, timers=timers, jobs=jobs))
        lease(store, NOW, SOON, limit=1)
        with store.transaction() as transaction:
            transaction.beat("worker-1", NOW - HOUR)
            transaction.beat("worker-2", NOW - HOUR)
            transaction.beat("worker-2", NOW)
            transaction.beat("worker-3", SOON)
        with store.reading() as transaction:
            assert transaction.backlog(NOW, NOW) == Backlog(timers=1, jobs=2, oldest=NOW - HOUR, workers=2)
            assert transaction.backlog(NOW - 2 * HOUR, NOW - HOUR) == Backlog(0, 0, None, 3)
            assert transaction.backlog(SOON, NOW + 9 * HOUR) == Backlog(2, 3, NOW - HOUR, 0)


class LeaseContract:
    """Taking jobs."""

    def test_due_jobs_are_taken_oldest_first(self, store: Store) -> None:
        """A job is ready at its very microsecond; the limit keeps the oldest; one without a time is never taken."""
        first, second = case_row(1), case_row(2)
        jobs = [job_row(first, n, due_at=due) for n, due in enumerate((NOW, NOW - HOUR, NOW + MICROSECOND, None), 1)]
        other = job_row(second, 1, due_at=NOW - MICROSECOND, attempt=2)
        save(store, Change(first, jobs=jobs), Change(second, jobs=[other]))
        assert lease(store, NOW, SOON, limit=2) == [jobs[1], other]
        assert lease(store, NOW, SOON, limit=2) == [jobs[0]]
        assert lease(store, NOW, SOON) == []

    def test_jobs_of_one_case_can_be_taken_alone(self, store: Store) -> None:
        """Draining one case leaves the jobs of others to their workers."""
        cases = [case_row(n) for n in (1, 2)]
        save(store, *(Change(case, jobs=[job_row(case, 1), job_row(case, 2, due_at=SOON)]) for case in cases))
        assert lease(store, NOW, SOON, case=case_id(2)) == [job_row(cases[1], 1)]
        assert lease(store, NOW, SOON, case=case_id(2)) == []
        assert lease(store, NOW, SOON, case=case_id(3)) == []
        assert lease(store, NOW, SOON) == [job_row(cases[0], 1)]

    def test_a_lease_holds_to_its_end_and_not_longer(self, store: Store) -> None:
        """Nobody gets a held job before its lease ends; at the end it is ready again, unchanged."""
        case = case_row()
        save(store, Change(case, jobs=[job_row(case)]))
        assert lease(store, NOW, SOON) == [job_row(case)]
        assert rows_of(store, case.id)["jobs"] == [job_row(case)]
        assert lease(store, SOON - MICROSECOND, SOON + HOUR) == []
        assert lease(store, SOON - MICROSECOND, SOON + HOUR, case=case.id) == []
        assert lease(store, SOON, SOON + HOUR) == [job_row(case)]
        assert lease(store, SOON + MICROSECOND, SOON + 2 * HOUR) == []

    def test_writing_a_job_again_ends_its_lease(self, store: Store) -> None:
        """A failed attempt writes the job with its next time: it is ready then, whatever was left of the lease."""
        case = case_row()
        save(store, Change(case, jobs=[job_row(case)]))
        lease(store, NOW, NOW + 9 * HOUR)
        retry = job_row(case, attempt=1, retries=2, due_at=SOON)
        case = later(case)
        save(store, Change(case, jobs=[retry]))
        assert lease(store, SOON - MICROSECOND, SOON + HOUR) == []
        assert lease(store, SOON, SOON + HOUR) == [retry]
        save(store, Change(later(case), jobs=[job_row(case, due_at=None)]))
        assert lease(store, NOW + 99 * HOUR, NOW + 100 * HOUR) == []

    def test_what_is_given_back_can_be_taken_at_once(self, store: Store) -> None:
        """A worker that stops gives back what it has not begun; what another holds by then stays with the other."""
        case = case_row()
        jobs = [job_row(case, token) for token in (1, 2)]
        save(store, Change(case, jobs=jobs))
        assert lease(store, NOW, SOON) == jobs
        with store.transaction() as transaction:
            transaction.give_back([jobs[0]], "worker-1", NOW)
            transaction.give_back([jobs[1]], "worker-2", NOW)
        with store.transaction() as transaction:
            assert transaction.lease_jobs(NOW, SOON, "worker-2", 9) == [jobs[0]]
            transaction.give_back(jobs, "worker-1", NOW + MICROSECOND)
        assert lease(store, NOW, SOON) == []
        assert lease(store, NOW + MICROSECOND, SOON) == [jobs[1]]
        assert rows_of(store, case.id)["jobs"] == jobs

    def test_types_are_left_to_others(self, store: Store) -> None:
        """A worker passes over jobs that it cannot run, in all cases and in one, and they stand in nobody's way."""
        case = case_row()
        jobs = [job_row(case, token)._replace(type=kind) for token, kind in enumerate(("a", "b", "b", "c"), 1)]
        save(store, Change(case, jobs=jobs))
        with store.transaction() as transaction:
            assert transaction.lease_jobs(NOW, SOON, "worker-1", 1, None, ["a", "b"]) == [jobs[3]]
            assert transaction.lease_jobs(NOW, SOON, "worker-1", 9, case.id, ["b"]) == [jobs[0]]
            assert transaction.lease_jobs(NOW, SOON, "worker-1", 9, case.id, ["b"]) == []
        assert lease(store, NOW, SOON) == jobs[1:3]

    def test_a_lease_rolled_back_never_was(self, store: Store) -> None:
        """A worker that dies before its commit has taken nothing."""
        case = case_row()
        save(store, Change(case, jobs=[job_row(case)]))
        with suppress(ZeroDivisionError), store.transaction() as transaction:
            assert transaction.lease_jobs(NOW, SOON, "worker-1", 1) == [job_row(case)]
            raise ZeroDivisionError
        assert lease(store, NOW, SOON) == [job_row(case)]

    def test_eight_workers_never_take_the_same_job(self, store: Store) -> None:
        """Eight threads empty an outbox of 200 jobs: each job is taken once, and none is left."""
        cases = [case_row(n) for n in range(1, 41)]
        jobs = {job_row(case, token).key for case in cases for token in range(1, 6)}
        save(store, *(Change(case, jobs=[job_row(case, token) for token in range(1, 6)]) for case in cases))
        gate = Barrier(THREADS)

        def take_all() -> list[str]:
            taken: list[str] = []
            gate.wait()
            while (found := lease(store, NOW, SOON, limit=7)) and len(taken) < len(jobs):
                taken += [job.key for job in found]
            return taken

        with ThreadPoolExecutor(THREADS) as pool:
            shares = [work.result() for work in [pool.submit(take_all) for _ in range(THREADS)]]
        taken = [key for share in shares for key in share]
        assert len(taken) == len(jobs)
        assert set(taken) == jobs
