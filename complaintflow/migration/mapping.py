"""Which element of the new diagrams an element of the old ones is: the same id, unless somebody says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from complaintflow.errors import InvalidData
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.bpmn.node import Node
    from complaintflow.bpmn.program import FlowSpec, Program


@dataclass(frozen=True, slots=True)
class Plan:
    """Old id -> new id; ``process/id`` is said of one process only. Ids of processes that are called count too.

    What the engine puts beside an element (listeners, armed events, parts of an event) goes with the element.
    """

    ids: Mapping[str, str]

    def node(self, process: str, name: str) -> str:
        """The name of a node of a process in the new diagrams."""
        base, mark, rest = name.partition("#")
        return self._id(process, base) + mark + rest

    def flow(self, name: str) -> str:
        """The name of a process or sub-process in the new diagrams."""
        process, *inner = name.split("#")
        return "#".join([self.ids.get(process, process), *(self._id(process, one) for one in inner)])

    def _id(self, process: str, element: str) -> str:
        return self.ids.get(f"{process}/{element}", self.ids.get(element, element)).rpartition("/")[2]

    def check(self, programs: list[Program], target: Program) -> None:
        """Raise InvalidData when an entry names what none of the diagrams has, or two entries lead to one element.

        Without old diagrams nothing is left to move: a batch that is called once more is not wrong.
        """
        old = {name for program in programs for name in _ids(program)}
        problems = [(one, "is not in the old diagrams") for one in self.ids if programs and one not in old]
        new = _ids(target)
        problems += [(one, "is not in the new diagram") for one in self.ids.values() if one not in new]
        twice = sorted({one for one in self.ids.values() if list(self.ids.values()).count(one) > 1})
        problems += [(one, "would stand for two elements") for one in twice]
        if problems:
            raise InvalidData("the map of elements does not fit", problems, advice="write OLD=NEW with ids of elements")


def _ids(program: Program) -> set[str]:
    nodes = {(spec.process_id, str(node.name)) for spec in program.flows.values() for node in spec.nodes}
    return {name for _, name in nodes} | {f"{process}/{name}" for process, name in nodes} | set(program.processes)


@dataclass(frozen=True, slots=True)
class Places:
    """Where the flows and nodes of an old program are in the new one."""

    target: Program
    plan: Plan

    def flow(self, spec: FlowSpec) -> FlowSpec | None:
        """The same process or sub-process, if the new diagrams have it in the same place."""
        return self.target.flows.get(self.plan.flow(spec.name))

    def node(self, spec: FlowSpec, name: str) -> Node | None:
        """The same node, if it is in the same process or sub-process."""
        there = self.flow(spec)
        wanted = self.plan.node(spec.process_id, name)
        found: Node | None = there.task_specs.get(wanted) if there is not None else None
        return found

    def elsewhere(self, spec: FlowSpec, name: str) -> bool:
        """Whether a node of that name is in the new diagrams, but somewhere else."""
        wanted = self.plan.node(spec.process_id, name)
        return any(wanted in flow.task_specs for flow in self.target.flows.values())
