"""Processes die while running cases are moved to another version of their definition, and back."""

from __future__ import annotations

import random
from itertools import pairwise
from time import monotonic

from complaintflow import Engine
from tests.crash import fatal
from tests.crash.conftest import KILLS
from tests.crash.killing import Tally, report
from tests.crash.oracle import examine, examine_all
from tests.crash.world import LEASE_IS_OVER, World, layer

STATEMENTS, SECONDS = 60, 0.1
OF_DEFINITIONS = max(6, KILLS // 100)


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
        for case in cases:
            moves = [event.detail["to"] for event in world.engine.history(case) if event.event == "migrated"]
            assert all(one != another for one, another in pairwise(moves)), "a case was moved twice to one version"
    tally.seconds = monotonic() - began
    report(f"definitions on {world.engine.store.engine.dialect.name}", tally, seed)  # type: ignore[attr-defined]
    world.finish(keys)
    assert examine(world, keys) + examine_all(world, keys) == []
    for engine in engines:
        engine.close()
