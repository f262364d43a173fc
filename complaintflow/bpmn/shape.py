"""Whether a flow is drawn so that it can run: checked once it is linked, before any case starts.

Each rule refuses a drawing that BPMN forbids or Camunda 8 does not deploy, because running it would
mean to guess or to leave something out in silence (D14).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from complaintflow.bpmn import event_shape
from complaintflow.bpmn.activities import Activity, EventSubProcess, ReceiveTask
from complaintflow.bpmn.events import BoundaryEvent, CatchEvent, StartEvent
from complaintflow.bpmn.gateways import (
    ComplexGateway,
    EventBasedGateway,
    ExclusiveGateway,
    InclusiveGateway,
    ParallelGateway,
)
from complaintflow.bpmn.node import Node
from complaintflow.bpmn.throws import EndEvent, ThrowEvent
from complaintflow.bpmn.triggers import LinkTrigger, MessageTrigger, MultipleTrigger, SignalTrigger, TimerTrigger
from complaintflow.bpmn.watching import ConditionTrigger
from complaintflow.errors import InvalidDiagram, UnsupportedElement

if TYPE_CHECKING:
    from complaintflow.bpmn.program import FlowSpec


def shape_problems(spec: FlowSpec, where: str, failed: frozenset[str] = frozenset()) -> Iterator[InvalidDiagram]:
    """Everything that is drawn wrongly in one flow.

    Args:
        where: file and element of the flow itself.
        failed: elements that could not be read, which has been said already.
    """
    for rule in _rules(spec, where, failed):
        yield from rule


def _rules(spec: FlowSpec, where: str, failed: frozenset[str]) -> Iterator[Iterable[InvalidDiagram]]:
    activities = [node for node in spec.nodes if isinstance(node, Activity)]
    handlers = [node.handler for node in activities if node.handler is not None]
    for node in spec.nodes:
        if node.name in failed:
            continue
        yield _ends(node)
        yield _begins(node, spec)
        yield _default(node)
        yield _conditions(node)
        if isinstance(node, EventBasedGateway):
            yield _behind_event_gateway(node, failed)
        elif isinstance(node, ComplexGateway):
            yield _activation(node)
        elif isinstance(node, BoundaryEvent):
            yield event_shape.boundary(node)
        elif isinstance(node, ThrowEvent):
            yield event_shape.throws(node)
        elif isinstance(node, CatchEvent):
            yield event_shape.no_cycle(node, "an intermediate event happens once")
        elif isinstance(node, Activity):
            yield _quantity(node)
            yield event_shape.compensation(node, handlers)
            yield event_shape.distinct([one for one in node.boundary if one.name not in failed], f"'{node.label}'")
        if isinstance(node, EventSubProcess):
            yield event_shape.event_subprocess(node, spec)
    yield from _of_the_flow(spec, where, failed)


def _of_the_flow(spec: FlowSpec, where: str, failed: frozenset[str]) -> Iterator[Iterable[InvalidDiagram]]:
    """The rules about several elements: what could not be read may be what seems to be missing."""
    gaps = {type(node) for node in spec.nodes if node.name in failed}
    starts = [body.start_event for body in spec.event_subprocesses if body.start_event is not None]
    yield event_shape.distinct(starts, f"'{spec.description}'")
    if not gaps & {CatchEvent, ThrowEvent, Node}:
        yield event_shape.links(spec)
    if not gaps & {BoundaryEvent, Node}:
        yield event_shape.cancellations(spec)
        if not any(issubclass(kind, Activity) for kind in gaps):
            yield event_shape.compensations(spec)
    yield _ad_hoc(spec) if spec.kind == "ad-hoc" else _starts(spec, where, failed)
    if not spec.entries and not spec.sources and not gaps:
        yield _nothing(spec, where)


def _ends(node: Node) -> Iterator[InvalidDiagram]:
    """Events are entered and left only where BPMN lets them."""
    is_link = isinstance(getattr(node, "trigger", None), LinkTrigger)
    begins = getattr(node, "instantiates", False)
    if node.incoming and (isinstance(node, (StartEvent, BoundaryEvent)) or is_link or begins):
        yield InvalidDiagram(
            f"a sequence flow leads into '{node.label}', which only its event can reach",
            where=node.where,
            advice="let the flow end at the element behind it",
        )
    link = isinstance(node, ThrowEvent) and "link" in node.kinds
    if node.outgoing and (isinstance(node, EndEvent) or link):
        yield InvalidDiagram(
            f"a sequence flow leaves '{node.label}', where the path ends",
            where=node.where,
            advice="delete the flow, or draw an intermediate event",
        )


def _begins(node: Node, spec: FlowSpec) -> Iterator[InvalidDiagram]:
    if getattr(node, "instantiates", False) and spec.kind != "process":
        yield InvalidDiagram(
            f"'{node.label}' begins a case, and stands in a sub-process",
            where=node.where,
            advice="draw it in the process, or begin the sub-process with a plain start event",
        )


def _quantity(node: Activity) -> Iterator[InvalidDiagram]:
    """One token alone comes to what begins by itself, or behind an event-based gateway."""
    if node.start_quantity == 1:
        return
    if not node.incoming or any(isinstance(edge.source, EventBasedGateway) for edge in node.incoming):
        yield InvalidDiagram(
            f"'{node.label}' begins with {node.start_quantity} tokens, and only one can come",
            where=node.where,
            advice="set its startQuantity to 1, or let sequence flows bring it as many",
        )


def _default(node: Node) -> Iterator[InvalidDiagram]:
    if node.default_flow and node.default is None:
        yield InvalidDiagram(
            f"the default flow '{node.default_flow}' does not leave '{node.label}'",
            where=node.where,
            advice="choose the default flow again in Camunda Modeler",
        )
    if node.default is not None and node.default.condition is not None:
        yield InvalidDiagram(
            f"the default flow '{node.default.id}' of '{node.label}' has a condition",
            where=node.where,
            advice="delete its condition; it is taken when no other flow is",
        )


def _conditions(node: Node) -> Iterator[InvalidDiagram]:
    if isinstance(node, (ParallelGateway, EventBasedGateway)):
        wrong = [edge for edge in node.outgoing if edge.condition is not None]
        problem, advice = "has a condition, which this gateway never asks", "draw an exclusive or inclusive gateway"
    elif isinstance(node, (ExclusiveGateway, InclusiveGateway)) and len(node.outgoing) > 1:
        wrong = [edge for edge in node.outgoing if edge.condition is None and edge is not node.default]
        problem, advice = "has no condition and is not the default", "give it a condition, or make it the default flow"
    else:
        return
    for edge in wrong:
        yield InvalidDiagram(
            f"the flow '{edge.name or edge.id}' out of '{node.label}' {problem}", where=node.where, advice=advice
        )


def _activation(gateway: ComplexGateway) -> Iterator[InvalidDiagram]:
    if len(gateway.incoming) > 1 and gateway.activation is None:
        yield InvalidDiagram(
            f"the complex gateway '{gateway.label}' does not say when it goes on",
            where=gateway.where,
            advice="give it an activation condition, e.g. =activationCount >= 2",
        )


def _behind_event_gateway(gateway: EventBasedGateway, failed: frozenset[str]) -> Iterator[InvalidDiagram]:
    if gateway.parallel and not gateway.instantiates:
        yield InvalidDiagram(
            f"the event-based gateway '{gateway.label}' waits for all its events, but begins no case",
            where=gateway.where,
            advice="draw a parallel gateway with the events behind it",
        )
    if not gateway.outgoing:
        yield InvalidDiagram(
            f"the event-based gateway '{gateway.label}' waits for nothing",
            where=gateway.where,
            advice="draw the events that it waits for behind it",
        )
    for node in (edge.target for edge in gateway.outgoing):
        if node.name in failed:
            continue
        waits = isinstance(node, CatchEvent) or (
            isinstance(node, ReceiveTask) and node.loop is None and not node.boundary
        )
        if not waits:
            yield InvalidDiagram(
                f"'{node.label}' stands behind the event-based gateway '{gateway.label}' and waits for no event",
                where=node.where,
                advice="only catch events stand there, or receive tasks without marker and boundary events",
            )
            continue
        if any(listener.event == "start" for listener in node.listeners):
            yield InvalidDiagram(
                f"'{node.label}' stands behind the event-based gateway '{gateway.label}' and has start listeners, "
                "which would only be heard when its event has happened",
                where=node.where,
                advice="put them on the gateway, or make them end listeners",
            )
        if len(node.incoming) > 1:
            yield InvalidDiagram(
                f"'{node.label}' stands behind the event-based gateway '{gateway.label}' and has other incoming flows",
                where=node.where,
                advice="join the flows behind it, or draw the event twice",
            )
        if gateway.instantiates and not isinstance(getattr(node, "trigger", None), (MessageTrigger, SignalTrigger)):
            yield InvalidDiagram(
                f"the event '{node.label}' would begin a case, and nothing watches for it before there is one",
                where=node.where,
                advice="only messages and signals begin cases here",
            )


def _ad_hoc(spec: FlowSpec) -> Iterator[InvalidDiagram]:
    for node in spec.nodes:
        if isinstance(node, (StartEvent, EndEvent)):
            yield InvalidDiagram(
                f"the ad-hoc sub-process '{spec.description}' has a start or end event",
                where=node.where,
                advice="delete it: activities without an incoming sequence flow are begun in any order",
            )


def _starts(spec: FlowSpec, where: str, failed: frozenset[str]) -> Iterator[InvalidDiagram]:
    events = [event for event in spec.start_events if event.name not in failed]
    plain = [event for event in events if event.trigger is None]
    if len(plain) > 1:
        yield InvalidDiagram(
            f"'{spec.description}' has {len(plain)} plain start events", where=where, advice="keep one of them"
        )
    for event in events:
        if spec.kind in ("sub-process", "transaction") and event.trigger is not None:
            yield InvalidDiagram(
                f"the sub-process '{spec.description}' starts with a trigger",
                where=event.where,
                advice="a sub-process starts with a plain start event; only event sub-processes have triggers",
            )
        if spec.kind == "process":
            yield from _starts_a_case(event, spec)
    for node in spec.sources if spec.entries else ():
        yield InvalidDiagram(
            f"nothing leads to '{node.label}'",
            where=node.where,
            advice="connect it with a sequence flow, or delete it",
        )


def _nothing(spec: FlowSpec, where: str) -> Iterator[InvalidDiagram]:
    if spec.kind == "ad-hoc":
        what, advice = f"the ad-hoc sub-process '{spec.description}' has nothing to begin", "draw an activity"
    else:
        what, advice = f"'{spec.description}' has nothing to start with", "draw a start event"
    yield InvalidDiagram(what, where=where, advice=advice)


def _starts_a_case(event: StartEvent, spec: FlowSpec) -> Iterator[InvalidDiagram]:
    """What may begin a process: nobody, a message, a signal, data (see ``beginning``), or the clock (``schedule``)."""
    trigger = event.trigger
    if isinstance(trigger, MultipleTrigger) and trigger.parallel:
        yield UnsupportedElement(
            f"the process '{spec.description}' starts when several things have come, and there is no case to wait in",
            where=event.where,
            advice="start with one of them, and wait for the others behind it",
        )
        return
    parts = event_shape.parts(trigger)
    known: tuple[type, ...] = (MessageTrigger, SignalTrigger)
    if len(parts) == 1:
        known += (TimerTrigger, ConditionTrigger)
    if trigger is not None and not all(isinstance(part, known) for part in parts):
        yield UnsupportedElement(
            f"the process '{spec.description}' starts with a trigger that nothing watches before a case exists",
            where=event.where,
            advice="start by a message, a signal or the clock, each with a start event of its own",
        )
        return
    for part in parts:
        if isinstance(part, (MessageTrigger, SignalTrigger)) and part.name.expression is not None:
            yield UnsupportedElement(
                f"the name of what starts '{spec.description}' is a formula",
                where=event.where,
                advice="write the name itself: there are no variables before the case",
            )
    if not isinstance(trigger, TimerTrigger):
        return
    if trigger.form == "duration":
        yield InvalidDiagram(
            f"the process '{spec.description}' starts after a duration, but nothing is there to count from",
            where=event.where,
            advice='give the start event a cycle, e.g. =repeat("name") or R/P7D, or a date',
        )
    if event.form_id is not None:
        yield InvalidDiagram(
            f"the start event '{event.label}' has a form, but the clock fills in none",
            where=event.where,
            advice="move the form to a user task, or to a plain start event",
        )
