"""Steps that the scenarios of the processes around the couples' complaints share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from complaintflow.facade.views import Case
from complaintflow.testing import Workbench


def due(bench: Workbench, case: Case, element: str) -> datetime:
    """When the timer of this element fires."""
    return next(one.due_at for one in bench.case(case.id).timers if one.element == element)


def sent(bench: Workbench, case: Case, name: str) -> list[str | None]:
    """To which groups a notice of this name went; None for a person."""
    return [one.to.group or None for one in bench.case(case.id).notices() if one.name == name]


def shown(bench: Workbench, case: Case, element: str) -> dict[str, Any]:
    """What the form of an open task shows."""
    task = next(one for one in bench.case(case.id).tasks if one.element == element)
    return dict(bench.engine.surroundings(task.id).variables)


def watched(bench: Workbench, case: Case, element: str, notice: str = "step-late", to: str = "management") -> Case:
    """A step that is not done in time is told at that very moment and not before, and stays open."""
    before, moment = len(sent(bench, case, notice)), due(bench, case, f"{element}-overdue")
    waiting = bench.case(case.id).waiting_for
    bench.just_before(moment)
    assert len(sent(bench, case, notice)) == before
    bench.at(moment)
    assert sent(bench, case, notice)[before:] == [to]
    assert bench.case(case.id).waiting_for == waiting
    return bench.case(case.id)


def begun_by_clock(bench: Workbench, process: str) -> Case:
    """What the clock begins, at its moment and not before."""
    seen = {case.id for case in bench.engine.cases(process=process)}
    (row,) = bench.schedule(process)
    assert row.due_at is not None
    bench.just_before(row.due_at)
    assert {case.id for case in bench.engine.cases(process=process)} == seen
    bench.at(row.due_at)
    (case,) = [one for one in bench.engine.cases(process=process) if one.id not in seen]
    return bench.case(case.id)


def closed_complaints(bench: Workbench, number: int) -> list[Case]:
    """Complaints of couples that came to an end: notes that should not become formal ones."""
    payload: dict[str, Any] = {"channel": "in_person", "content": "The flowers were late.", "quick_note": True}
    return [bench.complete(bench.start("wedding-client", payload), "guide", formal=False) for _ in range(number)]


_ANSWERS: dict[str, dict[str, Any]] = {
    "register": {"summary": "Not filmed", "category": "photo"},
    "gather": {"situation": "The wrong hall.", "complex": False},
    "form-team": {"team": "Li Wei"},
    "investigate": {"findings": "True.", "evidence_sufficient": True},
    "propose": {"solution": "A second shooting.", "complete_by": "2026-12-31"},
    "tell": {},
    "negotiate": {"agrees": True},
    "carry-out": {"measures": "Shot again."},
    "make-good": {"make_good": "An album."},
    "track": {"executed": True, "tracked_by": "wu.lan"},
    "ask-satisfaction": {"asked_by": "call", "satisfaction": "satisfied"},
    "analyse": {"causes": "Changes are not passed on.", "training_needed": False},
    "record-costs": {"costs": [{"item": "Shooting", "amount": 800, "fault": "organisation", "kind": "redo"}]},
}


def costly_complaint(bench: Workbench) -> Case:
    """A complaint that came to a good end and cost 800."""
    case = bench.start("wedding-client", {"channel": "phone", "content": "The ceremony is missing."})
    while case.waiting_for:
        (element,) = case.waiting_for
        case = bench.complete(case, element, _ANSWERS[element])
    return case


def every_path(bench: Workbench, process: str) -> None:
    """No element and no flow of the process was left out, and nothing went wrong on the way."""
    coverage = bench.coverage(process)
    print(coverage)
    assert coverage.missing == []
    assert bench.engine.incidents() == []
