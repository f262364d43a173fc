"""The questions that are put together from optional conditions: text of this file, and question marks for values."""

# ruff: noqa: S608  (the text has words of this file and question marks alone)

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from complaintflow.adapters.sql.encoding import Query
from complaintflow.adapters.sql.tables import incident, task
from complaintflow.store.ticks import to_ticks

_LAST_CHARACTER: Final = "\U0010ffff"
_TASK: Final = ", ".join(f"cf_task.{name}" for name in task.names)
_INBOX: Final = (
    "cf_task_group JOIN cf_task ON cf_task.case_id = cf_task_group.case_id AND cf_task.token = cf_task_group.token"
)
_IN_ONE_OF: Final = (
    "EXISTS (SELECT 1 FROM cf_task_group AS other WHERE other.case_id = cf_task.case_id"
    " AND other.token = cf_task.token AND other.kind = 'g' AND other.name IN ({}))"
)


def case_ids(process: str | None, key: str | None, status: str | None, prefix: str | None, limit: int) -> Query:
    """Ids of cases, newest first."""
    asked = (("process = ?", process), ("key = ?", key), ("status = ?", status))
    conditions = [(condition, wanted) for condition, wanted in asked if wanted is not None]
    if prefix:
        # A range, not LIKE: it takes any character literally and uses the primary key on both databases.
        conditions += [("id >= ?", prefix), ("id <= ?", prefix + _LAST_CHARACTER)]
    where, given = _where(conditions)
    return f"SELECT id FROM cf_case{where} ORDER BY created_at DESC, id DESC LIMIT ?", (*given, limit)


def provisional_cases(true: str, after: str, limit: int) -> Query:
    """Ids of cases with a provisional timer or task, in order; ``true`` is the database's own word."""
    moving = " UNION ".join(
        f"SELECT case_id FROM {table} WHERE provisional IS {true} AND case_id > ?" for table in ("cf_task", "cf_timer")
    )
    return f"SELECT case_id FROM ({moving}) AS moving ORDER BY case_id LIMIT ?", (after, after, limit)


def incidents(case_id: str | None, limit: int) -> Query:
    """Open incidents, oldest first."""
    where, given = _where([] if case_id is None else [("case_id = ?", case_id)])
    columns = ", ".join(incident.names)
    return f"SELECT {columns} FROM cf_incident{where} ORDER BY created_at, case_id, token LIMIT ?", (*given, limit)


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
) -> Query:
    """Open tasks in the order of an inbox.

    With ``group`` or ``user`` it walks that inbox in its index and stops at ``limit``; ``groups`` only filters.
    """
    inbox, source = ("cf_task", "cf_task") if group is None and user is None else ("cf_task_group", _INBOX)
    conditions: list[tuple[str, Any]] = []
    if source == _INBOX:
        conditions += [(f"{inbox}.kind = ?", "u" if group is None else "g")]
        conditions += [(f"{inbox}.name = ?", user if group is None else group)]
    if case_id is not None:
        conditions.append((f"{inbox}.case_id = ?", case_id))
    if token is not None:
        conditions.append((f"{inbox}.token = ?", token))
    if process is not None:
        conditions.append(("cf_task.process = ?", process))
    if due_before is not None:
        conditions.append((f"{inbox}.due_at < ?", to_ticks(due_before)))
    where, given = _where(conditions)
    if groups is not None:
        where += (" AND " if where else " WHERE ") + _IN_ONE_OF.format(", ".join("?" * len(groups)) or "NULL")
        given += tuple(groups)
    order = f"{inbox}.due_at, {inbox}.priority DESC, {inbox}.created_at, {inbox}.case_id, {inbox}.token"
    bound, most = ("", ()) if limit is None else (" LIMIT ?", (limit,))
    return f"SELECT {_TASK} FROM {source}{where} ORDER BY {order}{bound}", (*given, *most)


def _where(conditions: Sequence[tuple[str, Any]]) -> Query:
    """`` WHERE ...`` of all conditions, or nothing."""
    if not conditions:
        return "", ()
    return " WHERE " + " AND ".join(condition for condition, _ in conditions), tuple(value for _, value in conditions)
