"""Events that throw: intermediate ones and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from complaintflow.bpmn import compensation
from complaintflow.bpmn.asking import Note
from complaintflow.bpmn.node import Edge, Node, Stuck
from complaintflow.bpmn.throwing import escalate, throw_error
from complaintflow.bpmn.token import BEGIN, ENTER
from complaintflow.bpmn.triggers import CancelTrigger
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.bpmn.activities import Job
    from complaintflow.bpmn.events import CatchEvent
    from complaintflow.bpmn.formula import Formula
    from complaintflow.bpmn.token import Flow, Token

# Of several at one event, what ends something comes last, and what waits comes after what does not.
ORDER: Final = ("signal", "escalation", "terminate", "undo", "compensate", "message", "error", "cancel", "link")


@dataclass(frozen=True, slots=True)
class Thrown:
    """One thing that an event throws.

    Attributes:
        kind: see ``ORDER``; "undo" undoes what was done in a transaction before it is left by "cancel".
        code: the error's or escalation's code, the signal's or link's name.
        activity: the only activity to compensate.
        waits: whether the event waits until the compensation is done.
    """

    kind: str
    code: Formula | None = None
    activity: str | None = None
    waits: bool = True


class ThrowEvent(Node):
    """An intermediate event or an end event that throws; one that throws nothing is passed."""

    tag = "intermediateThrowEvent"

    def __init__(self, flow_spec: Any, name: str, **attributes: Any) -> None:
        super().__init__(flow_spec, name, **attributes)
        self.thrown: tuple[Thrown, ...] = ()
        self.link_target: CatchEvent | None = None
        self.job: Job | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """What it throws."""
        return tuple(thrown.kind for thrown in self.thrown)

    def _run(self, token: Token) -> bool | None:
        if token.phase == ENTER:
            self.map_inputs(token)
            token.phase = BEGIN
        token.game.host.may_begin(token)
        data = token.internal_data
        for number in range(data.pop("thrown", 0), len(self.thrown)):
            thrown = self.thrown[number]
            # Where it stops to wait, it goes on with the next; where it gets stuck, with this one again.
            if thrown.kind in ("undo", "compensate"):
                data["thrown"] = number + 1
            try:
                if not self._throw(token, thrown):
                    return None
            except Stuck:
                data["thrown"] = number
                raise
            data.pop("thrown", None)
        return True

    def _throw(self, token: Token, thrown: Thrown) -> bool:
        """Throw one thing; False where the token waits or is gone."""
        game = token.game
        if thrown.kind == "message":
            assert self.job is not None
            self.job.open(token)
            return False
        if thrown.kind == "terminate":
            token.workflow.cancel_tokens(besides=token)
        elif thrown.kind == "undo":
            return not compensation.undo_transaction(token)
        elif thrown.kind == "compensate":
            flows = compensation.reach(token.workflow)
            return not compensation.compensate(token, flows, thrown.activity, waits=thrown.waits)
        elif thrown.kind == "cancel":
            _cancel(token)
            return False
        elif thrown.code is not None:
            return self._throw_named(token, thrown.kind, game.text(thrown.code, token.variables))
        return True

    def _throw_named(self, token: Token, kind: str, name: str) -> bool:
        cargo = self._cargo(token)
        if kind == "signal":
            token.game.broadcast(name, cargo)
        elif kind == "escalation":
            escalate(token, name, cargo)
            return token.id in token.workflow.tasks
        elif kind == "error":
            if not throw_error(token, name, cargo):
                raise Stuck("error", f"nothing around '{self.label}' catches the error {name}")
            return False
        return True

    def _cargo(self, token: Token) -> dict[str, Any]:
        """Only what input mappings put there travels with the event."""
        return dict(token.scope.variables) if token.scope is not None else {}

    def choose(self, token: Token) -> list[Edge]:
        """A link goes on at its other end."""
        if self.link_target is not None:
            return [Edge(f"{self.name}->{self.link_target.name}", None, self, self.link_target, None)]
        return super().choose(token)


class EndEvent(ThrowEvent):
    """The end of a path."""

    tag = "endEvent"


def _cancel(token: Token) -> None:
    """Leave the transaction by its cancel event; one round of a loop cancels them all."""
    flow: Flow = compensation.transaction(token.workflow)
    host = flow.host
    assert host is not None
    if host.is_iteration:
        assert host.host is not None
        host = host.host
    event = next(event for event in host.task_spec.boundary if isinstance(event.trigger, CancelTrigger))
    token.game.notes.append(Note("caught", event.name, {"cancel": host.task_spec.bpmn_id}))
    event.catch(host, {})
