"""Closed cases become a library to learn from: drawn, written without names, approved by somebody else."""

from __future__ import annotations

from complaintflow.facade.views import Case
from complaintflow.testing import Workbench
from tests.scenarios.wedding_steps import begun_by_clock, closed_complaints, every_path, sent, shown, watched

PROCESS = "wedding-case-library"
ENTRY = {
    "worth_it": True,
    "title": "Flowers that came too late",
    "story": "A couple waited.",
    "lesson": "Call the day before.",
    "topic": "venue",
    "without_names": True,
}


def chosen(bench: Workbench, *cases: Case) -> Case:
    """A round with these cases."""
    case = bench.start(PROCESS, {})
    return bench.complete(case, "choose", sample=[{"case": one.id, "key": one.key} for one in cases])


def first(bench: Workbench, case: Case, element: str, data: dict[str, object]) -> Case:
    """Complete the first open task of this element: several cases are worked on at the same time."""
    task = next(one for one in bench.case(case.id).tasks if one.element == element)
    bench.engine.complete(task.id, data)
    bench.engine.drain()
    return bench.case(case.id)


def test_cases_are_drawn_by_the_clock(bench: Workbench) -> None:
    """Every quarter as many closed cases as the policy says are drawn by lot from the quarter that was over, and may be
    drawn again by hand; people choose among them and see figures without names (WED-7.1.b)."""
    closed = {one.id for one in closed_complaints(bench, 8)}
    case = begun_by_clock(bench, PROCESS)
    drawn = case.variables["sample"]
    assert len(drawn) == 5
    assert {one["case"] for one in drawn} < closed
    case = bench.complete(case, "choose")
    tasks = [one for one in case.tasks if one.element == "write-up"]
    assert len(tasks) == 5
    assert shown(bench, case, "write-up")["summary"]["process"] == "wedding-client"
    for _ in drawn:
        case = first(bench, case, "write-up", {"worth_it": False})
    assert (case.status, sent(bench, case, "library-news")) == ("completed", [])


def test_somebody_else_approves(bench: Workbench) -> None:
    """An entry without names is approved by another person, and then everybody reads it; which case it was is not in it
    (WED-7.1.b)."""
    one = closed_complaints(bench, 1)[0]
    case = chosen(bench, one)
    assert case.task("write-up").groups == ("complaint-reception",)
    case = bench.complete(case, "write-up", ENTRY)
    assert case.task("approve").groups == ("personnel",)
    assert sent(bench, case, "library-news") == []
    case = bench.complete(case, "approve", approved=True)
    assert (case.status, sent(bench, case, "library-news")) == ("completed", ["all-staff"])
    assert case.variables["library"] == [{key: ENTRY[key] for key in ("title", "topic", "story", "lesson")}]
    assert one.key not in case.notices()[-1].text


def test_what_betrays_somebody_is_written_again_or_left_out(bench: Workbench) -> None:
    """A draft that is not approved is written again with the objection in view, as often as the policy says; then the
    case stays out (WED-7.1.b)."""
    case = chosen(bench, *closed_complaints(bench, 1))
    for _ in range(2):
        case = bench.complete(case, "write-up", ENTRY)
        case = bench.complete(case, "approve", approved=False, objection="Everybody knows this hall.")
        if case.waiting_for:
            before = shown(bench, case, "write-up")
            assert (before["objection"], before["title"]) == ("Everybody knows this hall.", ENTRY["title"])
    assert (case.status, case.variables["library"]) == ("completed", [])
    case = bench.complete(chosen(bench, *closed_complaints(bench, 1)), "write-up", ENTRY)
    case = bench.complete(case, "approve", approved=False, objection="Change the month.")
    case = bench.complete(bench.complete(case, "write-up", ENTRY), "approve", approved=True)
    assert len(case.variables["library"]) == 1


def test_a_round_that_is_late_is_told(bench: Workbench) -> None:
    """A round that is not finished in time is told to management (WED-7.1.b)."""
    watched(bench, chosen(bench, *closed_complaints(bench, 1)), "sorting")


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (WED-7.1.b)."""
    every_path(bench, PROCESS)
