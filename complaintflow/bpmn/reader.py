"""From XML to a program.

SpiffWorkflow's ``BpmnParser`` reads the file's messages, signals, errors and escalations and knows
which class reads which tag; its process parser is replaced, because the stock one follows flows
recursively and knows them by their target. Here nodes and sequence flows are indexed by id, then linked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException

from complaintflow.bpmn import allowed, xml
from complaintflow.bpmn.activities import EventSubProcess
from complaintflow.bpmn.events import ArmedStart, BoundaryEvent, CatchEvent, StartEvent, ThrowEvent
from complaintflow.bpmn.formula import compile_formula
from complaintflow.bpmn.node import Edge, Node
from complaintflow.bpmn.nodes import READERS
from complaintflow.bpmn.program import FlowSpec, Program
from complaintflow.bpmn.shape import check_shape
from complaintflow.bpmn.triggers import LinkTrigger
from complaintflow.errors import InvalidDiagram


def read_program(files: Mapping[str, bytes]) -> Program:
    """Compile diagrams.

    Args:
        files: file name -> bytes; their processes may call each other.

    Raises:
        InvalidDiagram: a file cannot be read, or does not make sense.
        UnsupportedElement: it uses something outside the allow-list.
        FeelSyntaxError: an expression does not parse.
    """
    processes: dict[str, FlowSpec] = {}
    for file, source in files.items():
        for process_id, spec in _read_file(file, source).items():
            if process_id in processes:
                raise InvalidDiagram(
                    f"two files have the process '{process_id}'",
                    where=f"{processes[process_id].file} and {file}",
                    advice="rename one of them",
                )
            processes[process_id] = spec
    if not processes:
        raise InvalidDiagram(
            "no file has an executable process",
            where=", ".join(files),
            advice="in Camunda Modeler, tick Executable in the process's properties",
        )
    return Program(processes)


def _read_file(file: str, source: bytes) -> dict[str, FlowSpec]:
    """The executable processes of one file; ids of messages, errors and the like are its own."""
    root = xml.read(source, file)
    allowed.check(root, file)
    parser = DiagramParser()
    parser.subscriptions = _subscriptions(root)
    try:
        parser.add_bpmn_xml(root, filename=file)
    except (ValidationException, ValueError) as error:
        raise InvalidDiagram(str(error), where=file) from None
    return {
        process_id: reader.get_spec()
        for process_id, reader in parser.process_parsers.items()
        if reader.process_executable
    }


def _subscriptions(root: etree._Element) -> dict[str, str]:
    """Message id -> correlation key."""
    return {
        str(message.get("id")): key
        for message in root.iter(xml.bpmn("message"))
        for subscription in message.iter(xml.zeebe("subscription"))
        if (key := subscription.get("correlationKey"))
    }


class FlowReader(ProcessParser):  # type: ignore[misc]
    """Reads one process or sub-process."""

    spec: FlowSpec
    outer: FlowReader | None = None

    def _index_process_nodes(self) -> None:
        """Nothing: everything is indexed once, in order, by ``_parse``."""

    def _parse(self) -> None:
        name = self.bpmn_id if self.outer is None else f"{self.outer.spec.name}#{self.bpmn_id}"
        if not self.bpmn_id:
            raise InvalidDiagram("a process without an id", where=str(self.filename))
        spec = self.spec = FlowSpec(name, label=self.get_name(), file=str(self.filename))
        for child in self.node:
            reader_class, node_class = self.parser._get_parser_class(child.tag)
            if node_class is not None:
                reader_class(self, node_class, child, self.nsmap).parse_node()
        self._attach()
        self._link_flows()
        self._link_links()
        self._arm(spec)
        self._enter(spec)
        check_shape(spec, self._kind, f"{self.filename}, element {self.bpmn_id}")

    def _node(self, reference: str | None, role: str, owner: str) -> Node:
        found = self.spec.task_specs.get(xml.reference(reference) or "")
        if not isinstance(found, Node):
            raise InvalidDiagram(
                f"{owner} names '{reference}' as its {role}, which is not in the same process or sub-process",
                where=str(self.filename),
                advice="draw the sequence flow again in Camunda Modeler",
            )
        return found

    def _attach(self) -> None:
        for event in [node for node in self.spec.nodes if isinstance(node, BoundaryEvent)]:
            activity = self._node(event.attached_to, "activity", f"the boundary event {event.name}")
            if not hasattr(activity, "boundary"):
                raise InvalidDiagram(f"a boundary event is attached to '{activity.label}'", where=event.where)
            event.activity = activity
            activity.boundary.append(event)

    def _link_flows(self) -> None:
        for count, element in enumerate(self.node.iterchildren(xml.bpmn("sequenceFlow"))):
            flow_id = element.get("id") or f"#flow{count}"
            where = f"{self.filename}, line {element.sourceline}, element {flow_id}"
            source = self._node(element.get("sourceRef"), "source", f"the sequence flow {flow_id}")
            target = self._node(element.get("targetRef"), "target", f"the sequence flow {flow_id}")
            condition = element.find(xml.bpmn("conditionExpression"))
            text = (condition.text or "").strip() if condition is not None else ""
            edge = Edge(
                flow_id,
                element.get("name"),
                source,
                target,
                compile_formula(text, where, feel_only=True) if text else None,
                len(target.incoming),
                (element.findtext(xml.bpmn("documentation")) or "").strip(),
            )
            source.outgoing.append(edge)
            source.connect(target)
            target.incoming.append(edge)
            self.spec.edges[flow_id] = edge
            if xml.reference(source.default_flow) == element.get("id") and source.default_flow:
                source.default = edge

    def _link_links(self) -> None:
        catchers = {
            node.trigger.name: node
            for node in self.spec.nodes
            if isinstance(node, CatchEvent) and isinstance(node.trigger, LinkTrigger)
        }
        for node in self.spec.nodes:
            if isinstance(node, ThrowEvent) and node.throws == "link" and node.code is not None:
                node.link_target = catchers.get(node.code.text)
                if node.link_target is not None:
                    node.link_target.link_sources.append(node)

    def _arm(self, spec: FlowSpec) -> None:
        for body in [node for node in spec.nodes if isinstance(node, EventSubProcess)]:
            start = body.inner.plain_start
            if start is None or start.trigger is None:
                continue
            body.start_event = start
            body.interrupts = start.interrupting
            start.body = body
            if start.trigger.waits is not None:
                body.armed = ArmedStart(spec, body, start)
            spec.event_subprocesses.append(body)

    def _enter(self, spec: FlowSpec) -> None:
        """Where a token begins: at the start event, or where nothing leads to."""
        starts = spec.start_events
        plain = [event for event in starts if event.trigger is None]
        spec.plain_start = plain[0] if plain else starts[0] if len(starts) == 1 else None
        spec.sources = [
            node
            for node in spec.nodes
            if not node.incoming
            and not isinstance(node, (StartEvent, BoundaryEvent, EventSubProcess))
            and not (isinstance(node, CatchEvent) and isinstance(node.trigger, LinkTrigger))
        ]

    @property
    def _kind(self) -> str:
        if self.outer is None:
            return "process"
        return "event sub-process" if self.node.get("triggeredByEvent") == "true" else "sub-process"


class DiagramParser(BpmnParser):  # type: ignore[misc]
    """SpiffWorkflow's parser with our process reader and node classes."""

    PROCESS_PARSER_CLASS = FlowReader
    OVERRIDE_PARSER_CLASSES = READERS
    PARSER_CLASSES: ClassVar[dict[str, Any]] = {}

    def __init__(self) -> None:
        super().__init__(
            namespaces={
                "bpmn": xml.BPMN,
                "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
                "dc": "http://www.omg.org/spec/DD/20100524/DC",
                "zeebe": xml.ZEEBE,
            }
        )
        self.subscriptions: dict[str, str] = {}

    def _add_data_stores(self, bpmn: Any) -> None:
        """Data stores are drawn for people; they hold nothing here, as in Camunda 8."""

    def inner_spec(self, outer: FlowReader, node: Any) -> FlowSpec:
        """Read a sub-process."""
        reader = FlowReader(self, node, self.namespaces, {}, filename=outer.filename)
        reader.outer = outer
        spec: FlowSpec = reader.get_spec()
        return spec
