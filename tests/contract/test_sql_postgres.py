"""PostgreSQL's road without cursors: what can be said on it, whom it disturbs, and how many connections it takes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event, make_url
from sqlalchemy.exc import IntegrityError

from complaintflow.adapters.sql import SqlStore, open_store, postgres
from complaintflow.errors import StaleCase, StoreError, StoreUnavailable, UnknownCase
from complaintflow.store.rows import AttachmentRow, Change
from complaintflow.testing.store_samples import NOW, case_id, case_row, full_change, job_row, later, rows_of, save
from tests.conftest import run_sql


@pytest.fixture
def url(new_database: Callable[[], str]) -> str:
    """An empty database."""
    return new_database()


def test_what_is_larger_than_any_buffer_comes_through(url: str) -> None:
    """Twelve megabytes with every octet in them are written and read back as they were."""
    content = bytes(range(256)) * 48 * 1024
    store = open_store(url)
    attachment = AttachmentRow(case_id(1), 1, NOW, len(content), b"facts", content)
    save(store, Change(case_row(), attachments=[attachment]))
    with store.reading() as transaction:
        assert transaction.attachment(case_id(1), 1) == content
    store.close()


def test_what_the_database_cannot_hold_is_one_error(url: str) -> None:
    """A zero character or half a surrogate pair in a business key is refused whole, and the next command works."""
    store = open_store(url)
    for key, kind in (("a\0b", StoreError), ("a\ud800b", UnicodeEncodeError)):
        with pytest.raises(kind):
            save(store, Change(case_row(key=key)))
        assert rows_of(store, case_id(1)) == {}
    save(store, Change(case_row(key="投诉 1")))
    with store.reading() as transaction:
        assert transaction.case_ids(key="投诉 1") == [case_id(1)]
    store.close()


def test_a_database_in_another_encoding(postgres_server: str) -> None:
    """Where the database has no character for it, a text is refused; what it has a character for comes back."""
    run_sql(postgres_server, "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    latin = make_url(postgres_server).set(database="latin")
    for client in ({}, {"client_encoding": "latin1"}):
        store = open_store(latin.update_query_dict(client).render_as_string(hide_password=False))
        number = 2 if client else 1
        save(store, Change(case_row(number, key=f"Müller {number}")))
        with store.reading() as transaction:
            assert transaction.case(case_id(number)).key == f"Müller {number}"
        store.close()
    store = open_store(latin.render_as_string(hide_password=False))
    with pytest.raises(StoreError, match="no equivalent"):
        save(store, Change(case_row(3, key="投诉")))
    store.close()


def test_a_transaction_in_which_a_statement_failed_is_no_commit(url: str) -> None:
    """Whoever swallows the error of a question hears at the end that nothing was written."""
    store = open_store(url)

    def work() -> None:
        with store.transaction() as transaction:
            transaction.write(full_change(case_row()))
            with suppress(StoreError):
                transaction.case_ids(key="a\0b")

    with pytest.raises(StoreError, match="rolled back"):
        work()
    assert rows_of(store, case_id(1)) == {}
    store.close()


def test_a_statement_fails_at_its_second_use(url: str) -> None:
    """What fails when it is prepared is said anew: the connection that saw it can be used for the same again."""
    store = open_store(url)
    save(store, Change(case_row(key="key-1")))
    with store.reading() as transaction:
        assert transaction.case_ids(key="key-1") == [case_id(1)]
    run_sql(url, "ALTER TABLE cf_case RENAME COLUMN key TO keys")
    with pytest.raises(StoreError, match="a column of complaintflow is missing"), store.reading() as transaction:
        transaction.case_ids(key="key-1")
    run_sql(url, "ALTER TABLE cf_case RENAME COLUMN keys TO key")
    for _ in range(3):
        with store.reading() as transaction:
            assert transaction.case_ids(key="key-1") == [case_id(1)]
    store.close()


def test_the_isolation_that_the_host_asked_for_holds(url: str) -> None:
    """Where we speak first in a host's transaction, it is begun as the host wants it."""
    store = open_store(url)
    save(store, Change(case_row()))
    engine = create_engine(url, isolation_level="REPEATABLE READ")
    with engine.connect() as host:
        with store.using(host).transaction() as transaction:
            assert transaction.case(case_id(1)).version == 1
            save(store, Change(later(case_row())))
            assert transaction.case(case_id(1)).version == 1
        host.rollback()
    engine.dispose()
    store.close()


def test_a_host_that_speaks_in_a_pipeline_itself(url: str) -> None:
    """Its answers would be mixed with ours: it is asked to leave the pipeline first."""
    store = open_store(url)
    engine = create_engine(url)
    with engine.connect() as host:
        driver = _driver(host)
        with driver.pipeline():
            with pytest.raises(StoreError, match="in a pipeline"):
                store.using(host)
            assert driver.execute("SELECT 1").fetchone() == (1,)
        with store.using(host).transaction() as transaction, pytest.raises(UnknownCase):
            transaction.case(case_id(1))
    engine.dispose()
    store.close()


def test_what_a_host_prepares_and_forgets_is_its_own(url: str) -> None:
    """A host's cursors that prepare, roll back and discard on a connection do not disturb what we say on it."""
    store = open_store(url)
    engine = create_engine(url)
    with engine.connect() as host:
        for number in range(1, 9):
            with store.using(host).transaction() as transaction:
                transaction.write(full_change(case_row(number)))
                assert [transaction.case_ids(limit=number)[:1] for _ in range(2)] == [[case_id(number)]] * 2
            for _ in range(6 if number > 2 else 1):
                host.exec_driver_sql("SELECT 1")
            if number % 2:
                host.rollback()
            host.commit()
            with suppress(IntegrityError):
                host.exec_driver_sql("INSERT INTO cf_value VALUES ('no case', 'a', '')")
            host.rollback()
            if number % 3 == 0:
                host.exec_driver_sql("DEALLOCATE ALL")
            host.commit()
        assert [bool(rows_of(store, case_id(number))) for number in range(1, 9)] == [False, True] * 4
    engine.dispose()
    store.close()


def test_what_cursors_do_on_our_own_connections_disturbs_nothing(url: str) -> None:
    """Workers are woken by a cursor; after that and a rollback, what was said before can be said again."""
    store = open_store(url)
    save(store, full_change(case_row()))

    def wake() -> None:
        with store.transaction() as transaction:
            transaction.give_back([job_row(case_row())], "worker-1", NOW)

    for _ in range(8):
        wake()
    with suppress(StaleCase), store.transaction() as transaction:
        transaction.tasks(limit=1)
        raise StaleCase("a refusal")
    wake()
    store.close()


def test_no_connection_of_a_host_becomes_ours(url: str) -> None:
    """What psycopg prepared for a host, and forgets after a rollback, was on no connection that we use later."""
    store = open_store(url)
    store.before_fork()  # closes what is idle
    with store.engine.connect() as host:
        for _ in range(8):
            host.exec_driver_sql("SELECT 1")
        hosts = _driver(host).info.backend_pid
    for number in range(1, 4):
        with suppress(StaleCase), store.transaction() as transaction:
            assert transaction.case_ids(limit=number) == []
            raise StaleCase("a refusal")
    with store.engine.connect() as host:
        assert _driver(host).info.backend_pid == hosts
    store.close()


def test_a_session_that_was_changed_under_us(url: str) -> None:
    """A pooler that lends another session is named in one refusal; from then on the connection needs no session."""
    store = open_store(url)
    store.before_fork()  # closes what is idle

    def discard() -> None:
        with store.transaction() as transaction:
            transaction.case_ids(limit=1)
            transaction._driver.execute("DEALLOCATE ALL")

    def look() -> list[str]:
        with store.reading() as transaction:
            return transaction.case_ids(limit=1)

    for _ in range(3):
        look()
    discard()
    with pytest.raises(StoreUnavailable, match="try again; a pooler"):
        look()
    for _ in range(3):
        assert look() == []
        discard()
    store.close()


def test_columns_change_beside_a_running_program(url: str) -> None:
    """What was prepared for a column's old type is one refusal; then the same connection reads the new one."""
    store = open_store(url)
    save(store, Change(case_row(key="key-1")))

    def look() -> list[str]:
        with store.reading() as transaction:
            return transaction.case_ids(key="key-1") and [transaction.case(case_id(1)).key]

    for _ in range(3):
        assert look() == ["key-1"]
    run_sql(url, "ALTER TABLE cf_case ALTER COLUMN key TYPE varchar(100)")
    with pytest.raises(StoreUnavailable, match="the tables were changed meanwhile"):
        look()
    for _ in range(3):
        assert look() == ["key-1"]
    store.close()


@pytest.mark.parametrize("level", ["serializable", "repeatable read"])
def test_the_isolation_that_the_server_prefers_is_not_ours(url: str, level: str) -> None:
    """Where transactions are serializable by default, a command still writes what it saw somebody else write before."""
    run_sql(url, f"ALTER DATABASE \"{make_url(url).database}\" SET default_transaction_isolation = '{level}'")
    store = open_store(url)
    with store.transaction() as transaction:
        assert transaction.case_ids(limit=1) == []
        with store.transaction() as other:
            other.beat("worker-1", NOW)
        transaction.beat("worker-1", NOW)
    store.close()


def test_a_statement_that_takes_too_long_is_called_that(url: str) -> None:
    """The limit that the database sets for a statement is named, not taken for a server that is down."""
    store = open_store(url)
    save(store, Change(case_row()))
    store.before_fork()  # closes what is idle
    run_sql(url, f'ALTER DATABASE "{make_url(url).database}" SET statement_timeout = 50')
    with store.transaction() as transaction:
        transaction.write(Change(later(case_row())))
        with pytest.raises(StoreUnavailable, match="raise its statement_timeout"):
            save(store, Change(later(case_row())))
    store.close()


def test_what_a_listener_says_at_connecting_is_no_part_of_a_transaction(url: str) -> None:
    """What only reads sees one moment, on a connection too that a host's listener has spoken on before."""
    store = open_store(url)
    store.before_fork()  # closes what is idle
    event.listen(store.engine, "connect", lambda driver, record: driver.execute("SELECT 1"))
    with store.reading() as transaction:
        assert transaction.case_ids(limit=1) == []
        save(store, Change(case_row()))
        assert transaction.case_ids(limit=1) == []
    store.close()


def test_a_host_amid_an_answer_keeps_what_it_has_written(url: str) -> None:
    """A host that streams rows is asked to come to the end first; its own transaction goes on."""
    store = open_store(url)
    engine = create_engine(url)
    with engine.connect() as host:
        host.exec_driver_sql("CREATE TABLE hosts (id int)")
        with _driver(host).cursor() as cursor:
            rows = cursor.stream("SELECT generate_series(1, 1000)")
            assert next(rows) == (1,)
            with pytest.raises(StoreError, match="amid an answer"):
                store.using(host).reading().__enter__()
            rows.close()
        with store.using(host).transaction() as transaction:
            transaction.write(Change(case_row()))
        host.commit()
        assert host.exec_driver_sql("SELECT count(*) FROM hosts").scalar() == 0
    assert rows_of(store, case_id(1)) != {}
    engine.dispose()
    store.close()


def test_a_key_may_be_of_an_enumeration(url: str) -> None:
    """A text of a class of its own is stored as the text that it is."""
    store = open_store(url)
    save(store, Change(case_row(key=_Key.FIRST)))
    with store.reading() as transaction:
        assert transaction.case_ids(key="first") == [case_id(1)]
    store.close()


def test_only_the_owner_can_write_the_tables_anew(url: str) -> None:
    """Who may write rows and no more is told that leftovers stay in the files; nobody takes them for overwritten."""
    store = open_store(url)
    role = f"clerk_{make_url(url).database}"
    run_sql(url, f"CREATE ROLE {role} LOGIN")
    run_sql(url, f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
    clerks = open_store(make_url(url).set(username=role).render_as_string(hide_password=False))
    with pytest.raises(StoreUnavailable, match="clean as the owner"):
        clerks.clean()
    store.clean()
    clerks.close()
    store.close()


def test_connections_are_bounded(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more than there may be waits and is refused; whoever gives one back makes room."""
    monkeypatch.setattr(postgres, "WAIT_SECONDS", 0)
    store = open_store(url)
    with ExitStack() as stack:
        for _ in range(postgres.MOST):
            stack.enter_context(store.reading())
        with pytest.raises(StoreUnavailable, match="all 15 connections to the database are in use"):
            stack.enter_context(store.reading())
    _all_at_once(store)
    store.close()


def test_a_server_that_refuses_takes_no_place(postgres_server: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After more refused connections than there may be at a time, all can be had again."""
    monkeypatch.setattr(postgres, "WAIT_SECONDS", 0)
    store = open_store(url)
    store.before_fork()  # closes what is idle
    name = make_url(url).database
    run_sql(postgres_server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    for _ in range(postgres.MOST + 1):
        with pytest.raises(StoreUnavailable, match="not currently accepting connections"), store.reading():
            pass
    run_sql(postgres_server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    _all_at_once(store)
    store.close()


def _all_at_once(store: SqlStore) -> None:
    with ExitStack() as stack:
        for transaction in [stack.enter_context(store.reading()) for _ in range(postgres.MOST)]:
            transaction.next_due()


class _Key(StrEnum):
    FIRST = "first"


def _driver(host: Connection) -> Any:
    return host.connection.driver_connection
