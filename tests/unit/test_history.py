"""The chain of a case's history."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from complaintflow.history.chain import Entry, chain
from complaintflow.store.ticks import to_ticks

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=5)


@given(ANY_TEXT, st.none() | ANY_TEXT, st.none() | st.integers(0, 2**63 - 1), st.none() | ANY_TEXT)
def test_a_digest_is_what_a_third_party_computes(
    event: str, element: str | None, token: int | None, name: str | None
) -> None:
    """SHA-256 of the columns as the standard library writes them, escapes and all, and of the sealed detail."""
    row = chain(b"\x01", "c1", 1, AT, Entry(event, element, token, {}, name), b"sealed")
    columns = ["01", "c1", 1, to_ticks(AT), event, element, token, *((name, None) if name is not None else ())]
    assert row.digest == hashlib.sha256(json.dumps(columns, separators=(",", ":")).encode() + b"sealed").digest()
