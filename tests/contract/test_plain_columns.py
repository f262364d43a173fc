"""The plain columns are an allow-list, and the list is the one that SECURITY.md shows to its readers."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import cast

from sqlalchemy import Engine as Database
from sqlalchemy import inspect, select

from complaintflow import Engine
from complaintflow.adapters.sql import SqlStore, tables
from complaintflow.errors import InvalidData
from complaintflow.notices.notices import Notice
from complaintflow.sealing.keys import KeyRing
from complaintflow.time.clock import VirtualClock
from tests import sql_tables

SECURITY = (Path(__file__).resolve().parents[2] / "SECURITY.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(cf_\w+)` \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
NOW = datetime.fromisoformat("2026-03-02T09:00:00+08:00")
FORMAT = b"\x02"
"""What every value begins with that is sealed under a case's own key."""


class Tired:
    """Delivers one letter, and refuses the next: an incident."""

    delivered = False

    def deliver(self, notice: Notice) -> None:
        """Raises InvalidData from the second on."""
        if self.delivered:
            raise InvalidData("no more today")
        self.delivered = True


def listed(section: str) -> dict[str, str]:
    """``table.column`` -> what SECURITY.md says of it, in one of its sections."""
    text = SECURITY.partition(f"\n### {section}\n")[2].partition("\n#")[0]
    found: dict[str, str] = {}
    for table, columns, why in ROW.findall(text):
        for column in re.findall(r"`(\w+)`", columns):
            name = f"{table}.{column}"
            assert name not in found, f"{name} is listed twice"
            found[name] = why.strip()
    return found


PLAIN = listed("Plain columns")
BYTES = listed("Columns of bytes")


def columns(*, binary: bool) -> set[str]:
    """Every column of the schema that holds bytes, or every other."""
    return {
        f"{table.name}.{column.name}"
        for table in tables.TABLES
        for column in table.columns
        if (column.type == tables.BYTES) == binary
    }


def test_every_plain_column_is_on_the_list() -> None:
    """A column that is not sealed stands in SECURITY.md with the reason why, and nothing stands there that is gone."""
    assert sorted(columns(binary=False) - PLAIN.keys()) == [], "seal it, or say in SECURITY.md why it is plain"
    assert sorted(PLAIN.keys() - columns(binary=False)) == []
    assert [name for name, why in PLAIN.items() if len(why.split()) < 3] == []


def test_every_column_of_bytes_is_on_the_list() -> None:
    """What a column of bytes holds, and what closes it, stands in SECURITY.md."""
    assert columns(binary=True) == BYTES.keys()


def test_a_database_has_no_other_columns(database: str) -> None:
    """What the migrations make of a fresh database has the columns that the list was held against, and no more."""
    with Engine(database, keys=KeyRing.fresh()) as engine:
        schema = inspect(_database(engine))
        real = {
            f"{table}.{column['name']}" for table in schema.get_table_names() for column in schema.get_columns(table)
        }
    assert real == PLAIN.keys() | BYTES.keys()


def test_what_is_said_to_be_sealed_is_sealed(tmp_path: Path) -> None:
    """Every value in a column that the list calls sealed begins as ciphertext of a case's key does."""
    sealed = {name for name, how in BYTES.items() if how.startswith("sealed")}
    with Engine(
        f"sqlite:///{tmp_path}/x.db", keys=KeyRing.fresh(), clock=VirtualClock(NOW), notifier=Tired()
    ) as engine:
        case = engine.start("customer", {"channel": "web", "content": "x" * 20_000})
        engine.attach(case.id, "bill.txt", b"Two soups, 9.80", actor="li.wei", reason="The bill.")
        case.complete("investigate", {"justified": True, "cause": "food"}, actor="li.wei")
        seen = set()
        with _database(engine).connect() as connection:
            for name in sealed:
                table, _, column = name.partition(".")
                values = connection.execute(select(sql_tables.BY_NAME[table].c[column])).scalars().all()
                assert [value[:1] for value in values] == [FORMAT] * len(values), name
                seen |= {name} if values else set()
    assert seen == sealed, "the case wrote nothing there"


def _database(engine: Engine) -> Database:
    return cast("SqlStore", engine.store).engine
