"""The end of a case: its key is destroyed, and with it every value stored of it, in every later backup too.

History's times, events and digests stay: the chain can be checked, and figures can be counted. A case is shredded only
after two looks at least a day apart have found its period over, so a clock that jumps ahead destroys nothing; a legal
hold suspends it (WB-1.3.4, OFF-5.5.2.b, LAW-3.1.a).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from complaintflow.case.live import LiveCase
from complaintflow.case.places import state_place
from complaintflow.case.status import SHREDDED
from complaintflow.errors import InvalidData, StaleCase, UnreadableValue
from complaintflow.history.chain import Entry, chain
from complaintflow.logs import about
from complaintflow.records import dataclass
from complaintflow.store.rows import CaseRow, Change

if TYPE_CHECKING:
    from complaintflow.work.work import Work

log = logging.getLogger("complaintflow")

BETWEEN_LOOKS: Final = timedelta(days=1)
_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold begins or ends: while it lasts, the case is kept whatever its period."""

    held: bool
    reason: str

    def apply(self, live: LiveCase) -> None:
        """Raises InvalidData when no reason is given, AccessDenied."""
        if not self.reason.strip():
            raise InvalidData("a hold needs its reason", [("reason", "is needed")], where=f"case {live.row.id}")
        live.permit.operation("hold")
        if live.row.held == self.held:
            return
        live.record("held" if self.held else "hold-ended", reason=self.reason)
        live.row = live.row._replace(held=self.held)


@dataclass(frozen=True, slots=True)
class Purged:
    """What one look did: ids of cases that were shredded, that wait for the second look, and that are held.

    ``changed`` are cases whose stored row somebody changed: they are kept, for their end may be a lie.
    """

    shredded: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def purge(work: Work, on_progress: Callable[[int], None] | None = None, *, dry_run: bool = False) -> Purged:
    """Look at every case whose period is over, and shred those that were over a day ago too.

    Args:
        on_progress: called with the number of cases looked at so far.
        dry_run: change nothing, and note no look; ``shredded`` are those that would be.
    """
    found: dict[str, list[str]] = {"shredded": [], "waiting": [], "held": [], "changed": []}
    after, seen = "", 0
    while True:
        now = work.clock.now()
        with work.store.reading() as tx:
            page = tx.kept_until(now, after, _PAGE)
        for case_id in page:
            found[_look(work, case_id, now, dry_run=dry_run)].append(case_id)
        seen += len(page)
        if on_progress is not None and page:
            on_progress(seen)
        if len(page) < _PAGE:
            break
        after = page[-1]
    if found["shredded"] and not dry_run:
        count = len(found["shredded"])
        told = about("cases-shredded", cases=count)
        log.info("%d cases were shredded at the end of their retention", count, extra=told)
    return Purged(*map(tuple, found.values()))


def _look(work: Work, case_id: str, now: datetime, *, dry_run: bool) -> str:
    with work.store.reading() if dry_run else work.store.transaction() as tx:
        row = tx.case(case_id)
        try:
            work.codec(row).decode(state_place(row), row.state)
        except UnreadableValue:
            what = "case %s was changed in the database; it is not shredded: run `complaintflow verify`"
            log.error(what, case_id, extra=about("case-changed", case=case_id))
            return "changed"
        if row.held:
            return "held"
        # A look from the future was made by a clock that has been set back since.
        first = row.looked_at if row.looked_at is not None and row.looked_at <= now else None
        if first is None and not dry_run:
            tx.look(case_id, row.version, now)
        if first is None or now - first < BETWEEN_LOOKS:
            return "waiting"
        if dry_run:
            return "shredded"
        try:
            work.write(tx, row, _shredding(row, now))
        except StaleCase:
            return "waiting"
    return "shredded"


def _shredding(row: CaseRow, now: datetime) -> Change:
    entry = chain(row.head, row.id, row.length + 1, now, Entry(SHREDDED, None, None, {}), b"")
    gone = row._replace(
        key=None,
        status=SHREDDED,
        version=row.version + 1,
        updated_at=now,
        state=b"",
        length=entry.seq,
        head=entry.digest,
        sealed_key=None,
    )
    return Change(gone, history=[entry])
