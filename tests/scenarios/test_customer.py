"""The retail customer procedure, clause by clause, with the clock moved."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from complaintflow import Case
from complaintflow.errors import InvalidData, PrematureCommitment, TaskAlreadyCompleted
from complaintflow.testing import Workbench

ROOT = Path(__file__).resolve().parents[2]
PAYLOAD = json.loads((ROOT / "processes/customer/payload.json").read_text(encoding="utf-8"))
SHANGHAI = ZoneInfo("Asia/Shanghai")


def midnight_after(day: str) -> datetime:
    """The close of a day in the organisation's zone: the first moment of the next one."""
    return datetime.fromisoformat(day).replace(tzinfo=SHANGHAI) + timedelta(days=1)


def due(case: Case, element: str) -> datetime:
    """When the timer of an element fires."""
    return next(timer.due_at for timer in case.timers if timer.element == element)


def sent(bench: Workbench, case: Case) -> list[str]:
    """Names of the notices of a case, in order."""
    return [notice.name for notice in bench.notices if notice.case_id == case.id]


def steps(bench: Workbench, case: Case, *moves: tuple[str, dict[str, object]]) -> Case:
    """Complete tasks one after the other."""
    for element, data in moves:
        case = bench.complete(case, element, data)
    return case


INVESTIGATE = ("investigate", {"justified": True, "cause": "food"})
PROPOSE = ("propose", {"proposal": "Refund of both soups."})
RULE = ("rule", {"solution": "Refund of both soups."})
AGREE = ("negotiate", {"agrees": True})
REFUSE = ("negotiate", {"agrees": False, "objections": "That is not enough."})
BRIEF = ("brief-staff", {"staff_briefed": "The kitchen", "staff_understood": True})
CARRY_OUT = ("carry-out", {"measures": "Refunded."})
SUPERVISE = ("supervise", {"done_as_agreed": True})
TO_FOLLOW_UP = (AGREE, BRIEF, CARRY_OUT, SUPERVISE)


def test_a_satisfied_customer_closes_the_case(bench: Workbench) -> None:
    """A justified complaint ends well (RET-1.a RET-2.a RET-3.a RET-4.a RET-5 RET-6.b RET-7.a RET-7.b)."""
    case = bench.start("customer", PAYLOAD)
    assert case.waiting_for == ["investigate"]
    assert sent(bench, case) == ["acknowledgement"]
    case = steps(bench, case, INVESTIGATE)
    assert case.variables["department"]["group"] == case.task("propose").groups[0]
    case = steps(bench, case, PROPOSE, RULE, *TO_FOLLOW_UP, ("follow-up", {"satisfaction": "very_satisfied"}))
    assert case.status == "completed"
    assert sent(bench, case) == ["acknowledgement", "transfer-sheet", "solution", "agreement", "survey"]
    assert case.history()[-1].event == "ended"


def test_an_unfounded_complaint_is_answered_with_the_finding(bench: Workbench) -> None:
    """A complaint that is not justified ends with the finding told to the customer (RET-2.b RET-2.d)."""
    case = bench.start("customer", PAYLOAD)
    case = steps(bench, case, ("investigate", {"justified": False, "finding_reason": "The soup was hot."}))
    assert case.status == "completed"
    assert sent(bench, case) == ["acknowledgement", "finding"]
    assert "The soup was hot." in bench.notices[-1].text


def test_whoever_inspected_signs_for_the_evidence(bench: Workbench) -> None:
    """An inspection without its inspector's signature is refused, and nothing is changed (RET-D1)."""
    case = bench.start("customer", PAYLOAD)
    with pytest.raises(InvalidData) as refused:
        steps(bench, case, ("investigate", {"justified": True, "cause": "food", "inspected_by": "Li Wei"}))
    assert [field for field, _ in refused.value.problems] == ["evidence_sign_off"]
    assert bench.case(case.id).version == case.version
    signed = {"justified": True, "cause": "food", "inspected_by": "Li Wei", "evidence_sign_off": True}
    assert steps(bench, case, ("investigate", signed)).waiting_for == ["propose"]


@pytest.mark.parametrize(
    ("cause", "harmed", "other"), [("food", False, "service"), ("hygiene", True, "price"), ("delivery", False, "food")]
)
def test_the_table_finds_the_department(bench: Workbench, cause: str, harmed: bool, other: str) -> None:
    """The decision table names the responsible department by cause (RET-2.c)."""
    groups = []
    for reason in (cause, other):
        case = bench.start("customer", PAYLOAD)
        case = steps(bench, case, ("investigate", {"justified": True, "cause": reason, "harmed": harmed}))
        groups.append(case.task("propose").groups)
    assert len(set(groups)) == (1 if harmed else 2)


def test_refusals_return_to_the_department_until_the_bound(bench: Workbench) -> None:
    """A refusal goes back, three sheets in all; then the manager settles (RET-4.b RET-D2.b)."""
    case = steps(bench, bench.start("customer", PAYLOAD), INVESTIGATE)
    for sheet in (1, 2):
        case = steps(bench, case, PROPOSE, RULE, REFUSE)
        assert case.waiting_for == ["propose"]
        assert case.variables["sheet_version"] == sheet
    case = steps(bench, case, PROPOSE, RULE, REFUSE)
    assert case.waiting_for == ["settle"]
    case = steps(bench, case, ("settle", {"outcome": "offer_stands", "last_word": "Our offer stands."}))
    assert case.status == "completed"
    assert sent(bench, case).count("solution") == 3
    assert sent(bench, case)[-1] == "outcome"


def test_a_dissatisfied_customer_reopens_once(bench: Workbench) -> None:
    """Not satisfied reopens the case once and then hands it to the store manager (RET-7.b, our decision)."""
    case = steps(bench, bench.start("customer", PAYLOAD), INVESTIGATE, PROPOSE, RULE, *TO_FOLLOW_UP)
    case = steps(bench, case, ("follow-up", {"satisfaction": "dissatisfied", "still_wrong": "Not refunded."}))
    assert case.waiting_for == ["propose"]
    assert sent(bench, case)[-1] == "reopened"
    case = steps(bench, case, PROPOSE, RULE, *TO_FOLLOW_UP)
    case = steps(bench, case, ("follow-up", {"satisfaction": "neutral", "still_wrong": "It took long."}))
    assert case.waiting_for == ["settle"]
    case = steps(bench, case, ("settle", {"outcome": "explained", "last_word": "We are sorry."}))
    assert case.status == "completed"


def test_a_customer_who_cannot_be_reached_is_not_taken_for_satisfied(bench: Workbench) -> None:
    """Silence closes nothing: the store manager settles (RET-7.b, our decision)."""
    case = steps(bench, bench.start("customer", PAYLOAD), INVESTIGATE, PROPOSE, RULE, *TO_FOLLOW_UP)
    case = steps(bench, case, ("follow-up", {"satisfaction": "not_reached", "call_attempts": "Three times."}))
    assert case.waiting_for == ["settle"]


def test_the_promise_counts_over_golden_week_and_a_working_saturday(bench: Workbench) -> None:
    """Five working days from 28 September 2026 end on Saturday 10 October, which is a working day (RET-1.b)."""
    case = bench.start("customer", PAYLOAD, today="2026-09-28")
    assert due(case, "promise-passed") == midnight_after("2026-10-10")
    assert "October 10, 2026" in bench.notices[-1].text
    bench.just_before(due(case, "promise-passed"))
    assert "delay" not in sent(bench, case)
    bench.at(due(case, "promise-passed"))
    assert sent(bench, case)[-2:] == ["delay", "answer-late"]


def test_an_answered_customer_hears_nothing_of_the_promise_date(bench: Workbench) -> None:
    """Once the customer has the answer, neither reminder nor breach is sent (RET-1.b)."""
    case = steps(bench, bench.start("customer", PAYLOAD), INVESTIGATE, PROPOSE, RULE)
    bench.at(due(case, "promise-passed"))
    assert not {"answer-reminder", "delay", "answer-late"} & set(sent(bench, case))


def test_customer_service_is_reminded_before_the_promise_breaks(bench: Workbench) -> None:
    """A working day before the promise ends customer service is reminded, to the minute (RET-1.b)."""
    case = bench.start("customer", PAYLOAD)
    near = due(case, "promise-near")
    bench.just_before(near)
    assert "answer-reminder" not in sent(bench, case)
    bench.at(near)
    assert "answer-reminder" in sent(bench, case)


def test_a_slow_investigation_is_reminded(bench: Workbench) -> None:
    """The investigation's own time runs out just when the policy file says (RET-2.a)."""
    case = bench.start("customer", PAYLOAD)
    limit = due(case, "investigation-overdue")
    bench.just_before(limit)
    assert "investigation-reminder" not in sent(bench, case)
    bench.at(limit)
    assert "investigation-reminder" in sent(bench, case)


def test_a_silent_department_is_reminded_and_then_escalated(bench: Workbench) -> None:
    """Three working days without an answer bring the store manager in, after a reminder before (RET-3.b RET-D4)."""
    case = steps(bench, bench.start("customer", PAYLOAD), INVESTIGATE)
    soon, late = due(case, "reply-due"), due(case, "reply-overdue")
    bench.just_before(soon)
    assert "reply-reminder" not in sent(bench, case)
    bench.at(soon)
    assert "reply-reminder" in sent(bench, case)
    bench.just_before(late)
    assert bench.case(case.id).waiting_for == ["propose"]
    bench.at(late)
    case = bench.case(case.id)
    assert sorted(case.waiting_for) == ["intervene", "propose"]
    assert case.task("intervene").groups == ("store-manager",)
    chase = {"delay_reason": "The cook was ill.", "take_over": False, "chase_note": "Answer today, please."}
    case = steps(bench, case, ("intervene", chase))
    assert sent(bench, case)[-1] == "chase"
    assert steps(bench, case, PROPOSE).waiting_for == ["rule"]


def test_the_store_manager_can_take_over(bench: Workbench) -> None:
    """A store manager who takes over withdraws the department's task and rules alone (RET-D4)."""
    case = steps(bench, bench.start("customer", PAYLOAD), INVESTIGATE)
    bench.at(due(case, "reply-overdue"))
    withdrawn = bench.case(case.id).task("propose").id
    case = steps(bench, case, ("intervene", {"delay_reason": "Nobody answers.", "take_over": True}))
    assert case.waiting_for == ["rule"]
    with pytest.raises(TaskAlreadyCompleted):
        bench.engine.complete(withdrawn, {"proposal": "Too late."})
    case = steps(bench, case, RULE, *TO_FOLLOW_UP, ("follow-up", {"satisfaction": "satisfied"}))
    assert case.status == "completed"


def test_late_measures_and_a_late_call_reach_the_manager(bench: Workbench) -> None:
    """Execution and follow-up call are watched to the minute, after a briefing (RET-5 RET-6.a RET-D3)."""
    case = steps(bench, bench.start("customer", PAYLOAD), INVESTIGATE, PROPOSE, RULE, AGREE, BRIEF)
    limit = due(case, "carry-out-overdue")
    bench.just_before(limit)
    assert "carry-out-late" not in sent(bench, case)
    bench.at(limit)
    assert "carry-out-late" in sent(bench, case)
    case = steps(bench, case, CARRY_OUT, SUPERVISE)
    soon, late = due(case, "call-due"), due(case, "call-overdue")
    assert case.task("follow-up").due_at == late
    bench.just_before(soon)
    assert "follow-up-reminder" not in sent(bench, case)
    bench.at(soon)
    assert "follow-up-reminder" in sent(bench, case)
    bench.just_before(late)
    assert "follow-up-late" not in sent(bench, case)
    bench.at(late)
    assert "follow-up-late" in sent(bench, case)


def test_a_department_deadline_beyond_the_promise_is_reported_when_it_opens(bench: Workbench) -> None:
    """A department deadline that would end after the customer's promise is seen at once, not when it breaks (D7)."""
    case = bench.start("customer", PAYLOAD)
    bench.advance(working_days=3)
    case = steps(bench, case, INVESTIGATE)
    conflicts = [e for e in case.history() if e.event == "deadline-outlives-promise"]
    assert [(e.detail["deadline"], e.detail["promise"]) for e in conflicts] == [("department_reply", "answer")]
    early = steps(bench, bench.start("customer", PAYLOAD), INVESTIGATE)
    assert not [e for e in early.history() if e.event == "deadline-outlives-promise"]


def test_an_anonymous_complaint_is_heard(bench: Workbench) -> None:
    """Only channel and content are needed; letters to nobody are kept for collection (RET-1.a)."""
    case = bench.start("customer", channel="web", anonymous=True, content="The floor was dirty.")
    assert bench.notices[-1].channel == "collection"
    assert case.waiting_for == ["investigate"]


def test_chinese_customers_read_chinese(bench: Workbench) -> None:
    """Letters come in the customer's language (RET-1.b)."""
    bench.start("customer", PAYLOAD, language="zh")
    assert "您" in bench.notices[-1].text


def test_every_element_and_flow_was_visited(bench: Workbench) -> None:
    """The scenarios of this file come by every flow node and every sequence flow."""
    coverage = bench.coverage("customer")
    print(coverage)
    assert coverage.missing == []


def test_every_step_survives_a_restart(tmp_path: Path) -> None:
    """The procedure runs with a new engine between all steps, across a holiday week (RET-1 to RET-7)."""
    url = f"sqlite:///{tmp_path / 'cases.db'}"
    moves = [INVESTIGATE, PROPOSE, RULE, REFUSE, PROPOSE, RULE, *TO_FOLLOW_UP]
    moves += [("follow-up", {"satisfaction": "dissatisfied", "still_wrong": "Not refunded."}), PROPOSE, RULE]
    moves += [*TO_FOLLOW_UP, ("follow-up", {"satisfaction": "satisfied"})]
    now = datetime(2026, 9, 28, 9, tzinfo=SHANGHAI)
    bench = Workbench(database=url, now=now)
    case = bench.start("customer", PAYLOAD)
    for element, data in moves:
        bench.close()
        now += timedelta(hours=30)
        bench = Workbench(database=url, now=now)
        bench.engine.drain()
        case = bench.complete(case, element, data)
    bench.close()
    assert case.status == "completed"


# -- no promise before the decision (RET-D2 RET-D5, D16) ----------------------------------------


def shortcut(folder: Path, *, commits: bool) -> Path:
    """A layer whose diagram sends the written solution straight after the transfer."""
    diagram = (ROOT / "processes/customer/customer.bpmn").read_text(encoding="utf-8")
    straight = 'sourceRef="transfer" targetRef="tell-solution"'
    diagram = diagram.replace('sourceRef="transfer" targetRef="join-propose"', straight)
    assert straight in diagram
    if not commits:
        start = diagram.index('<bpmn:sendTask id="tell-solution"')
        end = diagram.index("</bpmn:sendTask>", start)
        task = diagram[start:end].replace('<zeebe:property name="commits" value="ruling"/>', "")
        diagram = diagram[:start] + task + diagram[end:]
    home = folder / "processes/customer"
    home.mkdir(parents=True)
    (home / "customer.bpmn").write_text(diagram, encoding="utf-8")
    return folder


def test_a_promise_before_the_decision_is_refused(tmp_path: Path) -> None:
    """A solution sent before the ruling is an incident that cannot be resolved away (RET-D2.a RET-D5)."""
    bench = Workbench(layers=[shortcut(tmp_path, commits=True)])
    case = steps(bench, bench.start("customer", PAYLOAD), INVESTIGATE)
    assert [incident.kind for incident in case.incidents] == ["commitment"]
    with pytest.raises(PrematureCommitment):
        bench.engine.resolve(case.incidents[0])
    assert "solution" not in sent(bench, case)
    bench.close()


def test_the_same_letter_is_guarded_without_its_mark(tmp_path: Path) -> None:
    """Where one element says that a letter commits, another that sends the same letter is guarded too (RET-D5)."""
    bench = Workbench(layers=[shortcut(tmp_path, commits=False)])
    home = tmp_path / "processes/customer/customer.bpmn"
    home.write_text(
        home.read_text(encoding="utf-8").replace('key="notice" value="transfer-sheet"', 'key="notice" value="outcome"')
    )
    case = steps(bench, bench.start("customer", PAYLOAD), INVESTIGATE)
    assert [(i.kind, i.element) for i in case.incidents] == [("commitment", "transfer")]
    assert "outcome" not in sent(bench, case)
    bench.close()


def test_a_decision_that_is_taken_up_again_no_longer_covers_promises(bench: Workbench) -> None:
    """Opening the ruling again revokes it, so that the old one cannot be sent any more (RET-D2.a)."""
    case = steps(bench, bench.start("customer", PAYLOAD), INVESTIGATE, PROPOSE, RULE, REFUSE, PROPOSE)
    notes = [note for event in case.history() for note in event.detail.get("notes", [])]
    assert ["revoked", "rule", {"decision": "ruling"}] in notes
