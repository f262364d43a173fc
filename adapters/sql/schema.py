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

from complaintflow.adapters.sql import statements
from complaintflow.adapters.sql.ddl import creation
from complaintflow.adapters.sql.pool import Pool
from complaintflow.adapters.sql.tables import MOVING, REVISION, TABLES
from complaintflow.adapters.sql.tables import schema as stamp
from complaintflow.errors import ForeignDatabase, NewerDatabase, StoreError
from complaintflow.logs import about

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_OURS: Final[Mapping[str, Set[str]]] = {table.name: frozenset(table.names) for table in TABLES}
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


def prepare(pool: Pool) -> None:
    """Create the tables in a database that has none of them, or run the migrations it lacks.

    Several processes may do so at once: one creates, the others wait and find.

    Raises:
        NewerDatabase: a later release wrote it.
        ForeignDatabase: it is no database, or a table named like one of ours is another's.
        StoreError: somebody interfered with the tables.
        StoreUnavailable: it cannot be opened or written.
    """
    found = revision(pool)
    if pool.address.dialect == "sqlite" and not pool.address.in_memory:
        _switch_to_wal(pool)
    if found is None:
        _create(pool)
    elif found != REVISION:
        upgrade(pool)


def revision(pool: Pool) -> str | None:
    """What the tables are stamped with, None when there are none of ours; raises as ``prepare`` does."""
    with pool.transaction(_itself, writable=False) as driver:
        if pool.address.dialect == "postgresql":
            driver.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")  # others may migrate meanwhile
        return _survey(driver, pool)


def _itself(driver: Any) -> Any:
    return driver


def _create(pool: Pool) -> None:
    with pool.transaction(_itself, writable=True) as driver:
        _wait_for_others(driver, pool)
        if _survey(driver, pool) is None:
            for statement in creation(pool.address.dialect):
                driver.execute(statement)
            driver.execute(f"INSERT INTO {stamp.name} VALUES ('{REVISION}')")  # noqa: S608  (both are ours)


def check(pool: Pool) -> None:
    """Raise as ``prepare`` does, and StoreError when tables are missing or older; change nothing."""
    found = None if pool.address.missing else revision(pool)
    if found != REVISION:
        has = "no tables of complaintflow" if found is None else f"schema {found}; this release needs {REVISION}"
        advice = "open it once with create=True, or call store.upgrade()"
        if found is not None and found.endswith(MOVING):
            has = f"schema {found.removesuffix(MOVING)}, and a migration of its data is not done"
            advice = f"{advice}: it goes on where it stopped"
        raise StoreError(f"the database has {has}", where=pool.where, advice=advice)


def upgrade(pool: Pool, on_progress: Progress | None = None) -> None:
    """Run the migrations that the database lacks, each in a transaction of its own, data in bounded batches.

    Where it was interrupted it goes on. Others that open the database meanwhile wait, or do the next step themselves.

    Args:
        on_progress: called after each step with the revision, the rows that it has moved by now, and how many are left
            (None where nobody knows).
    """
    pool.must_be_open()
    moved: dict[str, int] = {}
    while True:
        with pool.engine.begin() as connection:
            driver = connection.connection.driver_connection
            _wait_for_others(driver, pool)
            found = _survey(driver, pool)
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


def _survey(driver: Any, pool: Pool) -> str | None:
    """The revision of the tables, None when there are none of ours.

    Raises:
        NewerDatabase, ForeignDatabase, StoreError: as ``prepare`` says.
    """
    tables: dict[str, set[str]] = defaultdict(set)
    for table, column in driver.execute(_COLUMNS[pool.address.dialect]).fetchall():
        if table in _OURS:
            tables[table].add(column)
    if not tables:
        return None
    wrong = [name for name, columns in sorted(tables.items()) if columns != _OURS[name]]
    if stamp.name not in tables or stamp.name in wrong:
        if wrong:
            what = f"the database has tables named like complaintflow's, with other columns: {', '.join(wrong)}"
            raise ForeignDatabase(what, where=pool.where)
        raise _halfway("tables without a revision", pool.where)
    revisions = [revision for (revision,) in driver.execute(statements.STAMPS).fetchall()]
    if len(revisions) != 1:
        raise _halfway(f"{len(revisions)} revisions in place of one", pool.where)
    revision: str = revisions[0]
    number = revision.removesuffix(MOVING)
    if not number.isdecimal() or number > REVISION:
        what = f"the database has schema {revision}, this release knows none later than {REVISION}"
        raise NewerDatabase(what, where=pool.where)
    if revision == REVISION and (wrong or len(tables) < len(_OURS)):
        missing = sorted(_OURS.keys() - tables.keys())
        raise _halfway(f"revision {revision}, but wrong or missing: {', '.join([*wrong, *missing])}", pool.where)
    return revision


def _halfway(found: str, where: str) -> StoreError:
    advice = "restore the database from a backup; if it holds no cases yet, drop its tables named cf_*"
    return StoreError(f"the tables of complaintflow are half migrated ({found})", where=where, advice=advice)


def _wait_for_others(driver: Any, pool: Pool) -> None:
    """Until the end of the transaction nobody else changes the tables (BEGIN IMMEDIATE says so on SQLite)."""
    if pool.address.dialect == "postgresql":
        driver.execute(_LOCK)


def _switch_to_wal(pool: Pool) -> None:
    """Readers and a writer do not block each other from now on: the file remembers.

    SQLite does not wait here while another process does the same, so we do.
    """
    driver, slip = pool.take()
    try:
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
    finally:
        pool.give(driver, slip)
