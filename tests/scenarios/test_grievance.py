"""Employees' complaints about superiors: the regulation clause by clause, with the clock moved."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from complaintflow import Case
from complaintflow.errors import InvalidData, InvalidDiagram, PrematureCommitment
from complaintflow.testing import Workbench

PROCESS = "grievance"
ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "processes" / PROCESS
PAYLOAD = json.loads((HOME / "payload.json").read_text(encoding="utf-8"))
SHANGHAI = ZoneInfo("Asia/Shanghai")

Move = tuple[str, dict[str, Any]]

REGISTER: Move = ("register", {"summary": "Night shifts as a punishment", "category": "signed letter"})
ASSESS: Move = ("assess", {})
PLAN: Move = ("plan-inquiry", {})
INVESTIGATE: Move = ("investigate", {"findings": "The plans show it."})
DECIDE: Move = ("decide", {"outcome": "A fair plan from next week."})
MEDIATE: Move = ("mediate", {"outcome": "The team leader apologises; the nights are shared."})
ACCEPT: Move = ("negotiate", {"agrees": True})
REFUSE: Move = ("negotiate", {"agrees": False, "objections": "The allowance is missing."})
CARRY_OUT: Move = ("carry-out", {"measures": "The plan was changed."})
DONE: Move = ("review", {"carried_out": True})
NOT_DONE: Move = ("review", {"carried_out": False, "check_note": "The old plan still hangs there."})
ARCHIVE: Move = ("archive", {"filed": {"content": True, "records": True, "result": True}})

TO_OUTCOME = (REGISTER, ASSESS, PLAN, INVESTIGATE)
TO_EXECUTION = (*TO_OUTCOME, DECIDE, ACCEPT)
BOX: tuple[Move, ...] = (("collect", {}), ("appoint", {"investigator": "wang.fang"}))


def due(case: Case, element: str) -> datetime:
    """When the timer of an element fires."""
    return next(timer.due_at for timer in case.timers if timer.element == element)


def sent(bench: Workbench, case: Case) -> list[str]:
    """Names of the notices of a case, in order."""
    return [notice.name for notice in bench.notices if notice.case_id == case.id]


def text(bench: Workbench, case: Case, name: str) -> str:
    """The newest notice of this name."""
    return [notice.text for notice in bench.notices if notice.case_id == case.id and notice.name == name][-1]


def steps(bench: Workbench, case: Case, *moves: Move) -> Case:
    """Complete tasks one after the other."""
    for element, data in moves:
        case = bench.complete(case, element, data, actor="li.wei")
    return case


def start(bench: Workbench, *moves: Move, **fields: Any) -> Case:
    """A case on the shipped payload, with some steps done."""
    return steps(bench, bench.start(PROCESS, PAYLOAD, **fields), *moves)


def watched(bench: Workbench, case: Case, element: str, notice: str) -> Case:
    """Assert that a notice leaves when a timer is due and not a moment earlier."""
    limit, before = due(case, element), sent(bench, case).count(notice)
    bench.just_before(limit)
    assert sent(bench, case).count(notice) == before
    bench.at(limit)
    assert sent(bench, case).count(notice) == before + 1
    return bench.case(case.id)


def report(bench: Workbench, case: Case, message: str, **data: Any) -> Case:
    """Deliver a message to a case."""
    (case,) = bench.engine.correlate(message, key=case.key, data=data)
    return case


# -- intake and grounds ---------------------------------------------------------------------------


def test_a_complaint_is_ruled_accepted_and_carried_out(bench: Workbench) -> None:
    """Receipt, check, inquiry, ruling, acceptance, execution and file follow each other (EMP-3.2 EMP-4.1.a EMP-4.2.a
    EMP-4.2.b).
    """
    case = start(bench)
    assert case.waiting_for[0] == "register"
    assert sorted(case.messages) == ["misconduct", "retaliation"]
    case = steps(bench, case, *TO_OUTCOME)
    assert case.task("decide").groups == ("skip-level-superior",)
    case = steps(bench, case, DECIDE, ACCEPT, CARRY_OUT, DONE, ARCHIVE)
    assert case.status == "completed"
    assert sent(bench, case) == ["acknowledgement", "outcome", "completion"]
    assert "A fair plan from next week." in text(bench, case, "outcome")


@pytest.mark.parametrize(
    "wrong", [{"anonymous": True}, {"reporter": {}}, {"channel": "phone"}, {"ground": "noise"}, {"addressee": "police"}]
)
def test_only_interviews_and_signed_letters(bench: Workbench, wrong: dict[str, Any]) -> None:
    """Nameless complaints, telephone calls, and grounds or addressees that do not exist are refused (EMP-2.1.x EMP-3.1
    EMP-3.2).
    """
    with pytest.raises(InvalidData):
        bench.start(PROCESS, PAYLOAD | wrong)


def test_little_is_required(bench: Workbench) -> None:
    """An interview needs a name and words; without an addressee human resources hears it, and the check
    finds the ground (EMP-3.1 EMP-3.2 EMP-5.1.a).
    """
    case = bench.start(PROCESS, channel="in_person", content="He hits us.", reporter={"name": "Zhao Min"})
    assert case.task("register").groups == ("human-resources",)
    case = steps(bench, case, REGISTER)
    with pytest.raises(InvalidData):
        steps(bench, case, ASSESS)
    assert steps(bench, case, ("assess", {"ground": "other_unreasonable"})).waiting_for[0] == "plan-inquiry"
    assert "honest mistake is never held against you" in text(bench, case, "acknowledgement")


@pytest.mark.parametrize(
    ("ground", "danger"),
    [("corruption", False), ("betrayal", False), ("abuse_of_power", False), ("dangerous_orders", True),
     ("unfair_discipline", False), ("harmful_conditions", True), ("other_unreasonable", False)],
)  # fmt: skip
def test_the_seven_grounds(bench: Workbench, ground: str, danger: bool) -> None:
    """All seven grounds are admitted, and the dangerous ones reach safety at once without a name (EMP-2.1.1 EMP-2.1.2
    EMP-2.1.3 EMP-2.1.4 EMP-2.1.5 EMP-2.1.6 EMP-2.1.7).
    """
    case = start(bench, REGISTER, ASSESS, ground=ground)
    assert case.waiting_for[0] == "plan-inquiry"
    assert ("safety-alert" in sent(bench, case)) == danger
    if danger:
        assert "Zhao Min" not in text(bench, case, "safety-alert")


@pytest.mark.parametrize(
    ("fields", "check", "end"),
    [({}, {"ground": "none", "refusal_reason": "A matter of taste."}, "inadmissible"),
     ({}, {"admissible": False, "refusal_reason": "Even if true, it is no abuse."}, "inadmissible"),
     ({"reporter": {"name": "Zhao Min", "relation": "other"}}, {}, "inadmissible"),
     ({}, {"outside": True, "refusal_reason": "Wages are for arbitration."}, "external-matter")],
)  # fmt: skip
def test_what_is_not_admitted_is_explained(
    bench: Workbench, fields: dict[str, Any], check: dict[str, Any], end: str
) -> None:
    """Another ground, other facts, another person, or a matter for authorities: the letter says why and where to go
    (EMP-1.2 EMP-2.1.x EMP-3.3).
    """
    case = start(bench, REGISTER, ("assess", check), **fields)
    assert case.waiting_for[0] == "archive"
    assert check.get("refusal_reason", "") in text(bench, case, "refusal")
    assert "labour arbitration" in text(bench, case, "refusal")
    case = steps(bench, case, ARCHIVE)
    assert case.status == "completed"
    assert any(end in event.detail.get("path", ()) for event in case.history())


def test_a_refusal_needs_reasons(bench: Workbench) -> None:
    """Whoever turns a complaint away writes why (EMP-2.1.x)."""
    case = start(bench, REGISTER)
    for check in ({"ground": "none"}, {"admissible": False}, {"outside": True}):
        with pytest.raises(InvalidData):
            steps(bench, case, ("assess", check))


def test_a_slow_check_is_reported(bench: Workbench) -> None:
    """The check has its own time, and the registration too (EMP-4.1.a)."""
    case = watched(bench, start(bench), "registration-overdue", "shared-registration-late")
    watched(bench, start(bench, REGISTER), "assess-overdue", "assessment-late")
    assert bench.case(case.id).waiting_for[0] == "register"


# -- who hears and who rules ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("addressee", "against", "receives", "task", "rules"),
    [("superior", "direct_superior", "skip-level-superior", "decide", "skip-level-superior"),
     ("superior", "", "skip-level-superior", "decide", "skip-level-superior"),
     ("superior", "other", "direct-superior", "decide", "skip-level-superior"),
     ("superior", "hr", "direct-superior", "decide", "skip-level-superior"),
     ("superior", "skip_level_superior", "department-head", "decide", "department-head"),
     ("superior", "department_head", "general-manager", "decide", "general-manager"),
     ("superior", "general_manager", "board", "decide", "board"),
     ("hr", "direct_superior", "human-resources", "mediate", "human-resources"),
     ("hr", "hr", "skip-level-superior", "decide", "general-manager"),
     ("hr", "general_manager", "human-resources", "mediate", "human-resources"),
     ("general_manager", "general_manager", "board", "decide", "board")],
)  # fmt: skip
def test_nobody_rules_on_a_complaint_about_themselves(
    bench: Workbench, addressee: str, against: str, receives: str, task: str, rules: str
) -> None:
    """The choice of the complainant stands unless the chosen one is concerned; the direct superior never rules (EMP-3.2
    EMP-3.6 EMP-4.2.a EMP-4.3.b EMP-o).
    """
    case = start(bench, addressee=addressee, against=against)
    assert case.task("register").groups == (receives,)
    case = steps(bench, case, *TO_OUTCOME)
    assert case.task(task).groups == (rules,)


def test_the_check_may_find_out_whom_it_concerns(bench: Workbench) -> None:
    """A complaint that turns out to concern its ruler goes one level up, also for the inquiry (EMP-3.6 EMP-4.2.a)."""
    case = start(bench, REGISTER, ("assess", {"against": "skip_level_superior"}))
    assert case.task("plan-inquiry").groups == ("department-head",)
    assert steps(bench, case, PLAN, INVESTIGATE).task("decide").groups == ("department-head",)


# -- the general manager's own box ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "group"),
    [
        ({"channel": "box"}, "general-manager"),
        ({"channel": "box", "addressee": "hr"}, "human-resources"),
        ({"channel": "box", "against": "general_manager"}, "board"),
        ({"channel": "letter"}, "human-resources"),
    ],
)
def test_a_letter_of_the_own_box_needs_no_addressee(bench: Workbench, fields: dict[str, str], group: str) -> None:
    """A letter of the general manager's box is for him, unless it says else or is about him (EMP-3.4.a EMP-3.6)."""
    letter = {"reporter": {"name": "Zhao Min"}, "content": "Every night shift is mine."}
    assert [task.groups for task in bench.start("grievance", letter | fields).tasks] == [(group,)]


def test_a_letter_from_a_round_of_the_box_is_collected_already(bench: Workbench) -> None:
    """What the general manager took out himself need not be emptied again; its clocks run from then (EMP-3.4.b)."""
    case = start(bench, addressee="general_manager", channel="box", collected_at="2026-03-02T08:00:00+08:00")
    assert case.waiting_for == ["appoint"]
    assert case.variables["accepted_at"] == "2026-03-02T08:00:00+08:00"


def test_the_own_box_is_for_the_general_manager(bench: Workbench) -> None:
    """The general manager alone sees the letter, names a person, and that person registers, investigates and files it
    (EMP-3.4.a EMP-3.4.b EMP-3.5.a).
    """
    case = start(bench, addressee="general_manager", channel="box")
    assert case.task("collect").groups == ("general-manager",)
    assert sent(bench, case) == []
    case = steps(bench, case, *BOX)
    groups = {case.task("register").groups}
    for move in TO_OUTCOME:
        case = steps(bench, case, move)
        groups.add(case.tasks[0].groups)
    assert groups == {("appointed-investigator",), ("general-manager",)}
    case = steps(bench, case, DECIDE)
    assert case.task("negotiate").assignee == "wang.fang"
    case = steps(bench, case, ACCEPT)
    assert case.task("carry-out").groups == ("general-manager",)
    case = steps(bench, case, CARRY_OUT)
    assert case.task("review").groups == ("appointed-investigator",)
    assert steps(bench, case, DONE, ARCHIVE).status == "completed"
    assert not any(notice.to.group == "human-resources" for notice in bench.notices if notice.case_id == case.id)


def test_the_box_is_emptied_regularly(bench: Workbench) -> None:
    """As long as a letter lies in the box the general manager is reminded, round after round (EMP-3.4.b)."""
    case = start(bench, addressee="general_manager")
    for _ in range(2):
        case = watched(bench, case, "box-round", "box-waiting")
    assert bench.notices[-1].to.group == "general-manager"
    case = steps(bench, case, BOX[0])
    rounds = sent(bench, case).count("box-waiting")
    bench.advance(days=30)
    assert sent(bench, case).count("box-waiting") == rounds


def test_the_named_person_investigates_in_time(bench: Workbench) -> None:
    """The blank number of days is ours, runs from the emptying of the box, and lies inside the ruling's (EMP-3.5.b)."""
    case = start(bench, addressee="general_manager")
    bench.advance(days=2)
    emptied = bench.now
    case = steps(bench, case, *BOX, REGISTER, ASSESS, PLAN)
    limit = case.task("investigate").due_at
    assert limit is not None
    assert limit >= datetime.combine(emptied.date() + timedelta(days=8), datetime.min.time(), SHANGHAI)
    case = watched(bench, case, "investigation-overdue", "investigation-late")
    assert bench.notices[-1].to.group == "general-manager"
    case = steps(bench, case, INVESTIGATE)
    assert due(case, "late-time") > limit


# -- inquiry --------------------------------------------------------------------------------------


def ask(bench: Workbench, case: Case) -> Case:
    """Plan an inquiry in two departments and with two people."""
    plan = {
        "departments": ["operations", "finance"],
        "request": "The shift plans.",
        "witnesses": [{"name": "A"}, {"name": "B"}],
    }
    return steps(bench, case, ("plan-inquiry", plan))


def answer(bench: Workbench, case: Case) -> Case:
    """All who were asked answer."""
    for task in bench.case(case.id).tasks:
        data = (
            {"reply": "See the plans."}
            if task.element == "cooperate"
            else {"statement": "So it was.", "duty_noticed": True}
        )
        bench.engine.complete(task.id, data)
    return bench.case(case.id)


def test_departments_and_witnesses_are_asked(bench: Workbench) -> None:
    """Each department and each person gets a task; a statement without the duties read first is refused (EMP-4.1.b
    EMP-4.1.c).
    """
    case = ask(bench, start(bench, REGISTER, ASSESS))
    assert sorted(task.element for task in case.tasks) == ["cooperate", "cooperate", "testify", "testify"]
    assert {task.groups for task in case.tasks if task.element == "cooperate"} == {("operations",), ("finance",)}
    with pytest.raises(InvalidData):
        bench.engine.complete(
            next(task.id for task in case.tasks if task.element == "testify"), {"statement": "So it was."}
        )
    case = answer(bench, case)
    assert case.waiting_for[0] == "investigate"


def test_silent_departments_are_reported(bench: Workbench) -> None:
    """Departments must cooperate: when their time is up the supervisor hears of it (EMP-4.1.b)."""
    case = watched(bench, ask(bench, start(bench, REGISTER, ASSESS)), "cooperate-overdue", "cooperation-late")
    assert answer(bench, case).waiting_for[0] == "investigate"


def test_an_inquiry_asks_again_until_the_bound(bench: Workbench) -> None:
    """More may be asked, twice more as shipped; then somebody has to rule on what is known (EMP-4.1.a)."""
    case = start(bench, REGISTER, ASSESS)
    more = ("investigate", {"findings": "Not clear yet.", "more_evidence": True})
    for _ in range(2):
        case = steps(bench, answer(bench, ask(bench, case)), more)
        assert case.waiting_for[0] == "plan-inquiry"
    case = steps(bench, answer(bench, ask(bench, case)), more)
    assert case.waiting_for[0] == "decide"


def test_a_slow_inquiry_is_reported(bench: Workbench) -> None:
    """The inquiry leaves time for the ruling (EMP-4.1.a)."""
    watched(bench, start(bench, REGISTER, ASSESS, PLAN), "investigation-overdue", "investigation-late")


# -- ruling and mediation -------------------------------------------------------------------------


@pytest.mark.parametrize(("addressee", "task", "move"), [("superior", "decide", DECIDE), ("hr", "mediate", MEDIATE)])
def test_fifteen_days(addressee: str, task: str, move: Move) -> None:
    """Ruling and mediation are due fifteen calendar days after receipt; a reminder comes before, the supervisor and
    the complainant hear after, and the task stays open (EMP-4.2.a EMP-4.3.b).
    """
    bench = Workbench(now=datetime(2026, 3, 2, 9, tzinfo=SHANGHAI))
    case = start(bench, REGISTER, ASSESS, addressee=addressee)
    end = datetime(2026, 3, 18, tzinfo=SHANGHAI)
    assert due(case, "late-time") == end
    case = steps(bench, case, PLAN, INVESTIGATE)
    assert case.task(task).due_at == end
    case = watched(bench, case, "near-time", "outcome-due")
    case = watched(bench, case, "late-time", "outcome-late")
    late = {notice.name: notice for notice in bench.notices[-2:]}
    assert late["outcome-late"].to.group == "general-manager"
    assert late["delay"].to.person == case.variables["reporter"]["name"]
    assert "March 17, 2026" in late["delay"].text
    assert steps(bench, case, move).waiting_for[0] == "negotiate"
    bench.close()


def test_nobody_is_reminded_of_what_is_done(bench: Workbench) -> None:
    """With the ruling the watch over it ends (EMP-4.2.a)."""
    case = start(bench, *TO_OUTCOME, DECIDE)
    bench.advance(days=14)
    assert "outcome-due" not in sent(bench, case)


def test_human_resources_may_represent(bench: Workbench) -> None:
    """The mediation records that the employee was defended and what was asked of superiors (EMP-4.3.a EMP-4.3.b)."""
    case = start(bench, *TO_OUTCOME, addressee="hr")
    case = steps(
        bench, case, ("mediate", MEDIATE[1] | {"represented": True, "details_requested": "The plans of all teams."})
    )
    assert case.variables["way"] == "mediation"
    assert "mediated" in text(bench, case, "outcome")


def test_no_outcome_without_a_decision(bench: Workbench) -> None:
    """An empty ruling is refused, and until there is one no letter about an outcome has left (EMP-4.2.a)."""
    case = start(bench, *TO_OUTCOME)
    with pytest.raises(InvalidData):
        steps(bench, case, ("decide", {}))
    assert "outcome" not in sent(bench, case)


def shortened(tmp_path: Path, file: str, before: str, after: str) -> Workbench:
    """A workbench with a layer in which one diagram was changed."""
    diagram = (HOME / f"{file}.bpmn").read_text(encoding="utf-8")
    assert diagram.count(before) == 1
    home = tmp_path / "processes" / PROCESS
    home.mkdir(parents=True)
    (home / f"{file}.bpmn").write_text(diagram.replace(before, after), encoding="utf-8")
    return Workbench(layers=[tmp_path])


def test_a_diagram_cannot_forget_the_decision(tmp_path: Path) -> None:
    """A layer that takes the outcome's decision out of the diagram is refused before any case starts (EMP-4.2.a)."""
    bench = shortened(tmp_path, "grievance", '<zeebe:property name="decides" value="outcome"/>', "")
    with pytest.raises(InvalidDiagram, match="outcome"):
        bench.start(PROCESS, PAYLOAD)
    bench.close()


def test_nobody_is_sanctioned_past_the_hearing(tmp_path: Path) -> None:
    """A layer that leads around the hearing stops at the sanction, and no order leaves (EMP-5.1.b EMP-5.2 EMP-5.3)."""
    bench = shortened(
        tmp_path,
        "grievance-sanction",
        'sourceRef="proven" targetRef="join-hear"',
        'sourceRef="proven" targetRef="propose-sanction"',
    )
    case = suspected(bench, "handler", proof("handler", intent=True)[0])
    assert [(incident.kind, incident.element) for incident in case.incidents] == [("commitment", "decide-sanction")]
    with pytest.raises(PrematureCommitment):
        bench.engine.resolve(case.incidents[0])
    assert "sanction" not in sent(bench, case)
    bench.close()


# -- acceptance, appeal, execution ----------------------------------------------------------------


@pytest.mark.parametrize(("addressee", "outcome"), [("superior", DECIDE), ("hr", MEDIATE)])
def test_who_does_not_accept_may_go_on_outside(bench: Workbench, addressee: str, outcome: Move) -> None:
    """A refusal needs no reason, brings the letter about ways outside, and nothing is carried out (EMP-4.2.b EMP-4.3.c
    EMP-4.4 EMP-3.3).
    """
    for refusal in (REFUSE, ("negotiate", {"agrees": False})):
        case = start(bench, *TO_OUTCOME, outcome, refusal, addressee=addressee)
        assert case.waiting_for[0] == "archive"
        assert sent(bench, case)[-1] == "external-appeal"
        assert steps(bench, case, ARCHIVE).status == "completed"


def test_silence_is_no_acceptance(bench: Workbench) -> None:
    """Who does not answer is reminded, and then told how to go on outside (EMP-4.2.b EMP-4.4)."""
    case = start(bench, *TO_OUTCOME, DECIDE)
    case = watched(bench, case, "answer-due", "acceptance-reminder")
    case = watched(bench, case, "answer-lapsed", "external-appeal")
    assert case.waiting_for[0] == "archive"
    assert case.variables["agrees"] is False
    watched(bench, case, "archiving-overdue", "shared-archiving-late")


def test_an_accepted_mediation_is_carried_out(bench: Workbench) -> None:
    """The mediation names who does it and by when, and that day ends at midnight (EMP-4.3.c EMP-5.5)."""
    day = bench.now.date() + timedelta(days=5)
    mediate = ("mediate", MEDIATE[1] | {"executor": "finance", "complete_by": day.isoformat()})
    case = start(bench, *TO_OUTCOME, mediate, ACCEPT, addressee="hr")
    assert case.task("carry-out").groups == ("finance",)
    assert case.task("carry-out").due_at == datetime.combine(day + timedelta(days=1), datetime.min.time(), SHANGHAI)
    case = steps(bench, case, CARRY_OUT, DONE)
    assert "has been carried out" in text(bench, case, "completion")


def test_what_is_not_carried_out_is_enforced(bench: Workbench) -> None:
    """The day passes, human resources orders it, and the obliged get a fresh, shorter time (EMP-5.5)."""
    case = start(bench, *TO_EXECUTION)
    limit = due(case, "carry-out-overdue")
    bench.just_before(limit)
    assert bench.case(case.id).waiting_for[0] == "carry-out"
    bench.at(limit)
    case = bench.case(case.id)
    assert case.waiting_for[0] == "enforce"
    case = steps(bench, case, ("enforce", {"enforcement": "Change the plan by Friday."}))
    assert case.waiting_for[0] == "carry-out"
    assert limit < due(case, "carry-out-overdue") < limit + timedelta(days=14)
    assert steps(bench, case, CARRY_OUT, DONE).waiting_for[0] == "archive"


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ("replaced", "something else instead"),
        ("impossible", "could not be carried out"),
        ("carried_out", "has been carried out"),
    ],
)
def test_enforcement_ends_with_the_general_manager(bench: Workbench, ends: str, words: str) -> None:
    """Two orders without effect, and the general manager decides what happens instead (EMP-5.5)."""
    case = start(bench, *TO_EXECUTION)
    for _ in range(2):
        case = steps(bench, case, CARRY_OUT, NOT_DONE, ("enforce", {"enforcement": "Do it."}))
    case = steps(bench, case, CARRY_OUT, NOT_DONE)
    assert case.task("settle").groups == ("general-manager",)
    case = steps(bench, case, ("settle", {"execution_outcome": ends, "last_word": "A transfer to another team."}))
    assert words in text(bench, case, "completion")
    assert "A transfer to another team." in text(bench, case, "completion")


def test_a_refusal_to_carry_out_may_be_penalised(bench: Workbench) -> None:
    """Where necessary the refusal is examined like any misconduct, and then execution goes on (EMP-5.5)."""
    case = start(bench, *TO_EXECUTION, CARRY_OUT, NOT_DONE)
    with pytest.raises(InvalidData):
        steps(bench, case, ("enforce", {"enforcement": "Do it.", "penalty": True}))
    case = steps(bench, case, ("enforce", {"enforcement": "Do it.", "penalty": True, "person": "The team leader"}))
    case = steps(
        bench, case, *proof("obliged", intent=True), ("decide-sanction", {"confirmed": True, "measure": "A reprimand."})
    )
    assert sent(bench, case)[-1] == "sanction"
    assert case.waiting_for[0] == "carry-out"


# -- sanctions and protection ---------------------------------------------------------------------


def proof(party: str, *, intent: bool, serious: bool = False, heard: bool = True) -> tuple[Move, ...]:
    """A proven suspicion, and the hearing."""
    examine = {"proven": True, "intent": intent, "serious": serious, "proof": "The file of " + party}
    hear = {"heard": True, "hearing_record": "It was so."} if heard else {"heard": False}
    return (("examine", examine), ("hear", hear))


def suspected(bench: Workbench, party: str, *moves: Move) -> Case:
    """A case in which somebody suspects a party."""
    case = report(bench, start(bench), "misconduct", party=party, person="Li Wei", incident="Invented.")
    return steps(bench, case, *moves)


@pytest.mark.parametrize(
    "finding",
    [
        {"proven": False},
        {"proven": True, "intent": False, "proof": "Contradictions."},
        {"proven": True, "proof": "Contradictions."},
    ],
)
def test_a_complainant_who_erred_is_left_alone(bench: Workbench, finding: dict[str, Any]) -> None:
    """Without proof of intent a complainant is not even heard, and the complaint goes on (EMP-5.1.b)."""
    case = suspected(bench, "complainant", ("examine", finding))
    assert [task.element for task in case.tasks] == ["register"]
    assert sent(bench, case) == []


def test_an_unheard_complainant_is_not_sanctioned(bench: Workbench) -> None:
    """Invited twice and never heard: against a complainant nothing follows (EMP-5.1.b)."""
    case = suspected(bench, "complainant", *proof("complainant", intent=True, heard=False))
    assert "hear" in case.waiting_for
    case = steps(bench, case, ("hear", {"heard": False}))
    assert [task.element for task in case.tasks] == ["register"]


@pytest.mark.parametrize(
    ("party", "intent", "serious", "level", "court", "head"),
    [("complainant", True, False, "heavy", False, False), ("complainant", True, True, "heavy", True, False),
     ("handler", True, True, "heavy", True, True), ("handler", True, False, "heavy", False, True),
     ("handler", False, False, "warning", False, False), ("witness", True, True, "heavy", True, False),
     ("witness", True, False, "heavy", False, False), ("witness", False, True, "none", False, False),
     ("retaliator", True, True, "heavy", True, False), ("retaliator", True, False, "heavy", False, False),
     ("retaliator", False, False, "warning", False, False), ("obliged", True, False, "penalty", False, False),
     ("obliged", False, False, "none", False, False)],
)  # fmt: skip
def test_the_table_limits_sanctions(
    bench: Workbench, party: str, intent: bool, serious: bool, level: str, court: bool, head: bool
) -> None:
    """Who, proven, meant, heard and how serious decide what is possible at most; the general manager decides whether
    (EMP-5.1.b EMP-5.2 EMP-5.3 EMP-5.4 EMP-5.5).
    """
    case = suspected(bench, party, *proof(party, intent=intent, serious=serious))
    waiting = [task.element for task in case.tasks]
    assert ("decide-sanction" in waiting) == (level != "none")
    if level == "none":
        return
    confirmed = {"confirmed": True, "measure": "A reprimand."} | ({"to_court": True} if court else {})
    case = steps(bench, case, ("decide-sanction", confirmed))
    order = text(bench, case, "sanction")
    assert ("judicial authorities" in order) == court
    assert ("head of the unit" in order) == head


def test_the_general_manager_may_drop_a_sanction(bench: Workbench) -> None:
    """What is possible need not happen (EMP-5.3)."""
    case = suspected(bench, "witness", *proof("witness", intent=True), ("decide-sanction", {"confirmed": False}))
    assert "sanction" not in sent(bench, case)
    assert [task.element for task in case.tasks] == ["register"]


def test_handlers_are_examined_by_the_general_manager(bench: Workbench) -> None:
    """Human resources may be the handler and does not examine itself (EMP-5.2)."""
    assert suspected(bench, "handler").task("examine").groups == ("general-manager",)
    assert suspected(bench, "witness").task("examine").groups == ("human-resources",)


def test_other_parties_cannot_stay_away(bench: Workbench) -> None:
    """Whoever does not come to two hearings is judged on the file (EMP-5.2)."""
    case = suspected(bench, "handler", *proof("handler", intent=True, heard=False), ("hear", {"heard": False}))
    assert "decide-sanction" in case.waiting_for


def test_retaliation_is_stopped_and_punished(bench: Workbench) -> None:
    """At any time and as often as it happens: examined, protected, told, and the culprit answers; the complaint goes on
    meanwhile (EMP-5.4).
    """
    case = start(bench)
    for _ in range(2):
        case = report(bench, case, "retaliation", incident="Moved to the cellar.")
        assert bench.notices[-1].to.group == "general-manager"
        found = ("examine-retaliation", {"retaliation_confirmed": True, "suspect": "The team leader"})
        case = steps(bench, case, found, ("protect", {"protection_given": "Back at the old place, with pay."}))
        assert "Back at the old place, with pay." in text(bench, case, "protection")
        case = steps(
            bench,
            case,
            *proof("retaliator", intent=True),
            ("decide-sanction", {"confirmed": True, "measure": "Removed from office."}),
        )
    assert "The team leader" in text(bench, case, "sanction")
    assert [task.element for task in case.tasks] == ["register"]


def test_retaliation_that_is_none_is_explained(bench: Workbench) -> None:
    """Who feared retaliation hears what was found, and it is not held against them (EMP-5.4)."""
    case = report(bench, start(bench), "retaliation", incident="Nobody greets me.")
    case = watched(bench, case, "examine-overdue", "retaliation-late")
    case = steps(
        bench, case, ("examine-retaliation", {"retaliation_confirmed": False, "examination": "A misunderstanding."})
    )
    assert "A misunderstanding." in text(bench, case, "no-retaliation")


def test_protection_ends_before_the_case(bench: Workbench) -> None:
    """A case with an open examination of retaliation stays open after its file is closed (EMP-5.4)."""
    case = report(bench, start(bench, *TO_EXECUTION), "retaliation", incident="No bonus.")
    case = steps(bench, case, CARRY_OUT, DONE, ARCHIVE)
    assert case.status == "active"
    case = steps(bench, case, ("examine-retaliation", {"retaliation_confirmed": False}))
    assert case.status == "completed"


def test_letters_of_the_box_stay_with_the_general_manager(bench: Workbench) -> None:
    """Retaliation and misconduct in a case of the box never reach human resources' desk (EMP-3.4.a EMP-5.4)."""
    case = start(bench, *BOX, addressee="general_manager")
    case = report(bench, case, "retaliation", incident="Shouted at.")
    assert case.task("examine-retaliation").groups == ("appointed-investigator",)
    case = report(bench, case, "misconduct", party="witness", incident="Talked.")
    assert case.task("examine").groups == ("general-manager",)


# -- the whole ------------------------------------------------------------------------------------


def test_chinese_letters(bench: Workbench) -> None:
    """Whoever asks for Chinese letters gets them (EMP-4.2.a EMP-4.4)."""
    case = start(bench, *TO_OUTCOME, DECIDE, REFUSE, language="zh", addressee="superior")
    assert "裁决" in text(bench, case, "outcome")
    assert "劳动仲裁" in text(bench, case, "external-appeal")


def test_every_clause_has_a_row() -> None:
    """All clauses EMP-1.1 to EMP-6.3 and EMP-o are listed with a status and a place (EMP-o)."""
    with (HOME / "clauses.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len({row["id"] for row in rows}) == 38
    assert {row["status"] for row in rows} <= {"implemented", "documentation", "later"}
    assert all(row["where"] for row in rows)


def test_all_paths_were_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (EMP-o)."""
    coverage = bench.coverage(PROCESS)
    print(coverage)
    assert coverage.missing == []
