"""The second model of the benchmark, of industrial size: an order of fifty positions, all checked at once.

A multi-instance sub-process over the positions, and in each of them a decision table, a job, an event-based gateway (a
message or a timer), a called process with a job, and a task for a person: some 200 commands, with 11 KB of data.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from complaintflow.case.commands import Command, CompleteTask, Start
from complaintflow.case.events import Deliver
from complaintflow.case.jobs import FinishJob
from complaintflow.facade.engine import Engine
from complaintflow.store.rows import Change

POSITIONS: Final = 50
COMMANDS: Final = 4 * POSITIONS + 1
PROCESS: Final = "bench-order"

_HEAD: Final = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="bench">
"""
_ORDER: Final = (
    _HEAD
    + """<bpmn:message id="checked" name="checked"><bpmn:extensionElements>
  <zeebe:subscription correlationKey="=position.number"/></bpmn:extensionElements></bpmn:message>
<bpmn:process id="bench-order" isExecutable="true">
<bpmn:startEvent id="start"/><bpmn:endEvent id="end"/>
<bpmn:subProcess id="positions">
  <bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements><zeebe:loopCharacteristics
    inputCollection="=order.positions" inputElement="position" outputCollection="results"
    outputElement="=result"/></bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>
  <bpmn:startEvent id="begin"/>
  <bpmn:businessRuleTask id="grade"><bpmn:extensionElements>
    <zeebe:calledDecision decisionId="bench-grade" bindingType="deployment" resultVariable="grade"/>
  </bpmn:extensionElements></bpmn:businessRuleTask>
  <bpmn:serviceTask id="ask"><bpmn:extensionElements><zeebe:taskDefinition type="bench-ask"/></bpmn:extensionElements>
  </bpmn:serviceTask>
  <bpmn:eventBasedGateway id="what-comes"/>
  <bpmn:intermediateCatchEvent id="answer"><bpmn:messageEventDefinition messageRef="checked"/>
  </bpmn:intermediateCatchEvent>
  <bpmn:intermediateCatchEvent id="silence"><bpmn:timerEventDefinition>
    <bpmn:timeDuration>P3D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>
  <bpmn:callActivity id="book"><bpmn:extensionElements>
    <zeebe:calledElement processId="bench-booking" bindingType="deployment" propagateAllChildVariables="false"/>
    <zeebe:ioMapping><zeebe:input source="=position.number" target="number"/>
      <zeebe:output source="=booked" target="booked"/></zeebe:ioMapping></bpmn:extensionElements></bpmn:callActivity>
  <bpmn:userTask id="confirm"><bpmn:extensionElements><zeebe:userTask/>
    <zeebe:assignmentDefinition candidateGroups="=[grade]"/>
    <zeebe:ioMapping><zeebe:output source="={{number: position.number, grade: grade, booked: booked}}" target="result"/>
    </zeebe:ioMapping></bpmn:extensionElements></bpmn:userTask>
  <bpmn:endEvent id="done"/>
  {inner}
</bpmn:subProcess>
{outer}
</bpmn:process></bpmn:definitions>
"""
)
_BOOKING: Final = (
    _HEAD
    + """<bpmn:process id="bench-booking" isExecutable="true">
<bpmn:startEvent id="booking-begins"/><bpmn:endEvent id="booking-ends"/>
<bpmn:serviceTask id="post"><bpmn:extensionElements><zeebe:taskDefinition type="bench-post"/></bpmn:extensionElements>
</bpmn:serviceTask>
{flows}
</bpmn:process></bpmn:definitions>
"""
)
_GRADE: Final = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="grades" name="grades" namespace="bench">
<decision id="bench-grade" name="Grade"><decisionTable id="grade-table" hitPolicy="FIRST">
<input id="amount"><inputExpression id="amount-expression" typeRef="number">
<text>position.amount</text></inputExpression></input><output id="grade" name="grade" typeRef="string"/>
{rules}
</decisionTable></decision></definitions>
"""


def _flows(*pairs: tuple[str, str]) -> str:
    return "".join(f'<bpmn:sequenceFlow id="{a}-{b}" sourceRef="{a}" targetRef="{b}"/>' for a, b in pairs)


def layer(folder: Path) -> Path:
    """A layer with the order, the booking that it calls, and the table that it asks."""
    place = folder / "processes" / PROCESS
    place.mkdir(parents=True)
    inner = _flows(
        ("begin", "grade"),
        ("grade", "ask"),
        ("ask", "what-comes"),
        ("what-comes", "answer"),
        ("what-comes", "silence"),
        ("answer", "book"),
        ("silence", "book"),
        ("book", "confirm"),
        ("confirm", "done"),
    )
    order = _ORDER.format(inner=inner, outer=_flows(("start", "positions"), ("positions", "end")))
    rules = "".join(
        f'<rule id="r{n}"><inputEntry id="i{n}"><text>{test}</text></inputEntry>'
        f'<outputEntry id="o{n}"><text>"{group}"</text></outputEntry></rule>'
        for n, (test, group) in enumerate((("&lt; 100", "clerks"), ("[100..1000)", "seniors"), ("-", "managers")))
    )
    (place / f"{PROCESS}.bpmn").write_text(order, encoding="utf-8")
    booking = _BOOKING.format(flows=_flows(("booking-begins", "post"), ("post", "booking-ends")))
    (place / "bench-booking.bpmn").write_text(booking, encoding="utf-8")
    (place / "bench-grade.dmn").write_text(_GRADE.format(rules=rules), encoding="utf-8")
    (place / "policy.toml").write_text(f'[policy]\nid = "{PROCESS}"\ntitle = "Benchmark"\n', encoding="utf-8")
    return folder


def payload() -> dict[str, Any]:
    """Some 11 KB: what an order system sends."""
    positions = [
        {"number": f"P-{n:03}", "amount": 37 * n % 1_500, "article": f"Article {n}", "note": "as agreed by letter " * 7}
        for n in range(POSITIONS)
    ]
    return {
        "order": {"number": "2026-0917", "customer": {"name": "Zhao Min", "city": "Ningbo"}, "positions": positions}
    }


def commands(engine: Engine) -> Iterator[Change]:
    """Cases one after the other, for ever: starts one, yields each change of it, until it has ended."""
    work = engine._work
    while True:
        change = work.start(engine.library.newest(PROCESS), Start(payload()), key=None, actor="bench")
        yield change
        waiting: list[Command] = []
        while change.case.status == "active":
            waiting += _answers(change)
            done = work.run(change.case.id, waiting.pop(0), "bench")
            assert done is not None
            change = done
            yield change


def _answers(change: Change) -> list[Command]:
    """What the world does about what a command opened."""
    answers: list[Command] = [Deliver(row.token, row.name, {}) for row in change.subscriptions]
    answers += [FinishJob(row.token, {"booked": True} if row.type == "bench-post" else {}) for row in change.jobs]
    return answers + [CompleteTask(row.token, {}) for row in change.tasks]
