"""The marks that guard a promise (D16) or a person, and what becomes of them when a nearer layer replaces a file.

``decides`` and ``commits`` are extension properties. A layer that replaces a diagram may move, rename and redraw what
it likes; but an element that stays must keep its marks, and so must a notice that a mark made a promise. Who means to
do without says so in the layer's ``policy.toml``, with the reason:

    [policy]
    dropped_marks = { "tell-ruling.commits" = "the board decides before the complaint is filed" }

``sealed`` is a property of a form's component: its value is opened only to whom the policy grants it. A layer's form
that has the field and not the mark says why in the same place: ``"customer-intake/reporter.phone.sealed" = "..."``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from lxml import etree

from complaintflow.bpmn import xml
from complaintflow.definition.layers import Part
from complaintflow.errors import InvalidDiagram, InvalidForm
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.formjs import Component

MARKS: Final = ("decides", "commits")
SEALED: Final = "sealed"
_EXTENSIONS: Final = xml.bpmn("extensionElements")
_PROPERTY: Final = f"{_EXTENSIONS}/{xml.zeebe('properties')}/{xml.zeebe('property')}"
_HEADER: Final = f"{_EXTENSIONS}/{xml.zeebe('taskHeaders')}/{xml.zeebe('header')}"


@dataclass(frozen=True, slots=True)
class DroppedMark:
    """A mark that a layer below carries and the diagram in force does not.

    Attributes:
        element: id of the element that lacks it; of a form's field, the form's id and the field's path.
        mark: "decides" or "commits", ``value`` is the decision; "sealed", ``value`` is the class.
        below: the layer that has it.
        where: file, line and element.
        label: what the diagram calls the element.
        why: the reason given in policy.toml; empty where there is none, and then it is refused.
    """

    element: str
    mark: str
    value: str
    below: str
    where: str
    label: str
    why: str = ""

    @property
    def name(self) -> str:
        """How ``dropped_marks`` in policy.toml names it."""
        return f"{self.element}.{self.mark}"

    @property
    def what(self) -> str:
        """One sentence without full stop."""
        return f"'{self.label}' lacks the mark {self.mark}=\"{self.value}\", which it has in the layer {self.below}"

    @property
    def remedy(self) -> str:
        """What to do."""
        if self.mark == SEALED:
            return (
                f"give the field the custom property {SEALED} = {self.value} again; if everybody who sees the case "
                f'shall read it, say so under [policy] in policy.toml: dropped_marks = {{ "{self.name}" = "why" }}'
            )
        return (
            f"give {self.element} the extension property {self.mark} = {self.value} again; if the promise shall go "
            f'unguarded, say so under [policy] in policy.toml: dropped_marks = {{ "{self.name}" = "why" }}'
        )


@dataclass(frozen=True, slots=True)
class _Element:
    place: str
    label: str
    marks: Mapping[str, str]
    notice: str


def dropped_marks(part: Part, below: Sequence[Part], meant: Mapping[str, str]) -> Iterator[DroppedMark]:
    """The marks of a diagram's lower layers that it lacks.

    Args:
        part: the diagram in force.
        below: the ones it replaces, the nearest first.
        meant: ``element.mark`` -> why it is left out.
    """
    try:
        here = _elements(part)
    except InvalidDiagram:
        return  # It is refused for that.
    guarded = {one.notice: one.marks["commits"] for one in here.values() if "commits" in one.marks}
    seen: set[tuple[str, str]] = set()
    for lower in below:
        for element, mark, value in _required(here, _read(lower), guarded):
            if (element, mark) not in seen:
                seen.add((element, mark))
                found = here[element]
                where = f"{part.layer}/{part.path}, {found.place}, element {element}"
                why = meant.get(f"{element}.{mark}", "").strip()
                yield DroppedMark(element, mark, value, lower.layer, where, found.label, why)


def dropped_seals(part: Part, below: Sequence[Part], meant: Mapping[str, str]) -> Iterator[DroppedMark]:
    """The fields of a form that its lower layers seal and it does not; arguments as for ``dropped_marks``."""
    here = _fields(part)
    seen: set[str] = set()
    for lower in below:
        for path, (form_id, component) in _fields(lower).items():
            seal = component.properties.get(SEALED)
            if seal and path in here and path not in seen and here[path][1].properties.get(SEALED) != seal:
                seen.add(path)
                found = here[path][1]
                name, where = f"{form_id}/{path}", f"{part.layer}/{part.path}, element {found.id}"
                why = meant.get(f"{name}.{SEALED}", "").strip()
                yield DroppedMark(name, SEALED, seal, lower.layer, where, found.label or path, why)


def _fields(part: Part) -> dict[str, tuple[str, Component]]:
    from complaintflow.formjs import Form

    try:
        form = Form.load(part.content.decode("utf-8-sig"), file=part.path)
    except (InvalidForm, UnicodeDecodeError):
        return {}  # It is refused for that, or nothing of it is in force.
    return {component.path: (form.id, component) for component in form.root.walk() if component.path}


def _required(
    here: Mapping[str, _Element], there: Mapping[str, _Element], guarded: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Element, mark and value that must stand here, and do not."""
    for element, lower in there.items():
        for mark, value in lower.marks.items():
            if element in here:
                if here[element].marks.get(mark) != value:
                    yield element, mark, value
            elif mark == "commits" and lower.notice and lower.notice not in guarded:
                # The element is gone; whoever sends its notice now makes the same promise.
                yield from ((other, mark, value) for other, one in here.items() if one.notice == lower.notice)


def _read(part: Part) -> Mapping[str, _Element]:
    try:
        return _elements(part)
    except InvalidDiagram:
        return {}  # Nothing of it is in force.


def _elements(part: Part) -> dict[str, _Element]:
    root = xml.read(part.content, part.path)
    return {
        str(element.get("id")): _Element(
            f"line {element.sourceline}", _label(element), _marks(element), _notice(element)
        )
        for element in root.iter(f"{{{xml.BPMN}}}*")
        if element.get("id")
    }


def _marks(element: etree._Element) -> dict[str, str]:
    properties = {one.get("name"): one.get("value") or "" for one in element.findall(_PROPERTY)}
    return {mark: properties[mark] for mark in MARKS if properties.get(mark)}


def _notice(element: etree._Element) -> str:
    named = (one.get("value") for one in element.findall(_HEADER) if one.get("key") == "notice")
    return next(named, None) or ""


def _label(element: etree._Element) -> str:
    return " ".join(str(element.get("name") or element.get("id")).split())
