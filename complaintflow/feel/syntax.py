"""Syntax errors that a person can read: the line with a caret under the place."""

from __future__ import annotations

from complaintflow.errors import FeelSyntaxError

_WIDEST = 100


def syntax_error(text: str, position: int, what: str, advice: str = "") -> FeelSyntaxError:
    """The error for one place of an expression; ``what`` is a sentence without full stop."""
    position = min(max(position, 0), len(text))
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    line = text[start : len(text) if end < 0 else end]
    column = position - start
    if len(line) > _WIDEST:
        cut = max(0, column - _WIDEST // 2)
        line, column = line[cut : cut + _WIDEST], column - cut
    pointer = "".join("\t" if character == "\t" else " " for character in line[:column]) + "^"
    return FeelSyntaxError(
        f"the expression does not parse: {what}\n    {line}\n    {pointer}", text=text, position=position, advice=advice
    )
