"""Every built-in function is documented, its example holds, and its arguments are checked (DMN 1.5, 10.3.4)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from complaintflow import feel
from complaintflow.feel.library import BUILTINS
from complaintflow.feel.reference import markdown

PAGE = Path(__file__).resolve().parents[3] / "docs" / "feel.md"
STANDARD = """
date, time, date and time, duration, years and months duration, number, string, range, context, not, substring,
string length, upper case, lower case, substring before, substring after, replace, contains, starts with, ends with,
matches, split, string join, list contains, list replace, count, min, max, sum, mean, all, any, sublist, append,
concatenate, insert before, remove, reverse, index of, union, distinct values, flatten, product, median, stddev, mode,
decimal, floor, ceiling, round up, round down, round half up, round half down, abs, modulo, sqrt, log, exp, odd, even,
is, before, after, meets, met by, overlaps, overlaps before, overlaps after, finishes, finished by, includes, during,
starts, started by, coincides, day of year, day of week, month of year, week of year, sort, get value, get entries,
context put, context merge, now, today
"""
CAMUNDA = """
is defined, get or else, assert, trim, extract, uuid, to base64, is blank, random number, is empty, partition,
duplicate values, last day of month, to json, from json, fromAi
"""


def names(text: str) -> set[str]:
    """The names in a list."""
    return {name.strip() for name in text.replace("\n", " ").split(",")}


def test_none_is_missing() -> None:
    """All functions of the standard are there, and those that Camunda documents, and no others."""
    assert names(STANDARD) | names(CAMUNDA) == set(BUILTINS)
    assert {name for name, entry in BUILTINS.items() if entry.source == "Camunda"} == names(CAMUNDA)


@pytest.mark.parametrize("name", sorted(BUILTINS))
def test_documented_example_holds(name: str) -> None:
    """Each function has a sentence and an example that calls it and is true without a warning."""
    entry = BUILTINS[name]
    warnings: list[feel.Warning] = []
    assert entry.about.endswith(".")
    assert len(entry.about) > 15
    assert name in feel.parse(entry.example).calls
    assert feel.evaluate(entry.example, warnings=warnings) is True
    assert warnings == []


def test_reference_is_complete() -> None:
    """The page of documentation has a row for each function, and is the one in the folder."""
    page = markdown()
    for name, entry in BUILTINS.items():
        assert f"`{name}(" in page
        assert entry.about in page
    assert page == PAGE.read_text(encoding="utf-8"), "python -m complaintflow.feel.reference > docs/feel.md"


def test_examples_of_the_page_hold() -> None:
    """Every example that stands on the page, as a reader copies it from there, is true."""
    rows = re.findall(r"^\| .* \| `(.+)` \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == len(BUILTINS)
    assert [row for row in rows if feel.evaluate(row.replace("\\|", "|")) is not True] == []


@pytest.mark.parametrize("name", sorted(set(BUILTINS) - {"is defined", "get or else", "not", "string", "is", "fromAi"}))
def test_null_and_too_many_arguments(name: str) -> None:
    """Null or too many arguments give null, as the standard says, with a warning that names the function."""
    entry = BUILTINS[name]
    many = ", ".join(["1"] * 12)
    if not any(overload.parameters and overload.parameters[-1].variadic for overload in entry.overloads):
        assert feel.evaluate(f"{name}({many})") is None
    if any(overload.parameters for overload in entry.overloads) and name not in ("assert", "to json"):
        warnings: list[feel.Warning] = []
        assert feel.evaluate(f"{name}(null)", warnings=warnings) is None
        assert len(warnings) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('substring("foobar", 3, 3.8)', "oba"),
        ('substring("foobar", 0)', None),
        ('substring("\\U01F40Efoo", 2)', "foo"),
        ('number("1.000.000,01", ".", ",") = 1000000.01', True),
        ('number("1,000", ",", ",")', None),
        ('number("1e3")', 1000),
        ('number("one")', None),
        ("string(null)", None),
        ('string({a: ["x", null, 1.50]})', '{a: ["x", null, 1.50]}'),
        ("string(-0.0)", "0.0"),
        ("string(1e30)", "1" + "0" * 30),
        ("all([true, null])", None),
        ("all([false, null])", False),
        ("all([])", True),
        ("any([null, true])", True),
        ("any([null, false])", None),
        ("min([])", None),
        ('max(1, "a")', None),
        ("sum([])", None),
        ("sum(1.5)", 1.5),
        ("mean([1, null])", None),
        ("median([])", None),
        ("mode([])", []),
        ("stddev([1])", None),
        ("count(null)", None),
        ("count(5)", 1),
        ("list contains([null], null)", True),
        ("sublist([1, 2, 3], -2)", [2, 3]),
        ("sublist([1, 2, 3], 2, 5)", None),
        ("insert before([1, 2], -1, 9)", [1, 9, 2]),
        ("remove([1, 2], 3)", None),
        ("list replace([2, 4, 7, 8], function(item, newItem) item < newItem, 5)", [5, 5, 7, 8]),
        ("list replace([1], function(a) true, 5)", None),
        ("concatenate([1], 2)", [1, 2]),
        ("concatenate([1], null)", None),
        ('distinct values([1, 1.0, "1", [1], [1], null, null])', [1, "1", [1], None]),
        ("index of([1, null], null)", [2]),
        ("sort([3, 1, 2])", [1, 2, 3]),
        ('sort(["b", "a"], function(x, y) 1)', None),
        ("decimal(2.5, 0)", 2),
        ('decimal(2.5, 0, "half_up")', 3),
        ("decimal(1234, -2)", 1200),
        ("round half up(5.5, 6177)", None),
        ("round down(5.5, 6176)", 5.5),
        ("modulo(10, 0)", None),
        ("modulo(-10.1, 4.5)", 3.4),
        ("sqrt(-1)", None),
        ("log(0)", None),
        ("exp(100000)", None),
        ("odd(1.5)", False),
        ('get value({a: 1}, "b")', None),
        ('get value({a: {b: 3}}, ["a", "b"])', 3),
        ('context put({x: 1}, ["y", "z"], 2)', {"x": 1, "y": {"z": 2}}),
        ('context put({x: 1}, ["x", "z"], 2)', None),
        ('context([{key: "a", value: 1}, {key: "a", value: 2}])', None),
        ("context merge([1])", None),
        ("before([1..5), 5)", True),
        ("before(1, [1..5])", False),
        ("after([5..8], [1..5))", True),
        ("meets([1..5), [5..8])", False),
        ("overlaps([1..5], [5..8])", True),
        ("overlaps([1..5), [5..8])", False),
        ("overlaps before([1..5], [1..5])", False),
        ("overlaps before([1..5], (1..5])", True),
        ("overlaps after((1..5], [1..5))", True),
        ("finishes(5, [1..5])", True),
        ("finishes(5, [1..5))", False),
        ("includes([1..5], [1..5))", True),
        ("includes([1..5), 5)", False),
        ("during((1..5), [1..5])", True),
        ("starts(1, (1..5])", False),
        ("starts([1..5), [1..5])", True),
        ("coincides([1..5], [1..5))", False),
        ("coincides(1, 1)", True),
        ('before(1, "a")', None),
        ("includes((< 5), 3)", True),
        ('range("(..5)")', feel.Range(None, 5, False, False)),
        ('range("[..5)")', None),
        ('range("[2..)") = (>= 2)', True),
        ('range("[2..]")', None),
        ('range("[date(2024, 1, 1)..@\\"2024-02-01\\"]").start.month', 1),
        ("(function(a, b) [a, b])(a: 1)", [1, None]),
        ("append(list: [1])", [1, None]),
        ('range("[5..1]")', None),
        ('range("[1..x]")', None),
        ('last day of month(@"2023-02-10T10:00:00").day', 28),
        ('week of year(@"2010-01-01")', 53),
        ('from json("{\\"a\\": [1.5, null]}").a[1]', 1.5),
        ('from json("NaN")', None),
        ('from json("{")', None),
        ('to json(@"2025-11-24T10:00:00@Europe/Berlin")', '"2025-11-24T10:00:00+01:00[Europe/Berlin]"'),
        ('string join(["a", null, "c"], "-")', "a-c"),
        ('string join(["a", 1])', None),
        ('string join(["a", "b"], ", ", "[", "]")', "[a, b]"),
        ("abs(n: -1) + floor(n: 1.56, scale: 1)", 2.5),
        ("abs(number: -1)", None),
        ("all(list: [true])", True),
        ("min(list: [2, 1])", 1),
        ("time(hour: 1, minute: 2, second: 3).minute", 2),
    ],
)
def test_value(text: str, value: Any) -> None:
    """Corner cases have the value of the table."""
    result = feel.evaluate(text)
    assert feel.evaluate("a = b", {"a": result, "b": value}) is True


def test_host_replaces_chance() -> None:
    """`uuid` and `random number` give way to the host's, so that a test can tell them."""
    functions = {"uuid": lambda: "u1", "random number": lambda: 0.5}
    assert feel.evaluate("[uuid(), random number()]", functions=functions) == ["u1", 0.5]


def test_host_functions() -> None:
    """A host function is found when nothing else has the name, gets FEEL values by position, and can be passed on."""
    functions = {"plus": lambda a, b: a + b, "abs": lambda a: "host"}
    assert feel.evaluate("plus(1, 2)", functions=functions) == 3
    assert feel.evaluate("abs(-1)", functions=functions) == 1
    assert feel.evaluate("sort([1, 3, 2], later)", functions={"later": lambda a, b: a > b}) == [3, 2, 1]
    assert feel.evaluate("plus(a: 1, b: 2)", functions=functions) is None
