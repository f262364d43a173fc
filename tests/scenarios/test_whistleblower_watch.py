"""The watch over a reporter after the end: questions at the policy's intervals, and what a sign begins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from complaintflow.facade.views import Case
from complaintflow.testing import Workbench
from tests.scenarios.whistleblower_steps import (
    GOOD,
    PARTS,
    REGISTER,
    asked,
    day,
    investigated,
    letters,
    open_tasks,
    sent,
    started,
    timer,
    told,
)

PROCESS = "whistleblower-watch"
REFERENCE = "R-7"
NAMED = {
    "origin": "9f3c",
    "reference": REFERENCE,
    "closed_at": "2026-03-02T09:00",
    "summary": "A buyer takes money",
    "reporter": {"name": "Zhao Min", "email": "zhao.min@example.com"},
    "persons": [{"name": "the buyer", "role": "purchasing"}],
}

_seen: set[str] = set()
_every: set[str] = set()


@pytest.fixture
def wb() -> Iterator[Workbench]:
    """A workbench on Monday 2026-03-02, 09:00; what its cases visited counts for the coverage at the end."""
    bench = Workbench()
    yield bench
    assert bench.engine.incidents() == []
    coverage = bench.coverage(PROCESS)
    _seen.update(coverage.visited)
    _every.update(coverage.every)
    bench.close()


def watching(wb: Workbench, **fields: Any) -> Case:
    """A watch over somebody whose report was closed on the first day."""
    return wb.start(PROCESS, NAMED | fields)


def asking(wb: Workbench, case: Case) -> Case:
    """The next question has been put."""
    wb.at(timer(wb, case, "time-to-ask").due_at)
    return wb.case(case.id)


def said(wb: Workbench, message: str, **data: Any) -> Case:
    """The reporter wrote under the reference of the closed report."""
    return wb.engine.correlate(message, key=REFERENCE, data=data)[0]


def answers(wb: Workbench, case: Case) -> list[str]:
    """What came of the questions so far."""
    return [answer["answer"] for answer in wb.case(case.id).variables["answers"]]


def test_the_reporter_is_asked_at_the_intervals(wb: Workbench) -> None:
    """One, three and six months after the closing the reporter is asked, at these moments and not before, by the way
    they chose; then the watch ends and says so (WB-6.2.2)."""
    case = watching(wb)
    for number, moment in enumerate(("04-03 00:00", "06-03 00:00", "09-03 00:00"), 1):
        due = timer(wb, case, "time-to-ask").due_at
        assert day(wb, due) == moment
        wb.just_before(due)
        assert letters(wb).count("watch-question") == number - 1
        wb.at(due)
        assert letters(wb).count("watch-question") == number
        assert (wb.notices[-1].channel, wb.notices[-1].to.person) == ("email", "Zhao Min")
        assert "watch-ended" not in letters(wb)
        case = said(wb, "no-sign", reply="Nothing.")
    assert {answer["said"] for answer in case.variables["answers"]} == {"Nothing."}
    assert answers(wb, case) == ["well", "well", "well"]
    assert case.status == "completed"
    assert letters(wb)[-1] == "watch-ended"
    assert "send us a new report" in wb.notices[-1].text


def test_the_intervals_are_the_policys(tmp_path: Path) -> None:
    """A layer with one round of its own asks once, at its time (WB-6.2.2)."""
    layer = tmp_path / "processes" / PROCESS
    layer.mkdir(parents=True)
    (layer / "policy.toml").write_text(
        '[lists.watch_rounds]\nvalue = ["only_round"]\n[deadlines.only_round]\nwithin = "2 weeks"\n'
        'clause = "WB-6.2.2"\nfrom = "document"\n'
    )
    wb = Workbench(layers=[tmp_path])
    case = asking(wb, watching(wb))
    assert day(wb, wb.now) == "03-17 00:00"
    assert said(wb, "no-sign").status == "completed"
    assert answers(wb, case) == ["well"]
    wb.close()


def test_an_anonymous_reporter_answers_by_the_reference(wb: Workbench) -> None:
    """Who gave no name finds the question kept for collection, and answers without anybody learning the name
    (WB-6.2.2 WB-1.3.4)."""
    case = asking(wb, watching(wb, reporter=None, anonymous=True, language="zh"))
    assert (wb.notices[-1].channel, wb.notices[-1].language) == ("collection", "zh")
    assert REFERENCE in wb.notices[-1].text
    said(wb, "retaliation", incident="My locker was searched.")
    (protection,) = started(wb, "whistleblower-protection")
    assert protection.variables["anonymous"] is True
    assert "reporter" not in protection.variables
    assert answers(wb, case) == ["sign"]


def test_a_sign_begins_protection_and_answers_the_question(wb: Workbench) -> None:
    """A sign begins a linked case of protection at any time, as often as it comes, and answers a question that is open;
    the watch goes on (WB-6.2.1 WB-6.2.2)."""
    case = watching(wb)
    said(wb, "retaliation", incident="Moved to the archive.")
    assert answers(wb, case) == []
    case = asking(wb, case)
    assert open_tasks(wb, case) == ["follow-up"]
    said(wb, "retaliation", incident="An insult.")
    assert open_tasks(wb, case) == []
    assert answers(wb, case) == ["sign"]
    cases = started(wb, "whistleblower-protection")
    assert [one.variables["content"] for one in cases] == ["Moved to the archive.", "An insult."]
    for one in cases:
        assert (one.variables["origin"], one.variables["reference"]) == ("9f3c", REFERENCE)
        assert one.variables["reporter"]["email"] == "zhao.min@example.com"
        assert one.variables["persons"] == NAMED["persons"]
    assert timer(wb, case, "time-to-ask")


def test_the_officer_hears_of_a_disadvantage(wb: Workbench) -> None:
    """What the protection officer hears on the phone begins protection too; nothing heard begins nothing (WB-6.2.2)."""
    case = asking(wb, watching(wb))
    assert case.task("follow-up").groups == ("protection-officer",)
    case = wb.complete(case, "follow-up", disadvantaged=True, disadvantage="No rise in pay.")
    (protection,) = started(wb, "whistleblower-protection")
    assert protection.variables["content"] == "No rise in pay."
    case = wb.complete(asking(wb, case), "follow-up", disadvantaged=False)
    case = asking(wb, case)
    case = wb.complete(case, "follow-up", disadvantaged=False)
    assert answers(wb, case) == ["sign", "well", "well"]
    assert len(started(wb, "whistleblower-protection")) == 1
    assert case.status == "completed"


def test_silence_is_looked_into_and_noted(wb: Workbench) -> None:
    """Without an answer the officer is reminded after a week, then the silence is noted, each at its moment, and the
    next round asks again (WB-6.2.2)."""
    case = asking(wb, watching(wb))
    remind, silence = (timer(wb, case, name).due_at for name in ("unanswered", "silence"))
    assert (day(wb, remind), day(wb, silence)) == ("04-14 00:00", "05-08 00:00")
    assert case.task("follow-up").due_at == remind
    wb.just_before(remind)
    assert letters(wb)[-1] == "watch-question"
    wb.at(remind)
    assert (letters(wb)[-1], wb.notices[-1].to.group) == ("follow-up-due", "protection-officer")
    assert "Zhao Min" not in wb.notices[-1].text + wb.notices[-1].subject
    wb.just_before(silence)
    assert open_tasks(wb, case) == ["follow-up"]
    wb.at(silence)
    assert open_tasks(wb, case) == []
    assert answers(wb, case) == ["none"]
    asking(wb, case)
    assert letters(wb).count("watch-question") == 2


def test_an_answer_between_two_questions_is_heard(wb: Workbench) -> None:
    """An answer that comes late does no harm, and the next question is put all the same (WB-6.2.2)."""
    case = watching(wb)
    said(wb, "no-sign")
    case = asking(wb, case)
    assert open_tasks(wb, case) == ["follow-up"]


def test_a_late_appeal_is_answered(wb: Workbench) -> None:
    """Who appeals after the report was closed learns that the time is over, and what else can be done (WB-5.1.2.b)."""
    watching(wb)
    said(wb, "appeal", grounds="I still disagree.")
    assert letters(wb)[-1] == "appeal-refused"
    assert "send us a new report" in wb.notices[-1].text


def test_from_the_report_to_the_watch(wb: Workbench) -> None:
    """The reference of the report reaches the watch after the closing, and the report's retention runs from its own
    end, however long the watch lasts (WB-6.2.2 WB-1.3.4)."""
    report = asked(wb, told(wb), "satisfied")
    (watch,) = started(wb, PROCESS)
    wb.at(timer(wb, watch, "time-to-ask").due_at)
    assert sent(wb, report, "no-sign").id == watch.id
    assert wb.case(report.id).updated_at < wb.case(watch.id).updated_at
    assert wb.case(report.id).status == "completed"


def test_a_receipt_reaches_the_watch_too(wb: Workbench) -> None:
    """Who reported without a name reads the watch's questions with the receipt of the report, and answers them
    (WB-5.2.1.a WB-6.2.2)."""
    begun = wb.start("whistleblower", {"channel": "web", "content": "The buyer takes money."})
    assert begun.receipt is not None
    case = wb.complete(wb.complete(begun, "register", REGISTER), "assess", admissible=True)
    case = wb.complete(wb.complete(case, "classify", kind="corruption"), "appoint", investigator="li.wei")
    case = wb.complete(wb.complete(investigated(wb, case), "report", PARTS, measures=[]), "review", GOOD)
    asked(wb, wb.complete(case, "feed-back"), "satisfied")
    (watch,) = started(wb, PROCESS)
    wb.at(timer(wb, watch, "time-to-ask").due_at)
    reporter = wb.engine.reporter(begun.receipt)
    progress = reporter.progress()
    assert progress.status == "completed"
    assert "ask" in [step.element for step in progress.steps]
    assert {"no-sign", "retaliation"} <= {message.name for message in progress.messages}
    reporter.send("retaliation", {"incident": "They moved my desk into the cellar."})
    (protection,) = started(wb, "whistleblower-protection")
    assert protection.variables["content"] == "They moved my desk into the cellar."
    assert wb.case(watch.id).history()[-1].actor in ("reporter", None)


def test_every_path_is_played(request: pytest.FixtureRequest) -> None:
    """The tests above visit every element and every flow of the watch (WB-6.2.2)."""
    here = [item for item in request.session.items if item.path == request.path]
    if len({item.name.partition("[")[0] for item in here}) < sum(name.startswith("test_") for name in globals()):
        pytest.skip("coverage is only known after the whole file")
    print(f"{PROCESS}: {len(_every & _seen)} of {len(_every)} elements and flows")
    assert _every - _seen == set()
