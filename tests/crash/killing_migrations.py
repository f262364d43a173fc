"""Kills while the tables are created or brought up to date."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from alembic import command  # here, so that no child has to load it
from alembic.config import Config
from sqlalchemy import Engine, MetaData, inspect, select

from complaintflow.adapters.sql import migrating, open_store, schema
from complaintflow.adapters.sql.store import kind_of
from complaintflow.adapters.sql.tables import MOVING, REVISION
from complaintflow.adapters.sql.url import parse
from complaintflow.errors import ComplaintflowError
from tests.crash import fatal
from tests.crash.killing import Tally

STATEMENTS, CALLS, SECONDS = 150, 60_000, 0.25
SEALED = "0003"
"""The revision that holds no cases of an earlier one."""


def engine_of(url: str) -> Engine:
    """A bare engine, as the stores have."""
    address = parse(url)
    engine: Engine = kind_of(address.dialect).open_engine(address)
    return engine


def make_old(url: str, revision: str, current: str) -> dict[str, int]:
    """Create the tables of an earlier revision, with what fits in of a database of today; rows of each table."""
    new, old = engine_of(current), engine_of(url)
    with old.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(schema._MIGRATIONS))
        command.upgrade(config, revision)
    with old.begin() as there:
        tables = MetaData()
        tables.reflect(there)
        with new.connect() as here:
            for table in tables.sorted_tables:
                of_cases = "case_id" in table.c or table.name == "cf_case"
                if table.name != "cf_schema" and (revision >= SEALED or not of_cases):
                    _copy(here, there, table)
        counts = count(there)
    for engine in (new, old):
        engine.dispose()
    return counts


def _copy(here: Any, there: Any, table: Any) -> None:
    source = MetaData()
    source.reflect(here, only=[table.name])
    common = [column.name for column in table.columns if column.name in source.tables[table.name].c]
    rows = here.execute(select(*(source.tables[table.name].c[name] for name in common))).mappings().all()
    if rows:
        there.execute(table.insert(), [dict(row) for row in rows])


def count(connection: Any) -> dict[str, int]:
    """How many rows each of our tables has."""
    names = [name for name in inspect(connection).get_table_names() if name.startswith("cf_") and name != "cf_schema"]
    return {name: connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar() for name in names}


def contents(url: str) -> dict[str, list[dict[str, Any]]]:
    """All rows of our tables, by name, in the order of their text."""
    engine = engine_of(url)
    with engine.connect() as connection:
        tables = MetaData()
        tables.reflect(connection)
        found = {
            table.name: sorted((dict(row) for row in connection.execute(select(table)).mappings()), key=repr)
            for table in tables.sorted_tables
            if table.name.startswith("cf_") and table.name != "cf_schema"
        }
    engine.dispose()
    return found


@dataclass(slots=True)
class Road:
    """From a database as it was to one of today.

    ``fresh`` makes the database anew and returns its URL; ``revision`` is what it has then, None for no tables;
    ``batch`` is how many rows move in one transaction; ``arrived`` says what is wrong with a database of today.
    """

    name: str
    fresh: Callable[[], str]
    revision: str | None
    rows: dict[str, int]
    batch: int = migrating.BATCH
    arrived: Callable[[str], list[str]] = lambda url: []


def kill_on(road: Road, kills: int, seed: int) -> Tally:
    """Kill processes that open the database until it has come so far, again and again."""
    chance, tally, slate = random.Random(seed), Tally(), fatal.Slate()
    began, url = monotonic(), road.fresh()
    while tally.kills < kills and not tally.violations:
        how = chance.choices(("statement", "call", "time"), (5, 2, 3))[0]
        slate.clear()
        slate.work(road.name)
        child = fatal.run(lambda url=url, how=how: _open(road, url, how, slate, chance))  # type: ignore[misc]
        seconds = chance.uniform(0, SECONDS) if how == "time" else None
        try:
            if fatal.died(fatal.wait(child, seconds)):
                tally.died(slate, how)
                tally.violations += _halfway(road, url)
                continue
            tally.survived += 1
        except AssertionError as error:
            tally.violations.append(str(error))
        tally.violations += _arrived(road, url)
        url = road.fresh()
    open_store(url).close()
    tally.violations += _arrived(road, url)
    tally.seconds = monotonic() - began
    return tally


def _open(road: Road, url: str, how: str, slate: fatal.Slate, chance: random.Random) -> None:
    migrating.BATCH = road.batch  # type: ignore[misc]
    fuse = fatal.Fuse(slate, lit=True)
    if how == "statement":
        fuse.left = chance.randint(1, STATEMENTS)
        fatal.at_statements(fuse)
    elif how == "call":
        fuse.left = int(math.exp(chance.uniform(math.log(100), math.log(CALLS))))
        fatal.at_calls(fuse)
    open_store(url).close()


def _halfway(road: Road, url: str) -> list[str]:
    """After a kill the tables are those of one revision on the road, whole; some of its data may still have to move."""
    address = parse(url)
    pool = kind_of(address.dialect).open_pool(address)
    try:
        found = schema.revision(pool)
    except ComplaintflowError as error:
        return [f"{road.name}: {error.what}"]
    finally:
        pool.dispose()
    number = (found or "").removesuffix(MOVING)
    return [] if (road.revision or "") <= number <= REVISION else [f"{road.name}: revision {found}"]


def _arrived(road: Road, url: str) -> list[str]:
    """All rows are there, and the tables are those of today."""
    try:
        open_store(url, create=False).close()
    except ComplaintflowError as error:
        return [f"{road.name}: {error.what}"]
    engine = engine_of(url)
    with engine.connect() as connection:
        found = count(connection)
    engine.dispose()
    lost = {name: number for name, number in road.rows.items() if found.get(name) != number}
    problems = [f"rows were lost or doubled: {lost}, {found}"] if lost else []
    return [f"{road.name}: {problem}" for problem in [*problems, *road.arrived(url)]]
