"""What a step writes: the rows that open and close, its history, and the new state, each value sealed to its place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from complaintflow.access.eligibility import Offer
from complaintflow.bpmn.activities import JobWait, TaskWait
from complaintflow.bpmn.asking import Note
from complaintflow.bpmn.marking import freeze, packed
from complaintflow.bpmn.triggers import Moment, Subscription, TimerWait
from complaintflow.case import correcting, deadlines
from complaintflow.case.large import STATE_LIMIT
from complaintflow.case.places import history_place, incident_place, state_place
from complaintflow.case.status import CANCELLED, CANCELLING, COMPLETED, OPEN
from complaintflow.history import facts, promises
from complaintflow.history.chain import Entry, chain
from complaintflow.store.parking import PARKED, divert
from complaintflow.store.rows import (
    BundleRow,
    CaseRow,
    Change,
    HistoryRow,
    IncidentRow,
    JobRow,
    SubscriptionRow,
    TaskRow,
    TimerRow,
)

if TYPE_CHECKING:
    from complaintflow.bpmn.token import Token
    from complaintflow.case.live import LiveCase

# The type of the engine's own job that carries a thrown signal to other cases.
SIGNAL: Final = "#signal"

_CLOSED: Final[Mapping[str, str]] = {
    "task": "closed_tasks",
    "timer": "closed_timers",
    "subscription": "closed_subscriptions",
    "job": "closed_jobs",
    "incident": "closed_incidents",
}


def change_of(live: LiveCase) -> Change:
    """Everything this step writes."""
    game, row = live.game, live.row
    if live.status in OPEN and game.top.completed:
        live.status = CANCELLED if CANCELLING in live.ledger else COMPLETED
    deadlines.pause_and_resume(live)
    live.permit.look()
    for task, now in live.permit.moved():
        live.record("task-moved", live.token(task.token), fallback=now.fallback, stranded=now.stranded)
        live.reassigned.append(task._replace(groups=now.groups, users=now.users, assignee=now.assignee))
    change = Change(row, fresh=game.first_token)
    _rows(live, change)
    deadlines.watch_promises(live, change)
    promises.settle(live, change)
    facts.look(live)
    if live.status == COMPLETED != row.status:
        element = game.path[-1] if game.path else None
        live.entries.append(Entry("ended", element, None, {}, live.counted, live.elapsed))
    _describe(live, change)
    change.notices, change.attachments, change.receipt = live.notices, live.attachments, live.receipt
    change.jobs += live.retried
    change.tasks += live.reassigned
    change.history = _history(live)
    if live.suspended:
        divert(live.ledger, change)
    else:
        live.ledger.pop(PARKED, None)
    large = len(row.state) > STATE_LIMIT or bool(live.large)
    after = row._replace(
        status=live.status,
        version=row.version + 1,
        updated_at=live.now,
        length=row.length + len(change.history),
        head=change.history[-1].digest if change.history else row.head,
        keep_until=_keep_until(live) if row.status in OPEN and live.status not in OPEN else row.keep_until,
    )
    state = _state(live, after, change, large=large)
    if len(state) > STATE_LIMIT and not large:
        game.scopes.values()  # which wakes all of them: none was looked at before
        state = _state(live, after, change, large=True)
    change.case = after._replace(state=state)
    if row.version == 0:
        change.bundle = BundleRow(live.bundle.digest, live.bundle.process_id, live.bundle.pack())
    return change


def _state(live: LiveCase, after: CaseRow, change: Change, *, large: bool) -> bytes:
    """The state that is stored with a row; with ``large``, its large values go into rows of their own."""
    marking = freeze(live.game)
    if large:
        change.values = live.large.split(marking, live.codec, live.game.scopes.woken)
    return live.codec.encode(state_place(after), {"marking": packed(marking), "ledger": live.ledger})


def _keep_until(live: LiveCase) -> datetime | None:
    """When the last of the policy's retention periods ends that begin now; None where it names none."""
    periods = live.bundle.policy.retention.values()
    return max((live.calendar.due(live.now, period.interval).at for period in periods), default=None)


def _rows(live: LiveCase, change: Change) -> None:
    for kind, number in live.game.closed:
        getattr(change, _CLOSED[kind]).append(number)
    for (_, number), wait in live.game.opened.items():
        if isinstance(wait, TaskWait):
            change.tasks.append(_task_row(live, number, wait))
        elif isinstance(wait, TimerWait):
            change.timers.append(_timer_row(live, wait.token, wait.moment))
        elif isinstance(wait, JobWait):
            element = wait.token.task_spec.bpmn_id
            change.jobs.append(JobRow(live.row.id, number, wait.type, element, 0, wait.retries, live.now))
        elif isinstance(wait, Subscription):
            element = wait.token.task_spec.bpmn_id
            change.subscriptions.append(SubscriptionRow(live.row.id, number, wait.kind, wait.name, wait.key, element))
    correcting.apply(live)
    for name, cargo in live.game.broadcasts:
        number = live.game.next_token
        live.game.next_token += 1
        live.ledger["signals"][str(number)] = [name, cargo]
        change.jobs.append(JobRow(live.row.id, number, SIGNAL, name, 0, 1, live.now))
    for number, stuck in live.game.stuck.items():
        token = live.game.token(number)
        detail = live.codec.encode(incident_place(number), {"message": stuck.message})
        change.incidents.append(IncidentRow(live.row.id, number, stuck.kind, token.task_spec.bpmn_id, live.now, detail))
        live.record("incident", token, kind=stuck.kind, message=stuck.message)


def _task_row(live: LiveCase, number: int, wait: TaskWait) -> TaskRow:
    due, element = wait.due, wait.token.task_spec.bpmn_id
    offered = live.permit.offer(element, Offer(wait.groups, wait.users, wait.assignee))
    if offered.fallback or offered.stranded:
        said = {"groups": list(wait.groups), "fallback": offered.fallback, "stranded": offered.stranded}
        live.host.notes.append(Note("nobody-eligible", element, said))
    elif wait.assignee and offered.assignee is None:
        live.host.notes.append(Note("passed-over", element, {}))
    return TaskRow(
        case_id=live.row.id,
        token=number,
        process=live.row.process,
        element=element,
        groups=offered.groups,
        users=offered.users,
        assignee=offered.assignee,
        priority=wait.priority,
        created_at=live.now,
        due_at=due.at if due is not None else None,
        follow_up_at=wait.follow_up.at if wait.follow_up is not None else None,
        provisional=due.provisional if due is not None else False,
        bundle=live.row.bundle,
    )


def _timer_row(live: LiveCase, token: Token, moment: Moment) -> TimerRow:
    return TimerRow(live.row.id, token.id, token.task_spec.bpmn_id, moment.at, moment.deadline, moment.provisional)


def _describe(live: LiveCase, change: Change) -> None:
    """Add to the command's line where the token went and what was opened."""
    if not live.entries:
        return
    detail = live.entries[0].detail
    if live.game.path:
        detail["path"] = live.game.path
    notes = [*live.game.notes, *live.host.notes]
    if notes:
        detail["notes"] = [[note.kind, note.element, note.detail] for note in notes]
    opened = [wait.token.task_spec.bpmn_id for wait in live.game.opened.values()]
    if opened:
        detail["opened"] = opened


def _history(live: LiveCase) -> list[HistoryRow]:
    rows: list[HistoryRow] = []
    head = live.row.head
    for seq, entry in enumerate(live.entries, live.row.length + 1):
        detail = live.codec.encode(history_place(seq), [live.actor, entry.detail])
        rows.append(chain(head, live.row.id, seq, live.now, entry, detail))
        head = rows[-1].digest
    return rows
