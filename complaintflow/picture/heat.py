"""A diagram with the traces of many cases: how long they waited, what was late, how often each flow was taken.

The shades get darker evenly, so that they are told apart without colour too; the badges say the same in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from html import escape
from itertools import pairwise
from typing import Final

from complaintflow.bpmn import xml
from complaintflow.picture import shapes, text
from complaintflow.picture.canvas import PADDING
from complaintflow.picture.model import Box, Line, Shape, Sheet, read_sheet
from complaintflow.picture.shapes import INK, PAPER, Style
from complaintflow.records import dataclass

SHADES: Final = ("#fff4e0", "#fdd49e", "#fdae6b", "#f1763f")
"""From a short wait to a long one. Black writing is legible on all of them."""
ALARM: Final = "#8f1d14"
COUNT: Final = "#3d4652"
NEVER: Final = "#a9afb8"
"""Flows that were never taken."""
_CONTAINERS: Final = ("participant", "lane")
_BADGE: Final = 13.0
_SEARCH: Final = 200
# How wide a piece is, more or less: for a page across, and for one upright where the diagram is high.
_WIDE: Final = 1250.0
_NARROW: Final = 900.0
_HIGH: Final = 1000.0
_PARTS: Final = (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8)


@dataclass(frozen=True, slots=True)
class Warmth:
    """What many cases left on a diagram.

    Attributes:
        shades: element -> fill colour.
        notes: element -> what stands above it.
        alarms: element -> what stands below it, as a warning.
        widths: flow -> the width of its line; one that is not there was never taken.
        counts: flow -> what stands on it.
    """

    shades: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    alarms: Mapping[str, str] = field(default_factory=dict)
    widths: Mapping[str, float] = field(default_factory=dict)
    counts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Piece:
    """An SVG document; a ``tall`` one fills a page upright."""

    svg: str
    tall: bool


def draw_heat(
    source: bytes,
    warmth: Warmth,
    *,
    names: Mapping[str, str] | None = None,
    file: str = "diagram",
    prefix: str = "",
    fonts: str = "Arial, Liberation Sans, Noto Sans CJK SC, sans-serif",
) -> list[Piece]:
    """Draw a BPMN file as SVG, in several pieces from left to right where it is too wide to be read in one.

    Args:
        source: the file.
        warmth: the traces.
        names: element id -> label in another language.
        file: for errors.
        prefix: of the ids inside, where several drawings stand on one page.
        fonts: CSS font family.

    Returns:
        nothing where the file has no picture data.

    Raises:
        InvalidDiagram: the file cannot be read.
    """
    sheet = read_sheet(xml.read(source, file))
    if not sheet.shapes:
        return []
    bounds = sheet.bounds
    whole = Box(
        bounds.x - PADDING - 4,
        bounds.y - PADDING - 10,
        bounds.width + 2 * PADDING + 8,
        bounds.height + 2 * PADDING + 22,
    )
    pieces = list(_pieces(sheet, whole, _NARROW if whole.height > _HIGH else _WIDE))
    names = names or {}
    return [
        Piece(_page(sheet, warmth, names, piece, f"{prefix}{number}-", fonts), whole.height > _HIGH)
        for number, piece in enumerate(pieces, 1)
    ]


def pool_names(source: bytes, file: str = "diagram") -> list[tuple[str, str]]:
    """Id and name of each pool that has a process of the file. Raises InvalidDiagram."""
    pools = xml.read(source, file).iter(f"{{{xml.BPMN}}}participant")
    return [(str(pool.get("id")), pool.get("name") or "") for pool in pools if pool.get("processRef")]


def is_backward(line: Line) -> bool:
    """Whether a flow leads back to the left: a round that is gone again."""
    return len(line.points) > 1 and line.points[-1][0] < line.points[0][0] - 20


def backward_flows(source: bytes, file: str = "diagram") -> frozenset[str]:
    """Ids of the sequence flows that lead back. Raises InvalidDiagram."""
    lines = read_sheet(xml.read(source, file)).lines
    return frozenset(one.element for one in lines if one.tag == "sequenceFlow" and is_backward(one))


def _pieces(sheet: Sheet, whole: Box, widest: float) -> Iterator[Box]:
    """Cuts that go through as few elements as can be, each piece beginning a little before the last one's end."""
    number = max(1, -int(-(whole.width / widest - 0.3) // 1))
    step = whole.width / number
    left = whole.x
    for place in range(1, number):
        right = _cut(sheet, whole.x + place * step)
        yield Box(left, whole.y, right - left, whole.height)
        left = right
    yield Box(left, whole.y, whole.x + whole.width - left, whole.height)


def _cut(sheet: Sheet, wanted: float) -> float:
    """The place nearest to the wanted one where the fewest elements and labels lie."""
    solid = [item for item in sheet.shapes if item.tag not in _CONTAINERS and not item.expanded]
    boxes = [item.box for item in solid] + [item.label for item in solid if item.label is not None]
    boxes += [line.label for line in sheet.lines if line.label is not None and line.name]

    def cost(x: float) -> tuple[int, float]:
        crossed = sum(box.x - 14 < x < box.x + box.width + 14 for box in boxes)
        return crossed, abs(x - wanted)

    return min((wanted + shift for shift in range(-_SEARCH, _SEARCH + 1, 4)), key=cost)


def _page(
    sheet: Sheet,
    warmth: Warmth,
    names: Mapping[str, str],
    piece: Box,
    prefix: str,
    fonts: str,
) -> str:
    lines = [line for line in sheet.lines if _meets(_around(line.points), piece)]
    items = [item for item in sheet.shapes if _meets(item.box, piece)]
    inks = (INK, NEVER)
    body = [
        *(_container(item, names) for item in items if item.tag in _CONTAINERS),
        *(_element(item, warmth, names) for item in items if _depth(item) == 0),
        *(_flow(line, warmth, names) for line in sorted(lines, key=lambda one: one.element in warmth.widths)),
        *(_element(item, warmth, names) for item in items if _depth(item) == 1),
        *(_element(item, warmth, names) for item in items if _depth(item) == 2),
        *(_count(line, warmth, sheet) for line in lines),
        *(_badges(item, warmth) for item in items if item.tag not in _CONTAINERS),
    ]
    frame = f"{piece.x:g} {piece.y:g} {piece.width:g} {piece.height:g}"
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{frame}" width="{piece.width:g}" height="{piece.height:g}"'
        f' font-family="{escape(fonts)}">'
        f"<defs>{''.join(shapes.markers(ink) for ink in inks)}</defs>"
        f'<rect x="{piece.x:g}" y="{piece.y:g}" width="{piece.width:g}" height="{piece.height:g}" fill="{PAPER}"/>'
        f"{''.join(body)}</svg>"
    )
    # One page has many drawings, and an id must be there once.
    return drawn.replace(' id="', f' id="{prefix}').replace("url(#", f"url(#{prefix}")


def _meets(box: Box, piece: Box) -> bool:
    return (
        box.x - 60 < piece.x + piece.width
        and piece.x < box.x + box.width + 60
        and box.y < piece.y + piece.height
        and piece.y < box.y + box.height
    )


def _around(points: Sequence[tuple[float, float]]) -> Box:
    xs, ys = [x for x, _ in points] or [0.0], [y for _, y in points] or [0.0]
    return Box(min(xs), min(ys) - 1, max(xs) - min(xs), max(ys) - min(ys) + 2)


def _depth(item: Shape) -> int:
    """Open sub-processes lie under the flows in them; attached events lie on their host."""
    if item.tag in _CONTAINERS:
        return -1
    if item.tag == "boundaryEvent":
        return 2
    return 0 if item.expanded else 1


def _container(item: Shape, names: Mapping[str, str]) -> str:
    return shapes.shape(item, names.get(item.element, item.name), Style(COUNT, PAPER))


def _element(item: Shape, warmth: Warmth, names: Mapping[str, str]) -> str:
    style = Style(INK, warmth.shades.get(item.element, PAPER))
    shown = shapes.shape(item, names.get(item.element, item.name), style)
    return f'<g data-element="{escape(item.element)}">{shown}</g>'


def _flow(line: Line, warmth: Warmth, names: Mapping[str, str]) -> str:
    name = names.get(line.element, line.name)
    if line.tag != "sequenceFlow":
        return shapes.line(line, name, Style(COUNT))
    width = warmth.widths.get(line.element)
    style = Style(INK if width is not None else NEVER)
    return f'<g data-flow="{escape(line.element)}">{shapes.line(line, name, style, width=width or 1.2)}</g>'


def _count(line: Line, warmth: Warmth, sheet: Sheet) -> str:
    """On the longest stretch of the flow, in the middle or where no element is near."""
    words = warmth.counts.get(line.element)
    if not words or len(line.points) < 2:
        return ""
    (ax, ay), (bx, by) = max(pairwise(line.points), key=lambda ends: _far(*ends))
    room = text.width(words, _BADGE) / 2 + 22
    boxes = [item.box for item in sheet.shapes if item.tag not in _CONTAINERS and not item.expanded]

    def free(part: float) -> bool:
        x, y = ax + (bx - ax) * part, ay + (by - ay) * part
        return not any(
            box.x - room < x < box.x + box.width + room and box.y - 24 < y < box.y + box.height + 24 for box in boxes
        )

    part = next((part for part in _PARTS if free(part)), 0.5)
    return _badge(words, ax + (bx - ax) * part, ay + (by - ay) * part, COUNT, PAPER)


def _far(one: tuple[float, float], other: tuple[float, float]) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _badges(item: Shape, warmth: Warmth) -> str:
    x, y = item.box.x + item.box.width / 2, item.box.y
    above, below = warmth.notes.get(item.element), warmth.alarms.get(item.element)
    drawn = _badge(above, x, y, INK, PAPER) if above else ""
    if below:
        # Events are attached to the right end of the lower edge: the warning stands beside them, and at its left.
        width = text.width(below, _BADGE) + 16
        left = item.box.x + item.box.width / 2 if item.tag != "boundaryEvent" else item.box.x - width / 2 - 2
        left = min(left, item.box.x + max(width, 84) / 2 - 10) if item.tag != "boundaryEvent" else left
        height = item.box.height / (2 if item.tag == "boundaryEvent" else 1)
        drawn += _badge(below, left, y + height, PAPER, ALARM)
    return drawn


def _badge(words: str, x: float, y: float, ink: str, fill: str) -> str:
    width, height = text.width(words, _BADGE) + 16, _BADGE + 8
    frame = (
        f'<rect x="{x - width / 2:g}" y="{y - height / 2:g}" width="{width:g}" height="{height:g}"'
        f' rx="{height / 2:g}" fill="{fill}" stroke="{ink if fill == PAPER else fill}" stroke-width="1.500"/>'
    )
    look = f'font-size="{_BADGE:g}" font-weight="bold" fill="{ink}" text-anchor="middle"'
    return f'{frame}<text x="{x:g}" y="{y + _BADGE * 0.36:g}" {look}>{escape(words)}</text>'
