"""Who stands aside and who does not do both: what the policy file says of it, held against the diagrams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from complaintflow import feel
from complaintflow.check.facts import Facts
from complaintflow.check.finding import ERROR, WARNING, Finding, nearest
from complaintflow.errors import ComplaintflowError

# What every expression reads beside the variables.
_AROUND: Final = frozenset({"policy", "case"})


def duties(facts: Facts) -> Iterator[Finding]:
    """Separations of tasks that are not there, recusals that read what nobody gives, and seals that nobody may open."""
    policy = facts.policy
    if policy is None:
        return
    tasks = _tasks(facts)
    for name, rule in policy.separations.items() if tasks is not None else ():
        for key in ("tasks", "apart_from"):
            for task in getattr(rule, key):
                if task not in (tasks or ()):
                    where = policy.place("separations", name, key)
                    yield Finding(ERROR, f"there is no user task '{task}'", where, nearest(task, tasks or ()))
    given = _given(facts)
    for name, recusal in policy.recusals.items():
        for key in ("person", "group"):
            for variable in sorted(_read(getattr(recusal, key)) - _AROUND - given):
                where = policy.place("recusals", name, key)
                what = f"nothing gives the variable '{variable}', so this keeps nobody out"
                yield Finding(ERROR, what, where, nearest(variable, given))
    for _, form in facts.forms.values():
        for component in form.components:
            seal = component.properties.get("sealed")
            if seal and seal not in policy.sealed:
                what = f"the field '{component.label or component.path}' is sealed as '{seal}', which nobody may open"
                advice = f'add [sealed.{seal}] with roles = ["..."] to policy.toml'
                yield Finding(WARNING, what, f"{form.file}, element {component.id}", advice)


def _tasks(facts: Facts) -> set[str] | None:
    if any(path.endswith(".bpmn") and path not in facts.legible for path in facts.bundle.files):
        return None  # They may be in a diagram that is no XML.
    return {str(task.get("id")) for diagram in facts.diagrams for task in diagram.bpmn("userTask")}


def _read(text: str) -> frozenset[str]:
    try:
        return feel.parse(text).free_names if text else frozenset()
    except ComplaintflowError:
        return frozenset()  # The engine's own check says why.


def _given(facts: Facts) -> set[str]:
    """The names that forms and mappings give."""
    fields = (component.path for _, form in facts.forms.values() for component in form.fields)
    names = {path.split(".")[0].split("[")[0] for path in fields}
    for diagram in facts.diagrams:
        names |= {str(one.get("target")).split(".")[0] for one in diagram.zeebe("input", "output") if one.get("target")}
    return names - {""}
