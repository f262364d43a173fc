"""JUEL becomes FEEL only where the two mean the same."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from complaintflow import feel
from complaintflow.bpmn.camunda7 import juel
from complaintflow.bpmn.camunda7.feel_text import Writer
from complaintflow.bpmn.camunda7.juel import Binary, Call, Choice, Index, Juel, Literal, Name, Property, Unary
from complaintflow.bpmn.camunda7.value import suggestion, translated
from complaintflow.errors import UnsupportedElement

VARIABLES: dict[str, Any] = {
    "a": 1, "b": 2.5, "n": None, "yes": True, "no": False, "text": "abc", "gone": "", "list": ["x", 5], "none": [],
    "map": {"key": 7, "b c": 8, "inner": {"deep": "d"}}, "item": 3, "date": "2026-01-01",
    "people": [{"name": "Li Wei"}],
}  # fmt: skip


def value(text: str) -> Any:
    """What a translated text gives with the variables above."""
    found = translated(text, "here")
    return feel.evaluate(found[1:], VARIABLES) if found.startswith("=") else found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # comparisons, in both spellings
        ("${a == 1}", True), ("${a eq 1}", True), ("${a != 1}", False), ("${a ne 2}", True), ("${a < b}", True),
        ("${a lt b}", True), ("${a > b}", False), ("${a gt 0}", True), ("${a <= 1}", True), ("${a le 0}", False),
        ("${b >= 2.5}", True), ("${b ge 3}", False), ("${text == 'abc'}", True), ('${text == "abd"}', False),
        ("${n == null}", True), ("${null != n}", False), ("${text != null}", True), ("${missing == null}", True),
        # logic; null is false
        ("${yes && no}", False), ("${yes and yes}", True), ("${no || yes}", True), ("${no or no}", False),
        ("${!yes}", False), ("${not no}", True), ("${!n}", True), ("${n || yes}", True), ("${n && yes}", False),
        ("${yes && a == 1 || no}", True), ("${no || no && yes}", False), ("${!(yes && no)}", True),
        # empty
        ("${empty n}", True), ("${empty gone}", True), ("${empty none}", True), ("${empty text}", False),
        ("${not empty list}", True), ("${empty missing}", True), ("${empty a}", False), ("${!empty text && yes}", True),
        # paths and indices
        ("${map.key}", 7), ("${map['key']}", 7), ("${map['b c']}", 8), ("${map.inner.deep}", "d"), ("${list[0]}", "x"),
        ("${list[1]}", 5), ("${people[0].name}", "Li Wei"), ("${map.get('key')}", 7), ("${list.get(1)}", 5),
        ("${map.inner.deep == 'd'}", True), ("${list[a]}", 5), ("${list[a - 1]}", "x"), ("${list[9]}", None),
        ("${list[a - 2]}", None), ("${list[a - 3]}", None), ("${map[text]}", None), ("${people[a - 1].name}", "Li Wei"),
        ("${map[yes ? 'key' : 'b c']}", 7), ("${map[0]}", None), ("${list[n]}", None), ("${n[a]}", None),
        ("${list.get(a)}", 5), ("${map.get(no ? 'key' : 'b c')}", 8), ("${people[0]['name']}", "Li Wei"),
        # literals
        ("${1}", 1), ("${1.50}", Decimal("1.50")), ("${.5}", Decimal("0.5")), ("${1e3}", 1000), ("${true}", True),
        ("${false}", False), ("${null}", None), ("${'it\\'s'}", "it's"), ('${"a\\"b\\\\c"}', 'a"b\\c'), ("${'}'}", "}"),
        # arithmetic
        ("${a + 1}", 2), ("${a + b}", Decimal("3.5")), ("${b - a}", Decimal("1.5")), ("${a * 3}", 3),
        ("${a / 4}", Decimal("0.25")),
        ("${a div 2}", Decimal("0.5")), ("${7 % 3}", 1), ("${-7 % 3}", -1), ("${7 mod -3}", 1),
        ("${-a}", -1), ("${- -a}", 1),
        ("${1 + 2 * 3}", 7), ("${(1 + 2) * 3}", 9), ("${10 - 2 - 3}", 5), ("${a + 1 == 2}", True),
        # conditionals
        ("${yes ? 'x' : 'y'}", "x"), ("${no ? 'x' : 'y'}", "y"), ("${n ? 1 : 2}", 2), ("${a == 1 ? 10 : 20}", 10),
        ("${no ? 1 : yes ? 2 : 3}", 2), ("${empty n ? 'none' : n}", "none"),
        # methods that FEEL has too
        ("${text.startsWith('a')}", True), ("${text.endsWith('z')}", False), ("${text.contains('b')}", True),
        ("${list.contains('x')}", True), ("${list.size()}", 2), ("${list.size() > 1}", True), ("${text.length()}", 3),
        ("${none.isEmpty()}", True), ("${!list.isEmpty()}", True), ("${text.equals('abc')}", True),
        ("${text.toUpperCase()}", "ABC"), ("${text.equalsIgnoreCase('ABC')}", True),
        ("${execution.getVariable('a') == 1}", True),
        # texts around, both marks, FEEL as it is
        ("Case ${a} of ${text}", "Case 1 of abc"), ("${text}${n}!", "abc!"), ("#{a}", 1), ("plain", "plain"), ("", ""),
        ("= a + 1", 2), (r"\${a}", "${a}"), ("${yes}", True), ("a $ {b}", "a $ {b}"),
        # words of FEEL that are variables here
        ("${item == 3}", True), ("${date == '2026-01-01'}", True),
    ],
)  # fmt: skip
def test_same_value(text: str, expected: Any) -> None:
    """Each construct of JUEL gives in FEEL what it gives in JUEL."""
    found = value(text)
    assert found == expected
    assert type(found) is type(expected) or not isinstance(expected, bool)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("${list[a > 1]}", "into an index"),
        ("${a == '1' && 'x' == 1}", "="),
        ("${text + 'x'}", "into a number"),
        ("${empty (a > 1)}", "may be null"),
        ("${'yes' && a}", "into true or false"),
        ("${nrOfInstances}", "=numberOfInstances"),
        ("${case.key}", "rename"),
        ("${decisionResult.singleEntry}", "=decisionResult.singleEntry"),
        ("${orders.lookUp(a)}", "handler"),
        ("${execution.processDefinitionId}", "handler"),
        ("${execution.setVariable('a', 1)}", "handler"),
        ("${currentUser()}", "handler"),
        ("${task.assignee}", "handler"),
        ("${a +}", "FEEL"),
        ("${a b}", "FEEL"),
        ("${}", "FEEL"),
        ("${a ? b}", "FEEL"),
        ("${" + "(" * 60 + "a" + ")" * 60 + "}", "FEEL"),
        ("${" + "!" * 900 + "a}", "FEEL"),
        ("${" + "a + " * 2000 + "a}", "FEEL"),
        ("${if}", "rename"),
        ("${for + 1}", "rename"),
    ],
)
def test_refused_with_the_feel_to_write(text: str, advice: str) -> None:
    """What FEEL would read differently, or not at all, is refused with the place and what to write."""
    with pytest.raises(UnsupportedElement) as caught:
        translated(text, "p.bpmn, line 3, element x")
    assert caught.value.where == "p.bpmn, line 3, element x"
    assert advice in f"{caught.value.remedy} {caught.value.what}"


@pytest.mark.parametrize(
    "text",
    [
        "${(text + a) == 5}", "${(text - 1) != 2}", "${5 == text * a}", "${!(text < 3)}", "${text < 3 || no}",
        "${text ? 1 : 2}", "${text && yes}", "${text + a > 2 ? 'x' : 'y'}", "${a == 'abc'}", "${-text}",
    ],
)  # fmt: skip
def test_what_juel_would_convert_stays_null(text: str) -> None:
    """A text where a number or truth value is wanted gives null to the end: no other value, no other branch."""
    assert value(text) is None


def test_counters_of_a_completion_condition() -> None:
    """The counters of a loop have other names in Camunda 8, and are known only in the completion condition."""
    text = "${nrOfCompletedInstances / nrOfInstances >= 0.5}"
    assert translated(text, "", counting=True) == "=(numberOfCompletedInstances / numberOfInstances) >= 0.5"


def test_text_that_begins_like_feel() -> None:
    """A script that is a plain expression gives the FEEL to write, one that does something gives none."""
    assert suggestion("amount > 100 && vip;") == "=(amount > 100) and (vip = true)"
    assert suggestion("execution.setVariable('x', 1)") is None
    assert suggestion("for (i in list) {}") is None


# -- against an interpreter of JUEL -----------------------------------------------------------


class Fault(Exception):
    """JUEL would raise, too."""


def number(value: Any) -> Decimal:
    if value is None or value == "":
        return Decimal(0)
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Fault
    try:
        return Decimal(str(value))
    except ArithmeticError:
        raise Fault from None


def truth(value: Any) -> bool:
    if value is None or value == "":
        return False
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value.lower() == "true"
    raise Fault


def equal(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return left is right
    if isinstance(left, bool) or isinstance(right, bool):
        return truth(left) == truth(right)
    if isinstance(left, (int, float)) or isinstance(right, (int, float)):
        return number(left) == number(right)
    return bool(left == right)


def less(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return False
    if isinstance(left, (int, float)) or isinstance(right, (int, float)):
        return number(left) < number(right)
    if isinstance(left, str) and isinstance(right, str):
        return left < right
    raise Fault


def item(base: Any, index: Any) -> Any:
    """javax.el.ListELResolver and MapELResolver."""
    if base is None or index is None:
        return None
    if isinstance(base, dict):
        return base.get(index) if isinstance(index, str) else None
    if not isinstance(base, list) or isinstance(index, (list, dict)):
        raise Fault
    try:
        at = int(index)
    except ValueError:
        raise Fault from None
    return base[at] if 0 <= at < len(base) else None


def interpret(tree: Juel, variables: dict[str, Any]) -> Any:
    """JSR 245, section 1.8 (coercion) and 1.5 to 1.7 (operators), as far as the trees below need it."""
    if isinstance(tree, Literal):
        return tree.text if tree.kind == "text" else json.loads(tree.text)
    if isinstance(tree, Name):
        return variables[tree.name]
    if isinstance(tree, Unary):
        operand = interpret(tree.operand, variables)
        if tree.operator == "not":
            return not truth(operand)
        return operand is None or operand in ("", [], {}) if tree.operator == "empty" else -number(operand)
    if isinstance(tree, Choice):
        return interpret(tree.yes if truth(interpret(tree.condition, variables)) else tree.no, variables)
    if isinstance(tree, Index):
        return item(interpret(tree.base, variables), interpret(tree.index, variables))
    if isinstance(tree, (Property, Call)):
        raise Fault
    left = interpret(tree.left, variables)
    if tree.operator in ("and", "or"):
        if truth(left) is (tree.operator == "or"):
            return tree.operator == "or"
        return truth(interpret(tree.right, variables))
    right = interpret(tree.right, variables)
    return operate(tree.operator, left, right)


def operate(operator: str, left: Any, right: Any) -> Any:
    if operator in ("==", "!="):
        return equal(left, right) is (operator == "==")
    if operator in ("<", ">"):
        return less(left, right) if operator == "<" else less(right, left)
    if operator in ("<=", ">="):
        both_null = left is None and right is None
        pair = (left, right) if operator == "<=" else (right, left)
        return both_null or less(*pair) or (None not in pair and equal(left, right))
    a, b = number(left), number(right)
    if operator in ("/", "%") and b == 0:
        raise Fault
    return {"+": a + b, "-": a - b, "*": a * b}[operator] if operator in "+-*" else a / b if operator == "/" else a % b


LITERALS = st.one_of(
    st.integers(0, 9).map(lambda n: Literal("number", str(n))),
    st.sampled_from(["", "a", "7", "true"]).map(lambda t: Literal("text", t)),
    st.sampled_from([Literal("boolean", "true"), Literal("boolean", "false"), Literal("null", "null")]),
)
NAMES = st.sampled_from(["a", "b", "c"]).map(Name)
OPERATORS = st.sampled_from("and or == != < > <= >= + - * / %".split())  # noqa: SIM905


def grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(Binary, OPERATORS, inner, inner),
        st.builds(Unary, st.sampled_from(["not", "-", "empty"]), inner),
        st.builds(Choice, inner, inner, inner),
        st.builds(Index, inner, inner),
    )


TREES: st.SearchStrategy[Any] = st.recursive(st.one_of(NAMES, LITERALS), grown, max_leaves=8)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.sampled_from([0.5, -2.25]),
    st.sampled_from(["", "a", "b", "3", "true"]), st.sampled_from([[], [1]]),
    st.sampled_from([[{"a": 0}, {"a": 1, "b": 2}], [0, [5, 6], "x"], {"a": 1, "3": {"b": 2}}, {}]),
)  # fmt: skip


@settings(max_examples=1500, deadline=None)
@example(
    Unary("empty", Unary("-", Choice(Literal("boolean", "true"), Literal("text", ""), Literal("number", "0")))),
    {"a": None, "b": None, "c": None},
)
@given(TREES, st.fixed_dictionaries({"a": VALUES, "b": VALUES, "c": VALUES}))
def test_never_another_value(tree: Juel, variables: dict[str, Any]) -> None:
    """For any expression and any variables FEEL gives JUEL's value, or null where JUEL converts; never another one."""
    writer = Writer()
    text = writer.write(tree).text
    if writer.doubts:
        return
    found = feel.evaluate(text, variables)
    try:
        expected = interpret(tree, variables)
    except Fault:
        return
    if found is None:
        return
    if isinstance(expected, Decimal):
        assert abs(Decimal(str(found)) - expected) < Decimal("1e-20")
    else:
        assert found == expected, text
        assert isinstance(found, bool) == isinstance(expected, bool)


def test_trees_are_read_as_written() -> None:
    """Precedence and associativity are those of JUEL."""
    a, b, c = Name("a"), Name("b"), Name("c")
    assert juel.parse("a || b && c") == Binary("or", a, Binary("and", b, c))
    assert juel.parse("a == b < c") == Binary("==", a, Binary("<", b, c))
    assert juel.parse("a - b - c") == Binary("-", Binary("-", a, b), c)
    assert juel.parse("!a == b") == Binary("==", Unary("not", a), b)
    assert juel.parse("a ? b : c ? a : b") == Choice(a, b, Choice(c, a, b))
    assert juel.parse("a.b['c'].d(a)[0]") == Index(
        Call(Property(Property(a, "b"), "c"), "d", (a,)), Literal("number", "0")
    )
