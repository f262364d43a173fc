"""Events attached to activities: what they interrupt, what they leave alone."""

from __future__ import annotations

import pytest
from conftest import Play

from complaintflow import BusinessError, Handlers
from tests.diagrams import (
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

HOSTS = {
    "user-task": ((user("w"),), ()),
    "service-task": ((service("w", "later"),), ()),
    "receive-task": (('<bpmn:receiveTask id="w" messageRef="other"/>',), ()),
    "sub-process": ((sub("w", start("w-start"), user("inner"), flows("w-start > inner")),), ()),
    "call-activity": ((call("w", "q"),), (process(start("q-start"), user("inner"), flows("q-start > inner"), name="q"),)),
    "parallel-loop": ((user("w", loop=multi("[1,2]", "i")),), ()),
    "sequential-loop": ((user("w", loop=multi("[1,2]", "i", sequential=True)),), ()),
    "loop-of-sub-processes": (
        (sub("w", start("w-start"), user("inner"), flows("w-start > inner"), loop=multi("[1,2]", "i")),), ()
    ),
}  # fmt: skip
OPEN = {
    "user-task": ["w"], "service-task": [], "receive-task": ["message other"], "sub-process": ["inner"],
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


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("interrupting", [True, False], ids=["interrupting", "beside"])
@pytest.mark.parametrize("trigger", ["timer", "message", "signal"])
def test_event_on_an_activity(play: Play, host: str, interrupting: bool, trigger: str) -> None:
    """A timer, message or signal on any activity takes its own path; only an interrupting one ends the activity."""
    drawn, more = HOSTS[host]
    what = {"timer": timer(duration="PT1H"), "message": event("message", "m"), "signal": event("signal", "s")}[trigger]
    bench = play(
        start(), *drawn, boundary("b", "w", what, interrupting=interrupting), user("after"), user("late"),
        flows("start > w > after", "b > late"), roots=ROOTS, more=more, handlers=(idle(),),
    )  # fmt: skip
    case = bench.start("p")
    before = [name for name in case.waiting_for if name not in ("message stop", "message alarm")]
    assert before == OPEN[host]
    if trigger == "timer":
        bench.advance(hours=1)
    elif trigger == "message":
        bench.engine.correlate("stop", key=case.key)
    else:
        case = throw_alarm(play, bench, case)
    case = bench.case(case.id)
    left = [name for name in case.waiting_for if name not in ("message stop", "message alarm")]
    assert sorted(left) == sorted(["late"] if interrupting else [*OPEN[host], "late"])
    assert bool({"stop", "alarm"} & set(case.messages)) is (not interrupting and trigger != "timer")
    assert case.timers == ()
    assert case.incidents == ()


def throw_alarm(play: Play, bench: object, case: object) -> object:
    """Signals reach every case of the database, so another case throws it."""
    from complaintflow.testing import Workbench

    assert isinstance(bench, Workbench)
    folder = play(start(), throw("alarm", event("signal", "s")), flows("start > alarm"), roots=ROOTS)
    thrower = Workbench(layers=folder.engine.library.layers.layers and [_folder(folder)], database=bench.engine.store)
    thrower.clock.set(bench.clock.now())
    thrower.start("p")
    return case


def _folder(bench: object) -> str:
    from complaintflow.testing import Workbench

    assert isinstance(bench, Workbench)
    return bench.engine.library.layers.layers[0].name
