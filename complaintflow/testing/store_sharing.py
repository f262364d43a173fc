"""The contract of stores, part four: several at once, and the host's own transaction."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from threading import Barrier
from typing import Protocol

import pytest

from complaintflow.errors import DuplicateKey, StaleCase, StoreError
from complaintflow.store.port import Store
from complaintflow.store.rows import CaseRow, Change
from complaintflow.testing.store_samples import (
    NOW,
    case_id,
    case_row,
    full_change,
    job_row,
    later,
    rows_of,
    save,
)

THREADS = 8


class Host(Protocol):
    """What the host of a transaction can do, as SQLAlchemy's ``Session`` and ``Connection`` can."""

    def commit(self) -> None:
        """Keep what was written."""

    def rollback(self) -> None:
        """Forget it."""


def read_case(store: Store, case: str) -> CaseRow:
    """The case in a transaction of its own."""
    with store.reading() as transaction:
        return transaction.case(case)


class IsolationContract:
    """Two transactions at a time."""

    readers_wait = False
    """True for a store whose readers wait for a writer: such a store is for tests, or for one thread."""

    @pytest.mark.parametrize("commits", [True, False], ids=["commits", "rolls-back"])
    def test_nobody_sees_what_is_not_committed(self, store: Store, commits: bool) -> None:
        """While one transaction writes, another reads the state before it, and does not wait."""
        before, after = case_row(), later(case_row())
        save(store, Change(before))
        with ThreadPoolExecutor(1) as pool:
            answer: Future[CaseRow] | None = None
            try:
                with store.transaction() as transaction:
                    transaction.write(full_change(after))
                    answer = pool.submit(read_case, store, before.id)
                    if not self.readers_wait:
                        assert answer.result(timeout=30) == before
                    if not commits:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                pass
            assert answer is not None
            assert answer.result(timeout=30) in ((before, after) if commits else (before,))
        assert read_case(store, before.id) == (after if commits else before)

    def test_reading_is_one_consistent_picture(self, store: Store) -> None:
        """What is committed while a reader reads, the reader does not see; the next one does."""
        before, after = case_row(), later(case_row())
        save(store, Change(before))
        with ThreadPoolExecutor(1) as pool:
            with store.reading() as transaction:
                assert transaction.case(before.id) == before
                written = pool.submit(save, store, full_change(after))
                if not self.readers_wait:
                    written.result(timeout=30)
                assert transaction.case(before.id) == before
                assert transaction.tasks() == []
            written.result(timeout=30)
        assert read_case(store, before.id) == after

    def test_of_two_who_read_the_same_version_one_is_stale(self, store: Store) -> None:
        """Both decided on version 1; the second to save is told, and its rows are not there."""
        case = case_row()
        save(store, Change(case))
        mine = theirs = read_case(store, case.id)
        save(store, Change(later(mine, state=b"mine")))
        with pytest.raises(StaleCase):
            save(store, full_change(later(theirs, state=b"theirs")))
        assert read_case(store, case.id).state == b"mine"
        assert rows_of(store, case.id).keys() == {"ids"}

    def test_no_update_is_lost_among_eight_threads(self, store: Store) -> None:
        """Each of 40 commands is repeated until it is not stale, and then all 40 have counted."""
        case = case_row(state=b"")
        save(store, Change(case))
        gate = Barrier(THREADS)

        def commands() -> None:
            gate.wait()
            done = 0
            for _ in range(1000):
                with suppress(StaleCase):
                    with store.transaction() as transaction:
                        transaction.write(Change(later(transaction.case(case.id))))
                    done += 1
                if done == 5:
                    return

        with ThreadPoolExecutor(THREADS) as pool:
            for work in [pool.submit(commands) for _ in range(THREADS)]:
                work.result()
        found = read_case(store, case.id)
        assert (found.version, found.state) == (1 + 5 * THREADS, b"+" * 5 * THREADS)

    def test_of_eight_starts_with_one_key_one_wins(self, store: Store) -> None:
        """The same order, reported eight times at once, becomes one case; the other seven are told so."""
        gate = Barrier(THREADS)

        def start(number: int) -> bool:
            gate.wait()
            try:
                save(store, full_change(case_row(number, key="order-17")))
            except DuplicateKey:
                return False
            return True

        with ThreadPoolExecutor(THREADS) as pool:
            started = [work.result() for work in [pool.submit(start, number) for number in range(THREADS)]]
        assert started.count(True) == 1
        winner = case_id(started.index(True))
        with store.reading() as transaction:
            assert transaction.case_ids() == [winner]
            assert [task.case_id for task in transaction.tasks()] == [winner]

    def test_closing_twice_is_no_error(self, store: Store) -> None:
        """The one who cleans up need not know who did so before."""
        save(store, Change(case_row()))
        store.close()
        store.close()


class HostContract:
    """``using``: the host's transaction."""

    def host(self, store: Store) -> AbstractContextManager[Host] | None:
        """A connection of the host to the store's database, in no transaction yet; None if the store cannot do that."""
        return None

    def _hosted(self, store: Store) -> AbstractContextManager[Host]:
        host = self.host(store)
        if host is None:
            pytest.skip("this store takes no connection of a host")
        return host

    def test_a_stranger_is_refused(self, store: Store) -> None:
        """What is no connection of the right kind is refused at once, in words."""
        with pytest.raises(StoreError):
            store.using(object())

    def test_the_host_commits(self, store: Store) -> None:
        """Leaving the block keeps nothing yet; the host's commit keeps all of it."""
        case = case_row()
        with self._hosted(store) as host:
            hosted = store.using(host)
            with hosted.transaction() as transaction:
                transaction.write(full_change(case))
            with hosted.transaction() as transaction:
                transaction.write(Change(later(case), closed_tasks=[1]))
            with hosted.reading() as transaction:
                assert transaction.case(case.id) == later(case)
                assert transaction.tasks() == []
            hosted.close()
            host.commit()
        assert read_case(store, case.id) == later(case)

    def test_the_host_rolls_back(self, store: Store) -> None:
        """The host's rollback leaves nothing, though our block ended well."""
        kept, lost = case_row(1), case_row(2)
        save(store, Change(kept, jobs=[job_row(kept)]))
        with self._hosted(store) as host:
            hosted = store.using(host)
            with hosted.transaction() as transaction:
                transaction.write(full_change(lost))
                transaction.write(full_change(later(kept)))
                assert len(transaction.lease_jobs(NOW, NOW, "worker-1", 9)) == 2
                transaction.beat("worker-1", NOW)
            host.rollback()
        assert rows_of(store, lost.id) == {}
        assert read_case(store, kept.id) == kept
        assert rows_of(store, kept.id)["jobs"] == [job_row(kept)]

    def test_a_refusal_leaves_the_host_its_transaction(self, store: Store) -> None:
        """The host may catch a stale case or a duplicate key and commit the rest of its work."""
        first, second = case_row(1, key="order-17"), case_row(2)
        save(store, Change(first))
        with self._hosted(store) as host:
            hosted = store.using(host)
            with hosted.transaction() as transaction:
                transaction.write(full_change(second))
            with pytest.raises(DuplicateKey), hosted.transaction() as transaction:
                transaction.write(full_change(case_row(3, key="order-17")))
            with pytest.raises(StaleCase), hosted.transaction() as transaction:
                transaction.write(full_change(case_row(1)))
            host.commit()
        assert rows_of(store, second.id)["history"] != []
        assert rows_of(store, case_id(3)) == {}
        assert rows_of(store, first.id).keys() == {"ids"}

    def test_an_exception_does_not_roll_the_host_back(self, store: Store) -> None:
        """What was written before an exception is the host's to keep or to drop."""
        case = case_row()
        with self._hosted(store) as host:
            with suppress(ZeroDivisionError), store.using(host).transaction() as transaction:
                transaction.write(full_change(case))
                raise ZeroDivisionError
            host.commit()
        assert read_case(store, case.id) == case
