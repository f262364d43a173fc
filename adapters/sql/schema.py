"""The tables in a database: are they there, are they ours, and of which release.

The host may keep its own tables beside ours, so nothing but the names of ours counts. A fresh database gets all tables
at once; alembic is loaded only when migrations have to run.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Mapping, Set
from pathlib import Path
from time import sleep
from typing import Any, Final

from sqlalchemy import Connection, Engine, insert, select

from complaintflow.adapters.sql import sqlite
from complaintflow.adapters.sql.tables import MOVING, REVISION, metadata
from complaintflow.adapters.sql.tables import schema as stamp
from complaintflow.errors import ForeignDatabase, NewerDatabase, StoreError
from complaintflow.logs import about

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_OURS: Final[Mapping[str, Set[str]]] = {
    table.name: frozenset(column.name for column in table.columns) for table in metadata.sorted_tables
}
_COLUMNS: Final = {
    "sqlite": "SELECT t.name, c.name FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c"
    " WHERE t.type = 'table' AND t.name LIKE 'cf\\_%' ESCAPE '\\'",
    "postgresql": "SELECT t.relname, c.attname FROM pg_class AS t JOIN pg_attribute AS c ON c.attrelid = t.oid"
    " WHERE t.relkind IN ('r', 'p') AND c.attnum > 0 AND NOT c.attisdropped"
    " AND starts_with(t.relname::text, 'cf_') AND pg_table_is_visible(t.oid)",
}
# Any number will do, as long as every release uses it: it stands for "the tables of complaintflow are being changed".
_LOCK: Final = "SELECT pg_advisory_xact_lock(7163384)"
_WAL_ATTEMPTS: Final = 100
_WAL_PAUSE: Final = 0.05
Progress = Callable[[str, int, int | None], None]

log = logging.getLogger("complaintflow")


def prepare(engine: Engine, where: str) -> None:
    """Create the tables in a database that has none of them, or run the migrations it lacks.

    Several processes may do so at once: one creates, the others wait and find.

    Raises:
        NewerDatabase: a later release wrote it.
        ForeignDatabase: it is no database, or a table named like one of ours is another's.
        StoreError: somebody interfered with the tables.
        StoreUnavailable: it cannot be opened or written.
    """
    found = _look(engine, where)
    if engine.dialect.name == "sqlite" and not sqlite.is_memory(engine.url):
        _switch_to_wal(engine)
    if found is None:
        _create(engine, where)
    elif found != REVISION:
        upgrade(engine, where)


def _look(engine: Engine, where: str) -> str | None:
    with engine.execution_options(**{sqlite.BEGIN_OPTION: "BEGIN"}).begin() as connection:
        return survey(connection, where)


def _create(engine: Engine, where: str) -> None:
    with engine.begin() as connection:
        _wait_for_others(connection)
        if survey(connection, where) is None:
            metadata.create_all(connection, checkfirst=False)
            connection.execute(insert(stamp).values(version_num=REVISION))


def check(engine: Engine, where: str) -> None:
    """Raise as ``prepare`` does, and StoreError when tables are missing or older; change nothing."""
    found = None if sqlite.is_missing(engine.url) else _look(engine, where)
    if found != REVISION:
        has = "no tables of complaintflow" if found is None else f"schema {found}; this release needs {REVISION}"
        advice = "open it once with create=True, or call store.upgrade()"
        if found is not None and found.endswith(MOVING):
            has = f"schema {found.removesuffix(MOVING)}, and a migration of its data is not done"
            advice = f"{advice}: it goes on where it stopped"
        raise StoreError(f"the database has {has}", where=where, advice=advice)


def upgrade(engine: Engine, where: str, on_progress: Progress | None = None) -> None:
    """Run the migrations that the database lacks, each in a transaction of its own, data in bounded batches.

    Where it was interrupted it goes on. Others that open the database meanwhile wait, or do the next step themselves.

    Args:
        on_progress: called after each step with the revision, the rows that it has moved by now, and how many are left
            (None where nobody knows).
    """
    moved: dict[str, int] = {}
    while True:
        with engine.begin() as connection:
            _wait_for_others(connection)
            found = survey(connection, where)
            if found == REVISION:
                return
            from complaintflow.adapters.sql import migrating  # half a second of imports, which only an upgrade pays

            if not moved:
                log.info("the tables are brought to schema %s", REVISION, extra=about("schema-migrating", to=REVISION))
            step = migrating.advance(connection, found, _MIGRATIONS)
        total = moved[step.revision] = moved.get(step.revision, 0) + step.moved
        if step.moved:
            told = about("schema-moving", revision=step.revision, moved=total, left=step.left)
            log.info("schema %s: %d rows moved", step.revision, total, extra=told)
        if on_progress is not None:
            on_progress(step.revision, total, step.left)


def survey(connection: Connection, where: str) -> str | None:
    """The revision of the tables, None when there are none of ours.

    Raises:
        NewerDatabase, ForeignDatabase, StoreError: as ``prepare`` says.
    """
    tables: dict[str, set[str]] = defaultdict(set)
    for table, column in connection.exec_driver_sql(_COLUMNS[connection.dialect.name]):
        if table in _OURS:
            tables[table].add(column)
    if not tables:
        return None
    wrong = [name for name, columns in sorted(tables.items()) if columns != _OURS[name]]
    if stamp.name not in tables or stamp.name in wrong:
        if wrong:
            what = f"the database has tables named like complaintflow's, with other columns: {', '.join(wrong)}"
            raise ForeignDatabase(what, where=where)
        raise _halfway("tables without a revision", where)
    revisions = connection.scalars(select(stamp.c.version_num)).all()
    if len(revisions) != 1:
        raise _halfway(f"{len(revisions)} revisions in place of one", where)
    revision: str = revisions[0]
    number = revision.removesuffix(MOVING)
    if not number.isdecimal() or number > REVISION:
        what = f"the database has schema {revision}, this release knows none later than {REVISION}"
        raise NewerDatabase(what, where=where)
    if revision == REVISION and (wrong or len(tables) < len(_OURS)):
        missing = sorted(_OURS.keys() - tables.keys())
        raise _halfway(f"revision {revision}, but wrong or missing: {', '.join([*wrong, *missing])}", where)
    return revision


def _halfway(found: str, where: str) -> StoreError:
    advice = "restore the database from a backup; if it holds no cases yet, drop its tables named cf_*"
    return StoreError(f"the tables of complaintflow are half migrated ({found})", where=where, advice=advice)


def _wait_for_others(connection: Connection) -> None:
    """Until the end of the transaction nobody else changes the tables (BEGIN IMMEDIATE says so on SQLite)."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_LOCK)


def _switch_to_wal(engine: Engine) -> None:
    """Readers and a writer do not block each other from now on: the file remembers.

    SQLite does not wait here while another process does the same, so we do.
    """
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        for attempt in range(_WAL_ATTEMPTS):
            try:
                driver.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorname == "SQLITE_READONLY":
                    return  # whoever writes will be told; reading works without
                if error.sqlite_errorname != "SQLITE_BUSY" or attempt == _WAL_ATTEMPTS - 1:
                    raise
                sleep(_WAL_PAUSE)
            else:
                return
