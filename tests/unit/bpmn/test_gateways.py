"""Gateways and sequence flows: where tokens split, wait for each other and go on."""

from __future__ import annotations

import pytest

from tests.diagrams import (
    Play,
    catch,
    end,
    event,
    flows,
    gateway,
    message,
    receive,
    script,
    signal,
    start,
    sub,
    throw,
    timer,
    user,
)


def test_exclusive_takes_the_first_that_holds(play: Play) -> None:
    """An exclusive gateway takes one flow, the first in the file whose condition holds, even when several do."""
    bench = play(
        start(), gateway("exclusive", "g"), user("a"), user("b"), user("c"),
        flows("start > g", "g > b [n > 1]", "g > a [n > 0]", "g > c [n <= 0]"),
    )  # fmt: skip
    assert bench.start("p", n=5).waiting_for == ["b"]
    assert bench.start("p", n=1).waiting_for == ["a"]
    assert bench.start("p", n=0).waiting_for == ["c"]


def test_exclusive_default(play: Play) -> None:
    """The default flow is taken when no condition holds, wherever it stands in the file."""
    bench = play(
        start(), gateway("exclusive", "g", default="g_a"), user("a"), user("b"),
        flows("start > g", "g > a", "g > b [n > 1]"),
    )  # fmt: skip
    assert bench.start("p", n=5).waiting_for == ["b"]
    assert bench.start("p", n=1).waiting_for == ["a"]


def test_exclusive_merges_without_waiting(play: Play) -> None:
    """Each token that reaches a merging exclusive gateway goes on alone."""
    bench = play(
        start(), gateway("parallel", "split"), user("a"), user("b"), gateway("exclusive", "merge"), user("c"),
        flows("start > split > a > merge > c", "split > b > merge"),
    )  # fmt: skip
    case = bench.complete(bench.start("p"), "a")
    assert case.waiting_for == ["b", "c"]
    case = bench.complete(case, "b")
    assert case.waiting_for == ["c", "c"]


def test_parallel_waits_for_all(play: Play) -> None:
    """A parallel join opens when each of its flows has brought a token, whatever the order."""
    bench = play(
        start(), gateway("parallel", "split"), user("a"), user("b"), user("c"), gateway("parallel", "join"), user("d"),
        flows("start > split > a > join > d", "split > b > join", "split > c > join"),
    )  # fmt: skip
    case = bench.start("p")
    for task in ("c", "a"):
        case = bench.complete(case, task)
        assert "d" not in case.waiting_for
    assert bench.complete(case, "b").waiting_for == ["d"]


@pytest.mark.parametrize("first", ["a", "b"])
def test_second_round_does_not_open_on_a_stale_arrival(play: Play, first: str) -> None:
    """In a rework loop the second round's join waits for the second round's tokens."""
    bench = play(
        start(), gateway("exclusive", "again"), gateway("parallel", "split"), user("a"), user("b"),
        gateway("parallel", "join"), user("check"), gateway("exclusive", "ok", default="ok_end"), end(),
        flows("start > again > split > a > join > check > ok > end", "split > b > join", "ok > again [rework]"),
    )  # fmt: skip
    second = "b" if first == "a" else "a"
    case = bench.start("p")
    for rework in (True, True, False):
        case = bench.complete(case, first)
        assert case.waiting_for == [second]
        case = bench.complete(case, second)
        assert case.waiting_for == ["check"]
        case = bench.complete(case, "check", rework=rework)
    assert case.status == "completed"


def test_unbalanced_parallel_join_opens_once_for_each_pair(play: Play) -> None:
    """Two tokens on one flow and one on the other open the join once; the second waits for its partner."""
    bench = play(
        start(), gateway("parallel", "split"), user("a"), user("b"), user("c"), gateway("exclusive", "merge"),
        gateway("parallel", "join"), user("d"),
        flows("start > split > a > merge > join > d", "split > b > merge", "split > c > join"),
    )  # fmt: skip
    case = bench.complete(bench.complete(bench.start("p"), "a"), "b")
    assert case.waiting_for == ["c"]
    case = bench.complete(case, "c")
    assert case.waiting_for == ["d"]
    case = bench.complete(case, "d")
    assert [(i.kind, i.element) for i in case.incidents] == [("join", "join")]


def test_join_with_two_flows_between_the_same_nodes(play: Play) -> None:
    """Two sequence flows between the same two gateways are two flows: the join needs both, and gets both."""
    bench = play(
        start(), gateway("parallel", "split"), gateway("parallel", "join"), user("a"), end(),
        flows("start > split > join > a > end"),
        flows("split > join").replace('id="split_join"', 'id="second"'),
    )  # fmt: skip
    assert bench.start("p").waiting_for == ["a"]


def test_two_flows_with_conditions_between_the_same_nodes(play: Play) -> None:
    """Of two conditional flows to the same task both are taken where both hold."""
    bench = play(
        start(), gateway("inclusive", "g"), user("a"),
        flows("start > g", "g > a [x]"), flows("g > a [y]").replace('id="g_a"', 'id="second"'),
    )  # fmt: skip
    assert bench.start("p", x=True, y=False).waiting_for == ["a"]
    assert bench.start("p", x=True, y=True).waiting_for == ["a", "a"]


INCLUSIVE = (
    start(), gateway("inclusive", "split", default="split_c"), user("a"), user("b"), user("c"),
    gateway("inclusive", "join"), user("d"), end(),
    flows("start > split", "split > a [a]", "split > b [b]", "split > c", "a > join", "b > join", "c > join > d > end"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [({"a": True, "b": False}, ["a"]), ({"a": True, "b": True}, ["a", "b"]), ({"a": False, "b": False}, ["c"])],
    ids=["one", "two", "default"],
)
def test_inclusive_waits_for_what_was_chosen(play: Play, chosen: dict[str, bool], expected: list[str]) -> None:
    """An inclusive split takes every flow whose condition holds, and the join waits for just those."""
    bench = play(*INCLUSIVE)
    case = bench.start("p", chosen)
    assert case.waiting_for == expected
    for task in expected:
        assert "d" not in case.waiting_for
        case = bench.complete(case, task)
    assert case.waiting_for == ["d"]
    assert bench.complete(case, "d").status == "completed"


def test_inclusive_in_a_loop(play: Play) -> None:
    """An inclusive join in a rework loop waits for this round's choice, not for the loop itself."""
    bench = play(
        start(), gateway("exclusive", "again"), gateway("inclusive", "split"), user("a"), user("b"),
        gateway("inclusive", "join"), user("check"), gateway("exclusive", "ok", default="ok_end"), end(),
        flows(
            "start > again > split", "split > a [a]", "split > b [b]", "a > join > check > ok > end", "b > join",
            "ok > again [rework]",
        ),
    )  # fmt: skip
    case = bench.start("p", a=True, b=True)
    case = bench.complete(case, "a")
    assert case.waiting_for == ["b"]
    case = bench.complete(case, "b")
    assert case.waiting_for == ["check"]
    case = bench.complete(case, "check", rework=True, a=False)
    assert case.waiting_for == ["b"]
    case = bench.complete(case, "b")
    assert case.waiting_for == ["check"]
    assert bench.complete(case, "check", rework=False).status == "completed"


def test_nested_inclusive(play: Play) -> None:
    """The outer join waits while the inner pair still has a token that can reach it."""
    bench = play(
        start(), gateway("inclusive", "outer"), user("a"), gateway("inclusive", "inner"), user("b"), user("c"),
        gateway("inclusive", "inner-join"), gateway("inclusive", "outer-join"), user("d"), end(),
        flows(
            "start > outer", "outer > a [true]", "outer > inner [true]", "inner > b [true]", "inner > c [both]",
            "b > inner-join", "c > inner-join", "inner-join > outer-join > d > end", "a > outer-join",
        ),
    )  # fmt: skip
    case = bench.start("p", both=True)
    for task in ("a", "b"):
        case = bench.complete(case, task)
        assert "d" not in case.waiting_for
    assert bench.complete(case, "c").waiting_for == ["d"]
    case = bench.complete(bench.start("p", both=False), "b")
    assert case.waiting_for == ["a"]
    assert bench.complete(case, "a").waiting_for == ["d"]


def test_inclusive_join_sees_a_token_in_a_sub_process(play: Play) -> None:
    """A token inside a sub-process keeps the join behind it waiting."""
    bench = play(
        start(), gateway("parallel", "split"), user("a"),
        sub("s", start("s-start"), user("b"), flows("s-start > b")),
        gateway("inclusive", "join"), user("d"),
        flows("start > split > a > join > d", "split > s > join"),
    )  # fmt: skip
    case = bench.complete(bench.start("p"), "a")
    assert case.waiting_for == ["b"]
    assert bench.complete(case, "b").waiting_for == ["d"]


def test_inclusive_join_opens_when_the_other_path_ends_elsewhere(play: Play) -> None:
    """A path that turns away from the join lets it open at last."""
    bench = play(
        start(), gateway("parallel", "split"), user("a"), user("b"), gateway("exclusive", "x", default="x_end"),
        gateway("inclusive", "join"), user("d"), end(),
        flows("start > split > a > join > d", "split > b > x > end", "x > join [stay]"),
    )  # fmt: skip
    case = bench.complete(bench.start("p"), "a")
    assert case.waiting_for == ["b"]
    assert bench.complete(case, "b", stay=False).waiting_for == ["d"]


def test_inclusive_join_does_not_wait_for_a_later_round(play: Play) -> None:
    """A token still before the split could come by the filled flow too: it is another round's, and not waited for."""
    bench = play(
        start(), gateway("parallel", "g"), user("later"), gateway("exclusive", "merge"), gateway("inclusive", "split"),
        user("a"), user("b"), gateway("inclusive", "join"), user("d"),
        flows("start > g > merge > split", "g > later > merge", "split > a [not(b)]", "split > b [b]", "a > join > d",
              "b > join"),
    )  # fmt: skip
    case = bench.complete(bench.start("p", b=False), "a")
    assert case.waiting_for == ["later", "d"]
    case = bench.complete(case, "later", b=True)
    assert bench.complete(case, "b").waiting_for == ["d", "d"]


def test_gateway_that_joins_and_splits(play: Play) -> None:
    """One parallel gateway may wait for all of its flows and leave by all of its flows."""
    bench = play(
        start(), gateway("parallel", "split"), user("a"), user("b"), gateway("parallel", "both"), user("c"), user("d"),
        flows("start > split > a > both > c", "split > b > both > d"),
    )  # fmt: skip
    case = bench.complete(bench.complete(bench.start("p"), "a"), "b")
    assert case.waiting_for == ["c", "d"]


EVENT_GATEWAY = (
    start(), gateway("eventBased", "g"),
    catch("late", timer(duration="PT2H")),
    catch("answer", event("message", "m")),
    catch("alarm", event("signal", "s")),
    user("a"), user("b"), user("c"), end(),
    flows("start > g > late > a > end", "g > answer > b > end", "g > alarm > c > end"),
)  # fmt: skip
EVENT_ROOTS = (message("m", "answer"), signal("s", "alarm"))


def test_event_gateway_timer(play: Play) -> None:
    """When the timer comes first, its path is taken and nothing else is waited for."""
    bench = play(*EVENT_GATEWAY, roots=EVENT_ROOTS)
    case = bench.start("p")
    assert case.messages == ("answer",)
    assert [timer.element for timer in case.timers] == ["late"]
    bench.advance(hours=2)
    case = bench.case(case.id)
    assert (case.waiting_for, case.messages, case.timers) == (["a"], (), ())


def test_event_gateway_message(play: Play) -> None:
    """When the message comes first, its data are variables and the timer is gone."""
    bench = play(*EVENT_GATEWAY, roots=EVENT_ROOTS)
    case = bench.start("p")
    [case] = bench.engine.correlate("answer", key=case.key, data={"text": "yes"})
    assert (case.waiting_for, case.timers, case.variables["text"]) == (["b"], (), "yes")
    bench.advance(days=1)
    assert bench.case(case.id).waiting_for == ["b"]


def test_event_gateway_in_a_loop(play: Play) -> None:
    """Each visit of an event-based gateway waits anew."""
    bench = play(
        start(), gateway("exclusive", "again"), gateway("eventBased", "g"), catch("late", timer(duration="PT1H")),
        catch("answer", event("message", "m")), user("remind"), end(),
        flows("start > again > g > late > remind > again", "g > answer > end"), roots=(message("m", "answer"),),
    )  # fmt: skip
    case = bench.start("p")
    for _ in range(3):
        bench.advance(hours=1)
        case = bench.complete(case, "remind")
        assert (len(case.timers), case.messages) == (1, ("answer",))
    [case] = bench.engine.correlate("answer", key=case.key)
    assert case.status == "completed"


def test_event_gateway_with_receive_task(play: Play) -> None:
    """A receive task may stand behind an event-based gateway (BPMN 2.0.2, 10.6.6)."""
    bench = play(
        start(), gateway("eventBased", "g"), catch("late", timer(duration="PT1H")), receive("answer", "m"),
        user("a"), user("b"),
        flows("start > g > late > a", "g > answer > b"), roots=(message("m", "answer"),),
    )  # fmt: skip
    case = bench.start("p")
    [case] = bench.engine.correlate("answer", key=case.key, data={"n": 1})
    assert (case.waiting_for, case.timers, case.variables) == (["b"], (), {"n": 1})
    other = bench.start("p")
    bench.advance(hours=1)
    assert (bench.case(other.id).waiting_for, bench.case(other.id).messages) == (["a"], ())


def test_several_flows_out_of_a_task(play: Play) -> None:
    """A task with several outgoing flows splits, as a parallel gateway would."""
    bench = play(start(), user("a"), user("b"), user("c"), flows("start > a > b", "a > c"))
    assert bench.complete(bench.start("p"), "a").waiting_for == ["b", "c"]


def test_several_flows_into_a_task(play: Play) -> None:
    """A task with several incoming flows runs once for each token."""
    bench = play(
        start(), gateway("parallel", "split"), user("a"), user("b"), user("c"), end(),
        flows("start > split > a > c > end", "split > b > c"),
    )  # fmt: skip
    case = bench.complete(bench.complete(bench.start("p"), "a"), "b")
    assert case.waiting_for == ["c", "c"]
    case = case.complete(case.tasks[0].id)
    assert case.status == "active"
    assert case.complete("c").status == "completed"


def test_conditional_flows_out_of_a_task(play: Play) -> None:
    """Conditional flows out of a task are taken where they hold, beside those without a condition."""
    task = user("a").replace("<bpmn:userTask ", '<bpmn:userTask default="a_d" ')
    bench = play(
        start(), task, user("b"), user("c"), user("d"), flows("start > a", "a > b [n > 1]", "a > c [n > 2]", "a > d")
    )
    for n, expected in ((3, ["b", "c"]), (2, ["b"]), (1, ["d"])):
        assert bench.complete(bench.start("p"), "a", n=n).waiting_for == expected
    bench = play(start(), user("a"), user("b"), user("c"), flows("start > a", "a > b [n > 1]", "a > c"))
    assert bench.complete(bench.start("p"), "a", n=5).waiting_for == ["b", "c"]
    assert bench.complete(bench.start("p"), "a", n=1).waiting_for == ["c"]


def test_several_flows_out_of_a_start_event(play: Play) -> None:
    """A start event with several outgoing flows splits."""
    bench = play(start(), user("a"), user("b"), flows("start > a", "start > b"))
    assert bench.start("p").waiting_for == ["a", "b"]


def test_ends_need_no_end_event(play: Play) -> None:
    """A path may simply stop; the case ends with its last token."""
    bench = play(start(), user("a"), gateway("parallel", "g"), user("b"), script("s", "x", "1"),
                 flows("start > a > g > b", "g > s"))  # fmt: skip
    case = bench.complete(bench.start("p"), "a")
    assert (case.waiting_for, case.variables) == (["b"], {"x": 1})
    assert bench.complete(case, "b").status == "completed"


def test_links(play: Play) -> None:
    """A thrown link goes on at the catching link of the same name, from as many places as throw it."""
    bench = play(
        start(), gateway("parallel", "g"), user("a"), user("b"), throw("out-1", event("link", "there")),
        throw("out-2", event("link", "there")), catch("in", event("link", "there")), user("c"), end(),
        flows("start > g > a > out-1", "g > b > out-2", "in > c > end"),
    )  # fmt: skip
    case = bench.complete(bench.start("p"), "a")
    assert case.waiting_for == ["b", "c"]
    assert bench.complete(case, "b").waiting_for == ["c", "c"]


def test_inclusive_join_waits_for_a_link(play: Play) -> None:
    """A token that will come by way of a link keeps an inclusive join waiting."""
    bench = play(
        start(), gateway("parallel", "g"), user("a"), user("b"), throw("out", event("link", "there")),
        catch("in", event("link", "there")), gateway("inclusive", "join"), user("c"),
        flows("start > g > a > join > c", "g > b > out", "in > join"),
    )  # fmt: skip
    case = bench.complete(bench.start("p"), "a")
    assert case.waiting_for == ["b"]
    assert bench.complete(case, "b").waiting_for == ["c"]
