"""Complaints and feedback about the office, clause by clause, with the clock moved."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from complaintflow import Case
from complaintflow.errors import InvalidData, PrematureCommitment
from complaintflow.testing import Workbench

ROOT = Path(__file__).resolve().parents[2]
PAYLOAD = json.loads((ROOT / "processes/office/payload.json").read_text(encoding="utf-8"))

Move = tuple[str, dict[str, Any]]
REGISTER: Move = ("register", {"summary": "The heating is cold in the mornings", "category": "facilities"})
ASSESS: Move = ("assess", {"impact": "medium"})
TAKE_UP: Move = ("take-up", {"investigator": "Li Wei", "methods_planned": ["talk", "site_visit"]})
METHODS = ["talk", "documents", "site_visit"]
INVESTIGATE: Move = ("investigate", {"methods": METHODS, "findings": "A pump stands still."})
PROPOSE: Move = ("propose", {"solution": "A new pump.", "at_once": True})
CARRY_OUT: Move = ("carry-out", {"measures": "The pump was replaced on Tuesday."})
REPORT: Move = ("report", {})
HANDLED = (TAKE_UP, INVESTIGATE, PROPOSE, CARRY_OUT)
ANSWERED = (REGISTER, ASSESS, *HANDLED, REPORT)
CONTENT: Move = ("ask-satisfaction", {"asked_by": "call", "satisfaction": "satisfied"})
DISCONTENT: Move = (
    "ask-satisfaction",
    {"asked_by": "call", "satisfaction": "dissatisfied", "comments": "It is warm from ten on."},
)
QUIET: Move = ("follow-up", {"recurred": False, "follow_up_note": "Warm at nine on three mornings."})
BACK: Move = ("follow-up", {"recurred": True, "still_wrong": "Cold again on Monday."})
FILED: Move = ("archive", {"filed": {"content": True, "records": True, "result": True, "follow_up": True}})


def start(bench: Workbench, **fields: Any) -> Case:
    """A case of the shipped payload, begun at nine on the next Monday that five working days follow."""
    day = bench.now.date() + timedelta(days=1)
    while not (day.weekday() == 0 and all(bench.calendar.is_working_day(day + timedelta(days=n)) for n in range(5))):
        day += timedelta(days=1)
    return bench.start("office", PAYLOAD, today=day, **fields)


def steps(bench: Workbench, case: Case, *moves: Move) -> Case:
    """Complete tasks one after the other."""
    for element, data in moves:
        case = bench.complete(case, element, data)
    return case


def due(case: Case, element: str) -> datetime:
    """When the timer of an element fires."""
    return next(timer.due_at for timer in case.timers if timer.element == element)


def sent(bench: Workbench, case: Case) -> list[tuple[str, str]]:
    """The notices of a case, in order, each with its group or person."""
    return [(notice.name, notice.to.group or notice.to.person) for notice in bench.notices if notice.case_id == case.id]


def letters(bench: Workbench, case: Case) -> list[str]:
    """Names of the notices of a case, in order."""
    return [name for name, _ in sent(bench, case)]


def told_when_late(bench: Workbench, case: Case, timer: str, notice: tuple[str, str]) -> Case:
    """A notice leaves when the timer's time has come, and not a moment before."""
    at, so_far = due(case, timer), sent(bench, case).count(notice)
    bench.just_before(at)
    before = sent(bench, case)
    assert before.count(notice) == so_far
    bench.at(at)
    assert sent(bench, case) == [*before, notice]
    return bench.case(case.id)


def wait_for_follow_up(bench: Workbench, case: Case) -> Case:
    """Move the clock to the end of the follow-up period."""
    bench.at(due(case, "time-passed"))
    return bench.case(case.id)


# -- the whole way ------------------------------------------------------------------------------


def test_a_complaint_goes_from_the_office_system_to_the_archive(bench: Workbench) -> None:
    """A complaint is registered, assessed, handled, answered, followed up and archived under its year (OFF-5)."""
    case = steps(bench, start(bench), *ANSWERED, CONTENT)
    assert case.tasks == ()
    case = steps(bench, wait_for_follow_up(bench, case), QUIET, FILED)
    assert case.status == "completed"
    assert case.variables["archive_key"] == f"{bench.now.year}/{case.key}"
    assert letters(bench, case) == ["acknowledgement", "assignment", "result"]


# -- taking in ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "group", "hours"),
    [
        ("web", "office-channel-admin", 24),
        ("email", "office-channel-admin", 24),
        ("suggestion_box", "office-box-keeper", 24),
        ("in_person", "office-reception", 2),
    ],
)
def test_every_channel_has_its_registrar_and_its_clock(bench: Workbench, channel: str, group: str, hours: int) -> None:
    """Each channel is registered by its own people in its own time, or the head hears (OFF-4.1.1 OFF-4.1.2 OFF-4.2.1
    OFF-4.2.2 OFF-5.1.1 OFF-5.1.1o OFF-5.1.2 OFF-5.1.2o OFF-5.1.3.a)."""
    case = start(bench, channel=channel)
    task = case.task("register")
    assert task.groups == (group,)
    assert task.due_at == due(case, "registration-overdue") == case.created_at + timedelta(hours=hours)
    case = told_when_late(bench, case, "registration-overdue", ("shared-registration-late", "office-head"))
    assert case.task("register").groups == (group,)


def test_the_clock_of_a_letter_starts_when_it_is_found(bench: Workbench) -> None:
    """A letter that lay in the box for days is registered within the time from its finding (OFF-5.1.2 OFF-4.2.1)."""
    start(bench)
    found = bench.now - timedelta(hours=3)
    received = (found - timedelta(days=3)).isoformat()
    payload = PAYLOAD | {"channel": "suggestion_box", "received_at": received, "discovered_at": found.isoformat()}
    case = bench.start("office", payload)
    assert due(case, "registration-overdue") == found + timedelta(hours=24)


def test_a_registration_that_would_end_on_a_day_off_moves_on(bench: Workbench) -> None:
    """What comes in on a Friday afternoon is registered by Monday afternoon (OFF-5.1.1)."""
    case = start(bench)
    friday = bench.now + timedelta(days=4, hours=6)
    bench.at(friday)
    case = bench.start("office", PAYLOAD)
    assert due(case, "registration-overdue") == friday + timedelta(days=3)


def test_the_register_holds_the_key_facts(bench: Workbench) -> None:
    """Complainant, content and time of receipt are in the register, and what is missing is named (OFF-5.1.1r
    OFF-4.1.1f OFF-2.a)."""
    case = start(bench)
    entry = REGISTER[1] | {"complete": False, "missing": "The room number", "reporter": {"phone": "555-0199"}}
    known = bench.complete(case, "register", entry).variables
    assert known["received_at"]
    assert known["registered_at"]
    assert known["reporter"]["phone"] == "555-0199"
    assert known["reporter"]["relation"] == "employee"
    assert (known["complete"], known["missing"]) == (False, "The room number")


def test_only_the_four_channels_are_open(bench: Workbench) -> None:
    """A channel that the policy does not know is refused at the door (OFF-4.1.1)."""
    with pytest.raises(InvalidData) as refused:
        bench.start("office", PAYLOAD, channel="fax")
    assert [field for field, _ in refused.value.problems] == ["channel"]


def test_the_acknowledgement_names_the_day_that_the_engine_enforces(bench: Workbench) -> None:
    """The day in the letter is the day on which the promise ends (OFF-3.4 OFF-5.1.3.c)."""
    case = steps(bench, start(bench, language="zh"), REGISTER)
    last = (due(case, "promise-passed") - timedelta(seconds=1)).astimezone(bench.calendar.zone)
    letter = bench.notices[-1]
    assert (letter.name, letter.channel, letter.language) == ("acknowledgement", "email", "zh")
    assert f"{last.year}年{last.month}月{last.day}日" in letter.text


def test_a_note_that_is_right_is_followed_by_the_procedure(bench: Workbench) -> None:
    """Face to face, the confirmed note is followed at once by procedure and expected reply time (OFF-5.1.3.b
    OFF-5.1.3.c OFF-4.2.2)."""
    case = steps(bench, start(bench, channel="in_person"), REGISTER)
    assert case.task("confirm-note").groups == ("office-reception",)
    case = steps(bench, case, ("confirm-note", {"note_right": True}))
    letter = bench.notices[-1]
    assert (letter.name, letter.channel, letter.to.person) == ("procedure", "in_person", "Zhao Min")
    assert str(due(case, "promise-passed").year) in letter.text
    assert case.waiting_for == ["assess"]


def test_a_note_is_corrected_until_the_bound(bench: Workbench) -> None:
    """A disputed note is corrected and read again, three times; then the objection goes on with it (OFF-5.1.3.a
    OFF-5.1.3.b)."""
    case = steps(bench, start(bench, channel="in_person"), REGISTER)
    for attempt in (1, 2, 3):
        case = steps(bench, case, ("confirm-note", {"note_right": False, "note_objection": f"Not so, {attempt}."}))
        case = steps(bench, case, ("correct-note", {"content": f"It was cold, version {attempt}."}))
        assert case.waiting_for[0] == "confirm-note"
    with pytest.raises(InvalidData):
        bench.complete(case, "confirm-note")
    case = steps(bench, case, ("confirm-note", {"note_right": False, "note_objection": "Still not so."}))
    assert case.waiting_for == ["assess"]
    assert case.variables["content"] == "It was cold, version 3."
    assert case.variables["note_objection"] == "Still not so."
    assert "Still not so." in bench.notices[-1].text


def test_a_note_that_was_corrected_once_is_confirmed(bench: Workbench) -> None:
    """A corrected note that is right ends the loop, and the correction is what counts (OFF-5.1.3.b)."""
    case = steps(bench, start(bench, channel="in_person"), REGISTER)
    case = steps(bench, case, ("confirm-note", {"note_right": False, "note_objection": "It was the fifth floor."}))
    corrected = "The fifth floor is cold."
    case = steps(bench, case, ("correct-note", {"content": corrected}), ("confirm-note", {"note_right": True}))
    assert case.variables["content"] == corrected
    assert case.variables["note_objection"] is None
    assert case.waiting_for == ["assess"]


# -- scope and legal basis ----------------------------------------------------------------------


def elsewhere(bench: Workbench, category: str) -> Case:
    """A case whose subject is somebody else's."""
    return steps(bench, start(bench), ("register", {"summary": "My pay is wrong", "category": category}))


@pytest.mark.parametrize(
    ("category", "group"),
    [
        ("pay_and_contract", "human-resources"),
        ("product_or_service", "customer-service"),
        ("misconduct", "whistleblower-office"),
    ],
)
def test_what_is_not_about_the_office_is_referred(bench: Workbench, category: str, group: str) -> None:
    """A matter of somebody else's goes there without the name, the complainant hears so, and it is filed (OFF-2.b
    OFF-5.5.2.a)."""
    case = elsewhere(bench, category)
    assert case.task("refer").groups == ("office-head",)
    case = steps(bench, case, ("refer", {"is_ours": False, "referral_note": "They answer within a week."}))
    assert sent(bench, case)[-2:] == [("hand-over", group), ("referral", "Zhao Min")]
    assert "Zhao" not in bench.notices[-2].text
    assert "They answer within a week." in bench.notices[-1].text
    case = steps(bench, case, ("archive", {"filed": {"content": True, "records": True}}))
    assert case.status == "completed"


def test_the_head_may_take_it_in_after_all(bench: Workbench) -> None:
    """No table turns anybody away: the head of office may take the matter in (OFF-2.b)."""
    case = steps(bench, elsewhere(bench, "misconduct"), ("refer", {"is_ours": True}))
    assert case.waiting_for == ["assess"]
    assert "referral" not in letters(bench, case)


@pytest.mark.parametrize(
    ("relation", "law"),
    [
        ("employee", "labour_law"),
        ("partner", "consumer_protection_law"),
        ("client", "consumer_protection_law"),
        ("other", "company_rules"),
    ],
)
def test_the_law_depends_on_the_complainant(bench: Workbench, relation: str, law: str) -> None:
    """Labour law for employees, consumer protection for partners and clients (OFF-3.1 OFF-3.2 OFF-2.a)."""
    case = steps(bench, start(bench, reporter={"name": "Zhao Min", "relation": relation}), REGISTER)
    assert case.variables["legal_basis"]["law"] == law


def test_whoever_gives_no_name_is_heard_as_well(bench: Workbench) -> None:
    """An anonymous report takes the whole way, and its letters are kept for collection (OFF-2.a OFF-5.4.1.b)."""
    payload = {"channel": "suggestion_box", "content": "The back door is never locked.", "anonymous": True}
    case = bench.start("office", payload)
    case = steps(bench, case, *ANSWERED)
    assert case.variables["legal_basis"]["law"] == "company_rules"
    assert [notice.channel for notice in bench.notices if notice.case_id == case.id and notice.name == "result"] == [
        "collection"
    ]


# -- assessing and handing out ------------------------------------------------------------------


def test_a_late_assessment_reaches_the_head(bench: Workbench) -> None:
    """The office assesses within two working days of acceptance; then the head of office knows (OFF-5.2.1.a)."""
    case = steps(bench, start(bench), REGISTER)
    assert case.task("assess").groups == ("office",)
    assert case.task("assess").due_at == due(case, "assessment-overdue")
    case = told_when_late(bench, case, "assessment-overdue", ("assessment-late", "office-head"))
    assert case.waiting_for == ["assess"]


@pytest.mark.parametrize(
    ("found", "level"),
    [
        ({"impact": "high"}, "serious"),
        ({"impact": "medium", "nature": "security"}, "serious"),
        ({"impact": "medium", "repeated": True}, "serious"),
        ({"impact": "medium"}, "moderate"),
        ({"impact": "low", "repeated": True}, "moderate"),
        ({"impact": "low"}, "minor"),
    ],
)
def test_the_assessment_finds_the_severity(bench: Workbench, found: dict[str, Any], level: str) -> None:
    """Nature, impact and repetition make the severity, which orders the inbox (OFF-5.2.1.b)."""
    case = steps(bench, start(bench), REGISTER, ("assess", found))
    severity = case.variables["severity"]
    assert severity["level"] == level
    assert case.task("take-up").priority == severity["priority"]


@pytest.mark.parametrize(
    ("nature", "group"),
    [
        ("facilities", "facilities"),
        ("supplies", "purchasing"),
        ("it", "it-support"),
        ("reception", "front-desk"),
        ("cleaning", "logistics"),
        ("security", "security"),
        ("documents", "administration"),
        ("staff_conduct", "office-head"),
        ("other", "administration"),
    ],
)
def test_the_assessment_finds_the_department(bench: Workbench, nature: str, group: str) -> None:
    """The task goes to the department that the assessment points to, and it is told (OFF-5.2.1.b OFF-5.2.2.a)."""
    case = steps(bench, start(bench), REGISTER, ("assess", {"impact": "low", "nature": nature}))
    assert case.task("take-up").groups == (group,)
    assert sent(bench, case)[-1] == ("assignment", group)
    assert "Zhao" not in bench.notices[-1].text


def test_a_responsible_person_may_be_named(bench: Workbench) -> None:
    """The assessment may hand the task to a person instead of a department (OFF-5.2.2.a OFF-5.2.2o)."""
    case = steps(bench, start(bench), REGISTER, ("assess", {"impact": "low", "responsible_person": "li.wei"}))
    assert case.task("take-up").assignee == "li.wei"


def test_a_complex_matter_gets_a_task_force(bench: Workbench) -> None:
    """The head of office forms a special task force, which then handles the matter (OFF-5.2.2.b OFF-5.2.2o)."""
    found = {"impact": "high", "complex": True, "task_force": True}
    case = steps(bench, start(bench), REGISTER, ("assess", found))
    assert case.task("form-task-force").groups == ("office-head",)
    team = {"lead": "li.wei", "members": [{"name": "Zhao Min", "department": "Finance"}], "mandate": "All floors."}
    case = steps(bench, case, ("form-task-force", team))
    assert case.task("take-up").groups == ("office-task-force",)
    assert case.task("take-up").assignee == "li.wei"


def test_a_complex_matter_may_do_without_a_task_force(bench: Workbench) -> None:
    """A task force may be formed, and need not be (OFF-5.2.2.b)."""
    case = steps(bench, start(bench), REGISTER, ("assess", {"impact": "high", "complex": True}))
    assert case.task("take-up").groups == ("facilities",)


# -- handling: late, and what the head does -----------------------------------------------------


def late(bench: Workbench, case: Case, timer: str) -> Case:
    """The head of office is told, with the task to step in, when the time is up and not before."""
    return told_when_late(bench, case, timer, ("shared-delay", "office-head"))


def assigned(bench: Workbench) -> Case:
    """A case that was handed out."""
    return steps(bench, start(bench), REGISTER, ASSESS)


def test_an_investigation_that_does_not_begin_is_chased(bench: Workbench) -> None:
    """A task that nobody takes up in time makes the head of office step in and press for it (OFF-5.3.1.a)."""
    case = assigned(bench)
    assert case.task("take-up").due_at == due(case, "take-up-overdue")
    case = late(bench, case, "take-up-overdue")
    assert {task.element for task in case.tasks} == {"step-in", "take-up"}
    words = {"decision": "chase", "delay_reason": "Illness", "chase_note": "Today, please."}
    case = steps(bench, case, ("step-in", words))
    assert sent(bench, case)[-1] == ("shared-chase", "facilities")
    assert steps(bench, case, TAKE_UP).waiting_for[0] == "investigate"


def test_a_late_case_is_given_to_others_twice_at_most(bench: Workbench) -> None:
    """The head may take a late case over or give it to another group, twice; then only to press or to wait (OFF-5.2.2.a
    OFF-5.3.1.a)."""
    case = late(bench, steps(bench, assigned(bench), TAKE_UP), "investigation-overdue")
    case = steps(bench, case, ("step-in", {"decision": "reassign", "delay_reason": "Move", "new_group": "logistics"}))
    assert case.task("take-up").groups == ("logistics",)
    assert sent(bench, case)[-1] == ("assignment", "logistics")
    case = late(bench, case, "take-up-overdue")
    case = steps(bench, case, ("step-in", {"decision": "take_over", "delay_reason": "Leave"}))
    assert case.task("take-up").groups == ("office-head",)
    case = late(bench, case, "take-up-overdue")
    with pytest.raises(InvalidData) as refused:
        steps(bench, case, ("step-in", {"decision": "take_over", "delay_reason": "Again"}))
    assert [field for field, _ in refused.value.problems] == ["decision"]
    assert case.variables["reassignments"] == 2


def more_time(bench: Workbench, case: Case, days: int) -> Case:
    """The head grants some days more."""
    until = (bench.now + timedelta(days=days)).date().isoformat()
    return steps(bench, case, ("step-in", {"decision": "extend", "delay_reason": "Spare part", "extended_to": until}))


def test_more_time_is_watched_and_bounded(bench: Workbench) -> None:
    """More time is told to the complainant, ends in the next escalation, and is granted twice at most (OFF-5.3.2.c
    OFF-3.4)."""
    case = late(bench, steps(bench, assigned(bench), TAKE_UP), "investigation-overdue")
    for round_of_waiting in (1, 2):
        last_day = bench.now.date() + timedelta(days=2)
        case = more_time(bench, case, 2)
        assert sent(bench, case)[-1] == ("extension", "Zhao Min")
        assert due(case, "extension-over").astimezone(bench.calendar.zone).date() == last_day + timedelta(days=1)
        case = late(bench, case, "extension-over")
        assert letters(bench, case).count("shared-delay") == round_of_waiting + 1
    with pytest.raises(InvalidData):
        more_time(bench, case, 2)


def test_more_time_that_was_enough_ends_quietly(bench: Workbench) -> None:
    """When the step was done meanwhile, nobody is called again (OFF-5.3.1.a)."""
    case = late(bench, assigned(bench), "take-up-overdue")
    case = steps(bench, more_time(bench, case, 1), TAKE_UP)
    bench.at(due(case, "extension-over"))
    case = bench.case(case.id)
    assert letters(bench, case).count("shared-delay") == 1
    assert [task.element for task in case.tasks] == ["investigate"]


def test_what_is_still_open_of_an_escalation_ends_with_the_handling(bench: Workbench) -> None:
    """A case that is done needs nobody to step in any more (OFF-5.3.1.a)."""
    case = late(bench, assigned(bench), "take-up-overdue")
    case = steps(bench, case, *HANDLED)
    assert case.waiting_for == ["report"]


# -- handling: investigation --------------------------------------------------------------------


def asked(bench: Workbench, case: Case, question: str = "Which rooms?") -> Case:
    """The investigator asks the complainant something."""
    [case] = bench.engine.correlate("ask-complainant", key=case.key, data={"question": question})
    return case


def test_an_investigation_keeps_methods_and_evidence(bench: Workbench) -> None:
    """Talk, documents and site visit are recorded, with the evidence that was found (OFF-5.3.1.b)."""
    evidence = [{"what": "Log of the boiler", "where": "File 7"}]
    case = steps(bench, assigned(bench), TAKE_UP, ("investigate", INVESTIGATE[1] | {"evidence_log": evidence}))
    case = steps(bench, case, PROPOSE, CARRY_OUT)
    assert case.variables["methods"] == METHODS
    assert case.variables["evidence_log"] == evidence
    assert case.variables["investigator"] == "Li Wei"


def test_the_clocks_stand_still_while_the_complainant_owes_an_answer(bench: Workbench) -> None:
    """A question stops the investigation's clock and the promise; the answer starts them again and reaches whoever
    asked (OFF-5.3.1.b OFF-5.3.1.a)."""
    case = steps(bench, assigned(bench), TAKE_UP)
    investigation, promise = due(case, "investigation-overdue"), due(case, "promise-passed")
    case = asked(bench, case)
    assert sent(bench, case)[-1] == ("shared-question", "Zhao Min")
    assert {timer.element for timer in case.timers} == {"answer-missing"}
    bench.advance(working_days=2)
    case = steps(bench, case, ("record-answer", {"answer": "401 to 406"}))
    assert sent(bench, case)[-1] == ("answer", "facilities")
    assert "401 to 406" in bench.notices[-1].text
    shifted = bench.calendar.working_days_between
    assert shifted(investigation.date(), due(case, "investigation-overdue").date()) == 2
    assert shifted(promise.date(), due(case, "promise-passed").date()) == 2
    assert case.waiting_for[0] == "investigate"


def test_an_answer_may_come_by_itself(bench: Workbench) -> None:
    """The complainant may answer through the office system (OFF-5.3.1.b)."""
    case = asked(bench, steps(bench, assigned(bench), TAKE_UP))
    [case] = bench.engine.correlate("reporter-answer", key=case.key, data={"answer": "All of them"})
    assert "All of them" in bench.notices[-1].text
    assert case.waiting_for[0] == "investigate"


def test_silence_does_not_stop_the_investigation(bench: Workbench) -> None:
    """Five working days without an answer, and the investigation goes on with what is known (OFF-5.3.1.b)."""
    case = asked(bench, steps(bench, assigned(bench), TAKE_UP))
    at = due(case, "answer-missing")
    bench.just_before(at)
    assert "record-answer" in bench.case(case.id).waiting_for
    bench.at(at)
    case = bench.case(case.id)
    assert "record-answer" not in case.waiting_for
    assert "No answer has come" in bench.notices[-1].text


def test_questions_are_bounded(bench: Workbench) -> None:
    """Three questions may stop the clocks; a fourth is not sent, and whoever asked learns it (OFF-5.3.1.b)."""
    case = steps(bench, assigned(bench), TAKE_UP)
    for number in range(3):
        case = steps(bench, asked(bench, case, f"Question {number}?"), ("record-answer", {"answer": "Yes"}))
    case = asked(bench, case, "One more?")
    assert letters(bench, case).count("shared-question") == 3
    assert (letters(bench, case)[-1], "One more?" in bench.notices[-1].text) == ("not-asked", True)
    assert "record-answer" not in case.waiting_for
    case = steps(bench, case, INVESTIGATE, PROPOSE, CARRY_OUT)
    assert [answer["question"] for answer in case.variables["answers"]] == [f"Question {n}?" for n in range(3)]


def test_a_plan_does_not_end_yesterday(bench: Workbench) -> None:
    """What the complainant is told as the last day of the timetable has not passed yet (OFF-5.3.2.c OFF-5.3.2.d)."""
    case = steps(bench, assigned(bench), TAKE_UP, INVESTIGATE, ("propose", {"solution": "A pump.", "at_once": False}))
    with pytest.raises(InvalidData):
        steps(bench, case, ("plan", {"plan_due": (bench.now.date() - timedelta(days=1)).isoformat()}))
    assert steps(bench, case, ("plan", {"plan_due": bench.now.date().isoformat()})).waiting_for == ["carry-out"]


def test_other_departments_are_heard(bench: Workbench) -> None:
    """Every department concerned gives its view before the solution is found (OFF-5.3.2.a OFF-5.2.1.b)."""
    case = steps(bench, start(bench), REGISTER, ("assess", {"impact": "low", "departments": ["finance", "security"]}))
    case = steps(bench, case, TAKE_UP, INVESTIGATE)
    views = [task for task in case.tasks if task.element == "consult"]
    assert [task.groups for task in views] == [("finance",), ("security",)]
    for task in views:
        assert "propose" not in bench.case(case.id).waiting_for
        bench.engine.complete(task.id, {"view": f"Fine with {task.groups[0]}"})
    case = steps(bench, case, PROPOSE, CARRY_OUT)
    assert case.variables["views"] == [
        {"department": "finance", "view": "Fine with finance"},
        {"department": "security", "view": "Fine with security"},
    ]


# -- handling: solving --------------------------------------------------------------------------


def solution(bench: Workbench, *, at_once: bool) -> Case:
    """A case whose solution is known."""
    case = steps(bench, assigned(bench), TAKE_UP, INVESTIGATE)
    return steps(bench, case, ("propose", {"solution": "A new pump.", "at_once": at_once}))


def test_what_can_be_solved_at_once_is_solved_at_once(bench: Workbench) -> None:
    """Without a plan the solution is carried out by the next working day, or the head hears (OFF-5.3.2.b)."""
    case = solution(bench, at_once=True)
    assert case.waiting_for[0] == "carry-out"
    assert case.task("carry-out").due_at == due(case, "carrying-out-overdue")
    case = late(bench, case, "carrying-out-overdue")
    assert steps(bench, case, CARRY_OUT).waiting_for == ["report"]


def planned(bench: Workbench, days: int = 4) -> Case:
    """A case with a plan of so many days."""
    until = (bench.now + timedelta(days=days)).date().isoformat()
    made = {"plan": [{"action": "Order the pump", "owner": "Li Wei", "due": until}], "plan_due": until}
    return steps(bench, solution(bench, at_once=False), ("plan", made))


def test_what_needs_time_gets_a_plan_that_the_complainant_hears(bench: Workbench) -> None:
    """A solution that needs time becomes a plan with a timetable, which is told (OFF-5.3.2.c OFF-5.3.2.d)."""
    case = planned(bench, 12)
    letter = bench.notices[-1]
    assert letter.name == "plan"
    assert "A new pump." in letter.text
    assert "Order the pump" in letter.text
    assert str(case.variables["plan_due"])[:4] in letter.text
    with pytest.raises(InvalidData):
        steps(bench, solution(bench, at_once=False), ("plan", {}))


def test_a_timetable_that_is_not_kept_reaches_the_head(bench: Workbench) -> None:
    """When the last day of the timetable has passed, the head of office steps in (OFF-5.3.2.c)."""
    case = planned(bench, 13)
    case = late(bench, case, "carrying-out-overdue")
    assert case.task("step-in").groups == ("office-head",)


# -- telling the result -------------------------------------------------------------------------


def test_a_result_that_is_not_told_reaches_the_head(bench: Workbench) -> None:
    """Two working days after the handling the result is told, or the head of office hears (OFF-5.4.1.a)."""
    case = steps(bench, assigned(bench), *HANDLED)
    assert case.task("report").groups == ("facilities",)
    case = told_when_late(bench, case, "reply-overdue", ("reply-late", "office-head"))
    assert case.waiting_for == ["report"]


@pytest.mark.parametrize("channel", ["phone", "email", "letter"])
def test_the_result_comes_as_the_complainant_prefers(bench: Workbench, channel: str) -> None:
    """Phone, e-mail or written report: the complainant's choice decides (OFF-5.4.1.b)."""
    reporter = PAYLOAD["reporter"] | {"preferred_channel": channel, "address": "12 Canal Street"}
    case = steps(bench, start(bench, reporter=reporter), *ANSWERED)
    assert (bench.notices[-1].name, bench.notices[-1].channel) == ("result", channel)
    assert case.variables["replied_at"]


def test_the_result_has_its_three_parts(bench: Workbench) -> None:
    """Investigation, solution and result are each explained, and none may be empty (OFF-5.4.2.a)."""
    case = steps(bench, assigned(bench), *HANDLED)
    with pytest.raises(InvalidData):
        bench.complete(case, "report", {"result_report": ""})
    parts = {"investigation_report": "We looked.", "solution_report": "We bought.", "result_report": "It is warm."}
    steps(bench, case, ("report", parts))
    assert all(part in bench.notices[-1].text for part in parts.values())


def test_no_result_leaves_before_it_is_written(bench: Workbench, tmp_path: Path) -> None:
    """A diagram that skips the writing of the result cannot send it (OFF-5.4.2.a)."""
    diagram = (ROOT / "processes/office/office.bpmn").read_text(encoding="utf-8")
    home = tmp_path / "processes/office"
    home.mkdir(parents=True)
    for source, target, instead in (
        ("handle", "report", "tell-result"),
        ("report", "tell-result", "ask"),
        ("tell-result", "ask", "report"),
    ):
        flow = f'sourceRef="{source}" targetRef="{target}"'
        assert flow in diagram
        diagram = diagram.replace(flow, f'sourceRef="{source}" targetRef="{instead}"')
    (home / "office.bpmn").write_text(diagram, encoding="utf-8")
    own = Workbench(layers=[tmp_path])
    case = steps(own, own.start("office", PAYLOAD), REGISTER, ASSESS, *HANDLED)
    assert [incident.kind for incident in case.incidents] == ["commitment"]
    with pytest.raises(PrematureCommitment):
        own.engine.resolve(case.incidents[0])
    own.close()


# -- the promise --------------------------------------------------------------------------------


def test_a_broken_promise_is_admitted(bench: Workbench) -> None:
    """When the expected reply time has passed without an answer, the complainant and the head are told (OFF-5.1.3.c
    OFF-3.4)."""
    case = steps(bench, start(bench), REGISTER)
    at = due(case, "promise-passed")
    bench.just_before(at)
    assert "delay" not in letters(bench, case)
    bench.at(at)
    assert sent(bench, case)[-2:] == [("delay", "Zhao Min"), ("answer-late", "office-head")]


def test_a_kept_promise_stays_silent(bench: Workbench) -> None:
    """With the result, or with a plan and its timetable, the complainant has an answer (OFF-5.3.2.d OFF-5.1.3.c)."""
    told = steps(bench, start(bench), *ANSWERED)
    timetable = planned(bench, 60)
    bench.at(due(timetable, "promise-passed"))
    for case in (told, timetable):
        assert "delay" not in letters(bench, case)


# -- satisfaction, follow-up, archive -----------------------------------------------------------


def test_satisfaction_is_asked_in_time(bench: Workbench) -> None:
    """Whoever handled it asks, is reminded, and is reported when they do not (OFF-5.4.2.b)."""
    case = steps(bench, start(bench), *ANSWERED)
    assert case.task("ask-satisfaction").groups == ("facilities",)
    case = told_when_late(bench, case, "satisfaction-due", ("shared-satisfaction-due", "facilities"))
    case = told_when_late(bench, case, "satisfaction-overdue", ("shared-satisfaction-late", "office-head"))
    said = {"asked_by": "questionnaire", "satisfaction": "very_satisfied", "comments": "Good.", "suggestions": "More."}
    known = steps(bench, case, ("ask-satisfaction", said)).variables
    assert (known["satisfied"], known["comments"], known["suggestions"]) == (True, "Good.", "More.")


@pytest.mark.parametrize(
    "said", [{"satisfaction": "neutral"}, {"satisfaction": "not_reached", "call_attempts": "Three calls"}]
)
def test_whoever_does_not_complain_again_is_followed_up(bench: Workbench, said: dict[str, str]) -> None:
    """Only dissatisfaction reopens a case; anybody else is followed up (OFF-5.4.2.b OFF-5.5.1)."""
    case = steps(bench, start(bench), *ANSWERED, ("ask-satisfaction", {"asked_by": "call"} | said))
    assert case.waiting_for == ["problem-back"]


def test_dissatisfaction_reopens_once_and_then_gets_a_last_word(bench: Workbench) -> None:
    """The first dissatisfaction begins the assessment again, the second brings the head's last word, and then the
    follow-up (OFF-5.4.2.b)."""
    case = steps(bench, start(bench), *ANSWERED, DISCONTENT)
    assert sent(bench, case)[-1] == ("reopened", "Zhao Min")
    assert "It is warm from ten on." in bench.notices[-1].text
    assert case.waiting_for == ["assess"]
    case = steps(bench, case, ASSESS)
    assert sent(bench, case)[-1][0] == "assignment"
    assert "It is warm from ten on." in bench.notices[-1].text
    assert "expects an answer" not in bench.notices[-1].text
    case = steps(bench, case, *HANDLED, REPORT, DISCONTENT)
    assert case.task("settle").groups == ("office-head",)
    assert case.variables["reopenings"] == 1
    case = steps(bench, case, ("settle", {"last_word": "We cannot do more before spring."}))
    assert "We cannot do more before spring." in bench.notices[-1].text
    case = steps(bench, wait_for_follow_up(bench, case), QUIET, FILED)
    assert case.status == "completed"


def test_the_follow_up_period_runs_from_the_reply(bench: Workbench) -> None:
    """For twenty working days after the reply the office waits, and then it looks (OFF-5.5.1)."""
    case = steps(bench, start(bench), *ANSWERED, CONTENT)
    at = due(case, "time-passed")
    assert bench.calendar.working_days_between(bench.now.date(), (at - timedelta(seconds=1)).date()) == 20
    bench.just_before(at)
    assert bench.case(case.id).tasks == ()
    bench.at(at)
    assert bench.case(case.id).task("follow-up").groups == ("office",)


def test_a_problem_that_is_back_ends_the_wait(bench: Workbench) -> None:
    """Whoever reports the problem again makes the office look at once, and the case is opened again (OFF-5.5.1)."""
    case = steps(bench, start(bench), *ANSWERED, CONTENT)
    [case] = bench.engine.correlate("problem-back", key=case.key, data={"recurrence_note": "Cold again."})
    assert case.waiting_for == ["follow-up"]
    case = steps(bench, case, BACK)
    assert sent(bench, case)[-1] == ("reopened", "Zhao Min")
    assert "Cold again on Monday." in bench.notices[-1].text
    assert case.waiting_for == ["assess"]


def test_after_a_false_alarm_the_period_still_runs(bench: Workbench) -> None:
    """A problem that was not back, asked about twice, leaves the follow-up period as long as it was (OFF-5.5.1)."""
    case = steps(bench, start(bench), *ANSWERED, CONTENT)
    at = due(case, "time-passed")
    for _ in range(2):
        bench.advance(working_days=2)
        [case] = bench.engine.correlate("problem-back", key=case.key, data={"recurrence_note": "Cold again?"})
        case = steps(bench, case, QUIET)
        assert case.waiting_for == ["problem-back"]
        assert due(case, "time-passed") == at
    bench.at(at)
    assert steps(bench, case, QUIET, FILED).status == "completed"


def test_a_problem_that_keeps_coming_back_reaches_the_head(bench: Workbench) -> None:
    """After one reopening a problem that is back again is the head's, and the case is filed (OFF-5.5.1)."""
    case = steps(bench, start(bench), *ANSWERED, CONTENT)
    case = steps(bench, wait_for_follow_up(bench, case), BACK, ASSESS, *HANDLED, REPORT, CONTENT)
    case = steps(bench, wait_for_follow_up(bench, case), BACK)
    assert sent(bench, case)[-1] == ("recurring", "office-head")
    assert steps(bench, case, FILED).status == "completed"


def test_a_follow_up_that_is_forgotten_reaches_the_head(bench: Workbench) -> None:
    """Three working days after the period the office has looked, or the head hears (OFF-5.5.1)."""
    case = wait_for_follow_up(bench, steps(bench, start(bench), *ANSWERED, CONTENT))
    case = told_when_late(bench, case, "follow-up-overdue", ("follow-up-late", "office-head"))
    assert case.waiting_for == ["follow-up"]


def test_a_file_is_complete_and_in_time(bench: Workbench) -> None:
    """Content, records, result and follow-up are filed within five working days, or the head hears (OFF-5.5.2.a
    OFF-5.5.2.b)."""
    case = wait_for_follow_up(bench, steps(bench, start(bench), *ANSWERED, CONTENT))
    case = steps(bench, case, QUIET)
    case = told_when_late(bench, case, "archiving-overdue", ("shared-archiving-late", "office-head"))
    with pytest.raises(InvalidData):
        bench.complete(case, "archive", {"filed": {"content": True, "records": True, "result": True}})
    assert steps(bench, case, FILED).variables["archive_year"] == bench.now.year
    assert str(bench.engine.bundle(case.id).policy.retention["archive"].interval) == "5 years"


# -- all of it ----------------------------------------------------------------------------------


def test_every_element_and_flow_was_visited(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    """The scenarios above visit all that is drawn in the office's diagrams and in the parts they call (OFF-5)."""
    coverage = bench.coverage("office")
    with capsys.disabled():
        print(f"\n{coverage}")
    # What waits behind an event-based gateway is armed without a token on its flow: the event itself tells.
    waited = {f"Flow_anything-new_{event}": event for event in ("time-passed", "problem-back")}
    assert coverage.visited.issuperset(waited.values())
    assert set(coverage.missing) <= waited.keys()
