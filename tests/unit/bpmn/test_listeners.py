"""Execution and task listeners: handlers that an element waits for, in the order that Camunda 8 calls them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from complaintflow import BusinessError, Handlers, Job
from complaintflow.bpmn.reader import read_program
from complaintflow.errors import InvalidDiagram, TaskAlreadyCompleted
from tests.diagrams import (
    Play,
    boundary,
    document,
    end,
    error,
    event,
    flows,
    gateway,
    io,
    multi,
    process,
    script,
    service,
    start,
    sub,
    timer,
    user,
)


def listen(*pairs: tuple[str, str], kind: str = "execution", headers: str = "", retries: str = "") -> str:
    """Listeners: (event, job type)."""
    more = f" retries={quoteattr(retries)}" if retries else ""
    inner = "".join(
        f'<zeebe:{kind}Listener eventType="{name}" type={quoteattr(job)}{more}>{headers}</zeebe:{kind}Listener>'
        for name, job in pairs
    )
    return f"<zeebe:{kind}Listeners>{inner}</zeebe:{kind}Listeners>"


class Ear:
    """Handlers that write down what they hear, with the variables they see."""

    def __init__(self, *names: str, **results: dict[str, Any]) -> None:
        self.heard: list[str] = []
        self.jobs: list[Job] = []
        self.handlers = Handlers()
        for name in names:
            self.handlers.handler(name)(self._listener(name, results.get(name, {})))

    def _listener(self, name: str, result: dict[str, Any]) -> Callable[[Job], dict[str, Any]]:
        def hear(job: Job) -> dict[str, Any]:
            self.heard.append(name)
            self.jobs.append(job)
            return result

        return hear


def test_they_are_called_in_order_around_the_work(play: Play) -> None:
    """Start listeners come before the work and end listeners behind it, each in the order of the file."""
    ear = Ear("before", "also", "work", "after", "last")
    extension = listen(("start", "before"), ("end", "after"), ("start", "also"), ("end", "last"))
    bench = play(
        start(), service("a", "work", extension=extension), end(), flows("start > a > end"), handlers=(ear.handlers,)
    )
    case = bench.start("p")
    assert case.status == "completed"
    assert ear.heard == ["before", "also", "work", "after", "last"]
    assert len({job.key for job in ear.jobs}) == 5


def test_start_listeners_set_local_variables(play: Play) -> None:
    """They see the input mappings; what they return is the element's own and gone with it."""
    ear = Ear("before", "work", before={"rate": 3})
    extension = io({"base": "2"}) + listen(("start", "before"))
    bench = play(
        start(), service("a", "work", extension=extension), user("b"), flows("start > a > b"), handlers=(ear.handlers,)
    )
    case = bench.start("p")
    assert ear.jobs[0].variables["base"] == 2
    assert ear.jobs[1].variables["rate"] == 3
    assert "rate" not in case.variables
    assert "base" not in case.variables


def test_end_listeners_set_variables_outside(play: Play) -> None:
    """They see what the output mappings set, and what they return goes the same way."""
    ear = Ear("work", "after", work={"found": 1}, after={"kept": 2})
    extension = io(None, {"result": "found + 1"}) + listen(("end", "after"))
    bench = play(
        start(), service("a", "work", extension=extension), user("b"), flows("start > a > b"), handlers=(ear.handlers,)
    )
    case = bench.start("p")
    assert ear.jobs[1].variables["result"] == 2
    assert case.variables == {"result": 2, "kept": 2}


def test_end_listeners_pass_by_local_variables(play: Play) -> None:
    """What an end listener returns goes outside even where the element has a variable of that name of its own."""
    ear = Ear("work", "after", after={"kept": 2})
    extension = io({"kept": "1"}) + listen(("end", "after"))
    bench = play(
        start(), service("a", "work", extension=extension), user("b"), flows("start > a > b"), handlers=(ear.handlers,)
    )
    assert bench.start("p").variables == {"kept": 2}


def test_a_gateway_asks_with_what_its_listener_found(play: Play) -> None:
    """A start listener of a gateway may compute what the conditions read."""
    ear = Ear("look", look={"amount": 20})
    gate = gateway("exclusive", "gate", default="gate_small").replace(
        "></bpmn:exclusiveGateway>",
        f"><bpmn:extensionElements>{listen(('start', 'look'))}</bpmn:extensionElements></bpmn:exclusiveGateway>",
    )
    bench = play(
        start(), gate, user("big"), user("small"),
        flows("start > gate", "gate > big [amount > 10]", "gate > small"),
        handlers=(ear.handlers,),
    )  # fmt: skip
    assert bench.start("p").waiting_for == ["big"]


def test_headers_of_element_and_listener(play: Play) -> None:
    """A listener gets the element's headers and its own, its own going first."""
    ear = Ear("before", "work")
    both = '<zeebe:header key="a" value="element"/><zeebe:header key="b" value="1"/>'
    headers = f"<zeebe:taskHeaders>{both}</zeebe:taskHeaders>"
    own = '<zeebe:taskHeaders><zeebe:header key="a" value="listener"/></zeebe:taskHeaders>'
    extension = headers + listen(("start", "before"), headers=own)
    play(
        start(), service("a", "work", extension=extension), end(), flows("start > a > end"), handlers=(ear.handlers,)
    ).start("p")
    assert [dict(job.headers) for job in ear.jobs] == [{"a": "listener", "b": "1"}, {"a": "element", "b": "1"}]


def test_listeners_of_a_process(play: Play) -> None:
    """A process has them too: before its start event and when nothing is left in it."""
    ear = Ear("open", "work", "close", open={"year": 2026})
    inner = "".join([
        f"<bpmn:extensionElements>{listen(('start', 'open'), ('end', 'close'))}</bpmn:extensionElements>",
        start(), service("a", "work"), end(), flows("start > a > end"),
    ])  # fmt: skip
    case = play(inner, handlers=(ear.handlers,)).start("p")
    assert case.status == "completed"
    assert ear.heard == ["open", "work", "close"]
    assert case.variables["year"] == 2026


def test_listeners_of_a_sub_process_and_of_rounds(play: Play) -> None:
    """A sub-process holds its inside; in a loop each round has its own listeners, the loop around them has none."""
    ear = Ear("in", "out", "round")
    body = sub("s", start("s1"), end("s2"), flows("s1 > s2"), extension=listen(("start", "in"), ("end", "out")))
    rounds = service("a", "round", extension=listen(("start", "in")), loop=multi("[1, 2]", "x", sequential=True))
    bench = play(start(), body, rounds, end(), flows("start > s > a > end"), handlers=(ear.handlers,))
    assert bench.start("p").status == "completed"
    assert ear.heard == ["in", "out", "in", "round", "in", "round"]


def test_listeners_of_events(play: Play) -> None:
    """A start event has end listeners, an end event has start listeners."""
    ear = Ear("begun", "ending")
    bench = play(
        start(extension=listen(("end", "begun"))), end(extension=listen(("start", "ending"))), flows("start > end"),
        handlers=(ear.handlers,),
    )  # fmt: skip
    assert bench.start("p").status == "completed"
    assert ear.heard == ["begun", "ending"]


def test_cancelled_with_the_element(play: Play) -> None:
    """An element that is interrupted while a listener waits takes the listener's job along."""
    desk = Handlers()

    @desk.handler("broken", retries=1)
    def broken() -> None:
        raise RuntimeError("down")

    body = sub("s", start("s1"), user("a", extension=listen(("start", "broken"))), flows("s1 > a"))
    bench = play(
        start(), body, boundary("late", "s", timer(duration="PT1H")), user("b"), end(),
        flows("start > s > end", "late > b"), handlers=(desk,),
    )  # fmt: skip
    case = bench.start("p")
    assert [incident.element for incident in case.incidents] == ["a"]
    assert case.waiting_for == []
    bench.advance(hours=2)
    case = bench.case(case.id)
    assert case.waiting_for == ["b"]
    assert case.incidents == ()


def test_a_failed_listener_is_an_incident_that_can_be_resolved(play: Play) -> None:
    """Only the listener that failed is tried again; those before it have been heard."""
    desk, calls = Handlers(), []

    @desk.handler("first")
    def first() -> None:
        calls.append("first")

    @desk.handler("second", retries=1)
    def second() -> None:
        calls.append("second")
        if calls.count("second") == 1:
            raise RuntimeError("down")

    bench = play(
        start(), user("a", extension=listen(("start", "first"), ("start", "second"))), end(),
        flows("start > a > end"), handlers=(desk,),
    )  # fmt: skip
    case = bench.start("p")
    (incident,) = case.incidents
    case = bench.engine.resolve(incident.id)
    bench.engine.worker().drain()
    assert calls == ["first", "second", "second"]
    assert bench.case(case.id).waiting_for == ["a"]


def test_a_business_error_of_a_listener_is_no_bpmn_error(play: Play) -> None:
    """As in Camunda 8, a listener cannot throw: the error boundary stays quiet and a person has to look."""
    desk = Handlers()

    @desk.handler("refuses")
    def refuses() -> None:
        raise BusinessError("E")

    bench = play(
        start(), user("a", extension=listen(("start", "refuses"))), boundary("e", "a", event("error", "err")),
        user("b"), flows("start > a", "e > b"), roots=(error("err", "E"),), handlers=(desk,),
    )  # fmt: skip
    case = bench.start("p")
    assert case.waiting_for == []
    assert [incident.element for incident in case.incidents] == ["a"]


# -- user tasks -------------------------------------------------------------------------------


def test_creating_and_completing(play: Play) -> None:
    """A task is in the inbox once its creating listeners agreed, and left once its completing ones did."""
    ear = Ear("creating", "completing", completing={"checked": True})
    task = user("a", extension=listen(("creating", "creating"), ("completing", "completing"), kind="task"))
    bench = play(start(), task, user("b"), flows("start > a > b"), handlers=(ear.handlers,))
    case = bench.start("p")
    assert case.waiting_for == ["a"]
    assert ear.heard == ["creating"]
    case = bench.complete(case, "a", {"amount": 7})
    assert ear.jobs[1].variables["amount"] == 7
    assert case.waiting_for == ["b"]
    assert case.variables == {"amount": 7, "checked": True}


def test_completing_may_be_denied(play: Play) -> None:
    """A completing listener that raises BusinessError leaves the task open, and nothing of the data is kept."""
    desk = Handlers()

    @desk.handler("check")
    def check(amount: int) -> None:
        if amount > 5:
            raise BusinessError("TOO_MUCH")

    task = user("a", extension=listen(("completing", "check"), kind="task"))
    bench = play(start(), task, user("b"), flows("start > a > b"), handlers=(desk,))
    case = bench.start("p")
    case = bench.complete(case, "a", {"amount": 7})
    assert case.waiting_for == ["a"]
    assert "amount" not in case.variables
    assert case.incidents == ()
    assert bench.complete(case, "a", {"amount": 3}).waiting_for == ["b"]


def test_assigning_is_asked_before_somebody_has_it(play: Play) -> None:
    """The assigning listener sees who wants the task, and may say no."""
    desk, seen = Handlers(), []

    @desk.handler("allow")
    def allow(job: Job) -> None:
        seen.append((job.headers["io.camunda.zeebe:action"], job.headers["io.camunda.zeebe:assignee"]))
        if job.headers["io.camunda.zeebe:assignee"] == "li.wei":
            raise BusinessError("NOT_YOU")

    task = user("a", extension=listen(("assigning", "allow"), kind="task"))
    bench = play(start(), task, end(), flows("start > a > end"), handlers=(desk,))
    case = bench.start("p")
    bench.engine.claim(case.task("a").id, actor="li.wei")
    bench.engine.worker().drain()
    assert bench.case(case.id).task("a").assignee is None
    bench.engine.claim(case.task("a").id, actor="zhao.min")
    bench.engine.worker().drain()
    assert bench.case(case.id).task("a").assignee == "zhao.min"
    assert seen == [("claim", "li.wei"), ("claim", "zhao.min")]


def test_a_task_is_not_done_twice_while_a_listener_decides(play: Play) -> None:
    """Between the completion and the listener's answer nobody else can complete the task."""
    task = user("a", extension=listen(("completing", "somewhere-else"), kind="task"))
    bench = play(start(), task, end(), flows("start > a > end"))
    bench.engine.handlers_elsewhere = True
    case = bench.engine.start("p", {})
    bench.engine.complete(case.task("a").id, {})
    with pytest.raises(TaskAlreadyCompleted):
        bench.engine.complete(case.task("a").id, {})


# -- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "part",
    [
        start("x", extension=listen(("start", "t"))),
        end("x", event=event("error", "e"), extension=listen(("end", "t"))),
        gateway("exclusive", "x").replace(
            "></bpmn:exclusiveGateway>",
            f"><bpmn:extensionElements>{listen(('end', 't'))}</bpmn:extensionElements></bpmn:exclusiveGateway>",
        ),
        user("x", extension=listen(("start", "t"), ("start", "t"))),
        user("x", extension=listen(("take", "t"))),
        user("x", extension=listen(("deleting", "t"), kind="task")),
        script("x", "y", "1", extension=listen(("start", ""))),
    ],
)
def test_listeners_that_would_not_be_heard(part: str) -> None:
    """An event that does not come where it stands, a listener without type and the same one twice are refused."""
    with pytest.raises(InvalidDiagram) as caught:
        read_program({"p.bpmn": document(process(part, user("b"), flows("x > b")), error("e", "E")).encode()})
    assert "listener" in caught.value.what
    assert "element x" in caught.value.where
    assert caught.value.remedy
