"""What a drawing joins: boundary events with their activities, and both ends of each sequence flow.

Each is joined by itself: one that leads nowhere does not hide what is wrong with the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from complaintflow.bpmn import constants, xml
from complaintflow.bpmn.activities import Activity
from complaintflow.bpmn.events import BoundaryEvent
from complaintflow.bpmn.formula import Formula, compile_formula
from complaintflow.bpmn.node import Edge, Node
from complaintflow.bpmn.triggers import CompensationTrigger
from complaintflow.errors import InvalidDiagram

if TYPE_CHECKING:
    from complaintflow.bpmn.reader import FlowReader


def attach(reader: FlowReader) -> None:
    """Attach the boundary events of a flow to their activities, and these to what undoes them."""
    for element in reader.node.iterchildren(xml.bpmn("boundaryEvent")):
        event = reader.spec.task_specs.get(element.get("id"))
        if isinstance(event, BoundaryEvent):
            with reader.parser.trying(element):
                _attach(reader, event, element)


def _attach(reader: FlowReader, event: BoundaryEvent, element: etree._Element) -> None:
    where = f"{reader.filename}, line {element.sourceline}, element {event.name}"
    activity = _node(reader, element.get("attachedToRef"), "activity", f"the boundary event '{event.label}'", where)
    if not isinstance(activity, Activity):
        if activity.name in reader.parser.failed | reader.parser.refused:
            reader.parser.failed.add(event.name)
            return
        raise InvalidDiagram(
            f"the boundary event '{event.label}' is attached to '{activity.label}', which is no activity",
            where=where,
            advice="attach it to a task, a sub-process or a call activity",
        )
    event.activity = activity
    activity.boundary.append(event)
    if isinstance(event.trigger, CompensationTrigger):
        activity.handler = _handler(reader, event)


def _handler(reader: FlowReader, event: BoundaryEvent) -> Activity | None:
    """The activity that undoes another: an association leads to it from the event."""
    for pair in reader.parser.associations:
        if event.name in pair:
            found = reader.spec.task_specs.get(pair[1 - pair.index(event.name)])
            if isinstance(found, Activity) and found.for_compensation:
                return found
    return None


def link_flows(reader: FlowReader) -> frozenset[str]:
    """Link the sequence flows of a process or sub-process.

    Returns:
        The ids that a flow names which could not be linked: what stands there was meant to be reached.
    """
    adrift: set[str] = set()
    for count, element in enumerate(reader.node.iterchildren(xml.bpmn("sequenceFlow"))):
        known = len(reader.spec.edges)
        with reader.parser.trying(element):
            _link(reader, element, element.get("id") or f"#flow{count}")
        if len(reader.spec.edges) == known:
            adrift |= {xml.reference(element.get(end)) or "" for end in ("sourceRef", "targetRef")}
    return frozenset(adrift)


def _link(reader: FlowReader, element: etree._Element, flow_id: str) -> None:
    where = f"{reader.filename}, line {element.sourceline}, element {flow_id}"
    owner = f"the sequence flow '{element.get('name') or flow_id}'"
    source = _node(reader, element.get("sourceRef"), "source", owner, where)
    target = _node(reader, element.get("targetRef"), "target", owner, where)
    condition = element.find(xml.bpmn("conditionExpression"))
    text = (condition.text or "").strip() if condition is not None else ""
    edge = Edge(
        flow_id,
        element.get("name"),
        source,
        target,
        # It has a condition, even if that cannot be read.
        Formula(text, None, where) if text else None,
        len(target.incoming),
        (element.findtext(xml.bpmn("documentation")) or "").strip(),
    )
    source.outgoing.append(edge)
    source.connect(target)
    target.incoming.append(edge)
    reader.spec.edges[flow_id] = edge
    if xml.reference(source.default_flow) == element.get("id") and source.default_flow:
        source.default = edge
    if text:
        checked = reader.parser.checked
        edge.condition = compile_formula(text, where, feel_only=True, checked=checked)
        if not checked:
            constants.demand(edge.condition, constants.CONDITION, f"the condition of {owner}")


def _node(reader: FlowReader, reference: str | None, role: str, owner: str, where: str) -> Node:
    found = reader.spec.task_specs.get(xml.reference(reference) or "")
    if isinstance(found, Node):
        return found
    if not reference:
        raise InvalidDiagram(f"{owner} has no {role}", where=where, advice="draw it again in Camunda Modeler")
    raise InvalidDiagram(
        f"{owner} names '{reference}' as its {role}, which is not in the same process or sub-process",
        where=where,
        advice="draw it again in Camunda Modeler, from one element to the other",
    )
