"""Decision tables: hit policies, aggregations, defaults, allowed values, types."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from dmn_files import decision, input_data, literal, model, table

from complaintflow import feel
from complaintflow.dmn import DecisionModel, Fired
from complaintflow.errors import DecisionError, InvalidDecision

OVERLAPPING = [((">= 10",), ('"low"',)), ((">= 100",), ('"high"',)), ((">= 1000",), ('"high"',))]
RANKED = '<output name="p"><outputValues><text>"high","middle","low"</text></outputValues></output>'


def one(policy: str, aggregation: str = "", rows: list[tuple[tuple[str], tuple[str]]] | None = None) -> DecisionModel:
    outputs = [RANKED] if policy in ("PRIORITY", "OUTPUT ORDER") else ["p"]
    return model(decision("d", table([("n", "number")], outputs, rows or OVERLAPPING, policy, aggregation)))


def test_unique_takes_the_only_rule() -> None:
    """UNIQUE gives the output of the one rule that matches, and null when none does."""
    assert one("UNIQUE").evaluate("d", {"n": 50}) == "low"
    assert one("UNIQUE").evaluate("d", {"n": 5}) is None


def test_unique_violated_names_the_rules() -> None:
    """Two matching rules under UNIQUE are an error with numbers and ids, not a silent first."""
    with pytest.raises(DecisionError) as caught:
        one("UNIQUE").evaluate("d", {"n": 500})
    assert "rule 1 (r1)" in str(caught.value)
    assert "rule 2 (r2)" in str(caught.value)
    assert "test.dmn, decision 'd'" in caught.value.where


def test_rule_annotation_is_named() -> None:
    """Camunda's rule description (its annotation column) appears in the error beside the number."""
    logic = table([("n", "number")], ["p"], [(("> 1",), ("1",)), (("> 2",), ("2",))])
    logic = logic.replace('<rule id="r2">', '<rule id="r2"><description>clause RET-2.a</description>')
    with pytest.raises(DecisionError, match=r'rule 2 \(r2, "clause RET-2.a"\)'):
        model(decision("d", logic)).evaluate("d", {"n": 5})


def test_any_accepts_equal_outputs_only() -> None:
    """ANY gives the common output; different outputs are an error that shows each rule's value."""
    same = one("ANY", rows=[(("> 1",), ('"x"',)), (("> 2",), ('"x"',))])
    assert same.evaluate("d", {"n": 5}) == "x"
    with pytest.raises(DecisionError) as caught:
        one("ANY").evaluate("d", {"n": 5000})
    message = str(caught.value)
    assert 'rule 1 (r1): string "low"' in message
    assert 'rule 2 (r2): string "high"' in message


def test_any_tells_true_from_one() -> None:
    """The outputs true and 1 differ, though Python calls them equal."""
    mixed = one("ANY", rows=[(("> 1",), ("true",)), (("> 2",), ("1",))])
    with pytest.raises(DecisionError):
        mixed.evaluate("d", {"n": 5})


def test_first_stops_at_the_first() -> None:
    """FIRST takes the first matching rule in the order of the table."""
    assert one("FIRST").evaluate("d", {"n": 5000}) == "low"


def test_priority_follows_the_output_values() -> None:
    """PRIORITY takes the output that stands first in the output values, whatever the order of the rules."""
    assert one("PRIORITY").evaluate("d", {"n": 500}) == "high"


def test_orders() -> None:
    """RULE ORDER lists by rule, OUTPUT ORDER by priority."""
    assert one("RULE ORDER").evaluate("d", {"n": 5000}) == ["low", "high", "high"]
    assert one("OUTPUT ORDER").evaluate("d", {"n": 5000}) == ["high", "high", "low"]


def test_priority_without_order_is_refused() -> None:
    """PRIORITY means nothing unless the output values are listed; it is a problem at load."""
    broken = model(decision("d", table([("n", "number")], ["p"], OVERLAPPING, "PRIORITY")))
    assert [type(each) for each in broken.problems] == [InvalidDecision]
    with pytest.raises(InvalidDecision, match="order of the output values"):
        broken.evaluate("d", {"n": 500})


@pytest.mark.parametrize(
    ("aggregation", "expected", "nothing"),
    [("", [1, 3, 5], []), ("SUM", 9, None), ("MIN", 1, None), ("MAX", 5, None), ("COUNT", 3, 0)],
)
def test_collect(aggregation: str, expected: object, nothing: object) -> None:
    """COLLECT lists or aggregates the outputs; without a hit it is an empty list, null or a count of 0."""
    rows = [(("> 1",), ("1",)), (("> 2",), ("3",)), (("> 3",), ("5",))]
    collected = one("COLLECT", aggregation, rows)
    assert collected.evaluate("d", {"n": 9}) == expected
    assert collected.evaluate("d", {"n": 0}) == nothing


def test_aggregation_needs_collect() -> None:
    """An aggregation under another hit policy, or over two columns, is refused and not ignored."""
    assert "only COLLECT aggregates" in str(one("FIRST", "SUM").problems[0])
    two = model(decision("d", table([("n", "")], ["a", "b"], [(("-",), ("1", "2"))], "COLLECT", "SUM")))
    assert "2 output columns" in str(two.problems[0])


def test_several_outputs_are_a_context() -> None:
    """Two output columns give a context, keyed by their names."""
    logic = table([("n", "number")], ["a", "b"], [(("> 1",), ("n + 1", '"x"'))])
    assert model(decision("d", logic)).evaluate("d", {"n": 2}) == {"a": Decimal(3), "b": "x"}


def test_priority_of_compound_outputs() -> None:
    """With two ranked columns the first decides, then the second (DMN 1.5, 8.2.10)."""
    outputs = [RANKED, RANKED.replace('"p"', '"q"')]
    rows = [(("-",), ('"low"', '"high"')), (("-",), ('"high"', '"low"')), (("-",), ('"high"', '"middle"'))]
    logic = table([("n", "")], outputs, rows, "PRIORITY")
    assert model(decision("d", logic)).evaluate("d", {"n": 1}) == {"p": "high", "q": "middle"}


def test_default_output() -> None:
    """When no rule matches, the default output entries are the result."""
    output = '<output name="p"><defaultOutputEntry><text>"none of n"</text></defaultOutputEntry></output>'
    defaulted = model(decision("d", table([("n", "number")], [output], OVERLAPPING, "COLLECT")))
    trace: list[Fired] = []
    assert defaulted.evaluate("d", {"n": 1}, trace=trace) == "none of n"
    assert trace == [Fired("d", ())]


def test_irrelevant_and_empty_cells() -> None:
    """`-` and an empty input cell match everything, null too; an empty output cell is null."""
    logic = table([("a", ""), ("b", "")], ["p", "q"], [(("-", ""), ('"x"', ""))])
    assert model(decision("d", logic)).evaluate("d", {"a": None, "b": 1}) == {"p": "x", "q": None}


def test_lists_negations_and_question_mark_in_cells() -> None:
    """Cells may list values, negate them, and name the input as `?`."""
    rows = [(('"a","b"',), ("1",)), (('not("a","b","long")',), ("2",)), (("string length(?) > 3",), ("3",))]
    logic = table([("s", "string")], ["p"], rows)
    tested = model(decision("d", logic))
    assert [tested.evaluate("d", {"s": each}) for each in ("b", "c", "long")] == [1, 2, 3]


def test_trace_names_the_rules_that_decided() -> None:
    """The trace has one entry for each table, with the ids of the rules the result came from."""
    trace: list[Fired] = []
    one("PRIORITY").evaluate("d", {"n": 5000}, trace=trace)
    one("RULE ORDER").evaluate("d", {"n": 500}, trace=trace)
    assert trace == [Fired("d", ("r2",)), Fired("d", ("r1", "r2"))]


def test_input_of_the_wrong_type() -> None:
    """An input that is not of its column's type is an error that says what was expected and what came."""
    with pytest.raises(DecisionError) as caught:
        one("UNIQUE").evaluate("d", {"n": "50"})
    assert "input 'n': expected number, got string \"50\"" in str(caught.value)


def test_date_written_as_text() -> None:
    """Case variables are JSON: a date column reads an ISO 8601 string as a date."""
    logic = table([("day", "date")], ["p"], [(('>= date("2026-10-01")',), ("true",)), (("-",), ("false",))], "FIRST")
    dated = model(decision("d", logic))
    assert dated.evaluate("d", {"day": "2026-10-02"}) is True
    assert dated.evaluate("d", {"day": date(2026, 9, 30)}) is False
    with pytest.raises(DecisionError, match="ISO 8601"):
        dated.evaluate("d", {"day": "tomorrow"})


def test_input_values() -> None:
    """A value outside the input values of a column is an error, not a table without a hit; null is no value."""
    listed = '<inputValues><text>"phone","mail"</text></inputValues>'
    logic = table([("channel", "string")], ["p"], [(('"phone"',), ("1",))], inside_input=listed)
    limited = model(decision("d", logic))
    assert limited.evaluate("d", {"channel": "mail"}) is None
    assert limited.evaluate("d", {"channel": None}) is None
    with pytest.raises(DecisionError, match='string "fax" is none of the values'):
        limited.evaluate("d", {"channel": "fax"})


def test_output_values_and_type() -> None:
    """A cell whose value is outside the output's values or type is an error that names the rule."""
    output = '<output name="p" typeRef="string"><outputValues><text>"a","b"</text></outputValues></output>'
    logic = table([("n", "number")], [output], [(("1",), ('"c"',)), (("2",), ("7",)), (("3",), ('"a"',))])
    limited = model(decision("d", logic))
    assert limited.evaluate("d", {"n": 3}) == "a"
    with pytest.raises(DecisionError, match=r'rule 1 .*string "c" is none of'):
        limited.evaluate("d", {"n": 1})
    with pytest.raises(DecisionError, match=r"rule 2 .*expected string, got number 7"):
        limited.evaluate("d", {"n": 2})


def test_cells_count_must_fit() -> None:
    """A rule with more or fewer cells than columns is refused."""
    logic = table([("n", "number")], ["p"], [(("1", "2"), ('"c"',))])
    assert "rule 1 has 2 input and 1 output cells" in str(model(decision("d", logic)).problems[0])


def test_syntax_error_in_a_cell_says_where() -> None:
    """A cell that does not parse is listed at load with file, decision, column and rule, and raised when needed."""
    logic = table([("n", "number")], ["p"], [(("> > 1",), ("1",))])
    broken = model(decision("d", logic), decision("fine", literal("1 + 1")))
    assert "test.dmn, decision 'd', input 'n', rule 1 (r1)" in str(broken.problems[0])
    assert broken.evaluate("fine", {}) == 2
    with pytest.raises(type(broken.problems[0])):
        broken.evaluate("d", {"n": 1})


def test_repeated_cells_are_evaluated_once() -> None:
    """A test that stands in many rules of a column is computed once for each evaluation."""
    asked: list[object] = []

    def probe(value: object) -> bool:
        asked.append(value)
        return False

    rows = [(("probe(?)",), (str(number),)) for number in range(50)]
    repeated = model(decision("d", table([("n", "number")], ["p"], rows)))
    assert repeated.evaluate("d", {"n": 7}, functions={"probe": probe}) is None
    assert asked == [7]


def test_camunda_7_input_variable() -> None:
    """Camunda 7 may give the input another name for the cells."""
    logic = table([("n + 1", "number")], ["p"], [(("twice > 4",), ("true",))])
    logic = logic.replace(
        "<input ", '<input xmlns:camunda="http://camunda.org/schema/1.0/dmn" camunda:inputVariable="twice" '
    )
    assert model(decision("d", logic)).evaluate("d", {"n": 4}) is True


def test_null_input_is_not_explained_by_every_cell() -> None:
    """A null input makes cells false without a warning each; a missing variable is warned of once."""
    rows = [((f"> {number}",), ("1",)) for number in range(20)]
    compared = model(decision("d", table([("n", "number")], ["p"], rows, "COLLECT")))
    warnings: list[feel.Warning] = []
    assert compared.evaluate("d", {"n": None}, warnings=warnings) == []
    assert warnings == []
    assert compared.evaluate("d", {}, warnings=warnings) == []
    assert len(warnings) == 1


def test_a_thousand_rules_are_linear() -> None:
    """Each different cell of a table is evaluated at most once, so that work grows with the number of rules."""
    counted = 0

    def probe(value: int, wanted: int) -> bool:
        nonlocal counted
        counted += 1
        return value == wanted

    rows = [((f"probe(?, {number})", '"a","b"'), (str(number),)) for number in range(1000)]
    large = model(decision("d", table([("n", "number"), ("s", "string")], ["p"], rows)))
    assert large.evaluate("d", {"n": 999, "s": "b"}, functions={"probe": probe}) == 999
    assert counted == 1000


def test_rules_and_inputs_are_listed() -> None:
    """What a table needs and what its rules are can be asked, for checks and for tracing clauses."""
    rows = [((test, "-"), result) for (test,), result in OVERLAPPING]
    logic = table([("n + m", ""), ("day", "date")], ["p"], rows)
    listed = model(input_data("n", "number"), decision("d", logic, needs=["input:n"]))
    assert [(rule.number, rule.id) for rule in listed.rules("d")] == [(1, "r1"), (2, "r2"), (3, "r3")]
    assert [(item.name, item.type_ref) for item in listed.inputs("d")] == [("n", "number"), ("day", "date"), ("m", "")]
    assert listed.decisions == {"d": "d"}
