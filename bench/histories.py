"""Fills a store with what is counted of many cases: entries of history as the seven procedures write them, no cases.

Each policy has some hundred courses that a case may take, drawn once: steps with their promises (kept, late, moved),
facts when they are known, an answer now and then corrected. A case takes one of them at some second of the years, and
is cut off where the last year ends, so that the newest are open. Ids rise, times do not, so that the tables are written
as fast as they can be and the indexes that figures read look as they would.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from complaintflow.adapters.sql import SqlStore, tables
from complaintflow.adapters.sql.ddl import indexes
from complaintflow.store.counting import written
from complaintflow.store.ticks import to_ticks

FIRST: Final = 2024
POLICIES: Final = {
    "customer": 30, "hr": 25, "office": 15, "grievance": 10, "wedding-client": 8, "law-firm": 6, "whistleblower": 6,
}  # fmt: skip
"""How many of a hundred cases each has."""

_STEPS: Final = (
    *("assessment", "response", "team", "declaration", "collection", "investigation", "verification", "summary"),
    *("proposal", "result", "review", "report", "carry_out", "satisfaction", "follow_up"),
)
_COURSES: Final = 300
_BATCH: Final = 10_000
_SECOND: Final = 1_000_000
_DAY: Final = 86_400 * _SECOND
_COLUMNS: Final = "case_id, seq, at, event, token, name, value, detail, digest"

# An entry of a course: after how many microseconds, event, name, token, and the value: a text, or after how many days.
Entry = tuple[int, str, str, int | None, str | int | None]
Row = tuple[str, int, int, str, int | None, str, str | None]


def course(chosen: random.Random, policy: str) -> list[Entry]:
    """What may become of a complaint: some thirty entries over some weeks, in order."""
    told: list[Entry] = []
    day, token = 0.0, 6

    def note(event: str, name: str, value: str | int | None, number: int | None = None, later: float = 0) -> None:
        told.append((int((day + later) * _DAY), event, f"{policy}/{name}", number, value))

    def fact(name: str, value: str, later: float = 0) -> None:
        note("fact", name, value, later=later)

    note("started", policy, None)
    fact("type", chosen.choice(("pay", "conduct", "training", "leave", "facilities", "other")))
    fact("reopened", "false")
    accepted = chosen.random() < 0.8
    for step in _STEPS if accepted else _STEPS[:2]:
        if chosen.random() < 0.15:
            continue
        token, lead = token + 5, chosen.randrange(1, 10)
        due = int(day) + lead
        note("promised", step, due, token)
        if chosen.random() < 0.03:
            note("moved", step, "", token, lead * 0.2)
            due, lead = due + 4, lead + 4
            note("moved", step, due, token, lead * 0.3)
        late = chosen.random() < 0.1
        day += lead * (1.1 if late else 0.1 + 0.7 * chosen.random())
        note("broken" if late else "kept", step, due, token)
        if step == _STEPS[0]:
            fact("department", f"department-{chosen.randrange(25):02}")
            fact("accepted", "true" if accepted else "false")
            fact("severity", chosen.choice(("ordinary", "major")))
    fact("outcome", chosen.choice(("confirmed", "not_confirmed")) if accepted else "not_pursued")
    if accepted:
        fact("handled", "true")
        if chosen.random() < 0.06:
            fact("reopened", "true", 1)
        for later in (2, 4) if chosen.random() < 0.1 else (2,) if chosen.random() < 0.7 else ():
            score = chosen.randrange(1, 6)
            fact("satisfied", "true" if score > 3 else "false", later)
            fact("score", str(score), later)
    day += 5
    fact("working_days", str(round(day * 5 / 7)))
    note("ended", policy, str(round(day * 86_400) + chosen.randrange(86_400)))
    return told


def rows(cases: int, policies: dict[str, int], years: int) -> Iterator[list[Row]]:
    """The entries of so many cases, a few thousand cases at a time."""
    chosen = random.Random(7)
    courses = {policy: [course(chosen, policy) for _ in range(_COURSES)] for policy in policies}
    begun, end = to_ticks(datetime(FIRST, 1, 1, tzinfo=UTC)), to_ticks(datetime(FIRST + years, 1, 1, tzinfo=UTC))
    days = (end - begun) // _DAY
    due = [written(datetime(FIRST, 1, 1, 16, tzinfo=UTC) + timedelta(days=day)) for day in range(days + 400)]
    whose = chosen.choices(list(policies), weights=list(policies.values()), k=_BATCH)
    for first in range(0, cases, _BATCH):
        batch: list[Row] = []
        for number in range(first, min(first + _BATCH, cases)):
            case_id = f"{number << 8:010x}{secrets.token_hex(11)}"
            start = chosen.randrange((end - begun) // _SECOND) * _SECOND
            day, at = start // _DAY, begun + start
            for seq, (after, event, name, token, value) in enumerate(chosen.choice(courses[whose[number % _BATCH]]), 1):
                if at + after >= end:
                    break
                said = due[day + value] if isinstance(value, int) else value
                batch.append((case_id, seq, at + after, event, token, name, said))
        yield batch


def fill(store: SqlStore, cases: int, policies: dict[str, int], years: int, on_progress: Callable[[int], None]) -> int:
    """Write them, without the cases that they belong to, and sort the indexes afterwards. Returns how many entries."""
    done = written_rows = 0
    with store.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        sqlite = connection.dialect.name == "sqlite"
        execute = driver.execute
        if sqlite:
            for pragma in ("foreign_keys = OFF", "synchronous = OFF", "cache_size = -500000"):
                execute(f"PRAGMA {pragma}")
            execute("BEGIN")
        else:
            execute("ALTER TABLE cf_history DROP CONSTRAINT cf_history_case_id_fkey")
            execute("ALTER TABLE cf_history SET UNLOGGED")  # what it was written with is not asked again
            execute("SET LOCAL maintenance_work_mem = '256MB'")
        for index in tables.history.indexes:
            execute(f"DROP INDEX {index.name}")
        for batch in rows(cases, policies, years):
            if sqlite:
                driver.executemany(f"INSERT INTO cf_history ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, x'', x'')", batch)
            else:
                _copy(driver, batch)
            done, written_rows = min(done + _BATCH, cases), written_rows + len(batch)
            on_progress(done)
        for statement in indexes(tables.history, connection.dialect.name):
            execute(statement)
        driver.commit()
        if sqlite:
            execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.invalidate()
    if not sqlite:  # as autovacuum would leave the table
        with store.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("VACUUM (ANALYZE) cf_history")
    return written_rows


def _copy(driver: Any, batch: list[Row]) -> None:
    with driver.cursor() as cursor, cursor.copy(f"COPY cf_history ({_COLUMNS}) FROM STDIN") as copy:
        lines = [
            f"{case_id}\t{seq}\t{at}\t{event}\t{chr(92) + 'N' if token is None else token}\t{name}\t"
            f"{chr(92) + 'N' if value is None else value}\t\t\n"
            for case_id, seq, at, event, token, name, value in batch
        ]
        copy.write("".join(lines))
