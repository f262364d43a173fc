"""Where the rows of a suspended case are: in its own sealed book, out of every worker's and everybody's reach.

A suspended case has no rows of tasks, timers and jobs, so no question that a worker or an inbox asks can find one, and
nobody pays for asking whether a case is suspended. Subscriptions stay: a message then meets a case that says why it
does not take it, and begins no other one. What the case would open meanwhile is kept here too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from datetime import datetime
from typing import Any, Final

from complaintflow.records import dataclass
from complaintflow.store.rows import Change, JobRow, TaskRow, TimerRow

PARKED: Final = "parked"


@dataclass(slots=True)
class Parked:
    """The rows of a suspended case."""

    tasks: list[TaskRow] = field(default_factory=list)
    timers: list[TimerRow] = field(default_factory=list)
    jobs: list[JobRow] = field(default_factory=list)

    def joined(self, change: Change) -> Change:
        """A change of the case that opens these rows too, as far as it does not close or open them itself."""
        change.tasks = _merged(self.tasks, change.closed_tasks, change.tasks)
        change.timers = _merged(self.timers, change.closed_timers, change.timers)
        change.jobs = _merged(self.jobs, change.closed_jobs, change.jobs)
        return change


def parked(ledger: dict[str, Any]) -> Parked:
    """What is kept in a case's ledger; nothing for a case that is not suspended."""
    kept = ledger.get(PARKED, {})
    return Parked(
        tasks=[_read(TaskRow, row) for row in kept.get("tasks", ())],
        timers=[_read(TimerRow, row) for row in kept.get("timers", ())],
        jobs=[_read(JobRow, row) for row in kept.get("jobs", ())],
    )


def park(ledger: dict[str, Any], rows: Parked) -> None:
    """Keep these rows, and no others."""
    ledger[PARKED] = {
        name: [_packed(row) for row in found]
        for name, found in (("tasks", rows.tasks), ("timers", rows.timers), ("jobs", rows.jobs))
        if found
    }


def divert(ledger: dict[str, Any], change: Change) -> None:
    """Keep what a suspended case would open, and forget what it closed."""
    whole = parked(ledger).joined(change)
    park(ledger, Parked(whole.tasks, whole.timers, whole.jobs))
    change.tasks, change.timers, change.jobs = [], [], []


def _merged(kept: list[Any], closed: Iterable[int], opened: list[Any]) -> list[Any]:
    gone = set(closed)
    rows = {row.token: row for row in kept if row.token not in gone}
    return list((rows | {row.token: row for row in opened}).values())


def _packed(row: Any) -> list[Any]:
    return [value.isoformat() if isinstance(value, datetime) else value for value in row]


def _read(kind: Any, packed: list[Any]) -> Any:
    values = dict(zip(kind._fields, packed, strict=True))
    for name, value in values.items():
        if name.endswith("_at") and value is not None:
            values[name] = datetime.fromisoformat(value)
        elif isinstance(value, list):
            values[name] = tuple(value)
    return kind(**values)
