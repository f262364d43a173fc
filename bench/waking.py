"""How fast workers wake, and what a million things that wait cost them: ``python bench/waking.py --postgres URL``.

From the commit that makes a job ready to the first line of its handler, in one run, the roads in turn:

* ``rows``           a plain worker, woken by LISTEN and NOTIFY.
* ``procrastinate``  a procrastinate worker, called by a job deferred in the same transaction.
* ``... timers``     the same while that many timers wait, as rows of ours: how complaintflow keeps them.
* ``... scheduled``  the same while that many scheduled procrastinate jobs wait: how one might have kept them.

The URL names a server where databases may be created; what it makes is gone at the end.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from time import perf_counter

from sqlalchemy import create_engine, make_url

from complaintflow import Engine, Handlers
from complaintflow.adapters.sql import SqlStore
from complaintflow.sealing.keys import KeyRing

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests import diagrams as d  # noqa: E402

JOB = d.document(d.process(d.start(), d.service("a", "work"), d.end(), d.flows("start > a > end")))

TIMERS = """
SET session_replication_role = replica;
INSERT INTO cf_timer (case_id, token, element, due_at, provisional)
SELECT 'none', number, 'wait', 4000000000000000 + number, false FROM generate_series(1, {number}) AS number;
SET session_replication_role = DEFAULT
"""
SCHEDULED = """
SET session_replication_role = replica;
INSERT INTO procrastinate_jobs (queue_name, task_name, args, scheduled_at)
SELECT 'cf', 'complaintflow.timers', '{{}}', now() + interval '1 year' FROM generate_series(1, {number});
SET session_replication_role = DEFAULT
"""


class Site:
    """An engine on a database of its own, with a worker in a thread."""

    def __init__(self, url: str, folder: Path, fill: str = "") -> None:
        self.began: SimpleQueue[float] = SimpleQueue()
        desk = Handlers()
        desk.handler("work")(lambda: self.began.put(perf_counter()))
        self.engine = Engine(url, layers=[folder], handlers=[desk], keys=KeyRing.fresh())
        assert isinstance(self.engine.store, SqlStore)
        self.database = self.engine.store.engine
        if fill:
            with self.database.begin() as connection:
                connection.connection.driver_connection.execute(fill)  # type: ignore[union-attr]
            with self.database.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
                connection.exec_driver_sql("VACUUM ANALYZE")
        self.worker = self.engine.worker()
        self.thread = Thread(target=self.worker.run)
        self.thread.start()

    def wake(self) -> float:
        """Milliseconds from a host's commit to the handler."""
        with self.database.connect() as host:
            self.engine.using(host).start("p", {})
            host.commit()
            committed = perf_counter()
        return (self.began.get(timeout=60) - committed) * 1e3

    def close(self) -> None:
        """Stop the worker."""
        self.worker.stop()
        self.thread.join()
        self.engine.close()


@contextmanager
def fresh(server: str) -> Iterator[str]:
    """A database that is dropped again."""
    admin = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    name = f"waking_{os.getpid()}_{os.urandom(3).hex()}"
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgres", metavar="URL", required=True)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--waiting", type=int, default=1_000_000, help="how many timers or scheduled jobs wait")
    chosen = parser.parse_args()
    number = chosen.waiting
    roads = {
        "rows": (False, ""),
        f"rows, {number:,} timers": (False, TIMERS),
        "procrastinate": (True, ""),
        f"procrastinate, {number:,} timers": (True, TIMERS),
        f"procrastinate, {number:,} scheduled": (True, SCHEDULED),
    }
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        layer = d.layer(folder, JOB)
        sites: dict[str, Site] = {}
        for road, (queued, fill) in roads.items():
            url = stack.enter_context(fresh(chosen.postgres))
            url += (("&" if "?" in url else "?") + "queue=procrastinate") if queued else ""
            sites[road] = Site(url, layer, fill.format(number=number))
            stack.callback(sites[road].close)
            print(f"{road} ready", file=sys.stderr)
        waited: dict[str, list[float]] = {road: [] for road in roads}
        for _ in range(chosen.rounds):
            for road, site in sites.items():
                waited[road].append(site.wake())
        print(f"{'from commit to handler':36}{'min ms':>10}{'median':>10}{'max':>10}")
        for road, times in waited.items():
            times = times[2:]  # the first ones load what they need
            print(f"{road:36}{min(times):10.1f}{statistics.median(times):10.1f}{max(times):10.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
