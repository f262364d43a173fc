"""What one part says of another: is it there, and is it the one that was meant?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from complaintflow import feel
from complaintflow.check.diagram import Diagram, constant
from complaintflow.check.facts import Facts
from complaintflow.check.finding import ERROR, NOTE, WARNING, Finding, nearest, of_error
from complaintflow.definition import answering, fitting
from complaintflow.definition.layers import SHARED
from complaintflow.errors import ComplaintflowError
from complaintflow.policy.policy import Policy
from complaintflow.work.dispatch import BUILT_IN

_POLICY: Final = re.compile(r"\bpolicy\.([a-z_]+)\.([A-Za-z_][A-Za-z0-9_]*)")
_TIME: Final = re.compile(r'\b(deadline|repeat)\(\s*"([^"]*)"')
_SECTIONS: Final = {"deadline": "deadlines", "repeat": "repeats"}
# Sections that expressions see; deadlines and repeats are called by name instead.
_VISIBLE: Final = frozenset({"roles", "bounds", "amounts", "texts", "lists", "switches"})


def references(facts: Facts) -> Iterator[Finding]:
    """Every reference that leads nowhere."""
    for diagram in facts.diagrams:
        yield from _forms(facts, diagram)
        yield from _decisions(facts, diagram)
        yield from _calls(facts, diagram)
    yield from _notices(facts)
    yield from _policy_names(facts)
    yield from _commitments(facts)
    for node in facts.program.nodes:
        yield from map(of_error, fitting.version(facts.readable, node))
    if facts.policy is not None:
        yield from map(of_error, fitting.recusals(facts.readable))
        yield from map(of_error, answering.problems(facts.readable))


def _forms(facts: Facts, diagram: Diagram) -> Iterator[Finding]:
    for element in diagram.zeebe("formDefinition"):
        form = constant(element.get("formId"))
        if form and form not in facts.form_ids:
            advice = facts.near(form, facts.form_ids, ".form")
            yield Finding(ERROR, f"there is no form '{form}'", diagram.where(element), advice)


def _decisions(facts: Facts, diagram: Diagram) -> Iterator[Finding]:
    for element in diagram.zeebe("calledDecision"):
        name = constant(element.get("decisionId"))
        if name and name not in facts.decisions:
            what = f"there is no decision '{name}'"
            yield Finding(ERROR, what, diagram.where(element), facts.near(name, facts.decisions, ".dmn"))


def _calls(facts: Facts, diagram: Diagram) -> Iterator[Finding]:
    known = {process for one in facts.diagrams for process in one.processes}
    for element in diagram.zeebe("calledElement"):
        name = constant(element.get("processId"))
        if name and name not in known:
            what = f"a call activity calls the process '{name}', which no layer has"
            yield Finding(ERROR, what, diagram.where(element), facts.near(name, known, ".bpmn"))


def _notices(facts: Facts) -> Iterator[Finding]:
    for diagram, element, name in facts.headers("notice"):
        if name not in facts.notices:
            advice = facts.near(name, facts.notices, ".j2")
            yield Finding(ERROR, f"there is no notice '{name}'", diagram.where(element), advice)
    for diagram, element, to in facts.headers("to"):
        kind, _, name = to.partition(":")
        if kind == "role":
            for policy in facts.governing(diagram.file):
                if name not in policy.roles:
                    what = f"the policy has no role '{name}'"
                    yield Finding(ERROR, what, diagram.where(element), nearest(name, policy.roles))
        elif kind not in ("reporter", "role", "group"):
            advice = "write reporter, role:<a role of the policy file> or group:<a variable that holds a group>"
            yield Finding(ERROR, f"a notice goes to '{to}', which names nobody", diagram.where(element), advice)


def _policy_names(facts: Facts) -> Iterator[Finding]:
    for path, text in facts.texts.items():
        named = [(section, name) for section, name in _POLICY.findall(text) if section in _VISIBLE]
        named += [(_SECTIONS[function], name) for function, name in _TIME.findall(text)]
        for section, name in dict.fromkeys(named):
            for policy in facts.governing(path):
                known = getattr(policy, section)
                if name not in known:
                    line = text[: text.find(name)].count("\n") + 1
                    whose = f" of {policy.head.id}" if len(facts.policies) > 1 else ""
                    what = f"the policy file{whose} has no '{name}' in {section}"
                    yield Finding(ERROR, what, f"{path}, line {line}", nearest(name, known))


def _commitments(facts: Facts) -> Iterator[Finding]:
    """A promise needs a task that decides it (D16)."""
    for problem in fitting.commitments(facts.readable):
        yield of_error(problem)
    for dropped in facts.dropped_marks:
        if dropped.why:
            what = f"{dropped.what}; policy.toml says why: {dropped.why}"
            yield Finding(WARNING, what, dropped.where, "see that this is still meant")
        else:
            yield Finding(ERROR, dropped.what, dropped.where, dropped.remedy)
    gone = {dropped.name for dropped in facts.dropped_marks}
    for policy in facts.policies.values():
        for name in policy.head.dropped_marks.keys() - gone:
            what = f"dropped_marks names '{name}', which no layer below has or which is still there"
            yield Finding(WARNING, what, policy.place("policy", "dropped_marks"), nearest(name, gone))


def habits(facts: Facts) -> Iterator[Finding]:
    """What runs, and may not be meant."""
    for diagram in facts.diagrams:
        yield from _bindings(diagram)
        yield from _clauses(diagram)
        yield from _handlers(diagram)
        yield from _lanes(facts, diagram)


def _bindings(diagram: Diagram) -> Iterator[Finding]:
    for element in diagram.zeebe("formDefinition", "calledDecision", "calledElement"):
        foreign = element.get("formKey") or element.get("externalReference")
        if element.get("bindingType", "latest") == "latest" and not foreign:
            yield Finding(
                NOTE,
                "the link says no version, so the newest is taken when a case starts",
                diagram.where(element),
                "choose Binding: deployment, if the parts belong together",
            )


def _clauses(diagram: Diagram) -> Iterator[Finding]:
    if f"/{SHARED}/" in diagram.file:
        return  # the clauses are those of the processes that call it
    for element in diagram.activities:
        if not diagram.properties(element).get("clause", "").strip():
            yield Finding(
                NOTE,
                f"'{_label(element)}' says no clause",
                diagram.where(element),
                "add the extension property clause with the ids of the clauses it stands for",
            )


def _handlers(diagram: Diagram) -> Iterator[Finding]:
    for element in diagram.zeebe("taskDefinition", "executionListener", "taskListener"):
        job = constant(element.get("type"))
        if job and job not in BUILT_IN:
            yield Finding(
                NOTE,
                f"the job type '{job}' needs a handler of your own",
                diagram.where(element),
                f'register one: @handlers.handler("{job}"), or the job becomes an incident',
            )


# -- lanes ------------------------------------------------------------------------------------


def _lanes(facts: Facts, diagram: Diagram) -> Iterator[Finding]:
    """A lane says who does its tasks; so do the tasks' candidate groups. They must not say different things (D14)."""
    policies = facts.governing(diagram.file)
    if not policies:
        return
    policy = policies[0]
    lanes = diagram.lanes()
    for task in diagram.bpmn("userTask"):
        lane = lanes.get(str(task.get("id")))
        assignment = diagram.extension(task, "assignmentDefinition")
        groups = _groups(assignment.get("candidateGroups"), policy) if assignment is not None else []
        if lane is None or not groups:
            continue
        said = {_plain(lane.get("name")), _plain(lane.get("id"))}
        group = next((group for names, group in _roles(policy) if names & said), None)
        offered = ", ".join(groups)
        if group is not None and group not in groups:
            what = f"'{_label(task)}' lies in the lane '{_label(lane)}' and is offered to {offered}"
            advice = f"move it to another lane, or offer it to {group}"
            yield Finding(WARNING, what, diagram.where(task), advice)
        elif group is None and not said & {_plain(one) for one in groups}:
            what = f"the lane '{_label(lane)}' is no role of the policy file, and holds '{_label(task)}' of {offered}"
            yield Finding(WARNING, what, diagram.where(lane), "name the lane as the role is labelled in policy.toml")


def _roles(policy: Policy) -> Iterator[tuple[set[str], str]]:
    """For each role all the ways to say it, and its group."""
    for name, role in policy.roles.items():
        yield {_plain(one) for one in (name, role.group, *role.label.values())}, role.group


def _plain(name: str | None) -> str:
    return " ".join(re.split(r"[\s_-]+", (name or "").casefold())).strip()


def _groups(text: str | None, policy: Policy) -> list[str]:
    """Candidate groups, as far as the policy file alone decides them."""
    text = (text or "").strip()
    if not text.startswith("="):
        return [name.strip() for name in text.split(",") if name.strip()]
    try:
        expression = feel.parse(text[1:].strip())
        if not expression.free_names <= {"policy"}:
            return []
        value: Any = expression.evaluate({"policy": policy.as_context()})
    except ComplaintflowError:
        return []
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str) and one]


def _label(element: Any) -> str:
    return " ".join(str(element.get("name") or element.get("id") or "?").split())
