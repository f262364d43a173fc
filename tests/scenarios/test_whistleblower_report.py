"""Every quarter the office reports to the leadership, and people decide what follows for whom."""

from __future__ import annotations

from typing import Any

import pytest

from complaintflow.facade.views import Case
from complaintflow.testing import Workbench

PROCESS = "whistleblower-report"
REPORTS = 6


def reports(bench: Workbench) -> None:
    """Reports about corruption, one about service; one is turned away."""
    for number in range(REPORTS):
        case = bench.start("whistleblower", {"channel": "web", "content": f"Matter {number}", "anonymous": True})
        case = bench.complete(case, "register", summary="Money", category="report")
        if number:
            case = bench.complete(case, "assess", admissible=True)
            bench.complete(case, "classify", kind="corruption")
        else:
            bench.complete(case, "assess", admissible=False, refusal_reason="Not ours.")


def analysed(bench: Workbench) -> Case:
    """The report is with the leadership."""
    proposals = [{"proposal": "Two signatures", "department": "purchasing"}]
    return bench.complete(
        bench.start(PROCESS), "analyse", lessons="Ask sooner.", problems="Old lists.", proposals=proposals
    )


def appraising(bench: Workbench) -> Case:
    return bench.complete(analysed(bench), "guide", guidance="Go on.")


def appraised(bench: Workbench, **more: Any) -> Case:
    """Somebody stands out."""
    return bench.complete(appraising(bench), "appraise", appraisals=[{"who": "Purchasing", "grounds": "Late", **more}])


def notices(bench: Workbench, case: Case, name: str) -> list[Any]:
    return [one for one in bench.case(case.id).notices() if one.name == name]


def test_the_clock_begins_it_and_the_history_is_counted(bench: Workbench) -> None:
    """Every three months the office's work is counted: acceptance, handling, satisfaction and answers in time, as a
    whole and by department (WB-5.2.2 WB-7.2.1.a WB-7.2.1.b)."""
    reports(bench)
    (row,) = bench.schedule(PROCESS)
    assert row.due_at is not None
    bench.just_before(row.due_at)
    assert bench.engine.cases(process=PROCESS) == []
    bench.at(row.due_at)
    (case,) = bench.engine.cases(process=PROCESS)
    figures = case.variables["figures"]
    assert (figures["received"], float(figures["acceptance"]), figures["period"]["name"]) == (REPORTS, 83.33, "2026Q1")
    assert {"handling", "satisfaction", "feedback"} <= set(figures)
    (own,) = case.variables["departments"]
    assert set(own) == {"department", "received", "acceptance", "handling", "satisfaction", "feedback"}
    assert (own["department"], own["received"]) == ("compliance", None)
    assert case.task("analyse").groups == ("reporting-office",)


def test_lessons_and_proposals_go_to_the_leadership_which_guides(bench: Workbench) -> None:
    """The office reports what it learnt and proposes; the leadership answers, and the office reads it
    (WB-5.2.2 WB-7.1.2)."""
    case = analysed(bench)
    (report,) = notices(bench, case, "leadership-report")
    assert report.to.group == "leadership"
    for part in ("Ask sooner.", "Old lists.", "Two signatures (purchasing)"):
        assert part in report.text
    assert case.task("guide").groups == ("leadership",)
    case = bench.complete(case, "guide", guidance="Begin with purchasing.")
    (word,) = notices(bench, case, "guidance")
    assert (word.to.group, "Begin with purchasing." in word.text) == ("reporting-office", True)
    case = bench.complete(case, "appraise")
    assert (case.status, case.variables["consequences"]) == ("completed", [])


def test_a_report_that_is_late(bench: Workbench) -> None:
    """When its time is over the leadership hears of it, at that moment; the task stays (WB-7.1.2)."""
    case = bench.start(PROCESS)
    due = case.task("analyse").due_at
    assert due == bench.calendar.due(bench.now, "10 working days").at
    bench.just_before(due)
    assert notices(bench, case, "report-late") == []
    bench.at(due)
    assert [one.to.group for one in notices(bench, case, "report-late")] == ["leadership"]
    assert bench.case(case.id).waiting_for == ["analyse"]


def test_good_work_is_rewarded_by_a_person(bench: Workbench) -> None:
    """The table proposes a reward, the leadership decides and says why (WB-7.2.1.a WB-7.2.2.a)."""
    case = appraised(bench, performance="good")
    assert bench.engine.surroundings(case.task("decide").id).variables["measure"] == "reward"
    case = bench.complete(case, "decide", measure="commend", reason="All answers in time.")
    (order,) = notices(bench, case, "consequence")
    assert (order.to.group, "commended" in order.text, "All answers in time." in order.text) == (
        "appraisal",
        True,
        True,
    )
    assert case.variables["consequences"] == [
        {"who": "Purchasing", "measure": "commend", "reason": "All answers in time."}
    ]


@pytest.mark.parametrize(
    ("gravity", "effects", "proposed"),
    [("slight", False, "criticise"), ("slight", True, "hold_to_account"), ("serious", False, "hold_to_account"),
     ("grave", False, "penalty")],
)  # fmt: skip
def test_poor_work_has_consequences_by_its_gravity(
    bench: Workbench, gravity: str, effects: bool, proposed: str
) -> None:
    """The table proposes by gravity; whoever is concerned is heard first, and a person decides (WB-7.2.2.b)."""
    case = appraised(bench, performance="poor", gravity=gravity, bad_effects=effects)
    assert case.waiting_for == ["hear"]
    case = bench.complete(case, "hear", statement="I was ill.")
    assert bench.engine.surroundings(case.task("decide").id).variables["measure"] == proposed
    case = bench.complete(
        case, "decide", measure=proposed, reason="So it was.", **({"fine": 100} if proposed == "penalty" else {})
    )
    assert ("100" in notices(bench, case, "consequence")[0].text) == (proposed == "penalty")


def test_nothing_may_follow(bench: Workbench) -> None:
    """The decision is the leadership's: nothing follows where it says so, whatever was proposed (WB-7.2.2.b)."""
    case = bench.complete(appraised(bench, performance="poor", gravity="grave"), "hear", statement="It was not me.")
    case = bench.complete(case, "decide", measure="none", reason="It was not them.")
    assert (case.status, notices(bench, case, "consequence")) == ("completed", [])
    ordinary = appraised(bench, performance="ordinary")
    assert bench.engine.surroundings(ordinary.task("decide").id).variables["measure"] == "none"


def test_whoever_appraises_does_not_decide(bench: Workbench) -> None:
    """Appraisal and decision are two people's (WB-7.2.1.a WB-7.2.2.b)."""
    rule = bench.engine.library.newest(PROCESS).policy.separations["decision"]
    assert (rule.tasks, rule.apart_from) == (("decide",), ("appraise", "hear"))


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (WB-5.2.2 WB-7.1.2 WB-7.2.2.b)."""
    coverage = bench.coverage(PROCESS)
    print(coverage)
    assert coverage.missing == []
