"""Unary tests, the cells of a decision table (DMN 1.5, 10.3.1.2 grammar rules 13 to 17, table 55)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from complaintflow import feel


@pytest.mark.parametrize(
    ("text", "value", "passes"),
    [
        ("-", 1, True),
        ("-", None, True),
        ("5", 5, True),
        ("5", Decimal("5.0"), True),
        ("5", "5", None),
        ('"a", 5', 5, True),
        ("[3..1]", 2, None),
        ('"a", "b"', "b", True),
        ('not("a", "b")', "b", False),
        ('not("a", "b")', "c", True),
        ("> 5", 6, True),
        ("> 5", None, None),
        ("[1..5], > 10", 12, True),
        ("[1..5], > 10", 7, False),
        ("]1..5[", 5, False),
        ("null", None, True),
        ("null", 1, False),
        ("true", True, True),
        ("true", None, False),
        ("false", None, False),
        ("limit", 3, True),
        ("limits", 4, True),
        ("< limit * 2", 5, True),
        ("? > 5 and ? < 10", 7, True),
        ('contains(?, "x")', "axb", True),
        ('not(contains(?, "x"))', "axb", False),
        ("limit > 1", 99, True),
        ("limit > 5", 99, False),
        ("limit > 5", False, True),
        ("? in [1..3]", 2, True),
        ("[1, 2], [3]", [3], True),
        ("[1, 2]", 2, True),
        ('@"2024-01-01"', "2024-01-01", None),
        ("= 5", 5, True),
        ("!= 5", 5, False),
        ("1 + 1", 2, True),
        ("not(null)", 1, True),
        ("not(?) = 1", True, None),
    ],
)
def test_cell(text: str, value: Any, passes: bool | None) -> None:
    """A value passes the cell, fails it, or it cannot be said."""
    assert feel.unary_test(text, value, {"limit": 3, "limits": [4, 5]}) is passes


def test_parsed_cell() -> None:
    """`parse_unary` gives an expression to test many values with; it names what it reads besides the value."""
    cell = feel.parse_unary("> limit, ?.a = 1")
    assert cell.free_names == {"limit"}
    assert cell.test(5, {"limit": 3}) is True
    assert cell.test({"a": 1}, {"limit": 3}) is True
