"""The regular survey of couples: asked, called, counted; silence counts neither way."""

from __future__ import annotations

from typing import Any

from complaintflow.access.identity import Person, StaticIdentity
from complaintflow.facade.engine import Engine
from complaintflow.facade.views import Case
from complaintflow.testing import Workbench
from tests.scenarios.wedding_steps import begun_by_clock, due, every_path, sent, watched

PROCESS = "wedding-survey"
PEOPLE = StaticIdentity(
    [
        Person("wu.lan", "Wu Lan", frozenset({"complaint-reception"})),
        Person("li.wei", "Li Wei", frozenset({"complaint-tracking"})),
    ]
)
COUPLES = [{"name": f"Couple {n}", "email": f"couple{n}@example.com", "order_number": f"W-{n}"} for n in range(4)]


def asked(bench: Workbench) -> Case:
    """Four couples have been asked."""
    return bench.complete(bench.start(PROCESS, {"couples": COUPLES}), "list-couples")


def answered(bench: Workbench, case: Case, satisfaction: str, **more: Any) -> Case:
    """The next couple answers."""
    task = next(one for one in bench.case(case.id).tasks if one.element == "ask-satisfaction")
    bench.engine.complete(task.id, {"asked_by": "call", "satisfaction": satisfaction, **more})
    bench.engine.drain()
    return bench.case(case.id)


def evaluated(bench: Workbench, case: Case, **more: Any) -> Case:
    """Tracking has read the answers."""
    return bench.complete(case, "evaluate", findings="Good, but the host was late twice.", **more)


def evaluated_by(bench: Workbench, engine: Engine, case: Case) -> Case:
    """Tracking reads the answers at a desk of its own."""
    desk = engine.desk("li.wei")
    (task,) = [one for one in desk.tasks() if one.case_id == case.id]
    seen = repr(desk.surroundings(task.id).variables)
    assert "It was fine." in seen
    assert "Couple 0" not in seen
    assert "couple0" not in seen
    desk.complete(task.id, {"findings": "Fine."})
    bench.engine.drain()
    return bench.case(case.id)


def test_the_clock_begins_a_survey(bench: Workbench) -> None:
    """Every quarter a survey begins, and a list that is not there in time is told (WED-8.2.b)."""
    case = begun_by_clock(bench, PROCESS)
    assert case.task("list-couples").groups == ("complaint-reception",)
    case = watched(bench, case, "list-couples")
    case = bench.complete(case, "list-couples")
    assert case.variables["result"] == {"asked": 0, "answered": 0, "satisfied": 0, "share": None}


def test_silence_counts_neither_way(bench: Workbench) -> None:
    """All couples are asked at the same time; those who were not reached or never answered are in neither number, and
    the round ends at its moment and not before (WED-8.2.b)."""
    case = asked(bench)
    assert sent(bench, case, "survey-invitation") == [None] * 4
    case = answered(bench, case, "very_satisfied", comments="Thank you!")
    case = answered(bench, case, "dissatisfied", suggestions="A host who is on time.")
    case = answered(bench, case, "not_reached", call_attempts="Three times.")
    assert sent(bench, case, "shared-satisfaction-due") == []
    end = due(bench, case, "silent")
    bench.just_before(end)
    assert sent(bench, case, "shared-satisfaction-due") == ["complaint-reception"]
    assert sent(bench, case, "shared-satisfaction-late") == ["management"]
    assert bench.case(case.id).waiting_for == ["ask-satisfaction"]
    bench.at(end)
    case = bench.case(case.id)
    assert case.variables["result"] == {"asked": 4, "answered": 2, "satisfied": 1, "share": 50}
    assert case.task("evaluate").groups == ("complaint-tracking",)
    assert "Couple" not in str(case.variables["answers"])


def test_what_couples_say_leads_somewhere(bench: Workbench) -> None:
    """Improvements go to the departments, a sign of trouble begins an early warning, and management reads the result
    (WED-8.2.b WED-8.2.a)."""
    case = asked(bench)
    for _ in COUPLES:
        case = answered(bench, case, "satisfied")
    signs = [{"summary": "Three said the host was late.", "for_department": "host"}]
    case = evaluated(bench, case, improvements=[{"department": "host", "improvement": "Come early."}], signs=signs)
    assert case.status == "completed"
    assert sent(bench, case, "improvement") == ["host"]
    assert sent(bench, case, "survey-report") == ["management"]
    assert "Satisfied, of those who answered: 100 %" in case.notices()[-1].text
    (warning,) = [bench.case(one) for one in case.variables["warnings"]]
    assert (warning.variables["source"], warning.task("examine").groups) == ("survey", ("host",))


def test_a_survey_without_answers_names_no_share(bench: Workbench) -> None:
    """Where everybody stays silent, no share is made up (WED-8.2.b)."""
    case = bench.complete(bench.start(PROCESS, {}), "list-couples", couples=COUPLES[:1])
    bench.at(due(bench, case, "silent"))
    case = bench.case(case.id)
    assert case.variables["result"] == {"asked": 1, "answered": 0, "satisfied": 0, "share": None}
    case = evaluated(bench, case)
    assert "of those who answered" not in case.notices()[-1].text


def test_who_the_couples_are_stays_with_the_reception(bench: Workbench) -> None:
    """Tracking reads answers and never sees a name or an address; the reception may open them, with a reason
    (WED-8.2.b)."""
    case = bench.start(PROCESS, {"couples": COUPLES[:1]})
    engine = Engine(
        bench.engine.store, identity=PEOPLE, clock=bench.clock, notifier=bench.notifier, handlers_elsewhere=True
    )
    reception = engine.desk("wu.lan")
    assert "couple0@example.com" not in repr(reception.case(case.id).variables)
    assert reception.open_sealed(case.id, "couples[].email", "to write to them") == ["couple0@example.com"]
    case = bench.complete(case, "list-couples")
    case = evaluated_by(bench, engine, answered(bench, case, "neutral", comments="It was fine."))
    assert case.status == "completed"


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow, those of the shared satisfaction call too (WED-8.2.b)."""
    every_path(bench, PROCESS)
