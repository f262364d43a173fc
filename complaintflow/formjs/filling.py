"""A form that is being filled in: its fields with their values, its lists with their rows.

Where a value comes from, as in form-js: what was sent; else the variable of the case at the same place; else the
default written into the form; else nothing. What may only be read keeps the variable's value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from complaintflow.formjs.component import CHOICES, Component
from complaintflow.formjs.options import same
from complaintflow.formjs.paths import MAX_ROWS, MISSING, Keys, find
from complaintflow.formjs.plain import Unfit
from complaintflow.formjs.values import clean, empty_value
from complaintflow.records import dataclass


@dataclass(slots=True)
class Cell:
    """One field at one place.

    Attributes:
        sent: whether the data named it.
        value: what is kept, cleaned.
        kept: the values that may stand here while the field can only be read.
        in_row: whether it stands in a row of a list.
        complaint: why the value that was sent cannot be kept.
        hidden: whether its condition, or one around it, hides it.
    """

    component: Component
    keys: Keys
    sent: bool
    value: object
    kept: tuple[object, ...]
    in_row: bool
    complaint: str = ""
    hidden: bool = False

    def keep(self) -> None:
        """Treat the field as one that can only be read: what was sent has to be there already."""
        if self.sent and not self.complaint and not any(same(self.value, kept) for kept in self.kept):
            self.complaint = "It can only be read here; leave it out, or send it unchanged."


@dataclass(slots=True)
class Block:
    """A container at one place: a group has one row, a dynamic list any number."""

    component: Component
    keys: Keys
    sent: bool = False
    rows: list[list[Cell | Block]] = field(default_factory=list)
    complaint: str = ""
    hidden: bool = False

    def cells(self) -> Iterator[Cell]:
        """All fields inside, in the order of the form."""
        for inner in self.inner():
            if isinstance(inner, Cell):
                yield inner

    def inner(self) -> Iterator[Cell | Block]:
        """This container, and all fields and containers inside, in the order of the form."""
        yield self
        for row in self.rows:
            for part in row:
                if isinstance(part, Block):
                    yield from part.inner()
                else:
                    yield part


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds a component while it is filled in.

    Attributes:
        sent: the data at this level (MISSING where nothing was sent).
        known: the variables at this level that a field without sent value starts from.
        read: the levels of variables that a read-only field may repeat; in a list whose rows come and go, all its rows.
        keys: the place of this level.
        in_row: whether a list is around.
    """

    sent: object
    known: object
    read: tuple[object, ...]
    keys: Keys = ()
    in_row: bool = False

    def below(self, names: tuple[str, ...]) -> Around:
        """The same for a group that stands at ``names``."""
        read = tuple(find(level, names) for level in self.read)
        return Around(find(self.sent, names), find(self.known, names), read, (*self.keys, *names), self.in_row)


def fill(component: Component, around: Around) -> Block:
    """The container ``component`` with all that is inside, filled with values."""
    if component.repeats:
        return _list(component, around.below(component.keys))
    inside = around.below(component.keys)
    return Block(component, inside.keys, rows=[_row(component, inside)])


def _row(container: Component, around: Around) -> list[Cell | Block]:
    parts: list[Cell | Block] = []
    for component in container.components:
        if component.repeats or component.components:
            parts.append(fill(component, around))
        elif component.bound:
            parts.append(_cell(component, around.below(component.keys)))
    return parts


def _list(component: Component, around: Around) -> Block:
    sent = around.sent if around.sent is not None else []
    fits = isinstance(sent, list | tuple) and len(sent) <= MAX_ROWS
    known = around.known if isinstance(around.known, list | tuple) else None
    starting = component.first_rows if known is None else len(known)
    if fits:
        assert isinstance(sent, list | tuple)
        count = len(sent)
    else:
        count = starting if component.fixed or known is not None else 0
    block = Block(component, around.keys, sent=fits)
    if component.fixed and count != starting:
        block.complaint = f"It must have {starting} row{'s' * (starting != 1)}; they can be neither added nor removed."
    for index in range(count):
        old = known[index] if known is not None and index < len(known) else MISSING
        read = [level for levels in around.read if isinstance(levels, list | tuple) for level in levels]
        if component.fixed:
            read = [old]
        row = sent[index] if fits and isinstance(sent, list | tuple) else MISSING
        start_from = old if component.fixed or not fits else MISSING
        block.rows.append(_row(component, Around(row, start_from, tuple(read), (*around.keys, index), True)))
    return block


def _cell(component: Component, around: Around) -> Cell:
    start = _start(component, around.known)
    kept = [_start(component, value) for value in around.read if value is not MISSING]
    if around.known is MISSING or not kept:
        kept.insert(0, start)
    cell = Cell(component, around.keys, around.sent is not MISSING, start, tuple(kept), around.in_row)
    if cell.sent and component.formula is None:
        try:
            cell.value = clean(component, around.sent)
        except Unfit as unfit:
            cell.complaint = str(unfit)
    if component.disabled or component.readonly is True:
        cell.keep()
    return cell


def _start(component: Component, known: object) -> object:
    """What the field shows before anybody has filled it in."""
    for value in (known, component.attributes.get("defaultValue", MISSING)):
        if value is MISSING:
            continue
        try:
            return _offered(component, clean(component, value))
        except Unfit:
            return empty_value(component)
    return empty_value(component)


def _offered(component: Component, value: object) -> object:
    """The value as far as the options written into the form offer it; form-js drops the rest from what it shows."""
    if component.type not in CHOICES or component.options is None:
        return value
    offered = [option.value for option in component.options]
    if isinstance(value, list):
        return [item for item in value if any(same(item, other) for other in offered)]
    return value if any(same(value, other) for other in offered) else None
