"""Errors walk outward to the nearest event that catches them; terminate ends its own flow."""

from __future__ import annotations

import pytest

from complaintflow import BusinessError, Handlers
from tests.diagrams import (
    Play,
    boundary,
    call,
    end,
    error,
    event,
    flows,
    gateway,
    io,
    message,
    multi,
    process,
    service,
    start,
    sub,
    timer,
    user,
)

ROOTS = (error("e", "BAD"), error("f", "WORSE"), error("computed", '=prefix + "D"'))


def failing(*codes: str) -> Handlers:
    """A handler that raises one business error after the other."""
    handlers = Handlers()
    left = list(codes)

    @handlers.handler("fail")
    def fail() -> None:
        if left:
            raise BusinessError(left.pop(0), "as told", {"why": "because"})

    return handlers


def test_nearest_wins(play: Play) -> None:
    """Of two events that fit, the one nearer to the thrower catches, even if it catches any code."""
    inner = sub("in", start("in-start"), end("bad", event("error", "e")), flows("in-start > bad"))
    outer = sub("out", start("out-start"), inner, boundary("any", "in", event("error")), user("near"),
                flows("out-start > in", "any > near"))  # fmt: skip
    bench = play(start(), outer, boundary("exact", "out", event("error", "e")), user("far"),
                 flows("start > out", "exact > far"), roots=ROOTS)  # fmt: skip
    assert bench.start("p").waiting_for == ["near"]


def test_passes_by_what_does_not_fit(play: Play) -> None:
    """An error passes events of other codes, through sub-processes, loops and calls, until one fits."""
    deepest = sub(
        "in", start("in-start"), end("bad", event("error", "e")), flows("in-start > bad"), loop=multi("[1,2]", "i")
    )
    called = process(start("q-start"), deepest, boundary("other", "in", event("error", "f")), user("wrong"),
                     flows("q-start > in", "other > wrong"), name="q")  # fmt: skip
    outer = sub("out", start("out-start"), call("c", "q"), boundary("another", "c", event("error", "f")), user("worse"),
                flows("out-start > c", "another > worse"))  # fmt: skip
    bench = play(start(), outer, boundary("exact", "out", event("error", "e")), user("right"),
                 flows("start > out", "exact > right"), roots=ROOTS, more=(called,))  # fmt: skip
    case = bench.start("p")
    assert (case.waiting_for, case.incidents) == (["right"], ())


def test_thrown_code_may_be_computed(play: Play) -> None:
    """The code of a throwing event may be a formula."""
    inner = sub("s", start("s-start"), end("bad", event("error", "computed")), flows("s-start > bad"))
    bench = play(start(), inner, boundary("b", "s", event("error", "e")), user("right"),
                 flows("start > s", "b > right"), roots=ROOTS)  # fmt: skip
    assert bench.start("p", prefix="BA").waiting_for == ["right"]


def test_error_carries_input_mappings(play: Play) -> None:
    """An error end event carries what its input mappings made to the catching event's output mappings."""
    inner = sub(
        "s",
        start("s-start"),
        end("bad", event("error", "e"), extension=io({"detail": "x * 2"})),
        flows("s-start > bad"),
    )
    bench = play(start(), inner, boundary("b", "s", event("error", "e"), extension=io(None, {"found": "detail"})),
                 user("right"), flows("start > s", "b > right"), roots=ROOTS)  # fmt: skip
    assert bench.start("p", x=4).variables == {"x": 4, "found": 8}


def test_uncaught_error_end_event(play: Play) -> None:
    """An error end event that nothing catches is an incident at that event."""
    bench = play(start(), end("bad", event("error", "e")), flows("start > bad"), roots=ROOTS)
    case = bench.start("p")
    assert [(i.kind, i.element) for i in case.incidents] == [("error", "bad")]
    assert case.status == "active"
    again = bench.engine.resolve(case.incidents[0])
    assert [(i.kind, i.element) for i in again.incidents] == [("error", "bad")]


def test_uncaught_business_error(play: Play) -> None:
    """A handler's error that nothing catches is an incident; resolving it runs the job again."""
    bench = play(
        start(), service("job", "fail"), user("after"), flows("start > job > after"), handlers=(failing("BAD"),)
    )
    case = bench.start("p")
    [incident] = case.incidents
    assert (incident.kind, incident.element) == ("error", "job")
    assert "BAD" in incident.message
    assert "as told" in incident.message
    case = bench.engine.resolve(incident)
    assert (case.waiting_for, case.incidents) == (["after"], ())


def test_error_leaves_other_branches(play: Play) -> None:
    """Only the activity that the event is attached to ends."""
    bench = play(
        start(), gateway("parallel", "g"), service("job", "fail"), boundary("b", "job", event("error", "e")),
        user("beside"),
        user("caught"), flows("start > g > job", "g > beside", "b > caught"), roots=ROOTS, handlers=(failing("BAD"),),
    )  # fmt: skip
    assert sorted(bench.start("p").waiting_for) == ["beside", "caught"]


def test_error_of_one_round_ends_the_loop(play: Play) -> None:
    """An error out of one round of a loop ends all of them."""
    inner = sub(
        "s", start("s-start"), user("a"), service("job", "fail"), flows("s-start > a > job"), loop=multi("[1,2,3]", "i")
    )
    bench = play(start(), inner, boundary("b", "s", event("error", "e")), user("caught"),
                 flows("start > s", "b > caught"), roots=ROOTS, handlers=(failing("BAD"),))  # fmt: skip
    case = bench.start("p")
    case = case.complete(case.tasks[1].id)
    assert case.waiting_for == ["caught"]


def test_error_in_a_loop_of_the_process(play: Play) -> None:
    """An error may lead back to the activity, as often as it takes."""
    bench = play(
        start(), gateway("exclusive", "again"), service("job", "fail"), boundary("b", "job", event("error")), end(),
        flows("start > again > job > end", "b > again"), handlers=(failing("A", "B", "C"),),
    )  # fmt: skip
    case = bench.start("p")
    assert (case.status, case.incidents) == ("completed", ())


def test_terminate_ends_the_case(play: Play) -> None:
    """A terminate end event ends everything in its process."""
    bench = play(
        start(), gateway("parallel", "g"), user("a"), user("b"), boundary("t", "b", timer(duration="PT1H")), user("c"),
        end("stop", event("terminate")), flows("start > g > a > stop", "g > b", "t > c"),
    )  # fmt: skip
    case = bench.complete(bench.start("p"), "a")
    assert (case.status, case.tasks, case.timers) == ("completed", (), ())


@pytest.mark.parametrize("host", ["sub-process", "call-activity"])
def test_terminate_ends_only_its_flow(play: Play, host: str) -> None:
    """Inside a sub-process or called process it ends just that, which is then complete."""
    inner = (
        start("s-start"), gateway("parallel", "g"), user("a"), user("b"), gateway("parallel", "j"),
        end("stop", event("terminate")),
        flows("s-start > g > a > stop", "g > b > j"), flows("g > j"),
    )  # fmt: skip
    drawn, more = (sub("s", *inner), ()) if host == "sub-process" else (call("s", "q"), (process(*inner, name="q"),))
    bench = play(
        start(), gateway("parallel", "split"), drawn, user("beside"), user("after"),
        flows("start > split > s > after", "split > beside"), more=more,
    )  # fmt: skip
    case = bench.complete(bench.start("p"), "a")
    assert (sorted(case.waiting_for), case.incidents) == (["after", "beside"], ())


def test_terminate_in_one_round(play: Play) -> None:
    """Inside one round of a loop it ends that round."""
    inner = sub("s", start("s-start"), gateway("parallel", "g"), user("a"), user("b"), end("stop", event("terminate")),
                flows("s-start > g > a > stop", "g > b"), loop=multi("[1,2]", "i"))  # fmt: skip
    bench = play(start(), inner, user("after"), flows("start > s > after"))
    case = bench.start("p")
    case = case.complete(next(task.id for task in case.tasks if task.element == "a"))
    assert sorted(case.waiting_for) == ["a", "b"]


def test_terminate_ends_event_sub_processes(play: Play) -> None:
    """A terminate end event also ends event sub-processes that run, and disarms those that wait."""
    running = sub("es", start("es-start", event("message", "m"), isInterrupting="false"), user("es-task"),
                  flows("es-start > es-task"), event=True)  # fmt: skip
    bench = play(start(), user("a"), end("stop", event("terminate")), running, flows("start > a > stop"),
                 roots=(message("m", "note"),))  # fmt: skip
    case = bench.start("p")
    [case] = bench.engine.correlate("note", key=case.key)
    assert sorted(task.element for task in case.tasks) == ["a", "es-task"]
    case = bench.complete(case, "a")
    assert (case.status, case.messages) == ("completed", ())
