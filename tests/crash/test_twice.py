"""The same thing done twice: it happens once."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from complaintflow import BusinessError, Handlers
from complaintflow.handlers.registry import Job
from complaintflow.testing import Workbench
from tests import diagrams as d
from tests.crash import fatal
from tests.crash.oracle import examine, examine_all
from tests.crash.world import EFFECTS, LEASE_IS_OVER, World


def test_a_job_that_is_delivered_twice_is_done_once(world: World) -> None:
    """While each handler of a case runs, its lease ends and another worker does the job: one transition, one key."""
    other = world.open()
    taken_over: list[str] = []

    def meanwhile(element: str) -> None:
        if element not in taken_over:
            taken_over.append(element)
            world.clock.advance(LEASE_IS_OVER)
            other.drain()

    world.meanwhile = meanwhile
    world.do("k", *world.moves("k"))
    world.finish(["k"])
    assert set(taken_over) >= EFFECTS
    assert examine(world, ["k"]) + examine_all(world, ["k"]) == []
    (case,) = world.cases("k")
    delivered = Counter(element for element, _ in world.effects.about(case.id))
    assert all(delivered[element] >= 2 for element in EFFECTS)
    other.close()


def test_two_people_who_do_the_same_at_once(world: World) -> None:
    """Of two processes that start, complete, correlate or resolve the same at one moment, one is answered."""
    answered = 0
    for _ in range(40):
        moves = [move for move in world.moves("k") if move.name != "claim"]
        if not moves and world.cases("k")[0].status == "completed":
            break
        for move in moves:
            gate, gatekeeper = os.pipe()

            def deed(move=move, gate=gate, gatekeeper=gatekeeper) -> None:  # type: ignore[no-untyped-def]
                os.close(gatekeeper)
                os.read(gate, 1)  # until everybody is there
                world.do("k", move)

            children = [fatal.run(deed), fatal.run(deed)]
            os.close(gate)
            os.close(gatekeeper)
            assert [fatal.died(fatal.wait(child)) for child in children] == [False, False]
            answered += 1
            assert len(world.answers.about("k")) == answered, f"both were told that {move.name} was done"
            assert examine(world, ["k"]) == []
        world.clock.advance(timedelta(minutes=45))
        world.engine.drain()
    assert {name for name, _ in world.answers.about("k")} == {"start", "complete", "correlate", "resolve"}
    assert examine_all(world, ["k"]) == []


def test_an_uncaught_error_that_two_workers_throw_is_one_incident(tmp_path: Path) -> None:
    """Two workers run the same job, and both throw an error that nothing catches: one line of history, one incident."""
    desk, calls = Handlers(), list[str]()

    @desk.handler("throws")
    def throws(job: Job) -> None:
        calls.append(job.key)
        if len(calls) == 1:
            bench.clock.advance(LEASE_IS_OVER)
            bench.engine.drain()
        raise BusinessError("UNKNOWN")

    xml = d.document(d.process(d.start(), d.service("a", "throws"), d.end(), d.flows("start > a > end")))
    bench = Workbench(layers=[d.layer(tmp_path, xml)], handlers=[desk])
    with closing(bench):
        case = bench.start("p")
        assert len(calls) == 2
        assert len(set(calls)) == 1
        assert [event.event for event in bench.engine.history(case.id)] == ["started", "error-thrown", "incident"]
        assert len(bench.engine.incidents(case.id)) == 1
