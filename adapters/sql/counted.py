"""The part of a transaction that counts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from complaintflow.adapters.sql import counting as queries
from complaintflow.adapters.sql.encoding import Values
from complaintflow.adapters.sql.faults import answers
from complaintflow.store.rows import Counting, HistoryRow, Spread, Tally
from complaintflow.store.ticks import to_moment


class Counted:
    """What ``complaintflow.store.port.Transaction`` is asked for figures."""

    where: str

    @abstractmethod
    def _rows(self, sql: str, parameters: Values) -> Sequence[Sequence[Any]]:
        """All rows that a constant statement yields."""

    @answers
    def tally(self, counting: Counting) -> list[Tally]:
        """How many entries there are of each name and value."""
        return _tallies(self._rows(*queries.tally(counting)))

    @answers
    def spread(self, counting: Counting) -> list[Spread]:
        """Median and ninth tenth of the entries' values."""
        found = self._rows(*queries.spread(counting))
        return [Spread(tuple(by), number, Decimal(low), Decimal(high)) for *by, number, low, high in found if number]

    @answers
    def due_promises(self, counting: Counting) -> list[Tally]:
        """How many promises were due, by name and "kept" or "late"."""
        names = [name for (name,) in self._rows(*queries.promise_names(counting))] if counting.names else []
        return _tallies(self._rows(*queries.due_promises(counting, names))) if names else []

    @answers
    def counted(
        self, events: Sequence[str], names: Sequence[str], since: datetime, until: datetime, limit: int
    ) -> list[HistoryRow]:
        """Entries that are counted, the oldest first, without detail and digest."""
        found = self._rows(*queries.counted(events, names, since, until, limit))
        return [
            HistoryRow(case_id, seq, to_moment(at), event, None, token, b"", b"", name, value)
            for case_id, seq, at, event, token, name, value in found
        ]


def _tallies(found: Sequence[Sequence[Any]]) -> list[Tally]:
    return [Tally(name, value, tuple(by), int(number)) for name, value, *by, number in found if number]
