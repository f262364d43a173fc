"""The questions that are put together from optional conditions, as SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, select, union

from complaintflow.adapters.sql.encoding import to_ticks
from complaintflow.adapters.sql.tables import case, incident, task, task_group, timer

_LAST_CHARACTER = "\U0010ffff"


def case_ids(process: str | None, key: str | None, status: str | None, prefix: str | None, limit: int) -> Select[Any]:
    """Ids of cases, newest first."""
    query = select(case.c.id).order_by(case.c.created_at.desc(), case.c.id.desc()).limit(limit)
    for column, wanted in ((case.c.process, process), (case.c.key, key), (case.c.status, status)):
        if wanted is not None:
            query = query.where(column == wanted)
    if prefix:
        # A range, not LIKE: it takes any character literally and uses the primary key on both databases.
        query = query.where(case.c.id >= prefix, case.c.id <= prefix + _LAST_CHARACTER)
    return query


def provisional_cases(after: str, limit: int) -> Select[Any]:
    """Ids of cases with a provisional timer or task, in order."""
    found = (
        select(table.c.case_id).where(table.c.provisional.is_(True), table.c.case_id > after) for table in (task, timer)
    )
    moving = union(*found).subquery()
    return select(moving.c.case_id).order_by(moving.c.case_id).limit(limit)


def incidents(case_id: str | None, limit: int) -> Select[Any]:
    """Open incidents, oldest first."""
    query = select(incident).order_by(incident.c.created_at, incident.c.case_id, incident.c.token).limit(limit)
    return query if case_id is None else query.where(incident.c.case_id == case_id)


def tasks(
    *,
    case_id: str | None,
    token: int | None,
    process: str | None,
    due_before: datetime | None,
    limit: int | None,
    group: str | None = None,
    groups: Sequence[str] | None = None,
    user: str | None = None,
) -> Select[Any]:
    """Open tasks in the order of an inbox.

    With ``group`` or ``user`` it walks that inbox in its index and stops at ``limit``; ``groups`` only filters.
    """
    inbox = task_group if group is not None or user is not None else task
    query = select(task)
    conditions: list[ColumnElement[bool]] = []
    if inbox is task_group:
        conditions += [
            task_group.c.kind == ("u" if group is None else "g"),
            task_group.c.name == (user if group is None else group),
        ]
        same = and_(task.c.case_id == task_group.c.case_id, task.c.token == task_group.c.token)
        query = query.select_from(task_group.join(task, same))
    if case_id is not None:
        conditions.append(inbox.c.case_id == case_id)
    if token is not None:
        conditions.append(inbox.c.token == token)
    if process is not None:
        conditions.append(task.c.process == process)
    if due_before is not None:
        conditions.append(inbox.c.due_at < to_ticks(due_before))
    if groups is not None:
        conditions.append(_in_one_of(groups))
    order = (inbox.c.due_at, inbox.c.priority.desc(), inbox.c.created_at, inbox.c.case_id, inbox.c.token)
    return query.where(*conditions).order_by(*order).limit(limit)


def _in_one_of(groups: Sequence[str]) -> ColumnElement[bool]:
    other = task_group.alias()
    same = and_(other.c.case_id == task.c.case_id, other.c.token == task.c.token)
    return exists().where(same, other.c.kind == "g", other.c.name.in_(list(groups)))
