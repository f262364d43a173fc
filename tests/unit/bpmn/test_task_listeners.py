"""Task listeners that correct a user task, hear that it is updated, and that it is taken away."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from camunda7_parts import Run

from complaintflow import BusinessError, Corrections, Handlers, InvalidData, Job
from complaintflow.access.identity import Person, StaticIdentity
from complaintflow.facade.engine import Engine
from complaintflow.testing import Workbench
from tests.diagrams import (
    POLICY,
    Play,
    boundary,
    end,
    error,
    event,
    flows,
    io,
    message,
    multi,
    service,
    start,
    sub,
    timer,
    user,
)

HEADER = "io.camunda.zeebe:"


def listen(*pairs: tuple[str, str]) -> str:
    """Task listeners: (event, job type)."""
    inner = "".join(f'<zeebe:taskListener eventType="{name}" type="{job}"/>' for name, job in pairs)
    return f"<zeebe:taskListeners>{inner}</zeebe:taskListeners>"


def told(job: Job) -> dict[str, str]:
    """What a listener is told of its task."""
    return {name.removeprefix(HEADER): text for name, text in job.headers.items() if name.startswith(HEADER)}


class Ear:
    """Listeners that write down what they hear, and answer as they are told to."""

    def __init__(self, **answers: Any) -> None:
        self.jobs: list[Job] = []
        self.handlers = Handlers()
        for name, answer in answers.items():
            self.handlers.handler(name)(self._listener(answer))

    def _listener(self, answer: Any) -> Callable[[Job], Any]:
        def hear(job: Job) -> Any:
            self.jobs.append(job)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return hear

    @property
    def heard(self) -> list[str]:
        return [job.type for job in self.jobs]


def test_a_creating_listener_corrects_what_the_diagram_says(play: Play) -> None:
    """Each of the six things is corrected, a later listener sees it, and what is empty is taken away."""
    first = Corrections(
        candidate_groups=["b", "c"], candidate_users=["li.wei"], due_date=date(2026, 4, 1), priority=80, assignee="zhao"
    )
    last = Corrections(follow_up_date="2026-03-20T10:00:00+08:00", candidate_users=())
    ear = Ear(first=first, last=last)
    task = user("a", groups="x", extension=listen(("creating", "first"), ("creating", "last")))
    case = play(start(), task, end(), flows("start > a > end"), handlers=(ear.handlers,)).start("p")
    found = case.task("a")
    assert (found.groups, found.users, found.assignee, found.priority) == (("b", "c"), (), "zhao", 80)
    assert found.due_at == datetime.fromisoformat("2026-04-01T00:00:00+08:00")
    one, two = map(told, ear.jobs)
    assert (one["action"], one["candidateGroups"], one["changedAttributes"]) == ("create", '["x"]', "[]")
    assert one["userTaskKey"] == found.id
    assert (two["assignee"], two["priority"], two["dueDate"]) == ("zhao", "80", "2026-04-01")
    assert sorted(json.loads(two["changedAttributes"])) == [
        "assignee", "candidateGroups", "candidateUsers", "dueDate", "priority",
    ]  # fmt: skip
    [answer] = [entry.detail["answer"] for entry in case.history() if "followUpDate" in str(entry.detail)]
    assert answer == {"candidateUsers": [], "followUpDate": "2026-03-20T10:00:00+08:00"}


def test_whom_the_diagram_names_is_corrected_in_assigning(play: Play) -> None:
    """A creating listener may not overrule the diagram's assignee, an assigning one may."""
    assigned = '<zeebe:assignmentDefinition assignee="li.wei"/>'
    ear = Ear(creating=Corrections(assignee="zhao.min"), assigning=Corrections(assignee="zhao.min", priority=1))
    task = user("a", extension=assigned + listen(("creating", "creating")))
    case = play(start(), task, end(), flows("start > a > end"), handlers=(ear.handlers,)).start("p")
    assert [incident.kind for incident in case.incidents] == ["job"]
    assert "assigning" in case.incidents[0].message
    task = user("a", extension=assigned + listen(("assigning", "assigning")))
    case = play(start(), task, end(), flows("start > a > end"), handlers=(ear.handlers,)).start("p")
    assert (case.task("a").assignee, case.task("a").priority) == ("zhao.min", 1)


def test_an_assignment_of_the_diagram_may_be_denied(play: Play) -> None:
    """The task is created all the same, and nobody has it."""
    ear = Ear(no=BusinessError("NO"))
    task = user("a", extension='<zeebe:assignmentDefinition assignee="li.wei"/>' + listen(("assigning", "no")))
    case = play(start(), task, end(), flows("start > a > end"), handlers=(ear.handlers,)).start("p")
    assert case.task("a").assignee is None
    assert case.incidents == ()


def test_a_claim_is_corrected_or_denied_with_its_corrections(play: Play) -> None:
    """Corrections of all listeners hold once the last agrees; where one denies, none of them does."""
    ear = Ear(lift=Corrections(priority=90), give=Corrections(assignee="zhao.min"), no=BusinessError("NO"))
    task = user("a", extension=listen(("assigning", "lift"), ("assigning", "give")))
    bench = play(start(), task, end(), flows("start > a > end"), handlers=(ear.handlers,))
    case = bench.start("p")
    bench.engine.claim(case.task("a").id, actor="li.wei")
    bench.engine.drain()
    found = bench.case(case.id).task("a")
    assert (found.assignee, found.priority) == ("zhao.min", 90)
    assert [json.loads(told(job)["changedAttributes"]) for job in ear.jobs] == [["assignee"], ["assignee", "priority"]]
    task = user("a", extension=listen(("assigning", "lift"), ("assigning", "no")))
    bench = play(start(), task, end(), flows("start > a > end"), handlers=(ear.handlers,))
    case = bench.start("p")
    bench.engine.reassign(case.task("a").id, "li.wei", actor="head")
    found = bench.case(case.id).task("a")
    assert (found.assignee, found.priority) == (None, 50)


def test_an_update_is_heard_and_may_be_denied(play: Play) -> None:
    """Who updates a task is asked about by its updating listeners; their corrections go over what was asked for."""
    ear = Ear(look=Corrections(priority=60), no=BusinessError("NO"))
    for name, expected in (("look", (60, ("b",))), ("no", (50, ()))):
        task = user("a", extension=listen(("updating", name)))
        bench = play(start(), task, end(), flows("start > a > end"), handlers=(ear.handlers,))
        case = bench.start("p")
        changes = Corrections(priority=70, candidate_groups=["b"], due_date=datetime(2026, 5, 1, tzinfo=UTC))
        bench.engine.update_task(case.task("a").id, changes, reason="urgent", actor="head")
        found = bench.case(case.id).task("a")
        assert (found.priority, found.groups) == expected
        assert (found.due_at is not None) == (name == "look")
    seen = told(ear.jobs[0])
    assert (seen["action"], seen["priority"], seen["candidateGroups"]) == ("update", "70", '["b"]')


def test_a_task_without_listeners_is_updated_at_once(play: Play) -> None:
    """What is not said stays; history says what was changed, by whom and why; the assignee is no such thing."""
    bench = play(start(), user("a", groups="x"), end(), flows("start > a > end"))
    case = bench.start("p")
    task = case.task("a").id
    bench.engine.update_task(task, Corrections(follow_up_date=date(2026, 3, 9)), reason="later", actor="head")
    case = bench.case(case.id)
    assert (case.task("a").groups, case.task("a").priority) == (("x",), 50)
    last = case.history()[-1]
    assert (last.event, last.actor, last.detail["changes"]) == ("task-updated", "head", {"followUpDate": "2026-03-09"})
    with pytest.raises(InvalidData):
        bench.engine.update_task(task, Corrections(assignee="li.wei"))
    with pytest.raises(InvalidData) as caught:
        bench.engine.update_task(task, Corrections(priority=101, due_date="soon", candidate_groups="x"))
    assert {name for name, _ in caught.value.problems} == {"priority", "dueDate", "candidateGroups"}


def test_a_deadline_whose_date_is_corrected_is_still_watched(play: Play) -> None:
    """The task of a policy's deadline is due when the listener says, and that is the deadline's date from then on."""
    ear = Ear(later=Corrections(due_date="2026-03-20T00:00:00+08:00"))
    task = user("a", due='deadline("reply", case.started_at)', extension=listen(("creating", "later")))
    case = play(start(), task, end(), flows("start > a > end"), handlers=(ear.handlers,)).start("p")
    assert case.task("a").due_at == datetime.fromisoformat("2026-03-20T00:00:00+08:00")
    promised = [entry for entry in case.history() if entry.event == "promised"]
    assert all("2026-03-19T16:00" in str(entry) for entry in promised)


def test_completing_listeners_see_each_others_corrections(play: Play) -> None:
    """A correction before the completion is told on, and gone where the completion is denied."""
    ear = Ear(lift=Corrections(priority=90), no=BusinessError("NO"))
    task = user("a", extension=listen(("completing", "lift"), ("completing", "no")))
    bench = play(start(), task, end(), flows("start > a > end"), handlers=(ear.handlers,))
    case = bench.complete(bench.start("p"), "a")
    assert told(ear.jobs[1])["priority"] == "90"
    assert case.task("a").priority == 50
    bench.complete(case, "a")
    assert told(ear.jobs[2])["changedAttributes"] == "[]"


def test_only_task_listeners_correct(play: Play) -> None:
    """Corrections of another handler are an incident that says so."""
    ear = Ear(work=Corrections(priority=1))
    case = play(start(), service("a", "work"), end(), flows("start > a > end"), handlers=(ear.handlers,)).start("p")
    assert "nothing takes Corrections" in case.incidents[0].message


# -- whom it goes to in the end ---------------------------------------------------------------

_SAID = 'clause = "T-1"\nfrom = "document"\n'
SHUT = POLICY + "".join(
    f"\n[{table}]\n{line}\n{_SAID}"
    for table, line in (
        ("roles.desk", 'group = "desk"'), ("roles.head", 'group = "head"'), ("fallbacks.any", 'role = "head"'),
        ("recusals.accused", 'person = "accused"'), ("access.see", 'roles = ["desk"]'),
        ("access.reassign", 'roles = ["head"]'),
    )
)  # fmt: skip
STAFF = StaticIdentity(
    [
        Person("li", "Li Wei", frozenset({"desk"})),
        Person("zhao", "Zhao Min", frozenset({"desk"})),
        Person("sun", "Sun", frozenset({"head"})),
    ]
)


@pytest.mark.parametrize("moment", ["creating", "assigning", "updating"])
def test_who_is_kept_out_gets_nothing_by_a_correction(play: Play, tmp_path: Path, moment: str) -> None:
    """A listener that gives the task to the person complained about is passed over, and history says so."""
    ear = Ear(give=Corrections(assignee="li", candidate_users=["li", "zhao"]))
    task = user("a", groups="desk", extension=listen((moment, "give")))
    bench = play(start(), task, end(), flows("start > a > end"), handlers=(ear.handlers,), policy=SHUT)
    engine = Engine(
        bench.engine.store, layers=[tmp_path / "layer0"], identity=STAFF, clock=bench.clock, handlers=(ear.handlers,)
    )
    case = engine.start("p", {"accused": "Li Wei"})
    if moment == "assigning":
        engine.claim(case.task("a").id, actor="zhao")
    elif moment == "updating":
        engine.update_task(case.task("a").id, Corrections(priority=9), actor="sun")
    engine.drain()
    found = engine.case(case.id).task("a")
    assert (found.assignee, found.users) == (None, ("zhao",))
    assert "passed-over" in str([entry.detail for entry in engine.case(case.id).history()])


# -- taken away -------------------------------------------------------------------------------

M = (message("m", "m"),)


def interrupted(play: Play, ear: Ear, *extra: str, loop: str = "") -> Workbench:
    """A task that a message takes away, in a sub-process with a variable of its own."""
    task = user("a", groups="x", extension=listen(("canceling", "bye"), ("canceling", "last")), loop=loop)
    return play(
        start(), sub("s", task, *extra), boundary("mb", "s", event("message", "m")), user("b"), user("c"),
        flows("start > s > c", "mb > b"), roots=M, handlers=(ear.handlers,),
    )  # fmt: skip


def test_a_task_that_is_taken_away_tells_its_listeners(play: Play) -> None:
    """They see the task as it was and its variables, what they return is nobody's, and then the event goes on."""
    ear = Ear(bye={"x": 1}, last=Corrections(priority=2))
    bench = interrupted(play, ear)
    case = bench.start("p", amount=7)
    bench.engine.claim(case.task("a").id, actor="li.wei")
    (case,) = bench.engine.correlate("m", key=case.key or case.id)
    assert case.waiting_for == ["b"]
    assert case.variables == {"amount": 7}
    assert ear.heard == ["bye", "last"]
    seen = told(ear.jobs[0])
    assert (seen["action"], seen["assignee"], seen["candidateGroups"]) == ("cancel", "li.wei", '["x"]')
    assert ear.jobs[0].variables["amount"] == 7


def test_what_follows_waits_for_them(play: Play) -> None:
    """While a canceling listener is at work the task is gone and the event has not gone on; it cannot say no."""
    ear = Ear(bye=BusinessError("NO"), last={})
    bench = interrupted(play, ear)
    case = bench.start("p")
    task = case.task("a").id
    (case,) = bench.engine.correlate("m", key=case.key or case.id)
    assert case.waiting_for == []
    assert [incident.element for incident in case.incidents] == ["a"]
    with pytest.raises(Exception, match="no longer open"):
        bench.engine.complete(task, {})


def test_what_they_see_outlasts_a_second_cancellation(play: Play, tmp_path: Path) -> None:
    """A canceling listener that still waits when its sub-process is cancelled too moves out with its variables."""
    ear = Ear(bye=None)
    inner = sub(
        "s",
        start("s-start"),
        user("a", extension=listen(("canceling", "bye")) + io({"mine": "n + 1"})),
        boundary("first", "a", event("message", "m1")),
        end("s-end"),
        flows("s-start > a > s-end", "first > s-end"),
        extension=io({"own": "n * 10"}),
    )
    outer = (start(), inner, boundary("second", "s", event("message", "m2")), user("b"))
    roots = (message("m1", "one"), message("m2", "two"))
    bench = play(*outer, flows("start > s", "second > b"), roots=roots, handlers=(ear.handlers,))
    case = bench.start("p", n=1)
    engine = Engine(bench.engine.store, layers=[tmp_path / "layer0"], clock=bench.clock, handlers_elsewhere=True)
    for name in ("one", "two"):
        (case,) = engine.correlate(name, key=case.key or case.id)
    bench.engine.drain()
    assert bench.case(case.id).waiting_for == ["b"]
    assert (ear.jobs[0].variables["mine"], ear.jobs[0].variables["own"]) == (2, 10)


def test_each_round_has_its_own(play: Play) -> None:
    """All rounds that are taken away are heard before anything follows."""
    ear = Ear(bye=None, last=None)
    bench = interrupted(play, ear, loop=multi("[1, 2]", "i"))
    case = bench.start("p")
    (case,) = bench.engine.correlate("m", key=case.key or case.id)
    assert case.waiting_for == ["b"]
    assert sorted(job.variables["i"] for job in ear.jobs if job.type == "bye") == [1, 2]


def test_a_cancelled_case_ends_behind_them(play: Play, tmp_path: Path) -> None:
    """The case is open until they are heard, with nothing in the inbox; a task that is completed tells them nothing."""
    ear = Ear(bye=None, last=None)
    bench = interrupted(play, ear)
    case = bench.start("p")
    engine = Engine(bench.engine.store, layers=[tmp_path / "layer0"], clock=bench.clock, handlers_elsewhere=True)
    case = engine.cancel(case.id, "withdrawn")
    assert (case.status, case.tasks) == ("active", ())
    bench.engine.drain()
    assert bench.case(case.id).status == "cancelled"
    assert ear.heard == ["bye", "last"]
    case = bench.start("p")
    assert bench.complete(case, "a").waiting_for == ["c"]
    assert ear.heard == ["bye", "last"]


def test_an_error_beside_it_takes_it_away_too(play: Play) -> None:
    """An event sub-process that an error sets off begins once the listener is heard."""
    ear = Ear(bye=None, work=BusinessError("X"))
    caught = sub("es", start("es-start", event("error", "e")), user("b"), flows("es-start > b"), event=True)
    bench = play(
        start(), user("a", extension=listen(("canceling", "bye"))), service("w", "work"), caught,
        flows("start > a", "start > w"), roots=(error("e", "X"),), handlers=(ear.handlers,),
    )  # fmt: skip
    case = bench.start("p")
    assert case.waiting_for == ["b"]
    assert ear.heard == ["work", "bye"]


def test_delete_of_camunda_7_is_canceling(run: Run) -> None:
    """A Camunda 7 diagram's delete listener is called when the task is taken away, and not when it is completed."""
    ear = Ear(bye=None)
    listener = '<camunda:taskListener event="delete" delegateExpression="${bye}"/>'
    task = f'<bpmn:userTask id="a"><bpmn:extensionElements>{listener}</bpmn:extensionElements></bpmn:userTask>'
    late = boundary("late", "a", timer(duration="PT1H"))
    for hours, heard in ((2, ["bye"]), (0, ["bye"])):
        bench = run(start(), task, late, end("e"), end("f"), flows("start > a > e", "late > f"), handlers=ear.handlers)
        case = bench.start("p")
        if hours:
            bench.advance(hours=hours)
        else:
            bench.complete(case, "a")
        assert bench.case(case.id).status == "completed"
        assert ear.heard == heard
