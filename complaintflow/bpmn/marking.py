"""The stored form of a game: what is live, and nothing else.

A marking is JSON of short lists. Finished tokens are not in it, the diagram is not in it (a case
knows its bundle), so its size depends on what the case waits for, not on how long it has run.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import itemgetter
from typing import Any, Final

from SpiffWorkflow.util.task import TaskState

from complaintflow.bpmn.activities import CallActivity
from complaintflow.bpmn.asking import Host
from complaintflow.bpmn.game import Game
from complaintflow.bpmn.program import Program
from complaintflow.bpmn.scope import Scope
from complaintflow.bpmn.sleeping import is_asleep, is_packed, pack, pack_scope, unpack, variables_of
from complaintflow.bpmn.token import Flow, Token
from complaintflow.errors import UnreadableValue

FORMAT: Final = 3
# In the one before, no scope was packed; either is read as it stands.
_READ: Final = (2, FORMAT)
# So many tokens of a flow are made sooner than they are put to sleep.
FEW: Final = 4


def freeze(game: Game) -> dict[str, Any]:
    """The marking as JSON data.

    ``scopes``: [number, parent or 0, variables]; ``flows``: [host, spec, scope, owns scope, joins, tokens];
    a token: [number, node, host or 0, scope or 0, phase, internal data or 0]. A flow with something to undo or to reset
    has it as a seventh entry. Flows and scopes that sleep are as they were stored, see ``packed``.
    """
    return {
        "format": FORMAT,
        "next": [game.next_token, game.next_scope],
        "scopes": game.scopes.rows(_freeze_scope),
        "flows": [_freeze_flow(game.top), *_freeze_inner(game)],
    }


def packed(marking: dict[str, Any]) -> dict[str, Any]:
    """A marking as it is stored: each inner flow is [host, its tokens' numbers, the rest as JSON text], and of each
    scope but the outermost the variables are JSON text.

    A command reads none of those texts but those of the flow and scopes that it comes to.
    """
    outermost, *inner = marking["flows"]
    top, *scopes = marking["scopes"]
    return {
        **marking,
        "scopes": [top, *[row if is_asleep(row) else pack_scope(row) for row in scopes]],
        "flows": [outermost, *[row if is_packed(row) else pack(row) for row in inner]],
    }


def _freeze_scope(scope: Scope) -> list[Any]:
    return [scope.number, scope.parent.number if scope.parent is not None else 0, scope.kept]


def _freeze_inner(game: Game) -> list[list[Any]]:
    """Each flow after the one around it: its number is that of a token in there, which is older than its own."""
    rows = [*game.flows.asleep(), *(_freeze_flow(flow) for flow in game.flows.awake())]
    return sorted(rows, key=itemgetter(0))


def _freeze_flow(flow: Flow) -> list[Any]:
    tokens = flow.tasks.rows(_freeze_token)
    row = [flow.number, flow.spec.name, flow.scope.number, int(flow.owns_scope), flow.joins, tokens]
    if flow.undo or flow.resets:
        row.append({name: kept for name, kept in (("undo", flow.undo), ("resets", flow.resets)) if kept})
    return row


def _freeze_token(token: Token) -> list[Any]:
    return [
        token.id,
        token.task_spec.name,
        token.host.id if token.host is not None else 0,
        token.scope.number if token.scope is not None else 0,
        token.phase,
        token.internal_data or 0,
    ]


def thaw(data: dict[str, Any], program: Program, host: Host, join: Callable[[Scope], None] | None = None) -> Game:
    """The game of a stored marking.

    Args:
        join: puts into a scope what is stored apart from the marking.

    Raises:
        UnreadableValue: the marking has another format, or names elements the diagram does not have.
    """
    if data.get("format") not in _READ:
        raise UnreadableValue(f"a stored case has the format {data.get('format')!r}; this release reads {FORMAT}")
    game = Game(program, host)
    game.next_token, game.next_scope = data["next"]
    game.first_token = game.next_token
    game.scopes.put_to_sleep(data["scopes"], partial(_awaken_scope, game, join))
    game.flows.awaken = partial(_awaken, game)
    outermost, *inner = data["flows"]
    game.top = _thaw_flow(game, outermost, None)
    if inner:
        game.flows.put_to_sleep(inner)
    if program.watches:
        game.flows.values()  # who waits for a condition is asked whatever changes
    return game


def _awaken_scope(game: Game, join: Callable[[Scope], None] | None, row: list[Any]) -> Scope:
    number, parent, _ = row
    scope = Scope(number, game.scopes[parent] if parent else None, variables_of(row), game.host.ambient)
    if join is not None:
        join(scope)
    if game.program.watches:
        scope.journal = game.watch.journal
    game.scopes[number] = scope
    return scope


def _awaken(game: Game, row: list[Any]) -> Flow:
    """An inner flow, with what is around it."""
    host = game.token(row[0])
    flow = game.flows[row[0]] = _thaw_flow(game, unpack(row), host)
    if isinstance(host.task_spec, CallActivity):
        _surround(game, flow, host)
    return flow


def _surround(game: Game, flow: Flow, host: Token) -> None:
    """Give the scopes of a called process their own surroundings again."""
    caller = host.variables
    while caller.parent is not None:
        caller = caller.parent
    flow.scope.ambient = caller.called(flow.spec.file)
    for scope in game.scopes.awake():
        if scope.parent is not None:
            scope.ambient = scope.parent.ambient


def _thaw_flow(game: Game, row: list[Any], host: Token | None) -> Flow:
    try:
        return _opened(game, row, host)
    except KeyError as error:
        raise _unknown(error) from None


def _opened(game: Game, row: list[Any], host: Token | None) -> Flow:
    _, spec_name, scope, owns, joins, tokens, *rare = row
    flow = Flow(game, game.program.flows[spec_name], host, game.scopes[scope], owns_scope=bool(owns))
    flow.joins = joins
    for kept in rare:
        flow.undo, flow.resets = kept.get("undo", []), kept.get("resets", {})
    hosted: dict[int, list[int]] = {}
    for token in tokens:
        hosted.setdefault(token[2], []).append(token[0])
    flow.task_tree._children = hosted.get(0, [])
    if len(tokens) > FEW and not game.program.watches:
        flow.tasks.put_to_sleep(tokens, partial(_awaken_token, flow, hosted))
    else:
        for token in tokens:
            _token(flow, hosted, token)
    return flow


def _awaken_token(flow: Flow, hosted: dict[int, list[int]], row: list[Any]) -> Token:
    """A token, with those that it waits on."""
    try:
        return _token(flow, hosted, row)
    except KeyError as error:
        raise _unknown(error) from None


def _token(flow: Flow, hosted: dict[int, list[int]], row: list[Any]) -> Token:
    number, name, host, own, phase, internal = row
    game, nodes = flow.game, flow.spec.task_specs
    if name not in nodes and internal and "task" in internal:
        # A listener of a task that was cancelled with the flow it stood in.
        nodes = game.program.flows[internal["task"]["from"]].task_specs
    token = Token(flow, nodes[name], number, flow.tasks[host] if host else None, TaskState.WAITING)
    token._children = hosted.get(number, [])
    token.phase = phase
    if token.task_spec.watches:
        game.watch.tokens[number] = token
    if own:
        token.scope = game.scopes[own]
    if internal:
        token.internal_data = internal
    return token


def _unknown(error: KeyError) -> UnreadableValue:
    return UnreadableValue(f"a stored case stands at {error}, which its diagram does not have")
