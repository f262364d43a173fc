"""Timers: dates, durations, cycles, and the policy's deadlines."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from complaintflow.testing import Workbench
from tests.diagrams import POLICY, Play, boundary, catch, end, event, flows, gateway, message, start, sub, timer, user

WAIT = flows("start > c > after")


def waits(play: Play, **when: str) -> Workbench:
    return play(start(), catch("c", timer(**when)), user("after"), WAIT)


@pytest.mark.parametrize(
    ("when", "days", "hours"),
    [
        ({"duration": "PT90M"}, 0, 1.5),
        ({"duration": "P2W"}, 14, 0),
        ({"duration": "P1M"}, 31, 0),
        ({"duration": '=duration("P1D") * n'}, 3, 0),
        ({"duration": '="PT" + string(n) + "H"'}, 0, 3),
        ({"at": "2026-03-03T10:00:00+08:00"}, 1, 1),
        ({"at": "2026-03-03T02:00:00Z"}, 1, 1),
        ({"at": "2026-03-03T10:00:00"}, 1, 1),
        ({"at": "2026-03-03"}, 0, 15),
        ({"at": '=now() + duration("P1D")'}, 1, 0),
        ({"at": '=date and time("2026-03-03T10:00:00@Asia/Shanghai")'}, 1, 1),
        ({"at": "=day"}, 3, 15),
    ],
    ids=str,
)
def test_date_and_duration(play: Play, when: dict[str, str], days: int, hours: float) -> None:
    """A timer fires at its time and not a moment earlier; a time without a zone is the organisation's."""
    bench = waits(play, **when)
    case = bench.start("p", n=3, day="2026-03-06")
    due = bench.now + timedelta(days=days, hours=hours)
    assert case.timers[0].due_at == due
    bench.just_before(due)
    assert bench.case(case.id).waiting_for == []
    bench.at(due)
    assert bench.case(case.id).waiting_for == ["after"]


@pytest.mark.parametrize(
    "when",
    [{"duration": "PT0S"}, {"duration": "-PT1H"}, {"at": "2020-01-01T00:00:00Z"}],
    ids=["zero", "negative", "past"],
)
def test_already_due(play: Play, when: dict[str, str]) -> None:
    """A time that is over fires as soon as somebody looks."""
    bench = waits(play, **when)
    case = bench.start("p")
    assert bench.engine.drain() >= 1
    assert bench.case(case.id).waiting_for == ["after"]


def test_cycle_with_a_count(play: Play) -> None:
    """R3 fires three times, each an interval after the time before, and then no more."""
    bench = play(
        start(), user("w"), boundary("b", "w", timer(cycle="R3/PT1H"), interrupting=False), user("told"),
        flows("start > w", "b > told"),
    )  # fmt: skip
    case = bench.start("p")
    began = bench.now
    for count in (1, 2, 3):
        assert [timer.due_at for timer in bench.case(case.id).timers] == [began + timedelta(hours=count)]
        bench.advance(hours=1)
        assert bench.case(case.id).waiting_for.count("told") == count
    assert bench.case(case.id).timers == ()
    bench.advance(days=10)
    assert bench.case(case.id).waiting_for.count("told") == 3


def test_cycle_without_end(play: Play) -> None:
    """R without a count goes on as long as the activity does; rounds nobody was there for are not made up for."""
    bench = play(
        start(), user("w"), boundary("b", "w", timer(cycle="R/P1D"), interrupting=False), user("told"), end(),
        flows("start > w > end", "b > told"),
    )  # fmt: skip
    case = bench.start("p")
    bench.clock.advance(timedelta(days=5))
    bench.engine.drain()
    case = bench.case(case.id)
    assert case.waiting_for.count("told") == 1
    assert case.timers[0].due_at > bench.clock.now()
    assert ["rounds-missed", "b", {"rounds": 4}] in bench.engine.history(case.id)[-1].detail["notes"]
    bench.advance(days=1)
    assert bench.case(case.id).waiting_for.count("told") == 2
    case = bench.complete(case, "w")
    assert case.timers == ()


def test_cycle_with_a_start(play: Play) -> None:
    """A cycle may say when it begins; the first time is then."""
    cycle = "R2/2026-03-05T09:00:00+08:00/P1D"
    bench = play(
        start(), user("w"), boundary("b", "w", timer(cycle=cycle), interrupting=False), user("told"),
        flows("start > w", "b > told"),
    )  # fmt: skip
    case = bench.start("p")
    for days, told in ((2, 0), (1, 1), (1, 2), (9, 2)):
        bench.advance(days=days)
        assert bench.case(case.id).waiting_for.count("told") == told


@pytest.mark.parametrize("cycle", ['=repeat("progress")', '="R2/P7D"', "R2/P7D", "R2/7 days"])
def test_repeat(play: Play, cycle: str) -> None:
    """repeat() is the policy's interval with its count."""
    bench = play(
        start(), user("w"), boundary("b", "w", timer(cycle=cycle), interrupting=False), user("told"),
        flows("start > w", "b > told"),
    )  # fmt: skip
    case = bench.start("p")
    bench.advance(days=100)
    case = bench.case(case.id)
    assert (case.waiting_for.count("told"), case.timers) == (2, ())


@pytest.mark.parametrize(
    "value", ["7 days", "R3", "R0/P1D", "R2/P0D", "R2/-P1D", "R2/0 days", "0 9 * * MON", "", None, 5]
)
def test_bad_cycle_is_an_incident(play: Play, value: object) -> None:
    """A computed cycle that is none, or would never pause, is an incident at the event; the task stays open."""
    bench = play(
        start(), user("w"), boundary("b", "w", timer(cycle="=cycle"), interrupting=False), user("told"),
        flows("start > w", "b > told"),
    )  # fmt: skip
    case = bench.start("p", cycle=value)
    assert [(i.kind, i.element) for i in case.incidents] == [("timer", "b")]
    case = bench.complete(case, "w")
    assert (case.incidents, case.status) == ((), "completed")


@pytest.mark.parametrize("when", [{"duration": "=x"}, {"at": "=x"}], ids=["duration", "date"])
@pytest.mark.parametrize("value", ["soon", None, 5, [], "P1D/P1D"])
def test_bad_time_is_an_incident(play: Play, when: dict[str, str], value: object) -> None:
    """A computed time that is none is an incident, and resolving it tries again."""
    bench = play(
        start(), gateway("parallel", "g"), catch("c", timer(**when)), user("after"), user("fix"),
        flows("start > g > c > after", "g > fix"),
    )  # fmt: skip
    case = bench.start("p", x=value)
    [incident] = case.incidents
    assert (incident.kind, incident.element) == ("timer", "c")
    bench.complete(case, "fix", x="PT1H" if "duration" in when else "2026-03-02T10:00:00+08:00")
    case = bench.engine.resolve(incident)
    assert (case.incidents, len(case.timers)) == ((), 1)
    bench.advance(hours=1)
    assert bench.case(case.id).waiting_for == ["after"]


def test_deadline_on_a_timer_and_on_a_task(play: Play) -> None:
    """deadline() counts working days on the organisation's calendar: over the Spring Festival they are few."""
    bench = play(
        start(), user("w", due='deadline("reply", now())'),
        boundary("b", "w", timer(at='=deadline("reply", now())'), interrupting=False), user("late"),
        flows("start > w", "b > late"),
    )  # fmt: skip
    case = bench.start("p", today="2026-09-30")  # the day before Golden Week; 2026-10-10 is an adjusted Saturday
    due = datetime.fromisoformat("2026-10-11T00:00:00+08:00")
    assert case.tasks[0].due_at == due
    assert (case.timers[0].due_at, case.timers[0].deadline) == (due, "reply")
    bench.just_before(due)
    assert bench.case(case.id).waiting_for == ["w"]
    bench.at(due)
    assert bench.case(case.id).waiting_for == ["w", "late"]


def test_deadline_from_a_variable(play: Play) -> None:
    """A deadline may start at a stored time; one that is no time is an incident."""
    bench = waits(play, at='=deadline("reply", received_at)')
    case = bench.start("p", received_at="2026-03-02T18:00:00+08:00")
    assert case.timers[0].due_at == datetime.fromisoformat("2026-03-06T00:00:00+08:00")
    [incident] = bench.start("p", received_at="yesterday").incidents
    assert (incident.element, incident.kind) == ("c", "expression")


def test_reentry_starts_the_clock_again(play: Play) -> None:
    """A task entered again has a new timer; the old one is gone."""
    bench = play(
        start(), gateway("exclusive", "again"), user("w"), boundary("b", "w", timer(duration="PT2H")), user("late"),
        flows("start > again > w > again", "b > late"),
    )  # fmt: skip
    case = bench.start("p")
    for _ in range(3):
        bench.advance(hours=1)
        case = bench.complete(case, "w")
        assert [timer.due_at for timer in case.timers] == [bench.now + timedelta(hours=2)]
    bench.advance(hours=2)
    assert bench.case(case.id).waiting_for == ["late"]


def test_two_timers_at_the_same_moment(play: Play) -> None:
    """Of two interrupting timers due together one wins, and the other is quietly gone."""
    bench = play(
        start(), user("w"), boundary("b", "w", timer(duration="PT1H")), boundary("c", "w", timer(duration="PT1H")),
        user("one"), user("two"), flows("start > w", "b > one", "c > two"),
    )  # fmt: skip
    case = bench.start("p")
    bench.advance(hours=1)
    case = bench.case(case.id)
    assert len(case.tasks) == 1
    assert (case.timers, case.incidents) == ((), ())


def test_cycle_that_ends_its_own_host(play: Play) -> None:
    """A repeating event whose path ends the activity leaves no timer behind."""
    bench = play(
        start(), user("w"), boundary("b", "w", timer(cycle="R/PT1H"), interrupting=False), end("stop",
        event("terminate")),
        flows("start > w", "b > stop"),
    )  # fmt: skip
    case = bench.start("p")
    bench.advance(hours=1)
    case = bench.case(case.id)
    assert (case.status, case.timers) == ("completed", ())


def test_fired_timer_whose_way_out_is_missing(play: Play) -> None:
    """A timer that fired and then found no way out has fired: one incident, and no timer that fires for ever."""
    bench = play(
        start(), gateway("parallel", "g"), catch("c", timer(duration="PT1H")), user("after"), user("fix"),
        flows("start > g > c", "c > after [go]", "g > fix"),
    )  # fmt: skip
    case = bench.start("p")
    bench.advance(hours=1)
    case = bench.case(case.id)
    assert ([i.kind for i in case.incidents], case.timers) == (["condition"], ())
    bench.complete(case, "fix", go=True)
    case = bench.engine.resolve(case.incidents[0])
    assert (case.waiting_for, case.incidents) == (["after"], ())


PAUSING = POLICY.replace(
    '[deadlines.answer]\nwithin = "5 working days"',
    '[deadlines.hours]\nwithin = "10 hours"\nclause = "T-1"\nfrom = "document"\npauses_in = ["wait"]\n\n'
    '[deadlines.answer]\nwithin = "5 working days"\npauses_in = ["wait"]',
)


def test_deadline_pauses(play: Play) -> None:
    """A deadline stops while the case stands where the policy says, and goes on with what was left."""
    outer = sub(
        "s",
        start("s-start"),
        gateway("exclusive", "again"),
        user("work"),
        user("wait"),
        flows("s-start > again > work > wait > again"),
    )
    bench = play(
        start(), outer, boundary("b", "s", timer(at='=deadline("hours", now())'), interrupting=False), user("late"),
        flows("start > s", "b > late"), policy=PAUSING,
    )  # fmt: skip
    case = bench.start("p")
    bench.advance(hours=4)
    case = bench.complete(case, "work")
    assert case.timers == ()
    bench.advance(days=3)
    assert bench.case(case.id).waiting_for == ["wait"]
    case = bench.complete(case, "wait")
    assert [timer.due_at for timer in case.timers] == [bench.now + timedelta(hours=6)]
    bench.advance(hours=5)
    case = bench.complete(bench.complete(case, "work"), "wait")
    bench.advance(hours=1)
    assert sorted(bench.case(case.id).waiting_for) == ["late", "work"]
    events = [entry.event for entry in case.history()]
    assert events.count("deadline-paused") == 2
    assert events.count("deadline-resumed") == 2


def test_task_due_date_pauses(play: Play) -> None:
    """The due date of a user task under a pausing deadline is taken off its row, and put back later."""
    bench = play(
        start(), gateway("parallel", "g"), user("work", due='deadline("answer", now())'), gateway("exclusive", "m"),
        user("wait"),
        user("done"), flows("start > g > work", "g > m > wait > done > m"), policy=PAUSING,
    )  # fmt: skip
    case = bench.start("p")
    assert case.task("work").due_at is None
    bench.advance(working_days=2)
    case = bench.complete(case, "wait")
    assert case.task("work").due_at == datetime.fromisoformat("2026-03-12T00:00:00+08:00")


def test_deadline_outlives_promise(play: Play) -> None:
    """An inner deadline that ends after the promise around it is reported the moment it opens."""
    policy = POLICY.replace(
        '[deadlines.reply]\nwithin = "3 working days"',
        '[deadlines.reply]\ninside = "answer"\nwithin = "3 working days"',
    )
    bench = play(
        start(), gateway("parallel", "g"), user("all", due='deadline("answer", now())'), user("first"),
        user("second", due='deadline("reply", now())'), flows("start > g > all", "g > first > second"), policy=policy,
    )  # fmt: skip
    case = bench.start("p")
    assert "deadline-outlives-promise" not in [entry.event for entry in bench.complete(case, "first").history()]
    case = bench.start("p")
    bench.advance(working_days=4)
    [late] = [e for e in bench.complete(case, "first").history() if e.event == "deadline-outlives-promise"]
    assert (late.detail["deadline"], late.detail["promise"]) == ("reply", "answer")


def test_event_gateway_timer_is_gone_after_the_message(play: Play) -> None:
    """A timer that lost the race never fires."""
    bench = play(
        start(), gateway("eventBased", "g"), catch("c", timer(duration="PT1H")), catch("d", event("message", "m")),
        user("x"),
        user("y"), flows("start > g > c > x", "g > d > y"), roots=(message("m", "reply"),),
    )  # fmt: skip
    case = bench.start("p")
    bench.engine.correlate("reply", key=case.key)
    bench.advance(days=1)
    assert bench.case(case.id).waiting_for == ["y"]
