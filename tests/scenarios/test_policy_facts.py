"""What is counted of a policy's own life: trainings, checks, reviews; and how little of people is in it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from complaintflow.facade.views import Case
from complaintflow.testing import Workbench
from tests.scenarios import test_policy_training as training
from tests.scenarios.test_policy_review import counted as reviewing
from tests.scenarios.test_policy_supervision import checking, watched

NAMES = ("Zhao Min", "Li Wei", "Wu Lan", "Chen Jie", "Sun Hua")


def facts(case: Case) -> dict[str, str | None]:
    """Name -> the value that counts now."""
    return {
        line.counted.partition("/")[2]: line.value
        for line in case.refresh().history()
        if line.event == "fact" and line.counted is not None
    }


def trained(bench: Workbench, number: int, **more: Any) -> Case:
    """A training of so many people who were all there, examined (50, 60, 70, ...) and asked (4, 5, 5 of 5)."""
    staff = [{"name": name, "present": True} for name in NAMES[:number]]
    case = bench.complete(training.begun(bench, **more), "teach-staff", participants=staff)
    case = bench.complete(case, "teach-handlers", handlers=staff[:1])
    marks = [{"name": one["name"], "mark": 50 + 10 * at} for at, one in enumerate(staff)]
    case = bench.complete(case, "examine", marks=marks)
    while "repeat-lesson" in case.waiting_for:
        case = bench.complete(case, "repeat-lesson")
        case = bench.complete(case, "examine", marks=[{"name": NAMES[0], "mark": 55}])
    return training.answered(bench, case)


def test_a_training_is_counted_by_its_marks(bench: Workbench) -> None:
    """How many were examined and failed, the mean of everybody's best mark, and what the questionnaire says of content,
    method and trainer (OFF-8.6.1 OFF-8.6.2)."""
    case = trained(bench, 5)
    assert facts(case) == {
        "type": "office", "examined": "5", "not_passed": "1", "mark": "71", "score": "4.666667",
    }  # fmt: skip
    bench.at("2026-04-01")
    score = bench.engine.figures("policy-training", "2026Q1").get("score")
    assert score is not None
    assert score.value == Decimal("4.67")


def test_of_few_people_no_mean_is_counted(bench: Workbench) -> None:
    """With four people a mean would be somebody's mark and somebody's opinion (OFF-8.6.1 OFF-8.6.2)."""
    told = facts(trained(bench, 4))
    assert told["examined"] == "4"
    assert (told.get("mark"), told.get("score")) == (None, None)


def test_checks_are_counted(bench: Workbench) -> None:
    """How many checks the first months had, how many found something, and how many cases were read (OFF-7.3.a)."""
    case = watched(bench)
    case = bench.complete(checking(bench, case), "check", followed=True, returned=True, looked_at=[{"case": "A-1"}])
    case = bench.complete(checking(bench, case), "check", followed=False, returned=True, shortcomings="No answer.")
    bench.complete(case, "correct", correction="Answered.")
    assert facts(case) == {"type": "office", "checks": "2", "shortcomings": "1", "cases_read": "1"}


def test_reviews_are_counted(bench: Workbench) -> None:
    """Which quarter of which policy was looked at, how many problems were found, what is changed (OFF-7.3.b
    OFF-7.3.d)."""
    case = bench.complete(
        reviewing(bench), "evaluate", remedy="none", analysis="Fewer.", problems=[{"problem": "The printer."}]
    )
    assert facts(case) == {
        "type": "office", "reviewed": f"office/{case.variables['figures']['period']['name']}", "outcome": "none",
        "problems": "1",
    }  # fmt: skip


def test_words_in_place_of_an_id_are_not_counted(bench: Workbench) -> None:
    """What somebody typed as the policy's id is kept in the plain only where it looks like one (OFF-7.3.a)."""
    assert facts(watched(bench, regulation="Zhao Min's rule")).get("type") is None
