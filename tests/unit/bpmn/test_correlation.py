"""Correlation keys as BPMN itself says them, through the engine."""

from __future__ import annotations

import pytest

from complaintflow.bpmn.reader import find_problems
from complaintflow.errors import NoSubscription
from tests.diagrams import Play, attributes, catch, document, event, flows, process, start, user
from tests.matrix.correlation import MESSAGES, key, named, subscription

ROOTS = (*MESSAGES, named(m="order.number", n="number"), key("order"))
WAITS = (start(), catch("c", event("message", "m")), user("a"), flows("start > c > a"), subscription(order="order.id"))


def test_a_message_finds_the_case_of_its_key(play: Play) -> None:
    """Of two cases the one hears the message whose data path gives what the message path reads."""
    bench = play(*WAITS, roots=ROOTS)
    first, second = (bench.start("p", order={"id": number}) for number in (17, 18))
    [heard] = bench.engine.correlate("m", key="18", data={"order": {"number": 18}})
    assert (heard.id, heard.waiting_for) == (second.id, ["a"])
    assert bench.engine.case(first.id).waiting_for == ["c"]


@pytest.mark.parametrize("data", [{}, {"order": {"number": 18}}, {"order": {"number": True}}, {"order": 17}])
def test_a_message_that_brings_another_key_is_not_heard(play: Play, data: dict[str, object]) -> None:
    """What the message path reads has to be the key under which the message is sent."""
    bench = play(*WAITS, roots=ROOTS)
    case = bench.start("p", order={"id": 17})
    with pytest.raises(NoSubscription, match="another correlation key"):
        bench.engine.correlate("m", key="17", data=data)
    assert bench.engine.case(case.id).waiting_for == ["c"]
    assert [entry.event for entry in bench.engine.case(case.id).history()].count("message") == 0


def test_the_same_message_begins_and_is_waited_for(play: Play) -> None:
    """A process that begins with the message it also waits for needs no key to begin."""
    bench = play(
        start("s", event("message", "m")), catch("c", event("message", "n")), user("a"), flows("s > c > a"),
        subscription(order="order.number"), roots=ROOTS,
    )  # fmt: skip
    [case] = bench.engine.correlate("m", key="o-1", data={"order": {"number": "o-1"}})
    assert case.waiting_for == ["c"]
    [same] = bench.engine.correlate("n", key="o-1", data={"number": "o-1"})
    assert (same.id, same.waiting_for) == (case.id, ["a"])


def problems(*processes: str, roots: tuple[str, ...] = ROOTS) -> list[tuple[str, str]]:
    """What is wrong, and what to do."""
    return [(one.what, one.remedy) for one in find_problems({"f.bpmn": document(*processes, *roots).encode()})]


def test_processes_of_one_file_agree() -> None:
    """A message has one key in a file: who waits for it computes it alike; who only begins with it need not."""
    other = (start("o"), catch("oc", event("message", "m")), user("ob"), flows("o > oc > ob"))
    alike = process(*other, subscription(name="sub2", order="order.id"), name="q")
    assert problems(process(*WAITS), alike) == []
    unlike = process(*other, subscription(name="sub2", order="id"), name="q")
    assert [what for what, _ in problems(process(*WAITS), unlike)] == [
        "two processes of the file compute the key of a message in two ways"
    ]
    without = process(*other, name="q")
    assert problems(process(*WAITS), without) == [(
        "'q' waits for the message 'm' without its correlation key",
        "give it the same correlationSubscription, or a file of its own",
    )]  # fmt: skip
    begins = process(start("o", event("message", "m")), user("ob"), flows("o > ob"), name="q")
    assert problems(process(*WAITS), begins) == []
    picture = attributes(without, x="y").replace(' x="y"', "").replace('isExecutable="true"', 'isExecutable="false"')
    assert problems(process(*WAITS), picture) == []


def test_paths_are_feel() -> None:
    """XPath, which BPMN has in mind where no language is said, is refused with the element."""
    for roots, paths in (
        ((*MESSAGES, named(m="/order/number"), key("order")), {"order": "order.id"}),
        ((*MESSAGES, named(m="number"), key("order")), {"order": "/order/id"}),
    ):
        waits = (*WAITS[:-1], subscription(**paths))
        [(what, _)] = problems(process(*waits), roots=roots)
        assert "expression" in what or "FEEL" in what


@pytest.mark.parametrize(
    ("roots", "said", "told"),
    [
        (MESSAGES, subscription(order="a"), "names no correlation key of this file"),
        ((*MESSAGES, named(), key("order")), subscription(order="a") + subscription(name="s2", order="b"), "two"),
        ((*MESSAGES, named(x="a"), key("order")), subscription(order="a"), "no message or no message path"),
        ((*MESSAGES, named(m=""), key("order")), subscription(order="a"), "no message or no message path"),
        ((*MESSAGES, key("other")), subscription(other="a"), "no property with a data path"),
    ],
)
def test_gaps(roots: tuple[str, ...], said: str, told: str) -> None:
    """What is not said completely is refused, and nothing is skipped."""
    found = problems(process(start(), user("a"), flows("start > a"), said), roots=roots)
    assert any(told in what for what, _ in found), found
