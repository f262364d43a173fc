"""Which file a SQLite URL means, for the store and for the engine that it makes for hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from complaintflow.adapters.sql import open_store
from complaintflow.adapters.sql.tables import REVISION


@pytest.mark.parametrize("name", ["a b.db", "a%20b.db", "a+b.db", "a%3Fb.db", "投诉.db", "file:a%2520b.db?uri=true"])
def test_the_host_has_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Whatever a file is called, the store and the engine that it makes for hosts open the same one, and only that."""
    monkeypatch.chdir(tmp_path)
    store = open_store(f"sqlite:///{name}")
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM cf_schema").scalar() == REVISION
    store.close()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_stays_where_it_was_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path means the folder at the opening: a process that goes elsewhere keeps its database."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    store = open_store("sqlite:///cases.db")
    monkeypatch.chdir(tmp_path / "elsewhere")
    with store.transaction(), store.reading() as reading:  # the second connection is new
        assert reading.case_ids() == []
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM cf_schema").scalar() == REVISION
    assert store.folder == tmp_path
    store.close()
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("file", ["", ":memory:", "file::memory:?uri=true", "file:cases?mode=memory&uri=true"])
def test_every_spelling_of_memory_is_one_database(file: str) -> None:
    """However a database in memory is spelled, a host and the store have the one connection that it is."""
    store = open_store(f"sqlite:///{file}")
    assert not store.lasting
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM cf_schema").scalar() == REVISION
    store.close()
