"""Variables that nothing gives: misspelt in a notice, a condition or a form, and missing only when the case is there.

What a variable can come from is all there to be read: forms, mappings, scripts, tables, loops. Handlers, messages and
cases without an intake form can bring more than anybody wrote down; where a bundle has such a source, only a name that
is close to a known one is reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, Final

from lxml import etree

from complaintflow import feel
from complaintflow.bpmn import xml
from complaintflow.check.diagram import ACTIVITIES, Diagram, constant
from complaintflow.check.facts import Facts
from complaintflow.check.finding import WARNING, Finding
from complaintflow.definition.layers import SHARED
from complaintflow.errors import ComplaintflowError
from complaintflow.figures.jobs import COUNTING
from complaintflow.records import dataclass
from complaintflow.work.dispatch import BUILT_IN

# What the engine gives: to every expression, to the rounds of a loop, to a notice, inside a form; a job's result.
_ENGINE: Final = frozenset({
    "policy", "case", "loopCounter", "numberOfInstances", "numberOfActiveInstances", "numberOfCompletedInstances",
    "numberOfTerminatedInstances", "started_case",
})  # fmt: skip
_IN_NOTICES: Final = frozenset({"recipient", "deadline", "now", "language"})
_IN_FORMS: Final = frozenset({"this", "parent", "i", "today", "now"})
_TARGETS: Final = {
    "input": ("target",), "output": ("target",), "script": ("resultVariable",), "calledDecision": ("resultVariable",),
    "loopCharacteristics": ("inputElement", "outputCollection"),
}  # fmt: skip
_EVENTS: Final = ("startEvent", "intermediateCatchEvent", "boundaryEvent")
_DMN_NAMED: Final = re.compile(
    r'<(?:\w+:)?(?:inputData|decision|businessKnowledgeModel|variable)\b[^>]*\bname="([^"]*)"'
)
_DMN_INPUT: Final = re.compile(r"<(?:\w+:)?inputExpression\b.*?<(?:\w+:)?text>(.*?)</", re.DOTALL)
# How alike two names must be for one to be taken for a slip of the other.
_ALIKE: Final = 0.75


@dataclass(frozen=True, slots=True)
class Known:
    """The variables of a bundle.

    Attributes:
        names: what something gives.
        complete: nothing can bring names that are not among them.
    """

    names: frozenset[str]
    complete: bool


def variables(facts: Facts) -> Iterator[Finding]:
    """Variables that are read and never given."""
    if any(xml.CAMUNDA in diagram.root.nsmap.values() for diagram in facts.diagrams):
        return  # Read in translation; what it gives is not in the zeebe elements.
    known = _known(facts)
    for name, where, more in _read(facts):
        if name in known.names or name in more:
            continue
        near = get_close_matches(name, known.names | more, 1, _ALIKE)
        # Shared parts serve processes that have variables which this one lacks.
        if near or (known.complete and f"/{SHARED}/" not in where):
            advice = f"did you mean '{near[0]}'?" if near else "let a form, mapping, script or table give it"
            yield Finding(WARNING, f"nothing gives the variable '{name}'", where, advice)


# -- what is given ----------------------------------------------------------------------------


def _known(facts: Facts) -> Known:
    names = set(_ENGINE)
    complete = True
    for _, form in facts.forms.values():
        names |= {re.split(r"[.\[]", component.path)[0] for component in form.components if component.path}
        complete = complete and not form.open
    for diagram in facts.diagrams:
        for element in diagram.zeebe(*_TARGETS):
            for attribute in _TARGETS[xml.local(element)]:
                names.add((element.get(attribute) or "").partition(".")[0])
        for element in _outside(diagram):
            sources = [one.get("source") or "" for one in element.iter(xml.zeebe("output"))]
            complete = complete and bool(sources)
            # What is mapped out of a message or result is what it is made of.
            names |= {name for source in sources for name in _names(source.strip().removeprefix("="))}
    return Known(frozenset(names - {""}), complete and _is_asked(facts))


def _is_asked(facts: Facts) -> bool:
    """Whether the process that a case starts with has an intake form."""
    for diagram in facts.diagrams:
        for process in diagram.bpmn("process"):
            if process.get("id") == facts.bundle.process_id:
                starts = process.findall(xml.bpmn("startEvent"))
                return all(diagram.extension(start, "formDefinition") is not None for start in starts)
    return False


def _outside(diagram: Diagram) -> Iterator[etree._Element]:
    """Elements whose results come from a handler, a message or another case."""
    listeners = (xml.zeebe("executionListener"), xml.zeebe("taskListener"))
    for element in diagram.bpmn(*ACTIVITIES, *_EVENTS):
        job = diagram.extension(element, "taskDefinition")
        handled = job is not None and constant(job.get("type")) not in BUILT_IN - COUNTING.keys()
        heard = any(element.find(xml.bpmn(f"{kind}EventDefinition")) is not None for kind in ("message", "signal"))
        if handled or heard or element.get("messageRef") or any(element.iter(*listeners)):
            yield element


# -- what is read -----------------------------------------------------------------------------


def _read(facts: Facts) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Variable, place, and the names that are known only there."""
    nowhere: frozenset[str] = frozenset()
    for diagram in facts.diagrams:
        outside = {id(output) for element in _outside(diagram) for output in element.iter(xml.zeebe("output"))}
        for element, text in diagram.formulas():
            if id(element) not in outside:
                yield from ((name, diagram.where(element), nowhere) for name in _names(text))
    for path, form in facts.forms.values():
        for component in form.components:
            for text in texts(component.attributes):
                where = f"{path}, component {component.path or component.id}"
                yield from ((name, where, _IN_FORMS) for name in _names(text))
    for path, text in facts.texts.items():
        if path.endswith(".dmn"):
            inside = frozenset(_DMN_NAMED.findall(text))
            yield from ((name, path, inside) for source in _DMN_INPUT.findall(text) for name in _names(source))
    for path, names in facts.notice_variables.items():
        yield from ((name, path, _IN_NOTICES) for name in names)


def _names(text: str) -> list[str]:
    try:
        return sorted(feel.parse(text).free_names)
    except ComplaintflowError:
        return []  # Reported with its file.


def texts(value: Any) -> Iterator[str]:
    """Every FEEL expression in a component's JSON, without what is inside it."""
    if isinstance(value, str) and value.strip().startswith("="):
        yield value.strip()[1:]
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("components", "label", "description", "text"):
                yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
