"""What a store full of open cases costs: ``python bench/million.py [--sizes 1000 100000 1000000] [--postgres URL]``.

Fills one store for each size with open cases (see ``filling.py``), then asks all of them the same questions in turn, in
one run, so that a busy machine disturbs all alike. Printed are the minimum, median and maximum of each question, and
each median as a multiple of the one in the smallest store; then the bytes of a case, and the peak memory of a worker,
which is a process of its own that fires timers. What it makes is gone at the end.

On PostgreSQL the URL names a server where databases may be created; each size gets its own, which is dropped again.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from filling import PROCESS, ROLE, bar, fill, key, layer, payload
from sqlalchemy import create_engine, make_url
from sqlalchemy import text as sql

from complaintflow.adapters.sql import SqlStore
from complaintflow.adapters.sql.statements import DUE_TIMERS
from complaintflow.facade.engine import Engine
from complaintflow.sealing.keyfile import KEYS_VARIABLE
from complaintflow.sealing.keys import KeyRing
from complaintflow.store.rows import TimerRow
from complaintflow.store.ticks import to_ticks
from complaintflow.time.clock import SystemClock, VirtualClock

FIRED = 100
WORKER_FIRES = 5_000
"""How many timers the worker fires whose memory is measured: more than it keeps opened keys."""
RATIO = 1.5
MEMORY = 100
_LATER = timedelta(days=30)
_ON_DISK = 12_000

NONE_DUE, AFTER_FIRING = "no due timer", "the same after firing"
START, COMPLETE, INBOX = "start a case", "complete a task", "inbox, first 50"
BOUND = (NONE_DUE, AFTER_FIRING, INBOX, START, COMPLETE)
"""The questions that must cost the same, within ``RATIO``, in the largest store and in the smallest."""


class Site:
    """A filled store, with an engine whose clock stands still until it is moved."""

    def __init__(self, size: int, url: str, folder: Path, keys: KeyRing) -> None:
        self.size, self.url = size, url
        self.clock = VirtualClock(SystemClock().now())
        self.engine = Engine(url, layers=[folder], keys=keys, clock=self.clock)
        self.numbers = count(1)
        self.bytes = 0
        self.tasks: list[str] = []

    def fill(self) -> None:
        """Put the cases there, and pick some whose tasks will be completed."""
        empty = self.disk()
        started = time.monotonic()
        fill(self.engine, self.size, bar(self.size))
        self.bytes = (self.disk() - empty) // self.size
        print(f"{self.size:,} cases in {time.monotonic() - started:.0f} s", file=sys.stderr)
        self.chosen = random.Random(7)
        with_task = [number for number in range(4, self.size) if number % 4 != 3]
        with self.engine.store.reading() as tx:
            for number in self.chosen.sample(with_task, min(len(with_task), 400)):
                (case_id,) = tx.case_ids(process=PROCESS, key=key(number))
                self.tasks.append(tx.tasks(case_id=case_id)[0].id)

    def disk(self) -> int:
        """Bytes that the database takes, with its indexes."""
        assert isinstance(self.engine.store, SqlStore)
        database = self.engine.store.engine
        with database.connect() as connection:
            if database.dialect.name == "postgresql":
                return int(connection.scalar(sql("SELECT pg_database_size(current_database())")))
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return Path(str(database.url.database)).stat().st_size

    # -- the questions ----------------------------------------------------------------------

    def look_for_timers(self) -> None:
        """As each worker does in each round."""
        with self.engine.store.reading() as tx:
            assert not tx.due_timers(self.clock.now(), 20)

    def idle_round(self) -> None:
        """Timers, schedules and jobs: a worker's whole round with nothing to do."""
        assert self.engine.worker().run_once() == 0

    def inbox(self) -> None:
        """The first page of what a role has to do."""
        assert len(self.engine.tasks(role=ROLE, limit=50)) == 50

    def by_key(self) -> None:
        """Any case, as a caller holds it."""
        number = self.chosen.randrange(4, self.size)
        (case,) = self.engine.cases(process=PROCESS, key=key(number))
        assert case.key == key(number)

    def start(self) -> None:
        """One more."""
        number = next(self.numbers)
        self.engine.start(PROCESS, payload(number), key=f"N-{number:09d}", actor="bench")

    def complete(self) -> None:
        """The task of any case that was there before."""
        self.engine.complete(self.tasks.pop(), {"ruling": "upheld"}, actor="bench")

    def make_due(self, number: int) -> None:
        """Move the clock until so many timers are due."""
        with self.engine.store.reading() as tx:
            rows: list[TimerRow] = tx.due_timers(self.clock.now() + _LATER, number)
        self.clock.set(rows[-1].due_at)

    def fire(self) -> None:
        """What ``make_due`` made due."""
        assert self.engine.drain() >= FIRED

    def peak(self, folder: Path, keys: KeyRing) -> float:
        """Megabytes of a worker process that has enough to do to fill whatever it keeps."""
        due = min(WORKER_FIRES, self.size // 4)
        self.make_due(due)
        command = [sys.executable, __file__, "--worker", self.url, str(folder), self.clock.now().isoformat(), str(due)]
        environment = {**os.environ, KEYS_VARIABLE: keys.text}
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        return float(done.stdout)


def work(url: str, folder: str, at: str, due: int) -> None:
    """The worker process: work until all is fired that is due, and print the peak."""
    engine = Engine(url, layers=[folder], clock=VirtualClock(datetime.fromisoformat(at)))
    worker, seen = engine.worker(), -1

    def on_progress(timers: int, jobs: int) -> None:
        nonlocal seen
        if timers >= due or timers + jobs == seen:
            worker.stop()
        seen = timers + jobs

    worker.run(on_progress)
    assert worker.timers >= due, (worker.timers, due)
    print(peak_megabytes())


def peak_megabytes() -> float:
    """The most memory that this process had."""
    # Linux hands the parent's peak on to what it executes in ru_maxrss; this line counts the process alone.
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


Times = dict[tuple[str, int], list[float]]


def race(
    sites: list[Site],
    questions: Mapping[str, Callable[[Site], None]],
    rounds: int,
    spent: Times,
    before: Callable[[Site], None] | None = None,
) -> None:
    """Ask all stores in turn, each round beginning with another."""
    for number in range(rounds):
        turn = number % len(sites)
        for name, question in questions.items():
            for site in sites[turn:] + sites[:turn]:
                if before is not None:
                    before(site)
                start = time.perf_counter()
                question(site)
                spent.setdefault((name, site.size), []).append(1000 * (time.perf_counter() - start))


def measure(sites: list[Site], rounds: int) -> Times:
    """Milliseconds of every question in every store."""
    spent: Times = {}
    reading = {
        NONE_DUE: Site.look_for_timers,
        "a worker's idle round": Site.idle_round,
        INBOX: Site.inbox,
        "a case by its key": Site.by_key,
    }
    race(sites, reading, rounds, spent)
    alone(sites, "alone")
    race(sites, {f"fire {FIRED} timers": Site.fire}, 5, spent, before=lambda site: site.make_due(FIRED))
    race(sites, {AFTER_FIRING: Site.look_for_timers}, rounds, spent)
    alone(sites, "fired")
    race(sites, {START: Site.start, COMPLETE: Site.complete}, min(rounds, 400), spent)
    return spent


def alone(sites: list[Site], when: str) -> None:
    """What PostgreSQL itself does to look for due timers: pages and milliseconds without the way there and back.

    Timers that have fired leave dead entries before the first one alive, until the next vacuum. Here is what they cost;
    what the table of times shows beyond it is the machine, which others may use too.
    """
    for site in sites:
        assert isinstance(site.engine.store, SqlStore)
        database = site.engine.store.engine
        if database.dialect.name != "postgresql":
            return
        look = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {DUE_TIMERS.replace('?', '%s')}"
        with database.connect() as connection:
            for _ in range(2):  # the first one marks entries that it finds dead
                found = connection.exec_driver_sql(look, (to_ticks(site.clock.now()), 20)).scalar_one()[0]
        pages = found["Plan"]["Shared Hit Blocks"] + found["Plan"]["Shared Read Blocks"]
        print(f"{f'{NONE_DUE}, {when}':24}{site.size:>11,} cases: {pages} pages, {found['Execution Time']:.3f} ms")


def report(sites: list[Site], spent: Times) -> None:
    """The table of times, and the bytes of a case."""
    first = sites[0].size
    print(f"{'':24}{'cases':>11}{'min ms':>10}{'median':>10}{'max':>10}{f'x {first:,}':>10}")
    for (name, size), times in spent.items():
        ratio = "" if size == first else f"{_ratio(spent, name, first, size):.2f}"
        print(f"{name:24}{size:>11,}{min(times):>10.3f}{statistics.median(times):>10.3f}{max(times):>10.3f}{ratio:>10}")
    for site in sites:
        print(f"{'bytes a case':24}{site.size:>11,}{site.bytes:>20,}", flush=True)


def holds(sites: list[Site], spent: Times, peaks: dict[int, float]) -> bool:
    """Say whether what was promised holds."""
    first, last = sites[0].size, sites[-1].size
    most = max(peaks.values())
    verdicts = [(f"a worker takes at most {MEMORY} MB", f"{most:.0f}", most <= MEMORY)]
    for name in BOUND if last > first else ():
        ratio = _ratio(spent, name, first, last)
        verdicts.append((f"{name}: {last:,} within {RATIO} x of {first:,}", f"{ratio:.2f}", ratio <= RATIO))
    for what, found, good in verdicts:
        print(f"{'holds' if good else 'DOES NOT HOLD'}: {what} ({found})")
    return all(good for _, _, good in verdicts)


def _ratio(spent: Times, name: str, first: int, size: int) -> float:
    return statistics.median(spent[name, size]) / statistics.median(spent[name, first])


@contextmanager
def database(size: int, folder: Path, server: str | None) -> Iterator[str]:
    """The URL of an empty database that is gone afterwards."""
    if server is None:
        yield f"sqlite:///{folder}/{size}.db"  # it goes with the folder
        return
    name = f"complaintflow_bench_{os.getpid()}_{size}"
    admin = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sql(f"CREATE DATABASE {name}"))
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(sql(f"DROP DATABASE {name} WITH (FORCE)"))


def main() -> int:
    """Fill, ask, print. Returns 1 where a bound does not hold."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--postgres", metavar="URL", help="a server to use in place of SQLite files")
    options.add_argument("--sizes", type=int, nargs="+", default=[1_000, 100_000, 1_000_000], help="at least 1000 each")
    options.add_argument("--rounds", type=int, default=300, help="how often each question is asked, at most 400 writes")
    options.add_argument("--folder", type=Path, help="where the files are made; default is the system's")
    options.add_argument("--verify", type=int, default=10_000, help="verify every store of at most so many cases")
    options.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.worker:
        url, layers, at, due = chosen.worker
        work(url, layers, at, int(due))
        return 0
    sizes = sorted(set(chosen.sizes))
    if sizes[0] < 1_000:
        options.error("a store of less than 1000 cases has too few timers")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=chosen.folder)))
        if chosen.postgres is None and shutil.disk_usage(folder).free < sum(sizes) * _ON_DISK:
            options.error(f"{sum(sizes) * _ON_DISK / 1e9:.0f} GB must be free below {folder.parent}")
        layer(folder)
        keys = KeyRing.fresh()
        sites = []
        for size in sizes:
            url = stack.enter_context(database(size, folder, chosen.postgres))
            sites.append(Site(size, url, folder, keys))
            stack.callback(sites[-1].engine.close)
            sites[-1].fill()
        spent = measure(sites, chosen.rounds)
        report(sites, spent)
        peaks = {site.size: site.peak(folder, keys) for site in sites}
        for size, peak in peaks.items():
            print(f"{'peak of a worker, MB':24}{size:>11,}{peak:>20.1f}")
        good = holds(sites, spent, peaks)
        for site in sites:
            if site.size <= chosen.verify:
                found = site.engine.verify()
                good = good and found.whole
                print(f"verified {found.cases:,} cases: {'whole' if found.whole else found.problems[:3]}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
