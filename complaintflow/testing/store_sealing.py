"""The contract of stores, part five: keys, secrets, the head of the store, and what is left of a shredded case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from complaintflow.errors import StaleCase, StoreError
from complaintflow.store.port import Store
from complaintflow.store.rows import AnchorRow, Change
from complaintflow.testing.store_samples import (
    HOUR,
    NOW,
    case_id,
    case_row,
    full_change,
    history_row,
    later,
    save,
)


class SealingContract:
    """Keys are kept apart from what they open, and can be destroyed."""

    def test_a_secret_stays_until_it_is_replaced(self, store: Store) -> None:
        """Of two engines that make a secret at once, both go on with the first."""
        with store.transaction() as transaction:
            assert transaction.secret("store") is None
            transaction.set_secret("store", b"first")
            transaction.set_secret("store", b"second")
            assert transaction.secret("store") == b"first"
            transaction.set_secret("store", b"third", replace=True)
        with store.reading() as transaction:
            assert (transaction.secret("store"), transaction.secret("other")) == (b"third", None)

    def test_keys_are_wrapped_anew_where_they_still_are_what_they_were(self, store: Store) -> None:
        """A rotation that comes too late changes nothing; each case has one key, in order of the id."""
        save(store, Change(case_row(2)), Change(case_row(1)))
        with store.transaction() as transaction:
            transaction.reseal(case_id(1), b"wrapped key of 1", b"new")
            transaction.reseal(case_id(2), b"something older", b"lost")
            assert transaction.sealed_keys("", 5) == [(case_id(1), b"new"), (case_id(2), b"wrapped key of 2")]
            assert transaction.sealed_keys(case_id(1), 5) == [(case_id(2), b"wrapped key of 2")]
            assert transaction.sealed_keys("", 1) == [(case_id(1), b"new")]
            assert transaction.case(case_id(1)).sealed_key == b"new"

    def test_a_step_does_not_touch_the_key(self, store: Store) -> None:
        """A command that loaded the case before a rotation does not put the old key back."""
        save(store, Change(case_row()))
        with store.transaction() as transaction:
            transaction.reseal(case_id(1), b"wrapped key of 1", b"new")
        save(store, Change(later(case_row())))
        with store.reading() as transaction:
            assert transaction.case(case_id(1)).sealed_key == b"new"

    def test_a_shredded_case_keeps_its_history_only(self, store: Store) -> None:
        """Key, large values and notices are gone; the entries and the head stay."""
        case = case_row()
        save(store, full_change(case))
        gone = later(case, status="shredded", state=b"", sealed_key=None)
        save(store, Change(gone, history=[history_row(case, 2)]))
        with store.reading() as transaction:
            assert transaction.case(case.id) == gone
            assert transaction.values(case.id) == {}
            assert transaction.notices(case.id) == []
            assert transaction.incidents(case.id) == []
            assert transaction.history(case.id) == [history_row(case, 1), history_row(case, 2)]
            assert transaction.sealed_keys("", 5) == []

    def test_cases_whose_time_is_over_are_found(self, store: Store) -> None:
        """At its end, not before it; in order of the id; what is shredded is not found again."""
        due, other, open_, shredded = case_row(1, keep_until=NOW), case_row(2, keep_until=NOW), case_row(3), case_row(4)
        save(store, *(Change(row) for row in (other, due, open_, shredded)))
        save(store, Change(later(shredded, keep_until=NOW, sealed_key=None)))
        with store.reading() as transaction:
            assert transaction.kept_until(NOW, "", 9) == [due.id, other.id]
            assert transaction.kept_until(NOW, due.id, 9) == [other.id]
            assert transaction.kept_until(NOW, "", 1) == [due.id]
            assert transaction.kept_until(NOW - HOUR, "", 9) == []

    def test_a_look_is_noted_once(self, store: Store) -> None:
        """It is no step of the case: its version stays; and a case that moved meanwhile was looked at too early."""
        case = case_row(1, keep_until=NOW)
        save(store, Change(case))
        with store.transaction() as transaction:
            transaction.look(case.id, 1, NOW + HOUR)
            transaction.look(case.id, 2, NOW)
            assert transaction.case(case.id) == case._replace(looked_at=NOW + HOUR)

    def test_cases_are_read_page_by_page(self, store: Store) -> None:
        """In order of the id, with their keys."""
        rows = [case_row(number) for number in (1, 2, 3)]
        save(store, *(Change(row) for row in reversed(rows)))
        with store.reading() as transaction:
            assert transaction.case_rows("", 2) == rows[:2]
            assert transaction.case_rows(case_id(2), 2) == rows[2:]

    def test_a_store_can_be_cleaned(self, store: Store) -> None:
        """Overwriting leftovers loses nothing that is there."""
        save(store, full_change(case_row()))
        store.clean()
        with store.reading() as transaction:
            assert transaction.case(case_id(1)) == case_row()

    def test_the_head_begins_once(self, store: Store) -> None:
        """The first rows are there for whoever asks next."""
        rows = [AnchorRow(0, 1, b"zero"), AnchorRow(1, 1, b"none")]
        with store.transaction() as transaction:
            transaction.start_anchors(rows)
        with store.reading() as transaction:
            assert [transaction.anchor(shard) for shard in (0, 1, 2)] == [*rows, AnchorRow(2)]

    def test_the_head_moves_with_the_case(self, store: Store) -> None:
        """One tick after the other, in the commit of the command."""
        with store.transaction() as transaction:
            assert transaction.anchor(0) == AnchorRow(0)
            transaction.write(Change(case_row(1), anchor=AnchorRow(0, 1, b"one")))
            transaction.write(Change(case_row(2), anchor=AnchorRow(0, 2, b"two")))
        with store.reading() as transaction:
            assert (transaction.anchor(0), transaction.anchor(1)) == (AnchorRow(0, 2, b"two"), AnchorRow(1))

    def test_a_head_that_was_read_with_a_case_is_no_older_than_the_last_write(self, store: Store) -> None:
        """The hint to read both in one go never makes an answer stale."""
        save(store, Change(case_row(1), anchor=AnchorRow(0, 1, b"one")))
        with store.transaction() as transaction:
            assert transaction.case(case_id(1), 0) == case_row(1)
            assert transaction.anchor(0) == AnchorRow(0, 1, b"one")
            transaction.case(case_id(1), 0)
            transaction.write(Change(case_row(2), anchor=AnchorRow(0, 2, b"two")))
            assert transaction.anchor(0) == AnchorRow(0, 2, b"two")
            transaction.case(case_id(1), 0)
            assert transaction.anchor(1) == AnchorRow(1)

    @pytest.mark.parametrize("anchor", [AnchorRow(0, 1, b"again"), AnchorRow(0, 3, b"too far"), AnchorRow(1, 2, b"?")])
    def test_a_head_that_somebody_moved_makes_the_command_stale(self, store: Store, anchor: AnchorRow) -> None:
        """Nothing of the command stays, and the transaction can go on."""
        save(store, Change(case_row(1), anchor=AnchorRow(0, 1, b"one")))
        with store.transaction() as transaction:
            with pytest.raises(StaleCase):
                transaction.write(replace(full_change(case_row(2)), anchor=anchor))
            assert transaction.tasks(case_id=case_id(2)) == []
            assert transaction.anchor(0) == AnchorRow(0, 1, b"one")
            transaction.write(Change(case_row(3), anchor=AnchorRow(0, 2, b"two")))
        with store.reading() as transaction:
            assert transaction.anchor(0) == AnchorRow(0, 2, b"two")

    def test_a_reader_writes_no_key(self, store: Store) -> None:
        """A reading transaction changes neither keys nor secrets."""
        save(store, Change(case_row()))
        with store.reading() as transaction:
            with pytest.raises(StoreError):
                transaction.set_secret("store", b"x")
            with pytest.raises(StoreError):
                transaction.reseal(case_id(1), b"wrapped key of 1", b"x")
