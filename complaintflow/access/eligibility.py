"""Whom a task is offered to once those are left out who must not have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from complaintflow.access.identity import Person
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.access.rules import Access, Facts


@dataclass(frozen=True, slots=True)
class Offer:
    """Who may do a task.

    Attributes:
        groups, users, assignee: as in a diagram.
        fallback: nobody was left, and a fallback of the policy has it now.
        stranded: nobody is left, not even there.
    """

    groups: tuple[str, ...]
    users: tuple[str, ...]
    assignee: str | None
    fallback: bool = False
    stranded: bool = False


def offer(access: Access, facts: Facts, element: str, wanted: Offer) -> Offer:
    """The task as it may be offered in this case.

    People and groups that are kept out are dropped. When an identity says who is in the groups, a person who was named
    in words ("Li Wei") becomes the member of that name, and a task that nobody may do goes to the first of the
    policy's ``[fallbacks]`` that has somebody.
    """
    groups = tuple(group for group in wanted.groups if group not in facts.shut)
    named = [_known(access, user, wanted.groups) for user in wanted.users]
    users = tuple(dict.fromkeys(user for user in named if user and may_have(access, facts, element, user)))
    assignee = _known(access, wanted.assignee, wanted.groups)
    if assignee and not may_have(access, facts, element, assignee):
        assignee = None
    asked = bool(wanted.groups or wanted.users or wanted.assignee)
    if _anybody(access, facts, element, groups, (*users, *filter(None, [assignee])), asked=asked):
        return Offer(groups, users, assignee)
    fallbacks = [facts.policy.roles[entry.role].group for entry in facts.policy.fallbacks.values()]
    for group in fallbacks:
        if group not in facts.shut and _anybody(access, facts, element, (group,), (), asked=True):
            return Offer((group,), (), None, fallback=True)
    return Offer(tuple(fallbacks[-1:]) or wanted.groups, (), None, fallback=bool(fallbacks), stranded=True)


def may_have(access: Access, facts: Facts, element: str, user: str) -> bool:
    """Whether somebody may be given a task by name: not kept out of the case, nor separated from the duty."""
    person = access.identity.person(user) if access.identity is not None else None
    person = person or Person(user, user, frozenset())
    return not access.is_excluded(person, facts) and not access.is_separated(person, element, facts)


def _known(access: Access, user: str | None, groups: tuple[str, ...]) -> str | None:
    """The id of whom a form or a table names; None: the identity knows nobody of that name in the groups."""
    if access.identity is None or not user or access.identity.person(user) is not None:
        return user
    found = {one.id for group in groups for one in access.identity.members(group) if one.called(user)}
    return found.pop() if len(found) == 1 else None


def _anybody(
    access: Access, facts: Facts, element: str, groups: tuple[str, ...], users: tuple[str, ...], *, asked: bool
) -> bool:
    """Whether somebody may do it; without an identity: whether somebody is left of those it was meant for."""
    if access.enforced:
        return bool(access.eligible(groups, users, element, facts))
    return bool(groups or users) or not asked
