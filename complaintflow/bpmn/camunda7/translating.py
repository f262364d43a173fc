"""A Camunda 7 diagram in place: each element gets the zeebe extensions that say the same."""

from __future__ import annotations

from typing import Final

from lxml import etree

from complaintflow.bpmn.camunda7 import calls, events, is_camunda7, listeners, people, scripts, speaks, variables
from complaintflow.bpmn.camunda7.forms import forms
from complaintflow.bpmn.camunda7.writing import Page, add, attribute, camunda, extend, extensions
from complaintflow.bpmn.xml import BPMN, ZEEBE, bpmn, local, ours, zeebe
from complaintflow.errors import InvalidDiagram

_NAMED: Final = frozenset({"message", "signal", "error", "escalation"})


def translate(root: etree._Element, file: str, refused: frozenset[str] = frozenset()) -> list[InvalidDiagram]:
    """Translate a diagram in place.

    Args:
        root: the parsed file.
        file: its name, for messages.
        refused: ids of elements whose words were refused before; what they lack then is not missed again.

    Returns:
        What has no translation, in the order of the file.
    """
    keyed = is_camunda7(root)
    page = Page(file, keyed, refused)
    for element in [*root.iter(f"{{{BPMN}}}*")]:
        if speaks(element, ZEEBE):
            continue
        if local(element) in _NAMED:
            events.named(page, element, keyed=keyed)
        elif not local(element).endswith("EventDefinition"):
            _element(page, element)
        else:
            events.texts(page, element)
    return page.problems


def _element(page: Page, element: etree._Element) -> None:
    tag = local(element)
    events.texts(page, element)
    if tag in ("serviceTask", "sendTask"):
        _work(page, element)
    elif tag == "businessRuleTask":
        _decision(page, element)
    elif tag == "scriptTask":
        _script(page, element)
    elif tag == "callActivity":
        variables.call(page, element)
    elif tag == "process" and attribute(element, "versionTag"):
        extend(element, "versionTag", value=attribute(element, "versionTag"))
    elif tag.endswith("Event"):
        events.event(page, element)
        variables.cargo(page, element)
    if tag == "userTask":
        people.person(page, element)
    if tag in ("userTask", "startEvent"):
        forms(page, element)
    variables.mappings(page, element)
    variables.loop(page, element)
    listeners.listeners(page, element)
    _properties(element)


def _work(page: Page, element: etree._Element) -> None:
    known = len(page.problems)
    named = calls.work(page, element) or not page.camunda7
    if not named and known == len(page.problems) and element.get("id") not in page.refused:
        page.refuse(element, f"'{element.get('name') or element.get('id')}' names no handler", calls.HANDLER)


def _decision(page: Page, element: etree._Element) -> None:
    decision = attribute(element, "decisionRef")
    if decision is None:
        calls.work(page, element)
        return
    result = attribute(element, "resultVariable")
    if result is None and next(element.iter(camunda("outputParameter")), None) is not None:
        # It lives only as long as the output parameters read it.
        result = "decisionResult"
        element.set(ours("results"), "mapped")
    called = extend(
        element,
        "calledDecision",
        decisionId=page.text(element, decision),
        bindingType=attribute(element, "decisionRefBinding"),
        versionTag=calls.version(page, element, "decisionRefVersionTag"),
        resultVariable=result,
    )
    called.set(ours("shape"), attribute(element, "mapDecisionResult") or "resultList")


def _script(page: Page, element: etree._Element) -> None:
    formula = scripts.formula(page, element, element.get("scriptFormat"), element.findtext(bpmn("script")))
    if formula is not None:
        extend(element, "script", expression=formula, resultVariable=attribute(element, "resultVariable"))


def _properties(element: etree._Element) -> None:
    for container in extensions(element, "properties"):
        for one in container:
            written = extend(element, "properties")
            add(written, zeebe("property"), name=one.get("name"), value=one.get("value"))
