"""Processes die at any moment: nothing may be lost, doubled or stuck."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from complaintflow.adapters.sql import open_store
from complaintflow.adapters.sql.tables import REVISION
from tests.crash import fatal
from tests.crash.conftest import KILLS
from tests.crash.killing import Campaign, report
from tests.crash.killing_migrations import Road, count, engine_of, kill_on, make_old
from tests.crash.oracle import examine
from tests.crash.world import World

OF_WORK, OF_TABLES = KILLS * 23 // 50, KILLS // 24
"""For each of the two databases."""


def test_killed_workers_and_clerks_lose_double_and_strand_nothing(world: World, seed: int) -> None:
    """Whatever is killed while people and workers move cases, each case is whole after each kill, and ends once."""
    world.engine.schedule("clockwork")
    works = frozenset({"start", "complete", "handler", "drain"})
    tally = Campaign(world, seed).run(OF_WORK, works)
    report(f"work on {world.engine.store.engine.dialect.name}", tally, seed)
    assert tally.violations == []
    assert tally.kills >= OF_WORK
    assert works <= tally.works.keys()


def test_killed_migrations_leave_whole_tables_and_all_that_is_in_them(
    fresh: Callable[[], str], copies: Callable[[str], str], tmp_path: Path, seed: int
) -> None:
    """Whoever dies while tables are made or migrated leaves those of one revision, and all rows; the next goes on."""
    world = World(fresh(), tmp_path / "world")
    for key in ("a", "b", "c"):
        world.do(key, *world.moves(key))
    world.engine.close()
    roads = [Road("create", fresh, None, {})]
    for revision in [f"{number:04}" for number in range(1, int(REVISION))]:
        old = fresh()
        rows = make_old(old, revision, world.url)
        roads.append(Road(f"migrate {revision}", lambda old=old: copies(old), revision, rows))  # type: ignore[misc]
    for road in roads:
        tally = kill_on(road, OF_TABLES // len(roads), seed)
        report(f"{road.name}", tally, seed)
        assert tally.violations == []


def test_the_oracle_sees_what_goes_wrong(world: World) -> None:
    """A case without what it waits for, an effect under two keys and an answer that was not kept are all found."""
    world.do("k", *world.moves("k"))
    (case,) = world.cases("k")
    assert examine(world, ["k"]) == []
    world.effects.add(case.id, "charge", f"{case.id}.99")
    world.answers.add("k", "complete", f"{case.id}.77")
    with world.engine.store.engine.begin() as connection:
        for table in ("cf_task", "cf_timer", "cf_subscription", "cf_job"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    found = examine(world, ["k"])
    assert [word for word in ("nobody is told", "several keys", "not in the history") if word in str(found)] == [
        "nobody is told", "several keys", "not in the history",
    ]  # fmt: skip
    assert len(found) == 3


def test_the_hooks_kill_where_they_say(fresh: Callable[[], str]) -> None:
    """A process told to die at the n-th statement is dead then: of the first thirty points none is survived."""
    url = fresh()
    slate = fatal.Slate()
    for point in range(1, 31):
        fuse = fatal.Fuse(slate, point, lit=True)
        child = fatal.run(lambda: open_store(url).close(), prepare=lambda fuse=fuse: fatal.at_statements(fuse))  # type: ignore[misc]
        status = fatal.wait(child)
        assert os.WIFSIGNALED(status)
        assert os.WTERMSIG(status) == signal.SIGKILL
    engine = engine_of(url)
    with engine.connect() as connection:
        assert count(connection) == {}
    engine.dispose()
