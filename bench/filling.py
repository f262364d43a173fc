"""Fills a store with open cases: one real case of each kind is started by the engine, the others are copies of it.

A copy is a case like any other: an id, a key and a business key of its own, its state and history sealed anew under
that key and in their own places, its history chained, its head counted in the store's head, its times moved so that due
dates are spread. Only the road into the tables is another: many cases in one transaction, and COPY on PostgreSQL.
"""

from __future__ import annotations

import os
import re
import secrets
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

from complaintflow.adapters.sql import SqlStore
from complaintflow.adapters.sql.changes import save_anchor, save_case, save_rows
from complaintflow.case.commands import Start
from complaintflow.case.places import history_place, state_place
from complaintflow.facade.engine import Engine
from complaintflow.history.chain import Entry, chain
from complaintflow.store.rows import AnchorRow, Change

PROCESS: Final = "bench-open"
ROLE: Final = "complaints-office"
SPREAD: Final = timedelta(days=2)
"""Over how long the due times are spread; the first is a day away when the store is filled."""

BATCH: Final = 10_000
_FULL_SECONDS: Final = 0.2
_INSERT: Final = re.compile(r"INSERT INTO (\w+) \(([^)]*)\)")
_ORDER: Final = "order-{:09d}"

_DIAGRAM = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="bench">
<bpmn:message id="answer" name="answer"><bpmn:extensionElements>
  <zeebe:subscription correlationKey="=order"/></bpmn:extensionElements></bpmn:message>
<bpmn:process id="bench-open" isExecutable="true">
<bpmn:startEvent id="start"/><bpmn:endEvent id="end"/>
<bpmn:exclusiveGateway id="ask" default="no-question"/>
<bpmn:receiveTask id="question" messageRef="answer"/>
<bpmn:userTask id="judge"><bpmn:extensionElements><zeebe:userTask/>
  <zeebe:assignmentDefinition candidateGroups="complaints-office"/>
  <zeebe:taskSchedule dueDate='=now() + duration("P4D")'/></bpmn:extensionElements></bpmn:userTask>
<bpmn:userTask id="reply"><bpmn:extensionElements><zeebe:userTask/>
  <zeebe:assignmentDefinition candidateGroups="complaints-office"/>
  <zeebe:taskSchedule dueDate='=now() + duration("P9D")'/></bpmn:extensionElements></bpmn:userTask>
<bpmn:boundaryEvent id="judged-late" cancelActivity="false" attachedToRef="judge">
  <bpmn:timerEventDefinition><bpmn:timeDuration>P3D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>
<bpmn:boundaryEvent id="answered-late" cancelActivity="false" attachedToRef="question">
  <bpmn:timerEventDefinition><bpmn:timeDuration>P3D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>
<bpmn:sequenceFlow id="begin" sourceRef="start" targetRef="ask"/>
<bpmn:sequenceFlow id="to-question" sourceRef="ask" targetRef="question">
  <bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">=asks</bpmn:conditionExpression></bpmn:sequenceFlow>
<bpmn:sequenceFlow id="no-question" sourceRef="ask" targetRef="judge"/>
<bpmn:sequenceFlow id="answered" sourceRef="question" targetRef="judge"/>
<bpmn:sequenceFlow id="judged" sourceRef="judge" targetRef="reply"/>
<bpmn:sequenceFlow id="replied" sourceRef="reply" targetRef="end"/>
</bpmn:process></bpmn:definitions>
"""


def layer(folder: Path) -> Path:
    """A layer with the process of all these cases: a task with a due date, or a message waited for; a timer at each."""
    place = folder / "processes" / PROCESS
    place.mkdir(parents=True)
    (place / f"{PROCESS}.bpmn").write_text(_DIAGRAM, encoding="utf-8")
    (place / "policy.toml").write_text(f'[policy]\nid = "{PROCESS}"\ntitle = "Benchmark"\n', encoding="utf-8")
    return folder


def payload(number: int, *, asks: bool = False) -> dict[str, Any]:
    """What comes in with a case: half a kilobyte of its own data."""
    content = "The soup arrived cold, twice. " * 15
    return {"order": _ORDER.format(number), "asks": asks, "content": content, "reporter": {"name": "Zhao Min"}}


def key(number: int) -> str:
    """The business key of a copy."""
    return f"K-{number:09d}"


@dataclass(frozen=True, slots=True)
class Prototype:
    """A case that the engine started, opened: what the copies are made from. ``state`` and ``said`` are JSON."""

    change: Change
    state: bytes
    said: tuple[bytes, ...]

    @classmethod
    def start(cls, engine: Engine, *, asks: bool) -> Prototype:
        """Start it, under the number 0."""
        bundle = engine.library.newest(PROCESS)
        change = engine._work.start(bundle, Start(payload(0, asks=asks)), key=None, actor="bench")
        codec = engine._work.codec(change.case)
        state = codec.decode_bytes(state_place(change.case), change.case.state)
        said = tuple(codec.decode_bytes(history_place(row.seq), row.detail) for row in change.history)
        copied = {"tasks", "timers", "subscriptions", "history", "case", "bundle", "anchor", "fresh"}
        left = [name for name in Change.__dataclass_fields__ if name not in copied and getattr(change, name)]
        if left:
            raise AssertionError(f"the copies would lack {', '.join(left)}")
        return cls(change, state, said)

    def copy(self, engine: Engine, case_id: str, number: int, earlier: timedelta) -> Change:
        """A case of its own that was started that much earlier."""
        before, vault = self.change.case, engine.settings.vault
        sealed_key, codec = vault.create(case_id)
        texts = {_ORDER.format(0): _ORDER.format(number)}
        due = [*(timer.due_at for timer in self.change.timers), *(task.due_at for task in self.change.tasks)]
        for moment in filter(None, due):
            texts[moment.isoformat()] = (moment - earlier).isoformat()

        def own(content: bytes) -> bytes:
            for old, new in texts.items():
                content = content.replace(old.encode(), new.encode())
            return content

        born, head, history = before.created_at - earlier, b"", []
        for row, said in zip(self.change.history, self.said, strict=True):
            detail = codec.encode_bytes(history_place(row.seq), own(said))
            history.append(chain(head, case_id, row.seq, born, Entry(row.event, row.element, row.token, {}), detail))
            head = history[-1].digest
        case = before._replace(
            id=case_id, key=key(number), created_at=born, updated_at=born, head=head, sealed_key=sealed_key
        )
        case = case._replace(state=codec.encode_bytes(state_place(case), own(self.state)))
        change = Change(case, history=history)
        for task in self.change.tasks:
            due_at = task.due_at - earlier if task.due_at is not None else None
            change.tasks.append(task._replace(case_id=case_id, created_at=born, due_at=due_at))
        for timer in self.change.timers:
            change.timers.append(timer._replace(case_id=case_id, due_at=timer.due_at - earlier))
        for heard in self.change.subscriptions:
            change.subscriptions.append(heard._replace(case_id=case_id, key=_ORDER.format(number)))
        return change


def fill(engine: Engine, count: int, on_progress: Callable[[int], None]) -> None:
    """Make it ``count`` open cases, three of four with a task and the fourth waiting for a message.

    Args:
        engine: on an empty store, with the layer; nothing is due yet at the time its clock shows.
        count: at least 4.
        on_progress: called with the number of cases so far.
    """
    prototypes = [Prototype.start(engine, asks=asks) for asks in (False, False, False, True)]
    on_progress(len(prototypes))
    store = engine.store
    assert isinstance(store, SqlStore)
    with store.reading() as tx:
        anchors = {shard: tx.anchor(shard) for shard in range(store.shards)}
    load = _Sqlite(store) if store.engine.dialect.name == "sqlite" else _Postgres(store)
    numbers = iter(range(len(prototypes), count))
    while batch := list(islice(numbers, BATCH)):
        # Random ids, as real ones, in order within a batch: pages of the trees split as they would, in less time.
        ids = sorted(secrets.token_hex(16) for _ in batch)
        rows: defaultdict[str, list[Any]] = defaultdict(list)
        for number, case_id in zip(batch, ids, strict=True):
            earlier = SPREAD * (number * 7_368_787 % count / count)
            change = prototypes[number % len(prototypes)].copy(engine, case_id, number, earlier)
            _count(engine, anchors, change)
            for sql, values in _statements(change):
                rows[sql] += values
        load.batch(rows, anchors)
        on_progress(batch[-1] + 1)
    load.finish()


def _count(engine: Engine, anchors: dict[int, AnchorRow], change: Change) -> None:
    shards, case = engine._work.anchors, change.case
    shard = shards.shard(case.id)
    anchors[shard] = shards.move(anchors[shard], case._replace(length=0, head=b""), case)


def _statements(change: Change) -> Iterator[tuple[str, list[Any]]]:
    """What the store itself would run, in its order; there is nothing to close."""
    sql, values = save_case(change.case)
    yield sql, [values]
    yield from (batch for batch in save_rows(change) if _INSERT.match(batch[0]))


class _Load:
    def __init__(self, store: SqlStore) -> None:
        self.store = store

    @staticmethod
    def anchors(run: Callable[[str, Any], Any], anchors: dict[int, AnchorRow]) -> None:
        """Put the heads there, whatever tick they had."""
        for row in anchors.values():
            if row.tick:
                insert, values = save_anchor(row._replace(tick=1))
                run("DELETE FROM cf_anchor WHERE shard = ?", (row.shard,))
                run(insert, (values[0], row.tick, values[2]))


class _Sqlite(_Load):
    """No waiting for the disk until all is there."""

    def __init__(self, store: SqlStore) -> None:
        super().__init__(store)
        self.connection = store.engine.connect()
        driver: Any = self.connection.connection.driver_connection
        self.driver = driver
        for pragma in ("synchronous = OFF", "foreign_keys = OFF", "secure_delete = OFF", "cache_size = -1000000"):
            driver.execute(f"PRAGMA {pragma}")

    def batch(self, rows: dict[str, list[Any]], anchors: dict[int, AnchorRow]) -> None:
        """One transaction."""
        self.driver.execute("BEGIN IMMEDIATE")
        for sql, values in rows.items():
            self.driver.executemany(sql, values)
        self.anchors(self.driver.execute, anchors)
        self.driver.execute("COMMIT")

    def finish(self) -> None:
        """What follows finds an empty journal, a file that is on the disk, and no connection of these."""
        self.driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with Path(str(self.store.engine.url.database)).open("rb") as file:
            os.fsync(file.fileno())
        self.connection.invalidate()
        self.connection.close()


class _Postgres(_Load):
    def batch(self, rows: dict[str, list[Any]], anchors: dict[int, AnchorRow]) -> None:
        """One transaction of COPYs."""
        with self.store.engine.begin() as connection:
            driver: Any = connection.connection.driver_connection
            with driver.cursor() as cursor:
                for sql, values in rows.items():
                    table, columns = _INSERT.match(sql).groups()  # type: ignore[union-attr]
                    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                        for row in values:
                            copy.write_row(row)
                self.anchors(lambda sql, row: cursor.execute(sql.replace("?", "%s"), row), anchors)

    def finish(self) -> None:
        """As autovacuum would leave the tables."""
        with self.store.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
            connection.exec_driver_sql("CHECKPOINT")


def bar(total: int) -> Callable[[int], None]:
    """A progress bar on standard error, with what is left to wait."""
    started = shown = time.monotonic()

    def show(done: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown < _FULL_SECONDS and done < total:
            return
        shown = now
        left = (now - started) / max(done, 1) * (total - done)
        filled = "#" * (30 * done // total)
        end = "\n" if done >= total else ""
        line = f"\r[{filled:.<30}] {done:>9,} of {total:,} cases, {timedelta(seconds=round(left))} left "
        print(line, end=end, file=sys.stderr, flush=True)

    return show
