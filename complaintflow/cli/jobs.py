"""What a worker has to do for a case, which no command does by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from complaintflow.cli.look import Cell, cell, dim, distance, heading, say, span, table
from complaintflow.cli.session import again

if TYPE_CHECKING:
    from complaintflow.cli.caseview import Setting
    from complaintflow.facade.engine import Engine
    from complaintflow.facade.views import Case
    from complaintflow.store.rows import JobRow


# A job that is ready for longer may wait for somebody who is not there.
_LONG = timedelta(minutes=1)


def print_jobs(case: Case, engine: Engine, setting: Setting) -> None:
    """The jobs that are ready or will be tried again, and who does them; not to people at a desk."""
    from complaintflow.work.worker import ALIVE

    if engine.settings.access.enforced:
        return
    now = engine.clock.now()
    with engine.store.reading() as tx:
        jobs = [row for row in tx.jobs(case.id) if row.due_at is not None]
        alive = tx.backlog(now, now - ALIVE).workers if jobs else 0
    if not jobs:
        return
    labels = {str(node.bpmn_id): node.label for node in engine.bundle(case.id).program.nodes}
    heading(setting.word("for worker"))
    table(("", "", ""), [_row(row, labels.get(row.element, row.element), setting) for row in jobs])
    if alive:
        say(dim("  " + setting.word("worker alive")))
        if any(row.due_at is not None and now - row.due_at >= _LONG for row in jobs):
            say(dim("  " + setting.word("ready for long")))
    else:
        say(dim("  " + setting.word("no worker")) + again("worker"))


def _row(row: JobRow, label: str, setting: Setting) -> list[Cell]:
    """Where, which handler, and when."""
    when = setting.word("ready")
    if row.due_at is not None and setting.now - row.due_at >= _LONG:
        when = setting.word("ready since", span=span(int((setting.now - row.due_at).total_seconds()), setting.language))
    if row.due_at is not None and row.due_at > setting.now:
        when = setting.word("next try", when=distance(row.due_at, setting.now, setting.language))
    if row.attempt:
        when += setting.word("failed one" if row.attempt == 1 else "failed", count=row.attempt, most=row.retries)
    return [cell(setting.name(row.element, label)), cell(row.type), cell(when, dim=True)]
