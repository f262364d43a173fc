"""Care for staff under strain: a talk, support if they wish it, and another question later."""

from __future__ import annotations

from complaintflow.facade.views import Case
from complaintflow.testing import Workbench
from tests.scenarios.wedding_steps import due, every_path, sent, watched

PROCESS = "wedding-staff-care"


def strained(bench: Workbench) -> Case:
    """Somebody is under strain."""
    reporter = {"name": "Li Wei", "email": "li.wei@example.com", "preferred_channel": "email"}
    return bench.start(PROCESS, {"content": "Shouted at for an hour.", "reporter": reporter})


def supported(bench: Workbench, case: Case, better: bool) -> Case:
    """One round of support, and the question after it, at its moment and not before."""
    case = bench.complete(case, "support", kinds=["coaching", "relief"], support="Two days off, then a coach.")
    moment = due(bench, case, "time-to-ask")
    bench.just_before(moment)
    assert bench.case(case.id).waiting_for == []
    bench.at(moment)
    return bench.complete(bench.case(case.id), "look-after", better=better)


def test_support_and_a_question_later(bench: Workbench) -> None:
    """Whoever wishes support gets it, and is asked later whether it helped (WED-9.2.a)."""
    case = strained(bench)
    assert case.task("talk").groups == ("staff-care",)
    case = supported(bench, bench.complete(case, "talk", wished=True), better=True)
    assert case.status == "completed"
    assert case.variables["supports"] == [{"kinds": ["coaching", "relief"], "support": "Two days off, then a coach."}]


def test_nobody_is_helped_against_their_will(bench: Workbench) -> None:
    """Who wishes no support is told that the offer stays (WED-9.2.a)."""
    case = bench.complete(strained(bench), "talk", wished=False)
    assert (case.status, sent(bench, case, "offer-stays")) == ("completed", [None])


def test_what_the_company_cannot_ease_goes_to_an_expert(bench: Workbench) -> None:
    """Support goes on for as many rounds as the policy says; then an expert is found (WED-9.2.a)."""
    case = supported(bench, bench.complete(strained(bench), "talk", wished=True), better=False)
    assert case.waiting_for == ["support"]
    case = supported(bench, case, better=False)
    assert case.waiting_for == ["refer"]
    assert bench.complete(case, "refer", expert="The clinic in the old town.").status == "completed"


def test_a_talk_that_waits_is_told_to_care_alone(bench: Workbench) -> None:
    """A talk that does not come in time is told to staff care and to nobody else, without a name (WED-9.2.a)."""
    case = watched(bench, strained(bench), "talk", "talk-due", "staff-care")
    assert "Li Wei" not in case.notices()[-1].text
    assert {one.to.group for one in case.notices()} == {"staff-care"}


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (WED-9.2.a)."""
    every_path(bench, PROCESS)
