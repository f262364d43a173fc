"""All staff name teams, each department has a vote, and management names the winner and says why."""

from __future__ import annotations

from complaintflow.facade.views import Case
from complaintflow.testing import Workbench

PROCESS = "hr-service-team"
TEAMS = [
    {"team": "Front desk", "department": "administration", "reason": "They know everybody."},
    {"team": "Payroll", "department": "compensation-benefits", "reason": "Answers the same day."},
]
VOTERS = ("employee-services", "process-management", "administration", "compensation-benefits", "employee-relations")


def voting(bench: Workbench) -> Case:
    return bench.complete(bench.start(PROCESS, occasion="Year's end"), "nominate", nominations=TEAMS)


def vote(bench: Workbench, case: Case, **votes: str) -> Case:
    for task in bench.case(case.id).tasks:
        if task.groups[0].replace("-", "_") in votes:
            bench.engine.complete(task.id, {"team": votes[task.groups[0].replace("-", "_")]})
            bench.engine.drain()
    return bench.case(case.id)


def told(bench: Workbench, case: Case, name: str) -> list[str | None]:
    return [notice.to.group for notice in bench.case(case.id).notices() if notice.name == name]


def test_the_clock_begins_it(bench: Workbench) -> None:
    """Once a year all staff are asked for names; where none comes there is no election (HR-5c.3.2.2)."""
    (row,) = bench.schedule(PROCESS)
    assert row.due_at is not None
    bench.just_before(row.due_at)
    assert bench.engine.cases(process=PROCESS) == []
    bench.at(row.due_at)
    (case,) = bench.engine.cases(process=PROCESS)
    assert told(bench, case, "call-for-names") == ["all-staff"]
    case = bench.complete(case, "nominate")
    assert (case.status, told(bench, case, "winner")) == ("completed", [])


def test_nominations_that_are_late(bench: Workbench) -> None:
    """When the time for names is over the head hears of it, at that moment; the task stays (HR-5c.3.2.2)."""
    case = bench.start(PROCESS)
    due = case.task("nominate").due_at
    assert due == bench.calendar.due(bench.now, "10 working days").at
    bench.just_before(due)
    assert told(bench, case, "nominations-late") == []
    bench.at(due)
    assert told(bench, case, "nominations-late") == ["head-of-human-resources"]
    assert bench.case(case.id).waiting_for == ["nominate"]


def test_each_department_votes_but_not_for_its_own(bench: Workbench) -> None:
    """One vote for each department; a vote for the own team does not count (HR-5c.3.2.2)."""
    case = voting(bench)
    assert sorted(task.groups[0] for task in case.tasks) == sorted(VOTERS)
    case = vote(
        bench, case, employee_services="Payroll", process_management="Payroll", administration="Front desk",
        compensation_benefits="Payroll", employee_relations="Front desk",
    )  # fmt: skip
    assert [(one["team"], one["votes"]) for one in case.variables["tally"]] == [("Payroll", 2), ("Front desk", 1)]
    assert case.task("name-winner").groups == ("management",)


def test_silence_is_no_vote(bench: Workbench) -> None:
    """When the time for votes is over whoever was silent has voted for nobody (HR-5c.3.2.2)."""
    case = vote(bench, voting(bench), employee_services="Front desk")
    due = case.tasks[0].due_at
    assert due == bench.calendar.due(bench.now, "5 working days").at
    bench.just_before(due)
    assert bench.case(case.id).waiting_for == ["vote"] * 4
    bench.at(due)
    case = bench.case(case.id)
    assert (case.waiting_for, case.variables["tally"][0]["votes"]) == (["name-winner"], 1)


def test_a_person_names_the_winner_and_says_why(bench: Workbench) -> None:
    """The votes propose; management may name another nominated team, and all staff read why (HR-5c.3.2.2)."""
    case = vote(bench, voting(bench), **{name.replace("-", "_"): "Payroll" for name in VOTERS})
    assert bench.engine.surroundings(case.task("name-winner").id).variables["winner"] == "Payroll"
    case = bench.complete(case, "name-winner", winner="Front desk", winner_reason="Payroll won last year.")
    assert (case.status, told(bench, case, "winner")) == ("completed", ["all-staff"])
    for part in ("Payroll won last year.", "Payroll: 4"):
        assert part in case.notices()[-1].text


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (HR-5c.3.2.2)."""
    coverage = bench.coverage(PROCESS)
    print(coverage)
    assert coverage.missing == []
