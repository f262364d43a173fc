"""A year on the engine: complaints come in, people do their tasks (late, or never), timers fire in order of time."""

from __future__ import annotations

import heapq
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from complaintflow.adapters.sql import SqlStore
from complaintflow.errors import (
    CaseEnded,
    ComplaintflowError,
    InvalidData,
    NoSubscription,
    TaskAlreadyCompleted,
    UnknownTask,
)
from complaintflow.facade.engine import Engine
from complaintflow.facade.views import Case
from complaintflow.sealing.keys import Keys
from complaintflow.store.port import Transaction
from complaintflow.store.rows import TaskRow
from complaintflow.store.ticks import to_ticks
from complaintflow.time.calendar import WorkingCalendar
from complaintflow.time.clock import VirtualClock
from tests import sql_tables
from tests.simulation.answers import PEOPLE, answer
from tests.simulation.arrivals import SHARES, Arrival, arrivals
from tests.simulation.occasions import SCHEDULED, occasions

_GONE: Final = (CaseEnded, NoSubscription, TaskAlreadyCompleted, UnknownTask)
_TRIES: Final = 8
# What a message brings, whichever it is: what was asked, what was said.
_SAID: Final = {
    "question": "On which day was it?", "answer": "On a Monday.", "note": "It happened again.",
    "recurrence_note": "It is back.", "incident": "My shifts were changed.", "reason": "I do not agree.",
    "grounds": "Nobody heard my colleague.", "evidence": "A photo.", "content": "Something new.",
}  # fmt: skip


class Year:
    """A year of simulated operation.

    Args:
        store: a new one.
        cases: how many complaints come in over the year, surges included; what else people begin goes by it.
        seed: of all that is drawn.
        layers, keys: as for ``Engine``.
        scheduled: processes that the clock starts.
        on_progress: told the time on the clock and how many commands were given, once a day.

    Attributes:
        commands: what was done, how often.
        refused: form -> why its last answer was refused; nobody did those tasks.
    """

    def __init__(
        self,
        store: SqlStore,
        *,
        cases: int,
        year: int = 2026,
        seed: int = 1,
        layers: Sequence[str | Path] = (),
        scheduled: Sequence[str] = SCHEDULED,
        keys: Keys | None = None,
        on_progress: Callable[[datetime, int], None] | None = None,
    ) -> None:
        self.calendar = WorkingCalendar("CN")
        self.clock = VirtualClock(datetime(year, 1, 1, tzinfo=self.calendar.zone))
        self.engine = Engine(store, layers=layers, clock=self.clock, keys=keys)
        self.commands: Counter[str] = Counter()
        self.refused: dict[str, str] = {}
        self._end = datetime(year + 1, 1, 1, tzinfo=self.calendar.zone)
        self._chosen = random.Random(seed)
        self._progress = on_progress
        self._scheduled = scheduled
        self._seen: set[str] = set()
        self._filed: defaultdict[str, list[str]] = defaultdict(list)
        self._store = store
        self._looked = self.clock.now()
        self._number = 0
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        for arrival in arrivals(cases, year, self.calendar, self._chosen):
            self._plan(arrival.at, lambda arrival=arrival: self._file(arrival, "complaints filed"))  # type: ignore[misc]
        for arrival in occasions(cases, year, self.calendar, self._chosen):
            self._plan(arrival.at, lambda arrival=arrival: self._file(arrival, "begun by hand"))  # type: ignore[misc]

    def run(self) -> None:
        """Play the year to its end."""
        for process in self._scheduled:
            self.engine.schedule(process)
        self._plan(self.clock.now() + timedelta(hours=9), self._look)
        while self._agenda:
            at, _, act = heapq.heappop(self._agenda)
            self._move(at)
            act()
        self._move(self._end)

    # -- time -------------------------------------------------------------------------------

    def _plan(self, at: datetime, act: Callable[[], None]) -> None:
        if at < self._end:
            self._number += 1
            heapq.heappush(self._agenda, (at.astimezone(UTC), self._number, act))

    def _move(self, target: datetime) -> None:
        """On to a time; what falls due before then happens at its own time."""
        while (due := self._next_due()) is not None and due <= target:
            if due > self.clock.now():
                self.clock.set(due)
            done = self.engine.drain()
            self.commands["timers and jobs of the clock"] += done
            if not done:
                break
        self.clock.set(max(target.astimezone(UTC), self.clock.now()))

    def _next_due(self) -> datetime | None:
        with self.engine.store.reading() as tx:
            return tx.next_due()

    # -- people -----------------------------------------------------------------------------

    def _file(self, arrival: Arrival, what: str) -> None:
        actor = None if arrival.payload.get("anonymous") else "desk"
        case = self._do(what, self.engine.start, arrival.process, arrival.payload, actor=actor)
        if case is None:
            return
        if arrival.process in SHARES:
            self._filed[_kind(arrival.process)].append(case.id)
        draw = self._chosen.random()
        if draw < 0.02:
            self._later(case.id, 0.1, 30, lambda: self._cancel(case.id))
        elif draw < 0.35:
            self._later(case.id, 0.5, 25, lambda: self._say(case.id))

    def _look(self) -> None:
        """People look what there is to do: every other hour of a working day, and now and then on others."""
        now = self.clock.now().astimezone(self.calendar.zone)
        for row in sorted(self._fresh(now), key=_order):
            self._assign(row, now)
        if self._progress is not None and now.hour == 9:
            self._progress(now, self.commands.total())
        step = 2 if self.calendar.is_working_day(now.date()) else 4
        following = now + timedelta(hours=step)
        if following.hour > 18 or following.date() != now.date():
            following = datetime(now.year, now.month, now.day, 9, tzinfo=now.tzinfo) + timedelta(days=1)
        self._plan(following, self._look)

    def _fresh(self, now: datetime) -> Iterator[TaskRow]:
        """Tasks that are open and that nobody has seen yet; by their time, for open ones pile up over the year."""
        task = sql_tables.named("task").c
        with self._store.engine.connect() as connection:
            newer = select(task.case_id, task.token).where(task.created_at >= to_ticks(self._looked))
            names = [f"{case_id}.{token}" for case_id, token in connection.execute(newer)]
        self._looked = now
        with self.engine.store.reading() as tx:
            for name in names:
                row = _row(tx, name) if name not in self._seen else None
                if row is not None:
                    self._seen.add(name)
                    yield row

    def _assign(self, row: TaskRow, now: datetime) -> None:
        """When somebody does it: mostly in time, sometimes late, sometimes never."""
        draw = self._chosen.random()
        if draw < 0.03:
            return
        left = (row.due_at - now) if row.due_at is not None else timedelta(hours=self._chosen.expovariate(1 / 20))
        if left < timedelta(hours=1):
            left = timedelta(hours=1)
        share = self._chosen.uniform(0.02, 0.7) if draw < 0.85 else self._chosen.uniform(0.9, 2.2)
        at = now + min(left * share, timedelta(days=60))
        self._plan(at, lambda: self._complete(row.id))

    def _complete(self, task_id: str) -> None:
        try:
            around = self.engine.surroundings(task_id)
            with self.engine.store.reading() as tx:
                row = _row(tx, task_id)
                task = self.engine.task_view(tx, row) if row is not None else None
        except _GONE:
            return
        if task is None:
            return
        form = self.engine.bundle(task.case_id).forms.get(task.form) if task.form else None
        actor, name = self._chosen.choice(PEOPLE), f"{task.process}/{task.element}"
        own = self._filed[_kind(task.process)]
        for _ in range(_TRIES):
            data = answer(form, around, self._chosen, own) if form is not None else {}
            try:
                self.engine.complete(task_id, data, actor=actor)
            except InvalidData as error:
                self.refused[name] = str(error)
                continue
            except _GONE:
                return
            self.refused.pop(name, None)
            self.commands["tasks completed"] += 1
            return
        self.commands["tasks that nobody could complete"] += 1

    def _say(self, case_id: str) -> None:
        """The reporter, or somebody else, has something to say that the case listens to."""
        case = self._case(case_id)
        if case is None or case.status != "active" or not case.messages:
            return
        message = self._chosen.choice(sorted(case.messages))
        self._do("messages", self.engine.correlate, message, key=case.key, data=_SAID, actor="desk")

    def _cancel(self, case_id: str) -> None:
        case = self._case(case_id)
        if case is not None and case.status == "active":
            self._do("cases called off", self.engine.cancel, case_id, "withdrawn", actor="desk")

    # -- inside -----------------------------------------------------------------------------

    def _later(self, case_id: str, least: float, most: float, act: Callable[[], None]) -> None:
        self._plan(self.clock.now() + timedelta(days=self._chosen.uniform(least, most)), act)

    def _case(self, case_id: str) -> Case | None:
        try:
            return self.engine.case(case_id)
        except ComplaintflowError:
            return None

    def _do(self, what: str, command: Callable[..., Any], *args: Any, **facts: Any) -> Any:
        try:
            done = command(*args, **facts)
        except _GONE:
            return None
        except InvalidData as error:
            self.refused[f"{what}: {args[0]}"] = str(error)
            return None
        self.commands[what] += 1
        return done


def _kind(process: str) -> str:
    """What the processes around a complaint have in common with it: those of "hr" ask for cases of "hr"."""
    return process.partition("-")[0]


def _order(row: TaskRow) -> tuple[Any, ...]:
    """One that is the same in every run: ids of cases are not."""
    return row.created_at, row.process, row.element, row.token


def _row(tx: Transaction, task_id: str) -> TaskRow | None:
    case_id, _, token = task_id.partition(".")
    return next((row for row in tx.tasks(case_id=case_id) if row.token == int(token)), None)
