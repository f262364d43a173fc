"""Scripts: FEEL runs, code is refused with what to write instead."""

from __future__ import annotations

from typing import Final

from lxml import etree

from complaintflow.bpmn.camunda7 import value
from complaintflow.bpmn.camunda7.writing import Page

# Names of script formats as people read them.
_SHOWN: Final = {
    "javascript": "JavaScript",
    "ecmascript": "JavaScript",
    "js": "JavaScript",
    "groovy": "Groovy",
    "python": "Python",
    "jython": "Python",
    "ruby": "Ruby",
    "jruby": "Ruby",
    "freemarker": "FreeMarker",
}
_FEEL: Final = frozenset({"feel", "http://www.omg.org/spec/feel/20140401"})


def script(page: Page, element: etree._Element, script: etree._Element) -> str | None:
    """The FEEL of a ``camunda:script``; None where it is code, which is remembered."""
    return formula(page, element, script.get("scriptFormat"), script.text)


def formula(page: Page, element: etree._Element, language: str | None, text: str | None) -> str | None:
    """The FEEL of a script in a language; None where it is code, which is remembered."""
    code = (text or "").strip()
    kind = (language or "").strip().lower()
    if kind in _FEEL:
        return code if code.startswith("=") else f"={code}"
    if not code and not kind:
        return None  # Nothing is written; the reader says that it is missing.
    if kind == "juel":
        return page.text(element, code) or None
    name = _SHOWN.get(kind, language or "an unnamed language")
    feel = value.suggestion(code)
    instead = f"scriptFormat feel with {feel[1:]}" if feel else "a FEEL expression (scriptFormat feel)"
    page.refuse(
        element,
        f"a script in {name}; code in a diagram is never executed",
        f"write {instead}, or call a handler (a service task with camunda:topic)",
    )
    return None
