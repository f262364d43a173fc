"""Ad-hoc sub-processes that ask a handler what to do next, with the engine around them."""

from __future__ import annotations

from typing import Any

import pytest

from complaintflow import Handlers, InvalidData, Job, NextSteps
from complaintflow.testing import Workbench
from tests.diagrams import Play, ad_hoc, flows, properties, service, start, user


def steered(play: Play, desk: Handlers, *parts: str) -> Workbench:
    """A sub-process that asks ``choose``."""
    inner = parts or (user("a", extension=properties(clause="T-1")), service("b", "work"))
    body = ad_hoc("s", *inner, steered="choose", collect="all", output="r")
    return play(start(), body, user("after"), flows("start > s > after"), handlers=(desk,))


def test_a_handler_plans_and_ends_it(play: Play) -> None:
    """It reads what can be begun and was done, begins activities with variables of their own, and says when to stop."""
    desk, seen = Handlers(), []

    @desk.handler("choose")
    def choose(job: Job) -> NextSteps:
        seen.append(job)
        done = len(job.variables["all"])
        if done < 2:
            return NextSteps([("b", {"number": done + 1})], variables={"asked": done})
        return NextSteps(done=True)

    @desk.handler("work")
    def work(number: int) -> dict[str, int]:
        return {"r": number * 10}

    case = steered(play, desk).start("p")
    assert case.waiting_for == ["after"]
    assert case.variables == {"all": [10, 20]}
    assert len({job.key for job in seen}) == 3
    assert seen[0].variables["adHocSubProcessElements"][0] == {
        "elementId": "a", "elementName": "a", "documentation": "", "properties": {"clause": "T-1"},
    }  # fmt: skip
    assert seen[2].variables["asked"] == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (NextSteps(["nowhere"]), "cannot begin nowhere; it has a, b"),
        (NextSteps(["a"], done=True), "begins something while"),
        (NextSteps("a"), "is not a list of ids"),
        (NextSteps([("a", {"x": object()})]), "which is not JSON"),
        (None, "began nothing"),
        ({"x": 1}, "began nothing"),
    ],
)
def test_an_answer_that_leads_nowhere_is_an_incident(play: Play, answer: Any, said: str) -> None:
    """Who begins what is not there, or nothing at all, is told so; resolved, the handler is asked again."""
    desk, answers = Handlers(), [answer, NextSteps(["a"])]

    @desk.handler("choose")
    def choose() -> Any:
        return answers.pop(0)

    bench = steered(play, desk, user("a"), user("b"))
    case = bench.start("p")
    [incident] = case.incidents
    assert said in incident.message
    assert bench.engine.resolve(incident).waiting_for == ["a"]


def test_a_job_that_was_overtaken_is_not_wanted(play: Play) -> None:
    """What a handler says after something else was done meanwhile counts no more: it is asked anew, and once only."""
    desk, calls = Handlers(), []

    @desk.handler("choose")
    def choose(job: Job) -> NextSteps:
        calls.append(job.key)
        if len(calls) == 1:
            return NextSteps(["a", "c"])
        if len(calls) == 2:
            # Meanwhile somebody completes the other task.
            bench.engine.complete(bench.case(job.case_id).task("c").id, {})
            return NextSteps(["a"])
        return NextSteps(done=True, cancel=True)

    bench = steered(play, desk, user("a"), user("c"))
    case = bench.start("p")
    case = bench.complete(case, "a")
    assert case.waiting_for == ["after"]
    assert len(calls) == 3
    assert [entry.event for entry in case.history()].count("job-unwanted") == 1


def test_only_such_a_sub_process_takes_steps(play: Play) -> None:
    """Steps of another handler are an incident, and a handler of one is needed before a case starts."""
    desk = Handlers()

    @desk.handler("work")
    def work() -> NextSteps:
        return NextSteps(done=True)

    case = play(start(), service("a", "work"), flows("start > a"), handlers=(desk,)).start("p")
    assert "nothing takes NextSteps" in case.incidents[0].message
    with pytest.raises(Exception, match="choose"):
        steered(play, Handlers(), user("a")).start("p")


def test_steps_are_values() -> None:
    """They can be made and checked without an engine."""
    assert NextSteps(["a", ("b", {"x": 1})]).checked("here")["activate"] == [["a", {}], ["b", {"x": 1}]]
    with pytest.raises(InvalidData):
        NextSteps([("a",)]).checked("here")  # type: ignore[list-item]
