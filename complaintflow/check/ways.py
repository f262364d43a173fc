"""Ways out that may all be shut: an element whose flows all have conditions, and none is the default."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from lxml import etree

from complaintflow.bpmn import xml
from complaintflow.check.diagram import Diagram
from complaintflow.check.facts import Facts
from complaintflow.check.finding import WARNING, Finding

_COMPARED: Final = re.compile(r"(?P<left>[^<>=!]+?)\s*(?P<sign><=|>=|!=|=|<|>)\s*(?P<right>[^<>=!]+)")
_OPPOSITE: Final = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_JOINED: Final = re.compile(r"\b(and|or|between|in)\b")


def ways(facts: Facts) -> Iterator[Finding]:
    """Elements that a token cannot leave when no condition holds: then the case stops with an incident."""
    for diagram in facts.diagrams:
        for element, conditions in _left(diagram):
            if all(conditions) and not element.get("default") and not _cover(conditions):
                label = " ".join(str(element.get("name") or element.get("id")).split())
                many = "all flows" if len(conditions) > 1 else "the only flow"
                yield Finding(
                    WARNING,
                    f"{many} out of '{label}' {'have conditions' if len(conditions) > 1 else 'has a condition'}, and "
                    "where none of them holds the case stops there with an incident",
                    diagram.where(element),
                    "make one of the flows the default flow",
                )


def _left(diagram: Diagram) -> Iterator[tuple[etree._Element, list[str]]]:
    """Elements with the conditions of the flows that leave them; an empty text is none."""
    leaving: dict[str, list[str]] = {}
    for flow in diagram.bpmn("sequenceFlow"):
        condition = (flow.findtext(xml.bpmn("conditionExpression")) or "").strip()
        leaving.setdefault(xml.reference(flow.get("sourceRef")) or "", []).append(condition)
    for source, conditions in leaving.items():
        element = diagram.by_id.get(source)
        # A gateway that never asks is refused for the condition itself.
        if element is not None and xml.local(element) not in ("parallelGateway", "eventBasedGateway"):
            yield element, conditions


def _cover(conditions: Sequence[str]) -> bool:
    """Whether one of the conditions is certain to hold, as far as their words say it."""
    said = [_plain(condition) for condition in conditions]
    return "true" in said or any(_against(one, other) for one in said for other in said)


def _plain(condition: str) -> str:
    text = " ".join(condition.strip().removeprefix("=").split())
    while text.startswith("(") and text.endswith(")") and "(" not in text[1:-1]:
        text = text[1:-1].strip()
    return text.removesuffix("= true").strip()


def _against(one: str, other: str) -> bool:
    """Whether the second says the opposite of the first."""
    if other in (f"not({one})", f"not ({one})", f"{one} = false", f"{one} != true"):
        return True
    first, second = _COMPARED.fullmatch(one), _COMPARED.fullmatch(other)
    if first is None or second is None or _JOINED.search(f"{one} {other}"):
        return False
    same = (first["left"], first["right"]) == (second["left"], second["right"])
    return same and _OPPOSITE[first["sign"]] == second["sign"]
