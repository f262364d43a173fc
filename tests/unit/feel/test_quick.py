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

LITERALS = st.sampled_from(["1", "2", '"a"', '"b"', "null", "1.5", "true"])
LEFT = st.sampled_from(["x", "y", "c.x", "c.z", "missing"])
SIMPLE = st.builds("{} {} {}".format, LEFT, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), LITERALS)
CONDITIONS = st.one_of(SIMPLE, st.builds("{} {} {}".format, SIMPLE, st.sampled_from(["and", "or"]), SIMPLE))
VALUES = st.sampled_from([1, 2, 3, 1.0, Decimal("1.5"), "a", "b", True, False, None, [1], {"x": 1}])


@given(CONDITIONS, st.dictionaries(st.sampled_from(["x", "y"]), VALUES), VALUES)
@example("x = 1 or y = 1", {"x": 1, "y": 2}, None)
@example("x = 1 or y = 1", {"x": 2, "y": 1}, None)
@example("x = 1 or y = 1", {"x": 2, "y": 2}, None)
@example("x = 1 and y = 1", {"x": 1, "y": 2}, None)
@example("x = 1 and y = 1", {"x": 2, "y": 1}, None)
@example("x = 1 and y = 1", {"x": 1, "y": 1}, None)
@example("x = null or c.x = 1", {"x": None}, 1)
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


def test_typical_condition_takes_it() -> None:
    """The condition of the benchmark is decided by the short cut."""
    tree = parse_tree('amount > 100 and severity = "high"', frozenset(), DEFAULT_LIMITS, unary=False)
    quick = compile_tree("", tree).quick
    assert quick is not None
    assert quick({"amount": 150, "severity": "high"}) is True
