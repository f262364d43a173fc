"""How long figures take: ``python bench/figures.py [--cases 1000000] [--database URL]``.

Fills a store with the counted entries of that many cases, all of one year (nine to a case, as a shipped procedure
writes them), and asks for the year's figures, and for those by department.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from complaintflow.adapters.sql import open_store, tables
from complaintflow.adapters.sql.encoding import to_ticks
from complaintflow.figures.computing import compute
from complaintflow.figures.period import Period
from complaintflow.policy.policy import Policy
from complaintflow.store.counting import written

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
_OF = 'clause = "B-1"\nfrom = "document"\n'
KINDS = {
    "type": "category",
    "department": "category",
    "accepted": "boolean",
    "handled": "boolean",
    "satisfied": "boolean",
}
POLICY = (
    '[policy]\nid = "bench"\ntitle = "Bench"\nzone = "UTC"\n'
    f'[deadlines.answer]\nwithin = "5 days"\n{_OF}[figures.case]\nfeedback = ["answer"]\n{_OF}'
    + "".join(f'[facts.{name}]\nvalue = "{name}"\nkind = "{kind}"\n{_OF}' for name, kind in KINDS.items())
)
BATCH = 20_000


def entries(chosen: random.Random) -> Iterator[dict[str, Any]]:
    """The counted history of one case."""
    case_id = f"{chosen.getrandbits(128):032x}"
    at = BEGUN + timedelta(seconds=chosen.randrange(350 * 86_400))
    due = written(at + timedelta(days=5))
    story: list[tuple[str, str, str | None, float]] = [
        ("started", "bench/bench", None, 0),
        ("fact", "bench/type", chosen.choice(["food", "service", "price", "other"]), 0),
        ("promised", "bench/answer", due, 0),
        ("fact", "bench/accepted", chosen.choice(["true", "true", "false"]), 1),
        ("fact", "bench/department", f"department-{chosen.randrange(20)}", 1),
        ("kept" if chosen.random() < 0.9 else "broken", "bench/answer", due, 4),
        ("fact", "bench/handled", "true", 4),
        ("fact", "bench/satisfied", chosen.choice(["true", "false"]), 9),
        ("ended", "bench/bench", str(chosen.randrange(86_400, 20 * 86_400)), 10),
    ]
    for seq, (event, name, value, days) in enumerate(story, 1):
        ticks = to_ticks(at + timedelta(days=days))
        token = 3 if name == "bench/answer" else None
        yield {
            "case_id": case_id, "seq": seq, "at": ticks, "event": event, "element": None, "token": token,
            "detail": b"", "digest": b"", "name": name, "value": value,
        }  # fmt: skip


def fill(store: Any, cases: int) -> None:
    """Write them, without the cases that they belong to."""
    chosen = random.Random(7)
    with store.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            driver = connection.connection.driver_connection
            driver.rollback()
            driver.execute("PRAGMA foreign_keys = OFF")
        else:
            connection.exec_driver_sql("ALTER TABLE cf_history DROP CONSTRAINT cf_history_case_id_fkey")
        rows: list[dict[str, Any]] = []
        for number in range(cases):
            rows += entries(chosen)
            if len(rows) >= BATCH or number == cases - 1:
                connection.execute(insert(tables.history), rows)
                rows.clear()
        connection.commit()
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


def main() -> int:
    """Print the seconds of each question."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cases", type=int, default=100_000)
    options.add_argument("--database", metavar="URL", help="an empty database to use in place of a SQLite file")
    chosen = options.parse_args()
    policy = Policy.load(POLICY)
    with tempfile.TemporaryDirectory() as name:
        store = open_store(chosen.database or f"sqlite:///{Path(name) / 'figures.db'}")
        started = time.perf_counter()
        fill(store, chosen.cases)
        print(f"{chosen.cases:,} cases written in {time.perf_counter() - started:.0f} s", file=sys.stderr)
        for period, by in (("2026", ()), ("2026Q3", ()), ("2026", ("department",)), ("2026Q3", ("department",))):
            started = time.perf_counter()
            with store.reading() as tx:
                found = compute(tx, policy, Period.parse(period, UTC), datetime(2027, 3, 1, tzinfo=UTC), by)
            spent = time.perf_counter() - started
            print(f"{period:8} by {' and '.join(by) or 'nothing':12} {len(found.figures):5} figures {spent:8.2f} s")
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
