"""A warning names the part of an expression that gave null, and why."""

from __future__ import annotations

from typing import Any

import pytest

from complaintflow import feel
from complaintflow.feel.runtime import MOST_WARNINGS


def warned(text: str, context: dict[str, Any] | None = None, **options: Any) -> list[tuple[str, str]]:
    """The parts and the reasons."""
    warnings: list[feel.Warning] = []
    feel.evaluate(text, context or {}, warnings=warnings, **options)
    for warning in warnings:
        assert text[warning.position :].startswith(warning.expression)
    return [(warning.expression, warning.message) for warning in warnings]


@pytest.mark.parametrize(
    ("text", "part", "reason"),
    [
        ("1 + amuont", "amuont", 'there is no variable "amuont"'),
        ("x.a.b + 1", "x.a", 'the context has no entry "a"'),
        ("n + 1", "n + 1", "cannot add null and number 1"),
        ('if "a" > 1 then 1 else 2', '"a" > 1', 'there is no order between string "a" and number 1'),
        ("[1, 2][3]", "[1, 2][3]", "there is no element 3, the list has 2"),
        ("2 * foo(1)", "foo(1)", 'there is no function "foo"'),
        ('substring("abc", 9)', 'substring("abc", 9)', "there is no position 9 in a string of 3 characters"),
        ('upper case(5) + "a"', "upper case(5)", '"string" must be a string, and is number 5'),
        ("true and 1", "true and 1", 'an operand of "and" is number 1, neither true nor false'),
        ('1 = "1"', '1 = "1"', 'number 1 and string "1" are of different kinds'),
        ('date("2024-02-30")', 'date("2024-02-30")', "there is no day 2024-2-30 in the years 1 to 9999"),
        ("f()", "f()", "f: no such deadline"),
    ],
)
def test_one_reason(text: str, part: str, reason: str) -> None:
    """The smallest part that gave null is named once; what follows from it is not repeated."""

    def f() -> None:
        raise LookupError("no such deadline")

    assert warned(text, {"x": {}, "n": None}, functions={"f": f}) == [(part, reason)]


@pytest.mark.parametrize(
    "text",
    [
        "appeal = null",
        "null != appeal",
        "appeal.decision = null",
        "is defined(appeal.x)",
        "get or else(appeal.y, 1)",
        "if appeal != null then appeal.x else 1",
        "[{a: 1}][b > 1]",
        "[{a: 1}].b",
        "null",
        "if x = 5 then 1 else null",
        "appeal instance of string",
        "false and appeal",
    ],
)
def test_no_warning(text: str) -> None:
    """A variable that does not exist is silent where it is compared with null or asked for, and in filters."""
    assert warned(text, {"x": 1}) == []


def test_missing_variable_equals_null() -> None:
    """`appeal = null` is true without a variable `appeal`."""
    assert feel.evaluate("appeal = null") is True
    assert feel.evaluate("appeal.decision = null") is True


def test_warnings_are_bounded() -> None:
    """The same warning is recorded once, and a loop cannot fill the memory with different ones."""
    assert len(warned("for i in 1..1000 return i + missing")) == 1
    assert len(warned('for i in 1..1000 return i + "a"')) == MOST_WARNINGS


def test_warning_prints_as_a_sentence() -> None:
    """`str` of a warning is for people."""
    warnings: list[feel.Warning] = []
    feel.evaluate("1 / 0", warnings=warnings)
    assert str(warnings[0]) == "`1 / 0` gave null: division by zero"
