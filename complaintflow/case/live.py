"""One step of a case: (case, command) -> case', effects. No I/O.

live = LiveCase.open(row, values, bundle, ...)             what was stored, playing again
command.apply(live)                                          see ``commands.py``
live.change()                                                everything to write, in one commit
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from complaintflow.access.eligibility import Offer
from complaintflow.access.rules import Access
from complaintflow.bpmn.activities import JobWait, TaskWait, UserTask
from complaintflow.bpmn.asking import Note
from complaintflow.bpmn.game import Game
from complaintflow.bpmn.listening import is_held
from complaintflow.bpmn.marking import freeze, packed, thaw
from complaintflow.bpmn.triggers import Moment, Subscription, TimerWait
from complaintflow.case import correcting, deadlines
from complaintflow.case.host import CaseHost
from complaintflow.case.large import STATE_LIMIT, Large
from complaintflow.case.permit import Permit
from complaintflow.errors import CaseEnded, CaseSuspended, ClockWentBack, TaskAlreadyCompleted, UnknownTask
from complaintflow.history import facts, promises
from complaintflow.history.chain import Entry, chain
from complaintflow.records import dataclass
from complaintflow.store.parking import PARKED, divert, parked
from complaintflow.store.rows import (
    AttachmentRow,
    BundleRow,
    CaseRow,
    Change,
    HistoryRow,
    IncidentRow,
    JobRow,
    NoticeRow,
    ReceiptRow,
    SubscriptionRow,
    TaskRow,
    TimerRow,
)

if TYPE_CHECKING:
    from complaintflow.bpmn.token import Token
    from complaintflow.definition.definition import Bundle
    from complaintflow.sealing.vault import CaseCodec, Sealer
    from complaintflow.time.calendar import WorkingCalendar

ACTIVE: Final = "active"
SUSPENDED: Final = "suspended"
COMPLETED: Final = "completed"
CANCELLED: Final = "cancelled"
SHREDDED: Final = "shredded"

# Cases that are not over.
OPEN: Final = frozenset({ACTIVE, SUSPENDED})

# In the ledger of a case that is cancelled as soon as the listeners of its tasks have been heard.
CANCELLING: Final = "cancelling"

# How far the clocks of several machines may differ before it is an error.
SKEW: Final = timedelta(seconds=30)

# The type of the engine's own job that carries a thrown signal to other cases.
SIGNAL: Final = "#signal"


@dataclass(frozen=True, slots=True)
class Settings:
    """What all cases of an engine share. Without a ``calendar`` each policy file says its own."""

    vault: Sealer
    calendar: WorkingCalendar | None = None
    access: Access = field(default_factory=Access)


class LiveCase:
    """A case while a command works on it."""

    def __init__(
        self,
        row: CaseRow,
        bundle: Bundle,
        settings: Settings,
        codec: CaseCodec,
        now: datetime,
        actor: str | None,
        ledger: dict[str, Any],
    ) -> None:
        self.row = row
        self.bundle = bundle
        self.calendar = settings.calendar or bundle.calendar
        self.codec = codec
        self.vault = settings.vault
        self.now = now = now.astimezone(UTC)
        self.actor = actor
        self.ledger = ledger
        self.status = row.status
        self.entries: list[Entry] = []
        self.large = Large()
        self._stored_tasks: Callable[[], list[TaskRow]] = list
        self.stored_history: Callable[[], list[HistoryRow]] = list
        self.notices: list[NoticeRow] = []
        self.attachments: list[AttachmentRow] = []
        self.receipt: ReceiptRow | None = None
        self.retried: list[JobRow] = []
        self.reassigned: list[TaskRow] = []
        context = {
            "id": row.id,
            "key": row.key or row.id,
            "process": row.process,
            "started_at": row.created_at.astimezone(self.calendar.zone),
            "decisions": ledger["decided"],
        }
        self.host = CaseHost(bundle, self.calendar, now, context, ledger, actor)
        self.game: Game
        self.permit = Permit(settings.access, bundle, row.id, actor, ledger, self._open_tasks, self._scopes)

    @classmethod
    def new(
        cls, case_id: str, key: str | None, bundle: Bundle, settings: Settings, now: datetime, actor: str | None
    ) -> LiveCase:
        """A case that does not exist yet; its change inserts it."""
        sealed_key, codec = settings.vault.create(case_id)
        row = CaseRow(case_id, bundle.process_id, bundle.digest, key, ACTIVE, 0, now, now, b"", 0, b"", sealed_key)
        ledger: dict[str, Any] = {"decided": {}, "versions": {}, "promised": {}, "signals": {}}
        live = cls(row, bundle, settings, codec, now, actor, ledger)
        live.game = Game(bundle.program, live.host)
        return live

    @classmethod
    def open(
        cls,
        row: CaseRow,
        values: Callable[[], Mapping[str, bytes]],
        tasks: Callable[[], list[TaskRow]],
        bundle: Bundle,
        settings: Settings,
        now: datetime,
        actor: str | None,
    ) -> LiveCase:
        """A stored case.

        Args:
            values: fetches its large values; called only where it has some.
            tasks: fetches its open tasks; called only by commands that change one.

        Raises:
            CaseShredded: its content was destroyed.
            MissingKey, UnreadableValue: its state does not open.
        """
        codec = settings.vault.open(row.id, row.sealed_key)
        state = codec.decode(state_place(row), row.state)
        live = cls(row, bundle, settings, codec, now, actor, state["ledger"])
        live._stored_tasks = tasks
        if "large" in state["marking"]:
            live.large.join(state["marking"], values(), codec)
        live.game = thaw(state["marking"], bundle.program, live.host)
        if bundle.policy.facts:
            live.game.top.scope.noted = set()
        return live

    # -- what commands use ------------------------------------------------------------------

    @property
    def over(self) -> bool:
        """Whether nothing happens in it any more."""
        return self.status not in OPEN

    @property
    def suspended(self) -> bool:
        """Whether the case stands still until somebody resumes it."""
        return self.status == SUSPENDED

    def require_active(self) -> None:
        """Raises CaseEnded when the case takes no more commands, CaseSuspended when none until it is resumed."""
        if self.status != ACTIVE:
            error = CaseSuspended if self.suspended else CaseEnded
            raise error(f"the case is {self.status}", where=f"case {self.row.id}")

    def require_open(self) -> None:
        """Raises CaseEnded when the case is over; one that is suspended is not."""
        if self.status not in OPEN:
            raise CaseEnded(f"the case is {self.status}", where=f"case {self.row.id}")

    def require_time(self, clock: datetime) -> None:
        """Raises ClockWentBack when the case was changed later than the clock shows, by more than clocks differ."""
        changed = self.row.updated_at
        if clock < changed - SKEW:
            raise ClockWentBack(
                f"the clock shows {clock.isoformat(timespec='seconds')}, and the case was last changed "
                f"at {changed.isoformat(timespec='seconds')}",
                where=f"case {self.row.id}",
            )

    def token(self, number: int) -> Token | None:
        """The live token of this number, if it is still there."""
        try:
            return self.game.token(number)
        except KeyError:
            return None

    @property
    def tokens(self) -> Iterator[Token]:
        """All live tokens of the case."""
        for flow in (self.game.top, *self.game.flows.values()):
            yield from flow.tokens

    def is_reported(self, number: int) -> bool:
        """Whether it is written down what came of the job of this token: a job is run twice when its lease is over."""
        return any(row.token == number and row.event in _REPORTS for row in self.stored_history())

    def open_task(self, number: int) -> Token:
        """An open user task. Raises UnknownTask, TaskAlreadyCompleted, CaseSuspended."""
        where = f"task {self.row.id}.{number}"
        if not 0 < number < self.game.next_token:
            raise UnknownTask("there is no such task", where=where)
        token = self.token(number)
        closed = token is None or not isinstance(token.task_spec, UserTask) or "stuck" in token.internal_data
        if token is None or closed or is_held(token):
            raise TaskAlreadyCompleted("the task is no longer open", where=where)
        if self.suspended:
            self.require_active()
        return token

    def open_row(self, number: int) -> TaskRow:
        """The row of an open user task. Raises TaskAlreadyCompleted."""
        row = self.task_row(number)
        if row is None:
            raise TaskAlreadyCompleted("the task is no longer open", where=f"task {self.row.id}.{number}")
        return row

    def _open_tasks(self) -> list[TaskRow]:
        """As they are stored, or as this step has changed them already."""
        return [row for number, row in self._task_rows().items() if self.token(number) is not None]

    def _task_rows(self) -> dict[int, TaskRow]:
        return {row.token: row for row in (*self._stored_tasks(), *parked(self.ledger).tasks, *self.reassigned)}

    def _scopes(self) -> Iterator[Mapping[str, Any]]:
        """The outermost scope, then every other that something goes on in."""
        scopes = [self.game.top.scope, *(token.variables for token in self.tokens)]
        yield from {scope.number: scope for scope in scopes}.values()

    def task_row(self, number: int) -> TaskRow | None:
        """An open task as it is stored, or as this step has changed it already."""
        return self._task_rows().get(number)

    def keep_tasks(self) -> None:
        """Fetch the open tasks now: nothing can be fetched after the transaction."""
        rows = self._stored_tasks()
        self._stored_tasks = lambda: rows

    def record(self, event: str, token: Token | None = None, **detail: Any) -> None:
        """Write a line of history; what the command then did is added to its first line."""
        element = token.task_spec.bpmn_id if token is not None else None
        self.entries.append(Entry(event, element, token.id if token is not None else None, detail))

    def mark(self, event: str, name: str, value: str | None, token: int | None = None, **detail: Any) -> None:
        """Write a line of history that is counted: name and value stand in the plain."""
        self.entries.append(Entry(event, None, token, detail, name, value))

    @property
    def counted(self) -> str:
        """The name under which the case itself is counted: its policy's id and its process."""
        return f"{self.bundle.policies.own}/{self.row.process}"

    @property
    def elapsed(self) -> str:
        """How long the case has run, in whole seconds, as a counted line has it."""
        return str((self.now - self.row.created_at) // timedelta(seconds=1))

    @property
    def moved(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.entries or self.game.closed)

    # -- the result -------------------------------------------------------------------------

    def change(self) -> Change:
        """Everything this step writes."""
        game, row = self.game, self.row
        if self.status in OPEN and game.top.completed:
            self.status = CANCELLED if CANCELLING in self.ledger else COMPLETED
        deadlines.pause_and_resume(self)
        self.permit.look()
        for task, now in self.permit.moved():
            self.record("task-moved", self.token(task.token), fallback=now.fallback, stranded=now.stranded)
            self.reassigned.append(task._replace(groups=now.groups, users=now.users, assignee=now.assignee))
        change = Change(row)
        self._rows(change)
        deadlines.watch_promises(self, change)
        promises.settle(self, change)
        facts.look(self)
        if self.status == COMPLETED != row.status:
            element = game.path[-1] if game.path else None
            self.entries.append(Entry("ended", element, None, {}, self.counted, self.elapsed))
        self._describe(change)
        change.notices, change.attachments, change.receipt = self.notices, self.attachments, self.receipt
        change.jobs += self.retried
        change.tasks += self.reassigned
        change.history = self._history()
        if self.suspended:
            divert(self.ledger, change)
        else:
            self.ledger.pop(PARKED, None)
        large = len(row.state) > STATE_LIMIT or bool(self.large.loaded)
        after = row._replace(
            status=self.status,
            version=row.version + 1,
            updated_at=self.now,
            length=row.length + len(change.history),
            head=change.history[-1].digest if change.history else row.head,
            keep_until=self._keep_until() if row.status in OPEN and self.status not in OPEN else row.keep_until,
        )
        place, marking = state_place(after), packed(freeze(game))
        if large:
            change.values = self.large.split(marking, self.codec)
        state = self.codec.encode(place, {"marking": marking, "ledger": self.ledger})
        if len(state) > STATE_LIMIT and not large:
            change.values = self.large.split(marking, self.codec)
            state = self.codec.encode(place, {"marking": marking, "ledger": self.ledger})
        change.case = after._replace(state=state)
        if row.version == 0:
            change.bundle = BundleRow(self.bundle.digest, self.bundle.process_id, self.bundle.pack())
        return change

    def _keep_until(self) -> datetime | None:
        """When the last of the policy's retention periods ends that begin now; None where it names none."""
        periods = self.bundle.policy.retention.values()
        return max((self.calendar.due(self.now, period.interval).at for period in periods), default=None)

    def _rows(self, change: Change) -> None:
        for kind, number in self.game.closed:
            getattr(change, _CLOSED[kind]).append(number)
        for (_, number), wait in self.game.opened.items():
            if isinstance(wait, TaskWait):
                change.tasks.append(self._task_row(number, wait))
            elif isinstance(wait, TimerWait):
                change.timers.append(self._timer_row(wait.token, wait.moment))
            elif isinstance(wait, JobWait):
                element = wait.token.task_spec.bpmn_id
                change.jobs.append(JobRow(self.row.id, number, wait.type, element, 0, wait.retries, self.now))
            elif isinstance(wait, Subscription):
                element = wait.token.task_spec.bpmn_id
                change.subscriptions.append(
                    SubscriptionRow(self.row.id, number, wait.kind, wait.name, wait.key, element)
                )
        correcting.apply(self)
        for name, cargo in self.game.broadcasts:
            number = self.game.next_token
            self.game.next_token += 1
            self.ledger["signals"][str(number)] = [name, cargo]
            change.jobs.append(JobRow(self.row.id, number, SIGNAL, name, 0, 1, self.now))
        for number, stuck in self.game.stuck.items():
            token = self.game.token(number)
            detail = self.codec.encode(incident_place(number), {"message": stuck.message})
            change.incidents.append(
                IncidentRow(self.row.id, number, stuck.kind, token.task_spec.bpmn_id, self.now, detail)
            )
            self.record("incident", token, kind=stuck.kind, message=stuck.message)

    def _task_row(self, number: int, wait: TaskWait) -> TaskRow:
        due, element = wait.due, wait.token.task_spec.bpmn_id
        offered = self.permit.offer(element, Offer(wait.groups, wait.users, wait.assignee))
        if offered.fallback or offered.stranded:
            said = {"groups": list(wait.groups), "fallback": offered.fallback, "stranded": offered.stranded}
            self.host.notes.append(Note("nobody-eligible", element, said))
        elif wait.assignee and offered.assignee is None:
            self.host.notes.append(Note("passed-over", element, {}))
        return TaskRow(
            case_id=self.row.id,
            token=number,
            process=self.row.process,
            element=element,
            groups=offered.groups,
            users=offered.users,
            assignee=offered.assignee,
            priority=wait.priority,
            created_at=self.now,
            due_at=due.at if due is not None else None,
            follow_up_at=wait.follow_up.at if wait.follow_up is not None else None,
            provisional=due.provisional if due is not None else False,
            bundle=self.row.bundle,
        )

    def _timer_row(self, token: Token, moment: Moment) -> TimerRow:
        return TimerRow(self.row.id, token.id, token.task_spec.bpmn_id, moment.at, moment.deadline, moment.provisional)

    def _describe(self, change: Change) -> None:
        """Add to the command's line where the token went and what was opened."""
        if not self.entries:
            return
        detail = self.entries[0].detail
        if self.game.path:
            detail["path"] = self.game.path
        notes = [*self.game.notes, *self.host.notes]
        if notes:
            detail["notes"] = [[note.kind, note.element, note.detail] for note in notes]
        opened = [wait.token.task_spec.bpmn_id for wait in self.game.opened.values()]
        if opened:
            detail["opened"] = opened

    def _history(self) -> list[HistoryRow]:
        rows: list[HistoryRow] = []
        head = self.row.head
        for seq, entry in enumerate(self.entries, self.row.length + 1):
            detail = self.codec.encode(history_place(seq), [self.actor, entry.detail])
            rows.append(chain(head, self.row.id, seq, self.now, entry, detail))
            head = rows[-1].digest
        return rows


def state_place(row: CaseRow) -> str:
    """Where a state is sealed to: a plain column that somebody else changed, and it does not open."""
    until = row.keep_until.isoformat() if row.keep_until is not None else ""
    moving = f'{row.version}, "{row.status}", {row.length}, "{row.head.hex()}", "{until}"'
    return f"state:[{moving}, {_still(row.held, row.process, row.bundle, row.key)}"


@functools.lru_cache(1_024)
def _still(*columns: bool | str | None) -> str:
    """The end of a JSON list: what hardly ever changes, and may need escapes."""
    return json.dumps(columns)[1:]


def history_place(seq: int) -> str:
    """Where an entry's detail is sealed to."""
    return f"history:{seq}"


def incident_place(token: int) -> str:
    """Where an incident's detail is sealed to."""
    return f"incident:{token}"


def notice_place(token: int) -> str:
    """Where a notice's content is sealed to."""
    return f"notice:{token}"


_REPORTS: Final = frozenset({"job-done", "job-unwanted", "error-thrown"})
_CLOSED: Final[Mapping[str, str]] = {
    "task": "closed_tasks",
    "timer": "closed_timers",
    "subscription": "closed_subscriptions",
    "job": "closed_jobs",
    "incident": "closed_incidents",
}
