"""Training of staff by courses, cases and drills, and whether it has become skill."""

from __future__ import annotations

from typing import Any

from complaintflow.facade.views import Case
from complaintflow.testing import Workbench
from tests.scenarios.wedding_steps import begun_by_clock, every_path, sent, watched

PROCESS = "wedding-training"


def prepared(bench: Workbench, **more: Any) -> Case:
    """A training that is about to be held."""
    case = bench.start(PROCESS, {"topic": "Listening", "kind": "service", **more})
    return bench.complete(case, "prepare", participants=[{"name": "Li Wei"}])


def held(bench: Workbench, case: Case) -> Case:
    """All sessions of one round."""
    while case.waiting_for == ["train"]:
        case = bench.complete(case, "train", remark="All there.")
    return case


def checked(bench: Workbench, case: Case, mark: int = 80, able: bool = True) -> Case:
    """Exam, practice and the couples' feedback."""
    case = bench.complete(case, "examine", marks=[{"name": "Li Wei", "mark": mark}])
    case = bench.complete(case, "observe", able=able)
    return bench.complete(case, "gather-feedback", feedback="They took their time for us.")


def test_courses_cases_and_drills(bench: Workbench) -> None:
    """Service is trained by course, cases and drill, one after the other, and checked by exam, practice and feedback at
    the same time; a person says whether it had an effect (WED-5.2.a WED-5.2.b)."""
    case = prepared(bench)
    assert sent(bench, case, "training-invitation") == ["all-staff"]
    assert len(case.tasks) == 1
    case = held(bench, case)
    assert [one["format"] for one in case.variables["sessions"]] == ["course", "cases", "drill"]
    assert set(case.waiting_for) == {"examine", "observe", "gather-feedback"}
    assert case.task("gather-feedback").groups == ("complaint-tracking",)
    case = checked(bench, case)
    case = bench.complete(case, "evaluate", effective=True, conclusion="It shows.")
    assert case.status == "completed"
    assert sent(bench, case, "training-report") == ["management"]


def test_safety_is_trained_by_the_clock(bench: Workbench) -> None:
    """Safety and emergencies are trained regularly without anybody asking, with a drill (WED-8.1.b)."""
    case = begun_by_clock(bench, PROCESS)
    assert (case.variables["kind"], case.variables["topic"]) == ("safety", "Safety and emergencies")
    case = held(bench, bench.complete(case, "prepare"))
    assert [one["format"] for one in case.variables["sessions"]] == ["course", "drill"]


def test_whoever_prepares_may_choose_otherwise(bench: Workbench) -> None:
    """The table only proposes the formats (WED-5.2.a)."""
    case = bench.complete(bench.start(PROCESS, {"topic": "Prices", "kind": "service"}), "prepare", formats=["cases"])
    assert [one["format"] for one in held(bench, case).variables["sessions"]] == ["cases"]


def test_without_effect_it_is_repeated_and_then_told(bench: Workbench) -> None:
    """Training without effect is repeated as often as the policy says; then management hears that something else is
    missing (WED-5.2.b)."""
    case = bench.complete(checked(bench, held(bench, prepared(bench)), 40, False), "evaluate", effective=False)
    assert case.waiting_for == ["train"]
    assert case.variables["exam_passed"] is False
    case = bench.complete(checked(bench, held(bench, case), 70), "evaluate", effective=False)
    assert case.status == "completed"
    assert (sent(bench, case, "training-failed"), case.variables["rounds"]) == (["management"], 2)
    again = bench.complete(checked(bench, held(bench, prepared(bench))), "evaluate", effective=False)
    again = bench.complete(checked(bench, held(bench, again)), "evaluate", effective=True)
    assert sent(bench, again, "training-report") == ["management"]


def test_a_session_that_is_late_is_told(bench: Workbench) -> None:
    """A session that is not held in time is told to management (WED-5.2.a WED-8.1.b)."""
    watched(bench, prepared(bench), "train")


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (WED-5.2.a WED-5.2.b WED-8.1.b)."""
    every_path(bench, PROCESS)
