"""Where connections wait between two transactions, and how a transaction begins and ends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from complaintflow.adapters.sql.faults import answers
from complaintflow.adapters.sql.url import Address
from complaintflow.errors import StoreUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Engine

_Seen = TypeVar("_Seen")


class Pool(ABC):
    """The driver's connections to one database. Threads may share it; a connection belongs to one at a time."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.where = address.shown
        self.closed = False

    @property
    @abstractmethod
    def engine(self) -> Engine:
        """An SQLAlchemy engine on the same database, for hosts and migrations."""

    @abstractmethod
    def take(self) -> tuple[Any, Any]:
        """A connection of the driver, and the slip that ``give`` wants back with it."""

    @abstractmethod
    def give(self, driver: Any, slip: Any) -> None:
        """Put a connection back, whatever state it is in."""

    @abstractmethod
    def start(self, driver: Any, *, writable: bool) -> None:
        """Begin a transaction; one that only reads sees one moment, and blocks nobody."""

    @abstractmethod
    def dispose(self, *, close: bool = True) -> None:
        """Forget all connections, and close those that are idle: without ``close``, none, for they are a parent's."""

    @contextmanager
    def transaction(self, see: Callable[[Any], _Seen], *, writable: bool) -> Iterator[_Seen]:
        """A transaction that commits at the end, and rolls back at an error.

        Args:
            see: makes of the driver's connection what is handed out.
            writable: False for one that only reads.

        Raises:
            StoreUnavailable: the database does not answer, is locked too long or cannot be written.
        """
        driver, slip = self._begin(writable=writable)
        try:
            yield see(driver)
            self.commit(driver)
        except BaseException:
            with suppress(Exception):  # what went wrong before says more
                driver.rollback()
            raise
        finally:
            self.give(driver, slip)

    def must_be_open(self) -> None:
        """Raises StoreUnavailable: whoever had it has closed it."""
        if self.closed:
            raise StoreUnavailable("the store is closed", where=self.where, advice="open it again")

    @answers
    def _begin(self, *, writable: bool) -> tuple[Any, Any]:
        self.must_be_open()
        driver, slip = self.take()
        try:
            self.start(driver, writable=writable)
        except BaseException:
            self.give(driver, slip)
            raise
        return driver, slip

    @answers
    def commit(self, driver: Any) -> None:
        """End the connection's transaction."""
        driver.commit()


class EnginePool(Pool):
    """The connections of an SQLAlchemy engine, which hosts share."""

    def __init__(self, address: Address, engine: Engine) -> None:
        super().__init__(address)
        self._engine = engine

    @property
    def engine(self) -> Engine:
        """It has the same connections."""
        return self._engine

    def take(self) -> tuple[Any, Any]:
        """One that is idle, or a new one, or that of the first who gives one back."""
        lent = self._engine.raw_connection()
        return lent.driver_connection, lent

    def give(self, driver: Any, slip: Any) -> None:
        """What is left of a transaction is rolled back."""
        slip.close()

    def dispose(self, *, close: bool = True) -> None:
        """As ``Pool`` says."""
        self._engine.dispose(close=close)
