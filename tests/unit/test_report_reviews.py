"""The report of a quarter shows what the review of that quarter proposed and decided, and no word that stays inside."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from lxml import html

from complaintflow.facade.views import Case
from complaintflow.testing import Workbench
from tests.unit.test_report import css, words

PROPOSAL = "One <b>calendar</b> for\nall & everybody"
PRIORITY = "A rule for leave </li><script>x</script>"


@pytest.fixture(scope="module")
def played() -> Iterator[Workbench]:
    """Two complaints of the third quarter and one of the fourth; nobody has reviewed them yet."""
    bench = Workbench(now=datetime.fromisoformat("2026-08-03T09:00:00+08:00"))
    for _ in range(2):
        bench.complete(bench.start("hr", channel="email", content="x"), "assess", reasonable=True, urgency="normal")
    bench.at("2026-10-08T09:00:00+08:00")
    bench.start("hr", channel="email", content="x")
    bench.advance(hours=1)
    yield bench
    bench.close()


@pytest.fixture
def bench(played: Workbench) -> Iterator[Workbench]:
    """Reviews that one test began are called off before the next."""
    yield played
    for case in played.engine.cases(process="hr-quarterly-review", status="active"):
        played.engine.cancel(case.id, "the test is over")


def page(bench: Workbench, period: str = "2026Q3", language: str = "en") -> html.HtmlElement:
    """The section of proposals."""
    made = html.document_fromstring(bench.engine.report("hr", period, language=language, cases=0).html)
    return css(made, "#proposals")[0]


def proposed(bench: Workbench) -> Case:
    """A review that has written its report."""
    case = bench.complete(bench.start("hr-quarterly-review", {}), "plan-inquiry", ways="none")
    case = bench.complete(case, "find-roots", roots=[])
    proposals = [{"proposal": PROPOSAL, "department": "administration"}]
    return bench.complete(case, "write-report", problems="Zhao Min waited.", proposals=proposals)


def decided(bench: Workbench, **more: Any) -> Case:
    """A review whose priorities are fixed."""
    first = {"what": PRIORITY, "department": "human-resources", "kind": "rules", "due": "2026-12-01"}
    second = {"what": "Heating", "department": "the caretakers"}
    return bench.complete(proposed(bench), "prioritise", priorities=[first, second], **more)


def test_without_a_review_the_report_only_asks(bench: Workbench) -> None:
    """Nobody has decided anything, and the report says so (HR-5c.1.3.1)."""
    section = page(bench)
    assert css(section, ".reviewed, .proposed, .decided, .key") == []
    assert "No decision was handed in" in words(section)


def test_what_was_released_stands_in_the_report(bench: Workbench) -> None:
    """Proposals and decisions in people's words, with department and day, as text and never as markup
    (HR-5c.1.3.1 HR-5c.1.3.2)."""
    decided(bench, in_report=True)
    section = page(bench)
    assert [words(one) for one in css(section, ".proposed li")] == [
        "One <b>calendar</b> for all & everybody (Administration)"
    ]
    assert [words(one) for one in css(section, ".decided li")] == [
        f"{PRIORITY} (Human resources, by December 1, 2026)", "Heating (the caretakers)",
    ]  # fmt: skip
    assert [words(one) for one in css(section, ".reviewed")] == [
        "The review of this time has counted: proposals (1), priorities (2)."
    ]
    assert css(section, "script, b, .key") == []
    assert "Zhao Min" not in words(section)
    said = words(page(bench, language="zh"))
    assert "本期复盘统计：改进建议（1）、优先事项（2）。" in said
    assert "（人力资源部，2026年12月1日前）" in said


def test_what_nobody_released_is_only_counted(bench: Workbench) -> None:
    """Without the release no word of the review is in the report, and it says that there are some (HR-5c.1.3.1)."""
    first = proposed(bench)
    section = page(bench)
    assert [words(one) for one in css(section, ".reviewed")] == ["The review of this time has counted: proposals (1)."]
    bench.engine.cancel(first.id, "begun again")
    decided(bench)
    section = page(bench)
    assert "proposals (1), priorities (2)" in words(css(section, ".reviewed")[0])
    assert "not released" in words(css(section, ".key")[0])
    assert css(section, ".proposed, .decided") == []
    whole = bench.engine.report("hr", "2026Q3", cases=0).html
    assert not any(part in whole for part in ("calendar", "Heating", "rule for leave", "caretakers"))


def test_a_review_belongs_to_its_quarter(bench: Workbench) -> None:
    """What was decided upon the third quarter is not in the report of the fourth, nor what was called off in any
    (HR-5c.1.3.1)."""
    case = decided(bench, in_report=True)
    assert css(page(bench, "2026Q4"), ".reviewed, .decided") == []
    bench.engine.cancel(case.id, "a mistake")
    assert css(page(bench), ".reviewed, .decided") == []


def test_what_was_handed_in_stands_beside_it(bench: Workbench) -> None:
    """Decisions given on the command line come first (HR-5c.1.3.1)."""
    decided(bench, in_report=True)
    text = bench.engine.report("hr", "2026Q3", cases=0, proposals=["One list."]).html
    items = css(html.document_fromstring(text), ".decided li")
    assert [words(one)[:9] for one in items] == ["One list.", "A rule fo", "Heating ("]


def test_a_finished_review_says_what_became_of_it(bench: Workbench) -> None:
    """When departments have done what came first, the report of the quarter says how much (HR-5.2.1)."""
    case = decided(bench, in_report=True)
    for task in bench.case(case.id).tasks:
        if task.element == "improve":
            case = bench.engine.complete(task.id, {"done": "It is done."})
    assert "priorities (2), carried out (2)" in words(css(page(bench), ".reviewed")[0])
