"""The deadlines of a case while it lives: promises watched, clocks paused, dates moved when a notice arrives (D7).

A token that stands under a deadline of the policy remembers its name and start; its timer or task row
has the due time. Everything that moves such a time is a line of history.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from complaintflow.bpmn.activities import TaskWait
from complaintflow.bpmn.triggers import Moment, TimerWait
from complaintflow.history import promises
from complaintflow.store.rows import Change
from complaintflow.time.interval import Due, Remaining

if TYPE_CHECKING:
    from complaintflow.bpmn.token import Token
    from complaintflow.case.live import LiveCase
    from complaintflow.time.calendar import WorkingCalendar


def watch_promises(live: LiveCase, change: Change) -> None:
    """Note each deadline that opens; one that ends after the promise around it is reported now."""
    promised = live.ledger["promised"]
    opened: dict[str, datetime] = {row.deadline: row.due_at for row in change.timers if row.deadline is not None}
    for wait in live.game.opened.values():
        if isinstance(wait, TaskWait) and wait.due is not None and wait.due.deadline is not None:
            opened.setdefault(wait.due.deadline, wait.due.at)
    promised.update({name: at.isoformat() for name, at in opened.items()})
    for name, at in opened.items():
        outer = live.bundle.policies.around(name)
        if outer not in promised:
            continue
        # A promise whose day is over was kept or broken before; it says nothing about a later round.
        if live.now <= datetime.fromisoformat(promised[outer]) < at:
            live.record(
                "deadline-outlives-promise",
                deadline=name,
                due=at.isoformat(),
                promise=outer,
                promised=promised[outer],
            )


def pause_and_resume(live: LiveCase) -> None:
    """Stop the clock of deadlines whose policy names a state the case is in, and start it again after."""
    if not live.bundle.policies.pauses:
        return
    for token in _timed(live):
        pausing = any(
            other.task_spec.bpmn_id in _pauses_in(live, token) and live.host.governs(_name(token), other)
            for other in live.tokens
        )
        paused = "paused" in token.internal_data
        if pausing and not paused:
            _pause(live, token)
        elif paused and not pausing:
            _resume(live, token)


def recompute(live: LiveCase) -> None:
    """Compute provisional dates again, now that the year's official notice may be known."""
    for token in _timed(live):
        name, start = token.internal_data["deadline"]
        if "paused" in token.internal_data or not token.internal_data.get("provisional"):
            continue
        if "resumed" in token.internal_data:
            at, left = token.internal_data["resumed"]
            due = _calendar(live, token).resume(datetime.fromisoformat(at), Remaining.from_json(left))
        else:
            due = live.host.due(name, datetime.fromisoformat(start))
        before = _due(live, token)
        if before is None or (before == due.at and due.provisional):
            continue
        live.record("deadline-moved", token, deadline=name, before=before.isoformat(), due=due.at.isoformat())
        set_due(live, token, Moment(due.at, name, datetime.fromisoformat(start), due.provisional))


def _timed(live: LiveCase) -> list[Token]:
    return [token for token in live.tokens if "deadline" in token.internal_data]


def _pauses_in(live: LiveCase, token: Token) -> tuple[str, ...]:
    return live.bundle.policies.deadline(_name(token)).pauses_in


def _name(token: Token) -> str:
    """The qualified name of the deadline that a token stands under."""
    return str(token.internal_data["deadline"][0])


def _calendar(live: LiveCase, token: Token) -> WorkingCalendar:
    return live.host.calendar_of(live.bundle.policies.split(_name(token))[0])


def _pause(live: LiveCase, token: Token) -> None:
    name, _ = token.internal_data["deadline"]
    at = _due(live, token)
    if at is None or at <= live.now:
        return  # What is overdue stays overdue: a pause must not hide that nobody noticed.
    entry, calendar = live.bundle.policies.deadline(name), _calendar(live, token)
    last_day = (at - timedelta(microseconds=1)).astimezone(calendar.zone).date()
    remaining = calendar.remaining(live.now, Due(at, False, last_day), entry.interval, ends=entry.ends, roll=entry.roll)
    token.internal_data["paused"] = remaining.to_json()
    token.internal_data.pop("resumed", None)
    live.record("deadline-paused", token, deadline=name, due=at.isoformat())
    set_due(live, token, None)


def _resume(live: LiveCase, token: Token) -> None:
    name, _ = token.internal_data["deadline"]
    paused = token.internal_data.pop("paused")
    token.internal_data["resumed"] = [live.now.isoformat(), paused]
    remaining = Remaining.from_json(paused)
    due = _calendar(live, token).resume(live.now, remaining)
    live.record("deadline-resumed", token, deadline=name, due=due.at.isoformat())
    set_due(live, token, Moment(due.at, name, live.now, due.provisional))


def _due(live: LiveCase, token: Token) -> datetime | None:
    """When the token's timer or task is due, as this step has it."""
    wait = live.game.opened.get(("task", token.id))
    if isinstance(wait, TaskWait):
        return wait.due.at if wait.due is not None else None
    if "due" in token.internal_data:
        return datetime.fromisoformat(token.internal_data["due"])
    row = live.task_row(token.id)
    return row.due_at if row is not None else None


def set_due(live: LiveCase, token: Token, moment: Moment | None) -> None:
    """Give the token's row another due time, or none while it pauses."""
    promises.move(live, token.id, moment.at if moment is not None else None)
    token.internal_data.pop("provisional", None)
    if moment is not None and moment.provisional:
        token.internal_data["provisional"] = True
    if token.task_spec.waits == "timer":
        _set_timer(live, token, moment)
        return
    wait = live.game.opened.get(("task", token.id))
    if isinstance(wait, TaskWait):
        live.game.open("task", replace(wait, due=moment))
        return
    row = live.task_row(token.id)
    if row is not None:
        live.reassigned.append(
            row._replace(
                due_at=moment.at if moment is not None else None,
                provisional=moment.provisional if moment is not None else False,
            )
        )


def _set_timer(live: LiveCase, token: Token, moment: Moment | None) -> None:
    if moment is not None:
        token.internal_data["due"] = moment.at.isoformat()
        live.game.open("timer", TimerWait(token, moment))
    elif live.game.opened.pop(("timer", token.id), None) is None:
        live.game.closed.append(("timer", token.id))
