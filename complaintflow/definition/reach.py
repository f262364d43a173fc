"""Under which policies each file of a bundle is used: a shared diagram runs under that of whoever calls it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from complaintflow.bpmn.activities import CallActivity, DecisionTask, UserTask
from complaintflow.bpmn.events import StartEvent
from complaintflow.bpmn.node import Node

if TYPE_CHECKING:
    from complaintflow.definition.definition import Bundle


def reach(bundle: Bundle) -> dict[str, tuple[str, ...]]:
    """Path -> the ids of the policies whose values the file reads; a file that nothing names reads the bundle's own.

    Raises:
        DefinitionError: the diagrams do not compile.
    """
    policies = bundle.policies
    found: dict[str, set[str]] = {}
    if len(policies.ids) > 1:
        for process, policy_id in _runs(bundle):
            for node in _nodes(bundle, process):
                for path in (str(bundle.program.processes[process].file), *_named(bundle, node)):
                    found.setdefault(path, set()).add(policy_id)
    reached = {path: found.get(path, {policies.own}) for path in bundle.files}
    fixed = {path: policies.governing(path) for path in bundle.files}
    return {path: (one,) if (one := fixed[path]) else tuple(sorted(ids)) for path, ids in reached.items()}


def _runs(bundle: Bundle) -> set[tuple[str, str]]:
    """Each process with each policy that it may run under."""
    program, policies = bundle.program, bundle.policies
    seen: set[tuple[str, str]] = set()
    todo = [(bundle.process_id, policies.own)]
    while todo:
        process, caller = todo.pop()
        spec = program.processes.get(process)
        run = (process, (policies.governing(str(spec.file)) or caller) if spec is not None else caller)
        if spec is None or run in seen:
            continue
        seen.add(run)
        for node in _nodes(bundle, process):
            if isinstance(node, CallActivity) and node.process is not None:
                called = [node.process.text] if node.process.expression is None else list(program.processes)
                todo += [(name, run[1]) for name in called]
    return seen


def _nodes(bundle: Bundle, process: str) -> Iterator[Node]:
    for spec in bundle.program.flows.values():
        if spec.process_id == process:
            yield from spec.nodes


def _named(bundle: Bundle, node: Node) -> Iterator[str]:
    """The files beside the diagrams that a node names."""
    form = node.form_id if isinstance(node, (UserTask, StartEvent)) else None
    notice = node.headers.get("notice")
    for path in bundle.files:
        name = PurePosixPath(path).name
        kind = PurePosixPath(path).suffix
        if kind == ".form":
            named = form is not None and name == f"{form}.form"
        elif kind == ".dmn":
            named = isinstance(node, DecisionTask)
        else:
            named = kind == ".j2" and notice is not None and name.split(".")[0] == notice
        if named:
            yield path
