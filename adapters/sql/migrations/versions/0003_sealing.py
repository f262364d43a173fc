"""Sealed cases: keys, the store's head, the end of retention, attachments, receipts.

Cases of the releases before were written in the open. They cannot be sealed afterwards without leaving their past in
the file's free pages and in backups, so a database that has some is refused rather than half closed.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from complaintflow.errors import StoreError

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add what sealing needs to a database without cases."""
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT 1 FROM cf_case LIMIT 1")).first():
        advice = "finish its cases with the release that wrote it, and give this one a new database"
        raise StoreError("the database holds cases from before cases were sealed", advice=advice)
    number = sa.BigInteger()
    # SQLite adds no column without a default that may not be NULL; nothing here is ever inserted without a value.
    default = "0" if connection.dialect.name == "sqlite" else None
    op.add_column("cf_case", sa.Column("length", number, nullable=False, server_default=default))
    op.add_column("cf_case", sa.Column("head", sa.LargeBinary(), nullable=False, server_default=default))
    op.add_column("cf_case", sa.Column("keep_until", number))
    op.add_column("cf_case", sa.Column("looked_at", number))
    op.add_column("cf_case", sa.Column("held", sa.Boolean(), nullable=False, server_default=default))
    kept = sa.text("keep_until IS NOT NULL")
    op.create_index("cf_case_kept", "cf_case", ["keep_until", "id"], sqlite_where=kept, postgresql_where=kept)
    op.drop_column("cf_history", "actor")
    op.create_table(
        "cf_key",
        _text("case_id"),
        _bytes("sealed_key"),
        sa.PrimaryKeyConstraint("case_id"),
        sa.ForeignKeyConstraint(["case_id"], ["cf_case.id"], ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    op.create_table("cf_secret", _text("name"), _bytes("wrapped"), sa.PrimaryKeyConstraint("name"))
    op.create_table(
        "cf_anchor",
        sa.Column("shard", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("tick", number, nullable=False),
        _bytes("total"),
        sa.PrimaryKeyConstraint("shard"),
        postgresql_with={"fillfactor": 50},
    )
    _evidence()


def _evidence() -> None:
    """Attachments, and what anonymous reporters come back with."""
    number, of_a_case = sa.BigInteger(), sa.ForeignKeyConstraint(["case_id"], ["cf_case.id"], ondelete="CASCADE")
    op.create_table(
        "cf_attachment",
        _text("case_id"),
        sa.Column("number", number, nullable=False, autoincrement=False),
        sa.Column("created_at", number, nullable=False),
        sa.Column("size", number, nullable=False),
        _bytes("facts"),
        _bytes("content"),
        sa.PrimaryKeyConstraint("case_id", "number"),
        of_a_case,
    )
    op.create_table(
        "cf_receipt",
        _bytes("digest"),
        _text("case_id"),
        sa.PrimaryKeyConstraint("digest"),
        sa.ForeignKeyConstraint(["case_id"], ["cf_case.id"], ondelete="CASCADE"),
        sqlite_with_rowid=False,
    )
    op.create_index("cf_receipt_case", "cf_receipt", ["case_id"])
    op.create_table(
        "cf_tries",
        sa.Column("begun_at", number, nullable=False, autoincrement=False),
        sa.Column("number", number, nullable=False),
        sa.PrimaryKeyConstraint("begun_at"),
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)
