"""What alembic runs for each migration: on the connection that ``schema.upgrade`` hands over, in its transaction."""

from __future__ import annotations

from alembic import context

from complaintflow.adapters.sql.tables import schema

context.configure(
    connection=context.config.attributes["connection"],
    version_table=schema.name,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
