"""Processes that die: at a chosen statement or call, or whenever the parent pleases."""

from __future__ import annotations

import gc
import os
import re
import select
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from mmap import mmap
from typing import Any, Final

import psycopg
from sqlalchemy import event
from sqlalchemy.engine import Engine

from complaintflow.adapters.sql import sqlite
from complaintflow.adapters.sql.pipeline import Pipeline
from complaintflow.adapters.sql.pool import Pool

_SIZE: Final = 128
_NAMED: Final = re.compile(r"\b(?:cf|procrastinate|pg_try)_\w+")
FAILED: Final = 70
"""What a child exits with that was not killed and did not get through."""


class Slate:
    """What a child wrote last before it died: where its work stood, and at which point of it."""

    def __init__(self) -> None:
        self._memory = mmap(-1, 2 * _SIZE)

    def work(self, place: str) -> None:
        """Note what is being done."""
        self._write(0, place)

    def point(self, point: str) -> None:
        """Note at which point of it."""
        self._write(_SIZE, point)

    def read(self) -> tuple[str, str]:
        """Both."""
        return self._read(0), self._read(_SIZE)

    def clear(self) -> None:
        """Forget them."""
        self._memory[:] = bytes(2 * _SIZE)

    def _write(self, start: int, text: str) -> None:
        self._memory[start : start + _SIZE] = text.encode()[:_SIZE].ljust(_SIZE, b"\0")

    def _read(self, start: int) -> str:
        return self._memory[start : start + _SIZE].rstrip(b"\0").decode(errors="replace")


@dataclass(slots=True)
class Fuse:
    """Kills its own process (SIGKILL, so that nothing is tidied up) when it has burnt for so many points."""

    slate: Slate
    left: int = 0
    lit: bool = False

    def burn(self, point: str) -> None:
        """One of the points that may be the last, once it is lit."""
        if not self.lit:
            return
        self.slate.point(point)
        self.left -= 1
        if self.left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


def at_statements(fuse: Fuse, *engines: Engine) -> None:
    """In a child: burn before each SQL statement (that is, after the one before), and around commits.

    Of these engines, and of those that are made from now on.
    """

    def connected(driver: Any, record: object) -> None:
        if isinstance(driver, psycopg.Connection):
            driver.cursor_factory = _cursor(fuse)

    _at_asynchronous(fuse)
    for engine in (Engine, *engines):
        event.listen(engine, "connect", connected, insert=True)  # in front: what opens a connection counts too
    _at_pipelines(fuse)
    commit, prepare = Pool.commit, sqlite._prepare

    def committing(pool: Pool, driver: Any) -> None:
        fuse.burn("before commit")
        commit(pool, driver)
        fuse.burn("after commit")

    def preparing(driver: Any) -> None:
        driver.set_trace_callback(lambda sql: fuse.burn(_kind(sql)))
        prepare(driver)

    Pool.commit = committing  # type: ignore[method-assign]
    sqlite._prepare = preparing


def _at_pipelines(fuse: Fuse) -> None:
    """Also before each statement of ours, when all of them are said, and when the server has answered each."""
    statement, send, answer = Pipeline._statement, Pipeline._send, Pipeline._answer

    def stating(pipeline: Pipeline, sql: str) -> Any:
        fuse.burn(_kind(sql))
        return statement(pipeline, sql)

    def sending(pipeline: Pipeline, messages: Any) -> Any:
        coming = send(pipeline, messages)
        fuse.burn("all said")
        return coming

    def answering(pipeline: Pipeline) -> Any:
        result = answer(pipeline)
        fuse.burn("answered")
        return result

    Pipeline._statement, Pipeline._send, Pipeline._answer = stating, sending, answering  # type: ignore[method-assign]


def _at_asynchronous(fuse: Fuse) -> None:
    """Also before each statement of procrastinate's own connections."""
    execute = psycopg.AsyncCursor.execute

    async def executing(cursor: psycopg.AsyncCursor[Any], query: Any, *args: Any, **options: Any) -> Any:
        fuse.burn(_kind(query if isinstance(query, str) else query.as_string()))
        return await execute(cursor, query, *args, **options)

    psycopg.AsyncCursor.execute = executing  # type: ignore[method-assign]


def _cursor(fuse: Fuse) -> type[psycopg.Cursor[Any]]:
    class Cursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, *args: Any, **options: Any) -> Any:
            fuse.burn(_kind(query if isinstance(query, str) else bytes(query).decode()))
            return super().execute(query, *args, **options)

        def executemany(self, query: Any, *args: Any, **options: Any) -> Any:
            fuse.burn(_kind(str(query)))
            return super().executemany(query, *args, **options)

    return Cursor


def _kind(sql: str) -> str:
    """The statement's verb, and the table or function it is about."""
    words, named = sql.removeprefix("-- ").split(), _NAMED.search(sql)
    return f"{words[0].upper()} {named.group() if named else ''}".strip() if words else ""


def at_calls(fuse: Fuse) -> None:
    """In a child: burn at each call and return of a function, Python's or C's, also in threads that begin then."""

    def burn(frame: object, kind: str, function: object) -> None:
        fuse.burn("call")

    threading.setprofile(burn)
    sys.setprofile(burn)


def run(deed: Callable[[], object], *, prepare: Callable[[], object] = lambda: None) -> int:
    """Fork a child that does the deed and leaves; its process id."""
    child = os.fork()
    if child:
        return child
    status = FAILED
    try:
        gc.disable()
        prepare()
        deed()
        status = 0
    except BaseException:
        sys.setprofile(None)
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        sys.setprofile(None)
        os._exit(status)


def died(status: int) -> bool:
    """Whether a child was killed; one that went through did not. Raises AssertionError when it failed."""
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, f"signal {os.WTERMSIG(status)}"
        return True
    assert os.WEXITSTATUS(status) == 0, "a child failed without being killed"
    return False


def wait(child: int, seconds: float | None = None) -> int:
    """Wait for a child, and kill it when it is not over by then; its status."""
    if seconds is not None:
        with _handle(child) as handle:
            if not select.select([handle], [], [], seconds)[0]:
                os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


@contextmanager
def _handle(child: int) -> Iterator[int]:
    handle = os.pidfd_open(child)
    try:
        yield handle
    finally:
        os.close(handle)
