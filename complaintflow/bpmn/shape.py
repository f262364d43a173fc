"""Whether a flow is drawn so that it can run: checked once it is linked, before any case starts.

Each rule refuses a drawing that BPMN forbids or Camunda 8 does not deploy, because running it would
mean to guess or to leave something out in silence (D14).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from complaintflow.bpmn.activities import CallActivity, EventSubProcess, ReceiveTask, SubProcess
from complaintflow.bpmn.events import BoundaryEvent, CatchEvent, EndEvent, StartEvent, ThrowEvent
from complaintflow.bpmn.gateways import EventBasedGateway, ExclusiveGateway, InclusiveGateway, ParallelGateway
from complaintflow.bpmn.node import Edge, Node
from complaintflow.bpmn.triggers import (
    ErrorTrigger,
    EscalationTrigger,
    LinkTrigger,
    MessageTrigger,
    SignalTrigger,
    TimerTrigger,
)
from complaintflow.errors import InvalidDiagram, UnsupportedElement

if TYPE_CHECKING:
    from complaintflow.bpmn.program import FlowSpec


def check_shape(spec: FlowSpec, kind: str, where: str) -> None:
    """Check one flow.

    Args:
        kind: "process", "sub-process" or "event sub-process".
        where: file and element of the flow itself.

    Raises:
        InvalidDiagram: the first thing that is drawn wrongly.
    """
    for node in spec.nodes:
        _ends(node)
        _default(node)
        _conditions(node)
        if isinstance(node, EventBasedGateway):
            _behind_event_gateway(node)
        if isinstance(node, BoundaryEvent):
            _boundary(node)
        if isinstance(node, ThrowEvent):
            _throws(node)
        if isinstance(node, CatchEvent):
            _no_cycle(node, "an intermediate event happens once")
        _distinct(getattr(node, "boundary", ()), f"'{node.label}'")
    _links(spec)
    _event_subprocesses(spec)
    _distinct([body.start_event for body in spec.event_subprocesses if body.start_event], f"'{spec.description}'")
    _starts(spec, kind, where)


def _ends(node: Node) -> None:
    """Events are entered and left only where BPMN lets them."""
    is_link = isinstance(getattr(node, "trigger", None), LinkTrigger)
    if node.incoming and (isinstance(node, (StartEvent, BoundaryEvent)) or is_link):
        raise InvalidDiagram(
            f"a sequence flow leads into '{node.label}', which only its event can reach",
            where=node.where,
            advice="let the flow end at the element behind it",
        )
    if node.outgoing and (isinstance(node, EndEvent) or getattr(node, "throws", None) == "link"):
        raise InvalidDiagram(
            f"a sequence flow leaves '{node.label}', where the path ends",
            where=node.where,
            advice="delete the flow, or draw an intermediate event",
        )


def _throws(node: ThrowEvent) -> None:
    is_end = isinstance(node, EndEvent)
    if node.throws == "link" if is_end else node.throws in ("error", "terminate"):
        raise InvalidDiagram(
            f"'{node.label}' is {'an end' if is_end else 'an intermediate'} event, which cannot throw a {node.throws}",
            where=node.where,
            advice="draw an intermediate link event" if is_end else "draw an end event",
        )


def _default(node: Node) -> None:
    if node.default_flow and node.default is None:
        raise InvalidDiagram(
            f"the default flow '{node.default_flow}' does not leave '{node.label}'",
            where=node.where,
            advice="choose the default flow again in Camunda Modeler",
        )
    if node.default is not None and node.default.condition is not None:
        raise InvalidDiagram(
            f"the default flow '{node.default.id}' of '{node.label}' has a condition",
            where=node.where,
            advice="delete its condition; it is taken when no other flow is",
        )


def _conditions(node: Node) -> None:
    if isinstance(node, (ParallelGateway, EventBasedGateway)):
        wrong = _first(edge for edge in node.outgoing if edge.condition is not None)
        problem, advice = "has a condition, which this gateway never asks", "draw an exclusive or inclusive gateway"
    elif isinstance(node, (ExclusiveGateway, InclusiveGateway)) and len(node.outgoing) > 1:
        wrong = _first(edge for edge in node.outgoing if edge.condition is None and edge is not node.default)
        problem, advice = "has no condition and is not the default", "give it a condition, or make it the default flow"
    else:
        return
    if wrong is not None:
        raise InvalidDiagram(
            f"the flow '{wrong.name or wrong.id}' out of '{node.label}' {problem}", where=node.where, advice=advice
        )


def _first(edges: Iterable[Edge]) -> Edge | None:
    return next(iter(edges), None)


def _behind_event_gateway(gateway: EventBasedGateway) -> None:
    for edge in gateway.outgoing:
        node = edge.target
        waits = isinstance(node, CatchEvent) or (
            isinstance(node, ReceiveTask) and node.loop is None and not node.boundary
        )
        if not waits:
            raise InvalidDiagram(
                f"'{node.label}' stands behind the event-based gateway '{gateway.label}' and waits for no event",
                where=node.where,
                advice="only message, timer and signal catch events stand there, or receive tasks without marker and "
                "boundary events",
            )
        if len(node.incoming) > 1:
            raise InvalidDiagram(
                f"'{node.label}' stands behind the event-based gateway '{gateway.label}' and has other incoming flows",
                where=node.where,
                advice="join the flows behind it, or draw the event twice",
            )


def _boundary(event: BoundaryEvent) -> None:
    activity = event.activity
    if isinstance(activity, EventSubProcess):
        raise InvalidDiagram(
            f"the boundary event '{event.label}' is attached to an event sub-process",
            where=event.where,
            advice="draw another event sub-process, or put the work into an ordinary one",
        )
    if isinstance(event.trigger, EscalationTrigger) and not isinstance(activity, (SubProcess, CallActivity)):
        raise InvalidDiagram(
            f"the escalation boundary event '{event.label}' is attached to a task, which never escalates",
            where=event.where,
            advice="attach it to a sub-process or call activity, or use an error",
        )
    if event.interrupting:
        _no_cycle(event, "an event that interrupts happens once")


def _no_cycle(node: BoundaryEvent | CatchEvent | StartEvent, why: str) -> None:
    if isinstance(node.trigger, TimerTrigger) and node.trigger.form == "cycle":
        raise InvalidDiagram(
            f"'{node.label}' waits for a cycle, but {why}", where=node.where, advice="give it a date or a duration"
        )


def _distinct(events: Sequence[BoundaryEvent | StartEvent], place: str) -> None:
    """Of two events that catch the same, one would never happen."""
    seen: set[tuple[str, str | None]] = set()
    for event in events:
        trigger = event.trigger
        if isinstance(trigger, (ErrorTrigger, EscalationTrigger)):
            key = (trigger.kind, trigger.code)
        elif isinstance(trigger, (MessageTrigger, SignalTrigger)):
            key = ("message" if isinstance(trigger, MessageTrigger) else "signal", trigger.name.text)
        else:
            continue
        if key in seen:
            raise InvalidDiagram(
                f"two events of {place} catch the same {key[0]} '{key[1] or '(any)'}'",
                where=event.where,
                advice="keep one of them",
            )
        seen.add(key)


def _links(spec: FlowSpec) -> None:
    catching = [node for node in spec.nodes if isinstance(node, CatchEvent) and isinstance(node.trigger, LinkTrigger)]
    names = [node.trigger.name for node in catching if isinstance(node.trigger, LinkTrigger)]
    for node, name in zip(catching, names, strict=True):
        if names.count(name) > 1:
            raise InvalidDiagram(
                f"the link '{name}' goes to two places", where=node.where, advice="give one of them another name"
            )
    for node in spec.nodes:
        if isinstance(node, ThrowEvent) and node.throws == "link" and node.link_target is None:
            raise InvalidDiagram(
                f"the link '{node.code.text if node.code is not None else ''}' leads nowhere",
                where=node.where,
                advice="draw an intermediate link catch event of the same name in the same process",
            )


def _event_subprocesses(spec: FlowSpec) -> None:
    for body in [node for node in spec.nodes if isinstance(node, EventSubProcess)]:
        start: Any = body.start_event
        if start is None or isinstance(start.trigger, LinkTrigger):
            raise InvalidDiagram(
                f"the event sub-process '{body.label}' needs exactly one start event, with a trigger",
                where=body.where,
                advice="give its start event a message, timer, signal, error or escalation",
            )
        if body.incoming or body.outgoing or body.loop is not None:
            raise InvalidDiagram(
                f"the event sub-process '{body.label}' has sequence flows or a loop marker",
                where=body.where,
                advice="only its start event sets it off",
            )
        if isinstance(start.trigger, ErrorTrigger) and not start.interrupting:
            raise InvalidDiagram(
                f"the error start event '{start.label}' does not interrupt",
                where=start.where,
                advice="errors always interrupt; use an escalation instead",
            )
        if isinstance(start.trigger, MessageTrigger) and start.trigger.key is None:
            raise InvalidDiagram(
                f"the message of '{start.label}' has no correlation key",
                where=start.where,
                advice="set the message's subscription correlation key, e.g. =case.key",
            )
        if start.interrupting:
            _no_cycle(start, "an event that interrupts happens once")


def _starts(spec: FlowSpec, kind: str, where: str) -> None:
    plain = [event for event in spec.start_events if event.trigger is None]
    if len(plain) > 1:
        raise InvalidDiagram(
            f"'{spec.description}' has {len(plain)} plain start events", where=where, advice="keep one of them"
        )
    for event in spec.start_events:
        if kind == "sub-process" and event.trigger is not None:
            raise InvalidDiagram(
                f"the sub-process '{spec.description}' starts with a trigger",
                where=event.where,
                advice="a sub-process starts with a plain start event; only event sub-processes have triggers",
            )
        if kind == "process" and event.trigger is not None and not isinstance(event.trigger, MessageTrigger):
            raise UnsupportedElement(
                f"the process '{spec.description}' starts with a trigger that nothing watches before a case exists",
                where=event.where,
                advice="draw a plain start event, and let your scheduler or application start the case",
            )
    if spec.start_events and spec.sources:
        raise InvalidDiagram(
            f"nothing leads to '{spec.sources[0].label}'",
            where=spec.sources[0].where,
            advice="connect it with a sequence flow, or delete it",
        )
    if not spec.start_events and not spec.sources:
        raise InvalidDiagram(
            f"'{spec.description}' has nothing to start with", where=where, advice="draw a start event"
        )
    if kind == "process" and spec.start_events and spec.plain_start is None:
        raise InvalidDiagram(
            f"'{spec.description}' has several start events and none without a trigger",
            where=where,
            advice="add a plain start event, where a case begins that no message started",
        )
