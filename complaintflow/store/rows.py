"""What a store keeps: one immutable record per table, and the change that one command makes.

The plain columns are an allow-list: routing keys and times. Everything a reporter, a handler or a member of staff
said, and who they are, is inside ``bytes`` fields, which are sealed under the case's own key
(``complaintflow.sealing``) and mean nothing to a store.

All times are aware datetimes in UTC. A *token* is the number of one visit of one flow node,
unique within its case and never used again; a row that belongs to it has the same number.

Records are named tuples: a step makes a dozen of them, and frozen dataclasses cost it a twentieth.
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from decimal import Decimal

from complaintflow.records import NamedTuple, dataclass


class CaseRow(NamedTuple):
    """One case. ``version`` starts at 1 and grows by one with each command.

    ``length`` and ``head`` are the number of its history entries and the digest of the last. ``sealed_key`` is the
    case's key, wrapped; None when it was destroyed. ``keep_until`` is when its retention ends (None while it is open),
    ``looked_at`` when that was first seen to have passed; a case that is ``held`` is kept all the same.
    """

    id: str
    process: str
    bundle: str
    key: str | None
    status: str
    version: int
    created_at: datetime
    updated_at: datetime
    state: bytes
    length: int
    head: bytes
    sealed_key: bytes | None
    keep_until: datetime | None = None
    looked_at: datetime | None = None
    held: bool = False


class AnchorRow(NamedTuple):
    """One shard of the store's head (``complaintflow.sealing.anchor``). ``tick`` grows by one with each change."""

    shard: int
    tick: int = 0
    total: bytes = b""


class TaskRow(NamedTuple):
    """An open user task. ``groups`` are the candidate groups; ``provisional`` says the due date may still move.

    ``bundle`` is the case's, so that an inbox reads no cases.
    """

    case_id: str
    token: int
    process: str
    element: str
    groups: tuple[str, ...]
    users: tuple[str, ...]
    assignee: str | None
    priority: int
    created_at: datetime
    due_at: datetime | None
    follow_up_at: datetime | None
    provisional: bool
    bundle: str

    @property
    def id(self) -> str:
        """The public task id, ``<case id>.<token>``."""
        return f"{self.case_id}.{self.token}"


class TimerRow(NamedTuple):
    """A timer waiting for ``due_at``. ``deadline`` is the policy's name for it, if it has one."""

    case_id: str
    token: int
    element: str
    due_at: datetime
    deadline: str | None
    provisional: bool


class SubscriptionRow(NamedTuple):
    """A token waiting for a message (``kind`` "message", correlated by ``key``) or a signal ("signal")."""

    case_id: str
    token: int
    kind: str
    name: str
    key: str | None
    element: str


class JobRow(NamedTuple):
    """A piece of work for a handler: one row of the outbox.

    ``attempt`` counts finished attempts; ``due_at`` is when the next one may start. A job without
    retries left stays here (``due_at`` None) until its incident is resolved.
    """

    case_id: str
    token: int
    type: str
    element: str
    attempt: int
    retries: int
    due_at: datetime | None

    @property
    def key(self) -> str:
        """The idempotency key: the same for every attempt."""
        return f"{self.case_id}.{self.token}"


class IncidentRow(NamedTuple):
    """Something a person must look at. ``detail`` is sealed: an error text can quote a stored value."""

    case_id: str
    token: int
    kind: str
    element: str
    created_at: datetime
    detail: bytes

    @property
    def id(self) -> str:
        """The public incident id, ``<case id>.<token>``."""
        return f"{self.case_id}.{self.token}"


class HistoryRow(NamedTuple):
    """One entry of a case's history; ``digest`` chains it to the entry before. ``detail`` says what and who.

    ``name`` and ``value`` are what figures are counted from, and stay when the rest is destroyed: see
    ``complaintflow.history.facts`` and ``complaintflow.history.promises``.
    """

    case_id: str
    seq: int
    at: datetime
    event: str
    element: str | None
    token: int | None
    detail: bytes
    digest: bytes
    name: str | None = None
    value: str | None = None


class NoticeRow(NamedTuple):
    """A rendered notice as it left, sealed."""

    case_id: str
    token: int
    name: str
    channel: str
    created_at: datetime
    content: bytes


class AttachmentRow(NamedTuple):
    """A file of a case, the ``number``-th that came. ``facts`` are its name, type and digest, and who brought it.

    ``size`` is that of ``content`` as it is stored; a list of attachments leaves the content out (b"").
    """

    case_id: str
    number: int
    created_at: datetime
    size: int
    facts: bytes
    content: bytes = b""


class ReceiptRow(NamedTuple):
    """What an anonymous reporter comes back with: a memory-hard hash of it, and the case."""

    digest: bytes
    case_id: str


class BundleRow(NamedTuple):
    """The files of a definition, stored with the first case that uses it."""

    digest: str
    process: str
    content: bytes


class ScheduleRow(NamedTuple):
    """A start event that the clock sets off, put on the schedule by ``Engine.schedule``.

    ``bundle`` is the definition that is started. ``timer`` is what the event's timer said at ``set_at``, e.g.
    "cycle R/7 days". ``due_at`` is when the next case starts (None: it is over), ``rounds`` how many are left, that one
    included (None: without end).
    """

    process: str
    element: str
    bundle: str
    timer: str
    set_at: datetime
    due_at: datetime | None
    rounds: int | None


@dataclass(frozen=True, slots=True)
class Counting:
    """What is counted in histories, by the plain columns of their entries, the content of all cases left closed.

    Attributes:
        events, names: entries of any of these events and names; a name that ends in "/" is all names that begin so.
        since, until: entries written from ``since`` on and before ``until``.
        by: names of facts; what the case's last entry of each before ``until`` says is counted apart.
        last: of each case and name only the last such entry.
        cases: how many cases have one, whatever its name and how it stands (name "", value None): of promises, one
            that is due; of other entries, one with a value.
    """

    events: tuple[str, ...]
    names: tuple[str, ...]
    since: datetime
    until: datetime
    by: tuple[str, ...] = ()
    last: bool = False
    cases: bool = False


class Tally(NamedTuple):
    """How many entries have this name and value; ``by`` are the values of ``Counting.by`` (None: not known)."""

    name: str
    value: str | None
    by: tuple[str | None, ...]
    number: int


class Spread(NamedTuple):
    """Of the values of entries, as numbers: how many, the median, and what nine of ten do not exceed.

    Both are values that are there, by nearest rank: the k-th smallest, with k = half (nine tenths) of the number,
    rounded up.
    """

    by: tuple[str | None, ...]
    number: int
    median: Decimal
    ninth: Decimal


@dataclass(slots=True)
class Change:
    """Everything one command writes, in one commit.

    ``case.version`` is the new version: 1 inserts, n updates where n-1 is stored. Opened rows
    replace a row of the same token; closed tokens need not have a row. ``values`` are variables
    too large for the state (None deletes). ``anchor`` replaces the row of its shard whose tick is one less.
    A case without ``sealed_key`` loses its key, large values, notices, incidents, attachments and receipt for good.
    ``fresh`` is a hint: of tokens from this number on nothing is stored yet (None: not known).
    """

    case: CaseRow
    tasks: list[TaskRow] = field(default_factory=list)
    timers: list[TimerRow] = field(default_factory=list)
    subscriptions: list[SubscriptionRow] = field(default_factory=list)
    jobs: list[JobRow] = field(default_factory=list)
    incidents: list[IncidentRow] = field(default_factory=list)
    closed_tasks: list[int] = field(default_factory=list)
    closed_timers: list[int] = field(default_factory=list)
    closed_subscriptions: list[int] = field(default_factory=list)
    closed_jobs: list[int] = field(default_factory=list)
    closed_incidents: list[int] = field(default_factory=list)
    history: list[HistoryRow] = field(default_factory=list)
    notices: list[NoticeRow] = field(default_factory=list)
    values: dict[str, bytes | None] = field(default_factory=dict)
    attachments: list[AttachmentRow] = field(default_factory=list)
    receipt: ReceiptRow | None = None
    bundle: BundleRow | None = None
    anchor: AnchorRow | None = None
    fresh: int | None = None


class Backlog(NamedTuple):
    """What is due and not done: for the warning that no worker is alive."""

    timers: int
    jobs: int
    oldest: datetime | None
    workers: int
