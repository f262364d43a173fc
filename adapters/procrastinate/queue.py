"""The port ``complaintflow.store.hands.Queue`` on procrastinate."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

import psycopg
import psycopg_pool
from procrastinate.exceptions import ConnectorException
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from complaintflow.adapters.procrastinate import calls, installing
from complaintflow.adapters.procrastinate.serving import Application
from complaintflow.adapters.sql.faults import translated
from complaintflow.adapters.sql.url import shown_url
from complaintflow.errors import StoreError, StoreUnavailable
from complaintflow.store.hands import Hands
from complaintflow.store.port import Store
from complaintflow.store.rows import Change

_R = TypeVar("_R")


class ProcrastinateQueue:
    """Calls workers by procrastinate jobs in the store's own database.

    Args:
        engine: the store's connections to PostgreSQL.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.where = shown_url(engine.url)
        self._said: set[str] = set()

    def prepare(self) -> None:
        """Create or upgrade procrastinate's tables. Raises NewerDatabase, StoreError."""
        installing.prepare(self.engine, self.where)

    def check(self) -> None:
        """Raise StoreError unless procrastinate's tables are there and up to date."""
        installing.check(self.engine, self.where)

    def announce(self, driver: Any, change: Change) -> None:
        """Defer a call for each ready job of a change, in the transaction that the connection is in."""
        calls.announce(driver, change)

    def serve(self, hands: Hands) -> None:
        """Hand work to a worker until it is stopping. Raises StoreUnavailable."""
        self._run(Application(self.engine, lambda: hands, self._said).serve())

    def drain(self, hands: Hands) -> int:
        """Hand it what is due until nothing is. Returns how much was done. Raises StoreUnavailable."""
        # In a thread: the caller's may have an event loop of its own.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(self._run, Application(self.engine, lambda: hands, self._said).drain()).result()

    def _run(self, what: Coroutine[Any, Any, _R]) -> _R:
        try:
            return asyncio.run(what)
        except (ConnectorException, psycopg.Error, SQLAlchemyError, psycopg_pool.PoolTimeout) as error:
            cause = error.__cause__ if isinstance(error, ConnectorException) else error
            known = translated(cause, self.where) if isinstance(cause, psycopg.Error | SQLAlchemyError) else None
            what_happened = "the database does not answer the queue"
            raise known or StoreUnavailable(what_happened, where=self.where, advice="start the server") from error


class Owner(Protocol):
    """An engine, as far as it matters here."""

    @property
    def store(self) -> Store:
        """Where its cases are."""

    def worker(self) -> Hands:
        """Who does the work."""


def application(engine: Owner) -> Application:
    """procrastinate's application for an engine, for its own command: ``procrastinate --app=shop.queue worker``.

    Raises:
        StoreError: the engine's database has no queue of this kind.
    """
    queue = engine.store.queue
    if not isinstance(queue, ProcrastinateQueue):
        what = "the engine's database has no procrastinate queue"
        raise StoreError(what, advice="end the database URL with ?queue=procrastinate (PostgreSQL only)")
    return Application(queue.engine, engine.worker)
