"""The contract of stores, part six: attachments, and what anonymous reporters come back with."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from complaintflow.errors import StaleCase, StoreError
from complaintflow.store.port import Store
from complaintflow.store.rows import AttachmentRow, CaseRow, Change, ReceiptRow
from complaintflow.testing.store_samples import ALL_BYTES, HOUR, NOW, case_id, case_row, later, save


def attachment_row(case: CaseRow, number: int = 1, **facts: Any) -> AttachmentRow:
    """A file of the case."""
    row = AttachmentRow(case.id, number, NOW, 13, b"sealed facts of %d" % number, b"sealed content")
    return row._replace(**facts)


class AttachmentContract:
    """Files of a case."""

    def test_an_attachment_reads_as_it_was_written(self, store: Store) -> None:
        """A list has all but the content; the content comes by number, whole, whatever its size."""
        case, other = case_row(1), case_row(2)
        large = ALL_BYTES * 20_000
        rows = [attachment_row(case, 2, content=large, size=len(large), created_at=NOW + HOUR), attachment_row(case, 1)]
        empty = attachment_row(case, 3, content=b"", facts=ALL_BYTES, size=2**33)
        save(store, Change(case, attachments=rows), Change(other, attachments=[attachment_row(other)]))
        save(store, Change(later(case), attachments=[empty]))
        with store.reading() as transaction:
            assert transaction.attachments(case.id) == [row._replace(content=b"") for row in (rows[1], rows[0], empty)]
            assert transaction.attachment(case.id, 2) == large
            assert transaction.attachment(case.id, 3) == b""
            assert transaction.attachment(case.id, 4) is None
            assert transaction.attachments(case_id(3)) == []

    def test_a_refused_change_attaches_nothing(self, store: Store) -> None:
        """A file belongs to a step of its case: a stale step leaves none."""
        case = case_row()
        save(store, Change(case))
        with pytest.raises(StaleCase):
            save(store, Change(case, attachments=[attachment_row(case)], receipt=ReceiptRow(b"digest", case.id)))
        with store.reading() as transaction:
            assert transaction.attachments(case.id) == []
            assert transaction.receipt(b"digest") is None

    def test_a_shredded_case_has_no_files_and_no_receipt(self, store: Store) -> None:
        """They go with the key; those of another case stay."""
        case, other = case_row(1), case_row(2)
        for row in (case, other):
            receipt = ReceiptRow(row.id.encode(), row.id)
            save(store, Change(row, attachments=[attachment_row(row)], receipt=receipt))
        save(store, Change(later(case, sealed_key=None)))
        with store.reading() as transaction:
            assert transaction.attachments(case.id) == []
            assert transaction.attachment(case.id, 1) is None
            assert transaction.receipt(case.id.encode()) is None
            assert transaction.attachment(other.id, 1) == b"sealed content"
            assert transaction.receipt(other.id.encode()) == other.id


class ReceiptContract:
    """Receipts of anonymous reporters, and how often somebody tried one."""

    def test_a_receipt_leads_to_its_case(self, store: Store) -> None:
        """To the byte; nothing else does."""
        save(store, Change(case_row(1), receipt=ReceiptRow(ALL_BYTES[:32], case_id(1))), Change(case_row(2)))
        with store.reading() as transaction:
            assert transaction.receipt(ALL_BYTES[:32]) == case_id(1)
            assert transaction.receipt(ALL_BYTES[:31]) is None
            assert transaction.receipt(b"") is None

    def test_tries_are_counted_in_their_window(self, store: Store) -> None:
        """Each adds to what is there, a right one is taken back, and a new window begins at nothing."""
        with store.transaction() as transaction:
            assert [transaction.count_tries(NOW, 1) for _ in range(3)] == [1, 2, 3]
            assert transaction.count_tries(NOW, -1) == 2
        with store.transaction() as transaction:
            assert transaction.count_tries(NOW, 1) == 3
            assert transaction.count_tries(NOW + HOUR, 1) == 1
        with store.reading() as transaction, pytest.raises(StoreError):
            transaction.count_tries(NOW + HOUR, 1)

    def test_tries_at_once_are_all_counted(self, store: Store) -> None:
        """Forty tries from four threads are forty, so nobody slips by."""

        def one(_: int) -> int:
            with store.transaction() as transaction:
                return transaction.count_tries(NOW, 1)

        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(one, range(40))) == list(range(1, 41))
