"""All processes of a bundle, compiled: what a game is played on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.specs.WorkflowSpec import WorkflowSpec

from complaintflow.bpmn.activities import Activity, CallActivity, EventSubProcess, Job, JobTask, SubProcess, UserTask
from complaintflow.bpmn.adhoc import AdHocSubProcess
from complaintflow.bpmn.events import StartEvent
from complaintflow.bpmn.formula import Formula
from complaintflow.bpmn.listening import Listener
from complaintflow.bpmn.node import Edge, Node
from complaintflow.bpmn.steering import Steering
from complaintflow.bpmn.throws import ThrowEvent
from complaintflow.errors import UnknownProcess


class FlowSpec(BpmnProcessSpec):  # type: ignore[misc]
    """The nodes of one process or sub-process.

    Stock specifications reserve the names ``Start`` and ``End`` for nodes of their own, which a
    designer may use; the root's name here is one that no XML id can have.
    """

    def __init__(self, name: str, *, label: str, file: str) -> None:
        WorkflowSpec.__init__(self, name=name, filename=file)
        # The process this flow belongs to; a sub-process is named after it.
        self.process_id = name.partition("#")[0]
        self.description = label
        self.io_specification = None
        self.data_objects: dict[str, Any] = {}
        self.data_stores: dict[str, Any] = {}
        self.correlation_keys: dict[str, Any] = {}
        self.bpmn_start_events: list[Any] = []
        self.svg = None
        self.start = BpmnTaskSpec(self, "#start")
        # Where the flow is entered: the start event without a trigger, or the only one there is.
        self.plain_start: StartEvent | None = None
        self.sources: list[Node] = []
        self.event_subprocesses: list[EventSubProcess] = []
        self.edges: dict[str, Edge] = {}
        # "process", "sub-process", "event sub-process", "transaction" or "ad-hoc".
        self.kind = "process"
        # What begins a case: start events, and what waits for the event that begins one.
        self.entries: list[Node] = []
        # The event sub-process that undoes what this flow did; and the ad-hoc sub-process it is the inside of.
        self.undoing: EventSubProcess | None = None
        self.ad_hoc: AdHocSubProcess | None = None
        # Of a process: its own listeners, the version it says it is, and the forms inside it (id -> form-js JSON).
        self.listeners: tuple[Listener, ...] = ()
        self.version_tag: str | None = None
        self.forms: dict[str, str] = {}
        # Message name -> how its correlation key is read out of what it brings.
        self.retrievals: Mapping[str, Formula] = {}

    @property
    def can_be_undone(self) -> bool:
        """Whether anything here can be compensated."""
        return self.undoing is not None or any(
            isinstance(node, Activity) and (node.handler is not None or node.undo is not None) for node in self.nodes
        )

    @property
    def nodes(self) -> list[Node]:
        """The flow nodes a designer drew here, in the order of the file."""
        return [spec for spec in self.task_specs.values() if isinstance(spec, Node) and "#" not in spec.name]

    @property
    def start_events(self) -> list[StartEvent]:
        """The start events, in the order of the file."""
        return [node for node in self.nodes if isinstance(node, StartEvent)]


class Program:
    """Processes by id, and every flow (sub-processes included) by its own name."""

    def __init__(self, processes: dict[str, FlowSpec]) -> None:
        self.processes = processes
        self.flows: dict[str, FlowSpec] = {}
        todo = list(processes.values())
        while todo:
            spec = todo.pop()
            self.flows[spec.name] = spec
            # Of a diagram that is only looked at, an inside may be missing.
            todo += [node.inner for node in spec.nodes if isinstance(node, SubProcess) and node.inner is not None]
        # Whether anything waits for a condition, so that changes of variables are noted.
        self.watches = any(
            spec.watches for flow in self.flows.values() for spec in flow.task_specs.values() if isinstance(spec, Node)
        )

    def process(self, process_id: str) -> FlowSpec:
        """The process of this id.

        Raises:
            UnknownProcess: the files have none.
        """
        if process_id not in self.processes:
            raise UnknownProcess(
                f"the diagrams have no process '{process_id}'",
                where=", ".join(sorted({spec.file for spec in self.processes.values()})),
                advice=f"they have: {', '.join(sorted(self.processes))}",
            )
        return self.processes[process_id]

    @property
    def nodes(self) -> list[Node]:
        """Every flow node of every flow."""
        return [node for spec in self.flows.values() for node in spec.nodes]

    @property
    def edges(self) -> list[Edge]:
        """Every sequence flow of every flow."""
        return [edge for spec in self.flows.values() for edge in spec.edges.values()]

    def find(self, element: str, kind: type[Node] = Node) -> Node | None:
        """The node with this id, wherever it is; one of this kind where several processes use the id."""
        return self._by_id.get((element, kind)) or self._by_id.get((element, Node))

    @cached_property
    def _by_id(self) -> dict[tuple[str, type[Node]], Node]:
        found: dict[tuple[str, type[Node]], Node] = {}
        for node in self.nodes:
            found.setdefault((node.bpmn_id, Node), node)
            if isinstance(node, UserTask):
                found.setdefault((node.bpmn_id, UserTask), node)
        return found

    @cached_property
    def job_types(self) -> dict[str, Node]:
        """Job types that are constants, each with an element that names it."""
        jobs: list[tuple[Node, Job | None]] = []
        for node in self.nodes:
            if isinstance(node, (JobTask, ThrowEvent)):
                jobs.append((node, node.job))
        for spec in self.flows.values():
            jobs += [(one, one.job) for one in spec.task_specs.values() if isinstance(one, (Listener, Steering))]
        return {job.type.text: node for node, job in jobs if job is not None and job.type.expression is None}

    @property
    def forms(self) -> dict[str, tuple[str, str]]:
        """Forms inside the diagrams: id -> file and form-js JSON."""
        return {name: (spec.file, form) for spec in self.processes.values() for name, form in spec.forms.items()}

    def called_processes(self) -> set[str]:
        """Processes called by a constant id."""
        return {
            node.process.text
            for node in self.nodes
            if isinstance(node, CallActivity) and node.process is not None and node.process.expression is None
        }
