"""What a case left on its diagram: gathered from its live tokens, its open rows and its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from complaintflow.labels import labels
from complaintflow.picture import Marks, Picture, draw

if TYPE_CHECKING:
    from complaintflow.case.live import LiveCase
    from complaintflow.store.port import Transaction


def portrait(
    live: LiveCase, details: Sequence[Mapping[str, Any]], tx: Transaction, process: str, language: str
) -> Picture:
    """Draw one process of a case.

    Args:
        live: the case.
        details: the decoded details of its history.
        tx: where its open rows are.
        process: the process to draw: the case's own, or one that it calls.
        language: of the labels.

    Raises:
        UnknownProcess: the definition has no such process.
    """
    file = str(live.bundle.program.process(process).file)
    standing = {
        token.id: token.task_spec.bpmn_id
        for token in live.tokens
        if token.workflow.spec.process_id == process and not (token.task_spec.arms_flow or token.task_spec.aside)
    }
    due: dict[str, str] = dict.fromkeys(standing.values(), "")
    late = {standing[row.token] for row in tx.incidents(live.row.id) if row.token in standing}
    for task in tx.tasks(case_id=live.row.id):
        element = standing.get(task.token)
        if element is not None and task.due_at is not None:
            due[element] = _until(live, task.due_at, language)
            if task.due_at <= live.now:
                late.add(element)
    hosted = [token for token in live.tokens if token.host is not None and not token.task_spec.aside]
    attached = {token.task_spec.bpmn_id for token in hosted if not token.is_iteration}
    active = {element: note or _HERE[language] for element, note in due.items() if element not in attached}
    prefix = "" if process == live.row.process else f"{process}/"
    places = [place for detail in details for place in detail.get("path", ())]
    visited = {place.removeprefix(prefix) for place in places if place.startswith(prefix)}
    names = {element: text for (element, _), text in labels(live.bundle, language).items()}
    return draw(
        live.bundle.files[file],
        Marks(active, frozenset(late & active.keys()), frozenset(visited)),
        names=names,
        file=file,
    )


_HERE = {"en": "here", "zh": "\u5728\u6b64"}


def _until(live: LiveCase, due_at: datetime, language: str) -> str:
    """The last day, and the time where it is not the day's end."""
    local = due_at.astimezone(live.calendar.zone)
    if (local.hour, local.minute) == (0, 0):
        local -= timedelta(days=1)
        return f"{local:%m-%d}"
    return f"{local:%m-%d %H:%M}"
