"""User tasks that could run out of people, held against who is really there.

Groups that a diagram computes from the policy are known before a case is; those that a table or a form chooses are not,
and their tasks are only listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from complaintflow.access.rules import apart
from complaintflow.bpmn.activities import CallActivity, UserTask
from complaintflow.check.finding import ERROR, NOTE, WARNING, Finding
from complaintflow.errors import ComplaintflowError

if TYPE_CHECKING:
    from complaintflow.access.identity import Identity
    from complaintflow.bpmn.formula import Formula
    from complaintflow.definition.definition import Bundle


def people(bundle: Bundle, identity: Identity) -> Iterator[Finding]:
    """What could be stuck for want of people.

    Args:
        bundle: one that can run; a broken one has other troubles first.
        identity: who is there.
    """
    staff = _Staff(bundle, identity)
    yield from _fallbacks(bundle, staff)
    for node, groups in staff.tasks.items():
        if groups is None:
            advice = "see that every group that can come out of it has members"
            yield Finding(NOTE, f"the group of '{node.label}' is known only in the case", node.where, advice)
            continue
        members = staff.members(groups)
        named = ", ".join(groups) or "nobody"
        if not members and not (node.assignee or node.users):
            rest = "the fallback has it" if staff.spare(set()) else "nobody could do it"
            advice = f"put somebody into the group {named}"
            yield Finding(ERROR, f"'{node.label}' is for {named}, where nobody is: {rest}", node.where, advice)
        elif len(members) == 1 and not staff.spare(members):
            what = f"'{node.label}' is for {named}, which is {next(iter(members))} alone, and nobody stands behind"
            advice = "add a second member, or a [fallbacks] role with somebody else"
            yield Finding(WARNING, what, node.where, advice)
    yield from _separated(bundle, staff)
    for section in ("access", "sealed"):
        for name, grant in getattr(bundle.policy, section).items():
            if not staff.members([bundle.policy.roles[role].group for role in grant.roles]):
                what, where = f"[{section}.{name}] names roles that nobody has", bundle.policy.place(section, name)
                yield Finding(WARNING, what, where, "put somebody into one of their groups")


def _fallbacks(bundle: Bundle, staff: _Staff) -> Iterator[Finding]:
    policy = bundle.policy
    if not policy.fallbacks:
        advice = "add [fallbacks.case] with a role to policy.toml"
        yield Finding(WARNING, "no fallback is named for tasks that nobody may do", "policy.toml", advice)
    for name, entry in policy.fallbacks.items():
        group = policy.roles[entry.role].group
        if not staff.members([group]):
            where = policy.place("fallbacks", name)
            yield Finding(ERROR, f"the fallback group {group} has no member", where, "put somebody into it")


def _separated(bundle: Bundle, staff: _Staff) -> Iterator[Finding]:
    """Two duties for which only one and the same person is there."""
    policy = bundle.policy
    known = {str(node.bpmn_id): groups for node, groups in staff.tasks.items() if groups is not None}
    for name, rule in policy.separations.items():
        where = policy.place("separations", name)
        pairs = {tuple(sorted((task, other))) for task in known for other in apart(rule, task) if other in known}
        for one, other in sorted(pairs):
            there = staff.members(known[one]) | staff.members(known[other])
            if len(there) == 1 and not staff.spare(there):
                what = f"'{one}' and '{other}' need two people, and there is only {next(iter(there))}"
                yield Finding(ERROR, what, where, "add a member to one of the groups, or a fallback")
        if not rule.apart_from:
            tasks = [task for task in rule.tasks if task in known]
            there = {person for task in tasks for person in staff.members(known[task])}
            if 2 < len(tasks) > len(there):
                what = f"{len(tasks)} duties need as many people, and there are {len(there)}"
                yield Finding(ERROR, what, where, "add members to the groups of these tasks")


class _Staff:
    """The groups of tasks, and who is in them."""

    def __init__(self, bundle: Bundle, identity: Identity) -> None:
        self._bundle = bundle
        self._identity = identity
        nodes = [node for node in bundle.program.nodes if isinstance(node, UserTask)]
        self.tasks = {node: self._groups(node) for node in nodes}

    def members(self, groups: list[str]) -> set[str]:
        """The ids of everybody in some groups."""
        return {person.id for group in groups for person in self._identity.members(group)}

    def spare(self, besides: set[str]) -> set[str]:
        """Who is in a fallback and not among these."""
        policy = self._bundle.policy
        return self.members([policy.roles[entry.role].group for entry in policy.fallbacks.values()]) - besides

    def _groups(self, node: UserTask) -> list[str] | None:
        """The groups of a task; None where they depend on the case. A shared part gets them from its callers."""
        if node.groups is None:
            return []
        if node.groups.expression is None:
            return [name.strip() for name in node.groups.text.split(",") if name.strip()]
        found = self._value(node.groups, {})
        reads = node.groups.expression.free_names - {"policy"}
        if found or not reads:
            return found
        callers = [self._inputs(call) for call in self._calls(self._process(node))]
        values = [self._value(node.groups, inputs) for inputs in callers if reads <= inputs.keys()]
        if not values or not all(values) or len(values) < len(callers):
            return None
        return sorted({group for value in values for group in value or []})

    def _process(self, node: UserTask) -> str:
        flows = self._bundle.program.flows.values()
        return next((flow.process_id for flow in flows if any(one is node for one in flow.nodes)), "")

    def _calls(self, process: str) -> list[CallActivity]:
        calls = [node for node in self._bundle.program.nodes if isinstance(node, CallActivity)]
        return [call for call in calls if call.process is not None and call.process.text == process]

    def _inputs(self, call: CallActivity) -> dict[str, list[str] | str]:
        found: dict[str, list[str] | str] = {}
        for mapping in call.input_mappings:
            value = self._raw(mapping.source, found)
            if isinstance(value, str):
                found[mapping.target] = value
        return found

    def _value(self, formula: Formula, inputs: dict[str, list[str] | str]) -> list[str] | None:
        value = self._raw(formula, inputs)
        if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
            return [str(one) for one in value]
        return None

    def _raw(self, formula: Formula, inputs: dict[str, list[str] | str]) -> object:
        try:
            return formula.value({"policy": self._bundle.policy_context, **inputs}, {}, [])
        except ComplaintflowError:
            return None
