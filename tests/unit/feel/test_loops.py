"""Lists, filters, iterations, quantifiers, and functions as values (DMN 1.5, 10.3.2.5 and 10.3.2.12 to 10.3.2.15)."""

from __future__ import annotations

from typing import Any

import pytest

from complaintflow import feel
from complaintflow.errors import FeelLimitExceeded

CASES: list[tuple[str, Any]] = [
    ("[1, 2, 3][1]", 1),
    ("[1, 2, 3][-1]", 3),
    ("[1, 2, 3][0]", None),
    ("[1, 2, 3][4]", None),
    ("[1, 2, 3][item >= 2]", [2, 3]),
    ("[1, 2, 3][count([1, 2])]", 2),
    ("[{a: 1}, {a: 2}][a = 2]", [{"a": 2}]),
    ("[{item: 1}, {item: 2}][item >= 2]", [{"item": 2}]),
    ("[{x: 1}, {y: 2}][y > 1]", [{"y": 2}]),
    ("100[true]", [100]),
    ("100[1]", 100),
    ("null[1]", None),
    ("[][1]", None),
    ("[[1], [2]][item[1] = 2]", [[2]]),
    ("for x in [1, 2] return x * 2", [2, 4]),
    ("for x in [1, 2], y in [10, 20] return x + y", [11, 21, 12, 22]),
    ("for x in [[1, 2], [3]], y in x return y", [1, 2, 3]),
    ("for x in 1..3 return x", [1, 2, 3]),
    ("for x in 3..1 return x", [3, 2, 1]),
    ("for x in [1..4) return x", [1, 2, 3]),
    ("for x in 1..n return x", [1, 2]),
    ("for i in 1..4 return if i = 1 then 1 else partial[-1] * i", [1, 2, 6, 24]),
    ("for i in 1..3 return count(partial)", [0, 1, 2]),
    ('for d in @"2024-02-28"..@"2024-03-01" return d.day', [28, 29, 1]),
    ("for x in null return x", None),
    ("some x in [1, 2] satisfies x > 1", True),
    ("some x in [] satisfies x > 1", False),
    ("some x in [null, 2] satisfies x > 1", True),
    ("some x in [null, 1] satisfies x > 1", None),
    ("every x in [2, 3] satisfies x > 1", True),
    ("every x in [2, 1, null] satisfies x > 1", False),
    ("every x in [2, null] satisfies x > 1", None),
    ("every x in [1, 2], y in [3, 4] satisfies x < y", True),
    ("(function(a, b) a - b)(5, 3)", 2),
    ("(function(a, b) a - b)(b: 5, a: 3)", -2),
    ("(function() 1)()", 1),
    ("{f: function(n) if n <= 1 then 1 else n * f(n - 1), r: f(5)}.r", 120),
    ("{add: function(a) function(b) a + b, r: add(1)(2)}.r", 3),
    ("sort([3, 1, 2], function(x, y) x > y)", [3, 2, 1]),
    ("(function(f, x) f(x))(abs, -3)", 3),
    ("(function(x: number) x)(1)", 1),
    ('(function(x: number) x)("a")', None),
    ("(function(x: list<number>) x)(1)", [1]),
    ("(function(x) x)()", None),
    ('(function(n) external {java: {class: "java.lang.Math", method signature: "cos(double)"}})(1)', None),
]


@pytest.mark.parametrize(("text", "value"), CASES)
def test_value(text: str, value: Any) -> None:
    """Each expression of the table has its value."""
    assert feel.evaluate(text, {"n": 2}) == value


def test_context_is_read_lazily() -> None:
    """A context may be any Mapping: only the names that are needed are asked for, by key, and nothing is copied."""

    class Asked(dict[str, Any]):
        def __missing__(self, key: str) -> Any:
            asked.append(key)
            return 1

        def __iter__(self) -> Any:
            raise AssertionError("copied")

    asked: list[str] = []
    assert feel.parse("if a = 1 then b else c").evaluate(Asked()) == 1
    assert asked == ["a", "b"]


def test_function_value_outlives_its_evaluation() -> None:
    """A FEEL function that is the result can be called by the host and passed into another expression."""
    double = feel.evaluate("function(x) x * 2")
    assert isinstance(double, feel.Function)
    assert double.call(4) == 8
    assert feel.evaluate("double(5)", {"double": double}) == 10


def test_deep_data_does_not_break() -> None:
    """Nested data beyond Python's stack is refused with our own error."""
    nested: list[Any] = []
    for _ in range(5000):
        nested = [nested]
    with pytest.raises(FeelLimitExceeded):
        feel.evaluate("flatten(xs)", {"xs": nested})
    with pytest.raises(FeelLimitExceeded):
        feel.evaluate("xs = ys", {"xs": nested, "ys": [nested]})
