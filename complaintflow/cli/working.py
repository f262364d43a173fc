"""``complaintflow worker``: deadlines and jobs, until stopped."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from complaintflow.cli.look import aside, clean, columns, cut, dim, say, span, wrap
from complaintflow.cli.session import Session, command, json_option
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.facade.engine import Engine
    from complaintflow.work.worker import Worker

_AT_ONCE: Final = b"\nStopped at once. The step at hand is done again when its lease ends, in five minutes at most.\n"
# How often the main thread looks whether it shall stop, in seconds.
_TICK: Final = 0.2
# Until it says what it waits for, in seconds.
_PATIENCE: Final = 2


@command("worker")
@click.option("--once", is_flag=True, help="Do what is due now, and end.")
@click.option(
    "--every", type=click.FloatRange(min=0.1), default=60.0, show_default=True, metavar="SECONDS",
    help="How often to say how it goes, where the output is not a terminal.",
)  # fmt: skip
@json_option
def worker_command(session: Session, once: bool, every: float, as_json: bool) -> None:
    """Fire deadlines that are due and run jobs that are ready, until Ctrl-C.

    Several workers may run at once, on several machines if the database is PostgreSQL. Without a worker, deadlines pass
    unseen. Your own job handlers come with --app; jobs that this worker has no handler for wait for one that has.

    A database URL with ?queue=procrastinate makes it a procrastinate worker.
    """
    with session.engine() as engine:
        engine.handlers_elsewhere = True
        worker = engine.worker()
        if once:
            worker.drain()
        else:
            _run(engine, worker, None if sys.stderr.isatty() else every)
        _report(worker, as_json)


def _report(worker: Worker, as_json: bool) -> None:
    if as_json:
        from complaintflow.cli.data import write_json

        write_json({"timers": worker.timers, "jobs": worker.jobs})
    else:
        say(_done(worker))


def _done(worker: Worker) -> str:
    timers = f"{worker.timers} timer{'' if worker.timers == 1 else 's'} fired"
    return f"{timers}, {worker.jobs} job{'' if worker.jobs == 1 else 's'} run"


@dataclass(slots=True)
class _Outcome:
    """How the worker's thread ended."""

    error: BaseException | None = None


def _run(engine: Engine, worker: Worker, every: float | None) -> None:
    """Work in a thread, so that a signal never meets a lock that the worker holds; ``every`` None: on a terminal."""
    outcome = _Outcome()

    def work() -> None:
        try:
            worker.run()
        except BaseException as error:
            outcome.error = error

    thread = threading.Thread(target=work, name="complaintflow-worker", daemon=True)
    progress = _Progress(engine, worker, every)
    with _stop_signals() as stop:
        thread.start()
        progress.begin()
        while thread.is_alive() and not stop.is_set():
            thread.join(_TICK)
            progress.tick()
        progress.end(stopping=thread.is_alive())
        worker.stop()
        thread.join(_PATIENCE)
        if thread.is_alive():
            aside("The step at hand is not done yet. Asked again, it stops at once, and the step is done again later.")
        thread.join()
    if outcome.error is not None:
        raise outcome.error


class _Stop:
    """A plain flag: a signal handler must not touch a lock."""

    def __init__(self) -> None:
        self.wanted = False

    def is_set(self) -> bool:
        return self.wanted


@contextmanager
def _stop_signals() -> Iterator[_Stop]:
    """Ctrl-C and the polite kill ask to stop; a second one stops at once, without waiting for a handler's thread."""
    stop = _Stop()
    before: dict[int, Any] = {}

    def ask(number: int, frame: object) -> None:
        if stop.wanted:
            os.write(2, _AT_ONCE)
            os._exit(128 + number)
        stop.wanted = True

    if threading.current_thread() is threading.main_thread():
        for asked in (signal.SIGINT, signal.SIGTERM):
            before[asked] = signal.signal(asked, ask)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _plain_url(store: object) -> str:
    """Where the cases are, without a password; a store of one's own by its name."""
    return re.sub(r"^(\w+)\+\w+:", r"\1:", str(getattr(store, "where", type(store).__name__)))


class _Progress:
    """One line, rewritten on a terminal; elsewhere a line every so often."""

    def __init__(self, engine: Engine, worker: Worker, every: float | None) -> None:
        self.engine = engine
        self.worker = worker
        self.every = every
        self.started = self.said = engine.clock.now()

    def begin(self) -> None:
        """Say what it works on, what it can do, and how to stop it."""
        engine, types = self.engine, self.worker.job_types()
        own = sorted(engine.handlers.by_type)
        aside(f"Working on {_plain_url(engine.store)}; Ctrl-C or SIGTERM stops after the step at hand.")
        names, layers = engine.processes(), ", ".join(layer.name for layer in engine.library.layers.layers)
        rows = [
            ("processes", f"{len(names)} in {layers}; cases that run already keep theirs"),
            ("looks for work", "as procrastinate calls" if engine.store.queue is not None else "by itself"),
            ("jobs, built in", ", ".join(sorted(one for one in types - set(own) if not one.startswith("#")))),
            ("your handlers", ", ".join(own) or "none: --app MODULE:NAME brings them"),
            ("cases by the clock", self._scheduled()),
        ]
        for name, what in rows:
            for number, line in enumerate(wrap(clean(what), 78)):
                aside(dim(f"  {'' if number else name:<20}") + line)

    def _scheduled(self) -> str:
        """What the clock starts, which `complaintflow schedule` has set."""
        names = sorted({one.process for one in self.engine.schedules() if one.due_at is not None})
        return ", ".join(names) or "none: `complaintflow schedule PROCESS` sets one"

    def tick(self) -> None:
        """Say how it goes, if it is time."""
        now = self.engine.clock.now()
        passed = (now - self.said).total_seconds()
        if passed >= (1 if self.every is None else self.every):
            self.said = now
            self._say(now)

    def end(self, *, stopping: bool) -> None:
        """Leave the line."""
        if self.every is None:
            click.echo("\r\x1b[2K", nl=False, err=True)
        if stopping:
            aside("Stopping.")

    def _say(self, now: datetime) -> None:
        line = f"{_done(self.worker)}; up {span(int((now - self.started).total_seconds()))}{self._next(now)}"
        if self.every is None:
            room = columns() or 80
            click.echo("\r\x1b[2K" + cut(clean(line), room - 1), nl=False, err=True)
        else:
            aside(line)

    def _next(self, now: datetime) -> str:
        with self.engine.store.reading() as tx:
            due = tx.next_due()
        if due is None:
            return "; nothing is waiting"
        seconds = int((due - now).total_seconds())
        return f"; next in {span(seconds)}" if seconds > 0 else "; busy"
