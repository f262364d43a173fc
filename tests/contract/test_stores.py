"""The stores that come with the library keep the contract that an organisation's own store must keep."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy.orm import Session

from complaintflow.adapters.sql import SqlStore, open_store
from complaintflow.store.port import Store
from complaintflow.testing.store_contract import Host, StoreContract


class SqlContract(StoreContract):
    """A host brings an SQLAlchemy session to any of the SQL stores."""

    def host(self, store: Store) -> AbstractContextManager[Host]:
        """A session of the host."""
        return Session(cast("SqlStore", store).engine)


class TestSqliteFile(SqlContract):
    """SQLite in a file: the embedded default."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        """A store in a new file."""
        store = open_store(f"sqlite:///{tmp_path}/cases.db")
        yield store
        store.close()


class TestSqliteInMemory(SqlContract):
    """SQLite in memory: the store of the tests. Its one connection makes readers wait."""

    readers_wait = True

    @pytest.fixture
    def store(self) -> Iterator[Store]:
        """A store in memory."""
        store = open_store("sqlite://")
        yield store
        store.close()


class TestPostgres(SqlContract):
    """PostgreSQL: a real server."""

    @pytest.fixture
    def store(self, postgres_url: str) -> Iterator[Store]:
        """A store in a database without cases."""
        store = open_store(postgres_url)
        with store.engine.begin() as connection:
            for table in ("cf_case", "cf_bundle", "cf_worker", "cf_schedule", "cf_anchor", "cf_secret", "cf_tries"):
                connection.exec_driver_sql(f"DELETE FROM {table}")
        yield store
        store.close()

    def host(self, store: Store) -> AbstractContextManager[Host]:
        """Not a session but a plain connection: both are taken."""
        return cast("SqlStore", store).engine.connect()
