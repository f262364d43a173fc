"""Databases for the contract tests: a file, and one on the server that ``tests/conftest.py`` starts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url

pytest.register_assert_rewrite("complaintflow.testing")


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
