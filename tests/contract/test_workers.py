"""What a worker promises, on both roads: rows that it looks for and leases, and calls by procrastinate."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import cast

import pytest

from complaintflow import BusinessError, Engine, Handlers, Job
from complaintflow.adapters.sql import SqlStore
from complaintflow.testing import Workbench
from complaintflow.work.worker import LEASE, REST
from tests import diagrams as d

TWO_JOBS = d.document(
    d.process(d.start(), d.service("a", "work"), d.service("b", "work"), d.end(), d.flows("start > a > b > end"))
)
MANY_JOBS = d.document(
    d.process(
        d.start(),
        *(d.service(f"j{n}", "work") for n in range(6)),
        d.gateway("parallel", "split"),
        d.gateway("parallel", "join"),
        d.end(),
        d.flows("start > split", *(f"split > j{n} > join" for n in range(6)), "join > end"),
    )
)
LATER = d.document(
    d.process(
        d.start(), d.catch("wait", d.timer(duration="PT1H")), d.service("a", "work"), d.end(),
        d.flows("start > wait > a > end"),
    )
)  # fmt: skip
EVERY_DAY = d.document(
    d.process(d.start(event=d.timer(cycle="R/P1D")), d.service("a", "work"), d.end(), d.flows("start > a > end"))
)

Road = Callable[..., Workbench]


class Desk:
    """Handlers for ``work`` that remember their calls."""

    def __init__(self, failures: int = 0) -> None:
        self.calls: list[Job] = []
        self.failures = failures
        self.handlers = Handlers()
        self.handlers.handler("work")(self.work)

    def work(self, job: Job) -> None:
        self.calls.append(job)
        if len(self.calls) <= self.failures:
            raise OSError("no connection")

    @property
    def keys(self) -> list[str]:
        return [job.key for job in self.calls]


@pytest.fixture(params=["rows in SQLite", "rows in PostgreSQL", "procrastinate"])
def road(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Road]:
    """``road(diagram, desk, ...)`` is a workbench; all of one test are on one database, with one clock."""
    if request.param == "rows in SQLite":
        url = f"sqlite:///{tmp_path}/cases.db"
    else:
        url = request.getfixturevalue("new_database")()
        if request.param == "procrastinate":
            url += "&queue=procrastinate" if "?" in url else "?queue=procrastinate"
    opened: list[Workbench] = []

    def build(diagram: str, *desks: Desk) -> Workbench:
        layer = d.layer(tmp_path / f"layer{len(opened)}", diagram)
        bench = Workbench(database=url, layers=[layer], handlers=[desk.handlers for desk in desks])
        if opened:
            bench.engine.clock = bench.engine._work.clock = bench.clock = opened[0].clock
        bench.engine.handlers_elsewhere = len(opened) > 0
        opened.append(bench)
        return bench

    yield build
    for bench in opened:
        bench.close()


def open_jobs(bench: Workbench, case_id: str) -> list[str]:
    with bench.engine.store.reading() as tx:
        return [row.element for row in tx.jobs(case_id)]


def test_jobs_run_after_the_commit_one_after_the_other(road: Road) -> None:
    """Each job runs once under a key of its own, and the case reaches its end."""
    desk = Desk()
    bench = road(TWO_JOBS, desk)
    case = bench.start("p")
    bench.engine.drain()
    assert bench.case(case.id).status == "completed"
    assert [job.element for job in desk.calls] == ["a", "b"]
    assert len(set(desk.keys)) == 2
    assert bench.engine.drain() == 0


def test_parallel_jobs_of_a_case_all_run_once(road: Road) -> None:
    """Six branches open six jobs in one commit; the case's version lets their results in one by one."""
    desk = Desk()
    bench = road(MANY_JOBS, desk)
    case = bench.start("p")
    bench.engine.drain()
    assert bench.case(case.id).status == "completed"
    assert len(desk.calls) == len(set(desk.keys)) == 6


def test_nothing_leaves_before_the_hosts_commit(road: Road) -> None:
    """A host's rollback leaves neither a job nor a call for it; after its commit workers do the work."""
    desk = Desk()
    bench = road(TWO_JOBS, desk)
    database = cast("SqlStore", bench.engine.store).engine
    with database.connect() as host:
        bench.engine.using(host).start("p", {}, key="lost")
        host.rollback()
    assert bench.engine.drain() == 0
    with database.connect() as host:
        bench.engine.using(host).start("p", {}, key="kept")
        assert desk.calls == []
        host.commit()
    bench.engine.drain()
    assert [case.key for case in bench.engine.cases(status="completed")] == ["kept"]
    assert len(desk.calls) == 2


def test_a_failed_attempt_rests_as_a_row(road: Road) -> None:
    """The next attempt comes after its pause and not before, under the same key; the last one is an incident."""
    desk = Desk(failures=9)
    bench = road(TWO_JOBS, desk)
    case = bench.start("p")
    bench.engine.drain()
    bench.advance(minutes=9 / 60)
    assert len(desk.calls) == 1
    bench.advance(minutes=1 / 60)
    assert len(desk.calls) == 2
    bench.advance(hours=2)
    assert [job.attempt for job in desk.calls] == [1, 2, 3]
    assert len(set(desk.keys)) == 1
    assert [incident.kind for incident in bench.case(case.id).incidents] == ["job"]


def test_a_business_error_is_not_tried_again(road: Road) -> None:
    """What a handler refuses is the diagram's affair; where nothing catches it, an incident."""
    handlers, calls = Handlers(), []

    @handlers.handler("work")
    def refuse() -> None:
        calls.append(1)
        raise BusinessError("NO")

    desk = Desk()
    desk.handlers = handlers
    bench = road(TWO_JOBS, desk)
    case = bench.start("p")
    bench.engine.drain()
    bench.advance(hours=2)
    assert (len(calls), len(bench.case(case.id).incidents)) == (1, 1)


def test_a_timer_fires_and_its_job_runs(road: Road) -> None:
    """A due timer is one command, and what it makes ready runs."""
    desk = Desk()
    bench = road(LATER, desk)
    case = bench.start("p")
    bench.advance(minutes=59)
    assert (bench.case(case.id).status, desk.calls) == ("active", [])
    bench.advance(minutes=1)
    assert (bench.case(case.id).status, len(desk.calls)) == ("completed", 1)


def test_the_clock_starts_one_case_for_each_due_time(road: Road) -> None:
    """A scheduled process has one case a day, and its job runs."""
    desk = Desk()
    bench = road(EVERY_DAY, desk)
    bench.schedule("p")
    bench.advance(days=3)
    assert len(bench.engine.cases(status="completed")) == len(desk.calls) == 3


def test_a_job_delivered_twice_runs_once(road: Road) -> None:
    """Whoever is called for a job that another has, or that is done, finds nothing to do."""
    desk = Desk()
    bench = road(TWO_JOBS, desk)
    case = bench.start("p")
    worker = bench.engine.worker()
    bench.engine.drain()
    assert worker.run_jobs([case.id]) == 0
    assert worker.fire_timers(case.id) == 0
    assert len(desk.calls) == 2


def test_two_workers_share_the_jobs(road: Road) -> None:
    """Two workers begun at once complete twenty cases, and no job runs twice."""
    desk = Desk()
    bench = road(TWO_JOBS, desk)
    cases = []
    with cast("SqlStore", bench.engine.store).engine.begin() as host:
        inner = bench.engine.using(host)
        cases = [inner.start("p", {}).id for _ in range(20)]
    gate = Barrier(2)

    def work() -> None:
        gate.wait()
        bench.engine.drain()

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bench.engine.drain()
    assert {bench.case(case).status for case in cases} == {"completed"}
    assert len(desk.calls) == len(set(desk.keys)) == 40


def test_a_dead_workers_job_comes_back_with_its_key(road: Road) -> None:
    """A worker that took a job and died keeps it until the lease ends; then another runs it."""
    desk = Desk()
    bench = road(LATER, desk)
    case = bench.start("p")
    bench.clock.advance(timedelta(hours=1))
    worker = bench.engine.worker()
    worker.fire_timers(case.id)
    with bench.engine.store.transaction() as tx:
        assert len(tx.lease_jobs(worker.now(), worker.now() + LEASE, "dead", 9)) == 1
    bench.engine.drain()
    assert desk.calls == []
    bench.clock.advance(LEASE)
    bench.engine.drain()
    assert (bench.case(case.id).status, len(desk.calls)) == ("completed", 1)


def test_a_stopped_worker_finishes_its_job_and_gives_the_others_back(road: Road) -> None:
    """The job at hand is written down; what the worker held beside it is free at once, and nothing else began."""
    begun, go, desk = Event(), Event(), Desk()
    slow = Handlers()

    @slow.handler("work")
    def wait(job: Job) -> None:
        desk.calls.append(job)
        begun.set()
        assert go.wait(30)

    held = Desk()
    held.handlers = slow
    bench = road(MANY_JOBS, held)
    with cast("SqlStore", bench.engine.store).engine.begin() as host:
        case = bench.engine.using(host).start("p", {})
    worker = bench.engine.worker()
    thread = Thread(target=worker.run)
    thread.start()
    assert begun.wait(30)
    worker.stop()
    go.set()
    thread.join(30)
    assert not thread.is_alive()
    assert (len(desk.calls), len(open_jobs(bench, case.id))) == (1, 5)
    with bench.engine.store.transaction() as tx:
        assert len(tx.lease_jobs(worker.now(), worker.now() + LEASE, "other", 9)) == 5


def test_a_missing_handler_leaves_the_job_to_who_has_it(road: Road, caplog: pytest.LogCaptureFixture) -> None:
    """A worker without the handler says so once and makes no incident; a worker that has it does the job."""
    desk = Desk()
    able = road(TWO_JOBS, desk)
    unable = road(TWO_JOBS)
    case = unable.start("p")
    with caplog.at_level(logging.ERROR, "complaintflow"):
        for _ in range(3):
            unable.engine.drain()
    said = [record.getMessage() for record in caplog.records if "nobody" in record.getMessage()]
    # Calls by procrastinate do not even reach a worker that has no handler; a standing worker says what waits.
    assert len(said) <= 1
    assert all("work" in text and "what to do" in text for text in said)
    assert (open_jobs(able, case.id), able.case(case.id).incidents) == (["a"], ())
    able.clock.advance(timedelta(seconds=2))
    able.engine.drain()
    assert (able.case(case.id).status, len(desk.calls)) == ("completed", 2)


def test_jobs_that_nobody_here_can_run_stand_in_nobodys_way(road: Road) -> None:
    """A heap of jobs for another worker's handler does not keep a worker from its own."""
    other = TWO_JOBS.replace('type="work"', 'type="strange"')
    desk = Desk()
    bench = road(TWO_JOBS, desk)
    elsewhere = road(other)
    for _ in range(30):
        elsewhere.start("p")
    case = bench.start("p")
    bench.engine.handlers_elsewhere = True
    bench.clock.advance(timedelta(seconds=2))
    bench.engine.drain()
    assert (bench.case(case.id).status, len(desk.calls)) == ("completed", 2)


def test_a_worker_runs_a_case_on_its_own_definition(road: Road) -> None:
    """A worker whose layer has another version of the process goes by the one that the case began with."""
    desk = Desk()
    first = road(TWO_JOBS, desk)
    second = road(LATER, desk)
    with cast("SqlStore", first.engine.store).engine.begin() as host:
        case = first.engine.using(host).start("p", {})
    second.engine.drain()
    assert second.case(case.id).status == "completed"
    assert [job.element for job in desk.calls] == ["a", "b"]


def test_a_case_that_cannot_be_read_here_waits_for_another_worker(road: Road, caplog: pytest.LogCaptureFixture) -> None:
    """One clear error, no incident, and after a short rest a worker that can read it goes on."""
    desk = Desk()
    bench = road(TWO_JOBS, desk)
    database = cast("SqlStore", bench.engine.store).engine
    with database.begin() as host:
        case = bench.engine.using(host).start("p", {})
        # The state is bound to its row, so now it does not open, as with a key that this machine does not have.
        host.exec_driver_sql("UPDATE cf_case SET process = 'q'")
    with caplog.at_level(logging.ERROR, "complaintflow"):
        for _ in range(3):
            bench.engine.drain()
    said = [record.getMessage() for record in caplog.records if "waits for a worker" in record.getMessage()]
    assert len(said) == 1
    assert case.id in said[0]
    assert (desk.calls, open_jobs(bench, case.id)) == ([], ["a"])
    with database.begin() as host:
        host.exec_driver_sql("UPDATE cf_case SET process = 'p'")
    bench.clock.advance(REST)
    bench.engine.drain()
    assert (bench.case(case.id).status, bench.case(case.id).incidents) == ("completed", ())


def test_a_worker_is_counted_among_the_living(road: Road) -> None:
    """Once a worker runs, nobody is told that deadlines pass unseen."""
    bench: Workbench = road(TWO_JOBS, Desk())
    worker = bench.engine.worker()
    worker.beat()
    with bench.engine.store.reading() as tx:
        assert tx.backlog(worker.now(), worker.now()).workers == 1


def test_an_engine_hands_over_or_does_it_itself(road: Road) -> None:
    """With a queue a command returns when it is committed; without one, what it made ready has run by then."""
    desk = Desk()
    bench = road(TWO_JOBS, desk)
    engine: Engine = bench.engine
    status = bench.start("p").status
    assert status == ("completed" if engine.store.queue is None else "active")
    assert len(desk.calls) == (2 if engine.store.queue is None else 0)
