"""Events that are waited for: where a flow begins, where it waits, where an activity is interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from complaintflow.bpmn.node import Node
from complaintflow.bpmn.triggers import ArmedTrigger, ErrorTrigger, LinkTrigger, MultipleTrigger, Trigger
from complaintflow.bpmn.watching import ConditionTrigger

if TYPE_CHECKING:
    from complaintflow.bpmn.activities import Activity, EventSubProcess
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
        # The variable that says who started the case, if the diagram wants one.
        self.initiator: str | None = None


class WaitingEvent(Node):
    """An event whose token waits for something.

    Attributes:
        trigger: what it waits for.
        parts: a node for each thing that an event with several definitions waits for.
    """

    def __init__(self, flow_spec: Any, name: str, **attributes: Any) -> None:
        super().__init__(flow_spec, name, **attributes)
        self.trigger: Any = None
        self.parts: list[EventPart] = []

    def await_(self, trigger: Trigger) -> None:
        """Set what it waits for."""
        self.trigger = trigger
        self.waits = trigger.waits
        self.watches = isinstance(trigger, ConditionTrigger)
        armed = trigger.parts if isinstance(trigger, MultipleTrigger) else ()
        self.parts = [
            EventPart(self, number, part) for number, part in enumerate(armed, 1) if isinstance(part, ArmedTrigger)
        ]

    def _run(self, token: Token) -> bool | None:
        self.trigger.arm(token)
        return None

    def happen(self, token: Token, variables: dict[str, Any]) -> None:
        """The event came.

        Args:
            token: its token.
            variables: what the event brought.
        """
        raise NotImplementedError


class EventPart(Node):
    """One of several things that an event waits for; its token is hosted by the event's."""

    def __init__(self, event: WaitingEvent, number: int, trigger: ArmedTrigger) -> None:
        super().__init__(event._wf_spec, f"{event.name}#{number}", bpmn_name=event.bpmn_name)
        self.bpmn_id = event.bpmn_id
        self.arms_flow = event.arms_flow
        self.trigger = trigger
        self.waits = trigger.waits
        self.watches = isinstance(trigger, ConditionTrigger)

    def _run(self, token: Token) -> bool | None:
        self.trigger.arm(token)
        return None

    def happen(self, token: Token, variables: dict[str, Any]) -> None:
        """It came: that is the event, or one thing less to wait for."""
        event = token.host
        assert event is not None
        if event.task_spec.trigger.parallel:
            token.cancel()
            brought = event.internal_data.pop("brought", {}) | variables
            if event.hosted:
                event.internal_data["brought"] = brought
                return
            variables = brought
        elif not self.trigger.again(token):
            token.cancel()
        event.task_spec.happen(event, variables)


class ArmedStart(WaitingEvent):
    """Stands in the outer flow for the start event of an event sub-process, waiting to fire."""

    arms_flow = True

    def __init__(self, flow_spec: Any, body: EventSubProcess, start: StartEvent) -> None:
        super().__init__(flow_spec, f"{start.name}#armed", bpmn_name=start.bpmn_name)
        assert start.trigger is not None
        self.bpmn_id = start.name
        self.body = body
        self.start_event = start
        self.await_(start.trigger)

    def happen(self, token: Token, variables: dict[str, Any]) -> None:
        """Run the sub-process, instead of the flow or beside it."""
        flow, game, parting = token.workflow, token.game, []
        if self.start_event.interrupting:
            parting = game.cancel_flow(flow)
        elif not self.trigger.again(token):
            token.cancel()
        game.go_on(game.place(flow, self.body), variables, parting)


class CatchEvent(WaitingEvent):
    """An intermediate event that waits."""

    tag = "intermediateCatchEvent"

    def __init__(self, flow_spec: Any, name: str, **attributes: Any) -> None:
        super().__init__(flow_spec, name, **attributes)
        self.link_sources: list[Node] = []

    @property
    def precursors(self) -> list[Node]:
        """The throwing ends of a link."""
        return self.link_sources

    def _run(self, token: Token) -> bool | None:
        if isinstance(self.trigger, LinkTrigger):
            return True
        self.map_inputs(token)
        return super()._run(token)

    def happen(self, token: Token, variables: dict[str, Any]) -> None:
        """Go on: directly, or as the first behind an event-based gateway."""
        game = token.game
        if token.host is None:
            game.finish(token, variables)
            return
        flow, gateway = token.workflow, token.host
        gateway.task_spec.leave(gateway, self)
        game.finish(game.place(flow, self), variables)


class BoundaryEvent(WaitingEvent):
    """Attached to an activity, interrupting it or not."""

    tag = "boundaryEvent"

    def __init__(self, flow_spec: Any, name: str, **attributes: Any) -> None:
        super().__init__(flow_spec, name, **attributes)
        self.interrupting = True
        self.attached_to: str | None = None
        self.activity: Activity | None = None

    @property
    def precursors(self) -> list[Node]:
        """The activity it is attached to."""
        return [self.activity] if self.activity is not None else []

    def merge_results(self, token: Token, variables: dict[str, Any]) -> None:
        """What an error brought stays at the event unless output mappings take it out, as in Camunda 8."""
        if self.output_mappings or self.results == "kept" or not isinstance(self.trigger, ErrorTrigger):
            super().merge_results(token, variables)

    def happen(self, token: Token, variables: dict[str, Any]) -> None:
        """An armed event came."""
        assert token.host is not None
        flow, game, parting = token.workflow, token.game, []
        if self.interrupting:
            parting = game.cancel(token.host)
        elif not self.trigger.again(token):
            token.cancel()
        game.go_on(game.place(flow, self), variables, parting)

    def catch(self, host: Token, variables: dict[str, Any]) -> None:
        """A thrown error, an escalation or a cancellation reached the activity."""
        flow, game = host.workflow, host.game
        parting = game.cancel(host) if self.interrupting else []
        game.go_on(game.place(flow, self), variables, parting)
