"""PostgreSQL through psycopg 3: READ COMMITTED, one round trip for a whole write, leases by SKIP LOCKED."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError

from complaintflow.adapters.sql.changes import Batch
from complaintflow.adapters.sql.ddl import TRUE
from complaintflow.adapters.sql.encoding import Values
from complaintflow.adapters.sql.faults import answers
from complaintflow.adapters.sql.listening import listening, notify, wake_workers
from complaintflow.adapters.sql.pool import EnginePool, Pool
from complaintflow.adapters.sql.transaction import SqlTransaction
from complaintflow.adapters.sql.url import Address
from complaintflow.errors import StoreError
from complaintflow.store.rows import JobRow

_UNIQUE_VIOLATION: Final = "23505"
_REPEATABLE_READ: Final = 3
_HOLD: Final = (
    "WITH ready AS MATERIALIZED ("
    "SELECT case_id, token, ready_at FROM cf_job WHERE {which}ready_at <= ? AND type <> ALL(?)"
    " ORDER BY ready_at, due_at, case_id, token LIMIT ? FOR UPDATE SKIP LOCKED)"
    " UPDATE cf_job AS job SET ready_at = ?, owner = ? FROM ready"
    " WHERE job.case_id = ready.case_id AND job.token = ready.token"
    " RETURNING ready.ready_at, job.due_at, job.case_id, job.token, job.type, job.element, job.attempt, job.retries"
)
_HOLD_ANY: Final = _HOLD.format(which="")
_HOLD_OF_CASE: Final = _HOLD.format(which="case_id = ? AND ")

CONNECT_SECONDS: Final = 10
"""How long to wait for the server unless the URL has ``?connect_timeout=``."""

__all__ = ["Transaction", "clean", "hear_farewell", "listening", "open_engine", "open_pool", "wake_workers"]


def open_pool(address: Address) -> PostgresPool:
    """Connections to the server. Raises StoreError: psycopg is not installed."""
    return PostgresPool(address, open_engine(address))


def open_engine(address: Address) -> Engine:
    """An engine with psycopg 3.

    Raises:
        StoreError: psycopg is not installed.
    """
    options = {} if "connect_timeout" in address.query else {"connect_timeout": CONNECT_SECONDS}
    try:
        engine = create_engine(address.url, connect_args=options, hide_parameters=True)
    except ImportError as error:
        what = "PostgreSQL needs the driver psycopg 3, which is not installed"
        raise StoreError(what, advice="pip install complaintflow[postgres]") from error
    event.listen(engine, "checkout", _refuse_the_dead)
    return engine


class PostgresPool(EnginePool):
    """psycopg's connections, kept by SQLAlchemy."""

    def start(self, driver: Any, *, writable: bool) -> None:
        """psycopg begins with the first statement; here is said how."""
        if not writable:
            driver.read_only = True  # first: by this ``give`` knows
            driver.isolation_level = _REPEATABLE_READ

    def give(self, driver: Any, slip: Any) -> None:
        """One that broke is forgotten; the next transaction may be a host's, and is as the server says."""
        try:
            if driver.read_only and not driver.closed:
                driver.rollback()
                driver.isolation_level = driver.read_only = None
        except Exception:
            driver.close()
        if driver.closed:
            slip.invalidate()
        else:
            slip.close()


def clean(pool: Pool) -> None:
    """Write the tables anew that lose rows when a case is shredded."""
    with pool.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        for table in ("cf_key", "cf_value", "cf_notice", "cf_attachment", "cf_receipt", "cf_incident", "cf_case"):
            connection.exec_driver_sql(f"VACUUM FULL {table}")
        with suppress(DBAPIError):  # only a role that may do so
            connection.exec_driver_sql("CHECKPOINT")


def hear_farewell(driver: Any) -> None:
    """Raise psycopg.Error if the server closed the connection while it lay in a pool: no round trip, two looks."""
    driver.pgconn.consume_input()  # reads the server's farewell
    driver.pgconn.consume_input()  # and the end of the stream


def _refuse_the_dead(driver: Any, record: object, proxy: object) -> None:
    try:
        hear_farewell(driver)
    except Exception as error:
        raise DisconnectionError from error


@functools.cache
def _as_psycopg(sql: str) -> str:
    return sql.replace("?", "%s")


class Transaction(SqlTransaction):
    """The port on a psycopg connection."""

    _true = TRUE["postgresql"]
    _savepoint = False

    def _rows(self, sql: str, parameters: Values) -> Sequence[Sequence[Any]]:
        cursor = self._cursor()
        if self._driver.info.transaction_status.name == "IDLE":
            with self._driver.pipeline():  # psycopg's BEGIN goes along, in place of a round trip of its own
                cursor.execute(_as_psycopg(sql), parameters)
        else:
            cursor.execute(_as_psycopg(sql), parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    def _run(self, sql: str, rows: list[Values]) -> None:
        self._cursor().executemany(_as_psycopg(sql), rows)

    def _cursor(self) -> Any:
        return self._driver.cursor(binary=True)

    def _save(
        self, guard: tuple[str, Values], rest: list[Batch], last: tuple[str, Values] | None, *, nested: bool
    ) -> bool:
        guards = [(statement, self._cursor()) for statement in (guard, last) if statement is not None]
        cursor = self._cursor()
        try:
            with self._driver.pipeline():
                if nested:
                    self._release(cursor)
                    cursor.execute("SAVEPOINT cf_write")
                    self._savepoint = True
                self._guard(*guards[0])
                for sql, rows in rest:
                    statement = _as_psycopg(sql)
                    for values in rows:  # faster than executemany, which counts the rows of each
                        cursor.execute(statement, values)
                for held in guards[1:]:  # at the end, for others may wait for the row
                    self._guard(*held)
        except Exception:
            self._undo(cursor, nested=nested)
            # Without its case a row violates a foreign key: the guard says why.
            if guards[0][1].rowcount == 0:
                return False
            raise
        if any(guarding.rowcount == 0 for _, guarding in guards):
            self._undo(cursor, nested=nested)
            return False
        return True

    @staticmethod
    def _guard(statement: tuple[str, Values], guarding: Any) -> None:
        sql, values = statement
        guarding.execute(_as_psycopg(sql), values)

    def _undo(self, cursor: Any, *, nested: bool) -> None:
        # Where the connection is lost or the host's transaction had failed before, the first error says more.
        with suppress(Exception):
            if nested:
                cursor.execute("ROLLBACK TO SAVEPOINT cf_write")
            else:
                self._driver.rollback()  # the next statement begins a transaction

    def _release(self, cursor: Any) -> None:
        if self._savepoint:
            cursor.execute("RELEASE SAVEPOINT cf_write")
            self._savepoint = False

    def finish(self) -> None:
        """Leave no savepoint in a transaction that goes on in the host's hands."""
        self._release(self._cursor())

    def _hold(
        self, now: int, until: int, owner: str, limit: int, case_id: str | None, without: list[str]
    ) -> Iterable[Sequence[Any]]:
        if case_id is None:
            records = self._rows(_HOLD_ANY, (now, without, limit, until, owner))
        else:
            records = self._rows(_HOLD_OF_CASE, (case_id, now, without, limit, until, owner))
        # An UPDATE returns its rows in no order.
        oldest_first = sorted(tuple(record) for record in records)
        return [[*job, due_at] for _, due_at, *job in oldest_first]

    @answers
    def give_back(self, jobs: Sequence[JobRow], owner: str, ready_at: datetime) -> None:
        """As the port says; workers that rest are woken."""
        super().give_back(jobs, owner, ready_at)
        notify(self._driver)

    def _takes_the_key(self, error: Exception) -> bool:
        constraint = getattr(getattr(error, "diag", None), "constraint_name", None)
        return constraint == "cf_case_key" and getattr(error, "sqlstate", None) == _UNIQUE_VIOLATION
