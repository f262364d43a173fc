"""Team events and commendations, decided by a person."""

from __future__ import annotations

from complaintflow.facade.views import Case
from complaintflow.testing import Workbench
from tests.scenarios.wedding_steps import begun_by_clock, every_path, sent, watched

PROCESS = "wedding-recognition"
PRAISE = [{"name": "Li Wei", "reason": "Found the ring."}]


def proposed(bench: Workbench, case: Case) -> Case:
    """An event has been proposed."""
    return bench.complete(case, "propose", event="A dinner by the lake.", commendations=PRAISE)


def test_the_clock_begins_and_management_decides(bench: Workbench) -> None:
    """Every quarter a team event is proposed; management decides on it and on who is commended, then staff are invited,
    and thanked afterwards (WED-9.2.b)."""
    case = begun_by_clock(bench, PROCESS)
    assert case.task("propose").groups == ("personnel",)
    case = proposed(bench, case)
    assert case.task("decide").groups == ("management",)
    assert sent(bench, case, "event-invitation") == []
    case = bench.complete(case, "decide", approved=True)
    assert sent(bench, case, "event-invitation") == ["all-staff"]
    case = bench.complete(case, "hold", held_on="2026-07-01")
    assert (case.status, sent(bench, case, "thanks")) == ("completed", ["all-staff"])
    assert "Li Wei: Found the ring." in case.notices()[-1].text


def test_a_proposal_may_be_refused(bench: Workbench) -> None:
    """A proposal that is not approved goes back with the reason, and nobody is invited (WED-9.2.b)."""
    case = proposed(bench, bench.start(PROCESS, {"occasion": "Ten years"}))
    case = bench.complete(case, "decide", approved=False, decision_note="In winter.")
    assert (case.status, sent(bench, case, "event-refused")) == ("completed", ["personnel"])
    assert sent(bench, case, "event-invitation") == []


def test_a_proposal_that_is_late_is_told(bench: Workbench) -> None:
    """A proposal that does not come in time is told to management (WED-9.2.b)."""
    watched(bench, bench.start(PROCESS, {}), "propose")


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (WED-9.2.b)."""
    every_path(bench, PROCESS)
