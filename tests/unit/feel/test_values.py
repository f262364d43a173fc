"""Literals, operators and logic give what DMN 1.5 clause 10.3.2 says."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from complaintflow import feel

TRUE = [
    "1 + 2 * 3 = 7",
    "(1 + 2) * 3 = 9",
    "10 - 3 - 2 = 5",
    "2 ** 3 ** 2 = 64",
    "-2 ** 2 = 4",
    "0 ** 0 = 1",
    "--3 = 3",
    "10 / 4 = 2.5",
    "1.0 = 1",
    ".5 = 0.5",
    "1.2e3 = 1200",
    "0.1 + 0.2 = 0.3",
    '"a" + "b" = "ab"',
    '"\\u00e9\\t\\"" = "é\t\\""',
    'string length("\\uD83D\\uDCA9") = 1',
    'string length("\\U01F40E") = 1',
    "1 < 2 and 2 <= 2 and 3 > 2 and 3 >= 3 and 1 != 2",
    '"a" < "b"',
    "null = null",
    "not(1 = null)",
    '(1 = "1") = null',
    "[1, [2, 3]] = [1, [2, 3.0]]",
    '{a: 1, b: "x"} = {b: "x", a: 1}',
    "if 1 < 2 then true else false",
    'if null then false else "no" = "no"',
    "5 between 1 and 5",
    "5 between 1 and 5 and true",
    "5 in [1..5]",
    "not(5 in [1..5))",
    "not(5 in ]5..9])",
    "6 in ]5..9[",
    "5 in (1, 2, > 4)",
    "5 in < 6",
    "5 in [2, 5]",
    "5 in [[1..2], [4..6]]",
    "[1, 2] in [[1, 2], [3]]",
    "5 in (!= 4)",
    '"b" in ["a".."c"]',
    "(true or null) = true",
    "(false and null) = false",
    "(null and true) = null",
    "(null or false) = null",
    "(1 + if true then 2 else 3) = 3",
    "/* a */ 1 // b\n = 1",
    "{a: 1, b: a + 1}.b = 2",
    '{"a b": 1}.a b = 1',
    "{a: {b: 1}}.a.b = 1",
    "[{a: 1}, {b: 2}].a = [1, null]",
    "[1..5].end = 5 and [1..5).end included = false",
    "(> 5).start = 5 and (> 5).end = null",
    "(< 5) = (< 5)",
    '@"2024-02-29" < @"2024-03-01"',
]


@pytest.mark.parametrize("text", TRUE)
def test_expression_is_true(text: str) -> None:
    """Each expression of the table is true."""
    assert feel.evaluate(text) is True


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 1", 2),
        ("10 / 5", Decimal(2)),
        ("1 / 3", Decimal("0.3333333333333333333333333333333333")),
        ("2 ** 0.5", Decimal("1.414213562373095048801688724209698")),
        ("amount * 1.1", Decimal("0.11")),
        ('"x"', "x"),
        ("[1, null]", [1, None]),
        ("{a: [1]}", {"a": [1]}),
        ('@"2024-02-29"', date(2024, 2, 29)),
        ('@"10:20:30.5"', time(10, 20, 30, 500000)),
        ('@"2024-02-29T10:20:30"', datetime.fromisoformat("2024-02-29T10:20:30")),
        ('@"P1DT2H"', timedelta(days=1, hours=2)),
        ('@"-P1Y2M"', feel.YearMonthDuration(months=-14)),
        ("[1..3)", feel.Range(1, 3, True, False)),
    ],
)
def test_python_value(text: str, value: Any) -> None:
    """A result is the Python value that the table in `values` promises, numbers rounded to 34 digits."""
    result = feel.evaluate(text, {"amount": 0.1})
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "1 / 0",
        '1 + "a"',
        "null + 1",
        '-"a"',
        "{a: 1} * 2",
        '"a" > 1',
        "5 in [1..null]",
        "2 between 1 and null",
        '@"foo"',
        "10 ** 7000",
        "0.0 / 0.0",
        "true + 1",
        "{a: 1, a: 2}",
        "(function(a) a)(1, 2)",
        '"abs"(1)',
        "null()",
    ],
)
def test_error_is_null(text: str) -> None:
    """What has no value is null with one warning, never an exception."""
    warnings: list[feel.Warning] = []
    assert feel.evaluate(text, warnings=warnings) is None
    assert len(warnings) == 1


@pytest.mark.parametrize("left", [5, 5.0, Decimal("5.00")])
def test_one_number_type(left: Any) -> None:
    """int, float and Decimal compare and compute as one type, and a bool is none of them."""
    assert feel.evaluate("x = 5 and x in [5..6] and x + 1 = 6 and xs = [5]", {"x": left, "xs": [left]}) is True
    assert feel.evaluate("x = 1", {"x": True}) is None


def test_float_is_read_as_written() -> None:
    """A float of the context is the decimal number that was written, not its binary neighbour."""
    assert feel.evaluate("x + y = 0.3 and x = 0.1", {"x": 0.1, "y": 0.2}) is True


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), Decimal("NaN"), Decimal("sNaN"), object(), b"x"])
def test_strange_context_value(odd: Any) -> None:
    """A Python value that FEEL does not know makes null, or an unequal, but no Python error."""
    context = {"x": odd}
    assert feel.evaluate("x > 1", context) is None
    assert feel.evaluate("x + 1", context) is None
    assert not feel.evaluate("x = 1", context)
    assert feel.evaluate("x.real", context) is None


def test_no_python_attribute_is_reached() -> None:
    """A path reads entries only: attributes of Python objects do not exist for an expression."""
    for text in ("x.__class__", "x.real", "x.imag", '"a".upper', "x.__class__.__mro__", "xs.append"):
        assert feel.evaluate(text, {"x": 5, "xs": {}}) is None


def test_overflow_of_integers_is_decimal() -> None:
    """Whole numbers beyond 34 digits are rounded like any other number."""
    assert feel.evaluate("9999999999999999999999999999999999 * 10 + 1") == Decimal(
        "9.999999999999999999999999999999999E+34"
    )
