"""Multi-instance activities, as Camunda 8 defines them."""

from __future__ import annotations

import pytest

from complaintflow import Handlers
from tests.diagrams import (
    Play,
    boundary,
    call,
    end,
    event,
    flows,
    gateway,
    io,
    message,
    multi,
    process,
    receive,
    script,
    service,
    start,
    sub,
    timer,
    user,
)

BOTH = pytest.mark.parametrize("sequential", [False, True], ids=["parallel", "sequential"])


@BOTH
def test_user_task(play: Play, sequential: bool) -> None:
    """One task for each element, at once or in turn; results land in their own place of the output collection."""
    loop = multi("items", "item", sequential=sequential, collect="results", output="answer")
    bench = play(start(), user("ask", loop=loop), user("after"), flows("start > ask > after"))
    case = bench.start("p", items=["x", "y", "z"])
    assert len(case.tasks) == (1 if sequential else 3)
    order = [0, 1, 2] if sequential else [2, 0, 1]
    tasks = list(case.tasks)
    for index in order:
        task = case.tasks[0] if sequential else tasks[index]
        case = case.complete(task.id, {"answer": index})
    assert case.waiting_for == ["after"]
    assert case.variables == {"items": ["x", "y", "z"], "results": [0, 1, 2]}


@BOTH
def test_scope_of_a_round(play: Play, sequential: bool) -> None:
    """Each round has its element and loopCounter, from 1; input mappings are evaluated in it and see both."""
    seen: list[tuple[object, ...]] = []
    handlers = Handlers()

    @handlers.handler("look")
    def look(item: str, loopCounter: int, label: str) -> None:
        seen.append((item, loopCounter, label))

    job = service("job", "look", extension=io({"label": "item + string(loopCounter)"}),
                  loop=multi("items", "item", sequential=sequential))  # fmt: skip
    bench = play(start(), job, end(), flows("start > job > end"), handlers=(handlers,))
    case = bench.start("p", items=["x", "y"])
    assert (case.status, case.variables) == ("completed", {"items": ["x", "y"]})
    assert seen == [("x", 1, "x1"), ("y", 2, "y2")]


@BOTH
def test_empty_list(play: Play, sequential: bool) -> None:
    """Nothing to do: the activity is left at once, with an empty output collection."""
    loop = multi("[]", "item", sequential=sequential, collect="results", output="item")
    bench = play(start(), user("ask", loop=loop), user("after"), flows("start > ask > after"))
    case = bench.start("p")
    assert (case.waiting_for, case.variables) == (["after"], {"results": []})


@BOTH
def test_completion_condition(play: Play, sequential: bool) -> None:
    """When it holds, the rest is not wanted any more; what was collected stays, the others are null."""
    loop = multi("[1,2,3]", "i", sequential=sequential, collect="votes", output="vote", until="vote = false")
    bench = play(start(), user("ask", loop=loop), user("after"), flows("start > ask > after"))
    case = bench.start("p")
    case = case.complete(case.tasks[0].id, {"vote": True})
    assert [task.element for task in case.tasks] == ["ask"] * (1 if sequential else 2)
    case = case.complete(case.tasks[0].id, {"vote": False})
    assert (case.waiting_for, case.variables) == (["after"], {"votes": [True, False, None]})


@pytest.mark.parametrize(
    ("until", "rounds"),
    [
        ("numberOfCompletedInstances = 2", 2),
        ("numberOfActiveInstances = 1", 2),
        ("numberOfCompletedInstances / numberOfInstances > 0.3", 1),
        ("numberOfTerminatedInstances > 0", 3),
        ("loopCounter = 2", 2),
    ],
)
def test_completion_condition_counts(play: Play, until: str, rounds: int) -> None:
    """The condition sees the counts as they are once the round is over, and the round's own variables."""
    bench = play(
        start(), user("ask", loop=multi("[1,2,3]", "i", until=until)), user("after"), flows("start > ask > after")
    )
    case = bench.start("p")
    done = 0
    while case.waiting_for != ["after"]:
        case = case.complete(case.tasks[0].id)
        done += 1
    assert done == rounds


def test_output_of_parallel_rounds_does_not_mix(play: Play) -> None:
    """A variable that is read as the output is local to its round: rounds that overlap do not overwrite it."""
    inner = sub("s", start("s-start"), user("first"), user("second"), flows("s-start > first > second"),
                loop=multi("[1,2]", "i", collect="results", output="answer"))  # fmt: skip
    bench = play(start(), inner, user("after"), flows("start > s > after"))
    case = bench.start("p")
    one, two = case.tasks
    case.complete(one.id, {"answer": "one"})
    case = case.complete(two.id, {"answer": "two"})
    while case.waiting_for != ["after"]:
        case = case.complete(case.tasks[0].id)
    assert case.variables == {"results": ["one", "two"]}


def test_output_by_output_mapping(play: Play) -> None:
    """What a round's output mapping sets is the round's, where the output element reads it."""
    loop = multi("[1,2]", "i", collect="results", output="answer")
    bench = play(start(), user("ask", loop=loop, extension=io(None, {"answer": "form * 2"})), user("after"),
                 flows("start > ask > after"))  # fmt: skip
    case = bench.start("p")
    for _ in (1, 2):
        case = case.complete(case.tasks[0].id, {"form": 4})
    assert case.variables == {"results": [8, 8]}


def test_output_element_may_be_a_formula(play: Play) -> None:
    """An output element that computes reads the round's variables."""
    loop = multi("[1,2]", "i", collect="results", output="{number: loopCounter, square: i * i}")
    bench = play(start(), script("s", "x", "i", loop=loop), end(), flows("start > s > end"))
    assert bench.start("p").variables["results"] == [{"number": 1, "square": 1}, {"number": 2, "square": 4}]


@BOTH
def test_sub_process(play: Play, sequential: bool) -> None:
    """A looping sub-process runs once for each element, gateways and all."""
    inner = sub(
        "s", start("s-start"), gateway("parallel", "g"), user("a"), user("b"), gateway("parallel", "j"), end("s-end"),
        flows("s-start > g > a > j > s-end", "g > b > j"), loop=multi("[1,2]", "i", sequential=sequential),
    )  # fmt: skip
    bench = play(start(), inner, user("after"), flows("start > s > after"))
    case = bench.start("p")
    for _ in range(4):
        assert "after" not in case.waiting_for
        case = case.complete(case.tasks[0].id)
    assert case.waiting_for == ["after"]


@BOTH
def test_call_activity(play: Play, sequential: bool) -> None:
    """A looping call activity passes each round's variables, and collects what comes back."""
    called = process(start("q-start"), script("double", "answer", "item * 2"), user("check"), end("q-end"),
                     flows("q-start > double > check > q-end"), name="q")  # fmt: skip
    loop = multi("[3,4]", "item", sequential=sequential, collect="results", output="answer")
    bench = play(start(), call("c", "q", loop=loop), user("after"), flows("start > c > after"), more=(called,))
    case = bench.start("p")
    while case.waiting_for != ["after"]:
        case = case.complete(case.tasks[0].id)
    assert case.variables == {"results": [6, 8]}


@BOTH
def test_nested(play: Play, sequential: bool) -> None:
    """Loops within loops have scopes within scopes."""
    pair = multi("row", "cell", sequential=sequential, collect="cells", output="cell * factor")
    inner = sub("s", start("s-start"), script("times", "x", "cell", loop=pair), user("confirm"),
                flows("s-start > times > confirm"), loop=multi("rows", "row", collect="table", output="cells"),
                extension=io({"factor": "loopCounter"}))  # fmt: skip
    bench = play(start(), inner, user("after"), flows("start > s > after"))
    case = bench.start("p", rows=[[1, 2], [3]])
    for _ in range(2):
        case = case.complete(case.tasks[0].id)
    assert case.variables["table"] == [[1, 2], [6]]


def test_child_results_that_are_not_propagated(play: Play) -> None:
    """A valid model may collect nulls: that is no incident."""
    called = process(start("q-start"), script("s", "answer", "1"), flows("q-start > s"), name="q")
    loop = multi("[1,2]", "i", collect="results", output="answer")
    bench = play(
        start(), call("c", "q", child="false", loop=loop), user("after"), flows("start > c > after"), more=(called,)
    )
    assert bench.start("p").variables == {"results": [None, None]}


@BOTH
def test_receive_task(play: Play, sequential: bool) -> None:
    """A looping receive task waits for each element's own key."""
    bench = play(
        start(), receive("wait", "m", loop=multi('["k1","k2"]', "who", sequential=sequential)), user("after"),
        flows("start > wait > after"), roots=(message("m", "answer", "who"),),
    )  # fmt: skip
    case = bench.start("p")
    for key in ("k1", "k2"):
        [case] = bench.engine.correlate("answer", key=key)
    assert case.waiting_for == ["after"]


@BOTH
def test_boundary_event_on_the_body(play: Play, sequential: bool) -> None:
    """One event stands on the whole loop: interrupting, it ends all rounds and the output collection is dropped."""
    loop = multi("[1,2,3]", "i", sequential=sequential, collect="results", output="answer")
    bench = play(
        start(), user("ask", loop=loop), boundary("b", "ask", timer(duration="PT1H")), user("after"), user("late"),
        flows("start > ask > after", "b > late"),
    )  # fmt: skip
    case = bench.start("p")
    assert len(case.timers) == 1
    case.complete(case.tasks[0].id, {"answer": 1})
    bench.advance(hours=1)
    case = bench.case(case.id)
    assert (case.waiting_for, case.variables) == (["late"], {})


def test_loop_in_a_loop_of_the_process(play: Play) -> None:
    """A looping task entered again starts over with the collection as it is then."""
    bench = play(
        start(), gateway("exclusive", "again"), user("ask", loop=multi("items", "i", collect="results",
        output="answer")),
        user("check"), gateway("exclusive", "ok", default="ok_end"), end(),
        flows("start > again > ask > check > ok > end", "ok > again [rework]"),
    )  # fmt: skip
    case = bench.start("p", items=[1, 2])
    for _ in range(2):
        case = case.complete(case.tasks[0].id, {"answer": "first"})
    case = bench.complete(case, "check", rework=True, items=[1])
    assert case.variables["results"] == ["first", "first"]
    case = case.complete(case.tasks[0].id, {"answer": "second"})
    assert case.variables["results"] == ["second"]


def test_output_collection_goes_to_where_it_is_known(play: Play) -> None:
    """The output collection is propagated outward: a sub-process that has a variable of that name keeps it."""
    inner = sub("s", start("s-start"), script("x", "y", "i", loop=multi("[1,2]", "i", collect="results", output="i")),
                user("a"), flows("s-start > x > a"), extension=io({"results": "null"},
                    {"found": "results"}))  # fmt: skip
    bench = play(start(), inner, user("after"), flows("start > s > after"))
    case = bench.complete(bench.start("p"), "a")
    assert {name: case.variables[name] for name in ("found",)} == {"found": [1, 2]}
    assert "results" not in case.variables


def test_large_parallel_loop(play: Play) -> None:
    """A thousand rounds at once are no problem."""
    bench = play(start(), script("s", "x", "i", loop=multi("for i in 1..1000 return i", "i", collect="r", output="i")),
                 end(), flows("start > s > end"))  # fmt: skip
    case = bench.start("p")
    assert (case.status, len(case.variables["r"]), case.variables["r"][999]) == ("completed", 1000, 1000)


def test_event_inside_a_round_ends_only_that_round(play: Play) -> None:
    """A message to one round's own boundary event leaves the other rounds alone."""
    inner = sub(
        "s", start("s-start"), user("work"), boundary("b", "work", event("message", "m")), user("stopped"),
        flows("s-start > work", "b > stopped"), loop=multi('["k1","k2"]', "who"),
    )  # fmt: skip
    bench = play(start(), inner, user("after"), flows("start > s > after"), roots=(message("m", "stop", "who"),))
    bench.start("p")
    [case] = bench.engine.correlate("stop", key="k2")
    assert sorted(task.element for task in case.tasks) == ["stopped", "work"]
    assert case.messages == ("stop",)


def test_enough_but_no_way_out(play: Play) -> None:
    """Once the condition holds the other rounds are over, even where the loop itself finds no way out yet."""
    bench = play(
        start(), gateway("parallel", "g"), user("ask", loop=multi("[1,2,3]", "i", collect="r", output="i",
        until="true")),
        user("fix"), user("after"), flows("start > g > ask", "g > fix", "ask > after [go]"),
    )  # fmt: skip
    case = bench.start("p")
    case = case.complete(next(task.id for task in case.tasks if task.element == "ask"))
    assert (case.waiting_for, [i.kind for i in case.incidents]) == (["fix"], ["condition"])
    bench.complete(case, "fix", go=True)
    case = bench.engine.resolve(case.incidents[0])
    assert (case.waiting_for, sorted(case.variables["r"], key=str)) == (["after"], [1, None, None])


@BOTH
def test_a_variable_that_takes_the_place_of_the_collection(play: Play, sequential: bool) -> None:
    """What a task in a round leaves under the collection's name is an incident, and no error that nobody can mend."""
    loop = multi("[1, 2]", "item", sequential=sequential, collect="results", output="item")
    bench = play(start(), user("ask", loop=loop), user("after"), flows("start > ask > after"))
    for value in (7, "text", [], None):
        case = bench.start("p")
        case = case.complete(case.tasks[0].id, {"results": value})
        assert [incident.kind for incident in case.incidents] == ["expression"]
        assert "overwritten" in case.incidents[0].message
