"""${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "${up_revision}"
down_revision = "${down_revision}"


def upgrade() -> None:
    """Move the tables, and the rows in them, one release on."""
    ${upgrades if upgrades else "raise NotImplementedError"}
