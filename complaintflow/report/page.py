"""The page: every number with its words, in one HTML file that loads nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from complaintflow.records import dataclass
from complaintflow.report.charts import FONTS
from complaintflow.report.diagrams import diagrams, legend, rounds, shade
from complaintflow.report.findings import Scene, problems
from complaintflow.report.gathering import received
from complaintflow.report.naming import element_names, task_names, value_names
from complaintflow.report.pictures import pictures
from complaintflow.report.words import BETTER
from complaintflow.report.writing import Writer

if TYPE_CHECKING:
    from complaintflow.definition.definition import Bundle
    from complaintflow.figures.registry import Language
    from complaintflow.figures.table import Figure
    from complaintflow.report.gathering import Material
    from complaintflow.report.heat import Heat
    from complaintflow.report.reviews import Review, Words

_HERE: Final = "complaintflow.report"
_CARDS: Final = (
    "received", "ended", "acceptance", "handling", "satisfaction", "score", "feedback", "breaches", "duration",
    "duration_p90", "working_days", "working_days_p90", "reopened", "cost",
)  # fmt: skip
_COLUMNS: Final = (
    "received",
    "ended",
    "handling",
    "satisfaction",
    "feedback",
    "breaches",
    "duration",
    "reopened",
    "cost",
)
_MARKS: Final = {"good": "●", "fair": "▲", "poor": "■"}
_MINUS: Final = "−"
_LONGEST: Final = 10
_NOTABLE: Final[Mapping[str, Decimal]] = {"%": Decimal(2), "points": Decimal("0.1")}
"""What changed by less is about the same; of other units, a twentieth."""
_TWENTIETH: Final = Decimal("0.05")


@dataclass(frozen=True, slots=True)
class _Card:
    """A big number."""

    id: str
    label: str
    value: Decimal | None
    shown: str
    unit: str
    made: str
    before: str
    trend: str
    mood: str


def write_page(
    bundle: Bundle,
    material: Material,
    heat: Heat,
    language: Language,
    proposals: Sequence[str],
    reviews: Sequence[Review] = (),
) -> str:
    """The report as HTML. Raises MissingLibrary."""
    from jinja2 import Environment, StrictUndefined

    writer = Writer(language, value_names(bundle, language))
    names = element_names(bundle, language)
    # Lines of a template that only steer leave nothing behind.
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_file("page.html.j2"))
    period, whole = material.period, material.whole
    zone = str(period.since.tzinfo)
    context: dict[str, Any] = {
        "lang": {"en": "en", "zh": "zh-Hans"}[language],
        "say": writer.say,
        "css": _safe(_file("page.css")),
        "title": _title(bundle, names, language),
        "period": period.name,
        "when": writer.say("cover", since=writer.day(period.since), until=writer.day(_last_day(material)), zone=zone),
        "counted": writer.say("counted", at=writer.moment(whole.counted_until.astimezone(period.since.tzinfo))),
        "running": whole.counted_until < period.until,
        "empty": material.empty,
        "footer": _footer(writer, whole.policy, proposals),
    }
    if not material.empty:
        context |= _body(bundle, material, heat, writer, names) | _reviewed(reviews, proposals, writer)
    return template.render(context)


def _body(
    bundle: Bundle,
    material: Material,
    heat: Heat,
    writer: Writer,
    names: Mapping[str, str],
) -> dict[str, Any]:
    deadline = _deadlines(bundle, writer)
    drawn, never = diagrams(bundle, material, heat, writer, names, FONTS.replace("'", "")) if heat.read else ([], [])
    names = task_names(bundle, writer.language)
    back = {flow: _round_name(bundle, flow[1], names) for flow in rounds(bundle)}
    scene = Scene(material, heat, writer, deadline, lambda element: names.get(element, element), back)
    found = problems(scene)
    return {
        "cards": _cards(material, writer),
        "promises": _promises(material, bundle, writer, deadline),
        "verdict": _verdict(material, writer),
        "not_due": _not_due(material, bundle, writer, deadline),
        "charts": pictures(material, writer, deadline),
        "grid": _grid(material, writer),
        "few": writer.say("few", smallest=material.whole.smallest) if _hides(material) else "",
        "diagrams": drawn,
        "legend": legend(writer),
        "heat_read": heat.read,
        "heat_about": _heat_about(heat, writer),
        "heat_shredded": _heat_shredded(heat, writer),
        "not_taken": writer.say("heat not taken", names=writer.listed(never)) if never else "",
        "longest": _longest(material, heat, writer, names),
        "problems": found,
        "questions": [one.question for one in found if one.question],
        "departments": _departments(material, writer),
    }


def _reviewed(reviews: Sequence[Review], handed_in: Sequence[str], writer: Writer) -> dict[str, Any]:
    """What people proposed and decided: in numbers always, in words where somebody released them."""

    def told(one: Words) -> str:
        if one.department is None:
            return one.text
        word = "decided for" if one.due is None else "decided until"
        day = writer.day(one.due) if one.due is not None else ""
        return writer.say(word, text=one.text, department=writer.name(one.department), day=day)

    return {
        "reviewed": [
            writer.say("reviewed", numbers=writer.listed(_number(label, value, writer) for label, value in one.numbers))
            for one in reviews
            if one.numbers
        ],
        "kept_back": any(one.numbers and not one.proposed and not one.decided for one in reviews),
        "proposed": [told(one) for review in reviews for one in review.proposed],
        "proposals": [*handed_in, *(told(one) for review in reviews for one in review.decided)],
    }


def _number(label: Mapping[Language, str], value: Decimal, writer: Writer) -> str:
    return writer.say("counted name", name=label[writer.language], count=writer.number(value))


def _file(name: str) -> str:
    return resources.files(_HERE).joinpath(name).read_text(encoding="utf-8")


def _safe(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)  # noqa: S704  our own style sheet


def _title(bundle: Bundle, names: Mapping[str, str], language: Language) -> str:
    """The policy's title; in Chinese what its translation calls the process."""
    title = bundle.policy.head.title or bundle.policy.head.id
    return title if language == "en" else names.get(bundle.process_id) or title


def _last_day(material: Material) -> Any:
    from datetime import timedelta

    return material.period.until - timedelta(microseconds=1)


def _footer(writer: Writer, policy: str, proposals: Sequence[str]) -> str:
    text = writer.say("footer", policy=policy)
    return text + (writer.say("stop") + writer.say("footer proposals") if proposals else "")


def _heat_about(heat: Heat, writer: Writer) -> str:
    whole = heat.read + heat.shredded == heat.began
    if whole and heat.read == 1:
        return writer.say("heat one")
    return writer.say("heat about" if whole else "heat sample", read=heat.read, began=heat.began)


def _heat_shredded(heat: Heat, writer: Writer) -> str:
    if not heat.shredded:
        return ""
    return writer.say("heat shredded one" if heat.shredded == 1 else "heat shredded", shredded=heat.shredded)


def _hides(material: Material) -> bool:
    figures = [*material.whole, *(one for part in material.parts.values() for one in part)]
    cells = material.grid.cells.values() if material.grid is not None else ()
    return any(one.suppressed for one in figures) or None in cells


def _deadlines(bundle: Bundle, writer: Writer) -> Callable[[str], str]:
    def name(deadline: str) -> str:
        entry = bundle.policy.deadlines.get(deadline)
        return entry.label.get(writer.language, deadline) if entry is not None else deadline

    return name


def _round_name(bundle: Bundle, flow: str, names: Mapping[str, str]) -> str:
    """What people call a way back: by its own name, else by what it leads away from."""
    if names.get(flow):
        return names[flow]
    source = next((edge.source.bpmn_id for edge in bundle.program.edges if edge.id == flow), flow)
    return names.get(source, source)


# -- big numbers --------------------------------------------------------------------------------


def _cards(material: Material, writer: Writer) -> list[_Card]:
    whole = {one.id: one for one in material.whole if not one.by}
    return [_card(whole[id], material, writer) for id in _CARDS if id in whole]


def _card(one: Figure, material: Material, writer: Writer) -> _Card:
    before = material.before.get(one.id)
    earlier = before.value if before is not None else None
    period = material.before.period.name
    made = ""
    if one.unit in ("%", "promises") and one.denominator and one.numerator is not None:
        made = writer.say("of", part=writer.number(one.numerator), whole=writer.number(one.denominator))
    if one.unit == "promises" and one.denominator and one.numerator is not None:
        made += f" ({writer.share(int(one.numerator), one.denominator)})"
    unit = {"days": "days", "working days": "working day"}.get(one.unit, "")
    trend, mood = _trend(one, earlier, material, writer)
    return _Card(
        one.id,
        one.definition.label[writer.language],
        one.value,
        writer.number(one.value, one.unit) if one.value is not None else "",
        (writer.say("days axis") if unit == "days" else writer.say("working day")) if unit else "",
        made,
        writer.say("before", period=period, value=writer.number(earlier, one.unit))
        if earlier is not None
        else writer.say("before none", period=period),
        trend,
        mood,
    )


def _trend(one: Figure, earlier: Decimal | None, material: Material, writer: Writer) -> tuple[str, str]:
    """What changed in words, and whether it is better; of a time that is not over, numbers of cases say nothing."""
    running = material.whole.counted_until < material.period.until
    if one.value is None or earlier is None or (running and one.unit in ("cases", "promises", "money")):
        return "", ""
    change = one.value - earlier
    size = writer.number(abs(change), one.unit).replace("%", "")
    if not any(digit in "123456789" for digit in size):
        return writer.say("same"), ""
    arrow, sign = ("▲", "+") if change > 0 else ("▼", _MINUS)
    unit = f" {writer.say('points more')}" if one.unit == "%" else ""
    words = f"{arrow} {sign}{size}{unit}"
    if one.id not in BETTER:
        return words, ""
    if abs(change) < _NOTABLE.get(one.unit, earlier * _TWENTIETH):
        return f"{words} · {writer.say('about the same')}", ""
    mood = "better" if (change > 0) == (BETTER[one.id] > 0) else "worse"
    return f"{words} · {writer.say(mood)}", mood


# -- promises -----------------------------------------------------------------------------------


def _promises(
    material: Material, bundle: Bundle, writer: Writer, deadline: Callable[[str], str]
) -> list[dict[str, Any]]:
    rows = []
    for one in sorted(material.promises, key=lambda one: (-one.late / one.due, -one.due, one.deadline)):
        entry = bundle.policy.deadlines.get(one.deadline)
        mood = "good" if not one.late else "fair" if one.kept * 10 >= one.due * 9 else "poor"
        rows.append(
            {
                "id": one.deadline, "label": deadline(one.deadline),
                "within": writer.interval(entry.interval) if entry is not None else "",
                "due": writer.number(one.due), "kept": writer.number(one.kept), "late": writer.number(one.late),
                "open": writer.number(one.open), "is_late": one.late > 0, "is_open": one.open > 0,
                "share": writer.share(one.kept, one.due),
                "width": f"{100 * one.kept / one.due:.1f}", "rest": f"{100 * one.late / one.due:.1f}",
                "mood": mood, "mark": _MARKS[mood],
            }
        )  # fmt: skip
    return rows


def _verdict(material: Material, writer: Writer) -> str:
    due, late = sum(one.due for one in material.promises), sum(one.late for one in material.promises)
    open_ = sum(one.open for one in material.promises)
    filled = {key: writer.number(value) for key, value in (("due", due), ("late", late), ("kept", due - late))}
    words = writer.say("verdict some" if late else "verdict all", **filled)
    return words + (writer.say("stop") + writer.say("verdict open", open=writer.number(open_)) if open_ else "")


def _not_due(material: Material, bundle: Bundle, writer: Writer, deadline: Callable[[str], str]) -> str:
    due = {one.deadline for one in material.promises}
    rest = [deadline(name) for name, entry in bundle.policy.deadlines.items() if entry.promise and name not in due]
    return writer.say("not due", names=writer.listed(dict.fromkeys(rest))) if rest else ""


# -- tables -------------------------------------------------------------------------------------


def _grid(material: Material, writer: Writer) -> dict[str, Any] | None:
    grid = material.grid
    if grid is None or not grid.cells:
        return None
    rows, columns = received(material.parts["type"], "type"), received(material.parts["department"], "department")
    most = max([number for number in grid.cells.values() if number], default=1)

    def count(number: int | None) -> str:
        return writer.say("too few") if number is None else writer.number(number)

    def cell(number: int | None) -> dict[str, str]:
        if number is None:
            return {"text": writer.say("too few"), "shade": "few"}
        step = 0 if not number else min(4, 1 + 4 * number // (most + 1))
        return {"text": writer.number(number) if number else "·", "shade": f"s{step}"}

    whole = material.whole.get("received")
    return {
        "heads": [writer.name(column) for column in grid.columns],
        "rows": [
            {
                "label": writer.name(row),
                "cells": [cell(grid.cells.get((row, column), 0)) for column in grid.columns],
                "total": count(rows[row]),
            }
            for row in grid.rows
        ],
        "totals": [count(columns[column]) for column in grid.columns],
        "whole": writer.number(whole.value or 0) if whole is not None else "",
    }


def _longest(material: Material, heat: Heat, writer: Writer, names: Mapping[str, str]) -> list[dict[str, str]]:
    """Where most of the time goes; tasks with few visits are left out, for their time is somebody's."""
    shown = [element for element, times in heat.waits.items() if len(times) >= material.whole.smallest]
    shown.sort(key=lambda element: (-heat.total(element), element))
    rows = []
    for element in shown[:_LONGEST]:
        half = heat.median(element)
        assert half is not None
        rows.append(
            {
                "label": names.get(element, element), "visits": writer.number(len(heat.waits[element])),
                "half": writer.lasting(half), "shade": shade(half), "together": writer.lasting(heat.total(element)),
                "open": writer.number(heat.open[element]),
            }
        )  # fmt: skip
    return rows


def _departments(material: Material, writer: Writer) -> dict[str, Any] | None:
    figures = material.parts.get("department")
    if figures is None:
        return None
    found: dict[str | None, dict[str, Figure]] = {}
    for one in figures:
        found.setdefault(dict(one.by)["department"], {})[one.id] = one
    known = {id for row in found.values() for id in row}
    columns = [id for id in _COLUMNS if id in known]
    counts = received(figures, "department")
    order = sorted(found, key=lambda group: (group is None, -(counts.get(group) or 0), group or ""))
    definitions = {one.id: one.definition for one in figures}
    return {
        "heads": [definitions[id].label[writer.language] for id in columns],
        "rows": [
            {
                "id": group or "",
                "label": writer.name(group),
                "cells": [_cell(found[group].get(id), id, writer) for id in columns],
            }
            for group in order
        ],
    }


def _cell(one: Figure | None, id: str, writer: Writer) -> dict[str, Any]:
    if one is None or (one.value is None and not one.suppressed):
        return {"value": None, "shown": "–", "figure": id}
    if one.suppressed or one.value is None:
        return {"value": None, "shown": writer.say("too few"), "figure": id}
    return {"value": one.value, "shown": writer.number(one.value, one.unit), "figure": id}
