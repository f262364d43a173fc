"""Parts that nobody uses: left over, or misspelled where they should be used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from complaintflow.check.diagram import constant
from complaintflow.check.facts import Facts
from complaintflow.check.finding import NOTE, Finding

# Entries that the library itself reads.
_READ_BY_US: Final = frozenset({"texts.language", "texts.staff_language"})
# Retention is kept by the engine, not named in a diagram.
_SECTIONS: Final = ("deadlines", "repeats", "roles", "bounds", "amounts", "texts", "lists", "switches")


def unused(facts: Facts) -> Iterator[Finding]:
    """Forms, decision files, notices and policy entries that nothing in the bundle names."""
    yield from _forms(facts)
    yield from _decisions(facts)
    yield from _notices(facts)
    yield from _entries(facts)


def _linked(facts: Facts, tag: str, attribute: str) -> tuple[set[str], bool]:
    """What the diagrams link, and whether one of them computes it, so that nobody can say what is unused."""
    values = [element.get(attribute) for diagram in facts.diagrams for element in diagram.zeebe(tag)]
    return {name for value in values if (name := constant(value))}, any((value or "").startswith("=") for value in values)


def _forms(facts: Facts) -> Iterator[Finding]:
    linked, computed = _linked(facts, "formDefinition", "formId")
    for form, (path, _) in facts.forms.items():
        if form not in linked and not computed:
            yield Finding(NOTE, f"no task and no start event shows the form '{form}'", path, "link it, or delete it")


def _decisions(facts: Facts) -> Iterator[Finding]:
    called, computed = _linked(facts, "calledDecision", "decisionId")
    if computed:
        return
    used = {path for decision, path in facts.decisions.items() if decision in called}
    for path in dict.fromkeys(facts.decisions.values()):
        if path not in used:
            yield Finding(NOTE, "no task calls a decision of this file", path, "call it, or delete the file")


def _notices(facts: Facts) -> Iterator[Finding]:
    sent = {name for _, _, name in facts.headers("notice")}
    for name, paths in facts.notices.items():
        if name not in sent:
            yield Finding(NOTE, f"nothing sends the notice '{name}'", paths[0], "send it, or delete it")


def _entries(facts: Facts) -> Iterator[Finding]:
    if facts.policy is None:
        return
    text = "\n".join(facts.texts.values())
    around = {deadline.inside for deadline in facts.policy.deadlines.values()}
    for entry in facts.policy.entries():
        name = f"{entry.section}.{entry.name}"
        if entry.section not in _SECTIONS or name in _READ_BY_US or entry.name in around:
            continue
        if not re.search(_mention(entry.section, entry.name), text):
            where = f"{entry.file}, line {entry.line}" if entry.line else entry.file
            yield Finding(NOTE, f"nothing uses {name}", where, "use it, or delete it")


def _mention(section: str, name: str) -> str:
    """How a diagram, table, form or notice names an entry."""
    if section in ("deadlines", "repeats"):
        return rf"\b{section[:-1]}\(\s*[\"']{name}[\"']"
    mention = rf"\bpolicy\.{section}\.{name}\b"
    return mention + rf"|\brole:{name}\b" if section == "roles" else mention
