"""The token game of one case: commands in, rows to open and close out. No I/O.

start / complete / fire / throw / fail / resolve      one of them moves the marking
settle                                                tokens run until all of them wait
opened, closed, path, notes                           what the command did
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from SpiffWorkflow.util.task import TaskState

from complaintflow import feel
from complaintflow.bpmn.activities import Activity, CallActivity, JobWait, TaskWait
from complaintflow.bpmn.events import BoundaryEvent
from complaintflow.bpmn.formula import read_time, shown
from complaintflow.bpmn.gateways import InclusiveGateway
from complaintflow.bpmn.node import Node, Stuck
from complaintflow.bpmn.scope import Scope
from complaintflow.bpmn.token import CHOOSE, ENTER, LEAVE, Flow, Token
from complaintflow.bpmn.triggers import ErrorTrigger, EscalationTrigger, Moment, Subscription, TimerWait
from complaintflow.errors import ComplaintflowError, EvaluationError

if TYPE_CHECKING:
    from complaintflow.bpmn.formula import Formula
    from complaintflow.bpmn.program import Program

Wait = TaskWait | JobWait | TimerWait | Subscription

# One command visits a handful of nodes; so many can only be a loop that nothing stops.
MAX_VISITS: Final = 20_000


class Host(Protocol):
    """What the game asks of the case around it."""

    now: datetime
    ambient: Mapping[str, Any]
    functions: Mapping[str, Callable[..., Any]]
    asked: Moment | None

    def instant(self, value: datetime | date) -> datetime:
        """A FEEL time as an aware UTC time; one without a zone is the organisation's."""

    def after(
        self, interval: str | timedelta | feel.YearMonthDuration, start: datetime, *, again: bool = False
    ) -> Moment:
        """``start`` plus a duration, its ISO 8601 text, or an interval like "7 days". Raises Stuck.

        ``again`` says that ``start`` is the end of the same interval before.
        """

    def decide(self, decision_id: str, token: Token) -> Any:
        """Evaluate a decision with the token's variables. Raises Stuck."""

    def may_begin(self, token: Token) -> None:
        """Raises Stuck when the node promises something that is not decided yet."""

    def began(self, token: Token) -> None:
        """The token came to its node."""

    def finished(self, token: Token, variables: Mapping[str, Any]) -> None:
        """The node did its work, all rounds of it, with these results."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth remembering that no row shows. ``kind`` is e.g. warning, caught, uncaught, cancelled."""

    kind: str
    element: str
    detail: dict[str, Any]


class Game:
    """The marking of one case and the moves on it."""

    def __init__(self, program: Program, host: Host) -> None:
        self.program = program
        self.host = host
        self.flows: dict[int, Flow] = {}
        self.scopes: dict[int, Scope] = {}
        self.top: Flow
        self.next_token = 1
        # Tokens of this command have higher numbers, and no rows yet.
        self.first_token = 1
        self.next_scope = 1
        self.ready: deque[Token] = deque()
        self.touched: set[Flow] = set()
        self.opened: dict[tuple[str, int], Wait] = {}
        self.closed: list[tuple[str, int]] = []
        self.stuck: dict[int, Stuck] = {}
        self.path: list[str] = []
        self.notes: list[Note] = []
        self.broadcasts: list[tuple[str, dict[str, Any]]] = []

    # -- commands ---------------------------------------------------------------------------

    def start(self, process_id: str, variables: dict[str, Any], event: str | None = None) -> None:
        """Open the case's outermost flow at its start event (the one named, else the one it is entered by)."""
        spec = self.program.processes[process_id]
        scope = self.new_scope(None, variables)
        self.top = Flow(self, spec, None, scope)
        start = spec.task_specs[event] if event is not None else spec.plain_start
        self._begin(self.top, start, {})
        self.settle()

    def complete(self, number: int, variables: dict[str, Any]) -> None:
        """A task, job or message of this token is done with these results."""
        self.finish(self.token(number), variables)
        self.settle()

    def fire(self, number: int, variables: dict[str, Any]) -> None:
        """The event this token waits for happened."""
        token = self.token(number)
        try:
            token.task_spec.happen(token, variables)
        except Stuck as stuck:
            self.halt(token, stuck)
        self.settle()

    def throw(self, number: int, code: str, message: str, variables: dict[str, Any]) -> bool:
        """A job ended with a BPMN error. Returns whether anything caught it; else it is an incident."""
        token = self.token(number)
        caught = self.throw_error(token, code, variables)
        if not caught:
            self.halt(
                token, Stuck("error", f"nothing around '{token.task_spec.label}' catches the error {code}: {message}")
            )
        self.settle()
        return caught

    def fail(self, number: int, stuck: Stuck) -> None:
        """A job has no retries left."""
        self.halt(self.token(number), stuck)

    def resolve(self, number: int, *, work_waits: bool) -> None:
        """A person cleared the incident: try again where the token stopped.

        Args:
            number: the token.
            work_waits: its job is still in the outbox and will run again; there is nothing to redo here.
        """
        token = self.token(number)
        del token.internal_data["stuck"]
        self.closed.append(("incident", number))
        if token.internal_data.pop("happened", False):
            token.task_spec.happen(token, {})
        elif token.phase >= LEAVE:
            self.finish(token, {})
        elif not work_waits:
            token._set_state(TaskState.READY)
            self.ready.append(token)
        self.settle()

    def settle(self) -> None:
        """Run tokens until every one of them waits, and close what is complete.

        Raises:
            EvaluationError: the process runs in a circle without ever waiting.
        """
        visits = 0
        while True:
            while self.ready:
                token = self.ready.popleft()
                if token._state != TaskState.READY:
                    continue
                visits += 1
                if visits > MAX_VISITS:
                    raise EvaluationError(
                        f"the process visited {MAX_VISITS:,} elements without coming to rest",
                        where=token.task_spec.where,
                        advice="draw something that waits, or a condition that ends the loop",
                    )
                if token.host is None and not token.task_spec.arms_flow:
                    self.visit(token.workflow, token.task_spec.bpmn_id)
                if token.phase == ENTER and not token.is_iteration:
                    self.host.began(token)
                try:
                    token.run()
                except Stuck as stuck:
                    self.halt(token, stuck)
            if not self._fire_joins() and not self._close_flows():
                return

    # -- what nodes ask for -----------------------------------------------------------------

    def token(self, number: int) -> Token:
        """The live token of this number. Raises KeyError."""
        if number in self.top.tasks:
            return self.top.tasks[number]
        for flow in self.flows.values():
            if number in flow.tasks:
                return flow.tasks[number]
        raise KeyError(number)

    def place(self, flow: Flow, node: Node, host: Token | None = None) -> Token:
        """A token at a node that is not run."""
        token = Token(flow, node, self.next_token, host, TaskState.WAITING)
        self.next_token += 1
        return token

    def spawn(self, flow: Flow, node: Node, brought: dict[str, Any] | None = None) -> Token:
        """A token that will run; what an event brought waits for the start event of its event sub-process."""
        token = self.place(flow, node)
        if brought:
            token.internal_data["brought"] = brought
        token._state = TaskState.READY
        self.ready.append(token)
        return token

    def host_token(self, host: Token, node: Node) -> Token:
        """A token that will run, waiting on another one."""
        token = self.place(host.workflow, node, host)
        token._state = TaskState.READY
        self.ready.append(token)
        return token

    def finish(self, token: Token, variables: dict[str, Any]) -> None:
        """Take the results, choose the way out, and leave; a token that cannot becomes an incident."""
        node = token.task_spec
        if token.phase < LEAVE:
            token.phase = LEAVE
            if not token.is_iteration:
                self.host.finished(token, variables)
        try:
            if token.phase == LEAVE:
                node.merge_results(token, variables)
                node.map_outputs(token)
                token.phase = CHOOSE
            if token.is_iteration:
                node.loop.collect(token)
            else:
                token.route = node.choose(token)
        except Stuck as stuck:
            # What the token waited for has come; only its way out is missing.
            self.close_row(token)
            self.halt(token, stuck)
            return
        self.visit(token.workflow, node.bpmn_id)
        self.close_waits(token)
        token.complete()

    def halt(self, token: Token, stuck: Stuck) -> None:
        """Stop a token for a person to look at."""
        token._set_state(TaskState.WAITING)
        token.internal_data["stuck"] = stuck.kind
        self.stuck[token.id] = stuck

    def open_flow(
        self,
        host: Token,
        spec: Any,
        scope: Scope,
        *,
        brought: dict[str, Any] | None = None,
        owns_scope: bool = False,
    ) -> None:
        """Open an inner flow under a token."""
        flow = Flow(self, spec, host, scope, owns_scope=owns_scope)
        self.flows[flow.number] = flow
        self._begin(flow, spec.plain_start, brought or {})
        self.touched.add(flow)

    def visit(self, flow: Flow, element: str) -> None:
        """Note that the case came by an element or flow; those of a called process carry its id in front."""
        process = flow.spec.process_id
        place = element if process == self.top.spec.process_id else f"{process}/{element}"
        if self.path[-1:] != [place]:
            self.path.append(place)

    def open(self, kind: str, wait: Wait) -> None:
        """Ask for a row."""
        self.opened[kind, wait.token.id] = wait

    def missed(self, token: Token, rounds: int) -> None:
        """Note rounds of a cycle that went by unseen."""
        self.notes.append(Note("rounds-missed", token.task_spec.bpmn_id, {"rounds": rounds}))

    def close_waits(self, token: Token) -> None:
        """Take the token's rows back."""
        self.close_row(token)
        if token.internal_data.pop("stuck", None) is not None:
            self.stuck.pop(token.id, None)
            self._close("incident", token)

    def close_row(self, token: Token) -> None:
        """Take back the row of what the token waits for."""
        kind = token.task_spec.waits
        if kind is not None:
            self.opened.pop((kind, token.id), None)
            self._close(kind, token)

    def _close(self, kind: str, token: Token) -> None:
        if token.id < self.first_token:
            self.closed.append((kind, token.id))

    def new_scope(self, parent: Scope | None, variables: dict[str, Any]) -> Scope:
        """Open a scope."""
        scope = Scope(self.next_scope, parent, variables, self.host.ambient)
        self.next_scope += 1
        self.scopes[scope.number] = scope
        return scope

    def own_scope(self, token: Token) -> Scope:
        """The token's own scope, opened when it is first needed."""
        if token.scope is None:
            token.scope = self.new_scope(token.surroundings, {})
        return token.scope

    def detached(self, parent: Scope, variables: dict[str, Any]) -> Scope:
        """A scope for one evaluation, not kept."""
        return Scope(0, parent, variables, self.host.ambient)

    def close_scope(self, scope: Scope) -> None:
        """Forget a scope."""
        self.scopes.pop(scope.number, None)

    # -- values -----------------------------------------------------------------------------

    def value(self, formula: Formula, scope: Mapping[str, Any]) -> Any:
        """Evaluate; what went wrong inside is null and a note.

        Raises:
            Stuck: the expression did too much work.
        """
        warnings: list[Any] = []
        try:
            result = formula.value(scope, self.host.functions, warnings)
        except ComplaintflowError as error:
            # A bound was passed, or a function of ours was asked for a deadline or time that does not exist.
            raise Stuck("expression", str(error)) from None
        for warning in warnings:
            self.notes.append(Note("warning", formula.where, {"expression": formula.text, "warning": str(warning)}))
        return result

    def holds(self, formula: Formula, scope: Mapping[str, Any]) -> bool:
        """Evaluate a condition.

        Raises:
            Stuck: it is neither true nor false.
        """
        value = self.value(formula, scope)
        if value is True or value is False:
            return bool(value)
        raise Stuck("condition", f"the condition '{formula.text}' is {shown(value)}, neither true nor false")

    def text(self, formula: Formula, scope: Mapping[str, Any]) -> str:
        """Evaluate to a text that is not empty.

        Raises:
            Stuck: it is something else.
        """
        value = self.value(formula, scope)
        if isinstance(value, str) and value:
            return value
        raise Stuck("expression", f"'{formula.text}' gave {shown(value)}, not a text")

    def moment(self, formula: Formula, scope: Mapping[str, Any], *, duration: bool = False) -> Moment:
        """Evaluate to a time; a duration counts from now.

        Raises:
            Stuck: it is neither.
        """
        self.host.asked = None
        value = self.value(formula, scope)
        asked, self.host.asked = self.host.asked, None
        if isinstance(value, str):
            value = read_time(value)
        if duration and isinstance(value, (timedelta, feel.YearMonthDuration)):
            return self.host.after(value, self.host.now)
        if isinstance(value, (datetime, date)):
            at = self.host.instant(value)
            return asked if asked is not None and asked.at == at else Moment(at)
        raise Stuck("timer", f"'{formula.text}' gave {shown(value)}, not a {'duration' if duration else 'time'}")

    # -- throwing ---------------------------------------------------------------------------

    def throw_error(self, origin: Token, code: str, variables: dict[str, Any]) -> bool:
        """Walk outward to the nearest error event that catches the code."""
        return self._walk(origin, ErrorTrigger, code, variables)

    def escalate(self, origin: Token, code: str, variables: dict[str, Any]) -> None:
        """Walk outward to the nearest escalation event; nobody need catch it."""
        if not self._walk(origin, EscalationTrigger, code, variables):
            self.notes.append(Note("uncaught", origin.task_spec.bpmn_id, {"escalation": code}))

    def broadcast(self, name: str, variables: dict[str, Any]) -> None:
        """Throw a signal: to every case, this one included, after the command."""
        self.broadcasts.append((name, variables))

    def _walk(
        self, origin: Token, wanted: type[ErrorTrigger | EscalationTrigger], code: str, variables: dict[str, Any]
    ) -> bool:
        token: Token | None = origin
        while token is not None:
            node = token.task_spec
            if isinstance(node, Activity) and not token.is_iteration:
                catcher = _matching(node.boundary, wanted, code)
                if catcher is not None:
                    self.notes.append(Note("caught", catcher.name, {wanted.kind: code}))
                    catcher.catch(token, variables)
                    return True
            if token.host is not None:
                token = token.host
                continue
            flow = token.workflow
            starts = [] if flow.interrupted else [b.start_event for b in flow.spec.event_subprocesses if b is not node]
            start = _matching(starts, wanted, code)
            if start is not None:
                self.notes.append(Note("caught", start.name, {wanted.kind: code}))
                if start.interrupting:
                    flow.cancel_tokens()
                self.spawn(flow, start.body, brought=variables)
                return True
            token = flow.host
        return False

    # -- settling ---------------------------------------------------------------------------

    def _begin(self, flow: Flow, start: Node | None, variables: dict[str, Any]) -> None:
        """Arm the event sub-processes, then leave the start event; where none is drawn, go where nothing leads to."""
        self._arm(flow)
        if start is not None:
            self.visit(flow, start.bpmn_id)
            self.finish(self.place(flow, start), variables)
        else:
            for node in flow.spec.sources:
                self.spawn(flow, node)

    def _arm(self, flow: Flow) -> None:
        for body in flow.spec.event_subprocesses:
            if body.armed is not None:
                token = self.place(flow, body.armed)
                token._state = TaskState.READY
                self.ready.append(token)

    def _fire_joins(self) -> bool:
        """Inclusive gateways can only be judged when everything else is at rest."""
        for flow in (self.top, *self.flows.values()):
            for name in list(flow.joins):
                node = flow.spec.task_specs[name]
                if isinstance(node, InclusiveGateway) and node.may_fire(flow):
                    node.fire(flow)
                    return True
        return False

    def _close_flows(self) -> bool:
        """Complete a flow in which nothing is left; True if that moved anything."""
        for flow in list(self.touched):
            self.touched.discard(flow)
            if flow.busy or flow.completed:
                continue
            if flow.joins:
                self._deadlock(flow)
                continue
            flow.cancel_tokens()
            flow.close()
            if flow.host is not None:
                host = flow.host
                if isinstance(host.task_spec, CallActivity):
                    host.task_spec.returned(host, flow.scope.variables)
                else:
                    self.finish(host, {})
                return True
        return False

    def _deadlock(self, flow: Flow) -> None:
        """A join waits for a flow that nothing can bring: better an incident than silence."""
        name, counts = next(iter(flow.joins.items()))
        del flow.joins[name]
        node = flow.spec.task_specs[name]
        missing = ", ".join(edge.id for edge in node.incoming if not counts[edge.index])
        token = self.place(flow, node)
        self.halt(token, Stuck("join", f"'{node.label}' waits for {missing}, and nothing can come that way any more"))


def _matching(
    events: list[Any], wanted: type[ErrorTrigger | EscalationTrigger], code: str
) -> BoundaryEvent | Any | None:
    """The event that names this code, else one that catches any."""
    fitting = [event for event in events if isinstance(event.trigger, wanted) and event.trigger.code in (code, None)]
    return min(fitting, key=lambda event: event.trigger.code is None, default=None)
