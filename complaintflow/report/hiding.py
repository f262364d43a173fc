"""Tables that are shown side by side must not tell what one of them hides.

Each table of figures is suppressed by itself. Here a table by two things (types and departments; months and types) is
looked at together with the counts of each alone and the whole, as a reader could who adds and subtracts: for every
hidden count the least and the most that it can be follow from what is shown. While one of them can only be one number,
or must be below the smallest count, something more is hidden, what harms least first. Nothing is shown that was hidden,
and nothing but what readers see is looked at.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Final, Generic, TypeVar

from complaintflow.records import dataclass

_Row = TypeVar("_Row", bound=Hashable)
_Column = TypeVar("_Column", bound=Hashable)
_Place = tuple[str, Hashable, Hashable]
_Bounds = dict[_Place, tuple[int, int]]
# The parts of a sum, and the sum.
_Sums = list[tuple[list[_Place], _Place]]
_WHOLE: Final[_Place] = ("whole", None, None)


@dataclass(frozen=True, slots=True)
class Shown(Generic[_Row, _Column]):
    """What may be shown; None is hidden. Where the counts contradict each other, ``fits`` is false: nothing is safe."""

    cells: Mapping[tuple[_Row, _Column], int | None]
    rows: Mapping[_Row, int | None]
    columns: Mapping[_Column, int | None]
    fits: bool = True


def audit(
    cells: Mapping[tuple[_Row, _Column], int | None],
    rows: Mapping[_Row, int | None],
    columns: Mapping[_Column, int | None],
    whole: int,
    smallest: int,
    *,
    inside: bool = False,
) -> Shown[_Row, _Column]:
    """What of a table and its sums may stand on one page.

    Args:
        cells: counts; None where one is hidden. A cell that is not there is 0.
        rows, columns: the sum of each line, None where that is hidden; empty where they are no sums of these cells.
        whole: the sum of all; always shown.
        smallest: the smallest count that is shown.
        inside: hide cells only; the sums stay as they are.
    """
    known: dict[_Place, int | None] = {("cell", *key): number for key, number in cells.items()}
    known |= {("row", row, None): number for row, number in rows.items()}
    known |= {("column", None, column): number for column, number in columns.items()}
    sums: _Sums = [([("cell", *key) for key in cells if key[0] == row], ("row", row, None)) for row in rows]
    sums += [([("cell", *key) for key in cells if key[1] == column], ("column", None, column)) for column in columns]
    sums += [([("row", row, None) for row in rows], _WHOLE)] if rows else []
    sums += [([("column", None, column) for column in columns], _WHOLE)] if columns else []
    known[_WHOLE] = whole
    bounds = _bounds(known, sums, whole)
    while bounds is not None and (told := _told(known, bounds, smallest)):
        choices = _beside(told, known, sums, inside=inside)
        tried = [(len(_told(more, after, smallest)), known[one] or 0, repr(one), more, after)
                 for one in choices
                 for more in ({**known, one: None},)
                 if (after := _bounds(more, sums, whole)) is not None]  # fmt: skip
        if not tried:
            break
        *_, known, bounds = min(tried, key=lambda one: one[:3])
    return Shown(
        {key: known["cell", *key] for key in cells},
        {row: known["row", row, None] for row in rows},
        {column: known["column", None, column] for column in columns},
        bounds is not None,
    )


def _bounds(known: Mapping[_Place, int | None], sums: _Sums, whole: int) -> _Bounds | None:
    """The least and the most that each count can be; None where they contradict each other."""
    found = {place: (0, whole) if number is None else (number, number) for place, number in known.items()}
    changed = True
    while changed:
        changed = False
        for parts, total in sums:
            least, most = sum(found[part][0] for part in parts), sum(found[part][1] for part in parts)
            low, high = found[total]
            narrowed = {total: (max(low, least), min(high, most))}
            for part in parts:
                own_low, own_high = found[part]
                narrowed[part] = max(own_low, low - (most - own_high)), min(own_high, high - (least - own_low))
            for place, (floor, ceiling) in narrowed.items():
                if floor > ceiling:
                    return None
                if found[place] != (floor, ceiling):
                    found[place], changed = (floor, ceiling), True
    return found


def _told(known: Mapping[_Place, int | None], bounds: _Bounds, smallest: int) -> list[_Place]:
    """What is hidden and can be worked out all the same, or is seen to be small.

    Where a whole line is small and shown all the same, its cells are; then it is enough that none is known exactly.
    """
    return [
        place
        for place, number in known.items()
        if number is None
        and (
            bounds[place][0] == bounds[place][1]
            or bounds[place][1] < min(smallest, known.get(("row", place[1], None)) or smallest)
        )
    ]


def _beside(told: Iterable[_Place], known: Mapping[_Place, int | None], sums: _Sums, *, inside: bool) -> list[_Place]:
    """What is shown, is not nothing, and stands in a sum with one of these."""
    found: dict[_Place, None] = {}
    for parts, total in sums:
        line = [*parts, total]
        if any(place in line for place in told):
            found.update(dict.fromkeys(place for place in line if known[place] and place != _WHOLE))
    return [place for place in found if not inside or place[0] == "cell"]
