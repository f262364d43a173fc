"""Everything that a form is refused for, where `Form.load` raises the first: for designers, who mend it in one go.

What reads a form looks at one property after the other, so each is shown to it alone here, and none hides the next.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from complaintflow.errors import InvalidForm
from complaintflow.formjs import details
from complaintflow.formjs.component import Component
from complaintflow.formjs.details import Place, Raw, text_of
from complaintflow.formjs.paths import clashes
from complaintflow.formjs.reading import Reader, check_reserved, keys_of, known_names, parse, refuse_unknown

_NEEDED: Final = ("id", "schemaVersion", "type")


def find_problems(text: str, file: str) -> list[InvalidForm]:
    """What is wrong with the text of a ``.form`` file, in its order; nothing where `Form.load` takes it."""
    try:
        raw = parse(text, file)
    except InvalidForm as error:
        return [error]
    finder = _Finder(file)
    finder.form(raw)
    if not finder.found:
        # Two components of one place are two whole components.
        try:
            finder.found += clashes(Reader(file).root(raw), file)
        except InvalidForm as error:
            finder.found.append(error)
    return list({(error.what, error.where): error for error in finder.found}.values())


class _Finder:
    """Goes through a form as `Reader` does, and on after what it refuses."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[InvalidForm] = []
        self._reader = Reader(file)

    def form(self, raw: Raw) -> None:
        """The form itself, without its components, and then each of them."""
        sound: dict[str, object] = {"id": text_of(raw, "id") or "form", "type": "default"}
        for name in _NEEDED:
            others = {one: value for one, value in sound.items() if one != name}
            self._looked(partial(self._root, {**others, name: raw[name]} if name in raw else others))
        for name in raw:
            if name not in (*_NEEDED, "components"):
                self._looked(partial(self._root, {**sound, name: raw[name]}))
        self._inner(raw, "", 0)

    def _root(self, raw: Raw) -> Component:
        return Reader(self.file).root(raw)

    def _inner(self, raw: Raw, outer: str, depth: int) -> None:
        place = Place(self.file, str(raw.get("id") or raw.get("key") or "form"))
        if self._looked(partial(self._reader.parts, raw, place, depth)):
            for part in self._reader.parts(raw, place, depth):
                self._component(part, outer, depth)

    def _component(self, raw: Raw, outer: str, depth: int) -> None:
        kind = str(raw.get("type"))
        place = Place(self.file, str(raw.get("id") or raw.get("key") or kind))
        if self._looked(partial(self._reader.check_kind, kind, place)):
            self._properties(raw, kind, place)
        self._looked(partial(self._reader.check_id, raw, place))
        path = outer
        if self._looked(partial(keys_of, raw, kind, place)):
            path = ".".join(part for part in (outer, *keys_of(raw, kind, place)) if part)
            self._looked(partial(check_reserved, path, raw, place))
        self._inner(raw, path, depth + 1)

    def _properties(self, raw: Raw, kind: str, place: Place) -> None:
        names = known_names(kind)
        looks: list[Callable[[], object]] = [
            partial(details.properties_of, raw, place),
            partial(details.choices_of, raw, kind, place),
            partial(details.hide_of, raw, place),
            partial(details.readonly_of, raw, place),
            partial(details.formula_of, raw, kind, place),
        ]
        for name, value in raw.items():
            looks.append(partial(refuse_unknown, {name: value}, names, place))
            looks.append(partial(details.check_attributes, {name: value}, kind, place))
        rules = raw.get("validate") if "validate" in names else {}
        for one in [{name: value} for name, value in rules.items()] if isinstance(rules, dict) else [rules]:
            looks.append(partial(details.rules_of, {"validate": one}, kind, place))
        for look in looks:
            self._looked(look)

    def _looked(self, look: Callable[[], object]) -> bool:
        """Whether nothing was refused."""
        try:
            look()
        except InvalidForm as error:
            self.found.append(error)
            return False
        return True
