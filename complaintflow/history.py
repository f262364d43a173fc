"""The history of a case: entries chained by hash, so that a changed or missing one shows.

Each digest covers the entry's plain columns, its stored (sealed) detail and the digest before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from complaintflow.rows import HistoryRow


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened, before it is stored. ``detail`` is JSON data."""

    event: str
    element: str | None
    token: int | None
    detail: dict[str, Any]


def chain(
    head: str, case_id: str, seq: int, at: datetime, entry: Entry, actor: str | None, detail: bytes
) -> HistoryRow:
    """The row that follows the one whose digest is ``head`` (hex; empty for the first)."""
    row = HistoryRow(case_id, seq, at, entry.event, entry.element, entry.token, actor, detail, b"")
    return HistoryRow(case_id, seq, at, entry.event, entry.element, entry.token, actor, detail, _digest(head, row))


def _digest(head: str, row: HistoryRow) -> bytes:
    columns = (head, row.case_id, row.seq, row.at.isoformat(), row.event, row.element, row.token, row.actor)
    digest = hashlib.sha256(repr(columns).encode())
    digest.update(row.detail)
    return digest.digest()


def broken_at(rows: Iterable[HistoryRow], head: str) -> int | None:
    """The number of the first entry that does not fit, or None where the chain is whole.

    Args:
        rows: all entries of a case, in order.
        head: the digest of the last entry as the case's state holds it, in hex.
    """
    previous, expected = "", 1
    for row in rows:
        if row.seq != expected or row.digest != _digest(previous, row):
            return expected
        previous, expected = row.digest.hex(), expected + 1
    return None if previous == head else expected
