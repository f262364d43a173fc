"""Playing a tiny diagram on the token game alone: in memory, or stored and read again between all steps.

A step is one line, ``action -> what waits afterwards``:

    -> a b                 the start; user tasks, jobs and receive tasks wait under their ids
    a x=1 -> @t            complete a (a task, job) with variables; @t is a timer that runs
    @t -> !m               let the timer's time come; !m is a subscription to a message
    !m x=1 -> ~s           the message comes to all that wait for it under this name
    ~s -> =c               somebody broadcasts the signal; =c waits for a condition
    a!CODE -> ?b           the job throws an error; ?b is an incident
    s:steps done=true ->   the handler of an ad-hoc sub-process says what is next: activate, done, cancel
    a:updating x=1 -> a a  somebody asks for a change of the task, which its listeners hear
    ?b x=1 -> ended        set variables and resolve; a case in which nothing is left is "ended"
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from complaintflow import feel
from complaintflow.bpmn.activities import JobWait, TaskWait
from complaintflow.bpmn.formula import read_time
from complaintflow.bpmn.game import Game
from complaintflow.bpmn.listening import ask
from complaintflow.bpmn.marking import freeze, thaw
from complaintflow.bpmn.node import Stuck
from complaintflow.bpmn.program import Program
from complaintflow.bpmn.token import Token
from complaintflow.bpmn.triggers import Moment, Subscription, TimerWait
from complaintflow.time.cron import read_cron


class Surroundings:
    """A clock that stands still between steps, and a decision that doubles ``x``."""

    ambient: Mapping[str, Any] = MappingProxyType({"case": {"key": "k"}, "policy": {}})
    functions: Mapping[str, Any] = MappingProxyType({})
    asked: Moment | None = None

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, tzinfo=UTC)

    def instant(self, value: datetime | date) -> datetime:
        if not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day, tzinfo=UTC)
        return value.astimezone(UTC)

    def after(
        self, interval: str | timedelta | feel.YearMonthDuration, start: datetime, *, again: bool = False
    ) -> Moment:
        cron = read_cron(interval) if isinstance(interval, str) else None
        if cron is not None and (following := cron.after(start, UTC)) is not None:
            return Moment(following)
        span = read_time(interval) if isinstance(interval, str) else interval
        if not isinstance(span, timedelta):
            raise Stuck("timer", f"{interval} is no span")
        return Moment(start + span)

    def decide(self, decision_id: str, token: Token) -> Any:
        return 2 * token.variables["x"]

    def may_begin(self, token: Token) -> None:
        """Always."""

    def began(self, token: Token) -> None:
        """Nothing to note."""

    def finished(self, token: Token, variables: Mapping[str, Any]) -> None:
        """Nothing to note."""


class Playing:
    """One case."""

    def __init__(self, program: Program, *, reloaded: bool) -> None:
        self.program = program
        self.reloaded = reloaded
        self.host = Surroundings()
        self.game = Game(program, self.host)
        self.rows: dict[tuple[str, int], Any] = {}
        self.trace: list[str] = []

    # -- what a row of the matrix asks ------------------------------------------------------

    def start(self, variables: dict[str, Any], event: str | None = None) -> str:
        self.game.start("p", variables, event)
        return self._after()

    def step(self, action: str) -> str:
        """Do one thing; returns what waits afterwards."""
        word, *pairs = action.split()
        variables = {name: json.loads(value) for name, value in (pair.split("=", 1) for pair in pairs)}
        if word[0] == "~":
            self._broadcast(word[1:], variables)
        elif word[0] == "!":
            for number in self._subscribed("message", word[1:]):
                self._fire(number, variables)
        elif word[0] == "@":
            number = next(n for (kind, n) in sorted(self.rows) if kind == "timer" and self._is(n, word[1:]))
            self.host.now = max(self.host.now, self.rows["timer", number].moment.at)
            self._fire(number, variables)
        elif word[0] == "?":
            token = self.game.token(self._stuck(word[1:]))
            for name, value in variables.items():
                token.variables.propagate(name, value)
            self.game.resolve(token.id, work_waits=False)
        elif ":" in word:
            element, kind = word.split(":")
            if kind == "steps":
                said = {"activate": [], "done": False, "cancel": False, "variables": {}} | variables
                self.game.complete(self._number(element), {}, said)
                return self._after()
            assert ask(self.game.token(self._number(element)), kind, "update", variables)
        elif "!" in word:
            element, code = word.split("!")
            self.game.throw(self._number(element), code, "", variables)
        else:
            self.game.complete(self._number(word), variables)
        return self._after()

    @property
    def waiting(self) -> str:
        """What waits, by id."""
        game, found = self.game, []
        for (kind, number), row in self.rows.items():
            element = game.token(number).task_spec.bpmn_id
            if kind == "incident":
                found.append(f"?{element}")
            elif isinstance(row, Subscription):
                found.append(f"{'!' if row.kind == 'message' else '~'}{row.name}")
            else:
                found.append(f"{'@' if kind == 'timer' else ''}{element}")
        found += [f"={token.task_spec.bpmn_id}" for token in game.watch.tokens.values()]
        return "ended" if game.top.completed else " ".join(sorted(found))

    # -- inside -----------------------------------------------------------------------------

    def _fire(self, number: int, variables: dict[str, Any]) -> None:
        if any(number in flow.tasks for flow in (self.game.top, *self.game.flows.values())):
            self.game.fire(number, variables)
            self._settle()

    def _broadcast(self, name: str, variables: dict[str, Any]) -> None:
        for number in self._subscribed("signal", name):
            self._fire(number, variables)

    def _subscribed(self, kind: str, name: str) -> list[int]:
        return [
            number
            for (_, number), row in sorted(self.rows.items())
            if isinstance(row, Subscription) and (row.kind, row.name) == (kind, name)
        ]

    def _number(self, element: str) -> int:
        found = [number for (kind, number) in sorted(self.rows) if kind != "incident" and self._is(number, element)]
        return found[0]

    def _is(self, number: int, element: str) -> bool:
        return bool(self.game.token(number).task_spec.bpmn_id == element)

    def _stuck(self, element: str) -> int:
        return next(number for (kind, number) in sorted(self.rows) if kind == "incident" and self._is(number, element))

    def _after(self) -> str:
        """Write down the rows, deliver what was thrown to everybody, store and read."""
        self._settle()
        game = self.game
        while game.broadcasts:
            name, cargo = game.broadcasts.pop(0)
            self._broadcast(name, cargo)
        self.trace += game.path
        if self.reloaded and not game.top.completed:
            stored = json.dumps(freeze(game), sort_keys=True)
            self.game = thaw(json.loads(stored), self.program, self.host)
            assert json.dumps(freeze(self.game), sort_keys=True) == stored
        else:
            game.path.clear()
        return self.waiting

    def _settle(self) -> None:
        game = self.game
        for key in game.closed:
            self.rows.pop(key, None)
        self.rows.update(game.opened)
        for number in game.stuck:
            self.rows["incident", number] = None
        live = {number for flow in (game.top, *game.flows.values()) for number in flow.tasks}
        assert {number for _, number in self.rows} <= live, "a row is open for a token that is gone"
        assert all(
            isinstance(row, (JobWait, TaskWait, TimerWait, Subscription, type(None))) for row in self.rows.values()
        )
        # Each delivery is a command of its own.
        game.first_token = game.next_token
        game.closed.clear()
        game.opened.clear()
        game.stuck.clear()
