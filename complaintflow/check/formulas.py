"""Formulas that are read well and cannot give what they were written for: a misspelt function, a date that is none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Final

from complaintflow import feel
from complaintflow.check.facts import Facts
from complaintflow.check.finding import WARNING, Finding
from complaintflow.check.variables import texts
from complaintflow.errors import ComplaintflowError
from complaintflow.feel.functions import TABLE

# What the engine offers beside FEEL's own functions.
_OURS: Final = frozenset({"deadline", "repeat", "working_days_between", "now", "today"})
_WRITTEN: Final = re.compile(
    r'(?<![\w.])(?:duration|date and time|date|time)\(\s*"[^"]*"\s*\)',
)


def formulas(facts: Facts, said: Iterable[Finding] = ()) -> Iterator[Finding]:
    """Functions that are not there, and dates, times and durations that are written out and are none.

    Args:
        facts: the bundle, or one file.
        said: what was found before: where a formula was refused for the same, it is not said again.
    """
    refused = [(one.element, one.what) for one in said if one.element]
    for finding, words in _found(facts):
        if not any(finding.element == element and words in what for element, what in refused):
            yield finding


def _found(facts: Facts) -> Iterator[tuple[Finding, str]]:
    """Findings, each with the words that a refusal for the same would say too."""
    for text, where in _formulas(facts):
        try:
            calls = feel.parse(text).calls
        except ComplaintflowError:
            continue  # Said with its file.
        for name in sorted(calls - TABLE.keys() - _OURS):
            if not re.search(rf"\b{re.escape(name)}\b(?!\s*\()", text):  # It is defined in the formula itself.
                near = get_close_matches(name, {*TABLE, *_OURS}, 1)
                advice = f"did you mean '{near[0]}'?" if near else "the documentation of FEEL lists all functions"
                what = f"there is no function '{name}', so {name}(...) is always null"
                yield Finding(WARNING, what, where, advice), f'function "{name}"'
        yield from _written(text, where)


def _written(text: str, where: str) -> Iterator[tuple[Finding, str]]:
    for call in dict.fromkeys(_WRITTEN.findall(text)):
        warnings: list[feel.Warning] = []
        if feel.parse(call).evaluate(warnings=warnings) is None and warnings:
            what = f"{call} is always null: {warnings[0].message}"
            yield Finding(WARNING, what, where, "correct what is written"), call


def _formulas(facts: Facts) -> Iterator[tuple[str, str]]:
    for diagram in facts.diagrams:
        yield from ((text, diagram.where(element)) for element, text in diagram.formulas())
    for path, form in facts.forms.values():
        for component in form.components:
            where = f"{path}, component {component.path or component.id}"
            yield from ((text, where) for text in texts(component.attributes))
