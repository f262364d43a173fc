"""Rooms are checked by a list, and what is broken is repaired before somebody has to complain."""

from __future__ import annotations

from complaintflow.facade.views import Case
from complaintflow.testing import Workbench

PROCESS = "hr-facilities"
DEFECTS = [
    {"area": "Rest area", "defect": "The tap drips"},
    {"area": "Washrooms"},
    {"area": "Lifts", "defect": "A loose handrail", "urgent": True},
]


def told(bench: Workbench, case: Case, name: str) -> list[str | None]:
    return [notice.to.group for notice in bench.case(case.id).notices() if notice.name == name]


def test_the_clock_begins_it_with_the_list(bench: Workbench) -> None:
    """Every month the areas of the policy file are checked; where all is in order that is all (HR-5c.3.3.1)."""
    (row,) = bench.schedule(PROCESS)
    assert row.due_at is not None
    bench.just_before(row.due_at)
    assert bench.engine.cases(process=PROCESS) == []
    bench.at(row.due_at)
    (case,) = bench.engine.cases(process=PROCESS)
    assert case.task("check").groups == ("administration",)
    areas = bench.engine.surroundings(case.task("check").id).variables["areas"]
    assert [one["area"] for one in areas][:2] == ["Rest area", "Washrooms"]
    case = bench.complete(case, "check", areas=areas)
    assert (case.status, case.notices()) == ("completed", [])


def test_defects_are_repaired_and_staff_hear_of_it(bench: Workbench) -> None:
    """Each defect is repaired in its time, urgent ones within hours, and staff read it (HR-5c.3.3.1)."""
    case = bench.complete(bench.start(PROCESS, occasion="Building work"), "check", areas=DEFECTS)
    dues = [task.due_at for task in sorted(case.tasks, key=lambda task: task.due_at or task.created_at)]
    assert dues == [bench.calendar.due(bench.now, span).at for span in ("24 hours", "10 working days")]
    for task in case.tasks:
        bench.engine.complete(task.id, {"repaired": "As new."})
        bench.engine.drain()
    case = bench.case(case.id)
    assert (case.status, told(bench, case, "repaired")) == ("completed", ["all-staff"])
    assert "Lifts: As new." in case.notices()[-1].text


def test_a_check_that_is_late(bench: Workbench) -> None:
    """When its time is over the head of administration hears of it, at that moment; the task stays (HR-5c.3.3.1)."""
    case = bench.start(PROCESS)
    due = case.task("check").due_at
    assert due == bench.calendar.due(bench.now, "3 working days").at
    bench.just_before(due)
    assert told(bench, case, "check-late") == []
    bench.at(due)
    assert told(bench, case, "check-late") == ["head-of-administration"]
    assert bench.case(case.id).waiting_for == ["check"]


def test_a_repair_that_is_late(bench: Workbench) -> None:
    """Each repair has its own clock, and the head hears of the late one only (HR-5c.3.3.1)."""
    case = bench.complete(bench.start(PROCESS), "check", areas=DEFECTS)
    due = min(task.due_at for task in case.tasks if task.due_at)
    bench.just_before(due)
    assert told(bench, case, "repair-late") == []
    bench.at(due)
    assert told(bench, case, "repair-late") == ["head-of-administration"]
    assert "A loose handrail" in bench.case(case.id).notices()[-1].text
    assert bench.case(case.id).waiting_for == ["repair", "repair"]


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (HR-5c.3.3.1)."""
    coverage = bench.coverage(PROCESS)
    print(coverage)
    assert coverage.missing == []
