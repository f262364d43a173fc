"""Reading execution and task listeners."""

from __future__ import annotations

from typing import Any, Final

from lxml import etree

from complaintflow.bpmn import constants
from complaintflow.bpmn.activities import Job
from complaintflow.bpmn.formula import compile_formula
from complaintflow.bpmn.listening import EVENTS, TASK_EVENTS, Listener
from complaintflow.bpmn.xml import bpmn, local, zeebe
from complaintflow.errors import InvalidDiagram

_PATHS: Final = (("executionListeners", "executionListener"), ("taskListeners", "taskListener"))
_ELSEWHERE: Final = {
    "startEvent": "start listeners of the process or sub-process hear the same",
    "boundaryEvent": "put it on the activity that the event is attached to",
    "errorEndEvent": "put it on the event that catches the error",
    "gateway": "put it on the element behind the gateway",
}


def read_listeners(
    flow_spec: Any, element: etree._Element, where: str, headers: dict[str, str]
) -> tuple[Listener, ...]:
    """The listeners of an element, in the order of the file.

    Args:
        flow_spec: the process or sub-process it stands in (for a process, the process itself).
        element: a node, or a process.
        where: file, line and element.
        headers: the element's own, which a listener's go over.

    Raises:
        InvalidDiagram: a listener has no type, hears an event that does not come, or is there twice.
    """
    found: list[Listener] = []
    for container, tag in _PATHS:
        path = "/".join([bpmn("extensionElements"), zeebe(container), zeebe(tag)])
        for one in element.iterfind(path):
            found.append(_listener(flow_spec, element, one, where, headers, len(found)))
    kinds = [(one.event, one.job.type.text) for one in found]
    for kind in kinds:
        if kinds.count(kind) > 1:
            raise InvalidDiagram(
                f"two listeners for {kind[0]} have the type '{kind[1]}'", where=where, advice="keep one of them"
            )
    return tuple(found)


def _listener(
    flow_spec: Any, element: etree._Element, one: etree._Element, where: str, headers: dict[str, str], count: int
) -> Listener:
    event, job_type = one.get("eventType") or "", one.get("type") or ""
    known = TASK_EVENTS if local(one) == "taskListener" else EVENTS
    if event not in known or not job_type.strip():
        raise InvalidDiagram(
            f"a listener for '{event}' with the type '{job_type}'",
            where=where,
            advice=f"give it a type, and one of the events {', '.join(sorted(known))}",
        )
    why = _unheard(element, event)
    if why is not None:
        raise InvalidDiagram(f"a listener for '{event}' that would not be heard", where=where, advice=_ELSEWHERE[why])
    retries = (one.get("retries") or "").strip()
    job = Job(compile_formula(job_type, where), compile_formula(retries, where) if retries else None)
    constants.demand(job.type, constants.TEXT, f"the type of a listener for '{event}'")
    if job.retries is not None:
        constants.demand(job.retries, constants.RETRIES, f"the number of retries of the listener '{job_type}'")
    of = str(element.get("id"))
    listener = Listener(flow_spec, f"{of}#listener{count}", of=of, event=event, job=job)
    own = one.iterfind(f"{zeebe('taskHeaders')}/{zeebe('header')}")
    listener.headers = headers | {str(h.get("key")): h.get("value") or "" for h in own if h.get("key")}
    listener.where = where
    return listener


def _unheard(element: etree._Element, event: str) -> str | None:
    """Where Camunda 8 does not call listeners either."""
    tag = local(element)
    if event == "start" and tag in ("startEvent", "boundaryEvent"):
        return tag
    if event == "end" and tag.endswith("Gateway"):
        return "gateway"
    if event == "end" and tag == "endEvent" and element.find(bpmn("errorEventDefinition")) is not None:
        return "errorEndEvent"
    return None
