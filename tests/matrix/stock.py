"""What SpiffWorkflow 3.2 does by itself with the matrix: ``python -m tests.matrix.stock > tests/matrix/stock.csv``.

Each row is translated (``stock_dialect``), read by SpiffWorkflow's own parsers and run as its documentation says, in a
process of its own; a row that is named (``python -m tests.matrix.stock ROW``) is explained instead. The better of
two results counts: that of ``SpiffBpmnParser``, and that of ``BpmnParser``.
"""

from __future__ import annotations

import contextlib
import csv
import json
import multiprocessing
import resource
import signal
import sys
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from multiprocessing.connection import Connection
from typing import Any

import time_machine
from lxml import etree
from SpiffWorkflow.bpmn import BpmnEvent, BpmnWorkflow
from SpiffWorkflow.bpmn.exceptions import WorkflowTaskException
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.specs import event_definitions as plain
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import EventBasedGateway
from SpiffWorkflow.exceptions import WorkflowException
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.specs import event_definitions as own
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from tests.matrix.rows import Row
from tests.matrix.stock_dialect import NoCounterpart, Translated, translate
from tests.matrix.test_matrix import ROWS

SAME, ANOTHER, REFUSED, FAILS, HANGS = "same trace", "another trace", "refused at load", "fails when run", "hangs"
NONE = "no counterpart"
VERDICTS = (SAME, ANOTHER, REFUSED, FAILS, HANGS, NONE)
_PATIENCE = 10  # seconds of computing: the slowest row takes two
_SILENCE = 120  # seconds in which nothing is computed either

_BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
_DECISION = b"""<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="ds" name="ds" namespace="test">
<decision id="d" name="d"><decisionTable id="t" hitPolicy="FIRST"><input id="i" label="x">
<inputExpression id="ie" typeRef="number"><text>x</text></inputExpression></input>
<output id="o" name="y" typeRef="number"/><rule id="r"><inputEntry id="e"><text></text></inputEntry>
<outputEntry id="oe"><text>2 * x</text></outputEntry></rule></decisionTable></decision></definitions>"""


class _Thrown(Exception):
    """A handler's error that nothing catches."""


class _Engine(PythonScriptEngine):  # type: ignore[misc]
    """Services as the documentation has them: ``call_service`` overridden."""

    answer: dict[str, Any]
    code: str | None = None

    def call_service(self, task: Task, **_: Any) -> str:
        if self.code is not None:
            task.workflow.top_workflow.catch(
                BpmnEvent(own.ErrorEventDefinition("thrown", code=self.code), target=task.workflow)
            )
            if task.workflow.top_workflow.get_events():
                raise _Thrown(self.code)
        task.data.update(self.answer)
        return "null"


class Stock:
    """One case on SpiffWorkflow alone, with the steps of ``playing``."""

    def __init__(self, row: Row, told: Translated, *, plain_dialect: bool, clock: time_machine.Traveller) -> None:
        self.row, self.told, self.clock = row, told, clock
        self.events = plain if plain_dialect else own
        parser = (BpmnParser if plain_dialect else SpiffBpmnParser)()
        parser.add_bpmn_str(told.source)
        if not plain_dialect:
            parser.add_dmn_str(_DECISION)
        spec, inner = parser.get_spec("p"), parser.get_subprocess_specs("p")
        for found in (spec, *inner.values()):
            for task_spec in found.task_specs.values():
                # A handler's work is done when the row says so, as a person's is.
                task_spec.manual = task_spec.manual or (task_spec.bpmn_id in told.jobs)
        self.spec, self.inner = spec, inner
        self.engine = _Engine()
        self.came_by: list[str] = []
        self.stuck: list[Task] = []
        self.why = ""

    def start(self) -> str:
        self.workflow = BpmnWorkflow(self.spec, self.inner, script_engine=self.engine)
        self.workflow.task_tree.set_data(**self.told.first, **self.row.first)
        for name, value in self.told.objects.items():
            self.workflow.data_objects[name] = value
            self.workflow.task_tree.data.pop(name, None)
        self._run()
        for action in self._beginning():
            self._do(action)
            self._run()
        return self.waiting

    def step(self, action: str) -> str:
        """Do one thing; returns what waits afterwards."""
        self._do(action)
        self._run()
        return self.waiting

    @property
    def waiting(self) -> str:
        if self.workflow.is_completed():
            return "ended"
        found = []
        for task in self.workflow.get_tasks(state=TaskState.READY | TaskState.WAITING):
            if task.state == TaskState.READY:
                found += [task.task_spec.bpmn_id] if task.task_spec.manual else []
            elif isinstance(task.task_spec, CatchingEvent):
                found += self._awaited(task)
        for name in self.workflow.spec.start.trigger_specs:
            # An event sub-process of the process has no task before its event comes.
            for event in self.inner[name].bpmn_start_events:
                if self.workflow.get_next_task(state=TaskState.WAITING, spec_name=event.name) is None:
                    found += self._token(event.event_definition, event.bpmn_id)
        for task in self.stuck:
            job = task.task_spec.bpmn_id in self.told.jobs
            found += [f"?{task.task_spec.bpmn_id}", *([task.task_spec.bpmn_id] if job else [])]
        return " ".join(sorted(found))

    def variables(self) -> list[dict[str, Any]]:
        """The data of the ended case, or of each token that waits: SpiffWorkflow has no others."""
        if self.workflow.is_completed():
            return [{**self._shared, **self.workflow.data}]
        live = self.workflow.get_tasks(state=TaskState.READY | TaskState.WAITING)
        return [{**self._shared, **task.data} for task in live if task.workflow is self.workflow]

    @property
    def _shared(self) -> dict[str, Any]:
        return {name: value for name, value in self.workflow.data_objects.items() if value is not None}

    # -- inside -----------------------------------------------------------------------------

    def _do(self, action: str) -> None:
        word, *pairs = action.split()
        data = {name: json.loads(value) for name, value in (pair.split("=", 1) for pair in pairs)}
        if word[0] == "!":
            self._send(self.events.MessageEventDefinition(word[1:]), data)
        elif word[0] == "~":
            self._send(self.events.SignalEventDefinition(word[1:]), data)
        elif word[0] == "@":
            self._let_time_pass(word)
        elif word[0] == "?":
            task = self.stuck.pop()
            if task.state != TaskState.READY:
                self.workflow.reset_from_task_id(task.id)
            task.set_data(**data)
        elif word not in self.told.sent:
            name, _, code = word.partition("!")
            ready = self.workflow.get_tasks(state=TaskState.READY)
            task = next(task for task in ready if task.task_spec.bpmn_id == name)
            self.engine.answer, self.engine.code = data, code or None
            if name not in self.told.jobs:
                task.set_data(**data)
            self._try(task)

    def _try(self, task: Task) -> None:
        """A task that fails is what an incident is with us."""
        try:
            task.run()
            self.came_by.append(task.task_spec.bpmn_id)
        except Exception as failure:
            self._fail(task, failure)

    def _run(self) -> None:
        at = [self.workflow.task_tree]

        def note(task: Task) -> None:
            self.came_by.append(task.task_spec.bpmn_id)

        try:
            self.workflow.do_engine_steps(at.append, note)
            self.workflow.refresh_timers()
            self.workflow.do_engine_steps(at.append, note)
        except Exception as failure:
            self._fail(at[-1], failure)

    def _fail(self, task: Task, failure: Exception) -> None:
        self.stuck.append(failure.task if isinstance(failure, WorkflowTaskException) else task)
        self.why = f"{type(failure).__name__}: {failure}"

    def _send(self, definition: Any, data: dict[str, Any]) -> None:
        with contextlib.suppress(WorkflowException):  # nothing waits for it
            self.workflow.send_event(BpmnEvent(definition, payload=data))

    def _let_time_pass(self, word: str) -> None:
        waiting = self.workflow.get_tasks(state=TaskState.WAITING)
        timer = next((task for task in waiting if word in self._awaited(task)), None)
        due = timer.internal_data.get("event_value") if timer is not None else None
        if due is None:
            return  # No timer waits, or it failed when it began to.
        due = datetime.fromisoformat(due["next"] if isinstance(due, dict) else due)
        self.clock.move_to(max(due, datetime.now(UTC)) + timedelta(seconds=1))

    def _awaited(self, task: Task) -> list[str]:
        """What a waiting event waits for, in the words of the matrix."""
        definition = task.task_spec.event_definition
        if not isinstance(definition, plain.MultipleEventDefinition):
            return list(self._token(definition, task.task_spec.bpmn_id))
        places = [child.bpmn_id for child in task.task_spec.outputs]
        behind = isinstance(task.task_spec, EventBasedGateway)
        seen = [event.event_definition for event in task.internal_data.get("seen_events", [])]
        found: list[str] = []
        for place, one in enumerate(definition.event_definitions):
            if one not in seen:
                found += self._token(one, places[place] if behind else task.task_spec.bpmn_id)
        return found

    def _token(self, definition: Any, place: str) -> Iterator[str]:
        match definition:
            case plain.MessageEventDefinition():
                yield f"!{definition.name}"
            case plain.SignalEventDefinition():
                yield f"~{definition.name}"
            case TimerEventDefinition():
                yield f"@{place}"
            case plain.ConditionalEventDefinition():
                yield f"={place}"
            case plain.MultipleEventDefinition():
                for one in definition.event_definitions:
                    yield from self._token(one, place)

    def _beginning(self) -> list[str]:
        """The action that makes the row's start event happen."""
        if self.row.event is None:
            return []
        root = etree.fromstring(self.told.source)
        [event] = [node for node in root.iter() if node.get("id") == self.row.event]
        for kind, sign in (("message", "!"), ("signal", "~")):
            if (definition := event.find(f"{_BPMN}{kind}EventDefinition")) is not None:
                [thing] = [node for node in root.iter() if node.get("id") == definition.get(f"{kind}Ref")]
                said = [f"{name}={json.dumps(value)}" for name, value in self.row.first.items()]
                return [" ".join([sign + thing.get("name", ""), *said])]
        return [f"@{self.row.event}"] if event.find(f"{_BPMN}timerEventDefinition") is not None else []


def play(row: Row, *, plain_dialect: bool) -> tuple[str, str]:
    """The verdict, and why."""
    try:
        told = translate(row)
    except NoCounterpart as reason:
        return NONE, str(reason)
    with time_machine.travel(datetime(2026, 3, 2, 9, tzinfo=UTC), tick=False) as clock:
        try:
            case = Stock(row, told, plain_dialect=plain_dialect, clock=clock)
        except Exception as failure:
            return REFUSED, f"{type(failure).__name__}: {failure}"
        for number, line in enumerate(row.steps):
            action, _, expected = line.partition("->")
            got = case.step(action.strip()) if number else case.start()
            if sorted(got.split()) != sorted(expected.split()) and not told.sent & set(expected.split()):
                # What fails where no incident is meant is no other way through the diagram.
                words = f"after '{action}': {got or 'nothing waits'}, not {expected} {case.why}"
                return (FAILS if case.stuck else ANOTHER), words
        return _compare(case, row)


def _compare(case: Stock, row: Row) -> tuple[str, str]:
    """The variables and the way that the row names; flows have no trace here."""
    held = case.variables()
    if not any(all(data.get(name) == value for name, value in row.then.items()) for data in held):
        return ANOTHER, f"variables {held}, not {row.then}"
    flows = etree.fromstring(case.told.source).iter(f"{_BPMN}sequenceFlow")
    unseen = {flow.get("id") for flow in flows}
    visits = [place for place in row.visits if place not in unseen]
    came_by = [place for place, _ in groupby(place for place in case.came_by if place in visits)]
    # A person's task that still waits was reached, and is not yet done.
    came_by += [place for place in visits if place in case.waiting.split()]
    return (SAME, "") if came_by == visits else (ANOTHER, f"came by {came_by}, not {visits}")


def judge(row: Row) -> tuple[str, str]:
    """The better of two results, and why it is not better."""
    verdict, why = _apart(row, plain_dialect=False)
    if verdict in (SAME, NONE):
        return verdict, why
    other, _ = _apart(row, plain_dialect=True)
    return (SAME, "") if other == SAME else (verdict, why)


def _apart(row: Row, *, plain_dialect: bool) -> tuple[str, str]:
    """Play in a process of its own, which may hang."""
    fork = multiprocessing.get_context("fork")
    mine, theirs = fork.Pipe()
    child = fork.Process(target=_tell, args=(theirs, row, plain_dialect))
    child.start()
    theirs.close()
    try:
        if not mine.poll(_SILENCE):
            child.kill()
        verdict, why = mine.recv()
    except EOFError:
        child.join()
        # Whoever dies of something else has found a mistake of this file.
        assert child.exitcode in (-signal.SIGXCPU, -signal.SIGKILL), f"{row.id}: {child.exitcode}"
        verdict, why = HANGS, f"for {_PATIENCE} seconds"
    child.join()
    return verdict, why


def _tell(answer: Connection, row: Row, plain_dialect: bool) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (_PATIENCE, _PATIENCE + 1))
    warnings.simplefilter("ignore")
    answer.send(play(row, plain_dialect=plain_dialect))


def main(wanted: list[str]) -> None:
    """The table on standard output, or why the rows named got their verdicts."""
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["row", "verdict", *(["why"] if wanted else [])])
    for row in ROWS:
        if not wanted or any(word in row.id for word in wanted):
            table.writerow([row.id, *judge(row)][: 3 if wanted else 2])


if __name__ == "__main__":
    main(sys.argv[1:])
