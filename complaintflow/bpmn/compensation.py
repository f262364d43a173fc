"""Undoing what was completed: handlers at boundary events, event sub-processes, transactions.

A flow remembers each completed activity that can be undone, in the order of completion, and nothing of the others:

    [activity]                             it has a handler at a compensation boundary event
    [activity, [[variables, records]..]]   a sub-process, one entry for each round of its loop: the variables of its
                                           own scope as they were, and what its flow remembered

Compensation begins with what was completed last. As in Camunda 8 all handlers are begun at once, and the event that
throws goes on when all of them are done; what was undone is forgotten. A called process is not looked into.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from SpiffWorkflow.util.task import TaskState

from complaintflow.bpmn.node import Edge, Node
from complaintflow.bpmn.triggers import CompensationTrigger

if TYPE_CHECKING:
    from complaintflow.bpmn.activities import SubProcess
    from complaintflow.bpmn.token import Flow, Token


def remember(token: Token) -> None:
    """An activity that can be undone is completed; its token is about to be dropped."""
    node, flow, host = token.task_spec, token.workflow, token.host
    if node.handler is not None:
        if not token.is_iteration:
            flow.undo.append([node.name])
        return
    if node.loop is not None and not token.is_iteration:
        rounds = token.internal_data.get("rounds", [])
    elif token.internal_data.get("records") or node.inner.undoing is not None:
        own = token.scope.variables if token.scope is not None else {}
        rounds = [[dict(own), token.internal_data.get("records", [])]]
    else:
        return
    if token.is_iteration:
        assert host is not None
        host.internal_data["rounds"] = [*host.internal_data.get("rounds", []), *rounds]
    elif rounds:
        flow.undo.append([node.name, rounds])


def reach(flow: Flow) -> list[Flow]:
    """What an event in this flow compensates: its flow, and from an event sub-process also the flow around that."""
    found = [flow]
    while flow.host is not None and (flow.is_activation or flow.spec.kind == "event sub-process"):
        flow = flow.host.workflow
        found.append(flow)
    return found


def transaction(flow: Flow) -> Flow:
    """The flow of the transaction around a cancel event."""
    while flow.spec.kind != "transaction":
        assert flow.host is not None
        flow = flow.host.workflow
    return flow


def undo_transaction(token: Token) -> int:
    """Stop everything else in the transaction, and undo what was done. Returns how many handlers were begun."""
    flow: Flow = token.workflow
    flows = [flow]
    flow.cancel_tokens(besides=token)
    while flow.spec.kind != "transaction":
        host = flow.host
        assert host is not None
        flow = host.workflow
        flow.cancel_tokens(besides=host)
        flows.append(flow)
    return compensate(token, flows, None, waits=True)


def compensate(thrower: Token, flows: list[Flow], only: str | None, *, waits: bool) -> int:
    """Begin the handlers of what these flows remember, the last completed first.

    Args:
        thrower: the token of the event.
        flows: the innermost first.
        only: an activity; else all.
        waits: let the thrower wait for them.

    Returns how many were begun and are waited for.
    """
    begun: list[Token] = []
    for flow in flows:
        chosen = [record for record in flow.undo if only in (None, record[0])]
        flow.undo = [record for record in flow.undo if record not in chosen]
        for record in reversed(chosen):
            begun += _undo(flow, record)
    if not waits or not begun:
        return 0
    for token in begun:
        token.internal_data["undoes"] = thrower.id
    thrower.internal_data["undoing"] = len(begun)
    return len(begun)


def _undo(flow: Flow, record: list[Any]) -> list[Token]:
    node = flow.spec.task_specs[record[0]]
    if node.handler is not None:
        for event in node.boundary:
            if isinstance(event.trigger, CompensationTrigger):
                flow.game.visit(flow, event.bpmn_id)
        return [flow.game.spawn(flow, node.handler)]
    begun = []
    for variables, records in reversed(record[1]):
        token = flow.game.spawn(flow, node.undo)
        token.internal_data.update(variables=variables, records=records)
        begun.append(token)
    return begun


def undone(token: Token) -> None:
    """A handler is done or was cancelled: tell the event that waits for it."""
    number = token.internal_data.get("undoes")
    if number is None:
        return
    try:
        thrower = token.game.token(number)
    except KeyError:
        return
    thrower.internal_data["undoing"] -= 1
    if not thrower.internal_data["undoing"]:
        del thrower.internal_data["undoing"]
        thrower._set_state(TaskState.READY)
        token.game.ready.append(thrower)


class Undo(Node):
    """Stands for a completed sub-process while what it did is undone."""

    aside = True

    def __init__(self, activity: SubProcess) -> None:
        super().__init__(activity._wf_spec, f"{activity.name}#undo", bpmn_name=activity.bpmn_name)
        self.activity = activity

    def _run(self, token: Token) -> bool | None:
        """Open its flow again as it was left: for its compensation event sub-process, else for its handlers."""
        game, data, inner = token.game, token.internal_data, self.activity.inner
        variables, records = data.pop("variables"), data.pop("records")
        outer = token.workflow.scope
        scope = game.new_scope(outer, variables) if variables else outer
        flow = game.add_flow(token, inner, scope, owns_scope=scope is not outer)
        flow.undo = records
        if inner.undoing is not None:
            game.spawn(flow, inner.undoing)
        else:
            compensate(token, [flow], None, waits=False)
        game.touched.add(flow)
        return None

    def choose(self, token: Token) -> list[Edge]:
        """It goes nowhere."""
        return []

    def _on_complete(self, token: Token) -> None:
        super()._on_complete(token)
        undone(token)

    def _on_cancel(self, token: Token) -> None:
        super()._on_cancel(token)
        undone(token)
