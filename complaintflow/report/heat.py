"""Where cases wait, where promises break and which ways they go: read from the histories of cases.

Elements and flows that a case went through stand in the sealed details of its history (``path`` and ``opened``), so
this opens entries; nothing but ids of the diagram and times is taken out. At most so many cases are opened, drawn by
lot (reproducibly); those whose content was destroyed cannot be.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from complaintflow.bpmn.activities import UserTask
from complaintflow.case.places import history_place
from complaintflow.history.promises import BROKEN, PROMISED
from complaintflow.records import dataclass
from complaintflow.store.counting import rank

if TYPE_CHECKING:
    from complaintflow.definition.definition import Bundle
    from complaintflow.figures.table import Figures
    from complaintflow.sealing.vault import CaseCodec
    from complaintflow.store.port import Transaction
    from complaintflow.store.rows import CaseRow, HistoryRow

CASES: Final = 500
"""So many cases are opened, unless the caller says otherwise."""
_ALL: Final = 1_000_000
_DONE: Final = "task-completed"


@dataclass(slots=True)
class Heat:
    """What the cases that began in the time did until its end.

    Attributes:
        began: how many there are.
        shredded: how many of those chosen cannot be read any more.
        read: how many were.
        waits: user task -> how long each of its visits lasted, those that go on until the end of the time included.
        open: user task -> how many of those visits go on.
        taken: (process, flow) -> how often it was taken.
        places: deadline -> element at which it stands.
    """

    began: int = 0
    shredded: int = 0
    read: int = 0
    waits: dict[str, list[timedelta]] = field(default_factory=lambda: defaultdict(list))
    open: Counter[str] = field(default_factory=Counter)
    taken: Counter[tuple[str, str]] = field(default_factory=Counter)
    places: dict[str, str] = field(default_factory=dict)

    def median(self, element: str) -> timedelta | None:
        """Of an element's visits, by nearest rank."""
        times = sorted(self.waits.get(element, ()))
        return times[rank(len(times), 5) - 1] if times else None

    def total(self, element: str) -> timedelta:
        """All of an element's visits together."""
        return sum(self.waits.get(element, ()), timedelta())


def read(
    tx: Transaction,
    bundle: Bundle,
    figures: Figures,
    codec: Callable[[CaseRow], CaseCodec],
    most: int = CASES,
) -> Heat:
    """Look into the cases of a policy that began in the time of its figures.

    Args:
        codec: what opens a case.
        most: no more cases than that are opened.
    """
    policy, since, until = figures.policy, figures.period.since, figures.counted_until
    began = {row.case_id for row in tx.counted(("started",), (f"{policy}/",), since, until, _ALL)}
    heat = Heat(began=len(began))
    seats: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for case_id in sorted(began, key=_lot)[:most]:
        row = tx.case(case_id)
        if row.sealed_key is None:
            heat.shredded += 1
            continue
        heat.read += 1
        opener = codec(row)
        rows = tx.history(case_id)
        _follow(heat, bundle, tx, row, rows, opener, until)
        for deadline, element in _seats(bundle, tx, case_id, rows, policy):
            seats[deadline][element] += 1
    heat.places = {deadline: max(sorted(found), key=found.__getitem__) for deadline, found in seats.items()}
    for name, entry in bundle.policy.deadlines.items():
        if entry.met_by:
            heat.places[name] = entry.met_by[0]
    return heat


def _lot(case_id: str) -> str:
    """An order that has nothing to do with the cases, and is the same each time."""
    return hashlib.sha256(case_id.encode()).hexdigest()


def _follow(
    heat: Heat,
    bundle: Bundle,
    tx: Transaction,
    row: CaseRow,
    rows: Iterable[HistoryRow],
    codec: CaseCodec,
    until: datetime,
) -> None:
    """One case's way. A task is done with the last visit that was opened: those before it were called off."""
    waiting: defaultdict[str, list[datetime]] = defaultdict(list)
    for entry in rows:
        if entry.event == _DONE and entry.element is not None and waiting[entry.element]:
            begun = waiting[entry.element].pop()
            heat.waits[entry.element].append(min(entry.at, until) - begun)
            heat.open[entry.element] += entry.at >= until
        if entry.at >= until:
            continue
        detail: Mapping[str, Any] = codec.decode(history_place(entry.seq), entry.detail)[1]
        for place in detail.get("path", ()):
            process, _, element = place.rpartition("/")
            heat.taken[process or row.process, element] += 1
        for element in detail.get("opened", ()):
            if bundle.program.find(element, UserTask) is not None:
                waiting[element].append(entry.at)
    for task in tx.tasks(case_id=row.id):
        if task.created_at < until:
            heat.waits[task.element].append(until - task.created_at)
            heat.open[task.element] += 1


def _seats(
    bundle: Bundle, tx: Transaction, case_id: str, rows: list[HistoryRow], policy: str
) -> Iterable[tuple[str, str]]:
    """At which elements the promises of a case stood: by the number of the visit."""
    elements = {entry.token: entry.element for entry in rows if entry.element and entry.token is not None}
    elements |= {task.token: task.element for task in tx.tasks(case_id=case_id)}
    elements |= {timer.token: timer.element for timer in tx.timers(case_id)}
    for entry in rows:
        if entry.event in (PROMISED, BROKEN) and entry.name and entry.token in elements:
            owner, _, deadline = entry.name.partition("/")
            if owner == policy:
                yield deadline, str(elements[entry.token])
