"""Whoever reports without a name comes back with a receipt, and nobody learns who it is."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from complaintflow import Case, Engine, InvalidData
from complaintflow.access.identity import Person, StaticIdentity
from complaintflow.case.receipts import TRIES, WINDOW
from complaintflow.errors import (
    AccessDenied,
    CaseEnded,
    InvalidPolicy,
    NoSubscription,
    RateLimited,
    UnknownReceipt,
)
from complaintflow.testing import Workbench
from complaintflow.time.clock import VirtualClock
from tests.planted import told

REPORT = {"channel": "web", "content": "The buyer takes money."}
MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)


def receipt_of(case: Case) -> str:
    """The receipt of a case that has just begun."""
    assert case.receipt is not None
    return case.receipt


# -- who gets one -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("process", "more", "actor", "given"),
    [
        ("whistleblower", {}, None, True),
        ("whistleblower", {"anonymous": True, "reporter": {"name": "Zhao Min"}}, None, True),
        ("whistleblower", {"reporter": {"relation": "employee"}}, None, True),
        ("whistleblower", {"reporter": {"phone": "13800000000"}}, None, False),
        ("whistleblower", {}, "hotline", False),
        ("hr", {"channel": "anonymous_platform"}, None, True),
        ("hr", {"reporter": {"name": "Zhao Min"}}, None, False),
        ("customer", {}, None, False),
    ],
)
def test_a_report_without_a_name_gets_a_receipt(
    workbench: Workbench, process: str, more: dict[str, Any], actor: str | None, given: bool
) -> None:
    """Nobody of ours files it, and none of the fields that say who it is is filled in, where the policy gives one."""
    case = workbench.start(process, {**REPORT, **more}, actor=actor)
    assert (case.receipt is not None) == given
    if given:
        assert re.fullmatch(r"\d{16}", receipt_of(case))
        assert workbench.case(case.id).receipt is None
        assert receipt_of(case) not in repr(case)


def test_the_name_of_somebody_who_wants_none_is_not_kept(workbench: Workbench) -> None:
    """Whatever a form drops because the report is anonymous is in no variable and no history (HR-2.2.1)."""
    who = {"name": "Zhao Min", "email": "zhao.min@example.com", "department": "Kitchen 7"}
    case = workbench.start("hr", {**REPORT, "anonymous": True, "reporter": who})
    known = told(case)
    assert "takes money" in known
    assert not any(value in known for value in who.values())


def test_a_layer_takes_receipts_away(tmp_path: Path) -> None:
    """``enabled = false`` in a layer of one's own."""
    (tmp_path / "processes" / "whistleblower").mkdir(parents=True)
    (tmp_path / "processes" / "whistleblower" / "policy.toml").write_text("[receipts.case]\nenabled = false\n")
    with Engine("sqlite://", layers=[tmp_path]) as engine:
        assert engine.start("whistleblower", REPORT).receipt is None


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ('messages = { apeal = ["grounds"] }', "'apeal' is no message that a diagram waits for"),
        ('answers = { publication = "x" }', "'publication' is no message that a reporter may send"),
        ('files = { apeal = "grounds" }', "'apeal' is no message that a reporter may send"),
        ('files = { appeal = "paper" }', "'paper' is no variable that a reporter may fill in with appeal"),
        ("tasks = { publish = { } }", "'publish' is no user task"),
        ('tasks = { ask-satisfaction = { asked = "x" } }', "'asked' is no field of the form of ask-satisfaction"),
        ('steps = ["recieved"]', "'recieved' is no element"),
        ('promises = ["feedbak"]', "'feedbak' is no deadline"),
    ],
)
def test_what_a_policy_opens_must_be_there(tmp_path: Path, line: str, wrong: str) -> None:
    """A slip in ``[receipts.case]`` is an error of the definition, with its place, before any case begins."""
    (tmp_path / "processes" / "whistleblower").mkdir(parents=True)
    (tmp_path / "processes" / "whistleblower" / "policy.toml").write_text(f"[receipts.case]\n{line}\n")
    with Engine("sqlite://", layers=[tmp_path]) as engine, pytest.raises(InvalidPolicy, match=wrong) as found:
        engine.library.newest("whistleblower").check()
    assert "policy.toml" in found.value.where


# -- what is stored ---------------------------------------------------------------------------


def test_a_receipt_is_stored_nowhere(tmp_path: Path) -> None:
    """Neither it nor a plain hash of it is in the database; what is stored differs from store to store."""
    stored = []
    for name in ("a.db", "b.db"):
        with Engine(f"sqlite:///{tmp_path}/{name}") as engine:
            number = receipt_of(engine.start("whistleblower", REPORT))
            engine.reporter(number).send("more-evidence", {"material": "a photo"})
        data = (tmp_path / name).read_bytes()
        plain = (number.encode(), int(number).to_bytes(8), hashlib.sha256(number.encode()).digest())
        assert not any(one in data for one in plain)
        stored.append(data)
    assert stored[0] != stored[1]


def test_a_receipt_is_read_as_people_type_it(workbench: Workbench) -> None:
    """Spaces, hyphens and full-width digits do not matter; anything else is no receipt, and does not say why."""
    number = receipt_of(workbench.start("whistleblower", REPORT))
    groups = [number[at : at + 4] for at in range(0, 16, 4)]
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in number)
    for typed in (number, " ".join(groups), "-".join(groups), f" {number}\n", wide):
        assert workbench.engine.reporter(typed).progress().status == "active"
    other = f"{(int(number) + 1) % 10**16:016d}"
    for typed in ("", number[:-1], number + "0", "x" * 16, other, "²" * 16):
        with pytest.raises(UnknownReceipt):
            workbench.engine.reporter(typed)


def test_guessing_is_stopped_for_a_while(tmp_path: Path) -> None:
    """After so many wrong ones no receipt opens, here and in any other process, until the window is over."""
    clock = VirtualClock(MONDAY + timedelta(minutes=3))
    url = f"sqlite:///{tmp_path}/cases.db"
    with Engine(url, clock=clock) as engine:
        number = receipt_of(engine.start("whistleblower", REPORT))
        for _ in range(3):
            engine.reporter(number)  # a right one takes none of the tries
        for guess in range(TRIES):
            with pytest.raises(UnknownReceipt):
                engine.reporter(f"{guess:016d}")
    with Engine(url, clock=clock) as engine:
        with pytest.raises(RateLimited, match="too many") as limited:
            engine.reporter(number)
        assert limited.value.until == MONDAY + WINDOW
        assert "try again after 2026-03-02T01:10" in limited.value.remedy
        clock.set(limited.value.until)
        assert engine.reporter(number).progress().status == "active"


# -- what it opens ----------------------------------------------------------------------------


def investigated(workbench: Workbench) -> tuple[Case, str]:
    """A report that is being investigated, and its receipt."""
    case = workbench.start("whistleblower", REPORT)
    number = receipt_of(case)
    case = case.complete("register", {"summary": "A buyer takes money", "category": "report"}, actor="li.wei")
    case = case.complete("assess", {"admissible": True}, actor="li.wei")
    return case.complete("classify", {"kind": "corruption"}, actor="li.wei"), number


def test_a_reporter_sees_the_public_steps(workbench: Workbench) -> None:
    """Each step once, when it began, in the reader's language; no name, no inner step or date (WB-5.2.1.a)."""
    case = workbench.start("whistleblower", REPORT)
    reporter = workbench.engine.reporter(receipt_of(case))
    first = reporter.progress()
    due = next(task.due_at for task in case.tasks)
    assert (first.promised_at, [step.element for step in first.steps]) == (due, ["received", "call-registration"])
    workbench.advance(hours=3)
    case = case.complete("register", {"summary": "A buyer takes money", "category": "report"}, actor="li.wei")
    workbench.advance(hours=1)
    case = case.complete("assess", {"admissible": True}, actor="li.wei")
    steps = reporter.progress("zh").steps
    assert [(step.element, step.label, f"{step.at:%H:%M}") for step in steps] == [
        ("received", "收到来件", "09:00"),
        ("call-registration", "登记来件", "09:00"),
        ("assess", "受理审核", "12:00"),
        ("classify", "分类", "13:00"),
    ]
    assert [letter.subject for letter in reporter.progress().letters] == ["We have received your report"]
    assert "li.wei" not in str(asdict(reporter.progress()))
    assert "takes money" not in repr(reporter.progress())


def test_a_question_is_asked_and_answered_both_ways(workbench: Workbench) -> None:
    """The reporter reads the question and its letter, answers, adds evidence; the handler sees "reporter", no more."""
    case, number = investigated(workbench)
    workbench.engine.correlate("ask-reporter", key=case.key, data={"question": "Which supplier?"}, actor="li.wei")
    reporter = workbench.engine.reporter(number)
    (question,) = reporter.progress().questions
    assert (question.name, question.question, question.fields) == ("reporter-answer", "Which supplier?", ("answer",))
    assert "Which supplier?" in reporter.progress().letters[-1].text
    assert reporter.answer("Golden Apples").questions == ()
    file = reporter.attach("IMG_2034.txt", b"list of payments")
    assert (file.by, file.name) == ("reporter", "attachment-1.txt")
    said = reporter.send("more-evidence", {"material": "See the list."})
    assert said.attachments == 1
    case = workbench.case(case.id)
    assert "See the list." in repr(case.variables["materials"])
    theirs = [event for event in case.history() if event.actor == "reporter"]
    assert [event.event for event in theirs] == ["message", "attached", "message", "message"]
    with pytest.raises(NoSubscription, match="no question is open"):
        reporter.answer("again")


def test_a_file_alone_is_told_to_those_who_work_on_the_case(workbench: Workbench) -> None:
    """The office hears of it as of a message, by the name under which it is kept; staff's own files are not news."""
    case = workbench.start("whistleblower", REPORT)
    reporter = workbench.engine.reporter(receipt_of(case))
    reporter.attach("IMG_2034.txt", b"list of payments")
    (notice,) = [one for one in workbench.notices if one.name == "material-filed"]
    assert notice.to.group == "reporting-office"
    assert "attachment-1.txt (text/plain)" in notice.text
    workbench.engine.attach(case.id, "minutes.txt", b"of a call", actor="li.wei", reason="A call.")
    assert [one.name for one in workbench.notices].count("material-filed") == 1


def test_a_file_for_a_case_that_hears_nothing_is_kept(workbench: Workbench) -> None:
    """While a case is suspended, and where the policy names no message, the file comes in and nobody is told."""
    case = workbench.start("whistleblower", REPORT)
    workbench.engine.suspend(case.id, "The court has the files.")
    assert workbench.engine.reporter(receipt_of(case)).attach("a.txt", b"x").number == 1
    other = workbench.start("hr", {**REPORT, "channel": "anonymous_platform"})
    assert workbench.engine.reporter(receipt_of(other)).attach("a.txt", b"x").number == 1
    assert "material-filed" not in [one.name for one in workbench.notices]


def test_a_reporter_sets_nothing_but_what_the_policy_lists(workbench: Workbench) -> None:
    """A message is no way to write other variables of the case, and other messages are not theirs to send."""
    case, number = investigated(workbench)
    reporter = workbench.engine.reporter(number)
    wrong: list[dict[str, Any]] = [
        {"material": "x", "admissible": False}, {"kind": "other"}, {}, {"material": ""}, {"material": ["x"]},
        {"material": "x" * 20_001},
    ]  # fmt: skip
    for data in wrong:
        with pytest.raises(InvalidData):
            reporter.send("more-evidence", data)
    for name in ("publication", "ask-reporter", "appeal", "appoint", "nothing"):
        with pytest.raises(NoSubscription):
            reporter.send(name, {"text": "x"})
    assert workbench.case(case.id).version == case.version


def test_satisfaction_and_appeal(workbench: Workbench) -> None:
    """The reporter says in the form's words how satisfied they are, and appeals when the result is told (WB-5.1.2)."""
    case, number = investigated(workbench)
    reporter = workbench.engine.reporter(number)
    answered = to_the_answer(case)
    assert "tell-result" in [step.element for step in reporter.progress().steps]
    (asked,) = reporter.progress().questions
    assert (asked.name, "asked_by" in asked.fields, "satisfaction" in asked.fields) == ("ask-satisfaction", False, True)
    form, seen = reporter.form("ask-satisfaction")
    assert (form.id, seen.variables["asked_by"]) == ("shared-ask-satisfaction", "questionnaire")
    with pytest.raises(InvalidData):
        reporter.send("ask-satisfaction", {"satisfaction": "wonderful"})
    reporter.send(
        "ask-satisfaction", {"satisfaction": "dissatisfied", "comments": "Nobody called.", "asked_by": "call"}
    )
    done = next(event for event in reversed(answered.history()) if event.event == "task-completed")
    assert (done.actor, done.detail["data"]["asked_by"]) == ("reporter", "questionnaire")
    case = answered.refresh().complete("explain", {"still_objects": True, "objections": "Not enough."}, actor="li.wei")
    reporter.send("appeal", {"grounds": "You asked nobody."})
    assert "hear-appeal" in [task.element for task in case.refresh().tasks]


def to_the_answer(case: Case) -> Case:
    """The investigation until the result is told."""
    case = case.complete("appoint", {"investigator": "zhao.min"})
    case = case.complete("investigate", {"conflict_free": True, "findings": "Nothing."})
    report = {"facts": "f", "course": "c", "result": "r", "proposal": "p"}
    case = case.complete("report", report)
    passed = dict.fromkeys(("lawful_procedure", "clear_facts", "sufficient_evidence", "reasonable_proposal"), True)
    case = case.complete("review", passed)
    return case.complete("feed-back", {"handling": "h", "outcome": "o", "corrective": "c"})


def test_a_closed_case_is_read_and_takes_nothing(workbench: Workbench) -> None:
    """After the end the letters can still be read; nothing more is heard."""
    case = workbench.start("whistleblower", REPORT)
    reporter = workbench.engine.reporter(receipt_of(case))
    workbench.engine.cancel(case.id, "withdrawn")
    progress = reporter.progress()
    assert (progress.status, progress.questions, progress.messages) == ("cancelled", (), ())
    with pytest.raises(NoSubscription):
        reporter.send("more-evidence", {"material": "x"})
    with pytest.raises(CaseEnded):
        reporter.attach("a.txt", b"x")


def test_a_shredded_case_has_no_receipt(workbench: Workbench) -> None:
    """With the content goes the way back, for whoever still holds the receipt and for one who has come in already."""
    case = workbench.start("whistleblower", REPORT)
    number = receipt_of(case)
    reporter = workbench.engine.reporter(number)
    workbench.engine.cancel(case.id, "withdrawn")
    for days in (6 * 366, 2):
        workbench.advance(days=days)
        workbench.engine.purge()
    assert workbench.case(case.id).status == "shredded"
    with pytest.raises(UnknownReceipt):
        workbench.engine.reporter(number)
    with pytest.raises(UnknownReceipt):
        reporter.progress()


@pytest.fixture
def guarded() -> Iterator[Engine]:
    """An engine that knows its people."""
    people = StaticIdentity([Person("li.wei", "Li Wei", frozenset({"reporting-office"}))])
    with Engine("sqlite://", identity=people) as engine:
        yield engine


def test_rules_of_access_do_not_stop_a_reporter_and_nobody_passes_for_one(guarded: Engine) -> None:
    """No identity knows a reporter: the receipt is what lets them in, and the word "reporter" lets in nobody."""
    case = guarded.start("whistleblower", REPORT)
    reporter = guarded.reporter(receipt_of(case))
    reporter.send("more-evidence", {"material": "x"})
    with pytest.raises(AccessDenied):
        guarded.complete(case.task("register").id, {"summary": "s", "category": "report"}, actor="reporter")
    with pytest.raises(AccessDenied):
        guarded.desk("reporter")
