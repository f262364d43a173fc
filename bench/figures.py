"""How long figures take: ``python bench/figures.py [--sizes 20000 200000 1000000] [--postgres URL] [--by department]``.

Fills a store of each size with the counted history of that many cases (``histories.py``: seven policies, three years,
25 departments, some 25 entries a case) and asks for all figures of ``hr``, a quarter of them, for a quarter and for a
year. ``--only hr --years 1`` is the hardest there is: all cases of one policy in the year that is asked for.

Printed are seconds of the processor, the server's with it, and by the clock, the median of the rounds; statements; and
the peak memory of the process that asked, which does nothing else. What it makes is gone at the end.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filling import bar
from histories import FIRST, POLICIES, fill
from million import database, peak_megabytes
from sqlalchemy import text

from complaintflow.adapters.sql import SqlStore, open_store
from complaintflow.facade.engine import Engine
from complaintflow.sealing.keyfile import KEYS_VARIABLE
from complaintflow.sealing.keys import KeyRing
from complaintflow.time.clock import VirtualClock

_OWN, _REAPED = slice(11, 13), slice(13, 15)
"""In ``/proc/PID/stat``, behind the name: ticks of the process, and of its children that are gone; 1 is its parent."""


class Meter:
    """Seconds of the processor: of this process, and of the server's that works for it, where it is on this machine."""

    def __init__(self, store: SqlStore) -> None:
        self.server: int | None = None
        if store.engine.dialect.name == "postgresql":
            with store.engine.connect() as connection:
                self.server = connection.scalar(text("SELECT pg_backend_pid()"))

    def read(self) -> float:
        """Seconds so far."""
        return time.process_time() + self._server()

    def _server(self) -> float:
        if self.server is None:
            return 0
        own = _stat(self.server)
        # Those that helped in parallel are gone, and counted with the server's parent.
        ticks = sum(map(int, own[_OWN])) + sum(map(int, _stat(int(own[1]))[_REAPED]))
        return ticks / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def ask(url: str, years: int, rounds: int, by: str | None) -> None:
    """The process that asks: print a line for each time that is asked for."""
    engine = Engine(url, clock=VirtualClock(datetime(FIRST + years, 3, 1, tzinfo=UTC)))
    store: Any = engine.store
    engine.library.newest("hr")
    last = FIRST + years - 1
    for period in (f"{last}Q3", str(last)):
        own, wall = [], []
        for _ in range(rounds):
            meter, clock = Meter(store), time.perf_counter()
            before = meter.read()
            found = engine.figures("hr", period, by=by)
            own.append(meter.read() - before)
            wall.append(time.perf_counter() - clock)
        received = sum(int(one.value or 0) for one in found if one.id == "received" and not (by is None and one.by))
        print(
            f"  hr {period:8}{received:>10,} cases{len(found.figures):>6} figures"
            f"{statistics.median(own):>9.2f} s of the processor{statistics.median(wall):>9.2f} s by the clock"
        )
    print(f"  peak {peak_megabytes():.0f} MB", flush=True)
    engine.close()


def main() -> int:
    """Fill, ask, print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--postgres", metavar="URL", help="a server to use in place of SQLite files")
    options.add_argument("--sizes", type=int, nargs="+", default=[20_000, 200_000, 1_000_000])
    options.add_argument("--years", type=int, default=3)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--only", metavar="POLICY", help="all cases are of this policy")
    options.add_argument("--by", metavar="FACT", help="tell the figures apart by this fact")
    options.add_argument("--folder", type=Path, help="where the files are made; default is the system's")
    options.add_argument("--ask", metavar="URL", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.ask:
        ask(chosen.ask, chosen.years, chosen.rounds, chosen.by)
        return 0
    policies = {chosen.only: 1} if chosen.only else POLICIES
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
        keys = KeyRing.fresh()
        for size in chosen.sizes:
            with database(size, Path(name), chosen.postgres) as url:
                store = open_store(url)
                spent = time.process_time(), time.perf_counter()
                entries = fill(store, size, policies, chosen.years, bar(size))
                store.close()
                spent = time.process_time() - spent[0], time.perf_counter() - spent[1]
                what = f"{size:,} cases of {len(policies)} policies and {chosen.years} years, {entries:,} entries"
                print(f"{what}, written in {spent[1]:.0f} s ({spent[0]:.0f} of the processor here)", flush=True)
                command = [sys.executable, __file__, "--ask", url, "--years", str(chosen.years)]
                command += ["--rounds", str(chosen.rounds), *(["--by", chosen.by] if chosen.by else [])]
                subprocess.run(command, env={**os.environ, KEYS_VARIABLE: keys.text}, check=True)
            for file in Path(name).glob("*.db*"):
                file.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
