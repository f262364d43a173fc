"""Many employees complain of one thing: the emergency plan begins by itself."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from complaintflow import Case
from complaintflow.testing import Workbench
from tests.scenarios.test_hr import ASSESS, opened, steps

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


def waiting(bench: Workbench, number: int, *, hours: float = 0) -> list[Case]:
    """So many complaints of one kind that nobody has assessed yet, so many hours apart."""
    found = []
    for _ in range(number):
        found.append(opened(bench))
        bench.advance(hours=hours)
    return found


def test_a_complaint_counts_from_its_assessment(bench: Workbench) -> None:
    """Type and department are known when a complaint is assessed, not when it is received: six received within an hour
    begin the plan with the sixth assessment (HR-6.1.1.1 HR-3.1.1.a)."""
    bench.advance(days=3)
    before = len(plans(bench))
    for number, case in enumerate(waiting(bench, 6, hours=0.1), 1):
        assert len(plans(bench)) == before
        steps(bench, case, ASSESS)
        assert len(plans(bench)) == before + (number == 6)
    told = bench.case(plans(bench)[0].id).variables["surge"]
    assert told["last_at"] == bench.now.astimezone(UTC).isoformat(timespec="microseconds")


def test_received_apart_and_assessed_together(bench: Workbench) -> None:
    """Six that came over two days and are all assessed in one hour are a surge: what is counted is when they became
    known to be similar (HR-6.1.1.1)."""
    bench.advance(days=3)
    before = len(plans(bench))
    for case in waiting(bench, 6, hours=8):
        steps(bench, case, ASSESS)
    assert len(plans(bench)) == before + 1


@pytest.mark.parametrize(("late", "begun"), [(0, 1), (1, 0)])
def test_the_edge_of_the_window(bench: Workbench, late: int, begun: int) -> None:
    """The sixth assessment exactly 24 hours after the first begins the plan, and a microsecond later it does not,
    though all six were received at one time (HR-6.1.1.1)."""
    bench.advance(days=3)
    before = len(plans(bench))
    *five, sixth = waiting(bench, 6)
    for case in five:
        steps(bench, case, ASSESS)
    bench.at(bench.now + timedelta(hours=24, microseconds=late))
    steps(bench, sixth, ASSESS)
    assert len(plans(bench)) == before + begun
