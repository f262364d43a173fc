"""Where the fields of a form stand in the data, and what in the data belongs to no field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from difflib import get_close_matches

from complaintflow.errors import InvalidForm
from complaintflow.formjs.component import Component
from complaintflow.records import dataclass

Keys = tuple[str | int, ...]

MISSING = object()
MAX_ROWS = 500


@dataclass(slots=True)
class Branch:
    """A level of the data: the names known there. ``owner`` is the field or the list that stands at this place."""

    owner: Component | None = None
    names: dict[str, Branch] = field(default_factory=dict)


def tree(root: Component, file: str) -> Branch:
    """All places of a form.

    Raises:
        InvalidForm: two components claim the same place, or one stands inside the value of another.
    """
    top = Branch()
    for problem in _grow(root, top, file):
        raise problem
    return top


def clashes(root: Component, file: str) -> list[InvalidForm]:
    """Every component whose place is another's."""
    return list(_grow(root, Branch(), file))


def _grow(container: Component, branch: Branch, file: str) -> Iterator[InvalidForm]:
    for component in container.components:
        place = branch
        for name in component.keys:
            place = place.names.setdefault(name, Branch())
            if place.owner is not None:
                yield _clash(component, place.owner, file)
        if component.bound:
            if place.names:
                yield _clash(component, next(_owners(place)), file)
            place.owner = component
        yield from _grow(component, place if component.keys else branch, file)


def _owners(branch: Branch) -> Iterator[Component]:
    for inner in branch.names.values():
        if inner.owner is not None:
            yield inner.owner
        yield from _owners(inner)


def _clash(component: Component, other: Component, file: str) -> InvalidForm:
    return InvalidForm(
        f"{component.path} is claimed by two components: {component.id} and {other.id}",
        where=f"{file}, component {component.id}",
        advice="give one of them another key",
    )


def find(data: object, names: tuple[str, ...]) -> object:
    """The value at that place, or MISSING."""
    for name in names:
        if not isinstance(data, Mapping) or name not in data:
            return MISSING
        data = data[name]
    return data


def shown(keys: Keys) -> str:
    """A place as people read it, rows counted from 1 as in FEEL: ``persons[1].name``."""
    text = ""
    for key in keys:
        text += f"[{key + 1}]" if isinstance(key, int) else f".{key}" if text else key
    return text


@dataclass(frozen=True, slots=True)
class Stranger:
    """Something in the data that belongs to no field; ``sentence`` says what is wrong with it."""

    keys: Keys
    value: object
    sentence: str
    additional: bool  # a name that the form does not have, as against a known one of the wrong shape


def strangers(branch: Branch, data: Mapping[str, object], keys: Keys = ()) -> Iterator[Stranger]:
    """Everything in ``data`` that the form has no place for."""
    for name, value in data.items():
        here = (*keys, str(name))
        known = branch.names.get(str(name))
        if known is None:
            yield Stranger(here, value, _unknown(str(name), branch, keys), True)
        elif known.owner is not None and known.owner.repeats:
            yield from _rows(known, value, here)
        elif known.owner is None and value is not None:
            if isinstance(value, Mapping):
                yield from strangers(known, value, here)
            else:
                yield Stranger(here, value, f"It must be an object with {_list(known)}.", False)


def _rows(branch: Branch, value: object, keys: Keys) -> Iterator[Stranger]:
    if value is None:
        return
    if not isinstance(value, list | tuple):
        yield Stranger(keys, value, "It must be a list.", False)
        return
    if len(value) > MAX_ROWS:
        yield Stranger(keys, value, f"It must not have more than {MAX_ROWS} rows.", False)
        return
    for index, row in enumerate(value):
        if isinstance(row, Mapping):
            yield from strangers(branch, row, (*keys, index))
        else:
            yield Stranger((*keys, index), row, f"It must be an object with {_list(branch)}.", False)


def _unknown(name: str, branch: Branch, keys: Keys) -> str:
    where = f"under {shown(keys)}" if keys else "in this form"
    first, dot, rest = name.partition(".")
    if dot and first in branch.names:
        return f"There is no such field {where}. Write levels as objects: {first}: {{{rest}: ...}}."
    near = get_close_matches(name, branch.names, 1)
    hint = f" Did you mean {shown((*keys, near[0]))}?" if near else f" There are: {_list(branch)}."
    return f"There is no such field {where}.{hint}"


def _list(branch: Branch) -> str:
    names = sorted(branch.names)
    return ", ".join(names[:12]) + (", ..." if len(names) > 12 else "") if names else "no fields"
