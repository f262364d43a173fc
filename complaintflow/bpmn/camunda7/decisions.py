"""The result of a decision as Camunda 7 gives it (``camunda:mapDecisionResult``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from complaintflow.bpmn.node import Stuck


def mapped(value: Any, shape: str, names: Sequence[str], *, many: bool) -> Any:
    """What the result variable holds.

    Args:
        value: what the decision gave: a value for one output, a context for several, a list where ``many``.
        shape: singleEntry, singleResult, collectEntries or resultList.
        names: of the outputs; empty where the decision is no table.
        many: the hit policy gives one result for each rule.

    Raises:
        Stuck: there is more than the shape takes, as in Camunda 7.
    """
    found = value if many and isinstance(value, list) else [] if value is None else [value]
    rows = [_row(one, names) for one in found]
    if shape in ("singleEntry", "singleResult") and len(rows) > 1:
        raise Stuck("decision", f"the decision gave {len(rows)} results, and {shape} takes one")
    if shape == "resultList":
        return rows
    if shape == "singleResult":
        return rows[0] if rows else None
    if any(len(row) > 1 for row in rows):
        raise Stuck("decision", f"the decision has several outputs, and {shape} takes one")
    entries = [next(iter(row.values()), None) for row in rows]
    if shape == "collectEntries":
        return entries
    return entries[0] if entries else None


def _row(value: Any, names: Sequence[str]) -> dict[str, Any]:
    if len(names) != 1 and isinstance(value, dict):
        return value
    return {names[0] if names else "result": value}
