"""The documentation says what the matrix proves."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.matrix.stock import VERDICTS, judge
from tests.matrix.stock_dialect import python
from tests.matrix.table import STOCK, page
from tests.matrix.test_matrix import ROWS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "bpmn.md"


def test_page_is_the_matrix() -> None:
    """docs/bpmn.md is what ``python -m tests.matrix.table`` writes."""
    assert PAGE.read_text(encoding="utf-8") == page() + "\n"


def test_comparison_is_complete() -> None:
    """The comparison with SpiffWorkflow has each row of the matrix once, in its order, with a verdict that is known."""
    with STOCK.open(encoding="utf-8", newline="") as file:
        told = [(line["row"], line["verdict"]) for line in csv.DictReader(file)]
    assert [row for row, _ in told] == [row.id for row in ROWS]
    assert {verdict for _, verdict in told} <= set(VERDICTS)


def test_comparison_is_what_spiffworkflow_does() -> None:
    """stock.csv is what ``python -m tests.matrix.stock`` writes with the SpiffWorkflow that is installed."""
    with STOCK.open(encoding="utf-8", newline="") as file:
        told = {line["row"]: line["verdict"] for line in csv.DictReader(file)}
    assert {row.id: judge(row)[0] for row in ROWS} == told


@pytest.mark.parametrize(
    ("feel", "expected"),
    [("=x + 1", "x + 1"), ("=append(log, i)", "log + [i]"), ("=not(true)", "not(True)"), ("=a = 3", "a == 3")],
)
def test_feel_as_python(feel: str, expected: str) -> None:
    """SpiffWorkflow gets the same condition in Python."""
    assert python(feel) == expected
