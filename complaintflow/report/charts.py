"""matplotlib's pictures as SVG that stands in a page: the same for the same numbers, letters as letters.

Shades differ in lightness and segments in pattern, so that a grey print says the same.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from complaintflow.figures.table import MissingLibrary
from complaintflow.picture import text
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FONTS: Final = "Arial, 'Liberation Sans', 'Noto Sans CJK SC', 'Microsoft YaHei', 'PingFang SC', sans-serif"
DARK: Final = "#1f4e79"
GOOD: Final = "#8fb8de"
BAD: Final = "#a3241a"
INK: Final = "#22242a"
SOFT: Final = "#5b6470"
# From dark to light, then again with patterns.
_LOOKS: Final = (
    ("#1f4e79", ""), ("#8fb8de", ""), ("#c98a1b", ""), ("#5f8f6b", ""), ("#d9c7e3", ""), ("#4a4a4a", ""),
)  # fmt: skip
_REST: Final = ("#eceff3", "////")
_WIDTH: Final = 7.2
_SIZE: Final = 9.5
_NO_SPINES: Final = ("top", "right", "left", "bottom")


@dataclass(frozen=True, slots=True)
class Series:
    """One part of every bar. ``rest`` is what may not be told apart."""

    label: str
    values: Sequence[float]
    rest: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """A row from one number to another, with what is written there. None: it is hidden, and ``words`` says so."""

    label: str
    low: float | None
    high: float | None
    words: tuple[str, str]


def require() -> None:
    """Raises MissingLibrary: matplotlib is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise MissingLibrary("matplotlib, which draws the charts of a report, is not installed") from None


def columns(name: str, labels: Sequence[str], series: Sequence[Series], totals: Sequence[str]) -> str:
    """Upright bars, one on the other, with the whole on top."""
    with _drawing(name, 2.9) as (axes, done):
        bottom = [0.0] * len(labels)
        for (colour, hatch), one in zip(_looks(series), series, strict=True):
            axes.bar(
                range(len(labels)), one.values, 0.56, bottom=bottom, color=colour, hatch=hatch, edgecolor="white",
                linewidth=1, label=one.label,
            )  # fmt: skip
            bottom = [low + value for low, value in zip(bottom, one.values, strict=True)]
        top = max([*bottom, 1])
        for place, (height, words) in enumerate(zip(bottom, totals, strict=True)):
            axes.text(place, height + top * 0.02, words, ha="center", va="bottom", weight="bold", color=INK)
        axes.set_xticks(range(len(labels)), labels)
        axes.set_xlim(-0.6, max(len(labels) - 0.4, 2.4))
        axes.set_ylim(0, top * 1.14)
        axes.set_yticks([])
        _bare(axes, "bottom")
        legend = len(series) > 1
        _place(axes, 0.02, 0.11, 0.66 if legend else 0.98, 0.98)
        if legend:
            axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False, reverse=True, handlelength=1.3)
    return done[0]


def shares(name: str, labels: Sequence[str], good: Sequence[int], bad: Sequence[int], legend: tuple[str, str]) -> str:
    """Lying bars: what was in time and what was late, with both numbers."""
    with _drawing(name, 0.62 + 0.29 * len(labels)) as (axes, done):
        places = range(len(labels))
        axes.barh(places, good, 0.62, color=GOOD, label=legend[0])
        axes.barh(places, bad, 0.62, left=good, color=BAD, label=legend[1])
        top = max([kept + late for kept, late in zip(good, bad, strict=True)] + [1])
        for place, (kept, late) in enumerate(zip(good, bad, strict=True)):
            if kept > top * 0.05:
                axes.text(kept / 2, place, str(kept), ha="center", va="center", color=INK)
            if late:
                axes.text(kept + late + top * 0.012, place, str(late), va="center", color=BAD, weight="bold")
        axes.set_xlim(0, top * 1.08)
        _rows(axes, labels)
        axes.legend(
            loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, frameon=False, borderaxespad=0.1, handlelength=1.3
        )
    return done[0]


def spans(name: str, rows: Sequence[Span], legend: tuple[str, str]) -> str:
    """From the middle to nine of ten, a row each."""
    with _drawing(name, 0.66 + 0.31 * len(rows)) as (axes, done):
        top = max([row.high for row in rows if row.high is not None] + [1.0])
        for place, row in enumerate(rows):
            if row.low is None or row.high is None:
                axes.text(0, place, row.words[0], va="center", color=SOFT, style="italic")
                continue
            axes.plot([row.low, row.high], [place, place], color=GOOD, linewidth=4, solid_capstyle="round", zorder=1)
            axes.scatter([row.low], [place], s=52, color=DARK, zorder=3)
            axes.scatter(
                [row.high], [place], s=46, marker="D", color="white", edgecolors=DARK, linewidths=1.6, zorder=2
            )
            low, high = text.width(row.words[0], _SIZE), row.words[1]
            axes.text(row.high + top * 0.03, place, high, va="center", color=INK)
            if row.high - row.low > top * (low / 300):
                axes.text(row.low + top * 0.022, place - 0.06, row.words[0], va="bottom", color=INK, size=_SIZE - 1)
            else:
                axes.text(
                    row.low - top * 0.022, place, row.words[0], va="center", ha="right", color=INK, size=_SIZE - 1
                )
        axes.set_xlim(-top * 0.03, top * 1.16)
        _rows(axes, [row.label for row in rows], room=0.7)
        axes.scatter([], [], s=52, color=DARK, label=legend[0])
        axes.scatter([], [], s=46, marker="D", color="white", edgecolors=DARK, linewidths=1.6, label=legend[1])
        axes.legend(
            loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, frameon=False, borderaxespad=0.1, handletextpad=0.2
        )
    return done[0]


def bars(name: str, labels: Sequence[str], values: Sequence[float | None], words: Sequence[str]) -> str:
    """Lying bars with their numbers; None is hidden, and its words say so."""
    with _drawing(name, 0.25 + 0.33 * len(labels)) as (axes, done):
        top = max([value for value in values if value is not None] + [1.0])
        axes.barh(range(len(labels)), [value or 0 for value in values], 0.6, color=DARK)
        for place, (value, said) in enumerate(zip(values, words, strict=True)):
            hidden = value is None
            axes.text(
                (value or 0) + top * 0.015, place, said, va="center", color=SOFT if hidden else INK,
                style="italic" if hidden else "normal",
            )  # fmt: skip
        axes.set_xlim(0, top * 1.25)
        _rows(axes, labels, top=0.97)
    return done[0]


def _looks(series: Sequence[Series]) -> Iterator[tuple[str, str]]:
    for place, one in enumerate(series):
        yield _REST if one.rest else _LOOKS[place % len(_LOOKS)]


def _rows(axes: Axes, labels: Sequence[str], *, room: float = 0.5, top: float = 0.0) -> None:
    """Names at the left of lying bars, the first on top, with as much room as the longest needs."""
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(length=0)
    axes.set_xticks([])
    axes.set_ylim(len(labels) - room, -room)
    _bare(axes)
    widest = max((text.width(label, _SIZE) for label in labels), default=0) * 1.04 + 10
    height = float(axes.get_figure(root=True).get_size_inches()[1])  # type: ignore[union-attr]
    left = min(widest / (_WIDTH * 72), 0.5)
    _place(axes, left, 0.02, 0.985, top or 1 - 0.32 / height)


def _place(axes: Axes, left: float, bottom: float, right: float, top: float) -> None:
    axes.set_position((left, bottom, right - left, top - bottom))


def _bare(axes: Axes, *kept: str) -> None:
    for side in _NO_SPINES:
        axes.spines[side].set_visible(side in kept)
    axes.spines["bottom"].set_color(SOFT)
    axes.tick_params(length=0, colors=INK)


@contextmanager
def _drawing(name: str, height: float) -> Iterator[tuple[Axes, list[str]]]:
    """An empty chart; its SVG is in the list afterwards."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    done: list[str] = []
    # Widths are measured in the one font that comes with matplotlib, so that all machines draw the same.
    settings: dict[Any, Any] = {
        "svg.fonttype": "none", "svg.hashsalt": name, "font.family": "DejaVu Sans", "font.size": _SIZE,
        "hatch.linewidth": 0.7, "hatch.color": SOFT, "path.simplify": False,
    }  # fmt: skip
    with matplotlib.rc_context(settings), _quiet():
        figure = Figure(figsize=(_WIDTH, height))
        FigureCanvasSVG(figure)
        axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
        yield axes, done
        out = io.StringIO()
        nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(out, format="svg", metadata=nothing, transparent=True)
    done.append(_inline(out.getvalue(), name))


@contextmanager
def _quiet() -> Iterator[None]:
    """That the measuring font has no Chinese letters matters to nobody: readers bring their own."""
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def _inline(svg: str, name: str) -> str:
    """Without a head, with ids of its own, and without a style sheet that would hold for the whole page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<style[^>]*>.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<defs>\s*</defs>", "", svg)
    svg = svg.replace("'DejaVu Sans'", FONTS)
    svg = re.sub(r' id="', f' id="{name}-', svg)
    svg = re.sub(r'(xlink:href|href)="#', f'\\1="#{name}-', svg)
    svg = svg.replace("url(#", f"url(#{name}-")
    return svg.replace("<svg ", '<svg stroke-linejoin="round" stroke-linecap="butt" ', 1).strip()
