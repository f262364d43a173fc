"""Tables on one page do not tell what one of them hides."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product

import pytest

from complaintflow.figures.suppression import hidden
from complaintflow.report.hiding import Shown, audit

SMALLEST = 4


def published(counts: dict[tuple[str, str], int]) -> Shown[str, str]:
    """What is left of a table whose cells and sums were suppressed each by itself, as figures are."""
    rows = {row: sum(count for key, count in counts.items() if key[0] == row) for row, _ in counts}
    columns = {column: sum(count for key, count in counts.items() if key[1] == column) for _, column in counts}
    closed = hidden(counts, SMALLEST)
    no_rows = {row for (row,) in hidden({(row,): count for row, count in rows.items()}, SMALLEST)}
    no_columns = {one for (one,) in hidden({(one,): count for one, count in columns.items()}, SMALLEST)}
    return audit(
        {key: None if key in closed else count for key, count in counts.items()},
        {row: None if row in no_rows else count for row, count in rows.items()},
        {column: None if column in no_columns else count for column, count in columns.items()},
        sum(counts.values()),
        SMALLEST,
    )


def spread(total: int, places: int) -> Iterator[tuple[int, ...]]:
    """All ways to give a total to so many places."""
    if not places:
        if not total:
            yield ()
        return
    for first in range(total + 1) if places > 1 else (total,):
        for rest in spread(total - first, places - 1):
            yield (first, *rest)


def possible(shown: Shown[str, str], whole: int) -> Iterator[dict[tuple[str, str], int]]:
    """Every table that a reader could think of."""
    known = {key: count for key, count in shown.cells.items() if count is not None}
    keys = [key for key in shown.cells if key not in known]
    for values in spread(whole - sum(known.values()), len(keys)):
        table = known | dict(zip(keys, values, strict=True))
        rows = {row: sum(count for key, count in table.items() if key[0] == row) for row in shown.rows}
        columns = {one: sum(count for key, count in table.items() if key[1] == one) for one in shown.columns}
        if all(total in (None, rows[row]) for row, total in shown.rows.items()) and all(
            total in (None, columns[one]) for one, total in shown.columns.items()
        ):
            yield table


@pytest.mark.parametrize("seed", range(12))
def test_nobody_can_work_out_a_small_count(seed: int) -> None:
    """Of every count that is too small, what is shown leaves several, also one that is not small."""
    chosen = random.Random(seed)
    counts = {
        (row, column): count for row in "ab" for column in "xyz" if (count := chosen.choice((0, 0, 1, 2, 3, 5, 6, 7)))
    }
    whole = sum(counts.values())
    shown = published(counts)
    tables = list(possible(shown, whole))
    small = [key for key, count in counts.items() if count < SMALLEST]
    left = [count for count in [*shown.cells.values(), *shown.rows.values(), *shown.columns.values()] if count]
    for key in small:
        found = {table[key] for table in tables}
        assert not left or (len(found) > 1 and max(found) >= SMALLEST), (counts, shown)


def test_a_department_of_one_type_does_not_tell_of_the_other() -> None:
    """Where all of a type goes to one department, the sums of both may not stand side by side."""
    counts = {("process", "p"): 69, ("pay", "q"): 47, ("conduct", "r"): 28, ("other", "r"): 2, ("service", "s"): 10}
    shown = published(counts)
    assert shown.cells["other", "r"] is None
    assert None in (shown.rows["conduct"], shown.columns["r"])
    assert (shown.rows["process"], shown.columns["p"], shown.cells["process", "p"]) == (69, 69, 69)


def test_nothing_is_hidden_without_need() -> None:
    """A table without small counts is shown whole."""
    counts = {(row, column): 4 + number for number, (row, column) in enumerate(product("ab", "xy"))}
    assert published(counts).cells == counts


def test_sums_that_stay_are_protected_by_cells() -> None:
    """Where the sums must stay, cells beside a hidden one are hidden until it cannot be worked out."""
    cells: dict[tuple[int, str], int | None] = {(0, "a"): 9, (0, "b"): None, (1, "a"): 8, (1, "b"): 6}
    shown = audit(cells, {0: 11, 1: 14}, {"a": 17, "b": 8}, 25, SMALLEST, inside=True)
    assert shown.rows == {0: 11, 1: 14}
    assert set(shown.cells.values()) == {None}


def test_counts_that_contradict_each_other_are_not_judged() -> None:
    """A type that was corrected later makes months that do not add up: the caller is told."""
    shown = audit({(0, "a"): 5, (1, "a"): 5}, {0: 5, 1: 5}, {"a": 12}, 10, SMALLEST, inside=True)
    assert not shown.fits
