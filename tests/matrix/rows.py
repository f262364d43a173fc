"""A row of the matrix: one element in one place, what it means, and the trace that it must give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from complaintflow.bpmn.reader import find_problems
from tests.diagrams import document, process


@dataclass(frozen=True)
class Row:
    """One element in one place.

    Attributes:
        element, place: what is drawn where, as the documentation says it.
        means: what it does, in one sentence without full stop.
        parts: the process ``p``; ``roots`` stand beside it, ``more`` are further processes.
        steps: see ``playing``.
        first: the variables of the start; ``event`` is the start event, where it is not the plain one.
        then: variables at the end, those that the row is about.
        visits: ids in the order in which the case came by, those that the row is about.
    """

    element: str
    place: str
    means: str
    parts: tuple[str, ...]
    steps: tuple[str, ...]
    roots: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    first: Mapping[str, Any] = field(default_factory=dict)
    event: str | None = None
    then: Mapping[str, Any] = field(default_factory=dict)
    visits: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """For pytest and for the table."""
        return f"{self.element}, {self.place}".lower().replace(", ", "/").replace(" ", "-")

    @property
    def source(self) -> bytes:
        """The file."""
        return document(process(*self.parts), *self.more, *self.roots).encode()


@dataclass(frozen=True)
class Refusal:
    """Something that is refused, and what to draw instead.

    Attributes:
        element, place: as for ``Row``.
        instead: words that the advice must have.
        parts, roots: the file.
        at: the element that is named.
    """

    element: str
    place: str
    instead: str
    parts: tuple[str, ...]
    roots: tuple[str, ...] = ()
    at: str = "x"

    @property
    def id(self) -> str:
        """For pytest."""
        return f"{self.element}, {self.place}".lower().replace(", ", "/").replace(" ", "-")

    @property
    def source(self) -> bytes:
        """The file."""
        return document(process(*self.parts), *self.roots).encode()

    @property
    def advice(self) -> str:
        """What the library says to draw instead."""
        [problem] = find_problems({"p.bpmn": self.source})
        return problem.remedy
