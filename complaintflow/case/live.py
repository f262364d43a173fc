"""One step of a case: (case, command) -> case', effects. No I/O.

live = LiveCase.open(row, values, bundle, ...)             what was stored, playing again
command.apply(live)                                          see ``commands``, ``events`` and ``jobs``
live.change()                                                everything to write, in one commit
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from complaintflow.access.rules import Access
from complaintflow.bpmn.activities import UserTask
from complaintflow.bpmn.game import Game
from complaintflow.bpmn.listening import is_held
from complaintflow.bpmn.marking import thaw
from complaintflow.case.host import CaseHost
from complaintflow.case.large import Large
from complaintflow.case.permit import Permit
from complaintflow.case.places import state_place
from complaintflow.case.status import ACTIVE, OPEN, SUSPENDED
from complaintflow.case.writing import change_of
from complaintflow.errors import CaseEnded, CaseSuspended, ClockWentBack, TaskAlreadyCompleted, UnknownTask
from complaintflow.history.chain import Entry
from complaintflow.records import dataclass
from complaintflow.store.parking import parked
from complaintflow.store.rows import (
    AttachmentRow,
    CaseRow,
    Change,
    HistoryRow,
    JobRow,
    NoticeRow,
    ReceiptRow,
    TaskRow,
)

if TYPE_CHECKING:
    from complaintflow.bpmn.token import Token
    from complaintflow.definition.definition import Bundle
    from complaintflow.sealing.vault import CaseCodec, Sealer
    from complaintflow.time.calendar import WorkingCalendar

# How far the clocks of several machines may differ before it is an error.
SKEW: Final = timedelta(seconds=30)


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
            values: fetches its large values; called only when one of them is read.
            tasks: fetches its open tasks; called only by commands that change one.

        Raises:
            CaseShredded: its content was destroyed.
            MissingKey, UnreadableValue: its state does not open.
        """
        codec = settings.vault.open(row.id, row.sealed_key)
        state = codec.decode(state_place(row), row.state)
        live = cls(row, bundle, settings, codec, now, actor, state["ledger"])
        live._stored_tasks = tasks
        marking, join = state["marking"], None
        if "large" in marking:
            live.large.open(marking["large"], values, codec)
            join = live.large.join
        live.game = thaw(marking, bundle.program, live.host, join)
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

    def change(self) -> Change:
        """Everything this step writes."""
        return change_of(self)


_REPORTS: Final = frozenset({"job-done", "job-unwanted", "error-thrown"})
