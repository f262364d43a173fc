"""Events attached to activities: what they interrupt, what they leave alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from complaintflow import BusinessError, Case, Handlers
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
    receive,
    script,
    service,
    signal,
    start,
    sub,
    throw,
    timer,
    user,
)

HOSTS = {
    "user-task": ((user("w"),), ()),
    "service-task": ((service("w", "later"),), ()),
    "receive-task": ((receive("w", "other"),), ()),
    "sub-process": ((sub("w", start("w-start"), user("inner"), flows("w-start > inner")),), ()),
    "call-activity": ((call("w", "q"),), (process(start("q-start"), user("inner"), flows("q-start > inner"),
    name="q"),)),
    "parallel-loop": ((user("w", loop=multi("[1,2]", "i")),), ()),
    "sequential-loop": ((user("w", loop=multi("[1,2]", "i", sequential=True)),), ()),
    "loop-of-sub-processes": (
        (sub("w", start("w-start"), user("inner"), flows("w-start > inner"), loop=multi("[1,2]", "i")),), ()
    ),
}  # fmt: skip
OPEN = {
    "user-task": ["w"], "service-task": [], "receive-task": ["w"], "sub-process": ["inner"],
    "call-activity": ["inner"], "parallel-loop": ["w", "w"], "sequential-loop": ["w"],
    "loop-of-sub-processes": ["inner", "inner"],
}  # fmt: skip
ROOTS = (message("m", "stop"), message("other", "other"), signal("s", "alarm"))


def idle() -> Handlers:
    """A handler that never gets to an end by itself."""
    handlers = Handlers()

    @handlers.handler("later", retries=1000)
    def later() -> None:
        raise OSError

    return handlers


def waiting(case: Case) -> list[str]:
    """What is open, without the subscription of the attached event itself."""
    return sorted(case.waiting_for)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("interrupting", [True, False], ids=["interrupting", "beside"])
@pytest.mark.parametrize("trigger", ["timer", "message", "signal"])
def test_event_on_an_activity(play: Play, host: str, interrupting: bool, trigger: str) -> None:
    """A timer, message or signal on any activity takes its own path; only an interrupting one ends the activity."""
    drawn, more = HOSTS[host]
    what = {"timer": timer(duration="PT1H"), "message": event("message", "m"), "signal": event("signal", "s")}[trigger]
    bench = play(
        start(), gateway("exclusive", "role", default="role_w"), throw("alarm", event("signal", "s")), *drawn,
        boundary("b", "w", what, interrupting=interrupting), user("after"), user("late"),
        flows("start > role", "role > alarm [thrower]", "role > w > after", "b > late"),
        roots=ROOTS, more=more, handlers=(idle(),),
    )  # fmt: skip
    case = bench.start("p", thrower=False)
    assert waiting(case) == OPEN[host]
    if trigger == "timer":
        bench.advance(hours=1)
    elif trigger == "message":
        bench.engine.correlate("stop", key=case.key)
    else:
        bench.start("p", thrower=True)
    case = bench.case(case.id)
    assert waiting(case) == sorted(["late"] if interrupting else [*OPEN[host], "late"])
    assert ("stop" in case.messages) is (not interrupting and trigger == "message")
    assert (case.timers, case.incidents) == ((), ())


@pytest.mark.parametrize("host", HOSTS)
def test_event_is_gone_with_its_activity(play: Play, host: str) -> None:
    """When the activity is done, nothing of its attached events is left."""
    drawn, more = HOSTS[host]
    finishing = Handlers()
    finishing.handler("later")(lambda: None)
    bench = play(
        start(), *drawn, boundary("b", "w", timer(duration="PT1H")), boundary("c", "w", event("message", "m")),
        user("after"), user("late"), flows("start > w > after", "b > late", "c > late"),
        roots=ROOTS, more=more, handlers=(finishing,),
    )  # fmt: skip
    case = bench.start("p")
    if host == "receive-task":
        bench.engine.correlate("other", key=case.key)
    while (case := bench.case(case.id)).tasks[0].element != "after":
        case.complete(case.tasks[0].id)
    assert (case.waiting_for, case.timers, case.messages) == (["after"], (), ())
    bench.advance(days=1)
    assert bench.case(case.id).waiting_for == ["after"]


def test_boundary_without_outgoing_flow(play: Play) -> None:
    """An interrupting event without a flow just ends the activity, and with it the case; another only counts."""
    bench = play(start(), user("w"), boundary("b", "w", timer(duration="PT1H")), flows("start > w"))
    case = bench.start("p")
    bench.advance(hours=1)
    assert bench.case(case.id).status == "completed"
    bench = play(start(), user("w"), boundary("b", "w", timer(duration="PT1H"), interrupting=False), flows("start > w"))
    case = bench.start("p")
    bench.advance(hours=1)
    assert (bench.case(case.id).waiting_for, bench.case(case.id).timers) == (["w"], ())


def test_message_beside_comes_again_and_again(play: Play) -> None:
    """A message that does not interrupt may come as often as it likes while the activity is open."""
    bench = play(
        start(), user("w"), boundary("b", "w", event("message", "m"), interrupting=False), user("read"), end(),
        flows("start > w > end", "b > read > end"), roots=ROOTS,
    )  # fmt: skip
    case = bench.start("p")
    for count in (1, 2, 3):
        [case] = bench.engine.correlate("stop", key=case.key, data={"count": count})
    assert sorted(case.waiting_for) == ["read", "read", "read", "w"]
    assert case.variables == {"count": 3}
    case = bench.complete(case, "w")
    assert case.waiting_for == ["read", "read", "read"]


def test_event_reads_the_activity_and_sets_outside(play: Play) -> None:
    """A boundary event's expressions see the activity's input mappings; its data go to the scope around."""
    bench = play(
        start(), user("w", extension=io({"hours": "2"})),
        boundary("b", "w", timer(duration='=duration("PT" + string(hours) + "H")'), extension=io(None,
        {"late": "true"})),
        user("after"), flows("start > w", "b > after"),
    )  # fmt: skip
    case = bench.start("p")
    assert bench.case(case.id).timers[0].due_at == bench.now + timedelta(hours=2)
    bench.advance(hours=2)
    assert (bench.case(case.id).waiting_for, bench.case(case.id).variables) == (["after"], {"late": True})


def test_interrupting_cancels_depth_first(play: Play) -> None:
    """Whatever runs inside an interrupted activity is closed: tasks, timers, messages, jobs, inner loops."""
    inner = sub(
        "inner", start("i-start"), user("deep", loop=multi("[1,2,3]", "i")), boundary("bb", "deep",
        timer(duration="PT9H")),
        flows("i-start > deep"), loop=multi("[1,2]", "j"),
    )  # fmt: skip
    bench = play(
        start(), sub("w", start("w-start"), inner, service("job", "later"), flows("w-start > inner", "w-start > job")),
        boundary("b", "w", event("message", "m")), user("after"), flows("start > w", "b > after"),
        roots=ROOTS, handlers=(idle(),),
    )  # fmt: skip
    case = bench.start("p")
    assert (len(case.tasks), len(case.timers)) == (6, 2)
    [case] = bench.engine.correlate("stop", key=case.key)
    assert (case.waiting_for, case.timers, case.messages) == (["after"], (), ())
    bench.advance(days=2)
    assert bench.case(case.id).incidents == ()
    assert bench.complete(case, "after").status == "completed"


def refusing(code: str) -> Handlers:
    """A handler that raises a business error."""
    handlers = Handlers()

    @handlers.handler("refuse")
    def refuse() -> None:
        raise BusinessError(code, "no", {"why": "because"})

    return handlers


SOURCES = {
    "service-task": (service("w", "refuse"), ()),
    "sub-process": (sub("w", start("w-start"), service("job", "refuse"), flows("w-start > job")), ()),
    "call-activity": (call("w", "q"), (process(start("q-start"), service("job", "refuse"), flows("q-start > job"),
    name="q"),)),
    "loop": (service("w", "refuse", loop=multi("[1,2]", "i")), ()),
    "error-end-event": (sub("w", start("w-start"), end("fail", event("error", "e")), flows("w-start > fail")), ()),
}  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_error_on_an_activity(play: Play, source: str) -> None:
    """An error that comes out of an activity ends it and takes the path of the event that names its code."""
    drawn, more = SOURCES[source]
    bench = play(
        start(), drawn, boundary("other", "w", event("error", "x")), boundary("any", "w", event("error")),
        boundary("this", "w", event("error", "e")), user("after"), user("wrong"), user("right"),
        flows("start > w > after", "other > wrong", "any > wrong", "this > right"),
        roots=(error("e", "REFUSED"), error("x", "OTHER")), more=more, handlers=(refusing("REFUSED"),),
    )  # fmt: skip
    case = bench.start("p")
    assert (case.waiting_for, case.incidents) == (["right"], ())


def test_error_without_code_catches_all(play: Play) -> None:
    """An error event that names no code catches every code."""
    bench = play(
        start(), service("w", "refuse"), boundary("any", "w", event("error")), user("right"),
        flows("start > w", "any > right"), handlers=(refusing("WHATEVER"),),
    )  # fmt: skip
    assert bench.start("p").waiting_for == ["right"]


def test_error_data_need_an_output_mapping(play: Play) -> None:
    """What an error brings stays at the event, as in Camunda 8, unless its output mappings take it out."""
    bench = play(
        start(), service("w", "refuse"), boundary("any", "w", event("error"), extension=io(None, {"reason": "why"})),
        user("right"), flows("start > w", "any > right"), handlers=(refusing("X"),),
    )  # fmt: skip
    assert bench.start("p").variables == {"reason": "because"}
    bench = play(
        start(), service("w", "refuse"), boundary("any", "w", event("error")), user("right"),
        flows("start > w", "any > right"), handlers=(refusing("X"),),
    )  # fmt: skip
    assert bench.start("p").variables == {}


@pytest.mark.parametrize("interrupting", [True, False], ids=["interrupting", "beside"])
@pytest.mark.parametrize("thrower", ["throw", "end"])
@pytest.mark.parametrize("host", ["sub-process", "call-activity", "loop"])
def test_escalation(play: Play, host: str, thrower: str, interrupting: bool) -> None:
    """An escalation takes the path of the attached event; the activity goes on unless the event interrupts."""
    what = end("up", event("escalation", "e")) if thrower == "end" else throw("up", event("escalation", "e"))
    inside = (start("w-start"), what, user("work"), user("more"), flows("w-start > work", "w-start > up"))
    if thrower == "throw":
        inside = (*inside[:-1], flows("w-start > work", "w-start > up > more"))
    host_drawn = {
        "sub-process": sub("w", *inside),
        "call-activity": call("w", "q"),
        "loop": sub("w", *inside, loop=multi("[1]", "i")),
    }[host]
    if thrower == "end":
        host_drawn = host_drawn.replace(user("more"), "")
    more: tuple[str, ...] = (
        process(*inside, name="q").replace(user("more"), "") if thrower == "end" else process(*inside, name="q"),
    )
    more = more if host == "call-activity" else ()
    bench = play(
        start(), host_drawn, boundary("b", "w", event("escalation", "e"), interrupting=interrupting), user("after"),
        user("told"), flows("start > w > after", "b > told"), roots=(escalation("e", "UP"),), more=more,
    )  # fmt: skip
    inner = ["work"] if thrower == "end" else ["more", "work"]
    assert sorted(bench.start("p").waiting_for) == (["told"] if interrupting else sorted([*inner, "told"]))


def test_escalation_uncaught(play: Play) -> None:
    """An escalation that nothing catches is noted in the history, and the case goes on."""
    bench = play(
        start(),
        throw("up", event("escalation", "e")),
        user("a"),
        flows("start > up > a"),
        roots=(escalation("e", "UP"),),
    )
    case = bench.start("p")
    assert (case.waiting_for, case.incidents) == (["a"], ())
    assert case.history()[0].detail["notes"] == [["uncaught", "up", {"escalation": "UP"}]]


def test_escalation_repeats(play: Play) -> None:
    """An escalation event that does not interrupt catches each escalation."""
    bench = play(
        start(), sub("w", start("w-start"), script("s", "x", "1", loop=multi("[1,2]", "i")),
                     throw("up", event("escalation", "e")), throw("up-2", event("escalation", "e")),
                     flows("w-start > s > up > up-2")),
        boundary("b", "w", event("escalation", "e"), interrupting=False), user("told"),
        flows("start > w", "b > told"), roots=(escalation("e", "UP"),),
    )  # fmt: skip
    assert bench.start("p").waiting_for == ["told", "told"]
