"""Eight workers on one PostgreSQL that die and are replaced, and a PostgreSQL that dies under them."""

from __future__ import annotations

import os
import random
import select
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from complaintflow.errors import StoreUnavailable
from tests.crash import fatal
from tests.crash.mortal import MortalServer
from tests.crash.oracle import examine, examine_all
from tests.crash.queued import Queued
from tests.crash.world import LEASE_IS_OVER, World

WORKERS = 8
DEADLY = (0, 2, 3)
"""Turns in which the server dies. No case ends before them: one that waits two hours has had three times 40 minutes."""
ROADS = pytest.mark.parametrize("kind", [World, Queued], ids=["rows", "procrastinate"])


class Crew:
    """Worker processes: each looks for work until the gate is closed."""

    def __init__(self, world: World, size: int) -> None:
        self.world = world
        self._gate, self._gatekeeper = os.pipe()
        self.processes = [self._hire() for _ in range(size)]

    def _hire(self) -> int:
        def work() -> None:
            os.close(self._gatekeeper)
            self.world.attend(lambda seconds: bool(select.select([self._gate], [], [], seconds)[0]))

        return fatal.run(work)

    def replace(self, number: int) -> None:
        """Kill one, wherever it stands, and hire another."""
        os.kill(self.processes[number], signal.SIGKILL)
        fatal.wait(self.processes[number])
        self.processes[number] = self._hire()

    def stop(self) -> None:
        """Let all finish what they do. Raises AssertionError when one failed."""
        os.close(self._gatekeeper)
        os.close(self._gate)
        assert [fatal.died(fatal.wait(process)) for process in self.processes] == [False] * len(self.processes)


@ROADS
def test_eight_workers_on_one_postgresql(
    kind: type[World], new_database: Callable[[], str], tmp_path: Path, seed: int
) -> None:
    """Eight workers share six cases while some of them are killed: every case ends once, each effect has one key."""
    chance = random.Random(seed)
    world = kind(new_database(), tmp_path / "world")
    keys = [f"k{number}" for number in range(6)]
    crew = Crew(world, WORKERS)
    try:
        for _ in range(60):
            moves = [(key, move) for key in keys for move in world.moves(key) if move.name != "claim"]
            for key, move in moves:
                world.do(key, move)
            crew.replace(chance.randrange(WORKERS))
            assert examine(world, keys) == []
            if all(world.cases(key) and world.cases(key)[0].status == "completed" for key in keys):
                break
            world.clock.advance(LEASE_IS_OVER if chance.random() < 0.5 else timedelta(minutes=40))
    finally:
        crew.stop()
    world.finish(keys)
    assert examine(world, keys) + examine_all(world, keys) == []
    world.engine.close()


@pytest.fixture
def mortal(postgres_server: str) -> Iterator[MortalServer]:
    """A PostgreSQL server of this test alone; ``postgres_server`` says whether there can be one."""
    with tempfile.TemporaryDirectory(prefix="cf-mortal-") as folder:
        os.chmod(folder, 0o755)
        server = MortalServer(Path(folder))
        yield server
        server.stop()


@ROADS
def test_postgresql_is_killed_and_started_again_under_load(
    kind: type[World], mortal: MortalServer, tmp_path: Path
) -> None:
    """The server dies three times amid the work of four processes: they go on when it is back, and nothing is lost."""
    world = kind(mortal.url, tmp_path / "world")
    keys, deaths = [f"k{number}" for number in range(5)], 0
    crew = Crew(world, 4)
    try:
        for turn in range(60):
            with suppress(StoreUnavailable):
                moves = [(key, move) for key in keys for move in world.moves(key)]
                for number, (key, move) in enumerate(moves):
                    if turn in DEADLY and number == len(moves) // 2:
                        mortal.kill()
                    if move.name != "claim":
                        world.do(key, move)
            if turn in DEADLY and not mortal.is_dead:  # there was nothing to do for people, only for the crew
                mortal.kill()
            if mortal.is_dead:
                deaths += 1
                mortal.revive()
            assert examine(world, keys) == []
            if all(world.cases(key) and world.cases(key)[0].status == "completed" for key in keys):
                break
            world.clock.advance(timedelta(minutes=40))
    finally:
        crew.stop()
    assert deaths == 3
    world.finish(keys)
    assert examine(world, keys) + examine_all(world, keys) == []
    world.engine.close()
