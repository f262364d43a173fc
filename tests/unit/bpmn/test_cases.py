"""A case as a whole: claims, cancelling, ending, its history and its size."""

from __future__ import annotations

import pytest

from complaintflow import Handlers
from complaintflow.errors import CaseEnded, EvaluationError, NoSubscription, TaskAlreadyCompleted, UnknownTask
from complaintflow.history.chain import broken_at
from complaintflow.testing import Workbench
from tests.diagrams import (
    Play,
    boundary,
    catch,
    end,
    event,
    flows,
    gateway,
    message,
    multi,
    script,
    service,
    start,
    sub,
    timer,
    user,
)


def state_size(bench: Workbench, case_id: str) -> int:
    with bench.engine.store.reading() as tx:
        return len(tx.case(case_id).state)


def test_state_is_flat_over_many_rounds(play: Play) -> None:
    """A hundred rounds of rework leave the stored state as small as ten."""
    bench = play(
        start(), gateway("exclusive", "again"), gateway("parallel", "split"), user("a"),
        boundary("late", "a", timer(duration="P1D"), interrupting=False), user("b"), gateway("parallel", "join"),
        user("check"),
        flows("start > again > split > a > join > check > again", "split > b > join"),
    )  # fmt: skip
    case = bench.start("p")
    sizes = []
    for _ in range(100):
        for task in ("b", "a", "check"):
            case = bench.complete(case, task)
        sizes.append(state_size(bench, case.id))
    assert max(sizes) - sizes[9] <= 30  # numbers with more digits
    assert max(sizes) < 1000


def test_endless_loop_is_one_clear_error(play: Play) -> None:
    """A circle without anything that waits is one error, and nothing of it is written."""
    bench = play(start(), user("a"), gateway("exclusive", "x"), script("s", "n", "1"), flows("start > a > x > s > x"))
    case = bench.start("p")
    before = (bench.case(case.id), len(case.history()))
    with pytest.raises(EvaluationError, match="without coming to rest"):
        bench.complete(case, "a")
    assert (bench.case(case.id), len(case.history())) == before
    bench = play(start(), gateway("exclusive", "x"), script("s", "n", "1"), flows("start > x > s > x"))
    with pytest.raises(EvaluationError, match="without coming to rest"):
        bench.start("p")
    assert bench.engine.cases() == []


@pytest.mark.parametrize("shape", ["gateways", "sub-processes", "joins", "links"])
def test_endless_loops_of_every_kind(play: Play, shape: str) -> None:
    """Gateways, empty sub-processes, joins and links alone can circle too."""
    from tests.diagrams import throw

    parts = {
        "gateways": (gateway("exclusive", "x"), gateway("exclusive", "y"), flows("start > x > y > x")),
        "sub-processes": (gateway("exclusive", "x"), sub("s", start("s-start"), end("s-end"), flows("s-start > s-end")),
                          flows("start > x > s > x")),
        "joins": (gateway("exclusive", "x"), gateway("parallel", "g"), gateway("parallel", "j"),
                  flows("start > x > g > j > x"), flows("g > j").replace("g_j", "second")),
        "links": (throw("t", event("link", "l")), catch("c", event("link", "l")), flows("start > t", "c > t")),
    }[shape]  # fmt: skip
    bench = play(start(), *parts)
    with pytest.raises(EvaluationError, match="without coming to rest"):
        bench.start("p")


def test_long_chain(play: Play) -> None:
    """Six hundred nodes in a row are no deeper than one."""
    names = [f"n{i}" for i in range(600)]
    drawn = [script(name, "n", "n + 1") if i % 2 else gateway("exclusive", name) for i, name in enumerate(names)]
    bench = play(start(), *drawn, user("after"), flows(" > ".join(["start", *names, "after"])))
    case = bench.start("p", n=0)
    assert (case.waiting_for, case.variables) == (["after"], {"n": 300})


def test_deep_nesting(play: Play) -> None:
    """Sub-processes within sub-processes, as deep as the reader of XML allows, run and are cancelled."""
    inner = user("work")
    for depth in range(80):
        inner = sub(f"s{depth}", inner)
    bench = play(start(), inner, user("after"), flows(f"start > s{depth} > after"))
    case = bench.start("p")
    assert bench.complete(case, "work").waiting_for == ["after"]
    case = bench.start("p")
    assert bench.engine.cancel(case.id, "enough").tasks == ()


def test_cancel(play: Play) -> None:
    """Cancelling closes everything the case waits for, and keeps its variables and the reason."""
    failing = Handlers()

    @failing.handler("work")
    def work() -> None:
        raise OSError

    bench = play(
        start(), gateway("parallel", "g"), user("a", loop=multi("[1,2]", "i")), catch("c", timer(duration="P1D")),
        catch("d", event("message", "m")), service("job", "work"), flows("start > g > a", "g > c", "g > d", "g > job"),
        roots=(message("m", "reply"),), handlers=(failing,),
    )  # fmt: skip
    case = bench.start("p", x=1)
    case = bench.engine.cancel(case.id, "filed twice", actor="li.wei")
    assert (case.status, case.variables) == ("cancelled", {"x": 1})
    assert (case.tasks, case.timers, case.messages, case.incidents) == ((), (), (), ())
    bench.advance(days=2)
    last = bench.case(case.id).history()[-1]
    assert (last.event, last.actor, last.detail["reason"]) == ("cancelled", "li.wei", "filed twice")


def test_ended_case_takes_no_commands(play: Play) -> None:
    """After its end a case refuses everything, and says that it is over."""
    bench = play(start(), user("a"), end(), flows("start > a > end"))
    case = bench.start("p")
    task = case.tasks[0].id
    case = bench.complete(case, "a")
    assert case.status == "completed"
    with pytest.raises(TaskAlreadyCompleted):
        bench.engine.complete(task, {})
    with pytest.raises(CaseEnded):
        bench.engine.cancel(case.id, "too late")
    with pytest.raises(NoSubscription):
        bench.engine.correlate("reply", key=case.key)
    with pytest.raises(TaskAlreadyCompleted):
        bench.engine.claim(task, "li.wei")


def test_claims(play: Play) -> None:
    """A task can be taken and given back; that leaves it open, and is history."""
    bench = play(start(), user("a", groups='=["clerks"]'), end(), flows("start > a > end"))
    case = bench.start("p")
    task = case.tasks[0].id
    assert bench.engine.claim(task, "li.wei").assignee == "li.wei"
    assert [t.id for t in bench.engine.tasks(user="li.wei")] == [task]
    assert bench.engine.release(task, actor="li.wei").assignee is None
    assert bench.engine.tasks(user="li.wei") == []
    assert [e.event for e in case.history()] == ["started", "task-claimed", "task-released"]
    assert bench.complete(case, "a", actor="li.wei").status == "completed"


def test_unknown_task(play: Play) -> None:
    """A task id that never was is another error than one that is done."""
    bench = play(start(), user("a"), flows("start > a"))
    case = bench.start("p")
    for bad in (f"{case.id}.999", f"{case.id}.0", f"{case.id}.x", "nothing"):
        with pytest.raises(UnknownTask):
            bench.engine.complete(bad, {})


def test_user_task_fields(play: Play) -> None:
    """Groups, users, assignee, priority and dates are evaluated when the task opens."""
    assignment = (
        '<zeebe:assignmentDefinition assignee="=who" candidateGroups="=[role, &quot;b&quot;]" candidateUsers="x, y"/>'
    )
    schedule = '<zeebe:taskSchedule dueDate="2026-03-05T12:00:00+08:00" followUpDate="=today()"/>'
    bench = play(start(), user("a", extension=assignment + schedule + '<zeebe:priorityDefinition priority="=40 + 2"/>'),
                 flows("start > a"))  # fmt: skip
    [task] = bench.start("p", who="li.wei", role="a").tasks
    assert (task.groups, task.users, task.assignee, task.priority) == (("a", "b"), ("x", "y"), "li.wei", 42)
    assert task.due_at is not None
    assert task.due_at.isoformat() == "2026-03-05T04:00:00+00:00"
    [task] = bench.start("p").tasks
    assert (task.groups, task.assignee) == (("b",), None)


def test_history_is_a_chain(play: Play) -> None:
    """Each entry hangs on the one before: a change, a gap or a missing end shows."""

    bench = play(start(), user("a"), user("b"), end(), flows("start > a > b > end"))
    case = bench.complete(bench.complete(bench.start("p"), "a"), "b")
    with bench.engine.store.reading() as tx:
        rows = tx.history(case.id)
        row = tx.case(case.id)
        whole = row.length, row.head
    assert broken_at(rows, *whole) is None
    assert broken_at([rows[0], rows[1]._replace(detail=rows[2].detail), *rows[2:]], *whole) == 2
    assert broken_at([rows[0], *rows[2:]], *whole) == 2
    assert broken_at(rows[:-1], *whole) == len(rows)


def test_history_names_the_path(play: Play) -> None:
    """Each command's entry lists what the token came by and what was opened."""
    bench = play(start(), user("a"), gateway("exclusive", "x", default="x_b"), user("b"), user("c"),
                 flows("start > a > x > b", "x > c [false]"))  # fmt: skip
    case = bench.complete(bench.start("p"), "a")
    [_, entry] = case.history()
    assert entry.detail["path"] == ["a", "a_x", "x", "x_b", "b"]
    assert entry.detail["opened"] == ["b"]


@pytest.mark.parametrize("name", ["Start", "End", "class", "Root", "None", "调查", "a.b-c_d", "subworkflow", "self"])
def test_names_of_elements(play: Play, name: str) -> None:
    """Elements may have any XML name, also one that the library underneath uses itself, in any language."""
    bench = play(start("s1"), user(name), end("e1"), flows(f"s1 > {name} > e1"))
    case = bench.start("p")
    assert case.waiting_for == [name]
    assert bench.complete(case, name).status == "completed"


def test_start_and_end_named_as_underneath(play: Play) -> None:
    """The start event may be called Start and the end event End."""
    bench = play(start("Start"), user("a"), end("End"), flows("Start > a > End"))
    assert bench.complete(bench.start("p"), "a").status == "completed"


def test_qualified_references(play: Play) -> None:
    """References may carry a namespace prefix, as some tools write them."""
    drawn = play(
        start(), user("a"), boundary("b", "a", event("message", "m")), gateway("exclusive", "x", default="x_c"),
        user("c"),
        user("d"), user("e"), flows("start > a > x > c", "x > d [false]", "b > e"), roots=(message("m", "stop"),),
    )  # fmt: skip
    folder = drawn.engine.library.layers.layers[0].processes / "p" / "p.bpmn"
    text = folder.read_text(encoding="utf-8")
    for attribute in ("sourceRef", "targetRef", "attachedToRef", "messageRef", "default"):
        text = text.replace(f'{attribute}="', f'{attribute}="tns:')
    folder.write_text(text, encoding="utf-8")
    case = drawn.start("p")
    [other] = drawn.engine.correlate("stop", key=case.key)
    assert other.waiting_for == ["e"]
    assert drawn.complete(drawn.start("p"), "a").waiting_for == ["c"]


def test_flows_without_id(play: Play) -> None:
    """A sequence flow needs no id."""
    import re

    drawn = flows("start > g > a > j > b", "g > c > j")
    bench = play(start(), gateway("parallel", "g"), user("a"), user("c"), gateway("parallel", "j"), user("b"),
                 re.sub(r' id="\w+"', "", drawn))  # fmt: skip
    case = bench.complete(bench.start("p"), "a")
    assert case.waiting_for == ["c"]
    assert bench.complete(case, "c").waiting_for == ["b"]


def test_process_and_sub_process_without_start_and_end(play: Play) -> None:
    """Where no start event is drawn, everything that nothing leads to begins."""
    bench = play(
        sub("s", user("a"), user("b"), user("c"), flows("a > c")), user("beside"), user("after"), flows("s > after")
    )
    case = bench.start("p")
    assert sorted(case.waiting_for) == ["a", "b", "beside"]
    case = bench.complete(bench.complete(case, "a"), "b")
    assert bench.complete(case, "c").waiting_for == ["beside", "after"]


def test_message_start_event(play: Play) -> None:
    """A process whose only start event waits for a message begins there when the application starts it."""
    bench = play(
        start("received", event("message", "m")), user("a"), flows("received > a"), roots=(message("m", "complaint"),)
    )
    assert bench.start("p").waiting_for == ["a"]


def test_plain_and_manual_tasks_pass(play: Play) -> None:
    """A task without a kind and a manual task have nothing to execute, as in Camunda 8."""
    bench = play(start(), '<bpmn:task id="t"/><bpmn:manualTask id="m"/>', user("a"), flows("start > t > m > a"))
    assert bench.start("p").waiting_for == ["a"]
