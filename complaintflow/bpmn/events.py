"""Events: where a flow begins, waits, is interrupted, throws and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from complaintflow.bpmn.activities import Job
from complaintflow.bpmn.node import Edge, Node, Stuck
from complaintflow.bpmn.token import BEGIN, ENTER
from complaintflow.bpmn.triggers import ErrorTrigger, LinkTrigger, Trigger

if TYPE_CHECKING:
    from complaintflow.bpmn.activities import Activity, EventSubProcess
    from complaintflow.bpmn.formula import Formula
    from complaintflow.bpmn.token import Token


class StartEvent(Node):
    """Passes on; in an event sub-process its token is armed in the flow around it."""

    tag = "startEvent"

    def __init__(self, flow_spec: Any, name: str, **attributes: Any) -> None:
        super().__init__(flow_spec, name, **attributes)
        self.trigger: Trigger | None = None
        self.interrupting = True
        self.body: EventSubProcess | None = None
        self.form_id: str | None = None


class ArmedStart(Node):
    """Stands in the outer flow for the start event of an event sub-process, waiting to fire."""

    arms_flow = True

    def __init__(self, flow_spec: Any, body: EventSubProcess, start: StartEvent) -> None:
        super().__init__(flow_spec, f"{start.name}#armed", bpmn_name=start.bpmn_name)
        self.bpmn_id = start.name
        self.body = body
        self.start_event = start
        self.trigger = start.trigger
        self.waits = start.trigger.waits if start.trigger is not None else None

    def _run(self, token: Token) -> bool | None:
        assert self.trigger is not None
        self.trigger.arm(token)  # type: ignore[union-attr]
        return None

    def happen(self, token: Token, variables: dict[str, Any]) -> None:
        """The event came: run the sub-process, instead of the flow or beside it."""
        flow = token.workflow
        if self.start_event.interrupting:
            flow.cancel_tokens()
        elif not self.trigger.again(token):  # type: ignore[union-attr]
            token.cancel()
        token.game.spawn(flow, self.body, brought=variables)


class CatchEvent(Node):
    """An intermediate event that waits."""

    tag = "intermediateCatchEvent"

    def __init__(self, flow_spec: Any, name: str, **attributes: Any) -> None:
        super().__init__(flow_spec, name, **attributes)
        self.trigger: Trigger | None = None
        self.link_sources: list[Node] = []

    @property
    def precursors(self) -> list[Node]:
        """The throwing ends of a link."""
        return self.link_sources

    def _run(self, token: Token) -> bool | None:
        if isinstance(self.trigger, LinkTrigger):
            return True
        assert self.trigger is not None
        self.map_inputs(token)
        self.trigger.arm(token)  # type: ignore[union-attr]
        return None

    def happen(self, token: Token, variables: dict[str, Any]) -> None:
        """The event came: directly, or as the first behind an event-based gateway."""
        game = token.game
        if token.host is None:
            game.finish(token, variables)
            return
        flow, gateway = token.workflow, token.host
        gateway.task_spec.leave(gateway, self)
        game.finish(game.place(flow, self), variables)


class BoundaryEvent(Node):
    """Attached to an activity, interrupting it or not."""

    tag = "boundaryEvent"

    def __init__(self, flow_spec: Any, name: str, **attributes: Any) -> None:
        super().__init__(flow_spec, name, **attributes)
        self.trigger: Trigger | None = None
        self.interrupting = True
        self.attached_to: str | None = None
        self.activity: Activity | None = None

    @property
    def precursors(self) -> list[Node]:
        """The activity it is attached to."""
        return [self.activity] if self.activity is not None else []

    def _run(self, token: Token) -> bool | None:
        assert self.trigger is not None
        self.trigger.arm(token)  # type: ignore[union-attr]
        return None

    def merge_results(self, token: Token, variables: dict[str, Any]) -> None:
        """What an error brought stays at the event unless output mappings take it out, as in Camunda 8."""
        if self.output_mappings or not isinstance(self.trigger, ErrorTrigger):
            super().merge_results(token, variables)

    def happen(self, token: Token, variables: dict[str, Any]) -> None:
        """An armed event came."""
        assert token.host is not None
        flow, host = token.workflow, token.host
        if self.interrupting:
            host.cancel()
        elif not self.trigger.again(token):  # type: ignore[union-attr]
            token.cancel()
        token.game.finish(token.game.place(flow, self), variables)

    def catch(self, host: Token, variables: dict[str, Any]) -> None:
        """A thrown error or escalation reached the activity."""
        flow, game = host.workflow, host.game
        if self.interrupting:
            host.cancel()
        game.finish(game.place(flow, self), variables)


class ThrowEvent(Node):
    """An intermediate event or an end event that throws. ``throws`` names what; None throws nothing."""

    tag = "intermediateThrowEvent"

    def __init__(self, flow_spec: Any, name: str, **attributes: Any) -> None:
        super().__init__(flow_spec, name, **attributes)
        self.throws: str | None = None
        self.code: Formula | None = None
        self.link_target: CatchEvent | None = None
        self.job: Job | None = None

    def _run(self, token: Token) -> bool | None:
        if token.phase == ENTER:
            self.map_inputs(token)
            token.phase = BEGIN
        game = token.game
        game.host.may_begin(token)
        if self.throws == "message":
            assert self.job is not None
            self.job.open(token)
            return None
        if self.throws == "signal":
            assert self.code is not None
            game.broadcast(game.text(self.code, token.variables), self._cargo(token))
        elif self.throws == "escalation":
            assert self.code is not None
            game.escalate(token, game.text(self.code, token.variables), self._cargo(token))
            return True if token.id in token.workflow.tasks else None
        elif self.throws == "error":
            assert self.code is not None
            code = game.text(self.code, token.variables)
            if not game.throw_error(token, code, self._cargo(token)):
                raise Stuck("error", f"nothing around '{self.label}' catches the error {code}")
            return None
        elif self.throws == "terminate":
            token.workflow.cancel_tokens(besides=token)
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
