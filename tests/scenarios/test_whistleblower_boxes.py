"""Suggestion boxes for reports: the clock begins a round, and each letter becomes one report."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from complaintflow import Engine
from complaintflow.facade.views import Case
from complaintflow.testing import Workbench

PROCESS = "whistleblower-boxes"
LETTERS = [
    {"content": "The buyer takes money.", "subject": "Purchasing"},
    {"content": "The press has no guard.", "name": "Zhao Min", "phone": "555-0100", "language": "zh"},
]


def next_round(bench: Workbench) -> Case:
    """The round that the clock begins next."""
    (row,) = bench.schedule(PROCESS)
    assert row.due_at is not None
    bench.at(row.due_at)
    return bench.engine.cases(process=PROCESS, limit=1)[0]


def told(bench: Workbench, case: Case) -> list[tuple[str, str | None]]:
    """The notices of a round, and to which group they went."""
    return [(notice.name, notice.to.group) for notice in bench.notices if notice.case_id == case.id]


def test_the_clock_begins_a_round_for_the_keeper(bench: Workbench) -> None:
    """The boxes are opened regularly: a round at each interval, not before, for the keeper alone (WB-2.3.b WB-2.o)."""
    (row,) = bench.schedule(PROCESS)
    assert row.timer == "cycle R/2 working days"
    assert row.due_at is not None
    bench.just_before(row.due_at)
    assert bench.engine.cases(process=PROCESS) == []
    bench.at(row.due_at)
    (case,) = bench.engine.cases(process=PROCESS)
    assert case.task("open-boxes").groups == ("box-keeper",)
    assert case.history()[0].detail["start"] == "round-due"
    assert bench.complete(case, "open-boxes").status == "completed"


def test_each_letter_becomes_a_report_once(bench: Workbench) -> None:
    """Each letter starts one report, with its words and, if there is one, its writer; the register's clock runs from
    the opening (WB-2.3.b WB-2.3.a)."""
    case = next_round(bench)
    bench.advance(hours=10)
    case = bench.complete(case, "open-boxes", letters=LETTERS, opened_by="Li Wei")
    reports = [bench.case(one) for one in case.variables["started_cases"]]
    assert [report.variables["content"] for report in reports] == [letter["content"] for letter in LETTERS]
    assert {report.process for report in reports} == {"whistleblower"}
    assert len(bench.engine.cases(process="whistleblower")) == len(LETTERS)
    unsigned, signed = (report.variables for report in reports)
    assert (unsigned["channel"], unsigned["anonymous"], unsigned.get("reporter")) == ("suggestion_box", True, None)
    assert (signed["anonymous"], signed["reporter"]["name"], signed["language"]) == (False, "Zhao Min", "zh")
    assert {report.variables["received_at"] for report in reports} == {case.variables["opened_at"]}
    assert {report.variables["taken_by"] for report in reports} == {"Li Wei"}
    assert [report.waiting_for for report in reports] == [["register"], ["register"]]
    case = bench.complete(case, "hand-over", handed_to="Zhao Min")
    assert case.status == "completed"


def test_a_round_that_is_left_out_is_told_to_the_office(bench: Workbench) -> None:
    """When the keeper's time is over the office is told, at the very moment, and the task stays (WB-2.3.b)."""
    case = next_round(bench)
    due = case.task("open-boxes").due_at
    assert due is not None
    bench.just_before(due)
    assert told(bench, case) == []
    bench.at(due)
    assert told(bench, case) == [("boxes-unopened", "reporting-office")]
    assert case.refresh().waiting_for == ["open-boxes"]
    bench.complete(case, "open-boxes")


def test_letters_that_are_kept_back_are_told_to_the_leadership(bench: Workbench) -> None:
    """Material is handed over promptly: when its time ends the leadership is told, without a word of what the letters
    say (WB-2.3.b WB-6.1.1)."""
    case = bench.complete(next_round(bench), "open-boxes", letters=LETTERS)
    due = case.task("hand-over").due_at
    assert due is not None
    bench.just_before(due)
    assert told(bench, case) == []
    bench.at(due)
    assert told(bench, case) == [("handing-over-late", "leadership")]
    text = case.notices()[-1].text
    assert "2 letters" in text
    assert not any(secret in text for secret in ("buyer", "Zhao Min", "Purchasing"))
    assert bench.complete(case, "hand-over", handed_to="Zhao Min").status == "completed"


def test_notices_are_written_in_chinese_too(tmp_path: Path) -> None:
    """A house that works in Chinese gets its notices in Chinese (WB-2.3.b)."""
    folder = tmp_path / "processes" / PROCESS
    folder.mkdir(parents=True)
    (folder / "policy.toml").write_text('[texts.staff_language]\nvalue = "zh"\n', encoding="utf-8")
    bench = Workbench(layers=[tmp_path])
    case = next_round(bench)
    bench.advance(working_days=2)
    case = bench.complete(case, "open-boxes", letters=LETTERS)
    bench.advance(working_days=2)
    unopened, late = case.notices()
    assert "意见箱至今无人开启" in unopened.text
    assert "2件信件" in late.text


def test_a_layer_changes_how_often(bench: Workbench, tmp_path: Path) -> None:
    """Another interval in a layer moves the schedule when the process is put on it again (WB-2.3.b)."""
    folder = tmp_path / "processes" / PROCESS
    folder.mkdir(parents=True)
    (folder / "policy.toml").write_text('[repeats.box_round]\nevery = "1 working day"\n', encoding="utf-8")
    bench.schedule(PROCESS)
    engine = Engine(bench.engine.store, layers=[tmp_path], clock=bench.clock, calendar=bench.calendar)
    (row,) = engine.schedule(PROCESS)
    assert row.timer == "cycle R/1 working day"
    assert row.due_at is not None
    assert row.due_at - bench.now <= timedelta(days=4)
    bench.schedule(PROCESS)


def test_a_round_nobody_was_there_for_is_not_made_up(bench: Workbench) -> None:
    """After a fortnight without a worker one round begins, and says how many went by (WB-2.3.b)."""
    (row,) = bench.schedule(PROCESS)
    assert row.due_at is not None
    before = len(bench.engine.cases(process=PROCESS))
    bench.clock.set(row.due_at + timedelta(days=14))
    bench.engine.drain()
    found = bench.engine.cases(process=PROCESS)
    assert len(found) == before + 1
    assert found[0].history()[0].detail["missed"] >= 4
    bench.complete(found[0], "open-boxes")


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (WB-2.3.b)."""
    coverage = bench.coverage(PROCESS)
    print(coverage)
    assert coverage.missing == []
