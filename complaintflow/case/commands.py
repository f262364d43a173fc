"""What can be done to a case. Each command is one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from complaintflow.bpmn import listening
from complaintflow.bpmn.listening import is_held
from complaintflow.bpmn.node import Stuck
from complaintflow.case.anonymity import identity_fields, is_anonymous, without_identity
from complaintflow.case.deadlines import recompute
from complaintflow.case.live import CANCELLED, CANCELLING, LiveCase
from complaintflow.errors import (
    InvalidDiagram,
    NoSubscription,
    PrematureCommitment,
    TaskTaken,
    UnknownIncident,
)
from complaintflow.history.chain import Entry
from complaintflow.records import dataclass
from complaintflow.store.rows import JobRow, NoticeRow, ReceiptRow

if TYPE_CHECKING:
    from complaintflow.bpmn.token import Token
    from complaintflow.case.receipts import Receipt


class Command(Protocol):
    """Something that moves a case on."""

    def apply(self, live: LiveCase) -> None:
        """Change the case; an error leaves nothing behind, since nothing is written."""


@dataclass(frozen=True, slots=True)
class Start:
    """Begin.

    Attributes:
        event: a start event other than the plain one.
        came: what history tells of how the event came, e.g. when it was due.
        receipt: for somebody who reports without a name; None gives none.
    """

    variables: dict[str, Any] = field(repr=False)
    event: str | None = None
    came: Mapping[str, Any] = field(default_factory=dict)
    receipt: Receipt | None = None

    def apply(self, live: LiveCase) -> None:
        """Raises InvalidData: the intake form is violated; InvalidDiagram: no start event is for people."""
        process = live.bundle.process
        if self.event is None and process.entries and process.plain_start is None:
            raise InvalidDiagram(
                f"the process '{live.bundle.process_id}' begins with events only",
                where=process.file,
                advice="send its message, throw its signal or put it on the schedule; or add a plain start event for "
                "cases that a person starts",
            )
        form = live.bundle.intake_form(self.event)
        variables = self.variables
        if form is not None:
            variables = form.validate(
                variables, live.host.ambient, today=live.host.today(), functions=live.host.functions
            )
        live.permit.seal(variables)
        # What was said, not what the form made of it: history attributes nothing to a person that they did not write.
        came = {"start": self.event, **self.came} if self.event is not None else {}
        said, fields = self.variables, identity_fields(form)
        if is_anonymous(fields, variables):
            said = without_identity(said, fields)
            live.ledger["anonymous"] = True
            if self.receipt is not None:
                live.receipt = ReceiptRow(self.receipt.digest, live.row.id)
                live.ledger["receipt"] = live.receipt.digest.hex()
        live.mark("started", live.counted, None, data=said, process=live.row.process, **came)
        event = process.task_specs[self.event] if self.event is not None else process.plain_start
        initiator = getattr(event, "initiator", None)
        if initiator is not None:
            variables = {**variables, initiator: live.actor}
        live.game.start(live.bundle.process_id, variables, self.event)


@dataclass(frozen=True, slots=True)
class CompleteTask:
    """A person completed a user task with this form data."""

    token: int
    data: dict[str, Any] = field(repr=False)

    def apply(self, live: LiveCase) -> None:
        """Raises InvalidData, UnknownTask, TaskAlreadyCompleted."""
        token = live.open_task(self.token)
        live.permit.work(self.token)
        node = token.task_spec
        data = self.data
        if node.form_id is not None:
            form = live.bundle.forms[node.form_id]
            seen = token.variables
            data = form.validate(data, seen, today=live.host.today(), functions=seen.functions)
        live.permit.seal(data)
        live.permit.did(node.bpmn_id)
        live.record("task-completed", token, data=self.data)
        live.game.complete(self.token, data)


@dataclass(frozen=True, slots=True)
class Claim:
    """A person takes a task, or with ``assignee`` None gives it back."""

    token: int
    assignee: str | None

    def apply(self, live: LiveCase) -> None:
        """Raises UnknownTask, TaskAlreadyCompleted."""
        token, row = live.open_task(self.token), live.open_row(self.token)
        live.permit.work(self.token)
        if self.assignee is not None and row.assignee not in (None, self.assignee):
            raise TaskTaken("somebody else has taken the task", where=f"task {live.row.id}.{self.token}")
        live.record("task-claimed" if self.assignee else "task-released", token, assignee=self.assignee)
        action = "claim" if self.assignee else "unassign"
        if not listening.ask(token, "assigning", action, {"assignee": self.assignee or ""}):
            live.reassigned.append(row._replace(assignee=self.assignee))


@dataclass(frozen=True, slots=True)
class Fire:
    """A timer is due. One that is no longer open is ignored: another worker was faster."""

    token: int
    due_at: datetime

    def apply(self, live: LiveCase) -> None:
        """Never fails."""
        if live.suspended:
            return  # It fires when the case is resumed.
        token = live.token(self.token)
        if token is None or "stuck" in token.internal_data:
            live.game.closed.append(("timer", self.token))
            return
        due = token.internal_data.get("due")
        if due is None or datetime.fromisoformat(due) != self.due_at or "paused" in token.internal_data:
            return
        live.record("timer-fired", token, due=self.due_at.isoformat())
        live.game.fire(self.token, {})


@dataclass(frozen=True, slots=True)
class Deliver:
    """A message or signal reached a waiting token; ``key`` is that under which it waits."""

    token: int
    name: str
    variables: dict[str, Any] = field(repr=False)
    key: str | None = None

    def apply(self, live: LiveCase) -> None:
        """Raises NoSubscription when the token no longer waits."""
        live.require_active()
        token = live.token(self.token)
        if token is None or "stuck" in token.internal_data or is_held(token):
            raise NoSubscription(f"nothing waits for '{self.name}' any more", where=f"case {live.row.id}")
        self._fit(live, token)
        live.permit.seal(self.variables)
        live.record("message", token, name=self.name, data=self.variables)
        live.game.fire(self.token, self.variables)

    def _fit(self, live: LiveCase, token: Token) -> None:
        """Raises NoSubscription: the diagram reads another key out of the message than that under which it was sent."""
        path = live.bundle.program.processes[token.workflow.spec.process_id].retrievals.get(self.name)
        if path is None or self.key is None:
            return
        said = path.value(self.variables, live.game.host.functions, [])
        if isinstance(said, bool) or not isinstance(said, (str, int)) or str(said) != self.key:
            raise NoSubscription(
                f"the message '{self.name}' brings another correlation key than '{self.key}'",
                where=f"case {live.row.id}",
                advice=f"send it with what '{path.text}' reads, and with that as its key",
            )


@dataclass(frozen=True, slots=True)
class FinishJob:
    """A handler came back with results; notices that it sent are stored in the same commit."""

    token: int
    variables: dict[str, Any] = field(repr=False)
    notices: tuple[NoticeRow, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict, repr=False)
    answer: dict[str, Any] | None = field(default=None, repr=False)

    def apply(self, live: LiveCase) -> None:
        """A job that is no longer wanted leaves its notices and a line of history; one reported before, nothing."""
        token = live.token(self.token)
        if token is None and live.is_reported(self.token):
            # Somebody took it over when its lease was over; or this is said again, for the answer was lost.
            return
        live.notices.extend(self.notices)
        if token is None:
            live.entries.append(Entry("job-unwanted", None, self.token, {"number": self.token, **self.detail}))
            live.game.closed.append(("job", self.token))
            return
        live.permit.seal(self.variables)
        answered = {"answer": self.answer} if self.answer is not None else {}
        live.record("job-done", token, data=self.variables, **answered, **self.detail)
        live.game.complete(self.token, self.variables, self.answer)


def _wanted(live: LiveCase, job: JobRow) -> Token | None:
    """The token behind a job, or None after its row was closed."""
    token = live.token(job.token)
    if token is None:
        live.game.closed.append(("job", job.token))
    return token


def _is_old_news(token: Token, job: JobRow, *, final: bool = False) -> bool:
    """Whether somebody who took over this job after its lease has reported already."""
    known = token.internal_data.get("attempt", 0)
    return "stuck" in token.internal_data or job.attempt < known or (job.attempt == known and not final)


@dataclass(frozen=True, slots=True)
class RetryJob:
    """A handler failed, and may try again at ``job.due_at``."""

    job: JobRow
    message: str = field(repr=False)

    def apply(self, live: LiveCase) -> None:
        """A job that is no longer wanted is left alone."""
        token = _wanted(live, self.job)
        if token is None or _is_old_news(token, self.job):
            return
        token.internal_data["attempt"] = self.job.attempt
        live.record(
            "job-failed",
            token,
            attempt=self.job.attempt,
            message=self.message,
            retry=self.job.due_at.isoformat() if self.job.due_at else None,
        )
        live.retried.append(self.job)


@dataclass(frozen=True, slots=True)
class FailJob:
    """A handler failed for the last time: an incident."""

    job: JobRow
    message: str = field(repr=False)
    kind: str = "job"

    def apply(self, live: LiveCase) -> None:
        """A job that is no longer wanted is left alone."""
        token = _wanted(live, self.job)
        if token is None or _is_old_news(token, self.job, final=True):
            return
        live.record("job-failed", token, attempt=self.job.attempt, message=self.message)
        live.retried.append(self.job._replace(due_at=None))
        live.game.fail(self.job.token, Stuck(self.kind, self.message))


@dataclass(frozen=True, slots=True)
class ThrowError:
    """A handler raised BusinessError."""

    job: JobRow
    code: str
    message: str = field(repr=False)
    variables: dict[str, Any] = field(repr=False)

    def apply(self, live: LiveCase) -> None:
        """An error that nothing catches becomes an incident; one that was reported before is left alone."""
        token = _wanted(live, self.job)
        if token is None or "stuck" in token.internal_data:
            return
        live.permit.seal(self.variables)
        live.record("error-thrown", token, code=self.code, message=self.message)
        if not live.game.throw(self.job.token, self.code, self.message, self.variables):
            live.retried.append(self.job._replace(due_at=None))


@dataclass(frozen=True, slots=True)
class Resolve:
    """A person cleared an incident.

    Attributes:
        job: the job behind it, if there is one.
        variables: set where the token stands before it tries again.
    """

    token: int
    job: JobRow | None
    variables: dict[str, Any] = field(default_factory=dict, repr=False)

    def apply(self, live: LiveCase) -> None:
        """Raises UnknownIncident; PrematureCommitment when the decision is still missing; AccessDenied."""
        live.permit.operation("resolve")
        live.require_active()
        token = live.token(self.token)
        if token is None or "stuck" not in token.internal_data:
            raise UnknownIncident("there is no open incident", where=f"incident {live.row.id}.{self.token}")
        if token.internal_data["stuck"] == "commitment":
            try:
                live.host.may_begin(token)
            except Stuck as still:
                raise PrematureCommitment(still.message, where=token.task_spec.where) from None
        live.permit.seal(self.variables)
        live.record("incident-resolved", token, **({"data": self.variables} if self.variables else {}))
        for name, value in self.variables.items():
            token.variables.propagate(name, value)
        live.game.resolve(self.token, work_waits=self.job is not None)
        if self.job is not None:
            token.internal_data.pop("attempt", None)
            live.retried.append(self.job._replace(attempt=0, due_at=live.now))


@dataclass(frozen=True, slots=True)
class HaltEvent:
    """An event happened and leads where the case cannot go: an incident, not an event that happens for ever.

    ``row`` is the kind of row it has, "timer" or "subscription".
    """

    token: int
    row: str
    message: str = field(repr=False)

    def apply(self, live: LiveCase) -> None:
        """An event that is no longer waited for is left alone."""
        token = live.token(self.token)
        live.game.closed.append((self.row, self.token))
        if token is not None and "stuck" not in token.internal_data:
            token.internal_data["happened"] = True
            live.game.fail(self.token, Stuck("event", self.message))
            live.record("event-failed", token, message=self.message)


@dataclass(frozen=True, slots=True)
class Recompute:
    """The official notice of a year may have arrived: compute provisional dates again."""

    def apply(self, live: LiveCase) -> None:
        """A case without provisional dates, or whose dates stay, is left alone."""
        recompute(live)


@dataclass(frozen=True, slots=True)
class Cancel:
    """A person ends the case before its process does."""

    reason: str

    def apply(self, live: LiveCase) -> None:
        """Raises CaseEnded. Where listeners of its tasks are to be heard, the case ends behind them."""
        live.permit.operation("cancel")
        live.require_open()
        live.mark("cancelled", live.counted, live.elapsed, reason=self.reason)
        live.game.top.cancel_tokens()
        if live.game.top.busy:
            for token in live.game.top.tokens:
                token.internal_data["last"] = True
            live.ledger[CANCELLING] = True
            live.game.settle()
        else:
            live.game.top.close(False)
            live.status = CANCELLED


@dataclass(frozen=True, slots=True)
class DropJob:
    """Take a row out of the outbox whose work is done or no longer wanted."""

    job: JobRow

    def apply(self, live: LiveCase) -> None:
        """A job whose token waits for it again is left alone."""
        if live.token(self.job.token) is not None:
            return
        live.game.closed.append(("job", self.job.token))
        live.ledger["signals"].pop(str(self.job.token), None)


@dataclass(frozen=True, slots=True)
class DeliverSignal:
    """A signal reached a waiting token; ``key`` names the throw, so that one that was delivered is not again."""

    token: int
    name: str
    variables: dict[str, Any] = field(repr=False)
    key: str

    def apply(self, live: LiveCase) -> None:
        """A token that no longer waits is left alone; past a suspended case a signal goes by, which is noted."""
        token = live.token(self.token)
        heard = token is not None and token.internal_data.get("heard") == self.key
        if token is None or "stuck" in token.internal_data or heard or is_held(token):
            return
        token.internal_data["heard"] = self.key
        if live.suspended:
            live.record("signal-missed", token, name=self.name)
            return
        live.permit.seal(self.variables)
        live.record("signal", token, name=self.name, data=self.variables)
        live.game.fire(self.token, self.variables)
