"""A worker: procrastinate's own, with tasks that lead to ``Hands`` and a sweeper beside it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, cast

import procrastinate
from procrastinate.app import WorkerOptions
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status
from procrastinate.worker import Worker
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from psycopg_pool.pool_async import AddConnection, MaintenanceTask
from sqlalchemy import Engine
from typing_extensions import Unpack

from complaintflow.adapters.procrastinate import calls
from complaintflow.adapters.procrastinate.fetching import Taking
from complaintflow.adapters.procrastinate.sweeping import GRACE, recall, strangers, sweep
from complaintflow.adapters.sql.postgres import hear_farewell
from complaintflow.errors import ComplaintflowError, MissingHandler
from complaintflow.logs import about
from complaintflow.store.hands import Hands
from complaintflow.time.clock import stopwatch

log = logging.getLogger("complaintflow")

# In seconds: between two sweeps that found nothing, and between two looks whether to stop.
_NAP: Final = 1.0
_TICK: Final = 0.05
_BEAT: Final = timedelta(seconds=10)
_TIDY: Final = timedelta(minutes=1)
_DEAD: Final = 60.0
"""Seconds without a heartbeat after which a worker's calls are forgotten: the rows tell what is still to be done."""


class Application(procrastinate.App):
    """procrastinate's application for one engine.

    Args:
        engine: the database's connections.
        make: makes the worker's hands, when a worker starts.
        said: job types without a handler that were spoken of already.
    """

    def __init__(self, engine: Engine, make: Callable[[], Hands], said: set[str] | None = None) -> None:
        _, options = engine.dialect.create_connect_args(engine.url)
        options = {"connect_timeout": 10, **options}
        connector = procrastinate.PsycopgConnector(
            kwargs=options, configure=_carefree, pool_factory=_pool, min_size=1, max_size=8
        )
        super().__init__(connector=connector)
        self.taking = self.job_manager = Taking(connector)
        self.done = 0
        self._engine = engine
        self._make = make
        self._hands: Hands | None = None
        self._said: set[str] = set() if said is None else said
        self._worker_now: Worker | None = None
        self.task(name=calls.JOB)(self._run_jobs)
        self.task(name=calls.TIMERS)(self._fire_timers)
        self.task(name=calls.SCHEDULES)(self._start_cases)

    @property
    def hands(self) -> Hands:
        """Who does it."""
        if self._hands is None:
            self._hands = self._make()
        return self._hands

    async def run_worker_async(self, **options: Unpack[WorkerOptions]) -> None:
        """procrastinate's worker on the queues that this engine has handlers for, with the sweeper."""
        ending = asyncio.Event()
        sweeping = asyncio.create_task(self._sweep(ending), name="complaintflow-sweeper")
        try:
            await self._run_worker(**options)
        finally:
            # A cancellation may be lost in whatever the sweeper waits for just then (asyncio.wait_for swallows one that
            # comes with the result), so it is told too.
            ending.set()
            sweeping.cancel()
            await asyncio.gather(sweeping, return_exceptions=True)

    async def serve(self) -> None:
        """Work until the hands are stopping; the jobs that run then are finished.

        Raises:
            ConnectorException, psycopg.Error: the database does not answer.
        """
        async with self.open_async():
            worker = asyncio.create_task(self.run_worker_async(install_signal_handlers=False))
            while not worker.done():
                if self.hands.stopping() and self._worker_now is not None:
                    # Again at each look: one that is just beginning forgets the first.
                    self._worker_now.stop()  # type: ignore[no-untyped-call]
                await asyncio.wait({worker}, timeout=_TICK)
            await worker

    async def drain(self) -> int:
        """Work until nothing is due. Returns how much was done."""
        async with self.open_async():
            made, stuck = 0, False
            while not (stuck or self.hands.stopping()):
                before, called = self.done, made
                # First what is called for already: the sweep would call for it once more.
                await self._run_worker(wait=False, listen_notify=False, install_signal_handlers=False)
                made = await asyncio.to_thread(sweep, self._engine, self.hands, timedelta(0))
                stuck = not made or (called > 0 and self.done == before)
            await asyncio.to_thread(self._tell_strangers, timedelta(0))
        return self.done

    async def _run_worker(self, **options: Unpack[WorkerOptions]) -> None:
        kind = _Commanded if options.get("install_signal_handlers", True) else Worker
        self._worker_now = kind(app=self, **self._options(options))
        try:
            await self._worker_now.run()  # type: ignore[no-untyped-call]
        finally:
            self._worker_now = None

    def _options(self, wished: WorkerOptions) -> WorkerOptions:
        defaults: WorkerOptions = {
            "queues": calls.queues_of(self.hands.job_types()),
            "delete_jobs": "always",  # what was done is in the history of the case
            "fetch_job_polling_interval": _NAP,
        }
        given: Any = {name: value for name, value in wished.items() if value is not None}
        return {**defaults, **given}

    async def _run_jobs(self, case_id: str, more: Sequence[str] = ()) -> None:
        began = stopwatch()
        cases = [case_id, *more]
        await self._do(self.hands.run_jobs, cases)
        self.taking.told(len(cases), stopwatch() - began)
        if self.hands.stopping():
            await self._do(self._call_again, cases)

    async def _fire_timers(self, case_id: str) -> None:
        await self._do(self.hands.fire_timers, case_id)

    async def _start_cases(self) -> None:
        await self._do(self.hands.start_cases)

    async def _do(self, what: Callable[..., int], *about: object) -> None:
        """One call, in a thread. What goes wrong leaves the row as it is: the sweeper calls again."""
        try:
            self.done += await asyncio.get_running_loop().run_in_executor(None, what, *about)
        except Exception as error:
            log.error("a call for work failed, and will come again: %s", type(error).__name__)

    def _call_again(self, cases: Sequence[str]) -> int:
        """What was given back when the worker was asked to stop is anybody's at once."""
        with self._engine.begin() as connection:
            recall(connection.connection.driver_connection, self.hands, cases)
        return 0

    async def _sweep(self, ending: asyncio.Event) -> None:
        beaten = tidied = None
        failing = False
        while not ending.is_set():
            made = 0
            try:
                now = self.hands.now()
                if beaten is None or now - beaten >= _BEAT:
                    await asyncio.to_thread(self.hands.beat)
                    beaten = now
                made = await asyncio.to_thread(sweep, self._engine, self.hands)
                if tidied is None or now - tidied >= _TIDY:
                    tidied = await self._tidy(now)
                if failing:
                    log.warning("the worker goes on", extra=about("store-unavailable", error=""))
                failing = False
            except Exception as error:
                if not failing:  # it tries again each second
                    said = error.what if isinstance(error, ComplaintflowError) else type(error).__name__
                    told = about("store-unavailable", error=type(error).__name__)
                    log.warning("the worker cannot look for what is due, and tries again: %s", said, extra=told)
                failing = True
            if not made:
                await asyncio.sleep(_NAP)

    async def _tidy(self, now: datetime) -> datetime:
        """Forget the calls of dead workers, and say what waits for a handler that is not here."""
        for job in await self.job_manager.get_stalled_jobs(seconds_since_heartbeat=_DEAD):
            if job.task_name in (calls.JOB, calls.TIMERS, calls.SCHEDULES):
                with suppress(ConnectorException):  # another worker did so
                    await self.job_manager.finish_job(job, Status.FAILED, delete_job=True)
        await asyncio.to_thread(self._tell_strangers, GRACE)
        return now

    def _tell_strangers(self, grace: timedelta) -> None:
        for kind, number in strangers(self._engine, self.hands, grace).items():
            if kind not in self._said:
                self._said.add(kind)
                log.error("%s", _missing(kind, number), extra=about("job-left"))


class _Commanded(Worker):
    """A worker of procrastinate's own command, which hears the signals."""

    def stop(self) -> None:
        """Begin nothing more; what was taken along and is not begun is given back."""
        cast("Application", self.app).hands.stop()
        super().stop()  # type: ignore[no-untyped-call]


async def _carefree(connection: AsyncConnection[Any]) -> None:
    """Let procrastinate not wait for the disk: a call that a power cut forgets, or brings back, does no harm.

    Each of its statements is a transaction by itself, so it needs no round trips to begin and to commit one.
    """
    await connection.set_autocommit(True)
    await connection.execute("SET synchronous_commit TO off")


class _Pool(AsyncConnectionPool[AsyncConnection[Any]]):
    """It tries each second to connect again: psycopg's doubles its pauses, and sleeps on when the server is back."""

    async def schedule_task(self, task: MaintenanceTask, delay: float) -> None:
        """As psycopg says."""
        await super().schedule_task(task, min(delay, _NAP) if isinstance(task, AddConnection) else delay)


def _pool(**options: Any) -> AsyncConnectionPool[AsyncConnection[Any]]:
    return _Pool(**{**options, "check": _refuse_the_dead})


async def _refuse_the_dead(connection: AsyncConnection[Any]) -> None:
    hear_farewell(connection)


def _missing(kind: str, number: int) -> MissingHandler:
    what = f"nobody here handles the job type '{kind}'; {number} job{'' if number == 1 else 's'} of it"
    return MissingHandler(f"{what} wait{'s' if number == 1 else ''} for a worker that does")
