"""What people do to a case, and the clock of a new year. Each command is one transaction.

``events`` and ``jobs`` have the commands that waiting and working bring.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Protocol

from complaintflow.bpmn import listening
from complaintflow.bpmn.node import Stuck
from complaintflow.case.anonymity import identity_fields, is_anonymous, without_identity
from complaintflow.case.deadlines import recompute
from complaintflow.case.live import LiveCase
from complaintflow.case.status import CANCELLED, CANCELLING
from complaintflow.errors import (
    InvalidDiagram,
    PrematureCommitment,
    TaskTaken,
    UnknownIncident,
)
from complaintflow.records import dataclass
from complaintflow.store.rows import JobRow, ReceiptRow

if TYPE_CHECKING:
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
            where = f"incident {live.row.id}.{self.token}"
            raise UnknownIncident(
                "there is no open incident", where=where, advice="`complaintflow incidents` lists those that are open"
            )
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
