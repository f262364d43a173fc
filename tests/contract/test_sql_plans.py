"""Each question of the port is answered from an index: its cost does not grow with the number of open cases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import event, make_url

from complaintflow.adapters.sql import SqlStore, open_store
from complaintflow.store.port import Transaction
from complaintflow.store.rows import ScheduleRow
from complaintflow.testing.store_samples import (
    HOUR,
    NOW,
    case_id,
    case_row,
    full_change,
    job_row,
    save,
    subscription_row,
    task_row,
    timer_row,
)

SOON = NOW + HOUR
Question = Callable[[Transaction], Any]

# Questions whose answer has a fixed size, whatever else is in the store.
QUESTIONS: dict[str, Question] = {
    "inbox of a group": lambda t: t.tasks(groups=["investigators"], limit=20),
    "what is due in a group": lambda t: t.tasks(groups=["investigators"], due_before=SOON, limit=20),
    "inbox of a person": lambda t: t.tasks(user="li.wei", limit=20),
    "all tasks by due time": lambda t: t.tasks(limit=20),
    "all overdue tasks": lambda t: t.tasks(due_before=NOW, limit=20),
    "tasks of a case": lambda t: t.tasks(case_id=case_id(1)),
    "a task": lambda t: t.tasks(case_id=case_id(1), token=1),
    "due timers": lambda t: t.due_timers(NOW, 100),
    "due schedules": lambda t: t.due_schedules(NOW, 100),
    "schedule of a process": lambda t: t.schedules("boxes-1"),
    "ready jobs": lambda t: t.lease_jobs(NOW, SOON, "worker-1", 10),
    "ready jobs of a case": lambda t: t.lease_jobs(NOW, SOON, "worker-1", 10, case_id(1)),
    "next due": lambda t: t.next_due(),
    "who waits for a message": lambda t: t.waiting("message", "appeal", "order-1"),
    "who waits for a signal": lambda t: t.waiting("signal", "stop", None),
    "a case": lambda t: t.case(case_id(1)),
    "a case by its key": lambda t: t.case_ids(process="customer", key="key-1"),
    "a case by its key alone": lambda t: t.case_ids(key="key-1"),
    "a case by the beginning of its id": lambda t: t.case_ids(prefix=case_id(1)[:31]),
    "newest cases": lambda t: t.case_ids(limit=20),
    "newest active cases": lambda t: t.case_ids(status="active", limit=20),
    "oldest incidents": lambda t: t.incidents(limit=20),
    "incidents of a case": lambda t: t.incidents(case_id(1)),
    "history of a case": lambda t: t.history(case_id(1)),
    "notices of a case": lambda t: t.notices(case_id(1)),
    "values of a case": lambda t: t.values(case_id(1)),
    "attachments of a case": lambda t: t.attachments(case_id(1)),
    "an attachment": lambda t: t.attachment(case_id(1), 1),
    "the case of a receipt": lambda t: t.receipt(case_id(1).encode()),
    "timers of a case": lambda t: t.timers(case_id(1)),
    "jobs of a case": lambda t: t.jobs(case_id(1)),
    "subscriptions of a case": lambda t: t.subscriptions(case_id(1)),
}


def fill(store: SqlStore, first: int, last: int) -> None:
    """Open cases with a task, a timer, a job and a listener each; nothing of it is due."""
    changes = []
    for number in range(first, last):
        case = case_row(number, key=f"key-{number}")
        later_on = NOW + timedelta(days=1, seconds=number * 7919 % 100_003)
        change = full_change(case)
        change.tasks = [task_row(case, due_at=later_on, assignee="li.wei" if number % 4 == 1 else None)]
        change.timers = [timer_row(case, due_at=later_on)]
        change.jobs = [job_row(case, due_at=later_on)]
        change.subscriptions = [subscription_row(case, key=f"order-{number}")]
        changes.append(change)
    save(store, *changes)
    with store.transaction() as transaction:
        for number in range(first, last):
            due_at = NOW + timedelta(days=1, seconds=number)
            transaction.set_schedule(None, ScheduleRow(f"boxes-{number}", "due", "d", "cycle R/P1D", NOW, due_at, None))


def test_no_question_costs_more_in_a_fuller_store() -> None:
    """With thirty times the open cases every question takes the same number of steps of SQLite's virtual machine."""
    store = open_store("sqlite://")
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    with store.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
    driver.set_progress_handler(step, 1)
    costs: list[dict[str, int]] = []
    for first, last in ((1, 101), (101, 3001)):
        fill(store, first, last)
        costs.append({})
        for name, question in QUESTIONS.items():
            with store.transaction() as transaction:
                steps = 0
                question(transaction)
                costs[-1][name] = steps
    store.close()
    few, many = costs
    assert {name: (few[name], many[name]) for name in QUESTIONS if many[name] > 1.1 * few[name]} == {}
    assert min(few.values()) > 0


def test_postgresql_reads_no_more_rows_than_it_answers(new_database: Callable[[], str]) -> None:
    """With 1,500 open cases no step of any plan touches more rows than the answer has."""
    url = make_url(new_database())
    store = open_store(url.render_as_string(hide_password=False))
    fill(store, 1, 1501)
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    store.close()
    store = open_store(url.update_query_dict({"options": _EXPLAIN}).render_as_string(hide_password=False))
    plans: list[str] = []
    event.listen(store.engine, "connect", lambda driver, _: driver.add_notice_handler(_keep(plans)))
    store.before_fork()  # closes what is open already
    touched = {}
    for name, question in QUESTIONS.items():
        with store.transaction() as transaction:
            plans.clear()
            question(transaction)
        assert plans
        touched[name] = max(rows for plan in plans for rows in _rows_touched(json.loads(plan)["Plan"]))
    store.close()
    assert {name: rows for name, rows in touched.items() if rows > 20} == {}


_EXPLAIN = " ".join(
    f"-c {setting}"
    for setting in (
        "session_preload_libraries=auto_explain",
        "auto_explain.log_min_duration=0",
        "auto_explain.log_analyze=on",
        "auto_explain.log_format=json",
        "auto_explain.log_level=notice",
    )
)


def _keep(plans: list[str]) -> Callable[[Any], None]:
    def keep(notice: Any) -> None:
        _, found, plan = str(notice.message_primary).partition("plan:")
        if found:
            plans.append(plan)

    return keep


def _rows_touched(plan: dict[str, Any]) -> Iterator[float]:
    """For each step of a plan the rows it read, with those it read in vain."""
    read = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    yield read * plan["Actual Loops"]
    for part in plan.get("Plans", ()):
        yield from _rows_touched(part)
