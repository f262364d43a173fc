"""Records of ``complaintflow.store.rows`` to table rows and back."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from complaintflow.adapters.sql.tables import NEVER
from complaintflow.store.rows import (
    AttachmentRow,
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

Values = tuple[Any, ...]
Query = tuple[str, Values]
"""A statement with question marks, and what stands for them."""

_WITHOUT_END: Final = -1


def to_ticks_or_none(moment: datetime | None) -> int | None:
    """The same for a column that may be NULL."""
    return None if moment is None else to_ticks(moment)


def _to_moment_or_none(ticks: int | None) -> datetime | None:
    return None if ticks is None else to_moment(ticks)


@functools.lru_cache(1_024)
def _to_list(names: tuple[str, ...]) -> str:
    return json.dumps(names, ensure_ascii=False)


@functools.lru_cache(1_024)
def _to_names(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def due_order(moment: datetime | None) -> int:
    """A due time for a column that sorts rows without one last."""
    return NEVER if moment is None else to_ticks(moment)


def task_values(row: TaskRow) -> Values:
    """The row of ``cf_task``."""
    return (
        row.case_id,
        row.token,
        row.process,
        row.element,
        _to_list(row.groups),
        _to_list(row.users),
        row.assignee,
        row.priority,
        to_ticks(row.created_at),
        due_order(row.due_at),
        to_ticks_or_none(row.follow_up_at),
        row.provisional,
        row.bundle,
    )


def inbox_values(row: TaskRow) -> list[Values]:
    """The rows of ``cf_task_group``: one for each inbox in which the task is found."""
    people = row.users if row.assignee is None else (*row.users, row.assignee)
    names = [("g", group) for group in dict.fromkeys(row.groups)] + [("u", user) for user in dict.fromkeys(people)]
    sort_key = (due_order(row.due_at), row.priority, to_ticks(row.created_at))
    return [(row.case_id, row.token, kind, name, *sort_key) for kind, name in names]


def timer_values(row: TimerRow) -> Values:
    """The row of ``cf_timer``."""
    return (row.case_id, row.token, row.element, to_ticks(row.due_at), row.deadline, row.provisional)


def subscription_values(row: SubscriptionRow, case_created_at: datetime) -> Values:
    """The row of ``cf_subscription``; the age of the case is in it, because listeners are asked in that order."""
    return (row.case_id, row.token, row.kind, row.name, row.key, row.element, to_ticks(case_created_at))


def job_values(row: JobRow) -> Values:
    """The row of ``cf_job``, held by nobody: it is ready when it is due."""
    due_at = to_ticks_or_none(row.due_at)
    return (row.case_id, row.token, row.type, row.element, row.attempt, row.retries, due_at, due_at, None)


def incident_values(row: IncidentRow) -> Values:
    """The row of ``cf_incident``."""
    return (row.case_id, row.token, row.kind, row.element, to_ticks(row.created_at), row.detail)


def history_values(row: HistoryRow) -> Values:
    """The row of ``cf_history``."""
    at = to_ticks(row.at)
    return (row.case_id, row.seq, at, row.event, row.element, row.token, row.detail, row.digest, row.name, row.value)


def notice_values(row: NoticeRow) -> Values:
    """The row of ``cf_notice`` but for its number."""
    return (row.case_id, row.token, row.name, row.channel, to_ticks(row.created_at), row.content)


def attachment_values(row: AttachmentRow) -> Values:
    """The row of ``cf_attachment``."""
    return (row.case_id, row.number, to_ticks(row.created_at), row.size, row.facts, row.content)


def schedule_values(row: ScheduleRow) -> Values:
    """The row of ``cf_schedule``: no column is NULL, so that one row can be compared with another."""
    rounds = _WITHOUT_END if row.rounds is None else row.rounds
    set_at, due_at = to_ticks(row.set_at), due_order(row.due_at)
    return (row.process, row.element, row.bundle, row.timer, set_at, due_at, rounds)


def read_case(record: Sequence[Any]) -> CaseRow:
    """From all columns of ``cf_case`` in their order, and the wrapped key."""
    case_id, process, bundle, key, status, version, created_at, updated_at, *rest = record
    state, length, head, keep_until, looked_at, held, sealed_key = rest
    return CaseRow(
        case_id,
        process,
        bundle,
        key,
        status,
        version,
        to_moment(created_at),
        to_moment(updated_at),
        bytes(state),
        length,
        bytes(head),
        None if sealed_key is None else bytes(sealed_key),
        _to_moment_or_none(keep_until),
        _to_moment_or_none(looked_at),
        bool(held),
    )


def read_task(record: Sequence[Any]) -> TaskRow:
    """From all columns of ``cf_task`` in their order."""
    *head, groups, users, assignee, priority, created_at, due_at, follow_up_at, provisional, bundle = record
    case_id, token, process, element = head
    return TaskRow(
        case_id,
        token,
        process,
        element,
        _to_names(groups),
        _to_names(users),
        assignee,
        priority,
        to_moment(created_at),
        None if due_at == NEVER else to_moment(due_at),
        _to_moment_or_none(follow_up_at),
        bool(provisional),
        bundle,
    )


def read_timer(record: Sequence[Any]) -> TimerRow:
    """From all columns of ``cf_timer`` in their order."""
    case_id, token, element, due_at, deadline, provisional = record
    return TimerRow(case_id, token, element, to_moment(due_at), deadline, bool(provisional))


def read_subscription(record: Sequence[Any]) -> SubscriptionRow:
    """From the first six columns of ``cf_subscription``."""
    return SubscriptionRow(*record)


def read_job(record: Sequence[Any]) -> JobRow:
    """From the first seven columns of ``cf_job``."""
    case_id, token, kind, element, attempt, retries, due_at = record
    return JobRow(case_id, token, kind, element, attempt, retries, _to_moment_or_none(due_at))


def read_incident(record: Sequence[Any]) -> IncidentRow:
    """From all columns of ``cf_incident`` in their order."""
    case_id, token, kind, element, created_at, detail = record
    return IncidentRow(case_id, token, kind, element, to_moment(created_at), bytes(detail))


def read_history(record: Sequence[Any]) -> HistoryRow:
    """From all columns of ``cf_history`` in their order."""
    case_id, seq, at, event, element, token, detail, digest, name, value = record
    return HistoryRow(case_id, seq, to_moment(at), event, element, token, bytes(detail), bytes(digest), name, value)


def read_notice(record: Sequence[Any]) -> NoticeRow:
    """From the columns of ``cf_notice`` after its number."""
    case_id, token, name, channel, created_at, content = record
    return NoticeRow(case_id, token, name, channel, to_moment(created_at), bytes(content))


def read_attachment(record: Sequence[Any]) -> AttachmentRow:
    """From the columns of ``cf_attachment`` but for the content."""
    case_id, number, created_at, size, facts = record
    return AttachmentRow(case_id, number, to_moment(created_at), size, bytes(facts))


def read_schedule(record: Sequence[Any]) -> ScheduleRow:
    """From all columns of ``cf_schedule`` in their order."""
    process, element, bundle, timer, set_at, due_at, rounds = record
    due = None if due_at == NEVER else to_moment(due_at)
    left = None if rounds == _WITHOUT_END else rounds
    return ScheduleRow(process, element, bundle, timer, to_moment(set_at), due, left)
