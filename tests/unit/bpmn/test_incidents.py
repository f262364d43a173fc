"""What stops a token is an incident; resolving it tries again where the token stopped."""

from __future__ import annotations

import pytest

from complaintflow.errors import TaskAlreadyCompleted, UnknownIncident
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
    start,
    sub,
    timer,
    user,
)

TABLE = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="test">
<decision id="level" name="level"><decisionTable hitPolicy="UNIQUE">
<input label="n"><inputExpression typeRef="number"><text>n</text></inputExpression></input><output name="level"/>
<rule id="r1"><inputEntry><text>&gt; 1</text></inputEntry><outputEntry><text>"high"</text></outputEntry></rule>
<rule id="r2"><inputEntry><text>&gt; 2</text></inputEntry><outputEntry><text>"very high"</text></outputEntry></rule>
</decisionTable></decision></definitions>"""


def decide(which: str = "level") -> str:
    return (
        '<bpmn:businessRuleTask id="decide"><bpmn:extensionElements>'
        f'<zeebe:calledDecision decisionId="{which}" resultVariable="level"/>'
        "</bpmn:extensionElements></bpmn:businessRuleTask>"
    )


def fixing(*parts: str, lines: tuple[str, ...]) -> tuple[str, ...]:
    """Beside the parts that get stuck, a task whose results may mend the variables."""
    return (start(), gateway("parallel", "both"), user("fix"), *parts, flows("start > both > fix", *lines))


STUCK = {
    "condition-null": ("condition", "x", fixing(
        gateway("exclusive", "x"), user("yes"), user("no"), lines=("both > x", "x > yes [n > 1]", "x > no [n <= 1]"))),
    "condition-not-a-boolean": ("condition", "x", fixing(
        gateway("exclusive", "x", default="x_no"), user("yes"), user("no"), lines=("both > x", "x > yes [n]",
        "x > no"))),
    "nothing-holds": ("condition", "x", fixing(
        gateway("exclusive", "x"), user("yes"), user("no"),
        lines=("both > x", "x > yes [n = 7 or n = true]", "x > no [n = 8]"))),
    "inclusive": ("condition", "x", fixing(
        gateway("inclusive", "x"), user("yes"), user("no"),
        lines=("both > x", "x > yes [n = 7 or n = true]", "x > no [n = 8]"))),
    "flow-out-of-a-task": ("condition", "t", fixing(
        script("t", "y", "1"), user("yes"), lines=("both > t", "t > yes [n > 1 or n = true]",))),
    "loop-over-no-list": ("expression", "yes", fixing(user("yes", loop=multi("n", "i")), lines=("both > yes",))),
    "candidate": ("expression", "yes", fixing(
        user("yes", extension='<zeebe:priorityDefinition priority="=n"/>'), lines=("both > yes",))),
    "due-date": ("timer", "yes", fixing(user("yes", due="n"), lines=("both > yes",))),
    "call": ("call", "yes", fixing(call("yes", "q").replace('"q"', '"=if n = null then &quot;gone&quot; else n"'),
                                   lines=("both > yes",))),
    "decision": ("decision", "decide", fixing(decide(), user("yes"), lines=("both > decide > yes",))),
}  # fmt: skip
BAD = {"decision": 5, "condition-not-a-boolean": "x", "candidate": 101, "due-date": "soon"}
GOOD = {
    "condition-null": 2, "condition-not-a-boolean": True, "nothing-holds": 7, "inclusive": 7, "flow-out-of-a-task": 2,
    "loop-over-no-list": [1], "candidate": 100, "due-date": "2026-03-04", "call": "q", "decision": 2,
}  # fmt: skip


@pytest.mark.parametrize("name", STUCK)
def test_incident_and_resolve(play: Play, name: str) -> None:
    """Each kind of incident names its element, holds only its own path, and goes on when what was wrong is mended."""
    kind, element, parts = STUCK[name]
    more = (process(start("q-start"), user("inside"), flows("q-start > inside"), name="q"),) if name == "call" else ()
    bench = play(*parts, more=more, **{"processes__p__level.dmn": TABLE})
    case = bench.start("p", {"n": BAD[name]} if name in BAD else {})
    [incident] = case.incidents
    assert (incident.kind, incident.element) == (kind, element)
    assert incident.message
    assert case.waiting_for == ["fix"]
    case = bench.engine.resolve(incident, actor="li.wei")
    [incident] = case.incidents
    assert (incident.kind, incident.element) == (kind, element)
    bench.complete(case, "fix", n=GOOD[name])
    case = bench.engine.resolve(incident, actor="li.wei")
    assert case.incidents == ()
    assert case.waiting_for == (["inside"] if name == "call" else ["yes"])
    with pytest.raises(UnknownIncident):
        bench.engine.resolve(incident)
    assert [entry.event for entry in case.history()].count("incident-resolved") == 2


def test_incident_says_what_was_asked(play: Play) -> None:
    """A condition's incident quotes the condition and what it gave."""
    bench = play(
        start(), gateway("exclusive", "x"), user("a"), user("b"), flows("start > x", "x > a [n > 1]", "x > b [n <= 1]")
    )
    [incident] = bench.start("p").incidents
    assert "n > 1" in incident.message
    assert "null" in incident.message


def test_missing_variable_is_a_recorded_warning(play: Play) -> None:
    """A missing variable is noted in the history; none is where it is compared with null."""
    bench = play(start(), script("s", "x", "missing + 1"), end(), flows("start > s > end"))
    [entry] = [e for e in bench.start("p").history() if e.event == "started"]
    [[kind, _, detail]] = entry.detail["notes"]
    assert (kind, detail["expression"]) == ("warning", "missing + 1")
    assert "missing" in detail["warning"]
    bench = play(start(), script("s", "x", "missing = null"), end(), flows("start > s > end"))
    assert "notes" not in bench.start("p").history()[0].detail


def test_too_much_work_is_an_incident(play: Play) -> None:
    """An expression that does too much work stops its token, not the engine."""
    bench = play(
        start(), script("s", "x", "count(for i in 1..1000, j in 1..1000, k in 1..1000 return i)"), flows("start > s")
    )
    assert [(i.kind, i.element) for i in bench.start("p").incidents] == [("expression", "s")]


def test_completion_condition(play: Play) -> None:
    """A completion condition that is neither true nor false stops its round; the others go on."""
    bench = play(
        start(), user("a", loop=multi("[1,2]", "i", until="enough")), user("after"), flows("start > a > after"),
    )  # fmt: skip
    case = bench.start("p")
    case = case.complete(case.tasks[0].id)
    [incident] = case.incidents
    assert (incident.kind, incident.element, len(case.tasks)) == ("condition", "a", 1)
    case = case.complete(case.tasks[0].id, {"enough": False})
    assert case.waiting_for == []
    case = bench.engine.resolve(incident)
    assert case.waiting_for == ["after"]


def test_sequential_loop_whose_list_is_gone(play: Play) -> None:
    """A sequential loop that finds its list gone before the next round stops, and goes on when it is back."""
    bench = play(
        start(), gateway("parallel", "g"), user("a", loop=multi("items", "i", sequential=True)), user("fix"),
        user("after"),
        flows("start > g > a > after", "g > fix"),
    )  # fmt: skip
    case = bench.start("p", items=[1, 2])
    case = bench.complete(case, "a", items=None)
    [incident] = case.incidents
    assert (incident.kind, incident.element, case.waiting_for) == ("expression", "a", ["fix"])
    bench.complete(case, "fix", items=[1, 2])
    case = bench.engine.resolve(incident)
    assert case.waiting_for == ["a"]
    assert bench.complete(case, "a").waiting_for == ["after"]


def test_join_that_nothing_can_open(play: Play) -> None:
    """A join whose missing flow can bring nothing any more is an incident; resolving opens it."""
    bench = play(
        start(), gateway("exclusive", "x", default="x_b"), user("a"), user("b"), gateway("parallel", "j"),
        user("after"),
        flows("start > x", "x > a [false]", "x > b > j > after", "a > j"),
    )  # fmt: skip
    case = bench.complete(bench.start("p"), "b")
    [incident] = case.incidents
    assert (incident.kind, incident.element) == ("join", "j")
    assert "a_j" in incident.message
    assert bench.engine.resolve(incident).waiting_for == ["after"]


def test_join_in_a_sub_process_with_an_armed_event(play: Play) -> None:
    """A join that waits in vain is found in any flow, even where an event is still armed."""
    inner = sub(
        "s", start("s-start"), gateway("exclusive", "x", default="x_b"), user("a"), user("b"), gateway("parallel", "j"),
        sub("es", start("es-start", event("message", "m")), user("es-task"), flows("es-start > es-task"), event=True),
        flows("s-start > x", "x > a [false]", "x > b > j", "a > j"),
    )  # fmt: skip
    bench = play(start(), inner, user("after"), flows("start > s > after"), roots=(message("m", "stop"),))
    case = bench.complete(bench.start("p"), "b")
    assert [(i.kind, i.element) for i in case.incidents] == [("join", "j")]
    [case] = bench.engine.correlate("stop", key=case.key)
    assert (case.incidents, case.waiting_for) == ((), ["es-task"])


def test_task_that_is_stuck_on_its_way_out(play: Play) -> None:
    """A task that was completed but finds no way out is out of the inbox, and its data are kept."""
    bench = play(start(), user("a"), user("b"), user("c"), flows("start > a", "a > b [n > 5]", "a > c [n > 9]"))
    case = bench.complete(bench.start("p"), "a", n=1)
    assert ([i.kind for i in case.incidents], case.tasks, case.variables) == (["condition"], (), {"n": 1})
    task = f"{case.id}.{case.incidents[0].id.partition('.')[2]}"
    with pytest.raises(TaskAlreadyCompleted):
        bench.engine.complete(task, {})
    assert bench.engine.tasks() == []


def test_interrupting_closes_incidents(play: Play) -> None:
    """What interrupts an activity also closes its incidents."""
    inner = sub(
        "s",
        start("s-start"),
        script("one", "x", "1"),
        user("never"),
        flows("s-start > one", "one > never [missing > 1]"),
    )
    bench = play(
        start(), inner, boundary("b", "s", timer(duration="PT1H")), user("after"), flows("start > s", "b > after")
    )
    case = bench.start("p")
    assert len(case.incidents) == 1
    bench.advance(hours=1)
    case = bench.case(case.id)
    assert (case.incidents, case.waiting_for) == ((), ["after"])


def test_cancel_closes_incidents(play: Play) -> None:
    """Cancelling a case leaves no incident open."""
    bench = play(start(), catch("c", timer(duration="=soon")), flows("start > c"))
    case = bench.start("p")
    assert len(case.incidents) == 1
    assert bench.engine.cancel(case.id, "mistake").incidents == ()


def test_output_mappings_are_applied_once(play: Play) -> None:
    """Resolving does not map the results a second time."""
    bench = play(
        start(), gateway("parallel", "g"), user("a", extension=io(None, {"total": "total + add"})), user("fix"),
        user("b"),
        user("c"), flows("start > g > a", "a > b [go]", "a > c [not(go)]", "g > fix"),
    )  # fmt: skip
    case = bench.complete(bench.start("p", total=1), "a", add=2)
    assert case.variables["total"] == 3
    bench.complete(case, "fix", go=True)
    case = bench.engine.resolve(case.incidents[0])
    assert (case.waiting_for, case.variables["total"]) == (["b"], 3)


def test_event_behind_a_gateway_that_cannot_wait(play: Play) -> None:
    """One event of an event-based gateway may be stuck while the others wait; it is gone when they win."""
    bench = play(
        start(), gateway("eventBased", "g"), catch("c", timer(duration="=soon")), catch("d", event("message", "m")),
        user("x"),
        user("y"), flows("start > g > c > x", "g > d > y"), roots=(message("m", "reply"),),
    )  # fmt: skip
    case = bench.start("p")
    assert [(i.kind, i.element) for i in case.incidents] == [("timer", "c")]
    [case] = bench.engine.correlate("reply", key=case.key)
    assert (case.waiting_for, case.incidents) == (["y"], ())


def test_boundary_event_without_a_way_out(play: Play) -> None:
    """An event that interrupted and finds no way out is an incident of its own; its activity is over."""
    bench = play(
        start(), gateway("parallel", "g"), user("a"), boundary("b", "a", timer(duration="PT1H")), user("after"),
        user("fix"),
        flows("start > g > a", "g > fix", "b > after [go]"),
    )  # fmt: skip
    case = bench.start("p")
    bench.advance(hours=1)
    case = bench.case(case.id)
    assert ([(i.kind, i.element) for i in case.incidents], case.waiting_for) == ([("condition", "b")], ["fix"])
    bench.complete(case, "fix", go=True)
    assert bench.engine.resolve(case.incidents[0]).waiting_for == ["after"]


def test_stuck_boundary_event_can_be_mended(play: Play) -> None:
    """A boundary timer whose time was no time waits for it once that is mended."""
    bench = play(
        start(), gateway("parallel", "g"), user("a"), boundary("b", "a", timer(duration="=wait")), user("late"),
        user("fix"),
        flows("start > g > a", "g > fix", "b > late"),
    )  # fmt: skip
    case = bench.complete(bench.start("p"), "fix", wait="PT1H")
    case = bench.engine.resolve(case.incidents[0])
    assert len(case.timers) == 1
    bench.advance(hours=1)
    assert bench.case(case.id).waiting_for == ["late"]
