"""Bounds on the work of one expression: every one is a setting, and passing one is a clear error."""

from __future__ import annotations

from complaintflow.errors import FeelLimitExceeded
from complaintflow.records import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one parse or one evaluation may do.

    Attributes:
        steps: the work of one evaluation: parts of expressions evaluated in loops and calls, elements of lists and
            contexts looked at, and lengths of strings.
        list_length: elements of one list that the expression makes.
        string_length: characters of one string that the expression makes.
        exponent: the largest decimal exponent of a number; 6144 is that of IEEE 754 decimal128 (DMN 1.5, 10.3.2.3.1).
        recursion: nested calls of functions that are written in FEEL.
        regex_steps: moves of the matcher for one call of ``matches``, ``replace``, ``split`` or ``extract``.
        text_length: characters of the source of one expression.
        nesting: depth of brackets and operators in the source of one expression.
    """

    steps: int = 1_000_000
    list_length: int = 100_000
    string_length: int = 1_000_000
    exponent: int = 6144
    recursion: int = 60
    regex_steps: int = 500_000
    text_length: int = 100_000
    nesting: int = 120


DEFAULT_LIMITS = Limits()


def exceeded(what: str, bound: int, setting: str) -> FeelLimitExceeded:
    """The error for passing one bound; ``what`` says what grew, e.g. "a list"."""
    return FeelLimitExceeded(f"{what} passed the limit of {bound}", where=f"Limits.{setting}")
