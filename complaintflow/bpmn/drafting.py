"""A user task before it is in the inbox, as it is stored while its listeners are asked: JSON, under Camunda's names."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from complaintflow.bpmn.formula import read_time
from complaintflow.bpmn.triggers import Moment

if TYPE_CHECKING:
    from complaintflow.bpmn.activities import TaskWait
    from complaintflow.bpmn.token import Token


def stored(wait: TaskWait) -> dict[str, Any]:
    """The draft of a task that would be opened so."""
    due, follow_up = wait.due, wait.follow_up
    draft: dict[str, Any] = {
        "assignee": wait.assignee or "",
        "candidateGroups": list(wait.groups),
        "candidateUsers": list(wait.users),
        "dueDate": due.at.isoformat() if due is not None else "",
        "followUpDate": follow_up.at.isoformat() if follow_up is not None else "",
        "priority": wait.priority,
    }
    if due is not None and due.deadline is not None and due.start is not None:
        draft["deadline"] = [due.deadline, due.start.isoformat(), due.provisional, draft["dueDate"]]
    return draft


def restored(kind: type[TaskWait], token: Token, draft: dict[str, Any]) -> TaskWait:
    """What to open for a draft, which listeners may have corrected.

    A policy's deadline whose date was corrected is still that deadline, at another time.
    """
    due = moment(token, draft["dueDate"])
    if due is not None and "deadline" in draft:
        name, start, provisional, at = draft["deadline"]
        provisional = provisional and draft["dueDate"] == at
        due = Moment(due.at, name, datetime.fromisoformat(start), provisional)
    return kind(
        token,
        groups=tuple(draft["candidateGroups"]),
        users=tuple(draft["candidateUsers"]),
        assignee=draft["assignee"] or None,
        priority=draft["priority"],
        due=due,
        follow_up=moment(token, draft["followUpDate"]),
    )


def moment(token: Token, text: str) -> Moment | None:
    """A time from its text; None where there is none."""
    found = read_time(text) if text else None
    return Moment(token.game.host.instant(found)) if isinstance(found, (datetime, date)) else None
