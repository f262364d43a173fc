"""What a diagram names: the processes it has, and what lies in other files (processes, forms, decisions, notices)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import PurePosixPath
from types import MappingProxyType

from lxml import etree

from complaintflow.bpmn import source, xml
from complaintflow.bpmn.xml import bpmn, zeebe
from complaintflow.errors import ComplaintflowError
from complaintflow.records import dataclass


@dataclass(frozen=True, slots=True)
class Named:
    """Names that are written out; what an expression computes is known only when it runs."""

    processes: frozenset[str] = frozenset()
    forms: frozenset[str] = frozenset()
    decisions: frozenset[str] = frozenset()
    notices: frozenset[str] = frozenset()


@lru_cache(maxsize=256)
def named(content: bytes, file: str = "") -> Named:
    """The names in a diagram of either dialect; one that cannot be read names nothing, and is refused elsewhere.

    Whoever compiles the diagram next under the same file name does not read it a second time.
    """
    try:
        root = source.read(content, file).root
    except ComplaintflowError:
        return Named()
    headers = [header for header in root.iter(zeebe("header")) if header.get("key") == "notice"]
    return Named(
        _constants(root, "calledElement", "processId"),
        _constants(root, "formDefinition", "formId"),
        _constants(root, "calledDecision", "decisionId"),
        frozenset(value for header in headers if (value := header.get("value"))),
    )


@lru_cache(maxsize=256)
def declared(content: bytes, file: str = "") -> Mapping[str, bool]:
    """Ids of the executable processes of a diagram, in its order -> whether an event begins them.

    One that cannot be read counts as the process of its file's name, which is refused with the reason when it is used.
    """
    try:
        root = xml.read(content, file)
    except ComplaintflowError:
        return MappingProxyType({PurePosixPath(file).stem: True})
    found = {
        process_id: _begun_by_event(process)
        for process in root.iter(bpmn("process"))
        if (process_id := process.get("id")) and process.get("isExecutable", "true") == "true"
    }
    return MappingProxyType(found)


def _begun_by_event(process: etree._Element) -> bool:
    for child in process.iterchildren(f"{{{xml.BPMN}}}*"):
        if child.get("instantiate") == "true":
            return True
        if child.tag == bpmn("startEvent") and any(xml.local(one).endswith("EventDefinition") for one in child):
            return True
    return False


def _constants(root: etree._Element, tag: str, attribute: str) -> frozenset[str]:
    names = ((element.get(attribute) or "").strip() for element in root.iter(zeebe(tag)))
    return frozenset(name for name in names if name and not name.startswith("="))
