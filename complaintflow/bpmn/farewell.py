"""Canceling listeners: a user task that is taken away is gone at once; its listeners are heard before anything follows.

    Game.cancel / cancel_flow      what is cancelled leaves the tokens of its listeners in the flow that stays
    Game.go_on                     the event, event sub-process or loop that cancelled it waits for them
    heard                          the next listener, and after the last whoever waits

In Camunda 8 the element stays "terminating" meanwhile. Here its rows are closed, so that nobody completes what is taken
away; what the listeners see, the variables and the task as it was, is kept with their token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from complaintflow.bpmn.activities import UserTask
from complaintflow.bpmn.listening import Listener, of_event

if TYPE_CHECKING:
    from complaintflow.bpmn.token import Flow, Token

CANCELING: Final = "canceling"


def part(token: Token, flow: Flow) -> bool:
    """A token goes: let its canceling listeners go on in the flow that stays.

    Returns whether it is such a listener's itself, which only moves.
    """
    node, game = token.task_spec, token.game
    if isinstance(node, Listener):
        if node.outlasts:
            kept = _seen(token, flow)
            if token.scope is not None:
                game.close_scope(token.scope)
            token.move(flow)
            token.scope = game.new_scope(flow.scope, kept) if kept else None
            game.parting.append(token)
        return node.outlasts
    if isinstance(node, UserTask) and token.is_at_work and (found := of_event(node.listeners, CANCELING)):
        kept = _seen(token, flow)
        task = {"of": token.id, "draft": token.internal_data.get("draft"), "from": token.workflow.spec.name}
        farewell = _open(flow, found[0], {"task": task}, kept)
        game.parting.append(farewell)
        game.farewells.append(farewell)
    return False


def _seen(token: Token, flow: Flow) -> dict[str, Any]:
    """What a token reads that the flow that stays does not have: the scopes in between go."""
    kept: dict[str, Any] = {}
    scope = token.variables
    while scope is not flow.scope:
        kept = {**scope.variables, **kept}
        if scope.parent is None:
            break
        scope = scope.parent
    return kept


def _open(flow: Flow, listener: Listener, data: dict[str, Any], variables: dict[str, Any]) -> Token:
    token = flow.game.spawn(flow, listener)
    token.internal_data.update(data)
    if variables:
        token.scope = flow.game.new_scope(flow.scope, variables)
    return token


def heard(flow: Flow, listener: Listener, data: dict[str, Any], variables: dict[str, Any]) -> None:
    """One of them is done."""
    game = flow.game
    listeners = game.program.flows[data["task"]["from"]].task_specs[listener.bpmn_id].listeners
    following = of_event(listeners, CANCELING)[of_event(listeners, CANCELING).index(listener) + 1 :]
    if following:
        _open(flow, following[0], {name: data[name] for name in KEPT if name in data}, variables)
        return
    if data.get("last"):
        flow.ended = True
    waiting = flow.tasks.get(data.get("then", 0))
    if waiting is not None:
        waiting.internal_data["parting"] -= 1
        if not waiting.internal_data["parting"]:
            del waiting.internal_data["parting"]
            game.go_on(waiting, waiting.internal_data.pop("brought", {}), [])


KEPT: Final = ("task", "corrected", "then", "last")
