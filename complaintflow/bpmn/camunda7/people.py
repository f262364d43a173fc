"""Who does a user task, and until when."""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from complaintflow.bpmn.camunda7.feel_text import quoted
from complaintflow.bpmn.camunda7.value import has_expression
from complaintflow.bpmn.camunda7.writing import Page, attribute, extend

_PERIOD: Final = re.compile(r"P\S+")


def person(page: Page, element: etree._Element) -> None:
    """Assignment, dates and priority of a user task."""
    extend(element, "userTask")
    assignee = attribute(element, "assignee")
    users, groups = _names(page, element, "candidateUsers"), _names(page, element, "candidateGroups")
    if assignee or users or groups:
        extend(
            element,
            "assignmentDefinition",
            assignee=page.text(element, assignee) if assignee else None,
            candidateUsers=users,
            candidateGroups=groups,
        )
    due, follow_up = _time(page, element, "dueDate"), _time(page, element, "followUpDate")
    if due or follow_up:
        extend(element, "taskSchedule", dueDate=due, followUpDate=follow_up)
    priority = attribute(element, "priority")
    if priority is not None:
        number = page.text(element, priority)
        if not number.startswith("=") and not (number.isdigit() and int(number) <= 100):
            page.refuse(element, f"the priority {number}", "a whole number from 0 to 100")
        extend(element, "priorityDefinition", priority=number)


def _names(page: Page, element: etree._Element, name: str) -> str | None:
    """Names with commas; each may be computed, and may be several then."""
    text = attribute(element, name)
    if text is None or not has_expression(text):
        return text
    parts = [part.strip() for part in _split(text)]
    if len(parts) == 1:
        return page.text(element, parts[0])
    shown = [page.text(element, part) if has_expression(part) else f"={quoted(part)}" for part in parts if part]
    return f"=flatten([{', '.join(part[1:] for part in shown)}])"


def _split(text: str) -> list[str]:
    """At the commas outside of braces."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign == "{") - (sign == "}")
        if sign == "," and depth <= 0 and not text.startswith("="):
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def _time(page: Page, element: etree._Element, name: str) -> str | None:
    """A time; a period counts from the moment the task is there."""
    text = attribute(element, name)
    if text is None:
        return None
    if _PERIOD.fullmatch(text):
        return f"=now() + duration({quoted(text)})"
    return page.text(element, text)
