"""Camunda 7 (Operaton) diagrams: translated in memory, when they are loaded, into what Camunda 8 would say.

    translate(root, file) -> list of problems        the tree now carries zeebe extensions beside the camunda ones

The file is never rewritten. Here is only how such a diagram is known, so that programs without one load no more.
Reading order: `vocabulary` (what may stand in a diagram), `juel` and `feel_text` (expressions), `value` and `scripts`
(texts), `writing` (how an extension is written), then by subject `calls`, `variables`, `people`, `forms`, `events`,
`listeners`, and `translating`.
"""

from __future__ import annotations

from typing import Final

from lxml import etree

from complaintflow.bpmn.xml import CAMUNDA, MODELER, ZEEBE, bpmn, local, namespace, uses

_PLATFORM: Final = f"{{{MODELER}}}executionPlatform"
# What only a translated element says; in a Camunda 8 diagram it would be read over.
STANDARD: Final = {("callActivity", "calledElement"), ("scriptTask", "scriptFormat")}


# Names under which the same dialect goes: where Camunda 7 came from, and where it went. What Flowable has of its own is
# no word of Camunda 7's, and is refused as such.
ALIASES: Final = frozenset(
    {"http://activiti.org/bpmn", "http://flowable.org/bpmn", "http://operaton.org/schema/1.0/bpmn"}
)


def adopt(root: etree._Element) -> None:
    """Call the extensions of Activiti 5, Flowable and Operaton by Camunda 7's name."""
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
