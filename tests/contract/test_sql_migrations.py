"""Migrations of the SQL stores: they end where a fresh database begins, and lose nothing on the way."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url

from complaintflow.adapters.sql import SqlStore, migrating, open_store, schema
from complaintflow.adapters.sql.tables import REVISION, TABLES
from complaintflow.adapters.sql.url import parse
from complaintflow.errors import NewerDatabase, StoreError, StoreUnavailable
from complaintflow.testing.store_samples import case_id, case_row, full_change, rows_of, save


def create(url: str) -> None:
    """Create our tables with one case in them."""
    store = open_store(url)
    save(store, full_change(case_row()))
    store.close()


def fingerprint(url: str) -> list[tuple[Any, ...]]:
    """Everything that makes the tables what they are, but for the stamp, whose table alembic may make itself."""
    engine = create_engine(url)
    facts: list[tuple[Any, ...]] = []
    with engine.connect() as connection:
        for table in sorted({table.name for table in TABLES} - {"cf_schema"}):
            for query in _FACTS[engine.dialect.name]:
                # SQLAlchemy, which writes the migrations, puts quotes around words that SQL knows.
                rows = connection.exec_driver_sql(query.format(table=table))
                facts += [(table, *(_unquoted(fact) for fact in row)) for row in rows]
    engine.dispose()
    return facts


def _unquoted(fact: Any) -> Any:
    return fact.replace('"', "") if isinstance(fact, str) else fact


_FACTS = {
    "sqlite": [
        "SELECT name, upper(type), \"notnull\", pk FROM pragma_table_info('{table}') ORDER BY name",
        'SELECT "table", "from", "to", on_delete FROM pragma_foreign_key_list(\'{table}\')',
        "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL AND tbl_name = '{table}' ORDER BY name",
        "SELECT sql LIKE '%WITHOUT ROWID%' FROM sqlite_master WHERE name = '{table}'",
    ],
    "postgresql": [
        "SELECT column_name, data_type, collation_name, is_nullable, column_default FROM information_schema.columns"
        " WHERE table_name = '{table}' ORDER BY column_name",
        "SELECT indexdef FROM pg_indexes WHERE tablename = '{table}' ORDER BY indexname",
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = '{table}'::regclass ORDER BY 1",
        "SELECT reloptions FROM pg_class WHERE oid = '{table}'::regclass",
    ],
}


def test_migrations_and_a_fresh_database_agree(database: str, another_database: str) -> None:
    """The road through every migration ends at the same tables as the short one for a fresh database."""
    create(database)
    empty = SqlStore(parse(another_database))
    empty.upgrade()
    empty.close()
    assert fingerprint(another_database) == fingerprint(database)
    open_store(another_database, create=False).close()


def test_upgrading_a_current_database_does_nothing(database: str) -> None:
    """A store can always be asked to upgrade."""
    create(database)
    store = open_store(database)
    store.upgrade()
    assert rows_of(store, case_id(1))["ids"] == [case_id(1)]
    store.close()


def test_an_older_database_is_upgraded_when_opened(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next release finds tables of this one: it migrates them at opening, or leaves them whole if that fails."""
    following = f"{int(REVISION) + 1:04}"
    create(database)
    migrations = tmp_path / "migrations"
    shutil.copytree(Path(schema.__file__).parent / "migrations", migrations)
    second = migrations / "versions" / f"{following}_second_release.py"
    head = f"from alembic import op\nrevision, down_revision = '{following}', '{REVISION}'\ndef upgrade():\n"
    step = "    op.execute('CREATE TABLE second (id INTEGER)')\n"
    monkeypatch.setattr(schema, "REVISION", following)
    monkeypatch.setattr(schema, "_MIGRATIONS", migrations)

    with pytest.raises(StoreError, match=rf"has schema {REVISION}; this release needs {following}"):
        open_store(database, create=False)
    second.write_text(head + step + "    op.execute('INSERT INTO nowhere VALUES (1)')\n")
    with pytest.raises(StoreError):
        open_store(database)
    second.write_text(head + step)
    store = open_store(database)
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM second").scalar() == 0
        assert connection.exec_driver_sql("SELECT version_num FROM cf_schema").scalars().all() == [following]
    assert rows_of(store, case_id(1))["ids"] == [case_id(1)]
    store.close()


MOVES = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "{after}", "{before}"
_ROWS = sa.table("cf_history", sa.column("case_id"), sa.column("seq"), sa.column("event"))


def upgrade():
    op.execute("CREATE TABLE moved (case_id TEXT, seq INTEGER)")


def move(connection, limit):
    rest = connection.execute(sa.text(
        "SELECT case_id, seq FROM cf_history AS h WHERE NOT EXISTS"
        " (SELECT 1 FROM moved AS m WHERE m.case_id = h.case_id AND m.seq = h.seq) LIMIT :n"
    ), {{"n": limit}}).all()
    for case_id, seq in rest:
        connection.execute(sa.text("INSERT INTO moved VALUES (:c, :s)"), {{"c": case_id, "s": seq}})
    return len(rest)


def left(connection):
    both = "SELECT (SELECT count(*) FROM cf_history) - (SELECT count(*) FROM moved)"
    return connection.execute(sa.text(both)).scalar()
"""


def test_a_migration_of_data_goes_on_where_it_was_interrupted(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows move in bounded batches with progress; after an interruption the rest moves, and each row once."""
    store = open_store(database)
    for number in range(1, 8):
        save(store, full_change(case_row(number)))
    with store.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT count(*) FROM cf_history").scalar()
    store.close()
    assert rows is not None
    assert rows > 6
    following = f"{int(REVISION) + 1:04}"
    migrations = tmp_path / "migrations"
    shutil.copytree(Path(schema.__file__).parent / "migrations", migrations)
    source = MOVES.format(after=following, before=REVISION)
    (migrations / "versions" / f"{following}_moves.py").write_text(source)
    monkeypatch.setattr(schema, "REVISION", following)
    monkeypatch.setattr(schema, "_MIGRATIONS", migrations)
    monkeypatch.setattr(migrating, "BATCH", 3)
    seen: list[tuple[str, int, int | None]] = []

    def interrupt(revision: str, moved: int, left: int | None) -> None:
        seen.append((revision, moved, left))
        if moved == 6:
            raise KeyboardInterrupt

    old = SqlStore(parse(database))
    with pytest.raises(KeyboardInterrupt):
        old.upgrade(interrupt)
    assert seen == [(following, 0, rows), (following, 3, rows - 3), (following, 6, rows - 6)]
    with pytest.raises(StoreError, match="a migration of its data is not done") as refused:
        old.check()
    assert "goes on where it stopped" in refused.value.remedy
    monkeypatch.setattr(schema, "REVISION", REVISION)
    with pytest.raises(NewerDatabase):
        old.prepare()  # what an older release says of it
    monkeypatch.setattr(schema, "REVISION", following)
    old.close()

    store = open_store(database)  # opening it goes on
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM moved").scalar() == rows
        assert connection.exec_driver_sql("SELECT version_num FROM cf_schema").scalars().all() == [following]
    store.upgrade(interrupt)
    assert len(seen) == 3
    store.close()


def test_an_older_database_that_cannot_be_written_says_so(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where tables of an older release cannot be changed, that is one clear error, and they stay as they are."""
    create(database)
    following = f"{int(REVISION) + 1:04}"
    migrations = tmp_path / "migrations"
    shutil.copytree(Path(schema.__file__).parent / "migrations", migrations)
    (migrations / "versions" / f"{following}_moves.py").write_text(MOVES.format(after=following, before=REVISION))
    monkeypatch.setattr(schema, "REVISION", following)
    monkeypatch.setattr(schema, "_MIGRATIONS", migrations)
    url = make_url(database)
    if url.get_backend_name() == "sqlite":
        readable = url.set(database=f"file:{url.database}", query={"mode": "ro", "uri": "true"})
    else:
        readable = url.update_query_dict({"options": "-c default_transaction_read_only=on"})
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        open_store(readable.render_as_string(hide_password=False))
    monkeypatch.setattr(schema, "REVISION", REVISION)
    open_store(database, create=False).close()


def test_the_newest_migration_is_the_one_we_stamp() -> None:
    """A fresh database is stamped with the number of the last migration in the folder."""
    files = (Path(schema.__file__).parent / "migrations" / "versions").glob("[0-9]*.py")
    assert max(file.name[:4] for file in files) == REVISION
