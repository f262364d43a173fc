"""One reader per kind of element: which node it becomes, and what its attributes say."""

from __future__ import annotations

from typing import Final

from lxml import etree

from complaintflow.bpmn import constants
from complaintflow.bpmn.activities import (
    Activity,
    CallActivity,
    DecisionTask,
    EventSubProcess,
    JobTask,
    PlainTask,
    ReceiveTask,
    ScriptTask,
    SubProcess,
    Transaction,
    UserTask,
)
from complaintflow.bpmn.adhoc import AdHocSubProcess
from complaintflow.bpmn.event_reader import EventReader
from complaintflow.bpmn.events import BoundaryEvent, CatchEvent, StartEvent
from complaintflow.bpmn.formula import Formula
from complaintflow.bpmn.gateways import (
    ComplexGateway,
    EventBasedGateway,
    ExclusiveGateway,
    InclusiveGateway,
    ParallelGateway,
)
from complaintflow.bpmn.loop_reader import LoopReader
from complaintflow.bpmn.node import Node
from complaintflow.bpmn.node_reader import NodeReader
from complaintflow.bpmn.throws import EndEvent, ThrowEvent
from complaintflow.bpmn.triggers import (
    CancelTrigger,
    CompensationTrigger,
    ErrorTrigger,
    LinkTrigger,
    MultipleTrigger,
    catches,
)
from complaintflow.bpmn.xml import bpmn, local, ours
from complaintflow.errors import InvalidDiagram

# More tokens than this at once are a slip of the keyboard.
MOST_TOKENS: Final = 100


class StartReader(EventReader):
    """Start events."""

    def read(self, node: StartEvent) -> None:
        """Trigger, and the intake form."""
        node.trigger = self.awaited()
        if isinstance(node.trigger, (LinkTrigger, CancelTrigger)):
            raise self.missing("event to wait for", "give it a message, a timer, a signal, an error or an escalation")
        node.interrupting = self.node.get("isInterrupting") != "false"
        node.form_id, _ = self.form()
        node.initiator = self.node.get(ours("initiator"))


class CatchReader(EventReader):
    """Intermediate events that wait."""

    def read(self, node: CatchEvent) -> None:
        """Its trigger."""
        trigger = self.awaited()
        parts = trigger.parts if isinstance(trigger, MultipleTrigger) else (trigger,)
        if not all(part is not None and (part.armed or isinstance(part, LinkTrigger)) for part in parts):
            raise self.missing("event to wait for", "give it a message, a timer, a signal, a condition or a link")
        assert trigger is not None
        node.await_(trigger)
        self.need_keys(trigger)


class BoundaryReader(EventReader):
    """Boundary events."""

    def read(self, node: BoundaryEvent) -> None:
        """Its trigger, its activity, and whether it interrupts."""
        node.attached_to = self.node.get("attachedToRef")
        trigger = self.awaited()
        if trigger is None or isinstance(trigger, LinkTrigger):
            raise self.missing(
                "event to wait for",
                "give it a timer, a message, a signal, a condition, an error, an escalation or a compensation",
            )
        node.await_(trigger)
        node.interrupting = self.node.get("cancelActivity") != "false" or isinstance(
            trigger, (CancelTrigger, CompensationTrigger)
        )
        if catches(trigger, ErrorTrigger) is not None and not node.interrupting:
            raise InvalidDiagram(
                "an error event that does not interrupt",
                where=self.where,
                advice="errors always interrupt; use an escalation instead",
            )
        self.need_keys(trigger)


class ThrowReader(EventReader):
    """Intermediate throw events and end events."""

    def read(self, node: ThrowEvent) -> None:
        """What it throws."""
        node.thrown = self.thrown()
        node.job = self.job()
        if "message" in node.kinds:
            node.waits = "job"
            if node.job is None:
                raise self.missing("job type", "a message is sent by a handler: set its task definition type")


class ActivityReader(LoopReader):
    """What all activities have: loops."""

    def read(self, node: Activity) -> None:
        """The loop marker, if any, and whether it is there to undo another activity."""
        node.for_compensation = self.node.get("isForCompensation") == "true"
        node.start_quantity = self.quantity("startQuantity")
        node.completion_quantity = self.quantity("completionQuantity")
        multiple = self.node.find(bpmn("multiInstanceLoopCharacteristics"))
        standard = self.node.find(bpmn("standardLoopCharacteristics"))
        with self.trying():
            if multiple is not None:
                node.loop = self.multiple(multiple)
            if standard is not None:
                node.loop = self.standard(standard)

    def quantity(self, attribute: str) -> int:
        """How many tokens; 1 where nothing is said.

        Raises:
            InvalidDiagram: it is no number that there can be.
        """
        text = (self.node.get(attribute) or "1").strip()
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0
        if not 1 <= number <= MOST_TOKENS:
            raise InvalidDiagram(
                f"the {attribute} of '{self.label}' is '{text}'",
                where=self.where,
                advice=f"write a whole number from 1 to {MOST_TOKENS}",
            )
        return number


class UserTaskReader(ActivityReader):
    """User tasks."""

    def read(self, node: UserTask) -> None:
        """Form, assignment, schedule, priority."""
        super().read(node)
        with self.trying():
            node.form_id, node.form_reference = self.form()
        assignment = self._extension("assignmentDefinition")
        node.assignee = self.formula(assignment, "assignee")
        node.groups = self.formula(assignment, "candidateGroups")
        node.users = self.formula(assignment, "candidateUsers")
        schedule = self._extension("taskSchedule")
        node.due = self._time(schedule, "dueDate")
        node.follow_up = self._time(schedule, "followUpDate")
        node.priority = self.formula(self._extension("priorityDefinition"), "priority", constants.PRIORITY)

    def _time(self, schedule: etree._Element | None, attribute: str) -> Formula | None:
        return self.formula(schedule, attribute, constants.TIME, times=frozenset({"deadline"}))


class JobTaskReader(ActivityReader):
    """Service and send tasks."""

    def read(self, node: JobTask) -> None:
        """The job."""
        super().read(node)
        node.job = self.job()
        if node.job is None:
            raise self.missing("job type", "set its task definition type to the name of a handler")


class ReceiveReader(ActivityReader):
    """Receive tasks."""

    def read(self, node: ReceiveTask) -> None:
        """The message."""
        super().read(node)
        node.trigger = self.message(self.node.get("messageRef"))
        node.instantiates = self.node.get("instantiate") == "true"
        if not node.instantiates:
            self.need_keys(node.trigger)


class WorkReader(ActivityReader):
    """What a handler can do as well: with a task definition it is a job."""

    def parse_node(self) -> Node:
        """A job is another kind of node."""
        if self._extension("taskDefinition") is not None:
            return JobTaskReader(self.process_parser, JobTask, self.node, self.nsmap, self.lane).parse_node()
        return super().parse_node()


class ScriptReader(WorkReader):
    """Script tasks: FEEL."""

    def read(self, node: ScriptTask) -> None:
        """The expression and its variable."""
        super().read(node)
        script = self._extension("script")
        text = script.get("expression") if script is not None else None
        if script is None or not text or not script.get("resultVariable"):
            raise self.missing(
                "FEEL expression or result variable", "choose Implementation: FEEL expression and fill in both"
            )
        node.script = self.compiled(text, feel_only=True)
        node.result_variable = self.variable(script, "resultVariable") or ""


class DecisionReader(WorkReader):
    """Business rule tasks: DMN."""

    def read(self, node: DecisionTask) -> None:
        """The decision and its variable."""
        super().read(node)
        called = self._extension("calledDecision")
        node.decision = self.formula(called, "decisionId", constants.TEXT)
        if called is None or node.decision is None or not called.get("resultVariable"):
            raise self.missing("decision or result variable", "choose Implementation: DMN decision and fill in both")
        node.result_variable = self.variable(called, "resultVariable") or ""
        node.shape = called.get(ours("shape"))


class CallReader(ActivityReader):
    """Call activities."""

    def read(self, node: CallActivity) -> None:
        """The called process and what passes in and out."""
        super().read(node)
        called = self._extension("calledElement")
        node.process = self.formula(called, "processId", constants.TEXT)
        if called is None or node.process is None:
            raise self.missing("called process", "set its process id")
        node.passes_all = called.get("propagateAllParentVariables") != "false"
        node.returns_all = called.get("propagateAllChildVariables") != "false"


class SubProcessReader(ActivityReader):
    """Embedded sub-processes, transactions and event sub-processes."""

    def parse_node(self) -> Node:
        """An event sub-process is another kind of node."""
        if self.node.get("triggeredByEvent") == "true":
            if local(self.node) != "subProcess":
                raise InvalidDiagram(
                    f"'{self.label}' is set off by an event, and is no ordinary sub-process",
                    where=f"{self.filename}, line {self.node.sourceline}, element {self.node.get('id')}",
                    advice="draw an event sub-process, and the transaction or ad-hoc sub-process in it",
                )
            self.spec_class = EventSubProcess
        return super().parse_node()

    def read(self, node: SubProcess) -> None:
        """The inner flow: first of all, since what is wrong with the rest is no fault of it."""
        node.inner = self.process_parser.parser.inner_spec(self.process_parser, self.node)
        super().read(node)


class AdHocReader(SubProcessReader):
    """Ad-hoc sub-processes."""

    def read(self, node: AdHocSubProcess) -> None:
        """What is begun, when it is enough, and what is collected."""
        super().read(node)
        extension = self._extension("adHoc")
        node.listed = self.formula(extension, "activeElementsCollection", constants.LIST)
        completion = (self.node.findtext(bpmn("completionCondition")) or "").strip()
        node.completion = (
            self.compiled(completion, constants.CONDITION, "completion condition", feel_only=True)
            if completion
            else None
        )
        node.cancels = self.node.get("cancelRemainingInstances") != "false"
        node.sequential = self.node.get("ordering") == "Sequential"
        if extension is not None:
            node.output_collection = self.variable(extension, "outputCollection", optional=True)
            node.output_element = self.formula(extension, "outputElement")
        node.job = self.job()
        self._steered(node)
        node.ready()

    def _steered(self, node: AdHocSubProcess) -> None:
        """Raises InvalidDiagram: a handler decides what is begun, and the diagram too."""
        if self._extension("taskDefinition") is None:
            return
        if node.job is None:
            raise self.missing("job type", "set its task definition type")
        said = {
            "activeElementsCollection": node.listed is not None,
            "a completion condition": node.completion is not None,
            "cancelRemainingInstances": not node.cancels,
            "ordering": node.sequential,
        }
        for what in (name for name, there in said.items() if there):
            raise InvalidDiagram(
                f"'{self.label}' asks a handler what to begin and when it is done, and has {what}",
                where=self.where,
                advice="remove one of them; a handler returns NextSteps(activate=..., done=..., cancel=...)",
            )


class EventGatewayReader(NodeReader):
    """Event-based gateways."""

    def read(self, node: EventBasedGateway) -> None:
        """Whether it begins a case, and with how many of its events."""
        node.instantiates = self.node.get("instantiate") == "true"
        node.parallel = self.node.get("eventGatewayType") == "Parallel"


class ComplexReader(NodeReader):
    """Complex gateways."""

    def read(self, node: ComplexGateway) -> None:
        """When it goes on."""
        text = (self.node.findtext(bpmn("activationCondition")) or "").strip()
        node.activation = self.condition(text, "activation condition")


READERS: Final[dict[str, tuple[type[NodeReader], type[Node]]]] = {
    bpmn("startEvent"): (StartReader, StartEvent),
    bpmn("endEvent"): (ThrowReader, EndEvent),
    bpmn("intermediateCatchEvent"): (CatchReader, CatchEvent),
    bpmn("intermediateThrowEvent"): (ThrowReader, ThrowEvent),
    bpmn("boundaryEvent"): (BoundaryReader, BoundaryEvent),
    bpmn("task"): (ActivityReader, PlainTask),
    bpmn("manualTask"): (ActivityReader, PlainTask),
    bpmn("userTask"): (UserTaskReader, UserTask),
    bpmn("serviceTask"): (JobTaskReader, JobTask),
    bpmn("sendTask"): (JobTaskReader, JobTask),
    bpmn("receiveTask"): (ReceiveReader, ReceiveTask),
    bpmn("scriptTask"): (ScriptReader, ScriptTask),
    bpmn("businessRuleTask"): (DecisionReader, DecisionTask),
    bpmn("callActivity"): (CallReader, CallActivity),
    bpmn("subProcess"): (SubProcessReader, SubProcess),
    bpmn("transaction"): (SubProcessReader, Transaction),
    bpmn("adHocSubProcess"): (AdHocReader, AdHocSubProcess),
    bpmn("exclusiveGateway"): (NodeReader, ExclusiveGateway),
    bpmn("parallelGateway"): (NodeReader, ParallelGateway),
    bpmn("inclusiveGateway"): (NodeReader, InclusiveGateway),
    bpmn("eventBasedGateway"): (EventGatewayReader, EventBasedGateway),
    bpmn("complexGateway"): (ComplexReader, ComplexGateway),
}
