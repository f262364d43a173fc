"""The law firm procedure, clause by clause, with the clock moved."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from complaintflow.errors import InvalidData, NoSubscription, PrematureCommitment, TaskAlreadyCompleted
from complaintflow.testing import Workbench
from tests.scenarios.law_firm_steps import (
    ACCEPTS,
    ANGRY,
    APPOINT,
    ASSESS,
    CARRY_OUT,
    CHANGES,
    CONFLICT,
    CONTENT,
    CONVENE,
    DECIDE,
    FILED,
    INVESTIGATE,
    MAJOR,
    PAYLOAD,
    PROTESTS,
    RECEIVE,
    REGISTER,
    RESOLVE,
    ROOT,
    SETTLE,
    STANDS,
    TO_ARCHIVE,
    TO_CARRY_OUT,
    TO_DECISION,
    TO_HANDLER,
    TO_SURVEY,
    TOO_FEW,
    WRITTEN,
    doing,
    due,
    happens_at,
    object_to,
    sent,
    steps,
    written,
)  # fmt: skip

# -- intake -------------------------------------------------------------------------------------


def test_a_written_complaint_goes_its_whole_way(bench: Workbench) -> None:
    """From a letter to the archived file, in its order (LAW-1.1 LAW-1.4.1 LAW-2.1.a LAW-2.3 LAW-2.6.b LAW-3.2)."""
    case = written(bench)
    assert (doing(case), case.task("register").groups) == (["register"], ("front-desk",))
    case = steps(bench, case, REGISTER)
    assert (doing(case), case.task("assess").groups) == (["assess"], ("complaint-officer",))
    case = steps(bench, case, ASSESS, APPOINT)
    assert (doing(case), case.task("investigate").groups) == (["investigate"], ("partner-in-charge",))
    case = steps(bench, case, INVESTIGATE, DECIDE)
    assert (doing(case), case.task("carry-out").groups) == (["carry-out"], ("complaint-officer",))
    case = steps(bench, case, CARRY_OUT)
    assert doing(case) == ["ask-satisfaction", "survey-respondent"]
    case = steps(bench, case, CONTENT, ACCEPTS)
    assert (doing(case), case.task("archive").groups) == (["archive"], ("administration",))
    case = steps(bench, case, FILED)
    assert case.status == "completed"
    letters = ["acknowledgement", "hand-over", "arrangement", "decision", "decision-respondent", "feedback"]
    assert sent(bench, case) == letters


@pytest.mark.parametrize("channel", ["phone", "in_person"])
def test_the_front_desk_receives_and_the_officer_registers(bench: Workbench, channel: str) -> None:
    """Who calls or comes is received by the front desk and taken up by the complaint officer (LAW-1.2)."""
    case = bench.start("law-firm", PAYLOAD, channel=channel)
    assert (doing(case), case.task("receive").groups) == (["receive"], ("front-desk",))
    case = steps(bench, case, RECEIVE)
    assert (doing(case), case.task("register").groups) == (["register"], ("complaint-officer",))
    assert doing(steps(bench, case, REGISTER)) == ["assess"]


@pytest.mark.parametrize("fields", [{"channel": "referral"}, {"channel": "phone", "referred_by": "Bar association"}])
def test_an_authority_referral_goes_straight_to_the_officer(bench: Workbench, fields: dict[str, str]) -> None:
    """What an authority or the bar association forwards skips the front desk, however it arrives (LAW-1.3)."""
    case = bench.start("law-firm", PAYLOAD, **fields)
    assert (doing(case), case.task("register").groups) == (["register"], ("complaint-officer",))


def test_the_rules_of_conduct_stand_where_people_work() -> None:
    """Whoever listens or verifies reads how to behave and what to check (LAW-2.7.1 LAW-2.7.2.a LAW-2.7.3)."""
    files = {name: ROOT / f"forms/law-firm/law-firm-{name}.form" for name in ("receive", "investigate")}
    forms = {name: file.read_text(encoding="utf-8") for name, file in files.items()}
    for form in forms.values():
        assert all(rule in form for rule in ("do not argue", "calm down", "promise nothing"))
    assert "originals_seen" in forms["investigate"]


def test_a_note_that_is_not_passed_on_and_a_late_register_are_seen(bench: Workbench) -> None:
    """The front desk's and the registrar's time is watched to the minute (LAW-1.2 LAW-1.4.1)."""
    case = bench.start("law-firm", PAYLOAD)
    case = happens_at(bench, case, "reception-overdue", "reception-late")
    case = steps(bench, case, RECEIVE)
    happens_at(bench, case, "registration-overdue", "shared-registration-late")


def test_only_channel_and_content_are_needed(bench: Workbench) -> None:
    """An anonymous complaint without names is handled, and only the complainant is asked (LAW-1.1 LAW-3.2)."""
    case = bench.start("law-firm", channel="web", anonymous=True, content="The office was closed all week.")
    case = steps(bench, case, *TO_SURVEY)
    assert doing(case) == ["ask-satisfaction"]
    assert "decision-respondent" not in sent(bench, case)
    quiet = ("ask-satisfaction", {"asked_by": "call", "satisfaction": "not_reached", "call_attempts": "No address."})
    assert doing(steps(bench, case, quiet)) == ["archive"]


def test_originals_go_with_the_file(bench: Workbench) -> None:
    """Where the originals are is registered and handed over with the opinion (LAW-1.4.2 LAW-1.4.3)."""
    register = ("register", {**REGISTER[1], "originals": "Safe, shelf 3"})
    case = written(bench, register, ASSESS, APPOINT)
    handed = [n for n in bench.notices if n.case_id == case.id and n.name == "hand-over"]
    assert handed[0].to.group == "partner-in-charge"
    assert "Safe, shelf 3" in handed[0].text
    assert "Zhao Min" not in handed[0].text


# -- handler: business, substitution, recusal ---------------------------------------------------


@pytest.mark.parametrize(("area", "group"), [("litigation", "partner-litigation"), ("other", "partner-in-charge")])
def test_the_business_decides_who_is_in_charge(bench: Workbench, area: str, group: str) -> None:
    """The partner in charge of the business handles the complaint (LAW-2.1.b LAW-o)."""
    case = written(bench, REGISTER, ("assess", {**ASSESS[1], "area": area}), APPOINT)
    assert case.task("investigate").groups == (group,)


@pytest.mark.parametrize(("stand_in", "group"), [("director", "director"), ("partner", "partners")])
def test_an_absent_partner_is_stood_in_for(bench: Workbench, stand_in: str, group: str) -> None:
    """If the partner is absent, the director or another partner handles it (LAW-2.1.c)."""
    case = written(bench, REGISTER, ASSESS, ("appoint", {"handler": "Partner A", "absent": True}))
    assert (doing(case), case.task("substitute").groups) == (["substitute"], ("director",))
    case = steps(bench, case, ("substitute", {"handler": "Partner B", "stand_in": stand_in}))
    assert case.task("investigate").groups == (group,)


def test_whoever_is_complained_about_cannot_handle_it(bench: Workbench) -> None:
    """A name with a conflict goes back, twice; after the last attempt the director finds somebody (LAW-2.2)."""
    case = written(bench, REGISTER, ASSESS, CONFLICT)
    assert doing(case) == ["appoint"]
    case = steps(bench, case, ("appoint", {"handler": "Partner A", "conflict": True}))
    assert doing(case) == ["appoint"]
    case = steps(bench, case, CONFLICT)
    assert doing(case) == ["designate"]
    assert "arrangement" not in sent(bench, case)
    named = {"handler": "Partner B", "stand_in": "partner"}
    with pytest.raises(InvalidData):
        steps(bench, case, ("designate", named))
    case = steps(bench, case, ("designate", {**named, "conflict_free": True}))
    assert (doing(case), case.variables["handler"]) == (["investigate"], "Partner B")


def test_a_stand_in_with_a_conflict_is_refused_too(bench: Workbench) -> None:
    """The stand-in is checked like the partner, and the director is asked again (LAW-2.1.c LAW-2.2)."""
    absent = ("appoint", {"handler": "Partner A", "absent": True})
    case = written(bench, REGISTER, ASSESS, absent, ("substitute", {"handler": "Lawyer Li Wei", "stand_in": "partner"}))
    assert doing(case) == ["substitute"]


def test_officer_and_director_stand_aside_from_the_start(bench: Workbench) -> None:
    """A complaint about the officer goes to the director, one about the director to the partners (LAW-2.2)."""
    case = written(bench, REGISTER, stands_aside="complaint_officer")
    assert case.task("assess").groups == ("director",)
    absent = ("appoint", {"handler": "Partner A", "absent": True})
    case = written(bench, REGISTER, ASSESS, absent, stands_aside="director")
    assert case.task("substitute").groups == ("partners",)
    case = steps(bench, case, ("substitute", {"handler": "The director", "stand_in": "director"}))
    assert doing(case) == ["substitute"]


def test_late_opinion_and_late_appointment_reach_the_director(bench: Workbench) -> None:
    """The officer's opinion and the naming of the handler are watched to the minute (LAW-2.1.a LAW-2.1.b)."""
    case = written(bench, REGISTER)
    case = happens_at(bench, case, "opinion-overdue", "opinion-late")
    case = steps(bench, case, ASSESS)
    happens_at(bench, case, "appointment-overdue", "appointment-late")


def test_the_complainant_hears_how_it_goes_on(bench: Workbench) -> None:
    """The arrangement names handler and date; if it is late, the director hears of it, else nobody (LAW-2.5)."""
    case = written(bench, *TO_HANDLER)
    letter = [n for n in bench.notices if n.case_id == case.id][-1]
    assert letter.name == "arrangement"
    assert "Partner A" in letter.text
    bench.at(due(case, "contact-passed"))
    assert "contact-late" not in sent(bench, case)
    happens_at(bench, written(bench, REGISTER), "contact-passed", "contact-late")


def test_what_we_promise_counts_working_days_over_golden_week() -> None:
    """From 28 September 2026, three working days end on 8 October and twenty on 30 October (LAW-2.5, our default)."""
    bench = Workbench()
    case = bench.start("law-firm", WRITTEN, today="2026-09-28")
    assert due(case, "contact-passed") == datetime.fromisoformat("2026-10-09T00:00+08:00")
    assert due(case, "promise-passed") == datetime.fromisoformat("2026-10-31T00:00+08:00")
    steps(bench, case, REGISTER)
    assert "October 8, 2026" in bench.notices[-1].text
    assert "October 30, 2026" in bench.notices[-1].text
    bench.close()


def test_a_silent_handler_is_reminded_pressed_and_replaced(bench: Workbench) -> None:
    """A silent handler is reminded; then the director presses, or brings in a stand-in, twice (LAW-2.3 LAW-2.1.c)."""
    case = written(bench, *TO_HANDLER)
    case = happens_at(bench, case, "investigation-due", "investigation-reminder")
    case = happens_at(bench, case, "investigation-overdue", "shared-delay")
    assert doing(case) == ["investigate", "step-in"]
    press = ("step-in", {"decision": "chase", "delay_reason": "In court.", "chase_note": "Today, please."})
    assert doing(steps(bench, case, press)) == ["investigate"]
    case = written(bench, *TO_HANDLER)
    replace = ("step-in", {"decision": "take_over", "delay_reason": "On leave."})
    for name in ("Partner B", "The director"):
        bench.at(due(case, "investigation-overdue"))
        withdrawn = bench.case(case.id).task("investigate").id
        case = steps(bench, case, replace)
        assert doing(case) == ["substitute"]
        with pytest.raises(TaskAlreadyCompleted):
            bench.engine.complete(withdrawn, dict(INVESTIGATE[1]))
        case = steps(bench, case, ("substitute", {"handler": name, "stand_in": "partner"}))
        assert (doing(case), case.task("investigate").groups) == (["investigate"], ("partners",))
    assert sent(bench, case).count("arrangement") == 3
    bench.at(due(case, "investigation-overdue"))
    with pytest.raises(InvalidData):
        steps(bench, case, replace)
    steps(bench, case, press, INVESTIGATE)


# -- major matters: meeting, quorum, authority --------------------------------------------------


@pytest.mark.parametrize(("meeting", "present", "valid"), [
    ("management", 3, True), ("management", 2, False), ("partners", 4, True), ("partners", 3, False),
])  # fmt: skip
def test_a_meeting_decides_only_with_its_quorum(bench: Workbench, meeting: str, present: int, valid: bool) -> None:
    """Management and partners' meeting have quorums of their own (LAW-2.1.d LAW-2.4.a)."""
    case = written(bench, REGISTER, MAJOR, APPOINT, INVESTIGATE, ("convene", {"meeting": meeting}))
    assert case.task("resolve").groups == (f"{meeting}-meeting",)
    held = {"entitled": 5, "present": present, "minutes": "Discussed."}
    if valid:
        with pytest.raises(InvalidData):
            steps(bench, case, ("resolve", held))
        held |= {"resolution": "We apologise.", "notify_authority": False}
    case = steps(bench, case, ("resolve", held))
    assert doing(case) == (["decide"] if valid else ["convene"])


def test_the_handler_can_find_a_matter_to_be_major(bench: Workbench) -> None:
    """What turns out to be major goes to a meeting, and the opinion begins with its words (LAW-2.1.d LAW-2.6.a)."""
    case = written(bench, *TO_HANDLER, ("investigate", {"findings": "All files concerned.", "major": True}))
    assert doing(case) == ["convene"]
    case = steps(bench, case, CONVENE, RESOLVE, DECIDE)
    assert case.variables["solution"] == "We apologise."


def test_a_meeting_without_quorum_is_repeated_and_then_votes_in_writing(bench: Workbench) -> None:
    """Below the quorum nothing is decided, three times; then the members vote in writing (LAW-2.1.d LAW-2.4.b)."""
    case = written(bench, REGISTER, MAJOR, APPOINT, INVESTIGATE)
    for _ in range(2):
        case = steps(bench, case, CONVENE, TOO_FEW)
        assert doing(case) == ["convene"]
    case = steps(bench, case, CONVENE, TOO_FEW)
    assert doing(case) == ["circulate"]
    assert "authority-notice" not in sent(bench, case)
    votes = {"votes": "Four of five agree.", "resolution": "We apologise.", "notify_authority": True}
    case = steps(bench, case, ("circulate", votes))
    assert doing(case) == ["decide"]
    assert sent(bench, case)[-1] == "authority-notice"


def test_a_meeting_with_the_person_complained_about_does_not_count(bench: Workbench) -> None:
    """Whoever is complained about may not sit in the meeting (LAW-2.2)."""
    case = written(bench, REGISTER, MAJOR, APPOINT, INVESTIGATE, CONVENE)
    held = {**RESOLVE[1], "attendees": [{"name": "Partner A"}, {"name": "Li Wei"}]}
    case = steps(bench, case, ("resolve", held))
    assert doing(case) == ["convene"]
    held["attendees"] = [{"name": "Partner A"}]
    assert doing(steps(bench, case, CONVENE, ("resolve", held))) == ["decide"]


def test_a_late_meeting_reaches_the_director(bench: Workbench) -> None:
    """A meeting that does not come together in time is reported (LAW-2.1.d)."""
    case = written(bench, REGISTER, MAJOR, APPOINT, INVESTIGATE, CONVENE)
    case = happens_at(bench, case, "meeting-overdue", "meeting-late")
    assert doing(case) == ["resolve"]


def test_the_meeting_decides_whether_the_authority_is_notified(bench: Workbench) -> None:
    """The notice goes to the authority that the meeting names, without the complainant's name (LAW-2.4.b)."""
    case = written(bench, REGISTER, MAJOR, APPOINT, INVESTIGATE, CONVENE)
    quiet = steps(bench, case, RESOLVE)
    assert "authority-notice" not in sent(bench, quiet)
    case = written(bench, REGISTER, MAJOR, APPOINT, INVESTIGATE, CONVENE)
    told = {**RESOLVE[1], "notify_authority": True, "authority": "City bar association"}
    case = steps(bench, case, ("resolve", told))
    notice = bench.notices[-1]
    assert (notice.name, notice.to.person) == ("authority-notice", "City bar association")
    assert "Zhao Min" not in notice.text


# -- the opinion, and no promise before it ------------------------------------------------------


def test_the_opinion_is_clear_and_signed(bench: Workbench) -> None:
    """Without a clear outcome and a signature there is no opinion, and who signed is in the history (LAW-2.6.a)."""
    checked = ("investigate", {**INVESTIGATE[1], "checked": ["originals_seen", "file_read"]})
    case = written(bench, *TO_HANDLER, checked)
    assert case.variables["checked"] == ["originals_seen", "file_read"]
    for data in ({"signed": True}, {"outcome": "upheld"}, {"outcome": "upheld", "signed": False}):
        with pytest.raises(InvalidData):
            steps(bench, case, ("decide", data))
    case = bench.complete(case, "decide", DECIDE[1], actor="partner.a")
    ruled = [note for event in case.history() for note in event.detail.get("notes", []) if note[0] == "ruled"]
    assert [(note[1], note[2]["by"]) for note in ruled] == [("decide", "partner.a")]


def test_a_late_signature_reaches_the_director(bench: Workbench) -> None:
    """An opinion that is not signed in time is reported (LAW-2.6.a)."""
    case = happens_at(bench, written(bench, *TO_DECISION), "decision-overdue", "decision-late")
    assert doing(case) == ["decide"]


def test_the_reply_is_written_unless_there_is_a_reason(bench: Workbench) -> None:
    """The reply is a letter as a rule; a reply in person needs a reason and a record (LAW-2.7.5)."""
    case = written(bench, *TO_CARRY_OUT)
    assert "decision" in sent(bench, case)
    case = written(bench, *TO_DECISION)
    spoken = {**DECIDE[1], "in_writing": False}
    with pytest.raises(InvalidData):
        steps(bench, case, ("decide", spoken))
    case = steps(bench, case, ("decide", {**spoken, "oral_reason": "The client cannot read."}))
    assert doing(case) == ["explain"]
    case = steps(bench, case, ("explain", {"explained": "Read out and understood."}))
    assert doing(case) == ["carry-out"]
    assert "decision" not in sent(bench, case)


def test_the_promised_reply_is_watched(bench: Workbench) -> None:
    """Whoever gets no reply in time is told so, and the director, to the minute; who has it hears nothing (LAW-2.5)."""
    replied = written(bench, *TO_CARRY_OUT)
    assert [e.detail["notes"] for e in replied.history() if "kept" in str(e.detail.get("notes"))]
    case = written(bench, *TO_DECISION)
    case = happens_at(bench, case, "promise-passed", "delay")
    assert sent(bench, case)[-1] == "answer-late"
    assert not {"delay", "answer-late"} & set(sent(bench, replied))


def shortcut(folder: Path, source: str, target: str) -> Path:
    """A layer whose main diagram goes straight from one element to another."""
    diagram = (ROOT / "processes/law-firm/law-firm.bpmn").read_text(encoding="utf-8")
    flow = rf'sourceRef="{source}" targetRef="[^"]+"'
    straight, found = re.subn(flow, f'sourceRef="{source}" targetRef="{target}"', diagram)
    assert found == 1
    home = folder / "processes/law-firm"
    home.mkdir(parents=True)
    (home / "law-firm.bpmn").write_text(straight, encoding="utf-8")
    return folder


@pytest.mark.parametrize("target", ["tell-decision", "explain", "tell-respondents"])
def test_nothing_is_promised_before_the_decision(tmp_path: Path, target: str) -> None:
    """Letter, talk and the respondents' letter stop in an incident before the opinion is signed (LAW-2.7.2.b)."""
    bench = Workbench(layers=[shortcut(tmp_path, "investigate", target)])
    case = written(bench, *TO_DECISION)
    assert [(i.kind, i.element) for i in case.incidents] == [("commitment", target)] * len(case.incidents)
    with pytest.raises(PrematureCommitment):
        bench.engine.resolve(case.incidents[0])
    assert not {"decision", "decision-respondent"} & set(sent(bench, case))
    bench.close()


def test_the_authority_hears_nothing_before_the_resolution(tmp_path: Path) -> None:
    """A notice to the authority before the meeting has resolved is refused (LAW-2.4.b LAW-2.7.2.b)."""
    bench = Workbench(layers=[shortcut(tmp_path, "investigate", "notify-authority")])
    case = written(bench, *TO_DECISION)
    assert [(i.kind, i.element) for i in case.incidents] == [("commitment", "notify-authority")]
    bench.close()


# -- feedback: both sides, follow-up, archive ---------------------------------------------------


@pytest.mark.parametrize("answers", [(ANGRY, ACCEPTS), (CONTENT, PROTESTS)])
def test_either_side_may_be_dissatisfied_and_rounds_are_bounded(
    bench: Workbench, answers: tuple[tuple[str, dict[str, object]], ...]
) -> None:
    """Whoever is dissatisfied, the handler follows up, twice; then the director has the last word (LAW-3.2 LAW-3.3)."""
    case = written(bench, *TO_SURVEY)
    for _ in range(2):
        case = steps(bench, case, *answers)
        assert (doing(case), case.task("follow-up").groups) == (["follow-up"], ("partner-in-charge",))
        assert sent(bench, case)[-2:] == ["feedback", "dissatisfaction"]
        case = steps(bench, case, STANDS)
        assert doing(case) == ["ask-satisfaction", "survey-respondent"]
        assert sent(bench, case)[-2:] == ["follow-up-result", "follow-up-respondent"]
        assert str(STANDS[1]["follow_up_result"]) in bench.notices[-1].text
    case = steps(bench, case, *answers)
    assert (doing(case), case.task("settle").groups) == (["settle"], ("director",))
    case = steps(bench, case, SETTLE)
    assert sent(bench, case)[-2:] == ["follow-up-respondent", "last-word"]
    assert all(str(SETTLE[1]["last_word"]) in notice.text for notice in bench.notices[-2:])
    assert steps(bench, case, FILED).status == "completed"


def test_nobody_has_the_last_word_on_their_own_opinion(bench: Workbench) -> None:
    """Where the director is the handler, another partner settles (LAW-3.3, our decision)."""
    absent = ("appoint", {"handler": "Partner A", "absent": True})
    case = written(bench, REGISTER, ASSESS, absent, ("substitute", {"handler": "The director", "stand_in": "director"}))
    case = steps(bench, case, INVESTIGATE, DECIDE, CARRY_OUT, *(ANGRY, ACCEPTS, STANDS) * 2, ANGRY, ACCEPTS)
    assert case.task("settle").groups == ("partners",)


def test_a_follow_up_may_change_the_opinion(bench: Workbench) -> None:
    """A new opinion revokes the old one and is told anew, twice; a major matter meets again (LAW-3.3 LAW-2.4.a)."""
    case = written(bench, *TO_SURVEY)
    for version in (2, 3):
        case = steps(bench, case, ANGRY, ACCEPTS, CHANGES)
        assert doing(case) == ["decide"]
        notes = [note for event in case.history() for note in event.detail.get("notes", [])]
        assert ["revoked", "decide", {"decision": "ruling"}] in notes
        case = steps(bench, case, ("decide", {**DECIDE[1], "solution": "We pay the day."}), CARRY_OUT)
        assert case.variables["opinion_version"] == version
    assert sent(bench, case).count("decision") == 3
    case = written(bench, REGISTER, MAJOR, APPOINT, INVESTIGATE, CONVENE, RESOLVE, DECIDE, CARRY_OUT)
    assert doing(steps(bench, case, ANGRY, ACCEPTS, CHANGES)) == ["convene"]


@pytest.mark.parametrize("side", ["complainant", "respondent"])
def test_an_objection_may_come_at_any_time_after_the_opinion(bench: Workbench, side: str) -> None:
    """Either side may object while it is carried out, asked about or filed; the handler hears at once (LAW-3.3)."""
    case = written(bench, *TO_CARRY_OUT)
    case = object_to(bench, object_to(bench, case, side), side)
    assert sent(bench, case)[-2:] == ["objection", "objection"]
    case = steps(bench, case, CARRY_OUT, CONTENT, ACCEPTS)
    assert doing(case) == ["follow-up"]
    case = steps(bench, case, STANDS)
    case = object_to(bench, object_to(bench, case, side), side)
    case = steps(bench, case, CONTENT, ACCEPTS, STANDS, CONTENT, ACCEPTS)
    assert doing(case) == ["archive"]
    case = steps(bench, object_to(bench, case, side), FILED, CONTENT, ACCEPTS)
    assert doing(case) == ["settle"]
    assert f"The {side}" in [n for n in bench.notices if n.case_id == case.id and n.name == "objection"][-1].text
    case = steps(bench, case, SETTLE)
    case = steps(bench, object_to(bench, case, side), FILED)
    assert case.status == "completed"


def test_there_is_nothing_to_object_to_before_the_opinion(bench: Workbench) -> None:
    """An objection before the opinion finds nobody who waits for it (LAW-3.3)."""
    case = written(bench, *TO_DECISION)
    with pytest.raises(NoSubscription):
        object_to(bench, case, "complainant")


def test_late_carrying_out_and_late_surveys_are_seen(bench: Workbench) -> None:
    """Carrying out, both surveys and the follow-up are watched to the minute (LAW-2.6.b LAW-3.2 LAW-3.3)."""
    case = happens_at(bench, written(bench, *TO_CARRY_OUT), "carry-out-overdue", "carry-out-late")
    case = steps(bench, case, CARRY_OUT)
    case = happens_at(bench, case, "satisfaction-due", "shared-satisfaction-due")
    assert due(case, "survey-overdue") == due(case, "satisfaction-overdue")
    case = happens_at(bench, case, "survey-overdue", "survey-late")
    assert "shared-satisfaction-late" in sent(bench, case)
    case = steps(bench, case, ANGRY, ACCEPTS)
    happens_at(bench, case, "follow-up-overdue", "follow-up-late")


def test_the_officer_hears_what_came_of_it(bench: Workbench) -> None:
    """Opinion, deeds and both answers go back to the complaint officer (LAW-3.4)."""
    case = written(bench, *TO_SURVEY, CONTENT, PROTESTS)
    report = [n for n in bench.notices if n.case_id == case.id and n.name == "feedback"][-1]
    assert report.to.group == "complaint-officer"
    for said in ("We apologise.", "The day was paid.", "The complainant: satisfied", "about: very dissatisfied"):
        assert said in report.text


def test_the_file_is_archived_under_its_year(bench: Workbench) -> None:
    """Administration archives everything under year and number; a late archive is reported (LAW-3.1.a LAW-3.1.b)."""
    case = written(bench, *TO_ARCHIVE)
    with pytest.raises(InvalidData):
        steps(bench, case, ("archive", {"filed": {"content": True}}))
    case = happens_at(bench, case, "archiving-overdue", "shared-archiving-late")
    case = steps(bench, case, FILED)
    assert case.variables["archive_year"] == bench.now.year
    assert case.variables["archive_key"] == f"{bench.now.year}/{case.key}"


def test_chinese_complainants_read_chinese(bench: Workbench) -> None:
    """Letters come in the complainant's language (LAW-2.5)."""
    case = written(bench, *TO_SURVEY, ANGRY, ACCEPTS, STANDS, language="zh")
    letters = [notice for notice in bench.notices if notice.case_id == case.id and notice.language == "zh"]
    assert [n.name for n in letters] == ["acknowledgement", "arrangement", "decision", "follow-up-result"]
    assert all("您" in notice.text for notice in letters)


def test_every_element_and_flow_was_visited(bench: Workbench) -> None:
    """The scenarios of this file come by every flow node and every sequence flow (LAW-1.1 to LAW-3.4)."""
    coverage = bench.coverage("law-firm")
    print(coverage)
    assert coverage.missing == []
