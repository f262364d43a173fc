"""What formulas give where a user task says who does it and how urgent it is."""

from __future__ import annotations

from typing import Any

from complaintflow.bpmn.formula import plain
from complaintflow.bpmn.node import Stuck


def name_in(value: Any) -> str | None:
    """A text that is not empty; anything else names nobody."""
    return value.strip() if isinstance(value, str) and value.strip() else None


def names_in(value: Any) -> tuple[str, ...]:
    """A list of texts, or text with commas; anything else names nobody."""
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(dict.fromkeys(name for part in parts if (name := name_in(part)) is not None))


def priority_in(value: Any, label: str) -> int:
    """A whole number from 0 to 100.

    Raises:
        Stuck: it is none.
    """
    number = plain(value)
    if isinstance(number, str) and number.strip().isdigit():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= 100:
        raise Stuck("expression", f"the priority of '{label}' is {value!r}, not a whole number from 0 to 100")
    return number
