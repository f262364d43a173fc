"""BPMN's own way to move data: item names, ``ioSpecification`` and data associations, read as variables and mappings.

A data object, property, data input or data output is a variable of its name, if the name can be one; what else is drawn
is drawn for people. An association moves nothing by itself between things of one name, since an activity sees the
variables around it anyway. One with an assignment, a transformation or two different names is an input or output
mapping of its activity.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from lxml import etree

from complaintflow.bpmn.xml import bpmn, reference
from complaintflow.errors import InvalidDiagram

_ITEMS: Final = (
    "dataObject",
    "dataObjectReference",
    "dataInput",
    "dataOutput",
    "property",
    "inputDataItem",
    "outputDataItem",
)
# What Camunda Modeler writes as the other end of an association that is only drawn.
_PLACEHOLDER: Final = "__"
_NAME: Final = re.compile(r"[^\W\d]\w*")


def item_names(root: etree._Element) -> dict[str, str]:
    """Id -> the variable that an item is; ids of items that are none are left out."""
    found: dict[str, str] = {}
    objects: dict[str, str] = {}
    for element in root.iter(*(bpmn(tag) for tag in _ITEMS)):
        name, held = (element.get("name") or "").strip(), reference(element.get("dataObjectRef"))
        if not name and held is not None:
            objects[str(element.get("id"))] = held
        elif element.get("id") and _NAME.fullmatch(name) and not name.startswith(_PLACEHOLDER):
            found[str(element.get("id"))] = name
    return found | {one: found[held] for one, held in objects.items() if held in found}


def moved(element: etree._Element, kind: str, names: Mapping[str, str], where: str) -> Iterator[tuple[str, str]]:
    """What the data associations of an element map: (FEEL, variable or path).

    Args:
        element: the activity or event.
        kind: "input" or "output".
        names: see ``item_names``.
        where: for errors.

    Raises:
        InvalidDiagram: an assignment or transformation does not say from where or to where.
    """
    tag = "dataInputAssociation" if kind == "input" else "dataOutputAssociation"
    for association in element.iterchildren(bpmn(tag)):
        source = names.get(reference(association.findtext(bpmn("sourceRef"))) or "")
        target = names.get(reference(association.findtext(bpmn("targetRef"))) or "")
        assignments = association.findall(bpmn("assignment"))
        transformation = _feel(association.findtext(bpmn("transformation")))
        for assignment in assignments:
            yield _complete(_feel(assignment.findtext(bpmn("from"))), _feel(assignment.findtext(bpmn("to"))), where)
        if transformation:
            yield _complete(transformation, target, where)
        elif not assignments and source and target and source != target:
            yield source, target


def _feel(text: str | None) -> str:
    return (text or "").strip().removeprefix("=").strip()


def _complete(source: str, target: str | None, where: str) -> tuple[str, str]:
    if not source or not target:
        raise InvalidDiagram(
            "a data association does not say which value goes to which variable",
            where=where,
            advice="fill in both, or use an input or output mapping (zeebe:ioMapping)",
        )
    return source, target
