"""What moves when every token waits: joins that can only be judged then, and flows in which nothing is left."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from complaintflow.bpmn.activities import Activity, CallActivity
from complaintflow.bpmn.gateways import ComplexGateway, InclusiveGateway
from complaintflow.bpmn.listening import hold_flow
from complaintflow.bpmn.node import Stuck

if TYPE_CHECKING:
    from complaintflow.bpmn.game import Game
    from complaintflow.bpmn.token import Flow


def fire_joins(game: Game) -> bool:
    """Let a gateway go on for which nothing more can come. True if there was one."""
    # One that sleeps was judged when it was put to rest, and nothing has come since.
    for flow in (game.top, *game.flows.awake()):
        for name in list(flow.resets):
            gateway: ComplexGateway = flow.spec.task_specs[name]
            if gateway.may_reset(flow):
                gateway.reset(flow)
                return True
        for name in list(flow.joins):
            node = flow.spec.task_specs[name]
            if isinstance(node, InclusiveGateway) and node.may_fire(flow):
                node.fire(flow)
                return True
    return False


def close_flows(game: Game) -> bool:
    """Complete a flow in which nothing is left. True if that moved anything."""
    # By their numbers: the order of a set is another one in every process.
    for flow in sorted(game.touched, key=attrgetter("number")):
        game.touched.discard(flow)
        if flow.busy or flow.completed:
            continue
        if flow.joins:
            _deadlock(flow)
            continue
        if not flow.ended and hold_flow(flow, "end"):
            return True
        flow.cancel_tokens()
        flow.close()
        if flow.host is not None:
            host = flow.host
            if flow.undo:
                host.internal_data["records"] = flow.undo
            if isinstance(host.task_spec, CallActivity):
                host.task_spec.returned(host, flow.scope)
            else:
                game.finish(host, {})
            return True
    return False


def _deadlock(flow: Flow) -> None:
    """A join waits for a flow that nothing can bring: better an incident than silence."""
    name, counts = next(iter(flow.joins.items()))
    del flow.joins[name]
    node = flow.spec.task_specs[name]
    missing = ", ".join(edge.id for edge in node.incoming if not counts[edge.index])
    why = f"'{node.label}' waits for {missing}, and nothing can come that way any more"
    if isinstance(node, Activity):
        why = f"'{node.label}' begins with {node.start_quantity} tokens, and no more than {sum(counts)} came"
    stuck = Stuck("join", why)
    flow.game.halt(flow.game.place(flow, node), stuck)
