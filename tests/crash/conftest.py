"""How many processes are killed, and from which seed: ``COMPLAINTFLOW_KILLS`` and ``COMPLAINTFLOW_KILL_SEED``.

The nightly size is 10,000 in ``test_kills.py``, and 4,000 more while cases and tables move and procrastinate calls:
``COMPLAINTFLOW_KILLS=10000 pytest -s tests/crash``.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.conftest import run_sql
from tests.crash.world import World

pytest.register_assert_rewrite("tests.crash.oracle")

KILLS = int(os.environ.get("COMPLAINTFLOW_KILLS", "100"))


@pytest.fixture
def seed() -> int:
    """What all chance comes from; it is printed when a test fails."""
    found = int(os.environ.get("COMPLAINTFLOW_KILL_SEED", secrets.randbits(32)))
    print(f"COMPLAINTFLOW_KILL_SEED={found}")
    return found


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Handlers fail here on purpose, in hundreds of processes."""
    before = logging.getLogger("complaintflow").level
    logging.getLogger("complaintflow").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("complaintflow").setLevel(before)


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes empty databases of one kind, and returns their URLs."""
    if request.param == "sqlite":
        numbers = count(1)
        return lambda: f"sqlite:///{tmp_path / f'{next(numbers)}.db'}"
    found: Callable[[], str] = request.getfixturevalue("new_database")
    return found


@pytest.fixture
def world(fresh: Callable[[], str], tmp_path: Path) -> Iterator[World]:
    """The small world on an empty database, its definitions compiled."""
    made = World(fresh(), tmp_path / "world")
    yield made
    made.engine.close()


_COPIES = count(1)


@pytest.fixture
def copies(fresh: Callable[[], str], tmp_path: Path) -> Callable[[str], str]:
    """Copies a database of that kind; returns the URL of the copy."""

    def copy(url: str) -> str:
        name = f"copy{os.getpid()}x{next(_COPIES)}"
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            target = tmp_path / f"{name}.db"
            target.write_bytes(Path(str(parsed.database)).read_bytes())
            return f"sqlite:///{target}"
        run_sql(
            parsed.set(database="postgres").render_as_string(False),
            f"CREATE DATABASE {name} TEMPLATE {parsed.database}",
        )
        return parsed.set(database=name).render_as_string(hide_password=False)

    return copy
