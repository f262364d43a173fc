"""Time and memory of one expression are bounded, and passing a bound is a clear error."""

from __future__ import annotations

import contextlib
import time

import pytest

from complaintflow import feel
from complaintflow.errors import EvaluationError, FeelLimitExceeded, FeelSyntaxError

SMALL = feel.Limits(steps=200_000, list_length=20_000, string_length=200_000, regex_steps=50_000)
DOUBLING = "{" + ", ".join(f"a{n}: [a{n - 1}, a{n - 1}]" if n else "a0: [1, 1]" for n in range(40))


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ("for a in 1..20000, b in 1..20000 return 1", "list_length"),
        ("every a in 1..20000, b in 1..20000 satisfies true", "steps"),
        ("for a in 1..9000 return {" + ", ".join(f"k{n}: 1 + 1 + 1" for n in range(500)) + "}", "steps"),
        ("{f: function(x) f(x + 1), r: f(1)}.r", "recursion"),
        ("{f: function(x) g(x), g: function(x) f(x), r: f(1)}.r", None),
        ("(function(f, x) f(f, x))(function(f, x) f(f, x), 1)", "recursion"),
        (DOUBLING + "}", "steps"),
        (DOUBLING + ", r: string(a39)}.r", None),
        (DOUBLING + ", r: a39 = [a38, a38]}.r", "steps"),
        (DOUBLING + ", r: flatten(a39)}.r", "steps"),
        ("{" + ", ".join(f"a{n}: a{n - 1} + a{n - 1}" if n else 'a0: "xxxxxxxx"' for n in range(40)) + "}.a39", None),
        ('string join(for i in 1..20000 return "xxxxxxxxxxxxxxxxxxxx", "xxxxxxxxxxxxxx")', "string_length"),
        ('for i in 1..20000 return split("' + "a;" * 2000 + '", ";")', "steps"),
        ("distinct values(for i in 1..10000 return [i])", "steps"),
        (r'matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "(a*)*\1$")', "regex_steps"),
        ("partition(for i in 1..20000 return i, 1)[item = [1]]", None),
        ("for i in 1..20000 return partial", "steps"),
        (DOUBLING + ", r: is(a39, a39)}.r", "steps"),
        (DOUBLING + ", r: 1 in (= a39)}.r", "steps"),
        (
            "{" + ", ".join(f"a{n}: [a{n - 1}, a{n - 1}]" if n else "a0: [{x: 1}]" for n in range(40)) + "}.a39.x",
            "steps",
        ),
        (DOUBLING + ", r: a39 instance of " + "list<" * 25 + "number" + ">" * 25 + "}.r", "steps"),
        (DOUBLING + ", f: function(a: " + "list<" * 25 + "number" + ">" * 25 + ") 1, r: f(a39)}.r", "steps"),
        ("duplicate values(for i in 1..9000 return modulo(i, 4500) + 0.5)", "steps"),
        ("context put({}, for i in 1..20000 return string(i), 1)", None),
    ],
)
def test_work_is_bounded(text: str, setting: str | None) -> None:
    """Expressions made to eat time or memory end with `FeelLimitExceeded` in a time that goes with the bounds."""
    start = time.process_time()
    if setting is None:
        with contextlib.suppress(FeelLimitExceeded):
            feel.evaluate(text, limits=SMALL)
    else:
        with pytest.raises(FeelLimitExceeded, match=f"Limits.{setting}"):
            feel.evaluate(text, limits=SMALL)
    assert time.process_time() - start < 3


@pytest.mark.parametrize(
    "text", ["(" * 500 + "1" + ")" * 500, "[" * 500, "-" * 5000 + "x", "not(" * 300 + "true" + ")" * 300]
)
def test_nesting_is_bounded(text: str) -> None:
    """Deep brackets and operators are refused before Python's stack ends."""
    with pytest.raises(FeelLimitExceeded):
        feel.parse(text)


def test_chains_are_not_deep() -> None:
    """A long sum, conjunction or product is no nesting."""
    assert feel.evaluate(" + ".join(["1"] * 3000)) == 3000
    assert feel.evaluate(" and ".join(["true"] * 3000)) is True


def test_bounds_are_settings() -> None:
    """Each bound can be set for an evaluation."""
    with pytest.raises(FeelLimitExceeded, match=r"limit of 10\b"):
        feel.evaluate("for i in 1..11 return i", limits=feel.Limits(list_length=10))
    with pytest.raises(FeelLimitExceeded, match=r"Limits\.exponent"):
        feel.evaluate("10 ** 200", limits=feel.Limits(exponent=100))
    with pytest.raises(FeelLimitExceeded, match=r"Limits\.string_length"):
        feel.evaluate('"aaa" + "bbb"', limits=feel.Limits(string_length=5))
    with pytest.raises(FeelLimitExceeded, match=r"Limits\.text_length"):
        feel.parse("1 + 1", limits=feel.Limits(text_length=3))


def test_error_shows_the_expression() -> None:
    """Whoever reads the error learns which expression it was and which setting it passed."""
    with pytest.raises(FeelLimitExceeded) as caught:
        feel.evaluate("for i in 1..200000 return i")
    assert "where: Limits.list_length, in `for i in 1..200000 return i`" in str(caught.value)


def test_recursion_within_the_bound_works() -> None:
    """Sixty nested calls are allowed."""
    assert feel.evaluate("{f: function(n) if n <= 1 then 1 else 1 + f(n - 1), r: f(60)}.r") == 60


def test_catastrophic_patterns_are_linear() -> None:
    """Patterns that hang a backtracking matcher give their answer at once."""
    text = "a" * 2000 + "!"
    start = time.process_time()
    for pattern in ("(a+)+$", "(a|aa)+$", "(a|a?){1,9}b", "(.*a){12}$", "([a-z]+)*b$"):
        assert feel.evaluate("matches(x, p)", {"x": text, "p": pattern}) is False
    assert time.process_time() - start < 5


def test_assert_is_an_error() -> None:
    """The one built-in that fails on purpose raises an evaluation error with its cause."""
    with pytest.raises(EvaluationError, match="amount must be positive"):
        feel.evaluate('assert(amount, amount > 0, "amount must be positive")', {"amount": -1})
    assert feel.evaluate("assert(amount, amount > 0)", {"amount": 1}) == 1


def test_host_error_passes_through() -> None:
    """A host function's own error is not swallowed, but what Python raises for bad arguments is null."""

    def broken(kind: str) -> None:
        raise EvaluationError("stop") if kind == "stop" else ValueError("bad")

    assert feel.evaluate('broken("x")', functions={"broken": broken}) is None
    assert feel.evaluate("broken()", functions={"broken": broken}) is None
    with pytest.raises(EvaluationError, match="stop"):
        feel.evaluate('broken("stop")', functions={"broken": broken})


@pytest.mark.parametrize("text", ['{"": 1}', '{"", a}', '{"  ": 1, b: 2}.b', 'for "" in a return 1'])
def test_empty_name_does_not_hang(text: str) -> None:
    """A name without letters is no name that stands everywhere."""
    with contextlib.suppress(FeelSyntaxError):
        feel.evaluate(text)
    assert feel.evaluate("a + 1", {"": 1, "  ": 2, "a": 3}) == 4


@pytest.mark.parametrize("text", ["1e9999", "-1e9999 + 1", "x + 1", "string(x)", "abs(1e9999)"])
def test_numbers_out_of_range(text: str) -> None:
    """A number beyond decimal128, written or given, is null and a warning, and takes no time."""
    warnings: list[feel.Warning] = []
    start = time.process_time()
    assert feel.evaluate(text, {"x": 10**200_000}, warnings=warnings) is None
    assert warnings
    assert time.process_time() - start < 1


def test_bounds_are_settings_of_the_process() -> None:
    """`set_limits` holds for every evaluation that names no limits, and for those of decision files."""
    feel.set_limits(SMALL)
    try:
        with pytest.raises(FeelLimitExceeded, match=str(SMALL.list_length)):
            feel.evaluate("for i in 1..30000 return i")
        assert len(feel.evaluate("for i in 1..30000 return i", limits=feel.Limits(steps=10**6))) == 30_000
    finally:
        feel.set_limits(feel.limits.DEFAULT_LIMITS)
    assert len(feel.evaluate("for i in 1..30000 return i")) == 30_000


def test_what_was_parsed_before_is_parsed_when_it_is_needed() -> None:
    """It evaluates, reads and calls as if it had been parsed at once, also under bounds that are set later."""
    now, later = feel.parse("sum(items.price) * rate"), feel.parse_later("sum(items.price) * rate")
    try:
        feel.set_limits(feel.Limits(text_length=5))
        assert later.evaluate({"items": [{"price": 2}, {"price": 3}], "rate": 2}) == 10
        with pytest.raises(FeelLimitExceeded, match="text_length"):
            feel.parse_later("1 + 1 + 1")
    finally:
        feel.set_limits(feel.Limits())
    assert (later.free_names, later.filter_names, later.calls) == (now.free_names, now.filter_names, now.calls)
    assert repr(feel.parse_later("1 +")) == "<Expression '1 +'>"
    with pytest.raises(AttributeError):
        _ = later.unknown  # type: ignore[attr-defined]
