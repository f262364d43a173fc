"""A supervision group looks at cases drawn by lot, orders what has to be put right, and sees that it is."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from complaintflow.facade.views import Case
from complaintflow.figures import Period
from complaintflow.testing import Workbench

PROCESS = "whistleblower-spot-check"
REPORTS = 7


def closed(bench: Workbench) -> list[str]:
    """Reports that were not admitted: they end in the quarter in which they began."""
    found = []
    for number in range(REPORTS):
        case = bench.start("whistleblower", {"channel": "web", "content": f"Matter {number}", "anonymous": True})
        case = bench.complete(case, "register", summary=f"Matter {number}", category="report")
        found.append(bench.complete(case, "assess", admissible=False, refusal_reason="Not ours.").id)
    assert {bench.case(one).status for one in found} == {"completed"}
    return found


def begun(bench: Workbench, **more: Any) -> Case:
    """The examiners are named and the lot is drawn, from cases of the quarter before."""
    if not bench.engine.figures("whistleblower", last_quarter(bench)).get("ended").value:
        closed(bench)
        bench.advance(days=92)
    case = bench.start(PROCESS, **more)
    return bench.complete(case, "name-examiners", examiners=[{"name": "Gao Lin"}], independent=True)


def last_quarter(bench: Workbench) -> str:
    return Period.ended("quarter", bench.now, bench.calendar.zone).name


def examined(bench: Workbench, **more: Any) -> Case:
    """One case was drawn and something was wrong."""
    case = begun(bench, size=1, **more)
    return bench.complete(case, "examine", in_order=False, finding="Nobody answered.")


def ordered(bench: Workbench, due: str | None = None) -> Case:
    order = {"what": "Answer the reporter."} | ({"due": due} if due else {})
    return bench.complete(examined(bench), "order", orders=[order])


def told(bench: Workbench, case: Case, name: str) -> list[str | None]:
    return [notice.to.group for notice in bench.case(case.id).notices() if notice.name == name]


def test_a_quarter_without_cases(bench: Workbench) -> None:
    """The clock begins a check every three months; where no case ended there is nothing to check (WB-7.1.1.b)."""
    (row,) = bench.schedule(PROCESS)
    assert row.due_at is not None
    bench.just_before(row.due_at)
    assert bench.engine.cases(process=PROCESS) == []
    bench.at(row.due_at)
    (case,) = bench.engine.cases(process=PROCESS)
    assert case.task("name-examiners").groups == ("report-supervision",)
    case = bench.complete(case, "name-examiners", independent=True)
    assert (case.status, case.variables["drawn"]) == ("completed", [])


def test_the_lot_can_be_drawn_again(bench: Workbench) -> None:
    """As many cases as the policy says are drawn, and anybody can work out from the check's id which (WB-7.1.1.b)."""
    ids = closed(bench)
    bench.advance(days=92)
    quarter = last_quarter(bench)
    case = begun(bench)
    lots = sorted(ids, key=lambda one: hashlib.sha256(f"{case.id}/{quarter}/{one}".encode()).digest())
    assert [one["case"] for one in case.variables["drawn"]] == lots[:5]
    assert len(begun(bench, size=2).variables["drawn"]) == 2
    assert [task.groups for task in case.tasks] == [("report-supervision",)] * 5


def test_the_group_sees_no_reporter(bench: Workbench) -> None:
    """Whoever examines gets what was counted of the case, and nothing that was said in it (WB-7.1.1.a WB-7.1.1.b)."""
    case = begun(bench, size=1)
    seen = bench.engine.surroundings(case.task("examine").id).variables
    assert seen["case_summary"]["process"] == "whistleblower"
    assert seen["case_summary"]["accepted"] is False
    assert "Matter" not in str(seen)


def test_cases_in_order(bench: Workbench) -> None:
    """If everything is in order the leadership reads that, and nobody has to put anything right (WB-7.1.1.b)."""
    case = bench.complete(begun(bench, size=1), "examine", in_order=True)
    assert case.status == "completed"
    assert told(bench, case, "spot-check-report") == ["leadership"]
    assert "in order" in case.notices()[-1].text


def test_an_examination_that_is_late(bench: Workbench) -> None:
    """When its time is over the leadership hears of it, at that moment; the task stays (WB-7.1.1.b)."""
    case = begun(bench, size=1)
    due = case.task("examine").due_at
    assert due == bench.calendar.due(bench.now, "10 working days").at
    bench.just_before(due)
    assert told(bench, case, "check-late") == []
    bench.at(due)
    assert told(bench, case, "check-late") == ["leadership"]
    assert bench.case(case.id).waiting_for == ["examine"]


def test_a_rectification_is_ordered_done_and_verified(bench: Workbench) -> None:
    """The office puts right what the group ordered, the group looks, and the leadership reads both (WB-7.1.1.b)."""
    case = ordered(bench)
    assert case.task("rectify").groups == ("reporting-office",)
    case = bench.complete(case, "rectify", done="Answered today.")
    assert case.task("verify").groups == ("report-supervision",)
    case = bench.complete(case, "verify", put_right=True)
    assert case.status == "completed"
    text = case.notices()[-1].text
    assert ("Nobody answered." in text, "Answer the reporter.: done" in text) == (True, True)


def test_a_rectification_that_is_late(bench: Workbench) -> None:
    """An order is due on its day or in the policy's time; then the leadership hears of it (WB-7.1.1.b)."""
    case = ordered(bench)
    due = case.task("rectify").due_at
    assert due == bench.calendar.due(bench.now, "10 working days").at
    bench.just_before(due)
    assert told(bench, case, "rectification-late") == []
    bench.at(due)
    assert told(bench, case, "rectification-late") == ["leadership"]
    day = (bench.now + timedelta(days=3)).date()
    due = ordered(bench, day.isoformat()).task("rectify").due_at
    assert due == datetime.combine(day + timedelta(days=1), datetime.min.time(), bench.calendar.zone)


def test_a_rectification_that_fails_twice(bench: Workbench) -> None:
    """What is still wrong goes back with a remark; after the policy's number of checks the leadership has it
    (WB-7.1.1.b)."""
    case = ordered(bench)
    for attempt in (1, 2):
        assert (case.waiting_for, attempt) == (["rectify"], attempt)
        case = bench.complete(case, "rectify", done="Well.")
        case = bench.complete(case, "verify", put_right=False, remark="Still no answer.")
    assert case.status == "completed"
    assert told(bench, case, "not-rectified") == ["leadership"]
    assert case.variables["rectifications"][0]["checks"] == 2


def test_the_group_is_disjoint_from_the_office(bench: Workbench) -> None:
    """Other groups, and nobody who checks puts right, nor the other way round (WB-7.1.1.a)."""
    policy = bench.engine.library.newest(PROCESS).policy
    assert policy.roles["supervision"].group != policy.roles["office"].group
    for name, tasks, others in (
        ("supervision", ("examine", "order", "verify"), ("rectify",)),
        ("office", ("rectify",), ("examine", "order", "verify")),
    ):
        assert (policy.separations[name].tasks, policy.separations[name].apart_from) == (tasks, others)


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (WB-7.1.1.a WB-7.1.1.b)."""
    coverage = bench.coverage(PROCESS)
    print(coverage)
    assert coverage.missing == []
