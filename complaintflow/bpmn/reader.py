"""From XML to a program.

SpiffWorkflow's ``BpmnParser`` reads the file's messages, signals, errors and escalations and knows
which class reads which tag; its process parser is replaced, because the stock one follows flows
recursively and knows them by their target. Here nodes and sequence flows are indexed by id, then linked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from typing import Any, ClassVar, Final

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException

from complaintflow.bpmn import correlation, data, linking, source, xml
from complaintflow.bpmn.activities import EventSubProcess, ReceiveTask, SubProcess
from complaintflow.bpmn.compensation import Undo
from complaintflow.bpmn.events import ArmedStart, BoundaryEvent, CatchEvent, StartEvent
from complaintflow.bpmn.gateways import EventBasedGateway
from complaintflow.bpmn.inline import embedded
from complaintflow.bpmn.listener_reader import read_listeners
from complaintflow.bpmn.node import Node
from complaintflow.bpmn.nodes import READERS
from complaintflow.bpmn.program import FlowSpec, Program
from complaintflow.bpmn.throws import ThrowEvent
from complaintflow.bpmn.triggers import CompensationTrigger, LinkTrigger
from complaintflow.errors import ComplaintflowError, InvalidDiagram

_FLOW: Final = xml.bpmn("sequenceFlow")


def read_program(files: Mapping[str, bytes], *, checked: bool = False) -> Program:
    """Compile diagrams.

    Args:
        files: file name -> bytes; their processes may call each other.
        checked: these very files were compiled before and are known to be right: what is only looked at to refuse it
            is not looked at again, and an expression is parsed when it is needed.

    Raises:
        InvalidDiagram: a file cannot be read, or does not make sense.
        UnsupportedElement: it uses something outside the allow-list.
        FeelSyntaxError: an expression does not parse.
    """
    program, problems = read_partly(files, checked=checked)
    if problems:
        raise _together(problems)
    return program


def _together(problems: list[ComplaintflowError]) -> ComplaintflowError:
    """The first problem, whose text tells of the others too: nobody has to mend one to see the next."""
    first, *others = problems
    if not others:
        return first
    error = copy(first)
    error.what = f"{first.what} (and {len(others)} more)"
    error.remedy = "\n\n".join([first.remedy, *map(str, others)])
    return error


def find_problems(files: Mapping[str, bytes]) -> list[ComplaintflowError]:
    """Everything for which ``read_program`` would refuse the files, in their order; arguments as there."""
    return read_partly(files)[1]


def read_partly(files: Mapping[str, bytes], *, checked: bool = False) -> tuple[Program, list[ComplaintflowError]]:
    """What can be read of diagrams, and why not the rest: a program with gaps can be looked at, and cannot run.

    Arguments as for ``read_program``.
    """
    problems: list[ComplaintflowError] = []
    processes: dict[str, FlowSpec] = {}
    for file, content in files.items():
        try:
            found = _read_file(file, content, problems, checked=checked)
        except ComplaintflowError as error:
            problems.append(error)
            continue
        for process_id, spec in found.items():
            if process_id in processes:
                problems.append(
                    InvalidDiagram(
                        f"two files have the process '{process_id}'",
                        where=f"{processes[process_id].file} and {file}",
                        advice="rename one of them",
                    )
                )
            processes.setdefault(process_id, spec)
    if not processes and not problems:
        problems.append(
            InvalidDiagram(
                "no file has an executable process",
                where=", ".join(files),
                advice="in Camunda Modeler, tick Executable in the process's properties",
            )
        )
    return Program(processes), problems


def _read_file(file: str, content: bytes, problems: list[ComplaintflowError], *, checked: bool) -> dict[str, FlowSpec]:
    """The executable processes of one file; ids of messages, errors and the like are its own."""
    diagram = source.read(content, file)
    amiss = () if checked else diagram.problems
    problems += amiss
    parser = DiagramParser(frozenset() if checked else diagram.refused, checked=checked)
    parser.subscriptions = _subscriptions(diagram.root)
    parser.associations = _associations(diagram.root)
    parser.items = data.item_names(diagram.root)
    try:
        parser.add_bpmn_xml(diagram.root, filename=file)
        found = {
            process_id: reader.get_spec()
            for process_id, reader in parser.process_parsers.items()
            if reader.process_executable
        }
    except RecursionError:
        raise InvalidDiagram("the file is nested too deeply to be read", where=file, advice="draw it flatter") from None
    except (ValidationException, ValueError) as error:
        if amiss:
            return {}
        raise InvalidDiagram(str(error), where=file) from None
    problems += parser.problems
    return found


def _subscriptions(root: etree._Element) -> dict[str, str]:
    """Message id -> correlation key."""
    return {
        str(message.get("id")): key
        for message in root.iter(xml.bpmn("message"))
        for subscription in message.iter(xml.zeebe("subscription"))
        if (key := subscription.get("correlationKey"))
    }


def _associations(root: etree._Element) -> list[tuple[str, str]]:
    """The two ends of each association, as they are named."""
    return [
        (xml.reference(one.get("sourceRef")) or "", xml.reference(one.get("targetRef")) or "")
        for one in root.iter(xml.bpmn("association"))
    ]


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
        spec.kind = self._kind
        for child in self.node:
            reader_class, node_class = self.parser._get_parser_class(child.tag)
            if node_class is not None:
                with self.parser.trying(child):
                    reader_class(self, node_class, child, self.nsmap).parse_node()
        self._fill_gaps()
        linking.attach(self)
        adrift = linking.link_flows(self)
        self._link_links()
        self._arm(spec)
        self._undo(spec)
        self._enter(spec, adrift)
        if not self.parser.checked:
            from complaintflow.bpmn.shape import shape_problems  # what we ship was looked at when it was packed

            self.parser.problems += shape_problems(
                spec, f"{self.filename}, element {self.bpmn_id}", self.parser.refused.union(self.parser.failed)
            )
        if self.outer is None:
            self._read_process(spec)

    def _fill_gaps(self) -> None:
        """Something stands for each element that could not be read, so that what leads there does not lead nowhere."""
        for child in self.node:
            gap = child.get("id") in self.parser.failed | self.parser.refused
            if gap and child.tag != _FLOW and child.get("id") not in self.spec.task_specs:
                Node(self.spec, child.get("id"))

    def _read_process(self, spec: FlowSpec) -> None:
        """What only a process has: listeners, a version, forms."""
        where = f"{self.filename}, line {self.node.sourceline}, element {self.bpmn_id}"
        with self.parser.trying(self.node):
            spec.listeners = read_listeners(spec, self.node, where, {})
        tag = self.node.find(f"{xml.bpmn('extensionElements')}/{xml.zeebe('versionTag')}")
        spec.version_tag = tag.get("value") if tag is not None else None
        spec.forms = embedded(self.node)
        with self.parser.trying(self.node):
            spec.retrievals = correlation.retrievals(self.node.getparent(), str(self.filename))

    def _link_links(self) -> None:
        catchers = {
            node.trigger.name: node
            for node in self.spec.nodes
            if isinstance(node, CatchEvent) and isinstance(node.trigger, LinkTrigger)
        }
        for node in self.spec.nodes:
            if isinstance(node, ThrowEvent) and node.kinds == ("link",) and node.thrown[0].code is not None:
                node.link_target = catchers.get(node.thrown[0].code.text)
                if node.link_target is not None:
                    node.link_target.link_sources.append(node)

    def _arm(self, spec: FlowSpec) -> None:
        for body in [node for node in spec.nodes if isinstance(node, EventSubProcess)]:
            # Without an inside the sub-process could not be read, which has been said.
            start = body.inner.plain_start if body.inner is not None else None
            if start is None or start.trigger is None:
                if body.inner is None or any(one.name in self.parser.failed for one in body.inner.start_events):
                    self.parser.failed.add(body.name)
                continue
            body.start_event = start
            body.interrupts = start.interrupting
            start.body = body
            if start.trigger.armed:
                body.armed = ArmedStart(spec, body, start)
            if isinstance(start.trigger, CompensationTrigger):
                spec.undoing = body
            else:
                spec.event_subprocesses.append(body)

    def _undo(self, spec: FlowSpec) -> None:
        """What can be undone in a sub-process makes the sub-process something that can be undone."""
        for node in spec.nodes:
            if isinstance(node, SubProcess) and node.handler is None and node.inner and node.inner.can_be_undone:
                node.undo = Undo(node)

    def _enter(self, spec: FlowSpec, adrift: frozenset[str]) -> None:
        """Where a token begins: at the start event, or where nothing leads to.

        ``adrift`` are the elements at the end of a flow that has no beginning, which has been said.
        """
        starts = spec.start_events
        plain = [event for event in starts if event.trigger is None]
        spec.plain_start = plain[0] if plain else starts[0] if len(starts) == 1 else None
        gateways = [node for node in spec.nodes if isinstance(node, EventBasedGateway) and node.instantiates]
        spec.entries = [*starts, *(node for node in spec.nodes if isinstance(node, ReceiveTask) and node.instantiates)]
        spec.entries += [edge.target for gateway in gateways for edge in gateway.outgoing]
        spec.sources = [
            node
            for node in spec.nodes
            if not node.incoming
            and not isinstance(node, (StartEvent, BoundaryEvent, EventSubProcess))
            and not (isinstance(node, CatchEvent) and isinstance(node.trigger, LinkTrigger))
            and not getattr(node, "instantiates", False)
            and not getattr(node, "for_compensation", False)
            and node.name not in adrift | self.parser.failed | self.parser.refused
        ]

    @property
    def _kind(self) -> str:
        if self.outer is None:
            return "process"
        special = {"transaction": "transaction", "adHocSubProcess": "ad-hoc"}.get(xml.local(self.node))
        return special or ("event sub-process" if self.node.get("triggeredByEvent") == "true" else "sub-process")


class DiagramParser(BpmnParser):  # type: ignore[misc]
    """SpiffWorkflow's parser with our process reader and node classes."""

    PROCESS_PARSER_CLASS = FlowReader
    OVERRIDE_PARSER_CLASSES = READERS
    PARSER_CLASSES: ClassVar[dict[str, Any]] = {}

    def __init__(self, refused: frozenset[str], *, checked: bool = False) -> None:
        super().__init__(
            namespaces={
                "bpmn": xml.BPMN,
                "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
                "dc": "http://www.omg.org/spec/DD/20100524/DC",
                "zeebe": xml.ZEEBE,
            }
        )
        self.subscriptions: dict[str, str] = {}
        self.associations: list[tuple[str, str]] = []
        self.items: dict[str, str] = {}
        self.problems: list[ComplaintflowError] = []
        self.refused = refused
        # See read_program.
        self.checked = checked
        # The ids of elements that could not be read, or not wholly.
        self.failed: set[str] = set()

    @contextmanager
    def trying(self, element: Any) -> Iterator[None]:
        """Read one part; where it cannot be, remember why and go on with the others.

        What was refused before leaves gaps in its element, which nobody need be blamed for twice.
        """
        try:
            yield
        except ComplaintflowError as error:
            self.failed.add(str(element.get("id")))
            if not self._was_refused(element):
                self.problems.append(error)
        except Exception:
            self.failed.add(str(element.get("id")))
            if not self._was_refused(element):
                raise

    def _was_refused(self, element: Any) -> bool:
        """Whether the element was, or a part of it that is no element of the flow itself."""
        if element.get("id") in self.refused:
            return True
        inside = element.iterchildren()
        return any(self._was_refused(child) for child in inside if child.tag not in READERS and child.tag != _FLOW)

    def _add_data_stores(self, bpmn: Any) -> None:
        """Data stores are drawn for people; they hold nothing here, as in Camunda 8."""

    def inner_spec(self, outer: FlowReader, node: Any) -> FlowSpec:
        """Read a sub-process."""
        reader = FlowReader(self, node, self.namespaces, {}, filename=outer.filename)
        reader.outer = outer
        spec: FlowSpec = reader.get_spec()
        return spec
