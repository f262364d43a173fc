"""The head of the whole store: a sum over (case, length, last hash) that only the key's holder can compute.

Each command takes its case's old head out of the sum and puts the new one in, in the same commit. A case that
vanished, a tail that was cut, or a case put back to an older copy of itself leaves a sum that does not fit. The sum is
stored masked, with a mask that changes with every step, so that whoever watches the database learns no summand.

Stores that many write at once spread the sum over several shards, each a row of its own.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

from complaintflow.errors import StoreError
from complaintflow.store.rows import AnchorRow, CaseRow

_SIZE: Final = 32
_RING: Final = 1 << (8 * _SIZE)
# What a case's next step takes out of the sum was put in by its last one.
_KEPT: Final = 1_024


class Anchors:
    """Computes heads.

    Args:
        key: 32 bytes that stay with the store.
        shards: over how many rows the sum is spread.
    """

    def __init__(self, key: bytes, shards: int) -> None:
        self._key = key
        self._number = functools.lru_cache(_KEPT)(self._computed)
        self.shards = shards

    def shard(self, case_id: str) -> int:
        """The shard a case is counted in."""
        return 0 if self.shards == 1 else int.from_bytes(hashlib.sha256(case_id.encode()).digest()[:4]) % self.shards

    def move(self, stored: AnchorRow, before: CaseRow, after: CaseRow) -> AnchorRow:
        """The shard's next row when a case moves from one head to another (``length`` 0 is no case yet).

        Raises:
            StoreError: the shard's row is gone.
        """
        if not stored.tick:
            raise StoreError("the head of the store is missing", advice="run `complaintflow verify`; restore a backup")
        total = self._total(stored) - self._summand(before) + self._summand(after)
        tick = stored.tick + 1
        return AnchorRow(stored.shard, tick, self._masked(stored.shard, tick, total))

    def first(self) -> list[AnchorRow]:
        """All shards of a store without cases."""
        return [AnchorRow(shard, 1, self._masked(shard, 1, 0)) for shard in range(self.shards)]

    def holds(self, stored: AnchorRow, total: int) -> bool:
        """Whether the stored row says this sum. A row that is gone says nothing."""
        return bool(stored.tick) and self._total(stored) == total % _RING

    def total(self, cases: Iterable[CaseRow]) -> int:
        """The sum over cases."""
        return sum(self._summand(row) for row in cases)

    def _total(self, stored: AnchorRow) -> int:
        return (int.from_bytes(stored.total) - self._mask(stored.shard, stored.tick)) % _RING

    def _masked(self, shard: int, tick: int, total: int) -> bytes:
        return ((total + self._mask(shard, tick)) % _RING).to_bytes(_SIZE)

    def _mask(self, shard: int, tick: int) -> int:
        return self._number(b"mask|%d|%d" % (shard, tick))

    def _summand(self, row: CaseRow) -> int:
        return self._number(b"case|%s|%d|%s" % (row.id.encode(), row.length, row.head)) if row.length else 0

    def _computed(self, text: bytes) -> int:
        return int.from_bytes(hmac.digest(self._key, text, hashlib.sha256))
