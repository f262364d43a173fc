"""Cases that the clock starts: when, how often, by which definition, and exactly once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy.orm import Session

from complaintflow import Engine
from complaintflow.errors import InvalidDiagram, MissingHandler
from complaintflow.facade.views import Case
from complaintflow.testing import Workbench
from complaintflow.time.calendar import WorkingCalendar
from complaintflow.time.clock import VirtualClock
from complaintflow.work import schedule
from tests import diagrams as d

WEEKLY = d.timer(cycle='=repeat("round")')
POLICY = d.POLICY + '\n[repeats.round]\nevery = "{every}"\nclause = "T-1"\nfrom = "document"\n'
Write = Callable[..., Path]


def look(*starts: str, label: str = "look") -> str:
    """A process with these start events and one task."""
    names = [part.split('id="')[1].split('"')[0] for part in starts]
    lines = [f"{name} > {label}" for name in names]
    return d.document(d.process(*starts, d.user(label), d.end(), d.flows(*lines, f"{label} > end")))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the process "p" into one layer, again and again."""

    def write(xml: str, every: str = "1 week") -> Path:
        return d.layer(tmp_path / "layer", xml, policy=POLICY.format(every=every))

    return write


def started(bench: Workbench) -> list[Case]:
    """The cases of "p", the oldest first."""
    return bench.engine.cases(process="p")[::-1]


def test_each_round_starts_one_case_to_the_microsecond(write: Write) -> None:
    """A cycle of the policy's starts a case at the end of each interval and not before; its history says why."""
    bench = Workbench(layers=[write(look(d.start("due", WEEKLY)))])
    (row,) = bench.schedule("p")
    assert (row.element, row.timer, row.rounds, row.outdated) == ("due", "cycle R/1 week", None, False)
    assert row.due_at == datetime.fromisoformat("2026-03-10T00:00:00+08:00")
    bench.just_before(row.due_at)
    assert started(bench) == []
    bench.at(row.due_at)
    (case,) = started(bench)
    assert (case.waiting_for, case.created_at) == (["look"], row.due_at)
    detail = case.history()[0].detail
    assert (detail["start"], detail["timer"]) == ("due", "cycle R/1 week")
    assert datetime.fromisoformat(detail["due"]) == row.due_at
    assert detail["path"] == ["due", "due_look", "look"]
    bench.advance(days=14)
    assert [one.created_at.astimezone(bench.calendar.zone).date().isoformat() for one in started(bench)] == [
        "2026-03-10",
        "2026-03-17",
        "2026-03-24",
    ]


def test_rounds_in_working_days_keep_the_calendar(write: Write) -> None:
    """A round of three working days skips the holiday week and counts the worked Saturday."""
    now = datetime.fromisoformat("2026-09-30T09:00:00+08:00")
    bench = Workbench(layers=[write(look(d.start("due", WEEKLY)), "3 working days")], now=now)
    (row,) = bench.schedule("p")
    # 1 to 7 October are off; Thursday 8, Friday 9 and Saturday 10 are worked.
    assert row.due_at == datetime.fromisoformat("2026-10-11T00:00:00+08:00")


def test_missed_rounds_are_not_made_up(write: Write) -> None:
    """After three weeks without a worker one case starts, notes two missed rounds, and the next is in the future."""
    bench = Workbench(layers=[write(look(d.start("due", d.timer(cycle="R5/P7D"))))])
    (row,) = bench.schedule("p")
    assert row.due_at is not None
    bench.clock.set(row.due_at + timedelta(days=15))
    bench.engine.drain()
    (case,) = started(bench)
    assert case.history()[0].detail["missed"] == 2
    (row,) = bench.engine.schedules()
    assert (row.due_at, row.rounds) == (datetime.fromisoformat("2026-03-30T09:00:00+08:00"), 2)
    bench.advance(days=60)
    assert len(started(bench)) == 3
    assert bench.engine.schedules()[0].due_at is None


def test_a_cycle_with_a_start_begins_with_its_next_round(write: Write) -> None:
    """Rounds that were over before the schedule began start nothing, and count."""
    bench = Workbench(layers=[write(look(d.start("due", d.timer(cycle="R6/2026-02-09T08:00:00+08:00/P7D"))))])
    (row,) = bench.schedule("p")
    assert (row.due_at, row.rounds) == (datetime.fromisoformat("2026-03-09T08:00:00+08:00"), 2)
    bench.advance(days=30)
    assert len(started(bench)) == 2
    over = Workbench(layers=[write(look(d.start("due", d.timer(cycle="R2/2026-02-09T08:00:00+08:00/P7D"))))])
    assert over.schedule("p")[0].due_at is None


def test_a_date_starts_one_case_once_and_for_all(write: Write) -> None:
    """A date starts one case; putting it on the schedule again starts none, whether it is the same or corrected."""

    def at(moment: str) -> Path:
        return write(look(d.start("due", d.timer(at=moment))))

    bench = Workbench(layers=[at("2026-03-05T09:00:00+08:00")])
    bench.schedule("p")
    bench.advance(days=9)
    assert len(started(bench)) == 1
    again = Engine(bench.engine.store, layers=[at("2026-03-05T09:00:00+08:00")], clock=bench.clock)
    assert again.schedule("p")[0].due_at is None
    corrected = Engine(bench.engine.store, layers=[at("2026-03-04T09:00:00+08:00")], clock=bench.clock)
    assert corrected.schedule("p")[0].due_at is None
    coming = Engine(bench.engine.store, layers=[at("2026-03-20T09:00:00+08:00")], clock=bench.clock)
    assert coming.schedule("p")[0].due_at is not None
    bench.advance(days=30)
    assert len(started(bench)) == 2


def test_a_date_in_the_past_is_due_at_once(write: Write) -> None:
    """As in Camunda 8, a date that is over when the process is put on the schedule starts its case now."""
    bench = Workbench(layers=[write(look(d.start("due", d.timer(at="2026-02-05"))))])
    bench.schedule("p")
    bench.engine.drain()
    assert [case.created_at for case in started(bench)] == [bench.now]


def test_scheduling_again_keeps_the_next_time(write: Write) -> None:
    """A restart with the same definition, or with one that differs elsewhere, moves nothing, and takes the new one."""
    bench = Workbench(layers=[write(look(d.start("due", WEEKLY)))])
    before = bench.schedule("p")
    bench.advance(days=3)
    assert bench.schedule("p") == before
    engine = Engine(bench.engine.store, layers=[write(look(d.start("due", WEEKLY), label="search"))], clock=bench.clock)
    assert [row.outdated for row in engine.schedules()] == [True]
    assert engine.schedule("p") == before
    bench.advance(days=7)
    assert [case.waiting_for for case in started(bench)] == [["search"]]


def test_a_changed_cycle_moves_the_schedule(write: Write) -> None:
    """Another interval in the layer counts from the moment it is put on the schedule."""
    bench = Workbench(layers=[write(look(d.start("due", WEEKLY)))])
    bench.schedule("p")
    bench.advance(days=2)
    engine = Engine(bench.engine.store, layers=[write(look(d.start("due", WEEKLY)), "2 days")], clock=bench.clock)
    (row,) = engine.schedule("p")
    assert (row.timer, row.due_at) == ("cycle R/2 days", datetime.fromisoformat("2026-03-07T00:00:00+08:00"))


def test_a_start_event_that_is_gone_leaves_the_schedule(write: Write) -> None:
    """Of two timers one is deleted: the other keeps its time; when both are gone nothing is left."""
    other = d.start("night", d.timer(cycle="R/PT12H"))
    bench = Workbench(layers=[write(look(d.start("due", WEEKLY), other))])
    assert [row.element for row in bench.schedule("p")] == ["due", "night"]
    for xml, left in ((look(d.start("due", WEEKLY)), ["due"]), (look(d.start()), [])):
        engine = Engine(bench.engine.store, layers=[write(xml)], clock=bench.clock)
        assert [row.element for row in engine.schedule("p")] == left
    with pytest.raises(InvalidDiagram, match="no start event with a timer"):
        engine.schedule("p")


def test_what_is_stopped_starts_no_more(write: Write) -> None:
    """Stopping takes the process off the schedule; its cases go on."""
    bench = Workbench(layers=[write(look(d.start("due", WEEKLY)))])
    bench.schedule("p")
    bench.advance(days=10)
    assert bench.engine.unschedule("p") == 1
    assert bench.engine.unschedule("p") == 0
    bench.advance(days=30)
    (case,) = started(bench)
    assert bench.complete(case, "look").status == "completed"


def test_the_stored_definition_runs_whatever_the_worker_has(write: Write) -> None:
    """A worker without the layers starts what was put on the schedule, and sees nothing outdated."""
    bench = Workbench(layers=[write(look(d.start("due", WEEKLY)))])
    bench.schedule("p")
    worker = Engine(bench.engine.store, clock=bench.clock)
    bench.clock.set(bench.now + timedelta(days=8))
    worker.drain()
    assert len(started(bench)) == 1
    assert [row.outdated for row in worker.schedules()] == [False]


def test_a_person_starts_by_the_plain_event_and_the_clock_by_its_own(write: Write) -> None:
    """A process may have both: each case says by which event it began."""
    bench = Workbench(layers=[write(look(d.start(), d.start("due", WEEKLY)))])
    bench.schedule("p")
    bench.start("p")
    bench.advance(days=8)
    assert [case.history()[0].detail["path"][0] for case in started(bench)] == ["start", "due"]


def test_a_round_may_be_begun_by_hand(write: Write) -> None:
    """A process whose only start event has a timer can be started by a person too; one with several cannot."""
    bench = Workbench(layers=[write(look(d.start("due", WEEKLY)))])
    case = bench.start("p")
    assert "due" not in case.history()[0].detail
    other = d.start("night", d.timer(cycle="R/PT12H"))
    several = Workbench(layers=[write(look(d.start("due", WEEKLY), other))])
    with pytest.raises(InvalidDiagram, match="begins with events only"):
        several.start("p")


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (d.start("due", d.timer(duration="P1D")), "after a duration"),
        (
            d.start("due", WEEKLY, extension='<zeebe:formDefinition formId="x" bindingType="deployment"/>'),
            "the clock fills in none",
        ),
    ],
    ids=["duration", "form"],
)
def test_what_the_clock_cannot_start_is_refused_at_load(write: Write, start: str, message: str) -> None:
    """A duration counts from nothing, and the clock fills in no form."""
    with pytest.raises(InvalidDiagram, match=message):
        Workbench(layers=[write(look(start))]).schedule("p")


@pytest.mark.parametrize("timer", [d.timer(cycle="=case.interval"), d.timer(at="=when")])
def test_a_timer_that_gives_no_time_is_refused(write: Write, timer: str) -> None:
    """Before a case exists a timer sees the policy and nothing else; what needs more is named with its place."""
    bench = Workbench(layers=[write(look(d.start("due", timer)))])
    with pytest.raises(InvalidDiagram, match=r"the clock cannot start 'p': .* gave null"):
        bench.schedule("p")
    assert bench.engine.schedules() == []


def test_a_missing_handler_is_found_before_the_first_round(write: Write) -> None:
    """A process that needs a handler nobody registered does not get on the schedule."""
    xml = d.document(d.process(d.start("due", WEEKLY), d.service("work", "work"), d.end(), d.flows("due > work > end")))
    with pytest.raises(MissingHandler):
        Workbench(layers=[write(xml)]).schedule("p")


def test_the_hosts_rollback_leaves_no_schedule(write: Write, tmp_path: Path) -> None:
    """Inside the host's transaction the schedule is the host's: it comes with the commit and goes with a rollback."""
    with Engine(f"sqlite:///{tmp_path / 'cases.db'}", layers=[write(look(d.start("due", WEEKLY)))]) as engine:
        store: Any = engine.store
        with Session(store.engine) as session:
            engine.using(session).schedule("p")
            session.rollback()
        assert engine.schedules() == []
        with Session(store.engine) as session:
            engine.using(session).schedule("p")
            session.commit()
        assert len(engine.schedules()) == 1


def test_a_case_that_cannot_start_keeps_its_time_and_nobody_else_waits(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    """A round that cannot begin stays due, where the schedule shows it, and does not keep others from theirs."""
    circle = d.process(
        d.start("due", WEEKLY),
        d.gateway("exclusive", "again"),
        d.flows("due > again", "again > again"),
        name="circle",
    )
    folder = write(look(d.start("due", WEEKLY)))
    d.layer(folder, d.document(circle), name="circle", policy=POLICY.format(every="1 week").replace('"p"', '"circle"'))
    bench = Workbench(layers=[folder])
    bench.schedule("circle")
    bench.schedule("p")
    bench.clock.set(bench.now + timedelta(days=8))
    with caplog.at_level(logging.ERROR, "complaintflow"):
        bench.engine.drain()
    assert len(started(bench)) == 1
    assert bench.engine.cases(process="circle") == []
    assert [row.process for row in bench.engine.schedules() if row.due_at and row.due_at < bench.now] == ["circle"]
    assert "the clock cannot start circle" in caplog.text


def test_a_worker_that_dies_at_its_commit_leaves_one_case(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever comes after the first commit never happens: the case is there, and its time is not due again."""

    class DeathError(BaseException):
        """The end of the process."""

    bench = Workbench(layers=[write(look(d.start("due", WEEKLY)))])
    bench.schedule("p")
    bench.clock.set(bench.now + timedelta(days=8))
    store: Any = bench.engine.store
    begin = store.transaction

    @contextmanager
    def dying() -> Iterator[Any]:
        with begin() as transaction:
            yield transaction
        raise DeathError

    with bench.engine.store.reading() as transaction:
        (row,) = transaction.due_schedules(bench.now, 1)
    with monkeypatch.context() as patch:
        patch.setattr(store, "transaction", dying)
        with pytest.raises(DeathError):
            schedule.start_case(bench.engine._work, row)
    bench.engine.drain()
    assert len(started(bench)) == 1


def test_eight_workers_start_one_case_a_round(write: Write, tmp_path: Path) -> None:
    """Eight engines on one database come by at each due time: each round has one case."""
    url, layer = f"sqlite:///{tmp_path / 'cases.db'}", write(look(d.start("due", d.timer(cycle="R/PT1H"))))
    clock = VirtualClock(datetime.fromisoformat("2026-03-02T09:00:00+08:00"))
    calendar = WorkingCalendar("CN")
    engines = [Engine(url, layers=[layer], clock=clock, calendar=calendar) for _ in range(8)]
    engines[0].schedule("p")
    gate = Barrier(len(engines))

    def come_by(engine: Engine) -> None:
        gate.wait()
        engine.drain()

    with ThreadPoolExecutor(len(engines)) as pool:
        for hour in range(1, 6):
            clock.advance(timedelta(hours=1))
            list(pool.map(come_by, engines))
            assert len(engines[0].cases(process="p")) == hour
    dues = [case.history()[0].detail["due"] for case in engines[0].cases(process="p")]
    assert len(set(dues)) == 5
    for engine in engines:
        engine.close()
