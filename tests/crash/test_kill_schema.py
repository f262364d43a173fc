"""Processes die while tables with many cases in them are brought up to date, in batches of a few rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from complaintflow.adapters.sql import open_store
from complaintflow.adapters.sql.tables import REVISION
from tests.crash.conftest import KILLS
from tests.crash.killing import report
from tests.crash.killing_migrations import SEALED, Road, contents, kill_on, make_old
from tests.crash.oracle import examine, examine_all
from tests.crash.world import LEASE_IS_OVER, World

CASES, BATCH = 20, 3
OLD = [f"{number:04}" for number in range(int(SEALED), int(REVISION))]
"""The revisions whose databases hold cases as they are today."""
OF_DATA = max(len(OLD) * 2, KILLS // 20)
UNKNOWN = {"0003": {"cf_history": ("name", "value")}}
"""What a revision had no columns for, and no migration can know."""


@pytest.fixture
def filled(fresh: Callable[[], str], tmp_path: Path) -> World:
    """A world with cases at many stages; nobody has it open."""
    world = World(fresh(), tmp_path / "world")
    keys = [f"k{number}" for number in range(CASES)]
    for number, key in enumerate(keys):
        for _ in range(1 + number % 3):
            for move in [move for move in world.moves(key) if move.name != "claim"][:1]:
                world.do(key, move)
        if number % 10 == 9:
            world.clock.advance(LEASE_IS_OVER * 3)
            world.engine.drain()
    assert examine(world, keys) == []
    world.engine.close()
    return world


def test_killed_migrations_of_data_move_every_row_once(
    filled: World, fresh: Callable[[], str], copies: Callable[[str], str], seed: int
) -> None:
    """Wherever a migration dies, also between two batches, the next ends at the very rows of a database of today."""
    today = contents(filled.url)
    for revision in OLD:
        old = fresh()
        rows = make_old(old, revision, filled.url)
        wanted = _without(today, revision)

        def arrived(url: str, wanted: dict[str, Any] = wanted, revision: str = revision) -> list[str]:
            found = _without(contents(url), revision)
            return [f"{name} has other rows" for name in wanted if found[name] != wanted[name]]

        road = Road(f"data of {revision}", lambda old=old: copies(old), revision, rows, BATCH, arrived)  # type: ignore[misc]
        tally = kill_on(road, OF_DATA // len(OLD), seed)
        report(road.name, tally, seed)
        assert tally.violations == []


def test_cases_of_an_older_database_go_on_to_their_end(filled: World, fresh: Callable[[], str], tmp_path: Path) -> None:
    """What was begun before a migration ends after it as if there had been none: history, effects and answers hold."""
    old = fresh()
    make_old(old, OLD[-1], filled.url)
    open_store(old).close()
    keys = [f"k{number}" for number in range(CASES)]
    filled.url = old
    filled.engine = filled.open()
    assert examine(filled, keys) == []
    filled.finish(keys)
    assert examine(filled, keys) + examine_all(filled, keys) == []
    filled.engine.close()


def _without(found: dict[str, list[dict[str, Any]]], revision: str) -> dict[str, list[dict[str, Any]]]:
    """The rows without what a database of that revision could not have."""
    unknown = UNKNOWN.get(revision, {})
    return {
        name: sorted(({k: v for k, v in row.items() if k not in unknown.get(name, ())} for row in rows), key=repr)
        for name, rows in found.items()
    }
