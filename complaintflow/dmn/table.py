"""Decision tables as closures (DMN 1.5, chapter 8): which rules match, and what the hit policy makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from complaintflow.dmn import tree
from complaintflow.dmn.hits import Hit, Ranks, policy_code
from complaintflow.dmn.language import Vocabulary
from complaintflow.dmn.run import Code, Fired, Run, Scope
from complaintflow.dmn.types import Constrained, Mismatch, accept, conform
from complaintflow.errors import DecisionError, InvalidDecision
from complaintflow.feel.values import describe

Value = Any


class _Input(NamedTuple):
    """A compiled input column: `cells` has each different test once, rules refer to them by index."""

    value: Code
    cells: list[Code]
    cell_variable: str


class _Row(NamedTuple):
    """A compiled rule: (input column, cell) pairs without the irrelevant ones, and its outputs."""

    rule: tree.Rule
    tests: tuple[tuple[int, int], ...]
    outputs: tuple[Code, ...]


def table_code(table: tree.Table, words: Vocabulary, where: str, owner: str) -> Code:
    """Compile a decision table.

    Args:
        owner: id under which the rules that fired are recorded.

    Raises:
        DefinitionError: a cell does not parse, or the hit policy lacks what it needs.
    """
    inputs, indexes = _inputs(table, words, where)
    outputs = [_output_check(each, words, where) for each in table.outputs]
    rows = [_row(rule, table, indexes, words, where) for rule in table.rules]
    defaults = _defaults(table, words, where)
    decide = policy_code(table, [_ranks(each, words, where) for each in table.outputs], where)
    first_only = table.policy == "FIRST"
    names = [each.name for each in table.outputs]

    def result_of(row: _Row, scope: Mapping[str, Value], run: Run) -> Value:
        values = [check(code(scope, run), row.rule) for check, code in zip(outputs, row.outputs, strict=True)]
        return values[0] if len(values) == 1 else dict(zip(names, values, strict=True))

    def code(scope: Mapping[str, Value], run: Run) -> Value:
        matched = _matching(rows, inputs, scope, run, first_only)
        if not matched and defaults is not None:
            _record(run, owner, ())
            return defaults(scope, run)
        chosen, value = decide([Hit(row.rule, result_of(row, scope, run)) for row in matched], run)
        _record(run, owner, chosen)
        return value

    return code


def _record(run: Run, owner: str, rules: Sequence[tree.Rule]) -> None:
    if run.trace is not None:
        run.trace.append(Fired(owner, tuple(rule.id or f"rule {rule.number}" for rule in rules)))


def _matching(
    rows: list[_Row], inputs: list[_Input], scope: Mapping[str, Value], run: Run, first_only: bool
) -> list[_Row]:
    """The rules of which every cell is true; a cell that stands in several rules is evaluated once."""
    scopes: list[Mapping[str, Value]] = []
    runs: list[Run] = []
    for column in inputs:
        value = column.value(scope, run)
        local = {"?": value}
        if column.cell_variable:
            local[column.cell_variable] = value
        scopes.append(Scope(local, scope))
        # That null has no order with 5 says nothing new, and there may be a thousand cells.
        runs.append(run.quiet() if value is None else run)
    answers: list[list[bool | None]] = [[None] * len(column.cells) for column in inputs]
    matched = []
    for row in rows:
        for at, cell in row.tests:
            answer = answers[at][cell]
            if answer is None:
                answer = answers[at][cell] = inputs[at].cells[cell](scopes[at], runs[at]) is True
            if not answer:
                break
        else:
            matched.append(row)
            if first_only:
                break
    return matched


def _inputs(table: tree.Table, words: Vocabulary, where: str) -> tuple[list[_Input], list[dict[str, int]]]:
    """The compiled input columns, and for each the index of every test text."""
    inputs = []
    indexes = []
    for number, each in enumerate(table.inputs):
        place = f"{where}, input '{each.label}'"
        inside = words.plus(each.cell_variable) if each.cell_variable else words
        index: dict[str, int] = {}
        cells: list[Code] = []
        for rule in table.rules:
            text = rule.tests[number].strip()
            if text not in index and not _irrelevant(text):
                index[text] = len(cells)
                cells.append(inside.unary(text, f"{place}, {rule.label}"))
        value = _input_value(each, words, place)
        inputs.append(_Input(value, cells, each.cell_variable))
        indexes.append(index)
    return inputs, indexes


def _irrelevant(text: str) -> bool:
    return text in ("", "-")


def _input_value(each: tree.Input, words: Vocabulary, place: str) -> Code:
    """The input expression; a value outside the column's type or values is an error, not a rule that never matches."""
    code = words.expression(each.expression.text, place)
    wanted = words.type(each.expression.type_ref)
    allowed = None if _irrelevant(each.values.strip()) else words.unary(each.values, place)

    def checked(scope: Mapping[str, Value], run: Run) -> Value:
        value = code(scope, run)
        if value is None:
            return None
        if wanted is not None:
            try:
                value = accept(value, wanted)
            except Mismatch as mismatch:
                raise DecisionError(
                    f"input '{each.label}': {mismatch}",
                    where=place,
                    advice="change the type of the column, or what fills it",
                ) from None
        if allowed is not None and allowed(Scope({"?": value}, scope), run) is not True:
            raise DecisionError(
                f"input '{each.label}': {describe(value)} is none of the values the column allows: "
                f"{each.values.strip()}",
                where=place,
                advice="allow the value in the column, or change what fills it",
            )
        return value

    return checked


def _output_check(each: tree.Output, words: Vocabulary, where: str) -> Callable[[Value, tree.Rule], Value]:
    """Holds an output value against the column's type and allowed values."""
    wanted = words.type(each.type_ref)
    place = f"{where}, output '{each.name or each.label}'"
    allowed = None if _irrelevant(each.values.strip()) else words.unary(each.values, place)

    def check(value: Value, rule: tree.Rule) -> Value:
        if value is None:
            return None
        if wanted is not None:
            try:
                value = conform(value, wanted)
            except Mismatch as mismatch:
                raise DecisionError(
                    f"{rule.label}: {mismatch}", where=place, advice="change the cell, or the type of the column"
                ) from None
        if allowed is not None and allowed({"?": value}, Run()) is not True:
            raise DecisionError(
                f"{rule.label}: {describe(value)} is none of the values the column allows: {each.values.strip()}",
                where=place,
                advice="change the cell, or allow the value in the column",
            )
        return value

    return check


def _row(rule: tree.Rule, table: tree.Table, indexes: list[dict[str, int]], words: Vocabulary, where: str) -> _Row:
    tests = tuple(
        (number, index[text.strip()])
        for number, (text, index) in enumerate(zip(rule.tests, indexes, strict=True))
        if not _irrelevant(text.strip())
    )
    outputs = tuple(
        _output_cell(text, words, f"{where}, output '{output.name or output.label}', {rule.label}")
        for text, output in zip(rule.results, table.outputs, strict=True)
    )
    return _Row(rule, tests, outputs)


def _output_cell(text: str, words: Vocabulary, place: str) -> Code:
    """An output entry; Camunda Modeler writes an empty one for "no value", which is null."""
    if _irrelevant(text.strip()):
        return lambda scope, run: None
    return words.expression(text, place)


def _defaults(table: tree.Table, words: Vocabulary, where: str) -> Code | None:
    """What the table gives when no rule matches (DMN 1.5, 8.3.3), or None if no output has a default."""
    if all(each.default is None for each in table.outputs):
        return None
    codes = [
        (each.name, _output_cell(each.default or "", words, f"{where}, default of '{each.name}'"))
        for each in table.outputs
    ]
    if len(codes) == 1:
        return codes[0][1]
    return lambda scope, run: {name: code(scope, run) for name, code in codes}


def _ranks(each: tree.Output, words: Vocabulary, where: str) -> Ranks | None:
    """The order of a column's values, from its output values or from the allowed values of its type."""
    text = each.values.strip()
    wanted = words.type(each.type_ref)
    if _irrelevant(text) and isinstance(wanted, Constrained):
        text = wanted.allowed
    if _irrelevant(text):
        return None
    place = f"{where}, values of output '{each.name or each.label}'"
    try:
        listed = words.expression(f"[{text}]", place)({}, Run())
    except InvalidDecision:
        return None
    return Ranks(listed) if isinstance(listed, list) else None
