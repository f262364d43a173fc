"""Those who handle complaints practise and discuss good examples; all staff hear how to complain."""

from __future__ import annotations

import pytest

from complaintflow.errors import InvalidData
from complaintflow.facade.views import Case
from complaintflow.testing import Workbench

PROCESS = "hr-training"


def prepared(bench: Workbench) -> Case:
    """A round begun by hand, with one good example."""
    example = bench.start("hr", {"channel": "web", "content": "It is cold."})
    bench.complete(example, "assess", reasonable=True, urgency="normal", category="facilities")
    case = bench.start(PROCESS, occasion="A review asks for it")
    return bench.complete(
        case, "prepare", topics=["phrases", "emotions"], examples=[{"case": example.id}], dates="Room 3"
    )


def told(bench: Workbench, case: Case, name: str) -> list[str | None]:
    return [notice.to.group for notice in bench.case(case.id).notices() if notice.name == name]


def test_the_clock_begins_each_round(bench: Workbench) -> None:
    """Training is regular: every six months (HR-5c.2.3.1)."""
    (row,) = bench.schedule(PROCESS)
    assert row.due_at is not None
    bench.just_before(row.due_at)
    assert bench.engine.cases(process=PROCESS) == []
    bench.at(row.due_at)
    (case,) = bench.engine.cases(process=PROCESS)
    assert case.task("prepare").groups == ("training-owner",)


def test_handlers_practise_and_discuss_good_examples(bench: Workbench) -> None:
    """Talking, emotions and conflicts are practised; then examples are discussed, without names
    (HR-5c.2.3.1 HR-5c.2.3.2)."""
    case = bench.complete(prepared(bench), "teach", handlers=[{"name": "Li Wei", "present": True}], taught="Role play.")
    (summary,) = bench.engine.surroundings(case.task("discuss").id).variables["summaries"]
    assert (summary["type"], summary["department"]) == ("facilities", "administration")
    assert "It is cold" not in str(summary)
    case = bench.complete(case, "discuss", insights="Call first.")
    case = bench.complete(case, "brief-staff", briefed="In all teams.")
    case = bench.complete(case, "conclude", conclusion="Go on like this.")
    assert (case.status, told(bench, case, "training-report")) == ("completed", ["head-of-human-resources"])
    assert "Call first." in case.notices()[-1].text


def test_a_mistyped_case_is_refused_where_it_is_typed(bench: Workbench) -> None:
    """Half an id, or a word, is no incident later: the form says what it wants, and the task stays (HR-5c.2.3.2)."""
    case = bench.start(PROCESS, occasion="A review asks for it")
    for typed in (case.id[:8], case.id + "0", "the soup"):
        with pytest.raises(InvalidData, match="prepare") as caught:
            bench.complete(case, "prepare", examples=[{"case": typed}])
        said = "Please enter the whole id of a case: 32 digits and letters from a to f."
        assert caught.value.problems == (("examples[1].case", said),)
    assert bench.case(case.id).waiting_for == ["prepare"]


def test_all_staff_hear_how_to_complain(bench: Workbench) -> None:
    """Everybody learns the way and is encouraged to go it; the conclusion waits for both (HR-5.3.2)."""
    case = bench.complete(prepared(bench), "brief-staff", briefed="In all teams.")
    assert told(bench, case, "how-to-complain") == ["all-staff"]
    assert case.waiting_for == ["teach"]


def test_a_training_that_is_late(bench: Workbench) -> None:
    """When its time is over the head hears of it, at that moment; the task stays (HR-5c.2.3.1)."""
    case = prepared(bench)
    due = case.task("teach").due_at
    assert due == bench.calendar.due(bench.now, "20 working days").at
    bench.just_before(due)
    assert told(bench, case, "training-late") == []
    bench.at(due)
    assert told(bench, case, "training-late") == ["head-of-human-resources"]
    assert "teach" in bench.case(case.id).waiting_for


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (HR-5.3.2 HR-5c.2.3.1 HR-5c.2.3.2)."""
    coverage = bench.coverage(PROCESS)
    print(coverage)
    assert coverage.missing == []
