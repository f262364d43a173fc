"""The regular report to management: counted, analysed, acted on; a person decides what counts in an appraisal."""

from __future__ import annotations

import pytest

from complaintflow.errors import InvalidData
from complaintflow.facade.views import Case
from complaintflow.testing import Workbench
from tests.scenarios.wedding_steps import (
    begun_by_clock,
    closed_complaints,
    costly_complaint,
    every_path,
    sent,
    watched,
)

PROCESS = "wedding-report"
AGAINST = {"person": "Li Wei", "counts": "against", "reason": "Did not call back twice.", "statement": "I was ill."}


def concluded(bench: Workbench, case: Case) -> Case:
    """Training, costs and appraisal are done."""
    case = bench.complete(case, "plan-training", training_plan=[{"topic": "Listening", "kind": "service"}])
    case = bench.complete(
        case,
        "control-costs",
        cost_review="Half of it is repeated filming.",
        control_points=[{"point": "Call sheet", "measure": "Signed the day before"}],
    )
    return bench.complete(case, "appraise", appraisals=[AGAINST], appraised_by="wu.lan")


def test_the_clock_has_the_quarter_reported(bench: Workbench) -> None:
    """Every quarter the complaints are counted, analysed and reported to management, which decides; the figures are
    those of the quarter that was over (WED-4.1.c WED-5.1.b WED-6.1.c)."""
    closed_complaints(bench, 6)
    assert costly_complaint(bench).status == "completed"
    case = begun_by_clock(bench, PROCESS)
    figures = case.variables["figures"]
    assert (figures["period"]["name"], figures["received"], figures["ended"]) == ("2026Q1", 7, 7)
    assert figures["cost"] == 800
    (bearer,) = [one["bearer"] for one in figures["parts"]["cost"] if one.get("bearer")]
    assert case.task("analyse").groups == ("complaint-tracking",)
    case = bench.complete(
        case, "analyse", analysis="Six notes, none formal.", weak_points=[{"point": "Flowers", "cause": "One supplier"}]
    )
    assert set(case.waiting_for) == {"plan-training", "control-costs", "appraise"}
    assert sent(bench, case, "quarter-report") == []
    case = concluded(bench, case)
    assert sent(bench, case, "quarter-report") == ["management"]
    text = next(one.text for one in case.notices() if one.name == "quarter-report")
    for part in (
        "Complaints received: 7",
        f"Cost borne by {bearer}: ",
        "Weak: Flowers (One supplier)",
        "Call sheet: Signed",
        "Listening",
    ):
        assert part in text
    assert "Li Wei" not in text
    case = bench.complete(case, "decide", decision="A second supplier.")
    assert case.status == "completed"


def test_the_analysis_becomes_training(bench: Workbench) -> None:
    """What is weak becomes a plan, and each line of the plan begins a training (WED-5.1.b WED-5.2.a)."""
    before = len(bench.engine.cases(process="wedding-training"))
    case = bench.complete(bench.start(PROCESS, {"occasion": "A bad May"}), "analyse", analysis="Nobody listens.")
    plan = [{"topic": "Listening", "kind": "service"}, {"topic": "Fire", "kind": "safety", "audience": "venue"}]
    case = bench.complete(case, "plan-training", training_plan=plan)
    begun = [bench.case(one) for one in case.variables["trainings"]]
    assert [(one.variables["topic"], one.variables["kind"]) for one in begun] == [
        ("Listening", "service"),
        ("Fire", "safety"),
    ]
    assert {one.variables["origin"] for one in begun} == {case.id}
    assert len(bench.engine.cases(process="wedding-training")) == before + 2


def test_a_person_decides_what_counts_in_an_appraisal(bench: Workbench) -> None:
    """Nobody is marked down without a reason and without having been heard, the record says who decided, and there is
    no report before (WED-4.2.a)."""
    case = bench.complete(bench.start(PROCESS, {}), "analyse", analysis="Quiet.")
    unheard = {key: value for key, value in AGAINST.items() if key != "statement"}
    for wrong in ({"appraisals": [unheard], "appraised_by": "wu.lan"}, {"appraisals": [AGAINST]}):
        with pytest.raises(InvalidData):
            bench.complete(case, "appraise", wrong)
    assert case.task("appraise").groups == ("personnel",)
    case = concluded(bench, case)
    assert case.variables["appraised_by"] == "wu.lan"
    assert case.variables["appraisals"][0]["statement"] == "I was ill."


def test_what_is_late_is_told(bench: Workbench) -> None:
    """Analysis, training plan, costs, appraisal and the decision each have a time, and management hears when it is
    over (WED-4.1.c WED-5.1.b WED-6.1.c WED-4.2.a)."""
    case = watched(bench, bench.start(PROCESS, {}), "analyse")
    case = bench.complete(case, "analyse", analysis="Late, but here.")
    moment = bench.calendar.due(bench.now, "5 working days").at
    bench.just_before(moment)
    assert sent(bench, case, "step-late") == ["management"]
    bench.at(moment)
    assert sent(bench, case, "step-late") == ["management"] * 4
    watched(bench, concluded(bench, case), "decide")


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (WED-4.1.c WED-4.2.a WED-5.1.b WED-6.1.c)."""
    every_path(bench, PROCESS)
