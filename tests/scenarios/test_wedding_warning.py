"""Early warning: signs of coming complaints are graded, examined and acted on before anybody complains."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from complaintflow.facade.views import Case
from complaintflow.testing import Workbench
from tests.scenarios.wedding_steps import every_path, sent, watched

PROCESS = "wedding-warning"


def seen(bench: Workbench, **more: Any) -> Case:
    """Somebody saw something."""
    return bench.start(PROCESS, {"summary": "The film is late.", "department": "photo-film", **more})


def test_several_complaints_alike_begin_a_warning_once(bench: Workbench) -> None:
    """More complaints of one type and department within the time than the policy of the complaints allows begin one
    warning, at the department, and as many as it allows begin none (WED-8.2.a)."""
    for begun in (0, 0, 1, 1):
        case = bench.start("wedding-client", {"channel": "phone", "content": "The film is late."})
        case = bench.complete(case, "register", summary="No film", category="photo")
        assert len(bench.engine.cases(process=PROCESS)) == begun
    (found,) = bench.engine.cases(process=PROCESS)
    warning = bench.case(found.id)
    assert warning.variables["source"] == "surge"
    assert warning.variables["surge"]["count"] == 3
    assert warning.task("examine").groups == (case.variables["department"]["group"],)
    assert warning.variables["warning"]["level"] == "middle"


@pytest.mark.parametrize(
    ("fields", "level"),
    [
        ({}, "low"),
        ({"signs": 2}, "middle"),
        ({"signs": 5}, "middle"),
        ({"signs": 6}, "high"),
        ({"harmed": True}, "high"),
        ({"harmed": False}, "low"),
    ],
)
def test_how_serious_a_sign_is(bench: Workbench, fields: dict[str, Any], level: str) -> None:
    """The table grades a sign by harm and number; a high one is told to management at once (WED-8.2.a)."""
    case = seen(bench, **fields)
    assert case.variables["warning"]["level"] == level
    assert sent(bench, case, "warning-high") == (["management"] if level == "high" else [])


@pytest.mark.parametrize(("days", "level"), [(6, "high"), (7, "low")])
def test_a_wedding_that_is_near(bench: Workbench, days: int, level: str) -> None:
    """Shortly before the wedding every sign is serious (WED-8.2.a)."""
    day = bench.now.astimezone(bench.calendar.zone).date() + timedelta(days=days)
    assert seen(bench, wedding_date=day.isoformat()).variables["warning"]["level"] == level


def test_the_department_acts_before_a_complaint(bench: Workbench) -> None:
    """A risk is acted on, and tracking looks whether it is averted; both steps have the time of the level, and
    management hears when it is over (WED-8.2.a)."""
    case = watched(bench, seen(bench), "examine")
    case = bench.complete(case, "examine", risk=True, cause="The cutter is ill.")
    assert case.task("prevent").due_at == bench.calendar.due(bench.now, "7 days").at
    case = watched(bench, case, "prevent")
    case = bench.complete(case, "prevent", measures="Called three couples.")
    assert case.task("check").groups == ("complaint-tracking",)
    assert bench.complete(case, "check", averted=True).status == "completed"


def test_no_risk(bench: Workbench) -> None:
    """A sign without a risk ends at once (WED-8.2.a)."""
    assert bench.complete(seen(bench), "examine", risk=False).status == "completed"


def test_what_cannot_be_averted_goes_to_management(bench: Workbench) -> None:
    """The department tries as often as the policy says; then management is told (WED-8.2.a)."""
    case = bench.complete(seen(bench), "examine", risk=True, cause="The hall is sold twice.")
    for measures in ("Asked the hall.", "Asked again."):
        assert sent(bench, case, "not-averted") == []
        case = bench.complete(bench.complete(case, "prevent", measures=measures), "check", averted=False)
    assert (case.status, sent(bench, case, "not-averted")) == ("completed", ["management"])


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (WED-8.2.a)."""
    every_path(bench, PROCESS)
