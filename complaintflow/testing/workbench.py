"""A whole engine on SQLite in memory, with a clock that only moves when it is told to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from complaintflow.bpmn.program import Program
from complaintflow.facade.engine import Engine
from complaintflow.facade.views import Case, Scheduled
from complaintflow.handlers.registry import Handlers
from complaintflow.notices.notices import Notice
from complaintflow.records import dataclass
from complaintflow.store.port import Store
from complaintflow.time.calendar import WorkingCalendar
from complaintflow.time.clock import VirtualClock


@dataclass(slots=True)
class RecordingNotifier:
    """Keeps what would have been sent."""

    sent: list[Notice] = field(default_factory=list)

    def deliver(self, notice: Notice) -> None:
        """Keep it."""
        self.sent.append(notice)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which elements and flows of a process were visited. ``missing`` is in the order of the file."""

    process: str
    visited: frozenset[str]
    every: tuple[str, ...]

    @property
    def missing(self) -> list[str]:
        """Elements and flows that no case of the workbench came by."""
        return [element for element in self.every if element not in self.visited]

    @property
    def share(self) -> float:
        """Visited of all, 0 to 1."""
        return 1 - len(self.missing) / len(self.every) if self.every else 1.0

    def __str__(self) -> str:
        seen = len(self.every) - len(self.missing)
        line = f"{self.process}: {seen} of {len(self.every)} elements and flows visited ({self.share:.0%})"
        return line + (f"; not: {', '.join(self.missing)}" if self.missing else "")


class Workbench:
    """Starts cases, moves time, looks.

    Args:
        layers, handlers, provide, calendar: as for ``Engine``.
        database: an URL or store; default SQLite in memory.
        now: where the clock starts, aware; default Monday 2026-03-02, 09:00 in Shanghai.

    Attributes:
        engine: the engine.
        notices: every notice that was sent, in order.
    """

    def __init__(
        self,
        *,
        layers: Sequence[str | Path] = (),
        handlers: Sequence[Handlers] = (),
        provide: Mapping[type, Any] | None = None,
        calendar: WorkingCalendar | None = None,
        database: str | Store = "sqlite://",
        now: datetime | None = None,
    ) -> None:
        self.calendar = calendar or WorkingCalendar("CN")
        self.clock = VirtualClock(now or datetime(2026, 3, 2, 9, tzinfo=self.calendar.zone))
        self.notifier = RecordingNotifier()
        self.engine = Engine(
            database,
            layers=layers,
            handlers=handlers,
            provide=provide,
            calendar=self.calendar,
            clock=self.clock,
            notifier=self.notifier,
        )

    @property
    def notices(self) -> list[Notice]:
        """Every notice that was sent, in order."""
        return self.notifier.sent

    @property
    def now(self) -> datetime:
        """The clock, in the calendar's zone."""
        return self.clock.now().astimezone(self.calendar.zone)

    def start(
        self,
        process: str,
        payload: Mapping[str, Any] | None = None,
        *,
        today: str | date | None = None,
        key: str | None = None,
        actor: str | None = None,
        **fields: Any,
    ) -> Case:
        """Start a case; ``fields`` are added to the payload.

        Args:
            today: first move the clock to 09:00 of this day (ISO 8601), in the calendar's zone.
        """
        if today is not None:
            self.at(today)
        return self.engine.start(process, {**(payload or {}), **fields}, key=key, actor=actor)

    def schedule(self, process: str) -> list[Scheduled]:
        """Let the clock start cases of a process when it is moved on; see ``Engine.schedule``."""
        return self.engine.schedule(process)

    def case(self, case_id: str) -> Case:
        """The case as it is now."""
        return self.engine.case(case_id)

    def complete(
        self, case: Case, task: str, data: Mapping[str, Any] | None = None, *, actor: str | None = None, **fields: Any
    ) -> Case:
        """Complete an open task of a case, read afresh."""
        return self.case(case.id).complete(task, {**(data or {}), **fields}, actor=actor)

    def advance(self, *, working_days: int = 0, days: float = 0, hours: float = 0, minutes: float = 0) -> datetime:
        """Move the clock on, stopping at everything that falls due on the way. Returns the new time.

        ``working_days`` moves to the same time of day so many working days later.
        """
        target = self.now
        step = 1 if working_days >= 0 else -1
        for _ in range(abs(working_days)):
            target += timedelta(days=step)
            while not self.calendar.is_working_day(target.date()):
                target += timedelta(days=step)
        return self._move(target + timedelta(days=days, hours=hours, minutes=minutes))

    def at(self, moment: str | date | datetime) -> datetime:
        """Move the clock to a time; a mere day means its 09:00. Returns the new time."""
        if isinstance(moment, str):
            moment = datetime.fromisoformat(moment) if "T" in moment else date.fromisoformat(moment)
        if not isinstance(moment, datetime):
            moment = datetime.combine(moment, time(9))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self.calendar.zone)
        return self._move(moment)

    def just_before(self, moment: datetime) -> datetime:
        """Move the clock to the last microsecond before a time."""
        return self._move(moment - timedelta(microseconds=1))

    def coverage(self, process: str) -> Coverage:
        """Elements and sequence flows of a process that the cases here visited."""
        visited: set[str] = set()
        for case in self.engine.cases(process=process, limit=1_000_000):
            for event in case.history():
                visited.update(event.detail.get("path", ()))
        program = self.engine.library.newest(process).program
        return Coverage(process, frozenset(visited), tuple(_elements(program, process)))

    def close(self) -> None:
        """Give everything back."""
        self.engine.close()

    def _move(self, target: datetime) -> datetime:
        target = target.astimezone(UTC)
        while (due := self._next_due()) is not None and due <= target:
            if due > self.clock.now():
                self.clock.set(due)
            if not self.engine.drain():
                break
        self.clock.set(max(target, self.clock.now()))
        self.engine.drain()
        return self.now

    def _next_due(self) -> datetime | None:
        with self.engine.store.reading() as tx:
            return tx.next_due()


def _elements(program: Program, main: str) -> Iterator[str]:
    """Elements and flows as a case's history names them: those of called processes with the process in front."""
    for spec in program.flows.values():
        prefix = "" if spec.process_id == main else f"{spec.process_id}/"
        yield from (f"{prefix}{node.bpmn_id}" for node in spec.nodes)
        yield from (f"{prefix}{edge}" for edge in spec.edges)
