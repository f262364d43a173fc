"""Execution and task listeners, as Camunda 8 defines them: handlers that an element waits for.

    start        after the input mappings and before anything else; what they return is local to the element
    end          after the output mappings and before the element is left; what they return goes outward
    creating     before a user task is in the inbox
    assigning    before somebody has taken it, or it is given back
    completing   before its completion counts; they see the data that it was completed with

Each listener is a node of its own, whose token is hosted by the element's (or stands in the flow, for a process), so
its job has its own row, attempts and idempotency key, and goes when the element is cancelled. They run one after the
other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from SpiffWorkflow.util.task import TaskState

from complaintflow.bpmn.node import Edge, Node

if TYPE_CHECKING:
    from complaintflow.bpmn.activities import Job
    from complaintflow.bpmn.token import Flow, Token

EVENTS: Final = frozenset({"start", "end"})
TASK_EVENTS: Final = frozenset({"creating", "assigning", "completing"})
# Headers in which a task listener finds what is being done to the task, and for whom.
ACTION: Final = "io.camunda.zeebe:action"
ASSIGNEE: Final = "io.camunda.zeebe:assignee"
# Listeners that may say no: raising BusinessError leaves the task as it was.
_DENIABLE: Final = frozenset({"assigning", "completing"})


class Listener(Node):
    """One listener of a node, or of a process."""

    waits = "job"
    aside = True

    def __init__(self, flow_spec: Any, name: str, *, of: str, event: str, job: Job) -> None:
        super().__init__(flow_spec, name)
        self.bpmn_id = of
        self.event = event
        self.job = job

    def _run(self, token: Token) -> bool | None:
        self.job.open(token)
        return None

    def merge_results(self, token: Token, variables: dict[str, Any]) -> None:
        """Before an element they are its own, behind it they are everybody's."""
        host = token.host
        if host is None:
            for name, value in variables.items():
                token.workflow.scope.declare(name, value)
        elif self.event in ("start", "creating"):
            token.game.own_scope(host).variables.update(variables)
        elif self.event == "completing":
            host.internal_data["results"] |= variables
        elif self.event == "end":
            outer = host.variables if host.is_iteration else host.surroundings
            for name, value in variables.items():
                outer.propagate(name, value)

    def choose(self, token: Token) -> list[Edge]:
        """It has no way out of its own."""
        return []

    def _on_complete(self, token: Token) -> None:
        """Let the next listener begin, or the element go on."""
        flow, host = token.workflow, token.host
        super()._on_complete(token)
        if host is None:
            _go_on_flow(flow, self, token.internal_data)
        else:
            _go_on(host, self)


def hold(token: Token, event: str, headers: dict[str, str] | None = None) -> bool:
    """Open the first listener of this event, if there is one that has not been heard. Returns whether one is open."""
    listener = _first(token, event)
    if listener is not None:
        _open(token, listener, headers)
    return listener is not None


def hold_start(token: Token) -> bool:
    """Before a node does anything: its input mappings, then its start listeners.

    Raises:
        Stuck: a mapping did not evaluate.
    """
    if _first(token, "start") is None:
        return False
    token.task_spec.map_inputs(token)
    return hold(token, "start")


def hold_flow(flow: Flow, event: str, data: dict[str, Any] | None = None) -> bool:
    """The same for a process: its token stands in the flow itself, with what the flow goes on with."""
    found = _of(flow.spec.listeners, event)
    if not found:
        return False
    token = flow.game.spawn(flow, found[0])
    token.internal_data.update(data or {})
    return True


def ask(token: Token, assignee: str | None, headers: dict[str, str]) -> bool:
    """Ask the assigning listeners of an open task before somebody has it; False where it has none."""
    listener = next(iter(_of(token.task_spec.listeners, "assigning")), None)
    if listener is not None:
        token.internal_data["assignee"] = assignee
        _open(token, listener, headers)
    return listener is not None


def is_held(token: Token) -> bool:
    """Whether a listener of this token is at work: nothing else can happen to the element meanwhile."""
    return any(one.task_spec.aside for one in token.hosted)


def deny(token: Token) -> bool:
    """A listener's handler raised BusinessError: the task stays as it was. False where that cannot be denied."""
    host, listener = token.host, token.task_spec
    if host is None or not isinstance(listener, Listener) or listener.event not in _DENIABLE:
        return False
    host.internal_data.pop("results", None)
    host.internal_data.pop("assignee", None)
    token.cancel()
    return True


def _open(host: Token, listener: Listener, headers: dict[str, str] | None) -> None:
    token = host.game.host_token(host, listener)
    if headers:
        token.internal_data["headers"] = headers
    if listener.event == "completing":
        host.game.own_scope(token).variables.update(host.internal_data["results"])


def _first(token: Token, event: str) -> Listener | None:
    """The first listener of an event that has not been heard yet; the loop around rounds has none of its own."""
    node = token.task_spec
    if not node.listeners or event in token.internal_data.get("listened", ()):
        return None
    if getattr(node, "loop", None) is not None and not token.is_iteration:
        return None
    return next(iter(_of(node.listeners, event)), None)


def _of(listeners: tuple[Listener, ...], event: str) -> list[Listener]:
    return [one for one in listeners if one.event == event]


def _next(listeners: tuple[Listener, ...], listener: Listener) -> Listener | None:
    found = _of(listeners, listener.event)
    at = found.index(listener) + 1
    return found[at] if at < len(found) else None


def _go_on(host: Token, listener: Listener) -> None:
    following = _next(host.task_spec.listeners, listener)
    game, event = host.game, listener.event
    if following is not None:
        _open(host, following, None)
        return
    if event == "assigning" and "assignee" in host.internal_data:
        game.assigned[host.id] = host.internal_data.pop("assignee")
        return
    host.internal_data.setdefault("listened", []).append(event)
    if event == "end":
        game.finish(host, {})
    elif event == "completing":
        game.finish(host, host.internal_data.pop("results"))
    else:
        host._state = TaskState.READY
        game.ready.append(host)


def _go_on_flow(flow: Flow, listener: Listener, data: dict[str, Any]) -> None:
    following = _next(flow.spec.listeners, listener)
    if following is not None:
        flow.game.spawn(flow, following).internal_data.update(data)
    elif listener.event == "start":
        start = flow.spec.task_specs[data["start"]] if data["start"] is not None else None
        flow.game.enter(flow, start, data["brought"])
    else:
        flow.ended = True
        flow.game.touched.add(flow)
