"""Many employees complain of one thing: the emergency plan begins by itself."""

from __future__ import annotations

from complaintflow import Case
from complaintflow.testing import Workbench
from tests.scenarios.test_hr import ASSESS, opened

PLAN = "hr-emergency"


def plans(bench: Workbench) -> list[Case]:
    """The emergency plans that were begun, the latest first."""
    return bench.engine.cases(process=PLAN)


def test_more_than_five_similar_complaints_within_24_hours_begin_the_plan(bench: Workbench) -> None:
    """The sixth of one type and department begins the plan, and those that follow do not; five begin none
    (HR-6.1.1.1)."""
    for number in range(1, 9):
        case = opened(bench, ASSESS)
        assert len(plans(bench)) == (number > 5)
        bench.advance(hours=1)
    plan = bench.case(plans(bench)[0].id)
    assert plan.waiting_for == ["take-charge"]
    told = plan.variables["surge"]
    assert told["of"] == {"type": case.variables["category"], "department": case.variables["department"]["group"]}
    assert told["count"] == 6


def test_the_same_over_two_days_begins_nothing(bench: Workbench) -> None:
    """As many, further apart, are everyday work (HR-6.1.1.1)."""
    bench.advance(days=3)
    before = len(plans(bench))
    for _ in range(8):
        opened(bench, ASSESS)
        bench.advance(hours=6)
    assert len(plans(bench)) == before
