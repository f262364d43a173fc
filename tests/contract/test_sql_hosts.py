"""SQL stores beside others: the host's transaction, forks, connections that break, transactions in each other's way."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from complaintflow.adapters.sql import SqlStore, open_store
from complaintflow.errors import StaleCase, StoreError, StoreUnavailable
from complaintflow.store.rows import Change
from complaintflow.testing.store_samples import case_id, case_row, full_change, later, rows_of, save


@pytest.fixture
def store(database: str) -> Iterator[SqlStore]:
    """A store in a fresh database, with a table of the host beside it."""
    store = open_store(database)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE orders (number INTEGER)")
    yield store
    store.close()


def orders(store: SqlStore) -> list[int]:
    """What the host's table holds."""
    with store.engine.connect() as connection:
        return list(connection.exec_driver_sql("SELECT number FROM orders ORDER BY number").scalars())


@pytest.mark.parametrize("commits", [True, False], ids=["commits", "rolls-back"])
@pytest.mark.parametrize("first", ["host", "library"])
def test_the_rows_of_the_host_and_ours_share_a_fate(store: SqlStore, database: str, commits: bool, first: str) -> None:
    """On the host's own engine, whoever writes first, one commit keeps both and one rollback forgets both."""
    engine = create_engine(database)
    with Session(engine) as session:
        if first == "host":
            session.connection().exec_driver_sql("INSERT INTO orders VALUES (17)")
        with store.using(session).transaction() as transaction:
            transaction.write(full_change(case_row()))
        if first == "library":
            session.connection().exec_driver_sql("INSERT INTO orders VALUES (17)")
        if commits:
            session.commit()
        else:
            session.rollback()
    engine.dispose()
    assert orders(store) == ([17] if commits else [])
    assert bool(rows_of(store, case_id(1))) is commits


def test_a_savepoint_of_the_host_takes_our_rows_along(store: SqlStore) -> None:
    """Rolling back to a savepoint of the host undoes what we wrote after it, and nothing before."""
    with Session(store.engine) as session:
        with store.using(session).transaction() as transaction:
            transaction.write(full_change(case_row(1)))
        with session.begin_nested() as nested:
            with store.using(session).transaction() as transaction:
                transaction.write(full_change(case_row(2)))
                transaction.write(Change(later(case_row(1))))
            nested.rollback()
        session.commit()
    assert rows_of(store, case_id(2)) == {}
    with store.reading() as transaction:
        assert transaction.case(case_id(1)) == case_row(1)


def test_other_connections_are_refused(store: SqlStore, another_database: str) -> None:
    """An engine, a connection of another kind of database, and nothing at all: each is named."""
    kinds = {"sqlite": "postgresql+psycopg://", "postgresql": "sqlite://"}
    other = create_engine(kinds[store.engine.dialect.name])
    for stranger in (store.engine, None, "sqlite://"):
        with pytest.raises(StoreError, match="Session or Connection"):
            store.using(stranger)
    if other.dialect.name == "sqlite":
        with other.connect() as connection, pytest.raises(StoreError, match="the store is postgresql"):
            store.using(connection)
    elsewhere = create_engine(another_database)
    with elsewhere.connect() as connection, pytest.raises(StoreError, match="missing"):
        read_case(store.using(connection), case_id(1))
    elsewhere.dispose()


def read_case(store: object, case: str) -> None:
    """Read it where the store says."""
    assert hasattr(store, "reading")
    with store.reading() as transaction:
        transaction.case(case)


def test_a_connection_that_commits_each_statement_is_refused(postgres_url: str) -> None:
    """In AUTOCOMMIT a change would be written piece by piece."""
    store = open_store(postgres_url)
    engine = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection, pytest.raises(StoreError, match="commits each statement"):
        store.using(connection)
    engine.dispose()
    store.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_has_connections_of_its_own(store: SqlStore) -> None:
    """Parent and children go on with one store object, each on its own connections, and no write is lost."""
    save(store, Change(case_row(1)))
    children = []
    for number in (2, 3, 4):
        changes = full_change(case_row(number)), Change(later(case_row(number)))
        children.append(in_child(partial(save, store, *changes)))
        save(store, Change(case_row(10 + number)))
    assert [ended(child) for child in children] == [0, 0, 0]
    with store.reading() as transaction:
        assert len(transaction.case_ids()) == 7
        assert transaction.case(case_id(4)).version == 2


def in_child(work: Callable[[], None]) -> int:
    """Run the work in a forked child; returns its process id."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)


def ended(child: int) -> int:
    """Wait for the child; 0 when its work did not fail."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="this system does not list open files")
def test_a_forked_child_inherits_no_idle_connection(tmp_path: Path) -> None:
    """SQLite remembers locks across a fork that the child does not have: the file must not be open in it."""
    file = tmp_path / "cases.db"
    store = open_store(f"sqlite:///{file}")
    save(store, Change(case_row(1)))

    def is_open() -> bool:
        links = (os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
        return str(file) in links

    def work() -> None:
        assert not is_open()
        save(store, Change(later(case_row(1))))

    assert is_open()
    assert ended(in_child(work)) == 0
    save(store, Change(later(later(case_row(1)))))
    store.close()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="this system does not list open files")
def test_connections_are_closed_after_the_host_disposed_of_the_engine(tmp_path: Path) -> None:
    """The engine is public, and disposing gives it another pool: forks and the end still close our connections."""
    file = tmp_path / "cases.db"
    store = open_store(f"sqlite:///{file}")

    def is_open() -> bool:
        links = (os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
        return str(file) in links

    for number, close in enumerate((store.before_fork, store.close), 1):
        store.engine.dispose()
        save(store, Change(case_row(number)))
        assert is_open()
        close()
        assert not is_open()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="this system does not list open files")
def test_a_closed_store_leaves_no_connection_of_a_crowd(tmp_path: Path) -> None:
    """However many transactions there were at once, closing ends their connections, and that of one that goes on."""
    file = tmp_path / "cases.db"
    store = open_store(f"sqlite:///{file}")

    def number() -> int:
        links = (os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
        return sum(link == str(file) for link in links)

    with ExitStack() as stack:
        for transaction in [stack.enter_context(store.reading()) for _ in range(12)]:
            transaction.next_due()
        assert number() == 12
    assert number() > 0
    with store.reading() as transaction:
        store.close()
        assert transaction.next_due() is None
        assert number() > 0
    assert number() == 0


def test_a_connection_given_back_amid_a_transaction_starts_afresh(tmp_path: Path) -> None:
    """A failed transaction leaves nothing on its connection: the next one begins its own."""
    store = open_store(f"sqlite:///{tmp_path}/cases.db")

    def interrupted() -> None:
        with store.transaction() as transaction:
            transaction.write(Change(case_row(1)))
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            interrupted()
    assert rows_of(store, case_id(1)) == {}
    save(store, Change(case_row(1)))
    assert rows_of(store, case_id(1))["ids"] == [case_id(1)]
    store.close()


def test_forks_leave_nothing_behind(tmp_path: Path) -> None:
    """However often a process forks, a new connection is prepared once."""
    store = open_store(f"sqlite:///{tmp_path}/cases.db")
    prepared = len(list(store.engine.pool.dispatch.connect))
    for number in range(1, 4):
        store.before_fork()
        save(store, Change(case_row(number)))
    assert len(list(store.engine.pool.dispatch.connect)) == prepared
    store.close()


def test_a_forked_child_forgets_connections_in_use(tmp_path: Path) -> None:
    """A thread of the parent may connect at the moment of the fork: the child drops that connection, still open."""
    store = open_store(f"sqlite:///{tmp_path}/cases.db?timeout=0.05")
    save(store, Change(case_row(1)))
    with ExitStack() as stack:
        transactions = [stack.enter_context(store.reading()) for _ in range(15)]  # all there are
        store.after_fork()
        read_case(store, case_id(1))
        assert transactions[0].case(case_id(1)) == case_row(1)
    store.close()


def test_a_scoped_session_is_taken_too(store: SqlStore) -> None:
    """Web frameworks hand out a registry of sessions in place of one."""
    sessions = scoped_session(sessionmaker(store.engine))
    with store.using(sessions).transaction() as transaction:
        transaction.write(Change(case_row(1)))
    sessions.commit()
    sessions.remove()
    assert rows_of(store, case_id(1))["ids"] == [case_id(1)]


def end_other_connections(url: str) -> None:
    """What a restart of the server does to its clients."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    engine.dispose()


def test_a_connection_that_died_in_the_pool_is_replaced(postgres_url: str) -> None:
    """After a restart of the server the next command works: no dead connection is handed out."""
    store = open_store(postgres_url)
    with store.reading() as first, store.reading() as second:
        assert first.next_due() == second.next_due()
    end_other_connections(postgres_url)
    for _ in range(3):
        with store.reading() as transaction:
            transaction.next_due()
    store.close()


def test_a_connection_that_dies_in_a_transaction(postgres_url: str) -> None:
    """A transaction whose connection breaks ends as StoreUnavailable and leaves nothing; the next one works."""
    store = open_store(postgres_url)

    def work() -> None:
        with store.transaction() as transaction:
            transaction.write(full_change(case_row(77)))
            end_other_connections(postgres_url)

    with pytest.raises(StoreUnavailable):
        work()
    assert rows_of(store, case_id(77)) == {}
    store.close()


def test_transactions_that_block_each_other_end_as_stale(postgres_url: str) -> None:
    """Two that change the same two cases in opposite order: one wins, the other may try again."""
    quick = make_url(postgres_url).update_query_dict({"options": "-c deadlock_timeout=20ms"})
    store = open_store(quick.render_as_string(hide_password=False))
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM cf_case")
    pair = case_row(1), case_row(2)
    save(store, *map(Change, pair))
    gate = Barrier(2)

    def change_both(order: int) -> bool:
        try:
            with store.transaction() as transaction:
                transaction.write(Change(later(pair[order])))
                gate.wait()
                transaction.write(Change(later(pair[1 - order])))
        except StaleCase:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(change_both, (0, 1))) == [False, True]
    store.close()


def test_a_host_that_reads_an_old_picture_gets_a_stale_case(store: SqlStore, database: str) -> None:
    """Where the host's transaction keeps its picture from the first read, a later commit shows as StaleCase too."""
    save(store, Change(case_row()))
    options = {} if database.startswith("sqlite") else {"isolation_level": "REPEATABLE READ"}
    engine = create_engine(database, **options)
    with engine.connect() as host:
        with store.using(host).transaction() as transaction:
            assert transaction.case(case_id(1)) == case_row()
            save(store, Change(later(case_row())))
            with pytest.raises(StaleCase):
                transaction.write(Change(later(case_row())))
        host.rollback()
    engine.dispose()
