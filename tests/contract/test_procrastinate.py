"""Calls by procrastinate: deferred with the state, found again when lost, in tables that we install and upgrade."""

from __future__ import annotations

import asyncio
import logging
import statistics
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from time import perf_counter
from typing import Any, cast

import psycopg
import pytest
from procrastinate.manager import JobManager
from procrastinate.schema import SchemaManager
from sqlalchemy import create_engine, make_url

from complaintflow import Engine, Handlers
from complaintflow.adapters.procrastinate import application, calls
from complaintflow.adapters.procrastinate.sweeping import strangers, sweep
from complaintflow.adapters.sql import SqlStore, open_store
from complaintflow.errors import InvalidDatabaseUrl, NewerDatabase, StoreError
from complaintflow.testing import Workbench
from tests import diagrams as d
from tests.conftest import run_sql

JOB = d.document(d.process(d.start(), d.service("a", "work"), d.end(), d.flows("start > a > end")))
NOW = timedelta(0)


def queued(url: str) -> str:
    """The URL with the queue."""
    return url + ("&" if "?" in url else "?") + "queue=procrastinate"


@pytest.fixture
def url(new_database: Callable[[], str]) -> str:
    """A fresh database that has a queue."""
    return queued(new_database())


class Site:
    """A workbench on the queue, with a handler that counts."""

    def __init__(self, url: str, folder: Path) -> None:
        self.ran: list[str] = []
        desk = Handlers()

        @desk.handler("work")
        def work() -> None:
            self.ran.append("work")

        self.bench = Workbench(database=url, layers=[d.layer(folder, JOB)], handlers=[desk])
        self.engine = self.bench.engine
        self.database = cast("SqlStore", self.engine.store).engine

    def rows(self, sql: str) -> list[Any]:
        with self.database.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(sql)]

    def forget(self) -> None:
        with self.database.begin() as connection:
            connection.exec_driver_sql("DELETE FROM procrastinate_jobs")


@pytest.fixture
def site(url: str, tmp_path: Path) -> Iterator[Site]:
    """A site on a fresh database."""
    site = Site(url, tmp_path)
    yield site
    site.bench.close()


# -- with the state ---------------------------------------------------------------------------


def test_a_call_is_deferred_in_the_transaction_of_the_state(site: Site) -> None:
    """Inside the host's transaction the case and the call are there, outside neither is until the commit."""
    count = "SELECT (SELECT count(*) FROM cf_job), (SELECT count(*) FROM procrastinate_jobs)"
    with site.database.connect() as host:
        site.engine.using(host).start("p", {})
        assert [tuple(row) for row in host.exec_driver_sql(count)] == [(1, 1)]
        assert site.rows(count) == [(0, 0)]
        host.rollback()
    assert site.rows(count) == [(0, 0)]
    site.bench.start("p")
    [job] = site.rows("SELECT case_id, token FROM cf_job")
    assert site.rows("SELECT lock, queueing_lock, scheduled_at, queue_name FROM procrastinate_jobs") == [
        (None, "complaintflow.job:{}:{}".format(*job), None, "cf:work")
    ]


def test_what_is_done_leaves_nothing_behind(site: Site) -> None:
    """procrastinate's tables keep no copy of what happened: that is the case's history."""
    site.bench.start("p")
    assert site.engine.drain() == 1
    assert site.rows("SELECT count(*) FROM procrastinate_jobs") == [(0,)]
    assert site.rows("SELECT count(*) FROM procrastinate_workers") == [(0,)]


def test_a_lost_call_is_made_again_and_a_second_one_finds_nothing(site: Site) -> None:
    """The sweeper calls for a ready row that nobody was told of, once; more calls run no more."""
    site.bench.start("p")
    site.forget()
    worker = site.engine.worker()
    assert sweep(site.database, worker) == 0, "it may still be on its way"
    site.bench.clock.advance(timedelta(seconds=1))
    assert [sweep(site.database, worker) for _ in range(3)] == [1, 0, 0]
    with site.database.begin() as connection:
        driver = connection.connection.driver_connection
        calls.defer(driver, [calls.run_job(site.engine.cases()[0].id, token, "work") for token in (97, 98, 99)])
    assert site.engine.drain() == 1
    assert site.ran == ["work"]
    assert site.rows("SELECT count(*) FROM procrastinate_jobs") == [(0,)]


def test_one_sweeps_at_a_time(site: Site) -> None:
    """While one worker sweeps, another passes by."""
    site.bench.start("p")
    site.forget()
    with site.database.begin() as other:
        other.exec_driver_sql("SELECT pg_advisory_xact_lock(7163386)")
        assert sweep(site.database, site.engine.worker(), NOW) == 0
    assert sweep(site.database, site.engine.worker(), NOW) == 1


def test_an_engine_without_the_queue_may_use_the_same_database(url: str, tmp_path: Path) -> None:
    """What it makes ready has no call, and is called for all the same."""
    site = Site(url, tmp_path)
    place = url.replace("queue=procrastinate", "")
    plain = Engine(place, layers=[tmp_path], handlers_elsewhere=True, clock=site.bench.clock)
    case = plain.start("p", {})
    assert case.status == "active"
    assert site.engine.drain() == 1
    assert plain.case(case.id).status == "completed"
    plain.close()
    site.bench.close()


def test_calls_of_dead_workers_are_forgotten(site: Site) -> None:
    """A call that a dead worker had taken does not lie in the table for ever: the row tells what is to be done."""
    site.bench.start("p")
    with site.database.begin() as connection:
        connection.exec_driver_sql("UPDATE procrastinate_jobs SET status = 'doing'")
    worker = site.engine.worker()
    site.bench.clock.advance(timedelta(seconds=2))
    gone: SimpleQueue[bool] = SimpleQueue()
    before = worker.beat

    def beat() -> None:
        before()
        gone.put(True)

    worker.beat = beat  # type: ignore[method-assign]
    with running(worker):
        assert gone.get(timeout=30)
        wait_until(lambda: site.rows("SELECT count(*) FROM procrastinate_jobs") == [(0,)])
    assert site.ran == ["work"]


def test_a_worker_says_which_handler_is_missing(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """A standing worker names the job type that waits for somebody else's handler, and how many of it wait."""
    site.bench.start("p")
    site.engine.handlers.by_type.clear()
    site.bench.clock.advance(timedelta(seconds=2))
    worker = site.engine.worker()
    assert strangers(site.database, worker) == {"work": 1}
    with caplog.at_level(logging.ERROR, "complaintflow"), running(worker):
        wait_until(lambda: any("'work'" in record.getMessage() for record in caplog.records))
    said = [record.getMessage() for record in caplog.records if "'work'" in record.getMessage()]
    assert len(said) == 1
    assert "1 job of it waits" in said[0]
    assert "what to do: register one" in said[0]
    assert site.rows("SELECT status::text FROM procrastinate_jobs") == [("todo",)]


def test_a_stop_is_heard_where_a_cancellation_is_lost(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is asked to stop while its sweeper waits for what swallows cancellations stops all the same."""
    worker, waits = site.engine.worker(), SimpleQueue[None]()

    async def stubborn(*_: object, **__: object) -> list[Any]:
        waits.put(None)
        with suppress(asyncio.CancelledError):  # as asyncio.wait_for does when the result comes at that moment
            await asyncio.Event().wait()
        return []

    monkeypatch.setattr(JobManager, "get_stalled_jobs", stubborn)
    with running(worker):
        waits.get(timeout=30)


def test_every_job_type_has_a_channel() -> None:
    """A type of any length and script has a queue whose channel PostgreSQL takes, and no two types share one."""
    types = ["notify", "w" * 37, "w" * 38, "投诉" * 30, "a,b", "#signal"]
    names = [calls.queue_of(kind) for kind in types]
    assert len(set(names)) == len(types)
    assert all(len(f"procrastinate_queue_v1#{name}".encode()) <= 63 for name in names)
    assert names[0] == "cf:notify"


# -- waking -----------------------------------------------------------------------------------


@contextmanager
def running(worker: Any) -> Iterator[None]:
    """The worker runs in a thread."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(worker.run)
        try:
            yield
        finally:
            worker.stop()
            future.result(30)


def wait_until(holds: Callable[[], bool]) -> None:
    """Ask again and again, for at most half a minute."""
    end = perf_counter() + 30
    while not holds():
        assert perf_counter() < end
        Event().wait(0.02)


class Bell:
    """A worker on either road, whose handler says when it began."""

    def __init__(self, url: str, folder: Path, road: str) -> None:
        self.began: SimpleQueue[float] = SimpleQueue()
        desk = Handlers()
        desk.handler("work")(lambda: self.began.put(perf_counter()))
        place = url if road == "procrastinate" else url.replace("queue=procrastinate", "")
        self.engine = Engine(place, layers=[d.layer(folder, JOB)], handlers=[desk])
        self.database = cast("SqlStore", self.engine.store).engine

    def latency(self) -> float:
        """Seconds from a commit to the handler."""
        wait_until(lambda: not self.engine.cases(status="active"))
        Event().wait(0.1)  # until the worker rests: it looks once more when it has done something
        with self.database.connect() as host:
            self.engine.using(host).start("p", {})
            host.commit()
            committed = perf_counter()
        return self.began.get(timeout=30) - committed

    def listening(self) -> set[int]:
        """The server's processes that the worker hears NOTIFY from."""
        ours = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%%' AND datname = current_database()"
        with self.database.connect() as connection:
            return {pid for (pid,) in connection.exec_driver_sql(ours)}


@pytest.fixture(params=["procrastinate", "rows"])
def bell(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> Iterator[Bell]:
    """One on a fresh database."""
    bell = Bell(url, tmp_path, request.param)
    with bell.engine:
        yield bell


def test_workers_wake_at_once(bell: Bell, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> None:
    """From the commit to the handler takes milliseconds, where looking once a second would take half a second."""
    with running(bell.engine.worker()):
        waited = [bell.latency() for _ in range(12)][2:]
    with capsys.disabled():
        figures = f"median {statistics.median(waited) * 1e3:.1f} ms, max {max(waited) * 1e3:.1f} ms"
        print(f"\nfrom commit to handler, {request.node.callspec.id}: {figures}")
    assert statistics.median(waited) < 0.25


def test_a_worker_whose_connection_was_cut_listens_again(
    bell: Bell, url: str, postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the server ends the connection for NOTIFY and refuses the next, one comes soon after and wakes at once."""
    allow = f'ALTER DATABASE "{make_url(url).database}" ALLOW_CONNECTIONS'
    with running(bell.engine.worker()):
        wait_until(lambda: len(bell.listening()) == 1)
        [cut] = bell.listening()
        refused = _refusals(monkeypatch)
        bell.database.dispose()  # so that nobody finds a connection there
        with bell.database.connect() as connection:
            run_sql(postgres_server, f"{allow} false")
            connection.exec_driver_sql(f"SELECT pg_terminate_backend({cut})")
            wait_until(lambda: len(refused) > 0)
            run_sql(postgres_server, f"{allow} true")
        wait_until(lambda: len(bell.listening() - {cut}) == 1)
        waited = [bell.latency() for _ in range(7)][2:]
    assert statistics.median(waited) < 0.25


def _refusals(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """Those of all connections that are tried from now on."""
    found: list[Exception] = []
    plain, other = psycopg.connect, psycopg.AsyncConnection.connect

    def connect(*where: Any, **options: Any) -> Any:
        try:
            return plain(*where, **options)
        except psycopg.OperationalError as error:
            found.append(error)
            raise

    async def connect_async(*where: Any, **options: Any) -> Any:
        try:
            return await other(*where, **options)
        except psycopg.OperationalError as error:
            found.append(error)
            raise

    monkeypatch.setattr(psycopg, "connect", connect)
    monkeypatch.setattr(psycopg.AsyncConnection, "connect", connect_async)
    return found


# -- procrastinate's tables -------------------------------------------------------------------


def execute(url: str, *statements: str) -> None:
    engine = create_engine(url.replace("queue=procrastinate", ""))
    with engine.begin() as connection:
        for statement in statements:
            connection.connection.driver_connection.execute(statement)  # type: ignore[union-attr]
    engine.dispose()


def newest(url: str) -> str:
    engine = create_engine(url.replace("queue=procrastinate", ""))
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT obj_description('procrastinate_jobs'::regclass)").scalar()
    engine.dispose()
    return str(found)


def migrations() -> list[Path]:
    return sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))


def test_many_may_install_at_once(url: str) -> None:
    """Four processes that open a fresh database at once find one set of tables."""
    with ThreadPoolExecutor(4) as pool:
        for store in pool.map(open_store, [url] * 4):
            store.close()
    assert newest(url).endswith(migrations()[-1].stem)


def test_older_tables_are_upgraded(url: str) -> None:
    """Tables that an older procrastinate made for us get the migrations they lack, and then do their work."""
    older = [path for path in migrations() if path.stem < "03.04"]
    mark = f"COMMENT ON TABLE procrastinate_jobs IS 'complaintflow installed this; newest migration: {older[-1].stem}'"
    execute(url, *(path.read_text(encoding="utf-8") for path in older), mark)
    store = open_store(url.replace("queue=procrastinate", ""))
    store.close()
    with pytest.raises(StoreError, match="older"):
        open_store(url, create=False)
    open_store(url).close()
    assert newest(url).endswith(migrations()[-1].stem)
    open_store(url, create=False).close()


def test_newer_tables_are_refused(url: str) -> None:
    """A later procrastinate's tables are one clear error on a machine that has an older one."""
    open_store(url).close()
    execute(url, "COMMENT ON TABLE procrastinate_jobs IS 'complaintflow installed this; newest migration: 99.00.00_01'")
    with pytest.raises(NewerDatabase, match=r"99\.00\.00_01"):
        open_store(url)


def test_the_hosts_own_tables_are_used_and_left_alone(url: str) -> None:
    """A host that has procrastinate keeps its tables; where they are too old, it is told to upgrade them."""
    execute(url, SchemaManager.get_schema())
    open_store(url).close()
    assert newest(url) == "None"
    execute(url, "DROP FUNCTION procrastinate_retry_job_v2")
    with pytest.raises(StoreError, match="older procrastinate"):
        open_store(url)


def test_the_queue_needs_postgresql(tmp_path: Path) -> None:
    """SQLite has no queue, and there is no other kind; the engine without one has no application."""
    for wrong in ("sqlite://?queue=procrastinate", "postgresql://host/x?queue=celery"):
        with pytest.raises(InvalidDatabaseUrl, match="queue"):
            open_store(wrong)
    with Engine("sqlite://") as engine, pytest.raises(StoreError, match="queue=procrastinate"):
        application(engine)
