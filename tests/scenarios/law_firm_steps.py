"""Moves of the law firm procedure that its scenarios share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from complaintflow import Case
from complaintflow.testing import Workbench

ROOT = Path(__file__).resolve().parents[2]
PAYLOAD: dict[str, Any] = json.loads((ROOT / "processes/law-firm/payload.json").read_text(encoding="utf-8"))
WRITTEN: dict[str, Any] = PAYLOAD | {"channel": "letter"}

Move = tuple[str, Mapping[str, object]]

RECEIVE: Move = ("receive", {})
REGISTER: Move = ("register", {"summary": "A hearing date was not passed on.", "category": "complaint"})
ASSESS: Move = ("assess", {"opinion": "The date stood in the file.", "major": False})
MAJOR: Move = ("assess", {"opinion": "It concerns all our files.", "major": True})
APPOINT: Move = ("appoint", {"handler": "Partner A"})
CONFLICT: Move = ("appoint", {"handler": "li wei"})
INVESTIGATE: Move = ("investigate", {"findings": "The summons lay on a desk.", "proposal": "We apologise."})
CONVENE: Move = ("convene", {"meeting": "management"})
RESOLVE: Move = (
    "resolve",
    {"entitled": 5, "present": 4, "minutes": "All spoke.", "resolution": "We apologise.", "notify_authority": False},
)
TOO_FEW: Move = ("resolve", {"entitled": 5, "present": 2, "minutes": "Two came."})
DECIDE: Move = ("decide", {"outcome": "upheld", "signed": True})
CARRY_OUT: Move = ("carry-out", {"measures": "The day was paid."})
CONTENT: Move = ("ask-satisfaction", {"asked_by": "call", "satisfaction": "satisfied"})
ANGRY: Move = ("ask-satisfaction", {"asked_by": "call", "satisfaction": "dissatisfied", "comments": "Not enough."})
ACCEPTS: Move = ("survey-respondent", {"respondent_satisfaction": "neutral"})
PROTESTS: Move = ("survey-respondent", {"respondent_satisfaction": "very_dissatisfied"})
STANDS: Move = ("follow-up", {"follow_up_result": "We talked.", "reconsider": False})
CHANGES: Move = ("follow-up", {"follow_up_result": "We erred.", "reconsider": True})
SETTLE: Move = ("settle", {"last_word": "We have to leave it at that."})
FILED: Move = ("archive", {"filed": {"content": True, "records": True, "result": True, "follow_up": True}})

TO_HANDLER = (REGISTER, ASSESS, APPOINT)
TO_DECISION = (*TO_HANDLER, INVESTIGATE)
TO_CARRY_OUT = (*TO_DECISION, DECIDE)
TO_SURVEY = (*TO_CARRY_OUT, CARRY_OUT)
TO_ARCHIVE = (*TO_SURVEY, CONTENT, ACCEPTS)


def steps(bench: Workbench, case: Case, *moves: Move) -> Case:
    """Complete tasks one after the other."""
    for element, data in moves:
        case = bench.complete(case, element, data)
    return case


def written(bench: Workbench, *moves: Move, **fields: Any) -> Case:
    """A complaint in writing, so many moves on."""
    return steps(bench, bench.start("law-firm", WRITTEN, **fields), *moves)


def object_to(bench: Workbench, case: Case, side: str) -> Case:
    """One side objects by a message."""
    data = {"raised_by": side, "objection": f"The {side} does not agree."}
    return bench.engine.correlate("objection", key=case.key, data=data)[0]


def doing(case: Case) -> list[str]:
    """What people have to do, in the order of the alphabet; messages that may arrive are left out."""
    return sorted(task.element for task in case.tasks)


def due(case: Case, element: str) -> datetime:
    """When the timer of an element fires."""
    return next(timer.due_at for timer in case.timers if timer.element == element)


def sent(bench: Workbench, case: Case) -> list[str]:
    """Names of the notices of a case, in order."""
    return [notice.name for notice in bench.notices if notice.case_id == case.id]


def happens_at(bench: Workbench, case: Case, element: str, notice: str) -> Case:
    """The notice leaves when the timer fires, and not a microsecond before."""
    limit, before = due(case, element), sent(bench, case).count(notice)
    bench.just_before(limit)
    assert sent(bench, case).count(notice) == before
    bench.at(limit)
    assert sent(bench, case).count(notice) == before + 1
    return bench.case(case.id)
