"""Promises are guarded (D16): nothing that commits the organisation leaves before the decision it depends on."""

from __future__ import annotations

import pytest

from complaintflow import Handlers
from complaintflow.errors import InvalidDiagram, PrematureCommitment
from tests.diagrams import (
    Play,
    boundary,
    call,
    catch,
    end,
    event,
    flows,
    gateway,
    message,
    multi,
    process,
    properties,
    script,
    service,
    start,
    sub,
    throw,
    timer,
    user,
)

DECIDES, COMMITS = properties(decides="ruling"), properties(commits="ruling")


def sender() -> tuple[Handlers, list[str]]:
    sent: list[str] = []
    handlers = Handlers()

    @handlers.handler("send")
    def send() -> None:
        sent.append("told")

    return handlers, sent


JOB = '<zeebe:taskDefinition type="send"/>'
TELLS = {
    "send-task": service("tell", "send", tag="sendTask", extension=COMMITS),
    "service-task": service("tell", "send", extension=COMMITS),
    "message-event": throw("tell", event("message"), extension=JOB + COMMITS),
    "user-task": user("tell", extension=COMMITS),
    "sub-process": sub("tell", start("t-start"), service("inner", "send"), flows("t-start > inner"), extension=COMMITS),
    "call-activity": call("tell", "q", extension=COMMITS),
    "loop": service("tell", "send", extension=COMMITS, loop=multi("[1]", "i")),
}


@pytest.mark.parametrize("how", TELLS)
def test_refused_before_the_decision(play: Play, how: str) -> None:
    """Whatever tells the outcome stops at an incident until the deciding task was completed."""
    handlers, sent = sender()
    more = (process(start("q-start"), service("inner", "send"), flows("q-start > inner"), name="q"),)
    bench = play(
        start(), gateway("parallel", "g"), user("decide", extension=DECIDES), TELLS[how], user("after"),
        flows("start > g > decide", "g > tell > after"), handlers=(handlers,),
        more=more if how == "call-activity" else (),
    )  # fmt: skip
    case = bench.start("p")
    [incident] = case.incidents
    assert (incident.kind, incident.element, sent) == ("commitment", "tell", [])
    with pytest.raises(PrematureCommitment):
        bench.engine.resolve(incident)
    assert len(bench.case(case.id).incidents) == 1
    bench.complete(case, "decide", actor="zhao.min")
    case = bench.engine.resolve(incident)
    assert case.incidents == ()
    assert sent == ([] if how == "user-task" else ["told"])
    assert case.waiting_for == (["tell"] if how == "user-task" else ["after"])


DECIDERS = {
    "user-task": (user("decide", extension=DECIDES), ()),
    "service-task": (service("decide", "send", extension=DECIDES), ()),
    "script": (script("decide", "x", "1", extension=DECIDES), ()),
    "sub-process": (sub("decide", start("d-start"), user("think"), flows("d-start > think"), extension=DECIDES), ()),
    "message": (catch("decide", event("message", "m"), extension=DECIDES), (message("m", "ruling"),)),
    "call-activity": (call("decide", "q", extension=DECIDES), (process(start("q-start"), user("think"),
    flows("q-start > think"), name="q"),)),
}  # fmt: skip


@pytest.mark.parametrize("what", DECIDERS)
def test_whatever_decides(play: Play, what: str) -> None:
    """A decision may be any activity or event: it is made when that is done."""
    drawn, roots = DECIDERS[what]
    handlers, sent = sender()
    bench = play(start(), drawn, service("tell", "send", extension=COMMITS), user("after"),
        flows("start > decide > tell > after"),
                 handlers=(handlers,), roots=roots)  # fmt: skip
    case = bench.start("p")
    if what == "message":
        bench.engine.correlate("ruling", key=case.key)
    elif case.tasks and case.tasks[0].element != "after":
        case.complete(case.tasks[0].id, actor="zhao.min")
    case = bench.case(case.id)
    assert (case.waiting_for, case.incidents) == (["after"], ())
    assert sent


def test_all_votes_make_the_decision(play: Play) -> None:
    """A committee has decided when its whole loop is done, not with the first vote."""
    handlers, sent = sender()
    bench = play(
        start(), gateway("parallel", "g"), user("decide", extension=DECIDES, loop=multi("[1,2]", "i")), user("ready"),
        service("tell", "send", extension=COMMITS), user("after"), flows("start > g > decide",
        "g > ready > tell > after"),
        handlers=(handlers,),
    )  # fmt: skip
    case = bench.start("p")
    case = case.complete(next(task.id for task in case.tasks if task.element == "decide"))
    case = bench.complete(case, "ready")
    assert [i.kind for i in case.incidents] == ["commitment"]
    case = bench.complete(case, "decide")
    bench.engine.resolve(case.incidents[0])
    assert sent == ["told"]


def test_taking_the_matter_up_again_revokes(play: Play) -> None:
    """Entering the deciding task again revokes the decision; the history numbers the versions."""
    handlers, sent = sender()
    bench = play(
        start(), gateway("exclusive", "again"), user("decide", extension=DECIDES), gateway("parallel", "g"),
        user("ready"),
        user("doubt"), service("tell", "send", extension=COMMITS), end(),
        flows("start > again > decide > g > doubt > again", "g > ready > tell > end"), handlers=(handlers,),
    )  # fmt: skip
    case = bench.complete(bench.start("p"), "decide", actor="zhao.min")
    case = bench.complete(case, "doubt")
    case = bench.complete(case, "ready")
    assert ([i.kind for i in case.incidents], sent) == (["commitment"], [])
    case = bench.complete(case, "decide", actor="li.wei")
    case = bench.engine.resolve(case.incidents[0])
    assert sent == ["told"]
    notes = [note for entry in case.history() for note in entry.detail.get("notes", ())]
    assert [kind for kind, _, _ in notes] == ["ruled", "revoked", "ruled"]
    assert [(detail["version"], detail["by"]) for kind, _, detail in notes if kind == "ruled"] == [
        (1, "zhao.min"),
        (2, "li.wei"),
    ]


def test_waiting_for_the_decision_again_revokes(play: Play) -> None:
    """A decision that a message brings is open again as soon as the case waits for that message again."""
    handlers, sent = sender()
    bench = play(
        start(), gateway("exclusive", "again"), gateway("eventBased", "g"), catch("decide", event("message", "m"),
        extension=DECIDES),
        catch("late", timer(duration="PT1H")), user("ask"), service("tell", "send", extension=COMMITS),
        flows("start > again > g > decide > ask > again", "g > late > tell"), roots=(message("m", "ruling"),),
        handlers=(handlers,),
    )  # fmt: skip
    case = bench.start("p")
    [case] = bench.engine.correlate("ruling", key=case.key, actor="zhao.min")
    bench.complete(case, "ask")
    bench.advance(hours=1)
    assert ([i.kind for i in bench.case(case.id).incidents], sent) == (["commitment"], [])


def test_who_decided_is_who_completed(play: Play) -> None:
    """A deciding task that is stuck on its way out was decided by who completed it, not by who mended the way."""
    bench = play(start(), user("decide", extension=DECIDES), user("a"), user("b"),
                 flows("start > decide", "decide > a [n > 1]", "decide > b [n > 2]"))  # fmt: skip
    case = bench.complete(bench.start("p"), "decide", actor="zhao.min", n=0)
    case = bench.engine.resolve(case.incidents[0], actor="li.wei")
    notes = [note for entry in case.history() for note in entry.detail.get("notes", ())]
    assert [detail["by"] for kind, _, detail in notes if kind == "ruled"] == ["zhao.min"]


def test_revoked_while_the_job_waits(play: Play) -> None:
    """A decision revoked after the job was opened still stops the job: it is asked again before it runs."""
    failing = Handlers()
    tries: list[int] = []

    @failing.handler("send")
    def send() -> None:
        tries.append(1)
        raise OSError

    bench = play(
        start(), gateway("exclusive", "again"), user("decide", extension=DECIDES), gateway("parallel", "g"),
        user("doubt"),
        service("tell", "send", extension=COMMITS), flows("start > again > decide > g > doubt > again", "g > tell"),
        handlers=(failing,),
    )  # fmt: skip
    case = bench.complete(bench.start("p"), "decide")
    bench.complete(case, "doubt")
    bench.advance(days=1)
    case = bench.case(case.id)
    assert (len(tries), [i.kind for i in case.incidents]) == (1, ["commitment"])


def test_commitment_to_nothing_is_refused(play: Play) -> None:
    """A promise that depends on a decision no element makes is refused at load."""
    bench = play(start(), user("tell", extension=COMMITS), flows("start > tell"))
    with pytest.raises(InvalidDiagram, match="ruling"):
        bench.start("p")


def test_timer_does_not_send_early(play: Play) -> None:
    """No road leads around the guard: not the path of a timer either."""
    handlers, sent = sender()
    bench = play(
        start(), user("decide", extension=DECIDES), boundary("b", "decide", timer(duration="PT1H"), interrupting=False),
        service("tell", "send", extension=COMMITS), flows("start > decide", "b > tell"), handlers=(handlers,),
    )  # fmt: skip
    case = bench.start("p")
    bench.advance(hours=1)
    assert ([i.kind for i in bench.case(case.id).incidents], sent) == (["commitment"], [])
