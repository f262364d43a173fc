"""From entries of history to the spans in which cases are in groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from complaintflow.history.facts import FACT
from complaintflow.history.similar import ALIKE, SURGE, group, moved, said
from complaintflow.records import NamedTuple
from complaintflow.store.counting import written
from complaintflow.surge.window import Run, Span, runs

if TYPE_CHECKING:
    from complaintflow.policy.format import Surge
    from complaintflow.store.port import Transaction
    from complaintflow.store.rows import HistoryRow

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9999, 1, 1, tzinfo=UTC)
_ALL: Final = 100_000_000
_PAGE: Final = 20_000
_LENGTHS: Final = {
    "minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1),
}  # fmt: skip


class Told(NamedTuple):
    """Which group a case is in from some time on; the value as ``complaintflow.history.similar`` says."""

    case: str
    at: datetime
    value: str | None


class Mark(NamedTuple):
    """A case that a surge began: the first moment of the surge, its group, the case."""

    began: datetime
    group: str
    case: str


def length(rule: Surge) -> timedelta:
    """How long the window is."""
    return rule.interval.amount * _LENGTHS[rule.interval.unit]


def parted(value: str) -> tuple[datetime, str]:
    """Time and group of the value of an entry ``alike`` or ``surge``."""
    at, _, rest = value.partition(" ")
    return datetime.fromisoformat(at), rest


def spans(entries: Iterable[Told]) -> dict[str, list[Span]]:
    """Group -> when cases were in it. The entries of a case come in their order."""
    found: dict[str, list[Span]] = {}
    open_: dict[str, tuple[str, Span]] = {}
    for case, at, value in entries:
        if case in open_:
            name, span = open_.pop(case)
            found.setdefault(name, []).append(Span(case, span.since, span.begin, at))
        if value is not None:
            since, name = parted(value)
            open_[case] = name, Span(case, since, at)
    for name, span in open_.values():
        found.setdefault(name, []).append(span)
    return found


def found_since(
    tx: Transaction, name: str, rule: Surge, since: datetime, only: str | None = None
) -> dict[str, list[Run]]:
    """Group -> its surges that last at ``since`` or later, each with its true beginning.

    Args:
        name: of the surge, as "hr/emergency".
        only: one group; None: all.
    """
    within = length(rule)
    back = within
    while True:
        cut = max(since - back, EARLIEST) if since - EARLIEST > back else EARLIEST
        told = told_since(tx, name, cut)
        groups = spans(told if only is None else _of_group(list(told), only, rule.more_than))
        found = {
            one: lasting
            for one, whole in groups.items()
            if only in (None, one)
            and (lasting := [run for run in runs(whole, rule.more_than, within) if run.over > since])
        }
        # Up to the end of the first window something from before the cut is missing: a surge that is there already
        # began earlier.
        if cut == EARLIEST or all(run.began > cut + within for lasting in found.values() for run in lasting):
            return found
        back *= 2


def _of_group(told: list[Told], group: str, more_than: int) -> list[Told]:
    """What is told of the cases that are or were in a group, if they are more than allowed: most often they are not."""
    ending = f" {group}"
    cases = {one.case for one in told if one.value is not None and one.value.endswith(ending)}
    return [one for one in told if one.case in cases] if len(cases) > more_than else []


def told_since(tx: Transaction, name: str, since: datetime) -> Iterator[Told]:
    """The entries of a surge from ``since`` on."""
    return (Told(row.case_id, row.at, row.value) for row in tx.counted((ALIKE,), (name,), since, LATEST, _ALL))


def marks(tx: Transaction, name: str) -> list[Mark]:
    """The cases that this surge began, ever; there are few."""
    rows = tx.counted((SURGE,), (name,), EARLIEST, LATEST, _ALL)
    return [Mark(*parted(row.value), row.case_id) for row in rows if row.value is not None]


def retold(tx: Transaction, policy: str, rule: Surge, until: datetime, but: set[str]) -> Iterator[Told]:
    """What entries ``alike`` would say had the policy had this surge from the beginning, from its facts.

    Args:
        until: facts written before.
        but: ids of cases that surges began.
    """
    names = {f"{policy}/{fact}": number for number, fact in enumerate(rule.of)}
    values: dict[str, list[str | None]] = {}
    books: dict[str, dict[str, Any]] = {}
    for case, rows in _commits(_pages(tx, tuple(names), until)):
        if case in but:
            continue
        known = values.setdefault(case, [None] * len(names))
        for row in rows:
            known[names[row.name or ""]] = row.value
        book = books.setdefault(case, {"in": None, "since": {}})
        if moved(book, group(known), written(rows[0].at)):
            yield Told(case, rows[0].at, said(book))


def _commits(rows: Iterable[HistoryRow]) -> Iterator[tuple[str, list[HistoryRow]]]:
    """The facts that a case got at one moment."""
    held: list[HistoryRow] = []
    for row in rows:
        if held and (held[0].case_id, held[0].at) != (row.case_id, row.at):
            yield held[0].case_id, held
            held = []
        held.append(row)
    if held:
        yield held[0].case_id, held


def _pages(tx: Transaction, names: Sequence[str], until: datetime, limit: int = _PAGE) -> Iterator[HistoryRow]:
    """All facts of these names in order of time, a few at a time."""
    since = EARLIEST
    while True:
        page = tx.counted((FACT,), names, since, until, limit)
        if len(page) < limit:
            yield from page
            return
        last = page[-1].at
        if last == since:
            limit *= 2  # More at one moment than a page has.
            continue
        yield from (row for row in page if row.at < last)
        since = last
