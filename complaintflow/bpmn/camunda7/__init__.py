"""Camunda 7 (Operaton) diagrams: translated in memory, when they are loaded, into what Camunda 8 would say.

    translate(root, file) -> list of problems        the tree now carries zeebe extensions beside the camunda ones

The file is never rewritten. Reading order: `vocabulary` (what may stand in a diagram), `juel` and `feel_text`
(expressions), `value` and `scripts` (texts), `writing` (how an extension is written), then by subject `calls`,
`variables`, `people`, `forms`, `events`, `listeners`.
"""

from __future__ import annotations

from typing import Final

from lxml import etree

from complaintflow.bpmn.camunda7 import calls, events, listeners, people, scripts, variables
from complaintflow.bpmn.camunda7.forms import forms
from complaintflow.bpmn.camunda7.writing import Page, add, attribute, camunda, extend, extensions
from complaintflow.bpmn.xml import BPMN, CAMUNDA, MODELER, ZEEBE, bpmn, local, namespace, ours, uses, zeebe
from complaintflow.errors import InvalidDiagram

_PLATFORM: Final = f"{{{MODELER}}}executionPlatform"
_NAMED: Final = frozenset({"message", "signal", "error", "escalation"})
# What only a translated element says; in a Camunda 8 diagram it would be read over.
STANDARD: Final = {("callActivity", "calledElement"), ("scriptTask", "scriptFormat")}


# Names under which the same dialect goes: where Camunda 7 came from, and where it went.
ALIASES: Final = frozenset({"http://activiti.org/bpmn", "http://operaton.org/schema/1.0/bpmn"})


def adopt(root: etree._Element) -> None:
    """Call the extensions of Activiti 5 and Operaton by Camunda 7's name, as Camunda 7 does."""
    if not any(uses(root, space) for space in ALIASES):
        return
    for element in root.iter("*"):
        if namespace(element) in ALIASES:
            element.tag = f"{{{CAMUNDA}}}{local(element)}"
        for name, text in [*element.attrib.items()]:
            space, _, word = str(name)[1:].rpartition("}")
            if space in ALIASES:
                del element.attrib[name]
                element.set(f"{{{CAMUNDA}}}{word}", text)


def speaks(element: etree._Element, space: str) -> bool:
    """Whether an element itself carries attributes or extensions of this namespace."""
    if any(str(name).startswith(f"{{{space}}}") for name in element.attrib):
        return True
    holder = element.find(bpmn("extensionElements"))
    return holder is not None and any(True for _ in holder.iterchildren(f"{{{space}}}*"))


def is_camunda7(root: etree._Element) -> bool:
    """Whether a file is a Camunda 7 diagram, or has elements that speak its dialect."""
    if root.get(_PLATFORM) == "Camunda Platform":
        return True
    return uses(root, CAMUNDA)


def is_translated(root: etree._Element) -> bool:
    """Whether a file is a Camunda 7 diagram, or says no dialect at all: then ``${...}`` means the same."""
    if is_camunda7(root):
        return True
    return root.get(_PLATFORM) != "Camunda Cloud" and not uses(root, ZEEBE)


def translate(root: etree._Element, file: str, refused: frozenset[str] = frozenset()) -> list[InvalidDiagram]:
    """Translate a diagram in place; one in Camunda 8's dialect stays as it is.

    Args:
        root: the parsed file.
        file: its name, for messages.
        refused: ids of elements whose words were refused before; what they lack then is not missed again.

    Returns:
        What has no translation, in the order of the file.
    """
    if not is_translated(root):
        return []
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
