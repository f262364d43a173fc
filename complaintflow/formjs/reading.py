"""Read a ``.form`` file (form-js JSON, schema versions up to 20) into components.

What is not on the lists below is refused, so that nothing that changes a form's behaviour is overlooked. The lists
follow the components and the properties panel of form-js 1.23.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches

from complaintflow.errors import InvalidForm
from complaintflow.formjs import details
from complaintflow.formjs.component import KEYED, TYPES, Component
from complaintflow.formjs.details import Place, Raw, text_of

NEWEST_SCHEMA = 20
MAX_SIZE = 2_000_000  # characters of JSON
MAX_DEPTH = 20  # containers within containers
RESERVED = frozenset({"case", "policy"})  # variables of every case that nobody writes


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ROOT = _words(
    "type id components schemaVersion exporter executionPlatform executionPlatformVersion versionTag properties"
)
_COMMON = _words(
    "type id key path label title description layout appearance conditional properties text content url"
    " height source alt dataSource columns columnsExpression rowCount action security showOutline"
    " verticalAlignment endpointKey maxHeight"
)
_INPUT = _words("disabled readonly validate defaultValue")
_OPTIONS = frozenset({"values", "valuesKey", "valuesExpression"})
_OWN: Mapping[str, frozenset[str]] = {
    "number": frozenset({"decimalDigits", "increment", "serializeToString"}),
    "datetime": _words("subtype dateLabel timeLabel timeSerializingFormat use24h timeInterval disallowPassedDates"),
    "filepicker": frozenset({"multiple", "accept"}),
    "expression": frozenset({"expression", "computeOn"}),
    "group": frozenset({"components"}),
    "dynamiclist": _words("components isRepeating allowAddRemove defaultRepetitions disableCollapse nonCollapsedItems"),
    "select": _OPTIONS | {"searchable"},
    "radio": _OPTIONS,
    "checklist": _OPTIONS,
    "taglist": _OPTIONS,
}
_SEGMENT = re.compile(r"[^\W\d]\w*")


def parse(text: str, file: str) -> dict[str, object]:
    """The JSON object in ``text``.

    Raises:
        InvalidForm: it is not JSON, not an object, too large, or has a name twice in one object.
    """
    try:
        if len(text) > MAX_SIZE:
            raise ValueError(f"it is longer than {MAX_SIZE} characters")
        found = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise InvalidForm(
            f"{file} is not form-js JSON: {error}",
            where=file,
            advice="open the form in Camunda Modeler and save it again",
        ) from error
    if not isinstance(found, dict) or not isinstance(found.get("components"), list):
        raise InvalidForm(
            f"{file} is JSON but not a form: it has no list of components",
            where=file,
            advice="make the form in Camunda Modeler (New file > Form) and save it here",
        )
    return found


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("one object has the same name twice")
    return found


class Reader:
    """Turns the JSON of one file into components, checking as it goes.

    Args:
        file: named in every error.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self._ids: set[str] = set()

    def root(self, raw: Raw) -> Component:
        """The form itself, a component of type ``default``.

        Raises:
            InvalidForm: with the file, the component and what to change.
        """
        place = Place(self.file, text_of(raw, "id") or "form")
        if not text_of(raw, "id"):
            place.refuse("the form has no id", "give the form an id in the properties panel of Camunda Modeler")
        version = raw.get("schemaVersion", NEWEST_SCHEMA)
        if not isinstance(version, int) or version > NEWEST_SCHEMA:
            place.refuse(
                f"the form has schema version {version!r}, and versions up to {NEWEST_SCHEMA} are read",
                "save the form with Camunda Modeler 5, or upgrade complaintflow",
            )
        if raw.get("type") != "default":
            place.refuse(f"its type is {raw.get('type')!r} instead of 'default'", "open the form in Camunda Modeler")
        refuse_unknown(raw, _ROOT, place)
        self._ids.add(place.component)
        marks = details.properties_of(raw, place)
        inner = self._inner(raw, "", {}, place, 0)
        return Component(place.component, "default", properties=marks, attributes=raw, components=inner)

    def _inner(self, raw: Raw, path: str, marks: Mapping[str, str], place: Place, depth: int) -> tuple[Component, ...]:
        return tuple(self._component(part, path, marks, depth) for part in self.parts(raw, place, depth))

    def parts(self, raw: Raw, place: Place, depth: int) -> list[Raw]:
        """The components inside. Raises InvalidForm."""
        parts = raw.get("components", [])
        if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
            place.refuse("its components are not a list of objects", "make the form anew in Camunda Modeler")
        if depth > MAX_DEPTH:
            place.refuse(f"containers are nested deeper than {MAX_DEPTH}", "flatten the form")
        return parts

    def _component(self, raw: Raw, outer: str, marks: Mapping[str, str], depth: int) -> Component:
        kind = str(raw.get("type"))
        place = Place(self.file, str(raw.get("id") or raw.get("key") or kind))
        self.check_kind(kind, place)
        self.check_id(raw, place)
        refuse_unknown(raw, known_names(kind), place)
        details.check_attributes(raw, kind, place)
        keys = keys_of(raw, kind, place)
        repeats = kind == "dynamiclist" and raw.get("isRepeating") is not False
        path = ".".join(part for part in (outer, *keys) if part) + "[]" * repeats
        check_reserved(path, raw, place)
        properties = {**marks, **details.properties_of(raw, place)}
        options, options_from = details.choices_of(raw, kind, place)
        return Component(
            id=place.component,
            type=kind,
            path=path if keys else "",
            keys=keys,
            label=next((text_of(raw, name) for name in ("label", "dateLabel", "timeLabel") if text_of(raw, name)), ""),
            description=text_of(raw, "description"),
            properties=properties,
            rules=details.rules_of(raw, kind, place),
            hide=details.hide_of(raw, place),
            disabled=details.flag_of(raw, "disabled", place),
            readonly=details.readonly_of(raw, place),
            options=options,
            options_from=options_from,
            formula=details.formula_of(raw, kind, place),
            repeats=repeats,
            components=self._inner(raw, path, properties, place, depth + 1),
            attributes=raw,
        )

    def check_kind(self, kind: str, place: Place) -> None:
        """Raises InvalidForm: there is no component of this type."""
        if kind not in TYPES or kind == "default":
            known = sorted(TYPES - {"default"})
            near = get_close_matches(kind, known, 1)
            place.refuse(
                f"the component type {kind!r} is not known",
                f"did you mean {near[0]!r}?" if near else f"use one of: {', '.join(known)}",
            )

    def check_id(self, raw: Raw, place: Place) -> None:
        """Raises InvalidForm: its id is no text, or another component's."""
        if not isinstance(raw.get("id", ""), str):
            place.refuse(f"its id is {raw['id']!r}", "give it an id of letters, digits and underscores")
        if raw.get("id") in self._ids:
            place.refuse("two components have this id", "give one of them another id")
        if "id" in raw:
            self._ids.add(place.component)


def known_names(kind: str) -> frozenset[str]:
    """The properties that a component of this type may have."""
    takes_input = kind in KEYED and kind != "expression"
    return _COMMON | _OWN.get(kind, frozenset()) | (_INPUT if takes_input else frozenset())


def refuse_unknown(raw: Raw, names: frozenset[str], place: Place) -> None:
    """Raises InvalidForm: it has a property of another name."""
    for name in raw:
        if name not in names:
            near = get_close_matches(name, names, 1)
            place.refuse(
                f"the property {name!r} is not known here",
                f"did you mean {near[0]!r}?" if near else "remove it; marks of your own belong under properties",
            )


def keys_of(raw: Raw, kind: str, place: Place) -> tuple[str, ...]:
    """The names that the component adds to the path of its container."""
    name = "key" if kind in KEYED else "path"
    text = raw.get(name) or ""
    if (kind not in KEYED and kind not in ("group", "dynamiclist")) or (kind == "group" and text == ""):
        return ()
    if not isinstance(text, str) or not all(_SEGMENT.fullmatch(part) for part in text.split(".")):
        place.refuse(
            f"its {name} is {text!r}" if text else f"it has no {name}",
            f"give it a {name} of letters, digits and underscores, with dots between levels, such as reporter.name",
        )
    return tuple(text.split("."))


def check_reserved(path: str, raw: Raw, place: Place) -> None:
    """Raises InvalidForm: it would write what nobody writes."""
    first = path.partition(".")[0].removesuffix("[]")
    writes = str(raw.get("type")) in KEYED and not (raw.get("disabled") is True or raw.get("readonly") is True)
    if first in RESERVED and writes:
        place.refuse(
            f"it would write {path}, and {first} can only be read", "make the component read-only, or change its key"
        )
