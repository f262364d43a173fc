"""The tables of the first release.

Frozen: later changes are later migrations. ``tables`` is what all of them lead to, and a test holds the two together.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ORDER: list[str | sa.TextClause] = ["due_at", sa.text("priority DESC"), "created_at", "case_id", "token"]


def _create_provisional_index(table: str) -> None:
    moves = sa.column("provisional", sa.Boolean()).is_(True)
    op.create_index(f"{table}_provisional", table, ["case_id"], sqlite_where=moves, postgresql_where=moves)


def upgrade() -> None:
    """Create the tables and their indexes."""
    _create_cases()
    _create_tasks()
    _create_waiting()
    _create_records()


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable, autoincrement=False)


def _small(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def _create_of_case(name: str, *columns: sa.Column[Any], key: tuple[str, ...] = ("token",), small: bool = True) -> None:
    case = sa.ForeignKeyConstraint(["case_id"], ["cf_case.id"], ondelete="CASCADE")
    primary = sa.PrimaryKeyConstraint("case_id", *key)
    op.create_table(name, _text("case_id"), *columns, primary, case, sqlite_with_rowid=not small)


def _create_partial_index(name: str, table: str, columns: list[str], condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)


def _create_cases() -> None:
    op.create_table(
        "cf_case",
        _text("id"),
        _text("process"),
        _text("bundle"),
        _text("key", nullable=True),
        _text("status"),
        _number("version"),
        _number("created_at"),
        _number("updated_at"),
        _bytes("state"),
        sa.PrimaryKeyConstraint("id"),
        postgresql_with={"fillfactor": 50},
    )
    _create_partial_index("cf_case_key", "cf_case", ["key", "process"], '"key" IS NOT NULL', unique=True)
    op.create_index("cf_case_newest", "cf_case", ["created_at", "id", "status", "process"])
    _create_of_case("cf_value", _text("name"), _bytes("content"), key=("name",), small=False)
    op.create_table(
        "cf_bundle", _text("digest"), _text("process"), _bytes("content"), sa.PrimaryKeyConstraint("digest")
    )


def _create_tasks() -> None:
    _create_of_case(
        "cf_task",
        _number("token"),
        _text("process"),
        _text("element"),
        _text("groups"),
        _text("users"),
        _text("assignee", nullable=True),
        _small("priority"),
        _number("created_at"),
        _number("due_at"),
        _number("follow_up_at", nullable=True),
        _flag("provisional"),
    )
    _create_provisional_index("cf_task")
    op.create_index("cf_task_due", "cf_task", _ORDER)
    _create_of_case(
        "cf_task_group",
        _number("token"),
        _text("kind"),
        _text("name"),
        _number("due_at"),
        _small("priority"),
        _number("created_at"),
        key=("token", "kind", "name"),
    )
    op.create_index("cf_task_group_inbox", "cf_task_group", ["kind", "name", *_ORDER])


def _create_waiting() -> None:
    _create_of_case(
        "cf_timer",
        _number("token"),
        _text("element"),
        _number("due_at"),
        _text("deadline", nullable=True),
        _flag("provisional"),
    )
    _create_provisional_index("cf_timer")
    op.create_index("cf_timer_due", "cf_timer", ["due_at", "case_id", "token"])
    _create_of_case(
        "cf_subscription",
        _number("token"),
        _text("kind"),
        _text("name"),
        _text("key", nullable=True),
        _text("element"),
        _number("case_created_at"),
    )
    listeners = ["kind", "name", "key", "case_created_at", "case_id", "token"]
    op.create_index("cf_subscription_waiting", "cf_subscription", listeners)
    _create_of_case(
        "cf_job",
        _number("token"),
        _text("type"),
        _text("element"),
        _small("attempt"),
        _small("retries"),
        _number("due_at", nullable=True),
        _number("ready_at", nullable=True),
        _text("owner", nullable=True),
    )
    _create_partial_index("cf_job_ready", "cf_job", ["ready_at", "due_at", "case_id", "token"], "ready_at IS NOT NULL")
    op.create_table("cf_worker", _text("owner"), _number("seen_at"), sa.PrimaryKeyConstraint("owner"))


def _create_records() -> None:
    _create_of_case(
        "cf_incident",
        _number("token"),
        _text("kind"),
        _text("element"),
        _number("created_at"),
        _bytes("detail"),
    )
    op.create_index("cf_incident_oldest", "cf_incident", ["created_at", "case_id", "token"])
    _create_of_case(
        "cf_history",
        _number("seq"),
        _number("at"),
        _text("event"),
        _text("element", nullable=True),
        _number("token", nullable=True),
        _text("actor", nullable=True),
        _bytes("detail"),
        _bytes("digest"),
        key=("seq",),
    )
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "cf_notice",
        sa.Column("id", number, primary_key=True),
        _text("case_id"),
        _number("token"),
        _text("name"),
        _text("channel"),
        _number("created_at"),
        _bytes("content"),
        sa.ForeignKeyConstraint(["case_id"], ["cf_case.id"], ondelete="CASCADE"),
    )
    op.create_index("cf_notice_case", "cf_notice", ["case_id", "id"])
