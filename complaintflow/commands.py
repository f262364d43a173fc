"""What can be done to a case. Each command is one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from complaintflow.bpmn.activities import UserTask
from complaintflow.bpmn.node import Stuck
from complaintflow.case import CANCELLED, LiveCase
from complaintflow.deadlines import recompute
from complaintflow.errors import (
    InvalidData,
    NoSubscription,
    PrematureCommitment,
    TaskAlreadyCompleted,
    TaskTaken,
    UnknownIncident,
    UnknownTask,
)
from complaintflow.rows import JobRow, NoticeRow

if TYPE_CHECKING:
    from complaintflow.bpmn.token import Token


ACCESSES: Final = ("read", "copy", "print", "publish")


class Command(Protocol):
    """Something that moves a case on."""

    def apply(self, live: LiveCase) -> None:
        """Change the case; an error leaves nothing behind, since nothing is written."""


@dataclass(frozen=True, slots=True)
class Start:
    """Begin. ``event`` names a start event other than the plain one."""

    variables: dict[str, Any]
    event: str | None = None

    def apply(self, live: LiveCase) -> None:
        """Raises InvalidData when the intake form is violated."""
        form = live.bundle.intake_form(self.event)
        variables = self.variables
        if form is not None:
            variables = form.validate(
                variables, live.host.ambient, today=live.host.today(), functions=live.host.functions
            )
        # What was said, not what the form made of it: history attributes nothing to a person that they did not write.
        live.record("started", data=self.variables, process=live.row.process)
        live.game.start(live.bundle.process_id, variables, self.event)


@dataclass(frozen=True, slots=True)
class CompleteTask:
    """A person completed a user task with this form data."""

    token: int
    data: dict[str, Any]

    def apply(self, live: LiveCase) -> None:
        """Raises InvalidData, UnknownTask, TaskAlreadyCompleted."""
        token = _open_task(live, self.token)
        node = token.task_spec
        data = self.data
        if node.form_id is not None:
            form = live.bundle.forms[node.form_id]
            data = form.validate(data, token.variables, today=live.host.today(), functions=live.host.functions)
        live.record("task-completed", token, data=self.data)
        live.game.complete(self.token, data)


@dataclass(frozen=True, slots=True)
class Claim:
    """A person takes a task, or with ``assignee`` None gives it back."""

    token: int
    assignee: str | None

    def apply(self, live: LiveCase) -> None:
        """Raises UnknownTask, TaskAlreadyCompleted."""
        token = _open_task(live, self.token)
        row = live.task_row(self.token)
        if row is None:
            raise TaskAlreadyCompleted("the task is no longer open", where=f"task {live.row.id}.{self.token}")
        if self.assignee is not None and row.assignee not in (None, self.assignee):
            raise TaskTaken("somebody else has taken the task", where=f"task {live.row.id}.{self.token}")
        live.record("task-claimed" if self.assignee else "task-released", token, assignee=self.assignee)
        live.reassigned.append(replace(row, assignee=self.assignee))


def _open_task(live: LiveCase, number: int) -> Token:
    where = f"task {live.row.id}.{number}"
    if not 0 < number < live.game.next_token:
        raise UnknownTask("there is no such task", where=where)
    token = live.token(number)
    if token is None or not isinstance(token.task_spec, UserTask) or "stuck" in token.internal_data:
        raise TaskAlreadyCompleted("the task is no longer open", where=where)
    return token


@dataclass(frozen=True, slots=True)
class Fire:
    """A timer is due. One that is no longer open is ignored: another worker was faster."""

    token: int
    due_at: datetime

    def apply(self, live: LiveCase) -> None:
        """Never fails."""
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
    """A message or signal reached a waiting token."""

    token: int
    name: str
    variables: dict[str, Any]

    def apply(self, live: LiveCase) -> None:
        """Raises NoSubscription when the token no longer waits."""
        live.require_active()
        token = live.token(self.token)
        if token is None or "stuck" in token.internal_data:
            raise NoSubscription(f"nothing waits for '{self.name}' any more", where=f"case {live.row.id}")
        live.record("message", token, name=self.name, data=self.variables)
        live.game.fire(self.token, self.variables)


@dataclass(frozen=True, slots=True)
class FinishJob:
    """A handler came back with results; notices that it sent are stored in the same commit."""

    token: int
    variables: dict[str, Any]
    notices: tuple[NoticeRow, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)

    def apply(self, live: LiveCase) -> None:
        """A job that is no longer wanted leaves its notices and a line of history."""
        token = live.token(self.token)
        live.notices.extend(self.notices)
        if token is None:
            live.record("job-unwanted", number=self.token, **self.detail)
            live.game.closed.append(("job", self.token))
            return
        live.record("job-done", token, data=self.variables, **self.detail)
        live.game.complete(self.token, self.variables)


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
    message: str

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
    message: str
    kind: str = "job"

    def apply(self, live: LiveCase) -> None:
        """A job that is no longer wanted is left alone."""
        token = _wanted(live, self.job)
        if token is None or _is_old_news(token, self.job, final=True):
            return
        live.record("job-failed", token, attempt=self.job.attempt, message=self.message)
        live.retried.append(replace(self.job, due_at=None))
        live.game.fail(self.job.token, Stuck(self.kind, self.message))


@dataclass(frozen=True, slots=True)
class ThrowError:
    """A handler raised BusinessError."""

    job: JobRow
    code: str
    message: str
    variables: dict[str, Any]

    def apply(self, live: LiveCase) -> None:
        """An error that nothing catches becomes an incident."""
        token = _wanted(live, self.job)
        if token is None:
            return
        live.record("error-thrown", token, code=self.code, message=self.message)
        if not live.game.throw(self.job.token, self.code, self.message, self.variables):
            live.retried.append(replace(self.job, due_at=None))


@dataclass(frozen=True, slots=True)
class Resolve:
    """A person cleared an incident.

    Attributes:
        job: the job behind it, if there is one.
        variables: set where the token stands before it tries again.
    """

    token: int
    job: JobRow | None
    variables: dict[str, Any] = field(default_factory=dict)

    def apply(self, live: LiveCase) -> None:
        """Raises UnknownIncident; PrematureCommitment when the decision is still missing."""
        live.require_active()
        token = live.token(self.token)
        if token is None or "stuck" not in token.internal_data:
            raise UnknownIncident("there is no open incident", where=f"incident {live.row.id}.{self.token}")
        if token.internal_data["stuck"] == "commitment":
            try:
                live.host.may_begin(token)
            except Stuck as still:
                raise PrematureCommitment(still.message, where=token.task_spec.where) from None
        live.record("incident-resolved", token, **({"data": self.variables} if self.variables else {}))
        for name, value in self.variables.items():
            token.variables.propagate(name, value)
        live.game.resolve(self.token, work_waits=self.job is not None)
        if self.job is not None:
            token.internal_data.pop("attempt", None)
            live.retried.append(replace(self.job, attempt=0, due_at=live.now))


@dataclass(frozen=True, slots=True)
class HaltEvent:
    """An event happened and leads where the case cannot go: an incident, not an event that happens for ever.

    ``row`` is the kind of row it has, "timer" or "subscription".
    """

    token: int
    row: str
    message: str

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
class RecordAccess:
    """Somebody read or took material of the case (WB-6.1.2)."""

    purpose: str
    reason: str

    def apply(self, live: LiveCase) -> None:
        """Raises InvalidData when it is not said who, what or why."""
        problems = []
        if self.purpose not in ACCESSES:
            problems.append(("purpose", f"is none of {', '.join(ACCESSES)}"))
        if not self.reason.strip():
            problems.append(("reason", "is needed"))
        if not (live.actor or "").strip():
            problems.append(("actor", "is needed"))
        if problems:
            raise InvalidData("an access is recorded with who, what and why", problems, where=f"case {live.row.id}")
        live.record("accessed", purpose=self.purpose, reason=self.reason)


@dataclass(frozen=True, slots=True)
class Cancel:
    """A person ends the case before its process does."""

    reason: str

    def apply(self, live: LiveCase) -> None:
        """Raises CaseEnded."""
        live.require_active()
        live.record("cancelled", reason=self.reason)
        live.game.top.cancel()
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
    variables: dict[str, Any]
    key: str

    def apply(self, live: LiveCase) -> None:
        """A token that no longer waits is left alone."""
        token = live.token(self.token)
        if token is None or "stuck" in token.internal_data or token.internal_data.get("heard") == self.key:
            return
        token.internal_data["heard"] = self.key
        live.record("signal", token, name=self.name, data=self.variables)
        live.game.fire(self.token, self.variables)
