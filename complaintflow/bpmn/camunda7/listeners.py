"""Listeners of Camunda 7: calls of a handler when something begins, ends, or goes along a flow."""

from __future__ import annotations

from typing import Final

from lxml import etree

from complaintflow.bpmn.camunda7.calls import asked, field_text
from complaintflow.bpmn.camunda7.value import has_expression
from complaintflow.bpmn.camunda7.writing import Page, add, camunda, extend, extensions
from complaintflow.bpmn.xml import bpmn, local, zeebe

_TASK_EVENTS: Final = {"create": "creating", "assignment": "assigning", "complete": "completing", "delete": "canceling"}
_OTHER_EVENTS: Final = {
    # It hears claims and changes of variables, too, and no listener of Camunda 8 hears just that.
    "update": "use assignment for who has the task; what else is changed by Engine.update_task is heard by the "
    "listener updating of a Camunda 8 diagram",
    "timeout": "attach a timer boundary event that does not interrupt, and a service task behind it",
}
# Between the beginning and the end of these nothing happens, and Camunda 8 hears only the end.
_MOMENTARY: Final = frozenset({"startEvent", "boundaryEvent"})
_SCRIPT: Final = "compute it in a mapping or a script task (FEEL), or call a handler (delegateExpression)"


def listeners(page: Page, element: etree._Element) -> None:
    """Execution and task listeners of one element; those of a flow become service tasks in the middle of it."""
    if local(element) == "sequenceFlow":
        # The last one first: each stands in front of what was put there before.
        for number, listener in reversed([*enumerate(extensions(element, "executionListener"), start=1)]):
            _on_the_way(page, element, listener, number)
        return
    for listener in extensions(element, "executionListener"):
        event = listener.get("event") or "start"
        if event == "start" and local(element) in _MOMENTARY:
            event = "end"
        if event not in ("start", "end"):
            page.refuse(element, f"an execution listener for '{event}'", "use start or end")
        elif (handler := _handler(page, element, listener)) is not None:
            container = extend(element, "executionListeners")
            one = add(container, zeebe("executionListener"), eventType=event, type=handler)
            _headers(page, element, listener, one)
    for listener in extensions(element, "taskListener"):
        moment = _TASK_EVENTS.get(listener.get("event") or "")
        if moment is None:
            advice = _OTHER_EVENTS.get(listener.get("event") or "", "use create, assignment, complete or delete")
            page.refuse(element, f"a task listener for '{listener.get('event')}'", advice)
        elif (handler := _handler(page, element, listener)) is not None:
            container = extend(element, "taskListeners")
            one = add(container, zeebe("taskListener"), eventType=moment, type=handler)
            _headers(page, element, listener, one)


def _handler(page: Page, element: etree._Element, listener: etree._Element) -> str | None:
    if listener.find(camunda("script")) is not None:
        page.refuse(element, "a listener that is a script", _SCRIPT)
        return None
    found = asked(page, element, listener)
    if found is None:
        return None
    if found.handler is None:
        page.refuse(element, "a listener that computes something and calls nobody", _SCRIPT)
    return found.handler


def _headers(page: Page, element: etree._Element, listener: etree._Element, one: etree._Element) -> None:
    """Fields that are written out go along as headers."""
    fields = [*listener.iterchildren(camunda("field"))]
    headers = add(one, zeebe("taskHeaders")) if fields else None
    for field in fields:
        text = field_text(field)
        if has_expression(text):
            page.refuse(element, f"the field '{field.get('name')}' of a listener is computed", "let the handler do it")
        elif headers is not None:
            add(headers, zeebe("header"), key=field.get("name"), value=text)


def _on_the_way(page: Page, flow: etree._Element, listener: etree._Element, number: int) -> None:
    """Put the call of one listener into a flow."""
    handler = _handler(page, flow, listener)
    parent = flow.getparent()
    if handler is None or parent is None:
        return
    source = flow.get("sourceRef") or ""
    if any(one.get("id") == source for one in parent.iterchildren(bpmn("eventBasedGateway"))):
        page.refuse(flow, "a listener on a flow behind an event-based gateway", "draw a task behind the event")
        return
    name = f"{flow.get('id') or source}-take{number}"
    task = etree.Element(bpmn("serviceTask"), id=name)
    task.sourceline = flow.sourceline
    parent.append(task)
    extend(task, "taskDefinition", type=handler)
    rest = etree.Element(bpmn("sequenceFlow"), id=f"{name}-on", sourceRef=name, targetRef=flow.get("targetRef") or "")
    rest.sourceline = flow.sourceline
    parent.append(rest)
    flow.set("targetRef", name)
