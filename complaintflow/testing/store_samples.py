"""Rows for the contract suite of stores: small, odd where oddness can break something, and the same every time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from complaintflow.store.port import Store
from complaintflow.store.rows import (
    CaseRow,
    Change,
    HistoryRow,
    IncidentRow,
    JobRow,
    NoticeRow,
    SubscriptionRow,
    TaskRow,
    TimerRow,
)

NOW: Final = datetime(2026, 9, 28, 4, 30, 15, 123457, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
MICROSECOND: Final = timedelta(microseconds=1)
LAST_MOMENT: Final = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)

ODD_TEXT: Final = "投诉 'q' \"d\" % %s ? :x \\ ; -- \n\té 🍜"
"""What breaks a store that pastes its statements together or does not speak UTF-8."""

ALL_BYTES: Final = bytes(range(256))


def case_id(number: int) -> str:
    """The id of the sample case of that number, in the order of the numbers."""
    return f"{number:032x}"


def case_row(number: int = 1, **facts: Any) -> CaseRow:
    """A new case; the higher its number, the younger it is."""
    moment = NOW + number * MICROSECOND
    row = CaseRow(
        id=case_id(number),
        process="customer",
        bundle="digest-1",
        key=None,
        status="active",
        version=1,
        created_at=moment,
        updated_at=moment,
        state=b"state of %d" % number,
        length=1,
        head=b"head of %d" % number,
        sealed_key=b"wrapped key of %d" % number,
    )
    return row._replace(**facts)


def later(row: CaseRow, **facts: Any) -> CaseRow:
    """The case after one more command."""
    changed = row._replace(version=row.version + 1, updated_at=row.updated_at + HOUR, state=row.state + b"+")
    return changed._replace(**facts)


def task_row(case: CaseRow, token: int = 1, **facts: Any) -> TaskRow:
    """An open task of the investigators, due in a day."""
    row = TaskRow(
        case_id=case.id,
        token=token,
        process=case.process,
        element="investigate",
        groups=("investigators",),
        users=(),
        assignee=None,
        priority=50,
        created_at=case.created_at,
        due_at=NOW + 24 * HOUR,
        follow_up_at=None,
        provisional=False,
        bundle=case.bundle,
    )
    return row._replace(**facts)


def timer_row(case: CaseRow, token: int = 2, **facts: Any) -> TimerRow:
    """A timer due in three hours."""
    row = TimerRow(case.id, token, "reply-late", NOW + 3 * HOUR, "department_reply", False)
    return row._replace(**facts)


def subscription_row(case: CaseRow, token: int = 3, **facts: Any) -> SubscriptionRow:
    """A token that waits for the message "appeal" with the key "order-17"."""
    row = SubscriptionRow(case.id, token, "message", "appeal", "order-17", "appeal-received")
    return row._replace(**facts)


def job_row(case: CaseRow, token: int = 4, **facts: Any) -> JobRow:
    """A job that may start now."""
    row = JobRow(case.id, token, "notify", "tell-reporter", 0, 3, NOW)
    return row._replace(**facts)


def incident_row(case: CaseRow, token: int = 5, **facts: Any) -> IncidentRow:
    """An open incident."""
    row = IncidentRow(case.id, token, "job", "tell-reporter", NOW, b"sealed detail")
    return row._replace(**facts)


def history_row(case: CaseRow, seq: int = 1, **facts: Any) -> HistoryRow:
    """An entry of the history."""
    row = HistoryRow(case.id, seq, NOW, "completed", "register", 1, b"sealed detail", b"digest %d" % seq)
    return row._replace(**facts)


def notice_row(case: CaseRow, token: int = 6, **facts: Any) -> NoticeRow:
    """A notice that left."""
    row = NoticeRow(case.id, token, "received", "email", NOW, b"sealed content")
    return row._replace(**facts)


def full_change(case: CaseRow) -> Change:
    """A change with one row of every kind that belongs to a token."""
    return Change(
        case,
        tasks=[task_row(case)],
        timers=[timer_row(case)],
        subscriptions=[subscription_row(case)],
        jobs=[job_row(case)],
        incidents=[incident_row(case)],
        history=[history_row(case)],
        notices=[notice_row(case)],
        values={"transcript": b"sealed value"},
    )


def save(store: Store, *changes: Change) -> None:
    """Write the changes in one transaction."""
    with store.transaction() as transaction:
        for change in changes:
            transaction.write(change)


def rows_of(store: Store, case: str) -> dict[str, Any]:
    """All that the store tells of one case, by the name of the question; only what is not empty."""
    with store.reading() as transaction:
        answers: dict[str, Any] = {
            "tasks": transaction.tasks(case_id=case),
            "timers": transaction.timers(case),
            "subscriptions": transaction.subscriptions(case),
            "jobs": transaction.jobs(case),
            "incidents": transaction.incidents(case),
            "history": transaction.history(case),
            "notices": transaction.notices(case),
            "values": transaction.values(case),
            "ids": transaction.case_ids(prefix=case),
        }
    return {question: answer for question, answer in answers.items() if answer}
