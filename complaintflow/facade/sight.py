"""What one person sees of one case.

Whoever a role of ``[access.see]`` belongs to sees all of it. Whoever only has a task of it sees what the task sees: the
variables where it stands, their own doings and what their group was told; a called process that was not given the
reporter's data does not show them. Sealed values are masked for everybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from complaintflow.access.rules import OF_A_CASE
from complaintflow.access.seals import masked, sealed_values

if TYPE_CHECKING:
    from complaintflow.access.identity import Person
    from complaintflow.access.rules import Access
    from complaintflow.case.live import LiveCase
    from complaintflow.facade.views import Attachment, Case, Event, Incident
    from complaintflow.notices.notices import Notice
    from complaintflow.store.rows import TaskRow

# What somebody's own line of history tells them: what they said, not where it led.
_OWN: Final = ("data", "reason", "assignee", "person", "name", "purpose", "material")


class Sight:
    """A case through the eyes of a person who may see it.

    Args:
        access: the rules.
        person: who looks.
        live: the case.

    Attributes:
        live: see above.
        whole: whether they see all of it.
        hidden: the values that are masked, as text.
    """

    def __init__(self, access: Access, person: Person, live: LiveCase) -> None:
        self._access = access
        self._person = person
        self.live = live
        facts = live.permit.facts
        # Read while the transaction is there.
        rows = list(facts.tasks())
        self._facts = replace(facts, tasks=lambda: rows)
        self.whole = access.sees_all(person, self._facts)
        self.hidden = live.permit.sealed()

    @property
    def own(self) -> list[TaskRow]:
        """The open tasks that they may work on."""
        return [task for task in self._facts.tasks() if self._access.may_work_on(self._person, task, self._facts)]

    def is_own(self, token: int) -> bool:
        """Whether an open task is one of theirs."""
        return any(task.token == token for task in self.own)

    def may_open(self, seal: str) -> bool:
        """Whether values of a class are open to them, one by one and with a reason."""
        return self._access.may_open(self._person, seal, self._facts)

    def allowed(self) -> tuple[str, ...]:
        """The operations of ``[access]`` that they may do here."""
        return tuple(name for name in OF_A_CASE if self._access.may(self._person, name, self._facts))

    def may_read(self, attachment: Attachment) -> bool:
        """Whether an attachment is theirs to read: what they brought, and else what is not sealed from them.

        Beside those who see the whole case, whoever may attach to it may read it while they have a task of it.
        """
        if attachment.sealed is not None and not self.may_open(attachment.sealed):
            return False
        return self.whole or attachment.by == self._person.id or "attach" in self.allowed()

    def described(self, attachment: Attachment) -> Attachment:
        """An attachment with what its name quotes masked."""
        return replace(attachment, name=masked(attachment.name, self.hidden))

    def sealed(self) -> Iterator[tuple[str, str, Any]]:
        """Path, class and value of what is sealed in the case's own variables."""
        return sealed_values(self.live.game.top.scope.variables, self.live.bundle.seals)

    def case(self, case: Case) -> Case:
        """The case as they may have it."""
        case = replace(case, key=masked(case.key, self.hidden))
        if self.whole:
            incidents = tuple(map(self.incident, case.incidents))
            return replace(case, variables=masked(case.variables, self.hidden), incidents=incidents)
        mine = {task.id for task in self.own}
        return replace(
            case,
            variables=masked(self._near(), self.hidden),
            tasks=tuple(task for task in case.tasks if task.id in mine),
            **_NOTHING,
        )

    def incident(self, incident: Incident) -> Incident:
        """An incident, with what its message quotes masked."""
        return replace(incident, message=masked(incident.message, self.hidden))

    def history(self, events: list[Event]) -> list[Event]:
        """The lines that they may read."""
        if not self.whole:
            own = [event for event in events if event.actor == self._person.id and event.counted is None]
            events = [replace(event, detail={k: v for k, v in event.detail.items() if k in _OWN}) for event in own]
        return [replace(event, detail=masked(event.detail, self.hidden)) for event in events]

    def notices(self, notices: list[Notice]) -> list[Notice]:
        """The notices that they may read."""
        return [self._masked(notice) for notice in notices if self.whole or self._was_told(notice)]

    def _near(self) -> dict[str, Any]:
        """The variables where their tasks stand."""
        found: dict[str, Any] = {}
        for task in self.own:
            token = self.live.token(task.token)
            found |= token.variables.visible() if token is not None else {}
        return found

    def _was_told(self, notice: Notice) -> bool:
        to = notice.to
        return to.group in self._person.groups and (not to.only or self._person.id in to.only)

    def _masked(self, notice: Notice) -> Notice:
        to = replace(
            notice.to, person=masked(notice.to.person, self.hidden), address=masked(notice.to.address, self.hidden)
        )
        subject, text, html = (masked(part, self.hidden) for part in (notice.subject, notice.text, notice.html))
        return replace(notice, subject=subject, text=text, html=html, to=to)


def gone(case: Case) -> Case:
    """A case that somebody has done their last task of: that it goes on, and nothing else."""
    return replace(case, key=case.id, variables={}, tasks=(), **_NOTHING)


_NOTHING: Final[dict[str, Any]] = {"timers": (), "messages": (), "standing": (), "incidents": ()}
