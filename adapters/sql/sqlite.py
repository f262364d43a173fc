"""SQLite: the embedded default. WAL, synchronous FULL, foreign keys, and BEGIN IMMEDIATE where something is written."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event

from complaintflow.adapters.sql import statements
from complaintflow.adapters.sql.changes import Batch
from complaintflow.adapters.sql.encoding import Values
from complaintflow.adapters.sql.transaction import SqlTransaction

BEGIN_OPTION: Final = "complaintflow_begin"
"""Execution option of a connection: how its transactions begin, if not IMMEDIATE."""

BUSY_SECONDS: Final = 5.0
"""How long to wait for another writer unless the URL has ``?timeout=``."""


def is_memory(url: URL) -> bool:
    """Whether the database lives in this process only."""
    return url.database in (None, "", ":memory:") or url.query.get("mode") == "memory"


def is_missing(url: URL) -> bool:
    """Whether the URL names a file that is not there, and that merely connecting would create."""
    by_name = url.get_backend_name() == "sqlite" and not is_memory(url) and "uri" not in url.query
    return by_name and not Path(str(url.database)).exists()


def open_engine(url: URL) -> Engine:
    """An engine whose transactions are SQLite's own: the driver begins none.

    A database in memory is one connection, which threads use in turn; the pool is the queue.
    """
    timeout = float(str(url.query.get("timeout", BUSY_SECONDS)))
    options: dict[str, Any] = {"pool_size": 1, "max_overflow": 0} if is_memory(url) else {}
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_timeout=timeout,
        connect_args={"timeout": timeout, "check_same_thread": False},
        hide_parameters=True,
        **options,
    )
    event.listen(engine, "connect", _prepare_connection)
    event.listen(engine, "begin", _begin)
    return engine


def own_engines(engine: Engine) -> tuple[Engine, Engine]:
    """The same connections for transactions of ours that write, and that only read.

    Without the hosts' event, for ``begin`` does what it does: asking an engine's listeners costs a tenth of a step.
    """
    own = create_engine(engine.url, pool=engine.pool, hide_parameters=True)
    return own, own


def begin(connection: Connection, *, writable: bool) -> None:
    """Begin a transaction of ours; one that only reads takes no lock."""
    connection.begin()
    driver: Any = connection.connection.driver_connection
    driver.execute("BEGIN IMMEDIATE" if writable else "BEGIN")


def clean(engine: Engine) -> None:
    """Write the file anew without its free pages, and empty the journal."""
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("VACUUM")
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _prepare_connection(driver: sqlite3.Connection, record: object) -> None:
    driver.isolation_level = None
    driver.execute("PRAGMA foreign_keys = ON")
    driver.execute("PRAGMA synchronous = FULL")
    # A destroyed key is overwritten at once, not when its page is needed for something else.
    driver.execute("PRAGMA secure_delete = ON")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(BEGIN_OPTION, "BEGIN IMMEDIATE"))


def join_transaction(connection: Connection) -> None:
    """Make sure that the host's connection is in a transaction: its driver may wait for the first INSERT.

    Otherwise our savepoint would be the outermost transaction, and its release a commit.
    """
    driver: Any = connection.connection.driver_connection
    if not driver.in_transaction:
        driver.execute("BEGIN")


def give_up(connection: Connection) -> None:
    """Make sure that the host cannot go on after an error (a full disk) with which SQLite has undone its transaction.

    What the host wrote next would begin another one, and its commit would lack what was written before.
    """
    driver: Any = connection.connection.driver_connection
    if not driver.in_transaction and not is_memory(connection.engine.url):
        connection.invalidate()  # SQLAlchemy refuses all but a rollback


wake_workers = None
"""A file tells nobody that it changed."""


def listening(engine: Engine, wake: Callable[[], None]) -> AbstractContextManager[object]:
    """Nothing to hear."""
    return nullcontext()


class Transaction(SqlTransaction):
    """The port on an ``sqlite3`` connection."""

    def _rows(self, sql: str, parameters: Values) -> Sequence[Sequence[Any]]:
        found: list[tuple[Any, ...]] = self._driver.execute(sql, parameters).fetchall()
        return found

    def _run(self, sql: str, rows: list[Values]) -> None:
        self._driver.executemany(sql, rows)

    def _save(
        self, guard: tuple[str, Values], rest: list[Batch], last: tuple[str, Values] | None, *, nested: bool
    ) -> bool:
        cursor = self._driver.cursor()
        if nested:
            cursor.execute("SAVEPOINT cf_write")
        try:
            if not self._guarded(cursor, *guard):
                return False
            for sql, rows in rest:
                if len(rows) == 1:
                    cursor.execute(sql, rows[0])
                else:
                    cursor.executemany(sql, rows)
            if last is not None and cursor.execute(*last).rowcount == 0:
                self._undo(cursor, nested=nested)
                return False
        except BaseException:
            self._undo(cursor, nested=nested)
            raise
        finally:
            if nested and self._driver.in_transaction:
                cursor.execute("RELEASE cf_write")
        return True

    @staticmethod
    def _guarded(cursor: sqlite3.Cursor, sql: str, values: Values) -> bool:
        if sql == statements.SAVE_CASE and cursor.execute(statements.STEP_CASE, values).rowcount:
            return True
        return cursor.execute(sql, values).rowcount > 0

    def _undo(self, cursor: sqlite3.Cursor, *, nested: bool) -> None:
        # After some errors (a full disk) SQLite has rolled back by itself, and the savepoint is gone.
        if self._driver.in_transaction:
            cursor.execute("ROLLBACK TO cf_write" if nested else "ROLLBACK")
        if not nested:
            cursor.execute("BEGIN IMMEDIATE")

    def _hold(
        self, now: int, until: int, owner: str, limit: int, case_id: str | None, without: list[str]
    ) -> Iterable[Sequence[Any]]:
        others = json.dumps(without)
        if case_id is None:
            records = self._rows(statements.READY_JOBS, (now, others, limit))
        else:
            records = self._rows(statements.READY_JOBS_OF, (case_id, now, others, limit))
        # IMMEDIATE: between the question and the hold nobody else writes.
        self._run(statements.HOLD_JOB, [(until, owner, record[0], record[1]) for record in records])
        return records

    def _takes_the_key(self, error: Exception) -> bool:
        return isinstance(error, sqlite3.IntegrityError) and "cf_case.key" in str(error)
