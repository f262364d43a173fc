"""The questions and the write that both databases answer alike; ``sqlite`` and ``postgres`` add what differs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from typing import Any, TypeVar

from complaintflow.adapters.sql import encoding, queries, statements
from complaintflow.adapters.sql.changes import Batch, save_anchor, save_case, save_rows, save_schedule
from complaintflow.adapters.sql.counted import Counted
from complaintflow.adapters.sql.encoding import Values, due_order, to_moment, to_ticks
from complaintflow.adapters.sql.faults import answers
from complaintflow.adapters.sql.tables import NEVER
from complaintflow.errors import DuplicateKey, StaleCase, StoreError, UnknownCase
from complaintflow.store.rows import (
    AnchorRow,
    AttachmentRow,
    Backlog,
    BundleRow,
    CaseRow,
    Change,
    HistoryRow,
    IncidentRow,
    JobRow,
    NoticeRow,
    ScheduleRow,
    SubscriptionRow,
    TaskRow,
    TimerRow,
)

_Row = TypeVar("_Row")
Ring = Callable[[Any, Change], None]
"""Tells others, in the same transaction, of a change that has jobs: gets the driver's connection."""

_WORKERS_KEPT = timedelta(days=30)


class SqlTransaction(Counted, ABC):
    """``complaintflow.store.port.Transaction`` on a driver's connection that is in a transaction.

    Args:
        driver: whoever lent it commits or rolls back.
        where: the database, for the reader of an error.
        ring: told of each change that has jobs.
        writable: False refuses every write.
        own: nobody has written in it before us, so that a write that is refused can be undone with all of it.
    """

    _true: str
    """The database's word for it in the condition of an index."""

    def __init__(self, driver: Any, where: str, ring: Ring | None, *, writable: bool, own: bool) -> None:
        self._driver = driver
        self._writable = writable
        self._untouched = own
        self._read_along: AnchorRow | None = None
        self._ring = ring
        self.where = where

    def finish(self) -> None:
        """Leave no savepoint in a transaction that goes on in the host's hands."""
        return

    @abstractmethod
    def _rows(self, sql: str, parameters: Values) -> Sequence[Sequence[Any]]:
        """All rows that a constant statement yields."""

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

    def _all(self, read: Callable[[Sequence[Any]], _Row], sql: str, *parameters: Any) -> list[_Row]:
        return [read(record) for record in self._rows(sql, parameters)]

    @answers
    def case(self, case_id: str, shard: int | None = None) -> CaseRow:
        """Raises UnknownCase. With a ``shard`` of the store's head, that is read along, for ``anchor`` to give."""
        for *record, tick, total in self._rows(statements.CASE, (shard, case_id)):
            self._read_along = AnchorRow(shard, tick, bytes(total)) if shard is not None and tick else None
            return encoding.read_case(record)
        raise UnknownCase(f"there is no case {case_id}", where=self.where)

    @answers
    def anchor(self, shard: int) -> AnchorRow:
        """A shard of the store's head; one that is not there has tick 0."""
        known, self._read_along = self._read_along, None
        if known is not None and known.shard == shard:
            return known
        for number, tick, total in self._rows(statements.ANCHOR, (shard,)):
            return AnchorRow(number, tick, bytes(total))
        return AnchorRow(shard)

    @answers
    def start_anchors(self, rows: Sequence[AnchorRow]) -> None:
        """Write the first rows of the store's head."""
        self._must_be_writable()
        self._run(statements.ADD_ANCHOR, [(row.shard, row.tick, row.total) for row in rows])

    @answers
    def secret(self, name: str) -> bytes | None:
        """A wrapped secret of the whole store."""
        for (wrapped,) in self._rows(statements.WRAPPED, (name,)):
            return bytes(wrapped)
        return None

    @answers
    def set_secret(self, name: str, wrapped: bytes, *, replace: bool = False) -> None:
        """Keep a wrapped secret; one that is there already stays, unless it is to be replaced."""
        self._must_be_writable()
        self._run(statements.SET_WRAPPED if replace else statements.ADD_WRAPPED, [(name, wrapped)])

    @answers
    def sealed_keys(self, after: str, limit: int) -> list[tuple[str, bytes]]:
        """Ids greater than ``after`` of cases that have a key, with it, in order of the id."""
        return [(case_id, bytes(key)) for case_id, key in self._rows(statements.SEALED_KEYS, (after, limit))]

    @answers
    def reseal(self, case_id: str, before: bytes, after: bytes) -> None:
        """Put a case's newly wrapped key in the place of the old one, if that is still there."""
        self._must_be_writable()
        self._run(statements.RESEAL, [(after, case_id, before)])

    @answers
    def kept_until(self, now: datetime, after: str, limit: int) -> list[str]:
        """Ids greater than ``after`` of cases with ``keep_until <= now`` that have a key, in order of the id."""
        return [case_id for (case_id,) in self._rows(statements.KEPT_UNTIL, (to_ticks(now), after, limit))]

    @answers
    def look(self, case_id: str, version: int, looked_at: datetime) -> None:
        """Note when the end of a case's retention was first seen, if the case is still at this version."""
        self._must_be_writable()
        self._run(statements.LOOK, [(to_ticks(looked_at), case_id, version)])

    @answers
    def case_rows(self, after: str, limit: int) -> list[CaseRow]:
        """Cases with ids greater than ``after``, in order of the id."""
        return self._all(encoding.read_case, statements.CASES, after, limit)

    @answers
    def values(self, case_id: str) -> dict[str, bytes]:
        """The case's large values by name."""
        return {name: bytes(content) for name, content in self._rows(statements.VALUES, (case_id,))}

    @answers
    def case_ids(
        self,
        *,
        process: str | None = None,
        key: str | None = None,
        status: str | None = None,
        prefix: str | None = None,
        limit: int = 100,
    ) -> list[str]:
        """Ids of matching cases, newest first; ``prefix`` is a beginning of the id."""
        return [case_id for (case_id,) in self._rows(*queries.case_ids(process, key, status, prefix, limit))]

    @answers
    def bundle(self, digest: str) -> bytes | None:
        """The stored files of a definition."""
        for (content,) in self._rows(statements.BUNDLE, (digest,)):
            return bytes(content)
        return None

    @answers
    def tasks(
        self,
        *,
        case_id: str | None = None,
        token: int | None = None,
        groups: Sequence[str] | None = None,
        user: str | None = None,
        process: str | None = None,
        due_before: datetime | None = None,
        limit: int | None = None,
    ) -> list[TaskRow]:
        """Open tasks by due time (those without one last), then priority (high first), then age.

        Every condition given must hold. ``groups`` matches any of the candidate groups, ``user`` the assignee or a
        candidate user. Each group's inbox is one walk of an index; several are merged.
        """
        if case_id is not None and not (groups is not None or user or process or due_before or limit):
            # After each command the case is shown with its tasks.
            ours = self._all(encoding.read_task, statements.TASKS, case_id)
            return ours if token is None else [task for task in ours if task.token == token]
        common: dict[str, Any] = {
            "case_id": case_id,
            "token": token,
            "process": process,
            "due_before": due_before,
            "limit": limit,
        }
        if user is not None or groups is None or case_id is not None:
            return self._tasks(groups=groups, user=user, **common)
        inboxes = [self._tasks(group=group, **common) for group in dict.fromkeys(groups)]
        if len(inboxes) == 1:
            return inboxes[0]
        # A task of two groups comes twice, one after the other.
        return list(islice(dict.fromkeys(merge(*inboxes, key=_inbox_order)), limit))

    def _tasks(self, **conditions: Any) -> list[TaskRow]:
        return [encoding.read_task(record) for record in self._rows(*queries.tasks(**conditions))]

    @answers
    def timers(self, case_id: str) -> list[TimerRow]:
        """The case's open timers, earliest first."""
        return self._all(encoding.read_timer, statements.TIMERS, case_id)

    @answers
    def subscriptions(self, case_id: str) -> list[SubscriptionRow]:
        """What the case waits to hear, by token."""
        return self._all(encoding.read_subscription, statements.SUBSCRIPTIONS, case_id)

    @answers
    def jobs(self, case_id: str) -> list[JobRow]:
        """The case's outbox, by token."""
        return self._all(encoding.read_job, statements.JOBS, case_id)

    @answers
    def incidents(self, case_id: str | None = None, limit: int = 100) -> list[IncidentRow]:
        """Open incidents, oldest first."""
        return [encoding.read_incident(row) for row in self._rows(*queries.incidents(case_id, limit))]

    @answers
    def history(self, case_id: str, after: int = 0) -> list[HistoryRow]:
        """Entries with ``seq`` greater than ``after``, in order."""
        return self._all(encoding.read_history, statements.HISTORY, case_id, after)

    @answers
    def notices(self, case_id: str) -> list[NoticeRow]:
        """Notices of the case in the order they were written."""
        return self._all(encoding.read_notice, statements.NOTICES, case_id)

    @answers
    def attachments(self, case_id: str) -> list[AttachmentRow]:
        """The case's attachments without their content, by number."""
        return self._all(encoding.read_attachment, statements.ATTACHMENTS, case_id)

    @answers
    def attachment(self, case_id: str, number: int) -> bytes | None:
        """The content of an attachment, as it was stored; None if there is none of that number."""
        for (content,) in self._rows(statements.ATTACHMENT, (case_id, number)):
            return bytes(content)
        return None

    @answers
    def receipt(self, digest: bytes) -> str | None:
        """The id of the case that a receipt belongs to."""
        for (case_id,) in self._rows(statements.RECEIPT, (digest,)):
            return str(case_id)
        return None

    @answers
    def count_tries(self, begun_at: datetime, by: int) -> int:
        """Add to the number of receipts tried in the window that began then, and return it; forget earlier windows."""
        self._must_be_writable()
        ticks = to_ticks(begun_at)
        ((number,),) = self._rows(statements.COUNT_TRIES, (ticks, by))
        self._run(statements.FORGET_TRIES, [(ticks,)])
        return int(number)

    @answers
    def due_timers(self, now: datetime, limit: int) -> list[TimerRow]:
        """Timers with ``due_at <= now``, earliest first."""
        return self._all(encoding.read_timer, statements.DUE_TIMERS, to_ticks(now), limit)

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
    def schedules(self, process: str | None = None) -> list[ScheduleRow]:
        """What is on the schedule, of one process or of all, by process and element."""
        if process is None:
            return self._all(encoding.read_schedule, statements.SCHEDULES)
        return self._all(encoding.read_schedule, statements.SCHEDULES_OF, process)

    @answers
    def due_schedules(self, now: datetime, limit: int) -> list[ScheduleRow]:
        """Rows with ``due_at <= now``, earliest first."""
        return self._all(encoding.read_schedule, statements.DUE_SCHEDULES, to_ticks(now), limit)

    @answers
    def provisional_cases(self, after: str, limit: int) -> list[str]:
        """Ids greater than ``after`` of cases with a provisional timer or task, in order of the id."""
        return [case_id for (case_id,) in self._rows(*queries.provisional_cases(self._true, after, limit))]

    @answers
    def next_due(self) -> datetime | None:
        """The earliest time of any timer, schedule or job; a job that is held counts from the end of its lease."""
        (found,) = self._rows(statements.NEXT_DUE, ())
        times = [ticks for ticks in found if ticks not in (None, NEVER)]
        return to_moment(min(times)) if times else None

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
    def waiting(self, kind: str, name: str, key: str | None) -> list[SubscriptionRow]:
        """Tokens of any case that wait for this message (same key) or signal (key None), oldest case first."""
        if key is None:
            return self._all(encoding.read_subscription, statements.WAITING_WITHOUT_KEY, kind, name)
        return self._all(encoding.read_subscription, statements.WAITING, kind, name, key)

    @answers
    def beat(self, owner: str, now: datetime) -> None:
        """Note that this worker is alive; workers not seen for 30 days are forgotten."""
        self._must_be_writable()
        self._run(statements.BEAT, [(owner, to_ticks(now))])
        self._run(statements.FORGET_WORKERS, [(to_ticks(now - _WORKERS_KEPT),)])

    @answers
    def backlog(self, now: datetime, alive_since: datetime) -> Backlog:
        """What is due and not done (held jobs too), and how many workers have beaten since ``alive_since``."""
        ticks = to_ticks(now)
        (counted,) = self._rows(statements.BACKLOG, (*[ticks] * 6, to_ticks(alive_since)))
        timers, jobs, *firsts, workers = counted
        times = [first for first in firsts if first is not None]
        return Backlog(timers, jobs, to_moment(min(times)) if times else None, workers)


def _inbox_order(row: TaskRow) -> tuple[int, int, datetime, str, int]:
    return (due_order(row.due_at), -row.priority, row.created_at, row.case_id, row.token)
