"""Which charts there are, and what is in them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from complaintflow.records import dataclass
from complaintflow.report import charts
from complaintflow.report.charts import Series, Span
from complaintflow.report.gathering import received

if TYPE_CHECKING:
    from collections.abc import Callable

    from complaintflow.figures.table import Figure
    from complaintflow.report.gathering import Material
    from complaintflow.report.writing import Writer

_TYPES: Final = 5
"""So many types have a colour of their own."""
_ROWS: Final = 14


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with its title, and a sentence on how to read it."""

    title: str
    about: str
    svg: str


def pictures(material: Material, writer: Writer, deadline: Callable[[str], str]) -> list[Chart]:
    """The charts that have something to show. Raises MissingLibrary."""
    charts.require()
    made = [
        _received(material, writer), _deadlines(material, writer, deadline), _durations(material, writer),
        _bearers(material, writer),
    ]  # fmt: skip
    return [one for one in made if one is not None]


def _received(material: Material, writer: Writer) -> Chart | None:
    if not any(one.received for one in material.slices):
        return None
    monthly = len(material.period.name) != len("2026-07")
    short = len(material.slices) > 4
    labels = [
        writer.month(one.since, short=short) if monthly else writer.week(one.since, one.until)
        for one in material.slices
    ]
    totals = [writer.number(one.received) for one in material.slices]
    figures = material.parts.get("type")
    kinds = [kind for kind, count in received(figures, "type").items() if count] if figures is not None else []
    order = {kind: sum(one.by_type.get(kind, 0) for one in material.slices) for kind in kinds}
    kinds = sorted((kind for kind in kinds if order[kind]), key=lambda kind: (kind is None, -order[kind], kind or ""))
    named, others = kinds[:_TYPES], kinds[_TYPES:]
    series = [Series(writer.name(kind), [one.by_type.get(kind, 0) for one in material.slices]) for kind in named]
    if others:
        rest = [sum(one.by_type.get(kind, 0) for kind in others) for one in material.slices]
        series.append(Series(writer.say("others"), rest))
    hidden = [one.received - sum(one.by_type.values()) for one in material.slices]
    if not series:
        series = [Series(writer.say("all"), hidden)]
    elif any(number > 0 for number in hidden):
        series.append(Series(writer.say("hidden rest"), [max(number, 0) for number in hidden], rest=True))
    title = writer.say("chart received type" if len(series) > 1 else "chart received")
    return Chart(title, writer.say("about received"), charts.columns("received", labels, series, totals))


def _deadlines(material: Material, writer: Writer, deadline: Callable[[str], str]) -> Chart | None:
    due = sorted(material.promises, key=lambda one: (-one.late, -one.due, one.deadline))[:_ROWS]
    if not due:
        return None
    svg = charts.shares(
        "deadlines",
        [deadline(one.deadline) for one in due],
        [one.kept for one in due],
        [one.late for one in due],
        (writer.say("kept"), writer.say("late")),
    )
    return Chart(writer.say("chart deadlines"), writer.say("about deadlines"), svg)


def _durations(material: Material, writer: Writer) -> Chart | None:
    middle, ninth = material.whole.get("duration"), material.whole.get("duration_p90")
    if middle is None or ninth is None or middle.value is None or ninth.value is None:
        return None
    rows = [_span(writer.say("all"), middle, ninth, writer)]
    figures = material.parts.get("type")
    if figures is not None:
        found = {dict(one.by)["type"]: one for one in figures if one.id == "duration"}
        late = {dict(one.by)["type"]: one for one in figures if one.id == "duration_p90"}
        order = sorted(found, key=lambda kind: (found[kind].value is None, -(found[kind].value or 0), kind or ""))
        rows += [_span(writer.name(kind), found[kind], late[kind], writer) for kind in order[:_ROWS]]
    svg = charts.spans("durations", rows, (writer.say("median"), writer.say("ninth")))
    return Chart(writer.say("chart durations"), writer.say("about durations"), svg)


def _span(label: str, middle: Figure, ninth: Figure, writer: Writer) -> Span:
    if middle.value is None or ninth.value is None:
        return Span(label, None, None, (writer.say("too few"), ""))
    words = (writer.number(middle.value, "days"), writer.number(ninth.value, "days"))
    return Span(label, float(middle.value), float(ninth.value), words)


def _bearers(material: Material, writer: Writer) -> Chart | None:
    found = [one for one in material.whole if one.id == "cost" and one.by]
    if not found:
        return None
    found.sort(key=lambda one: (one.value is None, -(one.value or Decimal(0)), one.by))
    svg = charts.bars(
        "bearer",
        [writer.name(dict(one.by)["bearer"]) for one in found],
        [float(one.value) if one.value is not None else None for one in found],
        [writer.number(one.value, "money") if one.value is not None else writer.say("too few") for one in found],
    )
    return Chart(writer.say("chart bearer"), "", svg)
