"""``complaintflow.store.port.Store`` on both databases, by itself and inside a host's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from complaintflow.adapters.sql import forks, schema, sqlite
from complaintflow.adapters.sql.faults import answers
from complaintflow.adapters.sql.pool import Pool
from complaintflow.adapters.sql.transaction import Ring, SqlTransaction
from complaintflow.adapters.sql.url import Address, shown_url
from complaintflow.errors import StoreError
from complaintflow.store.hands import Queue
from complaintflow.store.rows import Change

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_DRIVERS = {"sqlite": "pysqlite", "postgresql": "psycopg"}


class AnnouncingQueue(Queue, Protocol):
    """A queue in the same database."""

    def prepare(self) -> None:
        """Create its tables, or bring older ones up to date."""

    def check(self) -> None:
        """Raise StoreError unless its tables are there and up to date."""

    def announce(self, driver: Any, change: Change) -> None:
        """Tell of the ready jobs of a change, on the driver's connection on which it was written."""


class SqlStore:
    """Cases in SQLite or PostgreSQL.

    Threads may share it. A forked child may use it too, but for a database in memory, which is the parent's own, and
    for a transaction that was open in the thread that forked.

    Args:
        address: as ``url.parse`` reads it. With its queue, workers are told of ready jobs in the transaction that makes
            them ready.
    """

    def __init__(self, address: Address) -> None:
        self._kind = kind_of(address.dialect)
        self._pool: Pool = self._kind.open_pool(address)
        self._address = self._pool.address
        self.queue: AnnouncingQueue | None = open_queue(self._pool.engine) if address.queued else None
        self._ring = None if self.queue is None else self.queue.announce
        self.where = address.shown
        forks.watch(self)

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's, on the same database.

        A host that wants its own rows in the same transaction opens its sessions on it, and hands them to ``using``.
        """
        return self._pool.engine

    @property
    def shards(self) -> int:
        """SQLite has one writer at a time; on PostgreSQL many write at once."""
        return _shards(self._address.dialect)

    @property
    def folder(self) -> Path | None:
        """Where the file is; None for a server, or a database in memory."""
        if self._address.dialect != "sqlite" or self._address.in_memory:
            return None
        return Path(self._address.database.removeprefix("file:")).resolve().parent

    @property
    def lasting(self) -> bool:
        """False for a database in memory."""
        return not self._address.in_memory

    def transaction(self) -> AbstractContextManager[SqlTransaction]:
        """Begin a transaction that may write.

        Raises:
            StoreUnavailable: the database does not answer, is locked too long or cannot be written.
        """
        return self._pool.transaction(self._written, writable=True)

    def reading(self) -> AbstractContextManager[SqlTransaction]:
        """Begin a transaction that only reads: a consistent picture that blocks nobody.

        A database in memory is one connection: there it waits for the transaction of another thread.
        """
        return self._pool.transaction(self._read, writable=False)

    def _written(self, driver: Any) -> SqlTransaction:
        transaction: SqlTransaction = self._kind.Transaction(driver, self.where, self._ring, writable=True, own=True)
        return transaction

    def _read(self, driver: Any) -> SqlTransaction:
        transaction: SqlTransaction = self._kind.Transaction(driver, self.where, None, writable=False, own=True)
        return transaction

    @answers
    def clean(self) -> None:
        """Overwrite what deleted rows have left in the database's files.

        On SQLite the file is written anew and the journal emptied; on PostgreSQL the tables that lose rows when a case
        is shredded are written anew, each under a short exclusive lock, and the write-ahead log is checkpointed where
        the role may (its archive, replicas and backups are not reached: see SECURITY.md).

        Raises:
            StoreUnavailable: somebody reads or writes all the time, or the role does not own the tables.
        """
        self._pool.must_be_open()
        self._kind.clean(self._pool)

    def using(self, connection: object) -> HostedStore:
        """A store on a connection that somebody else owns: it neither commits nor rolls back.

        Args:
            connection: an SQLAlchemy ``Session`` (scoped too) or ``Connection`` to the same database. On SQLite the
                host says how its transactions begin: one that reads first and writes later may find the database locked
                (StoreUnavailable) or changed meanwhile (StaleCase). On ``store.engine`` all are IMMEDIATE, and do not.

        Raises:
            StoreError: it is something else, has another driver, or commits each statement by itself.
        """
        # What it makes ready outside a host's transaction a plain engine runs itself; for the host's, workers wake.
        return HostedStore(connection, self._address.dialect, self.where, self._ring or self._kind.wake_workers)

    def listening(self, wake: Callable[[], None]) -> AbstractContextManager[object]:
        """While inside, call ``wake`` when another process left work here; SQLite never tells, a queue does itself."""
        if self.queue is not None:
            return nullcontext()
        hearing: AbstractContextManager[object] = self._kind.listening(self._pool, wake)
        return hearing

    @answers
    def prepare(self) -> None:
        """Create the tables in a fresh database, or bring older ones up to date.

        Raises:
            NewerDatabase, ForeignDatabase, StoreUnavailable, StoreError: see ``schema``.
        """
        schema.prepare(self._pool)
        if self.queue is not None:
            self.queue.prepare()

    @answers
    def check(self) -> None:
        """Raise StoreError unless the database has the tables of this release."""
        schema.check(self._pool)
        if self.queue is not None:
            self.queue.check()

    @answers
    def upgrade(self, on_progress: schema.Progress | None = None) -> None:
        """Run the migrations that the database has not seen; see ``schema.upgrade`` for ``on_progress``."""
        schema.upgrade(self._pool, on_progress)
        if self.queue is not None:
            self.queue.prepare()

    def close(self) -> None:
        """Give the connections back. Idempotent."""
        self._pool.closed = True
        self._pool.dispose()

    def before_fork(self) -> None:
        """Close the idle connections, for the child must not inherit them."""
        if self.lasting:
            self._pool.dispose()

    def after_fork(self) -> None:
        """In the child: start with an empty pool, whatever other threads of the parent were doing."""
        if self.lasting:
            self._pool.dispose(close=False)


class HostedStore:
    """A store inside a transaction of the host."""

    def __init__(self, host: object, dialect: str, where: str, ring: Ring | None) -> None:
        self._host = host
        self._dialect = dialect
        self._ring = ring
        self.where = where
        self._joined()

    @property
    def shards(self) -> int:
        """As of the store itself."""
        return _shards(self._dialect)

    folder = None
    lasting = True
    queue = None

    def listening(self, wake: Callable[[], None]) -> AbstractContextManager[object]:
        """Inside a transaction nobody waits."""
        return nullcontext()

    def clean(self) -> None:
        """Raises StoreError: it cannot be done inside a transaction."""
        what = "leftovers cannot be overwritten inside the host's transaction"
        raise StoreError(what, where=self.where, advice="clean the store itself")

    def transaction(self) -> AbstractContextManager[SqlTransaction]:
        """The host's transaction; it begins now if the host has not begun it."""
        return self._inside()

    def reading(self) -> AbstractContextManager[SqlTransaction]:
        """The host's transaction: it sees what the host has written."""
        return self._inside()

    @contextmanager
    def _inside(self) -> Iterator[SqlTransaction]:
        connection = self._joined()
        driver = connection.connection.driver_connection
        transaction = kind_of(self._dialect).Transaction(driver, self.where, self._ring, writable=True, own=False)
        try:
            yield transaction
            transaction.finish()
        except BaseException:
            if self._dialect == "sqlite":
                sqlite.give_up(connection)
            raise

    @answers
    def _joined(self) -> Connection:
        """The host's connection, in a transaction."""
        connection = self._connection()
        dialect = connection.dialect
        if dialect.name != self._dialect or dialect.driver != _DRIVERS[self._dialect]:
            what = f"the store is {self._dialect} with {_DRIVERS[self._dialect]}, the connection {dialect.name}"
            raise StoreError(f"{what} with {dialect.driver}", where=self.where, advice="use a connection of that kind")
        if not connection.in_transaction():
            connection.begin()
        kind_of(dialect.name).join_transaction(connection)
        return connection

    def _connection(self) -> Connection:
        from sqlalchemy import Connection  # here, for only hosts use it

        if isinstance(self._host, Connection):
            return self._host
        from sqlalchemy.orm import Session, scoped_session  # here, for it takes long to load and few hosts need it

        host = self._host() if isinstance(self._host, scoped_session) else self._host
        if isinstance(host, Session):
            return host.connection()
        what = f"using() got {type(self._host).__qualname__}"
        raise StoreError(what, where=self.where, advice="give it an SQLAlchemy Session or Connection")

    def using(self, connection: object) -> HostedStore:
        """The same on another connection."""
        return HostedStore(connection, self._dialect, self.where, self._ring)

    def close(self) -> None:
        """Nothing: the connection is the host's."""


def _shards(dialect: str) -> int:
    return 1 if dialect == "sqlite" else 64


def kind_of(dialect: str) -> ModuleType:
    """The module for a database; SQLite does not load PostgreSQL's. Raises StoreError: psycopg is not installed."""
    if dialect == "sqlite":
        return sqlite
    try:
        from complaintflow.adapters.sql import postgres
    except ImportError as error:
        what = f"PostgreSQL needs the driver psycopg 3, which cannot be loaded ({error})"
        raise StoreError(what, advice="pip install 'complaintflow[postgres]'") from error
    return postgres


def open_queue(engine: Engine) -> AnnouncingQueue:
    """The queue in a PostgreSQL database. Raises StoreError: procrastinate is not installed."""
    try:
        from complaintflow.adapters.procrastinate.queue import ProcrastinateQueue
    except ImportError as error:
        what = f"?queue=procrastinate needs procrastinate, which cannot be loaded ({error})"
        raise StoreError(what, where=shown_url(engine.url), advice="pip install 'complaintflow[postgres]'") from error
    return ProcrastinateQueue(engine)
