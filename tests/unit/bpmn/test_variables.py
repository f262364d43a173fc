"""Variables live in scopes, as in Camunda 8."""

from __future__ import annotations

from decimal import Decimal

import pytest

from complaintflow import Handlers
from tests.diagrams import (
    Play,
    boundary,
    call,
    catch,
    end,
    event,
    flows,
    gateway,
    io,
    message,
    multi,
    process,
    script,
    service,
    start,
    sub,
    throw,
    user,
)


def test_results_go_to_the_outermost_scope(play: Play) -> None:
    """A new variable is created in the outermost scope, wherever the task stands."""
    bench = play(
        start(), sub("s", start("s-start"), user("a"), flows("s-start > a"), extension=io({"local": "1"})),
        user("after"),
        flows("start > s > after"),
    )  # fmt: skip
    case = bench.complete(bench.start("p"), "a", fresh=1, local=2)
    assert case.variables == {"fresh": 1}


def test_results_update_where_the_name_is_known(play: Play) -> None:
    """A result updates the nearest scope that has its name, and an input mapping of that name swallows it."""
    bench = play(start(), user("a", extension=io({"x": "x + 1"})), user("after"), flows("start > a > after"))
    case = bench.complete(bench.start("p", x=1), "a", x=9, y=9)
    assert case.variables == {"x": 1, "y": 9}


def test_output_mappings_choose(play: Play) -> None:
    """With output mappings nothing else gets out; they see the results, the inputs, and each other in order."""
    outputs = {"total": "price * count", "twice": "total * 2"}
    bench = play(start(), user("a", extension=io({"count": "3"}, outputs)), user("after"), flows("start > a > after"))
    case = bench.complete(bench.start("p"), "a", price=2, other=1)
    assert case.variables == {"total": 6, "twice": 12}


def test_input_mappings_see_each_other(play: Play) -> None:
    """Input mappings are evaluated in order, each seeing those before and the variables around."""
    seen: list[tuple[int, int]] = []
    handlers = Handlers()

    @handlers.handler("look")
    def look(x: int, y: int) -> None:
        seen.append((x, y))

    bench = play(start(), service("a", "look", extension=io({"x": "x + 1", "y": "x * 10"})), end(),
                 flows("start > a > end"), handlers=(handlers,))  # fmt: skip
    case = bench.start("p", x=1)
    assert seen == [(2, 20)]
    assert case.variables == {"x": 1}


def test_null_and_absent_differ(play: Play) -> None:
    """An input mapping to null declares a local that hides the outer variable; what was never set is not there."""
    bench = play(
        start(), user("a", extension=io({"x": "null"}, {"hidden": "x = null", "there": "y = null"})), user("after"),
        flows("start > a > after"),
    )  # fmt: skip
    case = bench.complete(bench.start("p", x=1), "a", x=2)
    assert case.variables == {"x": 1, "hidden": False, "there": True}
    case = bench.complete(bench.start("p", x=1), "a")
    assert case.variables == {"x": 1, "hidden": True, "there": True}
    bench = play(start(), user("a"), user("after"), flows("start > a > after"))
    case = bench.complete(bench.start("p"), "a", y=None)
    assert case.variables == {"y": None}


def test_mapping_without_source(play: Play) -> None:
    """A mapping whose source was left empty is null."""
    mapping = '<zeebe:ioMapping><zeebe:input target="x"/><zeebe:output source="" target="y"/></zeebe:ioMapping>'
    bench = play(start(), user("a", extension=mapping), user("after"), flows("start > a > after"))
    assert bench.complete(bench.start("p"), "a").variables == {"y": None}


def test_dotted_targets(play: Play) -> None:
    """A dotted target reaches into a context: outputs keep what is beside it, inputs begin afresh."""
    extension = io({"order.number": "7"}, {"reply.text": "answer", "reply.from.name": '"Li Wei"', "seen": "order"})
    bench = play(start(), user("a", extension=extension), user("after"), flows("start > a > after"))
    case = bench.complete(bench.start("p", order={"id": 1}, reply={"day": 3, "text": "old"}), "a", answer="new")
    assert case.variables["reply"] == {"day": 3, "text": "new", "from": {"name": "Li Wei"}}
    assert case.variables["seen"] == {"number": 7}
    assert case.variables["order"] == {"id": 1}


def test_values_are_json(play: Play) -> None:
    """Times and durations become ISO 8601 text, whole numbers stay whole, and no digit of a decimal is lost."""
    extension = io(
        {"local": 'date("2026-03-02")'},
        {"day": "local", "when": "now()", "span": 'duration("PT90M")', "whole": "1 + 1", "part": "0.1 + 0.2",
         "long": "0.1234567890123456789012345", "list": "[now(), 1]"},
    )  # fmt: skip
    bench = play(start(), user("a", extension=extension), user("after"), flows("start > a > after"))
    found = bench.complete(bench.start("p"), "a").variables
    assert found["day"] == "2026-03-02"
    assert found["when"] == "2026-03-02T09:00:00+08:00"
    assert found["span"] == "PT1H30M"
    assert (found["whole"], type(found["whole"])) == (2, int)
    assert found["part"] == 0.3
    assert found["long"] == Decimal("0.1234567890123456789012345")
    assert found["list"] == ["2026-03-02T09:00:00+08:00", 1]


def test_sub_process_mappings(play: Play) -> None:
    """A sub-process's own variables are gone with it unless its output mappings take them out."""
    inner = sub("s", start("s-start"), script("add", "sum", "sum + 1"), flows("s-start > add"),
                extension=io({"sum": "10"}, {"result": "sum"}))  # fmt: skip
    bench = play(start(), inner, user("after"), flows("start > s > after"))
    assert bench.start("p", sum=1).variables == {"sum": 1, "result": 11}


def called(*inner: str) -> tuple[str, ...]:
    return (process(start("q-start"), *inner, name="q"),)


def test_call_activity_default(play: Play) -> None:
    """By default a called process gets a copy of everything, and gives everything back."""
    bench = play(
        start(), call("c", "q"), user("after"), flows("start > c > after"),
        more=called(script("s", "y", "x + 1"), script("t", "x", "100"), flows("q-start > s > t")),
    )  # fmt: skip
    assert bench.start("p", x=1).variables == {"x": 100, "y": 2}


def test_call_activity_is_isolated(play: Play) -> None:
    """Without propagation only the input mappings are there, and only the output mappings come back."""
    bench = play(
        start(), call("c", "q", parent="false", child="false", extension=io({"n": "x"}, {"answer": "y"})),
        user("after"),
        flows("start > c > after"),
        more=called(script("s", "y", "if secret = null then n * 2 else -1"), user("look"), flows("q-start > s > look")),
    )  # fmt: skip
    case = bench.start("p", x=4, secret=1)
    assert case.variables == {"x": 4, "secret": 1}
    assert bench.complete(case, "look", n=50).variables == {"x": 4, "secret": 1, "answer": 8}


def test_call_activity_without_return(play: Play) -> None:
    """Without child propagation and output mappings nothing comes back."""
    bench = play(
        start(), call("c", "q", child="false"), user("after"), flows("start > c > after"),
        more=called(script("s", "x", "2"), flows("q-start > s")),
    )  # fmt: skip
    assert bench.start("p", x=1).variables == {"x": 1}


def test_call_activity_scope_has_no_parent(play: Play) -> None:
    """What changes outside while the called process runs does not reach it."""
    bench = play(
        start(), gateway("parallel", "g"), call("c", "q", child="false", extension=io(None, {"seen": "x"})),
        user("change"),
        flows("start > g > c", "g > change"), more=called(user("wait"), flows("q-start > wait")),
    )  # fmt: skip
    case = bench.complete(bench.start("p", x="old"), "change", x="new")
    assert bench.complete(case, "wait").variables == {"x": "new", "seen": "old"}


def test_called_process_knows_its_case(play: Play) -> None:
    """``case`` and ``policy`` can be read in called processes too."""
    bench = play(start(), call("c", "q", parent="false"), user("after"), flows("start > c > after"),
                 more=called(script("s", "k", "case.key"), flows("q-start > s")))  # fmt: skip
    assert bench.start("p", key="order-17").variables == {"k": "order-17"}


def test_call_chosen_by_a_formula(play: Play) -> None:
    """The called process may be computed; one the bundle does not have is an incident."""
    drawn = call("c", "q").replace('processId="q"', 'processId="=which"')
    fixed = call("fixed", "q")
    bench = play(start(), gateway("exclusive", "x", default="x_c"), drawn, fixed, user("after"),
                 flows("start > x > c > after", "x > fixed [false]", "fixed > after"),
                 more=called(user("look"), flows("q-start > look")))  # fmt: skip
    assert bench.start("p", which="q").waiting_for == ["look"]
    [incident] = bench.start("p", which="nowhere").incidents
    assert (incident.kind, incident.element) == ("call", "c")
    assert "'nowhere'" in incident.message


def test_recursive_calls(play: Play) -> None:
    """A process may call itself, hundreds deep, and be cancelled as a whole."""
    again = process(
        start("q-start"), gateway("exclusive", "deep", default="deep_wait"), call("again", "q",
        extension=io({"n": "n - 1"})),
        user("wait"), end("q-end"),
        flows("q-start > deep", "deep > again [n > 0]", "again > q-end", "deep > wait > q-end"), name="q",
    )  # fmt: skip
    bench = play(start(), call("c", "q"), user("after"), flows("start > c > after"), more=(again,))
    case = bench.start("p", n=400)
    assert case.waiting_for == ["wait"]
    assert bench.complete(case, "wait").waiting_for == ["after"]
    case = bench.start("p", n=400)
    assert bench.engine.cancel(case.id, "enough").status == "cancelled"


def test_parallel_branches_share_variables(play: Play) -> None:
    """There is one scope for all branches: nothing is merged at a join, and nothing is lost."""
    bench = play(
        start(), gateway("parallel", "g"), user("a"), user("b"), gateway("parallel", "j"), user("after"),
        flows("start > g > a > j > after", "g > b > j"),
    )  # fmt: skip
    case = bench.complete(bench.start("p", x=0), "a", x=1, a=True)
    case = bench.complete(case, "b", b=True)
    assert case.variables == {"x": 1, "a": True, "b": True}


def test_message_mappings(play: Play) -> None:
    """A catch event's output mappings choose from what the message brought."""
    bench = play(
        start(), catch("c", event("message", "m"), extension=io(None, {"answer": "text"})), user("after"),
        flows("start > c > after"), roots=(message("m", "reply"),),
    )  # fmt: skip
    case = bench.start("p")
    [case] = bench.engine.correlate("reply", key=case.key, data={"text": "yes", "other": 1})
    assert case.variables == {"answer": "yes"}


def test_start_event_mappings(play: Play) -> None:
    """A start event's output mappings prepare variables."""
    bench = play(start(extension=io(None, {"full": 'first + " " + last'})), user("a"), flows("start > a"))
    assert bench.start("p", first="Zhao", last="Min").variables["full"] == "Zhao Min"


def test_end_event_mappings(play: Play) -> None:
    """An end event's output mappings leave the last word."""
    bench = play(start(), end("end", extension=io({"n": "2"}, {"x": "n * 2"})), flows("start > end"))
    assert bench.start("p").variables == {"x": 4}


def test_boundary_event_does_not_see_inside(play: Play) -> None:
    """Behind a boundary event the activity's own variables are gone."""
    bench = play(
        start(), sub("s", start("s-start"), user("a"), flows("s-start > a"), extension=io({"inner": "1"})),
        boundary("b", "s", event("message", "m")), script("look", "seen", "inner"), user("after"),
        flows("start > s", "b > look > after"), roots=(message("m", "stop"),),
    )  # fmt: skip
    case = bench.start("p")
    [case] = bench.engine.correlate("stop", key=case.key)
    assert case.variables == {"seen": None}


@pytest.mark.parametrize("name", ["变量", "größe", "_x", "a1"])
def test_names_of_variables(play: Play, name: str) -> None:
    """Variables may have names in any language."""
    bench = play(start(), script("s", name, "1 + 1"), user("a", extension=io({"seen": name}, {"copy": "seen"})), end(),
                 flows("start > s > a > end"))  # fmt: skip
    assert bench.complete(bench.start("p"), "a").variables == {name: 2, "copy": 2}


def test_large_values_come_back(play: Play) -> None:
    """A value too large for the state is the same after every reload, in every scope, until it changes."""
    text = "x" * 50_000
    bench = play(
        start(), sub("s", start("s-start"), user("a"), user("b"), flows("s-start > a > b"),
        extension=io({"inner": "big"})),
        user("c"), flows("start > s > c"),
    )  # fmt: skip
    case = bench.complete(bench.start("p", big=text), "a")
    assert case.variables == {"big": text}
    case = bench.complete(case, "b", inner="small", big="small")
    assert case.variables == {"big": "small"}


def test_scopes_share_a_large_value_until_one_changes_it(play: Play) -> None:
    """Called processes hold their caller's value in one row: each may replace its own, and no row is left over."""
    called = process(start("s2"), user("a"), user("b"), end("e2"), flows("s2 > a > b > e2"), name="q")
    rounds = call("c", "q", loop=multi("[1, 2]", "i"), child="false")
    bench = play(start(), rounds, user("after"), flows("start > c > after"), more=(called,))
    case = bench.start("p", big="x" * 20_000)

    def rows() -> int:
        assert bench.engine.verify(case.id).problems == ()
        with bench.engine.store.reading() as transaction:
            return len(transaction.values(case.id))

    assert rows() == 1
    for task, big, kept in zip(case.tasks, ["y" * 20_000, "small"], [2, 2], strict=True):
        bench.case(case.id).complete(task.id, {"big": big})
        assert rows() == kept
    for task, kept in zip(bench.case(case.id).tasks, [1, 1], strict=True):
        bench.case(case.id).complete(task.id)
        assert rows() == kept
    case = bench.case(case.id)
    assert case.variables == {"big": "x" * 20_000}
    case.complete(case.tasks[0].id, {"big": "small"})
    assert rows() == 0


def test_throw_event_has_no_results(play: Play) -> None:
    """A link or escalation passes on what input mappings made of it only where something catches it."""
    bench = play(start(), throw("t", "", extension=io({"x": "1"}, {"y": "x"})), user("a"), flows("start > t > a"))
    assert bench.start("p").variables == {"y": 1}


@pytest.mark.parametrize("extension", ["", io(None, {"seen": "policy.texts"})], ids=["direct", "mapped"])
def test_nobody_overwrites_the_policy(play: Play, extension: str) -> None:
    """Data with dots in a name are no path: a form cannot reach into ``policy``, ``case`` or another variable."""
    bench = play(start(), user("a", extension=extension), script("look", "found", "[policy.texts, case.key, order.id]"),
                 user("b"), flows("start > a > look > b"))  # fmt: skip
    case = bench.start("p", key="order-17", order={"id": 1})
    case = bench.complete(case, "a", {"policy.texts": "mine", "case.key": "mine", "order.id": 2})
    assert case.variables["found"] == [{}, "order-17", 1]
    assert case.variables["order"] == {"id": 1}
