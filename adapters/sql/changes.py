"""A change as statements, in the order in which they are run."""

from __future__ import annotations

from complaintflow.adapters.sql import encoding, statements
from complaintflow.adapters.sql.encoding import Values
from complaintflow.store.rows import AnchorRow, BundleRow, CaseRow, Change, ScheduleRow
from complaintflow.store.ticks import to_ticks

Batch = tuple[str, list[Values]]
"""One statement with the rows it is run for (never none)."""


def save_case(row: CaseRow) -> tuple[str, Values]:
    """The statement that guards the version: it touches one row, or the case is stale (or its key taken)."""
    created_at, updated_at = to_ticks(row.created_at), to_ticks(row.updated_at)
    if row.version == 1:
        head = (row.id, row.process, row.bundle, row.key, row.status)
        return statements.ADD_CASE, (*head, 1, created_at, updated_at, row.state, *_rest(row))
    news = (row.bundle, row.key, row.status, row.version, updated_at, row.state, *_rest(row))
    return statements.SAVE_CASE, (*news, row.id, row.version - 1)


def _rest(row: CaseRow) -> Values:
    kept = (encoding.to_ticks_or_none(row.keep_until), encoding.to_ticks_or_none(row.looked_at))
    return (row.length, row.head, *kept, row.held)


def save_anchor(row: AnchorRow) -> tuple[str, Values]:
    """The statement that guards the tick: it touches one row, or somebody else moved the shard."""
    if row.tick == 1:
        return statements.ADD_ANCHOR, (row.shard, 1, row.total)
    return statements.SAVE_ANCHOR, (row.tick, row.total, row.shard, row.tick - 1)


def save_rows(change: Change) -> list[Batch]:
    """Everything but the case. What closes comes first: a token may close and open again in one change."""
    batches = [*_keys(change.case), *_closing(change), *_opening(change), *_adding(change)]
    return [batch for batch in batches if batch[1]]


def _keys(row: CaseRow) -> list[Batch]:
    if row.sealed_key is None:
        return [(sql, [(row.id,)]) for sql in statements.SHRED]
    return [(statements.ADD_KEY, [(row.id, row.sealed_key)])] if row.version == 1 else []


def _closing(change: Change) -> list[Batch]:
    case_id = change.case.id
    # A task that is written again may have left an inbox.
    again = [row.token for row in change.tasks if change.fresh is None or row.token < change.fresh]
    closing = (
        (statements.CLOSE_INBOX, [*change.closed_tasks, *again]),
        (statements.CLOSE_TASK, change.closed_tasks),
        (statements.CLOSE_TIMER, change.closed_timers),
        (statements.CLOSE_SUBSCRIPTION, change.closed_subscriptions),
        (statements.CLOSE_JOB, change.closed_jobs),
        (statements.CLOSE_INCIDENT, change.closed_incidents),
    )
    return [(sql, [(case_id, token) for token in tokens]) for sql, tokens in closing]


def _opening(change: Change) -> list[Batch]:
    born = change.case.created_at
    return [
        (statements.OPEN_TASK, [encoding.task_values(row) for row in change.tasks]),
        (statements.OPEN_INBOX, [values for row in change.tasks for values in encoding.inbox_values(row)]),
        (statements.OPEN_TIMER, [encoding.timer_values(row) for row in change.timers]),
        (
            statements.OPEN_SUBSCRIPTION,
            [encoding.subscription_values(row, born) for row in change.subscriptions],
        ),
        (statements.OPEN_JOB, [encoding.job_values(row) for row in change.jobs]),
        (statements.OPEN_INCIDENT, [encoding.incident_values(row) for row in change.incidents]),
    ]


def _adding(change: Change) -> list[Batch]:
    case_id = change.case.id
    kept = [(case_id, name, content) for name, content in change.values.items() if content is not None]
    dropped = [(case_id, name) for name, content in change.values.items() if content is None]
    return [
        (statements.SET_VALUE, kept),
        (statements.DROP_VALUE, dropped),
        (statements.ADD_HISTORY, [encoding.history_values(row) for row in change.history]),
        (statements.ADD_NOTICE, [encoding.notice_values(row) for row in change.notices]),
        (statements.ADD_ATTACHMENT, [encoding.attachment_values(row) for row in change.attachments]),
        (statements.ADD_RECEIPT, [(row.digest, row.case_id) for row in (change.receipt,) if row is not None]),
        _bundle(change.bundle),
    ]


def _bundle(bundle: BundleRow | None) -> Batch:
    return statements.ADD_BUNDLE, [] if bundle is None else [(bundle.digest, bundle.process, bundle.content)]


def save_schedule(
    before: ScheduleRow | None, after: ScheduleRow | None, bundle: BundleRow | None
) -> tuple[tuple[str, Values], list[Batch]]:
    """The statement that puts one row in another's place, if it is still there, and what is stored with it."""
    old, new = (encoding.schedule_values(row) if row is not None else () for row in (before, after))
    sql = statements.ADD_SCHEDULE if before is None else statements.MOVE_SCHEDULE if after else statements.DROP_SCHEDULE
    stored = _bundle(bundle)
    return (sql, (*new, *old)), [stored] if stored[1] else []
