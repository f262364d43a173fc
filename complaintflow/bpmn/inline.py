"""Forms that stand inside a process, as Camunda Modeler embeds them."""

from __future__ import annotations

from typing import Final

from lxml import etree

from complaintflow.bpmn.xml import bpmn, zeebe

EMBEDDED: Final = "camunda-forms:bpmn:"
"""How a form key says that its form stands in the process."""


def embedded(process: etree._Element) -> dict[str, str]:
    """Forms in a process's extensions: id -> form-js JSON."""
    return {
        str(form.get("id")): form.text or ""
        for form in process.iterfind(f"{bpmn('extensionElements')}/{zeebe('userTaskForm')}")
        if form.get("id")
    }
