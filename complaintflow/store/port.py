"""The port of a store: what an organisation implements to keep cases elsewhere.

The contract suite in ``complaintflow.testing.store_contract`` says whether it did. A store moves rows; it never looks
into the ``bytes`` it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from complaintflow.store.hands import Queue
from complaintflow.store.rows import (
    AnchorRow,
    AttachmentRow,
    Backlog,
    BundleRow,
    CaseRow,
    Change,
    Counting,
    HistoryRow,
    IncidentRow,
    JobRow,
    NoticeRow,
    ScheduleRow,
    Spread,
    SubscriptionRow,
    Tally,
    TaskRow,
    TimerRow,
)


class Transaction(Protocol):
    """One database transaction. Leaving its ``with`` block commits; an exception rolls back."""

    def write(self, change: Change) -> None:
        """Write one command's change. A refused one leaves nothing of itself, and the transaction can go on.

        Raises:
            StaleCase: the stored version is not ``change.case.version - 1``, or the database found a conflict.
            DuplicateKey: another case of the process has this business key.
            StoreError: the transaction only reads, or the change would overwrite history.
        """

    def case(self, case_id: str, shard: int | None = None) -> CaseRow:
        """Raises UnknownCase. ``shard`` is what ``anchor`` will be asked for: a hint, to read both in one go."""

    def anchor(self, shard: int) -> AnchorRow:
        """A shard of the store's head; one that is not there has tick 0."""

    def start_anchors(self, rows: Sequence[AnchorRow]) -> None:
        """Write the first rows of the store's head."""

    def secret(self, name: str) -> bytes | None:
        """A wrapped secret of the whole store."""

    def set_secret(self, name: str, wrapped: bytes, *, replace: bool = False) -> None:
        """Keep a wrapped secret; one that is there already stays, unless it is to be replaced."""

    def sealed_keys(self, after: str, limit: int) -> list[tuple[str, bytes]]:
        """Ids greater than ``after`` of cases that have a key, with it, in order of the id."""

    def reseal(self, case_id: str, before: bytes, after: bytes) -> None:
        """Put a case's newly wrapped key in the place of the old one, if that is still there."""

    def kept_until(self, now: datetime, after: str, limit: int) -> list[str]:
        """Ids greater than ``after`` of cases with ``keep_until <= now`` that have a key, in order of the id."""

    def look(self, case_id: str, version: int, looked_at: datetime) -> None:
        """Note when the end of a case's retention was first seen, if the case is still at this version."""

    def case_rows(self, after: str, limit: int) -> list[CaseRow]:
        """Cases with ids greater than ``after``, in order of the id."""

    def values(self, case_id: str) -> dict[str, bytes]:
        """The case's large values by name."""

    def case_ids(
        self,
        *,
        process: str | None = None,
        key: str | None = None,
        status: str | None = None,
        prefix: str | None = None,
        limit: int = 100,
    ) -> list[str]:
        """Ids of matching cases, newest first; ``prefix`` is a beginning of the id."""

    def bundle(self, digest: str) -> bytes | None:
        """The stored files of a definition."""

    def tasks(
        self,
        *,
        case_id: str | None = None,
        token: int | None = None,
        groups: Sequence[str] | None = None,
        user: str | None = None,
        process: str | None = None,
        due_before: datetime | None = None,
        limit: int | None = None,
    ) -> list[TaskRow]:
        """Open tasks by due time (those without one last), then priority (high first), then age.

        ``groups`` matches any of the candidate groups; ``user`` matches the assignee or a candidate user; all
        conditions that are given must hold.
        """

    def timers(self, case_id: str) -> list[TimerRow]:
        """The case's open timers, earliest first."""

    def subscriptions(self, case_id: str) -> list[SubscriptionRow]:
        """What the case waits to hear."""

    def jobs(self, case_id: str) -> list[JobRow]:
        """The case's outbox, by token."""

    def incidents(self, case_id: str | None = None, limit: int = 100) -> list[IncidentRow]:
        """Open incidents, oldest first."""

    def history(self, case_id: str, after: int = 0) -> list[HistoryRow]:
        """Entries with ``seq`` greater than ``after``, in order."""

    def notices(self, case_id: str) -> list[NoticeRow]:
        """Notices of the case in the order they were written."""

    def attachments(self, case_id: str) -> list[AttachmentRow]:
        """The case's attachments without their content, by number."""

    def attachment(self, case_id: str, number: int) -> bytes | None:
        """The content of an attachment, as it was stored; None if there is none of that number."""

    def receipt(self, digest: bytes) -> str | None:
        """The id of the case that a receipt belongs to."""

    def count_tries(self, begun_at: datetime, by: int) -> int:
        """Add to the number of receipts tried in the window that began then, and return it; forget earlier windows."""

    def due_timers(self, now: datetime, limit: int) -> list[TimerRow]:
        """Timers with ``due_at <= now``, earliest first."""

    def set_schedule(
        self, before: ScheduleRow | None, after: ScheduleRow | None, bundle: BundleRow | None = None
    ) -> None:
        """Put one row in the place of another of the same process and element; None is no row.

        ``bundle`` is stored with it. Like ``write``, a refused one leaves nothing of itself.

        Raises:
            StaleCase: what is stored is not ``before``, field for field, or the database found a conflict.
            StoreError: the transaction only reads.
        """

    def schedules(self, process: str | None = None) -> list[ScheduleRow]:
        """What is on the schedule, of one process or of all, by process and element."""

    def due_schedules(self, now: datetime, limit: int) -> list[ScheduleRow]:
        """Rows with ``due_at <= now``, earliest first."""

    def provisional_cases(self, after: str, limit: int) -> list[str]:
        """Ids greater than ``after`` of cases with a provisional timer or task, in order of the id."""

    def next_due(self) -> datetime | None:
        """The earliest time of any timer, schedule or job; a held job counts from the end of its lease."""

    def lease_jobs(
        self,
        now: datetime,
        until: datetime,
        owner: str,
        limit: int,
        case_id: str | None = None,
        without: Sequence[str] = (),
    ) -> list[JobRow]:
        """Take jobs with ``due_at <= now`` that nobody holds, oldest first, and hold them until ``until``.

        Jobs of the types in ``without`` are left to others. Two callers never get the same job before its lease ends.
        """

    def give_back(self, jobs: Sequence[JobRow], owner: str, ready_at: datetime) -> None:
        """Let go of jobs that ``owner`` holds: anybody may take them from ``ready_at`` on. Others' jobs stay theirs."""

    def waiting(self, kind: str, name: str, key: str | None) -> list[SubscriptionRow]:
        """Tokens of any case that wait for this message (same key) or signal (key None), oldest case first."""

    # What follows is counted from entries that have a name. A store without a language for it reads them all and lets
    # ``complaintflow.store.counting`` answer.

    def tally(self, counting: Counting) -> list[Tally]:
        """How many entries there are of each name and value; with ``cases``, how many cases have one with a value."""

    def spread(self, counting: Counting) -> list[Spread]:
        """Median and ninth tenth of the entries' values; entries without a value are left out."""

    def due_promises(self, counting: Counting) -> list[Tally]:
        """How many promises were due from ``since`` on and before ``until``, by name and "kept" or "late".

        A promise is the entries of one case, token and name, of any of ``events``. Its last entry before ``until``
        says when it is due (``value``) and how it stands: "kept" if that is the event, not counted if it is "dropped",
        "late" else. It is "promised" once; only "moved" gives it another time, and the others say the one that stands.
        """

    def counted(
        self, events: Sequence[str], names: Sequence[str], since: datetime, until: datetime, limit: int
    ) -> list[HistoryRow]:
        """Entries of any of these events and names, written from ``since`` on and before ``until``, the oldest first.

        ``detail`` and ``digest`` are left out (b"").
        """

    def beat(self, owner: str, now: datetime) -> None:
        """Note that this worker is alive."""

    def backlog(self, now: datetime, alive_since: datetime) -> Backlog:
        """What is due (a schedule counts as a timer), and how many workers have beaten since ``alive_since``."""


class Store(Protocol):
    """Where cases live."""

    @property
    def queue(self) -> Queue | None:
        """Who tells workers of ready jobs; None: they look for them, and an engine runs at once what it made ready."""

    def listening(self, wake: Callable[[], None]) -> AbstractContextManager[object]:
        """While inside, call ``wake`` (from any thread) when others left work here, as far as the store can tell."""

    @property
    def shards(self) -> int:
        """Over how many rows the store's head is spread: 1 where only one transaction writes at a time."""

    @property
    def folder(self) -> Path | None:
        """Where its files are, if it has some here: the key that seals them is kept elsewhere."""

    @property
    def lasting(self) -> bool:
        """Whether cases outlive this process."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction that may write.

        Raises:
            StoreUnavailable: the database does not answer, is locked too long or cannot be written.
        """

    def reading(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction that only reads: a consistent picture that blocks nobody."""

    def clean(self) -> None:
        """Overwrite what deleted rows have left in the store's own files."""

    def using(self, connection: object) -> Store:
        """A store on a connection that somebody else owns: it neither commits nor rolls back.

        Args:
            connection: for the SQL stores an SQLAlchemy ``Session`` or ``Connection``.
        """

    def close(self) -> None:
        """Give the connections back. Idempotent."""
