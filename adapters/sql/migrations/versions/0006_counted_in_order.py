"""Facts are found by case, promises by the time they are due: in place of one index three, each entry in its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_INDEXES = {
    "cf_history_counted": (
        ["event", "name", "at", "case_id", "seq", "token", "value"],
        "name IS NOT NULL AND event NOT IN ('fact', 'promised', 'kept', 'broken', 'dropped')",
    ),
    "cf_history_fact": (["name", "case_id", "at", "seq", "value", "token", "event"], "event = 'fact'"),
    "cf_history_promise": (
        ["name", "value", "case_id", "token", "seq", "at", "event"],
        "event IN ('promised', 'moved', 'kept', 'broken', 'dropped')",
    ),
}


def upgrade() -> None:
    """Sort the entries anew; no row of a table is written."""
    op.drop_index("cf_history_counted", "cf_history")
    for name, (columns, entries) in _INDEXES.items():
        which = sa.text(entries)
        op.create_index(name, "cf_history", columns, sqlite_where=which, postgresql_where=which)
