"""What figures are counted from: name and value of an entry, and the index that figures read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns; entries from before have neither, and their digests stay."""
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("cf_history", sa.Column("name", text))
    op.add_column("cf_history", sa.Column("value", text))
    counted = sa.text("name IS NOT NULL")
    op.create_index(
        "cf_history_counted",
        "cf_history",
        ["event", "name", "at", "case_id", "seq", "token", "value"],
        sqlite_where=counted,
        postgresql_where=counted,
    )
