"""Others hold the database: who waits is told so, and what handlers did is not forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest

from complaintflow.errors import StoreUnavailable
from tests.crash.killing_migrations import engine_of
from tests.crash.oracle import examine, examine_all
from tests.crash.world import LEASE_IS_OVER, World

Held = Callable[[], AbstractContextManager[None]]
WAIT = {"sqlite": "?timeout=0.02", "postgresql": "&options=-c%20lock_timeout%3D20"}


@pytest.fixture
def held(fresh: Callable[[], str], tmp_path: Path) -> Iterator[tuple[World, Held]]:
    """A world that does not wait long, and somebody who holds its database while inside."""
    url = fresh()
    engine = engine_of(url)
    kind = engine.dialect.name
    world = World(url + WAIT[kind], tmp_path / "world")

    @contextmanager
    def hold() -> Iterator[None]:
        with engine.begin() as connection:
            if kind == "postgresql":
                connection.exec_driver_sql("LOCK TABLE cf_case, cf_job IN ACCESS EXCLUSIVE MODE")
            yield

    yield world, hold
    world.engine.close()
    engine.dispose()


def test_whoever_meets_a_locked_database_is_told_and_nothing_is_written(held: tuple[World, Held]) -> None:
    """Each command and each round says StoreUnavailable while another holds the database; then all works."""
    world, hold = held
    for _ in range(40):
        moves = world.moves("k")
        if not moves and world.cases("k")[0].status == "completed":
            break
        with hold():
            for move in moves:
                with pytest.raises(StoreUnavailable, match="locked"):
                    move.deed()
            with pytest.raises(StoreUnavailable, match="locked"):
                world.work()
        assert examine(world, ["k"]) == []
        for move in [move for move in moves if move.name != "claim"][:1]:
            world.do("k", move)
        world.clock.advance(LEASE_IS_OVER * 7)
        world.engine.drain()
    assert examine_all(world, ["k"]) == []


def test_a_lock_between_effect_and_commit_costs_a_second_effect_under_the_same_key(held: tuple[World, Held]) -> None:
    """A handler's result that cannot be written down is asked for again after the lease, and counted once."""
    world, hold = held
    locks: list[AbstractContextManager[None]] = []

    def meanwhile(element: str) -> None:
        if element not in seen:
            seen.add(element)
            locks.append(hold())
            locks[-1].__enter__()

    seen: set[str] = set()
    world.meanwhile = meanwhile
    for _ in range(60):
        for move in [move for move in world.moves("k") if move.name != "claim"]:
            with suppress(StoreUnavailable):  # done, but nobody could see how the case stands then
                world.do("k", move)
            _release(locks)
        with suppress(StoreUnavailable):
            world.engine.drain()
        _release(locks)
        assert examine(world, ["k"]) == []
        if world.cases("k") and world.cases("k")[0].status == "completed":
            break
        world.clock.advance(LEASE_IS_OVER * 3)
    world.finish(["k"])
    assert examine(world, ["k"]) + examine_all(world, ["k"]) == []
    (case,) = world.cases("k")
    assert len(world.effects.about(case.id)) >= 2 * len(seen & {"charge", "thank", "tell"})


def _release(locks: list[AbstractContextManager[None]]) -> None:
    while locks:
        locks.pop().__exit__(None, None, None)
