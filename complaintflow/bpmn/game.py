"""The token game of one case: commands in, rows to open and close out. No I/O.

start / complete / fire / throw / fail / resolve      one of them moves the marking
settle                                                tokens run until all of them wait
opened, closed, path, notes                           what the command did
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

from SpiffWorkflow.util.task import TaskState

from complaintflow.bpmn import farewell
from complaintflow.bpmn.activities import EventSubProcess, JobWait, TaskWait
from complaintflow.bpmn.asking import Asking, Host, Note
from complaintflow.bpmn.listening import Listener, deny, hold, hold_flow, is_held
from complaintflow.bpmn.node import Node, Stuck
from complaintflow.bpmn.resting import close_flows, fire_joins
from complaintflow.bpmn.scope import Scope
from complaintflow.bpmn.sleeping import Flows, Sleepers
from complaintflow.bpmn.throwing import throw_error
from complaintflow.bpmn.token import CHOOSE, ENTER, LEAVE, Flow, Token
from complaintflow.bpmn.triggers import Subscription, TimerWait
from complaintflow.bpmn.watching import Watch
from complaintflow.errors import EvaluationError

if TYPE_CHECKING:
    from complaintflow.bpmn.program import Program

Wait = TaskWait | JobWait | TimerWait | Subscription

# One command visits a handful of nodes; so many can only be a loop that nothing stops.
MAX_VISITS: Final = 20_000


class Game(Asking):
    """The marking of one case and the moves on it."""

    def __init__(self, program: Program, host: Host) -> None:
        super().__init__(host)
        self.program = program
        self.flows = Flows()
        self.scopes = Sleepers()
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
        self.broadcasts: list[tuple[str, dict[str, Any]]] = []
        self.watch = Watch()
        # Open tasks that become something else: token -> what, under Camunda's names.
        self.revised: dict[int, dict[str, Any]] = {}
        # Listeners of what was just cancelled, and all that this command has left so.
        self.parting: list[Token] = []
        self.farewells: list[Token] = []

    # -- commands ---------------------------------------------------------------------------

    def start(self, process_id: str, variables: dict[str, Any], event: str | None = None) -> None:
        """Open the case's outermost flow.

        Args:
            event: what begins it: a start event, or what waits for the event that begins a case; else the start event
                that the process is entered by.
        """
        spec = self.program.processes[process_id]
        start: Any = spec.task_specs[event] if event is not None else spec.plain_start
        # What an event brings goes through its output mappings; what a person says is simply there.
        brought = variables if event is not None and start.trigger is not None else {}
        self.top = Flow(self, spec, None, self.new_scope(None, {} if brought else variables))
        self._begin(self.top, start, brought)
        self.settle()

    def complete(self, number: int, variables: dict[str, Any], answer: dict[str, Any] | None = None) -> None:
        """A task, job or message of this token is done with these results, or with an answer in place of them."""
        token = self.token(number)
        if answer is not None:
            token.task_spec.answer(token, answer)
        if not is_held(token):
            self.finish(token, variables)
        self.settle()

    def fire(self, number: int, variables: dict[str, Any]) -> None:
        """The event this token waits for happened."""
        token = self.token(number)
        try:
            if not is_held(token):
                token.task_spec.happen(token, variables)
        except Stuck as stuck:
            self.halt(token, stuck)
        self.settle()

    def throw(self, number: int, code: str, message: str, variables: dict[str, Any]) -> bool:
        """A job ended with a BPMN error. Returns whether anything caught it; else it is an incident."""
        token = self.token(number)
        caught = deny(token) if isinstance(token.task_spec, Listener) else throw_error(token, code, variables, message)
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
        visits, watched = 0, self.program.watches
        while True:
            while self.ready or (watched and self.watch.pending):
                if watched and self.watch.pending:
                    self.watch.look()
                    continue
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
                if token.host is None and not token.task_spec.arms_flow and not token.task_spec.aside:
                    self.visit(token.workflow, token.task_spec.bpmn_id)
                if token.phase == ENTER and not token.is_iteration:
                    self.host.began(token)
                try:
                    token.run()
                except Stuck as stuck:
                    self.halt(token, stuck)
            if not fire_joins(self) and not close_flows(self):
                return

    # -- what nodes ask for -----------------------------------------------------------------

    def token(self, number: int) -> Token:
        """The live token of this number. Raises KeyError."""
        flow = self.top if number in self.top.tasks else self.flows.home(number)
        if flow is None:
            raise KeyError(number)
        found: Token = flow.tasks[number]
        return found

    def place(self, flow: Flow, node: Node, host: Token | None = None) -> Token:
        """A token at a node that is not run."""
        token = Token(flow, node, self.next_token, host, TaskState.WAITING)
        (host or flow.task_tree)._children.append(token.id)
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
            if node.listeners and self._completing(token, variables):
                return
            token.phase = LEAVE
            if not token.is_iteration and not node.aside:
                self.host.finished(token, variables)
        try:
            if token.phase == LEAVE:
                node.merge_results(token, variables)
                node.map_outputs(token)
                token.phase = CHOOSE
            if node.listeners and hold(token, "end"):
                self.close_row(token)
                return
            if token.is_iteration:
                node.loop.collect(token)
            else:
                token.route = node.choose(token)
        except Stuck as stuck:
            # What the token waited for has come; only its way out is missing.
            self.close_row(token)
            self.halt(token, stuck)
            return
        flow = token.workflow
        if not node.aside:
            self.visit(flow, node.bpmn_id)
        self.close_waits(token)
        token.complete()
        if flow.spec.ad_hoc is not None and not node.aside:
            flow.spec.ad_hoc.left(flow, node)

    def _completing(self, token: Token, variables: dict[str, Any]) -> bool:
        """Whether listeners are to be asked before a task's completion counts."""
        token.internal_data["results"] = dict(variables)
        if hold(token, "completing", "complete"):
            return True
        del token.internal_data["results"]
        return False

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
        """Open an inner flow under a token, and begin it."""
        flow = self.add_flow(host, spec, scope, owns_scope=owns_scope)
        self._begin(flow, spec.plain_start, brought or {})
        self.touched.add(flow)

    def add_flow(self, host: Token, spec: Any, scope: Scope, *, owns_scope: bool = False) -> Flow:
        """Open an inner flow under a token, with nothing in it yet."""
        flow = Flow(self, spec, host, scope, owns_scope=owns_scope)
        self.flows[flow.number] = flow
        return flow

    def cancel(self, token: Token) -> list[Token]:
        """Cancel a token; returns those of the listeners that are to be heard before anything follows."""
        self.parting = []
        token.cancel()
        return self.parting

    def cancel_flow(self, flow: Flow) -> list[Token]:
        """The same for all tokens of a flow."""
        self.parting = []
        flow.cancel_tokens()
        return self.parting

    def go_on(self, token: Token, variables: dict[str, Any], parting: list[Token]) -> None:
        """Leave an event or a loop, or begin an event sub-process, once those have been heard."""
        if parting:
            token.internal_data |= {"parting": len(parting), "brought": variables}
            for listener in parting:
                listener.internal_data["then"] = token.id
        elif isinstance(token.task_spec, EventSubProcess):
            if variables:
                token.internal_data["brought"] = variables
            token._state = TaskState.READY
            self.ready.append(token)
        else:
            self.finish(token, variables)

    def part(self, token: Token, flow: Flow) -> bool:
        """See ``farewell``."""
        node = token.task_spec
        return bool(node.listeners or node.outlasts) and farewell.part(token, flow)

    def heard(self, flow: Flow, listener: Listener, data: dict[str, Any], variables: dict[str, Any]) -> None:
        """See ``farewell``."""
        farewell.heard(flow, listener, data, variables)

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
        if self.program.watches:
            scope.journal = self.watch.journal
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

    def broadcast(self, name: str, variables: dict[str, Any]) -> None:
        """Throw a signal: to every case, this one included, after the command."""
        self.broadcasts.append((name, variables))

    def close_scope(self, scope: Scope) -> None:
        """Forget a scope."""
        self.scopes.pop(scope.number, None)

    # -- settling ---------------------------------------------------------------------------

    def _begin(self, flow: Flow, start: Node | None, variables: dict[str, Any]) -> None:
        """Ask the process's start listeners first."""
        if not hold_flow(flow, "start", {"start": start.name if start is not None else None, "brought": variables}):
            self.enter(flow, start, variables)

    def enter(self, flow: Flow, start: Node | None, variables: dict[str, Any]) -> None:
        """Arm the event sub-processes, then leave the start event; where none is drawn, go where nothing leads to."""
        self.arm(flow)
        if start is not None:
            for edge in start.incoming:
                edge.source.begin_with(edge, flow)
            self.visit(flow, start.bpmn_id)
            self.finish(self.place(flow, start), variables)
        else:
            for node in flow.spec.sources:
                self.spawn(flow, node)

    def arm(self, flow: Flow) -> None:
        """Let the event sub-processes of a flow wait for their events."""
        for body in flow.spec.event_subprocesses:
            if body.armed is not None:
                token = self.place(flow, body.armed)
                token._state = TaskState.READY
                self.ready.append(token)
