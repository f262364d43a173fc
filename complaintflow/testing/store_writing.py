"""The contract of stores, part one: what ``write`` keeps, replaces, removes and refuses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from complaintflow.errors import DuplicateKey, StaleCase, StoreError, UnknownCase
from complaintflow.store.port import Store
from complaintflow.store.rows import BundleRow, Change
from complaintflow.testing.store_samples import (
    ALL_BYTES,
    HOUR,
    LAST_MOMENT,
    MICROSECOND,
    NOW,
    ODD_TEXT,
    case_id,
    case_row,
    full_change,
    history_row,
    incident_row,
    job_row,
    later,
    notice_row,
    rows_of,
    save,
    subscription_row,
    task_row,
    timer_row,
)


class WritingContract:
    """What is written is there, whole and unchanged, or not at all."""

    def test_an_unknown_case_is_refused(self, store: Store) -> None:
        """Asking for a case that is not there says so, and its rows are simply none."""
        with store.reading() as transaction, pytest.raises(UnknownCase):
            transaction.case(case_id(1))
        assert rows_of(store, case_id(1)) == {}

    def test_a_new_case_reads_as_it_was_written(self, store: Store) -> None:
        """Text in any script, all 256 bytes and the microseconds come back as they went in."""
        case = case_row(key=ODD_TEXT, status="suspended", state=ALL_BYTES, updated_at=NOW + MICROSECOND)
        save(store, Change(case))
        with store.reading() as transaction:
            found = transaction.case(case.id)
        assert found == case
        assert (type(found.state), found.created_at.tzinfo) == (bytes, UTC)

    def test_a_transaction_sees_what_it_wrote(self, store: Store) -> None:
        """A command that writes and asks again, before the commit, gets its own rows."""
        case = case_row()
        with store.transaction() as transaction:
            transaction.write(full_change(case))
            assert transaction.case(case.id) == case
            assert transaction.tasks(groups=["investigators"]) == [task_row(case)]

    def test_a_later_version_replaces_the_case(self, store: Store) -> None:
        """Everything of a case may change with a command: state, status, key and bundle too."""
        first = case_row(key="order-17")
        second = later(first, status="completed", key="order-18", bundle="digest-2", state=b"")
        third = later(second, key=None, state=b"\0" * 20_000)
        save(store, Change(first))
        for case in (second, third):
            save(store, Change(case))
            with store.reading() as transaction:
                assert transaction.case(case.id) == case

    def test_times_keep_their_microseconds_from_1900_to_9999(self, store: Store) -> None:
        """A time is an instant in UTC, and no microsecond is lost."""
        moments = [
            datetime(1900, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
            datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
            NOW,
            LAST_MOMENT,
        ]
        case = case_row()
        save(store, Change(case, timers=[timer_row(case, n, due_at=moment) for n, moment in enumerate(moments, 1)]))
        with store.reading() as transaction:
            found = [row.due_at for row in transaction.timers(case.id)]
        assert found == moments
        assert {moment.tzinfo for moment in found} == {UTC}

    def test_rows_of_every_kind_read_as_they_were_written(self, store: Store) -> None:
        """Each field of each row comes back; a field that may be None keeps None apart from an empty text."""
        case = case_row()
        change = Change(
            case,
            tasks=[
                task_row(case, 1, element=ODD_TEXT, groups=(ODD_TEXT, "b"), users=("li.wei", "a"), assignee=ODD_TEXT),
                task_row(case, 2, groups=(), due_at=None, follow_up_at=NOW, provisional=True, priority=-3),
            ],
            timers=[timer_row(case, 3, deadline=None, provisional=True), timer_row(case, 4, deadline="")],
            subscriptions=[
                subscription_row(case, 5, key=ODD_TEXT, name=ODD_TEXT),
                subscription_row(case, 6, key=""),
                subscription_row(case, 7, kind="signal", key=None),
            ],
            jobs=[job_row(case, 8, type=ODD_TEXT, attempt=2, retries=0), job_row(case, 9, due_at=None)],
            incidents=[incident_row(case, 10, kind=ODD_TEXT, detail=ALL_BYTES)],
            history=[
                history_row(case, 1, event=ODD_TEXT, detail=ALL_BYTES, digest=ALL_BYTES[:32]),
                history_row(case, 2, element=None, token=None, detail=b""),
                history_row(case, 3, element=""),
                history_row(case, 4, event="fact", name="hr/type", value=ODD_TEXT),
                history_row(case, 5, event="fact", name="hr/type", value=None),
            ],
            notices=[notice_row(case, 11, name=ODD_TEXT, content=ALL_BYTES)],
            values={ODD_TEXT: ALL_BYTES, "empty": b""},
        )
        save(store, change)
        assert rows_of(store, case.id) == {
            "tasks": change.tasks,
            "timers": change.timers,
            "subscriptions": change.subscriptions,
            "jobs": change.jobs,
            "incidents": change.incidents,
            "history": change.history,
            "notices": change.notices,
            "values": change.values,
            "ids": [case.id],
        }

    def test_an_opened_row_replaces_the_row_of_its_token(self, store: Store) -> None:
        """A reassigned task, a moved timer, a retried job: one row, the newer one."""
        case = case_row()
        save(store, full_change(case))
        case = later(case)
        newer: dict[str, Any] = {
            "tasks": [task_row(case, groups=("auditors",), assignee="li.wei", priority=9, due_at=None)],
            "timers": [timer_row(case, element="other", due_at=NOW, deadline=None, provisional=True)],
            "subscriptions": [subscription_row(case, kind="signal", name="stop", key=None, element="other")],
            "jobs": [job_row(case, type="other", attempt=1, retries=2, due_at=NOW + HOUR)],
            "incidents": [incident_row(case, kind="other", created_at=NOW + HOUR, detail=b"other")],
        }
        save(store, Change(case, **newer))
        found = rows_of(store, case.id)
        assert {kind: found[kind] for kind in newer} == newer

    def test_closed_rows_are_gone_and_others_stay(self, store: Store) -> None:
        """Closing takes the token of one kind, of one case; a token without a row may be closed."""
        case, other = case_row(1), case_row(2)
        save(store, full_change(case), full_change(other))
        tokens = [1, 2, 3, 4, 5, 77]
        closing = Change(
            later(case),
            closed_tasks=tokens,
            closed_timers=tokens,
            closed_subscriptions=tokens,
            closed_jobs=tokens,
            closed_incidents=tokens,
        )
        kept = rows_of(store, other.id)
        before = rows_of(store, case.id)
        save(store, closing)
        assert rows_of(store, case.id) == {kind: before[kind] for kind in ("history", "notices", "values", "ids")}
        assert rows_of(store, other.id) == kept

    def test_closing_one_kind_leaves_the_other_kinds_of_the_token(self, store: Store) -> None:
        """A task may have a timer of the same token; closing the timer leaves the task."""
        case = case_row()
        save(store, Change(case, tasks=[task_row(case, 1)], timers=[timer_row(case, 1)], jobs=[job_row(case, 1)]))
        save(store, Change(later(case), closed_timers=[1]))
        assert rows_of(store, case.id).keys() == {"tasks", "jobs", "ids"}

    def test_a_token_may_close_and_open_in_one_change(self, store: Store) -> None:
        """A repeating timer closes and opens again: what a change opens is there after it."""
        case = case_row()
        save(store, full_change(case))
        case = later(case)
        change = full_change(case)
        change.history, change.notices, change.values = [], [], {}
        change.closed_tasks, change.closed_timers, change.closed_subscriptions = [1], [2], [3]
        change.closed_jobs, change.closed_incidents = [4], [5]
        before = rows_of(store, case.id)
        save(store, change)
        assert rows_of(store, case.id) == before | {"tasks": [task_row(case)]}

    def test_numbers_are_not_small(self, store: Store) -> None:
        """A case in its millionth round has large tokens; nothing overflows."""
        case = case_row(version=1)
        token = 2**40
        change = Change(case, timers=[timer_row(case, token)], history=[history_row(case, token, token=token)])
        save(store, change)
        found = rows_of(store, case.id)
        assert (found["timers"], found["history"]) == (change.timers, change.history)

    def test_values_are_set_replaced_and_removed(self, store: Store) -> None:
        """A large value is a row of its own, of any size; None removes it, and removing none is no error."""
        case = case_row(state=ALL_BYTES * 8192)
        large = ALL_BYTES * 4096
        save(store, Change(case, values={"a": large, "b": b"1", "c": b"2"}))
        save(store, Change(later(case), values={"b": b"3", "c": None, "never": None}))
        with store.reading() as transaction:
            assert transaction.values(case.id) == {"a": large, "b": b"3"}
            assert transaction.case(case.id).state == later(case).state

    def test_a_bundle_is_stored_once(self, store: Store) -> None:
        """The first case brings the files of its definition; the second may bring them again."""
        bundle = BundleRow("digest-1", "customer", ALL_BYTES * 1000)
        save(store, Change(case_row(1), bundle=bundle), Change(case_row(2), bundle=bundle))
        with store.reading() as transaction:
            assert transaction.bundle("digest-1") == bundle.content
            assert transaction.bundle("digest-2") is None


class RefusalContract:
    """What ``write`` refuses leaves no trace, and the transaction can go on."""

    @pytest.mark.parametrize("version", [1, 2, 4, 5], ids=lambda version: f"version-{version}")
    def test_only_the_next_version_is_taken(self, store: Store, version: int) -> None:
        """A case at version 2 takes version 3 and no other: somebody else was faster, or something was skipped."""
        case = case_row()
        stored = later(case)
        save(store, Change(case))
        save(store, Change(stored))
        with pytest.raises(StaleCase):
            save(store, full_change(stored._replace(version=version, state=b"lost")))
        with store.reading() as transaction:
            assert transaction.case(case.id) == stored
        assert rows_of(store, case.id).keys() == {"ids"}

    def test_a_case_that_is_not_there_is_stale(self, store: Store) -> None:
        """A later version of a case that was never written is refused, with all its rows."""
        case = case_row(version=2)
        with pytest.raises(StaleCase):
            save(store, full_change(case))
        assert rows_of(store, case.id) == {}

    def test_a_key_belongs_to_one_case_of_a_process(self, store: Store) -> None:
        """A second case of the process with the key is refused; other processes and cases without key are free."""
        save(store, Change(case_row(1, key="order-17")))
        with pytest.raises(DuplicateKey):
            save(store, full_change(case_row(2, key="order-17")))
        assert rows_of(store, case_id(2)) == {}
        save(store, Change(case_row(3, key="order-17", process="law-firm")), Change(case_row(4)), Change(case_row(5)))
        save(store, Change(case_row(6, key="")), Change(case_row(7, key="Order-17")))
        with store.reading() as transaction:
            assert transaction.case_ids(key="order-17") == [case_id(3), case_id(1)]

    def test_a_key_taken_later_is_refused_too(self, store: Store) -> None:
        """A case that changes its key to one in use is refused, and stays at its version."""
        case = case_row(2, key="order-18")
        save(store, Change(case_row(1, key="order-17", status="completed")), Change(case))
        with pytest.raises(DuplicateKey):
            save(store, full_change(later(case, key="order-17")))
        with store.reading() as transaction:
            assert transaction.case(case.id) == case
        assert rows_of(store, case.id).keys() == {"ids"}
        save(store, Change(later(case, key="order-18")))

    def test_the_same_start_twice_is_stale(self, store: Store) -> None:
        """Writing one new case twice, key and all, is a stale case and not a duplicate key: the id decides."""
        case = case_row(key="order-17")
        save(store, Change(case))
        with pytest.raises(StaleCase):
            save(store, Change(case))

    def test_history_is_never_overwritten(self, store: Store) -> None:
        """A second entry of the same number is refused, with everything that came with it."""
        case = case_row()
        save(store, full_change(case))
        before = rows_of(store, case.id)
        newer = later(case)
        forged = Change(newer, history=[history_row(newer, 1, event="forged")], closed_tasks=[1], closed_jobs=[4])
        with pytest.raises(StoreError):
            save(store, forged)
        assert rows_of(store, case.id) == before
        save(store, Change(newer, history=[history_row(newer, 2)]))

    def test_a_refused_change_does_not_spoil_the_transaction(self, store: Store) -> None:
        """After a refusal the transaction goes on: what was written before and after is kept, the refused is not."""
        first, second, third = (case_row(n, key=f"order-{n}") for n in (1, 2, 3))
        save(store, Change(first))
        with store.transaction() as transaction:
            transaction.write(full_change(second))
            with pytest.raises(DuplicateKey):
                transaction.write(full_change(case_row(4, key="order-1")))
            with pytest.raises(StaleCase):
                transaction.write(full_change(second._replace(version=3)))
            with pytest.raises(StaleCase):
                transaction.write(full_change(first._replace(version=3)))
            with pytest.raises(StoreError):
                transaction.write(Change(later(second), closed_tasks=[1], history=[history_row(second, 1)]))
            assert transaction.case(second.id) == second
            assert transaction.tasks(case_id=second.id) == [task_row(second)]
            transaction.write(full_change(third))
        assert rows_of(store, first.id).keys() == {"ids"}
        assert rows_of(store, case_id(4)) == {}
        assert all(rows_of(store, case.id)["history"] == [history_row(case)] for case in (second, third))

    def test_a_refused_first_change_does_not_spoil_the_transaction(self, store: Store) -> None:
        """What is refused before anything was written leaves nothing, however often, and the next change is kept."""
        first, second, third = (case_row(n, key=f"order-{n}") for n in (1, 2, 3))
        save(store, full_change(first))
        before = rows_of(store, first.id)
        forged = Change(later(first), closed_tasks=[1], values={"transcript": None}, history=[history_row(first, 1)])
        refused = [
            (StoreError, forged),
            (DuplicateKey, full_change(case_row(4, key="order-1"))),
            (StaleCase, full_change(first._replace(version=3))),
            (StoreError, forged),
            (StaleCase, full_change(second._replace(version=2))),
        ]
        for chosen in [refused[:1], refused[1:2], refused[2:3], refused, refused[::-1]]:
            with store.transaction() as transaction:
                assert transaction.case(first.id) == first
                for error, change in chosen:
                    with pytest.raises(error):
                        transaction.write(change)
                    assert transaction.tasks(case_id=first.id) == [task_row(first)]
        assert rows_of(store, first.id) == before
        assert rows_of(store, second.id) == rows_of(store, case_id(4)) == {}
        with store.transaction() as transaction:
            for error, change in refused:
                with pytest.raises(error):
                    transaction.write(change)
            transaction.write(full_change(second))
            with pytest.raises(StoreError):
                transaction.write(Change(later(second), closed_tasks=[1], history=[history_row(second, 1)]))
            transaction.write(full_change(third))
        assert rows_of(store, first.id) == before
        assert all(rows_of(store, case.id)["tasks"] == [task_row(case)] for case in (second, third))

    def test_an_exception_leaves_nothing(self, store: Store) -> None:
        """Leaving the block by an exception undoes all of it, and the exception passes through."""
        kept = case_row(1)
        save(store, full_change(kept))
        before = rows_of(store, kept.id)

        def fail() -> None:
            with store.transaction() as transaction:
                transaction.write(Change(later(kept), closed_tasks=[1], values={"transcript": None}))
                transaction.write(full_change(case_row(2)))
                transaction.beat("worker-1", NOW)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert rows_of(store, kept.id) == before
        assert rows_of(store, case_id(2)) == {}
        with store.reading() as transaction:
            assert transaction.case(kept.id) == kept
            assert transaction.backlog(NOW, NOW).workers == 0

    def test_reading_refuses_to_write(self, store: Store) -> None:
        """A transaction that was begun for reading writes nothing, leases nothing, and says so."""
        save(store, full_change(case_row(1)))
        with store.reading() as transaction:
            with pytest.raises(StoreError):
                transaction.write(Change(case_row(2)))
            with pytest.raises(StoreError):
                transaction.lease_jobs(NOW, NOW + HOUR, "worker-1", 1)
            with pytest.raises(StoreError):
                transaction.beat("worker-1", NOW)
            assert transaction.case_ids() == [case_id(1)]
