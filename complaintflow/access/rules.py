"""Who may do what: one place, and no by default (D12).

Without an ``Identity`` the host application decides, and nothing is asked here. With one, a person may

* see all of a case if the policy's ``[access.see]`` names a role of theirs; else, while they have an open task of it,
  what that task sees;
* work on a task that is theirs, or that is nobody's and offered to them;
* do what else the policy names a role of theirs for: ``[access.reassign]``, ``[access.cancel]``, ...;
* open a sealed value of a class whose ``[sealed.<class>]`` names a role of theirs;

and nothing at all in a case they are excluded from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from complaintflow.errors import AccessDenied
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.access.identity import Identity, Person
    from complaintflow.policy.format import Separation
    from complaintflow.policy.policy import Policy
    from complaintflow.store.rows import TaskRow

OF_A_CASE: Final = (
    "see", "reassign", "cancel", "suspend", "hold", "resolve", "recuse", "message", "attach", "export",
)  # fmt: skip
"""What can be done with one case, beside its tasks."""

OPERATIONS: Final = (*OF_A_CASE, "figures")
"""What a policy may name roles for."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules need to know of a case.

    Attributes:
        case_id: for errors.
        policy: the case's.
        excluded: ids and names of people who are kept out.
        shut: groups that are kept out whole.
        done: who completed which element, for the separation of duties.
        tasks: fetches the open ones; asked only where they matter.
    """

    case_id: str
    policy: Policy
    excluded: frozenset[str]
    shut: frozenset[str]
    done: Mapping[str, Iterable[str]]
    tasks: Callable[[], Iterable[TaskRow]]


class Access:
    """The rules, for the people an identity knows.

    Args:
        identity: None leaves every decision to the host.
    """

    def __init__(self, identity: Identity | None = None) -> None:
        self.identity = identity

    @property
    def enforced(self) -> bool:
        """Whether anything is asked here."""
        return self.identity is not None

    # -- people -----------------------------------------------------------------------------

    def person(self, actor: str | None) -> Person:
        """Who acts. Raises AccessDenied: nobody, or somebody unknown."""
        person = self.identity.person(actor) if self.identity is not None and actor else None
        if person is None:
            raise AccessDenied("nobody known by that name" if actor else "it is not said who acts")
        return person

    def is_excluded(self, person: Person, facts: Facts) -> bool:
        """Whether they are kept out of the case: complained about, or recused."""
        return not person.groups.isdisjoint(facts.shut) or any(person.called(name) for name in facts.excluded)

    def is_separated(self, person: Person, element: str, facts: Facts) -> bool:
        """Whether they did something in this case that whoever does this element must not have done."""
        return any(
            person.id in facts.done.get(other, ())
            for rule in facts.policy.separations.values()
            for other in apart(rule, element)
        )

    # -- questions --------------------------------------------------------------------------

    def may_see(self, person: Person, facts: Facts) -> bool:
        """Whether the case exists for them."""
        return self.sees_all(person, facts) or any(self.may_work_on(person, task, facts) for task in facts.tasks())

    def sees_all(self, person: Person, facts: Facts) -> bool:
        """Whether they see the whole case, and not only what a task of theirs needs."""
        return self.may(person, "see", facts)

    def may_work_on(self, person: Person, task: TaskRow, facts: Facts) -> bool:
        """Whether they may complete or claim the task."""
        if self.is_excluded(person, facts) or self.is_separated(person, task.element, facts):
            return False
        return task.assignee == person.id if task.assignee is not None else self._is_offered(person, task)

    def may_be_given(self, person: Person, task: TaskRow, facts: Facts) -> bool:
        """Whether the task may become theirs: they could have taken it, were it nobody's."""
        if self.is_excluded(person, facts) or self.is_separated(person, task.element, facts):
            return False
        return person.id in task.users or not person.groups.isdisjoint(task.groups)

    def may(self, person: Person, operation: str, facts: Facts) -> bool:
        """Whether the policy names a role of theirs for the operation."""
        return not self.is_excluded(person, facts) and self._has_role(person, facts, operation)

    def may_count(self, person: Person, policy: Policy) -> bool:
        """Whether the policy names a role of theirs for its figures."""
        grant = policy.access.get("figures")
        return grant is not None and not person.groups.isdisjoint(_groups(policy, grant.roles))

    def require_figures(self, person: Person, policy: Policy) -> None:
        """Raises AccessDenied: the policy names no role of theirs for its figures."""
        if not self.may_count(person, policy):
            what = "the policy names no role of theirs for 'figures'"
            raise AccessDenied(what, where=f"policy {policy.head.id}", advice="see [access.figures] in its policy.toml")

    def may_open(self, person: Person, seal: str, facts: Facts) -> bool:
        """Whether they may read values sealed as this class, in a case that they see."""
        grant = facts.policy.sealed.get(seal)
        groups = _groups(facts.policy, grant.roles) if grant is not None else frozenset()
        return self.may_see(person, facts) and not person.groups.isdisjoint(groups)

    def eligible(self, groups: Iterable[str], users: Iterable[str], element: str, facts: Facts) -> list[Person]:
        """Everybody who could do a task that is offered to these groups and people."""
        if self.identity is None:
            return []
        found = {person.id: person for group in groups for person in self.identity.members(group)}
        known = (self.identity.person(user) for user in users)
        found |= {person.id: person for person in known if person is not None}
        return [
            person
            for person in found.values()
            if not self.is_excluded(person, facts) and not self.is_separated(person, element, facts)
        ]

    def _is_offered(self, person: Person, task: TaskRow) -> bool:
        return person.id == task.assignee or person.id in task.users or not person.groups.isdisjoint(task.groups)

    def _has_role(self, person: Person, facts: Facts, operation: str) -> bool:
        grant = facts.policy.access.get(operation)
        return grant is not None and not person.groups.isdisjoint(_groups(facts.policy, grant.roles))


def apart(rule: Separation, element: str) -> tuple[str, ...]:
    """The elements that nobody may have done who does this one, by one rule."""
    if not rule.apart_from:
        return tuple(other for other in rule.tasks if other != element) if element in rule.tasks else ()
    if element in rule.tasks:
        return rule.apart_from
    return rule.tasks if element in rule.apart_from else ()


def _groups(policy: Policy, roles: Iterable[str]) -> frozenset[str]:
    return frozenset(policy.roles[role].group for role in roles if role in policy.roles)
