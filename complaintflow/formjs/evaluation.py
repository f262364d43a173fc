"""Work out what depends on other values: computed fields, and what is hidden.

form-js looks twice: first at all values, to leave out what is hidden; then at what is left, to decide what is shown.
The server does the same, so that it drops and demands exactly what the browser did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from complaintflow.formjs.assembly import Part, everything, without_hidden
from complaintflow.formjs.expressions import Functions, Scope
from complaintflow.formjs.filling import Around, Block, Cell, fill
from complaintflow.formjs.options import same
from complaintflow.formjs.paths import MISSING, Keys
from complaintflow.formjs.plain import Unfit, plain
from complaintflow.records import dataclass

MAX_ROUNDS = 10  # computed fields that build on each other, in an unlucky order


@dataclass(frozen=True, slots=True)
class Placed:
    """A part of the form with the variables it sees and the container it stands in."""

    part: Part
    scope: Scope
    container: Block | None


def settle(root: Block, context: Mapping[str, object], functions: Functions, evaluates: bool) -> list[Placed]:
    """Compute the fields that are computed, and mark what is hidden.

    Args:
        root: the form; its computed values and ``hidden`` marks are set.
        context: the variables of the case.
        functions: host functions that expressions may call.
        evaluates: whether the form has expressions at all; without any, there is nothing to work out.

    Returns:
        everything in the form, in its order; the variables are those that rules and options see.

    Raises:
        FeelLimitExceeded: an expression did too much work.
    """
    if not evaluates:
        return list(_walk(root, Scope({}, context, functions), None, None))
    start = fill(root.component, Around(MISSING, context, (context,)))
    first = everything(start, context)
    placed: list[Placed] = []
    for filtered in (False, True):
        for _ in range(MAX_ROUNDS):
            whole = everything(root, context)
            data = {**first, **without_hidden(root, context)} if filtered else whole
            placed = list(_walk(root, Scope(data, context, functions), None, whole))
            if not _compute(placed):
                break
        for place in placed:
            hide, container = place.part.component.hide, place.container
            outside = container is not None and container.hidden
            place.part.hidden = outside or (hide is not None and hide.holds(place.scope))
    return placed


def _compute(placed: list[Placed]) -> bool:
    """Compute what is computed; whether any value changed."""
    changed = False
    for place in placed:
        part, formula = place.part, place.part.component.formula
        if isinstance(part, Cell) and formula is not None:
            value = _kept(formula.value(place.scope))
            changed = changed or not same(value, part.value)
            part.value = value
    return changed


def _walk(part: Part, scope: Scope, container: Block | None, whole: object) -> Iterator[Placed]:
    """The part and all inside; ``whole`` has the rows that ``this`` is, or is None where nothing is evaluated."""
    yield Placed(part, scope, container)
    if isinstance(part, Cell):
        return
    for index, row in enumerate(part.rows):
        inside = scope
        if part.component.repeats and whole is not None:
            # As in form-js, ``this`` is the whole row, also what is hidden in it.
            inside = scope.row(_row(whole, (*part.keys, index)), index + 1)
        for inner in row:
            yield from _walk(inner, inside, part, whole)


def _row(whole: object, keys: Keys) -> Mapping[str, object]:
    for key in keys:
        whole = whole[key]  # type: ignore[index]
    assert isinstance(whole, Mapping)
    return whole


def _kept(value: object) -> object:
    try:
        return plain(value)
    except Unfit:
        return None
