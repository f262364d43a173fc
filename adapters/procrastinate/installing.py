"""procrastinate's own tables: created when a database is first opened with the queue, upgraded with the library.

procrastinate keeps no note of its schema's version, so we keep one: the name of its newest migration, as a comment on
its table. Tables without our comment were made by the host, who upgrades them too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from procrastinate.schema import SchemaManager
from sqlalchemy import Engine

from complaintflow.errors import NewerDatabase, StoreError

# Any number will do, as long as every release uses it: it stands for "procrastinate's tables are being changed".
_LOCK: Final = "SELECT pg_advisory_xact_lock(7163385)"
# From the table of tables: to_regclass would answer from a cache that is older than our lock.
_FOUND: Final = (
    "SELECT table_.oid, obj_description(table_.oid, 'pg_class') FROM pg_class AS table_"
    " JOIN pg_namespace AS place ON place.oid = table_.relnamespace"
    " WHERE table_.relname = 'procrastinate_jobs' AND place.nspname = ANY(current_schemas(false))"
)
_MARK: Final = "complaintflow installed this; newest migration: "
_LEFT: Final = (
    "SELECT typname FROM pg_type JOIN pg_namespace AS place ON place.oid = typnamespace"
    " WHERE starts_with(typname, 'procrastinate_') AND place.nspname = ANY(current_schemas(false)) ORDER BY 1 LIMIT 1"
)
# What we call, of the newest form that procrastinate 3.10 has.
_NEEDED: Final = {"procrastinate_defer_jobs_v1", "procrastinate_fetch_job_v2", "procrastinate_retry_job_v2"}


def prepare(engine: Engine, where: str) -> None:
    """Create the tables, or run the migrations that they lack. Several processes may do so at once.

    Raises:
        NewerDatabase: a later procrastinate upgraded them.
        StoreError: the host's own tables are too old, or only a part of them is there.
    """
    while True:
        with engine.begin() as connection:
            driver: Any = connection.connection.driver_connection
            if _is_ready(driver, where):
                return
            driver.execute(_LOCK)
            if not _is_ready(driver, where):
                _advance(driver, where)


def check(engine: Engine, where: str) -> None:
    """Raise as ``prepare`` does, and StoreError when tables or migrations are missing; change nothing."""
    with engine.connect() as connection:
        if not _is_ready(connection.connection.driver_connection, where):
            what = "the database lacks the tables of procrastinate, or has older ones"
            raise StoreError(what, where=where, advice="open it once with create=True: `complaintflow worker` does")


def _is_ready(driver: Any, where: str) -> bool:
    table, comment = _found(driver)
    if table is None:
        return False
    if comment is None or not comment.startswith(_MARK):
        found = driver.execute("SELECT proname FROM pg_proc WHERE proname = ANY(%s)", (sorted(_NEEDED),))
        if _NEEDED - {name for (name,) in found}:
            what = "the database has tables of an older procrastinate, which complaintflow did not make"
            advice = "run procrastinate's migrations: https://procrastinate.readthedocs.io (Migrations)"
            raise StoreError(what, where=where, advice=advice)
        return True
    recorded, newest = comment.removeprefix(_MARK), _migrations()[-1].stem
    if recorded > newest:
        what = f"the queue has procrastinate's schema {recorded}; the release here knows none later than {newest}"
        raise NewerDatabase(what, where=where, advice="upgrade procrastinate on this machine")
    return bool(recorded == newest)


def _found(driver: Any) -> tuple[int | None, str | None]:
    """The table, and our comment on it."""
    table, comment = driver.execute(_FOUND).fetchone() or (None, None)
    return table, comment


def _advance(driver: Any, where: str) -> None:
    """Create the tables, or run the next migration: one a transaction, for some cannot share one."""
    table, comment = _found(driver)
    if table is None or comment is None:
        if (left := driver.execute(_LEFT).fetchone()) is not None:
            what = f"the database has a part of procrastinate's tables ({left[0]}), but not those of its jobs"
            advice = "restore the database from a backup, or drop what is left: its names begin with procrastinate_"
            raise StoreError(what, where=where, advice=advice)
        driver.execute(SchemaManager.get_schema())
        done = _migrations()[-1].stem
    else:
        recorded = comment.removeprefix(_MARK)
        following = next(path for path in _migrations() if path.stem > recorded)
        driver.execute(following.read_text(encoding="utf-8"))
        done = following.stem
    driver.execute(f"COMMENT ON TABLE procrastinate_jobs IS '{_MARK}{done}'")


def _migrations() -> list[Path]:
    return sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
