"""The stored form of a game: what is live, and nothing else.

A marking is JSON of short lists. Finished tokens are not in it, the diagram is not in it (a case
knows its bundle), so its size depends on what the case waits for, not on how long it has run.
"""

from __future__ import annotations

from typing import Any, Final

from SpiffWorkflow.util.task import TaskState

from complaintflow.bpmn.activities import CallActivity
from complaintflow.bpmn.asking import Host
from complaintflow.bpmn.game import Game
from complaintflow.bpmn.program import Program
from complaintflow.bpmn.scope import Scope
from complaintflow.bpmn.token import Flow, Token
from complaintflow.errors import UnreadableValue

FORMAT: Final = 1


def freeze(game: Game) -> dict[str, Any]:
    """The marking as JSON data.

    ``scopes``: [number, parent or 0, variables]; ``flows``: [host, spec, scope, owns scope, joins, tokens];
    a token: [number, node, host or 0, scope or 0, phase, internal data or 0]. A flow with something to undo or to reset
    has it as a seventh entry.
    """
    return {
        "format": FORMAT,
        "next": [game.next_token, game.next_scope],
        "scopes": [
            [scope.number, scope.parent.number if scope.parent is not None else 0, scope.variables]
            for scope in game.scopes.values()
        ],
        "flows": [_freeze_flow(flow) for flow in (game.top, *game.flows.values())],
    }


def _freeze_flow(flow: Flow) -> list[Any]:
    tokens = [
        [
            token.id,
            token.task_spec.name,
            token.host.id if token.host is not None else 0,
            token.scope.number if token.scope is not None else 0,
            token.phase,
            token.internal_data or 0,
        ]
        for token in flow.tokens
    ]
    row = [flow.number, flow.spec.name, flow.scope.number, int(flow.owns_scope), flow.joins, tokens]
    if flow.undo or flow.resets:
        row.append({name: kept for name, kept in (("undo", flow.undo), ("resets", flow.resets)) if kept})
    return row


def thaw(data: dict[str, Any], program: Program, host: Host) -> Game:
    """The game of a stored marking.

    Raises:
        UnreadableValue: the marking has another format, or names elements the diagram does not have.
    """
    if data.get("format") != FORMAT:
        raise UnreadableValue(f"a stored case has the format {data.get('format')!r}; this release reads {FORMAT}")
    game = Game(program, host)
    game.next_token, game.next_scope = data["next"]
    game.first_token = game.next_token
    for number, parent, variables in data["scopes"]:
        scope = game.scopes[number] = Scope(number, game.scopes[parent] if parent else None, variables, host.ambient)
        if program.watches:
            scope.journal = game.watch.journal
    tokens: dict[int, Token] = {}
    try:
        for row in data["flows"]:
            _thaw_flow(game, row, tokens)
    except KeyError as error:
        raise UnreadableValue(f"a stored case stands at {error}, which its diagram does not have") from None
    _surround(game)
    return game


def _surround(game: Game) -> None:
    """Give the scopes of called processes their own surroundings again, callers before what they call."""
    for flow in game.flows.values():
        host = flow.host
        if host is not None and isinstance(host.task_spec, CallActivity):
            caller = host.variables
            while caller.parent is not None:
                caller = caller.parent
            flow.scope.ambient = caller.called(flow.spec.file)
    for scope in game.scopes.values():
        if scope.parent is not None:
            scope.ambient = scope.parent.ambient


def _thaw_flow(game: Game, row: list[Any], known: dict[int, Token]) -> None:
    number, spec_name, scope, owns, joins, tokens, *rare = row
    host = known[number] if number else None
    flow = Flow(game, game.program.flows[spec_name], host, game.scopes[scope], owns_scope=bool(owns))
    if host is None:
        game.top = flow
    else:
        game.flows[number] = flow
    flow.joins = joins
    for kept in rare:
        flow.undo, flow.resets = kept.get("undo", []), kept.get("resets", {})
    for token_number, node, hosted_by, own, phase, internal in tokens:
        token = Token(
            flow,
            flow.spec.task_specs[node],
            token_number,
            flow.tasks[hosted_by] if hosted_by else None,
            TaskState.WAITING,
        )
        known[token_number] = token
        if token.task_spec.watches:
            game.watch.tokens[token_number] = token
        token.phase = phase
        if own:
            token.scope = game.scopes[own]
        if internal:
            token.internal_data = internal
