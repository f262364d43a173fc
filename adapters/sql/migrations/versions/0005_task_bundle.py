"""Each open task says which definition its case runs on: an inbox of a hundred tasks reads no cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_NOT_YET = sa.text("SELECT count(*) FROM cf_task WHERE bundle = ''")
_SOME = sa.text("SELECT case_id, token FROM cf_task WHERE bundle = '' LIMIT :limit")
_MOVE = sa.text(
    "UPDATE cf_task SET bundle = (SELECT bundle FROM cf_case WHERE id = :case_id)"
    " WHERE case_id = :case_id AND token = :token"
)


def upgrade() -> None:
    """Add the column, empty at first."""
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("cf_task", sa.Column("bundle", text, nullable=False, server_default=""))


def move(connection: sa.Connection, limit: int) -> int:
    """Fill in at most so many tasks that lack it."""
    found = [{"case_id": case_id, "token": token} for case_id, token in connection.execute(_SOME, {"limit": limit})]
    if found:
        connection.execute(_MOVE, found)
    return len(found)


def left(connection: sa.Connection) -> int:
    """How many lack it."""
    return int(connection.execute(_NOT_YET).scalar_one())
