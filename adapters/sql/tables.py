"""The tables: one for each record of ``complaintflow.store.rows``, and an index for each question of the port.

Times are whole microseconds since 1970 in UTC, so that both databases compare and keep them exactly. Where a sort
puts rows without a time last, the column holds ``NEVER`` in place of NULL and the index needs no second look.

Text compares by code point on both databases ("C" collation on PostgreSQL): one order everywhere, and a prefix is a
range.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

NEVER: Final = 2**63 - 1
"""A time that no row reaches: later than the year 9999."""

REVISION: Final = "0006"
"""The newest migration: what a fresh database is stamped with. Revisions are numbers of four digits, in order."""

MOVING: Final = ".moving"
"""Behind the revision in the stamp while its data move (``migrating``)."""

metadata = MetaData()

_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
_NUMBER = BigInteger()
_MOMENT = BigInteger()
# SQLite keeps a small row inside its primary key: one tree to write in place of two.
_IN_THE_KEY: Final[dict[str, Any]] = {"sqlite_with_rowid": False}


def _of_a_token(name: str, *columns: Column[Any]) -> Table:
    """A table whose rows belong to one visit of one node of one case."""
    case_id = Column("case_id", _TEXT, ForeignKey("cf_case.id", ondelete="CASCADE"), primary_key=True)
    token = Column("token", _NUMBER, primary_key=True, autoincrement=False)
    return Table(name, metadata, case_id, token, *columns, **_IN_THE_KEY)


schema = Table("cf_schema", metadata, Column("version_num", String(32), primary_key=True))

case = Table(
    "cf_case",
    metadata,
    Column("id", _TEXT, primary_key=True),
    Column("process", _TEXT, nullable=False),
    Column("bundle", _TEXT, nullable=False),
    Column("key", _TEXT),
    Column("status", _TEXT, nullable=False),
    Column("version", _NUMBER, nullable=False),
    Column("created_at", _MOMENT, nullable=False),
    Column("updated_at", _MOMENT, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Column("length", _NUMBER, nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("keep_until", _MOMENT),
    Column("looked_at", _MOMENT),
    Column("held", Boolean, nullable=False),
)
_has_key = case.c.key.is_not(None)
Index("cf_case_key", case.c.key, case.c.process, unique=True, sqlite_where=_has_key)
_will_end = case.c.keep_until.is_not(None)
Index("cf_case_kept", case.c.keep_until, case.c.id, sqlite_where=_will_end)
Index("cf_case_newest", case.c.created_at, case.c.id, case.c.status, case.c.process)

# A case's own key, wrapped. Written once and never moved, so that it is gone for good when it is deleted.
key = Table(
    "cf_key",
    metadata,
    Column("case_id", _TEXT, ForeignKey("cf_case.id", ondelete="CASCADE"), primary_key=True),
    Column("sealed_key", LargeBinary, nullable=False),
    **_IN_THE_KEY,
)

secret = Table(
    "cf_secret",
    metadata,
    Column("name", _TEXT, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
)

anchor = Table(
    "cf_anchor",
    metadata,
    Column("shard", Integer, primary_key=True, autoincrement=False),
    Column("tick", _NUMBER, nullable=False),
    Column("total", LargeBinary, nullable=False),
)

task = _of_a_token(
    "cf_task",
    Column("process", _TEXT, nullable=False),
    Column("element", _TEXT, nullable=False),
    Column("groups", _TEXT, nullable=False),
    Column("users", _TEXT, nullable=False),
    Column("assignee", _TEXT),
    Column("priority", Integer, nullable=False),
    Column("created_at", _MOMENT, nullable=False),
    Column("due_at", _MOMENT, nullable=False),
    Column("follow_up_at", _MOMENT),
    Column("provisional", Boolean, nullable=False),
    # Rows from before the column have it filled in by the migration; its default stays.
    Column("bundle", _TEXT, nullable=False, server_default=""),
)
_task_moves = task.c.provisional.is_(True)
Index("cf_task_provisional", task.c.case_id, sqlite_where=_task_moves)
Index("cf_task_due", task.c.due_at, task.c.priority.desc(), task.c.created_at, task.c.case_id, task.c.token)

# Who finds a task in which inbox: a row for each group ('g'), candidate user and assignee ('u'), with the sort key.
task_group = _of_a_token(
    "cf_task_group",
    Column("kind", _TEXT, primary_key=True),
    Column("name", _TEXT, primary_key=True),
    Column("due_at", _MOMENT, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("created_at", _MOMENT, nullable=False),
)
Index(
    "cf_task_group_inbox",
    task_group.c.kind,
    task_group.c.name,
    task_group.c.due_at,
    task_group.c.priority.desc(),
    task_group.c.created_at,
    task_group.c.case_id,
    task_group.c.token,
)

timer = _of_a_token(
    "cf_timer",
    Column("element", _TEXT, nullable=False),
    Column("due_at", _MOMENT, nullable=False),
    Column("deadline", _TEXT),
    Column("provisional", Boolean, nullable=False),
)
_timer_moves = timer.c.provisional.is_(True)
Index("cf_timer_provisional", timer.c.case_id, sqlite_where=_timer_moves)
Index("cf_timer_due", timer.c.due_at, timer.c.case_id, timer.c.token)

subscription = _of_a_token(
    "cf_subscription",
    Column("kind", _TEXT, nullable=False),
    Column("name", _TEXT, nullable=False),
    Column("key", _TEXT),
    Column("element", _TEXT, nullable=False),
    Column("case_created_at", _MOMENT, nullable=False),
)
Index(
    "cf_subscription_waiting",
    subscription.c.kind,
    subscription.c.name,
    subscription.c.key,
    subscription.c.case_created_at,
    subscription.c.case_id,
    subscription.c.token,
)

# ready_at is when somebody may take the job: due_at at first, the end of the lease while it is held.
job = _of_a_token(
    "cf_job",
    Column("type", _TEXT, nullable=False),
    Column("element", _TEXT, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("due_at", _MOMENT),
    Column("ready_at", _MOMENT),
    Column("owner", _TEXT),
)
_may_start = job.c.ready_at.is_not(None)
Index(
    "cf_job_ready",
    job.c.ready_at,
    job.c.due_at,
    job.c.case_id,
    job.c.token,
    sqlite_where=_may_start,
)

incident = _of_a_token(
    "cf_incident",
    Column("kind", _TEXT, nullable=False),
    Column("element", _TEXT, nullable=False),
    Column("created_at", _MOMENT, nullable=False),
    Column("detail", LargeBinary, nullable=False),
)
Index("cf_incident_oldest", incident.c.created_at, incident.c.case_id, incident.c.token)

history = Table(
    "cf_history",
    metadata,
    Column("case_id", _TEXT, ForeignKey("cf_case.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", _NUMBER, primary_key=True, autoincrement=False),
    Column("at", _MOMENT, nullable=False),
    Column("event", _TEXT, nullable=False),
    Column("element", _TEXT),
    Column("token", _NUMBER),
    Column("detail", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("name", _TEXT),
    Column("value", _TEXT),
    **_IN_THE_KEY,
)
# What is counted is read from these and never from the table, each entry from the one that has it in a useful order:
# facts by case, so that the last of a case stands at the end of its run; promises by the time they are due; all others
# by their time. A time of promises is found without the years before, and no entry is in two but a promise that moved.
COUNTED: Final = "name IS NOT NULL AND event NOT IN ('fact', 'promised', 'kept', 'broken', 'dropped')"
FACTS: Final = "event = 'fact'"
PROMISES: Final = "event IN ('promised', 'moved', 'kept', 'broken', 'dropped')"
_entry = history.c
Index(
    "cf_history_counted",
    *(_entry.event, _entry.name, _entry.at, _entry.case_id, _entry.seq, _entry.token, _entry.value),
    sqlite_where=text(COUNTED),
)
Index(
    "cf_history_fact",
    *(_entry.name, _entry.case_id, _entry.at, _entry.seq, _entry.value, _entry.token, _entry.event),
    sqlite_where=text(FACTS),
)
Index(
    "cf_history_promise",
    *(_entry.name, _entry.value, _entry.case_id, _entry.token, _entry.seq, _entry.at, _entry.event),
    sqlite_where=text(PROMISES),
)

notice = Table(
    "cf_notice",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("case_id", _TEXT, ForeignKey("cf_case.id", ondelete="CASCADE"), nullable=False),
    Column("token", _NUMBER, nullable=False),
    Column("name", _TEXT, nullable=False),
    Column("channel", _TEXT, nullable=False),
    Column("created_at", _MOMENT, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
Index("cf_notice_case", notice.c.case_id, notice.c.id)

value = Table(
    "cf_value",
    metadata,
    Column("case_id", _TEXT, ForeignKey("cf_case.id", ondelete="CASCADE"), primary_key=True),
    Column("name", _TEXT, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

# The content stands last: a list of attachments never reads it.
attachment = Table(
    "cf_attachment",
    metadata,
    Column("case_id", _TEXT, ForeignKey("cf_case.id", ondelete="CASCADE"), primary_key=True),
    Column("number", _NUMBER, primary_key=True, autoincrement=False),
    Column("created_at", _MOMENT, nullable=False),
    Column("size", _NUMBER, nullable=False),
    Column("facts", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

receipt = Table(
    "cf_receipt",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("case_id", _TEXT, ForeignKey("cf_case.id", ondelete="CASCADE"), nullable=False),
    **_IN_THE_KEY,
)
Index("cf_receipt_case", receipt.c.case_id)

# How many receipts were tried in a window of time, by whomever.
tries = Table(
    "cf_tries",
    metadata,
    Column("begun_at", _MOMENT, primary_key=True, autoincrement=False),
    Column("number", _NUMBER, nullable=False),
)

bundle = Table(
    "cf_bundle",
    metadata,
    Column("digest", _TEXT, primary_key=True),
    Column("process", _TEXT, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

worker = Table(
    "cf_worker",
    metadata,
    Column("owner", _TEXT, primary_key=True),
    Column("seen_at", _MOMENT, nullable=False),
)

# Start events that the clock sets off.
schedule = Table(
    "cf_schedule",
    metadata,
    Column("process", _TEXT, primary_key=True),
    Column("element", _TEXT, primary_key=True),
    Column("bundle", _TEXT, nullable=False),
    Column("timer", _TEXT, nullable=False),
    Column("set_at", _MOMENT, nullable=False),
    Column("due_at", _MOMENT, nullable=False),
    Column("rounds", _NUMBER, nullable=False),
    **_IN_THE_KEY,
)
Index("cf_schedule_due", schedule.c.due_at, schedule.c.process, schedule.c.element)

__all__ = [
    "MOVING",
    "NEVER",
    "REVISION",
    "anchor",
    "attachment",
    "bundle",
    "case",
    "history",
    "incident",
    "job",
    "key",
    "metadata",
    "notice",
    "receipt",
    "schedule",
    "schema",
    "secret",
    "subscription",
    "task",
    "task_group",
    "timer",
    "tries",
    "value",
    "worker",
]


def for_postgresql() -> None:
    """Give tables and indexes their options for PostgreSQL: SQLAlchemy loads a dialect with the first option for it."""
    for table in (case, anchor):
        # A row that is rewritten with every step finds room on its own page, and the indexes stay as they are.
        table.dialect_kwargs["postgresql_with"] = {"fillfactor": 50}
    for index in (index for table in metadata.sorted_tables for index in table.indexes):
        condition = index.dialect_options["sqlite"]["where"]
        if condition is not None:
            index.dialect_kwargs["postgresql_where"] = condition
