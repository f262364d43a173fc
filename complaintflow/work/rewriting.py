"""A step that needs more of a case than its state: the rows that it has open. Seldom done, and not on the hot path."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from complaintflow.values import name
from complaintflow.work.fresh import until_fresh

if TYPE_CHECKING:
    from complaintflow.case.live import LiveCase
    from complaintflow.store.port import Transaction
    from complaintflow.store.rows import CaseRow, Change
    from complaintflow.work.work import Work

Step = Callable[["Transaction", "LiveCase"], "Change | None"]


def rewrite(work: Work, case_id: str, step: Step, actor: str | None = None) -> Change | None:
    """Load a case, let the step read its rows and make the change, save; again from the start when somebody was faster.

    Args:
        step: gets the transaction and the case; None writes nothing.

    Raises:
        UnknownCase: there is no such case.
        StaleCase: others kept changing the case meanwhile.
        ClockWentBack: the case was last changed later than now.
        ComplaintflowError: what the step raises; nothing is written then.
    """
    actor = name(actor, "actor")

    def once() -> Change | None:
        with work.store.transaction() as tx:
            live = work.load(tx, case_id, actor)
            live.require_time(work.clock.now())
            before: CaseRow = live.row
            change = step(tx, live)
            if change is not None:
                work.write(tx, before, change)
        return change

    return until_fresh(once)
