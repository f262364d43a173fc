"""The tables: one for each record of ``complaintflow.store.rows``, and an index for each question of the port.

Times are whole microseconds since 1970 in UTC, so that both databases compare and keep them exactly. Where a sort
puts rows without a time last, the column holds ``NEVER`` in place of NULL and the index needs no second look.

Text compares by code point on both databases ("C" collation on PostgreSQL): one order everywhere, and a prefix is a
range. They are plain records, for a library that could describe them takes longer to load than a first case to run.
"""

from __future__ import annotations

from typing import Final, NamedTuple

NEVER: Final = 2**63 - 1
"""A time that no row reaches: later than the year 9999."""

REVISION: Final = "0006"
"""The newest migration: what a fresh database is stamped with. Revisions are numbers of four digits, in order."""

MOVING: Final = ".moving"
"""Behind the revision in the stamp while its data move (``migrating``)."""

TEXT, STAMP, NUMBER, SMALL, SERIAL, BYTES, FLAG = "text", "stamp", "number", "small", "serial", "bytes", "flag"
"""What a column holds; ``ddl`` has each database's word for it."""


class Column(NamedTuple):
    """A column: NOT NULL, unless ``null``; ``of_case`` refers to ``cf_case`` and goes with it."""

    name: str
    type: str
    key: bool = False
    null: bool = False
    of_case: bool = False
    default: str | None = None


class Index(NamedTuple):
    """An index; ``{true}`` in its condition stands for the database's own word."""

    name: str
    columns: str
    where: str | None = None
    unique: bool = False


class Table(NamedTuple):
    """A table.

    Attributes:
        in_the_key: SQLite keeps a small row inside its primary key: one tree to write in place of two.
        rewritten: a row is rewritten with every step, and finds room on its own page on PostgreSQL, where the indexes
            then stay as they are.
    """

    name: str
    columns: tuple[Column, ...]
    indexes: tuple[Index, ...] = ()
    in_the_key: bool = False
    rewritten: bool = False

    @property
    def names(self) -> list[str]:
        """The columns' names, in order."""
        return [column.name for column in self.columns]

    @property
    def keys(self) -> list[str]:
        """Those of the primary key."""
        return [column.name for column in self.columns if column.key]


_CASE_ID = Column("case_id", TEXT, key=True, of_case=True)


def _of_a_token(name: str, *columns: Column, indexes: tuple[Index, ...] = ()) -> Table:
    """A table whose rows belong to one visit of one node of one case."""
    return Table(name, (_CASE_ID, Column("token", NUMBER, key=True), *columns), indexes, in_the_key=True)


schema = Table("cf_schema", (Column("version_num", STAMP, key=True),))

case = Table(
    "cf_case",
    (
        Column("id", TEXT, key=True),
        Column("process", TEXT),
        Column("bundle", TEXT),
        Column("key", TEXT, null=True),
        Column("status", TEXT),
        Column("version", NUMBER),
        Column("created_at", NUMBER),
        Column("updated_at", NUMBER),
        Column("state", BYTES),
        Column("length", NUMBER),
        Column("head", BYTES),
        Column("keep_until", NUMBER, null=True),
        Column("looked_at", NUMBER, null=True),
        Column("held", FLAG),
    ),
    (
        Index("cf_case_key", "key, process", "key IS NOT NULL", unique=True),
        Index("cf_case_kept", "keep_until, id", "keep_until IS NOT NULL"),
        Index("cf_case_newest", "created_at, id, status, process"),
    ),
    rewritten=True,
)

# A case's own key, wrapped. Written once and never moved, so that it is gone for good when it is deleted.
key = Table("cf_key", (_CASE_ID, Column("sealed_key", BYTES)), in_the_key=True)

secret = Table("cf_secret", (Column("name", TEXT, key=True), Column("wrapped", BYTES)))

anchor = Table(
    "cf_anchor",
    (Column("shard", SMALL, key=True), Column("tick", NUMBER), Column("total", BYTES)),
    rewritten=True,
)

task = _of_a_token(
    "cf_task",
    Column("process", TEXT),
    Column("element", TEXT),
    Column("groups", TEXT),
    Column("users", TEXT),
    Column("assignee", TEXT, null=True),
    Column("priority", SMALL),
    Column("created_at", NUMBER),
    Column("due_at", NUMBER),
    Column("follow_up_at", NUMBER, null=True),
    Column("provisional", FLAG),
    # Rows from before the column have it filled in by the migration; its default stays.
    Column("bundle", TEXT, default=""),
    indexes=(
        Index("cf_task_provisional", "case_id", "provisional IS {true}"),
        Index("cf_task_due", "due_at, priority DESC, created_at, case_id, token"),
    ),
)

# Who finds a task in which inbox: a row for each group ('g'), candidate user and assignee ('u'), with the sort key.
task_group = _of_a_token(
    "cf_task_group",
    Column("kind", TEXT, key=True),
    Column("name", TEXT, key=True),
    Column("due_at", NUMBER),
    Column("priority", SMALL),
    Column("created_at", NUMBER),
    indexes=(Index("cf_task_group_inbox", "kind, name, due_at, priority DESC, created_at, case_id, token"),),
)

timer = _of_a_token(
    "cf_timer",
    Column("element", TEXT),
    Column("due_at", NUMBER),
    Column("deadline", TEXT, null=True),
    Column("provisional", FLAG),
    indexes=(
        Index("cf_timer_provisional", "case_id", "provisional IS {true}"),
        Index("cf_timer_due", "due_at, case_id, token"),
    ),
)

subscription = _of_a_token(
    "cf_subscription",
    Column("kind", TEXT),
    Column("name", TEXT),
    Column("key", TEXT, null=True),
    Column("element", TEXT),
    Column("case_created_at", NUMBER),
    indexes=(Index("cf_subscription_waiting", "kind, name, key, case_created_at, case_id, token"),),
)

# ready_at is when somebody may take the job: due_at at first, the end of the lease while it is held.
job = _of_a_token(
    "cf_job",
    Column("type", TEXT),
    Column("element", TEXT),
    Column("attempt", SMALL),
    Column("retries", SMALL),
    Column("due_at", NUMBER, null=True),
    Column("ready_at", NUMBER, null=True),
    Column("owner", TEXT, null=True),
    indexes=(Index("cf_job_ready", "ready_at, due_at, case_id, token", "ready_at IS NOT NULL"),),
)

incident = _of_a_token(
    "cf_incident",
    Column("kind", TEXT),
    Column("element", TEXT),
    Column("created_at", NUMBER),
    Column("detail", BYTES),
    indexes=(Index("cf_incident_oldest", "created_at, case_id, token"),),
)

# What is counted is read from these and never from the table, each entry from the one that has it in a useful order:
# facts by case, so that the last of a case stands at the end of its run; promises by the time they are due; all others
# by their time. A time of promises is found without the years before, and no entry is in two but a promise that moved.
COUNTED: Final = "name IS NOT NULL AND event NOT IN ('fact', 'promised', 'kept', 'broken', 'dropped')"
FACTS: Final = "event = 'fact'"
PROMISES: Final = "event IN ('promised', 'moved', 'kept', 'broken', 'dropped')"

history = Table(
    "cf_history",
    (
        _CASE_ID,
        Column("seq", NUMBER, key=True),
        Column("at", NUMBER),
        Column("event", TEXT),
        Column("element", TEXT, null=True),
        Column("token", NUMBER, null=True),
        Column("detail", BYTES),
        Column("digest", BYTES),
        Column("name", TEXT, null=True),
        Column("value", TEXT, null=True),
    ),
    (
        Index("cf_history_counted", "event, name, at, case_id, seq, token, value", COUNTED),
        Index("cf_history_fact", "name, case_id, at, seq, value, token, event", FACTS),
        Index("cf_history_promise", "name, value, case_id, token, seq, at, event", PROMISES),
    ),
    in_the_key=True,
)

notice = Table(
    "cf_notice",
    (
        Column("id", SERIAL, key=True),
        _CASE_ID._replace(key=False),
        Column("token", NUMBER),
        Column("name", TEXT),
        Column("channel", TEXT),
        Column("created_at", NUMBER),
        Column("content", BYTES),
    ),
    (Index("cf_notice_case", "case_id, id"),),
)

value = Table("cf_value", (_CASE_ID, Column("name", TEXT, key=True), Column("content", BYTES)))

# The content stands last: a list of attachments never reads it.
attachment = Table(
    "cf_attachment",
    (
        _CASE_ID,
        Column("number", NUMBER, key=True),
        Column("created_at", NUMBER),
        Column("size", NUMBER),
        Column("facts", BYTES),
        Column("content", BYTES),
    ),
)

receipt = Table(
    "cf_receipt",
    (Column("digest", BYTES, key=True), _CASE_ID._replace(key=False)),
    (Index("cf_receipt_case", "case_id"),),
    in_the_key=True,
)

# How many receipts were tried in a window of time, by whomever.
tries = Table("cf_tries", (Column("begun_at", NUMBER, key=True), Column("number", NUMBER)))

bundle = Table("cf_bundle", (Column("digest", TEXT, key=True), Column("process", TEXT), Column("content", BYTES)))

worker = Table("cf_worker", (Column("owner", TEXT, key=True), Column("seen_at", NUMBER)))

# Start events that the clock sets off.
schedule = Table(
    "cf_schedule",
    (
        Column("process", TEXT, key=True),
        Column("element", TEXT, key=True),
        Column("bundle", TEXT),
        Column("timer", TEXT),
        Column("set_at", NUMBER),
        Column("due_at", NUMBER),
        Column("rounds", NUMBER),
    ),
    (Index("cf_schedule_due", "due_at, process, element"),),
    in_the_key=True,
)

_OF_A_CASE = (key, task, task_group, timer, subscription, job, incident, history, notice, value, attachment, receipt)
TABLES: Final = (schema, case, *_OF_A_CASE, secret, anchor, tries, bundle, worker, schedule)
"""All of them, each after those that it refers to."""
