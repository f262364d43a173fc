"""The statements that create the tables and their indexes in a fresh database."""

from __future__ import annotations

from typing import Final

from complaintflow.adapters.sql.tables import BYTES, FLAG, NUMBER, SERIAL, SMALL, STAMP, TABLES, TEXT, Column, Table

_BOTH: Final = {STAMP: "VARCHAR(32)", NUMBER: "BIGINT", SMALL: "INTEGER", FLAG: "BOOLEAN"}
_TYPES: Final = {
    "sqlite": {**_BOTH, TEXT: "TEXT", SERIAL: "INTEGER", BYTES: "BLOB"},
    "postgresql": {**_BOTH, TEXT: 'TEXT COLLATE "C"', SERIAL: "BIGSERIAL", BYTES: "BYTEA"},
}
# As the migrations have it: SQLite takes an index only for a condition in the very words of its own.
TRUE: Final = {"sqlite": "1", "postgresql": "true"}


def creation(dialect: str) -> list[str]:
    """All of them, in order, for ``sqlite`` or ``postgresql``."""
    return [statement for table in TABLES for statement in (_table(table, dialect), *indexes(table, dialect))]


def _table(table: Table, dialect: str) -> str:
    parts = [_column(column, _TYPES[dialect][column.type]) for column in table.columns]
    parts.append(f"PRIMARY KEY ({', '.join(table.keys)})")
    parts += [
        f"FOREIGN KEY ({column.name}) REFERENCES cf_case (id) ON DELETE CASCADE"
        for column in table.columns
        if column.of_case
    ]
    options = ""
    if table.in_the_key and dialect == "sqlite":
        options = " WITHOUT ROWID"
    elif table.rewritten and dialect == "postgresql":
        options = " WITH (fillfactor = 50)"
    return f"CREATE TABLE {table.name} ({', '.join(parts)}){options}"


def _column(column: Column, type_: str) -> str:
    default = "" if column.default is None else f" DEFAULT '{column.default}'"
    return f"{column.name} {type_}{default}{'' if column.null else ' NOT NULL'}"


def indexes(table: Table, dialect: str) -> list[str]:
    """Those of a table's indexes."""
    found = []
    for index in table.indexes:
        kind = "UNIQUE INDEX" if index.unique else "INDEX"
        where = "" if index.where is None else f" WHERE {index.where.replace('{true}', TRUE[dialect])}"
        found.append(f"CREATE {kind} {index.name} ON {table.name} ({index.columns}){where}")
    return found
