"""The matrix: each element in each place gives the trace that it must, also stored and read between all steps."""

from __future__ import annotations

from itertools import groupby

import pytest

from complaintflow.bpmn.reader import find_problems, read_program
from complaintflow.errors import InvalidDiagram
from tests.diagrams import attributes, document, flows, gateway, process, start, user
from tests.matrix import (
    activities,
    compensation,
    conditions,
    correlation,
    data,
    events,
    gateways,
    listeners,
    refusals,
    starts,
    subprocesses,
)
from tests.matrix.playing import Playing
from tests.matrix.rows import Refusal, Row

PAGES = (activities, gateways, events, conditions, compensation, subprocesses, listeners, starts, correlation, data)
ROWS: list[Row] = [row for page in PAGES for row in page.ROWS]


@pytest.mark.parametrize("reloaded", [False, True], ids=["straight", "reloaded"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_row(row: Row, reloaded: bool) -> None:
    """The diagram gives its trace, and the variables and the way that the row names."""
    case = Playing(read_program({"p.bpmn": row.source}), reloaded=reloaded)
    for number, line in enumerate(row.steps):
        action, _, expected = line.partition("->")
        got = case.step(action.strip()) if number else case.start(dict(row.first), row.event)
        assert sorted(got.split()) == sorted(expected.split()), f"after '{action.strip() or 'the start'}'"
    variables = case.game.top.scope.variables
    assert {name: variables.get(name) for name in row.then} == dict(row.then)
    came_by = [place for place in case.trace if place in row.visits]
    assert [place for place, _ in groupby(came_by)] == list(row.visits)
    if case.game.top.completed:
        assert case.game.flows == {}
        assert case.game.scopes.keys() <= {case.game.top.scope.number}


@pytest.mark.parametrize("row", refusals.ROWS, ids=lambda row: row.id)
def test_refusal(row: Refusal) -> None:
    """What would not run as it is drawn is refused with file, element and what to draw instead."""
    found = find_problems({"p.bpmn": row.source})
    assert len(found) == 1, found
    assert "p.bpmn" in found[0].where
    assert row.at in f"{found[0].where} {found[0].what}"
    assert row.instead in found[0].remedy


def test_rows_are_distinct() -> None:
    """Each element stands once in each place."""
    ids = [row.id for row in (*ROWS, *refusals.ROWS)]
    assert len(ids) == len(set(ids))


def test_everything_refused_is_told_at_once() -> None:
    """Who loads a diagram with several mistakes learns of all of them, each with its element and what to draw."""
    wrong = (
        start(), user("a"), attributes(user("b"), startQuantity="0"), gateway("complex", "c"),
        '<bpmn:choreographyTask id="d" name="Talk"/>', flows("start > a > c", "start > b > c"),
    )  # fmt: skip
    with pytest.raises(InvalidDiagram) as caught:
        read_program({"p.bpmn": document(process(*wrong)).encode()})
    told = str(caught.value)
    assert "and 2 more" in told
    for word in ("element b", "complex gateway", "element d", "'Talk'", "message flows"):
        assert word in told
