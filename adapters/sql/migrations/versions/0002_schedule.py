"""Start events that the clock sets off."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table and its index."""
    op.create_table(
        "cf_schedule",
        _text("process"),
        _text("element"),
        _text("bundle"),
        _text("timer"),
        _number("set_at"),
        _number("due_at"),
        _number("rounds"),
        sa.PrimaryKeyConstraint("process", "element"),
        sqlite_with_rowid=False,
    )
    op.create_index("cf_schedule_due", "cf_schedule", ["due_at", "process", "element"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)
