"""The wedding company's procedure for couples' complaints, clause by clause, with the clock moved."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from complaintflow import Case
from complaintflow.errors import InvalidData, InvalidDiagram, PrematureCommitment, TaskAlreadyCompleted
from complaintflow.testing import Workbench

PROCESS = "wedding-client"
ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "processes" / PROCESS
PAYLOAD = json.loads((HOME / "payload.json").read_text(encoding="utf-8"))
SHANGHAI = ZoneInfo("Asia/Shanghai")

Move = tuple[str, dict[str, Any]]

REGISTER: Move = ("register", {"summary": "The ceremony is missing in the film", "category": "photo"})
GATHER: Move = ("gather", {"situation": "The team was sent to the wrong hall."})
MEET: Move = ("joint-meeting", {"meeting_result": "Film and planning look into it together."})
TEAM: Move = ("form-team", {"team": "Li Wei and two more"})
INVESTIGATE: Move = ("investigate", {"findings": "The schedule was changed.", "evidence_sufficient": True})
PROPOSE: Move = ("propose", {"solution": "A second shooting, and a tenth back.", "complete_by": "2030-01-31"})
TELL: Move = ("tell", {})
AGREE: Move = ("negotiate", {"agrees": True})
REFUSE: Move = ("negotiate", {"agrees": False, "objections": "A fifth, please.", "fair_demand": True})
UNFAIR: Move = ("negotiate", {"agrees": False, "objections": "All of it, and a car.", "fair_demand": False})
ADJUST: Move = ("adjust", {"solution": "A second shooting, and a fifth back."})
CARRY_OUT: Move = ("carry-out", {"measures": "Shot again, paid back."})
MAKE_GOOD: Move = ("make-good", {"make_good": "An album."})
TRACK: Move = ("track", {"executed": True, "tracked_by": "li.wei"})
SATISFIED: Move = ("ask-satisfaction", {"asked_by": "call", "satisfaction": "satisfied"})
NEUTRAL: Move = ("ask-satisfaction", {"asked_by": "call", "satisfaction": "neutral", "comments": "It took long."})
ANALYSE: Move = ("analyse", {"causes": "Changes are not passed on.", "training_needed": False})
NO_COSTS: Move = ("record-costs", {})
SETTLE: Move = ("settle", {"outcome": "offer_stands", "last_word": "We cannot do more."})

TO_SOLUTION = (REGISTER, GATHER, TEAM, INVESTIGATE, PROPOSE)
EXECUTE = (CARRY_OUT, MAKE_GOOD, TRACK)
CLOSE = (ANALYSE, NO_COSTS)


def due(case: Case, element: str) -> datetime:
    """When the timer of an element fires."""
    return next(timer.due_at for timer in case.timers if timer.element == element)


def sent(bench: Workbench, case: Case) -> list[str]:
    """Names of the notices of a case, in order."""
    return [notice.name for notice in bench.notices if notice.case_id == case.id]


def text(bench: Workbench, case: Case, name: str) -> str:
    """The newest notice of this name."""
    return [notice.text for notice in bench.notices if notice.case_id == case.id and notice.name == name][-1]


def told(bench: Workbench, case: Case, name: str) -> str:
    """The group that the newest notice of this name went to."""
    return [notice.to.group for notice in bench.notices if notice.case_id == case.id and notice.name == name][-1]


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


# -- reception ----------------------------------------------------------------------------------


def test_an_ordinary_complaint_runs_to_its_end(bench: Workbench) -> None:
    """Record, information, investigation, solution, talk, agreement, execution, make-good, satisfaction and lessons
    follow each other, for everybody who was served, and the record holds the whole life of the complaint
    (WED-1.a WED-2.o WED-2.2 WED-3 WED-4.1 WED-5.1.a WED-6.1 WED-7.1.a WED-7.2.a WED-9.1.a).
    """
    case = bench.start(PROCESS, PAYLOAD)
    assert case.waiting_for == ["register"]
    assert case.task("register").groups == ("complaint-reception",)
    case = steps(bench, case, REGISTER)
    assert case.waiting_for == ["gather"]
    case = steps(bench, case, GATHER, TEAM, INVESTIGATE, PROPOSE, TELL, AGREE, *EXECUTE, SATISFIED, *CLOSE)
    assert case.status == "completed"
    assert sent(bench, case) == ["acknowledgement", "head-informed", "agreement", "apology", "lessons"]
    assert "An album." in text(bench, case, "apology")
    assert case.variables["causes"] == "Changes are not passed on."
    assert {"started", "task-completed", "job-done", "ended"} <= {event.event for event in case.history()}


@pytest.mark.parametrize("channel", ["phone", "web", "email", "in_person"])
def test_every_channel_is_open(bench: Workbench, channel: str) -> None:
    """Hotline, online service, mail and reception point lead to the same registration; nothing but channel and words
    is required (WED-2.1.a WED-2.2.c).
    """
    case = bench.start(PROCESS, channel=channel, content="The flowers were not ours.")
    assert case.waiting_for == ["register"]
    assert case.variables["received_at"].startswith(bench.now.date().isoformat())
    assert "The flowers were not ours." in text(bench, case, "acknowledgement")


def test_the_record_keeps_what_the_couple_tells(bench: Workbench) -> None:
    """Name, contact, order number, course of events and wished solution are kept, and a channel that does not exist
    is refused (WED-2.2.a WED-2.2.b).
    """
    case = bench.start(PROCESS, PAYLOAD)
    kept = case.variables
    assert (kept["reporter"]["name"], kept["order_number"], kept["wish"]) == ("Zhao Min", "W-1024", PAYLOAD["wish"])
    with pytest.raises(InvalidData):
        bench.start(PROCESS, PAYLOAD, channel="telepathy")


def test_a_quick_note_becomes_a_formal_complaint(bench: Workbench) -> None:
    """Staff who hear a couple note it, are watched, and guide it to a formal complaint, whose clocks start then
    (WED-2.1.b).
    """
    case = bench.start(PROCESS, channel="in_person", content="They said the cake was wrong.", quick_note=True)
    assert case.waiting_for == ["guide"]
    assert case.task("guide").groups == ("front-line",)
    assert sent(bench, case) == []
    case = watched(bench, case, "guide-overdue", "note-late")
    case = steps(bench, case, ("guide", {"formal": True, "order_number": "W-7", "reporter": {"name": "Zhao Min"}}))
    assert case.waiting_for == ["register"]
    assert case.variables["handling_since"] == bench.now.isoformat()
    assert case.variables["reporter"]["name"] == "Zhao Min"
    assert case.variables["order_number"] == "W-7"


def test_a_note_that_stays_a_note_is_not_lost(bench: Workbench) -> None:
    """A couple that does not want to complain formally is not pressed, and the reception keeps the note (WED-2.1.b)."""
    case = bench.start(PROCESS, channel="in_person", content="The cake was late.", quick_note=True)
    case = steps(bench, case, ("guide", {"formal": False}))
    assert case.status == "completed"
    assert sent(bench, case) == ["note-kept"]


def test_a_slow_registration_reaches_management(bench: Workbench) -> None:
    """The complaint is to be passed on at once, so the registration's own time is watched (WED-2.2.d WED-3.1.a)."""
    watched(bench, bench.start(PROCESS, PAYLOAD), "registration-overdue", "shared-registration-late")


@pytest.mark.parametrize(
    ("category", "group", "kind"),
    [
        ("photo", "photo-film", "workmanship"),
        ("banquet", "banquet", "catering"),
        ("attitude", "service-quality", "conduct"),
        ("other", "service-quality", "other"),
    ],
)
def test_the_type_finds_the_department(bench: Workbench, category: str, group: str, kind: str) -> None:
    """The first classification gives a type and the department whose head hears of it at once (WED-2.2.d WED-3.1.a)."""
    case = start(bench, ("register", {"summary": "x", "category": category}))
    assert case.task("gather").groups == (group,)
    assert case.variables["type"] == kind
    assert bench.notices[-1].to.group == group


@pytest.mark.parametrize(
    ("days", "harmed", "urgency", "complex_"),
    [
        (None, False, "normal", False),
        (8, False, "normal", False),
        (7, False, "urgent", False),
        (0, False, "urgent", False),
        (-1, False, "normal", False),
        (None, True, "urgent", True),
        (8, True, "urgent", True),
    ],
)
def test_urgency_looks_at_harm_and_at_the_wedding_day(
    bench: Workbench, days: int | None, harmed: bool, urgency: str, complex_: bool
) -> None:
    """A wedding in the coming week or somebody in danger makes a complaint urgent, and its tasks rank above all
    ordinary work (WED-2.2.d WED-6.2).
    """
    payload: dict[str, Any] = {"channel": "web", "content": "x", "harmed": harmed}
    if days is not None:
        payload["wedding_date"] = (bench.now.date() + timedelta(days=days)).isoformat()
    case = steps(bench, bench.start(PROCESS, payload), REGISTER)
    assert (case.variables["urgency"], case.variables["complex"]) == (urgency, complex_)
    priority = case.task("gather").priority
    assert priority >= 90 if urgency == "urgent" else 50 < priority < 90


# -- internal communication, investigation, solution --------------------------------------------


def test_the_head_has_one_hour_to_gather_the_staff(bench: Workbench) -> None:
    """One hour by the clock after being informed, management hears that the staff have not been gathered (WED-3.1.b
    WED-1.c).
    """
    case = start(bench, REGISTER)
    assert case.task("gather").due_at == bench.now + timedelta(hours=1)
    case = watched(bench, case, "gather-overdue", "gather-late")
    assert bench.notices[-1].to.group == "management"
    assert steps(bench, case, GATHER).waiting_for == ["form-team"]


def test_hours_run_on_a_saturday_night() -> None:
    """Weddings are on weekends: the hour for gathering and the day for the solution run on by the clock (WED-3.1.b
    WED-3.3.c).
    """
    bench = Workbench(now=datetime(2026, 9, 26, 22, 40, tzinfo=SHANGHAI))
    case = start(bench, REGISTER)
    assert case.task("gather").due_at == datetime(2026, 9, 26, 23, 40, tzinfo=SHANGHAI)
    case = steps(bench, case, GATHER)
    assert due(case, "solution-overdue") == datetime(2026, 9, 27, 22, 40, tzinfo=SHANGHAI)
    bench.close()


def test_complex_problems_go_to_a_joint_meeting(bench: Workbench) -> None:
    """A head who calls a problem complex gets the joint meeting first, and an ordinary one none (WED-3.1.c)."""
    case = start(bench, REGISTER, ("gather", {"situation": "Three departments.", "complex": True}))
    assert case.waiting_for == ["joint-meeting"]
    assert steps(bench, case, MEET).waiting_for == ["form-team"]
    assert start(bench, REGISTER, GATHER).waiting_for == ["form-team"]


def test_the_joint_meeting_follows_the_first_classification(bench: Workbench) -> None:
    """Where somebody was hurt, the meeting takes place without anybody asking for it (WED-2.2.d WED-3.1.c)."""
    assert start(bench, REGISTER, GATHER, harmed=True).waiting_for == ["joint-meeting"]


def test_help_has_first_call(bench: Workbench) -> None:
    """People and material that the head needs are asked of management with the highest rank, beside the handling
    (WED-6.2).
    """
    case = start(bench, REGISTER, ("gather", {"situation": "x", "resources_needed": "A second camera team."}))
    assert sorted(case.waiting_for) == ["allocate", "form-team"]
    assert case.task("allocate").groups == ("management",)
    assert case.task("allocate").priority >= 90
    case = steps(bench, case, ("allocate", {"allocated": "The team of the south branch, from tomorrow."}))
    assert sent(bench, case)[-1] == "help-granted"
    assert case.waiting_for == ["form-team"]


def test_an_investigation_stands_on_evidence(bench: Workbench) -> None:
    """Findings without the word that both sides were heard and the evidence suffices are refused (WED-3.2.a
    WED-3.2.b WED-3.2.c).
    """
    case = start(bench, REGISTER, GATHER, TEAM)
    with pytest.raises(InvalidData) as refused:
        steps(bench, case, ("investigate", {"findings": "It was them."}))
    assert [field for field, _ in refused.value.problems] == ["evidence_sufficient"]
    methods = {"methods": ["records", "staff_talks", "couple_call"]}
    assert steps(bench, case, ("investigate", INVESTIGATE[1] | methods)).waiting_for == ["propose"]


def test_a_solution_names_who_what_and_when(bench: Workbench) -> None:
    """A solution without measures or without a day is refused; the responsible party is the department unless
    another is named (WED-3.3.a WED-3.3.b).
    """
    case = start(bench, REGISTER, GATHER, TEAM, INVESTIGATE)
    for incomplete in ({"solution": "We pay."}, {"complete_by": "2030-01-31"}):
        with pytest.raises(InvalidData):
            steps(bench, case, ("propose", incomplete))
    case = steps(bench, case, PROPOSE)
    assert case.variables["responsible"] == "Photography and film"
    other = start(bench, *TO_SOLUTION[:-1], ("propose", PROPOSE[1] | {"responsible": "The head of film"}))
    assert other.variables["responsible"] == "The head of film"


def test_an_ordinary_solution_is_due_in_a_day(bench: Workbench) -> None:
    """Twenty-four hours after receipt, not after the investigation began, management is asked to step in, after a
    reminder (WED-3.3.c).
    """
    received = bench.now
    case = start(bench, REGISTER)
    bench.advance(minutes=50)
    case = steps(bench, case, GATHER)
    assert due(case, "solution-overdue") == received + timedelta(hours=24) == case.task("form-team").due_at
    case = watched(bench, case, "solution-near", "solution-near")
    limit = due(case, "solution-overdue")
    bench.just_before(limit)
    assert bench.case(case.id).waiting_for == ["form-team"]
    bench.at(limit)
    case = bench.case(case.id)
    assert sorted(case.waiting_for) == ["form-team", "step-in"]
    assert case.task("step-in").groups == ("management",)
    assert steps(bench, case, TEAM, INVESTIGATE, PROPOSE).waiting_for == ["tell"]  # late is better than never


@pytest.mark.parametrize(("moves", "timer"), [((), "registration-stuck"), ((REGISTER,), "gathering-stuck")])
def test_the_solution_s_day_is_watched_before_the_work_begins(
    bench: Workbench, moves: tuple[Move, ...], timer: str
) -> None:
    """A complaint that nobody has registered, or whose staff nobody has gathered, reaches management twenty-four hours
    after receipt, since the couple was promised a solution by then (WED-3.3.c WED-1.c).
    """
    received = bench.now
    case = start(bench, *moves)
    assert due(case, timer) == received + timedelta(hours=24)
    watched(bench, case, timer, "not-begun")
    assert told(bench, case, "not-begun") == "management"
    assert ("registered" in text(bench, case, "not-begun")) == (timer == "registration-stuck")


def test_a_complex_complaint_that_nobody_takes_up_is_seen_after_its_own_time(bench: Workbench) -> None:
    """Where the first classification says complex, the longer time is watched while the staff are gathered (WED-3.3.d
    WED-1.c).
    """
    received = bench.now
    case = start(bench, REGISTER, harmed=True)
    assert due(case, "gathering-stuck") > received + timedelta(days=2)
    watched(bench, case, "gathering-stuck", "not-begun")


def test_a_complex_solution_has_three_working_days() -> None:
    """Three working days end at the close of the third, over a holiday week and a working Saturday (WED-3.3.d)."""
    bench = Workbench(now=datetime(2026, 9, 30, 15, 0, tzinfo=SHANGHAI))
    case = start(bench, REGISTER, ("gather", {"situation": "x", "complex": True}))
    assert due(case, "solution-overdue") == datetime(2026, 10, 11, tzinfo=SHANGHAI)
    case = watched(bench, case, "solution-near", "solution-near")
    assert bench.now == datetime(2026, 10, 10, tzinfo=SHANGHAI)
    limit = due(case, "solution-overdue")
    bench.just_before(limit)
    assert bench.case(case.id).waiting_for == ["joint-meeting"]
    bench.at(limit)
    assert sorted(bench.case(case.id).waiting_for) == ["joint-meeting", "step-in"]
    bench.close()


def test_management_presses_or_takes_over(bench: Workbench) -> None:
    """A late department is pressed and may still finish, or loses the matter to management, which fixes the solution
    itself (WED-1.c WED-3.3).
    """
    late = []
    for _ in range(2):
        case = start(bench, REGISTER, GATHER)
        bench.at(due(case, "solution-overdue"))
        late.append(case)
    chase = {"decision": "chase", "delay_reason": "Ill.", "chase_note": "Today, please."}
    case = steps(bench, late[0], ("step-in", chase))
    assert case.waiting_for == ["form-team"]
    assert steps(bench, case, TEAM, INVESTIGATE, PROPOSE).waiting_for == ["tell"]
    withdrawn = bench.case(late[1].id).task("form-team").id
    case = steps(bench, late[1], ("step-in", {"decision": "take_over", "delay_reason": "Nobody moves."}))
    assert case.waiting_for == ["decide"]
    with pytest.raises(TaskAlreadyCompleted):
        bench.engine.complete(withdrawn, TEAM[1])
    case = steps(bench, case, ("decide", {"solution": "The whole price back.", "complete_by": "2030-01-31"}))
    assert case.waiting_for == ["tell"]
    assert case.variables["solution"] == "The whole price back."


# -- telling and negotiating --------------------------------------------------------------------


def test_the_couple_is_told_within_two_hours(bench: Workbench) -> None:
    """Two hours after the solution is fixed management hears that nobody has told the couple (WED-3.4.a)."""
    case = start(bench, *TO_SOLUTION)
    assert case.task("tell").due_at == bench.now + timedelta(hours=2)
    case = watched(bench, case, "tell-overdue", "tell-late")
    assert steps(bench, case, TELL).waiting_for == ["negotiate"]


@pytest.mark.parametrize(
    ("wish", "waits"),
    [
        ({"preferred_channel": "phone"}, "tell"),
        ({"preferred_channel": "in_person"}, "tell"),
        ({"preferred_channel": "email"}, "negotiate"),
        ({"preferred_channel": ""}, "negotiate"),
        ({"preferred_channel": "", "email": ""}, "tell"),
    ],
)
def test_the_couple_chooses_how_it_is_told(bench: Workbench, wish: dict[str, str], waits: str) -> None:
    """By phone or face to face somebody tells the couple; otherwise the solution leaves in writing at once
    (WED-3.4.b).
    """
    case = start(bench, *TO_SOLUTION, reporter=PAYLOAD["reporter"] | wish)
    assert case.waiting_for == [waits]
    assert ("solution" in sent(bench, case)) == (waits == "negotiate")


def test_fair_demands_change_the_solution_until_the_bound(bench: Workbench) -> None:
    """Each fair demand brings an adjusted solution and a new two hours to tell it, as often as the policy file
    allows; then management settles (WED-3.4.c).
    """
    case = start(bench, *TO_SOLUTION, reporter=PAYLOAD["reporter"] | {"preferred_channel": "email"})
    for version in (1, 2, 3):
        case = steps(bench, case, REFUSE)
        assert case.waiting_for == ["adjust"]
        case = steps(bench, case, ADJUST)
        assert sent(bench, case).count("solution") == version + 1
    assert "new solution" in text(bench, case, "solution")
    case = steps(bench, case, REFUSE)
    assert case.waiting_for == ["settle"]
    case = steps(bench, case, SETTLE, *CLOSE)
    assert case.status == "completed"
    assert "A second shooting, and a fifth back." in text(bench, case, "outcome")


def test_a_couple_that_does_not_answer_is_asked_again(bench: Workbench) -> None:
    """Talking with the couple does not fall asleep: when its opinion is not recorded in time the reception is reminded,
    and again after an adjusted solution (WED-3.4.c).
    """
    case = watched(bench, start(bench, *TO_SOLUTION, TELL), "answer-missing", "answer-missing")
    assert told(bench, case, "answer-missing") == "complaint-reception"
    case = steps(bench, case, REFUSE, ADJUST, TELL)
    assert due(case, "answer-missing") > bench.now + timedelta(days=1)
    case = watched(bench, case, "answer-missing", "answer-missing")
    assert steps(bench, case, AGREE).waiting_for == ["carry-out"]


def test_an_adjusted_solution_is_told_within_two_hours_again(bench: Workbench) -> None:
    """The two hours begin anew with the adjusted solution (WED-3.4.a WED-3.4.c)."""
    case = start(bench, *TO_SOLUTION, TELL, REFUSE)
    bench.advance(hours=5)
    case = steps(bench, case, ADJUST)
    assert case.task("tell").due_at == bench.now + timedelta(hours=2)
    assert steps(bench, case, TELL, AGREE).waiting_for == ["carry-out"]


def test_unfair_demands_go_to_management(bench: Workbench) -> None:
    """A demand that is not fair is not adjusted away; management decides how the case ends (WED-3.4.c WED-1.c)."""
    case = start(bench, *TO_SOLUTION, TELL, UNFAIR)
    assert case.waiting_for == ["settle"]
    assert case.task("settle").groups == ("management",)


def test_a_refusal_needs_its_reason(bench: Workbench) -> None:
    """Without what the couple objects to and whether it is fair, a refusal is not recorded (WED-3.4.c)."""
    case = start(bench, *TO_SOLUTION, TELL)
    with pytest.raises(InvalidData) as refused:
        steps(bench, case, ("negotiate", {"agrees": False}))
    assert sorted(field for field, _ in refused.value.problems) == ["fair_demand", "objections"]


def test_a_slow_adjustment_reaches_management(bench: Workbench) -> None:
    """Adjusting promptly is watched (WED-3.4.c)."""
    watched(bench, start(bench, *TO_SOLUTION, TELL, REFUSE), "adjust-overdue", "adjust-late")


# -- execution and tracking ---------------------------------------------------------------------


def test_the_agreed_day_is_watched(bench: Workbench) -> None:
    """The day that stands in the solution ends at midnight; then management hears of it (WED-3.3.b WED-4.1.a)."""
    day = bench.now.date() + timedelta(days=4)
    case = start(bench, *TO_SOLUTION[:-1], ("propose", PROPOSE[1] | {"complete_by": day.isoformat()}), TELL, AGREE)
    midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), SHANGHAI)
    assert case.task("carry-out").due_at == due(case, "carry-out-overdue") == midnight
    watched(bench, case, "carry-out-overdue", "carry-out-late")


def test_a_named_person_tracks_the_result(bench: Workbench) -> None:
    """The person named in the solution gets the tracking; without one whoever does it signs, and only for what is
    done (WED-4.1.a).
    """
    named = ("propose", PROPOSE[1] | {"tracker": "wang.fang"})
    case = start(bench, *TO_SOLUTION[:-1], named, TELL, AGREE, CARRY_OUT, MAKE_GOOD)
    assert case.task("track").assignee == "wang.fang"
    case = steps(bench, case, ("track", {"executed": True}))
    assert case.variables["tracked_by"] == "wang.fang"
    case = start(bench, *TO_SOLUTION, TELL, AGREE, CARRY_OUT, MAKE_GOOD)
    assert case.task("track").assignee is None
    for unsigned in ({"executed": True}, {"executed": False, "tracked_by": "li.wei"}):
        with pytest.raises(InvalidData):
            steps(bench, case, ("track", unsigned))
    watched(bench, case, "track-overdue", "track-late")
    assert steps(bench, case, TRACK).waiting_for == ["ask-satisfaction"]


def test_no_apology_without_making_good(bench: Workbench) -> None:
    """The apology comes with something that makes up for the trouble, either from the solution or chosen now
    (WED-9.1.a).
    """
    case = start(bench, *TO_SOLUTION, TELL, AGREE, CARRY_OUT)
    with pytest.raises(InvalidData):
        steps(bench, case, ("make-good", {"apology": "Sorry."}))
    planned = ("propose", PROPOSE[1] | {"make_good": "A bouquet."})
    case = start(bench, *TO_SOLUTION[:-1], planned, TELL, AGREE, CARRY_OUT)
    case = steps(bench, case, ("make-good", {"apology": "We let you down."}))
    letter = text(bench, case, "apology")
    assert "A bouquet." in letter
    assert "We let you down." in letter


def test_an_apology_that_does_not_come_reaches_management(bench: Workbench) -> None:
    """Carried out is not made good: management hears when nobody has apologised in time (WED-9.1.a WED-1.c)."""
    case = start(bench, *TO_SOLUTION, TELL, AGREE, CARRY_OUT)
    case = watched(bench, case, "make-good-overdue", "make-good-late")
    assert told(bench, case, "make-good-late") == "management"
    assert steps(bench, case, MAKE_GOOD).waiting_for == ["track"]


def test_satisfaction_is_asked_in_time(bench: Workbench) -> None:
    """The tracker is reminded, and management told, when nobody asks the couple (WED-4.1.b)."""
    case = start(bench, *TO_SOLUTION, TELL, AGREE, *EXECUTE)
    assert case.task("ask-satisfaction").groups == ("complaint-tracking",)
    case = watched(bench, case, "satisfaction-due", "shared-satisfaction-due")
    watched(bench, case, "satisfaction-overdue", "shared-satisfaction-late")


def test_the_reminder_comes_before_the_deadline_on_any_day() -> None:
    """A weekend moves the deadline and not the reminder, so that a day is left to reach the couple (WED-4.1.b)."""
    bench = Workbench(now=datetime(2026, 9, 10, 10, 0, tzinfo=SHANGHAI))  # a Thursday
    case = start(bench, *TO_SOLUTION, TELL, AGREE, *EXECUTE)
    assert due(case, "satisfaction-due") == datetime(2026, 9, 13, tzinfo=SHANGHAI)
    assert due(case, "satisfaction-overdue") == datetime(2026, 9, 15, tzinfo=SHANGHAI)
    bench.close()


def test_whoever_still_objects_starts_again(bench: Workbench) -> None:
    """The handling restarts from the department head with fresh clocks, as often as the policy file allows; then
    management has the last word (WED-4.1.b).
    """
    case = start(bench, *TO_SOLUTION, TELL, AGREE, *EXECUTE)
    for round_ in (1, 2):
        case = steps(bench, case, NEUTRAL)
        assert case.waiting_for == ["gather"]
        assert sent(bench, case).count("restarted") == round_
        assert "It took long." in text(bench, case, "head-informed")
        bench.advance(hours=3)
        case = steps(bench, case, GATHER)
        assert due(case, "solution-overdue") == bench.now + timedelta(hours=21)
        case = steps(bench, case, TEAM, INVESTIGATE, PROPOSE, TELL, AGREE, *EXECUTE)
    case = steps(bench, case, NEUTRAL)
    assert case.waiting_for == ["settle"]
    case = steps(bench, case, SETTLE, *CLOSE)
    assert case.status == "completed"
    assert case.variables["restarts"] == 2


def test_silence_restarts_nothing(bench: Workbench) -> None:
    """A couple that cannot be reached is not taken for satisfied, and not for objecting either: management writes to
    it (WED-4.1.b, our decision).
    """
    silent = ("ask-satisfaction", {"asked_by": "call", "satisfaction": "not_reached", "call_attempts": "Three times."})
    case = start(bench, *TO_SOLUTION, TELL, AGREE, *EXECUTE, silent)
    assert case.waiting_for == ["settle"]
    case = steps(bench, case, ("settle", {"outcome": "not_reached", "last_word": "We are here when you need us."}))
    assert "tried to reach you" in text(bench, case, "outcome")


# -- closing ------------------------------------------------------------------------------------


def test_causes_show_what_training_is_needed(bench: Workbench) -> None:
    """Every complaint is analysed, in time; a training need goes to whoever plans the training, and only a real one
    (WED-5.1.a).
    """
    case = start(bench, *TO_SOLUTION, TELL, AGREE, *EXECUTE, SATISFIED)
    case = watched(bench, case, "analysis-overdue", "analysis-late")
    with pytest.raises(InvalidData):
        steps(bench, case, ("analyse", {"causes": "x", "training_needed": True}))
    need = {"training_needed": True, "training_skills": ["communication"], "training_needs": "Handing over."}
    case = steps(bench, case, ("analyse", ANALYSE[1] | need))
    assert sent(bench, case)[-1] == "training-need"
    assert bench.notices[-1].to.group == "training"
    other = start(bench, *TO_SOLUTION, TELL, AGREE, *EXECUTE, SATISFIED, ANALYSE)
    assert "training-need" not in sent(bench, other)


def test_every_cost_finds_its_bearer(bench: Workbench) -> None:
    """Costs are recorded in time, added up, and each is borne by whom the table names (WED-6.1.a WED-6.1.b)."""
    case = start(bench, *TO_SOLUTION, TELL, UNFAIR, SETTLE, ANALYSE)
    case = watched(bench, case, "costs-overdue", "costs-late")
    faults = [
        ("staff", "redo", "department"),
        ("supplier", "compensation", "supplier"),
        ("couple", "other", "couple"),
        ("organisation", "compensation", "company"),
        ("nobody", "other", "company"),
        ("staff", "make_good", "company"),
    ]
    costs = [{"item": kind, "kind": kind, "amount": 100.5, "fault": fault} for fault, kind, _ in faults]
    case = steps(bench, case, ("record-costs", {"costs": costs}))
    assert [cost["bearer"]["bearer"] for cost in case.variables["costs"]] == [bearer for _, _, bearer in faults]
    assert case.variables["cost_total"] == 603
    assert "borne by: The supplier" in text(bench, case, "lessons")
    assert case.status == "completed"


def test_a_cost_without_its_cause_is_refused(bench: Workbench) -> None:
    """Who bears a cost cannot be determined without its cause; no costs at all is a proper answer (WED-6.1.b)."""
    case = start(bench, *TO_SOLUTION, TELL, UNFAIR, SETTLE, ANALYSE)
    with pytest.raises(InvalidData):
        steps(bench, case, ("record-costs", {"costs": [{"item": "Taxi", "amount": 30}]}))
    case = steps(bench, case, NO_COSTS)
    assert (case.variables["costs"], case.variables["cost_total"]) == ([], 0)


def weighed(bench: Workbench, satisfied: bool, *staff: dict[str, Any]) -> Case:
    """A case whose lessons are learned, with staff named in the analysis."""
    ending = (AGREE, *EXECUTE, SATISFIED) if satisfied else (UNFAIR, SETTLE)
    analysis: Move = ("analyse", ANALYSE[1] | {"staff": list(staff)})
    return start(bench, *TO_SOLUTION, TELL, *ending, analysis, NO_COSTS)


@pytest.mark.parametrize(
    ("contribution", "complaints", "satisfied", "proposal"),
    [
        ("handled_well", None, True, "bonus"),
        ("handled_well", None, False, "none"),
        ("handled_poorly", None, True, "points_off"),
        ("handled_poorly", 3, False, "penalty"),
        ("service_fault", 2, False, "none"),
        ("service_fault", 3, True, "points_off"),
        ("service_fault", None, True, "none"),
    ],
)
def test_a_table_proposes_and_a_person_decides(
    bench: Workbench, contribution: str, complaints: int | None, satisfied: bool, proposal: str
) -> None:
    """Good handling with a content couple suggests a bonus, poor handling and frequent faults points off or a penalty;
    whoever decides may say otherwise, and the record holds proposal, decision, reason and name (WED-4.2.b WED-4.2.c).
    """
    person = {"name": "Chen Jie", "contribution": contribution} | ({"complaints": complaints} if complaints else {})
    case = weighed(bench, satisfied, person)
    assert case.waiting_for == ["appraise"]
    assert case.task("appraise").groups == ("management",)
    assert "consequence" not in sent(bench, case)
    other = "none" if proposal == "bonus" else "bonus"
    decision = {"consequence": other, "consequence_reason": "Known to me.", "decided_by": "Zhou Lan"}
    case = bench.complete(case, "appraise", decision, actor="zhou.lan")
    assert case.status == "completed"
    (record,) = case.variables["consequences"]
    assert (record["proposal"], record["consequence"], record["complaints"]) == (proposal, other, complaints)
    assert (record["reason"], record["decided_by"]) == ("Known to me.", "Zhou Lan")
    done = [event.actor for event in case.history() if event.element == "appraise" and event.event == "task-completed"]
    assert done == ["zhou.lan"]
    assert told(bench, case, "consequence") == "personnel"
    assert "Known to me." in text(bench, case, "consequence")


def test_nothing_is_decided_on_a_person_without_reason_name_and_hearing(bench: Workbench) -> None:
    """A decision without reason or name is refused, and so are points off and a penalty for somebody who was not heard;
    the number of complaints is confirmed or corrected by whoever decides (WED-4.2.c).
    """
    case = weighed(bench, False, {"name": "Chen Jie", "contribution": "service_fault", "complaints": 4})
    for consequence in ("none", "bonus", "points_off", "penalty"):
        missing = ["statement"] if consequence in ("points_off", "penalty") else []
        with pytest.raises(InvalidData) as refused:
            bench.complete(case, "appraise", {"consequence": consequence})
        assert sorted(field for field, _ in refused.value.problems) == ["consequence_reason", "decided_by", *missing]
    decision = {"consequence": "points_off", "consequence_reason": "Again.", "decided_by": "Zhou Lan", "complaints": 3}
    case = bench.complete(case, "appraise", decision | {"statement": "I was ill once."})
    assert case.variables["consequences"][0]["complaints"] == 3
    assert "I was ill once." in text(bench, case, "consequence")


def test_each_person_is_weighed_alone(bench: Workbench) -> None:
    """Two persons are decided on one after the other, nothing of the first stands in the second; where nobody is named
    nobody is judged (WED-4.2.b WED-4.2.c).
    """
    first, second = ({"name": name, "contribution": "handled_well"} for name in ("Chen Jie", "Li Wei"))
    case = weighed(bench, True, first | {"complaints": 1}, second)
    decision = {"consequence": "bonus", "consequence_reason": "Quick.", "decided_by": "Zhou Lan"}
    case = bench.complete(case, "appraise", decision)
    assert case.waiting_for == ["appraise"]
    with pytest.raises(InvalidData):
        bench.complete(case, "appraise", {})
    case = bench.complete(case, "appraise", decision | {"consequence": "none"})
    kept = [(record["name"], record["consequence"], record["complaints"]) for record in case.variables["consequences"]]
    assert kept == [("Chen Jie", "bonus", 1), ("Li Wei", "none", None)]
    nobody = weighed(bench, True)
    assert (nobody.status, nobody.variables["consequences"]) == ("completed", [])
    assert "consequence" not in sent(bench, nobody)


def test_the_department_hears_what_to_change(bench: Workbench) -> None:
    """Problems and suggestions go to the department when the case closes (WED-7.2.a)."""
    happy = ("ask-satisfaction", SATISFIED[1] | {"suggestions": "Call the day before."})
    lesson = ("analyse", ANALYSE[1] | {"improvements": "One list of changes."})
    case = start(bench, *TO_SOLUTION, TELL, AGREE, *EXECUTE, happy, lesson, NO_COSTS)
    assert bench.notices[-1].to.group == "photo-film"
    assert "One list of changes." in text(bench, case, "lessons")
    assert "Call the day before." in text(bench, case, "lessons")


def test_the_couple_stays_unnamed_in_staff_notices(bench: Workbench) -> None:
    """No notice to staff carries the couple's name or number; nobody needs them to find a solution (WED-3.1.a)."""
    case = start(bench, REGISTER, GATHER)
    bench.at(due(case, "solution-overdue"))
    for notice in bench.notices:
        if notice.to.group:
            assert "Zhao Min" not in notice.text + notice.subject
            assert "555-0100" not in notice.text


def test_chinese_couples_read_chinese(bench: Workbench) -> None:
    """Letters come in the couple's language (WED-3.4.b)."""
    case = start(bench, *TO_SOLUTION, TELL, AGREE, language="zh")
    assert "您" in text(bench, case, "acknowledgement")
    assert "责任主体：摄影摄像部" in text(bench, case, "agreement")


# -- no promise before the decision -------------------------------------------------------------


def test_a_promise_before_the_solution_is_refused(tmp_path: Path) -> None:
    """Where nobody has decided the solution, telling it to the couple stops in an incident that cannot be resolved
    away (WED-3.3.a WED-3.4.a).
    """
    diagram = (HOME / "wedding-client-solution.bpmn").read_text(encoding="utf-8")
    begin = diagram.index('<bpmn:userTask id="propose"')
    end = diagram.index("</bpmn:userTask>", begin)
    undecided = diagram[begin:end].replace('<zeebe:property name="decides" value="solution"/>', "")
    assert undecided != diagram[begin:end]
    straight = diagram[:begin] + undecided + diagram[end:]
    home = tmp_path / "processes" / PROCESS
    home.mkdir(parents=True)
    (home / "wedding-client-solution.bpmn").write_text(straight, encoding="utf-8")
    dropped = (
        '[policy]\nid = "wedding-client"\ntitle = "Test"\ndropped_marks = { "propose.decides" = "to see it refused" }\n'
    )
    (home / "policy.toml").write_text(dropped, encoding="utf-8")
    bench = Workbench(layers=[tmp_path])
    for channel, element in (("phone", "tell"), ("email", "send-solution")):
        case = start(bench, *TO_SOLUTION, reporter=PAYLOAD["reporter"] | {"preferred_channel": channel})
        assert [(incident.kind, incident.element) for incident in case.incidents] == [("commitment", element)]
        with pytest.raises(PrematureCommitment):
            bench.engine.resolve(case.incidents[0])
        assert "solution" not in sent(bench, case)
    bench.close()


def test_no_table_sends_a_consequence_by_itself(tmp_path: Path) -> None:
    """A diagram in which no person decides, but the appraisal is told all the same, is not accepted (WED-4.2.b
    WED-4.2.c).
    """
    diagram = (HOME / "wedding-client-closing.bpmn").read_text(encoding="utf-8")
    decides = '<zeebe:property name="decides" value="consequence"/>'
    assert diagram.count(decides) == 1
    home = tmp_path / "processes" / PROCESS
    home.mkdir(parents=True)
    (home / "wedding-client-closing.bpmn").write_text(diagram.replace(decides, ""), encoding="utf-8")
    bench = Workbench(layers=[tmp_path])
    with pytest.raises(InvalidDiagram, match="consequence"):
        start(bench)
    bench.close()


def test_an_adjustment_takes_the_old_solution_back(bench: Workbench) -> None:
    """While the solution is being adjusted the old one is no longer a decision, so nothing can be promised on it
    (WED-3.4.c).
    """
    case = start(bench, *TO_SOLUTION, TELL, REFUSE)
    notes = [note for event in case.history() for note in event.detail.get("notes", [])]
    assert ["revoked", "adjust", {"decision": "solution"}] in notes


# -- the whole ----------------------------------------------------------------------------------


def test_every_element_and_flow_was_visited(bench: Workbench) -> None:
    """The scenarios of this file come by every flow node and every sequence flow, those of the called processes
    included.
    """
    coverage = bench.coverage(PROCESS)
    print(coverage)
    assert coverage.missing == []


def test_every_step_survives_a_restart(tmp_path: Path) -> None:
    """The whole procedure runs with a new engine on the database between all steps (WED-2 to WED-6)."""
    url = f"sqlite:///{tmp_path / 'cases.db'}"
    moves = [*TO_SOLUTION, TELL, REFUSE, ADJUST, TELL, AGREE, *EXECUTE, NEUTRAL]
    moves += [GATHER, TEAM, INVESTIGATE, PROPOSE, TELL, AGREE, *EXECUTE, SATISFIED, *CLOSE]
    now = datetime(2026, 9, 26, 22, 40, tzinfo=SHANGHAI)
    bench = Workbench(database=url, now=now)
    case = bench.start(PROCESS, PAYLOAD)
    for move in moves:
        bench.close()
        now += timedelta(minutes=40)
        bench = Workbench(database=url, now=now)
        bench.engine.drain()
        case = steps(bench, case, move)
    bench.close()
    assert case.status == "completed"


def test_every_clause_of_the_document_has_a_row() -> None:
    """clauses.csv names each clause once, with a status, and says why for those that are not implemented (WED-1 to
    WED-9).
    """
    with (HOME / "clauses.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["id"] for row in rows}) == len(rows) == 49
    assert {row["status"] for row in rows} == {"implemented", "documentation"}
    assert all(row["where"].strip() for row in rows)
