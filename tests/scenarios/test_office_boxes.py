"""The suggestion box of the office: the clock begins a round, and each letter becomes one case."""

from __future__ import annotations

from complaintflow.facade.views import Case
from complaintflow.testing import Workbench

PROCESS = "office-boxes"


def next_round(bench: Workbench) -> Case:
    """The round that the clock begins next."""
    (row,) = bench.schedule(PROCESS)
    assert row.due_at is not None
    bench.at(row.due_at)
    return bench.engine.cases(process=PROCESS, limit=1)[0]


def test_each_letter_becomes_a_case_once(bench: Workbench) -> None:
    """The box is emptied regularly, by its keeper; each letter starts one case, registered from its finding on
    (OFF-4.2.1 OFF-5.1.2)."""
    case = next_round(bench)
    assert case.task("open-box").groups == ("office-box-keeper",)
    bench.advance(hours=9)
    letters = [{"content": "The heating is cold."}, {"content": "More light, please.", "email": "li.wei@example.com"}]
    case = bench.complete(case, "open-box", letters=letters)
    assert case.status == "completed"
    found = [bench.case(one) for one in case.variables["started_cases"]]
    assert [one.variables["content"] for one in found] == [letter["content"] for letter in letters]
    assert {(one.process, one.variables["channel"]) for one in found} == {("office", "suggestion_box")}
    assert {one.variables["discovered_at"] for one in found} == {case.variables["opened_at"]}
    assert [one.variables["anonymous"] for one in found] == [True, False]
    assert len(bench.engine.cases(process="office")) == len(letters)
    assert [one.task("register").groups for one in found] == [("office-box-keeper",)] * 2


def test_an_empty_box_is_an_answer(bench: Workbench) -> None:
    """A round without letters ends at once, and starts nothing (OFF-4.2.1)."""
    before = len(bench.engine.cases(process="office"))
    assert bench.complete(next_round(bench), "open-box").status == "completed"
    assert len(bench.engine.cases(process="office")) == before


def test_a_round_that_is_left_out_is_told_to_the_head(bench: Workbench) -> None:
    """A box that nobody empties in time: the head of office is told at the very moment, and the task stays
    (OFF-4.2.1)."""
    case = next_round(bench)
    due = case.task("open-box").due_at
    assert due is not None
    bench.just_before(due)
    assert case.notices() == []
    bench.at(due)
    assert [(notice.name, notice.to.group) for notice in case.notices()] == [("box-unopened", "office-head")]
    assert case.refresh().waiting_for == ["open-box"]


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (OFF-4.2.1)."""
    coverage = bench.coverage(PROCESS)
    print(coverage)
    assert coverage.missing == []
