"""The page: the diagram with the traces of a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from html import escape
from typing import Final

from complaintflow.bpmn import xml
from complaintflow.picture import shapes, text
from complaintflow.picture.model import Line, Shape, Sheet, read_sheet
from complaintflow.picture.shapes import INK, PAPER, Style
from complaintflow.records import dataclass

# Colours that stay apart for colour-blind readers too; the badge says the same in words.
VISITED: Final = Style("#2f6f4f", "#f1f8f3")
ACTIVE: Final = Style("#0b57b7", "#e6f0fc")
LATE: Final = Style("#b3261e", "#fdecea")
PLAIN: Final = Style(INK, PAPER)
PADDING: Final = 12.0

_CONTAINERS: Final = ("participant", "lane")


@dataclass(frozen=True, slots=True)
class Marks:
    """What a case left on its diagram.

    Attributes:
        active: element id -> a short text beside it, such as the day it is due.
        late: active elements whose time is over, or that stopped in an incident.
        visited: elements and flows the case came by.
    """

    active: Mapping[str, str] = field(default_factory=dict)
    late: frozenset[str] = frozenset()
    visited: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG document; a notebook shows it by itself."""

    svg: str

    def __str__(self) -> str:
        return self.svg

    def _repr_svg_(self) -> str:
        return self.svg


def draw(
    source: bytes, marks: Marks | None = None, *, names: Mapping[str, str] | None = None, file: str = "diagram"
) -> Picture:
    """Draw a BPMN file.

    Args:
        source: the file.
        marks: the traces of a case.
        names: element id -> label in another language.
        file: for errors.

    Raises:
        InvalidDiagram: the file cannot be read.
    """
    marks = marks or Marks()
    names = names or {}
    sheet = read_sheet(xml.read(source, file))
    bounds = sheet.bounds
    x, y = bounds.x - PADDING, bounds.y - PADDING
    width, height = bounds.width + 2 * PADDING, bounds.height + 2 * PADDING
    body = [
        *_containers(sheet, names),
        *_elements(sheet, marks, names, 0),
        *_lines(sheet, marks, names),
        *_elements(sheet, marks, names, 1),
        *_elements(sheet, marks, names, 2),
    ]
    inks = {style.ink for style in (PLAIN, VISITED, ACTIVE, LATE)}
    return Picture(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{x:g} {y:g} {width:g} {height:g}" width="{width:g}"'
        f' height="{height:g}" font-family="Arial, Liberation Sans, Noto Sans CJK SC, sans-serif">'
        f"<defs>{''.join(shapes.markers(ink) for ink in sorted(inks))}</defs>"
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{PAPER}"/>'
        f"{''.join(body)}</svg>"
    )


def _containers(sheet: Sheet, names: Mapping[str, str]) -> list[str]:
    found = [item for item in sheet.shapes if item.tag in _CONTAINERS]
    return [shapes.shape(item, names.get(item.element, item.name), PLAIN) for item in found]


def _elements(sheet: Sheet, marks: Marks, names: Mapping[str, str], depth: int) -> list[str]:
    drawn = []
    for item in sheet.shapes:
        if item.tag in _CONTAINERS or _depth(item) != depth:
            continue
        style = _style(item, marks)
        shown = shapes.shape(item, names.get(item.element, item.name), style)
        note = marks.active.get(item.element)
        badge = _badge(item, note, style) if note else ""
        drawn.append(f'<g data-element="{escape(item.element)}">{shown}{badge}</g>')
    return drawn


def _depth(item: Shape) -> int:
    """Open sub-processes lie under the flows in them; attached events lie on their host."""
    if item.tag == "boundaryEvent":
        return 2
    return 0 if item.expanded else 1


def _lines(sheet: Sheet, marks: Marks, names: Mapping[str, str]) -> list[str]:
    def seen(item: Line) -> bool:
        return item.element in marks.visited

    ordered = sorted(sheet.lines, key=seen)
    return [
        shapes.line(
            item, names.get(item.element, item.name), VISITED if seen(item) else PLAIN, width=2.5 if seen(item) else 2
        )
        for item in ordered
    ]


def _style(item: Shape, marks: Marks) -> Style:
    if item.element in marks.late:
        return LATE
    if item.element in marks.active:
        return ACTIVE
    if item.element in marks.visited:
        return Style(VISITED.ink, PAPER) if item.expanded else VISITED
    return PLAIN


def _badge(item: Shape, note: str, style: Style) -> str:
    width = text.width(note, 10) + 12
    x, y = item.box.x + item.box.width / 2 - width / 2, item.box.y - 9
    frame = f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="17" rx="8.500" fill="{style.ink}"/>'
    look = f'font-size="10" fill="{PAPER}" text-anchor="middle"'
    words = f'<text x="{x + width / 2:g}" y="{y + 12:g}" {look}>{escape(note)}</text>'
    return frame + words
