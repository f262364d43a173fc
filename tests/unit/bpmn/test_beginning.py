"""Cases that a message or a signal begins, through the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from complaintflow.errors import DuplicateKey, InvalidDiagram, NoSubscription
from complaintflow.testing import Workbench
from tests.diagrams import (
    Play,
    attributes,
    catch,
    condition,
    document,
    end,
    event,
    flows,
    io,
    layer,
    message,
    process,
    receive,
    signal,
    start,
    throw,
    user,
)

ROOTS = (message("m", "order-placed"), message("n", "order-changed"), signal("s", "alarm"))


def test_message_begins_a_case(play: Play) -> None:
    """A message that nothing waits for begins a case with its key and data; history names the message."""
    bench = play(start("by-m", event("message", "m")), user("a"), flows("by-m > a"), roots=ROOTS)
    [case] = bench.engine.correlate("order-placed", key="17", data={"dish": "soup"}, actor="shop")
    assert (case.key, case.waiting_for, case.variables) == ("17", ["a"], {"dish": "soup"})
    begun = case.history()[0]
    assert (begun.event, begun.actor, begun.detail["start"], begun.detail["message"]) == (
        "started",
        "shop",
        "by-m",
        "order-placed",
    )
    with pytest.raises(DuplicateKey):
        bench.engine.correlate("order-placed", key="17")
    with pytest.raises(NoSubscription):
        bench.engine.correlate("order-lost", key="17")


def test_message_without_key_begins_each_time(play: Play) -> None:
    """Without a key each message begins a case of its own."""
    bench = play(start("by-m", event("message", "m")), user("a"), flows("by-m > a"), roots=ROOTS)
    cases = [bench.engine.correlate("order-placed", key=None)[0] for _ in range(2)]
    assert len({case.id for case in cases}) == 2


def test_message_goes_to_the_place_of_its_name(play: Play) -> None:
    """Of several message start events the one of this message begins; nobody can start the case by hand."""
    bench = play(
        start("by-m", event("message", "m")), start("by-n", event("message", "n")), user("a"), user("b"),
        flows("by-m > a", "by-n > b"), roots=ROOTS,
    )  # fmt: skip
    [case] = bench.engine.correlate("order-changed", key="1")
    assert case.waiting_for == ["b"]
    with pytest.raises(InvalidDiagram, match="begins with events only"):
        bench.start("p")


def test_case_that_waits_goes_first(play: Play) -> None:
    """A case that waits for the message under its key gets it, and no second case begins."""
    bench = play(
        start(), start("by-m", event("message", "m")), catch("c", event("message", "m")), user("a"),
        flows("start > c > a", "by-m > a"), roots=ROOTS,
    )  # fmt: skip
    waiting = bench.start("p", key="1")
    [case] = bench.engine.correlate("order-placed", key="1")
    assert (case.id, case.waiting_for) == (waiting.id, ["a"])
    [other] = bench.engine.correlate("order-placed", key="2")
    assert other.id != waiting.id


def test_receive_task_begins_a_case(play: Play) -> None:
    """A receive task that instantiates begins a case with what its message brings."""
    bench = play(attributes(receive("r", "m"), instantiate="true"), user("a"), flows("r > a"), roots=ROOTS)
    [case] = bench.engine.correlate("order-placed", key="1", data={"x": 1})
    assert (case.waiting_for, case.variables) == (["a"], {"x": 1})
    with pytest.raises(InvalidDiagram, match="begins with events only"):
        bench.start("p")


def test_data_begin_cases(play: Play) -> None:
    """Data that are shown begin a case at every conditional start event that holds for them, and none elsewhere."""
    bench = play(
        start("big", condition("amount > 100")), start("odd", condition("odd")), user("a"), user("b"),
        flows("big > a", "odd > b"),
    )  # fmt: skip
    assert bench.engine.evaluate({"amount": 1}) == []
    [case] = bench.engine.evaluate({"amount": 101, "odd": False})
    assert (case.waiting_for, case.variables) == (["a"], {"amount": 101, "odd": False})
    assert [one.waiting_for for one in bench.engine.evaluate({"amount": 101, "odd": True})] == [["a"], ["b"]]


def two(folder: Path) -> Workbench:
    """A layer with a process that throws a signal and two that begin with it."""
    thrower = process(
        start(), throw("t", event("signal", "s"), extension=io({"level": "3"})), end(), flows("start > t > end")
    )
    layer(folder, document(thrower, *ROOTS))
    for name in ("q", "r"):
        heard = process(start("by-s", event("signal", "s")), user("a"), flows("by-s > a"), name=name)
        layer(folder, document(heard, *ROOTS), name=name)
    return Workbench(layers=[folder])


def test_signal_begins_a_case_of_each_process(tmp_path: Path) -> None:
    """A thrown signal begins one case of every process that starts with it, with what the signal brings."""
    bench = two(tmp_path)
    assert bench.start("p").status == "completed"
    cases = [case for name in ("q", "r") for case in bench.engine.cases(process=name)]
    assert [(case.process, case.waiting_for, case.variables) for case in cases] == [
        ("q", ["a"], {"level": 3}),
        ("r", ["a"], {"level": 3}),
    ]
    bench.start("p")
    assert len(bench.engine.cases(process="q")) == 2


def test_signal_that_is_delivered_again_begins_nothing_twice(tmp_path: Path) -> None:
    """A throw whose delivery is repeated, because a worker died over it, begins each case once."""
    from complaintflow.work.beginning import by_signal

    bench = two(tmp_path)
    bench.start("p")
    [case] = bench.engine.cases(process="q")
    assert by_signal(bench.engine._work, "alarm", {}, key=case.key) == []
    assert len(bench.engine.cases(process="q")) == 1


def test_signal_from_outside(tmp_path: Path) -> None:
    """A signal that somebody throws from outside reaches cases that wait and processes that begin with it."""
    bench = two(tmp_path)
    caught = process(start(), catch("c", event("signal", "s")), user("b"), flows("start > c > b"), name="w")
    layer(tmp_path, document(caught, *ROOTS), name="w")
    waiting = bench.start("w")
    heard = bench.engine.broadcast("alarm", data={"x": 1}, actor="duty")
    assert [(case.process, case.waiting_for) for case in heard] == [("w", ["b"]), ("q", ["a"]), ("r", ["a"])]
    assert heard[0].id == waiting.id
    assert all(case.variables["x"] == 1 for case in heard)
    assert bench.engine.broadcast("silence") == []
