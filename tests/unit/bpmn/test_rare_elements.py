"""Elements that few engines run, through the whole engine: what people see, what is stored, what handlers get."""

from __future__ import annotations

import pytest

from complaintflow import Handlers
from complaintflow.bpmn.marking import freeze
from complaintflow.errors import EvaluationError
from complaintflow.testing import Workbench
from tests.diagrams import (
    Play,
    ad_hoc,
    boundary,
    compensate,
    condition,
    end,
    event,
    flows,
    gateway,
    io,
    message,
    multi,
    script,
    service,
    start,
    sub,
    throw,
    transaction,
    undoing,
    user,
)


def test_offers_are_tasks(play: Play) -> None:
    """An ad-hoc sub-process's offers are in the inbox under the activities' names; completing one begins it."""
    sent: list[str] = []
    handlers = Handlers()

    @handlers.handler("send")
    def send() -> None:
        sent.append("letter")

    bench = play(
        start(), ad_hoc("s", user("call", groups="desk"), service("write", "send"), until="settled"), user("after"),
        flows("start > s > after"), handlers=(handlers,),
    )  # fmt: skip
    case = bench.start("p", settled=False)
    assert sorted((task.element, task.name, task.groups) for task in case.tasks) == [
        ("call", "call", ("desk",)),
        ("write", "write", ()),
    ]
    assert sent == []
    case = bench.complete(case, "write")
    assert (sent, sorted(case.waiting_for)) == (["letter"], ["call", "write"])
    assert case.diagram().svg.startswith("<svg")
    case = bench.complete(case, "call", settled=True)
    assert case.waiting_for == ["after"]


def test_condition_withdraws_work_from_the_outbox(play: Play) -> None:
    """A condition that becomes true ends an activity whose job is waiting, and the job is gone."""
    bench = play(
        start(), gateway("parallel", "g"), user("weigh"), user("wait", groups="desk"),
        boundary("grave", "wait", condition("severity > 3")), user("escalate"),
        flows("start > g > weigh", "g > wait", "grave > escalate"),
    )  # fmt: skip
    case = bench.start("p", severity=1)
    assert sorted(case.waiting_for) == ["wait", "weigh"]
    case = bench.complete(case, "weigh", severity=4)
    assert case.waiting_for == ["escalate"]
    assert [task.element for task in bench.engine.tasks(role="desk")] == []


def test_condition_sees_what_resolves_an_incident(play: Play) -> None:
    """Variables that a person sets to resolve an incident are changes like others."""
    bench = play(
        start(), gateway("parallel", "g"), gateway("exclusive", "x"), user("a"), user("b"), user("wait"),
        boundary("c", "wait", condition("kind = 2")), user("told"),
        flows("start > g > x", "x > a [kind = 1]", "x > b [kind = 2]", "g > wait", "c > told"),
    )  # fmt: skip
    case = bench.start("p")
    [incident] = case.incidents
    case = bench.engine.resolve(incident, data={"kind": 2})
    assert sorted(case.waiting_for) == ["b", "told"]


def test_handlers_undo_in_reverse(play: Play) -> None:
    """Jobs that undo are run in the reverse order of what they undo, each with the variables of its time."""
    undone: list[object] = []
    handlers = Handlers()

    @handlers.handler("book")
    def book(what: str) -> dict[str, object]:
        return {}

    @handlers.handler("unbook")
    def unbook(what: str) -> None:
        undone.append(what)

    parts = "".join(
        service(f"book-{what}", "book", extension=io({"what": f'"{what}"'}))
        + undoing(f"book-{what}", f"un-{what}", service(f"un-{what}", "unbook", extension=io({"what": f'"{what}"'})))
        for what in ("hall", "band", "cake")
    )
    bench = play(
        start(), parts, user("ask"), throw("undo", compensate()), end(),
        flows("start > book-hall > book-band > book-cake > ask > undo > end"), handlers=(handlers,),
    )  # fmt: skip
    case = bench.complete(bench.start("p"), "ask")
    assert (undone, case.status) == (["cake", "band", "hall"], "completed")


def test_transaction_is_undone_and_left(play: Play) -> None:
    """Cancelling undoes what people did, by people, before the cancel event leads on."""
    bench = play(
        start(), transaction("s", user("promise"), undoing("promise", "take-back", user("take-back")), user("pay"),
        end("stop", event("cancel")), flows("promise > pay > stop")), boundary("c", "s", event("cancel")), user("told"),
        flows("start > s", "c > told"),
    )  # fmt: skip
    case = bench.complete(bench.complete(bench.start("p"), "promise"), "pay")
    assert case.waiting_for == ["take-back"]
    case = bench.complete(case, "take-back")
    assert case.waiting_for == ["told"]


def stored(bench: Workbench, case_id: str) -> str:
    """The marking of a case as text."""
    work = bench.engine._work
    with work.store.reading() as tx:
        return str(freeze(work.load(tx, case_id).game))


def test_state_remembers_only_what_can_be_undone(play: Play) -> None:
    """A completed activity is remembered where something undoes it, and no longer than it can be."""
    bench = play(
        start(), user("plain"), sub("s", user("done"), undoing("done", "undo-it", user("undo-it")),
        extension=io({"local": "7"})), user("ask"), throw("undo", compensate()), user("last"),
        flows("start > plain > s > ask > undo > last"),
    )  # fmt: skip
    case = bench.complete(bench.start("p"), "plain")
    assert "undo" not in stored(bench, case.id)
    case = bench.complete(case, "done")
    assert "'undo': [['s', [[{'local': 7}, [['done']]]]]]" in stored(bench, case.id)
    case = bench.complete(bench.complete(case, "ask"), "undo-it")
    assert case.waiting_for == ["last"]
    assert "undo" not in stored(bench, case.id)
    assert "local" not in stored(bench, case.id)


def test_rounds_that_wait_for_messages(play: Play) -> None:
    """Events of an activity with several definitions have rows of their own, which go with it."""
    bench = play(
        start(), user("a", loop=multi("[1, 2]", "i")),
        boundary("b", "a", event("message", "m") + event("message", "n")),
        user("told"), flows("start > a", "b > told"), roots=(message("m", "one"), message("n", "two")),
    )  # fmt: skip
    case = bench.start("p")
    assert sorted(case.messages) == ["one", "two"]
    [case] = bench.engine.correlate("two", key=case.key)
    assert (case.waiting_for, case.messages) == (["told"], ())


def test_events_cannot_loop_for_ever(play: Play) -> None:
    """Events that set each other off without anything that waits are stopped, and the command leaves nothing."""
    bench = play(
        start(), user("a"), sub("es", start("es-start", condition("n >= 0"), isInterrupting="false"),
        script("count", "n", "n + 1"), flows("es-start > count"), event=True), flows("start > a"),
    )  # fmt: skip
    with pytest.raises(EvaluationError, match="without coming to rest"):
        bench.start("p", n=0)
