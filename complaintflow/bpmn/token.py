"""Tokens and the flows they run in: SpiffWorkflow's Task and Workflow, with only what is live.

A *flow* is one run of a process or sub-process. A *token* is one visit of one node. A token that
waits on another one (an attached event, an iteration of a loop, an event behind an event-based
gateway) is *hosted* by it; all others hang on the flow's root. Finished tokens are dropped at
once, so the state of a case does not grow with its history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.util.subworkflow import BpmnBaseWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from complaintflow.bpmn.listening import hold_start
from complaintflow.bpmn.sleeping import Sleepers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from complaintflow.bpmn.game import Game
    from complaintflow.bpmn.node import Edge, Node
    from complaintflow.bpmn.scope import Scope

# What is left to do for a token, should it have stopped half-way over an incident.
ENTER, BEGIN, LEAVE, CHOOSE = 0, 1, 2, 3


class Token(Task):  # type: ignore[misc]
    """One visit of one node. ``id`` is a number, unique in the case and never used again."""

    workflow: Flow
    task_spec: Node

    def __init__(self, flow: Flow, node: Node, number: int, host: Token | None, state: int) -> None:
        # Not the base's: it reads the clock and makes a dictionary that is never used, for each of a case's tokens.
        parent: Token | Root = host or flow.task_tree
        self.id = number
        self.workflow = flow
        self.task_spec = node
        self.internal_data: dict[str, Any] = {}
        self._state = state
        self._parent = parent.id
        self._children: list[int] = []
        flow.tasks[number] = self
        self.host = host
        self.scope: Scope | None = None
        self.phase = ENTER
        self.route: list[Edge] = []

    @property
    def flow(self) -> Flow:
        """The run this token belongs to."""
        return self.workflow

    @property
    def game(self) -> Game:
        """The game of the whole case."""
        return self.workflow.game

    @property
    def variables(self) -> Scope:
        """The scope this token reads: its own, else the nearest around it."""
        token: Token | None = self
        while token is not None:
            if token.scope is not None:
                return token.scope
            token = token.host
        return self.workflow.scope

    @property
    def surroundings(self) -> Scope:
        """The scope that the token's results go to."""
        return self.host.variables if self.host is not None else self.workflow.scope

    @property
    def is_iteration(self) -> bool:
        """Whether this is one round of a loop, hosted by the loop's body."""
        return self.host is not None and self.host.task_spec is self.task_spec

    @property
    def hosted(self) -> list[Token]:
        """The tokens that wait on this one."""
        return [self.workflow.tasks[number] for number in self._children]

    def _set_state(self, value: int) -> None:
        # Stock code reads the clock and builds a log record here, logging or not.
        self._state = value

    def run(self) -> Any:
        """Do the node's work: None leaves the token waiting, anything else finishes it."""
        if self.phase == ENTER and hold_start(self):
            self._set_state(TaskState.WAITING)
            return None
        result = self.task_spec._run(self)
        if result is not None:
            self.game.finish(self, result if isinstance(result, dict) else {})
        elif self.id in self.workflow.tasks and self._state == TaskState.READY:
            self._set_state(TaskState.STARTED if self.task_spec.waits != "timer" else TaskState.WAITING)
        return result

    @property
    def is_at_work(self) -> bool:
        """Whether its work has begun and is not done; the loop around rounds does none."""
        return self.phase == BEGIN and (getattr(self.task_spec, "loop", None) is None or self.is_iteration)

    def move(self, flow: Flow) -> None:
        """Let it stand in another flow; it hangs on nothing but that."""
        del self.workflow.tasks[self.id]
        self.workflow.task_tree._children.remove(self.id)
        self.workflow = flow
        flow.tasks[self.id] = self
        self._parent = flow.task_tree.id
        flow.task_tree._children.append(self.id)

    def cancel(self) -> None:
        """End this token and everything under it, innermost first, closing rows, scopes and flows."""
        for token in reversed(self._under()):
            inner = token.game.flows.get(token.id)
            if inner is not None:
                inner.close(False)
            if token.game.part(token, self.workflow):
                continue
            token._set_state(TaskState.CANCELLED)
            token.task_spec._on_cancel(token)
            token.workflow.drop(token)

    def _under(self) -> list[Token]:
        """This token, those that wait on it, and those of the flows it hosts, outer before inner."""
        found, todo = [], [self]
        while todo:
            token = todo.pop()
            found.append(token)
            todo += token.hosted
            inner = token.game.flows.get(token.id)
            if inner is not None:
                todo += [innermost for innermost in inner.tokens if innermost.host is None]
        return found


class Flow(BpmnBaseWorkflow):  # type: ignore[misc]
    """One run of a process or sub-process.

    Its number is that of the token that hosts it (0 for the case itself).

    Attributes:
        joins: per waiting join, how many tokens each incoming flow has brought.
        resets: per complex gateway that has gone on and waits for the rest, which flows had brought a token (1) or not.
        undo: what was completed and can be undone (see ``compensation``).
    """

    task_tree: Root

    def __init__(self, game: Game, spec: Any, host: Token | None, scope: Scope, *, owns_scope: bool = False) -> None:
        # Not the base's: it makes locks and events that nothing uses.
        self.spec = spec
        self.data: dict[str, Any] = {}
        self.tasks = Sleepers()
        self.success = True
        self.completed = False
        self.game = game
        self.owns_scope = owns_scope
        self.host = host
        self.number: int = host.id if host is not None else 0
        self.scope = scope
        self.joins: dict[str, list[int]] = {}
        self.resets: dict[str, list[int]] = {}
        self.undo: list[list[Any]] = []
        # Whether its end listeners have been heard: it is complete in the same command.
        self.ended = False
        self.task_tree = Root(self)

    @property
    def top_workflow(self) -> Flow:
        """The case's outermost flow."""
        return self.game.top

    @property
    def subprocesses(self) -> dict[int, Flow]:
        """Inner flows by the number of their host, as SpiffWorkflow's iterators expect."""
        return self.game.flows

    @property
    def parent_task_id(self) -> int | None:
        """The number of the hosting token."""
        return self.host.id if self.host is not None else None

    @property
    def tokens(self) -> Iterator[Token]:
        """All live tokens of this flow, without its root."""
        return (self.tasks[number] for number in list(self.tasks) if number > 0)

    @property
    def busy(self) -> bool:
        """Whether anything keeps this flow from being complete: armed events do not."""
        return any(not token.task_spec.arms_flow for token in self.tokens)

    @property
    def is_activation(self) -> bool:
        """Whether this is one activity of an ad-hoc sub-process, inside the run of the whole."""
        return self.host is not None and self.host.workflow.spec is self.spec

    @property
    def interrupted(self) -> bool:
        """Whether an event sub-process has taken over: no other one can begin then."""
        return any(token.task_spec.interrupts for token in self.tokens)

    def drop(self, token: Token) -> None:
        """Forget a finished token."""
        del self.tasks[token.id]
        (token.host or self.task_tree)._children.remove(token.id)
        scope = token.scope
        if scope is not None:
            self.game.close_scope(scope)
        if token.task_spec.watches:
            self.game.watch.end(token)
        self.game.touched.add(self)

    def cancel_tokens(self, besides: Token | None = None) -> list[Token]:
        """Cancel every live token, armed events included, and forget waiting joins. Returns those cancelled."""
        gone: list[Token] = []
        for number in [n for n in self.tasks if n > 0]:
            token = self.tasks.get(number)
            if token is not None and token.host is None and token is not besides and not token.task_spec.outlasts:
                gone.append(token)
                token.cancel()
        self.joins.clear()
        self.resets.clear()
        return gone

    def cancel(self, success: bool = False) -> list[Token]:
        """Cancel every live token and close the flow. Returns the tokens."""
        gone = self.cancel_tokens()
        self.close(success)
        return gone

    def close(self, success: bool = True) -> None:
        """Take the flow out of the game."""
        self.success = success
        self.completed = True
        if self.number:
            self.game.flows.pop(self.number, None)
            self.game.touched.discard(self)
            if self.owns_scope:
                self.game.close_scope(self.scope)


class Root(Task):  # type: ignore[misc]
    """The completed start of a flow, on which its tokens hang."""

    def __init__(self, flow: Flow) -> None:
        self.id = ~flow.number
        self.workflow = flow
        self.task_spec = flow.spec.start
        self._state = TaskState.COMPLETED
        self._parent = None
        self._children: list[int] = []
        flow.tasks[self.id] = self
