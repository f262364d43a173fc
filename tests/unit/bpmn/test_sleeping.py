"""A command opens what it comes to; all else of the case stays as it was stored."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest

from complaintflow import Case
from complaintflow.bpmn.marking import freeze, packed, thaw
from complaintflow.case.commands import CompleteTask
from complaintflow.case.live import LiveCase
from complaintflow.errors import InvalidData, StaleCase
from complaintflow.store.codec import from_json, to_json
from complaintflow.testing import Workbench
from tests.diagrams import Play, call, end, flows, io, multi, process, script, start, sub, user

LARGE = "x" * 20_000


def opened(bench: Workbench, case: Case, values: Mapping[str, bytes] | None = None) -> LiveCase:
    """The case as a command gets it; with ``values``, its store has these."""
    work = bench.engine._work
    with work.store.reading() as tx:
        row = tx.case(case.id, work.anchors.shard(case.id))
        rows = tx.values(case.id) if values is None else values
        return LiveCase.open(row, lambda: rows, list, work.bundle(tx, row), work.settings, row.updated_at, None)


def rounds(play: Play) -> Workbench:
    """Twenty rounds of a sub-process with a task, each with variables of its own."""
    inner = sub("s", start("s-start"), user("a"), end("s-end"), flows("s-start > a > s-end"), loop=multi("items", "i"))
    return play(start(), inner, user("after"), flows("start > s > after"))


def number(case: Case, place: int) -> int:
    return int(case.tasks[place].id.rpartition(".")[2])


def test_a_command_opens_one_round_of_many(play: Play) -> None:
    """Of twenty rounds the completed one is opened: its tokens, its scope and what is around them."""
    bench = rounds(play)
    case = bench.start("p", items=list(range(20)))
    live = opened(bench, case)
    CompleteTask(number(case, 7), {}).apply(live)
    assert (len(live.game.top.tasks.woken), len(live.game.flows.awake())) == (2, 0)
    assert len(live.game.scopes.woken) == 2


def test_a_state_of_the_format_before_goes_on(play: Play) -> None:
    """A marking whose scopes are all open, as format 2 had them, is the same case."""
    bench = rounds(play)
    game = opened(bench, bench.start("p", items=[1, {"a": [2]}, "three"])).game
    game.scopes.values()
    before = from_json(to_json({**freeze(game), "format": 2}))
    assert not any(isinstance(variables, str) for *_, variables in before["scopes"])
    assert packed(freeze(thaw(before, game.program, game.host))) == packed(freeze(game))


def ways(play: Play, read: str) -> tuple[Workbench, Case]:
    """A case with a large variable, before a script that reads ``read``."""
    bench = play(
        start(), user("a"), script("look", "seen", f"string length({read})"), user("b"), flows("start > a > look > b")
    )
    return bench, bench.start("p", big=LARGE, small="four")


def test_a_large_value_that_nobody_reads_is_not_fetched(play: Play) -> None:
    """A step that reads other variables needs no row of large values, and leaves them as they are."""
    bench, case = ways(play, "small")
    live = opened(bench, case, values={})
    CompleteTask(number(case, 0), {}).apply(live)
    assert live.change().values == {}
    live.large.require_read()
    assert bench.complete(case, "a").variables == {"big": LARGE, "small": "four", "seen": 4}


def test_a_large_value_that_cannot_be_fetched_stops_the_command(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """An expression gives null for what it cannot read, but what the store could not give is no null of the case."""
    bench, case = ways(play, "big")
    work = bench.engine._work
    with work.store.transaction() as tx:
        monkeypatch.setattr(type(tx), "values", lambda *_: {})
    with pytest.raises(StaleCase):
        work.run(case.id, CompleteTask(number(case, 0), {}))
    monkeypatch.undo()
    assert (bench.case(case.id).waiting_for, bench.case(case.id).incidents) == (["a"], ())
    assert bench.complete(case, "a").variables["seen"] == len(LARGE)


class Doubting:
    """A command that refuses a case without a value that it reads."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    def apply(self, live: LiveCase) -> None:
        for _ in range(2):
            with suppress(StaleCase):
                self.seen.append(live.game.top.scope.variables["big"])
        raise InvalidData("there is no value")


def test_a_refusal_over_what_could_not_be_fetched_is_none(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that fails because the store gave no value is tried again, and never sees what stands for the value."""
    bench, case = ways(play, "small")
    work = bench.engine._work
    with work.store.transaction() as tx:
        monkeypatch.setattr(type(tx), "values", lambda *_: {})
    doubting = Doubting()
    with pytest.raises(StaleCase):
        work.run(case.id, doubting)
    assert doubting.seen == []
    monkeypatch.undo()
    with pytest.raises(InvalidData):
        work.run(case.id, doubting)
    assert doubting.seen == [LARGE, LARGE]


def test_a_call_hands_on_large_values_unread(play: Play) -> None:
    """A called process has its caller's large value, and gives it back, without anybody fetching it."""
    called = process(start("s2"), user("a"), end("e2"), flows("s2 > a > e2"), name="q")
    bench = play(start(), user("first"), call("c", "q"), user("b"), flows("start > first > c > b"), more=(called,))
    case = bench.start("p", big=LARGE)
    for _ in ("first", "a"):
        live = opened(bench, case, values={})
        CompleteTask(number(case, 0), {}).apply(live)
        assert live.change().values == {}
        live.large.require_read()
        case = bench.complete(case, case.tasks[0].element)
        assert bench.engine.verify(case.id).problems == ()
    assert (case.waiting_for, case.variables) == (["b"], {"big": LARGE})


def test_mappings_read_large_values(play: Play) -> None:
    """What a scope lends is there for everything that looks into it: mappings, names, a form's whole view."""
    bench = play(start(), user("a"), user("b", extension=io({"copy": "big", "n": "1"})), flows("start > a > b"))
    case = bench.start("p", big=LARGE)
    seen: dict[str, Any] = dict(opened(bench, case).game.top.scope.variables)
    assert seen == {"big": LARGE}
    case = bench.complete(case, "a")
    assert bench.engine.verify(case.id).problems == ()
    assert bench.complete(case, "b").variables == {"big": LARGE}
