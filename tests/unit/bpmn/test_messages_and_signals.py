"""What comes from outside: messages by their key, signals to whoever listens."""

from __future__ import annotations

import pytest

from complaintflow import BusinessError, Case, Handlers
from complaintflow.errors import NoSubscription
from tests.diagrams import (
    Play,
    boundary,
    catch,
    end,
    event,
    flows,
    gateway,
    io,
    message,
    receive,
    service,
    signal,
    start,
    sub,
    throw,
    user,
)

ROOTS = (message("m", "reply"), signal("s", "alarm"))


@pytest.mark.parametrize("waits", [catch("c", event("message", "m")), receive("c", "m")], ids=["event", "task"])
def test_message(play: Play, waits: str) -> None:
    """A message goes to the case that waits for it under its key, and its data become variables."""
    bench = play(start(), waits, user("after"), flows("start > c > after"), roots=ROOTS)
    one, two = bench.start("p", key="one"), bench.start("p", key="two")
    with pytest.raises(NoSubscription):
        bench.engine.correlate("reply", key="three")
    with pytest.raises(NoSubscription):
        bench.engine.correlate("other", key="one")
    [case] = bench.engine.correlate("reply", key="two", data={"text": "yes"})
    assert (case.id, case.waiting_for, case.variables) == (two.id, ["after"], {"text": "yes"})
    assert bench.case(one.id).waiting_for == ["c"]
    with pytest.raises(NoSubscription):
        bench.engine.correlate("reply", key="two")


def test_key_is_evaluated_when_it_begins_to_wait(play: Play) -> None:
    """The correlation key is computed once, on entering; numbers are keys too."""
    bench = play(
        start(), gateway("parallel", "g"), catch("c", event("message", "m")), user("change"), user("after"),
        flows("start > g > c > after", "g > change"), roots=(message("m", "reply", "order"),),
    )  # fmt: skip
    case = bench.complete(bench.start("p", order=17), "change", order=18)
    with pytest.raises(NoSubscription):
        bench.engine.correlate("reply", key="18")
    [case] = bench.engine.correlate("reply", key="17")
    assert case.waiting_for == ["after"]


@pytest.mark.parametrize("order", [None, True, "", [1], {"a": 1}, 1.5], ids=repr)
def test_no_key(play: Play, order: object) -> None:
    """A key that is neither text nor a whole number is an incident, resolved when there is one."""
    bench = play(
        start(), gateway("parallel", "g"), catch("c", event("message", "m")), user("change"), user("after"),
        flows("start > g > c > after", "g > change"), roots=(message("m", "reply", "order"),),
    )  # fmt: skip
    case = bench.start("p", order=order)
    [incident] = case.incidents
    assert (incident.kind, incident.element) == ("expression", "c")
    case = bench.complete(case, "change", order="17")
    case = bench.engine.resolve(incident)
    assert (case.incidents, case.messages) == ((), ("reply",))


def test_message_name_may_be_computed(play: Play) -> None:
    """A message's name may be a formula."""
    bench = play(start(), catch("c", event("message", "m")), user("after"), flows("start > c > after"),
                 roots=(message("m", '="reply-" + kind'),))  # fmt: skip
    case = bench.start("p", kind="now")
    assert case.messages == ("reply-now",)
    [case] = bench.engine.correlate("reply-now", key=case.key)
    assert case.waiting_for == ["after"]


def test_message_that_is_sent(play: Play) -> None:
    """A throwing message event and a send task are jobs; the path goes on when the handler is done."""
    sent: list[str] = []
    handlers = Handlers()

    @handlers.handler("send")
    def send(text: str) -> dict[str, object]:
        sent.append(text)
        return {"receipt": len(sent)}

    job = '<zeebe:taskDefinition type="send"/>'
    bench = play(
        start(), throw("t", event("message"), extension=job + io({"text": '"one"'})),
        service("s", "send", tag="sendTask", extension=io({"text": '"two"'})),
        end("e", event("message"), extension=job + io({"text": '"three"'})),
        flows("start > t > s > e"), handlers=(handlers,),
    )  # fmt: skip
    case = bench.start("p")
    assert (sent, case.status, case.variables) == (["one", "two", "three"], "completed", {"receipt": 3})


def test_error_of_a_sent_message(play: Play) -> None:
    """A business error while sending goes outward from the throwing event."""
    handlers = Handlers()

    @handlers.handler("send")
    def send() -> None:
        raise BusinessError("NO_ADDRESS")

    inner = sub("s", start("s-start"), throw("t", event("message"), extension='<zeebe:taskDefinition type="send"/>'),
                flows("s-start > t"))  # fmt: skip
    bench = play(start(), inner, boundary("b", "s", event("error")), user("call"), flows("start > s", "b > call"),
                 handlers=(handlers,))  # fmt: skip
    assert bench.start("p").waiting_for == ["call"]


LISTENING = (
    start(), gateway("exclusive", "role", default="role_a"), throw("alarm", event("signal", "s"),
    extension=io({"level": "3"})),
    end("alarm-end", event("signal", "s")), user("a"), boundary("b", "a", event("signal", "s"), interrupting=False),
    user("heard"), catch("c", event("signal", "s")), user("also"),
    flows('start > role', 'role > alarm [role = "throw"]', 'role > alarm-end [role = "end"]',
    'role > c [role = "catch"]',
          "role > a", "b > heard", "c > also"),
)  # fmt: skip


@pytest.mark.parametrize("how", ["throw", "end"])
def test_signal_reaches_every_case(play: Play, how: str) -> None:
    """A signal goes to every listening token of every case, as often as it is thrown."""
    bench = play(*LISTENING, roots=ROOTS)
    cases = [bench.start("p", role=role) for role in ("listen", "listen", "catch")]
    assert bench.start("p", role=how).status == "completed"
    assert [sorted(bench.case(case.id).waiting_for) for case in cases] == [["a", "heard"], ["a", "heard"], ["also"]]
    bench.start("p", role=how)
    assert [len(bench.case(case.id).tasks) for case in cases] == [3, 3, 1]


def test_signal_brings_input_mappings(play: Play) -> None:
    """What a signal brings is what the thrower's input mappings made."""
    bench = play(*LISTENING, roots=ROOTS)
    case = bench.start("p", role="catch", other=1)
    bench.start("p", role="throw", other=2)
    assert bench.case(case.id).variables == {"role": "catch", "other": 1, "level": 3}


def test_signal_within_a_case(play: Play) -> None:
    """A case hears its own signals."""
    bench = play(
        start(), gateway("parallel", "g"), catch("c", event("signal", "s")), user("first"), throw("alarm",
        event("signal", "s")),
        user("after"), end(), flows("start > g > c > after", "g > first > alarm > end"), roots=ROOTS,
    )  # fmt: skip
    case = bench.complete(bench.start("p"), "first")
    assert case.waiting_for == ["after"]


def test_message_to_two_tokens(play: Play) -> None:
    """Two tokens of one case that wait for the same message and key both get it."""
    bench = play(
        start(), gateway("parallel", "g"), catch("c", event("message", "m")), catch("d", event("message", "m")),
        user("x"),
        user("y"), flows("start > g > c > x", "g > d > y"), roots=ROOTS,
    )  # fmt: skip
    case = bench.start("p")
    found: list[Case] = bench.engine.correlate("reply", key=case.key)
    assert [sorted(case.waiting_for) for case in found] == [["x", "y"]]


def test_message_that_was_consumed_is_not_taken_twice(play: Play) -> None:
    """A token whose way out is missing has its message: a second one is not for it."""
    bench = play(
        start(), catch("c", event("message", "m")), user("x"), flows("start > c", "c > x [go]"), roots=ROOTS,
    )  # fmt: skip
    case = bench.start("p")
    [case] = bench.engine.correlate("reply", key=case.key, data={"n": 1})
    assert ([i.kind for i in case.incidents], case.messages) == (["condition"], ())
    with pytest.raises(NoSubscription):
        bench.engine.correlate("reply", key=case.key, data={"n": 2})
    assert bench.case(case.id).variables == {"n": 1}
