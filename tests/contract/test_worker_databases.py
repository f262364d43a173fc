"""What a worker says of a database it cannot use, on every road, and that the work stays for one that can."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import create_engine, inspect, make_url

from complaintflow import Engine, Handlers
from complaintflow.errors import (
    ComplaintflowError,
    ForeignDatabase,
    NewerDatabase,
    StaleCase,
    StoreError,
    StoreUnavailable,
)
from complaintflow.work import worker as working
from tests import diagrams as d
from tests.crash.killing_migrations import make_old

MOVES = "0005"
"""A revision that moves data."""
JOB = d.document(d.process(d.start(), d.service("a", "work"), d.end(), d.flows("start > a > end")))


@dataclass
class Place:
    """A database, by one of the roads; ``bare`` is the URL for whoever only wants its tables."""

    url: str
    bare: str
    folder: Path
    create: Callable[[], str]

    def sql(self, *statements: str) -> None:
        """Interfere with it."""
        engine = create_engine(self.bare, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()

    def tables(self) -> set[str]:
        """What it has."""
        engine = create_engine(self.bare)
        found = set(inspect(engine).get_table_names())
        engine.dispose()
        return found

    def engine(self, url: str = "", *, able: bool = True) -> Engine:
        """An engine with the handler, or without."""
        desk = Handlers()
        if able:
            desk.handler("work")(lambda: None)
        layer = d.layer(self.folder / "layer", JOB)
        return Engine(url or self.url, layers=[layer], handlers=[desk], handlers_elsewhere=True)

    def file(self) -> None:
        """A case with a job for somebody else."""
        with self.engine(able=False) as engine:
            engine.start("p", {})

    def read_only(self) -> str:
        """The URL for somebody who may only look."""
        if self.bare.startswith("sqlite"):
            return f"sqlite:///file:{make_url(self.bare).database}?mode=ro&uri=true"
        role = f"looker_{make_url(self.bare).database}"
        self.sql(f"CREATE ROLE {role} LOGIN", f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
        return make_url(self.url).set(username=role).render_as_string(hide_password=False)


@pytest.fixture(params=["rows in SQLite", "rows in PostgreSQL", "procrastinate"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty database."""
    if request.param == "rows in SQLite":
        url = f"sqlite:///{tmp_path}/cases.db"
        return Place(url, url, tmp_path, lambda: f"sqlite:///{tmp_path}/other.db")
    create: Callable[[], str] = request.getfixturevalue("new_database")
    bare = create()
    return Place(_queued(bare) if request.param == "procrastinate" else bare, bare, tmp_path, create)


def _queued(url: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}queue=procrastinate"


def test_a_database_that_is_not_ours_stays_as_it_is(place: Place) -> None:
    """One error that names the table in the way; nothing is made beside it, procrastinate's tables neither."""
    place.sql("CREATE TABLE cf_case (id INTEGER)")
    with pytest.raises(ForeignDatabase, match="cf_case"):
        place.engine()
    assert place.tables() == {"cf_case"}


@pytest.mark.parametrize(
    ("damage", "kind", "said"),
    [
        ("UPDATE cf_schema SET version_num = '0999'", NewerDatabase, "0999"),
        ("DROP TABLE cf_timer", StoreError, "half migrated"),
    ],
)
def test_work_in_a_database_that_is_refused_is_left_alone(
    place: Place, damage: str, kind: type[ComplaintflowError], said: str
) -> None:
    """A newer schema, and one that lacks a table, are one clear error; the job is there as it was."""
    place.file()
    place.sql(damage)
    with pytest.raises(kind, match=said):
        place.engine()
    engine = create_engine(place.bare)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM cf_job WHERE owner IS NULL").scalar() == 1
    engine.dispose()


def test_a_migration_that_stopped_halfway_goes_on(place: Place) -> None:
    """Tables whose data have still to move are brought on by whoever opens them, and the work is done."""
    place.file()
    older = place.create()
    make_old(older, MOVES, place.bare)
    place = Place(_queued(older) if place.url != place.bare else older, older, place.folder, place.create)
    place.sql(f"UPDATE cf_schema SET version_num = '{MOVES}.moving'")
    with place.engine() as engine:
        assert engine.worker().drain() == 1
        assert [case.status for case in engine.cases()] == ["completed"]


def test_a_worker_that_may_only_read_says_so_and_gives_up(
    place: Place, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names what it lacks, not that the server was down, and ends; the job is done by a worker that may write."""
    monkeypatch.setattr(working, "NAP", 0.01)
    place.file()
    with place.engine(place.read_only()) as engine:
        worker = engine.worker()
        with (
            caplog.at_level(logging.WARNING, "complaintflow"),
            pytest.raises(StoreUnavailable, match=r"cannot be written|lacks a right"),
        ):
            worker.run()
    said = {record.getMessage() for record in caplog.records if "trying again" in record.getMessage()}
    assert any("cannot be written" in text or "lacks a right" in text for text in said)
    assert not any("does not answer" in text for text in said)
    with place.engine() as engine:
        assert engine.worker().drain() == 1
        assert [(case.status, case.incidents) for case in engine.cases()] == [("completed", ())]


def test_a_part_of_procrastinates_tables_is_one_clear_error(new_database: Callable[[], str], tmp_path: Path) -> None:
    """Tables of procrastinate without that of its jobs are named, with what to do, and not repaired by guessing."""
    bare = new_database()
    place = Place(_queued(bare), bare, tmp_path, new_database)
    place.file()
    place.sql("DROP TABLE procrastinate_jobs CASCADE")
    for _ in range(2):
        with pytest.raises(StoreError, match=r"(?s)a part of procrastinate's tables.*what to do: restore"):
            place.engine()


def test_a_worker_that_loses_a_deadlock_goes_on(
    new_database: Callable[[], str], caplog: pytest.LogCaptureFixture
) -> None:
    """PostgreSQL breaks its transaction off for somebody else's: it says so, and tries again."""
    url = new_database()
    died: list[StaleCase] = []
    with Engine(url) as engine:
        worker = engine.worker()
        worker.beat()
        other = create_engine(url)

        def work() -> None:
            try:
                worker.run()
            except StaleCase as error:
                died.append(error)

        thread = Thread(target=work)
        with other.connect() as host, other.connect() as watcher:
            host.exec_driver_sql("SET deadlock_timeout = '1min'")
            host.exec_driver_sql("INSERT INTO cf_worker VALUES ('of long ago', 0)")
            host.commit()
            host.exec_driver_sql("UPDATE cf_worker SET seen_at = 1 WHERE owner = 'of long ago'")
            thread.start()  # it keeps its own row, and waits for the one that it would forget
            while not watcher.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted").scalar():
                pass
            host.exec_driver_sql("UPDATE cf_worker SET seen_at = 1 WHERE owner = %s", (worker.name,))
            host.rollback()
        worker.stop()
        thread.join(30)
        other.dispose()
    assert died == []
    assert "another transaction was in the way; trying again" in caplog.text
