"""What is refused at load, and what to draw instead. ``tests/unit/bpmn/test_refusals.py`` has the wrong drawings."""

from __future__ import annotations

from tests.diagrams import (
    attributes,
    boundary,
    catch,
    compensate,
    condition,
    end,
    error,
    escalation,
    event,
    flows,
    gateway,
    message,
    receive,
    signal,
    start,
    sub,
    throw,
    timer,
    transaction,
    undoing,
    user,
)  # fmt: skip
from tests.matrix.correlation import MESSAGES, key, named, subscription
from tests.matrix.rows import Refusal

_ROOTS = (message("m", "m"), signal("s", "s"), error("e", "E"), escalation("u", "U"))
_PLAIN = (start(), user("a"), flows("start > a"))


def _with(element: str) -> tuple[str, ...]:
    return (start(), user("a"), element, flows("start > a"))


def _task(body: str, tag: str = "userTask", **more: str) -> tuple[str, ...]:
    return (start(), attributes(f'<bpmn:{tag} id="x" name="The task">{body}</bpmn:{tag}>', **more), flows("start > x"))


ROWS = [
    Refusal("startQuantity", "no number", "whole number", _task("", startQuantity="many")),
    Refusal("completionQuantity", "0", "whole number", _task("", completionQuantity="0")),
    Refusal("startQuantity", "nothing leads there", "sequence flows",
            (attributes(user("x"), startQuantity="2"), user("a"), flows("x > a"))),
    Refusal("Script in a language", "script task", "FEEL", _task("<bpmn:script>import os</bpmn:script>", "scriptTask")),
    Refusal("Correlation property", "of no key", "zeebe:subscription", _PLAIN, (named("x"),)),
    Refusal("Correlation key", "to which nothing subscribes", "zeebe:subscription): 'm': =no", _PLAIN,
            (*MESSAGES, named("o", m="no"), key("o", key_id="x"))),
    Refusal("Correlation key", "of two properties", '=string(a.id) + "/" + string(b)',
            (*_PLAIN, subscription(name="x", o="a.id", q="b")),
            (*MESSAGES, named("o", m="no"), named("q", m="id"), key("o", "q"))),
    Refusal("Correlation subscription", "beside a correlation key", "keep one",
            (*_PLAIN, subscription(name="x", o="a")), (message("m", "m"), named("o", m="no"), key("o"))),
    Refusal("Correlation subscription", "without a data path", "dataPath in FEEL",
            (*_PLAIN, subscription(name="x")), (*MESSAGES, named("o", m="no"), key("o"))),
    Refusal("Choreography", "definitions", "processes that take part", _PLAIN, ('<bpmn:choreography id="x"/>',)),
    Refusal("Conversation", "definitions", "message flows", _PLAIN, ('<bpmn:conversation id="x"/>',)),
    Refusal("Global task", "definitions", "where it is used", _PLAIN, ('<bpmn:globalUserTask id="x"/>',)),
    Refusal("Resource role", "user task", "candidateGroups", _task("<bpmn:potentialOwner/>")),
    Refusal("Event definition by reference", "catch event", "event itself",
            (start(), catch("x", "<bpmn:eventDefinitionRef>d</bpmn:eventDefinitionRef>"), flows("start > x"))),
    Refusal("Complex behaviour", "multi-instance", "each round end",
            _task("<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>2</bpmn:loopCardinality>"
                  "<bpmn:complexBehaviorDefinition/></bpmn:multiInstanceLoopCharacteristics>")),
    Refusal("Receive task", "instantiating, in a sub-process", "plain start event",
            (start(), sub("sp", attributes(receive("x", "m"), instantiate="true"), user("a"), flows("x > a")),
             flows("start > sp")), _ROOTS),
    Refusal("Transaction", "set off by an event", "event sub-process",
            (start(), user("a"), attributes(transaction("x", start("es", event("message", "m"))),
             triggeredByEvent="true"), flows("start > a")), _ROOTS),
    Refusal("Conditional event", "asking the clock", "timer",
            (start(), catch("x", condition("due < now()")), flows("start > x"))),
    Refusal("Conditional event", "without condition", "FEEL condition",
            (start(), catch("x", "<bpmn:conditionalEventDefinition/>"), flows("start > x"))),
    Refusal("Conditional event", "filter of deletions", "create, update",
            (start(), catch("x", condition("y", "delete")), flows("start > x"))),
    Refusal("Error event", "start of a process", "start by a message",
            (start("x", event("error", "e")), user("a"), flows("x > a")), _ROOTS),
    Refusal("Multiple event", "start of a process, parallel", "start with one of them",
            (attributes(start("x", event("message", "m") + event("signal", "s")), parallelMultiple="true"), user("a"),
             flows("x > a")), _ROOTS),
    Refusal("Multiple event", "parallel with an error", "events of their own",
            (start(), user("a"), attributes(boundary("x", "a", event("message", "m") + event("error", "e")),
             parallelMultiple="true"), flows("start > a")), _ROOTS),
    Refusal("Multiple event", "throw with a link", "a link stands alone",
            (start(), throw("x", event("link", "l") + event("signal", "s")), catch("in", event("link", "l")),
             flows("start > x")), _ROOTS),
    Refusal("Message event", "start whose name is a formula", "write the name itself",
            (start("x", event("message", "f")), user("a"), flows("x > a")), (message("f", '="m-" + kind'),)),
    Refusal("Event-based gateway", "parallel, not instantiating", "parallel gateway",
            (start(), attributes(gateway("eventBased", "x"), eventGatewayType="Parallel"), catch("c", event("message",
            "m")),
             catch("d", event("signal", "s")), flows("start > x > c", "x > d")), _ROOTS),
    Refusal("Event-based gateway", "instantiating with a timer", "messages and signals",
            (attributes(gateway("eventBased", "g"), instantiate="true"), catch("x", timer(duration="P1D")),
             catch("d", event("message", "m")), flows("g > x", "g > d")), _ROOTS),
    Refusal("Complex gateway", "without activation condition", "activationCount",
            (start(), gateway("parallel", "g"), user("a"), user("b"), '<bpmn:complexGateway id="x"/>',
             flows("start > g > a > x", "g > b > x"))),
    Refusal("Standard loop", "without condition", "not(agreed)", _task("<bpmn:standardLoopCharacteristics/>")),
    Refusal("Compensation event", "without handler", "activity for compensation",
            (start(), user("a"), boundary("x", "a", compensate()), flows("start > a"))),
    Refusal("Compensation event", "with a sequence flow", "association",
            (start(), user("a"), boundary("x", "a", compensate()), user("u"), undoing("a", "v", user("v")).replace(
             "a-undo", "x").split("</bpmn:boundaryEvent>")[1], flows("start > a", "x > u"))),
    Refusal("Compensation event", "handler in the ordinary flow", "only its compensation event",
            (start(), user("a"), undoing("a", "x", user("x")), flows("start > a > x"))),
    Refusal("Compensation event", "handler to which nothing leads", "attach a compensation event",
            _with(attributes(user("x"), isForCompensation="true"))),
    Refusal("Compensation event", "of an activity that nothing undoes", "attach a compensation event",
            (start(), user("a"), throw("x", compensate("a")), flows("start > a > x"))),
    Refusal("Compensation event", "event sub-process of a process", "the sub-process that it undoes",
            _with(sub("x", start("es-start", compensate()), event=True))),
    Refusal("Cancel event", "end outside a transaction", "in a transaction",
            (start(), user("a"), end("x", event("cancel")), flows("start > a > x"))),
    Refusal("Cancel event", "transaction without cancel boundary", "cancel boundary event",
            (start(), transaction("s", user("a"), end("x", event("cancel")), flows("a > x")), flows("start > s"))),
    Refusal("Cancel event", "boundary of a task", "transaction",
            (start(), user("a"), boundary("x", "a", event("cancel")), flows("start > a"))),
    Refusal("Ad-hoc sub-process", "with a start event", "delete it",
            (start(), f'<bpmn:adHocSubProcess id="s">{start("x")}{user("a")}{flows("x > a")}</bpmn:adHocSubProcess>',
             flows("start > s"))),
    Refusal("Ad-hoc sub-process", "decided by a handler and by the diagram", "NextSteps",
            (start(), '<bpmn:adHocSubProcess id="x"><bpmn:extensionElements><zeebe:taskDefinition type="t"/>'
             f'<zeebe:adHoc activeElementsCollection="=chosen"/></bpmn:extensionElements>{user("a")}'
             "</bpmn:adHocSubProcess>", flows("start > x"))),
    Refusal("Ad-hoc sub-process", "with nothing in it", "draw an activity",
            (start(), '<bpmn:adHocSubProcess id="x"/>', flows("start > x"))),
    Refusal("Loop marker", "gateway", "remove it",
            _with('<bpmn:exclusiveGateway id="x"><bpmn:standardLoopCharacteristics loopMaximum="2"/>'
                  "</bpmn:exclusiveGateway>")),
    Refusal("Service operation", "service task", "remove it", _task("", "serviceTask", operationRef="o")),
]  # fmt: skip
