"""Execution and task listeners, as Camunda 8 defines them: handlers that an element waits for.

    start        after the input mappings and before anything else; what they return is local to the element
    end          after the output mappings and before the element is left; what they return goes outward
    creating     before a user task is in the inbox
    assigning    before somebody has taken it, or it is given back
    updating     before it is due at another time, or offered to others
    completing   before its completion counts; they see the data that it was completed with
    canceling    when it is taken away, before anything follows (``farewell``)

Each listener is a node of its own, whose token is hosted by the element's (or stands in the flow, for a process), so
its job has its own row, attempts and idempotency key, and goes when the element is cancelled. They run one after the
other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from SpiffWorkflow.util.task import TaskState

from complaintflow.bpmn.node import Edge, Node
from complaintflow.handlers.answers import CORRECTIONS

if TYPE_CHECKING:
    from complaintflow.bpmn.activities import Job
    from complaintflow.bpmn.token import Flow, Token

EVENTS: Final = frozenset({"start", "end"})
TASK_EVENTS: Final = frozenset({"creating", "assigning", "updating", "completing", "canceling"})
# Listeners that may say no: raising BusinessError leaves the task as it was.
_DENIABLE: Final = frozenset({"assigning", "updating", "completing"})


class Listener(Node):
    """One listener of a node, or of a process."""

    waits = "job"
    aside = True

    def __init__(self, flow_spec: Any, name: str, *, of: str, event: str, job: Job) -> None:
        super().__init__(flow_spec, name)
        self.bpmn_id = of
        self.event = event
        self.job = job
        self.outlasts = event == "canceling"
        self.answers = CORRECTIONS if event in TASK_EVENTS else None

    def _run(self, token: Token) -> bool | None:
        self.job.open(token)
        return None

    def merge_results(self, token: Token, variables: dict[str, Any]) -> None:
        """Before an element they are its own, behind it they are everybody's."""
        host = token.host
        if self.outlasts:
            return
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

    def answer(self, token: Token, answer: dict[str, Any]) -> None:
        """Its handler corrects the user task; the next listener sees that."""
        host = token.host or token
        host.internal_data["corrected"] = host.internal_data.get("corrected", {}) | answer

    def refuses(self, token: Token, answer: dict[str, Any]) -> str | None:
        """As in Camunda 8, whom the diagram gives a task to is not corrected before that is asked."""
        if self.event == "creating" and "assignee" in answer and token.host is not None:
            draft = token.host.internal_data.get("draft", {})
            if draft.get("assignee"):
                return "the diagram says who has the task: correct the assignee in an assigning listener"
        return None

    def choose(self, token: Token) -> list[Edge]:
        """It has no way out of its own."""
        return []

    def _on_complete(self, token: Token) -> None:
        """Let the next listener begin, or the element go on."""
        flow, host = token.workflow, token.host
        kept = dict(token.scope.variables) if self.outlasts and token.scope is not None else {}
        super()._on_complete(token)
        if self.outlasts:
            token.game.heard(flow, self, token.internal_data, kept)
        elif host is None:
            _go_on_flow(flow, self, token.internal_data)
        else:
            _go_on(host, self)


def hold(token: Token, event: str, action: str | None = None) -> bool:
    """Open the first listener of this event, if there is one that has not been heard. Returns whether one is open.

    ``action`` says what is being done to a user task.
    """
    listener = _first(token, event)
    if listener is not None:
        if action is not None:
            token.internal_data["action"] = action
        _open(token, listener)
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
    found = of_event(flow.spec.listeners, event)
    if not found:
        return False
    token = flow.game.spawn(flow, found[0])
    token.internal_data.update(data or {})
    return True


def ask(token: Token, event: str, action: str, changes: dict[str, Any]) -> bool:
    """Ask an open task's listeners (assigning, updating) before it is changed; False where none hear that."""
    listener = next(iter(of_event(token.task_spec.listeners, event)), None)
    if listener is not None:
        token.internal_data |= {"asked": changes, "action": action}
        _open(token, listener)
        token.game.settle()
    return listener is not None


def is_held(token: Token) -> bool:
    """Whether a listener of this token is at work: nothing else can happen to the element meanwhile."""
    return any(one.task_spec.aside for one in token.hosted)


def deny(token: Token) -> bool:
    """A listener's handler raised BusinessError: the task stays as it was. False where that cannot be denied."""
    host, listener = token.host, token.task_spec
    if host is None or not isinstance(listener, Listener) or listener.event not in _DENIABLE:
        return False
    for name in ("results", "asked", "corrected", "action"):
        host.internal_data.pop(name, None)
    token.cancel()
    if "draft" in host.internal_data:
        # The task is created all the same, and nobody has it.
        host.internal_data["draft"]["assignee"] = ""
        _resume(host, listener.event)
    return True


def _open(host: Token, listener: Listener) -> None:
    token = host.game.host_token(host, listener)
    if listener.event == "completing":
        host.game.own_scope(token).variables.update(host.internal_data["results"])


def _first(token: Token, event: str) -> Listener | None:
    """The first listener of an event that has not been heard yet; the loop around rounds has none of its own."""
    node = token.task_spec
    if not node.listeners or event in token.internal_data.get("listened", ()):
        return None
    if getattr(node, "loop", None) is not None and not token.is_iteration:
        return None
    return next(iter(of_event(node.listeners, event)), None)


def of_event(listeners: tuple[Listener, ...], event: str) -> list[Listener]:
    """Those that hear this event, in the order of the file."""
    return [one for one in listeners if one.event == event]


def _next(listeners: tuple[Listener, ...], listener: Listener) -> Listener | None:
    found = of_event(listeners, listener.event)
    at = found.index(listener) + 1
    return found[at] if at < len(found) else None


def _go_on(host: Token, listener: Listener) -> None:
    following = _next(host.task_spec.listeners, listener)
    game, event = host.game, listener.event
    if following is not None:
        _open(host, following)
        return
    host.internal_data.pop("action", None)
    corrected = host.internal_data.pop("corrected", {})
    if "asked" in host.internal_data:
        game.revised[host.id] = host.internal_data.pop("asked") | corrected
        return
    if event == "end":
        host.internal_data.setdefault("listened", []).append(event)
        game.finish(host, {})
    elif event == "completing":
        host.internal_data.setdefault("listened", []).append(event)
        game.finish(host, host.internal_data.pop("results"))
    else:
        if "draft" in host.internal_data:
            host.internal_data["draft"].update(corrected)
        _resume(host, event)


def _resume(host: Token, event: str) -> None:
    """Let the element go on behind its listeners."""
    host.internal_data.setdefault("listened", []).append(event)
    host._state = TaskState.READY
    host.game.ready.append(host)


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
