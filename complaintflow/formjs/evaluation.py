"""Work out what depends on other values: computed fields, and what is hidden.

form-js looks twice: first at all values, to leave out what is hidden; then at what is left, to decide what is shown.
The server does the same, so that it drops and demands exactly what the browser did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from complaintflow.formjs.assembly import Part, variables
from complaintflow.formjs.expressions import Functions, Scope
from complaintflow.formjs.filling import Block, Cell
from complaintflow.formjs.options import same
from complaintflow.formjs.paths import Keys
from complaintflow.formjs.plain import Unfit, plain

MAX_ROUNDS = 10  # computed fields that build on each other, in an unlucky order


@dataclass(slots=True)
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
        everything = variables(self.root, self.context, leave_out_hidden=False)
        data = variables(self.root, self.context, leave_out_hidden=True) if filtered else everything
        return _walk(self.root, Scope(data, self.context, self.functions), None, everything)

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
    part: Part, scope: Scope, container: Block | None, everything: object
) -> Iterator[tuple[Part, Scope, Block | None]]:
    yield part, scope, container
    if isinstance(part, Cell):
        return
    for index, row in enumerate(part.rows):
        # As in form-js, ``this`` is the whole row, also what is hidden in it.
        inside = scope.row(_row(everything, (*part.keys, index)), index + 1) if part.component.repeats else scope
        for inner in row:
            yield from _walk(inner, inside, part, everything)


def _row(everything: object, keys: Keys) -> Mapping[str, object]:
    for key in keys:
        everything = everything[key]  # type: ignore[index]
    assert isinstance(everything, Mapping)
    return everything


def _kept(value: object) -> object:
    try:
        return plain(value)
    except Unfit:
        return None
