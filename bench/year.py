"""A year of simulated operation: ``python bench/year.py [--cases 5000] [--keep FOLDER]``, from the folder above.

Plays a year of complaints over the seven procedures and of all that surrounds them (``tests/simulation``) on SQLite,
writes its event log, and counts every figure and every surge again from the log alone. Prints what it cost and every
difference; none is a success.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import event

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from complaintflow.adapters.sql import SqlStore, open_store
from complaintflow.facade.engine import Engine
from complaintflow.sealing.keys import KeyRing
from complaintflow.time.calendar import WorkingCalendar
from complaintflow.time.clock import VirtualClock
from tests.simulation.comparing import compare, compare_surges
from tests.simulation.layer import ALARM, layer
from tests.simulation.recount import CaseLog, read
from tests.simulation.year import Year

YEAR = 2026


def opened(file: Path) -> SqlStore:
    """A new database that does not wait for the disk: the year is played again if the machine falls down."""
    store = open_store(f"sqlite:///{file}")
    event.listen(store.engine, "connect", lambda driver, _: driver.execute("PRAGMA synchronous = OFF"))
    store.engine.dispose()
    return store


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Say how long it took, by the clock and of the processor."""
    began, worked = time.perf_counter(), time.process_time()
    yield
    spent, own = time.perf_counter() - began, time.process_time() - worked
    print(f"{what}: {spent:,.0f} s ({own:,.0f} s of the processor)", flush=True)


def progress(begun: float) -> Any:
    """A line for each week of the simulated year."""

    def told(now: datetime, commands: int) -> None:
        if now.weekday() == 0:
            spent = time.perf_counter() - begun
            print(f"  {now:%Y-%m-%d} {commands:8,} commands {spent:6,.0f} s", file=sys.stderr, flush=True)

    return told


def play(home: Path, cases: int, seed: int) -> Year:
    """The year, in ``home``: database, keys, layer."""
    ring = KeyRing.fresh()
    (home / "keys").write_text(ring.text + "\n", encoding="utf-8")
    (home / "keys").chmod(0o600)
    told = progress(time.perf_counter())
    store = opened(home / "year.db")
    year = Year(store, cases=cases, year=YEAR, seed=seed, layers=[layer(home / "layer")], keys=ring, on_progress=told)
    began = time.perf_counter()
    with timed("the year"):
        year.run()
    spent, number = time.perf_counter() - began, year.commands.total()
    print(f"{number:,} commands, {number / spent:,.0f} a second: " + _told(year.commands))
    for what, why in year.refused.items():
        print(f"REFUSED {what}: {why}")
    for one in year.engine.incidents():
        print(f"INCIDENT {one.element} of {one.case_id}: {one.message}")
    return year


def after(home: Path) -> Engine:
    """The engine on what an earlier run left, when its year is over."""
    keys = KeyRing.parse((home / "keys").read_text(encoding="utf-8"), "keys")
    over = VirtualClock(datetime(YEAR + 1, 1, 1, tzinfo=WorkingCalendar("CN").zone))
    return Engine(opened(home / "year.db"), layers=[home / "layer"], keys=keys, clock=over)


def _told(counter: Counter[str]) -> str:
    return ", ".join(f"{what} {number:,}" for what, number in counter.most_common())


def check(engine: Engine, home: Path) -> int:
    """Count again, compare, verify. Returns how many differences there are."""
    file = home / "year.json"
    file.unlink(missing_ok=True)
    with timed("the event log"):
        engine.event_log(file)
    with timed("reading it"):
        cases = read(file)
    begun = Counter(case.process for case in cases)
    left_out = sorted(set(engine.processes()) - begun.keys() - {ALARM})
    print(f"{begun.total():,} cases of {len(begun)} processes, none of: {', '.join(left_out) or '-'}")
    print(_told(begun))
    with timed("figures compared"):
        figures = compare(engine, cases, YEAR)
    print(f"{figures.figures:,} figures equal or told below, {figures.suppressed:,} suppressed")
    with timed("surges compared"):
        surges = compare_surges(engine, cases)
    print(f"{surges.surges} surges, {_begun(cases)} cases begun upon them")
    for one in (*figures.differences[:200], *surges.differences):
        print(f"DIFFERENT {one}")
    wrong = len(figures.differences) + len(surges.differences) + (surges.surges != _begun(cases)) + len(left_out)
    print(f"{wrong} differences")
    engine.store.clean()
    size = (home / "year.db").stat().st_size
    print(f"{size / 1e6:,.0f} MB, {size / len(cases):,.0f} bytes a case", flush=True)
    return wrong


def _begun(cases: list[CaseLog]) -> int:
    return sum(bool(case.when("surge")) for case in cases)


def ask(home: Path, *words: str) -> int:
    """Run the command line over the year's database."""
    command = [
        sys.executable,
        "-m",
        "complaintflow",
        "--database",
        f"sqlite:///{home / 'year.db'}",
        "--layer",
        str(home / "layer"),
    ]
    print("complaintflow " + " ".join(words), flush=True)
    return subprocess.run(
        [*command, *words], env={**os.environ, "COMPLAINTFLOW_KEY_FILE": str(home / "keys")}, check=False
    ).returncode


def main() -> int:
    """Play, count, compare."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cases", type=int, default=500)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--keep", type=Path, metavar="FOLDER", help="leave database, keys and log there; a new folder")
    options.add_argument("--again", action="store_true", help="count once more what a run with --keep left")
    chosen = options.parse_args()
    if chosen.again and chosen.keep is None:
        options.error("--again needs --keep FOLDER")
    with tempfile.TemporaryDirectory() as name:
        home = chosen.keep or Path(name)
        home.mkdir(parents=True, exist_ok=True)
        engine = after(home) if chosen.again else play(home, chosen.cases, chosen.seed).engine
        wrong = check(engine, home)
        engine.close()
        with timed("the command line"):
            wrong += ask(home, "verify") + ask(home, "surge", "--replay")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
