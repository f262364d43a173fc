"""Every quarter the work under a policy is counted and evaluated, and what it shows is acted on."""

from __future__ import annotations

from typing import Any

from complaintflow.facade.views import Case
from complaintflow.testing import Workbench

PROCESS = "policy-review"
COMPLAINTS = 7


def complaints(bench: Workbench) -> None:
    """Some complaints of the office in the first quarter of 2026: most about rooms, one about a printer."""
    for number in range(COMPLAINTS):
        case = bench.start("office", {"channel": "web", "content": f"Matter {number}"})
        bench.complete(case, "register", summary="It is cold", category="facilities" if number else "it")


def counted(bench: Workbench, **more: Any) -> Case:
    """A review that a person began."""
    return bench.start(PROCESS, {"regulation": "office", "title": "Office complaints", **more})


def test_the_clock_begins_a_review_of_each_policy(bench: Workbench) -> None:
    """Every three months each policy that the policy file lists is reviewed, at that moment and not before
    (OFF-7.3.b)."""
    complaints(bench)
    (row,) = bench.schedule(PROCESS)
    assert row.due_at is not None
    bench.just_before(row.due_at)
    assert bench.engine.cases(process=PROCESS) == []
    bench.at(row.due_at)
    begun = [bench.case(case.id) for case in bench.engine.cases(process=PROCESS)]
    reviews = [case for case in begun if case.waiting_for == ["evaluate"]]
    assert [(case.variables["regulation"], case.task("evaluate").groups) for case in reviews] == [
        ("office", ("office",))
    ]
    assert [case.status for case in begun if case not in reviews] == ["completed"]
    assert reviews[0].variables["title"] == "office"


def test_the_figures_are_counted_evaluated_and_reported(bench: Workbench) -> None:
    """Number, types, satisfaction and other indicators of the quarter that is over are counted from the history,
    evaluated and reported; a number so small that it would tell of somebody is not shown (OFF-7.3.b OFF-7.3.c)."""
    case = counted(bench)
    figures = case.variables["figures"]
    assert (figures["period"]["name"], figures["received"]) == ("2026Q1", COMPLAINTS)
    assert figures == {**bench.engine.figures("office", "2026Q1").plain(), "period": figures["period"]}
    assert {one["type"] for one in figures["parts"]["received"] if "type" in one} == {"facilities", "it"}
    case = bench.complete(
        case, "evaluate", analysis="Fewer, and answered sooner.", remedy="none", more_figures="2 calls"
    )
    assert case.status == "completed"
    (report,) = [notice for notice in case.notices() if notice.name == "quarter-report"]
    assert report.to.group == "office-head"
    for part in ("2026Q1", f"Complaints received: {COMPLAINTS}", "it: few", "Fewer", "Nothing has to"):
        assert part in report.text + report.subject


def test_a_figure_that_is_not_known_is_left_out(bench: Workbench) -> None:
    """What nobody answered is not reported as nought: without an answer there is no satisfaction (OFF-7.3.c)."""
    case = bench.complete(
        counted(bench, regulation="grievance"), "evaluate", analysis="A quiet quarter.", remedy="none"
    )
    text = case.notices()[-1].text
    assert "Complaints received: 0" in text
    assert "Satisfied" not in text


def test_a_problem_of_the_flow_is_adjusted(bench: Workbench) -> None:
    """Problems lead to a change of how people work, within its time, and the report says which (OFF-7.3.d)."""
    problems = [{"problem": "Letters lie for days", "cause": "One keeper"}]
    case = bench.complete(counted(bench), "evaluate", analysis="Slow.", remedy="flow", problems=problems)
    assert case.task("adjust").due_at == bench.calendar.due(bench.now, "15 working days").at
    case = bench.complete(case, "adjust", adjustment="A second keeper.")
    assert case.status == "completed"
    assert "Letters lie for days (One keeper)" in case.notices()[-1].text
    assert "The flow was changed: A second keeper." in case.notices()[-1].text


def test_a_problem_of_the_policy_begins_its_change(bench: Workbench) -> None:
    """Where the policy itself is at fault, its change begins with what the review found, with its owner
    (OFF-7.3.d OFF-6.1.a EMP-6.1)."""
    problems = [{"problem": "No time for answers"}, {"problem": "No appeal"}]
    case = counted(bench, regulation="grievance", owner="human-resources")
    case = bench.complete(case, "evaluate", analysis="People wait.", remedy="policy", problems=problems)
    assert case.status == "completed"
    change = bench.case(case.variables["policy_change"])
    told = {name: change.variables[name] for name in ("regulation", "purpose", "reason", "problems", "origin")}
    assert told == {
        "regulation": "grievance", "purpose": "change", "reason": "People wait.",
        "problems": "No time for answers; No appeal", "origin": case.id,
    }  # fmt: skip
    assert change.task("draft").groups == ("human-resources",)


def test_a_review_that_is_late(bench: Workbench) -> None:
    """A review that is not finished in time is told to the owner's supervisor at that moment, and stays open
    (OFF-7.3.b)."""
    case = counted(bench)
    due = case.task("evaluate").due_at
    assert due == bench.calendar.due(bench.now, "10 working days").at
    bench.just_before(due)
    assert bench.case(case.id).notices() == []
    bench.at(due)
    case = bench.case(case.id)
    assert [(notice.name, notice.to.group) for notice in case.notices()] == [("review-late", "office-head")]
    assert case.waiting_for == ["evaluate"]


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (OFF-7.3.b OFF-7.3.d)."""
    coverage = bench.coverage(PROCESS)
    print(coverage)
    assert coverage.missing == []
