"""Suggestions of staff: answered, tried, looked at, and rewarded by a person's decision."""

from __future__ import annotations

from typing import Any

import pytest

from complaintflow.errors import InvalidData
from complaintflow.facade.views import Case
from complaintflow.testing import Workbench
from tests.scenarios.wedding_steps import due, every_path, sent, shown, watched

PROCESS = "wedding-suggestion"
DECIDED = {"reward_reason": "Two complaints fewer.", "decided_by": "wu.lan"}


def made(bench: Workbench, **more: Any) -> Case:
    """A suggestion."""
    reporter = {"name": "Li Wei", "email": "li.wei@example.com", "preferred_channel": "email"}
    return bench.start(PROCESS, {"content": "Call the couple the day before.", "reporter": reporter, **more})


def tried(bench: Workbench, fewer: bool, more: bool) -> Case:
    """A suggestion whose effect is known."""
    case = bench.complete(made(bench), "assess", adopt=True, assessment="It costs nothing.")
    case = bench.complete(case, "carry-out", measures="A call sheet.")
    bench.at(due(bench, case, "effect-time"))
    return bench.complete(bench.case(case.id), "measure", fewer_complaints=fewer, more_satisfied=more)


@pytest.mark.parametrize(
    ("fewer", "more", "proposal"),
    [(True, True, "bonus"), (True, False, "bonus"), (False, True, "commendation"), (False, False, "thanks")],
)
def test_the_table_proposes(bench: Workbench, fewer: bool, more: bool, proposal: str) -> None:
    """What the effect suggests as a reward is proposed, and nothing is told before somebody has decided (WED-7.2.b)."""
    case = tried(bench, fewer, more)
    assert shown(bench, case, "reward")["proposal"]["reward"] == proposal
    assert sent(bench, case, "suggestion-reward") == []


def test_a_person_decides_the_reward(bench: Workbench) -> None:
    """Management may decide otherwise than the table, says why and who decided, and whoever suggested it learns it
    (WED-7.2.b)."""
    case = tried(bench, True, True)
    assert case.task("reward").groups == ("management",)
    with pytest.raises(InvalidData):
        bench.complete(case, "reward", reward="bonus", amount=500)
    case = bench.complete(case, "reward", DECIDED, reward="commendation")
    assert (case.status, sent(bench, case, "suggestion-reward")) == ("completed", [None])
    assert "commended before the whole team" in case.notices()[-1].text
    case = bench.complete(tried(bench, True, True), "reward", DECIDED, reward="bonus", amount=500)
    assert "500" in case.notices()[-1].text
    case = bench.complete(tried(bench, False, False), "reward", DECIDED, reward="thanks")
    assert "we thank you" in case.notices()[-1].text


def test_the_effect_is_looked_at_in_its_time(bench: Workbench) -> None:
    """Some months after a suggestion was carried out, and not before, tracking looks whether it helped (WED-7.2.b)."""
    case = bench.complete(made(bench, department="host"), "assess", adopt=True, assessment="Yes.")
    assert case.task("carry-out").groups == ("host",)
    case = bench.complete(case, "carry-out", measures="A call sheet.")
    moment = due(bench, case, "effect-time")
    bench.just_before(moment)
    assert bench.case(case.id).waiting_for == []
    bench.at(moment)
    assert bench.case(case.id).task("measure").groups == ("complaint-tracking",)


def test_whoever_suggests_is_answered(bench: Workbench) -> None:
    """Everybody is thanked at once, a late answer is told to management, and a no has its reason (WED-7.2.b)."""
    case = made(bench)
    assert sent(bench, case, "suggestion-received") == [None]
    case = watched(bench, case, "assess")
    case = bench.complete(case, "assess", adopt=False, assessment="The law forbids it.")
    assert (case.status, sent(bench, case, "suggestion-declined")) == ("completed", [None])
    assert "The law forbids it." in case.notices()[-1].text


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (WED-7.2.b)."""
    every_path(bench, PROCESS)
