"""Jobs: handlers run after the commit, at least once, and come back as commands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from complaintflow import Handlers, Job
from complaintflow.errors import MissingHandler
from tests.diagrams import Play, boundary, end, event, flows, gateway, io, message, service, start, user


class Desk:
    """A handler that fails as often as it is told, and remembers its calls."""

    def __init__(self, failures: int = 0) -> None:
        self.calls: list[Job] = []
        self.failures = failures
        self.handlers = Handlers()
        self.handlers.handler("work")(self.work)

    def work(self, job: Job) -> dict[str, object]:
        self.calls.append(job)
        if len(self.calls) <= self.failures:
            raise OSError("no connection")
        return {"calls": len(self.calls)}


def test_success(play: Play) -> None:
    """A handler's result becomes variables, and the case goes on before the call returns."""
    desk = Desk()
    bench = play(start(), service("a", "work"), service("b", "work"), end(), flows("start > a > b > end"),
                 handlers=(desk.handlers,))  # fmt: skip
    case = bench.start("p")
    assert (case.status, case.variables) == ("completed", {"calls": 2})
    assert [job.element for job in desk.calls] == ["a", "b"]
    assert len({job.key for job in desk.calls}) == 2


def test_retries_with_backoff(play: Play) -> None:
    """A failing job is tried again after longer and longer pauses, under the same key."""
    desk = Desk(failures=2)
    bench = play(start(), service("a", "work"), end(), flows("start > a > end"), handlers=(desk.handlers,))
    case = bench.start("p")
    assert (case.status, case.incidents, len(desk.calls)) == ("active", (), 1)
    bench.advance(minutes=9 / 60)
    assert len(desk.calls) == 1
    bench.advance(minutes=1 / 60)
    assert len(desk.calls) == 2
    bench.advance(minutes=40 / 60)
    assert (bench.case(case.id).status, len(desk.calls)) == ("completed", 3)
    assert {job.key for job in desk.calls} == {desk.calls[0].key}
    assert [job.attempt for job in desk.calls] == [1, 2, 3]


def test_incident_after_the_last_attempt_and_resolve(play: Play) -> None:
    """After the last attempt a person must look; resolving gives the job its attempts back."""
    desk = Desk(failures=4)
    bench = play(start(), service("a", "work", retries=2), end(), flows("start > a > end"), handlers=(desk.handlers,))
    case = bench.start("p")
    bench.advance(days=1)
    [incident] = bench.case(case.id).incidents
    assert (incident.kind, incident.element, len(desk.calls)) == ("job", "a", 2)
    assert "no connection" in incident.message
    bench.advance(days=30)
    assert len(desk.calls) == 2
    case = bench.engine.resolve(incident)
    assert (case.incidents, len(desk.calls)) == ((), 3)
    bench.advance(days=1)
    [incident] = bench.case(case.id).incidents
    case = bench.engine.resolve(incident)
    assert (case.status, len(desk.calls)) == ("completed", 5)


def test_missing_handler(play: Play) -> None:
    """A job type that nobody handles stops the start; one that is computed later is an incident at once."""
    bench = play(start(), service("a", "nobody"), flows("start > a"))
    with pytest.raises(MissingHandler, match="nobody"):
        bench.start("p")
    assert bench.engine.cases() == []
    bench = play(start(), service("a", "=kind"), flows("start > a"))
    [incident] = bench.start("p", kind="nobody").incidents
    assert (incident.kind, incident.element) == ("job", "a")
    assert "nobody" in incident.message


def test_unwanted_job(play: Play) -> None:
    """A job whose activity was interrupted meanwhile does not run again."""
    desk = Desk(failures=99)
    bench = play(
        start(), service("a", "work"), boundary("b", "a", event("message", "m")), user("after"),
        flows("start > a", "b > after"), handlers=(desk.handlers,), roots=(message("m", "stop"),),
    )  # fmt: skip
    case = bench.start("p")
    [case] = bench.engine.correlate("stop", key=case.key)
    assert case.waiting_for == ["after"]
    bench.advance(days=1)
    assert (len(desk.calls), bench.case(case.id).incidents) == (1, ())


def test_type_and_retries_may_be_computed(play: Play) -> None:
    """A job's type may be a formula; retries that are no number are an incident."""
    desk = Desk()
    bench = play(start(), service("a", "=kind"), end(), flows("start > a > end"), handlers=(desk.handlers,))
    assert bench.start("p", kind="work").status == "completed"
    [incident] = bench.start("p", kind=None).incidents
    assert (incident.kind, incident.element) == ("expression", "a")
    drawn = service("a", "work").replace('retries="3"', 'retries="=n"')
    bench = play(start(), drawn, end(), flows("start > a > end"), handlers=(desk.handlers,))
    assert bench.start("p", n=1).status == "completed"
    for bad in (0, -1, True, "many", 1.5):
        [incident] = bench.start("p", n=bad).incidents
        assert (incident.kind, incident.element) == ("expression", "a")


def test_result_without_a_way_out(play: Play) -> None:
    """A job whose result is in but whose token finds no way out is not run again when that is resolved."""
    desk = Desk()
    bench = play(
        start(), gateway("parallel", "g"), service("a", "work"), user("fix"), user("after"),
        flows("start > g > a", "a > after [go]", "g > fix"), handlers=(desk.handlers,),
    )  # fmt: skip
    case = bench.start("p")
    [incident] = case.incidents
    assert (incident.kind, incident.element) == ("condition", "a")
    bench.advance(days=1)
    bench.complete(case, "fix", go=True)
    case = bench.engine.resolve(incident)
    assert (case.waiting_for, case.incidents, len(desk.calls)) == (["after"], (), 1)


@pytest.mark.parametrize("result", ["text", [1], 5])
def test_result_that_is_no_object(play: Play, result: object) -> None:
    """A result that is not a mapping is an incident that names the handler."""
    handlers = Handlers()
    handlers.handler("work")(lambda: result)
    bench = play(start(), service("a", "work"), flows("start > a"), handlers=(handlers,))
    [incident] = bench.start("p").incidents
    assert (incident.kind, incident.element) == ("job", "a")


def test_parallel_jobs(play: Play) -> None:
    """Jobs of parallel branches are independent: one may fail while the other is done."""
    desk = Desk(failures=1)
    bench = play(
        start(), gateway("parallel", "g"), service("a", "work"), service("b", "work", extension=io(None,
        {"b": "calls"})),
        gateway("parallel", "j"), end(), flows("start > g > a > j > end", "g > b > j"), handlers=(desk.handlers,),
    )  # fmt: skip
    case = bench.start("p")
    assert (case.status, case.variables) == ("active", {"b": 2})
    bench.advance(hours=timedelta(minutes=1) / timedelta(hours=1))
    assert bench.case(case.id).status == "completed"
