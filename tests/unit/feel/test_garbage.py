"""Whatever is fed to FEEL, only our own errors come out."""

from __future__ import annotations

import datetime as dt
import sys
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from complaintflow import feel
from complaintflow.errors import EvaluationError, FeelLimitExceeded, FeelSyntaxError
from complaintflow.feel.library import BUILTINS

LIMITS = feel.Limits(steps=20_000, regex_steps=20_000, list_length=1000, string_length=10_000)
CONTEXT: dict[str, Any] = {
    "x": 5, "y": "abc", "xs": [1, 2.5, Decimal(3), None, "a", [1], {"a": 1}], "c": {"a": 1, "b c": [1]},
    "z": float("nan"), "d": dt.date(2024, 1, 1), "o": object(), "n": Decimal("sNaN"), "big": 10**5000,
    "tiny": Decimal("1e-9999999"), "t": (1, 2), "by": b"x",
    "early": dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=18))),
}  # fmt: skip
ATOMS = [
    "1",
    "-1",
    "0",
    "2.5",
    '"a"',
    '""',
    '"[a-"',
    "null",
    "true",
    "[]",
    "{}",
    "[1, 2, 3]",
    "{a: 1}",
    "[1..5]",
    "(< 5)",
]
ATOMS += [
    '@"2024-02-29"',
    '@"0001-01-01"',
    '@"P1M"',
    '-@"P999999999999Y"',
    '@"P999999999D"',
    '@"10:00:00@Europe/Paris"',
]
ATOMS += ['@"9999-12-31T23:59:59-18:00"', "function(a) a", "function(a, b) a", "1e6000", "1e-6100", "9" * 40, "abs"]
ATOMS += ['"2024-01-01"', '"P1D"', '"$1"', '"i"', '"UP"', "[[1]]", *CONTEXT]
TOKENS = [
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "..",
    ",",
    ":",
    ".",
    "{a b:",
    "for i in",
    "return",
    "some",
    "every i in",
    "if",
    "then",
]
TOKENS += [
    "else",
    "satisfies",
    "in",
    "between",
    "and",
    "or",
    "not",
    "instance of",
    "list<",
    ">",
    "<",
    "=",
    "!=",
    "**",
    "-",
    "?",
]
TOKENS += [
    "function(a: number,",
    "external",
    "partial",
    "item",
    "/*",
    "//",
    '"',
    "`a b`",
    "@",
    "\\",
    "\n",
    "\ud83d",
    "é",
    "🐎",
]


def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """One more level of an expression."""
    operators = st.sampled_from(["+", "-", "*", "/", "**", "=", "!=", "<", "<=", ">", ">=", "and", "or", "in"])
    calls = st.builds("{}({})".format, st.sampled_from(sorted(BUILTINS)), st.lists(inner, max_size=4).map(", ".join))
    shapes = ["({})[{}]", "(for i in {} return {})", "(for i in {}..i return {})", "(some i in {} satisfies {})"]
    shapes += ["({} in < {})", "({} between {} and 3)", "{{a: {}, b: {}}}.a", "[{}..{}]", "(if true then {} else {})"]
    parts = st.sampled_from(["a", "year", "days", "start", "time offset", "timezone", "b c"])
    kinds = st.sampled_from(["number", "list<Any>", "context<a: number>", "function<Any> -> Any", "range<date>", "foo"])
    return st.one_of(
        calls,
        calls,
        st.builds("({} {} {})".format, inner, operators, inner),
        st.builds(lambda shape, a, b: shape.format(a, b), st.sampled_from(shapes), inner, inner),
        st.builds("({}).{}".format, inner, parts),
        st.builds("({} instance of {})".format, inner, kinds),
    )


EXPRESSIONS = st.recursive(st.sampled_from(ATOMS), grow, max_leaves=8)
SOUP = st.lists(st.sampled_from(ATOMS + TOKENS + [f"{name}(" for name in BUILTINS]), max_size=12).map(" ".join)


def survive(text: str) -> None:
    """Evaluate as expression and as unary tests; our own errors are fine, and print."""
    try:
        warnings: list[feel.Warning] = []
        feel.parse(text).evaluate(CONTEXT, warnings=warnings, limits=LIMITS)
        assert all(str(warning) for warning in warnings)
        assert feel.parse_unary(text).test(5, CONTEXT, limits=LIMITS) in (True, False, None)
        feel.evaluate(text, {text[:5]: 1, "": 2, "a b": 3}, limits=LIMITS)
    except (FeelSyntaxError, FeelLimitExceeded, EvaluationError) as error:
        str(error)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EXPRESSIONS)
@example('@"0001-01-01T00:00:00+18:00" = early')
@example("big > 1 and big + 1 > 0 and xs[big] = 1")
@example("n in (1.5)")
def test_expressions(text: str) -> None:
    """Well-formed nonsense gives a value or null."""
    survive(text)


@settings(max_examples=300, deadline=None)
@given(st.one_of(SOUP, st.text(max_size=30)))
def test_soup(text: str) -> None:
    """Tokens in any order, and any text, give a value or a syntax error."""
    survive(text)


def test_deep_in_the_stack() -> None:
    """An evaluation that starts with little stack left ends with our error, not with Python's."""

    def dive(levels: int) -> None:
        if levels:
            dive(levels - 1)
        else:
            survive("{f: function(n) if n <= 1 then 1 else 1 + f(n - 1), r: f(50)}.r + " + "(" * 60 + "1" + ")" * 60)

    dive(sys.getrecursionlimit() - 250)
