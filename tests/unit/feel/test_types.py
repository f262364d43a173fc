"""Types: `instance of`, conversions, and the text of a typeRef (DMN 1.5, 10.3.2.9)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from complaintflow import feel
from complaintflow.errors import FeelSyntaxError
from complaintflow.feel import types

TRUE = [
    "1 instance of number",
    "not(true instance of number)",
    '"a" instance of string and true instance of boolean',
    '@"2024-01-01" instance of date and not(@"2024-01-01" instance of date and time)',
    '@"2024-01-01T00:00:00" instance of date and time and @"10:00:00" instance of time',
    '@"P1D" instance of days and time duration and @"P1M" instance of years and months duration',
    "[1, 2] instance of list<number> and not([1, true] instance of list<number>) and [] instance of list<string>",
    "{a: 1} instance of context<a: number> and not({a: 1} instance of context<a: number, b: string>)",
    '{a: 1, b: "x"} instance of context<a: number> and not({a: "x"} instance of context<a: number>)',
    "[1..2] instance of range<number> and not([1..2] instance of range<date>) and (< 5) instance of range<number>",
    "(function(a: number) a) instance of function<number> -> Any",
    "not((function(a: number) a) instance of function<string> -> Any)",
    "not((function(a) a) instance of function<Any, Any> -> Any)",
    "abs instance of function<number> -> number",
    "not(null instance of number) and not(null instance of Any) and 1 instance of Any and null instance of Null",
    "1 instance of number and 2 instance of number",
]


@pytest.mark.parametrize("text", TRUE)
def test_instance_of(text: str) -> None:
    """Each expression of the table is true."""
    assert feel.evaluate(text) is True


@pytest.mark.parametrize(
    ("name", "value", "fitted"),
    [
        ("number", 1, 1),
        ("number", "1", types.MISMATCH),
        ("number", [1], 1),
        ("number", [1, 2], types.MISMATCH),
        ("number", None, None),
        ("string", ["a"], "a"),
        ("list<number>", 1, [1]),
        ("list<number>", ["a"], types.MISMATCH),
        ("list<list<number>>", [[1], [2]], [[1], [2]]),
        ("date and time", date(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)),
        ("context<a: date and time>", {"a": date(2024, 1, 1)}, {"a": datetime(2024, 1, 1, tzinfo=UTC)}),
        ("context<a: number>", {"b": 1}, types.MISMATCH),
        ("context<a: number>", {"a": 1, "b": 2}, {"a": 1, "b": 2}),
        ("Any", 5, 5),
    ],
)
def test_conversion(name: str, value: Any, fitted: Any) -> None:
    """A value is converted as 10.3.2.9.4 says, or does not fit."""
    result = feel.parse_type(name).coerce(value)
    assert result is fitted if fitted is types.MISMATCH else result == fitted


@pytest.mark.parametrize("name", ["list", "context", "range", "function"])
def test_type_without_parts(name: str) -> None:
    """`instance of list` is null, as a list type requires parameters; a typeRef of that name takes any list."""
    assert feel.evaluate(f"[1] instance of {name}") is None
    assert feel.parse_type("list").coerce([1, "a"]) == [1, "a"]
    assert feel.parse_type("list").coerce(1) == [1]
    assert feel.parse_type("context").coerce(1) is types.MISMATCH


def test_types_of_a_model() -> None:
    """A name that the language does not know is looked up in the types the host gives."""
    loan = types.ContextType({"amount": types.NUMBER})
    expression = feel.parse("[x instance of tLoan, (function(l: tLoan) l.amount)(x)]")
    assert expression.evaluate({"x": {"amount": 5}}, types={"tLoan": loan}) == [True, 5]
    assert expression.evaluate({"x": 5}, types={"tLoan": loan}) == [False, None]
    assert expression.evaluate({"x": 5}) == [None, None]


@pytest.mark.parametrize("text", ["", "list<", "list<number", "context<a number>", "function<number>", "number)", "<"])
def test_broken_type(text: str) -> None:
    """What is no type is a syntax error."""
    with pytest.raises(FeelSyntaxError):
        feel.parse_type(text)


def test_type_texts() -> None:
    """A type prints as it is written, spaced names included."""
    for text in ("list<date and time>", "context<a b: number, c: list<string>>", "function<number, string> -> Any"):
        assert str(feel.parse_type(text)) == text
    assert feel.parse_type("ns.tLoan").name == "ns.tLoan"


def test_type_name_with_spaces() -> None:
    """A model's type may have spaces in its name; the words that join operands end it."""
    loan = types.ContextType({"amount": types.NUMBER})
    expression = feel.parse("x instance of Small Loan and (function(l: Small Loan) l.amount)(x) = 5")
    assert expression.evaluate({"x": {"amount": 5}}, types={"Small Loan": loan}) is True
