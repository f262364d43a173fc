"""What is drawn, for SpiffWorkflow by itself: the start and end events that it wants, and each node's own flows."""

from __future__ import annotations

import re

from lxml import etree

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
_NAMES = {"bpmn": BPMN, "zeebe": "http://camunda.org/schema/zeebe/1.0"}


def find(node: etree._Element, path: str) -> list[etree._Element]:
    """The elements at an XPath."""
    found = node.xpath(path, namespaces=_NAMES)
    assert isinstance(found, list)
    return [element for element in found if isinstance(element, etree._Element)]


def local(node: etree._Element) -> str:
    """The tag without its namespace."""
    return etree.QName(node).localname


def complete(scope: etree._Element) -> None:
    """Draw the start and end events that are left out."""
    named = scope.get("id", "")
    begin = unled(scope)
    if begin and not find(scope, "./bpmn:startEvent"):
        etree.SubElement(scope, f"{{{BPMN}}}startEvent", id=f"{named}-begin")
        source = f"{named}-begin"
        if len(begin) > 1:
            etree.SubElement(scope, f"{{{BPMN}}}parallelGateway", id=f"{named}-fork")
            _flow(scope, source, f"{named}-fork")
            source = f"{named}-fork"
        for node in begin:
            _flow(scope, source, node.get("id", ""))
    for node in _nodes(scope):
        drawn = node.get("id", "")
        if (
            local(node) != "endEvent"
            and not find(node, "./bpmn:linkEventDefinition | ./bpmn:compensateEventDefinition[../@attachedToRef]")
            and not _flows(scope, "sourceRef", drawn)
        ):
            etree.SubElement(scope, f"{{{BPMN}}}endEvent", id=f"{drawn}-done")
            _flow(scope, drawn, f"{drawn}-done")


def unled(scope: etree._Element) -> list[etree._Element]:
    """What no flow leads to and begins with its scope."""
    return [
        node
        for node in _nodes(scope)
        if local(node) not in ("startEvent", "boundaryEvent")
        and node.get("instantiate") != "true"
        and not find(node, "./bpmn:linkEventDefinition")
        and not _flows(scope, "targetRef", node.get("id", ""))
    ]


def _nodes(scope: etree._Element) -> list[etree._Element]:
    """The flow nodes of a scope, without what flows do not reach."""
    return [
        node
        for node in scope
        if re.search("(?i)(task|event|gateway|activity|process|transaction)$", local(node))
        and node.get("triggeredByEvent") != "true"
        and node.get("isForCompensation") != "true"
    ]


def _flow(scope: etree._Element, source: str, target: str) -> None:
    flow = etree.SubElement(scope, f"{{{BPMN}}}sequenceFlow", id=f"{source}_{target}")
    flow.set("sourceRef", source)
    flow.set("targetRef", target)


def _flows(scope: etree._Element, end: str, name: str) -> bool:
    """Whether a flow has this end, with or without a prefix."""
    ends = [flow.get(end, "") for flow in find(scope, "./bpmn:sequenceFlow")]
    return name in [drawn.rpartition(":")[2] for drawn in ends]


def refer(root: etree._Element) -> None:
    """Name each node's flows inside it, as every modeler does."""
    for flow in find(root, "//bpmn:sequenceFlow"):
        for end, tag in (("sourceRef", "outgoing"), ("targetRef", "incoming")):
            for node in find(root, f"//*[@id='{flow.get(end)}']"):
                etree.SubElement(node, f"{{{BPMN}}}{tag}").text = flow.get("id")
