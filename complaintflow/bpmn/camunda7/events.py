"""Events and flows: conditions, times, names, codes, and the variables that say which error it was."""

from __future__ import annotations

from typing import Final

from lxml import etree

from complaintflow.bpmn.camunda7 import value
from complaintflow.bpmn.camunda7.calls import work
from complaintflow.bpmn.camunda7.writing import Page, attribute, extend
from complaintflow.bpmn.xml import CAMUNDA, bpmn, local, ours

_TIMES: Final = (bpmn("timeDate"), bpmn("timeDuration"), bpmn("timeCycle"))
_KEY: Final = "=case.key"


def texts(page: Page, element: etree._Element) -> None:
    """Expressions in the text of a condition or a time."""
    for child in element.iterchildren(bpmn("conditionExpression"), bpmn("condition"), *_TIMES):
        text = (child.text or "").strip()
        if value.has_expression(text):
            child.text = page.text(element, text)
        if child.tag == bpmn("timeCycle") and page.camunda7:
            # Days of the week are numbered otherwise there, also in what an expression gives.
            child.set(ours("cron"), "quartz")


def named(page: Page, element: etree._Element, *, keyed: bool) -> None:
    """A message, signal, error or escalation: its name or code may be computed.

    Args:
        keyed: the file is a Camunda 7 diagram, whose messages name no correlation key; the case's own is theirs.
    """
    tag = local(element)
    name = "name" if tag in ("message", "signal") else f"{tag}Code"
    text = element.get(name)
    if text is not None and value.has_expression(text):
        element.set(name, page.text(element, text))
    if tag == "error" and attribute(element, "errorMessage"):
        root = element.getroottree().getroot()
        if root.xpath("boolean(//@c:errorMessageVariable)", namespaces={"c": CAMUNDA}):
            advice = "remove it; let a handler raise BusinessError with the message, or set a variable"
            page.refuse(element, "the error has a message of its own, which a variable would read", advice)
    if tag == "message" and keyed:
        extend(element, "subscription", correlationKey=_KEY)


def event(page: Page, element: etree._Element) -> None:
    """What an event definition says beyond BPMN."""
    for definition in element.iterchildren(bpmn("errorEventDefinition"), bpmn("escalationEventDefinition")):
        for name in ("errorCodeVariable", "errorMessageVariable", "escalationCodeVariable"):
            variable = attribute(definition, name)
            if variable is not None:
                definition.set(ours(name), variable)
    if local(element) == "boundaryEvent" and page.camunda7:
        # What comes along with an error is kept, as in Camunda 7; in Camunda 8 it stays at the event.
        element.set(ours("results"), "kept")
    for definition in element.iterchildren(bpmn("conditionalEventDefinition")):
        variables, changes = attribute(definition, "variableName"), attribute(definition, "variableEvents")
        if variables or changes:
            extend(definition, "conditionalFilter", variableNames=variables, variableEvents=changes)
    for definition in element.iterchildren(bpmn("messageEventDefinition")):
        if local(element) in ("intermediateThrowEvent", "endEvent"):
            work(page, element)
        elif attribute(definition, "topic") or attribute(definition, "class"):
            page.refuse(element, "an event that waits for a message names a handler", "only a throwing event sends")
    initiator = attribute(element, "initiator")
    if initiator is not None:
        element.set(ours("initiator"), initiator)
