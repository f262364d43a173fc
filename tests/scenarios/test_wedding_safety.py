"""Venue and equipment before an event: nothing passes without a person's yes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from complaintflow.errors import InvalidData
from complaintflow.facade.views import Case
from complaintflow.testing import Workbench
from tests.scenarios.wedding_steps import due, every_path, sent, shown, watched

PROCESS = "wedding-safety"
AREAS = ("setting", "power", "equipment", "fire", "exits", "food")
COUPLE = {"name": "Zhao Min", "email": "zhao.min@example.com", "preferred_channel": "email"}


def booked(bench: Workbench, days: int, **more: Any) -> Case:
    """An event in so many days."""
    moment = (bench.now + timedelta(days=days)).isoformat()
    return bench.start(PROCESS, {"event_at": moment, "venue": "Garden hall", "reporter": COUPLE, **more})


def checking(bench: Workbench) -> Case:
    """An event whose check has begun."""
    case = booked(bench, 20)
    bench.at(due(bench, case, "time-to-check"))
    return bench.case(case.id)


def lines(**defects: str) -> list[dict[str, Any]]:
    """The checklist, with these defects."""
    return [{"area": one, "safe": one not in defects, "defect": defects.get(one)} for one in AREAS]


def late(bench: Workbench) -> Case:
    """The last moment came, and nobody said yes."""
    case = checking(bench)
    bench.at(due(bench, case, "event-near"))
    return bench.case(case.id)


def test_the_check_comes_before_the_event(bench: Workbench) -> None:
    """The check begins so many days before the event as the policy says, at that moment and not before, with every
    line of the list; the safety officer releases, and the planner is told (WED-8.1.a)."""
    case = booked(bench, 20)
    moment = due(bench, case, "time-to-check")
    assert moment == bench.now + timedelta(days=13)
    bench.just_before(moment)
    assert bench.case(case.id).waiting_for == []
    bench.at(moment)
    case = bench.case(case.id)
    assert case.task("inspect").groups == ("venue-team",)
    assert [one["area"] for one in shown(bench, case, "inspect")["checklist"]] == list(AREAS)
    case = bench.complete(case, "inspect", checklist=lines(), inspected_by="Li Wei")
    assert case.task("release").groups == ("safety-officer",)
    assert sent(bench, case, "event-released") == []
    case = bench.complete(case, "release", released=True)
    assert (case.status, sent(bench, case, "event-released")) == ("completed", ["planning"])


def test_a_booking_at_short_notice_is_checked_at_once(bench: Workbench) -> None:
    """An event nearer than the usual time is checked immediately (WED-8.1.a)."""
    case = booked(bench, 3)
    bench.engine.drain()
    assert bench.case(case.id).waiting_for == ["inspect"]


def test_defects_are_repaired_and_looked_at_again(bench: Workbench) -> None:
    """A defect is repaired and everything is inspected again, as often as needed; a line left out is not safe, and a
    defect has to be named (WED-8.1.a)."""
    case = checking(bench)
    with pytest.raises(InvalidData):
        bench.complete(case, "inspect", checklist=[{"area": "fire", "safe": False}])
    case = bench.complete(case, "inspect", checklist=lines(power="A bare cable."))
    assert case.waiting_for == ["repair"]
    case = bench.complete(case, "repair", repair="New cable.")
    case = bench.complete(case, "inspect", checklist=lines()[1:])
    assert case.waiting_for == ["repair"]
    case = bench.complete(case, "repair", repair="The arch is bolted down.")
    case = bench.complete(case, "inspect", checklist=lines())
    case = bench.complete(case, "release", released=False, objection="The exit is locked.")
    assert case.waiting_for == ["repair"]
    case = bench.complete(case, "repair", repair="Unlocked.")
    case = bench.complete(bench.complete(case, "inspect", checklist=lines()), "release", released=True)
    assert case.status == "completed"
    assert case.variables["repairs"] == ["New cable.", "The arch is bolted down.", "Unlocked."]


def test_what_is_not_safe_in_time_is_called_off(bench: Workbench) -> None:
    """At the last moment before the event, and not before, the question goes to management; the couple is called,
    and then reads the decision and the reason, and nobody can release any more (WED-8.1.a)."""
    case = checking(bench)
    moment = due(bench, case, "event-near")
    bench.just_before(moment)
    assert bench.case(case.id).waiting_for == ["inspect"]
    bench.at(moment)
    case = bench.case(case.id)
    assert (case.waiting_for, case.task("decide").groups) == (["decide"], ("management",))
    case = watched(bench, case, "decide")
    case = bench.complete(case, "decide", decision="call_off", reason="The roof leaks over the stage.")
    assert (case.task("call-couple").groups, sent(bench, case, "event-called-off")) == (("complaint-reception",), [])
    case = bench.complete(case, "call-couple", call_note="They cried. We look for another hall.")
    assert (case.status, sent(bench, case, "event-called-off")) == ("completed", [None])
    assert "The roof leaks" in case.notices()[-1].text
    assert sent(bench, case, "event-released") == []


def test_an_event_that_is_moved_is_checked_again(bench: Workbench) -> None:
    """A new date is told to the couple, and the whole check comes again before it (WED-8.1.a)."""
    moved = bench.now + timedelta(days=90)
    case = late(bench)
    with pytest.raises(InvalidData):
        bench.complete(case, "decide", decision="move", reason="The roof leaks.")
    case = bench.complete(case, "decide", decision="move", reason="The roof leaks.", new_event_at=moved.isoformat())
    case = bench.complete(case, "call-couple")
    assert sent(bench, case, "event-moved") == [None]
    assert due(bench, case, "time-to-check") == moved - timedelta(days=7)
    bench.at(due(bench, case, "time-to-check"))
    case = bench.complete(bench.case(case.id), "inspect", checklist=lines())
    assert bench.complete(case, "release", released=True).status == "completed"


def test_more_time_is_given_once_and_ends_with_the_beginning(bench: Workbench) -> None:
    """Management may give time until the event begins, once; then it is moved or called off (WED-8.1.a)."""
    case = bench.complete(late(bench), "decide", decision="more_time", reason="Only a paper is missing.")
    assert case.waiting_for == ["inspect"]
    assert due(bench, case, "event-near") == bench.now + timedelta(hours=24)
    bench.at(due(bench, case, "event-near"))
    case = bench.case(case.id)
    with pytest.raises(InvalidData):
        bench.complete(case, "decide", decision="more_time", reason="Please.")
    case = bench.complete(case, "decide", decision="call_off", reason="Not safe.")
    assert bench.complete(case, "call-couple").status == "completed"


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (WED-8.1.a)."""
    every_path(bench, PROCESS)
