"""A case stands still until it is resumed (the meaning of suspension in Camunda 7, where we do not say otherwise).

While a case is suspended no timer fires, no job runs, and its tasks are in nobody's inbox and cannot be completed,
claimed or given away. Messages are refused, as Camunda 7 refuses them; a signal that it would have heard passes by and
leaves a line of history. It can be cancelled, read, attached to, held, exported and moved to another definition, and
people can be kept out of it.

Due dates stay as they were promised: to suspend a case is the organisation's doing, and its reporter was told of no
pause. What came due meanwhile fires when it is resumed. A handler that was at work when the case was suspended may
finish: what it did has happened, is written down, and the case rests behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from complaintflow.case.status import ACTIVE, SUSPENDED
from complaintflow.errors import CaseError, InvalidData
from complaintflow.store.parking import Parked, park, parked
from complaintflow.work.rewriting import rewrite

if TYPE_CHECKING:
    from complaintflow.case.live import LiveCase
    from complaintflow.store.port import Transaction
    from complaintflow.store.rows import Change
    from complaintflow.work.work import Work


def suspend(work: Work, case_id: str, reason: str, actor: str | None) -> None:
    """Let a case stand still. One that does so already is left alone.

    Raises:
        UnknownCase, CaseEnded: there is nothing to suspend.
        InvalidData: no reason is given.
        AccessDenied: the policy names no role of the actor for it.
    """

    def step(tx: Transaction, live: LiveCase) -> Change | None:
        _may(live)
        live.require_open()
        if not reason.strip():
            raise InvalidData("a suspension says why", [("reason", "is needed")], where=f"case {case_id}")
        if live.suspended:
            return None
        rows = Parked(tx.tasks(case_id=case_id), tx.timers(case_id), tx.jobs(case_id))
        live.status = SUSPENDED
        live.record("suspended", reason=reason)
        park(live.ledger, rows)
        change = live.change()
        change.closed_tasks += [row.token for row in rows.tasks]
        change.closed_timers += [row.token for row in rows.timers]
        change.closed_jobs += [row.token for row in rows.jobs]
        return change

    rewrite(work, case_id, step, actor)


def resume(work: Work, case_id: str, reason: str, actor: str | None) -> None:
    """Let a suspended case go on: what came due meanwhile is due now.

    Raises:
        UnknownCase, CaseEnded: there is nothing to resume.
        CaseError: the case is not suspended.
        AccessDenied: the policy names no role of the actor for it.
    """

    def step(tx: Transaction, live: LiveCase) -> Change:
        _may(live)
        live.require_open()
        if not live.suspended:
            what = "the case is not suspended"
            raise CaseError(what, where=f"case {case_id}", advice="`complaintflow show CASE` says where it stands")
        rows = parked(live.ledger)
        live.status = ACTIVE
        said = {"reason": reason} if reason.strip() else {}
        live.record("resumed", None, **said)
        live.reassigned += rows.tasks
        return rows.joined(live.change())

    rewrite(work, case_id, step, actor)


def _may(live: LiveCase) -> None:
    """Without an actor it is the operator of the engine, whom the policy says nothing of."""
    if live.actor is not None and live.permit.access.enforced:
        live.permit.operation("suspend")
