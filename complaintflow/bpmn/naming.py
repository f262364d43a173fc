"""What a diagram names that lies in other files: processes, forms, decisions, notices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from complaintflow.bpmn import source
from complaintflow.bpmn.xml import zeebe
from complaintflow.errors import ComplaintflowError


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


def _constants(root: etree._Element, tag: str, attribute: str) -> frozenset[str]:
    names = ((element.get(attribute) or "").strip() for element in root.iter(zeebe(tag)))
    return frozenset(name for name in names if name and not name.startswith("="))
