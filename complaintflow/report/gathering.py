"""The figures that a report is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from complaintflow.figures.computing import compute
from complaintflow.figures.period import Kind, Period
from complaintflow.history.promises import BROKEN
from complaintflow.records import dataclass
from complaintflow.report.hiding import audit
from complaintflow.store.rows import Counting

if TYPE_CHECKING:
    from complaintflow.figures.table import Figure, Figures
    from complaintflow.policy.policy import Policy
    from complaintflow.store.port import Transaction

_KINDS: Final[Mapping[int, Kind]] = {4: "year", 6: "quarter", 7: "month"}
_PARTS: Final = ("type", "department")


@dataclass(frozen=True, slots=True)
class Kept:
    """How a deadline was kept: promises that were due in the time.

    Attributes:
        due, late: as the figure ``breaches`` has them.
        open: of the late ones, those whose work nobody had done, nor a timer ended, when it was counted.
    """

    deadline: str
    due: int
    late: int
    open: int

    @property
    def kept(self) -> int:
        """In time."""
        return self.due - self.late


@dataclass(frozen=True, slots=True)
class Grid:
    """Counts by two things. A cell is None where it is hidden, and 0 where it is not there."""

    rows: tuple[str | None, ...]
    columns: tuple[str | None, ...]
    cells: Mapping[tuple[str | None, str | None], int | None]


@dataclass(frozen=True, slots=True)
class Slice:
    """A month or week of the time with its complaints.

    ``by_type`` has those that may be told apart; the others are ``received`` less their sum.
    """

    since: datetime
    until: datetime
    received: int
    by_type: Mapping[str | None, int]


@dataclass(frozen=True, slots=True)
class Material:
    """What is known of a policy's cases in a time.

    Attributes:
        whole, before: the figures of the time, and of the one before it.
        parts: fact -> figures told apart by it: "type" and "department", where the policy has them.
        slices: months, or weeks of a month, that have begun.
        grid: types by departments, if there are both.
        promises: by deadline; those that were due.
    """

    policy: Policy
    period: Period
    whole: Figures
    before: Figures
    parts: Mapping[str, Figures]
    slices: tuple[Slice, ...]
    grid: Grid | None
    promises: tuple[Kept, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing happened at all."""
        return all(not one.value and not one.denominator for one in self.whole if not one.by)


def gather(tx: Transaction, policy: Policy, period: Period, now: datetime) -> Material:
    """Ask the store for everything. The period must have a name and have begun."""
    zone = period.since.tzinfo
    assert zone is not None
    whole = compute(tx, policy, period, now)
    before = compute(tx, policy, Period.ended(_KINDS[len(period.name)], period.since, zone), now)
    facts = [fact for fact in _PARTS if fact in policy.facts]
    parts = {fact: compute(tx, policy, period, now, (fact,)) for fact in facts}
    grid = None
    if len(facts) == len(_PARTS):
        both = compute(tx, policy, period, now, _PARTS, only=("received",))
        grid, parts = _grid(both, parts, _count(whole))
    slices = _slices(tx, policy, period, now, parts.get("type"), _count(whole))
    return Material(policy, period, whole, before, parts, slices, grid, _kept(tx, policy, whole))


def received(figures: Figures, fact: str) -> dict[str | None, int | None]:
    """Group -> complaints received, None where that is hidden."""
    return {
        dict(one.by)[fact]: None if one.suppressed else int(one.value or 0)
        for one in figures
        if one.id == "received" and tuple(name for name, _ in one.by) == (fact,)
    }


def _grid(both: Figures, parts: Mapping[str, Figures], whole: int) -> tuple[Grid, dict[str, Figures]]:
    """Types by departments; and the counts of each alone, from which that table must not be worked out."""
    cells: dict[tuple[str | None, str | None], int | None] = {}
    for one in both:
        groups = dict(one.by)
        cells[groups["type"], groups["department"]] = None if one.suppressed else int(one.value or 0)
    rows, columns = (received(parts[fact], fact) for fact in _PARTS)
    shown = audit(cells, rows, columns, whole, both.smallest)
    fewer = {"type": _without(parts["type"], shown.rows), "department": _without(parts["department"], shown.columns)}
    return Grid(_largest(shown.rows), _largest(shown.columns), shown.cells if shown.fits else {}), fewer


def _without(figures: Figures, shown: Mapping[str | None, int | None]) -> Figures:
    """The same figures with more of the counts of received complaints hidden."""

    def hide(one: Figure) -> Figure:
        if one.id != "received" or one.suppressed or shown.get(one.by[0][1]) is not None:
            return one
        return replace(one, value=None, numerator=None, denominator=None, suppressed=True)

    return replace(figures, figures=tuple(hide(one) for one in figures))


def _largest(groups: Mapping[str | None, int | None]) -> tuple[str | None, ...]:
    """Largest first, hidden ones last, the unknown one at the very end."""
    return tuple(sorted(groups, key=lambda group: (group is None, -(groups[group] or 0), group or "")))


def _slices(
    tx: Transaction, policy: Policy, period: Period, now: datetime, by_type: Figures | None, whole: int
) -> tuple[Slice, ...]:
    times = [time for time in _divided(period) if time.since < max(now, period.since + timedelta(microseconds=1))]
    counted = [compute(tx, policy, time, now, only=("received",)) for time in times]
    totals: dict[int, int | None] = {number: _count(one) for number, one in enumerate(counted)}
    shown = _by_slice(counted, totals, by_type, whole) if by_type is not None else {}
    return tuple(
        Slice(
            time.since,
            time.until,
            totals[number] or 0,
            {kind: count for (place, kind), count in shown.items() if place == number and count},
        )
        for number, time in enumerate(times)
    )


def _by_slice(
    counted: list[Figures], totals: Mapping[int, int | None], by_type: Figures, whole: int
) -> Mapping[tuple[int, str | None], int | None]:
    """(Number of the slice, type) -> complaints. Of types whose sum is hidden nothing is shown.

    Where a type was corrected in a later month, the months do not add up to the whole: then they are looked at alone.
    """
    kinds = received(by_type, "type")
    cells = {
        (number, kind): None if kinds.get(kind, 0) is None else count
        for number, one in enumerate(counted)
        for kind, count in received(one, "type").items()
    }
    # A type that is not in a bar may be hidden or not there: readers cannot tell, where anything of the bar is hidden.
    partly = {number for (number, _), count in cells.items() if count is None}
    cells = dict.fromkeys((number, kind) for number in partly for kind in kinds) | cells
    for columns in (kinds, {}):
        shown = audit(cells, totals, columns, whole, by_type.smallest, inside=True)
        if shown.fits:
            return shown.cells
    return {}


def _count(figures: Figures) -> int:
    one = figures.get("received")
    return int(one.value or 0) if one is not None else 0


def _divided(period: Period) -> list[Period]:
    """The months of a quarter or year; the weeks of a month, from its first day on."""
    zone: tzinfo | None = period.since.tzinfo
    assert zone is not None
    if len(period.name) == len("2026-07"):
        edges = [period.since + timedelta(days=7 * week) for week in range(4)] + [period.until]
        if edges[-1] - edges[-2] > timedelta(days=7):
            edges.insert(-1, period.since + timedelta(days=28))
        return [Period(*pair) for pair in pairwise(edges)]
    first = period.since.year * 12 + period.since.month - 1
    count = 12 if len(period.name) == len("2026") else 3
    return [Period.parse(f"{month // 12:04}-{month % 12 + 1:02}", zone) for month in range(first, first + count)]


def _kept(tx: Transaction, policy: Policy, whole: Figures) -> tuple[Kept, ...]:
    """Which of the late promises are broken by the books, the rest of them is open: nothing has ended them yet."""
    asked = Counting((BROKEN,), (f"{policy.head.id}/",), whole.period.since, whole.counted_until)
    broken = {one.name.partition("/")[2]: one.number for one in tx.due_promises(asked)}
    found = []
    for one in whole:
        if one.id == "breaches" and one.by and one.denominator:
            deadline, late = str(dict(one.by)["deadline"]), int(one.numerator or Decimal(0))
            found.append(Kept(deadline, one.denominator, late, late - min(late, broken.get(deadline, 0))))
    return tuple(found)
