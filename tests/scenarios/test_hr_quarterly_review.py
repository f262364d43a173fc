"""Every quarter complaints are counted, their roots looked for, reported, put in order, improved and published."""

from __future__ import annotations

from typing import Any

from complaintflow.facade.views import Case
from complaintflow.testing import Workbench

PROCESS = "hr-quarterly-review"
COLD, PAID = 8, 6


def complaints(bench: Workbench) -> list[str]:
    """Complaints of the first quarter of 2026: many about facilities, some about pay, one about conduct."""
    found = []
    for number, category in enumerate(["facilities"] * COLD + ["pay"] * PAID + ["conduct"]):
        case = bench.start("hr", {"channel": "web", "content": f"Matter {number}"})
        found.append(bench.complete(case, "assess", reasonable=True, urgency="normal", category=category).id)
    return found


def asked(bench: Workbench, ways: str = "none", **more: Any) -> Case:
    """A review begun by hand, and how people are asked."""
    return bench.complete(bench.start(PROCESS, **more), "plan-inquiry", ways=ways, questions="Why?")


def reported(bench: Workbench, case: Case | None = None) -> Case:
    """The report is with management."""
    case = bench.complete(
        case or asked(bench), "find-roots", roots=[{"type": "pay", "root": "rules", "explanation": "Old"}]
    )
    proposals = [{"proposal": "New windows", "department": "administration"}]
    return bench.complete(
        case, "write-report", problems="It is cold.", proposals=proposals, figures_note="More than ever."
    )


def praised(bench: Workbench, case: Case | None = None) -> Case:
    """Nobody is praised, nothing improved; what is to be published is open."""
    case = bench.complete(case or reported(bench), "prioritise")
    return bench.complete(case, "commend")


def notices(bench: Workbench, case: Case, name: str) -> list[Any]:
    return [one for one in bench.case(case.id).notices() if one.name == name]


def test_the_clock_begins_it_and_the_history_is_counted(bench: Workbench) -> None:
    """Every three months complaints are counted, frequent types found with their departments, small numbers hidden
    (HR-5.1.1 HR-5c.1.1.1 HR-5c.1.1.2 HR-5c.1.2.1)."""
    complaints(bench)
    (row,) = bench.schedule(PROCESS)
    assert row.due_at is not None
    bench.just_before(row.due_at)
    assert bench.engine.cases(process=PROCESS) == []
    bench.at(row.due_at)
    (case,) = bench.engine.cases(process=PROCESS)
    assert case.variables["figures"]["received"] == COLD + PAID + 1
    assert case.variables["frequent"][0] == {
        "type": "facilities", "department": "administration", "value": COLD, "suppressed": False,
    }  # fmt: skip
    assert "conduct" not in [one["type"] for one in case.variables["frequent"]]
    own = {one["department"]: one for one in case.variables["departments"]}
    assert own["administration"] == {
        "department": "administration", "received": COLD, "satisfaction": None, "feedback": None,
    }  # fmt: skip
    assert own["employee-relations"]["received"] is None
    assert case.task("plan-inquiry").groups == ("human-resources",)


def test_roots_are_found_by_interviews(bench: Workbench) -> None:
    """Interviews say why; only they are held if only they were chosen (HR-5c.1.2.2)."""
    case = asked(bench, "interviews")
    assert case.waiting_for == ["interview"]
    case = bench.complete(case, "interview", interviews=[{"said": "Nobody repairs it."}])
    assert case.waiting_for == ["find-roots"]


def test_roots_are_found_by_an_anonymous_questionnaire(bench: Workbench) -> None:
    """All staff are asked, answers are kept without names until their time is over, and no longer waited for then
    (HR-5c.1.2.2)."""
    case = asked(bench, "questionnaire")
    (sent,) = notices(bench, case, "questionnaire")
    assert (sent.to.group, "Why?" in sent.text) == ("all-staff", True)
    for number in (1, 2):
        bench.engine.correlate(
            "questionnaire-answer", key=case.key, data={"root": "skills", "remark": f"Remark {number}"}
        )
    due = bench.case(case.id).timers[0].due_at
    assert due == bench.calendar.due(bench.now, "5 working days").at
    bench.just_before(due)
    assert bench.case(case.id).tasks == ()
    bench.at(due)
    case = bench.case(case.id)
    assert case.waiting_for == ["find-roots"]
    assert [one["remark"] for one in case.variables["answers"]] == ["Remark 1", "Remark 2"]
    assert all(set(one) == {"department", "root", "remark"} for one in case.variables["answers"])


def test_both_ways_are_waited_for(bench: Workbench) -> None:
    """Interviews and questionnaire run beside each other; the roots wait for both (HR-5c.1.2.2)."""
    case = bench.complete(asked(bench, "both"), "interview")
    assert bench.case(case.id).tasks == ()
    bench.advance(working_days=6)
    assert bench.case(case.id).waiting_for == ["find-roots"]


def test_the_report_has_four_sections_and_goes_to_management(bench: Workbench) -> None:
    """Figures, problems, proposals and departments, presented to management, which fixes what comes first
    (HR-5.1.2 HR-5c.1.3.1 HR-5c.1.3.2)."""
    case = reported(bench)
    (report,) = notices(bench, case, "review-report")
    assert report.to.group == "management"
    for part in (
        "1. FIGURES",
        "More than ever.",
        "2. PROBLEMS",
        "It is cold.",
        "3. PROPOSALS",
        "New windows (administration)",
    ):
        assert part in report.text
    assert case.task("prioritise").groups == ("management",)


def test_a_report_that_is_late(bench: Workbench) -> None:
    """When its time is over the head of human resources hears of it, at that moment; the task stays (HR-5c.1.3.1)."""
    case = bench.complete(asked(bench), "find-roots")
    due = case.task("write-report").due_at
    assert due == bench.calendar.due(case.created_at, "20 working days").at
    bench.just_before(due)
    assert notices(bench, case, "report-late") == []
    bench.at(due)
    assert [one.to.group for one in notices(bench, case, "report-late")] == ["head-of-human-resources"]
    assert bench.case(case.id).waiting_for == ["write-report"]


def test_departments_improve_what_was_put_first(bench: Workbench) -> None:
    """Each priority goes to its department, due on its day or in the policy's time; what is late is told
    (HR-5.2.1 HR-5c.1.3.2 HR-5c.3.3.2)."""
    day = (bench.now.date().replace(day=1)).isoformat()
    year = f"{bench.now.year + 1}{day[4:]}"
    case = bench.complete(reported(bench), "prioritise", priorities=[
        {"what": "Fewer signatures", "kind": "layout", "department": "process-management", "due": year},
        {"what": "Ask sooner", "kind": "flow", "department": "human-resources"},
    ])  # fmt: skip
    tasks = {task.groups[0]: task for task in case.tasks}
    assert tasks["process-management"].due_at.astimezone(bench.calendar.zone).isoformat()[:10] == f"{year[:8]}02"
    due = tasks["human-resources"].due_at
    assert due == bench.calendar.due(bench.now, "30 working days").at
    bench.just_before(due)
    assert notices(bench, case, "improvement-late") == []
    bench.at(due)
    (late,) = notices(bench, case, "improvement-late")
    assert (late.to.group, "Ask sooner" in late.text) == ("head-of-human-resources", True)
    for task in tasks.values():
        bench.engine.complete(task.id, {"done": "Done."})
        bench.engine.drain()
    case = bench.case(case.id)
    assert [one["kind"] for one in case.variables["improvements"]] == ["layout", "flow"]
    assert case.waiting_for == ["commend"]


def test_a_person_decides_on_praise(bench: Workbench) -> None:
    """Few complaints alone commend nobody: management decides with the quality of answers beside, and all staff read it
    (HR-5c.3.2.1)."""
    case = bench.complete(bench.complete(reported(bench), "prioritise"), "commend", commendations=[
        {"who": "Administration", "reason": "Few complaints, all answered in time"}])  # fmt: skip
    (sent,) = notices(bench, case, "commendation")
    assert (sent.to.group, "Administration: Few" in sent.text) == ("all-staff", True)
    assert notices(bench, praised(bench), "commendation") == []


def test_cases_are_published_without_names_and_with_approval(bench: Workbench) -> None:
    """What is counted of chosen cases and the improvements are written up, approved by another person, and told to all
    staff (HR-5c.3.1.1)."""
    one = bench.engine.cases(process="hr")[0].id
    case = bench.complete(praised(bench), "choose-cases", chosen=[{"case": one}])
    (summary,) = bench.engine.surroundings(case.task("write-up").id).variables["summaries"]
    assert summary["process"] == "hr"
    assert "reporter" not in summary
    case = bench.complete(case, "write-up", text="It was cold, and now it is warm.")
    assert case.task("approve").groups == ("head-of-human-resources",)
    case = bench.complete(case, "approve", approved=True)
    (sent,) = notices(bench, case, "publication")
    assert (sent.to.group, "now it is warm" in sent.text) == ("all-staff", True)
    assert (case.status, case.variables["published"]) == ("completed", "It was cold, and now it is warm.")


def test_a_text_that_is_not_safe_is_not_published(bench: Workbench) -> None:
    """It is rewritten as often as the policy says, twice; then nothing goes out (HR-5c.3.1.1)."""
    case = bench.complete(praised(bench), "choose-cases")
    for attempt in range(3):
        assert case.waiting_for == ["write-up"]
        case = bench.complete(case, "write-up", text=f"Text {attempt}")
        case = bench.complete(case, "approve", approved=False, remarks="Everybody knows who it was.")
    assert (case.status, case.variables["published"]) == ("completed", None)
    assert [one.to.group for one in notices(bench, case, "not-published")] == ["human-resources"]
    assert notices(bench, case, "publication") == []


def test_whoever_wrote_does_not_approve(bench: Workbench) -> None:
    """Whether anybody can be recognised is judged by a second person, and the text waits for it (HR-5c.3.1.1)."""
    bundle = bench.engine.library.newest(PROCESS)
    rule = bundle.policy.separations["publication"]
    assert (rule.tasks, rule.apart_from) == (("approve",), ("write-up",))
    marks = {node.bpmn_id: node for spec in bundle.program.flows.values() for node in spec.nodes}
    assert marks["publish"].properties["commits"] == marks["approve"].properties["decides"] == "publication"


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (HR-5.1.1 HR-5c.1.3.1)."""
    coverage = bench.coverage(PROCESS)
    print(coverage)
    assert coverage.missing == []
