"""Counting in plain Python, for stores that have no language for it; the SQL stores count themselves.

rows        every entry of every case that has a name, in any order
answers     as ``complaintflow.store.port.Transaction`` describes them
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from complaintflow.store.rows import Counting, HistoryRow, Spread, Tally

By = tuple[str | None, ...]


def tally(rows: Iterable[HistoryRow], counting: Counting) -> list[Tally]:
    """See ``Transaction.tally``."""
    if counting.cases:
        cases = {row.case_id: by for row, by in _chosen(rows, counting) if row.value is not None}
        return [Tally("", None, by, number) for by, number in Counter(cases.values()).items()]
    found = Counter((row.name or "", row.value, by) for row, by in _chosen(rows, counting))
    return [Tally(name, value, by, number) for (name, value, by), number in found.items()]


def spread(rows: Iterable[HistoryRow], counting: Counting) -> list[Spread]:
    """See ``Transaction.spread``."""
    found: defaultdict[By, list[Decimal]] = defaultdict(list)
    for row, by in _chosen(rows, counting):
        if row.value is not None:
            found[by].append(Decimal(row.value))
    answers = []
    for by, values in found.items():
        values.sort()
        number = len(values)
        answers.append(Spread(by, number, values[rank(number, 5) - 1], values[rank(number, 9) - 1]))
    return answers


def rank(number: int, tenths: int) -> int:
    """The nearest rank: so many tenths of the number, rounded up."""
    return (number * tenths + 9) // 10


def due_promises(rows: Iterable[HistoryRow], counting: Counting) -> list[Tally]:
    """See ``Transaction.due_promises``."""
    rows = list(rows)
    last: dict[tuple[str, int | None, str | None], HistoryRow] = {}
    for row in _of(rows, counting.events, counting.names):
        key = (row.case_id, row.token, row.name)
        if row.at < counting.until and (key not in last or last[key].seq < row.seq):
            last[key] = row
    since, until = written(counting.since), written(counting.until)
    facts = _facts(rows, counting)
    due = [row for row in last.values() if row.event != "dropped" and row.value and since <= row.value < until]
    if counting.cases:
        whose = Counter(_by(facts, row, counting) for row in {row.case_id: row for row in due}.values())
        return [Tally("", None, by, number) for by, number in whose.items()]
    found = Counter(
        (row.name or "", "kept" if row.event == "kept" else "late", _by(facts, row, counting)) for row in due
    )
    return [Tally(name, value, by, number) for (name, value, by), number in found.items()]


def counted(
    rows: Iterable[HistoryRow],
    events: Sequence[str],
    names: Sequence[str],
    since: datetime,
    until: datetime,
    limit: int,
) -> list[HistoryRow]:
    """See ``Transaction.counted``."""
    found = [row for row in _of(rows, events, names) if since <= row.at < until]
    found.sort(key=lambda row: (row.at, row.case_id, row.seq))
    return [
        HistoryRow(row.case_id, row.seq, row.at, row.event, None, row.token, b"", b"", row.name, row.value)
        for row in found[:limit]
    ]


def written(at: datetime) -> str:
    """A time as entries have it in ``value``: ISO 8601 in UTC, of one length, so that texts compare as times do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


class InPython:
    """A transaction's counting for a store that has no language for it; give it ``entries``."""

    def entries(self) -> Iterable[HistoryRow]:
        """Every entry of every case that has a name."""
        raise NotImplementedError

    def tally(self, counting: Counting) -> list[Tally]:
        """See ``complaintflow.store.port.Transaction``."""
        return tally(self.entries(), counting)

    def spread(self, counting: Counting) -> list[Spread]:
        """See ``complaintflow.store.port.Transaction``."""
        return spread(self.entries(), counting)

    def due_promises(self, counting: Counting) -> list[Tally]:
        """See ``complaintflow.store.port.Transaction``."""
        return due_promises(self.entries(), counting)

    def counted(
        self, events: Sequence[str], names: Sequence[str], since: datetime, until: datetime, limit: int
    ) -> list[HistoryRow]:
        """See ``complaintflow.store.port.Transaction``."""
        return counted(self.entries(), events, names, since, until, limit)


def _chosen(rows: Iterable[HistoryRow], counting: Counting) -> Iterator[tuple[HistoryRow, By]]:
    rows = list(rows)
    found = [row for row in _of(rows, counting.events, counting.names) if counting.since <= row.at < counting.until]
    if counting.last:
        found.sort(key=lambda row: row.seq)
        found = list({(row.case_id, row.name): row for row in found}.values())
    facts = _facts(rows, counting)
    for row in found:
        yield row, _by(facts, row, counting)


def _of(rows: Iterable[HistoryRow], events: Sequence[str], names: Sequence[str]) -> Iterator[HistoryRow]:
    whole, begun = {name for name in names if name[-1:] != "/"}, tuple(name for name in names if name[-1:] == "/")
    for row in rows:
        if row.event in events and row.name is not None and (row.name in whole or row.name.startswith(begun)):
            yield row


def _facts(rows: Iterable[HistoryRow], counting: Counting) -> dict[tuple[str, str], HistoryRow]:
    """Each case's last entry of each fact that is counted by."""
    last: dict[tuple[str, str], HistoryRow] = {}
    for row in rows if counting.by else ():
        if row.event == "fact" and row.name in counting.by and row.at < counting.until:
            key = (row.case_id, row.name)
            if key not in last or last[key].seq < row.seq:
                last[key] = row
    return last


def _by(facts: dict[tuple[str, str], HistoryRow], row: HistoryRow, counting: Counting) -> By:
    return tuple(known.value if (known := facts.get((row.case_id, name))) is not None else None for name in counting.by)
