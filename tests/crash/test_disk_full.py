"""The disk is full at any page: what was written is whole, what was not is said, and all goes on when there is room."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import PendingRollbackError

from complaintflow.errors import StoreError, StoreUnavailable
from tests.conftest import run_sql
from tests.crash import fatal
from tests.crash.oracle import examine, examine_all
from tests.crash.world import LEASE_IS_OVER, World


def play(world: World, tight: Callable[[], Any]) -> int:
    """Move one case to its end, trying each thing while there is little room and then again; how often it was full."""
    full = 0
    for _ in range(60):
        for move in [move for move in world.moves("k") if move.name != "claim"][:1]:
            try:
                with tight():
                    world.do("k", move)
            except StoreUnavailable:
                full += 1
                assert examine(world, ["k"]) == []
        with suppress(StoreUnavailable), tight():
            world.engine.drain()
        assert examine(world, ["k"]) == []
        if world.cases("k") and world.cases("k")[0].status != "active":
            break
        world.clock.advance(LEASE_IS_OVER * 3)
        world.engine.drain()
    world.finish(["k"])
    assert examine(world, ["k"]) + examine_all(world, ["k"]) == []
    return full


def test_a_database_that_may_not_grow(tmp_path: Path) -> None:
    """SQLite gets no further page, then one, two and so on: each command is whole or says that the disk is full."""
    world = World(f"sqlite:///{tmp_path / 'cases.db'}", tmp_path / "world")
    pages, room = 1 << 30, iter(range(1_000))

    pool: Any = world.engine.store._pool  # type: ignore[attr-defined]
    take = pool.take

    def limited() -> Any:
        driver, slip = take()
        driver.execute(f"PRAGMA max_page_count = {pages}")
        return driver, slip

    pool.take = limited

    @contextmanager
    def tight() -> Iterator[None]:
        nonlocal pages
        with world.engine.store.reading() as tx:
            used = tx._driver.execute("PRAGMA page_count").fetchone()[0]  # type: ignore[attr-defined]
        pages = used + next(room) % 4
        try:
            yield
        finally:
            pages = 1 << 30

    assert play(world, tight) >= 1
    world.engine.close()


def test_files_that_may_not_grow(tmp_path: Path) -> None:
    """Processes whose files may not grow beyond some size (also amid a journal) fail whole, at whatever byte it is."""
    world = World(f"sqlite:///{tmp_path / 'cases.db'}", tmp_path / "world")
    failed = 0
    for size in range(0, 80_000, 3_989):
        moves = [move for move in world.moves("k") if move.name != "claim"]

        def deed(size: int = size, moves: list[Any] = moves) -> None:
            journal = tmp_path / "cases.db-wal"
            now = journal.stat().st_size if journal.exists() else 0
            resource.setrlimit(resource.RLIMIT_FSIZE, (now + size, resource.RLIM_INFINITY))
            try:
                for move in moves:
                    world.do("k", move)
                world.engine.drain()
            except StoreUnavailable:
                os._exit(3)

        status = fatal.wait(fatal.run(deed))
        assert os.WEXITSTATUS(status) in (0, 3)
        failed += os.WEXITSTATUS(status) == 3
        assert examine(world, ["k"]) == []
        world.clock.advance(LEASE_IS_OVER * 2)
    assert failed >= 1
    world.finish(["k"])
    assert examine(world, ["k"]) + examine_all(world, ["k"]) == []
    world.engine.close()


@pytest.fixture
def small_database(postgres_server: str) -> Iterator[tuple[str, Path]]:
    """A database on a small file system of its own, and where that is."""
    folder = Path(tempfile.mkdtemp(prefix="cf-small-"))
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=24m,mode=777", "tmpfs", folder], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError):
        folder.rmdir()
        pytest.skip("a small file system can only be mounted by root")
    os.chmod(folder, 0o777)
    place = folder / "space"
    place.mkdir()
    owner = Path(str(make_url(postgres_server).query["host"])).stat()
    os.chown(place, owner.st_uid, owner.st_gid)
    run_sql(postgres_server, f"CREATE TABLESPACE small LOCATION '{place}'")
    run_sql(postgres_server, "CREATE DATABASE small TABLESPACE small")
    try:
        yield make_url(postgres_server).set(database="small").render_as_string(hide_password=False), folder
    finally:
        run_sql(postgres_server, "DROP DATABASE small WITH (FORCE)")
        run_sql(postgres_server, "DROP TABLESPACE small")
        subprocess.run(["umount", folder], check=True)
        shutil.rmtree(folder)


def test_a_postgresql_server_whose_disk_is_full(small_database: tuple[str, Path], tmp_path: Path) -> None:
    """A tablespace without room refuses some commands: each is whole or refused, and all goes on when there is room."""
    url, folder = small_database
    world, disk = World(url, tmp_path / "world"), folder / "filler"

    @contextmanager
    def tight() -> Iterator[None]:
        with disk.open("wb") as file, suppress(OSError):
            while True:
                file.write(bytes(1 << 16))
                file.flush()
        try:
            yield
        finally:
            disk.unlink()

    for number in range(12):  # what needs new pages is refused sooner or later
        with suppress(StoreUnavailable), tight():
            world.engine.start("p", {"much": "x" * 60_000, "number": number}, key=f"other{number}")

    def fill() -> None:
        for number in range(200):
            world.engine.start("p", {"much": [f"{number}.{i}" for i in range(9_000)]}, key=f"more{number}")

    with pytest.raises(StoreUnavailable, match="full"), tight():
        fill()
    play_on = [key for number in range(200) for key in (f"other{number}", f"more{number}") if world.cases(key)]
    assert examine(world, play_on) == []
    world.finish(["k", *play_on])
    assert examine(world, ["k", *play_on]) + examine_all(world, ["k", *play_on]) == []
    world.engine.close()


@pytest.mark.parametrize("much", [1, 60_000])
def test_a_disk_that_is_full_at_the_second_write_of_a_hosts_transaction(tmp_path: Path, much: int) -> None:
    """SQLite then undoes the first write too: whatever the host does next, it cannot commit the rest without it."""
    world = World(f"sqlite:///{tmp_path / 'cases.db'}", tmp_path / "world")
    store: Any = world.engine.store
    with store.engine.connect() as host:
        inner, driver = world.engine.using(host), host.connection.driver_connection
        inner.start("p", {}, key="first")
        pages = driver.execute("PRAGMA page_count").fetchone()[0]
        driver.execute(f"PRAGMA max_page_count = {pages}")

        def fill() -> None:
            for number in range(50):
                inner.start("p", {"much": "x" * much}, key=f"second{number}")

        with pytest.raises(StoreUnavailable, match="full"):
            fill()
        with pytest.raises((StoreError, PendingRollbackError)):
            inner.start("p", {}, key="third")
        with pytest.raises(PendingRollbackError):
            host.commit()
        host.rollback()
        inner.start("p", {}, key="again")
        host.commit()
    found = {case.key for case in world.engine.cases(limit=100)}
    assert found == {"again"}
    world.finish(["again"])
    assert examine(world, ["again"]) + examine_all(world, ["again"]) == []
    world.engine.close()
