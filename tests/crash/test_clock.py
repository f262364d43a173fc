"""Clocks that jump: nothing happens too early, and nothing is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from complaintflow.errors import ClockWentBack
from tests.crash.oracle import examine, examine_all
from tests.crash.world import LEASE_IS_OVER, World

HOUR = timedelta(hours=1)


def test_a_clock_that_goes_back_refuses_what_people_do_and_loses_nothing(world: World) -> None:
    """Before the time of the case's last change each command says so and writes nothing; afterwards all goes on."""
    world.do("k", *world.moves("k"))
    for _ in range(30):
        (case,) = world.cases("k")
        if case.status == "completed":
            break
        world.clock.advance(-4 * HOUR)
        for move in world.moves("k"):
            with pytest.raises(ClockWentBack):
                move.deed()
        world.engine.drain()
        world.clock.advance(4 * HOUR)
        # What handlers did was written down all the same: it had happened.
        assert examine(world, ["k"]) == []
        for move in world.moves("k")[:1]:
            world.do("k", move)
        world.clock.advance(3 * HOUR)
        world.engine.drain()
    world.finish(["k"])
    assert examine(world, ["k"]) + examine_all(world, ["k"]) == []


def test_a_worker_fires_a_timer_that_a_clock_held_up(world: World) -> None:
    """A timer that could not fire while the clock was wrong fires in the same worker when the clock is right again."""
    worker = world.engine.worker()
    world.do("k", *world.moves("k"))
    world.clock.advance(3 * HOUR)
    world.do("k", next(move for move in world.moves("k") if move.name == "correlate"))
    world.clock.advance(-HOUR / 2)
    worker.run_once()
    (case,) = world.cases("k")
    assert case.timers != (), "due by this clock, but the case was last changed later than it shows"
    world.clock.advance(HOUR / 2)
    worker.run_once()
    (case,) = world.cases("k")
    assert case.timers == ()


def test_a_clock_that_jumps_ahead_and_back_while_handlers_run(world: World) -> None:
    """Each handler's clock jumps a week ahead, so that others take its job over, and back: all is done once."""
    other, jumped = world.open(), set[str]()

    def meanwhile(element: str) -> None:
        if element not in jumped:
            jumped.add(element)
            world.clock.advance(timedelta(days=7))
            other.drain()
            world.clock.advance(timedelta(days=-7) + LEASE_IS_OVER)

    world.meanwhile = meanwhile
    world.do("k", *world.moves("k"))
    world.meanwhile = lambda element: None
    assert examine(world, ["k"]) == []
    world.clock.advance(timedelta(days=30))
    world.finish(["k"])
    assert examine(world, ["k"]) + examine_all(world, ["k"]) == []
    other.close()
