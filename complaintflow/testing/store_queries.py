"""The contract of stores, part two: what is found, and in which order."""

from __future__ import annotations

from datetime import datetime
from itertools import product
from typing import Any

import pytest

from complaintflow.store.port import Store
from complaintflow.store.rows import Change, TaskRow
from complaintflow.testing.store_samples import (
    HOUR,
    LAST_MOMENT,
    MICROSECOND,
    NOW,
    case_id,
    case_row,
    history_row,
    incident_row,
    later,
    notice_row,
    save,
    subscription_row,
    task_row,
    timer_row,
)


class CaseQueryContract:
    """Finding cases, and the rows of one case in their order."""

    def test_cases_are_found_newest_first(self, store: Store) -> None:
        """Every condition narrows, all that are given must hold, and the newest cases come first."""
        save(
            store,
            Change(case_row(2, process="law-firm", status="completed")),
            Change(case_row(1, key="order-17")),
            Change(case_row(3, status="completed", key="order-18")),
            Change(case_row(4)),
        )
        with store.reading() as transaction:
            ids = transaction.case_ids
            assert ids() == [case_id(4), case_id(3), case_id(2), case_id(1)]
            assert ids(limit=2) == [case_id(4), case_id(3)]
            assert ids(process="customer") == [case_id(4), case_id(3), case_id(1)]
            assert ids(status="completed") == [case_id(3), case_id(2)]
            assert ids(process="customer", status="completed") == [case_id(3)]
            assert ids(key="order-17") == [case_id(1)]
            assert ids(process="customer", key="order-18", status="completed", prefix="0") == [case_id(3)]
            assert ids(process="law-firm", key="order-18") == []
            assert ids(status="unheard-of") == []

    def test_cases_with_provisional_dates_are_found(self, store: Store) -> None:
        """Cases whose timer or task may still move come once each, in order of the id, page by page."""
        one, two, three = case_row(1), case_row(2), case_row(3)
        save(
            store,
            Change(one, tasks=[task_row(one, provisional=True)], timers=[timer_row(one, provisional=True)]),
            Change(two, tasks=[task_row(two)], timers=[timer_row(two)]),
            Change(three, timers=[timer_row(three, provisional=True)]),
        )
        with store.reading() as transaction:
            assert transaction.provisional_cases("", 10) == [case_id(1), case_id(3)]
            assert transaction.provisional_cases("", 1) == [case_id(1)]
            assert transaction.provisional_cases(case_id(1), 10) == [case_id(3)]

    def test_newest_means_created_last_not_changed_last(self, store: Store) -> None:
        """A command on an old case does not move it to the front."""
        save(store, Change(case_row(1)), Change(case_row(2)))
        save(store, Change(later(case_row(1))))
        with store.reading() as transaction:
            assert transaction.case_ids() == [case_id(2), case_id(1)]

    def test_a_prefix_is_taken_literally(self, store: Store) -> None:
        """The beginning of an id finds it; signs that mean something in a pattern mean nothing here."""
        ids = ["abc1", "abc2", "ab%", "ab_", "ABC3", "a", "投诉-1"]
        save(store, *(Change(case_row(number, id=text)) for number, text in enumerate(ids)))
        with store.reading() as transaction:
            expected = {"abc": 2, "ab": 4, "ab%": 1, "ab_": 1, "abc1": 1, "ABC": 1, "投诉": 1, "%": 0, "x": 0, "": 7}
            for prefix, count in expected.items():
                found = transaction.case_ids(prefix=prefix)
                assert (prefix, len(found)) == (prefix, count)
                assert all(text.startswith(prefix) for text in found)

    def test_rows_of_a_case_have_an_order(self, store: Store) -> None:
        """Timers by time, subscriptions by token, notices as written; another case's rows never appear."""
        case, other = case_row(1), case_row(2)
        timers = [timer_row(case, 1, due_at=NOW + 2 * HOUR), timer_row(case, 2, due_at=NOW + HOUR)]
        subscriptions = [subscription_row(case, 9), subscription_row(case, 10, name="answer")]
        notices = [notice_row(case, 7, name="b"), notice_row(case, 6, name="a"), notice_row(case, 7, name="a")]
        save(store, Change(other, timers=[timer_row(other)], notices=[notice_row(other)]))
        save(store, Change(case, timers=timers, subscriptions=subscriptions[::-1], notices=notices[:2]))
        save(store, Change(later(case), notices=notices[2:]))
        with store.reading() as transaction:
            assert transaction.timers(case.id) == timers[::-1]
            assert transaction.subscriptions(case.id) == subscriptions
            assert transaction.notices(case.id) == notices

    def test_history_is_read_from_any_entry_on(self, store: Store) -> None:
        """Entries come in order of their number, whatever their times, and only those after the given one."""
        case = case_row()
        first = [history_row(case, n, at=NOW - n * HOUR) for n in (1, 2, 3)]
        second = [history_row(case, n) for n in (4, 5)]
        save(store, Change(case, history=first), Change(later(case), history=second))
        with store.reading() as transaction:
            assert transaction.history(case.id) == first + second
            assert transaction.history(case.id, after=3) == second
            assert transaction.history(case.id, after=5) == []

    def test_incidents_are_read_oldest_first(self, store: Store) -> None:
        """Of all cases or of one; a limit keeps the oldest."""
        case, other = case_row(1), case_row(2)
        mine = [incident_row(case, 1, created_at=NOW + HOUR), incident_row(case, 2, created_at=NOW - HOUR)]
        theirs = [incident_row(other, 1)]
        save(store, Change(case, incidents=mine), Change(other, incidents=theirs))
        with store.reading() as transaction:
            assert transaction.incidents() == [mine[1], theirs[0], mine[0]]
            assert transaction.incidents(limit=2) == [mine[1], theirs[0]]
            assert transaction.incidents(case.id) == [mine[1], mine[0]]
            assert transaction.incidents(other.id, limit=1) == theirs


class InboxContract:
    """Finding tasks."""

    def test_an_inbox_is_ordered_by_due_time_priority_and_age(self, store: Store) -> None:
        """A thousand cases: due first, without due time last, then high priority, then the older task."""
        moments = [NOW + HOUR, NOW, None, NOW + MICROSECOND, LAST_MOMENT]
        mixture = product(range(10), moments, [50, -1, 100, 0], [NOW, NOW - MICROSECOND, NOW + HOUR, NOW - HOUR, NOW])
        tasks = []
        for number, (_, due_at, priority, created_at) in enumerate(mixture, 1):
            case = case_row(number * 7919 % 1009)  # 1009 is prime: every id once, in no order
            tasks.append(task_row(case, due_at=due_at, priority=priority, created_at=created_at))
        save(store, *(Change(case_row(int(task.case_id, 16)), tasks=[task]) for task in tasks))
        with store.reading() as transaction:
            found = transaction.tasks(groups=["investigators"])
            assert [_sort_key(task) for task in found] == sorted(map(_sort_key, tasks))
            assert set(found) == set(tasks)
            assert transaction.tasks(groups=["investigators"], limit=25) == found[:25]
            assert [_sort_key(task) for task in transaction.tasks(limit=25)] == [_sort_key(task) for task in found[:25]]
            assert len(transaction.tasks(due_before=NOW + HOUR, process="customer")) == 400

    def test_tasks_are_found_by_group(self, store: Store) -> None:
        """Any of the groups will do; a task of two groups appears once, and in its place."""
        case = case_row()
        a, b, both, neither = (
            task_row(case, 1, groups=("a",), due_at=NOW + 3 * HOUR),
            task_row(case, 2, groups=("b",), due_at=NOW + HOUR),
            task_row(case, 3, groups=("b", "a"), due_at=NOW + 2 * HOUR),
            task_row(case, 4, groups=(), users=("a",), assignee="b", due_at=NOW),
        )
        save(store, Change(case, tasks=[a, b, both, neither]))
        with store.reading() as transaction:
            assert transaction.tasks(groups=["a"]) == [both, a]
            assert transaction.tasks(groups=("b", "a", "b", "c")) == [b, both, a]
            assert transaction.tasks(groups=["a", "b"], limit=2) == [b, both]
            assert transaction.tasks(groups=["A"]) == []
            assert transaction.tasks(groups=[]) == []
            assert transaction.tasks() == [neither, b, both, a]

    def test_tasks_are_found_by_person(self, store: Store) -> None:
        """The assignee and the candidates find a task; a group of the same name does not."""
        case = case_row()
        tasks = [
            task_row(case, 1, assignee="li.wei", due_at=NOW + HOUR),
            task_row(case, 2, users=("zhao.min", "li.wei"), assignee="li.wei", due_at=NOW),
            task_row(case, 3, users=("zhao.min",), due_at=None),
            task_row(case, 4, groups=("li.wei",)),
        ]
        save(store, Change(case, tasks=tasks))
        with store.reading() as transaction:
            assert transaction.tasks(user="li.wei") == [tasks[1], tasks[0]]
            assert transaction.tasks(user="zhao.min") == [tasks[1], tasks[2]]
            assert transaction.tasks(user="nobody") == []

    @pytest.mark.parametrize(
        ("conditions", "expected"),
        [
            pytest.param({"case_id": case_id(1)}, [2, 1], id="case"),
            pytest.param({"case_id": case_id(1), "token": 1}, [1], id="one task"),
            pytest.param({"case_id": case_id(2), "token": 1}, [], id="no such task"),
            pytest.param({"process": "law-firm"}, [3, 4], id="process"),
            pytest.param({"due_before": NOW + HOUR}, [2], id="due before"),
            pytest.param({"due_before": NOW + HOUR + MICROSECOND}, [2, 3], id="due just before"),
            pytest.param({"groups": ["a"], "user": "li.wei"}, [2], id="group and person"),
            pytest.param({"groups": ["a", "b"], "user": "li.wei", "limit": 1}, [2], id="groups and person, limited"),
            pytest.param({"groups": ["a"], "process": "law-firm"}, [3], id="group and process"),
            pytest.param({"groups": ["a", "b"], "due_before": NOW + 2 * HOUR}, [2, 3], id="groups and due"),
            pytest.param({"user": "li.wei", "case_id": case_id(2)}, [4], id="person and case"),
            pytest.param({"groups": ["a", "b"], "case_id": case_id(1)}, [2, 1], id="groups and case"),
            pytest.param({"limit": 3}, [2, 3, 1], id="limit"),
        ],
    )
    def test_conditions_on_tasks_must_all_hold(
        self, store: Store, conditions: dict[str, Any], expected: list[int]
    ) -> None:
        """Each further condition narrows the answer and leaves its order alone."""
        first, second = case_row(1), case_row(2, process="law-firm")
        ours = [
            task_row(first, 1, groups=("a",), due_at=None, priority=90),
            task_row(first, 2, groups=("a", "b"), assignee="li.wei", due_at=NOW),
        ]
        theirs = [
            task_row(second, 3, groups=("a",), due_at=NOW + HOUR),
            task_row(second, 4, groups=("c",), users=("li.wei",), due_at=None, priority=10),
        ]
        save(store, Change(first, tasks=ours), Change(second, tasks=theirs))
        with store.reading() as transaction:
            assert [task.token for task in transaction.tasks(**conditions)] == expected

    @pytest.mark.parametrize("fresh", [None, 2], ids=["nothing known", "others are new"])
    def test_a_reassigned_task_changes_inboxes(self, store: Store, fresh: int | None) -> None:
        """Written again, a task leaves the old group and the old person and is found under the new ones."""
        case = case_row()
        old = task_row(case, groups=("a", "b"), users=("li.wei",), due_at=NOW)
        new = old._replace(groups=("b", "c"), users=(), assignee="zhao.min", due_at=NOW + HOUR)
        save(store, Change(case, tasks=[old], fresh=1), Change(later(case), tasks=[new], fresh=fresh))
        with store.reading() as transaction:
            assert transaction.tasks(groups=["a"]) == transaction.tasks(user="li.wei") == []
            assert transaction.tasks(groups=["b"]) == transaction.tasks(user="zhao.min") == [new]
            assert transaction.tasks(groups=["c"], due_before=NOW + HOUR) == []
        save(store, Change(later(later(case)), closed_tasks=[1]))
        with store.reading() as transaction:
            assert transaction.tasks() == transaction.tasks(groups=["b", "c"]) == []


class ListenerContract:
    """Finding who waits for a message or a signal."""

    def test_listeners_are_found_by_name_and_key_oldest_case_first(self, store: Store) -> None:
        """Kind, name and key must be equal, to the letter; the case that was created first is asked first."""
        old, young, odd = case_row(2), case_row(1, created_at=NOW + 9 * HOUR), case_row(3)
        save(
            store,
            Change(young, subscriptions=[subscription_row(young, 1), subscription_row(young, 2, key="order-18")]),
            Change(old, subscriptions=[subscription_row(old, 5), subscription_row(old, 4, kind="signal", key=None)]),
            Change(odd, subscriptions=[subscription_row(odd, 1, key="ORDER-17"), subscription_row(odd, 2, name="x")]),
        )
        with store.reading() as transaction:
            assert transaction.waiting("message", "appeal", "order-17") == [
                subscription_row(old, 5),
                subscription_row(young, 1),
            ]
            assert transaction.waiting("signal", "appeal", None) == [subscription_row(old, 4, kind="signal", key=None)]
            assert transaction.waiting("message", "appeal", "order-19") == []
            assert transaction.waiting("message", "Appeal", "order-17") == []

    def test_listeners_keep_their_place_when_their_case_moves_on(self, store: Store) -> None:
        """A subscription that an old case opens late still comes before a younger case's."""
        old, young = case_row(2), case_row(1, created_at=NOW + 9 * HOUR)
        save(store, Change(old), Change(young, subscriptions=[subscription_row(young)]))
        save(store, Change(later(old), subscriptions=[subscription_row(old)]))
        with store.reading() as transaction:
            found = transaction.waiting("message", "appeal", "order-17")
        assert [row.case_id for row in found] == [old.id, young.id]


def _sort_key(task: TaskRow) -> tuple[bool, datetime, int, datetime]:
    return (task.due_at is None, task.due_at or NOW, -task.priority, task.created_at)
