"""The SQL of the hot path: constant strings, so that the driver prepares each once.

A statement stands here when it never varies; what is put together from optional conditions is in ``queries``.
Parameters are question marks, as SQLite wants them; ``postgres`` rewrites them.
"""

from __future__ import annotations

from typing import Final

from complaintflow.adapters.sql import tables
from complaintflow.adapters.sql.tables import Table


def _columns(table: Table, without: tuple[str, ...] = ()) -> list[str]:
    return [name for name in table.names if name not in without]


def _insert(table: Table, without: tuple[str, ...] = ()) -> str:
    names = _columns(table, without)
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608


def _replace(table: Table) -> str:
    changes = ", ".join(f"{name} = excluded.{name}" for name in _columns(table, tuple(table.keys)))
    return f"{_insert(table)} ON CONFLICT ({', '.join(table.keys)}) DO UPDATE SET {changes}"


def _delete(table: Table, column: str = "token") -> str:
    return f"DELETE FROM {table.name} WHERE case_id = ? AND {column} = ?"  # noqa: S608


def _select(table: Table, rest: str, without: tuple[str, ...] = ()) -> str:
    return f"SELECT {', '.join(_columns(table, without))} FROM {table.name} {rest}"  # noqa: S608


ADD_CASE: Final = _insert(tables.case) + " ON CONFLICT DO NOTHING"
SAVE_CASE: Final = (
    "UPDATE cf_case SET bundle = ?, key = ?, status = ?, version = ?, updated_at = ?, state = ?,"
    " length = ?, head = ?, keep_until = ?, looked_at = ?, held = ? WHERE id = ? AND version = ?"
)
# The same parameters where no indexed column moves, as in nearly every step: SQLite writes an index anew for a column
# that is merely set to what it was.
STEP_CASE: Final = (
    "UPDATE cf_case SET bundle = ?1, version = ?4, updated_at = ?5, state = ?6, length = ?7, head = ?8,"
    " looked_at = ?10, held = ?11 WHERE id = ?12 AND version = ?13 AND key IS ?2 AND status = ?3 AND keep_until IS ?9"
)
CASE: Final = (
    f"SELECT {', '.join(_columns(tables.case))}, sealed_key, tick, total"  # noqa: S608
    " FROM cf_case LEFT JOIN cf_key ON case_id = id LEFT JOIN cf_anchor ON shard = ? WHERE id = ?"
)
CASE_WITH_KEY: Final = "SELECT id FROM cf_case WHERE key = ? AND process = ?"

ANCHOR: Final = _select(tables.anchor, "WHERE shard = ?")
ADD_ANCHOR: Final = _insert(tables.anchor) + " ON CONFLICT DO NOTHING"
SAVE_ANCHOR: Final = "UPDATE cf_anchor SET tick = ?, total = ? WHERE shard = ? AND tick = ?"

ADD_KEY: Final = _insert(tables.key)
RESEAL: Final = "UPDATE cf_key SET sealed_key = ? WHERE case_id = ? AND sealed_key = ?"
SEALED_KEYS: Final = _select(tables.key, "WHERE case_id > ? ORDER BY case_id LIMIT ?")
SHRED: Final = (
    "DELETE FROM cf_key WHERE case_id = ?",
    "DELETE FROM cf_value WHERE case_id = ?",
    "DELETE FROM cf_notice WHERE case_id = ?",
    "DELETE FROM cf_incident WHERE case_id = ?",
    "DELETE FROM cf_attachment WHERE case_id = ?",
    "DELETE FROM cf_receipt WHERE case_id = ?",
)
KEPT_UNTIL: Final = (
    "SELECT id FROM cf_case JOIN cf_key ON case_id = id WHERE keep_until <= ? AND id > ? ORDER BY id LIMIT ?"
)

LOOK: Final = "UPDATE cf_case SET looked_at = ? WHERE id = ? AND version = ?"
CASES: Final = (
    f"SELECT {', '.join(_columns(tables.case))}, sealed_key"  # noqa: S608
    " FROM cf_case LEFT JOIN cf_key ON case_id = id WHERE id > ? ORDER BY id LIMIT ?"
)

WRAPPED: Final = "SELECT wrapped FROM cf_secret WHERE name = ?"
ADD_WRAPPED: Final = _insert(tables.secret) + " ON CONFLICT DO NOTHING"
SET_WRAPPED: Final = _replace(tables.secret)

OPEN_TASK: Final = _replace(tables.task)
OPEN_INBOX: Final = _insert(tables.task_group)
OPEN_TIMER: Final = _replace(tables.timer)
OPEN_SUBSCRIPTION: Final = _replace(tables.subscription)
OPEN_JOB: Final = _replace(tables.job)
OPEN_INCIDENT: Final = _replace(tables.incident)

CLOSE_TASK: Final = _delete(tables.task)
CLOSE_INBOX: Final = _delete(tables.task_group)
CLOSE_TIMER: Final = _delete(tables.timer)
CLOSE_SUBSCRIPTION: Final = _delete(tables.subscription)
CLOSE_JOB: Final = _delete(tables.job)
CLOSE_INCIDENT: Final = _delete(tables.incident)

ADD_HISTORY: Final = _insert(tables.history)
ADD_NOTICE: Final = _insert(tables.notice, without=("id",))
SET_VALUE: Final = _replace(tables.value)
DROP_VALUE: Final = _delete(tables.value, "name")
ADD_ATTACHMENT: Final = _insert(tables.attachment)
ADD_RECEIPT: Final = _insert(tables.receipt)
ADD_BUNDLE: Final = _insert(tables.bundle) + " ON CONFLICT DO NOTHING"

BUNDLE: Final = "SELECT content FROM cf_bundle WHERE digest = ?"
VALUES: Final = "SELECT name, content FROM cf_value WHERE case_id = ?"
TASKS: Final = _select(tables.task, "WHERE case_id = ? ORDER BY due_at, priority DESC, created_at, token")
TIMERS: Final = _select(tables.timer, "WHERE case_id = ? ORDER BY due_at, token")
SUBSCRIPTIONS: Final = _select(tables.subscription, "WHERE case_id = ? ORDER BY token", without=("case_created_at",))
JOBS: Final = _select(tables.job, "WHERE case_id = ? ORDER BY token", without=("ready_at", "owner"))
HISTORY: Final = _select(tables.history, "WHERE case_id = ? AND seq > ? ORDER BY seq")
NOTICES: Final = _select(tables.notice, "WHERE case_id = ? ORDER BY id", without=("id",))
DUE_TIMERS: Final = _select(tables.timer, "WHERE due_at <= ? ORDER BY due_at, case_id, token LIMIT ?")

_EACH: Final = [f"{name} = ?" for name in _columns(tables.schedule)]
_SAME: Final = " AND ".join(_EACH)
ADD_SCHEDULE: Final = _insert(tables.schedule) + " ON CONFLICT DO NOTHING"
MOVE_SCHEDULE: Final = f"UPDATE cf_schedule SET {', '.join(_EACH)} WHERE {_SAME}"  # noqa: S608
DROP_SCHEDULE: Final = f"DELETE FROM cf_schedule WHERE {_SAME}"  # noqa: S608
SCHEDULES: Final = _select(tables.schedule, "ORDER BY process, element")
SCHEDULES_OF: Final = _select(tables.schedule, "WHERE process = ? ORDER BY element")
DUE_SCHEDULES: Final = _select(tables.schedule, "WHERE due_at <= ? ORDER BY due_at, process, element LIMIT ?")

GIVE_BACK: Final = "UPDATE cf_job SET ready_at = ?, owner = NULL WHERE case_id = ? AND token = ? AND owner = ?"

_READY: Final = (
    "ready_at <= ? AND type NOT IN (SELECT value FROM json_each(?)) ORDER BY ready_at, due_at, case_id, token LIMIT ?"
)
READY_JOBS: Final = _select(tables.job, f"WHERE {_READY}", without=("ready_at", "owner"))
READY_JOBS_OF: Final = _select(tables.job, f"WHERE case_id = ? AND {_READY}", without=("ready_at", "owner"))
HOLD_JOB: Final = "UPDATE cf_job SET ready_at = ?, owner = ? WHERE case_id = ? AND token = ?"

WAITING: Final = _select(
    tables.subscription,
    "WHERE kind = ? AND name = ? AND key = ? ORDER BY case_created_at, case_id, token",
    without=("case_created_at",),
)
WAITING_WITHOUT_KEY: Final = WAITING.replace("key = ?", "key IS NULL")

ATTACHMENTS: Final = _select(tables.attachment, "WHERE case_id = ? ORDER BY number", without=("content",))
ATTACHMENT: Final = "SELECT content FROM cf_attachment WHERE case_id = ? AND number = ?"
RECEIPT: Final = "SELECT case_id FROM cf_receipt WHERE digest = ?"
COUNT_TRIES: Final = (
    "INSERT INTO cf_tries (begun_at, number) VALUES (?, ?)"
    " ON CONFLICT (begun_at) DO UPDATE SET number = cf_tries.number + excluded.number RETURNING number"
)
FORGET_TRIES: Final = "DELETE FROM cf_tries WHERE begun_at < ?"

BEAT: Final = _replace(tables.worker)
FORGET_WORKERS: Final = "DELETE FROM cf_worker WHERE seen_at < ?"
STAMPS: Final = "SELECT version_num FROM cf_schema"

NEXT_DUE: Final = (
    "SELECT (SELECT min(due_at) FROM cf_timer), (SELECT min(due_at) FROM cf_schedule),"
    " (SELECT min(ready_at) FROM cf_job WHERE ready_at IS NOT NULL)"
)
BACKLOG: Final = (
    "SELECT (SELECT count(*) FROM cf_timer WHERE due_at <= ?) + (SELECT count(*) FROM cf_schedule WHERE due_at <= ?),"
    " (SELECT count(*) FROM cf_job WHERE ready_at IS NOT NULL AND due_at <= ?),"
    " (SELECT min(due_at) FROM cf_timer WHERE due_at <= ?), (SELECT min(due_at) FROM cf_schedule WHERE due_at <= ?),"
    " (SELECT min(due_at) FROM cf_job WHERE ready_at IS NOT NULL AND due_at <= ?),"
    " (SELECT count(*) FROM cf_worker WHERE seen_at >= ?)"
)
