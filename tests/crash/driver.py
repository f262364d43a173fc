"""Drives cases of the customer procedure in a process that may die at any moment.

What the driver does next depends only on what the database says, as it would for people who come
back to their desks after a power cut.
"""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

from complaintflow import Case, Engine
from complaintflow.clock import VirtualClock
from complaintflow.notices import Notice

START = datetime.fromisoformat("2026-09-28T09:00:00+08:00")
LEASE_IS_OVER = timedelta(minutes=6)

ANSWERS: dict[str, dict[str, object]] = {
    "investigate": {"justified": True, "cause": "food"},
    "propose": {"proposal": "Refund and a voucher"},
    "intervene": {"delay_reason": "The cook was ill.", "take_over": False, "chase_note": "Answer today."},
    "rule": {"solution": "Refund and a voucher"},
    "brief-staff": {"staff_briefed": "The cook", "staff_understood": True},
    "carry-out": {"measures": "Refunded."},
    "supervise": {"done_as_agreed": True},
    "archive": {"filed": {"content": True, "records": True, "result": True, "follow_up": True}},
    "settle": {"outcome": "goodwill", "last_word": "We are sorry."},
}


class FileNotifier:
    """Appends the key of each delivered notice to a file: the world outside, which no rollback reaches."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def deliver(self, notice: Notice) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(notice.key + "\n")
            file.flush()
            os.fsync(file.fileno())


def engine(url: str, folder: Path) -> Engine:
    """An engine whose clock stands where the newest case was last touched."""
    found = Engine(url, clock=VirtualClock(START), notifier=FileNotifier(folder / "delivered"))
    newest = found.cases(limit=1)
    if newest:
        found.clock.set(max(START, newest[0].updated_at))  # type: ignore[attr-defined]
    return found


def answer(case: Case, element: str) -> dict[str, object]:
    """Form data; the first solution is refused, and the first follow-up call finds the customer dissatisfied."""
    if element == "negotiate":
        agrees = case.variables.get("negotiation_rounds", 1) != 1
        return {"agrees": agrees} if agrees else {"agrees": False, "objections": "A voucher is not enough."}
    if element == "ask-satisfaction":
        if case.variables.get("reopenings"):
            return {"asked_by": "call", "satisfaction": "satisfied"}
        return {"asked_by": "call", "satisfaction": "dissatisfied", "still_wrong": "The soup is still cold."}
    return ANSWERS[element]


def drive(url: str, folder: Path) -> None:
    """Move the newest case, or a new one, to its end."""
    with engine(url, folder) as found:
        clock = found.clock
        assert isinstance(clock, VirtualClock)
        active = found.cases(status="active", limit=1)
        case = active[0] if active else found.start("customer", json.loads((folder / "payload.json").read_text()))
        while case.status == "active":
            if not case.tasks:
                clock.advance(LEASE_IS_OVER)
                found.drain()
            elif clock.now() < case.tasks[0].created_at + timedelta(hours=20):
                # Some time passes at every desk, so that reminders and escalations fire too.
                clock.advance(timedelta(hours=30))
                found.drain()
            else:
                task = case.tasks[0]
                found.complete(task.id, answer(case, task.element))
            case = found.case(case.id)
