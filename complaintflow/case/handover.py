"""Who has what, moved by people: a task is given to somebody else, a person is kept out of a case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from complaintflow.bpmn import listening
from complaintflow.errors import InvalidData
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.case.live import LiveCase


@dataclass(frozen=True, slots=True)
class Reassign:
    """A task is given to somebody, or back to all it is offered to (``assignee`` None)."""

    token: int
    assignee: str | None
    reason: str = ""

    def apply(self, live: LiveCase) -> None:
        """Raises UnknownTask, TaskAlreadyCompleted; AccessDenied: who may not give it, or must not have it."""
        live.permit.operation("reassign")
        token, row = live.open_task(self.token), live.open_row(self.token)
        if self.assignee is not None:
            live.permit.assign(self.assignee, row)
        live.record("task-reassigned", token, assignee=self.assignee, reason=self.reason)
        action = "assign" if self.assignee else "unassign"
        if not listening.ask(token, "assigning", action, {"assignee": self.assignee or ""}):
            live.reassigned.append(row._replace(assignee=self.assignee))


@dataclass(frozen=True, slots=True)
class Update:
    """A task is due at another time, offered to others, or more urgent.

    ``changes`` are checked ``Corrections``.
    """

    token: int
    changes: dict[str, Any]
    reason: str = ""

    def apply(self, live: LiveCase) -> None:
        """Raises UnknownTask, TaskAlreadyCompleted; AccessDenied: who may not give it away may not change it either."""
        live.permit.operation("reassign")
        token, _ = live.open_task(self.token), live.open_row(self.token)
        live.record("task-updated", token, changes=self.changes, reason=self.reason)
        if not listening.ask(token, "updating", "update", self.changes):
            live.game.revised[self.token] = self.changes


@dataclass(frozen=True, slots=True)
class Recuse:
    """A person is kept out of the case from now on; what was theirs moves on (LAW-2.2, HR-3.2.1.b, WB-1.3.4)."""

    person: str
    reason: str

    def apply(self, live: LiveCase) -> None:
        """Raises InvalidData when it is not said who and why; AccessDenied: the actor may not."""
        problems = [(name, "is needed") for name in ("person", "reason") if not getattr(self, name).strip()]
        if problems:
            raise InvalidData("a recusal says who and why", problems, where=f"case {live.row.id}")
        if live.actor != self.person:  # whoever has a conflict of interest may always say so
            live.permit.operation("recuse")
        live.permit.recuse(self.person, self.reason)
        live.record("recused", person=self.person, reason=self.reason)
