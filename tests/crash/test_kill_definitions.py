"""Processes die while running cases are moved to another version of their definition, and back."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from time import monotonic

from complaintflow import Engine
from tests.crash import fatal
from tests.crash.conftest import KILLS
from tests.crash.killing import Campaign, Tally, report
from tests.crash.oracle import examine, examine_all
from tests.crash.world import LEASE_IS_OVER, World, layer

STATEMENTS, SECONDS = 60, 0.1
OF_DEFINITIONS, OF_MOVING = max(6, KILLS // 100), max(10, KILLS * 2 // 25)
RENAMED = {"approve": "sign-off"}


class Torn(World):
    """A world with two versions of its definition: cases are moved to and fro while people and workers go on."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        second = self.open(layer(folder / "second", check="check again", approve=RENAMED["approve"]))
        self.engines.append(second)
        self.versions = [(self.engine, {new: old for old, new in RENAMED.items()}), (second, RENAMED)]
        for engine in self.engines:
            engine.library.newest("p")

    def act(self, keys: list[str], chance: random.Random) -> None:
        """One thing more that can be done, by whoever has one of the versions."""
        self.engine, mapping = chance.choice(self.versions)
        if chance.random() < 0.3:
            super().act(keys, chance)
            return
        self.mark("look")
        cases = [case.id for case in self.cases(chance.choice(keys))] if chance.random() < 0.5 else None
        self.mark("definition")
        self.engine.migrate("p", cases=cases, mapping=mapping)


def test_a_killed_migration_leaves_each_case_on_one_version(world: World, seed: int) -> None:
    """Wherever a migration dies, each case is whole on the old definition or the new; the next goes on from there."""
    chance, tally, slate = random.Random(seed), Tally(), fatal.Slate()
    keys = ["a", "b", "c", "d"]
    for rounds, key in enumerate(keys):
        for _ in range(rounds + 1):
            for move in [move for move in world.moves(key) if move.name != "claim"][:1]:
                world.do(key, move)
        world.clock.advance(LEASE_IS_OVER * 3)
        world.engine.drain()
    engines = [world.open(layer(world.folder / "second", check="check again")), world.engine]
    digests = [engine.library.newest("p").digest for engine in engines]
    cases = [world.cases(key)[0].id for key in keys]
    began = monotonic()
    while tally.kills < OF_DEFINITIONS:
        engine, how = engines[0], chance.choice(("statement", "time"))

        def migrate(engine: Engine = engine, how: str = how) -> None:
            if how == "statement":
                fatal.at_statements(fatal.Fuse(slate, chance.randint(1, STATEMENTS), lit=True), engine.store.engine)  # type: ignore[attr-defined]
            engine.migrate("p")

        slate.clear()
        slate.work("definition")
        if fatal.died(fatal.wait(fatal.run(migrate), chance.uniform(0, SECONDS) if how == "time" else None)):
            tally.died(slate, how)
        else:
            tally.survived += 1
            assert {engine.bundle(case).digest for case in cases} == {digests[0]}
            engines.reverse()
            digests.reverse()
        assert examine(world, keys) == []
        assert twice_moved(world, keys) == []
    tally.seconds = monotonic() - began
    report(f"definitions on {world.engine.store.engine.dialect.name}", tally, seed)  # type: ignore[attr-defined]
    world.finish(keys)
    assert examine(world, keys) + examine_all(world, keys) == []
    for engine in engines:
        engine.close()


def test_cases_that_are_moved_to_and_fro_while_others_work(fresh: Callable[[], str], tmp_path: Path, seed: int) -> None:
    """Kills while batches move cases between two versions and workers of both do them: all hold as without batches."""
    world = Torn(fresh(), tmp_path / "world")
    campaign = Campaign(world, seed)
    tally = campaign.run(OF_MOVING)
    report(f"cases on the move on {world.engine.store.engine.dialect.name}", tally, seed)  # type: ignore[attr-defined]
    assert tally.violations == []
    assert tally.works["definition"] > 0
    assert twice_moved(world, campaign.keys) == []
    for engine in world.engines:
        engine.close()


def twice_moved(world: World, keys: list[str]) -> list[str]:
    """Cases that were moved twice in a row to one version."""
    found = []
    for case in (case for key in keys for case in world.cases(key)):
        moves = [event.detail["to"] for event in world.engine.history(case.id) if event.event == "migrated"]
        if any(one == another for one, another in pairwise(moves)):
            found.append(case.id)
    return found
