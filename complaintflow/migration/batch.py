"""Every running case of a process: rehearsed, or moved, each in a transaction of its own.

What was moved stays moved, and has the new definition's digest: whoever was interrupted begins again and goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import field, replace
from typing import TYPE_CHECKING, Final

from complaintflow.case.status import OPEN
from complaintflow.errors import ComplaintflowError, StoreUnavailable
from complaintflow.migration.ahead import Ahead
from complaintflow.migration.moving import Move, move
from complaintflow.migration.positions import BLOCKED, MISSING, SAFE, Standing
from complaintflow.records import dataclass
from complaintflow.work.rewriting import rewrite

if TYPE_CHECKING:
    from complaintflow.case.live import LiveCase
    from complaintflow.store.port import Transaction
    from complaintflow.store.rows import CaseRow, Change
    from complaintflow.work.work import Work

PAGE: Final = 200
EXAMPLES: Final = 3
_ORDER: Final = (SAFE, MISSING, BLOCKED)


@dataclass(frozen=True, slots=True)
class Position:
    """Where cases stand, and whether they may stand there under the new definition.

    Attributes:
        digest: the definition that they run on.
        process, element, name: the element; an empty element is the case as a whole.
        to: the element's id in the new diagram.
        verdict: "safe", "data missing" or "blocked".
        reasons: why it is not safe.
        remarks: what changes, and does no harm.
        tokens: how many stand there.
        examples: ids of some of their cases.
    """

    digest: str
    process: str
    element: str
    name: str
    to: str
    verdict: str
    reasons: tuple[str, ...]
    remarks: tuple[str, ...]
    tokens: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Migration:
    """What a migration did, or would do.

    Attributes:
        process: whose cases.
        to: the digest of the new definition.
        dry_run: nothing was written.
        positions: grouped, what is blocked first.
        safe, missing, blocked: cases by their worst position.
        moved: cases that run on the new definition now.
        already: cases that did before.
        failed: id of each case that could not be read or written, and why.
    """

    process: str
    to: str
    dry_run: bool
    positions: tuple[Position, ...]
    safe: int
    missing: int
    blocked: int
    moved: int
    already: int
    failed: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Tally:
    """What was found so far."""

    groups: dict[Position, list[str]] = field(default_factory=dict)
    counts: dict[Position, int] = field(default_factory=dict)
    verdicts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_ORDER, 0))
    moved: int = 0
    already: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)

    def add(self, row: CaseRow, judged: list[Standing]) -> None:
        """One case."""
        worst = max((_ORDER.index(one.verdict) for one in judged), default=0)
        self.verdicts[_ORDER[worst]] += 1
        for one in judged:
            reasons, remarks = tuple(dict.fromkeys((*one.blocked, *one.missing))), tuple(dict.fromkeys(one.remarks))
            group = Position(
                row.bundle, one.process, one.element, one.name, one.to, one.verdict, reasons, remarks, 0, ()
            )
            self.counts[group] = self.counts.get(group, 0) + 1
            examples = self.groups.setdefault(group, [])
            if len(examples) < EXAMPLES and row.id not in examples:
                examples.append(row.id)

    def positions(self) -> tuple[Position, ...]:
        """By verdict, the worst first, then by element."""
        found = [replace(one, tokens=self.counts[one], examples=tuple(ids)) for one, ids in self.groups.items()]
        return tuple(sorted(found, key=lambda one: (-_ORDER.index(one.verdict), one.process, one.element, one.digest)))


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which cases.

    Attributes:
        process: of this process.
        cases: only these; None: all that are not over.
        version: only those whose definition's digest begins so.
    """

    process: str
    cases: Collection[str] | None
    version: str

    def rows(self, tx_of: Work) -> Iterator[tuple[int, CaseRow]]:
        """Each case with the number of cases looked at so far; pages are read as they are needed."""
        seen, after = 0, ""
        while True:
            with tx_of.store.reading() as tx:
                if self.cases is not None:
                    page = [tx.case(one) for one in sorted(self.cases)]
                else:
                    page = tx.case_rows(after, PAGE)
            for row in page:
                seen += 1
                wanted = row.process == self.process and row.status in OPEN
                if wanted and row.bundle.startswith(self.version):
                    yield seen, row
            if self.cases is not None or len(page) < PAGE:
                return
            after = page[-1].id


def migrate(
    work: Work,
    chosen: Chosen,
    how: Move,
    *,
    actor: str | None,
    dry_run: bool,
    on_progress: Callable[[int], None] | None = None,
) -> Migration:
    """Move every case that may, or only say which may.

    Raises:
        StoreUnavailable: the store does not answer; what was moved stays moved.
    """
    tally = _Tally()
    before: dict[str, Ahead] = {}
    for seen, row in chosen.rows(work):
        if row.bundle == how.target.digest:
            tally.already += 1
        else:
            _one(work, row, how, before, tally, actor, dry_run=dry_run)
        if on_progress is not None:
            on_progress(seen)
    verdicts = tally.verdicts
    return Migration(
        chosen.process,
        how.target.digest,
        dry_run,
        tally.positions(),
        verdicts[SAFE],
        verdicts[MISSING],
        verdicts[BLOCKED],
        tally.moved,
        tally.already,
        tuple(tally.failed),
    )


def _one(
    work: Work, row: CaseRow, how: Move, before: dict[str, Ahead], tally: _Tally, actor: str | None, *, dry_run: bool
) -> None:
    judged: list[Standing] = []

    def step(tx: Transaction, live: LiveCase) -> Change | None:
        judged.clear()  # a second try judges again
        if live.status not in OPEN or live.row.bundle == how.target.digest:
            return None
        if live.row.bundle not in before:
            before[live.row.bundle] = Ahead(live.bundle)
        found, change = move(tx, live, before[live.row.bundle], how)
        judged.extend(found)
        return change

    try:
        if dry_run:
            with work.store.reading() as tx:
                step(tx, work.load(tx, row.id, actor))
        else:
            tally.moved += rewrite(work, row.id, step, actor) is not None
    except StoreUnavailable:
        raise
    except ComplaintflowError as error:
        tally.failed.append((row.id, error.what))
        return
    if judged:
        tally.add(row, judged)
