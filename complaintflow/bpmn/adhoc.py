"""Ad-hoc sub-processes: activities that are done in any order, again, or not at all.

What is begun is either what a formula lists (``zeebe:adHoc``, as in Camunda 8), or what people choose: without a list
every activity that no sequence flow leads to is offered, a user task as itself and any other as a task that says "begin
this". With a task definition it is what a handler says (``steering``). Each activity that is begun has a flow of its
own, in which what follows it runs too:

    token of the sub-process -> flow with its event sub-processes and a token for each of
        Activation            an activity at work: a flow of the same nodes, begun at that activity
        Offer                 an activity that a person may begin

Without a completion condition it is done when everything listed, or everything offered, was done once. With one, the
condition is asked whenever an element is completed; until it holds, what was offered is offered again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from complaintflow.bpmn.activities import EventSubProcess, SubProcess, TaskWait, UserTask
from complaintflow.bpmn.formula import plain, shown
from complaintflow.bpmn.loops import collection, variable_of
from complaintflow.bpmn.node import Edge, Node, Stuck
from complaintflow.bpmn.steering import Steering

if TYPE_CHECKING:
    from complaintflow.bpmn.activities import Job
    from complaintflow.bpmn.formula import Formula
    from complaintflow.bpmn.token import Flow, Token


class AdHocSubProcess(SubProcess):
    """A sub-process without an order of its own.

    Attributes:
        listed: gives the ids of the activities to begin.
        completion: the condition under which it is done.
        cancels: whether what is still at work is cancelled then.
        sequential: whether only one is at work at a time.
        output_collection, output_element: what each activation leaves.
        job, steering: the handler that says what is begun, and the node of its job (``steering``).
    """

    tag = "adHocSubProcess"

    def __init__(self, flow_spec: Any, name: str, **attributes: Any) -> None:
        super().__init__(flow_spec, name, **attributes)
        self.listed: Formula | None = None
        self.completion: Formula | None = None
        self.cancels = True
        self.sequential = False
        self.output_collection: str | None = None
        self.output_element: Formula | None = None
        self.job: Job | None = None
        self.steering: Steering | None = None
        self.activation: Activation
        self.offers: dict[str, Offer] = {}

    def ready(self) -> None:
        """Once its inside is read: the nodes that stand for activations and offers."""
        self.inner.ad_hoc = self
        self.steering = Steering(self, self.job) if self.job is not None else None
        self.activation = Activation(self)
        self.offers = {node.name: Offer(self, node) for node in self.inner.sources if not isinstance(node, UserTask)}

    # -- the whole --------------------------------------------------------------------------

    def begin(self, token: Token) -> Any:
        """Open its flow, and begin or offer the first activities.

        Raises:
            Stuck: the list has something else than ids of its activities.
        """
        game, data = token.game, token.internal_data
        if token.id in game.flows:
            self._go_on(token)
            return None
        listed = self._listed(token)
        if self.output_collection:
            game.own_scope(token).declare(self.output_collection, [])
        flow = game.add_flow(token, self.inner, token.variables)
        game.arm(flow)
        if self.steering is not None:
            self.steering.begin(token, flow)
        elif not listed:
            data["offers"] = [node.name for node in self.inner.sources]
            self._offer(flow, data["offers"])
        elif self.sequential:
            data["queue"] = listed[1:]
            self.activate(flow, listed[0])
        else:
            for element in listed:
                self.activate(flow, element)
        game.touched.add(flow)
        return None

    def _listed(self, token: Token) -> list[str]:
        if self.listed is None:
            return []
        found = token.game.value(self.listed, token.variables)
        known = {node.name for node in self.inner.sources}
        if not isinstance(found, list) or not all(isinstance(one, str) and one in known for one in found):
            ids = ", ".join(sorted(known))
            raise Stuck("expression", f"'{self.listed.text}' gave {shown(found)}, not a list of ids among {ids}")
        return [str(one) for one in found]

    def merge_results(self, token: Token, variables: dict[str, Any]) -> None:
        """What was collected goes outward."""
        if self.output_collection and token.scope is not None and not self._is_body(token):
            variables = variables | {self.output_collection: token.scope.variables.pop(self.output_collection)}
        super().merge_results(token, variables)

    # -- its activities ---------------------------------------------------------------------

    def activate(self, flow: Flow, element: str, own: dict[str, Any] | None = None) -> Token:
        """Begin an activity, with variables of its own."""
        token = flow.game.spawn(flow, self.activation)
        token.internal_data["element"] = element
        if own:
            flow.game.own_scope(token).take(own)
        return token

    def _offer(self, flow: Flow, elements: list[str]) -> None:
        """A user task is its own offer."""
        for element in elements:
            if element in self.offers:
                flow.game.spawn(flow, self.offers[element])
            else:
                self.activate(flow, element).internal_data["offer"] = True

    def taken(self, flow: Flow, element: str) -> None:
        """A person began what was offered."""
        self._no_longer_offered(flow, element)
        self.activate(flow, element)

    def _no_longer_offered(self, flow: Flow, element: str) -> None:
        assert flow.host is not None
        data = flow.host.internal_data
        if self.completion is None:
            data["offers"] = [one for one in data["offers"] if one != element]
        if self.sequential:
            _withdraw(flow)

    def left(self, flow: Flow, node: Node) -> None:
        """An element inside was completed."""
        host = flow.host
        assert host is not None
        if not flow.is_activation:
            beside = isinstance(node, EventSubProcess) and node.start_event is not None
            if self.steering is not None and beside and not node.start_event.interrupting:
                self.steering.ask_again(flow)
            return
        body, whole = host.workflow.host, host.workflow
        assert body is not None
        if host.internal_data.pop("offer", False):
            self._no_longer_offered(whole, host.internal_data["element"])
        # Where nothing follows, what the activation leaves is collected first.
        if flow.busy:
            self._guarded(body, whole)

    def collect(self, token: Token) -> None:
        """An activation is complete: keep what it leaves."""
        body = token.workflow.host
        assert body is not None
        if self.output_collection and self.output_element is not None and body.scope is not None:
            value = plain(token.game.value(self.output_element, token.variables))
            body.scope.declare(self.output_collection, [*collection(body, self.output_collection), value])

    def activated(self, whole: Flow, element: str) -> None:
        """An activation is over."""
        body = whole.host
        assert body is not None
        if self.steering is not None:
            self.steering.ask_again(whole)
        elif not self._guarded(body, whole):
            self._next(body, whole, element)

    def _go_on(self, body: Token) -> None:
        """Ask again after an incident over the completion condition."""
        whole = body.game.flows[body.id]
        if not self._is_done(body, whole):
            self._next(body, whole, None)

    def _guarded(self, body: Token, whole: Flow) -> bool:
        try:
            return self._is_done(body, whole)
        except Stuck as stuck:
            body.game.halt(body, stuck)
            return True

    def _is_done(self, body: Token, whole: Flow) -> bool:
        """Ask the completion condition; if it holds, begin nothing more.

        Raises:
            Stuck: it is neither true nor false.
        """
        data = body.internal_data
        if self.completion is None:
            return False
        if not data.get("enough") and not body.game.holds(self.completion, body.variables):
            return False
        data["enough"] = True
        data.pop("queue", None)
        if self.cancels:
            whole.cancel_tokens()
        else:
            _withdraw(whole)
        whole.game.touched.add(whole)
        return True

    def _next(self, body: Token, whole: Flow, element: str | None) -> None:
        """The next of the list; else offer again what may be done again."""
        data = body.internal_data
        if data.get("queue"):
            queue = data["queue"]
            data["queue"] = queue[1:]
            self.activate(whole, queue[0])
        elif "offers" in data:
            once = [element] if element is not None and element in data["offers"] else []
            self._offer(whole, data["offers"] if self.sequential else once)
        elif self.completion is not None and not whole.busy:
            # Everything listed is done and it is not enough: now people choose.
            data["offers"] = [node.name for node in self.inner.sources]
            self._offer(whole, data["offers"])


def _withdraw(whole: Flow) -> None:
    """Close what is offered and not begun."""
    for token in list(whole.tokens):
        if isinstance(token.task_spec, Offer) or "offer" in token.internal_data:
            token.cancel()


class Activation(Node):
    """One activity of an ad-hoc sub-process at work."""

    aside = True

    def __init__(self, whole: AdHocSubProcess) -> None:
        super().__init__(whole.inner, f"{whole.name}#activation", bpmn_name=whole.bpmn_name)
        self.whole = whole

    def _run(self, token: Token) -> bool | None:
        game = token.game
        # As in a loop, a variable that is read as the output stays with the activation.
        if self.whole.output_element is not None and (name := variable_of(self.whole.output_element)) is not None:
            game.own_scope(token).variables.setdefault(name, None)
        flow = game.add_flow(token, self.whole.inner, token.variables)
        game.spawn(flow, flow.spec.task_specs[token.internal_data["element"]])
        game.touched.add(flow)
        return None

    def choose(self, token: Token) -> list[Edge]:
        """It goes nowhere."""
        self.whole.collect(token)
        return []

    def _on_complete(self, token: Token) -> None:
        flow, element = token.workflow, token.internal_data["element"]
        flow.undo += token.internal_data.get("records", [])
        super()._on_complete(token)
        self.whole.activated(flow, element)


class Offer(UserTask):
    """A task that says "begin this": for an activity that is no user task itself."""

    aside = True

    def __init__(self, whole: AdHocSubProcess, node: Node) -> None:
        super().__init__(whole.inner, f"{node.name}#offer", bpmn_name=node.bpmn_name)
        self.whole = whole
        self.element = node.name
        self.bpmn_id = node.bpmn_id

    def begin(self, token: Token) -> Any:
        """Put it into everybody's inbox."""
        token.game.open("task", TaskWait(token, (), (), None, 50, None, None))
        return None

    def _on_complete(self, token: Token) -> None:
        flow = token.workflow
        super()._on_complete(token)
        self.whole.taken(flow, self.element)
