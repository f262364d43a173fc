"""Event sub-processes: set off by an event while the flow around them is alive."""

from __future__ import annotations

import pytest

from complaintflow import BusinessError, Case, Handlers
from complaintflow.testing import Workbench
from tests.diagrams import (
    Play,
    boundary,
    call,
    end,
    error,
    escalation,
    event,
    flows,
    gateway,
    io,
    message,
    multi,
    process,
    script,
    service,
    signal,
    start,
    sub,
    throw,
    timer,
    user,
)

ROOTS = (message("m", "stop"), signal("s", "alarm"), error("e", "BAD"), escalation("c", "UP"))


def body(what: str, *, interrupting: bool = True, then: str = "", name: str = "es") -> str:
    """An event sub-process with one user task."""
    return sub(
        name,
        start(f"{name}-start", what, isInterrupting=str(interrupting).lower()),
        user(f"{name}-task"),
        then,
        flows(f"{name}-start > {name}-task"),
        event=True,
    )


TRIGGERS = {
    "timer": timer(duration="PT1H"),
    "message": event("message", "m"),
    "signal": event("signal", "s"),
    "escalation": event("escalation", "c"),
    "error": event("error", "e"),
}


def set_off(bench: Workbench, case: Case, trigger: str) -> Case:
    """Let the event happen."""
    if trigger == "timer":
        bench.advance(hours=1)
    elif trigger == "message":
        bench.engine.correlate("stop", key=case.key, data={"brought": 1})
    elif trigger == "signal":
        bench.start("p", way="signal")
    else:
        bench.complete(case, "ask", way=trigger)
    return bench.case(case.id)


def work(prefix: str = "") -> tuple[str, ...]:
    """A flow that can throw what the triggers above wait for."""
    return (
        gateway("exclusive", "kind", default="kind_ask"), throw("alarm", event("signal", "s")), user("ask"),
        gateway("exclusive", "how", default="how_go"), throw("up", event("escalation", "c")), user("go"),
        end("bad", event("error", "e")),
        flows('kind > alarm [way = "signal"]', "kind > ask > how > go", 'how > up [way = "escalation"]', "up > go",
              'how > bad [way = "error"]'),
    )  # fmt: skip


@pytest.mark.parametrize("place", ["process", "sub-process", "call-activity", "loop"])
@pytest.mark.parametrize(
    ("trigger", "interrupting"),
    [(trigger, way) for trigger in TRIGGERS for way in (True, False) if way or trigger != "error"],
)
def test_set_off(play: Play, trigger: str, interrupting: bool, place: str) -> None:
    """Each kind of event sets its sub-process off; an interrupting one takes the place of the flow around it."""
    drawn = body(TRIGGERS[trigger], interrupting=interrupting)
    inner = (start("w-start"), *work(), drawn, flows("w-start > kind"))
    if place == "process":
        bench = play(start(), *work(), drawn, flows("start > kind"), roots=ROOTS)
    elif place == "call-activity":
        bench = play(start(), call("w", "q"), user("after"), flows("start > w > after"), roots=ROOTS,
                     more=(process(*inner, name="q"),))  # fmt: skip
    else:
        loop = multi("[1]", "i") if place == "loop" else ""
        bench = play(start(), sub("w", *inner, loop=loop), user("after"), flows("start > w > after"), roots=ROOTS)
    case = bench.start("p", way="ask")
    assert case.tasks[0].element == "ask"
    case = set_off(bench, case, trigger)
    rest = {"escalation": ["go"]}.get(trigger, ["ask"])
    open_now = sorted(task.element for task in case.tasks)
    assert open_now == (["es-task"] if interrupting else sorted(["es-task", *rest]))
    assert (case.incidents, case.timers) == ((), ())
    assert ("stop" in case.messages) is (trigger == "message" and not interrupting)
    for element in ["es-task"] if interrupting else [*rest, "es-task"]:
        case = bench.complete(case, element)
        if element == "ask":
            case = bench.complete(case, "go")
    if place == "process":
        assert case.status == "completed"
    else:
        assert case.waiting_for == ["after"]
        assert bench.complete(case, "after").status == "completed"


def test_fired_repeatedly(play: Play) -> None:
    """One that does not interrupt may run many times at once, and each holds the flow open."""
    bench = play(start(), user("w"), body(event("message", "m"), interrupting=False), flows("start > w"), roots=ROOTS)
    case = bench.start("p")
    for _ in range(3):
        bench.engine.correlate("stop", key=case.key)
    case = bench.complete(case, "w")
    assert sorted(case.waiting_for) == ["es-task", "es-task", "es-task"]
    for task in case.tasks:
        assert case.status == "active"
        case = case.complete(task.id)
    assert (case.status, case.messages) == ("completed", ())


def test_armed_event_does_not_hold_its_flow_open(play: Play) -> None:
    """What only waits to be set off keeps nothing open, and is gone when the flow ends."""
    bench = play(
        start(), sub("w", start("w-start"), user("a"), body(event("message", "m")), body(timer(duration="PT9H"),
        name="et"),
                     flows("w-start > a")),
        user("after"), flows("start > w > after"), roots=ROOTS,
    )  # fmt: skip
    case = bench.complete(bench.start("p"), "a")
    assert (case.waiting_for, case.timers) == (["after"], ())


def test_timer_cycle(play: Play) -> None:
    """A cycle sets its sub-process off as often as it says."""
    bench = play(start(), user("w"), body(timer(cycle="R3/PT1H"), interrupting=False), flows("start > w"))
    case = bench.start("p")
    for hours in (1, 2, 3):
        bench.advance(hours=1)
        assert len(bench.case(case.id).tasks) == 1 + hours
    bench.advance(days=9)
    assert len(bench.case(case.id).tasks) == 4


def test_message_data_become_variables(play: Play) -> None:
    """What a message brings goes outward from the event sub-process, as from any event; output mappings choose."""
    bench = play(start(), user("w"), body(event("message", "m"), interrupting=False), flows("start > w"), roots=ROOTS)
    case = bench.start("p")
    [case] = bench.engine.correlate("stop", key=case.key, data={"text": "withdrawn"})
    assert case.variables == {"text": "withdrawn"}
    chosen = sub(
        "es", start("es-start", event("message", "m"), io(None, {"why": "text"})),
        user("es-task"), flows("es-start > es-task"), event=True,
    )  # fmt: skip
    bench = play(start(), user("w"), chosen, flows("start > w"), roots=ROOTS)
    case = bench.start("p")
    [case] = bench.engine.correlate("stop", key=case.key, data={"text": "withdrawn"})
    assert case.variables == {"why": "withdrawn"}


def test_input_mappings_are_local(play: Play) -> None:
    """An event sub-process's input mappings hide what is outside, and what it writes there stays there."""
    drawn = sub(
        "es", start("es-start", event("message", "m"), isInterrupting="false"), script("count", "x", "x + 1"),
        user("es-task"),
        flows("es-start > count > es-task"), event=True, extension=io({"x": "10"}, {"y": "x"}),
    )  # fmt: skip
    bench = play(start(), user("w"), drawn, flows("start > w"), roots=ROOTS)
    case = bench.start("p", x=1)
    bench.engine.correlate("stop", key=case.key)
    case = bench.complete(case, "es-task")
    assert case.variables == {"x": 1, "y": 11}


def test_interrupting_once(play: Play) -> None:
    """While an interrupting event sub-process runs, nothing else of its flow can be set off."""
    bench = play(
        start(), user("w"), body(event("message", "m")), body(timer(duration="PT1H"), name="et"),
        body(event("signal", "s"), interrupting=False, name="en"), flows("start > w"), roots=ROOTS,
    )  # fmt: skip
    case = bench.start("p")
    [case] = bench.engine.correlate("stop", key=case.key)
    assert (case.waiting_for, case.timers) == (["es-task"], ())
    bench.advance(days=1)
    assert bench.case(case.id).waiting_for == ["es-task"]


def test_interrupting_ends_those_beside(play: Play) -> None:
    """An interrupting event sub-process also ends others that already run."""
    bench = play(
        start(), user("w"), body(event("message", "m"), interrupting=False), body(timer(duration="PT1H"), name="et"),
        flows("start > w"), roots=ROOTS,
    )  # fmt: skip
    case = bench.start("p")
    bench.engine.correlate("stop", key=case.key)
    bench.advance(hours=1)
    assert bench.case(case.id).waiting_for == ["et-task"]


RETHROW = (start("es-start", event("error", "e")), end("again", event("error", "e")), flows("es-start > again"))


def test_error_thrown_again_goes_outward(play: Play) -> None:
    """An error that an event sub-process throws again is not caught by itself but by the event around it."""
    inner = sub(
        "w", start("w-start"), end("bad", event("error", "e")), sub("es", *RETHROW, event=True), flows("w-start > bad")
    )
    bench = play(
        start(), inner, boundary("b", "w", event("error", "e")), user("after"), user("right"),
        flows("start > w > after", "b > right"), roots=ROOTS,
    )  # fmt: skip
    assert bench.start("p").waiting_for == ["right"]


def test_error_thrown_again_with_nothing_outside(play: Play) -> None:
    """An error thrown out of its own event sub-process with nothing around it is one incident, not a circle."""
    bench = play(
        start(), end("bad", event("error", "e")), sub("es", *RETHROW, event=True), flows("start > bad"), roots=ROOTS
    )
    case = bench.start("p")
    assert [(i.kind, i.element) for i in case.incidents] == [("error", "again")]


def test_sibling_is_not_set_off_by_an_interrupting_one(play: Play) -> None:
    """Only one interrupting event sub-process of a flow is triggered (BPMN 2.0.2, 13.5.4); the error goes outward."""
    first = sub("es", start("es-start", event("message", "m")), end("bad", event("error", "e")),
        flows("es-start > bad"),
                event=True)  # fmt: skip
    bench = play(start(), user("w"), first, body(event("error", "e"), name="other"), flows("start > w"), roots=ROOTS)
    case = bench.start("p")
    [case] = bench.engine.correlate("stop", key=case.key)
    assert [(i.kind, i.element) for i in case.incidents] == [("error", "bad")]


def test_error_out_of_one_beside(play: Play) -> None:
    """An error out of an event sub-process that does not interrupt may set off an error event sub-process."""
    first = sub("es", start("es-start", event("message", "m"), isInterrupting="false"), end("bad", event("error", "e")),
                flows("es-start > bad"), event=True)  # fmt: skip
    bench = play(start(), user("w"), first, body(event("error", "e"), name="other"), flows("start > w"), roots=ROOTS)
    case = bench.start("p")
    [case] = bench.engine.correlate("stop", key=case.key)
    assert (case.waiting_for, case.incidents) == (["other-task"], ())


def test_escalation_does_not_catch_itself(play: Play) -> None:
    """An escalation thrown inside the event sub-process that catches it goes outward."""
    again = sub("es", start("es-start", event("escalation", "c"), isInterrupting="false"), throw("again",
        event("escalation", "c")),
                user("es-task"), flows("es-start > again > es-task"), event=True)  # fmt: skip
    inner = sub(
        "w", start("w-start"), throw("up", event("escalation", "c")), user("a"), again, flows("w-start > up > a")
    )
    bench = play(
        start(), inner, boundary("b", "w", event("escalation", "c"), interrupting=False), user("told"),
        flows("start > w", "b > told"), roots=ROOTS,
    )  # fmt: skip
    assert sorted(bench.start("p").waiting_for) == ["a", "es-task", "told"]


def test_error_of_a_handler(play: Play) -> None:
    """A handler's business error sets off an error event sub-process, with its data as variables there."""
    handlers = Handlers()

    @handlers.handler("refuse")
    def refuse() -> None:
        raise BusinessError("BAD", "no", {"why": "because"})

    bench = play(
        start(), user("a"), service("job", "refuse"), body(event("error", "e")), flows("start > a", "start > job"),
        roots=ROOTS, handlers=(handlers,),
    )  # fmt: skip
    case = bench.start("p")
    assert (case.waiting_for, case.variables) == (["es-task"], {"why": "because"})


def test_nested(play: Play) -> None:
    """An event sub-process may hold an event sub-process of its own."""
    inner = body(timer(duration="PT1H"), name="in")
    outer = sub("out", start("out-start", event("message", "m")), user("out-task"), inner,
        flows("out-start > out-task"),
                event=True)  # fmt: skip
    bench = play(start(), user("w"), outer, flows("start > w"), roots=ROOTS)
    case = bench.start("p")
    bench.advance(hours=2)
    [case] = bench.engine.correlate("stop", key=case.key)
    assert case.waiting_for == ["out-task"]
    bench.advance(hours=1)
    assert bench.case(case.id).waiting_for == ["in-task"]


def test_interrupting_forgets_waiting_joins(play: Play) -> None:
    """A join that waits is forgotten with the flow, and no incident comes of it."""
    bench = play(
        start(), gateway("parallel", "g"), user("a"), user("b"), gateway("parallel", "join"), end(),
        body(event("message", "m")), flows("start > g > a > join > end", "g > b > join"), roots=ROOTS,
    )  # fmt: skip
    case = bench.complete(bench.start("p"), "a")
    [case] = bench.engine.correlate("stop", key=case.key)
    case = bench.complete(case, "es-task")
    assert (case.status, case.incidents) == ("completed", ())
