"""What each element looks like: SVG fragments in the diagram's own units."""

from __future__ import annotations

from html import escape
from typing import Final

from complaintflow.picture import icons, text
from complaintflow.picture.model import EVENTS, GATEWAYS, Box, Line, Shape
from complaintflow.records import dataclass

INK: Final = "#22242a"
PAPER: Final = "#ffffff"
SIZE: Final = 12.0
LABEL_SIZE: Final = 11.0
LINE_HEIGHT: Final = 1.2


@dataclass(frozen=True, slots=True)
class Style:
    """Line colour and fill of one element, as the case's traces colour it."""

    ink: str = INK
    fill: str = PAPER


def shape(item: Shape, name: str, style: Style) -> str:
    """One element with its name."""
    if item.tag in ("participant", "lane"):
        return _pool(item, name, style)
    if item.tag in EVENTS:
        return _event(item, style) + outside(name, item.label or _below(item.box), style)
    if item.tag in GATEWAYS:
        return _gateway(item, style) + outside(name, item.label or _below(item.box), style)
    if item.tag == "textAnnotation":
        return _annotation(item, name, style)
    if item.tag in ("dataObjectReference", "dataStoreReference", "group"):
        return _rest(item, style) + outside(name, item.label or _below(item.box), style)
    return _activity(item, name, style)


def _below(box: Box) -> Box:
    return Box(box.x - 30, box.y + box.height + 4, box.width + 60, 14)


def written(
    content: str, x: float, y: float, room: float, style: Style, *, size: float = SIZE, middle: bool = True
) -> str:
    """Centred lines of text; ``y`` is their middle, or their top."""
    if not content:
        return ""
    rows = text.lines(content, room, size)
    step = size * LINE_HEIGHT
    top = y - step * len(rows) / 2 if middle else y
    spans = "".join(
        f'<tspan x="{x:g}" y="{top + step * row + size * 0.95:g}">{escape(line)}</tspan>'
        for row, line in enumerate(rows)
    )
    return f'<text font-size="{size:g}" fill="{style.ink}" stroke="none" text-anchor="middle">{spans}</text>'


def outside(name: str, label: Box, style: Style) -> str:
    """A label beside its element."""
    room = max(label.width + 4, 66)
    return written(name, label.x + label.width / 2, label.y, room, style, size=LABEL_SIZE, middle=False)


def _activity(item: Shape, name: str, style: Style) -> str:
    box = item.box
    heavy = 5 if item.tag == "callActivity" else 2
    dash = ' stroke-dasharray="0 5.5" stroke-linecap="round"' if item.event_body else ""
    width = 2.5 if item.event_body else heavy
    frame = (
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" rx="10"'
        f' fill="{style.fill}" stroke="{style.ink}" stroke-width="{width}"{dash}/>'
    )
    centre = box.x + box.width / 2
    if item.tag in ("subProcess", "transaction", "adHocSubProcess") and item.expanded:
        title = written(name, centre, box.y + 7, box.width - 20, style, middle=False)
        return frame + title + _loop(item, style)
    title = written(name, centre, box.y + box.height / 2, box.width - 10, style)
    return frame + _task_sign(item, style) + title + _loop(item, style) + _plus(item, style)


def _task_sign(item: Shape, style: Style) -> str:
    sign = icons.TASKS.get(item.tag)
    if sign is None:
        return ""
    drawn = sign.format(fill=style.fill, ink=style.ink, gear=icons.GEAR)
    place = f"translate({item.box.x + 15:g} {item.box.y + 15:g})"
    return f'<g transform="{place}" stroke="{style.ink}" stroke-width="1">{drawn}</g>'


def _loop(item: Shape, style: Style) -> str:
    if not item.loop:
        return ""
    x, y = item.box.x + item.box.width / 2, item.box.y + item.box.height - 10
    bars = "M-5-5v10M0-5v10M5-5v10" if item.loop == "parallel" else "M-5-5h10M-5 0h10M-5 5h10"
    return (
        f'<path transform="translate({x:g} {y:g})" d="{bars}" stroke="{style.ink}" stroke-width="2.500" fill="none"/>'
    )


def _plus(item: Shape, style: Style) -> str:
    if item.tag not in ("subProcess", "transaction", "adHocSubProcess", "callActivity"):
        return ""
    shift = 14 if item.loop else 0
    x, y = item.box.x + item.box.width / 2 + shift, item.box.y + item.box.height - 9
    sign = '<path d="M-7-7h14v14h-14zM-4 0h8M0-4v8" fill="none"/>'
    return f'<g transform="translate({x:g} {y:g})" stroke="{style.ink}" stroke-width="1.500">{sign}</g>'


def _event(item: Shape, style: Style) -> str:
    x, y = item.box.middle
    radius = item.box.width / 2
    width = {"startEvent": 2, "endEvent": 4}.get(item.tag, 1.5)
    dash = "" if item.interrupting else ' stroke-dasharray="6 4"'
    ring = f'<circle r="{radius:g}" fill="{style.fill}" stroke-width="{width}"{dash}/>'
    if item.tag not in ("startEvent", "endEvent"):
        ring += f'<circle r="{radius - 3:g}" fill="{style.fill}" stroke-width="{width}"{dash}/>'
    throws = item.tag in ("endEvent", "intermediateThrowEvent")
    sign = icons.EVENTS.get(item.trigger, "").format(
        ink=style.ink,
        paper=style.fill,
        body=style.ink if throws else style.fill,
        seam=style.fill if throws else style.ink,
    )
    return f'<g transform="translate({x:g} {y:g})" stroke="{style.ink}">{ring}<g stroke-width="1.200">{sign}</g></g>'


def _gateway(item: Shape, style: Style) -> str:
    x, y = item.box.middle
    half = item.box.width / 2
    way = f"M0-{half:g}l{half:g} {half:g}l-{half:g} {half:g}l-{half:g}-{half:g}z"
    diamond = f'<path d="{way}" fill="{style.fill}" stroke-width="2"/>'
    sign = icons.GATEWAYS.get(item.tag, "") if item.marker or item.tag != "exclusiveGateway" else ""
    return f'<g transform="translate({x:g} {y:g})" stroke="{style.ink}">{diamond}{sign}</g>'


def _pool(item: Shape, name: str, style: Style) -> str:
    box = item.box
    frame = (
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" fill="{style.fill}"'
        f' fill-opacity="{0 if item.tag == "lane" else 1}" stroke="{style.ink}" stroke-width="1.500"/>'
    )
    closed = item.tag == "participant" and not item.expanded and box.height < 90
    if closed:
        return frame + written(name, *box.middle, box.width - 20, style)
    band = ""
    if item.tag == "participant":
        band = f'<path d="M{box.x + 30:g} {box.y:g}v{box.height:g}" stroke="{style.ink}" stroke-width="1.500"/>'
    x, y = box.x + 15, box.y + box.height / 2
    turned = written(name, 0, 0, box.height - 10, style)
    return frame + band + f'<g transform="translate({x:g} {y:g}) rotate(-90)">{turned}</g>'


def _annotation(item: Shape, name: str, style: Style) -> str:
    box = item.box
    way = f"M{box.x + 10:g} {box.y:g}h-10v{box.height:g}h10"
    bracket = f'<path d="{way}" fill="none" stroke="{style.ink}" stroke-width="1.500"/>'
    return bracket + written(name, *box.middle, box.width - 12, style, size=LABEL_SIZE)


def _rest(item: Shape, style: Style) -> str:
    box = item.box
    if item.tag == "group":
        return (
            f'<rect x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" rx="10" fill="none"'
            f' stroke="{style.ink}" stroke-width="1.500" stroke-dasharray="10 6 0 6" stroke-linecap="round"/>'
        )
    fold = min(box.width, box.height) / 4
    path = (
        f"M{box.x:g} {box.y:g}h{box.width - fold:g}l{fold:g} {fold:g}v{box.height - fold:g}h-{box.width:g}z"
        f"m{box.width - fold:g} 0v{fold:g}h{fold:g}"
    )
    return f'<path d="{path}" fill="{style.fill}" stroke="{style.ink}" stroke-width="2"/>'


def line(item: Line, name: str, style: Style, *, width: float = 2) -> str:
    """A flow with rounded bends, arrow and name."""
    if len(item.points) < 2:
        return ""
    way = _rounded(item.points)
    if item.tag == "messageFlow":
        ends = f'marker-start="url(#{_id("ball", style)})" marker-end="url(#{_id("open", style)})"'
        look = f'stroke-width="1.500" stroke-dasharray="10 11" {ends}'
    elif item.tag == "association":
        look = 'stroke-width="2" stroke-dasharray="0 5" stroke-linecap="round"'
    else:
        start = f' marker-start="url(#{_id("slash", style)})"' if item.default else ""
        start = f' marker-start="url(#{_id("diamond", style)})"' if item.conditional else start
        look = f'stroke-width="{width:g}" marker-end="url(#{_id("arrow", style)})"{start}'
    drawn = f'<path d="{way}" fill="none" stroke="{style.ink}" stroke-linejoin="round" {look}/>'
    if not name:
        return drawn
    label = item.label or _half_way(item.points)
    return drawn + outside(name, label, style)


def _half_way(points: tuple[tuple[float, float], ...]) -> Box:
    (x1, y1), (x2, y2) = points[len(points) // 2 - 1], points[len(points) // 2]
    return Box((x1 + x2) / 2 - 20, (y1 + y2) / 2 - 16, 40, 14)


def _rounded(points: tuple[tuple[float, float], ...]) -> str:
    (x, y), *rest = points
    way = f"M{x:g} {y:g}"
    for (px, py), (cx, cy), (nx, ny) in zip(points, points[1:], points[2:], strict=False):
        radius = min(5.0, _far(px, py, cx, cy) / 2, _far(cx, cy, nx, ny) / 2)
        ax, ay = _towards(cx, cy, px, py, radius)
        bx, by = _towards(cx, cy, nx, ny, radius)
        way += f"L{ax:g} {ay:g}Q{cx:g} {cy:g} {bx:g} {by:g}"
    return way + f"L{rest[-1][0]:g} {rest[-1][1]:g}"


def _far(x1: float, y1: float, x2: float, y2: float) -> float:
    return float(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5)


def _towards(x: float, y: float, tx: float, ty: float, distance: float) -> tuple[float, float]:
    length = _far(x, y, tx, ty) or 1
    return x + (tx - x) * distance / length, y + (ty - y) * distance / length


def _id(kind: str, style: Style) -> str:
    return f"{kind}-{style.ink.strip('#')}"


def markers(ink: str) -> str:
    """Arrow heads in one colour."""
    style = Style(ink)

    def marker(kind: str, body: str, x: float, y: float) -> str:
        return (
            f'<marker id="{_id(kind, style)}" viewBox="0 0 20 20" refX="{x:g}" refY="{y:g}" markerWidth="20"'
            f' markerHeight="20" orient="auto" markerUnits="userSpaceOnUse">{body}</marker>'
        )

    return "".join(
        [
            marker("arrow", f'<path d="M1 5L11 10L1 15z" fill="{ink}"/>', 11, 10),
            marker("open", f'<path d="M1 5L11 10L1 15z" fill="{PAPER}" stroke="{ink}" stroke-width="1.500"/>', 11, 10),
            marker(
                "ball", f'<circle cx="6" cy="10" r="4.500" fill="{PAPER}" stroke="{ink}" stroke-width="1.500"/>', 6, 10
            ),
            marker("slash", f'<path d="M12 5L6 15" stroke="{ink}" stroke-width="1.500" fill="none"/>', 0, 10),
            marker("diamond", f'<path d="M0 10L8 6L16 10L8 14z" fill="{PAPER}" stroke="{ink}"/>', 0, 10),
        ]
    )
