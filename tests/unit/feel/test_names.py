"""Names with spaces and symbols are found in their scope (DMN 1.5, grammar rules 25 to 31)."""

from __future__ import annotations

from typing import Any

import pytest

from complaintflow import feel
from complaintflow.errors import FeelSyntaxError
from complaintflow.feel import names
from complaintflow.feel.library import BUILTINS


@pytest.mark.parametrize(
    ("text", "context", "value"),
    [
        ("Full Name", {"Full Name": "Zhao Min"}, "Zhao Min"),
        ("Full   Name", {"Full Name": "Zhao Min"}, "Zhao Min"),
        ("Profit+Loss - 1", {"Profit+Loss": 3}, 2),
        ("a-b", {"a-b": 1, "a": 5, "b": 2}, 1),
        ("a - c", {"a-b": 1, "a": 5, "c": 2}, 3),
        ("a-b", {"a": 5, "b": 2}, 3),
        ("decision A 2.1 + 1", {"decision A 2.1": 1}, 2),
        ("loan.monthly rate * 2", {"loan": {"monthly rate": 3}}, 6),
        ("loans[monthly rate > 2].id", {"loans": [{"monthly rate": 3, "id": 7}]}, [7]),
        ("`order` + `my order`", {"order": 1, "my order": 2}, 3),
        ("some i in values in a list satisfies i > 1", {"values in a list": [1, 2]}, True),
        ("{my value: 1, twice: my value * 2}.twice", {}, 2),
        ("{a-b: 1, c: a-b + 1}.c", {}, 2),
        ("for my item in [1, 2] return my item + 1", {}, [2, 3]),
        ("(function(first arg, b) first arg - b)(3, 1)", {}, 2),
        ("{🐎: 1}.🐎", {}, 1),
        ("{名称: 1}.名称", {}, 1),
        ("x.if + x.in", {"x": {"if": 1, "in": 2}}, 3),
        ("{if: 1}", {}, {"if": 1}),
        ("date and time = 3", {"date and time": 3}, True),
    ],
)
def test_name_is_found(text: str, context: dict[str, Any], value: Any) -> None:
    """The longest name in scope wins; backquotes, entries, variables and parameters may have spaces too."""
    assert feel.evaluate(text, context) == value


def test_names_are_given_to_parse() -> None:
    """`parse` takes names that are in scope, because a text alone cannot tell them."""
    assert feel.parse("Monthly Salary * 12", ["Monthly Salary"]).evaluate({"Monthly Salary": 10}) == 120
    with pytest.raises(FeelSyntaxError):
        feel.parse("Monthly Salary * 12")


def test_built_in_names_stay_known() -> None:
    """A name with spaces of a built-in function needs no declaration, and a keyword in it does no harm."""
    assert feel.evaluate('string length("ab") = 2 and true and date and time("2024-01-01T10:00:00").hour = 10') is True


def test_no_built_in_name_is_forgotten() -> None:
    """Every built-in function whose name has spaces is known to the scanner, and nothing else is."""
    spaced = {name for name in BUILTINS if " " in name}
    assert spaced == {*names.BUILT_IN_NAMES, *names.AMBIGUOUS_NAMES} - {"days and time duration"}


def test_and_between_variables_is_no_name() -> None:
    """`date and time` is a conjunction where no bracket follows."""
    assert feel.evaluate("date and time", {"date": True, "time": False}) is False


def test_variable_does_not_hide_a_function() -> None:
    """Variables and functions are told apart by use: a number called count does not break `count`."""
    assert feel.evaluate("count + count([1, 2])", {"count": 1}) == 3


def test_function_in_scope_comes_first() -> None:
    """A function value in the context is called before a built-in one of the same name."""
    mine = feel.Function(("a",), lambda a: a * 10, "abs")
    assert feel.evaluate("abs(2)", {"abs": mine}) == 20
    assert feel.evaluate("abs(a: 2)", {"abs": mine}) == 20


def test_free_names_and_calls() -> None:
    """A check at load learns which variables and functions an expression uses, bound ones left out."""
    expression = feel.parse(
        "for x in orders return f(x, limit) + count(items[price > floor]) + {a: 1, b: a + c}.b + (function(p) p + q)(1)"
    )
    assert expression.free_names == {"orders", "limit", "items", "c", "q"}
    assert expression.filter_names == {"price", "floor"}
    assert expression.calls == {"f", "count"}
