"""From XML to a program.

SpiffWorkflow's ``BpmnParser`` reads the file's messages, signals, errors and escalations and knows
which class reads which tag; its process parser is replaced, because the stock one follows flows
recursively and knows them by their target. Here nodes and sequence flows are indexed by id, then linked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
    parser = DiagramParser()
    for file, source in files.items():
        root = xml.read(source, file)
        allowed.check(root, file)
        parser.subscriptions.update(_subscriptions(root))
        try:
            parser.add_bpmn_xml(root, filename=file)
        except (ValidationException, ValueError) as error:
            raise InvalidDiagram(str(error), where=file) from None
    processes = {
        process_id: reader.get_spec()
        for process_id, reader in parser.process_parsers.items()
        if reader.process_executable
    }
    if not processes:
        raise InvalidDiagram(
            "no file has an executable process",
            where=", ".join(files),
            advice="in Camunda Modeler, tick Executable in the process's properties",
        )
    return Program(processes)


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
        self._check_starts(spec)

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
            if not isinstance(node, ThrowEvent) or node.throws != "link":
                continue
            name = node.code.text if node.code is not None else ""
            if name not in catchers:
                raise InvalidDiagram(
                    f"the link '{name}' leads nowhere",
                    where=node.where,
                    advice="draw an intermediate link catch event of the same name in the same process",
                )
            node.link_target = catchers[name]
            catchers[name].link_sources.append(node)

    def _arm(self, spec: FlowSpec) -> None:
        for body in [node for node in spec.nodes if isinstance(node, EventSubProcess)]:
            starts = body.inner.start_events
            if len(starts) != 1 or starts[0].trigger is None:
                raise InvalidDiagram(
                    f"the event sub-process '{body.label}' needs exactly one start event, with a trigger",
                    where=body.where,
                    advice="give its start event a message, timer, signal, error or escalation",
                )
            if body.incoming or body.outgoing:
                raise InvalidDiagram(f"the event sub-process '{body.label}' has sequence flows", where=body.where)
            body.start_event = starts[0]
            body.interrupts = starts[0].interrupting
            starts[0].body = body
            if starts[0].trigger.waits is not None:
                body.armed = ArmedStart(spec, body, starts[0])
            spec.event_subprocesses.append(body)

    def _check_starts(self, spec: FlowSpec) -> None:
        is_event_body = self.node.get("triggeredByEvent") == "true"
        plain = [event for event in spec.start_events if event.trigger is None]
        if len(plain) > 1:
            raise InvalidDiagram(
                f"'{spec.description}' has {len(plain)} plain start events",
                where=f"{self.filename}, element {self.bpmn_id}",
                advice="keep one, and give the others a message or a timer",
            )
        spec.plain_start = plain[0] if plain else None
        if self.outer is not None and not is_event_body and [e for e in spec.start_events if e.trigger]:
            raise InvalidDiagram(
                f"the sub-process '{spec.description}' starts with a trigger",
                where=f"{self.filename}, element {self.bpmn_id}",
                advice="a sub-process starts with a plain start event; only event sub-processes have triggers",
            )
        spec.sources = [
            node
            for node in spec.nodes
            if not node.incoming
            and not isinstance(node, (StartEvent, BoundaryEvent, EventSubProcess))
            and not (isinstance(node, CatchEvent) and isinstance(node.trigger, LinkTrigger))
        ]
        if spec.start_events and spec.sources and not is_event_body:
            raise InvalidDiagram(
                f"nothing leads to '{spec.sources[0].label}'",
                where=spec.sources[0].where,
                advice="connect it with a sequence flow, or delete it",
            )
        if not spec.start_events and not spec.sources:
            raise InvalidDiagram(
                f"'{spec.description}' has nothing to start with",
                where=f"{self.filename}, element {self.bpmn_id}",
                advice="draw a start event",
            )


class DiagramParser(BpmnParser):  # type: ignore[misc]
    """SpiffWorkflow's parser with our process reader and node classes."""

    PROCESS_PARSER_CLASS = FlowReader
    OVERRIDE_PARSER_CLASSES = READERS
    PARSER_CLASSES: dict[str, Any] = {}

    def __init__(self) -> None:
        super().__init__(namespaces={"bpmn": xml.BPMN, "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
                                     "dc": "http://www.omg.org/spec/DD/20100524/DC", "zeebe": xml.ZEEBE})
        self.subscriptions: dict[str, str] = {}

    def _add_data_stores(self, bpmn: Any) -> None:
        """Data stores are drawn for people; they hold nothing here, as in Camunda 8."""

    def inner_spec(self, outer: FlowReader, node: Any) -> FlowSpec:
        """Read a sub-process."""
        reader = FlowReader(self, node, self.namespaces, {}, filename=outer.filename)
        reader.outer = outer
        spec: FlowSpec = reader.get_spec()
        return spec


