"""What both databases write alike; ``sqlite`` and ``postgres`` add what differs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from complaintflow.adapters.sql import encoding, statements
from complaintflow.adapters.sql.asked import Asked
from complaintflow.adapters.sql.changes import Batch, save_anchor, save_case, save_rows, save_schedule
from complaintflow.adapters.sql.encoding import Values
from complaintflow.adapters.sql.faults import answers
from complaintflow.errors import DuplicateKey, StaleCase, StoreError
from complaintflow.store.rows import (
    AnchorRow,
    BundleRow,
    CaseRow,
    Change,
    JobRow,
    ScheduleRow,
)
from complaintflow.store.ticks import to_ticks

Ring = Callable[[Any, Change], None]
"""Tells others, in the same transaction, of a change that has jobs: gets the driver's connection."""

_WORKERS_KEPT = timedelta(days=30)


class SqlTransaction(Asked, ABC):
    """``complaintflow.store.port.Transaction`` on a driver's connection that is in a transaction.

    Args:
        driver: whoever lent it commits or rolls back.
        where: the database, for the reader of an error.
        ring: told of each change that has jobs.
        writable: False refuses every write.
        own: nobody has written in it before us, so that a write that is refused can be undone with all of it.
    """

    def __init__(self, driver: Any, where: str, ring: Ring | None, *, writable: bool, own: bool) -> None:
        self._driver = driver
        self._writable = writable
        self._untouched = own
        self._ring = ring
        self.where = where

    def finish(self) -> None:
        """Leave no savepoint in a transaction that goes on in the host's hands."""
        return

    @abstractmethod
    def _run(self, sql: str, rows: list[Values]) -> None:
        """Run a constant statement for each of the rows."""

    @abstractmethod
    def _save(
        self, guard: tuple[str, Values], rest: list[Batch], last: tuple[str, Values] | None, *, nested: bool
    ) -> bool:
        """Write all or, when the guard or the last statement touches no row, nothing; say which.

        An error leaves nothing either: ``nested`` needs a savepoint for it, else the transaction begins anew.
        """

    @abstractmethod
    def _hold(
        self, now: int, until: int, owner: str, limit: int, case_id: str | None, without: list[str]
    ) -> Iterable[Sequence[Any]]:
        """Take ready jobs and return the columns of ``JobRow``, oldest first."""

    @abstractmethod
    def _takes_the_key(self, error: Exception) -> bool:
        """Whether the driver says that two cases would have one key."""

    @answers
    def write(self, change: Change) -> None:
        """Write one command's change, or nothing of it.

        Raises:
            StaleCase: the stored version is not ``change.case.version - 1``.
            DuplicateKey: another case of the process has this business key.
        """
        try:
            anchor = None if change.anchor is None else save_anchor(change.anchor)
            saved = self._all_or_nothing(save_case(change.case), save_rows(change), anchor)
        except Exception as error:
            if self._takes_the_key(error):
                raise self._duplicate(change.case) from error
            raise
        if saved:
            if self._ring is not None and change.jobs:
                self._ring(self._driver, change)
            return
        if change.case.version == 1 and self._key_is_taken(change.case):
            raise self._duplicate(change.case)
        what = f"case {change.case.id} is not at version {change.case.version - 1} any more, or others write beside it"
        raise StaleCase(what, where=self.where)

    def _key_is_taken(self, case: CaseRow) -> bool:
        others = () if case.key is None else self._rows(statements.CASE_WITH_KEY, (case.key, case.process))
        return any(case_id != case.id for (case_id,) in others)

    def _duplicate(self, case: CaseRow) -> DuplicateKey:
        what = f"another case of process {case.process} has the business key {case.key!r}"
        return DuplicateKey(what, where=self.where, advice="look that case up by its key, or give this one another")

    def _must_be_writable(self) -> None:
        """Called by whatever writes."""
        self._read_along = None
        if not self._writable:
            raise StoreError("this transaction only reads", where=self.where, advice="use store.transaction()")
        self._untouched = False

    def _all_or_nothing(
        self, guard: tuple[str, Values], rest: list[Batch], last: tuple[str, Values] | None = None
    ) -> bool:
        nested = not self._untouched
        self._must_be_writable()
        saved = self._save(guard, rest, last, nested=nested)
        self._untouched = not (nested or saved)
        return saved

    @answers
    def start_anchors(self, rows: Sequence[AnchorRow]) -> None:
        """Write the first rows of the store's head."""
        self._must_be_writable()
        self._run(statements.ADD_ANCHOR, [(row.shard, row.tick, row.total) for row in rows])

    @answers
    def set_secret(self, name: str, wrapped: bytes, *, replace: bool = False) -> None:
        """Keep a wrapped secret; one that is there already stays, unless it is to be replaced."""
        self._must_be_writable()
        self._run(statements.SET_WRAPPED if replace else statements.ADD_WRAPPED, [(name, wrapped)])

    @answers
    def reseal(self, case_id: str, before: bytes, after: bytes) -> None:
        """Put a case's newly wrapped key in the place of the old one, if that is still there."""
        self._must_be_writable()
        self._run(statements.RESEAL, [(after, case_id, before)])

    @answers
    def look(self, case_id: str, version: int, looked_at: datetime) -> None:
        """Note when the end of a case's retention was first seen, if the case is still at this version."""
        self._must_be_writable()
        self._run(statements.LOOK, [(to_ticks(looked_at), case_id, version)])

    @answers
    def count_tries(self, begun_at: datetime, by: int) -> int:
        """Add to the number of receipts tried in the window that began then, and return it; forget earlier windows."""
        self._must_be_writable()
        ticks = to_ticks(begun_at)
        ((number,),) = self._rows(statements.COUNT_TRIES, (ticks, by))
        self._run(statements.FORGET_TRIES, [(ticks,)])
        return int(number)

    @answers
    def set_schedule(
        self, before: ScheduleRow | None, after: ScheduleRow | None, bundle: BundleRow | None = None
    ) -> None:
        """Put one row in the place of another of the same process and element; None is no row.

        Raises:
            StaleCase: what is stored is not ``before``.
        """
        if not self._all_or_nothing(*save_schedule(before, after, bundle)):
            row = before or after
            what = f"the schedule of {row.process if row else ''} was changed meanwhile"
            raise StaleCase(what, where=self.where)

    @answers
    def lease_jobs(
        self,
        now: datetime,
        until: datetime,
        owner: str,
        limit: int,
        case_id: str | None = None,
        without: Sequence[str] = (),
    ) -> list[JobRow]:
        """Take jobs with ``due_at <= now`` that nobody holds, oldest first, and hold them until ``until``.

        A job whose lease ran out is as old as the end of that lease. Writing the job again, or closing it, ends
        the lease.
        """
        self._must_be_writable()
        records = self._hold(to_ticks(now), to_ticks(until), owner, limit, case_id, list(without))
        return [encoding.read_job(record) for record in records]

    @answers
    def give_back(self, jobs: Sequence[JobRow], owner: str, ready_at: datetime) -> None:
        """Let go of jobs that ``owner`` holds: anybody may take them from ``ready_at`` on."""
        self._must_be_writable()
        ready = to_ticks(ready_at)
        self._run(statements.GIVE_BACK, [(ready, job.case_id, job.token, owner) for job in jobs])

    @answers
    def beat(self, owner: str, now: datetime) -> None:
        """Note that this worker is alive; workers not seen for 30 days are forgotten."""
        self._must_be_writable()
        self._run(statements.BEAT, [(owner, to_ticks(now))])
        self._run(statements.FORGET_WORKERS, [(to_ticks(now - _WORKERS_KEPT),)])
