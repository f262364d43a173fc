"""The first months of a policy: its owner looks regularly, sets right what is wrong, and says what it means."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from complaintflow.facade.views import Case
from complaintflow.testing import Workbench

PROCESS = "policy-supervision"
WELL = {"followed": True, "returned": True}


def watched(bench: Workbench, **more: Any) -> Case:
    """A policy that is in force from now on."""
    return bench.start(PROCESS, {"regulation": "office", "title": "Office complaints", **more})


def due(bench: Workbench, case: Case, element: str) -> datetime:
    """When a timer of the case fires."""
    (timer,) = [timer for timer in bench.case(case.id).timers if timer.element == element]
    return timer.due_at


def checking(bench: Workbench, case: Case) -> Case:
    """The next check is due."""
    bench.at(due(bench, case, "next-check"))
    return bench.case(case.id)


def told(bench: Workbench, case: Case, name: str) -> list[str | None]:
    return [notice.to.group for notice in bench.case(case.id).notices() if notice.name == name]


def test_the_owner_checks_regularly(bench: Workbench) -> None:
    """Every two weeks from the last check the owner looks whether the flow is followed and results are returned; what
    was looked at and found is kept (OFF-7.3.a)."""
    case = watched(bench)
    for number in (1, 2):
        moment = due(bench, case, "next-check")
        assert moment == bench.calendar.due(bench.now, "2 weeks").at
        bench.just_before(moment)
        assert bench.case(case.id).tasks == ()
        case = checking(bench, case)
        assert case.task("check").groups == ("office",)
        case = bench.complete(case, "check", WELL, looked_at=[{"case": "A-1"}, {"case": "A-2"}])
        assert len(case.variables["checks"]) == number
    assert [one["cases"] for one in case.variables["checks"]] == [2, 2]


def notes(bench: Workbench, number: int) -> set[str]:
    """So many cases that are over at this moment: notes that are no complaints."""
    begun = [bench.start("quick-note", {"channel": "phone", "content": "Lost umbrella."}) for _ in range(number)]
    return {bench.complete(case, "sort", is_complaint=False, dismissal_reason="Lost property.").key for case in begun}


def drawn(bench: Workbench, case: Case) -> set[str]:
    """The keys of the cases that the form begins with."""
    around = bench.engine.surroundings(case.task("check").id)
    return {one["case"] for one in around.variables["looked_at"]}


def test_cases_are_drawn_by_lot(bench: Workbench) -> None:
    """Before each check some of the cases that ended since the last draw are drawn, and no case twice; the owner may
    add others (OFF-7.3.a)."""
    early = notes(bench, 2)
    bench.advance(minutes=1)
    case = watched(bench, regulation="quick-note", title="Notes")
    first = notes(bench, 2)
    case = checking(bench, case)
    assert drawn(bench, case) == first
    second = notes(bench, 5)  # while the check is open: they are in the next urn
    bench.advance(days=1)
    case = bench.complete(case, "check", WELL, looked_at=[{"case": one} for one in sorted(first | {"A-1"})])
    case = checking(bench, case)
    again = drawn(bench, case)
    assert len(again) == 3
    assert again < second
    assert again.isdisjoint(early)
    case = bench.complete(case, "check", WELL)
    assert [one["cases"] for one in case.variables["checks"]] == [3, 3]
    assert drawn(bench, checking(bench, case)) == set()


def test_a_policy_without_a_process_has_nothing_to_draw(bench: Workbench) -> None:
    """Its owner chooses alone what to look at (OFF-7.3.a)."""
    case = checking(bench, watched(bench, regulation="dress-code", title="Dress code"))
    assert case.incidents == ()
    assert drawn(bench, case) == set()


def test_what_is_not_as_it_should_be_is_set_right(bench: Workbench) -> None:
    """A flow that is not followed, or a result that did not come back, is set right before the next check
    (OFF-7.3.a)."""
    case = watched(bench)
    for failed in WELL:
        case = bench.complete(checking(bench, case), "check", WELL | {failed: False}, shortcomings="No answer to A-3.")
        assert case.waiting_for == ["correct"]
        assert case.task("correct").due_at == bench.calendar.due(bench.now, "5 working days").at
        case = bench.complete(case, "correct", correction="Answered; a second pair of eyes looks now.")
    case = bench.complete(checking(bench, case), "check", WELL)
    said = "Answered; a second pair of eyes looks now."
    assert [one["correction"] for one in case.variables["checks"]] == [said, said, None]


def test_a_check_that_is_left_out(bench: Workbench) -> None:
    """A check that is not done in time is told to the owner's supervisor at that moment, and stays open (OFF-7.3.a)."""
    case = checking(bench, watched(bench, supervisor="general-manager"))
    late = case.task("check").due_at
    assert late is not None
    bench.just_before(late)
    assert told(bench, case, "check-late") == []
    bench.at(late)
    assert told(bench, case, "check-late") == ["general-manager"]
    assert bench.case(case.id).waiting_for == ["check"]


def test_the_first_months_end(bench: Workbench) -> None:
    """The supervision ends after the months of the policy file, at that moment and not before, and its supervisor reads
    what the checks found (OFF-7.3.a)."""
    case = watched(bench)
    over = due(bench, case, "months-over")
    assert over == bench.calendar.due(bench.now, "3 months").at
    case = bench.complete(checking(bench, case), "check", WELL)
    case = bench.complete(checking(bench, case), "check", WELL | {"returned": False}, shortcomings="No answer to A-3.")
    case = bench.complete(case, "correct", correction="Answered.")
    while due(bench, case, "next-check") < over:
        case = checking(bench, case)
        bench.advance(days=1)
        case = bench.complete(case, "check", WELL)
    bench.just_before(over)
    assert bench.case(case.id).status == "active"
    bench.at(over)
    case = bench.case(case.id)
    assert (case.status, told(bench, case, "supervision-over")) == ("completed", ["office-head"])
    assert "No answer to A-3.; set right: Answered." in case.notices()[-1].text


def test_the_months_count_from_the_day_of_force(bench: Workbench) -> None:
    """A supervision that begins late counts its months and its first check from the day of force (OFF-7.3.a)."""
    force = bench.now - timedelta(days=5)
    case = watched(bench, in_force_at=force.isoformat())
    assert due(bench, case, "months-over") == bench.calendar.due(force, "3 months").at
    assert due(bench, case, "next-check") == bench.calendar.due(force, "2 weeks").at


def test_a_check_that_is_open_at_the_end_is_finished(bench: Workbench) -> None:
    """A check that is under way when the months are over is finished, and is the last one (OFF-7.3.a)."""
    case = checking(bench, watched(bench))
    bench.at(bench.calendar.due(bench.now, "4 months").at)
    assert bench.case(case.id).waiting_for == ["check"]
    bench.complete(case, "check", WELL)
    bench.advance(minutes=1)
    case = bench.case(case.id)
    assert (case.status, len(case.variables["checks"])) == ("completed", 1)


def test_the_owner_says_what_the_policy_means(bench: Workbench) -> None:
    """Whoever is unsure asks the owner, as often as needed; the owner's interpretation goes to everybody
    (EMP-6.2)."""
    case = watched(bench, regulation="grievance", title="Grievances", owner="human-resources")
    for number, question in enumerate(("Who is a superior?", "Does fifteen days include Sundays?"), 1):
        bench.engine.correlate("ask-meaning", key=case.key, data={"question": question, "asked_by": "Zhao Min"})
        case = bench.case(case.id)
        task = case.task("interpret")
        assert (task.groups, task.due_at) == (("human-resources",), bench.calendar.due(bench.now, "3 working days").at)
        case = bench.complete(case, "interpret", interpretation="Whoever gives you orders.")
        assert told(bench, case, "interpretation") == ["all-staff"] * number
        assert question in case.notices()[-1].text
        assert "Zhao Min" not in case.notices()[-1].text
    assert len(case.variables["interpretations"]) == 2


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (OFF-7.3.a EMP-6.2)."""
    coverage = bench.coverage(PROCESS)
    print(coverage)
    # What waits behind an event-based gateway is armed without a token on its flow: the event itself tells.
    armed = {"Flow_what-next_next-check", "Flow_what-next_months-over"}
    assert set(coverage.missing) <= armed
    assert {"next-check", "months-over"} <= set(coverage.visited)
