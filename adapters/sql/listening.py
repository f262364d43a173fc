"""PostgreSQL's LISTEN and NOTIFY: a worker that rests hears at once that somebody left work for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from complaintflow.adapters.sql.pool import Pool
from complaintflow.store.rows import Change

log = logging.getLogger("complaintflow")

CHANNEL: Final = "complaintflow"
# How long the listener waits before it looks whether it shall end, and before it connects again, in seconds.
_TICK: Final = 0.2
_PAUSE: Final = 1.0


def notify(driver: Any) -> None:
    """Wake the workers when the transaction of this driver's connection is committed."""
    driver.execute("SELECT pg_notify(%s, '')", (CHANNEL,))


def has_ready(change: Change) -> bool:
    """Whether a job of this change may be run at once."""
    return any(row.due_at is not None and row.due_at <= change.case.updated_at for row in change.jobs)


def wake_workers(driver: Any, change: Change) -> None:
    """Wake the workers at the commit, if the change left a job to be run at once."""
    if has_ready(change):
        notify(driver)


@contextmanager
def listening(pool: Pool, wake: Callable[[], None]) -> Iterator[None]:
    """While inside, call ``wake`` (in a thread of its own) at each notification.

    It is an ear and nothing more: while its connection is lost, workers look by themselves, as they always do.
    """
    stop = threading.Event()
    thread = threading.Thread(target=_listen, args=(pool, wake, stop), name="complaintflow-listener", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _listen(pool: Pool, wake: Callable[[], None], stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            with pool.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
                driver: Any = connection.connection.driver_connection
                # It is never given back: a pooled connection that listens would gather notifications.
                connection.detach()
                driver.execute(f"LISTEN {CHANNEL}")
                wake()  # for what was left while nobody listened
                while not stop.is_set():
                    for _ in driver.notifies(timeout=_TICK, stop_after=1):
                        wake()
        except Exception as error:
            log.info("nobody listens to the database: %s", type(error).__name__)
            stop.wait(_PAUSE)
