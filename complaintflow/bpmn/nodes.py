"""One reader per kind of element: which node it becomes, and what its attributes say."""

from __future__ import annotations

from typing import Final

from lxml import etree

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
    UserTask,
)
from complaintflow.bpmn.events import BoundaryEvent, CatchEvent, EndEvent, StartEvent, ThrowEvent
from complaintflow.bpmn.formula import Formula, compile_formula
from complaintflow.bpmn.gateways import EventBasedGateway, ExclusiveGateway, InclusiveGateway, ParallelGateway
from complaintflow.bpmn.loops import Loop
from complaintflow.bpmn.node import Node
from complaintflow.bpmn.node_reader import NodeReader
from complaintflow.bpmn.triggers import (
    ErrorTrigger,
    EscalationTrigger,
    LinkTrigger,
    MessageTrigger,
    Trigger,
)
from complaintflow.bpmn.xml import bpmn, zeebe
from complaintflow.errors import InvalidDiagram


class StartReader(NodeReader):
    """Start events."""

    def read(self, node: StartEvent) -> None:
        """Trigger, and the intake form."""
        trigger, _ = self.trigger()
        if isinstance(trigger, str):
            raise self.missing("event to wait for", "give it a message, a timer, a signal, an error or an escalation")
        node.trigger = trigger
        node.interrupting = self.node.get("isInterrupting") != "false"
        form = self._extension("formDefinition")
        node.form_id = form.get("formId") if form is not None else None


class CatchReader(NodeReader):
    """Intermediate events that wait."""

    def read(self, node: CatchEvent) -> None:
        """Its trigger."""
        trigger, _ = self.trigger()
        if trigger is None or isinstance(trigger, (str, ErrorTrigger, EscalationTrigger)):
            raise self.missing("event to wait for", "give it a message, a timer, a signal or a link")
        node.trigger = trigger
        node.waits = trigger.waits
        _needs_key(self, trigger)


class BoundaryReader(NodeReader):
    """Boundary events."""

    def read(self, node: BoundaryEvent) -> None:
        """Its trigger, its activity, and whether it interrupts."""
        trigger, _ = self.trigger()
        if trigger is None or isinstance(trigger, (str, LinkTrigger)):
            raise self.missing("event to wait for", "give it a timer, a message, a signal, an error or an escalation")
        node.trigger = trigger
        node.waits = trigger.waits
        node.attached_to = self.node.get("attachedToRef")
        node.interrupting = self.node.get("cancelActivity") != "false"
        if isinstance(trigger, ErrorTrigger) and not node.interrupting:
            raise InvalidDiagram(
                "an error event that does not interrupt",
                where=self.where,
                advice="errors always interrupt; use an escalation instead",
            )
        _needs_key(self, trigger)


def _needs_key(reader: NodeReader, trigger: Trigger) -> None:
    if isinstance(trigger, MessageTrigger) and trigger.key is None:
        raise reader.missing("correlation key", "set the message's subscription correlation key, e.g. =case.key")


class ThrowReader(NodeReader):
    """Intermediate throw events and end events."""

    throws = True

    def read(self, node: ThrowEvent) -> None:
        """What it throws."""
        thrown, node.code = self.trigger()
        node.job = self.job()
        if isinstance(thrown, str):
            node.throws = thrown
            if thrown == "message":
                node.waits = "job"
                if node.job is None:
                    raise self.missing("job type", "a message is sent by a handler: set its task definition type")
        elif thrown is not None:
            node.throws = type(thrown).__name__.removesuffix("Trigger").lower()
            if node.throws == "timer" or (node.throws in ("error", "escalation") and node.code is None):
                raise self.missing("code to throw", f"choose the {node.throws} and give it a code")


class ActivityReader(NodeReader):
    """What all activities have: loops."""

    def read(self, node: Activity) -> None:
        """The multi-instance marker, if any."""
        element = self.node.find(bpmn("multiInstanceLoopCharacteristics"))
        if element is None:
            return
        inner = element.find(f"{bpmn('extensionElements')}/{zeebe('loopCharacteristics')}")
        collection = self.formula(inner, "inputCollection")
        if collection is None or inner is None:
            raise self.missing("input collection", "set the multi-instance input collection, e.g. =measures")
        completion = (element.findtext(bpmn("completionCondition")) or "").strip()
        node.loop = Loop(
            sequential=element.get("isSequential") == "true",
            collection=collection,
            element=self.variable(inner, "inputElement", optional=True),
            output_collection=self.variable(inner, "outputCollection", optional=True),
            output_element=self.formula(inner, "outputElement"),
            completion=compile_formula(completion, self.where, feel_only=True) if completion else None,
        )


class UserTaskReader(ActivityReader):
    """User tasks."""

    def read(self, node: UserTask) -> None:
        """Form, assignment, schedule, priority."""
        super().read(node)
        form = self._extension("formDefinition")
        node.form_id = form.get("formId") if form is not None else None
        assignment = self._extension("assignmentDefinition")
        node.assignee = self.formula(assignment, "assignee")
        node.groups = self.formula(assignment, "candidateGroups")
        node.users = self.formula(assignment, "candidateUsers")
        schedule = self._extension("taskSchedule")
        node.due = self._time(schedule, "dueDate")
        node.follow_up = self._time(schedule, "followUpDate")
        node.priority = self.formula(self._extension("priorityDefinition"), "priority")

    def _time(self, schedule: etree._Element | None, attribute: str) -> Formula | None:
        return self.formula(schedule, attribute, times=frozenset({"deadline"}))


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
        node.trigger, _ = self._message(self.node.get("messageRef"))
        _needs_key(self, node.trigger)


class ScriptReader(ActivityReader):
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
        node.script = compile_formula(text, self.where, feel_only=True)
        node.result_variable = self.variable(script, "resultVariable") or ""


class DecisionReader(ActivityReader):
    """Business rule tasks: DMN."""

    def read(self, node: DecisionTask) -> None:
        """The decision and its variable."""
        super().read(node)
        called = self._extension("calledDecision")
        node.decision = self.formula(called, "decisionId")
        if called is None or node.decision is None or not called.get("resultVariable"):
            raise self.missing("decision or result variable", "choose Implementation: DMN decision and fill in both")
        node.result_variable = self.variable(called, "resultVariable") or ""


class CallReader(ActivityReader):
    """Call activities."""

    def read(self, node: CallActivity) -> None:
        """The called process and what passes in and out."""
        super().read(node)
        called = self._extension("calledElement")
        node.process = self.formula(called, "processId")
        if called is None or node.process is None:
            raise self.missing("called process", "set its process id")
        node.passes_all = called.get("propagateAllParentVariables") != "false"
        node.returns_all = called.get("propagateAllChildVariables") != "false"


class SubProcessReader(ActivityReader):
    """Embedded sub-processes and event sub-processes."""

    def parse_node(self) -> Node:
        """An event sub-process is another kind of node."""
        if self.node.get("triggeredByEvent") == "true":
            self.spec_class = EventSubProcess
        return super().parse_node()

    def read(self, node: SubProcess) -> None:
        """The inner flow."""
        super().read(node)
        node.inner = self.process_parser.parser.inner_spec(self.process_parser, self.node)


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
    bpmn("exclusiveGateway"): (NodeReader, ExclusiveGateway),
    bpmn("parallelGateway"): (NodeReader, ParallelGateway),
    bpmn("inclusiveGateway"): (NodeReader, InclusiveGateway),
    bpmn("eventBasedGateway"): (NodeReader, EventBasedGateway),
}
