"""The connection to PostgreSQL breaks at a commit: nobody knows whether it went through, and nothing happens twice."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import pytest
from sqlalchemy import make_url

from complaintflow import Engine
from complaintflow.errors import StoreUnavailable, TaskAlreadyCompleted
from tests.crash.oracle import examine, examine_all
from tests.crash.proxy import Wire
from tests.crash.queued import Queued
from tests.crash.world import LEASE_IS_OVER, World


@dataclass(slots=True)
class Wired:
    """A world, and a second engine whose database is at the end of a wire."""

    world: World
    engine: Engine
    wire: Wire

    @contextmanager
    def cutting(self, where: str, commit: int) -> Iterator[None]:
        """Inside, all goes over the wire, which is cut at a commit; that is said, and suppressed."""
        safe, self.world.engine = self.world.engine, self.engine
        setattr(self.wire, where, commit)
        try:
            with suppress(StoreUnavailable):
                yield
        finally:
            setattr(self.wire, where, 0)
            self.world.engine = safe


@pytest.fixture(params=[World, Queued], ids=["rows", "procrastinate"])
def wired(request: pytest.FixtureRequest, new_database: Callable[[], str], tmp_path: Path) -> Iterator[Wired]:
    """A world on PostgreSQL, with a wire."""
    world = request.param(new_database(), tmp_path / "world")
    url = world.url
    with tempfile.TemporaryDirectory(prefix="cf-wire-") as folder:  # the path of a socket must be short
        wire = Wire(Path(folder), f"{make_url(url).query['host']}/.s.PGSQL.5432")
        world.url = make_url(url).update_query_dict({"host": folder}).render_as_string(hide_password=False)
        engine = world.open()
        engine.library = world.engine.library
        yield Wired(world, engine, wire)
        engine.close()
        wire.close()
    world.engine.close()


@pytest.mark.parametrize("where", ["cut_before", "cut_after"])
def test_a_commit_whose_answer_is_lost_happens_once(wired: Wired, where: str) -> None:
    """One of the first commits of each command and each round is cut: whoever tries again does nothing twice."""
    world, commits = wired.world, cycle((1, 2, 3, 1, 2))
    for _ in range(60):
        for move in [move for move in world.moves("k") if move.name != "claim"][:1]:
            with wired.cutting(where, next(commits)):
                world.do("k", next(again for again in world.moves("k") if again.subject == move.subject))
        with wired.cutting(where, next(commits)):
            world.engine.drain()
        assert examine(world, ["k"]) == []
        if world.cases("k") and world.cases("k")[0].status != "active":
            break
        world.clock.advance(LEASE_IS_OVER * 3)
    world.finish(["k"])
    assert examine(world, ["k"]) + examine_all(world, ["k"]) == []
    assert wired.wire.cuts >= 5


def test_whoever_lost_the_answer_is_told_when_they_try_again(wired: Wired) -> None:
    """StoreUnavailable at the commit, and TaskAlreadyCompleted at the second try: the task was completed once."""
    world = wired.world
    world.do("k", *world.moves("k"))
    world.engine.drain()
    (task,) = world.cases("k")[0].tasks
    wired.wire.cut_after = 1
    with pytest.raises(StoreUnavailable):
        wired.engine.complete(task.id, {})
    with pytest.raises(TaskAlreadyCompleted):
        wired.engine.complete(task.id, {})
    assert examine(world, ["k"]) == []
