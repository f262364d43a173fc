"""Opening an SQL store: which URLs, which databases, and what is said about the others."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import create_engine, make_url

from complaintflow.adapters.sql import open_store
from complaintflow.adapters.sql.tables import REVISION
from complaintflow.adapters.sql.url import parse
from complaintflow.errors import (
    ForeignDatabase,
    InvalidDatabaseUrl,
    NewerDatabase,
    StoreError,
    StoreUnavailable,
    UnknownCase,
)
from complaintflow.store.rows import Change
from complaintflow.testing.store_samples import case_id, case_row, full_change, rows_of, save

SECRET = "s3cret"


def run(url: str, *statements: str) -> None:
    """Run statements on the database as somebody else would."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def create(url: str) -> str:
    """Create our tables with one case in them."""
    store = open_store(url)
    save(store, full_change(case_row()))
    store.close()
    return url


@pytest.mark.parametrize(
    ("text", "dialect", "database"),
    [
        ("sqlite:///complaintflow.db", "sqlite", "complaintflow.db"),
        ("sqlite:////var/lib/cases.db?timeout=2.5", "sqlite", "/var/lib/cases.db"),
        ("sqlite://", "sqlite", ""),
        ("postgres://u:p@host/cases", "postgresql", "cases"),
        ("postgresql://u:p@host:5433/cases?sslmode=require", "postgresql", "cases"),
        ("postgresql+psycopg://u:p@host/cases", "postgresql", "cases"),
    ],
)
def test_urls_name_a_driver_of_ours(text: str, dialect: str, database: str) -> None:
    """The usual spellings of a database URL all lead to the two drivers that are tested."""
    address = parse(text)
    assert (address.dialect, address.database) == (dialect, database)
    url = make_url(address.url)
    assert f"{url.get_backend_name()}+{url.get_driver_name()}" in ("sqlite+pysqlite", "postgresql+psycopg")
    assert (url.database or "") == database


@pytest.mark.parametrize(
    "text",
    [
        f"mysql://u:{SECRET}@host/cases",
        f"postgresql+psycopg2://u:{SECRET}@host/cases",
        f"postgresql+asyncpg://u:{SECRET}@host/cases",
        f"postgresql://u:{SECRET}@host:port/cases",
        f"postgresql://u:a@{SECRET}@host/cases",
        f"postgresql://u:a@b/{SECRET}@host/cases",
        f"postgresql://u:a?{SECRET}@host/cases",
        f"sqlite://u:{SECRET}@cases.db",
        "sqlite://cases.db",
        "sqlite:///cases.db?timeout=soon",
        "sqlite:///cases.db?mode=ro",
        f"sqlite:///cases.db?password={SECRET}@",
        f"sqlite:///file:cases.db?uri=true&timeout=soon&password={SECRET}@",
        "sqlite:///cases.db?timeout=1&timeout=2",
        "sqlite:///cases.db?uri=true",
        "sqlite:///file:cases.db?uri=false",
        "sqlite:///cases%00.db",
        "cases.db",
        f"u:{SECRET}@host",
        f"{SECRET}://",
        f"no scheme {SECRET}://",
        "",
    ],
)
def test_other_urls_are_refused_without_the_password(text: str) -> None:
    """What we cannot open is refused with advice; the message, which ends in a log, never quotes the password."""
    with pytest.raises(InvalidDatabaseUrl) as caught:
        open_store(text)
    assert "sqlite" in str(caught.value) or "password" in str(caught.value)
    if "@" in text:
        assert SECRET not in str(caught.value) + repr(caught.value)
        assert caught.value.__cause__ is None


@pytest.mark.parametrize(("text", "file"), [("foo", "sqlite:///foo"), ("/var/a b.db", "sqlite:////var/a b.db")])
def test_a_file_without_a_scheme_is_named(text: str, file: str) -> None:
    """Whoever gives the name of a file where a URL belongs is told that name, and the URL of the file."""
    with pytest.raises(InvalidDatabaseUrl, match=rf'"{text}" is no database URL(.|\n)*write {file} for a file'):
        open_store(text)


@pytest.mark.parametrize(
    ("settings", "what", "advice"),
    [
        (f"que={SECRET}", 'PostgreSQL knows no setting "que"', 'did you mean "queue"?'),
        (f"passwrod={SECRET}&port=1", 'PostgreSQL knows no setting "passwrod"', 'did you mean "password"?'),
        (f"prepare_threshold={SECRET}", 'PostgreSQL knows no setting "prepare_threshold"', "those of libpq"),
        (f"autocommit={SECRET}", 'PostgreSQL knows no setting "autocommit"', "those of libpq"),
        (f"connect_timeout={SECRET}", 'the setting "connect_timeout" has a value', "correct it"),
    ],
)
def test_a_setting_that_the_driver_does_not_have_is_named(settings: str, what: str, advice: str) -> None:
    """A setting behind a PostgreSQL URL that is misspelled is one error that names it, and never shows its value."""
    with pytest.raises(InvalidDatabaseUrl) as caught:
        open_store(f"postgresql://u:{SECRET}@localhost/cases?{settings}")
    assert what in str(caught.value)
    assert advice in str(caught.value)
    assert SECRET not in str(caught.value) + repr(caught.value)


def test_a_missing_driver_is_named() -> None:
    """Whoever installed without the extra learns which one to install."""
    without = "import sys; sys.modules['psycopg'] = None; from complaintflow.adapters.sql import open_store;"
    program = [sys.executable, "-c", f"{without} open_store('postgresql://localhost/cases')"]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert "StoreError: PostgreSQL needs the driver psycopg 3, which cannot be loaded" in done.stderr
    assert "pip install 'complaintflow[postgres]'" in done.stderr


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    """No server is one clear error that names the database, but not its password."""
    with pytest.raises(StoreUnavailable) as caught:
        open_store(f"postgresql://u:{SECRET}@/cases?host={tmp_path}")
    assert "postgresql+psycopg://u:***@/cases" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert SECRET not in parse(f"postgresql:///cases?passwrod={SECRET}").shown


def test_a_database_that_is_not_there(postgres_server: str) -> None:
    """A server without that database says so in its own words."""
    url = make_url(postgres_server).set(database="nowhere").render_as_string(hide_password=False)
    with pytest.raises(StoreUnavailable, match='database "nowhere" does not exist'):
        open_store(url)


def test_a_database_is_created_once_and_found_again(database: str) -> None:
    """The first opening makes the tables, the second finds them with what is in them."""
    create(database)
    for flag in (True, False):
        store = open_store(database, create=flag)
        assert rows_of(store, case_id(1))["ids"] == [case_id(1)]
        store.close()


def test_without_create_the_tables_must_be_there(database: str) -> None:
    """A process that shall not create says what is missing and who makes it, and makes nothing."""
    for _ in range(2):
        with pytest.raises(StoreError, match="create=True"):
            open_store(database, create=False)
    assert not Path(str(make_url(database).database)).exists()


def test_the_first_opening_loads_no_more_than_it_needs(tmp_path: Path) -> None:
    """A first run must be quick: neither SQLAlchemy nor alembic nor PostgreSQL's driver is loaded for SQLite."""
    code = (
        "import sys; from complaintflow.adapters.sql import open_store; open_store('sqlite:///cases.db');"
        "print(sorted({'alembic', 'sqlalchemy', 'psycopg'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert (tmp_path / "cases.db").exists()


def test_sqlite_is_set_up_for_durability(tmp_path: Path) -> None:
    """Readers do not block the writer (WAL), a commit is on the disk (FULL), and rows belong to a case."""
    store = open_store(f"sqlite:///{tmp_path}/cases.db")
    with store.engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    store.close()


def test_tables_of_the_host_are_left_alone(database: str) -> None:
    """The library lives in the host's database: other tables, even named cf_, are no concern of ours."""
    run(database, "CREATE TABLE customers (id INTEGER)", "CREATE TABLE cf_settings (id INTEGER)")
    create(database)
    run(database, "INSERT INTO customers VALUES (1)", "INSERT INTO cf_settings VALUES (1)")
    open_store(database).close()


def test_a_table_of_somebody_else_under_our_name(database: str) -> None:
    """A cf_case that is not ours is not touched, and the message names it."""
    run(database, "CREATE TABLE cf_case (id INTEGER, nickname VARCHAR(9))")
    for flag in (True, False):
        with pytest.raises(ForeignDatabase, match="cf_case") as caught:
            open_store(database, create=flag)
        assert "what to do" in str(caught.value)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """A text file named cases.db stays as it is."""
    file = tmp_path / "cases.db"
    file.write_text("not a database at all, " * 100)
    with pytest.raises(ForeignDatabase, match="not an SQLite database") as caught:
        open_store(f"sqlite:///{file}")
    assert str(file) in str(caught.value)
    assert file.read_text() == "not a database at all, " * 100


@pytest.mark.parametrize("revision", [f"{int(REVISION) + 1:04}", "9999", "f00ba4", f"{int(REVISION) + 1:04}.moving"])
def test_a_database_of_a_later_release(database: str, revision: str) -> None:
    """An older program does not write into a newer schema."""
    create(database)
    run(database, f"UPDATE cf_schema SET version_num = '{revision}'")
    with pytest.raises(NewerDatabase, match=revision):
        open_store(database)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("DELETE FROM cf_schema", id="no revision"),
        pytest.param("INSERT INTO cf_schema VALUES ('0000')", id="two revisions"),
        pytest.param("DROP TABLE cf_schema", id="no revision table"),
        pytest.param("DROP TABLE cf_job", id="a table is missing"),
        pytest.param("ALTER TABLE cf_job DROP COLUMN owner", id="a column is missing"),
        pytest.param("ALTER TABLE cf_job ADD COLUMN later INTEGER", id="a column too many"),
    ],
)
def test_a_half_migrated_database(database: str, damage: str) -> None:
    """Tables that do not fit their revision are refused with advice, and not repaired by guessing."""
    create(database)
    run(database, damage)
    for _ in range(2):
        with pytest.raises(StoreError, match=r"half migrated.*\n.*where.*\n.*backup"):
            open_store(database)


def test_a_read_only_database_can_be_read(tmp_path: Path) -> None:
    """Someone who may only look can look; writing, and creating, say that the file cannot be written."""
    file = tmp_path / "cases.db"
    create(f"sqlite:///{file}")
    store = open_store(f"sqlite:///file:{file}?mode=ro&uri=true")
    assert rows_of(store, case_id(1))["ids"] == [case_id(1)]
    with pytest.raises(StoreUnavailable, match="cannot be written"), store.transaction() as transaction:
        transaction.beat("never", case_row().created_at)
    store.close()
    sqlite3.connect(tmp_path / "empty.db").execute("PRAGMA user_version = 1").connection.close()
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        open_store(f"sqlite:///file:{tmp_path}/empty.db?mode=ro&uri=true")


def test_a_role_that_may_only_read_can_read(new_database: Callable[[], str]) -> None:
    """Somebody with no right but to look can look on a server; whoever writes learns that the right is missing."""
    url = new_database()
    create(url)
    role = f"reader_{make_url(url).database}"
    run(url, f"CREATE ROLE {role} LOGIN", f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    store = open_store(make_url(url).set(username=role).render_as_string(hide_password=False))
    assert rows_of(store, case_id(1))["ids"] == [case_id(1)]
    with pytest.raises(StoreUnavailable, match="lacks a right"):
        save(store, full_change(case_row(2)))
    store.close()


def test_a_role_that_may_make_no_tables_is_told_how_it_may(new_database: Callable[[], str]) -> None:
    """Since PostgreSQL 15 a new role may make no tables: the message has the server's words and the right to give."""
    url = make_url(new_database())
    role = f"newcomer_{url.database}"
    run(url.render_as_string(hide_password=False), f"CREATE ROLE {role} LOGIN")
    newcomers = url.set(username=role).render_as_string(hide_password=False)
    with pytest.raises(StoreUnavailable, match=r"(?s)permission denied for schema public.*CREATE on its schema"):
        open_store(newcomers)
    run(url.render_as_string(hide_password=False), f"GRANT CREATE ON SCHEMA public TO {role}")
    open_store(newcomers).close()


@pytest.mark.parametrize("part", [{"database": "nowhere"}, {"username": "nobody"}])
def test_a_server_that_refuses_is_not_down(postgres_server: str, part: dict[str, str]) -> None:
    """A user or database that the server does not have is named, and that it stands in the URL; nobody restarts it."""
    url = make_url(postgres_server).set(**part).render_as_string(hide_password=False)
    with pytest.raises(StoreUnavailable, match=r"(?s)refuses the connection .*does not exist.*those of the URL"):
        open_store(url)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """A mistyped path is an error, not a new folder."""
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        open_store(f"sqlite:///{tmp_path}/nowhere/cases.db")
    assert not (tmp_path / "nowhere").exists()


def test_a_locked_database_is_waited_for_and_then_reported(tmp_path: Path) -> None:
    """Another program that holds the file makes us wait as long as the URL says, and not for ever."""
    store = open_store(f"sqlite:///{tmp_path}/cases.db?timeout=0.05")
    other = sqlite3.connect(tmp_path / "cases.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        save(store, Change(case_row()))
    other.execute("ROLLBACK")
    save(store, Change(case_row()))
    other.close()
    store.close()


def test_a_second_transaction_in_memory_does_not_hang() -> None:
    """In memory there is one connection: whoever nests two transactions is told so."""
    store = open_store("sqlite://?timeout=0.05")
    with store.transaction(), pytest.raises(StoreUnavailable, match="in use"), store.reading():
        pass
    save(store, Change(case_row()))
    store.close()


def test_a_closed_store_says_so(database: str) -> None:
    """A store used after its end is a mistake, and found as one."""
    store = open_store(database)
    store.close()
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"), store.reading():
        pass
    for use in (store.clean, store.upgrade, store.prepare, store.check):
        with pytest.raises(StoreUnavailable, match="closed"):
            use()


def test_eight_may_open_a_fresh_database_at_once(database: str) -> None:
    """All processes of an application start together: one creates the tables, all of them work."""
    gate = Barrier(8)

    def work(number: int) -> None:
        gate.wait()
        store = open_store(database)
        save(store, Change(case_row(number)))
        store.close()

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(work, number) for number in range(8)]:
            done.result()
    store = open_store(database)
    with store.reading() as transaction:
        assert len(transaction.case_ids()) == 8
    store.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_processes_may_open_a_fresh_database_at_once(database: str) -> None:
    """The same with processes, whose locks are the operating system's."""

    def work(number: int) -> None:
        store = open_store(database)
        save(store, Change(case_row(number)))
        store.close()

    assert in_children(4, work) == [0, 0, 0, 0]
    store = open_store(database)
    with store.reading() as transaction:
        assert len(transaction.case_ids()) == 4
    store.close()


def in_children(count: int, work: Callable[[int], None]) -> list[int]:
    """Run the work in forked children at once; 0 for each that did not fail."""
    children = []
    for number in range(count):
        child = os.fork()
        if child == 0:
            try:
                work(number)
            except BaseException as error:
                print(repr(error), file=sys.stderr)
                os._exit(1)
            os._exit(0)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def test_a_store_forgets_its_cases_only_in_memory(tmp_path: Path) -> None:
    """Each store in memory is its own; two stores on one file share the cases."""
    create("sqlite://")
    with pytest.raises(UnknownCase), open_store("sqlite://").reading() as transaction:
        transaction.case(case_id(1))
    create(f"sqlite:///{tmp_path}/cases.db")
    with open_store(f"sqlite:///{tmp_path}/cases.db").reading() as transaction:
        assert transaction.case(case_id(1)) == case_row()
