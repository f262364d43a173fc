"""The general manager's own letter box: the clock begins a round, and each letter becomes one grievance."""

from __future__ import annotations

import pytest

from complaintflow.errors import InvalidData
from complaintflow.facade.views import Case
from complaintflow.testing import Workbench

PROCESS = "grievance-box"


def next_round(bench: Workbench) -> Case:
    """The round that the clock begins next."""
    (row,) = bench.schedule(PROCESS)
    assert row.due_at is not None
    bench.at(row.due_at)
    return bench.engine.cases(process=PROCESS, limit=1)[0]


def test_each_letter_becomes_a_grievance_that_he_alone_has(bench: Workbench) -> None:
    """The general manager empties the box regularly and in person; each letter is a grievance in his hands, and he
    names the investigator next (EMP-3.4.a EMP-3.4.b EMP-3.5.a)."""
    case = next_round(bench)
    assert case.task("open-box").groups == ("general-manager",)
    bench.advance(hours=9)
    letter = {"content": "Every night shift is mine.", "name": "Zhao Min", "ground": "abuse_of_power"}
    case = bench.complete(case, "open-box", letters=[letter])
    assert case.status == "completed"
    (grievance,) = (bench.case(one) for one in case.variables["started_cases"])
    assert (grievance.process, grievance.variables["channel"]) == ("grievance", "box")
    assert grievance.variables["reporter"]["name"] == "Zhao Min"
    assert [task.groups for task in grievance.tasks] == [("general-manager",)]
    assert grievance.waiting_for == ["appoint"]


def test_a_letter_without_a_name_is_no_grievance(bench: Workbench) -> None:
    """The form asks for the writer's name, and an empty box is an answer (EMP-3.1 EMP-3.4.b)."""
    case = next_round(bench)
    with pytest.raises(InvalidData):
        bench.complete(case, "open-box", letters=[{"content": "Unsigned."}])
    assert bench.complete(case, "open-box").status == "completed"


def test_a_round_that_is_left_out_reminds_him(bench: Workbench) -> None:
    """Nobody else may open the box: he is reminded at the very moment, and the task stays his (EMP-3.4.b)."""
    case = next_round(bench)
    due = case.task("open-box").due_at
    assert due is not None
    bench.just_before(due)
    assert case.notices() == []
    bench.at(due)
    assert [(notice.name, notice.to.group) for notice in case.notices()] == [("box-unopened", "general-manager")]
    assert case.refresh().waiting_for == ["open-box"]


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (EMP-3.4.b)."""
    coverage = bench.coverage(PROCESS)
    print(coverage)
    assert coverage.missing == []
