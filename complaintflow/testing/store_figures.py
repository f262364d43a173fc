"""What figures ask of a store: counted entries by name, value, time and the case's facts."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from complaintflow.store import counting
from complaintflow.store.counting import written
from complaintflow.store.port import Store
from complaintflow.store.rows import Change, Counting, HistoryRow, Spread, Tally
from complaintflow.testing.store_samples import HOUR, NOW, ODD_TEXT, case_row, history_row, save

_DAY: Final = timedelta(days=1)


def _told(store: Store, number: int, *entries: tuple[str, str, str | None, datetime, int | None]) -> None:
    """A case whose history is these entries: event, name, value, time, token."""
    case = case_row(number)
    rows = [
        history_row(case, seq, event=event, name=name, value=value, at=at, token=token)
        for seq, (event, name, value, at, token) in enumerate(entries, 1)
    ]
    save(store, Change(case, history=rows))


def _asked(events: str, names: str, **facts: Any) -> Counting:
    return Counting(tuple(events.split()), tuple(names.split()), **{"since": NOW, "until": NOW + _DAY, **facts})


def _three_days(events: tuple[str, ...], names: str, **more: Any) -> Counting:
    return Counting(events, tuple(names.split()), NOW, NOW + 3 * _DAY, **more)


def _sorted(tallies: list[Tally]) -> list[tuple[Any, ...]]:
    return sorted((one.name, one.value or "", *(by or "" for by in one.by), one.number) for one in tallies)


def _drawn(store: Store, chosen: random.Random) -> list[HistoryRow]:
    """Forty cases, whose facts change and whose promises move, in the store and as they stand there."""
    told: list[HistoryRow] = []
    for number in range(1, 41):
        entries: list[tuple[str, str, str | None, datetime, int | None]] = [
            ("started", "p/p", None, NOW + HOUR * chosen.randrange(-30, 90), None)
        ]

        def note(event: str, name: str, value: str | None, token: int | None = None) -> None:
            entries.append((event, name, value, entries[-1][3] + HOUR / 2 * chosen.randrange(30), token))  # noqa: B023

        for token in range(2, chosen.randrange(3, 6)):
            name = chosen.choice(("p/a", "p/b", "q/a"))
            due = written(NOW + HOUR * chosen.randrange(-48, 120))
            note("promised", name, due, token)
            for _ in range(chosen.choice((0, 0, 1, 2))):
                due = chosen.choice(("", due, written(NOW + HOUR * chosen.randrange(-48, 120))))
                note("moved", name, due, token)
            note("fact", "p/type", chosen.choice(("food", "price", "", None)))
            note("fact", "p/ok", chosen.choice(("true", "false", None)))
            note("fact", chosen.choice(("p/cost", "p/cost/a", "p/cost/b")), chosen.choice(("5.00", "12.50", "-1.00")))
            if chosen.random() < 0.7:
                note(chosen.choice(("kept", "kept", "broken", "dropped")), name, due, token)
        _told(store, number, *entries)
        with store.reading() as transaction:
            told += transaction.history(case_row(number).id)
    return told


class FigureContract:
    """Counting without opening a case."""

    def test_entries_are_counted_by_name_and_value(self, store: Store) -> None:
        """From ``since`` on and before ``until``; events and names apart; a value that is not there is one too."""
        _told(store, 1, ("fact", "p/type", "food", NOW, None), ("fact", "p/type", ODD_TEXT, NOW + HOUR, None))
        _told(store, 2, ("fact", "p/type", "food", NOW - HOUR / 60, None), ("fact", "p/type", None, NOW + HOUR, None))
        _told(store, 3, ("fact", "p/other", "food", NOW, None), ("else", "p/type", "food", NOW, None))
        _told(store, 4, ("fact", "p/type", "food", NOW + _DAY, None), ("fact", "p/type", "food", NOW + HOUR, None))
        with store.reading() as transaction:
            found = transaction.tally(_asked("fact", "p/type"))
            assert _sorted(found) == sorted([("p/type", "", 1), ("p/type", "food", 2), ("p/type", ODD_TEXT, 1)])

    def test_a_name_that_ends_in_a_slash_is_all_that_begin_so(self, store: Store) -> None:
        """``p/cost/`` is every part of the cost, and nothing that only resembles it."""
        names = ("p/cost/a", "p/cost/b", "p/cost", "p/cost0", "p/cosmos", "q/cost/a")
        _told(store, 1, *(("fact", name, "1.00", NOW, None) for name in names))
        with store.reading() as transaction:
            found = transaction.tally(_asked("fact", "p/cost/ q/cost/a"))
            assert _sorted(found) == [("p/cost/a", "1.00", 1), ("p/cost/b", "1.00", 1), ("q/cost/a", "1.00", 1)]

    def test_of_each_case_only_the_last_word(self, store: Store) -> None:
        """``last`` takes the entry with the highest number in the time, also where two were written at once."""
        _told(store, 1, ("fact", "p/ok", "true", NOW, None), ("fact", "p/ok", "false", NOW, None))
        _told(store, 2, ("fact", "p/ok", "false", NOW, None), ("fact", "p/ok", "true", NOW + 2 * _DAY, None))
        with store.reading() as transaction:
            assert _sorted(transaction.tally(_asked("fact", "p/ok", last=True))) == [("p/ok", "false", 2)]
            assert _sorted(transaction.tally(_asked("fact", "p/ok"))) == [("p/ok", "false", 2), ("p/ok", "true", 1)]

    def test_cases_are_counted_once(self, store: Store) -> None:
        """``cases`` is how many cases have an entry with a value, however many entries each has."""
        parts = [("fact", f"p/cost/{name}", "1.00", NOW, None) for name in "ab"]
        _told(store, 1, ("fact", "p/dept", "hall", NOW, None), *parts)
        _told(store, 2, ("fact", "p/dept", "hall", NOW, None), *parts, ("fact", "p/cost/a", None, NOW, None))
        _told(store, 3, *parts[:1], ("fact", "p/cost/a", None, NOW, None))
        with store.reading() as transaction:
            asked = _asked("fact", "p/cost/", last=True, cases=True)
            assert transaction.tally(asked) == [Tally("", None, (), 2)]
            assert transaction.tally(_asked("fact", "p/cost/", last=True, cases=True, by=("p/dept",))) == [
                Tally("", None, ("hall",), 2)
            ]
            assert transaction.tally(_asked("fact", "p/none", cases=True)) == []

    def test_counts_are_told_apart_by_facts(self, store: Store) -> None:
        """By the last value before ``until``, also from before ``since``; a case that has none is counted too."""
        _told(store, 1, ("fact", "p/dept", "hall", NOW - _DAY, None), ("started", "p/p", None, NOW, None))
        moved = ("fact", "p/dept", "kitchen", NOW + HOUR, None), ("fact", "p/dept", "bar", NOW + _DAY, None)
        _told(store, 2, ("started", "p/p", None, NOW, None), ("fact", "p/dept", "hall", NOW, None), *moved)
        _told(store, 3, ("started", "p/p", None, NOW, None))
        with store.reading() as transaction:
            found = transaction.tally(_asked("started", "p/p", by=("p/dept",)))
            assert _sorted(found) == [("p/p", "", "", 1), ("p/p", "", "hall", 1), ("p/p", "", "kitchen", 1)]
            both = transaction.tally(_asked("started", "p/p", by=("p/dept", "p/none")))
            assert {one.by for one in both} == {(None, None), ("hall", None), ("kitchen", None)}

    def test_median_and_ninth_tenth_are_nearest_ranks(self, store: Store) -> None:
        """Values compare as numbers, and what is told is one of them; entries without a value do not count."""
        for number, value in enumerate(("10", "9.5", "-3", "100", None), 1):
            place = "hall" if number < 4 else "bar"
            told = ("fact", "p/dept", place, NOW, None), ("ended", "p/p", value, NOW, None)
            _told(store, number, *told)
        with store.reading() as transaction:
            (whole,) = transaction.spread(_asked("ended", "p/p"))
            assert whole == Spread((), 4, Decimal("9.5"), Decimal(100))
            parts = transaction.spread(_asked("ended", "p/p", by=("p/dept",)))
            hall, bar = (
                Spread(("hall",), 3, Decimal("9.5"), Decimal(10)),
                Spread(("bar",), 1, Decimal(100), Decimal(100)),
            )
            assert sorted(parts, key=lambda one: one.number) == [bar, hall]
            assert transaction.spread(_asked("ended", "q/q")) == []

    def test_promises_are_counted_when_they_are_due(self, store: Store) -> None:
        """The last entry before ``until`` says when one is due and whether it was kept; one called off is none."""
        due, later, before = written(NOW + HOUR), written(NOW + _DAY), written(NOW - HOUR)
        kinds = "promised moved kept broken dropped"
        start = NOW - 2 * _DAY
        _told(
            store,
            1,
            ("promised", "p/a", due, start, 1),
            ("kept", "p/a", due, NOW, 1),
            ("promised", "p/a", due, start, 2),
        )
        _told(store, 2, ("promised", "p/a", due, start, 1), ("broken", "p/a", due, NOW + 2 * _DAY, 1))
        _told(store, 3, ("promised", "p/a", due, start, 1), ("dropped", "p/a", due, NOW, 1))
        _told(store, 4, ("promised", "p/a", due, start, 1), ("moved", "p/a", later, NOW, 1))
        _told(store, 5, ("promised", "p/a", before, start, 1), ("moved", "p/a", "", NOW, 1))
        _told(
            store, 6, ("promised", "p/b", before, start, 1), ("moved", "p/b", due, NOW, 1), ("kept", "p/b", due, NOW, 1)
        )
        _told(store, 7, ("fact", "p/dept", "hall", NOW, None), ("promised", "p/b", due, start, 1))
        with store.reading() as transaction:
            found = transaction.due_promises(_asked(kinds, "p/"))
            assert _sorted(found) == [("p/a", "kept", 1), ("p/a", "late", 2), ("p/b", "kept", 1), ("p/b", "late", 1)]
            assert transaction.due_promises(_asked(kinds, "p/", cases=True)) == [Tally("", None, (), 4)]
            parts = transaction.due_promises(_asked(kinds, "p/b", by=("p/dept",)))
            assert _sorted(parts) == [("p/b", "kept", "", 1), ("p/b", "late", "hall", 1)]

    def test_a_promise_is_due_when_it_was_last_said(self, store: Store) -> None:
        """Moved out of the time, into it, back to where it was, while it pauses, and anew after it was kept."""
        due, later, other = written(NOW + HOUR), written(NOW + 2 * _DAY), written(NOW + 2 * HOUR)
        start = NOW - _DAY
        stories = (
            [("promised", due), ("moved", later)],
            [("promised", later), ("moved", due), ("kept", due)],
            [("promised", due), ("moved", later), ("moved", due), ("broken", due)],
            [("promised", due), ("moved", ""), ("moved", other)],
            [("promised", due), ("moved", ""), ("dropped", "")],
            [("promised", due), ("kept", due), ("moved", other), ("broken", other)],
            [("promised", due), ("kept", due), ("moved", later)],
        )
        for number, story in enumerate(stories, 1):
            _told(store, number, *((event, "p/a", value, start, 1) for event, value in story))
        asked = _asked("promised moved kept broken dropped", "p/a q/")
        with store.reading() as transaction:
            assert _sorted(transaction.due_promises(asked)) == [("p/a", "kept", 1), ("p/a", "late", 3)]
            assert _sorted(transaction.due_promises(replace(asked, events=("broken",)))) == [("p/a", "late", 2)]
            assert transaction.due_promises(replace(asked, cases=True)) == [Tally("", None, (), 4)]

    def test_a_store_counts_as_plain_python_does(self, store: Store) -> None:
        """Histories drawn by lot, every question, told apart by nothing, one fact or two: the same numbers."""
        entries = _drawn(store, random.Random(11))  # noqa: S311 - nothing is kept secret by it
        promises = ("promised", "moved", "kept", "broken", "dropped")
        with store.reading() as transaction:
            for by in ((), ("p/type",), ("p/type", "p/ok")):
                for asked in (
                    _three_days(("started",), "p/", by=by),
                    _three_days(("fact",), "p/ok", by=by, last=True),
                    _three_days(("fact",), "p/cost p/cost/", by=by, last=True),
                    _three_days(("fact",), "p/cost p/cost/", by=by, last=True, cases=True),
                    _three_days(("fact", "started"), "p/ p/ok", by=by),
                ):
                    assert _sorted(transaction.tally(asked)) == _sorted(counting.tally(entries, asked))
                for names, cases in (("p/", False), ("p/", True), ("p/a p/none", False), ("p/a q/", True)):
                    asked = _three_days(promises, names, by=by, cases=cases)
                    assert _sorted(transaction.due_promises(asked)) == _sorted(counting.due_promises(entries, asked))
                asked = _three_days(("fact",), "p/cost/a", by=by, last=True)
                assert sorted(transaction.spread(asked), key=repr) == sorted(counting.spread(entries, asked), key=repr)

    def test_counted_entries_are_read_the_oldest_first(self, store: Store) -> None:
        """Their plain columns alone, as many as asked for."""
        _told(store, 2, ("fact", "p/type", "b", NOW, 7), ("fact", "p/type", None, NOW + HOUR, None))
        _told(store, 1, ("fact", "p/type", "a", NOW, None), ("fact", "p/none", "a", NOW, None))
        told = [(1, 1, NOW, None, "a"), (2, 1, NOW, 7, "b"), (2, 2, NOW + HOUR, None, None)]
        expected = [
            HistoryRow(case_row(number).id, seq, at, "fact", None, token, b"", b"", "p/type", value)
            for number, seq, at, token, value in told
        ]
        with store.reading() as transaction:
            until = NOW + _DAY
            assert transaction.counted(["fact"], ["p/type"], NOW, until, 10) == expected
            assert transaction.counted(["fact"], ["p/type"], NOW, until, 2) == expected[:2]
            assert transaction.counted(["fact"], ["p/type"], until, until, 2) == []
