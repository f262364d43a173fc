"""What a log is made of: the cases of a store, one after the other, with what happened to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from complaintflow.history.facts import FACT
from complaintflow.history.promises import BROKEN, DROPPED, KEPT, MOVED, PROMISED
from complaintflow.labels import labels
from complaintflow.records import dataclass
from complaintflow.store.rows import CaseRow, HistoryRow

if TYPE_CHECKING:
    from complaintflow.definition.definition import Bundle
    from complaintflow.store.port import Transaction

PROMISES: Final = frozenset({PROMISED, MOVED, KEPT, BROKEN, DROPPED})
"""Events of a deadline, each with its name and due time."""

_DONE: Final = frozenset({"task-completed", "job-done", "timer-fired", "message", "signal"})
# Whose element is not what it is about: the case's own beginning and end.
_OF_CASE: Final = frozenset({"started", "ended", "cancelled"})
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of a case.

    Attributes:
        number: of the case, from 1.
        activity: the label of the element or deadline, with the kind of event where it was not simply done.
        event: as history has it, e.g. "task-completed".
        token: of the visit, or of the promise.
        name, value: of a fact or a promise, without the policy in front.
    """

    number: int
    at: datetime
    activity: str
    event: str
    element: str | None
    token: int | None
    name: str | None = None
    value: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether the activity was carried out with it, rather than something said of it."""
        return self.event in _DONE or self.event in _OF_CASE

    @property
    def is_fact(self) -> bool:
        """Whether it only says what is known of the case."""
        return self.event == FACT

    @property
    def is_promise(self) -> bool:
        """Whether it is about a deadline."""
        return self.event in PROMISES


@dataclass(frozen=True, slots=True)
class Trace:
    """One case and what happened to it, in order.

    ``kinds`` are those of the policy's facts: "category", "boolean", "number", "money" or "person".
    """

    case: CaseRow
    events: tuple[Happening, ...]
    kinds: Mapping[str, str]

    def kind(self, fact: str) -> str:
        """The kind of a fact, or of a part of one (``cost/company``)."""
        return self.kinds.get(fact.partition("/")[0], "category")


@dataclass(frozen=True, slots=True)
class EventLog:
    """The cases of a store that began in a time.

    Args:
        tx: a transaction that only reads: it sees one moment, however long it takes.
        bundle: the definition of a case.
        process: only cases of this one.
        since, until: aware; only cases that began from then on, and before then.
        language: of the labels.
        seen: told how many cases have been looked at.
    """

    tx: Transaction
    bundle: Callable[[Transaction, CaseRow], Bundle]
    process: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    language: str = "en"
    seen: Callable[[int], None] | None = None
    _names: dict[str, dict[str, str]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Trace]:
        after, looked = "", 0
        while rows := self.tx.case_rows(after, _BATCH):
            for row in rows:
                if self._chosen(row):
                    facts = self.bundle(self.tx, row).policy.facts
                    events = tuple(self._event(row, entry) for entry in self.tx.history(row.id))
                    yield Trace(row, events, {name: fact.kind for name, fact in facts.items()})
            after, looked = rows[-1].id, looked + len(rows)
            if self.seen is not None:
                self.seen(looked)

    def _chosen(self, row: CaseRow) -> bool:
        return (
            self.process in (None, row.process)
            and (self.since is None or row.created_at >= self.since)
            and (self.until is None or row.created_at < self.until)
        )

    def _event(self, row: CaseRow, entry: HistoryRow) -> Happening:
        counted = entry.name is not None and entry.event not in _OF_CASE
        return Happening(
            entry.seq,
            entry.at,
            self._activity(row, entry),
            entry.event,
            entry.element,
            entry.token,
            str(entry.name).partition("/")[2] if counted else None,
            entry.value if counted else None,
        )

    def _activity(self, row: CaseRow, entry: HistoryRow) -> str:
        if entry.event in PROMISES and entry.name is not None:
            return f"{self._deadline(row, entry.name)} ({entry.event})"
        if entry.element is None or entry.event in _OF_CASE:
            return entry.event
        label = self._labels(row).get(entry.element, entry.element)
        return label if entry.event in _DONE else f"{label} ({entry.event})"

    def _deadline(self, row: CaseRow, qualified: str) -> str:
        """What people call a deadline of the policy."""
        policy_id, _, name = qualified.partition("/")
        entry = self.bundle(self.tx, row).policies.of(policy_id).deadlines.get(name)
        words = entry.label if entry is not None else {}
        return words.get("zh" if self.language == "zh" else "en", name)

    def _labels(self, row: CaseRow) -> dict[str, str]:
        if row.bundle not in self._names:
            bundle = self.bundle(self.tx, row)
            words = labels(bundle, self.language)
            self._names[row.bundle] = {
                node.bpmn_id: words.get((node.bpmn_id, node.label), node.label) for node in bundle.program.nodes
            }
        return self._names[row.bundle]
