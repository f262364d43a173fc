"""Half a year of simulated complaints, so that a report can be looked at: ``python -m tests.report_cases hr cases.db``.

Two quarters of one procedure on a clock that is moved: types, departments, people who are late, matters that are taken
up again. The key file of the database is written beside it.
"""

from __future__ import annotations

import heapq
import json
import random
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from complaintflow.errors import ComplaintflowError
from complaintflow.testing import Workbench

ROOT: Final = Path(__file__).resolve().parents[1]
SINCE: Final = datetime.fromisoformat("2026-04-01T08:30:00+08:00")
UNTIL: Final = datetime.fromisoformat("2026-10-01T09:00:00+08:00")

Data = dict[str, Any]

_OPINIONS: Final = ("very_satisfied", "satisfied", "neutral", "dissatisfied", "very_dissatisfied", "not_reached")
_SLOW: Final[Mapping[str, float]] = {
    "assess": 9, "respond": 34, "intervene": 10, "form-team": 12, "declare": 7, "collect": 110, "verify": 52,
    "sum-up": 40, "propose": 46, "review": 15, "rule": 14, "report": 13, "carry-out": 120, "ask-satisfaction": 60,
    "follow-up": 90, "decide": 20, "register": 0.4, "gather": 0.5, "joint-meeting": 8, "investigate": 7, "tell": 3,
    "negotiate": 20, "track": 30, "analyse": 50, "record-costs": 30, "make-good": 20, "appraise": 40, "adjust": 10,
}  # fmt: skip
"""Hours that a task takes, more or less."""


def hr(chosen: random.Random) -> Data:
    """What an employee sends in."""
    payload = json.loads((ROOT / "processes/hr/payload.json").read_text(encoding="utf-8"))
    kinds = ("process", "pay", "conduct", "facilities", "service_attitude", "other")
    return {**payload, "category": chosen.choices(kinds, (40, 28, 17, 9, 5, 1))[0]}


def wedding(chosen: random.Random) -> Data:
    """What a couple sends in."""
    payload = json.loads((ROOT / "processes/wedding-client/payload.json").read_text(encoding="utf-8"))
    return {**payload, "wedding_date": "2026-12-12", "harmed": chosen.random() < 0.05}


def said(element: str, chosen: random.Random) -> Data:
    """What somebody writes into a task's form."""
    answers: dict[str, Data] = {
        "assess": {"reasonable": True, "urgency": "urgent" if chosen.random() < 0.15 else "normal"}
        if chosen.random() < 0.86
        else {"reasonable": False, "assessment_reason": "The rule is the same for all."},
        "respond": {"response": "Somebody takes care of it."},
        "intervene": {"immediate_measures": "The shift plan is suspended."},
        "form-team": {"members": [{"name": "Chen Jie"}, {"name": "Wu Fang"}]},
        "report": {"result": "The rule changes."},
        "declare": {"conflict": chosen.random() < 0.06, "conflict_note": "We are related."},
        "collect": {"material": "Four interviews."},
        "verify": {"verified": True} if chosen.random() < 0.8 else {"verified": False, "doubts": "August is missing."},
        "sum-up": {"findings": "Seven of seven were refused.", "confirmed": chosen.random() < 0.75},
        "propose": {"remedies": ["adjust_process"], "solution": "One rule."},
        "review": {"compliant": True}
        if chosen.random() < 0.85
        else {"compliant": False, "objections": "The works council has to be heard."},
        "rule": {"remedies": ["adjust_process"], "solution": "One rule."},
        "carry-out": {"measures": "The rule is in force."},
        "decide": {"next_step": "reinvestigate"},
        "follow-up": {"causes": "No rule for leave.", "improvements": "One calendar."},
        "ask-satisfaction": {
            "asked_by": "call",
            "satisfaction": chosen.choices(_OPINIONS, (18, 38, 14, 12, 5, 13))[0],
            "call_attempts": "Three times.",
        },
        "register": {
            "summary": "Not as agreed.",
            "category": chosen.choices(
                ("photo", "banquet", "venue", "planning", "host", "attitude", "price"), (30, 22, 14, 12, 8, 8, 6)
            )[0],
        },
        "gather": {"situation": "The schedule was changed.", "complex": chosen.random() < 0.25},
        "joint-meeting": {"meeting_result": "They look into it together."},
        "investigate": {"findings": "The schedule was changed.", "evidence_sufficient": True},
        "negotiate": {"agrees": True}
        if chosen.random() < 0.7
        else {"agrees": False, "objections": "A fifth, please.", "fair_demand": chosen.random() < 0.8},
        "make-good": {"make_good": "An album."},
        "track": {"executed": True, "tracked_by": "li.wei"},
        "analyse": {"causes": "Changes are not passed on.", "training_needed": chosen.random() < 0.3}
        | {"training_needs": "Handing over."},
        "record-costs": {"costs": [_cost(chosen) for _ in range(chosen.choice((0, 1, 1, 2)))]},
        "step-in": {"decision": "chase", "delay_reason": "Nobody moved.", "chase_note": "Today, please."},
        "settle": {"outcome": "offer_stands", "last_word": "We cannot do more."},
        "allocate": {"allocated": "The team of the south branch."},
    }
    return answers.get(element, {})


def _cost(chosen: random.Random) -> Data:
    faults = ("staff", "organisation", "supplier", "couple", "nobody")
    return {
        "item": "Second shooting",
        "amount": chosen.randrange(150, 4200),
        "fault": chosen.choices(faults, (20, 35, 35, 5, 5))[0],
        "kind": chosen.choice(("compensation", "redo", "make_good")),
    }


def _wedding_said(element: str, chosen: random.Random) -> Data:
    if element == "form-team":
        return {"team": "Li Wei and two more", "team_lead": chosen.choice(("Li Wei", "Zhao Min"))}
    if element in ("propose", "adjust", "decide"):
        return {"solution": "A second shooting.", "complete_by": "2027-06-30"}
    if element == "carry-out":
        return {"measures": "Shot again."}
    return said(element, chosen)


def simulate(process: str, database: str, *, cases: int, seed: int = 2026) -> Workbench:
    """A workbench whose cases began over two quarters, some more of them in the second; still open afterwards."""
    chosen = random.Random(seed)
    bench = Workbench(database=database, now=SINCE)
    span = (UNTIL - SINCE).total_seconds()
    agenda: list[tuple[datetime, int, str]] = []
    for _ in range(cases):
        at = SINCE + timedelta(seconds=span * chosen.random() ** 0.8)
        agenda.append((_office(at, chosen), chosen.randrange(10**9), ""))
    heapq.heapify(agenda)
    known: set[str] = set()
    speech = _wedding_said if process == "wedding-client" else said
    while agenda:
        at, _, task_id = heapq.heappop(agenda)
        if at > UNTIL:
            break
        bench.at(max(at, bench.now))
        try:
            case = (
                bench.engine.complete(task_id, speech(_element(bench, task_id), chosen), actor="li.wei")
                if task_id
                else bench.engine.start(process, wedding(chosen) if process == "wedding-client" else hr(chosen))
            )
        except ComplaintflowError:
            continue  # Somebody else was faster, or nothing was to be said.
        for task in case.tasks:
            if task.id not in known:
                known.add(task.id)
                hours = chosen.lognormvariate(0, 0.55) * _SLOW.get(task.element, 10)
                hours *= 1 if chosen.random() < 0.94 else 5
                done = (
                    _office(bench.now + timedelta(hours=hours), chosen)
                    if hours > 4
                    else bench.now + timedelta(hours=hours)
                )
                heapq.heappush(agenda, (done, chosen.randrange(10**9), task.id))
    bench.at(UNTIL)
    return bench


def _element(bench: Workbench, task_id: str) -> str:
    case = bench.engine.case(task_id.partition(".")[0])
    return next((task.element for task in case.tasks if task.id == task_id), "")


def _office(at: datetime, chosen: random.Random) -> datetime:
    """The same day in office hours, mostly."""
    if chosen.random() < 0.9:
        at = at.replace(hour=9 + at.hour * 9 // 24)
    return at


if __name__ == "__main__":
    simulate(sys.argv[1], f"sqlite:///{sys.argv[2]}", cases=int(sys.argv[3])).close()
