"""Workers as processes of their own, by each of the three commands: they share the work, and stop politely."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template
from threading import Event
from time import perf_counter
from typing import cast

import pytest

from complaintflow import Engine
from complaintflow.adapters.sql import SqlStore
from complaintflow.sealing.keyfile import KeyFile
from complaintflow.work.worker import LEASE
from tests import diagrams as d

ROOT = Path(__file__).resolve().parents[2]
JOB = d.document(d.process(d.start(), d.service("a", "work"), d.end(), d.flows("start > a > end")))
OURS = ("complaintflow", "worker", "--app", "shop:engine")
COMMANDS = {
    "rows": (False, OURS),
    "queue": (True, OURS),
    "procrastinate": (True, ("procrastinate", "--app=shop.queue", "worker")),
}
CASES = 30

SHOP = """
import os
from pathlib import Path

from complaintflow import Engine, Handlers, Job
from complaintflow.adapters.procrastinate import application

desk = Handlers()


@desk.handler("work")
def work(job: Job) -> None:
    with open("begun", "a") as log:
        log.write(f"{os.getpid()} {job.key}\\n")
    try:
        with open("gate") as gate:
            gate.read()  # until whoever holds it open lets go
    except FileNotFoundError:
        pass


engine = Engine(os.environ["DATABASE"], layers=["layer"], handlers=[desk])
if engine.store.queue is not None:
    queue = application(engine)
"""


@dataclass
class Shop:
    """An application in a folder, and its workers."""

    folder: Path
    url: str
    command: tuple[str, ...]
    engine: Engine
    workers: list[subprocess.Popen[str]]

    @property
    def begun(self) -> list[tuple[str, str]]:
        """Process and key of each call of the handler."""
        log = self.folder / "begun"
        lines = log.read_text().splitlines() if log.exists() else []
        return [(pid, key) for pid, key in (line.split() for line in lines)]

    def file(self, number: int) -> None:
        """Cases by a host's transaction, so that nothing has run when it commits."""
        with cast("SqlStore", self.engine.store).engine.begin() as host:
            for _ in range(number):
                self.engine.using(host).start("p", {})

    def work(self, **variables: str) -> subprocess.Popen[str]:
        """Another worker."""
        places = {"DATABASE": self.url, "PYTHONPATH": f"{ROOT}{os.pathsep}{self.folder}"}
        environment = {**os.environ, **places, **variables}
        worker = subprocess.Popen(
            [sys.executable, "-m", *self.command], cwd=self.folder, env=environment, stderr=subprocess.PIPE, text=True
        )
        self.workers.append(worker)
        return worker

    def stop(self, worker: subprocess.Popen[str]) -> None:
        """Ask it to stop, and wait until it has heard."""
        worker.send_signal(signal.SIGTERM)
        assert worker.stderr is not None
        said = []
        for line in worker.stderr:
            said.append(line)
            if "Stop" in line:
                return
        raise AssertionError("".join(said))

    def open_gate(self) -> None:
        """Let all handlers go on, and those that come."""
        gate = os.open(self.folder / "gate", os.O_RDWR)
        (self.folder / "gate").unlink()
        os.close(gate)


@pytest.fixture(params=COMMANDS)
def shop(request: pytest.FixtureRequest, new_database: Callable[[], str], tmp_path: Path) -> Iterator[Shop]:
    """A shop whose handler waits at a gate."""
    queued, command = COMMANDS[request.param]
    url = new_database()
    if queued:
        url += ("&" if "?" in url else "?") + "queue=procrastinate"
    layer = d.layer(tmp_path / "layer", JOB)
    (tmp_path / "shop.py").write_text(SHOP)
    os.mkfifo(tmp_path / "gate")
    with Engine(url, layers=[layer], handlers_elsewhere=True) as engine:
        found = Shop(tmp_path, url, command, engine, [])
        yield found
        for worker in found.workers:
            if worker.poll() is None:
                worker.kill()
            worker.communicate()


def wait_until(holds: Callable[[], bool]) -> None:
    """Ask again and again, for at most a minute."""
    end = perf_counter() + 60
    while not holds():
        assert perf_counter() < end
        Event().wait(0.02)


def test_two_workers_share_the_work(shop: Shop) -> None:
    """Two processes are in a handler at the same time; together they complete all cases, each job once."""
    shop.file(CASES)
    workers = [shop.work(), shop.work()]
    wait_until(lambda: len({pid for pid, _ in shop.begun}) == 2)
    shop.open_gate()
    wait_until(lambda: len(shop.engine.cases(status="completed", limit=CASES + 1)) == CASES)
    for worker in workers:
        shop.stop(worker)
        assert worker.wait(30) == 0
    assert len(shop.begun) == len({key for _, key in shop.begun}) == CASES


def test_a_terminated_worker_finishes_its_job_and_leaves_the_others(shop: Shop) -> None:
    """SIGTERM lets the running handler end and its result be written; all other jobs are free at once."""
    shop.file(6)
    worker = shop.work()
    wait_until(lambda: len(shop.begun) == 1)
    shop.stop(worker)
    shop.open_gate()
    assert worker.wait(30) == 0
    assert len(shop.begun) == 1
    assert len(shop.engine.cases(status="completed")) == 1
    now = shop.engine.clock.now()
    with shop.engine.store.transaction() as tx:
        assert len(tx.lease_jobs(now, now + LEASE, "other", 9)) == 5


@pytest.mark.parametrize("shop", ["rows", "queue"], indirect=True)
def test_a_worker_that_is_asked_twice_stops_at_once(shop: Shop) -> None:
    """It says what it waits for; asked again, by the other signal too, it ends amid the handler, and says so."""
    shop.file(1)
    worker = shop.work()
    assert worker.stderr is not None
    wait_until(lambda: len(shop.begun) == 1)
    shop.stop(worker)
    assert "Asked again, it stops at once" in worker.stderr.readline()
    worker.send_signal(signal.SIGINT)
    assert worker.wait(30) == 128 + signal.SIGINT
    assert worker.stderr.read().strip().splitlines() == [
        "Stopped at once. The step at hand is done again when its lease ends, in five minutes at most."
    ]
    with shop.engine.store.reading() as tx:
        assert [job.attempt for job in tx.jobs(shop.engine.cases()[0].id)] == [0]


def test_a_killed_worker_loses_nothing(shop: Shop) -> None:
    """SIGKILL amid a handler: once the lease has ended another worker runs the job again, under the same key."""
    shop.file(1)
    worker = shop.work()
    wait_until(lambda: len(shop.begun) == 1)
    worker.kill()
    worker.wait(30)
    with cast("SqlStore", shop.engine.store).engine.begin() as connection:
        connection.exec_driver_sql("UPDATE cf_job SET ready_at = due_at")  # as if the lease had ended
    shop.open_gate()
    shop.work()
    wait_until(lambda: len(shop.engine.cases(status="completed")) == 1)
    assert len(shop.begun) == 2
    assert len({key for _, key in shop.begun}) == 1


def test_the_readmes_second_road_runs(new_database: Callable[[], str], tmp_path: Path) -> None:
    """Each command of the README's road of many machines does what it says, in an empty folder."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## On many machines")[2]
    block = section.partition("```sh\n")[2].partition("```")[0]
    lines = [line.partition("  #")[0].strip() for line in block.splitlines()]
    exports = {"PWD": str(tmp_path)}
    for line in lines:
        if line.startswith("export "):
            name, _, value = _shell(line, exports)[1].partition("=")
            exports[name] = value
    url = new_database()
    asked = exports["COMPLAINTFLOW_DATABASE_URL"].partition("?")[2]
    exports["COMPLAINTFLOW_DATABASE_URL"] = url + ("&" if "?" in url else "?") + asked
    environment = {**os.environ, **exports, "PYTHONPATH": str(ROOT)}
    commands = [_shell(line, exports)[1:] for line in lines if line.startswith("complaintflow ")]
    assert [command[0] for command in commands] == ["keys", "run", "worker"]
    for command in commands[:-1]:
        subprocess.run(
            [sys.executable, "-m", "complaintflow", *command],
            cwd=tmp_path, env=environment, check=True, capture_output=True,
        )  # fmt: skip
    with Engine(exports["COMPLAINTFLOW_DATABASE_URL"], keys=KeyFile(tmp_path / "secrets" / "keys")) as engine:
        [case] = engine.cases()
        shop = Shop(tmp_path, exports["COMPLAINTFLOW_DATABASE_URL"], ("complaintflow", *commands[-1]), engine, [])
        worker = shop.work(**exports)
        wait_until(lambda: engine.case(case.id).waiting_for == ["investigate"])
        shop.stop(worker)
        assert worker.wait(30) == 0
        worker.communicate()


def _shell(line: str, variables: dict[str, str]) -> list[str]:
    """The words of a command, as a shell reads them."""
    return [Template(word).safe_substitute(variables) for word in shlex.split(line)]
