"""SQLite: the embedded default. WAL, synchronous FULL, foreign keys, and BEGIN IMMEDIATE where something is written."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Final

from complaintflow.adapters.sql import statements
from complaintflow.adapters.sql.changes import Batch
from complaintflow.adapters.sql.ddl import TRUE
from complaintflow.adapters.sql.encoding import Values
from complaintflow.adapters.sql.pool import EnginePool, Pool
from complaintflow.adapters.sql.shelf import ShelfPool
from complaintflow.adapters.sql.transaction import SqlTransaction
from complaintflow.adapters.sql.url import Address

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

BUSY_SECONDS: Final = 5.0
"""How long to wait for another writer unless the URL has ``?timeout=``."""


def open_pool(address: Address) -> Pool:
    """Connections to the file, or the one connection that a database in memory is."""
    return MemoryPool(address, open_engine(address)) if address.in_memory else FilePool(address)


def open_engine(address: Address) -> Engine:
    """An SQLAlchemy engine whose transactions are SQLite's own: the driver begins none.

    A database in memory is one connection, which threads use in turn; the pool is the queue.
    """
    from sqlalchemy import QueuePool, create_engine, event, make_url  # here: only hosts and migrations use it

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    options: dict[str, Any] = {"pool_size": 1, "max_overflow": 0} if address.in_memory else {}
    timeout = _timeout(address)
    engine = create_engine(
        make_url(address.url).set(database=address.database),
        poolclass=QueuePool,
        pool_timeout=timeout,
        connect_args={"timeout": timeout, "check_same_thread": False},
        hide_parameters=True,
        **options,
    )
    event.listen(engine, "connect", lambda driver, _: _prepare(driver))
    event.listen(engine, "begin", begin)
    return engine


def _timeout(address: Address) -> float:
    return float(address.query.get("timeout", BUSY_SECONDS))


def connect(address: Address) -> sqlite3.Connection:
    """A connection to the file that may wander between threads."""
    file, options = address.database, address.query
    if "uri" in options:
        settings = "&".join(f"{name}={value}" for name, value in options.items() if name not in ("uri", "timeout"))
        file = f"{file}?{settings}"
    driver = sqlite3.connect(file, timeout=_timeout(address), check_same_thread=False, uri="uri" in options)
    _prepare(driver)
    return driver


def _prepare(driver: sqlite3.Connection) -> None:
    driver.isolation_level = None
    driver.execute("PRAGMA foreign_keys = ON")
    driver.execute("PRAGMA synchronous = FULL")
    # A destroyed key is overwritten at once, not when its page is needed for something else.
    driver.execute("PRAGMA secure_delete = ON")


class _SqlitePool(Pool):
    def start(self, driver: Any, *, writable: bool) -> None:
        driver.execute("BEGIN IMMEDIATE" if writable else "BEGIN")


class FilePool(_SqlitePool, ShelfPool):
    """Connections to a file."""

    def __init__(self, address: Address) -> None:
        if "uri" not in address.query:
            # The same file wherever the process goes.
            address = address._replace(database=os.path.abspath(address.database))
        super().__init__(address)

    def _connect(self) -> sqlite3.Connection:
        return connect(self.address)

    def _is_fit(self, driver: sqlite3.Connection) -> bool:
        return True

    def _roll_back(self, driver: sqlite3.Connection) -> None:
        if driver.in_transaction:
            driver.rollback()

    def _open_engine(self) -> Engine:
        return open_engine(self.address)


class MemoryPool(_SqlitePool, EnginePool):
    """The one connection that a database in memory is: SQLAlchemy's pool is the queue before it."""


def clean(pool: Pool) -> None:
    """Write the file anew without its free pages, and empty the journal."""
    driver, slip = pool.take()
    try:
        driver.execute("VACUUM")
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        pool.give(driver, slip)


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
    if driver.in_transaction:
        return
    if driver.execute("PRAGMA database_list").fetchone()[2] != "":  # a database in memory would be gone
        connection.invalidate()  # SQLAlchemy refuses all but a rollback


wake_workers = None
"""A file tells nobody that it changed."""


def listening(pool: Pool, wake: Callable[[], None]) -> AbstractContextManager[object]:
    """Nothing to hear."""
    return nullcontext()


class Transaction(SqlTransaction):
    """The port on an ``sqlite3`` connection."""

    _true = TRUE["sqlite"]

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
