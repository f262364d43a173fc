"""What one person may see and do: the facade again, through the rules of access.

Whatever is not theirs does not exist here, see ``complaintflow.facade.looking``. Sealed values are masked until they
are opened, one by one, with a reason that is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from complaintflow.access.seals import kept
from complaintflow.case.accesses import RecordAccess
from complaintflow.case.events import Deliver
from complaintflow.case.handover import Reassign, Recuse
from complaintflow.errors import CaseEnded, NoSubscription, UnknownIncident
from complaintflow.facade.looking import Looking, no_task
from complaintflow.facade.reading import split_id
from complaintflow.facade.views import Attachment, Case, Incident, Task
from complaintflow.values import variables

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from typing import BinaryIO

    from complaintflow.facade.surging import PastSurge, Window
    from complaintflow.figures.table import Figures
    from complaintflow.report import Form as ReportForm
    from complaintflow.report import Report


class Desk(Looking):
    """An engine as one person has it. Made by ``Engine.desk``."""

    def complete(self, task_id: str, data: Mapping[str, Any], *, actor: str | None = None) -> Case:
        """Complete a task of theirs; a field that still shows a mask keeps the value behind it.

        Raises:
            UnknownTask: it is not theirs, or not there, or done: nobody learns which.
            InvalidData: the data violate the task's form.
        """
        hidden = self._own_task(task_id).hidden
        seen = self._engine.surroundings(task_id).variables
        self._engine.complete(task_id, kept(data, seen, hidden), actor=self.actor)
        return self._after(split_id(task_id, "task")[0])

    def claim(self, task_id: str) -> Task:
        """Take a task. Raises UnknownTask."""
        self._own_task(task_id)
        return self._engine.claim(task_id, self.actor)

    def release(self, task_id: str) -> Task:
        """Give a task back. Raises UnknownTask."""
        self._own_task(task_id)
        return self._engine.release(task_id, actor=self.actor)

    def reassign(self, task_id: str, assignee: str | None, reason: str = "") -> None:
        """Give a task to somebody else, or back to all it is offered to.

        Raises:
            UnknownTask: the task is not theirs to see.
            TaskAlreadyCompleted: it is no longer open.
            AccessDenied: the policy does not let them, or the assignee must not have it.
        """
        case_id, token = split_id(task_id, "task")
        sight = self._sight_of(case_id)
        if sight is None or not (sight.whole or sight.is_own(token)):
            no_task(task_id)
        self._work.run(case_id, Reassign(token, assignee, reason), self.actor)

    def correlate(
        self, message: str, *, key: str, data: Mapping[str, Any] | None = None, actor: str | None = None
    ) -> list[Case]:
        """Deliver a message to the cases that they see and where the policy lets them (``[access.message]``).

        Raises:
            NoSubscription: no such case waits for it.
        """
        cargo = variables(data or {}, f"message '{message}'")
        with self._engine.store.reading() as tx:
            waiting = tx.waiting("message", message, str(key))
            sights = {row.case_id: self._visible(tx, row.case_id) for row in waiting}
        theirs = {one for one, sight in sights.items() if sight is not None and "message" in sight.allowed()}
        delivered: list[str] = []
        for row in waiting:
            if row.case_id in theirs:
                # The first delivery may end what the next one would have reached.
                with suppress(NoSubscription, CaseEnded):
                    self._work.run(row.case_id, Deliver(row.token, message, cargo, row.key), self.actor)
                    delivered.append(row.case_id)
        if not delivered:
            raise NoSubscription(f"no case of theirs waits for the message '{message}' with this key")
        return [self._after(self._engine._settled(case_id).id) for case_id in dict.fromkeys(delivered)]

    def resolve(
        self, incident: str | Incident, *, data: Mapping[str, Any] | None = None, actor: str | None = None
    ) -> Case:
        """Clear an incident of a case that they see whole. Raises UnknownIncident, AccessDenied, and as the engine."""
        incident_id = incident.id if isinstance(incident, Incident) else incident
        case_id, _ = split_id(incident_id, "incident")
        sight = self._sight_of(case_id)
        if sight is None or not sight.whole:
            raise UnknownIncident("there is no such incident, or it is not yours to see", where=f"{incident_id}")
        self._engine.resolve(incident_id, data=data, actor=self.actor)
        return self._after(case_id)

    def recuse(self, case_id: str, person: str, reason: str) -> None:
        """Keep a person out of a case from now on: oneself always, others if the policy lets them.

        Raises:
            UnknownCase, AccessDenied, InvalidData: nothing was changed.
        """
        self._work.run(self._whole_id(case_id), Recuse(person, reason), self.actor)

    def cancel(self, case_id: str, reason: str) -> None:
        """End a case before its process does. Raises UnknownCase, AccessDenied, CaseEnded."""
        self._engine.cancel(self._whole_id(case_id), reason, actor=self.actor)

    def suspend(self, case_id: str, reason: str) -> Case:
        """Let a case stand still (``[access.suspend]``). Raises UnknownCase, AccessDenied, CaseEnded, InvalidData."""
        return self._after(self._engine.suspend(self._whole_id(case_id), reason, actor=self.actor).id)

    def resume(self, case_id: str, reason: str = "") -> Case:
        """Let a suspended case go on (``[access.suspend]``). Raises as ``suspend``; CaseError: it is not suspended."""
        return self._after(self._engine.resume(self._whole_id(case_id), reason, actor=self.actor).id)

    def hold(self, case_id: str, reason: str) -> None:
        """Keep a case whatever its retention period says. Raises UnknownCase, AccessDenied, InvalidData."""
        self._engine.hold(self._whole_id(case_id), reason, actor=self.actor)

    def end_hold(self, case_id: str, reason: str) -> None:
        """The retention period counts again. Raises as ``hold``."""
        self._engine.end_hold(self._whole_id(case_id), reason, actor=self.actor)

    def attach(
        self, case_id: str, name: str, content: bytes | BinaryIO, reason: str, *, sealed: str | None = None
    ) -> Attachment:
        """Attach a file (``[access.attach]``). Raises UnknownCase, AccessDenied, CaseEnded, InvalidData."""
        case_id = self._allowed("attach", case_id)
        return self._engine.attach(case_id, name, content, actor=self.actor, reason=reason, sealed=sealed)

    def export(self, case_id: str, file: str | Path, reason: str) -> list[str]:
        """Copy a case into an archive bundle (``[access.export]``); what is in it is plain. Raises as the engine."""
        return self._engine.export(self._allowed("export", case_id), file, actor=self.actor, reason=reason)

    def figures(
        self,
        policy: str,
        period: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        by: str | Sequence[str] | None = None,
    ) -> Figures:
        """A policy's figures (``[access.figures]``). Raises AccessDenied, and as ``Engine.figures``."""
        return self._engine.figures(policy, period, since=since, until=until, by=by, actor=self.actor)

    def report(
        self,
        policy: str,
        period: str,
        *,
        language: str = "en",
        proposals: Sequence[str] = (),
        cases: int | None = None,
        file: str | Path | None = None,
        form: ReportForm | None = None,
        replace: bool = False,
    ) -> Report:
        """A report on a policy (``[access.figures]``). Raises AccessDenied, and as ``Engine.report``."""
        return self._engine.report(
            policy,
            period,
            language=language,
            proposals=proposals,
            cases=cases,
            file=file,
            form=form,
            replace=replace,
            actor=self.actor,
        )

    def surges(self, policy: str | None = None) -> list[Window]:
        """Windows of similar complaints (``[access.figures]``). Raises AccessDenied, and as ``Engine.surges``."""
        return self._engine.surges(policy, actor=self.actor)

    def replay_surges(
        self, policy: str | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> list[PastSurge]:
        """Surges in past cases (``[access.figures]``). Raises AccessDenied, and as ``Engine.replay_surges``."""
        return self._engine.replay_surges(policy, since=since, until=until, actor=self.actor)

    def evidence(self, case_id: str, reason: str) -> dict[str, Any]:
        """The case's signed history for a third party (``[access.export]``); who took it and why is written down.

        Raises:
            UnknownCase, AccessDenied, InvalidData: nothing was handed out.
        """
        case_id = self._allowed("export", case_id)
        self._work.run(case_id, RecordAccess("copy", reason, "evidence"), self.actor)
        return self._engine.evidence(case_id)

    def record_access(self, case_id: str, purpose: str, reason: str) -> None:
        """Note that they read, copied, printed or handed out material. Raises UnknownCase, InvalidData."""
        self._work.run(self._whole_id(case_id), RecordAccess(purpose, reason), self.actor)
