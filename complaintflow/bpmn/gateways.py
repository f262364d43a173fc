"""Gateways. Joins count arrivals per incoming flow, and keep the counts in their flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from complaintflow.bpmn.node import Edge, Node, Stuck

if TYPE_CHECKING:
    from complaintflow.bpmn.formula import Formula
    from complaintflow.bpmn.token import Flow, Token


class ExclusiveGateway(Node):
    """Takes the first flow whose condition holds, in the order of the file; else the default."""

    tag = "exclusiveGateway"

    def choose(self, token: Token) -> list[Edge]:
        """One flow, or none at the end of a process."""
        if len(self.outgoing) == 1 and self.outgoing[0].condition is None:
            return self.outgoing
        for edge in self.outgoing:
            if edge is self.default:
                continue
            if edge.condition is None or token.game.holds(edge.condition, token.variables):
                return [edge]
        if self.default is not None:
            return [self.default]
        if not self.outgoing:
            return []
        raise self._no_way_out()


class Join(Node):
    """A gateway that may have to wait for other flows."""

    def arrive(self, edge: Edge, flow: Flow) -> None:
        """Absorb the token into the count of its flow."""
        if len(self.incoming) == 1:
            super().arrive(edge, flow)
            return
        counts = flow.joins.setdefault(self.name, [0] * len(self.incoming))
        counts[edge.index] += 1
        flow.game.touched.add(flow)
        while self.complete(counts):
            self.fire(flow)
            counts = flow.joins.get(self.name, [])

    def complete(self, counts: list[int]) -> bool:
        """Whether the join can fire on its counts alone."""
        return bool(counts) and all(counts)

    def expects(self, flow: Flow, filled: list[bool]) -> bool:
        """Whether a token may still come by a flow that is not filled, and by none that is."""
        empty = [edge for edge in self.incoming if not filled[edge.index]]
        if not empty:
            return False
        full = [edge for edge in self.incoming if filled[edge.index]]
        hopeful = self._reaching(empty) - self._reaching(full)
        return any(node in hopeful for node in _standing(flow, besides=self))

    def _reaching(self, edges: list[Edge]) -> set[Node]:
        """Nodes from which one of these flows can be reached without passing this gateway."""
        seen: set[Node] = set()
        todo = [edge.source for edge in edges]
        while todo:
            node = todo.pop()
            if node in seen or node is self:
                continue
            seen.add(node)
            todo += [edge.source for edge in node.incoming]
            todo += node.precursors
        return seen

    def fire(self, flow: Flow) -> None:
        """Take one token from each flow that has some, and go on with a single one."""
        counts = [max(0, count - 1) for count in flow.joins.pop(self.name)]
        if any(counts):
            flow.joins[self.name] = counts
        flow.game.spawn(flow, self)


class ParallelGateway(Join):
    """Waits for every incoming flow, leaves by every outgoing one."""

    tag = "parallelGateway"

    def choose(self, token: Token) -> list[Edge]:
        """All of them; a parallel gateway has no conditions."""
        return self.outgoing


class InclusiveGateway(Join):
    """Waits for those flows that can still bring a token (BPMN 2.0.2, 13.4.3)."""

    tag = "inclusiveGateway"

    def may_fire(self, flow: Flow) -> bool:
        """No live token or waiting join can reach an empty flow without also reaching a filled one."""
        counts = flow.joins[self.name]
        return not self.expects(flow, [bool(counts[edge.index]) for edge in self.incoming])


def _standing(flow: Flow, besides: Node) -> list[Node]:
    nodes = [token.task_spec for token in flow.tokens if not token.task_spec.arms_flow]
    nodes += [flow.spec.task_specs[name] for name in flow.joins if name != besides.name]
    return nodes


class ComplexGateway(Join):
    """Goes on as soon as its activation condition holds, and takes in what comes later (BPMN 2.0.2, 13.4.5).

    The condition reads ``activationCount``, the number of incoming flows that have brought a token. After it has gone
    on, the gateway waits for the other flows, as an inclusive one does, and is then as it was at first. Conditions of
    outgoing flows may read ``waitingForStart``: true when it goes on, false when the rest has come; a flow whose
    condition does not read it is only taken the first time, or everything behind it would be done twice.
    """

    tag = "complexGateway"

    def __init__(self, flow_spec: Any, name: str, **attributes: Any) -> None:
        super().__init__(flow_spec, name, **attributes)
        self.activation: Formula | None = None

    def arrive(self, edge: Edge, flow: Flow) -> None:
        """Absorb the token into the count of its flow."""
        if len(self.incoming) == 1:
            flow.game.spawn(flow, self)
            return
        flow.joins.setdefault(self.name, [0] * len(self.incoming))[edge.index] += 1
        flow.game.touched.add(flow)
        self._consider(flow)

    def _consider(self, flow: Flow) -> None:
        """Go on, or be as at first again, as far as the counts allow."""
        try:
            while self.name in flow.joins:
                if self.name in flow.resets:
                    if not all(self._arrived(flow)):
                        return
                    self._reset(flow)
                elif self._activated(flow):
                    self._go_on(flow)
                else:
                    return
        except Stuck as stuck:
            token = flow.game.place(flow, self)
            token.internal_data["considers"] = True
            flow.game.halt(token, stuck)

    def _activated(self, flow: Flow) -> bool:
        assert self.activation is not None
        brought = sum(1 for count in flow.joins[self.name] if count)
        seen = flow.game.detached(flow.scope, {"activationCount": brought, "waitingForStart": True})
        return flow.game.holds(self.activation, seen)

    def _go_on(self, flow: Flow) -> None:
        counts = flow.joins[self.name]
        taken = [min(count, 1) for count in counts]
        self._take(flow, taken)
        if not all(taken):
            flow.resets[self.name] = taken
        flow.game.spawn(flow, self)

    def _arrived(self, flow: Flow) -> list[bool]:
        """Per incoming flow, whether it brought a token before the gateway went on, or has since."""
        counts = flow.joins.get(self.name, [0] * len(self.incoming))
        taken = flow.resets[self.name]
        return [bool(taken[number] or count) for number, count in enumerate(counts)]

    def may_reset(self, flow: Flow) -> bool:
        """Whether nothing more comes that it waits for."""
        return not self.expects(flow, self._arrived(flow))

    def reset(self, flow: Flow) -> None:
        """Take in what has come, and be as at first."""
        self._reset(flow)
        self._consider(flow)

    def _reset(self, flow: Flow) -> None:
        late = [1 - taken for taken in flow.resets.pop(self.name)]
        if self.name in flow.joins:
            self._take(flow, late)
        if any(_reads_phase(edge) for edge in self.outgoing):
            flow.game.spawn(flow, self).internal_data["reset"] = True

    def _take(self, flow: Flow, tokens: list[int]) -> None:
        left = [max(0, count - take) for count, take in zip(flow.joins.pop(self.name), tokens, strict=True)]
        if any(left):
            flow.joins[self.name] = left

    def _run(self, token: Token) -> bool | None:
        """A token that stopped over the activation condition asks it again."""
        if token.internal_data.get("considers"):
            flow = token.workflow
            token.game.close_waits(token)
            flow.drop(token)
            self._consider(flow)
            return None
        return True

    def choose(self, token: Token) -> list[Edge]:
        """All whose condition holds, else the default; when it is as at first again, perhaps none.

        Raises:
            Stuck: none can be taken, or a condition is neither true nor false.
        """
        again = "reset" in token.internal_data
        edges = [edge for edge in self.outgoing if edge is not self.default and (not again or _reads_phase(edge))]
        seen = token.game.detached(token.variables, {"waitingForStart": not again})
        chosen = [edge for edge in edges if edge.condition is None or token.game.holds(edge.condition, seen)]
        if chosen or again or not self.outgoing:
            return chosen
        if self.default is not None:
            return [self.default]
        raise self._no_way_out()


def _reads_phase(edge: Edge) -> bool:
    expression = edge.condition.expression if edge.condition is not None else None
    return expression is not None and "waitingForStart" in expression.free_names


class EventBasedGateway(Node):
    """Arms the events behind it; the first that happens takes the token along."""

    tag = "eventBasedGateway"

    def __init__(self, flow_spec: Any, name: str, **attributes: Any) -> None:
        super().__init__(flow_spec, name, **attributes)
        # Whether one of its events begins a case, and whether the case then waits for the others too.
        self.instantiates = False
        self.parallel = False

    def _run(self, token: Token) -> bool | None:
        for edge in self.outgoing:
            token.game.host_token(token, edge.target)
        return None

    def begin_with(self, edge: Edge, flow: Flow) -> None:
        """The event behind this flow begins a case: it may have to wait for the others too."""
        flow.game.visit(flow, self.bpmn_id)
        flow.game.visit(flow, edge.id)
        for other in self.outgoing if self.parallel else ():
            if other is not edge:
                other.take(flow)

    def leave(self, token: Token, event: Node) -> None:
        """An event behind it happened: the token goes on there, and the other events are not waited for any more."""
        flow = token.workflow
        for edge in self.outgoing:
            if edge.target is event:
                flow.game.visit(flow, edge.id)
        token.cancel()

    def choose(self, token: Token) -> list[Edge]:
        """Never asked: the events behind it go on."""
        raise Stuck("condition", "an event-based gateway is left by its events")
