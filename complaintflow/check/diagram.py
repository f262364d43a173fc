"""A diagram as XML: what the checks read, also where it does not compile."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final

from lxml import etree

from complaintflow.bpmn import source as sources
from complaintflow.bpmn import xml
from complaintflow.errors import InvalidDiagram
from complaintflow.records import dataclass

ACTIVITIES: Final = (
    "task", "manualTask", "userTask", "serviceTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask",
    "callActivity", "subProcess", "transaction", "adHocSubProcess",
)  # fmt: skip
# Elements whose text is FEEL, with or without an equals sign; and those where it may be.
_FEEL_ONLY: Final = (
    "conditionExpression", "completionCondition", "condition", "loopCondition", "activationCondition",
    "loopCardinality",
)  # fmt: skip
_FEEL_TEXTS: Final = (*_FEEL_ONLY, "timeDate", "timeDuration", "timeCycle")
# zeebe attributes that hold plain text even if it begins with an equals sign.
_PLAIN: Final = frozenset({"name", "value", "key", "target", "resultVariable", "inputElement", "outputCollection"})


@dataclass(frozen=True)
class Diagram:
    """One BPMN file.

    Attributes:
        file: its name.
        root: its root element; a diagram of Camunda 7 says there what it would say in Camunda 8.
        problems: what may not stand in it, or has no translation.
    """

    file: str
    root: etree._Element
    problems: tuple[InvalidDiagram, ...] = ()

    @classmethod
    def read(cls, file: str, source: bytes) -> Diagram:
        """Raises InvalidDiagram: it is not XML that we read."""
        found = sources.read(source, file)
        return cls(file, found.root, found.problems)

    def where(self, element: etree._Element) -> str:
        """File, line and id, for a finding."""
        return f"{self.file}, line {element.sourceline}, element {self.owner(element)}"

    @staticmethod
    def owner(element: etree._Element) -> str:
        """The id of the nearest element of BPMN that a designer sees: not that of an event definition inside it."""
        node: etree._Element | None = element
        found = xml.local(element)
        while node is not None:
            if node.get("id"):
                found = str(node.get("id"))
                if not xml.local(node).endswith("EventDefinition"):
                    return found
            node = node.getparent()
        return found

    def bpmn(self, *tags: str) -> Iterator[etree._Element]:
        """Elements of BPMN, in the order of the file."""
        return iter(self.root.iter(*(xml.bpmn(tag) for tag in tags)))

    def zeebe(self, *tags: str) -> Iterator[etree._Element]:
        """Camunda's extension elements, in the order of the file."""
        return iter(self.root.iter(*(xml.zeebe(tag) for tag in tags)))

    @property
    def activities(self) -> Iterator[etree._Element]:
        """Tasks, sub-processes and calls."""
        return self.bpmn(*ACTIVITIES)

    @cached_property
    def by_id(self) -> dict[str, etree._Element]:
        """The elements of BPMN that have an id; the first where several have the same."""
        found: dict[str, etree._Element] = {}
        for element in self.root.iter(f"{{{xml.BPMN}}}*"):
            if element.get("id"):
                found.setdefault(str(element.get("id")), element)
        return found

    @cached_property
    def processes(self) -> list[str]:
        """Ids of the processes here."""
        return [str(process.get("id")) for process in self.bpmn("process") if process.get("id")]

    def labels(self) -> Iterator[tuple[etree._Element, str]]:
        """What people read in the picture."""
        for element in self.root.iter(f"{{{xml.BPMN}}}*"):
            name = element.get("name")
            if name and name.strip():
                yield element, " ".join(name.split())
        for annotation in self.bpmn("textAnnotation"):
            text = annotation.findtext(xml.bpmn("text")) or ""
            if text.strip():
                yield annotation, " ".join(text.split())

    def formulas(self) -> Iterator[tuple[etree._Element, str]]:
        """Every FEEL expression without its equals sign."""
        for element in self.root.iter(f"{{{xml.ZEEBE}}}*"):
            for attribute, value in element.attrib.items():
                text = str(value).strip()
                if attribute not in _PLAIN and text.startswith("="):
                    yield element, text[1:].strip()
        for element in self.bpmn(*_FEEL_TEXTS):
            text = (element.text or "").strip()
            if text.startswith("=") or (text and xml.local(element) in _FEEL_ONLY):
                yield element, text.removeprefix("=").strip()

    def extension(self, element: etree._Element, tag: str) -> etree._Element | None:
        """An extension element of an element."""
        found: etree._Element | None = element.find(f"{xml.bpmn('extensionElements')}/{xml.zeebe(tag)}")
        return found

    def properties(self, element: etree._Element) -> dict[str, str]:
        """Its extension properties."""
        path = "/".join([xml.bpmn("extensionElements"), xml.zeebe("properties"), xml.zeebe("property")])
        return {str(one.get("name")): one.get("value") or "" for one in element.findall(path) if one.get("name")}

    def lanes(self) -> dict[str, etree._Element]:
        """Node id -> the innermost lane it lies in."""
        found: dict[str, Any] = {}
        # Document order visits outer lanes before inner ones, so that the inner one stays.
        for lane in self.bpmn("lane"):
            for reference in lane.iterchildren(xml.bpmn("flowNodeRef")):
                found[(reference.text or "").strip()] = lane
        return found


def constant(text: str | None) -> str | None:
    """A value that is written out; None for an expression or nothing."""
    text = (text or "").strip()
    return text if text and not text.startswith("=") else None
