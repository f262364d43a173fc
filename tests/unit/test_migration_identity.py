"""A case that is moved to the same diagram, again and again, goes on exactly as one that never was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from complaintflow.definition.layers import Layers
from complaintflow.definition.library import Library
from complaintflow.facade.views import Case
from complaintflow.testing import Workbench
from tests import diagrams as d

# One process with most of what a token can stand at: joins, loops, events, calls, what can be undone.
PARTS = (
    d.start(),
    d.gateway("parallel", "split"),
    d.user("each", loop=d.multi("items", "item", collect="all", output="answer")),
    d.sub(
        "inside", d.start("in"), d.gateway("eventBased", "either"), d.catch("told", d.event("message", "m")),
        d.catch("waited", d.timer(duration="P3D")), d.user("after"), d.end("out"),
        d.flows("in > either > told > after > out", "either > waited > after"),
        d.sub("body", d.start("rang", d.event("message", "n"), isInterrupting="false"), d.user("answer"), d.end("said"),
              d.flows("rang > answer > said"), event=True),
    ),
    d.boundary("late", "each", d.timer(cycle="R2/P2D"), interrupting=False),
    d.user("urge"),
    d.end("urged"),
    d.call("delegate", "q", child="true"),
    d.user("pay"),
    d.undoing("pay", "refund", d.user("refund")),
    d.gateway("parallel", "join"),
    d.gateway("exclusive", "enough"),
    d.throw("undo", d.compensate()),
    d.end(),
    d.end("undone"),
)  # fmt: skip
WAY = d.flows(
    "start > split > each > join > enough",
    "split > inside > pay > delegate > join",
    "late > urge > urged",
    "enough > end [count(all) > 2]",
    "enough > undo [count(all) <= 2]",
    "undo > undone",
)
CALLED = d.process(d.start("in_q"), d.user("look"), d.end("out_q"), d.flows("in_q > look > out_q"), name="q")
MESSAGES = (d.message("m", "m"), d.message("n", "n"))


def layer(folder: Path, note: str) -> Path:
    """The same diagram, but for what is only written for people."""
    return d.layer(folder, d.document(d.process(*PARTS, WAY), CALLED, *MESSAGES) + f"<!-- {note} -->")


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two layers whose diagrams differ in nothing that runs."""
    folder = tmp_path_factory.mktemp("identity")
    return layer(folder / "one", "one"), layer(folder / "two", "two")


def choices(case: Case) -> list[tuple[str, Any]]:
    """Everything that can be done to a case now, in an order of its own."""
    tasks = [("complete", number) for number in range(len(case.tasks))]
    return [*tasks, *(("message", name) for name in sorted(set(case.messages))), ("advance", 1)]


def act(bench: Workbench, case: Case, choice: int) -> None:
    """Do one of them."""
    found = choices(case)
    what, which = found[choice % len(found)]
    if what == "complete":
        task = sorted(case.tasks, key=lambda one: int(one.id.partition(".")[2]))[which]
        bench.engine.complete(task.id, {"answer": choice} if task.element == "each" else {})
    elif what == "message":
        bench.engine.correlate(which, key=case.id, data={which: choice})
    else:
        bench.advance(days=which)


def picture(bench: Workbench, case: Case) -> dict[str, Any]:
    """All that a case is, without its id and the lines of the migration itself."""
    now = bench.case(case.id)
    history = [(one.event, one.element, dict(one.detail), one.at) for one in now.history() if one.event != "migrated"]
    return {
        "status": now.status,
        "tasks": [(one.element, one.groups, one.due_at, one.created_at) for one in now.tasks],
        "timers": [(one.element, one.due_at) for one in now.timers],
        "messages": now.messages,
        "variables": now.variables,
        "history": history,
    }


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=16), count=st.integers(1, 3))
def test_a_moved_case_goes_on_exactly_like_one_that_was_not(
    layers: tuple[Path, Path], steps: list[tuple[int, bool]], count: int
) -> None:
    """Whatever is done, and whenever it is moved between two identical definitions, a case and its twin stay alike."""
    digests = [Library(Layers([one])).newest("p").digest for one in layers]
    assert digests[0] != digests[1]
    still, moving = (Workbench(layers=[layers[0]]) for _ in range(2))
    payload = {"items": list(range(count))}
    one, other = still.start("p", payload), moving.start("p", payload)
    at = 0
    for choice, moves in steps:
        if moves and moving.case(other.id).status == "active":
            at = 1 - at
            done = moving.engine.migrate("p", to=digests[at])
            assert (done.moved, done.missing, done.blocked) == (1, 0, 0), done.positions
        for bench, case in ((still, one), (moving, other)):
            now = bench.case(case.id)
            if now.status == "active":
                act(bench, now, choice)
        assert picture(still, one) == picture(moving, other)
    assert moving.engine.verify().whole
    for bench in (still, moving):
        bench.close()
