"""A pool that keeps idle connections on a shelf.

SQLAlchemy's costs a twentieth of a step, and to load it on SQLite more than a first case.
"""

from __future__ import annotations

import sys
from abc import abstractmethod
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from complaintflow.adapters.sql.pool import Pool
from complaintflow.adapters.sql.url import Address

if TYPE_CHECKING:
    from sqlalchemy import Engine

_IDLE: Final = 5
"""Connections that are kept open."""


class Shelf:
    """Idle connections of one process, and how many of them it may keep."""

    def __init__(self, room: int = _IDLE) -> None:
        self.idle: list[Any] = []
        self.room = room


# Connections of the parent, in a forked child: to close them would drop what the parent holds.
_inherited: list[Shelf] = []


class ShelfPool(Pool):
    """Connections of our own; ``engine`` has others."""

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._shelf = Shelf()

    @abstractmethod
    def _connect(self) -> Any:
        """A new connection."""

    @abstractmethod
    def _is_fit(self, driver: Any) -> bool:
        """Whether a connection from the shelf can be used."""

    @abstractmethod
    def _roll_back(self, driver: Any) -> None:
        """End a transaction that is still open. Raises what the driver does when the connection is of no more use."""

    @abstractmethod
    def _open_engine(self) -> Engine: ...

    @cached_property
    def engine(self) -> Engine:
        """It has connections of its own."""
        return self._open_engine()

    def take(self) -> tuple[Any, Shelf]:
        """The connection that was used last, or a new one."""
        shelf = self._shelf
        while True:
            try:
                driver = shelf.idle.pop()
            except IndexError:
                return self._connect(), shelf
            if self._is_fit(driver):
                return driver, shelf
            driver.close()

    def give(self, driver: Any, slip: Shelf) -> None:
        """Keep it, unless there are enough."""
        try:
            self._roll_back(driver)
        except Exception:  # what went wrong before says more
            driver.close()
            return
        if len(slip.idle) < slip.room:
            slip.idle.append(driver)
        else:
            driver.close()

    def dispose(self, *, close: bool = True) -> None:
        """As ``Pool`` says; the engine's too, if somebody asked for it."""
        shelf, self._shelf = self._shelf, Shelf(room=0 if self.closed else _IDLE)
        shelf.room = 0 if close else sys.maxsize
        if not close:
            _inherited.append(shelf)
        with suppress(IndexError):  # others may take some meanwhile
            while close:
                shelf.idle.pop().close()
        if "engine" in self.__dict__:
            self.engine.dispose(close=close)
