"""What was reported, in the words of the intake form: one answer after the other."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from complaintflow.cli.look import clean, columns, dim, heading, say, width, wrap
from complaintflow.cli.words import TIMELINE

if TYPE_CHECKING:
    from complaintflow.cli.caseview import Setting
    from complaintflow.facade.engine import Engine
    from complaintflow.facade.views import Case
    from complaintflow.formjs import Form

_NOTHING: Final[tuple[object, ...]] = (None, "", [], {})
# Longer answers begin on a line of their own.
_BESIDE: Final = 60
_NARROW: Final = 100


def print_payload(engine: Engine, case: Case, setting: Setting, write: Callable[[str], None] = say) -> None:
    """What the case was started with and the files that it has; nothing where it was started without data.

    Args:
        write: prints one line.
    """
    history = case.history()
    started = next((event.detail for event in history if event.event == "started"), {})
    data = started.get("data")
    if not isinstance(data, Mapping):
        return
    bundle = engine.bundle(case.id)
    lines = list(answers(bundle.intake_form(started.get("start")), data, setting))
    files = [
        f"{event.detail.get('number')} {event.detail.get('name')}" for event in history if event.event == "attached"
    ]
    if files:
        lines.append((TIMELINE[setting.language]["files"], ", ".join(files)))
    if not lines:
        return
    title = TIMELINE[setting.language]["reported"]
    if write is say:
        heading(title)
    else:
        write("")
        write(title)
    room, colon = columns() or _NARROW, TIMELINE[setting.language]["colon"]
    for label, answer in lines:
        text = clean(answer, lines=True)
        lead = label if label.endswith(("?", "\uff1f", ":", "\uff1a")) else label + colon.strip()
        if "\n" not in text and width(label) + width(text) < min(room - 6, _BESIDE + width(label)):
            write(f"  {dim(lead)}{' ' if colon.endswith(' ') else ''}{text}")
            continue
        write(f"  {dim(lead)}")
        for line in wrap(text, room, "    "):
            write(line)


def answers(form: Form | None, data: Mapping[str, Any], setting: Setting) -> Iterator[tuple[str, str]]:
    """Label and answer of everything that was said, in the order of the form; what it does not ask comes last."""
    said = dict(_flat(data, ""))
    labels: dict[str, tuple[str, dict[str, str]]] = {}
    for component in form.fields if form is not None else ():
        options = {json.dumps(one.value): _text(form, component, one.label, setting) for one in component.options or ()}
        label = _text(form, component, component.label, setting) if component.label else component.path
        labels[component.path] = (label, options)
    order = list(labels)
    places = sorted(said, key=lambda place: order.index(_path(place)) if _path(place) in labels else len(order))
    for place in places:
        label, options = labels.get(_path(place), (place, {}))
        row = re.search(r"\[(\d+)\]", place)
        yield clean(f"{label} {row[1]}" if row else label), _shown(said[place], options, setting)


def _text(form: Form | None, component: Any, text: str, setting: Setting) -> str:
    """A text of the form in the reader's language; a formula in its place says nothing, so the field's name stands."""
    name = ".".join(component.keys) or component.id
    known = setting.labels.get((f"{form.id if form is not None else ''}/{name}", text), text)
    return component.path if known.startswith("=") or "{{" in known else known


def _path(place: str) -> str:
    return re.sub(r"\[\d+\]", "[]", place)


def _shown(value: Any, options: Mapping[str, str], setting: Setting) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(one, options, setting) for one in value)
    chosen = options.get(json.dumps(value, default=str))
    if chosen is not None:
        return chosen
    if isinstance(value, bool):
        return TIMELINE[setting.language]["yes" if value else "no"]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _flat(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Everything that was not left empty, by place: ``persons[1].name``."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(inner, f"{place}.{name}" if place else str(name))
    elif isinstance(value, list) and any(isinstance(one, (Mapping, list)) for one in value):
        for number, inner in enumerate(value, 1):
            yield from _flat(inner, f"{place}[{number}]")
    elif value not in _NOTHING:
        yield place, value
