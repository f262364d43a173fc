"""The protocol of one job, looked at in every interleaving, and the engine led along the same ways."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from complaintflow import Handlers
from complaintflow.case.jobs import DropJob
from complaintflow.handlers.registry import Job
from complaintflow.store.rows import JobRow
from complaintflow.testing import Workbench
from complaintflow.work.worker import LEASE
from tests import diagrams as d
from tests.crash.protocol import Protocol, State, Step, explore

WAYS = 120 if "COMPLAINTFLOW_KILLS" not in os.environ else 1_000_000
MISTAKES = {
    "no version guard": (Protocol(guards_version=False), "happened twice"),
    "the job deleted when it is leased": (Protocol(deletes_job_at_lease=True), "the job is lost"),
    "leases that never end": (Protocol(leases_expire=False), "the job is lost"),
    "a report that does not ask for the one before": (Protocol(asks_whether_reported=False), "tells of it twice"),
    "a key for each attempt": (Protocol(same_key=False), "two keys"),
    "the effect after the commit": (Protocol(effect_first=False), "the job is lost"),
}


@pytest.mark.parametrize("one_writer", [False, True], ids=["postgresql", "sqlite"])
def test_no_interleaving_loses_or_doubles_a_job(one_writer: bool) -> None:
    """Two workers, a crash, a lost answer, two expired leases and a foreign command, in any order: done once."""
    found = explore(Protocol(one_writer=one_writer))
    assert found.problems == []
    assert len(found.ways) > 700
    assert {step for _, (step, _), _ in found.edges} == {
        "lease", "load", "handle", "begin", "write", "commit", "lost", "cut", "expire", "crash", "other",
    }  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_explorer_finds_a_mistake(mistake: str) -> None:
    """Each rule of the protocol is needed: without it the explorer shows a way to what must not be."""
    protocol, problem = MISTAKES[mistake]
    assert any(problem in found for found in explore(protocol).problems)


class Led:
    """The engine on one job, led step by step; what the model calls a worker is what the engine's worker knows."""

    def __init__(self, bench: Workbench, effects: list[str]) -> None:
        self.bench, self.effects = bench, effects
        with bench.engine.store.engine.begin() as connection:  # type: ignore[attr-defined]
            self.case = bench.engine.using(connection).start("p", {}).id
        worker = bench.engine.worker()
        self.work, self.dispatcher = worker.work, worker.dispatcher
        self.jobs: dict[int, JobRow] = {}
        self.commands: dict[int, object] = {}

    def take(self, step: Step, after: State) -> None:
        """Take a step that the model takes."""
        name, number = step
        match name:
            case "lease":
                now = self.bench.clock.now()
                with self.work.store.transaction() as tx:
                    (self.jobs[number],) = tx.lease_jobs(now, now + LEASE, f"worker{number}", 1, self.case)
            case "load":
                if after.workers[number].next == "idle":
                    self.work.run(self.case, DropJob(self.jobs[number]))
            case "handle":
                with self.work.store.reading() as tx:
                    live = self.work.load(tx, self.case)
                token = live.token(self.jobs[number].token) or self._token
                self.commands[number] = self.dispatcher._outcome(live, token, self.jobs[number])
                self._token = token
            case "begin" if after.workers[number].next == "idle":
                assert self._finish(number) is None, "it was reported before"
            case "commit" | "lost":
                assert self._finish(number) is not None
            case "expire":
                self.bench.clock.advance(LEASE)
            case "other":
                self.bench.engine.record_access(self.case, "read", "a look", actor="li.wei")

    def _finish(self, number: int) -> object:
        return self.work.run(self.case, self.commands[number], happened=True)  # type: ignore[arg-type]

    def seen(self) -> tuple[int, int, bool, int, int]:
        """What the model says too: version, transitions, whether there is a job, effects, keys."""
        with self.work.store.reading() as tx:
            version, jobs = tx.case(self.case).version, tx.jobs(self.case)
            done = sum(entry.event.startswith("job-") for entry in tx.history(self.case))
        ours = [key for key in self.effects if key.startswith(self.case)]
        return version, done, bool(jobs), min(len(ours), 3), len(set(ours))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[tuple[Workbench, list[str]]]:
    """A process of one job, and the keys of its effects."""
    desk, effects = Handlers(), list[str]()

    @desk.handler("effect")
    def effect(job: Job) -> None:
        effects.append(job.key)

    xml = d.document(d.process(d.start(), d.service("a", "effect"), d.user("b"), d.flows("start > a > b")))
    made = Workbench(layers=[d.layer(tmp_path, xml)], handlers=[desk])
    yield made, effects
    made.close()


def test_the_engine_goes_the_ways_of_the_model(bench: tuple[Workbench, list[str]]) -> None:
    """Led along ways that end with each kind of step, the engine has the version, history and outbox of the model."""
    found = explore(Protocol(one_writer=True))
    stride = max(1, len(found.edges) // WAYS)
    for before, last, after in found.edges[::stride]:
        led, state = Led(*bench), State()
        for step in [*found.way(before), last]:
            state = dict(Protocol(one_writer=True).steps(state))[step]
            led.take(step, state)
        assert state == after
        model = (after.version, after.transitions, after.job, after.effects, len(after.keys))
        assert led.seen() == model, [*found.way(before), last]
