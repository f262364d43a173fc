"""Work out what depends on other values: computed fields, and what is hidden.

form-js looks twice: first at all values, to leave out what is hidden; then at what is left, to decide what is shown.
The server does the same, so that it drops and demands exactly what the browser did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from complaintflow.formjs.assembly import Part, everything, without_hidden
from complaintflow.formjs.expressions import Functions, Scope
from complaintflow.formjs.filling import Around, Block, Cell, fill
from complaintflow.formjs.options import same
from complaintflow.formjs.paths import MISSING, Keys
from complaintflow.formjs.plain import Unfit, plain

MAX_ROUNDS = 10  # computed fields that build on each other, in an unlucky order


@dataclass
class Evaluation:
    """The expressions of a filled-in form at work.

    Args:
        root: the form; its computed values and ``hidden`` marks are set by `settle`.
        context: the variables of the case.
        functions: host functions that expressions may call.
    """

    root: Block
    context: Mapping[str, object]
    functions: Functions

    def settle(self) -> None:
        """Compute the fields that are computed, and mark what is hidden.

        Raises:
            FeelLimitExceeded: an expression did too much work.
        """
        for filtered in (False, True):
            self._compute(filtered)
            for part, scope, container in list(self.parts(filtered)):
                hide = part.component.hide
                part.hidden = (container is not None and container.hidden) or (hide is not None and hide.holds(scope))

    def parts(self, filtered: bool = True) -> Iterator[tuple[Part, Scope, Block | None]]:
        """Everything in the form, in its order, with the variables it sees and its container."""
        whole = everything(self.root, self.context)
        data = {**self.first, **without_hidden(self.root, self.context)} if filtered else whole
        return _walk(self.root, Scope(data, self.context, self.functions), None, whole)

    @cached_property
    def first(self) -> dict[str, object]:
        """The values before anybody filled in anything; in form-js, they stand in for what is hidden."""
        known = fill(self.root.component, Around(MISSING, self.context, (self.context,)))
        return everything(known, self.context)

    def _compute(self, filtered: bool) -> None:
        for _ in range(MAX_ROUNDS):
            changed = False
            for part, scope, _ in self.parts(filtered):
                if isinstance(part, Cell) and part.component.formula is not None:
                    value = _kept(part.component.formula.value(scope))
                    changed = changed or not same(value, part.value)
                    part.value = value
            if not changed:
                return


def _walk(
    part: Part, scope: Scope, container: Block | None, whole: object
) -> Iterator[tuple[Part, Scope, Block | None]]:
    yield part, scope, container
    if isinstance(part, Cell):
        return
    for index, row in enumerate(part.rows):
        # As in form-js, ``this`` is the whole row, also what is hidden in it.
        inside = scope.row(_row(whole, (*part.keys, index)), index + 1) if part.component.repeats else scope
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
