"""The contract of stores, part four: what the clock starts, and that two workers never start the same case."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from threading import Barrier

import pytest

from complaintflow.errors import StaleCase, StoreError
from complaintflow.store.port import Store
from complaintflow.store.rows import Backlog, BundleRow, Change, ScheduleRow
from complaintflow.testing.store_samples import (
    ALL_BYTES,
    HOUR,
    LAST_MOMENT,
    MICROSECOND,
    NOW,
    ODD_TEXT,
    case_row,
    rows_of,
    save,
    timer_row,
)

THREADS = 8
ROW = ScheduleRow("boxes", "due", "digest-1", "cycle R/7 days", NOW, NOW + HOUR, None)


def put(store: Store, before: ScheduleRow | None, after: ScheduleRow | None) -> None:
    """Set a row in a transaction of its own."""
    with store.transaction() as transaction:
        transaction.set_schedule(before, after)


def kept(store: Store, process: str | None = None) -> list[ScheduleRow]:
    """What is on the schedule."""
    with store.reading() as transaction:
        return transaction.schedules(process)


def due(store: Store, now: datetime, limit: int = 10) -> list[ScheduleRow]:
    """What is due."""
    with store.reading() as transaction:
        return transaction.due_schedules(now, limit)


class ScheduleContract:
    """The schedule."""

    def test_a_row_is_kept_field_for_field(self, store: Store) -> None:
        """Odd names, a row that is over, one without end, and the last of times come back as they were."""
        odd = ROW._replace(process=ODD_TEXT, element=ODD_TEXT, timer=ODD_TEXT, due_at=None, rounds=0)
        last = ROW._replace(process="last", due_at=LAST_MOMENT, rounds=1)
        for row in (ROW, odd, last):
            put(store, None, row)
        assert sorted(kept(store), key=lambda row: row.process) == sorted([ROW, odd, last], key=lambda row: row.process)
        assert kept(store, "boxes") == [ROW]
        assert kept(store, "nothing") == []

    def test_rows_come_by_process_and_element(self, store: Store) -> None:
        """The order of the list does not depend on when a row was set."""
        rows = [ROW._replace(process=process, element=element) for process in ("b", "a") for element in ("z", "y")]
        for row in rows:
            put(store, None, row)
        assert kept(store) == sorted(rows, key=lambda row: (row.process, row.element))

    def test_a_row_takes_the_place_of_the_one_it_knows(self, store: Store) -> None:
        """Moving and dropping ask for the row as it is, field for field; anything else is stale and changes nothing."""
        put(store, None, ROW)
        moved = ROW._replace(due_at=NOW + 2 * HOUR, rounds=3, bundle="digest-2")
        put(store, ROW, moved)
        assert kept(store) == [moved]
        others: list[ScheduleRow | None] = [
            None,
            ROW,
            moved._replace(due_at=None),
            moved._replace(rounds=None),
            moved._replace(timer="cycle R/8 days"),
            moved._replace(set_at=NOW + MICROSECOND),
            moved._replace(bundle="digest-1"),
        ]
        for other in others:
            with pytest.raises(StaleCase):
                put(store, other, ROW._replace(due_at=NOW))
        with pytest.raises(StaleCase):
            put(store, ROW, None)
        assert kept(store) == [moved]
        put(store, moved, None)
        assert kept(store) == []
        with pytest.raises(StaleCase):
            put(store, moved, ROW)

    def test_the_definition_is_stored_with_the_row(self, store: Store) -> None:
        """A worker without the layers finds what it shall start."""
        with store.transaction() as transaction:
            transaction.set_schedule(None, ROW, BundleRow("digest-1", "boxes", ALL_BYTES))
            transaction.set_schedule(ROW, ROW._replace(rounds=2), BundleRow("digest-1", "boxes", ALL_BYTES))
        with store.reading() as transaction:
            assert transaction.bundle("digest-1") == ALL_BYTES
            with pytest.raises(StoreError):
                transaction.set_schedule(None, ROW._replace(element="other"))

    def test_due_rows_come_earliest_first(self, store: Store) -> None:
        """A row is due at its very microsecond; one that is over never is; a limit keeps the earliest."""
        late, early = ROW._replace(element="late", due_at=NOW), ROW._replace(element="early", due_at=NOW - HOUR)
        coming, over = (
            ROW._replace(element="coming", due_at=NOW + MICROSECOND),
            ROW._replace(element="over", due_at=None),
        )
        for row in (late, coming, over, early):
            put(store, None, row)
        assert due(store, NOW) == [early, late]
        assert due(store, NOW, 1) == [early]
        assert due(store, NOW - HOUR - MICROSECOND) == []

    def test_the_schedule_wakes_a_worker_and_is_in_the_backlog(self, store: Store) -> None:
        """``next_due`` knows the earliest row that is not over, and a due one counts among the timers."""
        put(store, None, ROW._replace(element="over", due_at=None))
        with store.reading() as transaction:
            assert transaction.next_due() is None
        put(store, None, ROW)
        case = case_row()
        save(store, Change(case, timers=[timer_row(case, due_at=NOW + 3 * HOUR)]))
        with store.reading() as transaction:
            assert transaction.next_due() == NOW + HOUR
            assert transaction.backlog(NOW, NOW) == Backlog(0, 0, None, 0)
            assert transaction.backlog(NOW + HOUR, NOW) == Backlog(1, 0, NOW + HOUR, 0)
            assert transaction.backlog(NOW + 3 * HOUR, NOW) == Backlog(2, 0, NOW + HOUR, 0)

    def test_a_case_and_its_next_time_are_one_commit(self, store: Store) -> None:
        """A worker that dies between the two has done neither; one that comes too late writes no case."""
        put(store, None, ROW)
        moved = ROW._replace(due_at=NOW + 2 * HOUR)
        with suppress(ZeroDivisionError), store.transaction() as transaction:
            transaction.set_schedule(ROW, moved)
            transaction.write(Change(case_row()))
            raise ZeroDivisionError
        assert kept(store) == [ROW]
        assert rows_of(store, case_row().id) == {}
        with suppress(StaleCase), store.transaction() as transaction:
            transaction.set_schedule(moved, ROW)
            transaction.write(Change(case_row()))
        assert rows_of(store, case_row().id) == {}

    def test_eight_workers_start_each_case_once(self, store: Store) -> None:
        """Eight threads race for every round of a schedule: each round has one winner and one case."""
        put(store, None, ROW._replace(rounds=20))
        gate = Barrier(THREADS)

        def start_all(worker: int) -> int:
            started = 0
            gate.wait()
            while rows := due(store, LAST_MOMENT):
                row = rows[0]
                rounds = row.rounds or 0
                after = row._replace(rounds=rounds - 1, due_at=None if rounds == 1 else row.due_at)
                with suppress(StaleCase), store.transaction() as transaction:
                    transaction.set_schedule(row, after)
                    transaction.write(Change(case_row(worker * 100 + rounds)))
                    started += 1
            return started

        with ThreadPoolExecutor(THREADS) as pool:
            shares = [work.result() for work in [pool.submit(start_all, worker) for worker in range(THREADS)]]
        assert sum(shares) == 20
        with store.reading() as transaction:
            assert len(transaction.case_ids(limit=1000)) == 20
