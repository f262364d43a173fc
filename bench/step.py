"""What a durable step costs: ``python bench/step.py [--postgres URL] [--commit-ms 2]``.

One run, all contestants in turn, a step each per round, so that a busy machine disturbs all alike:

* ``bare``     an SQLAlchemy Core commit: an update of 8 KB and one insert. Everything else is a multiple of it.
* ``step``     a task completed by the engine: state, tasks, timers, outbox, history and the store's head in one commit,
  encrypted, at the number of rework loops given.
* ``open``     the same without encryption: what sealing adds is their difference.
* ``stock``    SpiffWorkflow alone on the same diagram: load the JSON state, complete the task, save it in a commit.
  Once more without the steps' deadlines: their timers are most of the state that it loads and saves.
* ``order``    a command of the model of industrial size (``industrial``): fifty positions at once, 11 KB of data.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import industrial
from models import REWORK, complaint, layer
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import Engine as Database
from sqlalchemy import create_engine, text
from sqlalchemy import event as sqlalchemy_event

from complaintflow.adapters.sql.pool import Pool
from complaintflow.case.commands import CompleteTask, Start
from complaintflow.facade.engine import Engine
from complaintflow.sealing.keys import KeyRing
from complaintflow.store.codec import from_json, to_json

PAYLOAD = {"channel": "phone", "content": "The soup arrived cold, twice. " * 30, "reporter": {"name": "Zhao Min"}}
_numbers = iter(range(1, 1 << 30))
KEYS = KeyRing.fresh()
"""Of all engines: on PostgreSQL they share a database."""
Step = Callable[[], object]


class OpenVault:
    """A vault that leaves the door open, to measure what closing it costs."""

    def create(self, case_id: str) -> tuple[bytes, OpenVault]:
        """No key."""
        return b"none", self

    def open(self, case_id: str, sealed_key: bytes | None) -> OpenVault:
        """No key."""
        return self

    def encode(self, place: str, value: Any) -> bytes:
        """As JSON."""
        return to_json(value)

    def decode(self, place: str, data: bytes) -> Any:
        """From JSON."""
        return from_json(data)

    encode_bytes = decode_bytes = staticmethod(lambda place, data: data)


def engine_at(url: str, folder: Path, *, sealed: bool) -> Engine:
    """An engine with the model as its layer."""
    engine = Engine(url, layers=[folder], keys=KEYS)
    if not sealed:
        engine._work.settings = type(engine.settings)(OpenVault())
    return engine


def ours(engine: Engine, loops: int) -> tuple[Step, Callable[[], int]]:
    """A case after that many rework loops; each step completes its task, and every sixth goes back again."""
    work = engine._work
    change = work.start(engine.library.newest("bench-complaint"), Start(PAYLOAD), key=None, actor="bench")
    case_id = change.case.id
    back_to, asked_after = REWORK
    position, token = 1, change.tasks[0].token

    def step() -> None:
        nonlocal position, token
        done = work.run(case_id, CompleteTask(token, {"rework": True, "note": "checked"}), "bench")
        assert done is not None
        token = done.tasks[0].token
        position = back_to if position == asked_after else position + 1

    def size() -> int:
        with engine.store.reading() as tx:
            return len(tx.case(case_id).state)

    for _ in range(asked_after + loops * (asked_after - back_to + 1)):
        step()
    return step, size


def order(engine: Engine, spent: list[float]) -> Step:
    """The commands of the industrial model, one after the other; ``spent`` gets the processor seconds of each."""
    commands = industrial.commands(engine)

    def step() -> None:
        start = time.process_time()
        next(commands)
        spent.append(time.process_time() - start)

    return step


def lasting(commit: Callable[..., None], seconds: float) -> Callable[..., None]:
    """The same commit on a disk that takes at least so long."""

    def last(*arguments: object) -> None:
        over = time.perf_counter() + seconds
        commit(*arguments)
        if (left := over - time.perf_counter()) > 0:
            time.sleep(left)

    return last


def database_at(url: str, seconds: float) -> Database:
    """A database without us, whose commits take at least so long."""
    database = create_engine(url)
    database.dialect.do_commit = lasting(database.dialect.do_commit, seconds)  # type: ignore[method-assign]
    return database


def bare(database: Database) -> Step:
    """The least that any durable step can be."""
    if database.dialect.name == "sqlite":

        @sqlalchemy_event.listens_for(database, "connect")
        def _prepare(driver: Any, record: object) -> None:
            driver.execute("PRAGMA journal_mode = WAL")
            driver.execute("PRAGMA synchronous = FULL")

    # Another state each time: SQLite does not write pages that stay as they are.
    states = cycle([os.urandom(8192) for _ in range(16)])
    with database.begin() as connection:
        for table in ("bench_state", "bench_event"):
            connection.execute(text(f"DROP TABLE IF EXISTS {table}"))
        binary = "BLOB" if database.dialect.name == "sqlite" else "BYTEA"
        connection.execute(text(f"CREATE TABLE bench_state (id INTEGER PRIMARY KEY, state {binary})"))
        connection.execute(text(f"CREATE TABLE bench_event (id INTEGER PRIMARY KEY, event {binary})"))
        connection.execute(text("INSERT INTO bench_state VALUES (1, :state)"), {"state": next(states)})

    def step() -> None:
        with database.begin() as connection:
            connection.execute(text("UPDATE bench_state SET state = :state WHERE id = 1"), {"state": next(states)})
            event = {"id": next(_numbers), "event": b"completed"}
            connection.execute(text("INSERT INTO bench_event VALUES (:id, :event)"), event)

    return step


def stock(database: Database, folder: Path, loops: int, *, deadlines: bool) -> Step:
    """SpiffWorkflow as its documentation shows it: the whole state is JSON, read and written at each step."""
    file = folder / "stock.bpmn"
    file.write_text(complaint("stock", stock=True, deadlines=deadlines), encoding="utf-8")
    parser = BpmnParser()
    parser.add_bpmn_file(str(file))
    serializer = BpmnWorkflowSerializer()
    workflow = BpmnWorkflow(parser.get_spec("stock"))
    workflow.data.update(PAYLOAD)
    workflow.do_engine_steps()
    number = next(_numbers)
    with database.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS bench_stock (id INTEGER PRIMARY KEY, state TEXT)"))
        connection.execute(text("INSERT INTO bench_stock VALUES (:n, '')"), {"n": number})
    saved = serializer.serialize_json(workflow)

    def advance(workflow: BpmnWorkflow) -> None:
        task = workflow.get_next_task(state=TaskState.READY, manual=True)
        task.data["rework"] = True
        task.run()
        workflow.do_engine_steps()

    def step() -> None:
        nonlocal saved
        workflow = serializer.deserialize_json(saved)
        advance(workflow)
        saved = serializer.serialize_json(workflow)
        with database.begin() as connection:
            row = {"state": saved, "n": number}
            connection.execute(text("UPDATE bench_stock SET state = :state WHERE id = :n"), row)

    back_to, asked_after = REWORK
    for _ in range(asked_after + loops * (asked_after - back_to + 1)):
        advance(workflow)
    saved = serializer.serialize_json(workflow)
    return step


def race(contestants: dict[str, Step], rounds: dict[str, int]) -> dict[str, list[float]]:
    """Milliseconds of every step, the contestants in turn; the slow ones take fewer turns.

    Their order is another one in each round: whoever comes after something large finds the processor's caches cold.
    """
    spent: dict[str, list[float]] = {name: [] for name in contestants}
    most, chance = max(rounds.values()), random.Random(1)
    for number in range(most):
        for name in chance.sample(list(contestants), len(contestants)):
            if number % max(1, most // rounds[name]) == 0:
                start = time.perf_counter()
                contestants[name]()
                spent[name].append(1000 * (time.perf_counter() - start))
    return spent


def main() -> int:
    """Print a line per contestant: minimum, median, maximum, and the multiple of the bare commit."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--postgres", metavar="URL", help="a database to use in place of a SQLite file")
    options.add_argument("--rounds", type=int, default=300)
    options.add_argument("--loops", type=int, nargs="+", default=[1, 10, 100, 1000])
    options.add_argument("--stock-loops", type=int, nargs="*", default=[1, 30])
    options.add_argument(
        "--commit-ms", type=float, default=0, help="how long each commit takes at least, as on a slower disk"
    )
    chosen = options.parse_args()
    seconds = chosen.commit_ms / 1000
    Pool.commit = lasting(Pool.commit, seconds)  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        layer(folder, "bench-complaint")
        industrial.layer(folder)

        def url(of: str) -> str:
            return chosen.postgres or f"sqlite:///{folder}/{of}.db"

        print("preparing ...", file=sys.stderr)
        sealed, plain = engine_at(url("sealed"), folder, sealed=True), engine_at(url("open"), folder, sealed=False)
        contestants: dict[str, Step] = {"bare commit": bare(database_at(url("bare"), seconds))}
        sizes = {}
        for loops in chosen.loops:
            label = f"step, {loops} loops"
            contestants[label], sizes[label] = ours(sealed, loops)
        contestants["step, 1 loop, open"], _ = ours(plain, 1)
        processor: list[float] = []
        contestants["order, 50 positions"] = order(sealed, processor)
        for loops in chosen.stock_loops:
            for label, deadlines in (("", True), (", no timers", False)):
                theirs = database_at(url("stock"), seconds)
                contestants[f"stock, {loops} loops{label}"] = stock(theirs, folder, loops, deadlines=deadlines)
        rounds = {name: chosen.rounds if "stock" not in name else max(chosen.rounds // 10, 5) for name in contestants}
        spent = race(contestants, rounds)
        report(spent, sizes)
        orders = 1 / statistics.fmean(processor) / industrial.COMMANDS
        print(f"an order is {industrial.COMMANDS} commands; {orders:.2f} orders in a processor-second")
    return 0


def report(spent: dict[str, list[float]], sizes: dict[str, Callable[[], int]]) -> None:
    """The table."""
    base = statistics.median(spent["bare commit"])
    print(f"{'':28}{'min ms':>9}{'median':>9}{'max':>9}{'x bare':>9}{'state':>9}")
    for name, times in spent.items():
        median = statistics.median(times)
        size = f"{sizes[name]() / 1024:.1f} KB" if name in sizes else ""
        print(f"{name:28}{min(times):9.2f}{median:9.2f}{max(times):9.2f}{median / base:9.2f}{size:>9}")
    first = next(name for name in spent if name.startswith("step"))
    # The lower quartile: a disk that has better things to do disturbs one of the two more than sealing costs.
    quick = {name: statistics.quantiles(times, n=4)[0] for name, times in spent.items()}
    sealing = quick[first] / quick["step, 1 loop, open"] - 1
    print(f"sealing adds {sealing:.1%} to a step; the case's own data are {len(to_json(PAYLOAD)) / 1024:.1f} KB")


if __name__ == "__main__":
    sys.exit(main())
