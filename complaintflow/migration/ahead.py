"""What the way from a position reads, and who on that way gives it.

A variable is missed where the new diagrams read it ahead of a position, the old ones did not, the case has none of the
name, and nothing ahead of the reader gives it. What a handler, a message or a called process may bring is not missed:
nobody wrote down what they bring. The same goes for decisions that a promise depends on.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

from complaintflow.bpmn.activities import CallActivity, JobTask, ReceiveTask, SubProcess, UserTask
from complaintflow.bpmn.events import ArmedStart, BoundaryEvent, StartEvent, WaitingEvent
from complaintflow.bpmn.formula import Formula
from complaintflow.bpmn.node import Edge, Node
from complaintflow.bpmn.throws import ThrowEvent
from complaintflow.bpmn.triggers import MessageTrigger, MultipleTrigger, SignalTrigger
from complaintflow.errors import ComplaintflowError

if TYPE_CHECKING:
    from complaintflow.definition.definition import Bundle

# What the engine gives where it is read, and handlers of its own that bring nothing, or a name that is known.
_ENGINE: Final = frozenset({
    "policy", "case", "loopCounter", "numberOfInstances", "numberOfActiveInstances", "numberOfCompletedInstances",
    "numberOfTerminatedInstances", "started_case", "activationCount", "waitingForStart",
})  # fmt: skip
_IN_NOTICES: Final = frozenset({"recipient", "deadline", "now", "language"})
_BRING_NOTHING: Final = frozenset({"notify", "start-case"})


class Ahead:
    """The ways through one definition. Nodes are looked at once; ask as often as there are cases."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.program = bundle.program
        self._owners: dict[str, list[Node]] = {}
        for node in self.program.nodes:
            if isinstance(node, SubProcess) and node.inner is not None:
                self._owners.setdefault(node.inner.name, []).append(node)
            elif isinstance(node, CallActivity) and (called := _constant(node.process)) is not None:
                self._owners.setdefault(called, []).append(node)
        self._reach: dict[Node, frozenset[Node]] = {}
        self._later: dict[Node, frozenset[Node]] = {}
        self._names: dict[Node, frozenset[str]] = {}
        self._lacking: dict[Node, tuple[tuple[str, Node], ...]] = {}

    def names(self, node: Node) -> frozenset[str]:
        """Every variable that is read after a token that stands at this node."""
        if node not in self._names:
            read = (_before(one) | _after(one) | frozenset(self._of_notice(one)) for one in self.later(node))
            self._names[node] = frozenset().union(_after(node), *read)
        return self._names[node]

    def missed(self, node: Node, known: Container[str]) -> Iterator[tuple[str, Node]]:
        """Variables that are read after a token that stands here, beside those that are known, and that nothing before
        the reader gives; each with its first reader.
        """
        told: set[str] = set()
        for name, reader in self._unfed(node):
            if name not in known and name not in told:
                told.add(name)
                yield name, reader

    def _unfed(self, node: Node) -> tuple[tuple[str, Node], ...]:
        """The same for a case that has no variable at all, and every reader."""
        if node not in self._lacking:
            self._lacking[node] = tuple(self._look(node))
        return self._lacking[node]

    def _look(self, node: Node) -> Iterator[tuple[str, Node]]:
        later = self.later(node)
        for reader in sorted({node, *later}, key=lambda one: str(one.name)):
            before = _before(reader) | frozenset(self._of_notice(reader)) if reader in later else frozenset()
            after = _after(reader)
            givers = [one for one in {node, *later} if one is not reader and reader in self._nodes(one)]
            for name in sorted(before | after):
                own = [reader] if name in after else []
                if not any(self._gives(giver, name) for giver in (*givers, *own)):
                    yield name, reader

    def promises(self, node: Node) -> dict[str, Node]:
        """Decisions that something ahead depends on, with what does."""
        found: dict[str, Node] = {}
        for one in sorted(self.later(node), key=lambda one: str(one.name)):
            decision = self.bundle.commitment(one)
            if decision is not None:
                found.setdefault(decision, one)
        return found

    def decides(self, node: Node) -> frozenset[str]:
        """Decisions that are made ahead, or where the token stands."""
        return frozenset(one.properties["decides"] for one in (node, *self.later(node)) if "decides" in one.properties)

    def later(self, node: Node) -> frozenset[Node]:
        """What comes after a token that stands here: inside a sub-process that has begun others stand."""
        if node not in self._later:
            loop = getattr(node, "loop", None)
            inside = loop is not None and getattr(loop, "sequential", True)
            found = [self._nodes(one) for one in self._next(node, inside=inside)]
            self._later[node] = frozenset().union(*found)
        return self._later[node]

    def _nodes(self, node: Node) -> frozenset[Node]:
        """Everything that can come once this node is entered, itself included."""
        if node not in self._reach:
            seen: set[Node] = set()
            todo = [node]
            while todo:
                one = todo.pop()
                if one not in seen:
                    seen.add(one)
                    todo += self._next(one)
            self._reach[node] = frozenset(seen)
        return self._reach[node]

    def _next(self, node: Node, *, inside: bool = True) -> Iterator[Node]:
        yield from (edge.target for edge in node.outgoing)
        yield from getattr(node, "boundary", ())
        yield from (one for one in (getattr(node, "handler", None), getattr(node, "link_target", None)) if one)
        if isinstance(node, ArmedStart):
            yield node.body
        if inside and isinstance(node, SubProcess) and node.inner is not None:
            yield from node.inner.nodes
        if inside and isinstance(node, CallActivity):
            spec = self.program.processes.get(_constant(node.process) or "")
            yield from spec.nodes if spec is not None else ()
        flow: Any = node._wf_spec
        for owner in self._owners.get(flow.name, ()):
            yield from (edge.target for edge in owner.outgoing)

    def _gives(self, node: Node, name: str) -> bool:
        """Whether the node makes a variable of this name, or may: nobody knows what a handler or a message brings."""
        if name in _made(node) or any(mapped.target.partition(".")[0] == name for mapped in node.output_mappings):
            return True
        if any(mapped.target.partition(".")[0] == name for mapped in node.input_mappings):
            return True
        form_id = node.form_id if isinstance(node, (UserTask, StartEvent)) else None
        form = self.bundle.forms.get(form_id) if form_id is not None else None
        if node.listeners:
            return True
        if node.output_mappings:
            return False  # What it brings stays inside but for what they take out.
        if form is not None:
            return form.open or any(_first(one.path) == name for one in form.fields)
        return isinstance(node, UserTask) or _is_open(node)

    def _of_notice(self, node: Node) -> Iterator[str]:
        name = node.headers.get("notice")
        if not name:
            return
        policies = self.bundle.policies
        file = str(getattr(node._wf_spec, "file", ""))
        try:
            notices = self.bundle.notices_of(policies.governing(file) or policies.own)
            for language in ("en", "zh"):
                yield from notices.template(name, language).variables - _IN_NOTICES
        except ComplaintflowError:
            return  # It is checked with its definition.


def _is_open(node: Node) -> bool:
    if isinstance(node, JobTask) or (isinstance(node, ThrowEvent) and node.job is not None):
        return node.job is None or _constant(node.job.type) not in _BRING_NOTHING
    if isinstance(node, ReceiveTask):
        return True
    trigger = node.trigger if isinstance(node, (WaitingEvent, StartEvent)) else None
    parts = trigger.parts if isinstance(trigger, MultipleTrigger) else (trigger,)
    if any(isinstance(part, (MessageTrigger, SignalTrigger)) for part in parts):
        return True
    # What an error or escalation brings.
    return isinstance(node, BoundaryEvent) and trigger is not None and not trigger.armed


def _before(node: Node) -> frozenset[str]:
    """The variables that a node reads when it is entered."""
    attributes = {name: value for name, value in vars(node).items() if name not in ("output_mappings", "loop")}
    inputs = {mapped.target.partition(".")[0] for mapped in node.input_mappings}
    return frozenset(_names(attributes.values())) - inputs - _made(node) - _ENGINE


def _after(node: Node) -> frozenset[str]:
    """The variables that a node reads when it is left."""
    outputs = {mapped.target.partition(".")[0] for mapped in node.output_mappings}
    inputs = {mapped.target.partition(".")[0] for mapped in node.input_mappings}
    conditions = frozenset(_names(edge.condition for edge in node.outgoing)) - outputs
    return (
        (frozenset(_names([*node.output_mappings, node.__dict__.get("loop")])) | conditions)
        - inputs
        - _made(node)
        - _ENGINE
    )


def _made(node: Node) -> frozenset[str]:
    """Variables that the node makes by itself."""
    found = {getattr(node, "result_variable", ""), getattr(node, "output_collection", None) or ""}
    found.add(getattr(node, "initiator", None) or "")
    loop = getattr(node, "loop", None)
    if loop is not None:
        found |= {getattr(loop, "element", None) or "", loop.output_collection or ""}
    job = getattr(node, "job", None)
    found.add(getattr(job, "result", None) or "")
    for trigger in _triggers(node):
        found |= {getattr(trigger, one, None) or "" for one in ("code_variable", "message_variable")}
    return frozenset(found - {""})


def _triggers(node: Node) -> tuple[Any, ...]:
    trigger = getattr(node, "trigger", None)
    return trigger.parts if isinstance(trigger, MultipleTrigger) else (trigger,)


def _names(values: Iterable[Any]) -> Iterator[str]:
    """The variables that formulas read, however deep they lie; what leads to another node is not followed."""
    todo = list(values)
    while todo:
        value = todo.pop()
        if isinstance(value, Formula):
            if value.expression is not None:
                yield from value.expression.free_names
        elif isinstance(value, (tuple, list)):
            todo += value
        elif is_dataclass(value) and not isinstance(value, (Edge, type)):
            todo += [getattr(value, one.name) for one in fields(value)]


def _constant(formula: Formula | None) -> str | None:
    return formula.text if formula is not None and formula.expression is None else None


def _first(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]
