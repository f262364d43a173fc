"""The employee complaint procedure, clause by clause, with the clock moved."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from complaintflow import Case
from complaintflow.errors import InvalidData, PrematureCommitment
from complaintflow.testing import Workbench

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "processes/hr"
PAYLOAD = json.loads((HOME / "payload.json").read_text(encoding="utf-8"))
SHANGHAI = ZoneInfo("Asia/Shanghai")

Move = tuple[str, dict[str, Any]]

ASSESS: Move = ("assess", {"reasonable": True, "urgency": "normal"})
GRAVE: Move = ("assess", {"reasonable": True, "urgency": "normal", "serious_consequences": True})
REASON = "The rule is the same for all."
REFUSE: Move = ("assess", {"reasonable": False, "assessment_reason": REASON})
RESPOND: Move = ("respond", {"response": "Chen Jie takes care of it."})
TEAM: Move = ("form-team", {"members": [{"name": "Chen Jie"}, {"name": "Wu Fang"}]})
FREE: Move = ("declare", {"conflict": False})
BIASED: Move = ("declare", {"conflict": True, "conflict_note": "We are related."})
COLLECT: Move = ("collect", {"material": "Four interviews, the leave system."})
VERIFY: Move = ("verify", {"verified": True})
DOUBT: Move = ("verify", {"verified": False, "doubts": "August is missing."})
CONFIRM: Move = ("sum-up", {"findings": "Seven of seven requests were refused.", "confirmed": True})
NOT_CONFIRMED: Move = ("sum-up", {"findings": "All requests were granted.", "confirmed": False})
PROPOSE: Move = ("propose", {"remedies": ["apologise", "adjust_process"], "solution": "An apology and one rule."})
APPROVE: Move = ("review", {"compliant": True})
OBJECT: Move = ("review", {"compliant": False, "objections": "The works council has to be heard."})
CARRY_OUT: Move = ("carry-out", {"measures": "Apologised; the rule is in force."})
FOLLOW_UP: Move = ("follow-up", {"causes": "No rule for leave.", "improvements": "One calendar for all shifts."})

TO_TEAM = (ASSESS, RESPOND)
TO_INVESTIGATION = (TEAM, FREE, FREE)
TO_RESULT = (COLLECT, VERIFY, CONFIRM)
REPORT: Move = ("report", {})
TO_TOLD = (PROPOSE, APPROVE, REPORT)
AGAIN = (*TO_INVESTIGATION, *TO_RESULT, *TO_TOLD, CARRY_OUT)


def asked(satisfaction: str, by: str = "call") -> Move:
    """The complainant's opinion, as staff write it down."""
    return "ask-satisfaction", {"asked_by": by, "satisfaction": satisfaction, "call_attempts": "Three times."}


def start(bench: Workbench, **fields: Any) -> Case:
    """A case with the shipped payload."""
    return bench.start("hr", PAYLOAD, **fields)


def steps(bench: Workbench, case: Case, *moves: Move) -> Case:
    """Complete tasks one after the other; of several at one element the first."""
    for element, data in moves:
        case = bench.case(case.id)
        task = next((task for task in case.tasks if task.element == element), None)
        assert task is not None, f"{element} is not open, but {case.waiting_for}"
        case = bench.engine.complete(task.id, data)
    return case


def opened(bench: Workbench, *moves: Move, **fields: Any) -> Case:
    """A new case after some moves."""
    return steps(bench, start(bench, **fields), *moves)


def questionnaire(bench: Workbench, case: Case, satisfaction: str) -> Case:
    """The complainant sends the questionnaire back."""
    return tell(bench, case, "questionnaire-answer", satisfaction=satisfaction, comments="As I said.")


def tell(bench: Workbench, case: Case, message: str, **data: Any) -> Case:
    """A message reaches the case."""
    (case,) = bench.engine.correlate(message, key=case.key, data=data)
    return case


def open_tasks(bench: Workbench, case: Case) -> list[str]:
    """The elements with open tasks."""
    return [task.element for task in bench.case(case.id).tasks]


def due(bench: Workbench, case: Case, element: str) -> datetime:
    """When the timer of an element fires."""
    return next(timer.due_at for timer in bench.case(case.id).timers if timer.element == element)


def letters(bench: Workbench, case: Case, name: str) -> list[str]:
    """The texts of a case's notices of one name, in order."""
    return [notice.text for notice in bench.notices if notice.case_id == case.id and notice.name == name]


def sent(bench: Workbench, case: Case) -> list[str]:
    """Names of the notices of a case, in order."""
    return [notice.name for notice in bench.notices if notice.case_id == case.id]


def fires(bench: Workbench, case: Case, element: str, notice: str, group: str) -> None:
    """A timer of the case sends its notice to a group at its time, and not a moment earlier."""
    limit, before = due(bench, case, element), sent(bench, case).count(notice)
    bench.just_before(limit)
    assert sent(bench, case).count(notice) == before
    bench.at(limit)
    assert sent(bench, case).count(notice) == before + 1
    last = [one for one in bench.notices if one.case_id == case.id and one.name == notice][-1]
    assert last.to.group == group


def end_of(day: str) -> datetime:
    """The close of a day in the organisation's zone."""
    return datetime.fromisoformat(day).replace(tzinfo=SHANGHAI) + timedelta(days=1)


def layer(folder: Path, files: dict[str, str]) -> Path:
    """A layer with files of processes/hr."""
    home = folder / "processes/hr"
    home.mkdir(parents=True)
    for name, text in files.items():
        (home / name).write_text(text, encoding="utf-8")
    return folder


# -- the whole way ------------------------------------------------------------------------------


def test_a_satisfied_complainant_closes_the_case(bench: Workbench) -> None:
    """An ordinary complaint goes from intake to the end (HR-2.1.1 HR-2.2.1 HR-2.2.2 HR-2.2.3 HR-3.2.1.a HR-4.2.1)."""
    case = start(bench)
    assert open_tasks(bench, case) == ["assess"]
    case = steps(bench, case, *TO_TEAM, *TO_INVESTIGATION, *TO_RESULT, *TO_TOLD, CARRY_OUT)
    assert case.variables["remedies"] == ["apologise", "adjust_process"]
    case = steps(bench, case, asked("satisfied"), FOLLOW_UP)
    assert case.status == "completed"
    assert sent(bench, case) == ["acknowledgement", "response", "investigated", "result"]
    assert not case.incidents


def test_every_step_survives_a_restart(tmp_path: Path) -> None:
    """The whole procedure runs with a new engine on the database between all steps (HR-3.2.1.b HR-4.2.2)."""
    url = f"sqlite:///{tmp_path / 'cases.db'}"
    moves = [*TO_TEAM, TEAM, BIASED, FREE, *AGAIN, asked("dissatisfied"), ("decide", {"next_step": "reinvestigate"})]
    moves += [*AGAIN, asked("satisfied"), FOLLOW_UP]
    now = datetime(2026, 9, 21, 9, tzinfo=SHANGHAI)
    bench = Workbench(database=url, now=now)
    case = start(bench)
    for move in moves:
        bench.close()
        now += timedelta(hours=3)
        bench = Workbench(database=url, now=now)
        bench.engine.drain()
        case = steps(bench, case, move)
    bench.close()
    assert case.status == "completed"


# -- intake, acknowledgement, anonymity ---------------------------------------------------------


def test_the_reply_names_the_procedure_and_the_dates(bench: Workbench) -> None:
    """The automatic reply has the dates that the engine enforces (HR-5c.2.1.1 HR-3.1.1.a)."""
    case = start(bench, received_at="2026-04-01T10:00", self_service_tried=True)
    (text,) = letters(bench, case, "acknowledgement")
    assert "April 2, 2026, 10:00" in text
    assert "April 8, 2026" in text  # the third working day after the assessment; 4 to 6 April are Qingming
    assert case.task("assess").due_at == datetime(2026, 4, 2, 10, tzinfo=SHANGHAI)
    assert case.variables["self_service_tried"] is True


def test_channel_and_content_are_enough(bench: Workbench) -> None:
    """The standard form asks for little, and refuses what it does not know (HR-2.1.1 HR-2.2.3 HR-5c.2.1.2)."""
    case = bench.start("hr", channel="phone", content="The rest room is locked.")
    assert case.variables["anonymous"] is False
    for wrong in ({"content": "No channel."}, {"channel": "phone"}, {"channel": "pigeon", "content": "x"}):
        with pytest.raises(InvalidData):
            bench.start("hr", wrong)


def test_an_anonymous_complaint_is_handled_like_any_other(bench: Workbench) -> None:
    """No name is needed or kept, letters wait for collection, the questionnaire comes by itself (HR-2.2.1 HR-4.2.1)."""
    case = start(bench, anonymous=True)
    assert "Zhao Min" not in json.dumps(dict(case.variables))
    case = bench.start("hr", channel="anonymous_platform", content="The shift plan is changed every night.")
    assert case.variables["anonymous"] is True
    case = steps(bench, case, *TO_TEAM, *AGAIN)
    assert {notice.channel for notice in bench.notices if notice.case_id == case.id} == {"collection"}
    assert "Dear colleague," in letters(bench, case, "result")[0]
    case = questionnaire(bench, case, "satisfied")
    assert case.variables["asked_by"] == "questionnaire"
    assert case.variables["satisfied"] is True
    assert open_tasks(bench, case) == ["follow-up"]


# -- assessment, severity, response -------------------------------------------------------------


def test_the_assessment_has_24_clock_hours(bench: Workbench) -> None:
    """Twenty-four hours after the receipt, weekend or not, the head hears of a missing assessment (HR-3.1.1.a)."""
    case = bench.start("hr", PAYLOAD, today="2026-04-11")  # a Saturday
    assert due(bench, case, "assessment-overdue") == datetime(2026, 4, 12, 9, tzinfo=SHANGHAI)
    fires(bench, case, "assessment-overdue", "assessment-late", "head-of-human-resources")
    assert open_tasks(bench, case) == ["assess"]
    prompt = opened(bench, ASSESS)
    bench.advance(hours=25)
    assert "assessment-late" not in sent(bench, prompt)


def test_both_reasonableness_and_urgency_are_judged(bench: Workbench) -> None:
    """An assessment without either is refused, and so is a refusal without a reason (HR-3.1.1.b)."""
    case = start(bench)
    for data, missing in (
        ({"urgency": "normal"}, "reasonable"),
        ({"reasonable": True}, "urgency"),
        ({"reasonable": False}, "assessment_reason"),
    ):
        with pytest.raises(InvalidData) as refused:
            steps(bench, case, ("assess", data))
        assert [field for field, _ in refused.value.problems] == [missing]


@pytest.mark.parametrize(
    ("urgency", "wide", "serious", "level", "priority"),
    [
        ("normal", False, False, "ordinary", 50),
        ("urgent", False, False, "major", 75),
        ("normal", True, False, "major", 80),
        ("normal", False, True, "major", 90),
        ("urgent", True, True, "major", 95),
    ],
)
def test_wide_impact_and_grave_consequences_come_first(
    bench: Workbench, urgency: str, wide: bool, serious: bool, level: str, priority: int
) -> None:
    """The table weighs a complaint, and its priority is on the task (HR-3.1.2)."""
    found = {"reasonable": True, "urgency": urgency, "wide_impact": wide, "serious_consequences": serious}
    case = opened(bench, ("assess", found))
    assert case.variables["severity"]["level"] == level
    element = "intervene" if level == "major" else "respond"
    assert [(task.element, task.priority) for task in case.tasks] == [(element, priority)]


@pytest.mark.parametrize(
    ("category", "group"),
    [
        ("service_attitude", "employee-services"),
        ("process", "process-management"),
        ("facilities", "administration"),
        ("pay", "compensation-benefits"),
        ("conduct", "employee-relations"),
        ("other", "employee-relations"),
    ],
)
def test_the_department_is_assigned_by_itself(bench: Workbench, category: str, group: str) -> None:
    """The type of complaint, as the assessment corrects it, finds the department that solves it (HR-5c.2.1.1)."""
    assess = ("assess", ASSESS[1] | {"category": category})
    case = opened(bench, assess, RESPOND, *TO_INVESTIGATION, *TO_RESULT)
    assert case.task("propose").groups == (group,)


def test_an_ordinary_complaint_is_answered_within_three_working_days(bench: Workbench) -> None:
    """After the assessment the response has three working days; then the head is told (HR-5c.2.2.2.a)."""
    bench.at("2026-04-20")
    case = opened(bench, ASSESS)
    assert due(bench, case, "response-overdue") == end_of("2026-04-23")
    fires(bench, case, "response-overdue", "response-late", "head-of-human-resources")
    case = steps(bench, case, RESPOND)
    assert "Chen Jie takes care of it." in letters(bench, case, "response")[0]
    prompt = opened(bench, *TO_TEAM)
    bench.advance(working_days=4)
    assert "response-late" not in sent(bench, prompt)


def test_a_major_complaint_is_stepped_into_within_24_hours(bench: Workbench) -> None:
    """The head intervenes within 24 hours of the assessment, else management hears of it (HR-5c.2.2.2.b)."""
    case = start(bench)
    bench.advance(hours=5)
    case = steps(bench, case, GRAVE)
    assert case.task("intervene").groups == ("head-of-human-resources",)
    assert due(bench, case, "intervention-overdue") == bench.now + timedelta(hours=24)
    fires(bench, case, "intervention-overdue", "intervention-late", "management")
    case = steps(bench, case, ("intervene", {"immediate_measures": "The machine is switched off."}))
    assert "The machine is switched off." in letters(bench, case, "intervention")[0]
    assert open_tasks(bench, case) == ["form-team"]


def test_the_response_can_be_counted_from_the_receipt(tmp_path: Path) -> None:
    """One switch of the policy file counts the response from the receipt instead (HR-5c.2.2.2.a HR-5c.2.2.2.b)."""
    own = layer(tmp_path, {"policy.toml": "[switches.response_from_receipt]\nvalue = true\n"})
    bench = Workbench(layers=[own])
    major, ordinary = start(bench), start(bench)
    received = bench.now
    assert "March 5, 2026" in letters(bench, ordinary, "acknowledgement")[0]
    bench.advance(hours=20)
    steps(bench, major, GRAVE)
    steps(bench, ordinary, ASSESS)
    assert due(bench, major, "intervention-overdue") == received + timedelta(hours=24)
    assert due(bench, ordinary, "response-overdue") == end_of("2026-03-05")
    bench.close()


def test_an_unreasonable_complaint_gets_its_reasons(bench: Workbench) -> None:
    """What is not pursued is answered with grounds, and asked about as well (HR-3.1.1.b HR-4.1.2 HR-4.2.1)."""
    case = opened(bench, REFUSE)
    assert REASON in letters(bench, case, "assessment")[0]
    assert open_tasks(bench, case) == ["ask-satisfaction"]
    case = steps(bench, case, asked("neutral", "questionnaire"), FOLLOW_UP)
    assert case.status == "completed"


def test_an_unreasonable_complaint_can_be_investigated_after_all(bench: Workbench) -> None:
    """Whoever is dissatisfied with a refusal may bring about an investigation (HR-4.2.2)."""
    case = opened(bench, REFUSE, asked("very_dissatisfied"), ("decide", {"next_step": "reinvestigate"}))
    assert "after all" in letters(bench, case, "reinvestigation")[0]
    case = steps(bench, case, *AGAIN, asked("very_satisfied"), FOLLOW_UP)
    assert case.status == "completed"


# -- the team -----------------------------------------------------------------------------------


def test_a_declared_conflict_returns_to_forming_the_team(bench: Workbench) -> None:
    """One conflict is enough to form the team anew; after three teams come outsiders (HR-3.2.1.a HR-3.2.1.b)."""
    case = opened(bench, *TO_TEAM)
    for _ in range(2):
        case = steps(bench, case, TEAM, BIASED, FREE)
        assert open_tasks(bench, case) == ["form-team"]
    case = steps(bench, case, TEAM, FREE, BIASED)
    assert [(task.element, task.groups) for task in case.tasks] == [("appoint-outsiders", ("management",))]
    with pytest.raises(InvalidData):
        steps(bench, case, ("appoint-outsiders", {"members": [{"name": "Lin Tao"}]}))
    case = steps(bench, case, ("appoint-outsiders", {"members": [{"name": "Lin Tao"}], "conflict_free": True}))
    assert open_tasks(bench, case) == ["collect"]
    assert case.variables["outside_team"] is True


def test_a_second_team_without_conflicts_investigates(bench: Workbench) -> None:
    """A former round leaves nothing behind: the second team's declarations count alone (HR-3.2.1.b)."""
    case = opened(bench, *TO_TEAM, TEAM, BIASED, BIASED, TEAM, FREE, FREE)
    assert open_tasks(bench, case) == ["collect"]
    assert case.variables["declarations"] == [
        {"name": "Chen Jie", "conflict": False, "note": None},
        {"name": "Wu Fang", "conflict": False, "note": None},
    ]


@pytest.mark.parametrize("answer", [{"satisfaction": 2}, {"satisfaction": "fine"}, {"comments": "As I said."}])
def test_a_questionnaire_that_nobody_can_read_is_asked_again(bench: Workbench, answer: dict[str, Any]) -> None:
    """An answer that was not offered stops nothing and is not taken for consent: a person asks (HR-4.2.1)."""
    case = opened(bench, REFUSE)
    case = tell(bench, case, "questionnaire-answer", **answer)
    assert (open_tasks(bench, case), case.incidents) == (["ask-satisfaction"], ())
    assert open_tasks(bench, steps(bench, case, asked("dissatisfied"))) == ["decide"]


@pytest.mark.parametrize("name", ["Li Wei", "li wei ", "Zhao Min"])
def test_nobody_concerned_investigates(bench: Workbench, name: str) -> None:
    """Whoever is complained about, or complains, has a conflict whatever they declare (HR-3.2.1.b)."""
    team = ("form-team", {"members": [{"name": name, "account": "somebody"}, {"name": "Wu Fang"}]})
    case = opened(bench, *TO_TEAM, team)
    assert sorted(task.assignee or "" for task in case.tasks) == ["", "somebody"]
    assert open_tasks(bench, steps(bench, case, FREE, FREE)) == ["form-team"]


def test_a_small_team_needs_a_reason_and_an_empty_one_is_none(bench: Workbench) -> None:
    """A team below the usual size says why; nobody at all cannot investigate (HR-3.2.1.a)."""
    case = opened(bench, *TO_TEAM)
    one = {"members": [{"name": "Chen Jie"}]}
    for data in ({}, one):
        with pytest.raises(InvalidData) as refused:
            steps(bench, case, ("form-team", data))
        assert [field for field, _ in refused.value.problems] == ["why_small"]
    case = steps(bench, case, ("form-team", {"members": [], "why_small": "Nobody is there."}))
    assert open_tasks(bench, case) == ["form-team"]
    case = steps(bench, case, ("form-team", one | {"why_small": "A small matter."}), FREE)
    assert open_tasks(bench, case) == ["collect"]


def test_whoever_does_not_declare_is_not_on_the_team(bench: Workbench) -> None:
    """A declaration that does not come in time withdraws the team (HR-3.2.1.b)."""
    case = opened(bench, *TO_TEAM, TEAM, FREE)
    limit = due(bench, case, "declaration-missing")
    bench.just_before(limit)
    assert open_tasks(bench, case) == ["declare"]
    bench.at(limit)
    assert open_tasks(bench, case) == ["form-team"]


def test_a_team_that_is_not_formed_is_reported(bench: Workbench) -> None:
    """Management hears of it when no team is formed in time (HR-3.2.1.a)."""
    fires(bench, opened(bench, *TO_TEAM), "team-overdue", "team-late", "management")


# -- the investigation --------------------------------------------------------------------------


def test_the_investigation_has_three_steps(bench: Workbench) -> None:
    """Collecting, a third party's verification and summing up, each by its own people (HR-3.2.2 HR-5c.2.2.1)."""
    case = opened(bench, *TO_TEAM, *TO_INVESTIGATION)
    log = [{"kind": "interview", "what": "Shift planner"}, {"kind": "document", "what": "Leave system"}]
    groups = []
    for move in (("collect", COLLECT[1] | {"evidence_log": log}), VERIFY, CONFIRM):
        groups.append(case.task(move[0]).groups)
        case = steps(bench, case, move)
    assert groups == [("investigation-team",), ("independent-verifier",), ("investigation-team",)]
    assert [entry["kind"] for entry in case.variables["evidence_log"]] == ["interview", "document"]


def test_unreliable_material_is_collected_again(bench: Workbench) -> None:
    """The third party sends the team back twice; after a third doubt it is summed up (HR-3.2.2 HR-5c.2.2.1)."""
    case = opened(bench, *TO_TEAM, *TO_INVESTIGATION)
    for _ in range(2):
        case = steps(bench, case, COLLECT, DOUBT)
        assert open_tasks(bench, case) == ["collect"]
    case = steps(bench, case, COLLECT, DOUBT)
    assert open_tasks(bench, case) == ["sum-up"]
    assert steps(bench, case, CONFIRM).variables["verified"] is False


def test_the_complainant_hears_how_the_investigation_goes(bench: Workbench) -> None:
    """Every seven days as long as it lasts, and with the step it has come to (HR-3.2.3)."""
    case = opened(bench, *TO_TEAM, *TO_INVESTIGATION)
    first = bench.now + timedelta(days=7)
    bench.just_before(first)
    assert letters(bench, case, "progress") == []
    bench.at(first)
    steps(bench, case, COLLECT)
    bench.at(first + timedelta(days=7))
    steps(bench, case, VERIFY)
    bench.at(first + timedelta(days=14))
    collecting, verifying, summing = letters(bench, case, "progress")
    assert "talking to people" in collecting
    assert "not on the team" in verifying
    assert "summing up" in summing
    steps(bench, case, CONFIRM)
    bench.advance(days=8)
    assert len(letters(bench, case, "progress")) == 3


def test_a_long_investigation_is_reported(bench: Workbench) -> None:
    """The head hears of it when the investigation's time is over; it goes on (HR-3.2.2)."""
    case = opened(bench, *TO_TEAM, *TO_INVESTIGATION)
    fires(bench, case, "investigation-overdue", "investigation-late", "head-of-human-resources")
    assert open_tasks(bench, case) == ["collect"]


def test_the_clock_stands_still_while_the_complainant_is_asked(bench: Workbench) -> None:
    """The investigation pauses while a question is open, answered or not, and questions are bounded, which the team
    learns (HR-3.2.2)."""
    case = opened(bench, *TO_TEAM, *TO_INVESTIGATION)
    limit = due(bench, case, "investigation-overdue")

    def ask() -> Case:
        return tell(bench, case, "ask-complainant", question="Which days?")

    assert sorted(open_tasks(bench, ask())) == ["collect", "record-answer"]
    assert "investigation-overdue" not in [timer.element for timer in bench.case(case.id).timers]
    bench.advance(working_days=2)
    tell(bench, case, "reporter-answer", answer="All Fridays.")
    assert "All Fridays." in letters(bench, case, "answer")[-1]
    assert due(bench, case, "investigation-overdue") > limit
    ask()
    steps(bench, case, ("record-answer", {"answer": "And Mondays."}))
    assert "And Mondays." in letters(bench, case, "answer")[-1]
    ask()
    limit = due(bench, case, "answer-missing")
    bench.just_before(limit)
    assert len(letters(bench, case, "answer")) == 2
    bench.at(limit)
    assert "no answer in time" in letters(bench, case, "answer")[-1]
    ask()
    assert open_tasks(bench, case) == ["collect"]
    assert "Which days?" in letters(bench, case, "not-asked")[-1]


# -- the result ---------------------------------------------------------------------------------


def test_the_result_is_promised_for_seven_working_days(bench: Workbench) -> None:
    """The date in the letter is the date that the engine enforces, over a holiday week, to the minute (HR-4.1.1)."""
    own = Workbench(now=datetime(2026, 9, 28, 9, tzinfo=SHANGHAI))
    case = opened(own, *TO_TEAM, *TO_INVESTIGATION, *TO_RESULT)
    assert due(own, case, "result-overdue") == end_of("2026-10-13")  # 1 to 7 October off, Saturday 10 October on
    assert "October 13, 2026" in letters(own, case, "investigated")[0]
    own.close()
    case = opened(bench, *TO_TEAM, *TO_INVESTIGATION, *TO_RESULT)
    fires(bench, case, "result-near", "result-reminder", "human-resources")
    limit = due(bench, case, "result-overdue")
    bench.just_before(limit)
    assert "delay" not in sent(bench, case)
    bench.at(limit)
    assert sent(bench, case)[-2:] == ["delay", "result-late"]
    prompt = opened(bench, *TO_TEAM, *TO_INVESTIGATION, *TO_RESULT, *TO_TOLD)
    bench.advance(working_days=8)
    assert not {"result-reminder", "delay"} & set(sent(bench, prompt))


def test_a_late_proposal_is_seen_when_it_opens(bench: Workbench) -> None:
    """A step that would end after the promised result is in the history at once (HR-4.1.1, D7)."""
    case = opened(bench, *TO_TEAM, *TO_INVESTIGATION, *TO_RESULT, PROPOSE)
    bench.advance(working_days=6)
    case = steps(bench, case, OBJECT)
    found = [event.detail["deadline"] for event in case.history() if event.event == "deadline-outlives-promise"]
    assert found == ["proposal"]


def test_the_reply_has_grounds_result_and_further_measures(bench: Workbench) -> None:
    """The parts come from findings and solution; grounds and result may not be missing (HR-4.1.2 HR-3.3.1)."""
    case = opened(bench, *TO_TEAM, *TO_INVESTIGATION, *TO_RESULT, PROPOSE, APPROVE)
    for missing in ("grounds", "result"):
        with pytest.raises(InvalidData):
            steps(bench, case, ("report", {missing: ""}))
    case = steps(bench, case, ("report", {"further_measures": "We look again in a month."}))
    (text,) = letters(bench, case, "result")
    parts = ["Seven of seven requests were refused.", "An apology and one rule.", "We look again in a month."]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_an_unconfirmed_complaint_needs_no_measures(bench: Workbench) -> None:
    """What was not confirmed is answered with its grounds, without proposal or measures (HR-3.3.1 HR-4.1.2)."""
    case = opened(bench, *TO_TEAM, *TO_INVESTIGATION, COLLECT, VERIFY, NOT_CONFIRMED)
    assert open_tasks(bench, case) == ["report"]
    with pytest.raises(InvalidData):
        steps(bench, case, ("report", {}))
    case = steps(bench, case, ("report", {"result": "The complaint is not confirmed."}))
    assert "we could not confirm it" in letters(bench, case, "result")[0]
    assert open_tasks(bench, case) == ["ask-satisfaction"]


def test_a_solution_against_the_rules_is_revised(bench: Workbench) -> None:
    """Compliance returns a solution twice; then the head writes it (HR-3.3.2)."""
    case = opened(bench, *TO_TEAM, *TO_INVESTIGATION, *TO_RESULT)
    with pytest.raises(InvalidData):
        steps(bench, case, ("propose", {"solution": "Something."}))
    for _ in range(2):
        case = steps(bench, case, PROPOSE, OBJECT)
        assert open_tasks(bench, case) == ["propose"]
    case = steps(bench, case, PROPOSE, OBJECT)
    assert case.task("rule").groups == ("head-of-human-resources",)
    case = steps(bench, case, ("rule", {"solution": "An apology."}), ("report", {}))
    assert "An apology." in letters(bench, case, "result")[0]


def test_measures_that_are_not_carried_out_are_reported(bench: Workbench) -> None:
    """The head hears of promised measures that are late (HR-3.3.1)."""
    case = opened(bench, *TO_TEAM, *TO_INVESTIGATION, *TO_RESULT, *TO_TOLD)
    fires(bench, case, "carrying-out-overdue", "carry-out-late", "head-of-human-resources")
    assert open_tasks(bench, steps(bench, case, CARRY_OUT)) == ["ask-satisfaction"]


# -- satisfaction, arbitration ------------------------------------------------------------------


def test_asking_is_reminded_and_reported(bench: Workbench) -> None:
    """The call or questionnaire has its time as well (HR-4.2.1)."""
    case = opened(bench, REFUSE)
    fires(bench, case, "satisfaction-due", "shared-satisfaction-due", "human-resources")
    fires(bench, case, "satisfaction-overdue", "shared-satisfaction-late", "head-of-human-resources")


@pytest.mark.parametrize("answer", ["very_satisfied", "satisfied", "neutral", "not_reached"])
def test_only_dissatisfaction_starts_again(bench: Workbench, answer: str) -> None:
    """Whoever is not dissatisfied is followed up (HR-4.2.1 HR-4.2.2)."""
    assert open_tasks(bench, opened(bench, REFUSE, asked(answer))) == ["follow-up"]


@pytest.mark.parametrize("answer", ["dissatisfied", "very_dissatisfied"])
def test_the_head_decides_between_investigation_and_arbitration(bench: Workbench, answer: str) -> None:
    """Dissatisfaction, by call or questionnaire, leads to a decision, either way (HR-4.2.2)."""
    case = opened(bench, REFUSE)
    case = questionnaire(bench, case, answer)
    assert case.task("decide").groups == ("head-of-human-resources",)
    assert open_tasks(bench, steps(bench, case, ("decide", {"next_step": "arbitrate"}))) == ["name-arbitrator"]


ARBITRATOR: Move = ("name-arbitrator", {"arbitrator": "Mediation centre", "accepted": True})
DECLINED: Move = ("name-arbitrator", {"arbitrator": "Mediation centre", "accepted": False})


def test_after_a_second_investigation_a_third_party_decides(bench: Workbench) -> None:
    """The policy file bounds the investigations; what a third party upholds is carried out (HR-4.2.2)."""
    case = opened(bench, *TO_TEAM, *AGAIN, asked("dissatisfied"), ("decide", {"next_step": "reinvestigate"}))
    assert open_tasks(bench, case) == ["form-team"]
    assert "again" in letters(bench, case, "reinvestigation")[0]
    case = steps(bench, case, *AGAIN, asked("dissatisfied"), ARBITRATOR)
    assert case.task("arbitrate").groups == ("arbitrator",)
    case = steps(bench, case, ("arbitrate", {"award": "The leave is granted.", "award_upholds": True}))
    assert sent(bench, case)[-2:] == ["arbitration", "award"]
    assert "The leave is granted." in letters(bench, case, "award")[0]
    case = steps(bench, case, ("carry-out-award", {"award_measures": "Granted."}), FOLLOW_UP)
    assert case.status == "completed"
    assert case.variables["arbitrated"] is True


ARBITRATE = (REFUSE, asked("dissatisfied"), ("decide", {"next_step": "arbitrate"}))


def test_an_award_against_the_complaint_ends_it(bench: Workbench) -> None:
    """What a third party does not uphold is told, and nothing has to be carried out (HR-4.2.2)."""
    case = opened(bench, *ARBITRATE, ARBITRATOR, ("arbitrate", {"award": "The rule is fair.", "award_upholds": False}))
    assert open_tasks(bench, case) == ["follow-up"]
    assert "not what you hoped for" in letters(bench, case, "award")[0]


def test_arbitration_needs_consent(bench: Workbench) -> None:
    """After two declined names the complainant is told how it ends (HR-4.2.2)."""
    case = opened(bench, *ARBITRATE, DECLINED)
    assert open_tasks(bench, case) == ["name-arbitrator"]
    case = steps(bench, case, DECLINED)
    assert sent(bench, case)[-1] == "no-arbitration"
    assert case.variables["arbitrated"] is False
    assert open_tasks(bench, case) == ["follow-up"]


def test_a_second_name_can_be_accepted(bench: Workbench) -> None:
    """A declined name is not the end (HR-4.2.2)."""
    assert open_tasks(bench, opened(bench, *ARBITRATE, DECLINED, ARBITRATOR)) == ["arbitrate"]


def test_a_late_award_is_reported(bench: Workbench) -> None:
    """The head hears of an award that does not come (HR-4.2.2)."""
    case = opened(bench, *ARBITRATE, ARBITRATOR)
    fires(bench, case, "arbitration-overdue", "arbitration-late", "head-of-human-resources")


# -- causes and prevention ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("needs", "notices"),
    [
        ({}, []),
        ({"rule_changes": "Leave rule 4."}, ["rule-change"]),
        ({"training_needs": "Talking to staff."}, ["training-need"]),
        ({"rule_changes": "Leave rule 4.", "training_needs": "Talking to staff."}, ["rule-change", "training-need"]),
    ],
)
def test_rules_and_training_are_passed_on(bench: Workbench, needs: dict[str, str], notices: list[str]) -> None:
    """Causes are recorded, and what rules and training need reaches their owners (HR-4.3.1 HR-4.3.2)."""
    case = opened(bench, REFUSE, asked("satisfied"))
    with pytest.raises(InvalidData):
        steps(bench, case, ("follow-up", {"causes": "Unknown."}))
    case = steps(bench, case, ("follow-up", FOLLOW_UP[1] | needs))
    assert case.status == "completed"
    assert sorted(sent(bench, case)[2:]) == notices
    assert case.variables["improvements"] == "One calendar for all shifts."
    for field, notice in (("rule_changes", "rule-change"), ("training_needs", "training-need")):
        assert case.variables[field] == needs.get(field, "")
        assert needs.get(field, "") in "".join(letters(bench, case, notice))


def test_prevention_that_does_not_come_is_reported(bench: Workbench) -> None:
    """The head hears of causes that nobody has analysed (HR-4.3.1)."""
    case = opened(bench, REFUSE, asked("satisfied"))
    fires(bench, case, "follow-up-overdue", "follow-up-late", "head-of-human-resources")


# -- promises and decisions ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "flows", "moves"),
    [
        (
            "hr.bpmn",
            {
                "call-acknowledgement assess": "call-acknowledgement tell-assessment",
                "tell-assessment to-satisfaction": "tell-assessment assess",
                "reasonable tell-assessment": "reasonable to-satisfaction",
            },
            (),
        ),
        (
            "hr-result.bpmn",
            {
                "join-report report": "join-report tell-result",
                "tell-result result-told": "tell-result report",
                "report tell-result": "report result-told",
            },
            (*TO_TEAM, *TO_INVESTIGATION, *TO_RESULT, PROPOSE, APPROVE),
        ),
        (
            "hr-arbitration.bpmn",
            {
                "tell-arbitration arbitrate": "tell-arbitration tell-award",
                "tell-award upheld": "tell-award arbitrate",
                "arbitrate tell-award": "arbitrate upheld",
            },
            (*ARBITRATE, ARBITRATOR),
        ),
    ],
)
def test_nothing_is_told_before_it_is_decided(
    tmp_path: Path, file: str, flows: dict[str, str], moves: tuple[Move, ...]
) -> None:
    """A diagram that tells an outcome before the decision stops for good (HR-3.1.1.b HR-4.1.1 HR-4.2.2, D16)."""
    text = (HOME / file).read_text(encoding="utf-8")
    for drawn, redrawn in flows.items():
        old, new = ('sourceRef="{}" targetRef="{}"'.format(*ends.split()) for ends in (drawn, redrawn))
        assert text.count(old) == 1
        text = text.replace(old, new)
    bench = Workbench(layers=[layer(tmp_path, {file: text})])
    case = opened(bench, *moves)
    stopped = next(iter(flows.values())).split()[1]
    assert [(one.kind, one.element) for one in case.incidents] == [("commitment", stopped)]
    with pytest.raises(PrematureCommitment):
        bench.engine.resolve(case.incidents[0])
    bench.close()


def test_promises_kept_are_in_the_history(bench: Workbench) -> None:
    """The tasks that keep a promise are named as such (HR-3.1.1.a HR-5c.2.2.2.a HR-4.1.1)."""
    case = opened(bench, *TO_TEAM, *TO_INVESTIGATION, *TO_RESULT, *TO_TOLD)
    notes = [note for event in case.history() for note in event.detail.get("notes", []) if note[0] == "kept"]
    assert [(element, detail["deadline"]) for _, element, detail in notes] == [
        ("assess", "assessment"),
        ("respond", "response"),
        ("tell-result", "result"),
    ]


def test_every_letter_can_be_read_in_chinese(tmp_path: Path) -> None:
    """Each notice is written in Chinese as well, for complainants and for staff (HR-3.2.3 HR-4.1.1)."""
    own = layer(tmp_path, {"policy.toml": '[texts.staff_language]\nvalue = "zh"\n'})
    bench = Workbench(layers=[own])
    late = opened(bench, language="zh")
    for moves in ((ASSESS,), (RESPOND,), TO_INVESTIGATION, TO_RESULT, TO_TOLD, (CARRY_OUT,)):
        bench.advance(days=45)
        late = steps(bench, late, *moves)
    bench.advance(days=20)
    grave = opened(bench, GRAVE, language="zh")
    bench.advance(days=2)
    steps(bench, grave, ("intervene", {"immediate_measures": "停机。"}), *TO_INVESTIGATION)
    for question in ("哪几天？", "哪个班？", "谁在场？"):
        tell(bench, grave, "ask-complainant", question=question)
        tell(bench, grave, "reporter-answer", answer="周五。")
    tell(bench, grave, "ask-complainant", question="还有谁？")
    steps(bench, grave, COLLECT, VERIFY, NOT_CONFIRMED, ("report", {"result": "不属实。"}), asked("dissatisfied"))
    steps(bench, grave, ("decide", {"next_step": "reinvestigate"}), *AGAIN, asked("dissatisfied"), DECLINED, DECLINED)
    award = opened(bench, *ARBITRATE, ARBITRATOR, language="zh")
    bench.advance(days=40)
    done = ("carry-out-award", {"award_measures": "已办。"})
    steps(bench, award, ("arbitrate", {"award": "支持。", "award_upholds": True}), done)
    bench.advance(days=20)
    steps(bench, award, ("follow-up", FOLLOW_UP[1] | {"rule_changes": "请假制度。", "training_needs": "沟通。"}))
    written = {notice.name for notice in bench.notices}
    shipped = {path.name.split(".")[0] for path in (HOME / "notices").glob("[a-z]*.zh.j2")}
    assert shipped - written == set()
    assert {notice.language for notice in bench.notices} == {"zh"}
    assert not bench.engine.incidents()
    bench.close()


def test_every_element_and_flow_was_visited(bench: Workbench) -> None:
    """The scenarios of this file come by every flow node and every sequence flow, but for the plan that only a layer's
    table begins: those are in test_hr_trigger."""
    coverage = bench.coverage("hr")
    print(coverage)
    assert {one for one in coverage.missing if not one.startswith("hr-emergency-call/")} == set()
