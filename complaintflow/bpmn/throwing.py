"""Errors and escalations walk outward, from the token that throws to the nearest event that catches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from complaintflow.bpmn.activities import Activity
from complaintflow.bpmn.asking import Note
from complaintflow.bpmn.triggers import CaughtTrigger, ErrorTrigger, EscalationTrigger, catches

if TYPE_CHECKING:
    from complaintflow.bpmn.token import Token


def throw_error(origin: Token, code: str, variables: dict[str, Any], message: str = "") -> bool:
    """Walk outward to the nearest error event that catches the code. Returns whether there is one."""
    return _walk(origin, ErrorTrigger, code, variables, message)


def escalate(origin: Token, code: str, variables: dict[str, Any]) -> None:
    """Walk outward to the nearest escalation event; nobody need catch it."""
    if not _walk(origin, EscalationTrigger, code, variables):
        origin.game.notes.append(Note("uncaught", origin.task_spec.bpmn_id, {"escalation": code}))


def _walk(origin: Token, wanted: type[CaughtTrigger], code: str, variables: dict[str, Any], message: str = "") -> bool:
    game = origin.game
    token: Token | None = origin
    while token is not None:
        node = token.task_spec
        if isinstance(node, Activity) and not token.is_iteration:
            catcher = _matching(node.boundary, wanted, code)
            if catcher is not None:
                game.notes.append(Note("caught", catcher.name, {wanted.kind: code}))
                _tell(token, _caught(catcher, wanted), code, message)
                catcher.catch(token, variables)
                return True
        if token.host is not None:
            token = token.host
            continue
        flow = token.workflow
        # What interrupted a flow is the last event sub-process to begin in it; none catches what it throws itself.
        bodies = [] if flow.interrupted or flow.is_activation else flow.spec.event_subprocesses
        start = _matching([body.start_event for body in bodies if body is not node], wanted, code)
        if start is not None:
            game.notes.append(Note("caught", start.name, {wanted.kind: code}))
            parting = game.cancel_flow(flow) if start.interrupting else []
            told = _caught(start, wanted).told(code, message)
            game.go_on(game.place(flow, start.body), variables | told, parting)
            return True
        token = flow.host
    return False


def _tell(host: Token, trigger: CaughtTrigger, code: str, message: str) -> None:
    """Set the variables that say what was caught, where the event stands."""
    for name, value in trigger.told(code, message).items():
        host.workflow.scope.propagate(name, value)


def _matching(events: Sequence[Any], wanted: type[CaughtTrigger], code: str) -> Any:
    """The event that names this code, else one that catches any."""
    found = [(event, trigger) for event in events if (trigger := catches(event.trigger, wanted)) is not None]
    fitting = [(trigger.code is None, event) for event, trigger in found if trigger.code in (code, None)]
    return min(fitting, key=lambda pair: pair[0], default=(True, None))[1]


def _caught(event: Any, wanted: type[CaughtTrigger]) -> CaughtTrigger:
    trigger = catches(event.trigger, wanted)
    assert trigger is not None
    return trigger
