"""The tables as SQLAlchemy's, for tests that read and change rows behind the engine's back."""

from __future__ import annotations

from typing import Final

from sqlalchemy import TableClause, column, table

from complaintflow.adapters.sql.tables import TABLES

BY_NAME: Final = {one.name: table(one.name, *(column(name) for name in one.names)) for one in TABLES}


def named(name: str) -> TableClause:
    """A table without its ``cf_``."""
    return BY_NAME[f"cf_{name}"]


case, history, value, attachment = named("case"), named("history"), named("value"), named("attachment")
key, notice, anchor = named("key"), named("notice"), named("anchor")
