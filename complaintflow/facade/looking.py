"""What one person sees, over all cases: the reading side of a desk.

A case that they may not see is an unknown case, a task that is not theirs an unknown task, and lists and counts have
only what they may see. What they see of one case says ``complaintflow.facade.sight``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from complaintflow.access.seals import masked
from complaintflow.case.accesses import RecordAccess
from complaintflow.errors import (
    AccessDenied,
    CaseShredded,
    InvalidData,
    UnknownAttachment,
    UnknownCase,
    UnknownTask,
)
from complaintflow.facade.reading import split_id
from complaintflow.facade.sight import Sight, gone
from complaintflow.facade.views import Attachment, Case, Event, Incident, Surroundings, Task

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from complaintflow.access.identity import Person
    from complaintflow.case.live import Settings
    from complaintflow.definition.definition import Bundle
    from complaintflow.facade.engine import Engine
    from complaintflow.notices.notices import Notice
    from complaintflow.picture import Picture
    from complaintflow.store.port import Transaction
    from complaintflow.store.rows import TaskRow
    from complaintflow.time.clock import Clock
    from complaintflow.work.work import Work

_PAGE: Final = 100
_ALL: Final = 1_000_000


class Looking:
    """What can be asked of a desk, which is one of these.

    Args:
        engine: whose cases.
        work: the engine's unit of work.
        actor: the person's id.

    Raises:
        AccessDenied: the identity does not know them.
    """

    def __init__(self, engine: Engine, work: Work, actor: str) -> None:
        self._engine = engine
        self._work = work
        self._access = work.settings.access
        self.person: Person = self._access.person(actor)

    @property
    def actor(self) -> str:
        """The person's id."""
        return self.person.id

    @property
    def clock(self) -> Clock:
        """The engine's."""
        return self._engine.clock

    @property
    def settings(self) -> Settings:
        """The engine's."""
        return self._engine.settings

    # -- reading ----------------------------------------------------------------------------

    def tasks(
        self,
        *,
        role: str | Sequence[str] | None = None,
        user: str | None = None,
        process: str | None = None,
        due_before: datetime | None = None,
        limit: int | None = _PAGE,
    ) -> list[Task]:
        """The inbox: what they may work on, the earliest due first. Arguments as for ``Engine.tasks``."""
        with self._engine.store.reading() as tx:
            groups = sorted(self.person.groups)
            narrow: dict[str, Any] = {"process": process, "due_before": due_before}
            found = [*tx.tasks(user=self.actor, **narrow), *(tx.tasks(groups=groups, **narrow) if groups else [])]
            rows = {row.id: row for row in found if _asked(row, role, user)}
            seen: dict[str, Sight | None] = {}
            theirs: list[Task] = []
            for row in sorted(rows.values(), key=_urgency):
                if row.case_id not in seen:
                    seen[row.case_id] = self._visible(tx, row.case_id)
                sight = seen[row.case_id]
                if len(theirs) != limit and sight is not None and sight.is_own(row.token):
                    theirs.append(self._engine.task_view(tx, row, sight.live))
            return theirs

    def cases(
        self, *, process: str | None = None, key: str | None = None, status: str | None = None, limit: int = _PAGE
    ) -> list[Case]:
        """Cases that they may see, the newest first."""
        with self._engine.store.reading() as tx:
            found: list[Case] = []
            for case_id in tx.case_ids(process=process, key=key, status=status, limit=_ALL):
                sight = self._visible(tx, case_id) if len(found) < limit else None
                if sight is not None:
                    found.append(self._view(tx, sight))
            return found

    def case(self, case_id: str) -> Case:
        """A case by its id, or by a beginning of it that fits only one that they may see.

        Raises:
            UnknownCase: there is none, or it is not theirs to see: nobody learns which.
        """
        with self._engine.store.reading() as tx:
            return self._view(tx, self._found(tx, case_id))

    def incidents(self, case_id: str | None = None) -> list[Incident]:
        """Open incidents of cases that they see whole, the oldest first. Raises UnknownCase."""
        if case_id is not None:
            return list(self.case(case_id).incidents)
        with self._engine.store.reading() as tx:
            rows = tx.incidents(limit=_ALL)
            sights = {case: self._visible(tx, case) for case in dict.fromkeys(row.case_id for row in rows)}
            whole = {case: sight for case, sight in sights.items() if sight is not None and sight.whole}
            return [
                whole[row.case_id].incident(self._engine.incident_view(tx, row)) for row in rows if row.case_id in whole
            ]

    def history(self, case_id: str) -> list[Event]:
        """What happened to a case, in order, as far as they see it. Raises UnknownCase."""
        sight = self._look(case_id)
        return sight.history(self._engine.history(sight.live.row.id))

    def notices(self, case_id: str) -> list[Notice]:
        """The notices of a case, as far as they see them. Raises UnknownCase."""
        sight = self._look(case_id)
        return sight.notices(self._engine.notices(sight.live.row.id))

    def diagram(self, case_id: str, *, process: str | None = None, language: str = "en") -> Picture:
        """The case on its diagram. Raises UnknownCase; AccessDenied: they do not see the whole case."""
        sight = self._look(case_id)
        if not sight.whole:
            raise AccessDenied("the whole case is not theirs to see", where=f"case {sight.live.row.id}")
        return self._engine.diagram(sight.live.row.id, process=process, language=language)

    def bundle(self, case_id: str) -> Bundle:
        """The definition that a case runs on: what is drawn, nothing of what was said. Raises UnknownCase."""
        return self._look(case_id).live.bundle

    def zone(self, case_id: str) -> tzinfo:
        """The zone in which a case's days are counted. Raises UnknownCase."""
        return self._engine.zone(self._look(case_id).live.row.id)

    def surroundings(self, task_id: str) -> Surroundings:
        """What the form of one of their tasks sees, with sealed values masked. Raises UnknownTask."""
        hidden = self._own_task(task_id).hidden
        seen = self._engine.surroundings(task_id)
        return replace(seen, variables=masked(dict(seen.variables), hidden))

    def allowed(self, case_id: str) -> tuple[str, ...]:
        """Which operations of ``[access]`` they may do with a case. Raises UnknownCase."""
        return self._look(case_id).allowed()

    def open_sealed(self, case_id: str, field: str, reason: str) -> Any:
        """Open one sealed value; who and why is written down first.

        Args:
            field: its path in the case's variables, such as "reporter.name"; "letters[].name" is a list.
            reason: why it is needed; kept in the history.

        Raises:
            UnknownCase: it is not theirs to see.
            AccessDenied: the policy opens this class to none of their roles.
            InvalidData: there is no such sealed value, or no reason.
        """
        sight = self._look(case_id)
        case_id, sealed = sight.live.row.id, list(sight.sealed())
        closed = sorted({seal for path, seal, _ in sealed if path == field and not sight.may_open(seal)})
        if closed:
            what = f"values sealed as '{closed[0]}' are not open to them"
            raise AccessDenied(what, where=f"case {case_id}", advice=f"see [sealed.{closed[0]}] in the policy file")
        values = [value for path, _, value in sealed if path == field]
        if not values:
            known = ", ".join(sorted({path for path, _, _ in sealed})) or "none"
            raise InvalidData(f"there is no sealed value '{field}'", where=f"case {case_id}", advice=f"sealed: {known}")
        self._work.run(case_id, RecordAccess("read", reason, field), self.actor)
        return values if "[]" in field else values[0]

    def attachments(self, case_id: str) -> list[Attachment]:
        """What is attached to a case, as far as they may read it. Raises UnknownCase."""
        sight = self._look(case_id)
        return [sight.described(one) for one in self._engine.attachments(sight.live.row.id) if sight.may_read(one)]

    def attachment(self, case_id: str, number: int, reason: str) -> bytes:
        """Read an attachment; who and why is written down first.

        Raises:
            UnknownCase: the case is not theirs to see.
            UnknownAttachment: there is none of that number, or it is not theirs to read.
            InvalidData: no reason is given.
        """
        sight = self._look(case_id)
        case_id = sight.live.row.id
        if number not in (one.number for one in self._engine.attachments(case_id) if sight.may_read(one)):
            what = f"there is no attachment {number}, or it is not yours to read"
            raise UnknownAttachment(what, where=f"case {case_id}")
        return self._engine.attachment(case_id, number, actor=self.actor, reason=reason)

    # -- inside -----------------------------------------------------------------------------

    def _visible(self, tx: Transaction, case_id: str) -> Sight | None:
        try:
            live = self._work.load(tx, case_id, self.actor)
        except (UnknownCase, CaseShredded):
            return None
        may = self._access.may_see(self.person, live.permit.facts)
        return Sight(self._access, self.person, live) if may else None

    def _found(self, tx: Transaction, case_id: str) -> Sight:
        """By id or a beginning of it; of a case that is not theirs not even the number of digits is told."""
        ids = [case_id] if len(case_id) == 32 else tx.case_ids(prefix=case_id, limit=_ALL) if case_id else []
        found = [sight for one in ids if (sight := self._visible(tx, one)) is not None]
        if len(found) != 1:
            raise UnknownCase("there is no such case, or it is not yours to see", advice="look at your tasks and cases")
        return found[0]

    def _look(self, case_id: str) -> Sight:
        with self._engine.store.reading() as tx:
            return self._found(tx, case_id)

    def _sight_of(self, case_id: str) -> Sight | None:
        with self._engine.store.reading() as tx:
            return self._visible(tx, case_id)

    def _whole_id(self, case_id: str) -> str:
        return self._look(case_id).live.row.id

    def _allowed(self, operation: str, case_id: str) -> str:
        """The whole id of a case with which they may do this. Raises UnknownCase, AccessDenied."""
        sight = self._look(case_id)
        case_id = sight.live.row.id
        if operation not in sight.allowed():
            what = f"the policy names no role of theirs for '{operation}'"
            raise AccessDenied(what, where=f"case {case_id}", advice=f"see [access.{operation}] in its policy.toml")
        return case_id

    def _own_task(self, task_id: str) -> Sight:
        """Raises UnknownTask where nobody may learn whether the task exists."""
        case_id, token = split_id(task_id, "task")
        sight = self._sight_of(case_id)
        if sight is None or not sight.is_own(token):
            no_task(task_id)
        return sight

    def _view(self, tx: Transaction, sight: Sight) -> Case:
        case = self._engine.case_view(tx, sight.live)
        return replace(sight.case(case), _engine=cast("Engine", self))

    def _after(self, case_id: str) -> Case:
        """The case as they may see it then; they may have had their last task of it."""
        with self._engine.store.reading() as tx:
            sight = self._visible(tx, case_id)
            if sight is not None:
                return self._view(tx, sight)
            case = self._engine.case_view(tx, self._work.load(tx, case_id))
        return replace(gone(case), _engine=cast("Engine", self))


def no_task(task_id: str) -> NoReturn:
    """Raise UnknownTask: nobody learns whether it is there."""
    raise UnknownTask("there is no such task, or it is not yours", where=f"task {task_id}")


def _asked(row: TaskRow, role: str | Sequence[str] | None, user: str | None) -> bool:
    wanted = [role] if isinstance(role, str) else role
    return (not wanted or not set(wanted).isdisjoint(row.groups)) and (user in (None, row.assignee, *row.users))


def _urgency(row: TaskRow) -> tuple[Any, ...]:
    return (row.due_at is None, row.due_at, -row.priority, row.created_at, row.id)
