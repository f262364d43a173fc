"""One reader per kind of element: which node it becomes, and what its attributes say."""

from __future__ import annotations

from typing import Any, Final

from lxml import etree
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser

from complaintflow.bpmn.activities import (
    Activity,
    CallActivity,
    DecisionTask,
    EventSubProcess,
    Job,
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
from complaintflow.bpmn.node import Mapped, Node
from complaintflow.bpmn.triggers import (
    ErrorTrigger,
    EscalationTrigger,
    LinkTrigger,
    MessageTrigger,
    SignalTrigger,
    TimerTrigger,
    Trigger,
)
from complaintflow.bpmn.xml import bpmn, local, reference, zeebe
from complaintflow.errors import InvalidDiagram

_TIMES: Final = {
    "timeDate": ("date", frozenset({"deadline"}), "date and time"),
    "timeDuration": ("duration", frozenset[str](), "duration"),
    "timeCycle": ("cycle", frozenset({"repeat"}), ""),
}


class NodeReader(TaskParser):  # type: ignore[misc]
    """Reads what every node has: name, documentation, properties, headers, mappings."""

    throws = False

    def parse_node(self) -> Node:
        """Create the node in the flow's specification."""
        name = self.node.get("id")
        self.where = f"{self.filename}, line {self.node.sourceline}, element {name}"
        if not name:
            raise InvalidDiagram(f"a <{local(self.node)}> without an id", where=self.where)
        if name in self.spec.task_specs:
            raise InvalidDiagram(f"two elements have the id '{name}'", where=self.where, advice="rename one of them")
        node: Node = self.spec_class(self.spec, name, lane=self.lane, documentation=self._documentation())
        node.bpmn_name = self._clean(self.node.get("name"))
        node.default_flow = self.node.get("default")
        node.where = f"{self.filename}, element {name}"
        node.properties = {
            str(p.get("name")): p.get("value") or "" for p in self._extensions("properties", "property") if p.get("name")
        }
        node.headers = {
            str(h.get("key")): h.get("value") or "" for h in self._extensions("taskHeaders", "header") if h.get("key")
        }
        node.input_mappings = self._mappings("input")
        node.output_mappings = self._mappings("output")
        self.read(node)
        return node

    def read(self, node: Any) -> None:
        """Read what only this kind of node has."""

    def _documentation(self) -> str:
        return (self.node.findtext(bpmn("documentation")) or "").strip()

    @staticmethod
    def _clean(name: str | None) -> str | None:
        return " ".join(name.split()) if name else None

    def _extensions(self, *path: str) -> list[etree._Element]:
        found: list[etree._Element] = self.node.findall("/".join([bpmn("extensionElements"), *map(zeebe, path)]))
        return found

    def _extension(self, tag: str) -> etree._Element | None:
        found = self._extensions(tag)
        return found[0] if found else None

    def _mappings(self, kind: str) -> list[Mapped]:
        return [
            Mapped(self.formula(mapping, "source") or compile_formula("=null", self.where), str(mapping.get("target")))
            for mapping in self._extensions("ioMapping", kind)
            if mapping.get("target")
        ]

    def formula(
        self, element: etree._Element | None, attribute: str, *, times: frozenset[str] = frozenset()
    ) -> Formula | None:
        """An attribute as a formula; None where it is absent or empty."""
        text = element.get(attribute) if element is not None else None
        return compile_formula(text, self.where, times=times) if text and text.strip() else None

    def missing(self, what: str, advice: str) -> InvalidDiagram:
        """The error for something this element must have."""
        return InvalidDiagram(f"'{self.node.get('name') or self.node.get('id')}' has no {what}", where=self.where,
                              advice=advice)

    def job(self) -> Job | None:
        """The job definition, if there is one."""
        definition = self._extension("taskDefinition")
        job_type = self.formula(definition, "type")
        return Job(job_type, self.formula(definition, "retries")) if job_type is not None else None

    def trigger(self) -> tuple[Trigger | str | None, Formula | None]:
        """What the event waits for or throws, and for throwing the code, name or key."""
        definitions = [child for child in self.node if local(child).endswith("EventDefinition")]
        if len(definitions) > 1:
            raise InvalidDiagram(
                "an event with several definitions", where=self.where, advice="draw one event for each"
            )
        if not definitions:
            return None, None
        return self._definition(definitions[0])

    def _definition(self, element: etree._Element) -> tuple[Trigger | str | None, Formula | None]:
        kind = local(element).removesuffix("EventDefinition")
        if kind == "timer":
            return self._timer(element), None
        if kind == "terminate":
            return "terminate", None
        if kind == "link":
            name = element.get("name") or self.node.get("name") or ""
            return LinkTrigger(name), compile_formula(name, self.where)
        if kind == "message":
            # Thrown messages are sent by a handler, which knows where; the reference is for readers.
            if self.throws:
                return "message", None
            return self._message(element.get("messageRef"))
        parser = self.process_parser.parser
        if kind == "signal":
            name = self._constant(parser.signals.get(reference(element.get("signalRef"))), "signal")
            return SignalTrigger(name), name
        catalogue, key = {"error": (parser.errors, "error_code"), "escalation": (parser.escalations, "escalation_code")}[
            kind
        ]
        entry = catalogue.get(reference(element.get(f"{kind}Ref")))
        code = entry[key] if entry is not None else None
        trigger = ErrorTrigger(code) if kind == "error" else EscalationTrigger(code)
        return trigger, compile_formula(code, self.where) if code else None

    def _constant(self, text: str | None, what: str) -> Formula:
        if not text:
            raise self.missing(f"{what} reference", f"choose the {what} in the properties panel")
        return compile_formula(text, self.where)

    def _message(self, message_ref: str | None) -> tuple[MessageTrigger, None]:
        parser = self.process_parser.parser
        message = reference(message_ref)
        name = self._constant(parser.messages.get(message), "message")
        key = parser.subscriptions.get(message)
        return MessageTrigger(name, compile_formula(key, self.where) if key else None), None

    def _timer(self, element: etree._Element) -> TimerTrigger:
        for tag, (form, times, literal) in _TIMES.items():
            text = (element.findtext(bpmn(tag)) or "").strip()
            if not text:
                continue
            if not text.startswith("=") and literal:
                quoted = text.replace("\\", "\\\\").replace('"', '\\"')
                text = f'={literal}("{quoted}")'
            return TimerTrigger(form, compile_formula(text, self.where, times=times))
        raise self.missing("time", "give the timer a date, a duration or a cycle")


class StartReader(NodeReader):
    """Start events."""

    def read(self, node: StartEvent) -> None:
        """Trigger, and the intake form."""
        node.trigger, _ = self.trigger()  # type: ignore[assignment]
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
            raise InvalidDiagram("an error event that does not interrupt", where=self.where,
                                 advice="errors always interrupt; use an escalation instead")
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
            element=inner.get("inputElement"),
            output_collection=inner.get("outputCollection"),
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
            raise self.missing("FEEL expression or result variable", "choose Implementation: FEEL expression and fill in both")
        node.script = compile_formula(text, self.where, feel_only=True)
        node.result_variable = str(script.get("resultVariable"))


class DecisionReader(ActivityReader):
    """Business rule tasks: DMN."""

    def read(self, node: DecisionTask) -> None:
        """The decision and its variable."""
        super().read(node)
        called = self._extension("calledDecision")
        node.decision = self.formula(called, "decisionId")
        if called is None or node.decision is None or not called.get("resultVariable"):
            raise self.missing("decision or result variable", "choose Implementation: DMN decision and fill in both")
        node.result_variable = str(called.get("resultVariable"))


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
