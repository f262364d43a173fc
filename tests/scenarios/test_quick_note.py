"""Quick notes: what staff jot down becomes a case, once."""

from __future__ import annotations

import pytest

from complaintflow.testing import Workbench

NOTE = {"channel": "in_person", "content": "The hall was cold.", "reporter": {"name": "Zhao Min", "phone": "555-0100"}}


def test_a_note_becomes_a_case_with_what_it_says(bench: Workbench) -> None:
    """A note that is a complaint starts the chosen procedure with its content and reporter (WED-2.1.b WB-2.1.b)."""
    note = bench.start("quick-note", NOTE)
    note = bench.complete(note, "sort", {"is_complaint": True, "process": "customer"})
    assert note.status == "completed"
    case = bench.case(note.variables["started_case"])
    assert case.process == "customer"
    assert case.variables["content"] == "The hall was cold."
    assert case.variables["reporter"]["name"] == "Zhao Min"
    assert len(bench.engine.cases(process="customer")) == 1


@pytest.mark.parametrize("relation", [None, "", "A cousin of the bride", "client"])
def test_whoever_was_noted_down_fits_the_office(bench: Workbench, relation: str | None) -> None:
    """The note's free words on how somebody is related to us do not stop a procedure that offers a choice
    (WED-2.1.b OFF-3.1)."""
    note = bench.start("quick-note", NOTE | {"reporter": {"name": "Zhao Min", "relation": relation}})
    note = bench.complete(note, "sort", {"is_complaint": True, "process": "office"})
    assert (note.status, note.incidents) == ("completed", ())
    case = bench.case(note.variables["started_case"])
    assert case.variables["reporter"]["relation"] == (relation if relation == "client" else None)
    case = bench.complete(case, "register", summary="The hall was cold.", category="facilities")
    assert case.incidents == ()


def test_a_note_that_is_none_ends_with_a_reason(bench: Workbench) -> None:
    """A note that is no complaint is dismissed, and its reason stays in the history (WED-2.1.b)."""
    note = bench.start("quick-note", NOTE)
    note = bench.complete(note, "sort", {"is_complaint": False, "dismissal_reason": "A question about parking."})
    assert note.status == "completed"
    assert "A question about parking." in str([event.detail for event in note.history()])


def test_an_unsorted_note_reminds_the_desk(bench: Workbench) -> None:
    """A note that nobody sorts in time reminds the desk, to the minute (WB-2.2.c WB-2.4.b)."""
    note = bench.start("quick-note", NOTE)
    due = note.timers[0].due_at
    bench.just_before(due)
    assert [n for n in bench.notices if n.case_id == note.id] == []
    bench.at(due)
    assert [n.name for n in bench.notices if n.case_id == note.id] == ["unsorted-note"]
    assert note.refresh().waiting_for == ["sort"]


def test_every_element_and_flow_was_visited(bench: Workbench) -> None:
    """The scenarios of this file come by every flow node and every sequence flow."""
    coverage = bench.coverage("quick-note")
    print(coverage)
    assert coverage.missing == []
