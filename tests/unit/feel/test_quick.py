"""The short cut for simple conditions never differs from the closures it replaces."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from complaintflow import feel
from complaintflow.feel.compiler import compile_tree
from complaintflow.feel.limits import DEFAULT_LIMITS
from complaintflow.feel.parser import parse_tree
from complaintflow.feel.runtime import Run, Scope

LITERALS = st.sampled_from(["1", "2", '"a"', '"b"', "null", "1.5", "true", "9007199254740993", "0.1", "1e300"])
LEFT = st.sampled_from(["x", "y", "c.x", "c.z", "c.x.x", "missing", "abs"])
OPERATORS = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
COMPARED = st.builds("{} {} {}".format, LEFT, OPERATORS, st.one_of(LITERALS, LEFT))
TESTS = ["[1..2]", "(1..3)", "(1, 2)", '("a", "b")', '["a"]', "[2, 1.5]", "(1)", "[2..1]"]
RANGED = st.builds("{} {}".format, LEFT, st.sampled_from(["between 1 and 2", *(f"in {test}" for test in TESTS)]))
SIMPLE = st.one_of(COMPARED, RANGED, st.sampled_from(["x", "c.x", "missing"]))
NEGATED = st.one_of(SIMPLE, SIMPLE.map("not({})".format))
CONDITIONS = st.lists(NEGATED, min_size=1, max_size=3).flatmap(
    lambda parts: st.sampled_from([" and ", " or "]).map(lambda word: word.join(parts))
)
LONG = "1." + "0" * 40 + "1"
NUMBERS = [
    1,
    2,
    3,
    1.0,
    0.1,
    2.0**53,
    float("nan"),
    float("inf"),
    -0.0,
    Decimal("1.5"),
    Decimal(LONG),
    Decimal("sNaN"),
    10**40,
]
VALUES = st.sampled_from([*NUMBERS, "a", "b", True, False, None, [1], {"x": 1}])


@given(CONDITIONS, st.dictionaries(st.sampled_from(["x", "y"]), VALUES), VALUES)
@example("x = 1 or y = 1", {"x": 1, "y": 2}, None)
@example("x = 1 or y = 1", {"x": 2, "y": 1}, None)
@example("x = 1 or y = 1", {"x": 2, "y": 2}, None)
@example("x = 1 and y = 1", {"x": 1, "y": 2}, None)
@example("x = 1 and y = 1", {"x": 2, "y": 1}, None)
@example("x = 1 and y = 1", {"x": 1, "y": 1}, None)
@example("x = null or c.x = 1", {"x": None}, 1)
@example("not(x = 1)", {"x": 1, "not": feel.Function(("a",), lambda a: a)}, 1)
@example("x < 9007199254740993", {"x": 2.0**53}, 1)
@example("x = 0.1000000000000000055511151231257827", {"x": 0.1}, 1)
@example("x != 1", {"x": float("nan")}, 1)
@example("x > 1", {"x": float("inf")}, 1)
@example("x = 1", {"x": Decimal("sNaN")}, 1)
@example("x in (1, 2) or x = 3 or y", {"x": 3, "y": False}, 1)
def test_same_answer(text: str, context: dict[str, Any], inner: Any) -> None:
    """With and without the short cut the answer and the warnings are the same."""
    context = {**context, "c": {"x": inner}}
    slow: list[feel.Warning] = []
    run = Run()
    run.warnings = slow
    code = compile_tree(text, parse_tree(text, frozenset(), DEFAULT_LIMITS, unary=False)).code
    fast: list[feel.Warning] = []
    assert feel.parse(text).evaluate(context, warnings=fast) is code(Scope(context, None, run))
    assert fast == slow


CELL = st.one_of(st.builds("{} {}".format, OPERATORS, LITERALS), LITERALS, st.sampled_from(["[1..2]", "(1..3)", "x"]))
CELLS = st.lists(CELL, min_size=1, max_size=3).map(", ".join)


@given(st.one_of(CELLS, CELLS.map("not({})".format)), VALUES)
@example("> 1", float("nan"))
@example("not(1, 2)", 3)
@example('"a", 1', 1)
def test_same_answer_in_a_cell(text: str, value: Any) -> None:
    """In the cells of a decision table as well."""
    context = {"?": value, "x": 2}
    slow: list[feel.Warning] = []
    run = Run()
    run.warnings = slow
    code = compile_tree(text, parse_tree(text, frozenset(), DEFAULT_LIMITS, unary=True)).code
    fast: list[feel.Warning] = []
    expected = code(Scope(context, None, run))
    assert feel.parse_unary(text).evaluate(context, warnings=fast) is expected
    assert fast == slow
    assert feel.parse_unary(text).test(value, context) is expected


def test_typical_condition_takes_it() -> None:
    """The condition of the benchmark is decided by the short cut."""
    tree = parse_tree('amount > 100 and severity = "high"', frozenset(), DEFAULT_LIMITS, unary=False)
    quick = compile_tree("", tree).quick
    assert quick is not None
    assert quick({"amount": 150, "severity": "high"}) is True
