"""Writing the zeebe extensions that say what a Camunda 7 element said, into the tree in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import Final

from lxml import etree

from complaintflow.bpmn.camunda7 import value
from complaintflow.bpmn.camunda7.feel_text import quoted
from complaintflow.bpmn.xml import CAMUNDA, bpmn, owner, zeebe
from complaintflow.errors import InvalidDiagram, UnsupportedElement
from complaintflow.records import dataclass


def camunda(name: str) -> str:
    """A camunda tag or attribute as lxml spells it."""
    return f"{{{CAMUNDA}}}{name}"


@dataclass(slots=True)
class Page:
    """One file while it is translated.

    Attributes:
        file: its name.
        camunda7: it says that it is Camunda 7's, or speaks its dialect somewhere.
        refused: ids of elements whose words were refused before.
        problems: what has no translation, in the order it was met.
    """

    file: str
    camunda7: bool = False
    refused: frozenset[str] = frozenset()
    problems: list[InvalidDiagram] = field(default_factory=list)

    def where(self, element: etree._Element) -> str:
        """File, line and element."""
        return f"{self.file}, line {element.sourceline}, element {owner(element)}"

    def refuse(self, element: etree._Element, what: str, advice: str) -> None:
        """Remember something that does not run."""
        self.problems.append(UnsupportedElement(what, where=self.where(element), advice=advice))

    def text(self, element: etree._Element, text: str | None, *, counting: bool = False) -> str:
        """A text with its expressions in FEEL; empty where it has none of the same meaning, which is remembered."""
        try:
            return value.translated(text or "", self.where(element), counting=counting)
        except UnsupportedElement as problem:
            self.problems.append(problem)
            return ""

    def feel(self, element: etree._Element, text: str | None) -> str:
        """The same as FEEL in any case: plain text becomes a text of FEEL."""
        found = self.text(element, text)
        return found if found.startswith("=") else f"={quoted(found)}"


# The order in which zeebe extensions are written is of no importance; each kind stands once.
_ONCE: Final = frozenset({"ioMapping", "executionListeners", "taskListeners", "properties", "taskHeaders"})


def extend(element: etree._Element, tag: str, **attributes: str | None) -> etree._Element:
    """A zeebe extension of a BPMN element; a container that is there already is used again."""
    holder = element.find(bpmn("extensionElements"))
    if holder is None:
        holder = etree.Element(bpmn("extensionElements"))
        holder.sourceline = element.sourceline
        element.insert(0, holder)
    found = holder.find(zeebe(tag)) if tag in _ONCE else None
    return found if found is not None else add(holder, zeebe(tag), **attributes)


def add(parent: etree._Element, tag: str, **attributes: str | None) -> etree._Element:
    """A child that stands, for messages, where its parent does."""
    child = etree.SubElement(parent, tag)
    child.sourceline = parent.sourceline
    for name, text in attributes.items():
        if text is not None:
            child.set(name, text)
    return child


def extensions(element: etree._Element, tag: str) -> Iterator[etree._Element]:
    """The camunda extensions of a BPMN element."""
    holder = element.find(bpmn("extensionElements"))
    if holder is not None:
        yield from holder.iterchildren(camunda(tag))


def map_input(element: etree._Element, source: str, target: str) -> None:
    """A variable of the element's own."""
    add(extend(element, "ioMapping"), zeebe("input"), source=source, target=target)


def map_output(element: etree._Element, source: str, target: str) -> None:
    """A variable that the element leaves behind."""
    add(extend(element, "ioMapping"), zeebe("output"), source=source, target=target)


def attribute(element: etree._Element, name: str) -> str | None:
    """A camunda attribute, None where it is absent or empty."""
    text = element.get(camunda(name))
    return text.strip() if text and text.strip() else None
