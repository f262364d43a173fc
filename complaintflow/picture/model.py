"""Shapes and edges of a diagram, read from its BPMN DI."""

from __future__ import annotations

from dataclasses import field
from typing import Final

from lxml import etree

from complaintflow.bpmn.xml import BPMN, local, namespace
from complaintflow.records import dataclass

_DI: Final = "http://www.omg.org/spec/BPMN/20100524/DI"
_DC: Final = "http://www.omg.org/spec/DD/20100524/DC"
_DD: Final = "http://www.omg.org/spec/DD/20100524/DI"

EVENTS: Final = frozenset(
    {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"}
)
GATEWAYS: Final = frozenset(
    {"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway"}
)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in the diagram's units."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> tuple[float, float]:
        """Its centre."""
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Shape:
    """An element with a place. ``trigger`` is the kind of its event definition, if it has one."""

    element: str
    tag: str
    name: str
    box: Box
    label: Box | None
    expanded: bool
    trigger: str
    interrupting: bool
    event_body: bool
    loop: str
    marker: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A flow with its way."""

    element: str
    tag: str
    name: str
    points: tuple[tuple[float, float], ...]
    label: Box | None
    default: bool
    conditional: bool


@dataclass(slots=True)
class Sheet:
    """One page: shapes from the outermost in, and lines."""

    shapes: list[Shape] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    @property
    def bounds(self) -> Box:
        """The smallest rectangle around everything."""
        boxes = [shape.box for shape in self.shapes]
        boxes += [shape.label for shape in self.shapes if shape.label is not None]
        boxes += [line.label for line in self.lines if line.label is not None]
        xs = [x for box in boxes for x in (box.x, box.x + box.width)] + [
            x for line in self.lines for x, _ in line.points
        ]
        ys = [y for box in boxes for y in (box.y, box.y + box.height)] + [
            y for line in self.lines for _, y in line.points
        ]
        if not xs:
            return Box(0, 0, 100, 40)
        return Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


def read_sheet(root: etree._Element) -> Sheet:
    """The first page of a document."""
    elements = {str(element.get("id")): element for element in root.iter() if _is_bpmn(element) and element.get("id")}
    defaults = {element.get("default") for element in elements.values() if element.get("default")}
    sheet = Sheet()
    plane = next(root.iter(f"{{{_DI}}}BPMNPlane"), None)
    for drawn in plane if plane is not None else ():
        element = elements.get(str(drawn.get("bpmnElement")).rpartition(":")[2])
        if element is None:
            continue
        if local(drawn) == "BPMNShape":
            sheet.shapes.append(_shape(drawn, element))
        elif local(drawn) == "BPMNEdge":
            sheet.lines.append(_line(drawn, element, element.get("id") in defaults))
    return sheet


def _is_bpmn(element: etree._Element) -> bool:
    return isinstance(element.tag, str) and namespace(element) == BPMN


def _shape(drawn: etree._Element, element: etree._Element) -> Shape:
    definitions = [local(child) for child in element if _is_bpmn(child) and local(child).endswith("EventDefinition")]
    loop = element.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics")
    text = element.findtext(f"{{{BPMN}}}text") if local(element) == "textAnnotation" else None
    interrupting = "false" not in (element.get("cancelActivity"), element.get("isInterrupting"))
    return Shape(
        element=str(element.get("id")),
        tag=local(element),
        name=text or element.get("name") or "",
        box=_box(drawn.find(f"{{{_DC}}}Bounds")) or Box(0, 0, 0, 0),
        label=_label(drawn),
        expanded=drawn.get("isExpanded") == "true",
        trigger=definitions[0].removesuffix("EventDefinition") if definitions else "",
        interrupting=interrupting,
        event_body=element.get("triggeredByEvent") == "true",
        loop="" if loop is None else "sequential" if loop.get("isSequential") == "true" else "parallel",
        marker=drawn.get("isMarkerVisible") != "false",
    )


def _line(drawn: etree._Element, element: etree._Element, default: bool) -> Line:
    source_is_gateway = False
    if local(element) == "sequenceFlow":
        root = element.getroottree()
        source = element.get("sourceRef")
        source_is_gateway = any(
            local(found) in GATEWAYS
            for found in root.iter()
            if isinstance(found.tag, str) and found.get("id") == source
        )
    points = tuple((float(p.get("x", 0)), float(p.get("y", 0))) for p in drawn.iter(f"{{{_DD}}}waypoint"))
    conditional = element.find(f"{{{BPMN}}}conditionExpression") is not None and not source_is_gateway
    return Line(
        str(element.get("id")), local(element), element.get("name") or "", points, _label(drawn), default, conditional
    )


def _label(drawn: etree._Element) -> Box | None:
    label = drawn.find(f"{{{_DI}}}BPMNLabel")
    return _box(label.find(f"{{{_DC}}}Bounds")) if label is not None else None


def _box(bounds: etree._Element | None) -> Box | None:
    if bounds is None:
        return None
    return Box(*(float(bounds.get(side, 0)) for side in ("x", "y", "width", "height")))
