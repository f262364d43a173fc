"""What somebody who reported without a name may see of their case: what ``[receipts.case]`` lists, no more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from complaintflow.bpmn.activities import Activity
from complaintflow.labels import labels
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.case.live import LiveCase
    from complaintflow.facade.views import Attachment
    from complaintflow.labels import Labels
    from complaintflow.policy.format import Receipts
    from complaintflow.store.rows import SubscriptionRow, TaskRow, TimerRow

_ARRIVED: Final = {"en": "Your file has arrived: {name}", "zh": "已收到您的文件：{name}"}


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened, on its label in the reader's language; ``element`` is empty for a file that arrived."""

    at: datetime
    element: str
    label: str


@dataclass(frozen=True, slots=True)
class Open:
    """Something that the reporter can say or do now.

    Attributes:
        name: for ``Reporter.send``: a message, or a task.
        label: for people.
        fields: what may be filled in; for a task its form says more.
        question: what was asked; empty for what the reporter may say unasked.
        task: the task's id, empty for a message.
        case_id: the case that waits for it: the reported one, or one that it started (a watch, for instance).
    """

    name: str
    label: str
    fields: tuple[str, ...]
    question: str = field(default="", repr=False)
    task: str = ""
    case_id: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to the reporter."""

    at: datetime
    subject: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Progress:
    """How a case stands, for its reporter.

    Attributes:
        status: "active", "suspended", "completed" or "cancelled".
        received_at: when it was sent in.
        steps: what happened, in order, with each file of the reporter's.
        letters: what the organisation wrote to the reporter, in order.
        questions: what the organisation wants to know, or asks to be done.
        messages: what the reporter may say unasked.
        promised_at: the next day that the organisation has promised, at its end.
        attachments: how many files the case has from the reporter.
    """

    status: str
    received_at: datetime
    steps: tuple[Step, ...]
    letters: tuple[Letter, ...]
    questions: tuple[Open, ...]
    messages: tuple[Open, ...]
    promised_at: datetime | None
    attachments: int


def steps(
    live: LiveCase, rules: Receipts, paths: Iterable[tuple[datetime, Iterable[str]]], language: str
) -> list[Step]:
    """The public steps among those that a case went through.

    Args:
        paths: for each entry of the history when it was and where the case went.
    """
    names, flows = labels(live.bundle, language), {edge.id for edge in live.bundle.program.edges}
    return [
        Step(at.astimezone(live.calendar.zone), element, _label(live, element, names))
        for at, path in paths
        for element in _begun(live, path, flows)
        if element in rules.steps
    ]


def arrivals(live: LiveCase, files: Iterable[Attachment], language: str) -> list[Step]:
    """That a file has arrived: its reporter must see it, whatever steps the policy lists."""
    text = _ARRIVED["zh" if language.startswith("zh") else "en"]
    return [Step(file.created_at.astimezone(live.calendar.zone), "", text.format(name=file.name)) for file in files]


def _begun(live: LiveCase, path: Iterable[str], flows: Collection[str]) -> Iterator[str]:
    """The elements that a path came to. An activity stands in it again when it is left: without a flow before it."""
    program, before = live.bundle.program, ""
    for element in (place.rpartition("/")[2] for place in path):
        if before in flows or not isinstance(program.find(element), Activity):
            yield element
        before = element


def openings(
    live: LiveCase, rules: Receipts, heard: Iterable[SubscriptionRow], tasks: Iterable[TaskRow], language: str
) -> list[Open]:
    """What the case can hear now, of what the policy lets a reporter say or do; the same once."""
    names = labels(live.bundle, language)
    found: dict[str, Open] = {}
    for row in heard:
        if row.kind == "message" and row.name in rules.messages and row.name not in found:
            label, question = _label(live, row.element, names), _question(live, rules, row)
            found[row.name] = Open(row.name, label, rules.messages[row.name], question)
    for task in tasks:
        if task.element in rules.tasks and task.element not in found:
            label = _label(live, task.element, names)
            found[task.element] = Open(task.element, label, _fields(live, task, rules), label, task.id)
    return list(found.values())


def promised(live: LiveCase, rules: Receipts, rows: Iterable[TimerRow | TaskRow]) -> datetime | None:
    """The next day that was promised: of the deadlines that the policy shows, the first that is still open."""
    due = {row.token: row.due_at for row in rows if row.due_at is not None}
    open_ = [
        due[token.id]
        for token in live.tokens
        if token.id in due and token.internal_data.get("deadline", [""])[0] in rules.promises
    ]
    return min(open_).astimezone(live.calendar.zone) if open_ else None


def _label(live: LiveCase, element: str, names: Labels) -> str:
    node = live.bundle.program.find(element)
    text = node.label if node is not None else element
    return names.get((element, text), text)


def _question(live: LiveCase, rules: Receipts, row: SubscriptionRow) -> str:
    token, variable = live.token(row.token), rules.answers.get(row.name)
    asked: Any = token.variables.get(variable) if token is not None and variable is not None else None
    return str(asked) if asked else ""


def _fields(live: LiveCase, task: TaskRow, rules: Receipts) -> tuple[str, ...]:
    filled: Mapping[str, str] = rules.tasks[task.element]
    token = live.token(task.token)
    form_id = getattr(token.task_spec, "form_id", None) if token is not None else None
    form = live.bundle.forms.get(form_id) if form_id else None
    return tuple(one.path for one in form.fields if one.path not in filled) if form is not None else ()
