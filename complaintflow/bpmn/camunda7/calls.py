"""Who does the work: class, delegate expression, expression, topic and connector become the name of a handler.

camunda:topic="pay"                               handler "pay"
camunda:class="com.acme.Pay"                      handler "com.acme.Pay"
camunda:delegateExpression="${pay}"               handler "pay"
camunda:expression="${orders.pay(order)}"         handler "orders.pay", which takes order by its name
camunda:expression="${price * 2}"                 FEEL, computed at once
"""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from complaintflow.bpmn.camunda7 import juel, value
from complaintflow.bpmn.camunda7.feel_text import PROVIDED, variable
from complaintflow.bpmn.camunda7.writing import Page, attribute, camunda, extend, extensions, map_input
from complaintflow.bpmn.xml import bpmn, local, ours
from complaintflow.errors import UnsupportedElement
from complaintflow.records import dataclass

_RETRIES: Final = re.compile(r"R(\d+)/(P\S+)")
HANDLER: Final = "name a handler: camunda:topic, or a delegate expression like ${lookUpOrder}"


@dataclass(frozen=True, slots=True)
class Work:
    """What an element asks for: the name of a handler, or FEEL that is computed at once."""

    handler: str | None = None
    feel: str | None = None


def asked(page: Page, element: etree._Element, read: etree._Element) -> Work | None:
    """What an element or listener asks for; None where it says nothing, or nothing that runs.

    Args:
        element: what the messages name.
        read: what carries the attributes class, delegateExpression and expression (with or without namespace).
    """
    names = ("class", "delegateExpression", "expression")
    said = {name: text for name in names if (text := attribute(read, name) or read.get(name))}
    topic = attribute(read, "topic")
    if attribute(read, "type") == "external" and topic is None:
        page.refuse(element, "an external task without a topic", "set camunda:topic to the name of a handler")
    if len(said) + (topic is not None) > 1:
        page.refuse(element, f"the work is named by {', '.join(said)} and a topic at once", "keep one of them")
        return None
    if topic is not None:
        return Work(page.text(element, topic))
    if "class" in said:
        return Work(said["class"])
    if "delegateExpression" in said:
        return _delegate(page, element, said["delegateExpression"])
    return _expression(page, element, said["expression"]) if said else None


def _delegate(page: Page, element: etree._Element, text: str) -> Work | None:
    tree = value.tree(text)
    name = _path(tree) if tree is not None else None
    if name is None:
        page.refuse(element, f"the delegate expression {text} is not the name of one handler", HANDLER)
        return None
    return Work(name)


def _expression(page: Page, element: etree._Element, text: str) -> Work | None:
    tree = value.tree(text)
    base = _path(tree.base) if isinstance(tree, juel.Call) and tree.base is not None else None
    if isinstance(tree, juel.Call) and base is not None and not _is_feel(page, element, base, text):
        return _method(page, element, text, f"{base}.{tree.name}", tree.arguments)
    found = page.text(element, text)
    return Work(feel=found) if found else None


def _is_feel(page: Page, element: etree._Element, base: str, text: str) -> bool:
    """Whether the call is one of the engine's, or one that FEEL has too, like ``text.startsWith("a")``."""
    if base.partition(".")[0] in PROVIDED:
        return True
    try:
        value.translated(text, page.where(element))
    except UnsupportedElement:
        return False
    return True


def _method(
    page: Page, element: etree._Element, text: str, handler: str, arguments: tuple[juel.Juel, ...]
) -> Work | None:
    """A method of a bean: its arguments are found by name, so each must be a variable or the execution."""
    for number, argument in enumerate(arguments, 1):
        if isinstance(argument, juel.Name) or variable(argument) is not None:
            continue
        feel = value.written(argument)
        name = argument.name if isinstance(argument, juel.Property) else f"argument{number}"
        mapped = f"{name} = {feel}" if feel else name
        advice = (
            f"give the task an input parameter ({mapped}), write {name} into the call in place of the argument, "
            f"and let the handler '{handler}' take it by that name"
        )
        page.refuse(element, f"an argument of {text} is no plain variable", advice)
        return None
    return Work(handler)


def version(page: Page, element: etree._Element, name: str) -> str | None:
    """The version that a link wants: it must be known when the parts are put together."""
    wanted = attribute(element, name)
    if wanted is not None and value.has_expression(wanted):
        page.refuse(element, f"the version {wanted} is computed", f"write the tag itself into {name}")
        return None
    return wanted


def _path(tree: juel.Juel) -> str | None:
    if isinstance(tree, juel.Name):
        return tree.name
    if isinstance(tree, juel.Property) and (base := _path(tree.base)) is not None:
        return f"{base}.{tree.name}"
    return None


def work(page: Page, element: etree._Element) -> bool:
    """Service, send and business rule tasks, and events that send a message. False where nothing is named."""
    # A message event carries the work on its definition.
    read = element.find(bpmn("messageEventDefinition")) if local(element).endswith("Event") else element
    if read is None:
        return False
    connectors = [*extensions(read, "connector"), *extensions(element, "connector")]
    found = asked(page, element, read)
    if connectors:
        name = connectors[0].findtext(camunda("connectorId"))
        if found is not None or not name:
            page.refuse(element, "the connector has no id, or stands beside another implementation", HANDLER)
        found = Work(name)
    if found is None:
        return False
    for field in [*extensions(read, "field")]:
        inject(page, element, field)
    result = attribute(read, "resultVariable")
    if found.feel is not None:
        _compute(page, element, found.feel, result)
    else:
        definition = extend(element, "taskDefinition", type=found.handler, retries=_retries(page, element))
        if result is not None:
            definition.set(ours("result"), result)
    return True


def _compute(page: Page, element: etree._Element, feel: str, result: str | None) -> None:
    """An expression that calls nobody is a script."""
    if result is None or local(element) not in ("serviceTask", "sendTask", "businessRuleTask"):
        page.refuse(element, "the expression computes something that nobody keeps", "give it a result variable")
        return
    element.tag = bpmn("scriptTask")
    extend(element, "script", expression=feel, resultVariable=result)


def inject(page: Page, element: etree._Element, field: etree._Element) -> None:
    """A field becomes a variable of the element's own, which the handler takes by name."""
    text = field_text(field)
    map_input(element, page.feel(element, text), field.get("name") or "")


def field_text(field: etree._Element) -> str:
    """What is injected, wherever it is written."""
    inner = field.findtext(camunda("string"))
    if inner is None:
        inner = field.findtext(camunda("expression"))
    return (inner or field.get("stringValue") or field.get("expression") or "").strip()


def _retries(page: Page, element: etree._Element) -> str | None:
    """``R5/PT10M`` is five attempts; the pauses between them are the handler's."""
    for cycle in extensions(element, "failedJobRetryTimeCycle"):
        text = (cycle.text or "").strip()
        match = _RETRIES.fullmatch(text)
        if match is not None:
            return match[1]
        if text:
            page.refuse(element, f"the retries '{text}' are no repetition", "write R and the number, like R3/PT10M")
    return None
