"""The documentation says what the matrix proves."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.matrix.table import STOCK, page
from tests.matrix.test_matrix import ROWS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "bpmn.md"


def test_page_is_the_matrix() -> None:
    """docs/bpmn.md is what ``python -m tests.matrix.table`` writes."""
    assert PAGE.read_text(encoding="utf-8") == page() + "\n"


def test_comparison_names_rows() -> None:
    """Every row of the comparison with SpiffWorkflow, where there is one, is a row of the matrix."""
    if not STOCK.exists():
        return
    with STOCK.open(encoding="utf-8", newline="") as file:
        named = [line["row"] for line in csv.DictReader(file)]
    assert set(named) <= {row.id for row in ROWS}
