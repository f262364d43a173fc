"""May a token stand in the new diagram where it stands in the old one?

As in Camunda 7: an activity stays an activity of its kind in its scope, with its kind of loop; an event goes on waiting
for its kind of thing. Attached events and event sub-processes may come and go: those that are gone stop waiting.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import TYPE_CHECKING, Any

from complaintflow.bpmn.activities import CallActivity, SubProcess
from complaintflow.bpmn.events import ArmedStart, BoundaryEvent, EventPart, WaitingEvent
from complaintflow.bpmn.gateways import EventBasedGateway
from complaintflow.bpmn.loops import Loop
from complaintflow.bpmn.throws import ThrowEvent
from complaintflow.bpmn.triggers import MultipleTrigger
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.bpmn.node import Node
    from complaintflow.bpmn.program import FlowSpec
    from complaintflow.bpmn.token import Flow, Token
    from complaintflow.case.live import LiveCase
    from complaintflow.migration.mapping import Places

SAFE, MISSING, BLOCKED = "safe", "data missing", "blocked"


@dataclass(slots=True)
class Standing:
    """One position of one case.

    Attributes:
        process, element, name: where it stands; an empty element is the case as a whole.
        to: the element's id in the new diagram.
        blocked: why it cannot stand there.
        missing: what the way from there needs and the case lacks.
        remarks: what changes, and does no harm.
    """

    process: str
    element: str
    name: str
    to: str = ""
    blocked: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """ "safe", "data missing" or "blocked"."""
        return BLOCKED if self.blocked else MISSING if self.missing else SAFE


def standings(live: LiveCase, places: Places) -> Iterator[tuple[Standing, Token | None]]:
    """Every position of a case, each judged by itself; tokens of attached events are remarks of their hosts."""
    for flow in (live.game.top, *live.game.flows.values()):
        if flow.host is None and places.flow(flow.spec) is None:
            yield Standing(flow.spec.name, "", "", blocked=[f"the process '{flow.spec.name}' is gone"]), None
        for token in flow.tokens:
            if _may_go(token) and places.node(flow.spec, token.task_spec.name) is None:
                continue
            yield _judged(token, places), token
        yield from ((one, None) for one in _joins(flow, places))
        yield from ((one, None) for one in _undone(flow, flow.undo, places))


def leaving(live: LiveCase, places: Places) -> list[Token]:
    """Tokens of attached events and event sub-processes that the new diagrams do not have: they stop waiting."""
    return [
        token
        for token in live.tokens
        if _may_go(token)
        and not isinstance(token.task_spec, EventPart)
        and places.node(token.workflow.spec, token.task_spec.name) is None
    ]


def _may_go(token: Token) -> bool:
    node = token.task_spec
    event = token.host.task_spec if isinstance(node, EventPart) and token.host is not None else node
    return isinstance(event, (BoundaryEvent, ArmedStart))


def _judged(token: Token, places: Places) -> Standing:
    node, spec = token.task_spec, token.workflow.spec
    new = places.node(spec, node.name)
    found = Standing(spec.process_id, node.bpmn_id, node.label, new.bpmn_id if new is not None else "")
    if new is None:
        gone = "is in another sub-process or process now" if places.elsewhere(spec, node.name) else "is gone"
        beside = " (a listener is at work, or something else beside it)" if "#" in node.name else ""
        found.blocked.append(f"the element {gone}{beside}")
        return found
    found.blocked += differences(node, new)
    found.blocked += _inside(token, new, places)
    found.blocked += _data(token, places)
    found.remarks += _remarks(node, new)
    return found


def differences(node: Node, new: Node) -> Iterator[str]:
    """Why a token at one cannot stand at the other."""
    if type(node) is not type(new):
        yield f"it was a {_kind(node)} and is a {_kind(new)}"
        return
    loops = _loop(node), _loop(new)
    if loops[0] != loops[1]:
        yield f"it was {loops[0]} and is {loops[1]}"
    events = _event(node), _event(new)
    if events[0] != events[1]:
        yield f"it waited for {events[0]} and waits for {events[1]}"
    if isinstance(node, ThrowEvent) and isinstance(new, ThrowEvent) and node.kinds != new.kinds:
        yield f"it threw {' and '.join(node.kinds) or 'nothing'} and throws {' and '.join(new.kinds) or 'nothing'}"
    for mark in ("decides", "commits"):
        if mark in node.properties and node.properties[mark] != new.properties.get(mark):
            yield f'the mark {mark}="{node.properties[mark]}" is gone'


def _inside(token: Token, new: Node, places: Places) -> Iterator[str]:
    """What hangs on the token, or what it hangs on."""
    node, host, plan = token.task_spec, token.host, places.plan
    process = token.workflow.spec.process_id
    if isinstance(node, BoundaryEvent) and isinstance(new, BoundaryEvent):
        if new.attached_to != plan.node(process, str(node.attached_to)):
            yield f"it is attached to '{new.attached_to}' now"
    elif isinstance(node, EventBasedGateway):
        before = {plan.node(process, edge.target.name) for edge in node.outgoing}
        if before != {edge.target.name for edge in new.outgoing}:
            yield "other events are behind it now"
    elif isinstance(node, CallActivity) and isinstance(new, CallActivity):
        yield from _called(token, new, places)
    elif isinstance(node, SubProcess) and (inner := token.game.flows.get(token.id)) and places.flow(inner.spec) is None:
        yield "its inside is gone"
    if host is not None and isinstance(host.task_spec, EventBasedGateway):
        gateway = places.node(token.workflow.spec, host.task_spec.name)
        if gateway is not None and all(edge.target is not new for edge in gateway.outgoing):
            yield f"it is not behind '{gateway.label}' any more"


def _called(token: Token, new: CallActivity, places: Places) -> Iterator[str]:
    flow = token.game.flows.get(token.id)
    if flow is None:
        return
    wanted = places.plan.flow(flow.spec.name)
    if wanted not in places.target.processes:
        yield f"the called process '{flow.spec.name}' is gone"
    elif new.process is not None and new.process.expression is None and new.process.text != wanted:
        yield f"it calls '{new.process.text}' now, and '{flow.spec.name}' is under way"


def _data(token: Token, places: Places) -> Iterator[str]:
    """Elements that the token remembers: of an ad-hoc sub-process, or what can be undone."""
    data, spec = token.internal_data, token.workflow.spec
    inner = getattr(token.task_spec, "inner", None) or spec
    for name in (*data.get("queue", ()), *data.get("offers", ()), *([data["element"]] if "element" in data else ())):
        if places.node(inner, name) is None:
            yield f"'{name}' inside it is gone"
    if "start" in data and data["start"] is not None and places.node(spec, data["start"]) is None:
        yield f"the start event '{data['start']}' is gone"
    rounds = [records for _, records in data.get("rounds", ())]
    for records in (data.get("records", []), *rounds):
        for one in _lost(inner, records, places):
            yield f"'{one}' was completed, and cannot be undone any more"


def _joins(flow: Flow, places: Places) -> Iterator[Standing]:
    """A gateway that some flows have brought a token to: the same gateway, with the same flows."""
    for kept in (flow.joins, flow.resets):
        for name, counts in kept.items():
            node, new = flow.spec.task_specs[name], places.node(flow.spec, name)
            found = Standing(flow.spec.process_id, node.bpmn_id, node.label, new.bpmn_id if new is not None else "")
            if new is None or type(new) is not type(node):
                found.blocked.append("a gateway waits here for other flows, and is gone or of another kind")
            else:
                known = {edge.id for edge in new.incoming}
                full = [edge.id for edge in node.incoming if counts[edge.index]]
                found.blocked += [f"the flow '{one}' that has come here is gone" for one in full if one not in known]
            yield found


def _undone(flow: Flow, records: list[list[Any]], places: Places) -> Iterator[Standing]:
    for name in _lost(flow.spec, records, places):
        node = flow.spec.task_specs[name]
        why = "it was completed, and cannot be undone any more"
        yield Standing(flow.spec.process_id, node.bpmn_id, node.label, blocked=[why])


def _lost(spec: FlowSpec, records: list[list[Any]], places: Places) -> Iterator[str]:
    for name, *rounds in records:
        new: Any = places.node(spec, name)
        node: Any = spec.task_specs[name]
        handled = new is not None and bool(getattr(new, "handler", None)) == bool(node.handler)
        if not handled or (node.handler is None and getattr(new, "undo", None) is None):
            yield name
            continue
        for _, inner in rounds[0] if rounds else ():
            yield from _lost(node.inner, inner, places)


def _remarks(node: Any, new: Any) -> Iterator[str]:
    """What the token keeps though the new diagram says something else, as in Camunda."""
    kept = (("job type", "job", "type"), ("message", "trigger", "name"))
    for word, part, name in kept:
        before, after = (getattr(getattr(one, part, None), name, None) for one in (node, new))
        if before is not None and after is not None and before.text != after.text:
            yield f"it keeps its {word} ('{before.text}'; the new diagram says '{after.text}')"
    if getattr(node, "form_id", None) != getattr(new, "form_id", None):
        yield f"its form is '{new.form_id}' from now on"
    for word, part in (("due date", "due"), ("candidate groups", "groups")):
        texts = [formula.text if (formula := getattr(one, part, None)) is not None else "" for one in (node, new)]
        if texts[0] != texts[1]:
            yield f"it keeps its {word}"


def _kind(node: Node) -> str:
    """ "UserTask" as "user task"."""
    name = type(node).__name__
    return "".join(f" {one.lower()}" if one.isupper() else one for one in name).strip()


def _loop(node: Node) -> str:
    loop = getattr(node, "loop", None)
    if loop is None:
        return "done once"
    if isinstance(loop, Loop):
        return f"a {'sequential' if loop.sequential else 'parallel'} multi-instance"
    return "a loop"


def _event(node: Any) -> str:
    if not isinstance(node, (WaitingEvent, EventPart)):
        return "nothing"
    trigger = node.trigger
    if isinstance(trigger, MultipleTrigger):
        return f"{'all' if trigger.parallel else 'one'} of {', '.join(map(_trigger, trigger.parts))}"
    return _trigger(trigger)


def _trigger(trigger: Any) -> str:
    return f"a {type(trigger).__name__.removesuffix('Trigger').lower()}"
