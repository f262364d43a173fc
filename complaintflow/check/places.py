"""Where a finding is: what knows only the element gets its line, and what it is called in the diagram."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from complaintflow.check.diagram import Diagram
from complaintflow.check.finding import Finding, readable


def located(findings: Iterable[Finding], diagrams: Sequence[Diagram]) -> list[Finding]:
    """The findings, the worst first, each once, with line and label as far as the diagrams know them."""
    known = {readable(diagram.file): diagram for diagram in diagrams}
    found = [_located(finding, known[finding.file]) if finding.file in known else finding for finding in findings]
    return sorted(dict.fromkeys(found), key=lambda finding: finding.order)


def _located(finding: Finding, diagram: Diagram) -> Finding:
    element = diagram.by_id.get(finding.element)
    if element is None:
        return finding
    where = f"{finding.file}, line {finding.line or element.sourceline}, element {finding.element}"
    return replace(finding, where=where, label=" ".join((element.get("name") or "").split()))
