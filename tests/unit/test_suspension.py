"""A suspended case stands still, and goes on as if nothing had been."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from complaintflow import Handlers
from complaintflow.case.commands import CompleteTask
from complaintflow.case.events import Fire
from complaintflow.errors import CaseEnded, CaseError, CaseSuspended, InvalidData
from complaintflow.facade.views import Case
from complaintflow.testing import Workbench
from tests import diagrams as d

WORK = d.document(
    d.process(
        d.start(),
        d.user("ask", groups='=["desk"]', due='deadline("answer", now())'),
        d.boundary("late", "ask", d.timer(duration="P2D"), interrupting=False),
        d.service("tell", "tell"),
        d.end(),
        d.end("told"),
        d.flows("start > ask > end", "late > tell > told"),
    )
)


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    """A process with a task, a timer beside it, and a job behind the timer."""
    handlers = Handlers()
    told: list[str] = []

    @handlers.handler("tell")
    def tell() -> None:
        told.append("told")

    bench = Workbench(layers=[d.layer(tmp_path, WORK)], handlers=[handlers])
    bench.engine.provided[list] = told
    return bench


def rows(bench: Workbench, case: Case) -> dict[str, list[Any]]:
    """The rows that workers and inboxes ask for."""
    with bench.engine.store.reading() as tx:
        return {
            "tasks": tx.tasks(case_id=case.id),
            "timers": tx.timers(case.id),
            "jobs": tx.jobs(case.id),
            "inbox": tx.tasks(groups=["desk"]),
        }


def test_a_suspended_case_is_out_of_reach_and_comes_back_as_it_was(bench: Workbench) -> None:
    """While it is suspended nobody is offered its task, nothing fires, nothing is done; then all is back."""
    case = bench.start("p")
    before = rows(bench, case)
    suspended = bench.engine.suspend(case.id, "The files are at the court.")
    assert (suspended.status, suspended.tasks, suspended.timers) == ("suspended", (), ())
    assert not any(rows(bench, case).values())
    assert bench.engine.tasks() == []
    with pytest.raises(CaseSuspended, match="the case is suspended") as refused:
        bench.engine.complete(case.tasks[0].id, {})
    assert "resume" in refused.value.remedy
    with pytest.raises(CaseSuspended, match="suspended"):
        suspended.complete("ask")
    for do in (
        lambda: bench.engine.claim(case.tasks[0].id, "li.wei"),
        lambda: bench.engine.reassign(case.tasks[0].id, "x"),
    ):
        with pytest.raises(CaseEnded):
            do()
    assert bench.engine.resume(case.id).status == "active"
    assert rows(bench, case) == before
    assert bench.engine.verify().whole
    assert bench.complete(case, "ask").status == "completed"


def test_what_came_due_meanwhile_fires_when_the_case_goes_on(bench: Workbench) -> None:
    """A timer that was due in the meantime waits for the case, and its due date was not moved."""
    case = bench.start("p")
    bench.engine.suspend(case.id, "Wait.")
    bench.advance(days=5)
    told = bench.engine.provided[list]
    assert told == []
    resumed = bench.engine.resume(case.id)
    assert resumed.tasks[0].due_at == case.tasks[0].due_at
    bench.engine.drain()
    assert told == ["told"]
    events = [event.event for event in bench.engine.history(case.id)]
    assert [one for one in events if one in ("suspended", "resumed", "timer-fired", "job-done")] == [
        "suspended", "resumed", "timer-fired", "job-done",
    ]  # fmt: skip


def test_a_worker_that_was_faster_does_no_harm(bench: Workbench) -> None:
    """A timer that a worker had read before the case was suspended does not fire, and is not lost."""
    case = bench.start("p")
    (timer,) = rows(bench, case)["timers"]
    bench.engine.suspend(case.id, "Wait.")
    bench.advance(days=5)
    assert bench.engine._work.run(case.id, Fire(timer.token, timer.due_at)) is None
    bench.engine.resume(case.id)
    assert rows(bench, case)["timers"] == [timer]


def test_a_job_that_was_leased_before_is_not_run(tmp_path: Path) -> None:
    """A worker that holds a job of a case which is suspended meanwhile leaves it alone until the case goes on."""
    parts = (d.start(), d.user("go"), d.service("work", "work"), d.end(), d.flows("start > go > work > end"))
    handlers, calls = Handlers(), []

    @handlers.handler("work")
    def work() -> None:
        calls.append(1)

    bench = Workbench(layers=[d.layer(tmp_path, d.document(d.process(*parts)))], handlers=[handlers])
    case = bench.start("p")
    engine, worker = bench.engine, bench.engine.worker()
    engine._work.run(case.id, CompleteTask(int(case.tasks[0].id.partition(".")[2]), {}))
    with engine.store.transaction() as tx:
        (job,) = tx.lease_jobs(engine.clock.now(), engine.clock.now() + timedelta(minutes=5), "worker", 1)
    engine.suspend(case.id, "Stop.")
    worker.dispatcher.run(job)
    assert calls == []
    assert engine.resume(case.id).status == "completed"
    assert calls == [1]


def test_a_handler_at_work_may_finish(tmp_path: Path) -> None:
    """What a handler did while its case was suspended is written down, and what it opened waits with the case."""
    diagram = d.document(
        d.process(
            d.start(),
            d.user("go"),
            d.service("work", "work"),
            d.user("then"),
            d.end(),
            d.flows("start > go > work > then > end"),
        )
    )
    handlers = Handlers()
    bench = Workbench(layers=[d.layer(tmp_path, diagram)], handlers=[handlers])

    @handlers.handler("work")
    def work() -> dict[str, Any]:
        bench.engine.suspend(case.id, "Stop at once.")
        return {"done": True}

    bench.engine.handlers = Handlers.union([handlers])
    case = bench.start("p")
    after = bench.complete(case, "go")
    assert (after.status, after.tasks, after.variables["done"]) == ("suspended", (), True)
    assert bench.engine.resume(case.id).waiting_for == ["then"]


def test_messages_are_refused_and_signals_pass_by(tmp_path: Path) -> None:
    """A message to a suspended case is refused and begins no other case; a signal leaves a line of history."""
    diagram = d.document(
        d.process(
            d.start(),
            d.gateway("parallel", "split"),
            d.catch("heard", d.event("message", "m")),
            d.catch("seen", d.event("signal", "s")),
            d.end(),
            d.end("other"),
            d.flows("start > split > heard > end", "split > seen > other"),
        ),
        d.message("m", "m"),
        d.signal("s", "s"),
    )
    bench = Workbench(layers=[d.layer(tmp_path, diagram)])
    case = bench.start("p", key="k")
    bench.engine.suspend(case.id, "Wait.")
    with pytest.raises(CaseEnded, match="suspended"):
        bench.engine.correlate("m", key="k")
    bench.engine.broadcast("s")
    assert bench.engine.history(case.id)[-1].event == "signal-missed"
    bench.engine.resume(case.id)
    assert bench.engine.correlate("m", key="k")[0].status == "active"


def test_a_suspended_case_can_be_ended_and_kept_out_of(bench: Workbench) -> None:
    """It can be cancelled; and whoever is recused meanwhile has nothing of it when it goes on."""
    case = bench.start("p")
    bench.engine.claim(case.tasks[0].id, "li.wei")
    bench.engine.suspend(case.id, "Wait.")
    bench.engine.recuse(case.id, "li.wei", "A relative.")
    assert bench.engine.resume(case.id).tasks[0].assignee is None
    bench.engine.suspend(case.id, "Again.")
    cancelled = bench.engine.cancel(case.id, "Withdrawn.")
    assert cancelled.status == "cancelled"
    assert not any(rows(bench, case).values())
    with pytest.raises(CaseEnded):
        bench.engine.resume(case.id)
    assert bench.engine.verify().whole


def test_what_cannot_be_suspended_or_resumed_says_so(bench: Workbench) -> None:
    """A reason is needed, twice is once, a case that is over stays over, and only what is suspended is resumed."""
    case = bench.start("p")
    with pytest.raises(InvalidData):
        bench.engine.suspend(case.id, " ")
    with pytest.raises(CaseError, match="not suspended"):
        bench.engine.resume(case.id)
    bench.engine.suspend(case.id, "Wait.")
    version = bench.engine.case(case.id).version
    assert bench.engine.suspend(case.id, "Wait.").version == version
    bench.engine.cancel(case.id, "Over.")
    with pytest.raises(CaseEnded):
        bench.engine.suspend(case.id, "Late.")


def test_attachments_come_in_all_the_same(bench: Workbench) -> None:
    """Evidence that comes while a case is suspended is taken."""
    case = bench.start("p")
    bench.engine.suspend(case.id, "Wait.")
    assert bench.engine.attach(case.id, "letter.txt", b"More.", actor="li.wei", reason="It came.").number == 1


def test_a_reporter_sees_that_work_is_interrupted_and_what_is_promised() -> None:
    """Whoever reported without a name sees the status and the promised day, and is offered nothing that is refused."""
    bench = Workbench()
    case = bench.start("whistleblower", {"channel": "web", "content": "Money is missing."})
    assert case.receipt is not None
    before = bench.engine.reporter(case.receipt).progress()
    bench.engine.suspend(case.id, "Wait.")
    progress = bench.engine.reporter(case.receipt).progress()
    assert (progress.status, progress.questions, progress.messages) == ("suspended", (), ())
    assert progress.promised_at == before.promised_at


def failing(tmp_path: Path, times: int) -> tuple[Workbench, Callable[[], int]]:
    """A bench whose handler fails so many times for ever, and how often it was called."""
    diagram = d.document(
        d.process(d.start(), d.service("work", "work", retries=1), d.end(), d.flows("start > work > end"))
    )
    handlers, calls = Handlers(), []

    @handlers.handler("work")
    def work() -> None:
        calls.append(1)
        if len(calls) <= times:
            raise OSError("no connection")

    return Workbench(layers=[d.layer(tmp_path, diagram)], handlers=[handlers]), lambda: len(calls)


def test_all_incidents_of_a_kind_are_tried_again(tmp_path: Path) -> None:
    """Retry clears every incident of a kind, says what was cleared, and leaves other kinds alone."""
    bench, calls = failing(tmp_path, 3)
    cases = [bench.start("p") for _ in range(3)]
    assert len(bench.engine.incidents()) == 3
    assert bench.engine.retry(kind="timer").resolved == ()
    assert bench.engine.retry(process="other").resolved == ()
    done = bench.engine.retry(kind="job", process="p")
    assert len(done.resolved) == 3
    assert not done.refused
    assert calls() == 6
    assert [bench.case(case.id).status for case in cases] == ["completed"] * 3


def test_one_incident_that_cannot_be_cleared_does_not_keep_the_others(tmp_path: Path) -> None:
    """An incident of a suspended case is refused with the reason, the next one is cleared."""
    bench, _ = failing(tmp_path, 2)
    first, second = bench.start("p"), bench.start("p")
    incidents = [bench.engine.incidents(case.id)[0] for case in (first, second)]
    bench.engine.suspend(first.id, "Wait.")
    done = bench.engine.retry(*incidents)
    assert [one for one, _ in done.refused] == [incidents[0].id]
    assert done.resolved == (incidents[1].id,)
    assert bench.case(second.id).status == "completed"


def test_a_suspension_outlives_days(bench: Workbench) -> None:
    """A case that was suspended for months is kept, whatever the workers do meanwhile."""
    case = bench.start("p")
    bench.engine.suspend(case.id, "The court takes its time.")
    bench.clock.advance(timedelta(days=200))
    assert bench.engine.drain() == 0
    assert bench.engine.recompute_provisional() == 0
    assert bench.engine.resume(case.id, "The court is done.").waiting_for == ["ask"]
