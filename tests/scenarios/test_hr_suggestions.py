"""Suggestions are collected, considered, answered, put into practice and fairly rewarded."""

from __future__ import annotations

from typing import Any

import pytest

from complaintflow.errors import InvalidData
from complaintflow.facade.views import Case
from complaintflow.testing import Workbench

PROCESS = "hr-suggestions"
REPORTER = {"name": "Zhao Min", "email": "zhao.min@example.com"}


def made(bench: Workbench, **more: Any) -> Case:
    return bench.start(PROCESS, {"channel": "web", "content": "Forms online.", "reporter": REPORTER, **more})


def rewarding(bench: Workbench, benefit: str = "some", **more: Any) -> Case:
    """It was adopted and put into practice."""
    case = bench.complete(made(bench, **more), "consider", adopt=True, answer="Yes.", department="it", benefit=benefit)
    assert case.task("practise").groups == ("it",)
    return bench.complete(case, "practise", practised="Online since today.")


def letters(case: Case) -> list[str]:
    return [notice.name for notice in case.notices()]


def test_a_feedback_day(bench: Workbench) -> None:
    """The clock holds one every month; what was said and what lies in the box becomes a case each
    (HR-5c.3.1.2.a)."""
    (row,) = bench.schedule(PROCESS)
    assert row.due_at is not None
    bench.just_before(row.due_at)
    assert bench.engine.cases(process=PROCESS) == []
    bench.at(row.due_at)
    (case,) = bench.engine.cases(process=PROCESS)
    assert [(notice.name, notice.to.group) for notice in case.notices()] == [("feedback-day", "all-staff")]
    case = bench.complete(case, "collect", letters=[{"content": "More light.", **REPORTER}, {"content": "Less noise."}])
    assert case.status == "completed"
    light, noise = (bench.case(one) for one in case.variables["started_cases"])
    assert (light.variables["reporter"]["name"], light.waiting_for) == ("Zhao Min", ["consider"])
    assert (noise.variables["anonymous"], noise.variables["content"]) == (True, "Less noise.")
    (row,) = bench.schedule(PROCESS)
    assert row.due_at is not None
    bench.at(row.due_at)
    empty = next(one for one in bench.engine.cases(process=PROCESS, status="active") if "collect" in one.waiting_for)
    assert bench.complete(empty, "collect").status == "completed"


def test_a_collection_that_is_late(bench: Workbench) -> None:
    """When its time is over the head hears of it, at that moment; the task stays (HR-5c.3.1.2.a)."""
    (row,) = bench.schedule(PROCESS)
    assert row.due_at is not None
    bench.at(row.due_at)
    case = next(one for one in bench.engine.cases(process=PROCESS, status="active") if "collect" in one.waiting_for)
    due = case.task("collect").due_at
    assert due == bench.calendar.due(bench.now, "2 working days").at
    bench.just_before(due)
    assert "collection-late" not in letters(bench.case(case.id))
    bench.at(due)
    late = bench.case(case.id).notices()[-1]
    assert (late.name, late.to.group) == ("collection-late", "head-of-human-resources")
    assert bench.case(case.id).waiting_for == ["collect"]


def test_a_suggestion_that_is_not_adopted_is_answered(bench: Workbench) -> None:
    """Whoever proposed it is thanked at once and hears why not (HR-5c.3.1.2.a)."""
    case = made(bench)
    assert letters(case) == ["thanks"]
    case = bench.complete(case, "consider", adopt=False, answer="The law wants paper.")
    assert (case.status, letters(case)) == ("completed", ["thanks", "not-adopted"])
    assert "The law wants paper." in case.notices()[-1].text


@pytest.mark.parametrize(
    ("benefit", "reward", "amount"), [("great", "money", 1000), ("some", "money", 200), ("small", "thanks", None)]
)
def test_the_table_proposes_and_a_person_decides(
    bench: Workbench, benefit: str, reward: str, amount: int | None
) -> None:
    """Like suggestions have like rewards proposed; a person decides, and the reason is kept and told
    (HR-5c.3.1.2.b)."""
    case = rewarding(bench, benefit)
    assert case.task("reward").groups == ("head-of-human-resources",)
    proposed = bench.engine.surroundings(case.task("reward").id).variables
    assert (proposed["reward"], proposed["amount"]) == (reward, amount)
    case = bench.complete(case, "reward", reward="gift", reward_reason="As for the door last year.")
    assert (case.status, case.variables["reward"], case.variables["amount"]) == ("completed", "gift", None)
    assert "As for the door last year." in case.notices()[-1].text


def test_money_needs_an_amount(bench: Workbench) -> None:
    """A reward in money says how much, and the letter says it (HR-5c.3.1.2.b)."""
    case = rewarding(bench, "small")
    with pytest.raises(InvalidData):
        bench.complete(case, "reward", reward="money", reward_reason="Well done.")
    case = bench.complete(case, "reward", reward="money", amount=50, reward_reason="Well done.")
    assert "50" in case.notices()[-1].text


def test_nobody_decides_on_the_own_suggestion(bench: Workbench) -> None:
    """Whoever proposed is kept out of the decisions (HR-5c.3.1.2.b)."""
    policy = bench.engine.library.newest(PROCESS).policy
    assert policy.recusals["proposer"].person == "reporter.name"


def test_without_a_department_human_resources_does_it(bench: Workbench) -> None:
    """What nobody was named for does not lie about (HR-5c.3.1.2.a)."""
    case = bench.complete(made(bench), "consider", adopt=True, answer="Yes.")
    assert case.task("practise").groups == ("human-resources",)


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (HR-5c.3.1.2.a HR-5c.3.1.2.b)."""
    coverage = bench.coverage(PROCESS)
    print(coverage)
    assert coverage.missing == []
