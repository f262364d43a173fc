"""Activities: work for a person, a handler, a table, a formula, or another flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from complaintflow.bpmn import compensation, drafting
from complaintflow.bpmn.formula import plain
from complaintflow.bpmn.listening import hold
from complaintflow.bpmn.node import Node, Stuck
from complaintflow.bpmn.people import name_in, names_in, priority_in
from complaintflow.bpmn.token import BEGIN, ENTER
from complaintflow.bpmn.triggers import MessageTrigger, Moment
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.bpmn.events import ArmedStart, BoundaryEvent, StartEvent
    from complaintflow.bpmn.formula import Formula
    from complaintflow.bpmn.loops import Loop, StandardLoop
    from complaintflow.bpmn.node import Edge
    from complaintflow.bpmn.scope import Scope
    from complaintflow.bpmn.token import Flow, Token


@dataclass(frozen=True, slots=True)
class JobWait:
    """Work for a handler."""

    token: Token
    type: str
    retries: int


@dataclass(frozen=True, slots=True)
class TaskWait:
    """Work for a person."""

    token: Token
    groups: tuple[str, ...]
    users: tuple[str, ...]
    assignee: str | None
    priority: int
    due: Moment | None
    follow_up: Moment | None


class Activity(Node):
    """What all activities share: input mappings, attached events, loops."""

    def __init__(self, flow_spec: Any, name: str, **attributes: Any) -> None:
        super().__init__(flow_spec, name, **attributes)
        self.boundary: list[BoundaryEvent] = []
        # How many tokens it takes to begin it, and how many leave by each of its flows (BPMN 2.0.2, 10.3).
        self.start_quantity = 1
        self.completion_quantity = 1
        self.loop: Loop | StandardLoop | None = None
        # Compensation: whether this undoes another activity, what undoes this one, what undoes what is inside.
        self.for_compensation = False
        self.handler: Activity | None = None
        self.undo: compensation.Undo | None = None

    def arrive(self, edge: Edge, flow: Flow) -> None:
        """A sequence flow brought a token: it may have to wait for more, by whatever flow they come."""
        if self.start_quantity > 1:
            counts = flow.joins.setdefault(self.name, [0] * len(self.incoming))
            counts[edge.index] += 1
            flow.game.touched.add(flow)
            if sum(counts) < self.start_quantity:
                return
            del flow.joins[self.name]
        super().arrive(edge, flow)

    def choose(self, token: Token) -> list[Edge]:
        """Each of its flows as often as tokens leave by it."""
        return super().choose(token) * self.completion_quantity

    def _run(self, token: Token) -> Any:
        if self._is_body(token):
            assert self.loop is not None
            return self.loop.begin(token) if token.phase == ENTER else self.loop.decide(token)
        if token.phase == ENTER:
            self.map_inputs(token)
            if not token.is_iteration:
                self.arm(token)
            token.phase = BEGIN
        token.game.host.may_begin(token)
        return self.begin(token)

    def begin(self, token: Token) -> Any:
        """Start the work: None waits, a dict is done with these results.

        Raises:
            Stuck: it cannot begin.
        """
        return True

    def arm(self, token: Token) -> None:
        """Arm the attached events that wait by themselves; errors and escalations are looked up when thrown."""
        for event in self.boundary:
            if event.trigger is not None and event.trigger.armed:
                token.game.host_token(token, event)

    def _is_body(self, token: Token) -> bool:
        return self.loop is not None and not token.is_iteration

    def merge_results(self, token: Token, variables: dict[str, Any]) -> None:
        """Per iteration; a loop's body brings nothing but its output collection."""
        if self._is_body(token):
            for name, value in variables.items():
                token.surroundings.propagate(name, value)
        else:
            super().merge_results(token, variables)

    def map_outputs(self, token: Token) -> None:
        """Per iteration; a loop's body has nothing of its own to map."""
        if not self._is_body(token):
            super().map_outputs(token)

    def _on_complete(self, token: Token) -> None:
        if self.handler is not None or self.undo is not None:
            compensation.remember(token)
        body = token.host if token.is_iteration else None
        super()._on_complete(token)
        if body is not None and self.loop is not None:
            self.loop.iterated(body)
        elif self.for_compensation:
            compensation.undone(token)

    def _on_cancel(self, token: Token) -> None:
        super()._on_cancel(token)
        if self.for_compensation:
            compensation.undone(token)


class PlainTask(Activity):
    """``task`` and ``manualTask``: nothing to execute, the flow goes on (as in Camunda 8)."""

    tag = "task"


class UserTask(Activity):
    """Work for a person, with a form, candidates and a due date.

    Attributes:
        form_reference: where a form is that is not the library's: it is shown to whoever asks for the task.
    """

    tag = "userTask"
    waits = "task"

    def __init__(self, flow_spec: Any, name: str, **attributes: Any) -> None:
        super().__init__(flow_spec, name, manual=True, **attributes)
        self.form_id: str | None = None
        self.form_reference: str | None = None
        self.assignee: Formula | None = None
        self.groups: Formula | None = None
        self.users: Formula | None = None
        self.due: Formula | None = None
        self.follow_up: Formula | None = None
        self.priority: Formula | None = None

    def begin(self, token: Token) -> Any:
        """Put the task into the inbox, once its listeners have let it."""
        if self.listeners:
            data = token.internal_data
            if "draft" not in data:
                data["draft"] = drafting.stored(self._wanted(token))
            if hold(token, "creating", "create"):
                return None
            if data["draft"]["assignee"] and self.assignee is not None and hold(token, "assigning", "assign"):
                return None
            wait = drafting.restored(TaskWait, token, data.pop("draft"))
        else:
            wait = self._wanted(token)
        if wait.due is not None:
            wait.due.mark(token)
        token.game.open("task", wait)
        return None

    def _wanted(self, token: Token) -> TaskWait:
        """What the diagram says of the task."""
        game, scope = token.game, token.variables
        priority = game.value(self.priority, scope) if self.priority is not None else 50
        return TaskWait(
            token,
            groups=names_in(game.value(self.groups, scope)) if self.groups is not None else (),
            users=names_in(game.value(self.users, scope)) if self.users is not None else (),
            assignee=name_in(game.value(self.assignee, scope)) if self.assignee is not None else None,
            priority=priority_in(priority, self.label),
            due=game.moment(self.due, scope) if self.due is not None else None,
            follow_up=game.moment(self.follow_up, scope) if self.follow_up is not None else None,
        )


@dataclass(frozen=True, slots=True)
class Job:
    """A job definition: which handler, how many attempts."""

    type: Formula
    retries: Formula | None
    # The variable that takes what the handler returns, whatever it is; without it, it returns variables by name.
    result: str | None = None

    def open(self, token: Token) -> None:
        """Put the job into the outbox.

        Raises:
            Stuck: type or retries did not evaluate.
        """
        game, scope = token.game, token.variables
        retries = plain(game.value(self.retries, scope)) if self.retries is not None else 3
        if isinstance(retries, str) and retries.strip().isdigit():
            retries = int(retries)
        if isinstance(retries, bool) or not isinstance(retries, int) or retries < 1:
            raise Stuck("expression", f"the retries of '{token.task_spec.label}' are {retries!r}, not a number above 0")
        game.open("job", JobWait(token, game.text(self.type, scope), retries))


class JobTask(Activity):
    """``serviceTask``, ``sendTask``, and script or decision tasks that name a job type."""

    tag = "serviceTask"
    waits = "job"

    def __init__(self, flow_spec: Any, name: str, **attributes: Any) -> None:
        super().__init__(flow_spec, name, **attributes)
        self.job: Job | None = None

    def begin(self, token: Token) -> Any:
        """Leave the work to a handler."""
        assert self.job is not None
        self.job.open(token)
        return None


class ScriptTask(Activity):
    """A FEEL formula whose value becomes a variable."""

    tag = "scriptTask"

    def __init__(self, flow_spec: Any, name: str, **attributes: Any) -> None:
        super().__init__(flow_spec, name, **attributes)
        self.script: Formula | None = None
        self.result_variable: str = ""

    def begin(self, token: Token) -> Any:
        """Evaluate at once."""
        assert self.script is not None
        return {self.result_variable: plain(token.game.value(self.script, token.variables))}


class DecisionTask(Activity):
    """A DMN decision whose result becomes a variable."""

    tag = "businessRuleTask"

    def __init__(self, flow_spec: Any, name: str, **attributes: Any) -> None:
        super().__init__(flow_spec, name, **attributes)
        self.decision: Formula | None = None
        self.result_variable: str = ""
        # How a Camunda 7 diagram wants the result; None takes it as the decision gives it.
        self.shape: str | None = None

    def begin(self, token: Token) -> Any:
        """Evaluate at once."""
        assert self.decision is not None
        game = token.game
        value = game.host.decide(game.text(self.decision, token.variables), token)
        return {self.result_variable: plain(value)}


class ReceiveTask(Activity):
    """Waits for a message."""

    tag = "receiveTask"
    waits = "subscription"

    def __init__(self, flow_spec: Any, name: str, **attributes: Any) -> None:
        super().__init__(flow_spec, name, **attributes)
        self.trigger: MessageTrigger | None = None
        # Whether its message begins a case.
        self.instantiates = False

    def begin(self, token: Token) -> Any:
        """Subscribe."""
        assert self.trigger is not None
        self.trigger.arm(token)
        return None

    def happen(self, token: Token, variables: dict[str, Any]) -> None:
        """The message came: directly, or as the first behind an event-based gateway."""
        game = token.game
        if token.host is None or token.is_iteration:
            game.finish(token, variables)
            return
        # Behind an event-based gateway, the first that comes.
        flow, gateway = token.workflow, token.host
        gateway.task_spec.leave(gateway, self)
        game.finish(game.place(flow, self), variables)


class SubProcess(Activity):
    """A flow within the flow."""

    tag = "subProcess"

    def __init__(self, flow_spec: Any, name: str, **attributes: Any) -> None:
        super().__init__(flow_spec, name, **attributes)
        self.inner: Any = None

    def begin(self, token: Token) -> Any:
        """Open the inner flow; its completion completes this activity."""
        token.game.open_flow(token, self.inner, token.variables)
        return None


class Transaction(SubProcess):
    """A sub-process that can be cancelled: what was done in it is undone, and it is left by its cancel event."""

    tag = "transaction"


class EventSubProcess(SubProcess):
    """A sub-process that its start event sets off while the flow around it is alive."""

    def __init__(self, flow_spec: Any, name: str, **attributes: Any) -> None:
        super().__init__(flow_spec, name, **attributes)
        self.start_event: StartEvent | None = None
        self.armed: ArmedStart | None = None

    def begin(self, token: Token) -> Any:
        """Open the inner flow behind its start event, which passes on what the event brought."""
        brought = token.internal_data.pop("brought", {})
        token.game.open_flow(token, self.inner, token.variables, brought=brought)
        return None


class CallActivity(Activity):
    """Another process of the bundle. Its scope has no parent: only what is passed is there."""

    tag = "callActivity"

    def __init__(self, flow_spec: Any, name: str, **attributes: Any) -> None:
        super().__init__(flow_spec, name, **attributes)
        self.process: Formula | None = None
        self.passes_all = True
        self.returns_all = True

    def begin(self, token: Token) -> Any:
        """Open the called process.

        Raises:
            Stuck: the bundle has no process of that id.
        """
        assert self.process is not None
        game = token.game
        process_id = game.text(self.process, token.variables)
        spec = game.program.processes.get(process_id)
        if spec is None:
            known = ", ".join(sorted(game.program.processes))
            raise Stuck("call", f"'{self.label}' calls the process '{process_id}'; this bundle has {known}")
        if spec.entries and (spec.plain_start is None or spec.plain_start.trigger is not None):
            raise Stuck("call", f"'{self.label}' calls the process '{process_id}', which has no plain start event")
        scope = game.new_scope(None, {})
        if self.passes_all:
            scope.copy(token.variables.frames())
        elif token.scope is not None:
            scope.copy([token.scope])
        scope.ambient = token.variables.called(spec.file)
        game.open_flow(token, spec, scope, owns_scope=True)
        return None

    def returned(self, token: Token, scope: Scope) -> None:
        """The called process ended with the variables of this scope, of which nobody need have read all."""
        variables = scope.kept
        if self.results == "returned" or self.listeners:
            variables = scope.variables
        if self.results == "returned":
            # In Camunda 7 what a call returns passes by the variables that went in.
            token.game.own_scope(token).variables.update(variables)
            for name, value in variables.items():
                token.surroundings.propagate(name, value)
            variables = {}
        elif not self.returns_all and not self.output_mappings:
            variables = {}
        elif self.loop is not None and token.is_iteration:
            # Its copy of what the loop collects is as old as the call.
            variables = {name: value for name, value in variables.items() if name != self.loop.output_collection}
        token.game.finish(token, variables)
