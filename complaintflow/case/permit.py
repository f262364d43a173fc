"""What the rules of access need of one case: who is kept out, who did what, what is sealed.

The book is the case's ledger: ``recused`` (person -> reason), ``named`` and ``shut`` (people and groups that the
policy's ``[recusals]`` found once), ``done`` (element -> who completed it) and ``sealed`` (class -> values that came in
under that mark).

The policy of the outermost process governs the whole case, called processes included, whichever policy those belong to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from complaintflow import feel
from complaintflow.access.eligibility import Offer, may_have, offer
from complaintflow.access.rules import Facts
from complaintflow.access.seals import sealed_values
from complaintflow.bpmn.scope import Scope
from complaintflow.errors import AccessDenied, NoticeError
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.access.rules import Access
    from complaintflow.definition.definition import Bundle
    from complaintflow.store.rows import TaskRow


_KEEPING_OUT: Final = frozenset({"recused", "named", "shut"})


class Permit:
    """The access side of one case during one command.

    Args:
        access: the rules.
        bundle: the case's definition.
        case_id: for errors.
        actor: who gave the command; None for the engine itself.
        ledger: the case's own book, see above.
        tasks: fetches the open tasks.
        scopes: what the policy's recusals look at: the outermost scope first, then those of all that is going on.
    """

    def __init__(
        self,
        access: Access,
        bundle: Bundle,
        case_id: str,
        actor: str | None,
        ledger: dict[str, Any],
        tasks: Callable[[], list[TaskRow]],
        scopes: Callable[[], Iterable[Mapping[str, Any]]],
    ) -> None:
        self.access = access
        self._bundle = bundle
        self._case_id = case_id
        self._actor = actor
        self._ledger = ledger
        self._tasks = tasks
        self._scopes = scopes
        self._moves = False
        self._left_to_reporter = False

    @property
    def facts(self) -> Facts:
        """What the rules need to know, as it is now."""
        return Facts(
            self._case_id,
            self._bundle.policy,
            frozenset({*self._ledger.get("recused", {}), *self._ledger.get("named", ()), *self._found("person")}),
            frozenset({*self._ledger.get("shut", ()), *self._found("group")}),
            self._ledger.get("done", {}),
            self._tasks,
        )

    # -- asked by commands ------------------------------------------------------------------

    def work(self, number: int) -> None:
        """Raises AccessDenied: the actor may not complete or claim the task of this number."""
        if not self.access.enforced or self._left_to_reporter:
            return
        person, facts = self.access.person(self._actor), self.facts
        if not any(self.access.may_work_on(person, task, facts) for task in facts.tasks() if task.token == number):
            raise AccessDenied("this task is not theirs", where=f"task {self._case_id}.{number}")

    def leave_to_reporter(self) -> None:
        """The policy's ``[receipts.case]`` leaves this task to whoever reported, whom no identity knows."""
        self._left_to_reporter = True

    def assign(self, assignee: str, task: TaskRow) -> None:
        """Raises AccessDenied: the task must not become this person's."""
        if self.access.enforced:
            may = self.access.may_be_given(self.access.person(assignee), task, self.facts)
        else:
            may = may_have(self.access, self.facts, task.element, assignee)
        if not may:
            raise AccessDenied("whom the task should go to must not have it", where=f"task {task.id}")

    def operation(self, name: str) -> None:
        """Raises AccessDenied: the policy names no role of the actor for it."""
        if self.access.enforced and not self.access.may(self.access.person(self._actor), name, self.facts):
            what = f"the policy names no role of theirs for '{name}'"
            raise AccessDenied(what, where=f"case {self._case_id}", advice=f"see [access.{name}] in its policy.toml")

    # -- written by commands ----------------------------------------------------------------

    def seal(self, data: Mapping[str, Any]) -> None:
        """Remember every value in ``data`` that a form marks as sealed."""
        marks = self._bundle.seals
        for _, seal, value in sealed_values(data, marks) if marks else ():
            known = self._ledger.setdefault("sealed", {}).setdefault(seal, [])
            if str(value) not in known:
                known.append(str(value))

    def sealed(self, but: frozenset[str] = frozenset()) -> frozenset[str]:
        """Every sealed value of the case, but those of some classes."""
        book = self._ledger.get("sealed", {})
        return frozenset(value for seal, values in book.items() if seal not in but for value in values)

    def granted(self, group: str) -> frozenset[str]:
        """The classes that the policy opens to a group."""
        policy = self._bundle.policy
        return frozenset(
            seal
            for seal, grant in policy.sealed.items()
            if any(policy.roles[role].group == group for role in grant.roles)
        )

    def did(self, element: str) -> None:
        """Remember who completed an element that duties are separated by."""
        rules = self._bundle.policy.separations.values()
        if self._actor is not None and any(element in (*rule.tasks, *rule.apart_from) for rule in rules):
            people = self._ledger.setdefault("done", {}).setdefault(element, [])
            if self._actor not in people:
                people.append(self._actor)
                self._moves = True

    def recuse(self, person: str, reason: str) -> None:
        """Keep a person out from now on."""
        self._ledger.setdefault("recused", {})[person] = reason
        self._moves = True

    def look(self) -> None:
        """Remember whom the policy's recusals name now: a name that is changed later does not let anybody in again."""
        if not self._bundle.policy.recusals:
            return
        for kind, book in (("person", "named"), ("group", "shut")):
            known = self._ledger.get(book, [])
            new = [name for name in dict.fromkeys(self._found(kind)) if name not in known]
            if new:
                self._ledger[book] = [*known, *new]
                self._moves = True

    # -- asked when a task opens ------------------------------------------------------------

    def offer(self, element: str, wanted: Offer) -> Offer:
        """Whom a task is offered to, see ``complaintflow.access.eligibility``."""
        if not wanted.users and not self._keeps_out:
            return wanted
        return offer(self.access, self.facts, element, wanted)

    @property
    def _keeps_out(self) -> bool:
        """Whether anybody may be kept out of anything here."""
        policy = self._bundle.policy
        ruled = self.access.enforced or policy.recusals or policy.separations
        return bool(ruled) or not _KEEPING_OUT.isdisjoint(self._ledger)

    def moved(self) -> Iterator[tuple[TaskRow, Offer]]:
        """Open tasks that go to others: since this command somebody is kept out, or did what sets them apart."""
        for task in self._tasks() if self._moves else ():
            now = self.offer(task.element, Offer(task.groups, task.users, task.assignee))
            if (now.groups, now.users, now.assignee) != (task.groups, task.users, task.assignee):
                yield task, now

    def audience(self, group: str) -> Audience:
        """Who hears what is told to a group.

        Raises:
            NoticeError: it is kept out of the case, every fallback too.
        """
        facts = self.facts
        fallbacks = [facts.policy.roles[entry.role].group for entry in facts.policy.fallbacks.values()]
        for one in (group, *fallbacks):
            members = list(self.access.identity.members(one)) if self.access.identity is not None else []
            left = [person for person in members if not self.access.is_excluded(person, facts)]
            if one not in facts.shut and (left or not members):
                return Audience(one, tuple(person.id for person in left) if len(left) < len(members) else ())
        raise NoticeError(
            "everybody whom the notice goes to is kept out of this case",
            where=f"case {self._case_id}",
            advice="name a [fallbacks] role in policy.toml that has somebody else",
        )

    def _found(self, kind: str) -> Iterator[str]:
        """What the policy's recusals give now, where a scope has something that they read."""
        rules = [text for rule in self._bundle.policy.recusals.values() if (text := getattr(rule, kind))]
        if not rules:
            return
        scopes = list(self._scopes())
        for text in rules:
            rule = feel.parse(text)
            read = rule.free_names | rule.filter_names
            for scope in scopes:
                own = scope.variables if isinstance(scope, Scope) else scope
                if not read.isdisjoint(own):
                    yield from _texts(rule.evaluate(scope))


@dataclass(frozen=True, slots=True)
class Audience:
    """A group that is told something; ``only`` are the ids of those of it who may know, empty for everybody."""

    group: str
    only: tuple[str, ...] = ()


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str) and value.strip():
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
