"""Gateways. Joins count arrivals per incoming flow, and keep the counts in their flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from complaintflow.bpmn.node import Edge, Node, Stuck

if TYPE_CHECKING:
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
        filled = {edge for edge in self.incoming if counts[edge.index]}
        empty = [edge for edge in self.incoming if not counts[edge.index]]
        if not empty:
            return True
        waits_for, reaches_filled = self._reaching(empty), self._reaching(list(filled))
        hopeful = waits_for - reaches_filled
        return not any(node in hopeful for node in _standing(flow, besides=self))

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


def _standing(flow: Flow, besides: Node) -> list[Node]:
    nodes = [token.task_spec for token in flow.tokens if not token.task_spec.arms_flow]
    nodes += [flow.spec.task_specs[name] for name in flow.joins if name != besides.name]
    return nodes


class EventBasedGateway(Node):
    """Arms the events behind it; the first that happens takes the token along."""

    tag = "eventBasedGateway"

    def _run(self, token: Token) -> bool | None:
        for edge in self.outgoing:
            token.game.host_token(token, edge.target)
        return None

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
