"""The base of every flow node: what arrives, what runs, where it leaves.

A node is a SpiffWorkflow ``TaskSpec``. The game calls three of its hooks: ``arrive`` when a
sequence flow brings a token, ``_run`` when the token is ready, ``_on_complete`` when it is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec

from complaintflow.bpmn.formula import plain
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.bpmn.formula import Formula
    from complaintflow.bpmn.listening import Listener
    from complaintflow.bpmn.token import Flow, Token


class Stuck(Exception):
    """A token cannot go on: it becomes an incident.

    Args:
        kind: ``condition``, ``expression``, ``decision``, ``timer``, ``call``, ``error``, ``join``,
            ``commitment`` or ``job``.
        message: one sentence for the person who resolves it.
    """

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        self.message = message
        super().__init__(message)


@dataclass(slots=True, eq=False)
class Edge:
    """A sequence flow. ``index`` is its place among the target's incoming flows."""

    id: str
    name: str | None
    source: Node
    target: Node
    condition: Formula | None
    index: int = 0
    documentation: str = ""

    def take(self, flow: Flow) -> None:
        """Bring a token to the target."""
        flow.game.visit(flow, self.id)
        self.target.arrive(self, flow)


@dataclass(frozen=True, slots=True)
class Mapped:
    """An input or output mapping: ``source`` is evaluated, ``target`` is a variable or a path into one."""

    source: Formula
    target: str


class Node(BpmnTaskSpec):  # type: ignore[misc]
    """A flow node that passes the token on; gateways, events and activities refine it.

    Attributes:
        waits: the kind of row that is open while a token stands here, if any.
        watches: a token here waits for a condition.
        arms_flow: a token here is armed for its flow and does not keep it from being complete.
        interrupts: a token here has taken the place of all others of its flow.
        aside: a token here is beside the work that a designer drew: a listener's.
        outlasts: a token here stays when what is around it is cancelled.
        answers: what the handler of its job may return in place of variables (``complaintflow.handlers.answers``).
        results: where results go beside the output mappings: see ``merge_results``.
    """

    waits: str | None = None
    watches: bool = False
    arms_flow: bool = False
    interrupts: bool = False
    aside: bool = False
    outlasts: bool = False
    answers: str | None = None
    tag: str = ""
    bpmn_name: str | None

    def __init__(self, flow_spec: Any, name: str, **attributes: Any) -> None:
        super().__init__(flow_spec, name, **attributes)
        self.bpmn_id = name
        self.where = f"{flow_spec.file}, element {name}"
        self.incoming: list[Edge] = []
        self.outgoing: list[Edge] = []
        self.default: Edge | None = None
        self.default_flow: str | None = None
        self.properties: dict[str, str] = {}
        self.headers: dict[str, str] = {}
        self.input_mappings: list[Mapped] = []
        self.output_mappings: list[Mapped] = []
        self.listeners: tuple[Listener, ...] = ()
        self.results: str | None = None
        # The version of the form, decision or process that its link asks for.
        self.version_tag: str | None = None

    @property
    def precursors(self) -> list[Node]:
        """Nodes that bring a token here by other ways than a sequence flow: a host, a link."""
        return []

    @property
    def label(self) -> str:
        """What the diagram says, or the id where it says nothing."""
        return self.bpmn_name or str(self.name)

    @property
    def clauses(self) -> tuple[str, ...]:
        """The clause ids this node implements."""
        return tuple(self.properties.get("clause", "").replace(",", " ").split())

    def arrive(self, edge: Edge, flow: Flow) -> None:
        """A sequence flow brought a token."""
        flow.game.spawn(flow, self)

    def _run(self, token: Token) -> bool | None:
        """Do the node's work; None leaves the token waiting.

        Raises:
            Stuck: it cannot be done.
        """
        return True

    def choose(self, token: Token) -> list[Edge]:
        """The flows a finished token leaves by: all without a condition and all whose condition holds.

        Raises:
            Stuck: there are flows, and none can be taken; or a condition is neither true nor false.
        """
        if not self.outgoing:
            return []
        if len(self.outgoing) == 1 and self.outgoing[0].condition is None:
            return self.outgoing
        return self._choose_all(token)

    def _choose_all(self, token: Token) -> list[Edge]:
        chosen = [
            edge
            for edge in self.outgoing
            if edge is not self.default
            and (edge.condition is None or token.game.holds(edge.condition, token.variables))
        ]
        if chosen:
            return chosen
        if self.default is not None:
            return [self.default]
        raise self._no_way_out()

    def _no_way_out(self) -> Stuck:
        conditions = "; ".join(e.condition.text for e in self.outgoing if e.condition is not None)
        return Stuck("condition", f"no outgoing flow of '{self.label}' can be taken (conditions: {conditions})")

    def merge_results(self, token: Token, variables: dict[str, Any]) -> None:
        """Take what the activity or event brought: local where output mappings choose, else outward.

        In a Camunda 7 diagram they go outward in any case (``results`` "kept").
        """
        if self.output_mappings and self.results != "kept":
            # Names from outside are taken as they are: only a designer's target is a path.
            token.game.own_scope(token).take(variables)
        else:
            scope = token.surroundings if token.scope is None else token.scope
            for name, value in variables.items():
                scope.propagate(name, value)

    def answer(self, token: Token, answer: dict[str, Any]) -> None:
        """Heed what the handler of the token's job returned in place of variables."""

    def refuses(self, token: Token, answer: dict[str, Any]) -> str | None:
        """Why an answer makes no sense here, in a sentence for whoever wrote the handler; None where it does."""
        return None

    def map_outputs(self, token: Token) -> None:
        """Evaluate the output mappings where the results are, then set all of them outside."""
        if not self.output_mappings:
            return
        inner = token.variables
        found = token.game.detached(inner, {})
        for mapping in self.output_mappings:
            value = plain(token.game.value(mapping.source, found))
            name, _, path = mapping.target.partition(".")
            if path and name not in found.variables and name in inner:
                found.declare(name, inner[name])
            found.declare(mapping.target, value)
        # What a round of a loop maps stays in the round, where its output element is read.
        outer = inner if token.is_iteration else token.surroundings
        for name, value in found.variables.items():
            outer.propagate(name, value)

    def map_inputs(self, token: Token) -> None:
        """Open the node's own scope where it has input mappings; one after the other sees the ones before."""
        if not self.input_mappings or "start" in token.internal_data.get("listened", ()):
            return
        scope = token.game.own_scope(token)
        for mapping in self.input_mappings:
            scope.declare(mapping.target, plain(token.game.value(mapping.source, scope)))

    def _on_complete(self, token: Token) -> None:
        """Let go of the token and all that waits on it, and take its route."""
        flow = token.workflow
        if token._children:
            for child in token.hosted:
                child.cancel()
        flow.drop(token)
        for edge in token.route:
            edge.take(flow)

    def _on_cancel(self, token: Token) -> None:
        """Close what was open for the token."""
        token.game.close_waits(token)
