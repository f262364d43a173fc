"""Actor x case x field x operation: everything that anybody may do, against a table written from the policy texts.

The table below was made from the texts and our reading of them (each policy.toml says why), not from the policy files;
so it says what the files must mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

import pytest

from complaintflow.access.identity import Person, StaticIdentity
from complaintflow.access.rules import Access, Facts
from complaintflow.access.seals import MASK
from complaintflow.definition.layers import Layers
from complaintflow.definition.library import Library
from complaintflow.errors import (
    AccessDenied,
    InvalidData,
    NoSubscription,
    UnknownAttachment,
    UnknownCase,
    UnknownTask,
)
from complaintflow.facade.desk import Desk
from complaintflow.facade.engine import Engine
from complaintflow.store.rows import TaskRow
from complaintflow.testing import Workbench

OUTSIDER = "nobody-in-particular"
REPORTER = {
    "name": "Song Qing",
    "phone": "13911112222",
    "email": "song.qing@example.org",
    "address": "7 Lotus Lane, Harbour District",
}
LETTER = {"content": "It leaks, says Song Qing.", **REPORTER}


@dataclass(frozen=True)
class Row:
    """What the text of one policy means.

    Attributes:
        groups: everybody who has a part in it.
        first: the task after the start, and whose it is.
        payload: an intake; ``persons`` are added where the text knows people complained about.
        see: who sees all of a case.
        can: what else who may do.
        identity: who may learn who it is.
        fields: the sealed fields that the intake fills.
        fallbacks: who has it when nobody is left, in this order.
        apart: duties that are not done by one person, as pairs.
        named: whether a complaint may name people who stand aside.
        own: whether whoever complains stands aside too.
    """

    groups: tuple[str, ...]
    first: tuple[str, str]
    payload: dict[str, Any]
    see: tuple[str, ...]
    can: dict[str, tuple[str, ...]]
    identity: tuple[str, ...]
    fields: tuple[str, ...]
    fallbacks: tuple[str, ...]
    apart: tuple[tuple[str, str], ...] = ()
    named: bool = True
    own: bool = False
    departments: tuple[str, ...] = field(default=())

    def may(self, operation: str) -> tuple[str, ...]:
        """Who may do something; a case may be let stand still by whoever may end it."""
        return self.can.get("cancel" if operation == "suspend" else operation, ())

    @property
    def actors(self) -> list[str]:
        """One person of each group, by the group's name, and somebody who is in none of them."""
        return [*self.groups, *self.departments, OUTSIDER]


def every(group: str, *operations: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(operations, (group,))


ALL = ("reassign", "cancel", "hold", "resolve", "recuse", "message", "attach", "export")
INTAKE = {"content": "It leaks, says Song Qing.", "reporter": REPORTER}
FIELDS = tuple(f"reporter.{name}" for name in REPORTER)
COUPLE = {name: REPORTER[name] for name in ("name", "phone", "email")}
LETTERS = tuple(f"letters[].{name}" for name in REPORTER)

OWNERS = ("office", "office-head", "human-resources", "general-manager", "marketing", "management-meeting")
ABOVE = dict.fromkeys(
    ("reassign", "cancel", "resolve", "recuse"), ("office-head", "general-manager", "management-meeting")
)
WRITTEN = {"regulation": "office", "title": "Office complaints"}

TABLE = {
    # RET: customer service speaks with the customer, the store manager supervises (RET-D4).
    "customer": Row(
        groups=("customer-service", "store-manager"),
        departments=("kitchen",),
        first=("investigate", "customer-service"),
        payload={"channel": "phone", **INTAKE},
        see=("customer-service", "store-manager"),
        can=every("store-manager", *ALL)
        | {"message": ("customer-service",), "attach": ("customer-service", "store-manager")},
        identity=("customer-service",),
        fields=FIELDS,
        fallbacks=("store-manager",),
        apart=(("propose", "rule"), ("carry-out", "supervise")),
    ),
    # OFF: the office follows and files; its head answers for what is late, disputed or turned away.
    "office": Row(
        groups=("office-channel-admin", "office-box-keeper", "office-reception", "office", "office-head",
                "office-task-force"),
        departments=("facilities",),
        first=("register", "office-channel-admin"),
        payload={"channel": "web", **INTAKE},
        see=("office", "office-head"),
        can=every("office-head", *ALL) | {"message": ("office",), "attach": ("office", "office-head")},
        identity=("office-channel-admin", "office-box-keeper", "office-reception", "office"),
        fields=FIELDS,
        fallbacks=("office-head",),
        apart=(("report", "settle"),),
        own=True,
    ),
    # WB: strict secrecy (1.3.4, 6.1.1): the name is for the office and for whoever protects the reporter.
    "whistleblower": Row(
        groups=("reporting-office", "report-review", "leadership", "appeal-panel", "protection-officer"),
        departments=("internal-audit",),
        first=("register", "reporting-office"),
        payload={"channel": "web", **INTAKE},
        see=("reporting-office", "leadership"),
        can={
            "reassign": ("reporting-office", "leadership"),
            "cancel": ("leadership",),
            "hold": ("leadership",),
            "resolve": ("reporting-office",),
            "recuse": ("reporting-office", "leadership"),
            "message": ("reporting-office", "protection-officer"),
            "attach": ("reporting-office",),
            "export": ("leadership",),
        },
        identity=("reporting-office", "protection-officer"),
        fields=FIELDS,
        fallbacks=("reporting-office", "leadership"),
        # WB-4.2.sep: review and investigation are different bodies; an appeal is heard by people new to it.
        apart=(
            ("investigate", "review"), ("report", "review"), ("report-jointly", "review"), ("organise", "review"),
            ("investigate", "hear-appeal"), ("report", "hear-appeal"), ("report-jointly", "hear-appeal"),
            ("review", "hear-appeal"), ("decide", "hear-appeal"), ("organise", "hear-appeal"), ("carry-out", "verify"),
        ),
        own=True,
    ),
    # WB-6.2.2: a team of its own, since those who worked on the report may be the ones who retaliate.
    "whistleblower-protection": Row(
        groups=("protection-officer", "leadership"),
        departments=("reporting-office",),
        first=("examine", "protection-officer"),
        payload={"channel": "phone", **INTAKE},
        see=("protection-officer",),
        can=every("protection-officer", "reassign", "resolve", "message", "attach")
        | every("leadership", "cancel", "export")
        | dict.fromkeys(("hold", "recuse"), ("protection-officer", "leadership")),
        identity=("protection-officer",),
        fields=FIELDS,
        fallbacks=("leadership", "protection-officer"),
        own=True,
    ),
    "whistleblower-watch": Row(
        groups=("protection-officer", "leadership", "reporting-office"),
        first=("follow-up", "protection-officer"),
        payload={"closed_at": "2026-01-01T09:00:00+08:00", "summary": "It leaked.", "reporter": REPORTER},
        see=("protection-officer",),
        can=every("protection-officer", "reassign", "cancel", "resolve")
        | dict.fromkeys(("hold", "recuse"), ("protection-officer", "leadership"))
        | {"message": ("protection-officer", "reporting-office")},
        identity=("protection-officer",),
        fields=FIELDS,
        fallbacks=("leadership",),
        own=True,
    ),
    # HR-3.2.1.b: members without conflict of interest; HR-5c.2.2.1: a third party verifies.
    "hr": Row(
        groups=("human-resources", "head-of-human-resources", "investigation-team", "independent-verifier",
                "compliance", "management", "arbitrator", "rules-owner", "training-owner"),
        departments=("operations",),
        first=("assess", "human-resources"),
        payload={"channel": "web", "content": "It leaks, says Song Qing.",
                 "reporter": {**REPORTER, "department": "Warehouse Nine", "position": "Night storekeeper"}},
        see=("human-resources", "head-of-human-resources"),
        can=every("head-of-human-resources", *ALL)
        | {"message": ("human-resources",), "attach": ("human-resources", "head-of-human-resources")},
        identity=("human-resources",),
        fields=(*FIELDS, "reporter.department", "reporter.position"),
        fallbacks=("head-of-human-resources", "management"),
        apart=(
            ("collect", "verify"), ("sum-up", "verify"), ("propose", "verify"), ("propose", "review"),
            *((other, "arbitrate") for other in
              ("collect", "verify", "sum-up", "propose", "review", "rule", "report", "decide")),
        ),
        own=True,
    ),
    # LAW-2.2: the person complained about stands aside; LAW-2.7.4: nobody uninvolved is told.
    "law-firm": Row(
        groups=("front-desk", "administration", "complaint-officer", "director", "partners", "management-meeting",
                "partners-meeting"),
        departments=("partner-litigation",),
        first=("register", "front-desk"),
        payload={"channel": "letter", **INTAKE},
        see=("complaint-officer", "director"),
        can=every("director", *ALL)
        | dict.fromkeys(("resolve", "recuse", "attach"), ("complaint-officer", "director"))
        | {"message": ("complaint-officer",)},
        identity=("front-desk", "complaint-officer", "director", "partners"),
        fields=FIELDS,
        fallbacks=("director", "partners-meeting"),
        apart=(
            ("decide", "settle"), ("follow-up", "settle"), ("decide", "survey-respondent"),
            ("decide", "ask-satisfaction"),
        ),
    ),
    # EMP-3.4, EMP-4.1: secret; above all lines is the general manager, above the general manager the board.
    "grievance": Row(
        groups=("direct-superior", "skip-level-superior", "department-head", "human-resources", "general-manager",
                "appointed-investigator", "board", "safety"),
        departments=("finance",),
        first=("register", "human-resources"),
        payload={"channel": "letter", "addressee": "hr", "ground": "abuse_of_power", "content": INTAKE["content"],
                 "reporter": {**REPORTER, "department": "Warehouse Nine"}},
        see=("general-manager",),
        can=every("general-manager", *ALL) | {"message": ("human-resources", "general-manager")},
        identity=("human-resources", "general-manager", "appointed-investigator", "skip-level-superior",
                  "department-head", "board"),
        fields=(*FIELDS, "reporter.department"),
        fallbacks=("general-manager", "board"),
        apart=(("carry-out", "review"), ("carry-out", "enforce")),
        own=True,
    ),
    # WED: flat management, one step up (1.c); a named person tracks (4.1.a).
    "wedding-client": Row(
        groups=("front-line", "complaint-reception", "complaint-tracking", "management", "finance", "training",
                "personnel"),
        departments=("catering",),
        first=("register", "complaint-reception"),
        payload={"channel": "phone", **INTAKE},
        see=("complaint-reception", "management"),
        can=every("management", *ALL)
        | {"message": ("complaint-reception",), "attach": ("complaint-reception", "management")},
        identity=("front-line", "complaint-reception", "complaint-tracking"),
        fields=FIELDS,
        fallbacks=("management",),
        apart=(("carry-out", "track"), ("analyse", "appraise"), ("carry-out", "appraise")),
    ),
    "office-boxes": Row(
        groups=("office-box-keeper", "office-head"),
        first=("open-box", "office-box-keeper"),
        payload={},
        see=("office-head",),
        can=every("office-head", "reassign", "cancel", "resolve", "recuse"),
        identity=("office-box-keeper",),
        fields=(),
        fallbacks=("office-head",),
        named=False,
    ),
    "whistleblower-boxes": Row(
        groups=("box-keeper", "reporting-office", "leadership"),
        first=("open-boxes", "box-keeper"),
        payload={},
        see=("reporting-office",),
        can=every("reporting-office", "reassign", "cancel", "resolve", "recuse"),
        identity=("box-keeper", "reporting-office"),
        fields=(),
        fallbacks=("reporting-office",),
        named=False,
    ),
    # EMP-3.4.b: the general manager empties the box in person, so nobody stands in.
    "grievance-box": Row(
        groups=("general-manager",),
        first=("open-box", "general-manager"),
        payload={},
        see=("general-manager",),
        can=every("general-manager", "cancel", "resolve"),
        identity=("general-manager",),
        fields=(),
        fallbacks=(),
        named=False,
    ),
    # OFF-6 to OFF-8, EMP-6, CQA-3: owners of written policies see each other's work; who is above them answers.
    "policy-life": Row(
        groups=(*OWNERS, "board", "legal-counsel"),
        first=("draft", "office"),
        payload=WRITTEN,
        see=(*OWNERS, "board"),
        can=ABOVE,
        identity=(),
        fields=(),
        fallbacks=("office-head",),
        named=False,
    ),
    "policy-roll-out": Row(
        groups=(*OWNERS, "office-channel-admin", "office-box-keeper", "all-staff"),
        first=("publish", "office"),
        payload=WRITTEN,
        see=OWNERS,
        can=ABOVE,
        identity=(),
        fields=(),
        fallbacks=("office-head",),
        named=False,
    ),
    "policy-supervision": Row(
        groups=(*OWNERS, "all-staff"),
        first=("check", "office"),
        payload={**WRITTEN, "in_force_at": "2026-02-01T09:00:00+08:00"},
        see=OWNERS,
        can=ABOVE | {"message": ("office", "human-resources", "marketing")},
        identity=(),
        fields=(),
        fallbacks=("office-head",),
        named=False,
    ),
    "policy-review": Row(
        groups=OWNERS,
        first=("evaluate", "office"),
        payload=WRITTEN,
        see=OWNERS,
        can=ABOVE,
        identity=(),
        fields=(),
        fallbacks=("office-head",),
        named=False,
    ),
    # OFF-8.6.1: marks are for whoever teaches, and for whoever answers for the policy.
    "policy-training": Row(
        groups=("office", "office-head", "general-manager", "management-meeting", "trainers", "all-staff",
                "complaint-handlers"),
        first=("prepare", "trainers"),
        payload=WRITTEN,
        see=("trainers", "office-head", "general-manager", "management-meeting"),
        can=dict.fromkeys(
            ("reassign", "cancel", "resolve", "recuse"),
            ("trainers", "office-head", "general-manager", "management-meeting"),
        ),
        identity=(),
        fields=(),
        fallbacks=("trainers",),
        named=False,
    ),
    # WED-4 to WED-9: what surrounds the couples' complaints; management is one step up, but not in staff care.
    "wedding-report": Row(
        groups=("complaint-tracking", "training", "finance", "personnel", "management"),
        first=("analyse", "complaint-tracking"),
        payload={},
        see=("management",),
        can=every("management", "reassign", "cancel", "resolve", "recuse"),
        identity=(),
        fields=(),
        fallbacks=("management",),
        apart=(("appraise", "analyse"),),
        named=False,
    ),
    "wedding-training": Row(
        groups=("training", "complaint-tracking", "management", "all-staff"),
        first=("prepare", "training"),
        payload={"topic": "Listening", "kind": "service"},
        see=("training", "management"),
        can=dict.fromkeys(("reassign", "cancel", "resolve", "recuse"), ("training", "management")),
        identity=(),
        fields=(),
        fallbacks=("management",),
        named=False,
    ),
    "wedding-safety": Row(
        groups=("venue-team", "safety-officer", "management", "planning", "complaint-reception"),
        first=("inspect", "venue-team"),
        payload={"event_at": "2026-03-05T09:00:00+08:00", "venue": "Garden hall", "reporter": COUPLE},
        see=("safety-officer", "management"),
        can=every("management", "reassign", "cancel", "resolve", "recuse"),
        identity=("complaint-reception", "management"),
        fields=("reporter.name", "reporter.phone", "reporter.email"),
        fallbacks=("management",),
        apart=(("release", "inspect"), ("release", "repair")),
        named=False,
    ),
    "wedding-case-library": Row(
        groups=("complaint-reception", "personnel", "management", "all-staff"),
        first=("choose", "complaint-reception"),
        payload={},
        see=("management",),
        can=every("management", "reassign", "cancel", "resolve", "recuse"),
        identity=(),
        fields=(),
        fallbacks=("management",),
        apart=(("approve", "write-up"),),
        named=False,
    ),
    "wedding-survey": Row(
        groups=("complaint-reception", "complaint-tracking", "management"),
        first=("list-couples", "complaint-reception"),
        payload={},
        see=("complaint-reception", "management"),
        can=every("management", "reassign", "cancel", "resolve", "recuse"),
        identity=("complaint-reception",),
        fields=(),
        fallbacks=("management",),
        named=False,
    ),
    "wedding-warning": Row(
        groups=("complaint-reception", "complaint-tracking", "management"),
        first=("examine", "complaint-reception"),
        payload={"summary": "The film is late."},
        see=("complaint-tracking", "management"),
        can=every("management", "reassign", "cancel", "resolve", "recuse"),
        identity=(),
        fields=(),
        fallbacks=("management",),
        named=False,
    ),
    "wedding-suggestion": Row(
        groups=("complaint-reception", "complaint-tracking", "management"),
        first=("assess", "complaint-reception"),
        payload={"content": "Call the day before.", "reporter": COUPLE},
        see=("management",),
        can=every("management", "reassign", "cancel", "resolve", "recuse"),
        identity=("management",),
        fields=("reporter.name", "reporter.phone", "reporter.email"),
        fallbacks=("management",),
        named=False,
        own=True,
    ),
    # WED-9.2.a: between the person and staff care.
    "wedding-staff-care": Row(
        groups=("staff-care",),
        first=("talk", "staff-care"),
        payload={"content": "Cannot sleep.", "reporter": COUPLE},
        see=("staff-care",),
        can=every("staff-care", "reassign", "cancel", "resolve", "recuse"),
        identity=("staff-care",),
        fields=("reporter.name", "reporter.phone", "reporter.email"),
        fallbacks=("staff-care",),
        named=False,
        own=True,
    ),
    "wedding-recognition": Row(
        groups=("personnel", "management", "all-staff"),
        first=("propose", "personnel"),
        payload={},
        see=("personnel", "management"),
        can=every("management", "reassign", "cancel", "resolve", "recuse"),
        identity=(),
        fields=(),
        fallbacks=("management",),
        named=False,
    ),
    # HR-5, HR-5c: human resources and its head run what surrounds the complaints, management fixes what comes first.
    "hr-quarterly-review": Row(
        groups=("human-resources", "head-of-human-resources", "management", "all-staff"),
        first=("plan-inquiry", "human-resources"),
        payload={},
        see=("human-resources", "head-of-human-resources", "management"),
        can=every("head-of-human-resources", "reassign", "cancel", "resolve", "recuse")
        | every("human-resources", "message"),
        identity=(),
        fields=(),
        fallbacks=("head-of-human-resources", "management"),
        named=False,
    ),
    "hr-training": Row(
        groups=("training-owner", "head-of-human-resources", "all-staff"),
        first=("prepare", "training-owner"),
        payload={},
        see=("training-owner", "head-of-human-resources"),
        can=every("head-of-human-resources", "reassign", "cancel", "resolve", "recuse"),
        identity=(),
        fields=(),
        fallbacks=("head-of-human-resources",),
        named=False,
    ),
    "hr-suggestions": Row(
        groups=("human-resources", "head-of-human-resources", "all-staff"),
        first=("consider", "human-resources"),
        payload={
            "channel": "web", "content": "A lamp, says Song Qing.",
            "reporter": {name: value for name, value in REPORTER.items() if name != "address"},
        },
        see=("human-resources", "head-of-human-resources"),
        can=every("head-of-human-resources", "reassign", "cancel", "resolve", "recuse"),
        identity=("human-resources", "head-of-human-resources"),
        fields=tuple(f"reporter.{name}" for name in REPORTER if name != "address"),
        fallbacks=("head-of-human-resources",),
        named=False,
        own=True,
    ),
    "hr-facilities": Row(
        groups=("administration", "head-of-administration", "all-staff"),
        first=("check", "administration"),
        payload={},
        see=("administration", "head-of-administration"),
        can=every("head-of-administration", "reassign", "cancel", "resolve", "recuse"),
        identity=(),
        fields=(),
        fallbacks=("head-of-administration",),
        named=False,
    ),
    "hr-service-team": Row(
        groups=("human-resources", "head-of-human-resources", "management", "all-staff"),
        first=("nominate", "human-resources"),
        payload={},
        see=("human-resources", "head-of-human-resources", "management"),
        can=every("head-of-human-resources", "reassign", "cancel", "resolve", "recuse"),
        identity=(),
        fields=(),
        fallbacks=("head-of-human-resources",),
        named=False,
    ),
    # HR-6: the head is in charge, management ends the emergency.
    "hr-emergency": Row(
        groups=("human-resources", "head-of-human-resources", "management", "all-staff"),
        first=("take-charge", "head-of-human-resources"),
        payload={},
        see=("human-resources", "head-of-human-resources", "management"),
        can=dict.fromkeys(("reassign", "cancel", "resolve", "recuse"), ("head-of-human-resources", "management")),
        identity=(),
        fields=(),
        fallbacks=("head-of-human-resources", "management"),
        named=False,
    ),
    # WB-5.2.2, WB-7: the office reports, the leadership guides; who appraises is not the office.
    "whistleblower-report": Row(
        groups=("reporting-office", "leadership", "appraisal"),
        first=("analyse", "reporting-office"),
        payload={},
        see=("leadership", "appraisal"),
        can=every("leadership", "reassign", "cancel", "resolve", "recuse"),
        identity=(),
        fields=(),
        fallbacks=("leadership",),
        named=False,
    ),
    # WB-7.1.1: a group that is not the office; the office sees what it is ordered to do.
    "whistleblower-spot-check": Row(
        groups=("report-supervision", "reporting-office", "leadership"),
        first=("name-examiners", "report-supervision"),
        payload={},
        see=("report-supervision", "leadership"),
        can=every("leadership", "reassign", "cancel", "resolve", "recuse"),
        identity=(),
        fields=(),
        fallbacks=("leadership",),
        named=False,
    ),
    "quick-note": Row(
        groups=("complaint-desk",),
        first=("sort", "complaint-desk"),
        payload={"channel": "phone", **INTAKE},
        see=("complaint-desk",),
        can=every("complaint-desk", "reassign", "cancel", "resolve", "recuse"),
        identity=("complaint-desk",),
        fields=FIELDS,
        fallbacks=(),
        named=False,
    ),
}  # fmt: skip

PROCESSES = sorted(TABLE)
_NAMES = count(1)


def full_name(actor: str) -> str:
    """A name that no other text has."""
    return "Guan " + "".join(chr(97 + ord(letter) % 26) for letter in actor).capitalize() + f"ian{len(actor)}"


def staff(row: Row) -> StaticIdentity:
    return StaticIdentity(
        [
            Person(actor, full_name(actor), frozenset() if actor == OUTSIDER else frozenset({actor}))
            for actor in row.actors
        ]
    )


@dataclass
class Office:
    """An engine with the people of one row, and cases of its process."""

    process: str
    row: Row
    engine: Engine

    def case(self, **more: Any) -> str:
        payload = {**self.row.payload, **more}
        case_id = self.engine.start(self.process, payload).id
        self.engine.drain()  # The watch over a reporter asks its first question by the clock.
        return case_id

    def desk(self, actor: str) -> Desk:
        return self.engine.desk(actor)


@pytest.fixture(params=PROCESSES)
def office(request: pytest.FixtureRequest, workbench: Workbench) -> Iterator[Office]:
    row = TABLE[request.param]
    engine = Engine(
        workbench.engine.store, identity=staff(row), clock=workbench.clock, notifier=workbench.notifier,
        handlers_elsewhere=True,
    )  # fmt: skip
    yield Office(request.param, row, engine)
    engine.close()


def outcome(action: Callable[[], object]) -> str:
    """What comes of it: "done", "unknown" (as if it were not there), or "denied"."""
    try:
        action()
    except (UnknownCase, UnknownTask, UnknownAttachment, NoSubscription):
        return "unknown"
    except AccessDenied:
        return "denied"
    except InvalidData:
        return "done"  # It was let in, and only what it brought was wrong.
    return "done"


def holders(row: Row, out: str | None = None) -> str:
    """Who has the first task, when somebody is kept out: one person is in each group."""
    return next((group for group in (row.first[1], *row.fallbacks) if group != out), "")


def operations(office: Office, desk: Desk, case_id: str) -> dict[str, Callable[[], object]]:
    """Every operation, by name; whatever succeeds here leaves the case as it was, or is on a case of its own."""
    engine = office.engine
    task = engine.case(case_id).tasks[0].id
    holder = engine.case(case_id).tasks[0].groups[0]

    def there_and_back(do: Callable[[], object], back: Callable[[], object]) -> object:
        do()
        return back()

    return {
        "look": lambda: desk.case(case_id),
        "look by a beginning": lambda: desk.case(case_id[:12]),
        "history": lambda: desk.history(case_id),
        "notices": lambda: desk.notices(case_id),
        "diagram": lambda: desk.diagram(case_id),
        "incidents": lambda: desk.incidents(case_id),
        "surroundings": lambda: desk.surroundings(task),
        "complete": lambda: desk.complete(task, {"no such field": 1}),
        "claim": lambda: there_and_back(lambda: desk.claim(task), lambda: desk.release(task)),
        "reassign": lambda: there_and_back(lambda: desk.reassign(task, holder), lambda: desk.reassign(task, None)),
        "hold": lambda: there_and_back(lambda: desk.hold(case_id, "court"), lambda: desk.end_hold(case_id, "over")),
        "suspend": lambda: there_and_back(lambda: desk.suspend(case_id, "a test"), lambda: desk.resume(case_id)),
        "recuse": lambda: desk.recuse(case_id, f"Nobody Atall{next(_NAMES)}", "a test"),
        "export": lambda: desk.evidence(case_id, "the auditor asks"),
        "record": lambda: desk.record_access(case_id, "read", "to answer"),
    }


def expected(row: Row, actor: str, operation: str, *, holder: str, out: str | None) -> str:
    """What the table says."""
    whole, working = actor in row.see and actor != out, actor == holder and actor != out
    if operation in ("surroundings", "complete", "claim"):
        return "done" if working else "unknown"
    if not (whole or working):
        return "unknown"
    if operation == "diagram":
        return "done" if whole else "denied"
    if operation in ("reassign", "hold", "suspend", "recuse", "export"):
        return "done" if actor in row.may(operation) else "denied"
    return "done"


def compare(office: Office, case_id: str, out: str | None = None) -> int:
    """Every actor and operation on a case; returns how many combinations there were."""
    row, holder, seen = office.row, holders(office.row, out), 0
    wrong = []
    for actor in row.actors:
        desk = office.desk(actor)
        for operation, action in operations(office, desk, case_id).items():
            if operation == "diagram" and out not in (None, actor):
                continue  # Drawing takes long, and the ordinary case has it for everybody.
            want = expected(row, actor, operation, holder=holder, out=out)
            got = outcome(action)
            seen += 1
            if got != want:
                wrong.append(f"{actor} {operation}: {got}, the table says {want}")
        visible = "look" if expected(row, actor, "look", holder=holder, out=out) == "done" else ""
        if (case_id in [case.id for case in desk.cases()]) != bool(visible):
            wrong.append(f"{actor}: the list of cases")
        if [task.case_id for task in desk.tasks()].count(case_id) != int(actor == holder):
            wrong.append(f"{actor}: the inbox")
        allowed = {name for name in (*ALL, "suspend") if actor in row.may(name) and actor != out}
        if visible and set(desk.allowed(case_id)) - {"see"} != allowed:
            wrong.append(f"{actor}: allowed {desk.allowed(case_id)}, the table says {sorted(allowed)}")
    assert wrong == []
    return seen


def test_the_table_has_every_shipped_process() -> None:
    """No process is shipped without a row here, and every row's groups are its policy's."""
    library = Library(Layers(()))
    assert library.layers.processes() == PROCESSES
    for process, row in TABLE.items():
        assert {role.group for role in library.newest(process).policy.roles.values()} == set(row.groups)


def test_an_ordinary_case(office: Office) -> None:
    """Each actor may do with a case what the table says, sees it or does not, and finds it in lists or does not: nobody
    who is not involved hears of it (LAW-2.7.4)."""
    case_id = office.case()
    assert [(task.element, task.groups) for task in office.engine.case(case_id).tasks] == [
        (office.row.first[0], (office.row.first[1],))
    ]
    assert compare(office, case_id) == 15 * len(office.row.actors)


def test_ending_a_case(office: Office) -> None:
    """Only whom the table names ends a case before its process does."""
    for actor in office.row.actors:
        case_id = office.case()
        want = expected(office.row, actor, "look", holder=holders(office.row), out=None)
        if want == "done" and actor not in office.row.can["cancel"]:
            want = "denied"
        assert (actor, outcome(partial(office.desk(actor).cancel, case_id, "a test"))) == (actor, want)


def test_whoever_is_named_in_the_complaint(office: Office) -> None:
    """Each actor in turn is complained about: for them the case does not exist, and their task is somebody else's."""
    if not office.row.named:
        pytest.skip("the text knows nobody who is complained about")
    for actor in office.row.actors:
        case_id = office.case(persons=[{"name": f"Manager {full_name(actor)}", "role": "seller"}])
        compare(office, case_id, out=actor)


def test_whoever_complains_about_work_among_colleagues(office: Office) -> None:
    """Each actor in turn complains: nobody handles the own complaint where staff may complain."""
    if not office.row.own:
        pytest.skip("those who complain are not staff")
    for actor in office.row.actors:
        reporter = {**office.row.payload["reporter"], "name": full_name(actor)}
        compare(office, office.case(reporter=reporter), out=actor)


def test_whoever_declares_a_conflict_later(office: Office) -> None:
    """Each actor who sees a case says that they have a conflict of interest: the case is gone for them at once."""
    row = office.row
    for actor in row.actors:
        case_id = office.case()
        if expected(row, actor, "look", holder=holders(row), out=None) == "done" and holders(row, actor):
            office.desk(actor).recuse(case_id, actor, "my brother")
            compare(office, case_id, out=actor)


def test_sealed_fields(office: Office) -> None:
    """Each field is opened to each actor as the table says, with a line of history, and is masked everywhere else."""
    row, case_id = office.row, office.case()
    secrets = [str(value) for value in row.payload.get("reporter", {}).values()]
    opened = 0
    for actor in row.actors:
        desk = office.desk(actor)
        sees = expected(row, actor, "look", holder=holders(row), out=None)
        for name in row.fields:
            want = sees if sees == "unknown" or actor in row.identity else "denied"
            assert (actor, name, outcome(partial(desk.open_sealed, case_id, name, "to answer"))) == (
                actor, name, want,
            )  # fmt: skip
            opened += want == "done"
        if sees == "done":
            case, notices = desk.case(case_id), desk.notices(case_id)
            shown = repr((case.key, case.variables, [one.message for one in case.incidents]))
            shown += repr([(one.subject, one.text, one.html, one.to) for one in notices])
            shown += repr([event.detail for event in desk.history(case_id)])
            shown += repr([desk.surroundings(task.id).variables for task in desk.tasks()])
            assert [secret for secret in secrets if secret in shown] == []
            assert (MASK in shown) == bool(secrets), actor
    lines = [event for event in office.engine.history(case_id) if event.detail.get("material") in row.fields]
    assert len(lines) == opened
    assert all(event.actor in row.identity and event.detail["reason"] for event in lines)


def test_attachments(office: Office) -> None:
    """Whoever sees the case reads its files, whoever may learn the name those that show it, and the rest sees none."""
    row, case_id = office.row, office.case()
    office.engine.attach(case_id, "receipt.txt", b"a receipt", actor="the counter")
    office.engine.attach(case_id, "letter of Song Qing.txt", b"signed", actor="the counter", sealed="identity")
    numbers = {1: None, 2: "identity"}
    for actor in row.actors:
        desk, sees = office.desk(actor), expected(row, actor, "look", holder=holders(row), out=None)
        attaches = actor in row.can.get("attach", ())
        reads = sees == "done" and (actor in row.see or attaches)
        readable = [one for one, seal in numbers.items() if reads and (seal is None or actor in row.identity)]
        if sees == "done":
            assert (actor, [one.number for one in desk.attachments(case_id)]) == (actor, readable)
            shown = any("Song Qing" in one.name for one in desk.attachments(case_id))
            assert not shown or not row.fields
        else:
            assert outcome(partial(desk.attachments, case_id)) == "unknown"
        for number in (*numbers, 99):
            want = "done" if number in readable else "unknown"
            assert (actor, number, outcome(partial(desk.attachment, case_id, number, "to answer"))) == (
                actor, number, want,
            )  # fmt: skip
        want = sees if sees == "unknown" or attaches else "denied"
        assert (actor, outcome(partial(desk.attach, case_id, "/", b"", "no name"))) == (actor, want)


def test_letters_of_the_boxes(workbench: Workbench) -> None:
    """What lies in a box is sealed for everybody but whom the table names, as long as they see the round."""
    for process in ("office-boxes", "whistleblower-boxes", "grievance-box"):
        row = TABLE[process]
        engine = Engine(
            workbench.engine.store, identity=staff(row), clock=workbench.clock, notifier=workbench.notifier,
            handlers_elsewhere=True,
        )  # fmt: skip
        case_id = engine.start(process, {}).id
        task = engine.case(case_id).tasks[0].id
        letter = LETTER if process != "grievance-box" else {**LETTER, "ground": "abuse_of_power"}
        engine.desk(row.first[1]).complete(task, {"letters": [letter]})
        for actor in row.actors:
            desk = engine.desk(actor)
            now = [one for one in engine.case(case_id).tasks if actor in one.groups]
            sees = actor in row.see or bool(now)
            for name in LETTERS:
                want = "unknown" if not sees else "done" if actor in row.identity else "denied"
                assert (actor, outcome(partial(desk.open_sealed, case_id, name, "to answer"))) == (actor, want)


def test_what_is_forbidden_reads_like_what_is_not_there(office: Office) -> None:
    """An id that does not exist and a case that is not theirs give the same words for every operation."""
    case_id, absent = office.case(), "0" * 32
    task = office.engine.case(case_id).tasks[0].id
    desk = office.desk(OUTSIDER)

    def words(action: Callable[[str, str], object], one: str, its_task: str) -> str:
        with pytest.raises((UnknownCase, UnknownTask)) as problem:
            action(one, its_task)
        return str(problem.value).replace(its_task, "TASK").replace(one, "CASE")

    actions: list[Callable[[str, str], object]] = [
        lambda one, _: desk.case(one), lambda one, _: desk.case(one[:6]), lambda one, _: desk.history(one),
        lambda one, _: desk.notices(one), lambda one, _: desk.diagram(one), lambda one, _: desk.cancel(one, "x"),
        lambda one, _: desk.hold(one, "x"), lambda one, _: desk.recuse(one, OUTSIDER, "x"),
        lambda one, _: desk.evidence(one, "x"), lambda one, _: desk.open_sealed(one, "reporter.name", "x"),
        lambda one, _: desk.bundle(one), lambda one, _: desk.record_access(one, "read", "x"),
        lambda _, its: desk.complete(its, {}), lambda _, its: desk.claim(its), lambda _, its: desk.release(its),
        lambda _, its: desk.reassign(its, OUTSIDER), lambda _, its: desk.surroundings(its),
    ]  # fmt: skip
    for action in actions:
        assert words(action, case_id, task) == words(action, absent, f"{absent}.{task.partition('.')[2]}")


@pytest.mark.parametrize("process", PROCESSES)
def test_separated_duties(process: str) -> None:
    """Of each pair that the table keeps apart nobody does one after the other, in either order, and all others may."""
    row, policy = TABLE[process], Library(Layers(())).newest(process).policy
    identity = staff(row)
    access = Access(identity)
    duties = sorted({duty for pair in row.apart for duty in pair})
    for did in duties:
        for then in duties:
            apart = (did, then) in row.apart or (then, did) in row.apart
            for actor in row.actors:
                person = access.person(actor)
                offered = (("all",), (actor,), None, 50, None, None, None, False, "")
                task = TaskRow("c", 1, process, then, *offered)  # type: ignore[arg-type]
                facts = Facts("c", policy, frozenset(), frozenset(), {did: [actor]}, lambda task=task: [task])  # type: ignore[misc]
                assert access.may_work_on(person, task, facts) is not apart, (did, then)
                assert access.may_be_given(person, task, facts) is not apart
                fresh = Facts("c", policy, frozenset(), frozenset(), {}, lambda task=task: [task])  # type: ignore[misc]
                assert access.may_work_on(person, task, fresh)
