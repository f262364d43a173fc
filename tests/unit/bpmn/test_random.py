"""Random processes, run at random, against an interpreter that knows blocks and not graphs.

The same open tasks after every step, the same end; and a case kept in memory is the case that is
written and read between all steps.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from blocks import VARIABLES, build, draw, shapes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kinds import Block
from reference import Reference, Variables

from complaintflow import feel
from complaintflow.bpmn.activities import TaskWait
from complaintflow.bpmn.game import Game
from complaintflow.bpmn.marking import freeze, packed, thaw
from complaintflow.bpmn.node import Stuck
from complaintflow.bpmn.program import Program
from complaintflow.bpmn.reader import read_program
from complaintflow.bpmn.sleeping import tokens_of, unpack, variables_of
from complaintflow.bpmn.token import Token
from complaintflow.bpmn.triggers import Moment, Subscription
from complaintflow.store.codec import from_json, to_json
from complaintflow.testing import Workbench
from tests.diagrams import layer

STEPS = 14
bounded = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
values = st.fixed_dictionaries({name: st.booleans() for name in VARIABLES})
Opened = Counter[tuple[str, str]]


def action(data: st.DataObject, reference: Reference) -> tuple[str, tuple[str, str] | str, Variables] | None:
    """One thing that can be done now: complete a task or let an event happen. None when the case has ended."""
    tasks, events = sorted(reference.open()), reference.events()
    if not tasks:
        return None
    if events and data.draw(st.integers(0, 3)) == 0:
        return "fire", data.draw(st.sampled_from(events)), {}
    return "complete", data.draw(st.sampled_from(tasks)), data.draw(values)


def follow(reference: Reference, step: tuple[str, Any, Variables]) -> None:
    what, whom, results = step
    if what == "fire":
        reference.fire(whom)
    else:
        name, path = whom
        reference.complete(name, path, results)


# -- through the public API -----------------------------------------------------------------


@contextmanager
def workbench(block: Block) -> Iterator[Workbench]:
    with tempfile.TemporaryDirectory() as folder:
        bench = Workbench(layers=[layer(Path(folder), draw(block))])
        yield bench
        bench.close()


@settings(bounded, max_examples=70)
@given(shape=shapes, first=values, data=st.data())
def test_engine_follows_the_reference(shape: Any, first: Variables, data: st.DataObject) -> None:
    """After each command the same tasks are open as in the reference, and the case ends exactly when it does."""
    block = build(shape)
    reference = Reference(block, dict(first))
    with workbench(block) as bench:
        case = bench.start("p", {"path": "case", **first})
        for _ in range(STEPS):
            assert case.incidents == ()
            assert Counter((task.element, task.groups[0]) for task in case.tasks) == reference.open()
            assert (case.status == "completed") == reference.ended
            step = action(data, reference)
            if step is None:
                break
            follow(reference, step)
            what, whom, results = step
            if what == "fire":
                [case] = bench.engine.correlate(str(whom), key=case.key)
            else:
                task = next(task for task in case.tasks if (task.element, task.groups[0]) == whom)
                case = case.complete(task.id, results)


# -- the token game alone: kept in memory, and written and read between all steps -----------


class Nobody:
    """The surroundings of a game that asks for nothing but variables."""

    now = datetime(2026, 3, 2, tzinfo=UTC)
    ambient: Mapping[str, Any] = MappingProxyType({"case": {"key": "k"}})
    functions: Mapping[str, Any] = MappingProxyType({})
    asked: Moment | None = None

    def instant(self, value: datetime | date) -> datetime:
        raise Stuck("timer", "no timers here")

    def after(
        self, interval: str | timedelta | feel.YearMonthDuration, start: datetime, *, again: bool = False
    ) -> Moment:
        raise Stuck("timer", "no timers here")

    def decide(self, decision_id: str, token: Token) -> Any:
        raise Stuck("decision", "no decisions here")

    def may_begin(self, token: Token) -> None:
        """Always."""

    def began(self, token: Token) -> None:
        """Nothing to note."""

    def finished(self, token: Token, variables: Mapping[str, Any]) -> None:
        """Nothing to note."""


class Run:
    """A game with its open rows, as a store would have them."""

    def __init__(self, program: Program, first: Variables, *, reloaded: bool) -> None:
        self.program = program
        self.reloaded = reloaded
        self.tasks: dict[int, tuple[str, str]] = {}
        self.listeners: dict[int, str] = {}
        self.path: list[str] = []
        self.game = Game(program, Nobody())
        self.game.start("p", {"path": "case", **first})
        self._rows()

    def _rows(self) -> None:
        game = self.game
        assert not game.stuck
        for kind, number in game.closed:
            if kind == "task":
                self.tasks.pop(number, None)
            else:
                self.listeners.pop(number, None)
        for (_, number), wait in game.opened.items():
            if isinstance(wait, TaskWait):
                self.tasks[number] = (wait.token.task_spec.bpmn_id, wait.groups[0])
            elif isinstance(wait, Subscription):
                self.listeners[number] = wait.name
        self.path = list(game.path)
        if self.reloaded:
            stored = to_json(packed(freeze(game)))
            self.game = thaw(from_json(stored), self.program, Nobody())
            assert to_json(packed(freeze(self.game))) == stored
        else:
            game.path.clear()
            game.opened.clear()
            game.closed.clear()
            game.first_token = game.next_token

    def step(self, step: tuple[str, Any, Variables]) -> None:
        what, whom, results = step
        rows: dict[int, Any] = self.listeners if what == "fire" else self.tasks
        number = min(number for number, row in rows.items() if row == whom)
        if what == "fire":
            self.game.fire(number, {})
        else:
            self.game.complete(number, results)
        self._rows()

    @property
    def observed(self) -> tuple[Opened, Counter[str], dict[str, Any], bool]:
        """What can be seen from outside: tasks, listeners, variables, and whether it has ended."""
        game = self.game
        return (
            Counter(self.tasks.values()),
            Counter(self.listeners.values()),
            game.top.scope.variables,
            not game.top.busy,
        )

    @property
    def marking(self) -> dict[str, Any]:
        """Everything that is stored; it wakes no flow that sleeps."""
        marking = freeze(self.game)
        flows = [unpack(row) for row in marking["flows"]]
        scopes = [[*row[:2], variables_of(row)] for row in marking["scopes"]]
        assert {token for flow in flows for token in tokens_of(flow)} >= set(self.tasks)
        return from_json(to_json({**marking, "scopes": scopes, "flows": flows}))  # type: ignore[no-any-return]


@settings(bounded, max_examples=300)
@given(shape=shapes, first=values, data=st.data())
def test_reloading_between_all_steps_changes_nothing(shape: Any, first: Variables, data: st.DataObject) -> None:
    """A game kept in memory, one written and read after each step, and the reference go the same way."""
    block = build(shape)
    reference = Reference(block, dict(first))
    program = read_program({"p.bpmn": draw(block).encode()})
    kept, reloaded = (Run(program, first, reloaded=way) for way in (False, True))
    for _ in range(STEPS):
        assert kept.observed == reloaded.observed
        assert (kept.path, kept.marking) == (reloaded.path, reloaded.marking)
        assert (reloaded.observed[0], reloaded.observed[3]) == (reference.open(), reference.ended)
        step = action(data, reference)
        if step is None:
            assert reloaded.game.scopes.keys() == {reloaded.game.top.scope.number}
            break
        follow(reference, step)
        kept.step(step)
        reloaded.step(step)
