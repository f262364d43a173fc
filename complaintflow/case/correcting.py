"""Open user tasks that are corrected: by a person, or by the handlers of their task listeners.

A listener reads of its task what Camunda 8's listeners do, as headers (``io.camunda.zeebe:dueDate``): the task as it
is, and what is being done to it, corrections of the listeners before included. Whom a task goes to in the end passes
``access.eligibility``, whoever said it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from complaintflow.access.eligibility import Offer
from complaintflow.bpmn.activities import UserTask
from complaintflow.bpmn.asking import Note
from complaintflow.bpmn.formula import read_time
from complaintflow.bpmn.listening import TASK_EVENTS, Listener
from complaintflow.bpmn.triggers import Moment
from complaintflow.case import deadlines

if TYPE_CHECKING:
    from complaintflow.bpmn.token import Token
    from complaintflow.case.live import LiveCase
    from complaintflow.store.rows import TaskRow

_HEADER: Final = "io.camunda.zeebe:"


def apply(live: LiveCase) -> None:
    """Change the open tasks that this command corrected, or whose listeners agreed to what was asked for.

    A task that was taken away is told its canceling listeners as it was.
    """
    for farewell in live.game.farewells:
        task = farewell.internal_data["task"]
        task["draft"] = task["draft"] or _of_row(live, task["of"])
    for number, changes in live.game.revised.items():
        row, token = live.task_row(number), live.token(number)
        if row is None or token is None:
            continue
        _set_times(live, token, row, changes)
        row = live.task_row(number) or row
        wanted = Offer(
            tuple(changes.get("candidateGroups", row.groups)),
            tuple(changes.get("candidateUsers", row.users)),
            changes.get("assignee", row.assignee) or None,
        )
        offered = live.permit.offer(row.element, wanted)
        if offered.fallback or offered.stranded:
            said = {"groups": list(wanted.groups), "fallback": offered.fallback, "stranded": offered.stranded}
            live.host.notes.append(Note("nobody-eligible", row.element, said))
        elif wanted.assignee and offered.assignee is None:
            live.host.notes.append(Note("passed-over", row.element, {}))
        revised = row._replace(
            groups=offered.groups,
            users=offered.users,
            assignee=offered.assignee,
            priority=changes.get("priority", row.priority),
        )
        live.reassigned = [*(one for one in live.reassigned if one.token != number), revised]


def _set_times(live: LiveCase, token: Token, row: TaskRow, changes: Mapping[str, Any]) -> None:
    if "followUpDate" in changes:
        live.reassigned.append(row._replace(follow_up_at=_instant(live, changes["followUpDate"])))
    if "dueDate" in changes:
        at = _instant(live, changes["dueDate"])
        # A deadline of the policy goes on to be watched, at the other time.
        deadlines.set_due(live, token, Moment(at) if at is not None else None)


def _instant(live: LiveCase, text: str) -> datetime | None:
    moment = read_time(text) if text else None
    return live.host.instant(moment) if isinstance(moment, (datetime, date)) else None


def headers(live: LiveCase, token: Token) -> dict[str, str]:
    """What a listener's job tells of its user task; nothing at any other job."""
    host, node = token.host or token, token.task_spec
    if not isinstance(node, Listener) or node.event not in TASK_EVENTS:
        return {}
    number, task = host.id, host.task_spec
    draft, action = host.internal_data.get("draft"), host.internal_data.get("action")
    if node.outlasts:
        cancelled = token.internal_data["task"]
        number, draft, action = cancelled["of"], cancelled["draft"], "cancel"
        task = live.game.program.flows[cancelled["from"]].task_specs[node.bpmn_id]
    before = {name: value for name, value in draft.items() if name != "deadline"} if draft else _of_row(live, number)
    now = before | host.internal_data.get("asked", {}) | host.internal_data.get("corrected", {})
    changed = [name for name, value in now.items() if value != before.get(name)]
    told: dict[str, Any] = now | {
        "action": action,
        "assignee": now.get("assignee") or "",
        "changedAttributes": changed,
        "userTaskKey": f"{live.row.id}.{number}",
    }
    if isinstance(task, UserTask):
        told["formKey"] = task.form_reference or task.form_id
    return {
        f"{_HEADER}{name}": value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in told.items()
        if value not in (None, "", []) or name in ("assignee", "changedAttributes")
    }


def _of_row(live: LiveCase, number: int) -> dict[str, Any]:
    """A task as it is in the inbox."""
    row = live.task_row(number)
    if row is None:
        return {}
    return {
        "assignee": row.assignee or "",
        "candidateGroups": list(row.groups),
        "candidateUsers": list(row.users),
        "dueDate": row.due_at.isoformat() if row.due_at is not None else "",
        "followUpDate": row.follow_up_at.isoformat() if row.follow_up_at is not None else "",
        "priority": row.priority,
    }
