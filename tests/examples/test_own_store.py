"""The example of an own store keeps the whole contract, and runs as a newcomer would run it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from complaintflow.errors import StoreUnavailable
from complaintflow.store.port import Store
from complaintflow.testing.store_contract import StoreContract
from complaintflow.testing.store_samples import case_row, full_change, rows_of, save

EXAMPLE = Path(__file__).parents[2] / "examples" / "05_own_store.py"


def load_example() -> ModuleType:
    """The example as a module: its name begins with a digit, so it cannot be imported by name."""
    spec = importlib.util.spec_from_file_location("own_store", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


example = load_example()


class TestFileStore(StoreContract):
    """The contract, for cases in one JSON file."""

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        """A store without a file yet."""
        store = example.FileStore(tmp_path / "cases.json")
        yield store
        store.close()


def test_the_file_holds_what_was_committed(tmp_path: Path) -> None:
    """After closing, another store reads every row of every kind from the file."""
    file = tmp_path / "cases.json"
    store = example.FileStore(file)
    save(store, full_change(case_row(key="order-17")))
    before = rows_of(store, case_row().id)
    with pytest.raises(StoreUnavailable):
        example.FileStore(file)
    store.close()
    store = example.FileStore(file)
    assert rows_of(store, case_row().id) == before
    with store.reading() as transaction:
        assert transaction.case(case_row().id) == case_row(key="order-17")
    store.close()


def test_the_example_runs(tmp_path: Path) -> None:
    """The example starts a real case in its file, reads it back, and leaves nothing behind."""
    done = subprocess.run([sys.executable, EXAMPLE], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.startswith("customer order-17: active, waits at [")
    assert list(tmp_path.iterdir()) == []
