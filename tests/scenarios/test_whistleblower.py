"""The whistleblower procedure, played from the first word to the closed case (clauses WB-1 to WB-6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from complaintflow.errors import InvalidData, PrematureCommitment
from complaintflow.facade.views import Case
from complaintflow.testing import Workbench
from tests.scenarios.whistleblower_steps import (
    ANONYMOUS,
    GOOD,
    MEASURE,
    NAMED,
    PARTS,
    POOR,
    PROCESS,
    REGISTER,
    accepted,
    appealing,
    appointed,
    asked,
    classified,
    day,
    fixed,
    investigated,
    letters,
    open_tasks,
    registered,
    reported,
    sent,
    started,
    threatened,
    timer,
    told,
)

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


# -- the ordinary way, and every decision both ways ------------------------------------------------


def test_ordinary_report(wb: Workbench) -> None:
    """A report is registered, accepted, classified, investigated, reviewed, answered, acted on and closed
    (WB-1.2 WB-2.1.c WB-2.2.c WB-3.1.a WB-3.1.b WB-3.2.1.b WB-3.2.3.a WB-4.1.1.b WB-4.1.2.b WB-4.1.3.b WB-4.2.2.a
    WB-4.3.1.a WB-4.3.2.a WB-5.1.1.b WB-5.1.1.c WB-6.2.2)."""
    case = asked(wb, told(wb, MEASURE), "satisfied")
    assert case.waiting_for[0] == "carry-out"
    case = wb.complete(wb.complete(case, "carry-out", done="Two signatures since Monday."), "verify", verified=True)
    assert case.status == "completed"
    assert letters(wb) == ["acknowledgement", "transfer-sheet", "result", "completion"]
    assert case.variables["measures_done"] == [
        {"what": "A second signature", "owner": "li.wei", "outcome": "carried_out"}
    ]
    result = wb.notices[2]
    assert result.channel == "email"
    assert all(part in result.text for part in ("Heard three people.", "It is true.", "A second signature."))
    assert wb.notices[3].subject == "What became of the measures"
    assert "done, and checked" in wb.notices[3].text


def test_anonymous_report(wb: Workbench) -> None:
    """A report without a name runs all the way,  and its letters are kept for collection
    (WB-2.3.a WB-3.2.1.b WB-1.3.4)."""
    case = wb.complete(wb.start(PROCESS, ANONYMOUS), "register", REGISTER)
    case = wb.complete(wb.complete(case, "assess", admissible=True), "classify", kind="corruption")
    case = investigated(wb, wb.complete(case, "appoint", investigator="li.wei"))
    case = wb.complete(wb.complete(case, "report", PARTS), "review", GOOD)
    case = asked(wb, wb.complete(case, "feed-back"), "satisfied")
    assert case.status == "completed"
    to_reporter = [notice for notice in wb.notices if not notice.to.group]
    assert [notice.name for notice in to_reporter] == ["acknowledgement", "result", "completion"]
    assert {notice.channel for notice in to_reporter} == {"collection"}


def test_one_office_accepts_every_channel(wb: Workbench) -> None:
    """Whatever the channel, the same office registers the report
    (WB-2.1.a WB-2.2.a WB-2.3.a WB-2.4.a WB-2.4.b WB-3.1.a)."""
    for channel in ("phone", "in_person", "email", "letter", "suggestion_box", "web", "social", "app", "other"):
        case = wb.start(PROCESS, ANONYMOUS | {"channel": channel})
        assert case.task("register").groups == ("reporting-office",)


def test_refusal_with_reasons(wb: Workbench) -> None:
    """A report outside the scope is refused with the reasons, and without them the refusal is not accepted
    (WB-3.2.2.a WB-3.2.2.b WB-3.2.2.c)."""
    case = registered(wb)
    with pytest.raises(InvalidData):
        case.complete("assess", {"admissible": False})
    case = case.complete("assess", {"admissible": False, "refusal_reason": "A private matter between neighbours."})
    assert case.status == "completed"
    assert letters(wb)[-1] == "refusal"
    assert "A private matter between neighbours." in wb.notices[-1].text
    assert "send us a new report" in wb.notices[-1].text
    assert started(wb, "whistleblower-watch") == []


CLASSES: list[tuple[dict[str, Any], str, list[str]]] = [
    ({"kind": "corruption"}, "ordinary", ["compliance"]),
    ({"kind": "fraud", "urgent": True}, "urgent", ["internal-audit"]),
    ({"kind": "conduct", "major": True}, "major", ["human-resources"]),
    ({"kind": "safety"}, "urgent", ["safety"]),
    ({"kind": "retaliation"}, "urgent", ["compliance"]),
    ({"kind": "service"}, "ordinary", ["operations"]),
    ({"kind": "other"}, "ordinary", ["administration"]),
    ({"kind": "other", "departments": ["operations"]}, "ordinary", ["operations"]),
]


def test_classification(wb: Workbench) -> None:
    """Kind, urgency and the office's own choice give department, level and emergency procedure
    (WB-3.2.3.a WB-3.2.3.b WB-3.3.1.a)."""
    for data, level, departments in CLASSES:
        case = classified(wb, **data)
        assert case.variables["grade"]["level"] == level
        assert case.variables["departments"] == departments
        assert case.task("appoint").groups == tuple(departments)
        assert ("secure" in open_tasks(wb, case)) == (level != "ordinary")


def test_emergency_procedure(wb: Workbench) -> None:
    """An urgent report alerts the leadership at once, and is secured and investigated side by side, first of all
    (WB-3.3.1.a WB-3.3.1.b WB-3.3.1.c)."""
    case = classified(wb, urgent=True)
    alert = next(notice for notice in wb.notices if notice.name == "alert")
    assert alert.to.group == "leadership"
    assert alert.created_at == wb.now
    assert open_tasks(wb, case) == ["appoint", "secure"]
    assert {task.priority for task in case.tasks} == {90}
    assert day(wb, case.task("appoint").due_at or wb.now) == "03-02 13:00"
    case = wb.complete(case, "secure", emergency_measures="Invoices locked away.")
    assert case.variables["emergency_measures"] == "Invoices locked away."
    case = wb.complete(case, "appoint", investigator="li.wei")
    assert day(wb, case.task("investigate").due_at or wb.now) == "03-12 00:00"


def test_emergency_begins_with_the_receipt(wb: Workbench) -> None:
    """Whoever takes a report down can call it urgent: leadership and emergency procedure do not wait for the register,
    and the classification that confirms it begins no second one (WB-3.3.1.a WB-3.3.1.c)."""
    case = wb.start(PROCESS, NAMED | {"urgent": True})
    alert = wb.notices[-1]
    assert (alert.name, alert.to.group, alert.created_at) == ("alert", "leadership", wb.now)
    assert "cannot wait" in alert.text
    assert "not registered yet" in alert.text
    assert open_tasks(wb, case) == ["register", "secure"]
    assert day(wb, case.task("secure").due_at or wb.now) == "03-02 13:00"
    case = wb.complete(wb.complete(case, "register", REGISTER), "assess", admissible=True)
    case = wb.complete(case, "classify", kind="corruption")
    assert open_tasks(wb, case) == ["appoint", "secure"]
    assert case.variables["grade"]["level"] == "urgent"
    case = wb.complete(case, "secure", emergency_measures="The press is stopped.")
    assert case.variables["emergency_measures"] == "The press is stopped."
    assert letters(wb).count("alert") == 1


def test_emergency_is_called_off(wb: Workbench) -> None:
    """A classification that finds the report neither urgent nor major ends the emergency procedure and tells the
    leadership; should it turn out urgent later all the same, it begins again (WB-3.3.1.a WB-3.3.1.c)."""
    case = wb.complete(wb.start(PROCESS, NAMED | {"urgent": True}), "register", REGISTER)
    case = wb.complete(wb.complete(case, "assess", admissible=True), "classify", kind="corruption", urgent=False)
    assert open_tasks(wb, case) == ["appoint"]
    assert [notice.to.group for notice in wb.notices if notice.name == "alert-withdrawn"] == ["leadership"]
    case = sent(wb, case, "urgent")
    assert open_tasks(wb, case) == ["appoint", "secure"]
    assert letters(wb).count("alert") == 2


@pytest.mark.parametrize("reach", [lambda wb: wb.start(PROCESS, NAMED), accepted, appointed])
def test_emergency_at_any_time(wb: Workbench, reach: Callable[[Workbench], Case]) -> None:
    """Whoever finds out that it cannot wait says so by a message, before the classification or after it, and a second
    such message begins nothing more (WB-3.3.1.a WB-3.3.1.c)."""
    case = reach(wb)
    before = open_tasks(wb, case)
    assert "secure" not in before
    case = sent(wb, sent(wb, case, "urgent"), "urgent")
    assert open_tasks(wb, case) == sorted([*before, "secure"])
    assert letters(wb).count("alert") == 1


def test_joint_investigation(wb: Workbench) -> None:
    """Several departments investigate side by side, the office leads them and writes the report, others review it
    (WB-3.3.2 WB-4.2.sep)."""
    case = classified(wb, departments=["compliance", "operations"])
    case = wb.complete(case, "organise", joint_lead="wang.fang", joint_plan="Operations looks at the deliveries.")
    for task in case.tasks:
        wb.engine.complete(task.id, {"investigator": f"expert of {task.groups[0]}"})
    case = wb.case(case.id)
    assert sorted(task.groups for task in case.tasks) == [("compliance",), ("operations",)]
    for task in case.tasks:
        wb.engine.complete(task.id, {"conflict_free": True, "findings": f"Seen by {task.groups[0]}."})
    case = wb.case(case.id)
    assert case.task("report-jointly").groups == ("reporting-office",)
    case = wb.complete(case, "report-jointly", PARTS)
    assert case.task("review").groups == ("report-review",)
    case = wb.complete(case, "review", GOOD)
    assert [part["findings"] for part in case.variables["contributions"]] == [
        "Seen by compliance.",
        "Seen by operations.",
    ]


def test_conflict_returns_to_appointment(wb: Workbench) -> None:
    """A declared conflict goes back to the department, and after its second the office names somebody from elsewhere,
    as often as needed (WB-1.3.2 WB-4.1.1.a WB-4.1.2.a)."""
    conflict = {"conflict_free": False, "conflict_reason": "My brother."}
    case = wb.complete(appointed(wb), "investigate", conflict)
    assert open_tasks(wb, case) == ["appoint"]
    case = wb.complete(wb.complete(case, "appoint", investigator="second"), "investigate", conflict)
    outside = {"investigator": "third", "investigator_group": "internal-audit"}
    case = wb.complete(wb.complete(case, "appoint-outside", outside), "investigate", conflict)
    case = wb.complete(case, "appoint-outside", outside)
    task = case.task("investigate")
    assert (task.groups, task.assignee) == (("internal-audit",), "third")
    assert open_tasks(wb, investigated(wb, case)) == ["report"]


def test_report_has_four_parts(wb: Workbench) -> None:
    """A report without one of its four parts is not accepted, nor a measure without owner or day
    (WB-4.1.3.b WB-4.3.1.b)."""
    case = investigated(wb)
    for part in PARTS:
        with pytest.raises(InvalidData):
            case.complete("report", {name: text for name, text in PARTS.items() if name != part})
    for missing in ("owner", "due"):
        incomplete = {name: value for name, value in MEASURE.items() if name != missing}
        with pytest.raises(InvalidData):
            case.complete("report", PARTS | {"measures": [incomplete]})


def test_measures_are_not_due_in_the_past(wb: Workbench) -> None:
    """A measure may be due today, and not yesterday, when it is set and when the check sets a new day
    (WB-4.3.1.b WB-4.3.2.a)."""
    case = investigated(wb)
    with pytest.raises(InvalidData):
        case.complete("report", PARTS | {"measures": [MEASURE | {"due": "2026-03-01"}]})
    case = wb.complete(case, "report", PARTS, measures=[MEASURE | {"due": "2026-03-02"}])
    case = wb.complete(wb.complete(case, "review", GOOD), "carry-out", done="Almost.")
    late = {"verified": False, "verification": "Not yet."}
    with pytest.raises(InvalidData):
        case.complete("verify", late | {"new_due": "2026-03-01"})
    wb.complete(case, "verify", late | {"new_due": "2026-03-02"})


def test_review_returns_with_opinion(wb: Workbench) -> None:
    """One criterion that is not met returns the report, and not without an opinion (WB-1.3.1 WB-4.2.1.b WB-4.2.2.b)."""
    for criterion in GOOD:
        case = reported(wb)
        with pytest.raises(InvalidData):
            case.complete("review", GOOD | {criterion: False})
        case = case.complete("review", GOOD | {criterion: False, "review_opinion": "Hear the supplier, too."})
        assert open_tasks(wb, case) == ["appoint"]
        assert letters(wb)[-1] == "review-opinion"
        assert "Hear the supplier, too." in wb.notices[-1].text


def test_leadership_decides_after_two_returns(wb: Workbench) -> None:
    """A report that was returned twice goes to the leadership, whose decision is the result (WB-4.2.2.b WB-4.2.2.a)."""
    case = wb.complete(reported(wb), "review", POOR)
    for _ in range(2):
        case = investigated(wb, wb.complete(case, "appoint", investigator="li.wei"))
        case = wb.complete(wb.complete(case, "report", PARTS), "review", POOR)
    assert case.task("decide").groups == ("leadership",)
    case = wb.complete(case, "decide", result="Partly true.", decision_reasons="Enough is known.")
    case = wb.complete(case, "feed-back")
    assert "Partly true." in wb.notices[-1].text


@pytest.mark.parametrize(("satisfaction", "task"), [("neutral", "explain"), ("very_satisfied", None)])
def test_satisfaction_decides(wb: Workbench, satisfaction: str, task: str | None) -> None:
    """Only a reporter who is not satisfied is listened to once more (WB-5.1.2.a)."""
    case = asked(wb, told(wb), satisfaction)
    assert open_tasks(wb, case) == ([task] if task else [])


def test_explanation_that_helps(wb: Workbench) -> None:
    """A reporter who no longer objects after the talk needs no appeal; without measures the last letter promises none
    (WB-5.1.2.a WB-4.2.2.a)."""
    case = wb.complete(asked(wb, told(wb), "dissatisfied"), "explain", still_objects=False)
    assert letters(wb)[-1] == "completion"
    assert wb.notices[-1].subject == "Your report is settled"
    assert case.status == "completed"


@pytest.mark.parametrize(
    ("due", "process", "sentence"),
    [
        ("2026-12-01", "whistleblower", "The time for an appeal ended on March 17, 2026"),
        (None, "whistleblower-watch", "The time for an appeal is over and the matter was closed on March 18, 2026"),
    ],
)
def test_appeal_window(wb: Workbench, due: str | None, process: str, sentence: str) -> None:
    """Who still objects, or was not reached, may appeal for the time that the letter names; after it a letter says that
    it is over, while measures go on and when the case is closed (WB-5.1.2.b)."""
    case = asked(wb, told(wb, *([MEASURE | {"due": due}] if due else [])), "not_reached")
    assert "March 17, 2026" in wb.notices[-1].text
    end = timer(wb, case, "appeal-window").due_at
    assert day(wb, end) == "03-18 00:00"
    wb.just_before(end)
    assert "appeal" in wb.case(case.id).messages
    wb.at(end)
    assert sent(wb, case, "appeal", grounds="Too late.").process == process
    assert (letters(wb)[-1], wb.notices[-1].text.count(sentence)) == ("appeal-refused", 1)
    assert "hear-appeal" not in open_tasks(wb, case)


def test_appeal_dismissed(wb: Workbench) -> None:
    """A dismissed appeal leaves the result standing, is explained, and is the only one (WB-5.1.2.b)."""
    case = appealing(wb)
    assert case.task("hear-appeal").groups == ("appeal-panel",)
    case = wb.complete(case, "hear-appeal", upheld=False, appeal_opinion="You were heard on Monday.")
    assert "You were heard on Monday." in wb.notices[-1].text
    case = sent(wb, case, "appeal", grounds="Once more.")
    assert letters(wb)[-1] == "appeal-refused"
    assert "no further appeal" in wb.notices[-1].text
    assert not case.tasks


def test_appeal_before_the_result_was_told(wb: Workbench) -> None:
    """There is nothing to appeal against before the result was told, and the letter says so (WB-5.1.2.b)."""
    case = sent(wb, fixed(wb), "appeal", grounds="I fear the worst.")
    assert "There is no result yet" in wb.notices[-1].text
    assert open_tasks(wb, case) == ["feed-back"]


def test_appeal_upheld(wb: Workbench) -> None:
    """An upheld appeal stops open measures, revokes the result and has the matter investigated again; a second appeal
    against the new result is refused (WB-5.1.2.b)."""
    case = appealing(wb, MEASURE)
    case = wb.complete(case, "hear-appeal", upheld=True, appeal_opinion="Two witnesses are missing.")
    assert open_tasks(wb, case) == ["appoint"]
    assert any(note[0] == "revoked" for event in case.history() for note in event.detail.get("notes", ()))
    case = investigated(wb, wb.complete(case, "appoint", investigator="new"))
    case = wb.complete(wb.complete(case, "report", PARTS), "review", GOOD)
    case = wb.complete(case, "feed-back")
    results = [notice.text for notice in wb.notices if notice.name == "result"]
    assert ["you can appeal" in text for text in results] == [True, False]
    case = sent(wb, case, "appeal", grounds="Still wrong.")
    assert letters(wb)[-1] == "appeal-refused"
    assert asked(wb, case, "satisfied").status == "completed"


def test_no_appeal_is_offered_that_would_be_refused(wb: Workbench) -> None:
    """Whoever has appealed and still objects gets the last word, and no letter on how to appeal (WB-5.1.2.b)."""
    case = wb.complete(appealing(wb), "hear-appeal", upheld=True, appeal_opinion="Two witnesses are missing.")
    case = investigated(wb, wb.complete(case, "appoint", investigator="new"))
    case = wb.complete(wb.complete(case, "report", PARTS), "review", GOOD)
    case = asked(wb, wb.complete(case, "feed-back"), "dissatisfied")
    case = wb.complete(case, "explain", still_objects=True)
    assert letters(wb)[-2:] == ["last-word", "completion"]
    assert letters(wb).count("appeal-rights") == 1
    assert case.status == "completed"


def test_letters_in_chinese(wb: Workbench) -> None:
    """Who asked for Chinese gets Chinese letters, with the days as they are written there (WB-5.1.1.b WB-2.2.b)."""
    case = wb.start(PROCESS, NAMED | {"language": "zh"})
    wb.complete(case, "register", REGISTER)
    assert wb.notices[-1].subject == "我们已收到您反映的情况"
    assert "2026年3月5日" in wb.notices[-1].text


# -- measures ---------------------------------------------------------------------------------------


def test_measure_urged_and_escalated(wb: Workbench) -> None:
    """A measure whose day has passed is urged, then the leadership holds somebody to account, and it stays due
    (WB-4.3.1.b WB-4.3.2.b)."""
    case = asked(wb, told(wb, MEASURE), "satisfied")
    task = case.task("carry-out")
    assert (task.groups, task.assignee) == (("compliance",), "li.wei")
    overdue, still = (timer(wb, case, name).due_at for name in ("measure-overdue", "still-overdue"))
    assert (day(wb, overdue), day(wb, still)) == ("03-19 00:00", "03-24 00:00")
    wb.just_before(overdue)
    assert letters(wb)[-1] == "result"
    wb.at(overdue)
    assert letters(wb)[-1] == "measure-overdue"
    wb.just_before(still)
    assert open_tasks(wb, case) == ["carry-out"]
    wb.at(still)
    assert wb.case(case.id).task("hold-to-account").groups == ("leadership",)
    case = wb.complete(case, "hold-to-account", accountability="Li Wei has explained it in writing.")
    assert open_tasks(wb, case) == ["carry-out"]


def test_measures_are_checked_until_the_leadership_settles_them(wb: Workbench) -> None:
    """A measure that the check finds wanting goes back with a new day, and after three checks to the leadership
    (WB-4.3.2.a WB-4.3.2.b)."""
    case = asked(wb, told(wb, MEASURE, MEASURE | {"what": "Training", "department": "operations"}), "satisfied")
    other = next(task for task in case.tasks if task.groups == ("operations",))
    case = wb.engine.complete(other.id, {"done": "All trained."})
    case = wb.complete(case, "verify", verified=True)
    for _ in range(3):
        case = wb.complete(case, "carry-out", done="Almost.")
        case = wb.complete(
            case, "verify", verified=False, verification="One signature is missing.", new_due="2026-04-01"
        )
    case = wb.complete(case, "settle-measure", measure_outcome="replaced", accountability="The head of purchasing.")
    outcomes = [measure["outcome"] for measure in case.variables["measures_done"]]
    assert outcomes == ["replaced", "carried_out"]
    assert "replaced by another measure" in wb.notices[-1].text


def test_new_day_of_a_measure(wb: Workbench) -> None:
    """The day that the check sets is the day that counts (WB-4.3.1.b WB-4.3.2.a)."""
    case = wb.complete(told(wb, MEASURE), "carry-out", done="Almost.")
    case = wb.complete(case, "verify", verified=False, verification="Not yet.", new_due="2026-04-01")
    assert day(wb, timer(wb, case, "measure-overdue").due_at) == "04-02 00:00"


# -- deadlines: just before nothing, then the notice ---------------------------------------------------

DEADLINES: list[tuple[Callable[[Workbench], Case], str, str, str, str]] = [
    (
        lambda wb: wb.start(PROCESS, NAMED),
        "registration-overdue",
        "03-04 00:00",
        "shared-registration-late",
        "leadership",
    ),
    (registered, "assess-overdue", "03-06 00:00", "admission-late", "leadership"),
    (accepted, "classify-overdue", "03-05 00:00", "forwarding-late", "leadership"),
    (lambda wb: classified(wb, major=True), "secure-overdue", "03-02 13:00", "emergency-late", "leadership"),
    (classified, "appoint-overdue", "03-05 00:00", "appointment-late", "reporting-office"),
    (lambda wb: classified(wb, urgent=True), "appoint-overdue", "03-02 13:00", "appointment-late", "reporting-office"),
    (appointed, "investigation-due", "03-25 00:00", "investigation-due", "compliance"),
    (appointed, "investigation-overdue", "03-31 00:00", "investigation-late", "reporting-office"),
    (lambda wb: appointed(wb, urgent=True), "investigation-due", "03-10 00:00", "investigation-due", "compliance"),
    (
        lambda wb: appointed(wb, urgent=True),
        "investigation-overdue",
        "03-12 00:00",
        "investigation-late",
        "reporting-office",
    ),
    (reported, "review-overdue", "03-10 00:00", "review-late", "leadership"),
    (fixed, "feedback-due", "03-07 00:00", "feedback-due", "reporting-office"),
    (fixed, "feedback-overdue", "03-10 00:00", "feedback-late", "leadership"),
    (told, "satisfaction-due", "03-07 00:00", "shared-satisfaction-due", "reporting-office"),
    (told, "satisfaction-overdue", "03-10 00:00", "shared-satisfaction-late", "leadership"),
    (appealing, "appeal-overdue", "03-24 00:00", "appeal-late", "leadership"),
    (
        lambda wb: wb.start(PROCESS, NAMED | {"urgent": True}),
        "secure-overdue",
        "03-02 13:00",
        "emergency-late",
        "leadership",
    ),
]


@pytest.mark.parametrize(("reach", "element", "due", "notice", "group"), DEADLINES)
def test_deadline(
    wb: Workbench, reach: Callable[[Workbench], Case], element: str, due: str, notice: str, group: str
) -> None:
    """Nothing before the last moment, and at it the right people are told, while the task stays open
    (WB-3.2.1.a WB-3.2.2.b WB-3.2.3.b WB-3.3.1.a WB-4.1.1.a WB-4.1.3.a WB-4.2.1.a WB-5.1.1.a WB-5.1.2.b WB-6.2.2)."""
    case = reach(wb)
    tasks = open_tasks(wb, case)
    at = timer(wb, case, element).due_at
    assert day(wb, at) == due
    wb.just_before(at)
    assert notice not in letters(wb)
    wb.at(at)
    told_now = [sent_notice for sent_notice in wb.notices if sent_notice.name == notice]
    assert [sent_notice.to.group for sent_notice in told_now] == [group]
    assert set(tasks) <= set(open_tasks(wb, case))


def test_progress_is_told_regularly(wb: Workbench) -> None:
    """The reporter hears every ten days how the investigation goes, and no more once the result is fixed
    (WB-5.2.1.b)."""
    case = appointed(wb)
    first = timer(wb, case, "progress-time").due_at
    wb.just_before(first)
    assert "progress" not in letters(wb)
    wb.at(first)
    assert letters(wb).count("progress") == 1
    wb.at(timer(wb, case, "progress-time").due_at)
    assert letters(wb).count("progress") == 2
    wb.complete(wb.complete(investigated(wb, case), "report", PARTS), "review", GOOD)
    wb.advance(days=30)
    assert letters(wb).count("progress") == 2


# -- the line between reporter and investigator ----------------------------------------------------------


def test_question_pauses_the_investigation(wb: Workbench) -> None:
    """While the reporter owes an answer the investigation's clock stands still, and the answer goes to the department
    (WB-4.1.1.b WB-5.2.1.a)."""
    case = sent(wb, appointed(wb), "ask-reporter", question="Which supplier?")
    assert case.task("investigate").due_at is None
    assert letters(wb)[-1] == "shared-question"
    wb.advance(working_days=4)
    case = sent(wb, case, "reporter-answer", answer="The one for paper.")
    assert "The one for paper." in wb.notices[-1].text
    assert wb.notices[-1].to.group == "compliance"
    assert day(wb, case.task("investigate").due_at or wb.now) == "04-04 00:00"
    case = sent(wb, case, "ask-reporter", question="Since when?")
    case = wb.complete(case, "record-answer", answer="Since spring.")
    assert "Since spring." in wb.notices[-1].text


def test_question_without_an_answer(wb: Workbench) -> None:
    """A reporter who does not answer in time does not hold the investigation up (WB-4.1.1.b)."""
    case = sent(wb, appointed(wb), "ask-reporter", question="Which supplier?")
    end = timer(wb, case, "answer-missing").due_at
    wb.just_before(end)
    assert open_tasks(wb, case) == ["investigate", "record-answer"]
    wb.at(end)
    assert "has not answered in time" in wb.notices[-1].text
    assert open_tasks(wb, case) == ["investigate"]


def test_more_evidence_is_filed_and_passed_on(wb: Workbench) -> None:
    """Whatever the reporter adds is filed, and goes to the office and to whoever investigates (WB-5.2.1.a)."""
    case = sent(wb, registered(wb), "more-evidence", material="A photo.")
    assert [notice.to.group for notice in wb.notices if notice.name.startswith("material")] == ["reporting-office"]
    case = wb.complete(wb.complete(case, "assess", admissible=True), "classify", kind="fraud")
    case = sent(wb, case, "more-evidence", material="A second photo.")
    assert [entry["text"] for entry in case.variables["materials"]] == ["A photo.", "A second photo."]
    assert [notice.to.group for notice in wb.notices[-2:]] == ["internal-audit", "reporting-office"]


# -- secrecy and protection --------------------------------------------------------------------------------


def test_reading_and_copying_is_logged(wb: Workbench) -> None:
    """Who read or copied, and why, stands in the chained history, also after the end of the case (WB-6.1.2)."""
    case = registered(wb)
    wb.engine.record_access(case.id, "copy", "invoice 7, for the audit", actor="chen.jie")
    case = wb.complete(case, "assess", admissible=False, refusal_reason="A matter for the court.")
    assert case.status == "completed"
    wb.engine.record_access(case.id, "read", "an appeal", actor="li.wei")
    lines = [(event.actor, event.detail["purpose"]) for event in case.history() if event.event == "accessed"]
    assert lines == [("chen.jie", "copy"), ("li.wei", "read")]
    assert "access" not in registered(wb).messages


def test_the_hotline_has_hours(wb: Workbench) -> None:
    """The hotline says whether somebody is there, and when somebody is there next (WB-2.2.b)."""
    wb.at("2026-09-30T16:59")
    assert wb.engine.opening("whistleblower", "hotline") == (True, wb.now)
    wb.at("2026-09-30T17:00")
    there, opens = wb.engine.opening("whistleblower", "hotline")
    assert (there, opens) == (False, datetime.fromisoformat("2026-10-08T09:00:00+08:00"))


def test_letters_name_the_hotlines_hours(tmp_path: Path) -> None:
    """Whoever gets a letter with our contact reads when the hotline is answered, in their language (WB-2.2.b)."""
    layer = tmp_path / "processes" / "whistleblower"
    layer.mkdir(parents=True)
    (layer / "policy.toml").write_text(
        '[texts.contact]\nvalue = "555-0100"\n[openings.hotline]\nhours.mon-fri = ["08:30", "12:00"]\n'
    )
    bench = Workbench(layers=[tmp_path])
    registered(bench)
    assert "on working days, Mon to Fri 08:30-12:00." in bench.notices[-1].text
    registered(bench, language="zh")
    assert "工作日 周一至周五 08:30-12:00。" in bench.notices[-1].text


@pytest.mark.parametrize(("approved", "notice"), [(True, "publication-approved"), (False, "publication-refused")])
def test_publication_needs_approval(wb: Workbench, approved: bool, notice: str) -> None:
    """Nothing is published without the leadership's approval (WB-6.1.3)."""
    case = sent(
        wb, registered(wb), "publication", publication_text="A case is being looked into.", audience="the press"
    )
    assert case.task("approve-publication").groups == ("leadership",)
    wb.complete(case, "approve-publication", approved=approved)
    assert letters(wb)[-1] == notice


def test_retaliation_is_a_case_of_its_own(wb: Workbench) -> None:
    """Each report of retaliation begins a linked case of protection, as often as it happens, that has no more of the
    reporter than the way to reach them; this case goes on (WB-6.2.1 WB-6.2.2 WB-1.3.4)."""
    case = sent(wb, threatened(wb), "retaliation", incident="An insult.")
    assert open_tasks(wb, case) == ["assess"]
    first, second = started(wb, "whistleblower-protection")
    assert {one.variables["content"] for one in (first, second)} == {"Moved to the night shift.", "An insult."}
    for one in (first, second):
        assert (one.variables["origin"], one.variables["reference"]) == (case.id, case.key)
        assert one.variables["reporter"]["name"] == "Zhao Min"
        assert not one.variables["reporter"].keys() & {"department", "relation"}
        assert one.variables["persons"] == NAMED["persons"]
        assert open_tasks(wb, one) == ["examine"]
    assert "started_case" not in case.variables
    assert case.complete("assess", {"admissible": False, "refusal_reason": "No."}).status == "completed"


def test_the_watch_begins_with_the_closing(wb: Workbench) -> None:
    """The case closes when all is told and done, and the watch that begins then is a case of its own, with the way to
    reach the reporter and none of the matter (WB-6.2.2 WB-1.3.4)."""
    case = asked(wb, told(wb), "satisfied")
    assert case.status == "completed"
    (watch,) = started(wb, "whistleblower-watch")
    assert case.variables["watch_case"] == watch.id
    assert (watch.variables["origin"], watch.variables["reference"]) == (case.id, case.key)
    assert datetime.fromisoformat(watch.variables["closed_at"]) == wb.now
    assert watch.variables["reporter"]["email"] == "zhao.min@example.com"
    assert not watch.variables.keys() & {"content", "result", "facts", "evidence", "measures"}
    heard = sent(wb, case, "retaliation", incident="No rise in pay.")
    assert heard.id == watch.id
    assert started(wb, "whistleblower-protection")[0].variables["origin"] == case.id


def test_the_watch_is_told_to_the_reporter(wb: Workbench) -> None:
    """The last letter says that a watch follows and what the reference is good for, and promises nothing that the
    closed case cannot keep (WB-6.2.2)."""
    asked(wb, told(wb), "satisfied")
    letter = wb.notices[-1]
    assert letter.name == "completion"
    assert "our protection officer will ask you" in letter.text
    assert "send us a new report" in letter.text


def test_department_does_not_learn_who_reported(wb: Workbench) -> None:
    """No notice to staff names the reporter, and the department's own process does not have the name
    (WB-1.3.4 WB-6.1.1)."""
    case = asked(wb, told(wb, MEASURE), "satisfied")
    assert case.status == "active"
    sent(wb, case, "retaliation", incident="Moved.")
    staff = [notice for notice in wb.notices if notice.to.group]
    assert len(staff) == 2
    assert not [notice.name for notice in staff if "Zhao Min" in notice.text + notice.subject]
    program = wb.engine.library.newest(PROCESS).program
    call = next(node for node in program.nodes if node.bpmn_id == "department-investigation")
    assert "reporter" not in {mapping.target for mapping in call.input_mappings}


# -- no promise before its decision ------------------------------------------------------------------------


def test_no_promise_before_the_decision(tmp_path: Path) -> None:
    """A layer that sends committing letters early is stopped by the engine, and cannot be waved through
    (WB-3.2.2.b WB-4.2.2.a WB-5.1.2.b)."""
    shipped = Path(__file__).parents[2] / "processes" / PROCESS / "whistleblower.bpmn"
    early = tmp_path / "processes" / PROCESS / shipped.name
    early.parent.mkdir(parents=True)
    diagram = shipped.read_text(encoding="utf-8")
    instead = {"material-filed": "refusal", "admission-late": "result", "progress": "appeal-dismissed"}
    for notice, letter in instead.items():
        assert f'key="notice" value="{notice}"' in diagram
        diagram = diagram.replace(f'key="notice" value="{notice}"', f'key="notice" value="{letter}"')
    early.write_text(diagram, encoding="utf-8")
    wb = Workbench(layers=[tmp_path])
    case = sent(wb, registered(wb), "more-evidence", material="A photo.")
    wb.at(timer(wb, case, "assess-overdue").due_at)
    case = wb.complete(case, "assess", admissible=True)
    case = wb.complete(case, "classify", kind="fraud")
    wb.at(timer(wb, case, "progress-time").due_at)
    stopped = {incident.element: incident for incident in wb.case(case.id).incidents if incident.kind == "commitment"}
    # The refusal's own decision has been made meanwhile.
    assert sorted(stopped) == ["assess-reported", "material-reported", "progress-told"]
    del stopped["material-reported"]
    for incident in stopped.values():
        with pytest.raises(PrematureCommitment):
            wb.engine.resolve(incident)
    assert not set(instead.values()) & set(letters(wb))
    wb.close()


def test_every_path_is_played(request: pytest.FixtureRequest) -> None:
    """The tests above visit every element and every flow of the procedure and of the shared parts it calls
    (WB-1 to WB-6)."""
    here = [item for item in request.session.items if item.path == request.path]
    if len({item.name.partition("[")[0] for item in here}) < sum(name.startswith("test_") for name in globals()):
        pytest.skip("coverage is only known after the whole file")
    print(f"{PROCESS}: {len(_every & _seen)} of {len(_every)} elements and flows")
    assert _every - _seen == set()
