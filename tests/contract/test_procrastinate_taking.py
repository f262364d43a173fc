"""How procrastinate's workers take calls: several while jobs are quick, and none is lost or made twice by that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from procrastinate.manager import JobManager

from complaintflow import Engine, Handlers
from complaintflow.adapters.procrastinate.fetching import MOST, QUICK, Taking
from complaintflow.adapters.procrastinate.sweeping import sweep
from complaintflow.adapters.sql import SqlStore
from complaintflow.testing import Workbench
from tests import diagrams as d

JOB = d.document(d.process(d.start(), d.service("a", "work"), d.end(), d.flows("start > a > end")))
CASES = 24


class Site:
    """Many cases with a job each, filed in one transaction, and a handler that does what the test says."""

    def __init__(self, url: str, folder: Path) -> None:
        self.ran: list[str] = []
        self.meanwhile: Callable[[], object] = lambda: None
        desk = Handlers()

        @desk.handler("work")
        def work() -> None:
            self.ran.append("work")
            self.meanwhile()

        queued = f"{url}{'&' if '?' in url else '?'}queue=procrastinate"
        self.bench = Workbench(database=queued, layers=[d.layer(folder, JOB)], handlers=[desk])
        self.engine: Engine = self.bench.engine
        self.database = cast("SqlStore", self.engine.store).engine
        with self.database.begin() as host:
            for _ in range(CASES):
                self.engine.using(host).start("p", {})

    def calls(self) -> dict[str, int]:
        """How many calls there are, by status."""
        with self.database.connect() as connection:
            found = connection.exec_driver_sql("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY status")
            return {str(status): int(number) for status, number in found}


@pytest.fixture
def site(new_database: Callable[[], str], tmp_path: Path) -> Iterator[Site]:
    """A site on a fresh database."""
    site = Site(new_database(), tmp_path)
    yield site
    site.bench.close()


def test_quick_jobs_are_taken_several_at_a_time_and_slow_ones_singly() -> None:
    """The number doubles while all fit into the time, is at most what fits, and falls back with the first slow one."""
    taking = Taking(None)
    sizes = []
    for number, seconds in [(1, 0.001), (2, 0.002), (4, 0.004), (8, 0.008), (8, QUICK * 2), (4, QUICK * 9), (1, 0.0)]:
        taking.told(number, seconds)
        sizes.append(taking.size)
    assert sizes == [2, 4, 8, MOST, 4, 1, 2]


def test_calls_that_are_taken_along_are_done_and_gone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all jobs count as quick, a worker asks procrastinate an eighth as often, and does each job once."""
    fetched: list[object] = []
    fetch = JobManager.fetch_job

    async def counting(*args: Any, **options: Any) -> Any:
        fetched.append(await fetch(*args, **options))
        return fetched[-1]

    monkeypatch.setattr(JobManager, "fetch_job", counting)
    monkeypatch.setattr(Taking, "told", lambda taking, number, seconds: setattr(taking, "size", MOST))
    assert site.engine.drain() == len(site.ran) == CASES
    assert site.calls() == {}
    # The first by itself, then eight at a time; and each look that found nothing.
    assert sum(job is not None for job in fetched) == 1 + -(-(CASES - 1) // MOST)


def test_what_was_taken_along_is_called_for_again_at_a_stop(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is asked to stop amid what it took finishes one job; the others are ready, and called for."""
    monkeypatch.setattr(Taking, "told", lambda taking, number, seconds: setattr(taking, "size", MOST))
    worker = site.engine.worker()
    site.meanwhile = lambda: worker.stop() if len(site.ran) == 4 else None
    worker.run()
    assert len(site.ran) == 4
    assert site.calls() == {"todo": CASES - 4}
    site.meanwhile = lambda: None
    assert site.engine.drain() == CASES - 4


def test_a_backlog_is_not_called_for_twice(site: Site) -> None:
    """A job that waits for its turn for longer than a moment has a call that waits too: the sweeper makes no other."""
    site.bench.clock.advance(timedelta(minutes=1))
    assert sweep(site.database, site.engine.worker()) == 0
    assert site.calls() == {"todo": CASES}
