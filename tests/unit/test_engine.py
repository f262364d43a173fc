"""The facade: durable from the first call, one transaction per command, effects after the commit."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

import complaintflow.facade.runner
from complaintflow import Engine, Handlers, Job, run_process
from complaintflow.errors import (
    ClockWentBack,
    DuplicateHandler,
    DuplicateKey,
    InvalidData,
    MissingHandler,
    NoSubscription,
    TaskAlreadyCompleted,
    UnboundArgument,
    UnknownCase,
    UnknownProcess,
)
from complaintflow.sealing.keys import KeyRing
from complaintflow.store.port import Store
from complaintflow.testing import Workbench
from complaintflow.time.clock import VirtualClock
from tests import diagrams as d

PAYLOAD = {"channel": "web", "content": "The parcel was opened."}
ASK = d.document(d.process(d.start(), d.user("ask", groups='=["desk"]'), d.end(), d.flows("start > ask > end")))
JOB = d.document(d.process(d.start(), d.service("work", "work"), d.end(), d.flows("start > work > end")))


def now() -> datetime:
    return datetime.fromisoformat("2026-03-02T09:00:00+08:00")


@pytest.fixture
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory without a configured database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COMPLAINTFLOW_DATABASE_URL", raising=False)
    monkeypatch.setattr(complaintflow.facade.runner, "_engines", {})
    return tmp_path


def test_run_process_keeps_the_case_in_a_file_here(working_directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The first call creates complaintflow.db in the working directory and names it once in the log."""
    caplog.set_level(logging.INFO, "complaintflow")
    case = run_process("customer", PAYLOAD)
    run_process("customer", PAYLOAD)
    assert (working_directory / "complaintflow.db").is_file()
    assert [record.getMessage() for record in caplog.records if "kept in" in record.getMessage()] == [
        "cases are kept in sqlite:///complaintflow.db"
    ]
    with Engine("sqlite:///complaintflow.db") as another:
        assert another.case(case.id).waiting_for == ["investigate"]


def test_the_environment_names_the_database(working_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """COMPLAINTFLOW_DATABASE_URL wins over the file in the working directory."""
    monkeypatch.setenv("COMPLAINTFLOW_DATABASE_URL", f"sqlite:///{working_directory}/elsewhere.db")
    run_process("customer", PAYLOAD)
    assert (working_directory / "elsewhere.db").is_file()
    assert not (working_directory / "complaintflow.db").exists()


def test_a_refused_payload_leaves_nothing(workbench: Workbench) -> None:
    """A payload that violates the intake form is refused with every field named, and no case is written."""
    with pytest.raises(InvalidData) as refused:
        workbench.start("customer", {"channel": "smoke signal", "contents": "x"})
    assert {field for field, _ in refused.value.problems} >= {"channel", "content", "contents"}
    assert workbench.engine.cases() == []


def test_an_unknown_process_is_refused_with_the_nearest_name(workbench: Workbench) -> None:
    """A misspelled process id brings the nearest one as advice."""
    with pytest.raises(UnknownProcess, match="did you mean 'customer'"):
        workbench.start("custmer", PAYLOAD)


def test_a_business_key_is_unique_within_a_process(workbench: Workbench) -> None:
    """The second case with the same key is refused, and the first is found by it."""
    case = workbench.start("customer", PAYLOAD, key="order-17")
    with pytest.raises(DuplicateKey):
        workbench.start("customer", PAYLOAD, key="order-17")
    assert [found.id for found in workbench.engine.cases(key="order-17")] == [case.id]


def test_a_task_is_completed_once(workbench: Workbench) -> None:
    """The second completion of a task is refused, and nothing is changed."""
    case = workbench.start("customer", PAYLOAD)
    task = case.task("investigate").id
    done = workbench.engine.complete(task, {"justified": True, "cause": "food"})
    with pytest.raises(TaskAlreadyCompleted):
        workbench.engine.complete(task, {"justified": False})
    assert workbench.case(case.id).version == done.version


def test_two_threads_complete_one_task_once(tmp_path: Path) -> None:
    """Of many threads that complete the same task at the same time, exactly one succeeds."""
    layer = d.layer(tmp_path, ASK)
    engine = Engine(f"sqlite:///{tmp_path / 'cases.db'}", layers=[layer])
    task = engine.start("p", {}).tasks[0].id
    results: list[str] = []
    gate = threading.Barrier(8)

    def complete() -> None:
        gate.wait()
        try:
            results.append(engine.complete(task, {}).status)
        except TaskAlreadyCompleted:
            results.append("refused")

    threads = [threading.Thread(target=complete) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["completed"] + ["refused"] * 7
    engine.close()


def test_a_clock_that_runs_backwards_is_refused(tmp_path: Path) -> None:
    """A command with a time before the case's last entry is refused; reading still works."""
    url, layer = f"sqlite:///{tmp_path / 'cases.db'}", d.layer(tmp_path, ASK)
    with Engine(url, layers=[layer], clock=VirtualClock(now())) as engine:
        case = engine.start("p", {})
    with Engine(url, layers=[layer], clock=VirtualClock(now() - timedelta(minutes=1))) as earlier:
        with pytest.raises(ClockWentBack):
            earlier.complete(case.tasks[0].id, {})
        assert earlier.case(case.id).version == case.version


def test_a_running_case_stays_on_its_definition(tmp_path: Path) -> None:
    """A case goes on with the diagram it started with, also when the layer has changed and the engine is new (D9)."""
    url = f"sqlite:///{tmp_path / 'cases.db'}"
    layer = d.layer(tmp_path, ASK)
    with Engine(url, layers=[layer]) as engine:
        case = engine.start("p", {})
    longer = d.document(
        d.process(d.start(), d.user("ask"), d.user("more"), d.end(), d.flows("start > ask > more > end"))
    )
    d.layer(tmp_path, longer)
    with Engine(url, layers=[layer]) as engine:
        assert case.id == engine.case(case.id).id
        assert engine.case(case.id).complete("ask").status == "completed"
        assert engine.start("p", {}).complete("ask").waiting_for == ["more"]


def test_nothing_leaves_before_the_hosts_commit(tmp_path: Path) -> None:
    """Under using(session) a handler runs only after the host's commit, and a rollback leaves nothing."""
    ran: list[str] = []
    desk = Handlers()

    @desk.handler("work")
    def work(job: Job) -> None:
        ran.append(job.key)

    url = f"sqlite:///{tmp_path / 'cases.db'}"
    engine = Engine(url, layers=[d.layer(tmp_path, JOB)], handlers=[desk])
    host = create_engine(url)
    with Session(host) as session, session.begin():
        case = engine.using(session).start("p", {})
        assert case.status == "active"
        assert engine.cases() == []
        assert ran == []
    assert ran == []
    engine.drain()
    assert len(ran) == 1
    assert engine.case(case.id).status == "completed"

    with Session(host) as session:
        engine.using(session).start("p", {})
        session.rollback()
    engine.drain()
    assert len(ran) == 1
    assert len(engine.cases()) == 1
    engine.close()


def test_a_missing_handler_is_found_before_anything_is_written(tmp_path: Path) -> None:
    """A process that needs a handler nobody registered does not start, unless other workers have it."""
    layer = d.layer(tmp_path, JOB)
    with Engine("sqlite://", layers=[layer]) as engine:
        with pytest.raises(MissingHandler, match="element work"):
            engine.start("p", {})
        assert engine.cases() == []
    with Engine("sqlite://", layers=[layer], handlers_elsewhere=True) as engine:
        assert engine.start("p", {}).status == "active"


def test_a_job_type_has_one_handler() -> None:
    """Two functions for one job type are refused, in one set or in two."""
    one, two = Handlers(), Handlers()
    one.handler("work")(lambda: None)
    with pytest.raises(DuplicateHandler):
        one.handler("work")(lambda: None)
    two.handler("work")(lambda: None)
    with pytest.raises(DuplicateHandler):
        Engine("sqlite://", handlers=[one, two])


def test_an_argument_that_nothing_fits_is_named(tmp_path: Path) -> None:
    """A handler that asks for a variable which is not there becomes an incident that names it."""
    desk = Handlers()
    desk.handler("work")(lambda order_number: None)
    with Engine("sqlite://", layers=[d.layer(tmp_path, JOB)], handlers=[desk]) as engine:
        case = engine.start("p", {})
        assert [incident.kind for incident in case.incidents] == ["job"]
        assert "order_number" in case.incidents[0].message
        assert "UnboundArgument" not in case.incidents[0].message
    assert issubclass(UnboundArgument, Exception)


def test_nobody_watching_is_said(tmp_path: Path) -> None:
    """Something due without a living worker is a warning; with one alive it is not."""
    ring = d.boundary("late", "ask", d.timer(duration="PT1H"), interrupting=False)
    layer = d.layer(
        tmp_path,
        d.document(
            d.process(
                d.start(), d.user("ask"), ring, d.end(), d.end("rung"), d.flows("start > ask > end", "late > rung")
            )
        ),
    )
    clock = VirtualClock(now())
    with Engine("sqlite://", layers=[layer], clock=clock) as engine:
        engine.start("p", {})
        assert engine.backlog_warning() is None
        clock.advance(timedelta(hours=2))
        warning = engine.backlog_warning()
        assert warning is not None
        assert "no worker is alive" in warning
        with engine.store.transaction() as tx:
            tx.beat("somebody", clock.now())
        assert engine.backlog_warning() is None


def test_a_message_nobody_waits_for_is_refused(workbench: Workbench) -> None:
    """Correlating a message without a waiting case is an error, not silence."""
    with pytest.raises(NoSubscription):
        workbench.engine.correlate("appeal", key="none")


def test_a_case_is_found_by_the_beginning_of_its_id(workbench: Workbench) -> None:
    """A beginning that fits one case finds it; one that fits none is refused."""
    case = workbench.start("customer", PAYLOAD)
    assert workbench.case(case.id[:8]).id == case.id
    with pytest.raises(UnknownCase):
        workbench.case("zz")


def test_dates_without_an_official_notice_are_provisional_and_move(tmp_path: Path) -> None:
    """A due date in a year without official holiday data is marked, and computed again when the data arrive (D7)."""
    from complaintflow import WorkingCalendar

    url, layer = (
        f"sqlite:///{tmp_path / 'cases.db'}",
        d.layer(
            tmp_path,
            ASK.replace(
                "<zeebe:userTask/>",
                '<zeebe:userTask/><zeebe:taskSchedule dueDate="=deadline(&quot;reply&quot;, now())"/>',
            ),
        ),
    )
    clock = VirtualClock(datetime.fromisoformat("2030-02-01T09:00:00+08:00"))
    with Engine(url, layers=[layer], clock=clock, calendar=WorkingCalendar("CN")) as engine:
        case = engine.start("p", {})
        before = case.tasks[0]
        assert before.provisional
    informed = WorkingCalendar("CN", extra_days_off=[before.due_at.date()], confirmed_years=[2030])
    with Engine(url, layers=[layer], clock=clock, calendar=informed) as engine:
        assert engine.recompute_provisional() == 1
        after = engine.case(case.id).tasks[0]
        assert not after.provisional
        assert after.due_at > before.due_at
        assert "deadline-moved" in [event.event for event in engine.history(case.id)]


def test_reading_and_copying_leave_a_line(workbench: Workbench) -> None:
    """Who reads or copies material, and why, stands in the history; without a reason it is refused (WB-6.1.2)."""
    case = workbench.start("customer", PAYLOAD)
    workbench.engine.record_access(case.id, "copy", "for the court", actor="li.wei")
    last = workbench.engine.history(case.id)[-1]
    assert (last.event, last.actor, dict(last.detail)) == (
        "accessed",
        "li.wei",
        {"purpose": "copy", "reason": "for the court"},
    )
    with pytest.raises(InvalidData) as refused:
        workbench.engine.record_access(case.id, "borrow", " ", actor="li.wei")
    assert {field for field, _ in refused.value.problems} == {"purpose", "reason"}
    with pytest.raises(InvalidData, match="actor"):
        workbench.engine.record_access(case.id, "copy", "for the court", actor="")


def test_a_hotline_says_when_a_person_is_there(tmp_path: Path) -> None:
    """Outside its hours a hotline answers with the next time somebody picks up, holidays included (WB-2.2.b)."""
    hours = """
[openings.hotline]
hours = { mon-fri = ["09:00", "12:00", "13:00", "17:00"] }
clause = "T-1"
from = "default"
why = "a test"
"""
    layer = d.layer(tmp_path, ASK, policy=d.POLICY + hours)
    clock = VirtualClock(datetime.fromisoformat("2026-09-30T16:59:00+08:00"))
    with Engine("sqlite://", layers=[layer], clock=clock) as engine:
        assert engine.opening("p", "hotline") == (True, clock.now())
        clock.advance(timedelta(minutes=1))
        there, opens = engine.opening("p", "hotline")
        assert not there
        assert opens == datetime.fromisoformat("2026-10-08T09:00:00+08:00"), "1 to 7 October is a holiday week"


def test_rounds_in_days_keep_their_distance(tmp_path: Path) -> None:
    """A cycle of seven days fires every seven days: the midnight that ends a round does not cost the next one a day."""
    ring = d.boundary("ring", "ask", d.timer(cycle='=repeat("progress")'), interrupting=False)
    xml = d.document(
        d.process(d.start(), d.user("ask"), ring, d.end(), d.end("rung"), d.flows("start > ask > end", "ring > rung"))
    )
    bench = Workbench(layers=[d.layer(tmp_path, xml)])
    case = bench.start("p")
    first = case.timers[0].due_at
    bench.at(first)
    assert bench.case(case.id).timers[0].due_at - first == timedelta(days=7)
    bench.close()


def test_data_mends_what_an_incident_waits_for(tmp_path: Path) -> None:
    """An incident is resolved together with the variable that was missing."""
    xml = d.document(
        d.process(
            d.start(),
            d.gateway("exclusive", "big"),
            d.user("ask"),
            d.end(),
            d.flows("start > big", "big > ask [amount > 100]", "ask > end"),
        )
    )
    bench = Workbench(layers=[d.layer(tmp_path, xml)])
    case = bench.start("p")
    assert [incident.kind for incident in case.incidents] == ["condition"]
    case = bench.engine.resolve(case.incidents[0], data={"amount": 150}, actor="li.wei")
    assert case.waiting_for == ["ask"]
    assert case.incidents == ()
    bench.close()


def test_a_result_that_leads_into_a_circle_is_an_incident(tmp_path: Path) -> None:
    """A job or timer whose path never comes to rest stops as an incident, and is not tried for ever."""
    circle = d.flows("work > one > two > one")
    xml = d.document(
        d.process(d.start(), d.service("work", "work"), d.script("one", "x", "1"), d.script("two", "x", "2"),
                  d.flows("start > work"), circle)
    )  # fmt: skip
    desk = Handlers()
    desk.handler("work")(lambda: None)
    with Engine("sqlite://", layers=[d.layer(tmp_path, xml)], handlers=[desk]) as engine:
        case = engine.start("p", {})
        assert [incident.kind for incident in case.incidents] == ["job"]
        assert "without coming to rest" in case.incidents[0].message
        assert engine.drain() == 0


def test_a_case_is_short_to_look_at(workbench: Workbench) -> None:
    """What a prompt shows of a case is bounded, whatever it holds: id, process, status, key and what it waits for."""
    case = workbench.start("customer", PAYLOAD, key="order-17")
    assert repr(case) == (
        f"Case(id='{case.id}', process='customer', status='active', key='order-17', waiting_for=['investigate'])"
    )
    assert len(repr(replace(case, key="k" * 5000, tasks=case.tasks * 500))) < 400


class Overtaken:
    """A store on which something happens once, before the next look at it."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.first: Callable[[], object] = lambda: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def reading(self) -> Any:
        """Whoever looks comes second."""
        first, self.first = self.first, lambda: None
        first()
        return self.store.reading()


def test_a_task_that_ends_right_after_it_was_taken(tmp_path: Path) -> None:
    """Between the commit of a claim and the look at the task another process may end it: who claimed had it still."""
    given = {"layers": [d.layer(tmp_path, ASK)], "keys": KeyRing.fresh()}
    with Engine(f"sqlite:///{tmp_path}/cases.db", **given) as other:
        store = Overtaken(other.store)
        engine = Engine(cast("Store", store), **given)
        task = engine.start("p", {}).tasks[0]
        store.first = lambda: other.cancel(task.case_id, "It was a mistake.")
        taken = engine.claim(task.id, "li.wei")
        assert (taken.id, taken.assignee) == (task.id, "li.wei")
        with pytest.raises(TaskAlreadyCompleted):
            engine.claim(task.id, "li.wei")
