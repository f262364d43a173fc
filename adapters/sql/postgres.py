"""PostgreSQL through psycopg 3: READ COMMITTED, one round trip for a whole write, leases by SKIP LOCKED."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any, Final
from weakref import WeakKeyDictionary

from psycopg.pq import PipelineStatus, TransactionStatus
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError

from complaintflow.adapters.sql.changes import Batch
from complaintflow.adapters.sql.ddl import TRUE
from complaintflow.adapters.sql.encoding import Query, Values
from complaintflow.adapters.sql.faults import ALL_IN_USE, answers, settings, unknown_setting
from complaintflow.adapters.sql.listening import listening, notify, wake_workers
from complaintflow.adapters.sql.pipeline import Pipeline
from complaintflow.adapters.sql.pool import Pool
from complaintflow.adapters.sql.shelf import Shelf, ShelfPool
from complaintflow.adapters.sql.transaction import Ring, SqlTransaction
from complaintflow.adapters.sql.url import Address, shown_url
from complaintflow.errors import StoreError, StoreUnavailable
from complaintflow.store.rows import JobRow, TimerRow
from complaintflow.store.ticks import to_ticks

_UNIQUE_VIOLATION: Final = "23505"
_WRITES: Final = "BEGIN ISOLATION LEVEL READ COMMITTED"
_READS: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_TIMER_IS_DUE: Final = "SELECT min(due_at) <= ? FROM cf_timer"
_HOLD: Final = (
    "WITH ready AS MATERIALIZED ("
    "SELECT case_id, token, ready_at FROM cf_job WHERE {which}ready_at <= ?"
    " AND type NOT IN (SELECT jsonb_array_elements_text(CAST(CAST(? AS text) AS jsonb)))"
    " ORDER BY ready_at, due_at, case_id, token LIMIT ? FOR UPDATE SKIP LOCKED)"
    " UPDATE cf_job AS job SET ready_at = ?, owner = ? FROM ready"
    " WHERE job.case_id = ready.case_id AND job.token = ready.token"
    " RETURNING ready.ready_at, job.due_at, job.case_id, job.token, job.type, job.element, job.attempt, job.retries"
)
_HOLD_ANY: Final = _HOLD.format(which="")
_HOLD_OF_CASE: Final = _HOLD.format(which="case_id = ? AND ")

CONNECT_SECONDS: Final = 10
"""How long to wait for the server unless the URL has ``?connect_timeout=``."""
MOST: Final = 15
"""Connections of one store at a time, as many as SQLAlchemy's pool would have."""
WAIT_SECONDS: Final = 30
"""How long a thread waits for one of them."""

__all__ = ["Transaction", "clean", "hear_farewell", "listening", "open_engine", "open_pool", "wake_workers"]


def open_pool(address: Address) -> PostgresPool:
    """Connections to the server."""
    return PostgresPool(address)


def open_engine(address: Address) -> Engine:
    """An engine with psycopg 3."""
    defaults = {"connect_timeout": CONNECT_SECONDS, "client_encoding": "utf8"}
    for name in address.query:
        if name not in settings():
            raise unknown_setting(name, address.shown)
    options = {name: value for name, value in defaults.items() if name not in address.query}
    engine = create_engine(address.url, connect_args=options, hide_parameters=True)
    event.listen(engine, "checkout", _refuse_the_dead)
    return engine


class PostgresPool(ShelfPool):
    """Connections to the server, at most ``MOST`` at a time."""

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._seats = _seats()

    def take(self) -> tuple[Any, Shelf]:
        """As ``ShelfPool`` says. Raises StoreUnavailable: others have all of them and give none back in time."""
        try:
            self._seats.get(timeout=WAIT_SECONDS)
        except Empty:
            what = f"all {MOST} connections to the database are in use"
            raise StoreUnavailable(what, where=self.where, advice=ALL_IN_USE) from None
        try:
            return super().take()
        except BaseException:
            self._seats.put(None)
            raise

    def give(self, driver: Any, slip: Shelf) -> None:
        """As ``ShelfPool`` says."""
        try:
            super().give(driver, slip)
        finally:
            self._seats.put(None)

    def dispose(self, *, close: bool = True) -> None:
        """As ``Pool`` says."""
        super().dispose(close=close)
        if not close:  # a parent's threads give nothing back here
            self._seats = _seats()

    def start(self, driver: Any, *, writable: bool) -> None:
        """Say how the first statement begins it."""
        _pipeline(driver).beginning = _WRITES if writable else _READS

    def commit(self, driver: Any) -> None:
        """As ``Pool`` says."""
        super().commit(_pipeline(driver))

    def _connect(self) -> Any:
        # Never one that a host had: what psycopg prepares it deallocates after a rollback, and all of ours with it.
        lent = self.engine.pool.recreate().connect()  # whoever listens to the engine hears of it
        driver: Any = lent.driver_connection
        lent.detach()
        driver.prepare_threshold = None
        driver.commit()  # such a listener may have begun a transaction
        return driver

    def _is_fit(self, driver: Any) -> bool:
        with suppress(Exception):
            hear_farewell(driver)
            return True
        return False

    def _roll_back(self, driver: Any) -> None:
        if driver.pgconn.transaction_status != TransactionStatus.IDLE:
            driver.rollback()

    def _open_engine(self) -> Engine:
        return open_engine(self.address)


def _seats() -> SimpleQueue[None]:
    """Places at the server. A semaphore's lock would stay closed where a signal's handler raises within it."""
    seats: SimpleQueue[None] = SimpleQueue()
    for _ in range(MOST):
        seats.put(None)
    return seats


_pipelines: WeakKeyDictionary[Any, Pipeline] = WeakKeyDictionary()


def _pipeline(driver: Any) -> Pipeline:
    """That of a connection of the pool; it knows what is prepared there."""
    pipeline = _pipelines.get(driver)
    if pipeline is None:
        pipeline = _pipelines[driver] = Pipeline(driver.pgconn, driver.info.encoding, prepares=True)
    return pipeline


def clean(pool: Pool) -> None:
    """Write the tables anew that lose rows when a case is shredded. Raises StoreUnavailable: the role may not."""
    refusals: list[Any] = []
    with pool.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.add_notice_handler(refusals.append)  # a table of somebody else is passed over with a warning
        for table in ("cf_key", "cf_value", "cf_notice", "cf_attachment", "cf_receipt", "cf_incident", "cf_case"):
            connection.exec_driver_sql(f"VACUUM FULL {table}")
        driver.remove_notice_handler(refusals.append)
        if refusals:
            what = "the database user may not write the tables anew, so what was deleted is still in their files"
            raise StoreUnavailable(what, where=pool.where, advice="clean as the owner of the tables named cf_*")
        with suppress(DBAPIError):  # only a role that may do so
            connection.exec_driver_sql("CHECKPOINT")


def join_transaction(connection: Connection) -> None:
    """Make sure that the host's connection is in a transaction, as the host wants it; psycopg begins it lazily.

    Raises:
        StoreError: it commits each statement by itself, or does something else at the moment.
    """
    driver: Any = connection.connection.driver_connection
    where = shown_url(connection.engine.url)
    if driver.autocommit:
        what = "the connection commits each statement by itself, so a change would not be whole"
        raise StoreError(what, where=where, advice="use one that is not in AUTOCOMMIT")
    if driver.pgconn.pipeline_status != PipelineStatus.OFF:
        what = "the connection is in a pipeline, whose statements have no answers yet"
        raise StoreError(what, where=where, advice="leave the pipeline first")
    if driver.info.transaction_status == TransactionStatus.ACTIVE:
        what = "the connection is amid an answer"
        raise StoreError(what, where=where, advice="read it to its end, or close its cursor, first")
    if driver.info.transaction_status == TransactionStatus.IDLE:
        driver.execute("SELECT")


def hear_farewell(driver: Any) -> None:
    """Raise psycopg.Error if the server closed the connection while it lay in a pool: no round trip, two looks."""
    driver.pgconn.consume_input()  # reads the server's farewell
    driver.pgconn.consume_input()  # and the end of the stream


def _refuse_the_dead(driver: Any, record: object, proxy: object) -> None:
    try:
        hear_farewell(driver)
    except Exception as error:
        raise DisconnectionError from error


class Transaction(SqlTransaction):
    """The port on a psycopg connection."""

    _true = TRUE["postgresql"]
    _savepoint = False

    def __init__(self, driver: Any, where: str, ring: Ring | None, *, writable: bool, own: bool) -> None:
        super().__init__(driver, where, ring, writable=writable, own=own)
        self._pipeline = _pipeline(driver) if own else Pipeline(driver.pgconn, driver.info.encoding, prepares=False)

    def _rows(self, sql: str, parameters: Values) -> Sequence[Sequence[Any]]:
        return self._pipeline.rows(sql, parameters)

    def _run(self, sql: str, rows: list[Values]) -> None:
        _, error = self._pipeline.run([(sql, values) for values in rows])
        if error is not None:
            raise error

    def _save(self, guard: Query, rest: list[Batch], last: Query | None, *, nested: bool) -> bool:
        saved = [guard, *((sql, values) for sql, rows in rest for values in rows)]
        if last is not None:  # at the end, for others may wait for the row
            saved.append(last)
        before = [*self._releasing(), ("SAVEPOINT cf_write", ())] if nested else []
        touched, error = self._pipeline.run([*before, *saved])
        self._savepoint = self._savepoint or nested
        # Without its case a row violates a foreign key: the guard says why.
        is_stale = touched[len(before) :][:1] == [0] or (error is None and last is not None and touched[-1] == 0)
        if error is None and not is_stale:
            return True
        self._undo(nested=nested)
        if error is not None and not is_stale:
            raise error
        return False

    def _undo(self, *, nested: bool) -> None:
        # Where the connection is lost or the host's transaction had failed before, the first error says more.
        with suppress(Exception):
            if nested:
                self._pipeline.run([("ROLLBACK TO SAVEPOINT cf_write", ())])
            else:
                self._driver.rollback()  # the next statement begins a transaction

    def _releasing(self) -> list[Query]:
        return [("RELEASE SAVEPOINT cf_write", ())] if self._savepoint else []

    def finish(self) -> None:
        """Leave no savepoint in a transaction that goes on in the host's hands."""
        if self._savepoint:
            self._pipeline.run(self._releasing())
            self._savepoint = False

    def _hold(
        self, now: int, until: int, owner: str, limit: int, case_id: str | None, without: list[str]
    ) -> Iterable[Sequence[Any]]:
        wanted = (now, json.dumps(without), limit, until, owner)
        query = (_HOLD_ANY, wanted) if case_id is None else (_HOLD_OF_CASE, (case_id, *wanted))
        # An UPDATE returns its rows in no order.
        oldest_first = sorted(tuple(record) for record in self._rows(*query))
        return [[*job, due_at] for _, due_at, *job in oldest_first]

    @answers
    def due_timers(self, now: datetime, limit: int) -> list[TimerRow]:
        """As the port says; whether there are any is a question that is planned once, and which ones each time anew."""
        ((is_due,),) = self._rows(_TIMER_IS_DUE, (to_ticks(now),))
        return super().due_timers(now, limit) if is_due else []

    @answers
    def give_back(self, jobs: Sequence[JobRow], owner: str, ready_at: datetime) -> None:
        """As the port says; workers that rest are woken."""
        super().give_back(jobs, owner, ready_at)
        notify(self._driver)

    def _takes_the_key(self, error: Exception) -> bool:
        constraint = getattr(getattr(error, "diag", None), "constraint_name", None)
        return constraint == "cf_case_key" and getattr(error, "sqlstate", None) == _UNIQUE_VIOLATION
