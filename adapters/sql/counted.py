"""The part of a transaction that counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from complaintflow.adapters.sql import counting as queries
from complaintflow.adapters.sql.encoding import to_moment
from complaintflow.adapters.sql.faults import answers
from complaintflow.store.rows import Counting, HistoryRow, Spread, Tally


class Counted:
    """What ``complaintflow.store.port.Transaction`` is asked for figures."""

    _connection: Connection
    where: str

    @answers
    def tally(self, counting: Counting) -> list[Tally]:
        """How many entries there are of each name and value."""
        found = self._connection.execute(queries.tally(counting))
        return [Tally(name, value, tuple(by), number) for name, value, *by, number in found if number]

    @answers
    def spread(self, counting: Counting) -> list[Spread]:
        """Median and ninth tenth of the entries' values."""
        found = self._connection.execute(queries.spread(counting))
        return [Spread(tuple(by), number, Decimal(low), Decimal(high)) for *by, number, low, high in found]

    @answers
    def due_promises(self, counting: Counting) -> list[Tally]:
        """How many promises were due, by name and "kept" or "late"."""
        found = self._connection.execute(queries.due_promises(counting))
        return [Tally(name, value, tuple(by), number) for name, value, *by, number in found if number]

    @answers
    def counted(
        self, events: Sequence[str], names: Sequence[str], since: datetime, until: datetime, limit: int
    ) -> list[HistoryRow]:
        """Entries that are counted, the oldest first, without detail and digest."""
        found = self._connection.execute(queries.counted(events, names, since, until, limit))
        return [
            HistoryRow(case_id, seq, to_moment(at), event, None, token, b"", b"", name, value)
            for case_id, seq, at, event, token, name, value in found
        ]
