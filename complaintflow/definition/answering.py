"""Whether what a policy opens to whoever reports without a name is there: messages, tasks, steps, promises."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from complaintflow.bpmn.activities import UserTask
from complaintflow.bpmn.triggers import MessageTrigger, MultipleTrigger
from complaintflow.definition.fitting import nearest
from complaintflow.errors import InvalidPolicy

if TYPE_CHECKING:
    from complaintflow.bpmn.node import Node
    from complaintflow.definition.definition import Bundle


def check(bundle: Bundle) -> None:
    """Follow every name in ``[receipts.case]``.

    Raises:
        InvalidPolicy: the first that names nothing.
    """
    for problem in problems(bundle):
        raise problem


def problems(bundle: Bundle) -> Iterator[InvalidPolicy]:
    """Every name in ``[receipts.case]`` that names nothing."""
    rules = bundle.policy.receipts.get("case")
    if rules is None:
        return
    nodes = bundle.program.nodes
    messages = {name for node in nodes for name in _heard(node)}
    tasks = {node.bpmn_id: node for node in nodes if isinstance(node, UserTask)}
    yield from _known(bundle, "messages", rules.messages, messages, "message that a diagram waits for")
    yield from _known(bundle, "answers", rules.answers, rules.messages, "message that a reporter may send")
    yield from _known(bundle, "files", rules.files, rules.messages, "message that a reporter may send")
    for message, variable in rules.files.items():
        may = rules.messages.get(message, (variable,))
        yield from _known(bundle, "files", (variable,), may, f"variable that a reporter may fill in with {message}")
    yield from _known(bundle, "tasks", rules.tasks, tasks, "user task")
    yield from _known(bundle, "steps", rules.steps, {node.bpmn_id for node in nodes}, "element")
    yield from _known(bundle, "promises", rules.promises, bundle.policy.deadlines, "deadline")
    for task, filled in rules.tasks.items():
        form = bundle.forms.get(tasks[task].form_id or "") if task in tasks else None
        if form is None and (task not in tasks or tasks[task].form_id is not None):
            continue  # That has been said.
        fields = [one.path for one in form.fields] if form is not None else []
        yield from _known(bundle, "tasks", filled, fields, f"field of the form of {task}")


def _known(
    bundle: Bundle, key: str, names: Collection[str], known: Collection[str], what: str
) -> Iterator[InvalidPolicy]:
    for name in names:
        if name not in known:
            where = bundle.policy.place("receipts", "case", key)
            yield InvalidPolicy(f"'{name}' is no {what}", where=where, advice=nearest(name, known))


def _heard(node: Node) -> Iterator[str]:
    trigger = getattr(node, "trigger", None)
    for part in trigger.parts if isinstance(trigger, MultipleTrigger) else (trigger,):
        if isinstance(part, MessageTrigger):
            yield part.name.text
