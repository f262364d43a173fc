"""Boxed expressions: each kind once, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from dmn_files import decision, definitions, input_data, literal, model

from complaintflow import feel
from complaintflow.dmn import DecisionModel
from complaintflow.errors import FeelLimitExceeded, InvalidDecision
from complaintflow.feel.limits import Limits


def run(logic: str, inputs: dict[str, Any] | None = None, **options: Any) -> Any:
    return model(decision("d", logic)).evaluate("d", inputs or {}, **options)


def entry(name: str, logic: str, type_ref: str = "") -> str:
    variable = f'<variable name="{name}"' + (f' typeRef="{type_ref}"' if type_ref else "") + "/>" if name else ""
    return f"<contextEntry>{variable}{logic}</contextEntry>"


def test_context_entries_see_earlier_ones() -> None:
    """Entries are computed in order, each sees those before it, and the context is the result."""
    logic = f"<context>{entry('net sum', literal('n * 2'))}{entry('gross', literal('net sum + 1'))}</context>"
    assert run(logic, {"n": 5}) == {"net sum": 10, "gross": 11}


def test_context_with_a_result_entry() -> None:
    """An entry without a name is the result."""
    assert run(f"<context>{entry('a', literal('1'))}{entry('', literal('a + 1'))}</context>") == 2


def test_list_and_relation() -> None:
    """A boxed list is a list; a relation is a list of contexts with one entry for each column."""
    assert run(f"<list>{literal('1')}{literal('n')}</list>", {"n": "x"}) == [1, "x"]
    rows = "".join(f"<row>{literal(a)}{literal(b)}</row>" for a, b in (('"a"', "1"), ('"b"', "2")))
    relation = f'<relation><column name="k"/><column name="v"/>{rows}</relation>'
    assert run(relation) == [{"k": "a", "v": 1}, {"k": "b", "v": 2}]


def test_relation_rows_must_fit() -> None:
    """A relation row with a missing cell is refused."""
    relation = f'<relation><column name="k"/><column name="v"/><row>{literal("1")}</row></relation>'
    assert "1 cells for 2 columns" in str(model(decision("d", relation)).problems[0])


def test_function_and_invocation() -> None:
    """A boxed function is called by name in FEEL and by a boxed invocation with named parameters."""
    parameters = '<formalParameter name="a" typeRef="number"/><formalParameter name="b"/>'
    function = f"<functionDefinition>{parameters}{literal('a - b')}</functionDefinition>"
    bindings = "".join(
        f'<binding><parameter name="{name}"/>{literal(value)}</binding>' for name, value in (("b", "1"), ("a", "n"))
    )
    called = f"<invocation>{literal('f')}{bindings}</invocation>"
    assert run(f"<context>{entry('f', function)}{entry('', called)}</context>", {"n": 5}) == 4
    assert run(f"<context>{entry('f', function)}{entry('', literal('f(9, 2)'))}</context>") == 7
    assert run(f"<context>{entry('f', function)}{entry('', literal('f(b: 9, a: 2)'))}</context>") == -7


def test_argument_of_the_wrong_type() -> None:
    """A function is not called with an argument outside its parameter's type: null, and a warning that says so."""
    function = f'<functionDefinition><formalParameter name="a" typeRef="number"/>{literal("1")}</functionDefinition>'
    logic = f"<context>{entry('f', function)}{entry('', literal('f(text)'))}</context>"
    warnings: list[feel.Warning] = []
    assert run(logic, {"text": "x"}, warnings=warnings) is None
    assert any("expected number" in str(each) for each in warnings)


def test_invocation_of_what_is_no_function() -> None:
    """Calling a value that is no function, or with an unknown parameter, is null with a warning."""
    warnings: list[feel.Warning] = []
    assert run(f"<invocation>{literal('n')}</invocation>", {"n": 1}, warnings=warnings) is None
    assert "no function" in str(warnings[-1])


def test_boxed_functions_recurse_within_bounds() -> None:
    """A boxed function may call itself; without an end it is stopped by our own error."""
    body = literal("if n <= 1 then 1 else n * f(n - 1)")
    function = f'<functionDefinition><formalParameter name="n"/>{body}</functionDefinition>'
    assert run(f"<context>{entry('f', function)}{entry('', literal('f(10)'))}</context>") == 3628800
    endless = f'<functionDefinition><formalParameter name="n"/>{literal("f(n + 1)")}</functionDefinition>'
    with pytest.raises(FeelLimitExceeded):
        run(f"<context>{entry('f', endless)}{entry('', literal('f(1)'))}</context>")


def test_conditional() -> None:
    """A boxed conditional takes its else part unless the condition is true."""
    logic = (
        f"<conditional><if>{literal('n > 1')}</if><then>{literal('1')}</then><else>{literal('2')}</else></conditional>"
    )
    assert [run(logic, {"n": each}) for each in (2, 1, None)] == [1, 2, 2]


def test_filter() -> None:
    """A boxed filter keeps the items whose match is true; `item` and the item's own entries are visible."""
    by_item = f"<filter><in>{literal('numbers')}</in><match>{literal('item > 1')}</match></filter>"
    assert run(by_item, {"numbers": [1, 2, 3]}) == [2, 3]
    by_entry = f"<filter><in>{literal('rows')}</in><match>{literal('size >= low')}</match></filter>"
    assert run(by_entry, {"rows": [{"size": 1}, {"size": 5}], "low": 3}) == [{"size": 5}]


@pytest.mark.parametrize(
    ("kind", "part", "body", "expected"),
    [
        ("for", "return", "x * 2", [2, 4, 6]),
        ("for", "return", "x + count(partial)", [1, 3, 5]),
        ("some", "satisfies", "x > 2", True),
        ("some", "satisfies", "x > 9", False),
        ("every", "satisfies", "x > 0", True),
        ("every", "satisfies", "x > 1", False),
        ("some", "satisfies", "if x > 2 then null else false", None),
    ],
)
def test_iterators(kind: str, part: str, body: str, expected: object) -> None:
    """Boxed for, some and every; `partial` holds the results so far, and a quantifier can be undecided."""
    for source in ("[1, 2, 3]", "1..3", "[1..3]"):
        logic = f'<{kind} iteratorVariable="x"><in>{literal(source)}</in><{part}>{literal(body)}</{part}></{kind}>'
        assert run(logic) == expected


def test_partial_as_result() -> None:
    """A loop that returns `partial` itself gives copies, not a list inside itself."""
    logic = f'<for iteratorVariable="x"><in>{literal("[1, 2, 3]")}</in><return>{literal("partial")}</return></for>'
    assert run(logic) == [[], [[]], [[], [[]]]]


def test_boxed_loops_are_bounded() -> None:
    """Nested boxed loops count their turns together."""
    inner = f'<for iteratorVariable="y"><in>{literal("1..100")}</in><return>{literal("y")}</return></for>'
    logic = f'<for iteratorVariable="x"><in>{literal("1..100")}</in><return>{inner}</return></for>'
    with pytest.raises(FeelLimitExceeded):
        run(logic, limits=Limits(steps=5000))


def test_type_of_a_literal() -> None:
    """A result outside the expression's type is null and a warning; a list of one stands for its element."""
    warnings: list[feel.Warning] = []
    assert run(literal('"x"', typeRef="number"), warnings=warnings) is None
    assert 'expected number, got string "x"' in str(warnings[0])
    assert run(literal("[10]", typeRef="number")) == 10
    assert run(literal("[[10]]", typeRef="number")) is None


@pytest.mark.parametrize(
    ("logic", "words"),
    [
        (
            f'<functionDefinition kind="Java"><context>{entry("class", literal(chr(34) + "java.lang.Math" + chr(34)))}'
            "</context></functionDefinition>",
            "Java function (java.lang.Math)",
        ),
        ('<literalExpression expressionLanguage="groovy"><text>1</text></literalExpression>', "groovy"),
        (literal(" "), "empty"),
        ("<quantum/>", "not a boxed expression"),
        (f"{literal('1')}{literal('2')}", "2 expressions"),
        ("<literalExpression><importedValues/></literalExpression>", "imports its values"),
        (f"<conditional><if>{literal('true')}</if></conditional>", "'then' part"),
    ],
)
def test_refused(logic: str, words: str) -> None:
    """What does not run here is a problem with file and decision at load, and an error when it is needed."""
    refused = model(decision("d", logic), decision("fine", literal("1")))
    assert words in str(refused.problems[0])
    assert "test.dmn, decision 'd'" in refused.problems[0].where
    assert refused.evaluate("fine", {}) == 1
    with pytest.raises(InvalidDecision):
        refused.evaluate("d", {})


def test_foreign_language_of_the_whole_file() -> None:
    """A file whose expression language is not FEEL is refused; FEEL may be named by any of its URIs."""
    text = definitions(decision("d", literal("1")))
    named = 'expressionLanguage="https://www.omg.org/spec/DMN/20191111/FEEL/"'
    assert DecisionModel.parse(text.replace("<definitions", f"<definitions {named}")).evaluate("d", {}) == 1
    with pytest.raises(InvalidDecision, match="juel"):
        DecisionModel.parse(text.replace("<definitions", '<definitions expressionLanguage="juel"'))


def test_java_function_in_feel_text() -> None:
    """A Java function inside FEEL text gives no value either, and says why."""
    external = '{java: {class: "java.lang.Math", method signature: "cos(double)"}}'
    warnings: list[feel.Warning] = []
    assert run(literal(f"{{f: function(x) external {external}, r: f(0)}}.r"), warnings=warnings) is None
    assert any("Java" in str(each) for each in warnings)


def test_names_with_spaces_and_symbols() -> None:
    """Names of required input data may hold spaces and operators; the longest known name wins."""
    named = model(
        input_data("net sum"),
        input_data("a-b"),
        decision("d", literal("net sum + a-b"), needs=["input:net sum", "input:a-b"]),
    )
    assert named.evaluate("d", {"net sum": 1, "a-b": 2}) == 3
