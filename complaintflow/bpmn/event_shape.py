"""Whether the events of a flow are drawn so that they can happen; see ``shape``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from complaintflow.bpmn.activities import Activity, CallActivity, EventSubProcess, SubProcess, Transaction
from complaintflow.bpmn.events import BoundaryEvent, CatchEvent, StartEvent
from complaintflow.bpmn.throws import EndEvent, ThrowEvent
from complaintflow.bpmn.triggers import (
    CancelTrigger,
    CompensationTrigger,
    ErrorTrigger,
    EscalationTrigger,
    LinkTrigger,
    MessageTrigger,
    MultipleTrigger,
    SignalTrigger,
    TimerTrigger,
    catches,
)
from complaintflow.errors import InvalidDiagram

if TYPE_CHECKING:
    from complaintflow.bpmn.program import FlowSpec


def parts(trigger: Any) -> Sequence[Any]:
    """What a trigger consists of."""
    return trigger.parts if isinstance(trigger, MultipleTrigger) else (trigger,)


def no_cycle(node: BoundaryEvent | CatchEvent | StartEvent, why: str) -> Iterator[InvalidDiagram]:
    """Wrong: an event that happens once waits for a cycle."""
    if any(isinstance(part, TimerTrigger) and part.form == "cycle" for part in parts(node.trigger)):
        yield InvalidDiagram(
            f"'{node.label}' waits for a cycle, but {why}", where=node.where, advice="give it a date or a duration"
        )


def throws(node: ThrowEvent) -> Iterator[InvalidDiagram]:
    """Wrong: an end throws what only passes, or an intermediate event what only ends."""
    is_end = isinstance(node, EndEvent)
    wrong = {"link"} if is_end else {"error", "terminate", "cancel"}
    for kind in node.kinds:
        if kind in wrong:
            yield InvalidDiagram(
                f"'{node.label}' is {'an end' if is_end else 'an intermediate'} event, which cannot throw a {kind}",
                where=node.where,
                advice="draw an intermediate link event" if is_end else "draw an end event",
            )


def boundary(event: BoundaryEvent) -> Iterator[InvalidDiagram]:
    """Wrong: the event can never come to the activity it is attached to."""
    activity, trigger = event.activity, event.trigger
    if isinstance(activity, EventSubProcess):
        yield InvalidDiagram(
            f"the boundary event '{event.label}' is attached to an event sub-process",
            where=event.where,
            advice="draw another event sub-process, or put the work into an ordinary one",
        )
        return
    if catches(trigger, EscalationTrigger) is not None and not isinstance(activity, (SubProcess, CallActivity)):
        yield InvalidDiagram(
            f"the escalation boundary event '{event.label}' is attached to a task, which never escalates",
            where=event.where,
            advice="attach it to a sub-process or call activity, or use an error",
        )
    if isinstance(trigger, CancelTrigger) and not isinstance(activity, Transaction):
        yield InvalidDiagram(
            f"the cancel boundary event '{event.label}' is not attached to a transaction",
            where=event.where,
            advice="attach it to a transaction, or use an error",
        )
    if isinstance(trigger, CompensationTrigger):
        yield from _handled(event)
    if event.interrupting:
        yield from no_cycle(event, "an event that interrupts happens once")


def _handled(event: BoundaryEvent) -> Iterator[InvalidDiagram]:
    assert event.activity is not None
    if event.outgoing:
        yield InvalidDiagram(
            f"a sequence flow leaves the compensation event '{event.label}'",
            where=event.where,
            advice="connect it with the compensating activity by an association (dotted), not by a sequence flow",
        )
    elif event.activity.handler is None:
        yield InvalidDiagram(
            f"the compensation event '{event.label}' leads to nothing",
            where=event.where,
            advice="connect it with an activity for compensation in the same process or sub-process",
        )


def compensation(node: Activity, handlers: Sequence[Activity]) -> Iterator[InvalidDiagram]:
    """Wrong: an activity for compensation is in the ordinary flow, or nothing leads to it."""
    if not node.for_compensation:
        return
    if node.incoming or node.outgoing:
        yield InvalidDiagram(
            f"'{node.label}' is for compensation and has a sequence flow",
            where=node.where,
            advice="only its compensation event leads there, and nothing follows it",
        )
    elif node not in handlers:
        yield InvalidDiagram(
            f"'{node.label}' is for compensation, and no compensation event leads to it",
            where=node.where,
            advice="attach a compensation event to the activity that it undoes, and connect the two",
        )


def distinct(events: Sequence[BoundaryEvent | StartEvent], place: str) -> Iterator[InvalidDiagram]:
    """Wrong: of two events that catch the same, one would never happen."""
    seen: set[tuple[str, str | None]] = set()
    for event in events:
        for trigger in parts(event.trigger):
            if isinstance(trigger, (ErrorTrigger, EscalationTrigger)):
                key = (trigger.kind, trigger.code)
            elif isinstance(trigger, (MessageTrigger, SignalTrigger)):
                key = ("message" if isinstance(trigger, MessageTrigger) else "signal", trigger.name.text)
            elif isinstance(trigger, (CancelTrigger, CompensationTrigger)):
                key = ("cancellation" if isinstance(trigger, CancelTrigger) else "compensation", None)
            else:
                continue
            if key in seen:
                yield InvalidDiagram(
                    f"two events of {place} catch the same {key[0]} '{key[1] or '(any)'}'",
                    where=event.where,
                    advice="keep one of them",
                )
            seen.add(key)


def links(spec: FlowSpec) -> Iterator[InvalidDiagram]:
    """Wrong: a link has no other end, or two."""
    catching = [node for node in spec.nodes if isinstance(node, CatchEvent) and isinstance(node.trigger, LinkTrigger)]
    names = [node.trigger.name for node in catching]
    for node, name in zip(catching, names, strict=True):
        if names.count(name) > 1:
            yield InvalidDiagram(
                f"the link '{name}' goes to two places", where=node.where, advice="give one of them another name"
            )
    for node in spec.nodes:
        if isinstance(node, ThrowEvent) and "link" in node.kinds and node.link_target is None:
            [link] = node.thrown
            yield InvalidDiagram(
                f"the link '{link.code.text if link.code is not None else ''}' leads nowhere",
                where=node.where,
                advice="draw an intermediate link catch event of the same name in the same process",
            )


def event_subprocess(body: EventSubProcess, spec: FlowSpec) -> Iterator[InvalidDiagram]:
    """Wrong: nothing can set it off, or more than its event does."""
    start = body.start_event
    if start is None:
        yield InvalidDiagram(
            f"the event sub-process '{body.label}' needs exactly one start event, with a trigger",
            where=body.where,
            advice="give its start event a message, timer, signal, condition, error or escalation",
        )
        return
    if body.incoming or body.outgoing or body.loop is not None:
        yield InvalidDiagram(
            f"the event sub-process '{body.label}' has sequence flows or a loop marker",
            where=body.where,
            advice="only its start event sets it off",
        )
    if catches(start.trigger, ErrorTrigger) is not None and not start.interrupting:
        yield InvalidDiagram(
            f"the error start event '{start.label}' does not interrupt",
            where=start.where,
            advice="errors always interrupt; use an escalation instead",
        )
    if any(isinstance(part, MessageTrigger) and part.key is None for part in parts(start.trigger)):
        yield InvalidDiagram(
            f"the message of '{start.label}' has no correlation key",
            where=start.where,
            advice="set the message's subscription correlation key, e.g. =case.key",
        )
    if isinstance(start.trigger, CompensationTrigger) and spec.kind in ("process", "event sub-process"):
        yield InvalidDiagram(
            f"the event sub-process '{body.label}' undoes a {spec.kind}, which nothing compensates",
            where=body.where,
            advice="draw it in the sub-process that it undoes, or attach a compensation event to the call",
        )
    if start.interrupting:
        yield from no_cycle(start, "an event that interrupts happens once")


def cancellations(spec: FlowSpec) -> Iterator[InvalidDiagram]:
    """Wrong: a cancel end event outside a transaction, or in one that does not catch it."""
    if spec.kind not in ("transaction", "event sub-process"):
        for node in _cancelling(spec):
            yield InvalidDiagram(
                f"the cancel end event '{node.label}' is not in a transaction",
                where=node.where,
                advice="draw it directly in a transaction, or throw an error",
            )
    for outer in [node for node in spec.nodes if isinstance(node, Transaction)]:
        if any(isinstance(event.trigger, CancelTrigger) for event in outer.boundary):
            continue
        for node in _cancelling(outer.inner):
            yield InvalidDiagram(
                f"the transaction '{outer.label}' is cancelled by '{node.label}' and does not say what follows",
                where=node.where,
                advice="attach a cancel boundary event to the transaction",
            )


def _cancelling(spec: FlowSpec) -> Iterator[ThrowEvent]:
    for node in spec.nodes:
        if isinstance(node, ThrowEvent) and "cancel" in node.kinds:
            yield node
        elif isinstance(node, EventSubProcess):
            yield from _cancelling(node.inner)


def compensations(spec: FlowSpec, around: frozenset[str] | None = None) -> Iterator[InvalidDiagram]:
    """Wrong: an event compensates an activity that cannot be, or that it does not reach.

    Args:
        around: for an event sub-process, what can be undone in the flow around it, from where it is looked at.
    """
    if spec.kind == "event sub-process" and around is None:
        return
    known = (around or frozenset()) | {
        node.name
        for node in spec.nodes
        if isinstance(node, Activity) and (node.handler is not None or node.undo is not None)
    }
    for node in spec.nodes:
        if isinstance(node, EventSubProcess):
            yield from compensations(node.inner, known)
        if not isinstance(node, ThrowEvent):
            continue
        for thrown in node.thrown:
            if thrown.activity is not None and thrown.activity not in known:
                yield InvalidDiagram(
                    f"'{node.label}' compensates '{thrown.activity}', which has nothing that undoes it there",
                    where=node.where,
                    advice="attach a compensation event to that activity, in the same process or sub-process",
                )
