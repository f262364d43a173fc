"""Whether the parts of a bundle fit each other: every reference is followed, every promise has its decision."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from complaintflow import feel
from complaintflow.bpmn import xml
from complaintflow.bpmn.activities import CallActivity, DecisionTask, UserTask
from complaintflow.bpmn.events import StartEvent
from complaintflow.definition.reach import reach
from complaintflow.errors import (
    FeelSyntaxError,
    InvalidDecision,
    InvalidDiagram,
    InvalidForm,
    InvalidNotice,
    InvalidPolicy,
    UnknownProcess,
)

if TYPE_CHECKING:
    from complaintflow.bpmn.node import Node
    from complaintflow.definition.definition import Bundle

_POLICY_PATH: Final = r"\bpolicy\.([a-z_]+)\.([A-Za-z_][A-Za-z0-9_]*)"
_CAMUNDA7_TAG: Final = "{http://camunda.org/schema/1.0/dmn}versionTag"
_TIME_CALL: Final = r'\b(deadline|repeat)\(\s*"([^"]*)"'


def check(bundle: Bundle) -> None:
    """Follow every reference of a bundle.

    Raises:
        DefinitionError: the first thing that does not fit.
    """
    policies = reach(bundle)
    for called in sorted(bundle.program.called_processes() - bundle.program.processes.keys()):
        raise UnknownProcess(
            f"a call activity calls the process '{called}', which no layer has", where=bundle.process.file
        )
    for spec in bundle.program.flows.values():
        for node in spec.nodes:
            _follow(bundle, node, policies[str(spec.file)])
    for policy_id in sorted({one for spec in bundle.program.flows.values() for one in policies[str(spec.file)]}):
        bundle.notices_of(policy_id).check()
    for path in bundle.files:
        if path.endswith((".bpmn", ".form", ".dmn", ".j2")):
            _policy_names(bundle, path, policies[path])
    for problem in (*commitments(bundle), *recusals(bundle)):
        raise problem
    _facts(bundle)
    marks(bundle)


def _follow(bundle: Bundle, node: Node, policies: tuple[str, ...]) -> None:
    """Form, decision, notice and recipient of a node."""
    form_id = node.form_id if isinstance(node, (UserTask, StartEvent)) else None
    if form_id and form_id not in bundle.forms:
        raise InvalidForm(f"there is no form '{form_id}'", where=node.where, advice=nearest(form_id, bundle.forms))
    for problem in version(bundle, node):
        raise problem
    if isinstance(node, DecisionTask) and node.decision is not None and node.decision.expression is None:
        decision = node.decision.text
        if decision not in bundle.decisions:
            what = f"there is no decision '{decision}'"
            raise InvalidDecision(what, where=node.where, advice=nearest(decision, bundle.decisions))
    notice, to = node.headers.get("notice"), node.headers.get("to", "")
    for policy_id in policies:
        known = bundle.notices_of(policy_id).names
        if notice and notice not in known:
            what = f"there is no notice '{notice}'"
            raise InvalidNotice(what, where=node.where, advice=nearest(notice, known))
        if to.startswith("role:"):
            bundle.policies.of(policy_id).entry("roles", to.removeprefix("role:"))


def version(bundle: Bundle, node: Node) -> Iterator[InvalidDiagram]:
    """A link that names a version gets the part that the layers have: it must be that version."""
    if node.version_tag is None:
        return
    if isinstance(node, CallActivity):
        name = node.process.text if node.process is not None else ""
        found = bundle.program.processes[name].version_tag if name in bundle.program.processes else None
    elif isinstance(node, DecisionTask):
        name = node.decision.text if node.decision is not None else ""
        model = bundle.decisions.get(name)
        found = _decision_tag(bundle.files[model.file], name) if model is not None else None
    else:
        name = getattr(node, "form_id", None) or ""
        found = next((tag for form_id, tag in _form_tags(bundle) if form_id == name), None)
    if found != node.version_tag:
        yield InvalidDiagram(
            f"'{node.label}' wants the version '{node.version_tag}' of '{name}', and the layers have "
            + (f"'{found}'" if found else "one without a version tag"),
            where=node.where,
            advice="give the part that version tag, or choose the binding deployment",
        )


def _form_tags(bundle: Bundle) -> Iterator[tuple[str, str | None]]:
    texts = [source.decode("utf-8-sig") for path, source in bundle.files.items() if path.endswith(".form")]
    for text in [*texts, *(form for _, form in bundle.program.forms.values())]:
        form = json.loads(text)
        yield form.get("id"), form.get("versionTag")


def _decision_tag(content: bytes, decision: str) -> str | None:
    for element in xml.read(content, "").iter("{*}decision"):
        if element.get("id") == decision:
            said = next((tag.get("value") for tag in element.iter(xml.zeebe("versionTag"))), None)
            return said or element.get(_CAMUNDA7_TAG)
    return None


def _policy_names(bundle: Bundle, path: str, policies: tuple[str, ...]) -> None:
    """Every policy entry that a file names, in each policy under which it is used."""
    text = bundle.files[path].decode("utf-8", "replace").replace("&quot;", '"').replace("&#34;", '"')
    for policy_id in policies:
        policy, known = bundle.policies.of(policy_id), bundle.policies.context(policy_id)
        for section, name in re.findall(_POLICY_PATH, text):
            if section in known and name not in known[section]:
                raise InvalidDiagram(
                    f"policy.{section}.{name} is not in the policy file{_whose(bundle, policy_id)}",
                    where=path,
                    advice=nearest(name, known[section]),
                )
        for function, name in re.findall(_TIME_CALL, text.replace('\\"', '"')):
            if function == "deadline":
                policy.deadline(name)
            else:
                policy.repeat(name)


def _whose(bundle: Bundle, policy_id: str) -> str:
    """Said only where there are several."""
    return f" of {policy_id}" if len(bundle.policies.ids) > 1 else ""


def commitments(bundle: Bundle) -> Iterator[InvalidDiagram]:
    """A promise needs a task that decides it (D16)."""
    nodes = bundle.program.nodes
    decided = {name for node in nodes if (name := node.properties.get("decides"))}
    for node in nodes:
        needed = bundle.commitment(node)
        if needed is not None and needed not in decided:
            yield InvalidDiagram(
                f"'{node.label}' commits to the decision '{needed}', which no task decides",
                where=node.where,
                advice=f'give the deciding task the property decides="{needed}"',
            )


def recusals(bundle: Bundle) -> Iterator[FeelSyntaxError]:
    """Who is kept out can be computed: an expression that cannot be read must not let everybody in."""
    for policy_id in bundle.policies.ids:
        policy = bundle.policies.of(policy_id)
        for name, rule in policy.recusals.items():
            for kind in ("person", "group"):
                try:
                    feel.parse(getattr(rule, kind) or "null", where=policy.place("recusals", name, kind))
                except FeelSyntaxError as error:
                    yield error


def _facts(bundle: Bundle) -> None:
    """Facts stand in the plain for ever: they can be read, and say nothing that a form seals."""
    for policy_id in bundle.policies.ids:
        policy = bundle.policies.of(policy_id)
        for name, fact in policy.facts.items():
            where = policy.place("facts", name, "value")
            feel.parse(fact.value, where=where)
            for path in () if fact.kind == "person" else re.findall(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", fact.value):
                for seal in bundle.seals:
                    if seal == path or seal.startswith(f"{path}.") or path.startswith(f"{seal}."):
                        what = f"the fact '{name}' reads '{path}', and '{seal}' is sealed"
                        raise InvalidPolicy(what, where=where, advice="count something that tells of nobody")
        for figures in policy.figures.values():
            for deadline in figures.feedback:
                policy.deadline(deadline)
            for person in figures.persons:
                if person not in policy.facts or policy.facts[person].kind != "person":
                    raise InvalidPolicy(
                        f'"{person}" is no fact of kind person',
                        where=policy.place("figures", "case", "persons"),
                        advice=nearest(person, [one for one, fact in policy.facts.items() if fact.kind == "person"]),
                    )


def marks(bundle: Bundle) -> None:
    """A layer does not take a guard away in silence (D16). Raises InvalidDiagram: one did."""
    for dropped in bundle.dropped_marks:
        if not dropped.why:
            raise InvalidDiagram(dropped.what, where=dropped.where, advice=dropped.remedy)


def nearest(name: str, known: Iterable[str]) -> str:
    """The advice for a name that is not among those known."""
    from difflib import get_close_matches

    known = list(known)
    close = get_close_matches(name, known, 1)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"there are: {', '.join(sorted(known)) or 'none'}"
