"""The part of a transaction that is asked about cases, and what is open of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any, TypeVar

from complaintflow.adapters.sql import encoding, queries, statements
from complaintflow.adapters.sql.counted import Counted
from complaintflow.adapters.sql.encoding import due_order
from complaintflow.adapters.sql.faults import answers
from complaintflow.adapters.sql.tables import NEVER
from complaintflow.errors import UnknownCase
from complaintflow.store.rows import (
    AnchorRow,
    AttachmentRow,
    Backlog,
    CaseRow,
    HistoryRow,
    IncidentRow,
    JobRow,
    NoticeRow,
    ScheduleRow,
    SubscriptionRow,
    TaskRow,
    TimerRow,
)
from complaintflow.store.ticks import to_moment, to_ticks

_Row = TypeVar("_Row")


class Asked(Counted):
    """What ``complaintflow.store.port.Transaction`` is asked."""

    _read_along: AnchorRow | None = None
    _true: str
    """The database's word for it in the condition of an index."""

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
    def secret(self, name: str) -> bytes | None:
        """A wrapped secret of the whole store."""
        for (wrapped,) in self._rows(statements.WRAPPED, (name,)):
            return bytes(wrapped)
        return None

    @answers
    def sealed_keys(self, after: str, limit: int) -> list[tuple[str, bytes]]:
        """Ids greater than ``after`` of cases that have a key, with it, in order of the id."""
        return [(case_id, bytes(key)) for case_id, key in self._rows(statements.SEALED_KEYS, (after, limit))]

    @answers
    def kept_until(self, now: datetime, after: str, limit: int) -> list[str]:
        """Ids greater than ``after`` of cases with ``keep_until <= now`` that have a key, in order of the id."""
        return [case_id for (case_id,) in self._rows(statements.KEPT_UNTIL, (to_ticks(now), after, limit))]

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
    def due_timers(self, now: datetime, limit: int) -> list[TimerRow]:
        """Timers with ``due_at <= now``, earliest first."""
        return self._all(encoding.read_timer, statements.DUE_TIMERS, to_ticks(now), limit)

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
    def waiting(self, kind: str, name: str, key: str | None) -> list[SubscriptionRow]:
        """Tokens of any case that wait for this message (same key) or signal (key None), oldest case first."""
        if key is None:
            return self._all(encoding.read_subscription, statements.WAITING_WITHOUT_KEY, kind, name)
        return self._all(encoding.read_subscription, statements.WAITING, kind, name, key)

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
