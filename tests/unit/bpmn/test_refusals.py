"""Whatever would not run as BPMN says is refused at load, with file, element and what to draw instead (D14)."""

from __future__ import annotations

import pytest

from complaintflow.bpmn.reader import read_program
from complaintflow.errors import ComplaintflowError, FeelSyntaxError, InvalidDiagram, UnsupportedElement
from tests.diagrams import (
    boundary,
    call,
    catch,
    document,
    end,
    error,
    escalation,
    event,
    flows,
    gateway,
    io,
    message,
    multi,
    process,
    receive,
    script,
    service,
    signal,
    start,
    sub,
    throw,
    timer,
    user,
)

FILE = "processes/p/p.bpmn"


def refused(*parts: str, roots: tuple[str, ...] = (), more: tuple[str, ...] = ()) -> ComplaintflowError:
    """The error that loading a process of these parts raises."""
    with pytest.raises(ComplaintflowError) as caught:
        read_program({FILE: document(process(*parts), *more, *roots).encode()})
    found: ComplaintflowError = caught.value
    return found


def plain(element: str) -> tuple[str, ...]:
    """A process that runs, with the element beside or in it."""
    return (start(), user("a"), element, flows("start > a"))


def inside(body: str, tag: str = "userTask", name: str = "x", **attributes: str) -> str:
    """An element with a body."""
    extra = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f'<bpmn:{tag} id="{name}"{extra}>{body}</bpmn:{tag}>'


def extended(extension: str, tag: str = "userTask") -> str:
    return inside(f"<bpmn:extensionElements>{extension}</bpmn:extensionElements>", tag)


ELEMENTS = {
    "script": inside("<bpmn:script>import os</bpmn:script>", "scriptTask"),
    "correlationProperty": '<bpmn:correlationProperty id="x"/>',
    "globalUserTask": '<bpmn:globalUserTask id="x"/>',
    "choreographyTask": '<bpmn:choreographyTask id="x"/>',
    "performer": inside("<bpmn:performer/>"),
    "humanPerformer": inside("<bpmn:humanPerformer/>"),
    "resourceRole": inside("<bpmn:resourceRole/>"),
    "auditing": inside("<bpmn:auditing/>"),
    "adHoc": extended('<zeebe:adHoc activeElementsCollection="=x"/>'),
    "linkedResources": extended("<zeebe:linkedResources/>"),
    "conditionalFilter": extended("<zeebe:conditionalFilter/>"),
}  # fmt: skip


@pytest.mark.parametrize("tag", ELEMENTS)
def test_unsupported_element(tag: str) -> None:
    """Each element outside the allow-list is refused with file, line, the nearest id, and what to do."""
    found = refused(*plain(ELEMENTS[tag]))
    assert isinstance(found, UnsupportedElement)
    assert f":{tag}>" in found.what
    assert found.where.startswith(f"{FILE}, line 1, element x")
    assert found.remedy


ATTRIBUTES = {
    "calledElement": inside("", "callActivity", calledElement="q"),
    "operationRef": inside("", "serviceTask", operationRef="op"),
    "scriptFormat": inside("", "scriptTask", scriptFormat="javascript"),
    "behavior": inside('<bpmn:multiInstanceLoopCharacteristics behavior="One"/>'),
    "language": '<bpmn:sequenceFlow id="x" sourceRef="start" targetRef="a">'
                '<bpmn:conditionExpression language="javascript">'
                "1</bpmn:conditionExpression></bpmn:sequenceFlow>",
}  # fmt: skip


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_unsupported_attribute(name: str) -> None:
    """An attribute that would change what happens is refused, whatever stands beside it."""
    found = refused(*plain(ATTRIBUTES[name]), roots=(message("m", "m"),))
    assert isinstance(found, UnsupportedElement)
    assert "element x" in found.where
    assert found.remedy


MISPLACED = {
    "job-on-a-user-task": extended('<zeebe:taskDefinition type="t"/>'),
    "form-on-a-service-task": extended('<zeebe:formDefinition formId="f"/>', "serviceTask"),
    "assignment-on-a-plain-task": extended('<zeebe:assignmentDefinition assignee="a"/>', "task"),
    "script-on-a-service-task": extended('<zeebe:script expression="=1" resultVariable="y"/>', "serviceTask"),
    "mapping-on-a-gateway": extended(io({"y": "1"}), "exclusiveGateway"),
    "input-on-a-start-event": extended(io({"y": "1"}), "startEvent"),
    "input-on-a-boundary-event": inside(f"<bpmn:extensionElements>{io({'y': '1'})}</bpmn:extensionElements>",
                                        "boundaryEvent", attachedToRef="a"),
    "loop-beside-its-marker": extended('<zeebe:loopCharacteristics inputCollection="=[1]"/>'),
}  # fmt: skip


@pytest.mark.parametrize("name", MISPLACED)
def test_extension_in_a_place_where_it_means_nothing(name: str) -> None:
    """An extension that would be read over where it stands is refused."""
    found = refused(*plain(MISPLACED[name]))
    assert isinstance(found, UnsupportedElement)
    assert "element x" in found.where
    assert "means nothing" in found.what


@pytest.mark.parametrize(
    ("prefix", "uri"),
    [("signavio", "http://www.signavio.com"), ("", "urn:x")],
)
def test_foreign_namespaces(prefix: str, uri: str) -> None:
    """Extensions of other engines are refused, as attribute and as element."""
    name = f"{prefix}:in" if prefix else "in"
    declared = f'xmlns:{prefix}="{uri}"' if prefix else f'xmlns="{uri}"'
    found = refused(*plain(inside(f"<bpmn:extensionElements><{name} {declared}/></bpmn:extensionElements>")))
    assert isinstance(found, UnsupportedElement)
    assert uri in found.what
    if prefix:
        found = refused(*plain(f'<bpmn:userTask id="x" {declared} {prefix}:assignee="a"/>'))
        assert uri in found.what


def test_pictures_and_modeler_attributes_are_read_over() -> None:
    """Shapes, colours and Modeler's own attributes carry no behaviour."""
    picture = (
        '<bpmndi:BPMNDiagram xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" id="start"><bpmndi:BPMNPlane/>'
        "</bpmndi:BPMNDiagram>"
    )
    drawn = user("a").replace("<bpmn:userTask ", '<bpmn:userTask modeler:template="t" ')
    program = read_program({FILE: document(process(start(), drawn, flows("start > a")), picture).encode()})
    assert [node.bpmn_id for node in program.nodes] == ["start", "a"]


ROOTS = (
    message("m", "reply"), message("n", "reply"), error("e", "E"), error("e2", "E"), escalation("c", "C"),
    signal("sig", "S"),
    error("computed", "=code"), '<bpmn:error id="empty" name="x"/>', '<bpmn:message id="keyless" name="k"/>',
)  # fmt: skip
SHAPES: dict[str, tuple[str, tuple[str, ...]]] = {
    "flow-into-a-start-event": ("start", (start(), user("a"), flows("start > a > start"))),
    "flow-into-a-boundary-event": ("b", (start(), user("a"), boundary("b", "a", timer(duration="PT1H")), user("c"),
                                         flows("start > a", "c > b", "start > c"))),
    "flow-into-a-link": ("in", (start(), throw("out", event("link", "l")), catch("in", event("link", "l")), user("a"),
                                flows("start > out", "start > in", "in > a"))),
    "flow-out-of-an-end-event": ("end", (start(), end(), user("a"), flows("start > end > a"))),
    "flow-out-of-a-thrown-link": ("out", (start(), throw("out", event("link", "l")), catch("in", event("link", "l")),
                                          user("a"), flows("start > out > a", "in > a"))),
    "link-to-nowhere": ("out", (start(), throw("out", event("link", "l")), flows("start > out"))),
    "link-to-two-places": ("in", (start(), throw("out", event("link", "l")), catch("in", event("link", "l")),
                                  catch("in2", event("link", "l")), flows("start > out"))),
    "default-of-another": ("x", (start(), gateway("exclusive", "x", default="start_x"), user("a"), user("b"),
                                 flows("start > x", "x > a [true]", "x > b [true]"))),
    "default-with-condition": ("x", (start(), gateway("exclusive", "x", default="x_b"), user("a"), user("b"),
                                     flows("start > x", "x > a [true]", "x > b [true]"))),
    "exclusive-without-condition": ("x", (start(), gateway("exclusive", "x"), user("a"), user("b"),
                                          flows("start > x", "x > a [true]", "x > b"))),
    "exclusive-with-empty-condition": ("x", (
        start(), gateway("exclusive", "x"), user("a"), user("b"), flows("start > x", "x > a [true]"),
        '<bpmn:sequenceFlow id="f" sourceRef="x" targetRef="b"><bpmn:conditionExpression/></bpmn:sequenceFlow>')),
    "inclusive-without-condition": ("x", (start(), gateway("inclusive", "x"), user("a"), user("b"),
                                          flows("start > x", "x > a [true]", "x > b"))),
    "parallel-with-condition": ("x", (start(), gateway("parallel", "x"), user("a"), user("b"),
                                      flows("start > x", "x > a [true]", "x > b"))),
    "event-gateway-with-condition": ("x", (
        start(), gateway("eventBased", "x"), catch("a", timer(duration="PT1H")), catch("b", timer(duration="PT2H")),
        flows("start > x", "x > a [true]", "x > b"))),
    "task-behind-event-gateway": ("a", (start(), gateway("eventBased", "x"), user("a"), catch("b",
    timer(duration="PT2H")),
                                        flows("start > x > a", "x > b"))),
    "link-behind-event-gateway": ("in", (start(), gateway("eventBased", "x"), catch("in", event("link", "l")),
                                         catch("b", timer(duration="PT2H")), flows("start > x > in", "x > b"))),
    "boundary-behind-event-gateway": ("a", (
        start(), gateway("eventBased", "x"), receive("a", "m"), boundary("t", "a", timer(duration="PT1H")),
        catch("b", timer(duration="PT2H")), flows("start > x > a", "x > b"))),
    "second-way-behind-event-gateway": ("b", (
        start(), gateway("parallel", "g"), gateway("eventBased", "x"), catch("a", timer(duration="PT1H")),
        catch("b", timer(duration="PT2H")), flows("start > g > x > a", "x > b", "g > b"))),
    "boundary-on-a-gateway": ("b", (start(), gateway("parallel", "x"), user("a"), boundary("b", "x",
    timer(duration="PT1H")),
                                    flows("start > x > a"))),
    "boundary-on-nothing": ("b", (start(), user("a"), boundary("b", "gone", timer(duration="PT1H")),
    flows("start > a"))),
    "boundary-across-a-border": ("b", (
        start(), sub("s", start("s-start"), user("a"), flows("s-start > a")), boundary("b", "a",
        timer(duration="PT1H")),
        flows("start > s"))),
    "boundary-on-event-sub-process": ("b", (
        start(), user("a"), sub("es", start("es-start", event("message", "m")), event=True),
        boundary("b", "es", timer(duration="PT1H")), flows("start > a"))),
    "boundary-without-event": ("b", (start(), user("a"), boundary("b", "a", ""), flows("start > a"))),
    "boundary-with-link": ("b", (start(), user("a"), boundary("b", "a", event("link", "l")), flows("start > a"))),
    "escalation-on-a-task": ("b", (start(), user("a"), boundary("b", "a", event("escalation", "c")),
    flows("start > a"))),
    "error-beside": ("b", (start(), user("a"), boundary("b", "a", event("error", "e"), interrupting=False),
                           flows("start > a"))),
    "same-error-twice": ("c", (
        start(), service("a", "t"), boundary("b", "a", event("error", "e")), boundary("c", "a", event("error", "e2")),
        flows("start > a"))),
    "any-error-twice": ("c", (
        start(), service("a", "t"), boundary("b", "a", event("error")), boundary("c", "a", event("error")),
        flows("start > a"))),
    "same-message-twice": ("c", (
        start(), user("a"), boundary("b", "a", event("message", "m")), boundary("c", "a", event("message", "n")),
        flows("start > a"))),
    "same-signal-twice-in-event-sub-processes": ("es2-start", (
        start(), user("a"), sub("es", start("es-start", event("signal", "sig")), event=True),
        sub("es2", start("es2-start", event("signal", "sig")), event=True), flows("start > a"))),
    "caught-code-is-a-formula": ("b", (start(), service("a", "t"), boundary("b", "a", event("error", "computed")),
                                       flows("start > a"))),
    "error-without-code": ("b", (start(), service("a", "t"), boundary("b", "a", event("error", "empty")),
                                 flows("start > a"))),
    "error-that-is-not-there": ("b", (start(), service("a", "t"), boundary("b", "a", event("error", "gone")),
                                      flows("start > a"))),
    "thrown-error-without-code": ("bad", (start(), end("bad", event("error")), flows("start > bad"))),
    "thrown-escalation-without-code": ("up", (start(), throw("up", event("escalation")), flows("start > up"))),
    "thrown-timer": ("t", (start(), throw("t", timer(duration="PT1H")), flows("start > t"))),
    "thrown-message-without-job": ("t", (start(), throw("t", event("message", "m")), flows("start > t"))),
    "thrown-error-in-between": ("t", (start(), throw("t", event("error", "e")), user("a"), flows("start > t > a"))),
    "terminate-in-between": ("t", (start(), throw("t", event("terminate")), user("a"), flows("start > t > a"))),
    "link-at-the-end": ("t", (start(), end("t", event("link", "l")), catch("in", event("link", "l")),
    flows("start > t"))),
    "signal-without-reference": ("t", (start(), throw("t", event("signal")), flows("start > t"))),
    "catch-without-event": ("t", (start(), catch("t", ""), flows("start > t"))),
    "caught-error-in-between": ("t", (start(), catch("t", event("error", "e")), flows("start > t"))),
    "message-without-reference": ("t", (start(), catch("t", event("message")), flows("start > t"))),
    "message-without-key": ("t", (start(), catch("t", event("message", "keyless")), flows("start > t"))),
    "receive-without-message": ("t", (start(), inside("", "receiveTask", "t"), flows("start > t"))),
    "boundary-message-without-key": ("t", (start(), user("a"), boundary("t", "a", event("message", "keyless")),
                                           flows("start > a"))),
    "event-sub-process-message-without-key": ("es-start", (
        start(), user("a"), sub("es", start("es-start", event("message", "keyless")), event=True), flows("start > a"))),
    "event-sub-process-without-trigger": ("es", (
        start(), user("a"), sub("es", start("es-start"), user("c"), flows("es-start > c"), event=True),
        flows("start > a"))),
    "event-sub-process-with-two-starts": ("es", (
        start(), user("a"),
        sub("es", start("es-start", event("message", "m")), start("es-2", event("signal", "sig")), event=True),
        flows("start > a"))),
    "event-sub-process-with-flow": ("es", (
        start(), user("a"), sub("es", start("es-start", event("message", "m")), event=True), flows("start > a > es"))),
    "event-sub-process-with-loop": ("es", (
        start(), user("a"), sub("es", start("es-start", event("message", "m")), event=True, loop=multi("[1]", "i")),
        flows("start > a"))),
    "event-sub-process-with-link": ("es", (
        start(), user("a"), sub("es", start("es-start", event("link", "l")), event=True), flows("start > a"))),
    "event-sub-process-with-terminate": ("es-start", (
        start(), user("a"), sub("es", start("es-start", event("terminate")), event=True), flows("start > a"))),
    "event-sub-process-error-beside": ("es-start", (
        start(), user("a"), sub("es", start("es-start", event("error", "e"), isInterrupting="false"), event=True),
        flows("start > a"))),
    "event-sub-process-with-island": ("c", (
        start(), user("a"), sub("es", start("es-start", event("message", "m")), user("c"), event=True),
        flows("start > a"))),
    "sub-process-with-trigger": ("s-start", (start(), sub("s", start("s-start", event("message", "m")), user("a"),
                                                          flows("s-start > a")), flows("start > s"))),
    "sub-process-with-nothing": ("s", (start(), sub("s"), flows("start > s"))),
    "two-plain-starts": ("p", (start(), start("start-2"), user("a"), flows("start > a", "start-2 > a"))),
    "nothing-leads-there": ("b", (start(), user("a"), user("b"), flows("start > a"))),
    "nothing-at-all": ("p", ()),
    "process-starts-by-error": ("start", (start("start", event("error", "e")), user("a"), flows("start > a"))),
    "cycle-that-interrupts": ("b", (start(), user("a"), boundary("b", "a", timer(cycle="R/P1D")), flows("start > a"))),
    "cycle-in-between": ("c", (start(), catch("c", timer(cycle="R/P1D")), flows("start > c"))),
    "timer-without-time": ("c", (start(), catch("c", "<bpmn:timerEventDefinition/>"), flows("start > c"))),
    "flow-to-nowhere": ("f", (start(), user("a"), flows("start > a"),
                              '<bpmn:sequenceFlow id="f" sourceRef="a" targetRef="gone"/>')),
    "flow-without-target": ("f", (start(), user("a"), flows("start > a"), '<bpmn:sequenceFlow id="f" sourceRef="a"/>')),
    "flow-across-a-border": ("s_a", (start(), sub("s", user("a")), flows("start > s", "s > a"))),
    "element-without-id": ("userTask", (start(), "<bpmn:userTask/>")),
    "same-id-twice": ("a", (start(), user("a"), sub("s", user("a")), flows("start > a > s"))),
    "service-without-type": ("a", (start(), inside("", "serviceTask", "a"), flows("start > a"))),
    "script-without-formula": ("a", (start(), inside("", "scriptTask", "a"), flows("start > a"))),
    "decision-without-id": ("a", (start(), inside("", "businessRuleTask", "a"), flows("start > a"))),
    "call-without-process": ("a", (start(), inside("", "callActivity", "a"), flows("start > a"))),
    "loop-without-collection": ("a", (start(), inside("<bpmn:multiInstanceLoopCharacteristics/>", "userTask", "a"),
                                      flows("start > a"))),
    "mapping-without-target": ("a", (start(), user("a",
    extension='<zeebe:ioMapping><zeebe:input source="=1"/></zeebe:ioMapping>'),
                                     flows("start > a"))),
    "mapping-with-half-a-target": ("a", (start(), user("a", extension=io({"x.": "1"})), flows("start > a"))),
    "input-over-case": ("a", (start(), user("a", extension=io({"case.id": "1"})), flows("start > a"))),
    "output-over-policy": ("a", (start(), user("a", extension=io(None, {"policy": "1"})), flows("start > a"))),
    "result-over-policy": ("a", (start(), script("a", "policy", "1"), flows("start > a"))),
    "result-is-a-path": ("a", (start(), script("a", "x.y", "1"), flows("start > a"))),
    "element-over-case": ("a", (start(), user("a", loop=multi("[1]", "case")), flows("start > a"))),
    "collection-over-case": ("a", (start(), user("a", loop=multi("[1]", "i", collect="case", output="i")),
                                   flows("start > a"))),
    "deadline-in-a-condition": ("x_a", (start(), gateway("exclusive", "x", default="x_b"), user("a"), user("b"),
                                        flows("start > x > b", 'x > a [deadline("reply", now()) > now()]'))),
    "deadline-in-a-duration": ("c", (start(), catch("c", timer(duration='=deadline("reply", now())')),
    flows("start > c"))),
    "repeat-in-a-date": ("c", (start(), catch("c", timer(at='=repeat("progress")')), flows("start > c"))),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_wrong_drawing(name: str) -> None:
    """A drawing that BPMN forbids or that would be guessed at is refused, and the error says where and what to do."""
    element, parts = SHAPES[name]
    found = refused(*parts, roots=ROOTS)
    assert isinstance(found, InvalidDiagram)
    assert FILE in found.where
    assert element in f"{found.where} {found.what}"
    assert found.remedy


@pytest.mark.parametrize(
    "when",
    [{"duration": "3 days"}, {"duration": "P"}, {"duration": "2026-03-02"}, {"at": "tomorrow"}, {"at": "PT1H"},
     {"at": '2026-03-02"'}],
    ids=str,
)  # fmt: skip
def test_constant_time_that_is_none(when: dict[str, str]) -> None:
    """A constant that can never be the time it should be is refused at load."""
    found = refused(start(), catch("c", timer(**when)), flows("start > c"))
    assert isinstance(found, InvalidDiagram)
    assert "element c" in found.where


@pytest.mark.parametrize(
    "cycle", ["P1D", "R3", "R0/P1D", "R/PT0S", "0 9 * * MON-FRI", "R3/tomorrow/P1D", "R/P1D/2026-03-02"]
)
def test_constant_cycle_that_is_none(cycle: str) -> None:
    """So is a repetition that never pauses or a cron expression with five fields."""
    drawn = boundary("b", "a", timer(cycle=cycle), interrupting=False)
    found = refused(start(), user("a"), drawn, flows("start > a"))
    assert isinstance(found, InvalidDiagram)
    assert "element b" in found.where


@pytest.mark.parametrize(
    "parts",
    [
        (
            start(),
            gateway("exclusive", "a", default="a_c"),
            user("b"),
            user("c"),
            flows("start > a > c", "a > b [1 +]"),
        ),
        (start(), script("a", "x", "if x then"), flows("start > a")),
        (start(), user("a", extension=io({"x": "for"})), flows("start > a")),
        (start(), user("a", groups="=["), flows("start > a")),
        (start(), catch("a", timer(duration="=duration(")), flows("start > a")),
        (start(), call("a", "=("), flows("start > a")),
        (start(), user("a", loop=multi("[1", "i")), flows("start > a")),
    ],
    ids=["condition", "script", "mapping", "groups", "timer", "call", "loop"],
)
def test_expression_that_does_not_parse(parts: tuple[str, ...]) -> None:
    """Every expression is parsed at load; one that is wrong names its element."""
    found = refused(*parts)
    assert isinstance(found, FeelSyntaxError)
    assert "element a" in found.where


def test_no_executable_process() -> None:
    """A file without an executable process says which box to tick."""
    source = document(
        process(start(), user("a"), flows("start > a")).replace('isExecutable="true"', 'isExecutable="false"')
    )
    with pytest.raises(InvalidDiagram, match="executable"):
        read_program({FILE: source.encode()})


def test_same_process_in_two_files() -> None:
    """Two files cannot both have a process of one id."""
    source = document(process(start(), user("a"), flows("start > a"))).encode()
    with pytest.raises(InvalidDiagram, match="two files") as caught:
        read_program({"one.bpmn": source, "two.bpmn": source})
    assert "one.bpmn" in caught.value.where
    assert "two.bpmn" in caught.value.where


def test_ids_of_messages_belong_to_their_file() -> None:
    """Two files may use one id for different messages, as Modeler's files do."""

    def file(name: str, said: str) -> bytes:
        return document(
            process(start(), catch("c", event("message", "m")), flows("start > c"), name=name), message("m", said)
        ).encode()

    program = read_program({"one.bpmn": file("one", "first"), "two.bpmn": file("two", "second")})
    names = [program.process(name).task_specs["c"].trigger.name.text for name in ("one", "two")]
    assert names == ["first", "second"]
