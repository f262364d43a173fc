"""The shared parts, each called by a small process of its own layer, with the clock moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from complaintflow import Case
from complaintflow.errors import InvalidData
from complaintflow.testing import Workbench

REPORTER = {"name": "Zhao Min", "email": "zhao.min@example.com"}

# What each part gets: the caller's side of its interface, as FEEL.
STAFF = {"group": '"desk"', "supervisor": '"head"', "clock": '"work"', "since": "case.started_at"}
LATE = '{en: "the investigation", zh: "调查"}'
CALLS: Mapping[str, Mapping[str, str]] = {
    "registration": STAFF | {"content": "content", "reporter": "reporter", "categories": '["noise", "heat"]'},
    "acknowledgement": {"reporter": "reporter", "content": "content", "language": '"zh"'},
    "inquiry": {"group": '"desk"', "clock": '"work"', "question": '"Which room?"', "reporter": "reporter"},
    "satisfaction": STAFF
    | {"reminder": '"reminder"', "content": "content"}
    | {name: f"get or else({name}, null)" for name in ("asked_by", "ask_why")},
    "archiving": STAFF | {"retention": '"5 years"', "parts": '["content", "records"]'},
    "escalation": STAFF | {"late": LATE, "groups": '["desk", "works"]'},
}
RETURNS: Mapping[str, tuple[str, ...]] = {
    "registration": ("registered_at", "summary", "category", "complete", "missing", "originals", "reporter"),
    "acknowledgement": ("acknowledged_at",),
    "inquiry": ("answered", "answer"),
    "satisfaction": (
        *("satisfaction", "satisfied", "still_wrong", "comments", "suggestions"),
        *("asked_by", "asked_at", "call_attempts"),
    ),
    "archiving": ("archived_at", "archive_year", "archive_key"),
    "escalation": ("decision", "delay_reason", "new_group", "extended_to"),
}
POLICY = """
[policy]
id = "parts"
title = "Callers of the shared parts"
[deadlines.work]
within = "3 working days"
clause = "OFF-5.4.2.b"
from = "document"
[deadlines.reminder]
within = "2 working days"
clause = "OFF-5.4.2.b"
from = "document"
[deadlines.pausing]
within = "4 working days"
clause = "OFF-5.3.1.a"
from = "document"
pauses_in = ["record-answer"]
"""
LETTERS = {
    "acknowledgement.en.j2": "Subject: Received\n\nWe have it: {{ content }}\n",
    "acknowledgement.zh.j2": "Subject: 已收到\n\n已收到：{{ content }}\n",
    "_greeting.en.j2": "Dear {{ reporter.name }},\n",
    "_greeting.zh.j2": "尊敬的{{ reporter.name }}：\n",
    "_closing.en.j2": "Reference {{ case.key }}\n",
    "_closing.zh.j2": "编号 {{ case.key }}\n",
}


def caller() -> str:
    """A process that calls the part named in the variable ``part``, inside a sub-process that has four working days."""
    calls, flows = "", ""
    for part, inputs in CALLS.items():
        mapped = "".join(
            f'<zeebe:input source={quoteattr("=" + source)} target="{name}"/>' for name, source in inputs.items()
        ) + "".join(f'<zeebe:output source="={name}" target="{name}"/>' for name in RETURNS[part])
        calls += (
            f'<bpmn:callActivity id="call-{part}"><bpmn:extensionElements><zeebe:calledElement processId="{part}"'
            ' propagateAllParentVariables="false" propagateAllChildVariables="false" bindingType="deployment"/>'
            f"<zeebe:ioMapping>{mapped}</zeebe:ioMapping></bpmn:extensionElements></bpmn:callActivity>"
        )
        flows += (
            f'<bpmn:sequenceFlow id="to-{part}" sourceRef="which" targetRef="call-{part}"><bpmn:conditionExpression>'
            f'=part = "{part}"</bpmn:conditionExpression></bpmn:sequenceFlow>'
            f'<bpmn:sequenceFlow id="from-{part}" sourceRef="call-{part}" targetRef="done"/>'
        )
    return f"""<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
      xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:modeler="http://camunda.org/schema/modeler/1.0"
      id="parts-definitions" targetNamespace="http://bpmn.io/schema/bpmn" modeler:executionPlatform="Camunda Cloud"
      modeler:executionPlatformVersion="8.9.0"><bpmn:process id="parts" isExecutable="true">
      <bpmn:startEvent id="begin"/>
      <bpmn:subProcess id="work"><bpmn:startEvent id="work-begins"/><bpmn:exclusiveGateway id="which"/>{calls}
      <bpmn:endEvent id="done"/><bpmn:sequenceFlow id="choose" sourceRef="work-begins" targetRef="which"/>{flows}
      </bpmn:subProcess><bpmn:boundaryEvent id="time-is-up" attachedToRef="work" cancelActivity="false">
      <bpmn:timerEventDefinition><bpmn:timeDate>=deadline("pausing", case.started_at)</bpmn:timeDate>
      </bpmn:timerEventDefinition></bpmn:boundaryEvent><bpmn:endEvent id="late"/><bpmn:endEvent id="over"/>
      <bpmn:sequenceFlow id="go" sourceRef="begin" targetRef="work"/>
      <bpmn:sequenceFlow id="stop" sourceRef="work" targetRef="over"/>
      <bpmn:sequenceFlow id="tell" sourceRef="time-is-up" targetRef="late"/></bpmn:process></bpmn:definitions>"""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """A workbench with a layer that calls the shared parts; its clock only moves on."""
    layer = tmp_path_factory.mktemp("layer")
    home = layer / "processes" / "parts"
    (home / "notices").mkdir(parents=True)
    (home / "parts.bpmn").write_text(caller(), encoding="utf-8")
    (home / "policy.toml").write_text(POLICY, encoding="utf-8")
    for name, text in LETTERS.items():
        (home / "notices" / name).write_text(text, encoding="utf-8")
    workbench = Workbench(layers=[layer])
    yield workbench
    workbench.close()


def call(bench: Workbench, part: str, **more: object) -> Case:
    """A case that stands in one shared part."""
    return bench.start("parts", {"part": part, "content": "It is loud.", "reporter": REPORTER} | more)


def due(case: Case, element: str) -> Any:
    """When the timer of an element fires."""
    return next(timer.due_at for timer in case.timers if timer.element == element)


def sent(bench: Workbench, case: Case) -> list[tuple[str, str]]:
    """The notices of a case, in order, each with its group or person."""
    return [(notice.name, notice.to.group or notice.to.person) for notice in bench.notices if notice.case_id == case.id]


def late_and_early(bench: Workbench, case: Case, element: str, notice: tuple[str, str]) -> Case:
    """A notice leaves at the timer's time and not a moment before."""
    at = due(case, element)
    bench.just_before(at)
    before = sent(bench, case)
    bench.at(at)
    assert sent(bench, case) == [*before, notice]
    return bench.case(case.id)


# -- registration -------------------------------------------------------------------------------

ENTRY = {"summary": "Noise at night", "category": "noise"}


def test_a_registration_keeps_what_was_found(bench: Workbench) -> None:
    """The register holds summary, category, time and the corrected reporter (OFF-5.1.1r)."""
    case = call(bench, "registration")
    assert case.task("register").groups == ("desk",)
    case = bench.complete(case, "register", ENTRY | {"reporter": {"phone": "555-0100"}})
    known = case.variables
    assert case.status == "completed"
    assert (known["summary"], known["category"], known["complete"]) == ("Noise at night", "noise", True)
    assert known["reporter"]["phone"] == "555-0100"
    assert known["reporter"]["email"] == REPORTER["email"]
    assert known["registered_at"]


def test_what_is_missing_is_named(bench: Workbench) -> None:
    """An incomplete entry says what is missing, and a category that is not offered is refused (OFF-5.1.1r)."""
    case = call(bench, "registration")
    with pytest.raises(InvalidData):
        bench.complete(case, "register", ENTRY | {"complete": False})
    with pytest.raises(InvalidData):
        bench.complete(case, "register", ENTRY | {"category": "smell"})
    case = bench.complete(case, "register", ENTRY | {"complete": False, "missing": "The room"})
    assert (case.variables["complete"], case.variables["missing"]) == (False, "The room")


def test_a_late_registration_reaches_the_supervisor(bench: Workbench) -> None:
    """When the caller's clock has run out, the supervisor is told once, and the task stays open (OFF-5.1.1)."""
    case = call(bench, "registration")
    assert due(case, "registration-overdue") == case.task("register").due_at
    case = late_and_early(bench, case, "registration-overdue", ("shared-registration-late", "head"))
    assert case.waiting_for == ["register"]
    assert bench.complete(case, "register", ENTRY).status == "completed"


# -- acknowledgement and inquiry ----------------------------------------------------------------


def test_the_acknowledgement_is_the_callers_own_letter(bench: Workbench) -> None:
    """The letter comes from the calling policy, in the reporter's language (OFF-3.4)."""
    case = call(bench, "acknowledgement")
    letter = bench.notices[-1]
    assert case.status == "completed"
    assert (letter.name, letter.language, letter.to.person) == ("acknowledgement", "zh", "Zhao Min")
    assert "It is loud." in letter.text
    assert case.variables["acknowledged_at"]


def test_an_answer_that_staff_record(bench: Workbench) -> None:
    """The reporter is asked, and the answer that staff write down goes back to the caller (OFF-5.3.1.b)."""
    case = call(bench, "inquiry")
    assert sent(bench, case) == [("shared-question", "Zhao Min")]
    assert "Which room?" in bench.notices[-1].text
    case = bench.complete(case, "record-answer", {"answer": "Room 7"})
    assert (case.status, case.variables["answered"], case.variables["answer"]) == ("completed", True, "Room 7")


def test_an_answer_that_comes_by_itself(bench: Workbench) -> None:
    """A message with the answer ends the wait as well (OFF-5.3.1.b)."""
    case = call(bench, "inquiry")
    [case] = bench.engine.correlate("reporter-answer", key=case.key, data={"answer": "Room 8"})
    assert (case.status, case.variables["answered"], case.variables["answer"]) == ("completed", True, "Room 8")


def test_silence_ends_the_wait(bench: Workbench) -> None:
    """The reporter may answer until the last moment; then the caller goes on without an answer (OFF-5.3.1.b)."""
    case = call(bench, "inquiry")
    at = due(case, "answer-missing")
    bench.just_before(at)
    assert bench.case(case.id).status == "active"
    bench.at(at)
    case = bench.case(case.id)
    assert (case.status, case.variables["answered"], case.variables["answer"]) == ("completed", False, None)


def test_a_deadline_pauses_while_the_reporter_owes_an_answer(bench: Workbench) -> None:
    """A clock that names the waiting task stands still while it is open (OFF-5.3.1.a)."""
    case = call(bench, "inquiry")
    assert [timer.element for timer in case.timers] == ["answer-missing"]
    assert "deadline-paused" in [event.event for event in case.history()]


# -- satisfaction -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "satisfied"),
    [
        ("very_satisfied", True),
        ("satisfied", True),
        ("neutral", False),
        ("dissatisfied", False),
        ("very_dissatisfied", False),
    ],
)
def test_satisfaction_is_asked(bench: Workbench, answer: str, satisfied: bool) -> None:
    """Only the two good answers count as satisfied, and what the reporter adds is kept (OFF-5.4.2.b)."""
    case = call(bench, "satisfaction")
    said = {"asked_by": "call", "satisfaction": answer, "comments": "Better now.", "suggestions": "Write sooner."}
    known = bench.complete(case, "ask-satisfaction", said).variables
    assert (known["satisfaction"], known["satisfied"]) == (answer, satisfied)
    assert (known["comments"], known["suggestions"], known["asked_by"]) == ("Better now.", "Write sooner.", "call")


def test_whoever_is_not_reached_is_not_satisfied(bench: Workbench) -> None:
    """Silence is recorded with the attempts, and is not satisfaction (OFF-5.4.2.b)."""
    case = call(bench, "satisfaction")
    with pytest.raises(InvalidData):
        bench.complete(case, "ask-satisfaction", {"asked_by": "call", "satisfaction": "not_reached"})
    said = {"asked_by": "call", "satisfaction": "not_reached", "call_attempts": "Three calls"}
    assert bench.complete(case, "ask-satisfaction", said).variables["satisfied"] is False


def test_a_caller_may_name_the_way_and_ask_why(bench: Workbench) -> None:
    """A caller that asks by call need not be told so, and one that goes on with it learns what is wrong
    (RET-6.a RET-7.b)."""
    case = call(bench, "satisfaction", asked_by="call", ask_why=True)
    with pytest.raises(InvalidData) as refused:
        bench.complete(case, "ask-satisfaction", {"satisfaction": "neutral"})
    assert [field for field, _ in refused.value.problems] == ["still_wrong"]
    known = bench.complete(case, "ask-satisfaction", {"satisfaction": "neutral", "still_wrong": "The noise."}).variables
    assert (known["asked_by"], known["still_wrong"], known["call_attempts"]) == ("call", "The noise.", None)


@pytest.mark.parametrize("answer", ["satisfied", "not_reached"])
def test_the_satisfied_and_the_silent_are_not_asked_why(bench: Workbench, answer: str) -> None:
    """Only whoever was reached and is not satisfied has something to explain (RET-7.b)."""
    said = {"satisfaction": answer} | ({"call_attempts": "Three calls"} if answer == "not_reached" else {})
    case = call(bench, "satisfaction", asked_by="call", ask_why=True)
    assert bench.complete(case, "ask-satisfaction", said).variables["still_wrong"] is None


def test_nobody_is_asked_why_unless_the_caller_wants_it(bench: Workbench) -> None:
    """Without the caller's word the way must be named and the reason need not (OFF-5.4.2.b)."""
    case = call(bench, "satisfaction")
    with pytest.raises(InvalidData) as refused:
        bench.complete(case, "ask-satisfaction", {"satisfaction": "dissatisfied"})
    assert [field for field, _ in refused.value.problems] == ["asked_by"]
    said = {"asked_by": "questionnaire", "satisfaction": "dissatisfied"}
    assert bench.complete(case, "ask-satisfaction", said).variables["still_wrong"] is None


def test_a_question_that_is_not_asked_is_reminded_and_reported(bench: Workbench) -> None:
    """Staff are reminded before the time is up, the supervisor is told when it is (OFF-5.4.2.b)."""
    case = call(bench, "satisfaction")
    case = late_and_early(bench, case, "satisfaction-due", ("shared-satisfaction-due", "desk"))
    case = late_and_early(bench, case, "satisfaction-overdue", ("shared-satisfaction-late", "head"))
    assert case.waiting_for == ["ask-satisfaction"]


# -- archiving ----------------------------------------------------------------------------------


def test_a_file_is_archived_under_its_year(bench: Workbench) -> None:
    """Every part of the file must be there, and its key is year and case (OFF-5.5.2.a)."""
    case = call(bench, "archiving")
    with pytest.raises(InvalidData) as refused:
        bench.complete(case, "archive", {"filed": {"content": True}})
    assert [field for field, _ in refused.value.problems] == ["filed.records"]
    known = bench.complete(case, "archive", {"filed": {"content": True, "records": True}}).variables
    assert known["archive_year"] == bench.now.year
    assert known["archive_key"] == f"{bench.now.year}/{case.key}"


def test_a_late_archive_reaches_the_supervisor(bench: Workbench) -> None:
    """When the time for archiving is up, the supervisor is told, and the task stays open (OFF-5.5.2.a)."""
    case = call(bench, "archiving")
    case = late_and_early(bench, case, "archiving-overdue", ("shared-archiving-late", "head"))
    assert case.waiting_for == ["archive"]


# -- escalation ---------------------------------------------------------------------------------


def test_a_supervisor_presses_for_it(bench: Workbench) -> None:
    """The supervisor is told, and what she writes reaches whoever is late (OFF-5.3.1.a)."""
    case = call(bench, "escalation")
    assert sent(bench, case) == [("shared-delay", "head")]
    assert (case.task("step-in").groups, case.task("step-in").priority) == (("head",), 80)
    words = {"decision": "chase", "delay_reason": "Holidays", "chase_note": "Today, please."}
    case = bench.complete(case, "step-in", words)
    assert sent(bench, case)[-1] == ("shared-chase", "desk")
    assert "Today, please." in bench.notices[-1].text
    assert (case.status, case.variables["decision"]) == ("completed", "chase")


@pytest.mark.parametrize(
    ("decision", "more", "returned"),
    [
        ("take_over", {}, ("new_group", "head")),
        ("reassign", {"new_group": "works"}, ("new_group", "works")),
        ("extend", {"extended_to": "2031-05-09"}, ("extended_to", "2031-05-09")),
    ],
)
def test_any_other_decision_goes_back_to_the_caller(
    bench: Workbench, decision: str, more: dict[str, str], returned: tuple[str, str]
) -> None:
    """Taking over, reassigning and extending are the caller's to carry out, with all that it needs (OFF-5.3.1.a)."""
    case = call(bench, "escalation")
    if more:
        with pytest.raises(InvalidData):
            bench.complete(case, "step-in", {"decision": decision, "delay_reason": "Illness"})
    case = bench.complete(case, "step-in", {"decision": decision, "delay_reason": "Illness", **more})
    name, value = returned
    assert (case.status, case.variables["decision"], case.variables[name]) == ("completed", decision, value)


# -- all of it ----------------------------------------------------------------------------------


def test_every_element_and_flow_of_the_parts_was_visited(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    """The scenarios above visit all that is drawn (OFF-5)."""
    coverage = bench.coverage("parts")
    with capsys.disabled():
        print(f"\n{coverage}")
    assert coverage.missing == []
