"""The window of a surge, against plain counting at every moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from complaintflow.history.similar import ALIKE, group, moved, said
from complaintflow.policy.format import Surge
from complaintflow.store.counting import InPython, written
from complaintflow.store.rows import HistoryRow
from complaintflow.surge import reading
from complaintflow.surge.window import TICK, Run, Span, runs
from complaintflow.time.interval import Interval

ZERO = datetime.fromisoformat("2026-06-20T00:00:00+00:00")
MINUTE = timedelta(minutes=1)


def at(tick: int) -> datetime:
    """A moment of the tests: microseconds after the beginning."""
    return ZERO + tick * TICK


def naive(spans: Iterable[Span], more_than: int, within: timedelta) -> list[Run]:
    """The surges, found by counting at each moment at which anything can change, and the moment before and after."""
    spans = list(spans)
    edges = {edge for one in spans for edge in (one.begin, one.since + within, one.end or one.begin)}
    moments = sorted({edge + step * TICK for edge in edges for step in (-1, 0, 1)})
    found: list[Run] = []
    lasting: list[tuple[datetime, dict[str, datetime]]] = []
    for moment in moments:
        window = {
            one.case: one.since
            for one in spans
            if one.begin <= moment and (one.end is None or moment < one.end) and moment - one.since <= within
        }
        if len(window) > more_than:
            lasting.append((moment, window))
        elif lasting:
            began, first = lasting[0]
            cases = sorted(first, key=lambda case: (first[case], case))
            peak = max(len(one) for _, one in lasting)
            found.append(Run(began, moment, tuple(cases), first[cases[0]], first[cases[-1]], peak))
            lasting = []
    return found


def points(*ticks: int) -> list[Span]:
    """One case for each moment."""
    return [Span(f"case{number}", at(tick), at(tick)) for number, tick in enumerate(ticks)]


DAY = timedelta(hours=24)
EDGE = DAY // TICK


def test_five_are_no_surge_and_six_are() -> None:
    """More than five means six."""
    assert runs(points(0, 1, 2, 3, 4), 5, DAY) == []
    (run,) = runs(points(0, 1, 2, 3, 4, 5), 5, DAY)
    assert (run.began, run.over, run.peak) == (at(5), at(EDGE + 1), 6)
    assert run.cases == ("case0", "case1", "case2", "case3", "case4", "case5")
    assert (run.first_at, run.last_at) == (at(0), at(5))


def test_exactly_24_hours_later_is_within_24_hours() -> None:
    """The sixth complaint counts with the first one if it comes 24 hours later, and not a microsecond after that."""
    assert len(runs(points(0, 1, 2, 3, 4, EDGE), 5, DAY)) == 1
    assert runs(points(0, 1, 2, 3, 4, EDGE + 1), 5, DAY) == []


def test_a_surge_ends_when_the_window_falls_and_the_next_is_another() -> None:
    """While one goes and another comes at the next moment it lasts; a moment at the threshold ends it."""
    first = [0, 1, 2, 3, 4, 5]
    (one,) = runs(points(*first, EDGE + 1), 5, DAY)
    assert (one.over, one.peak) == (at(EDGE + 2), 6)
    one, two = runs(points(*first, EDGE + 3, EDGE + 3, EDGE + 3, EDGE + 3), 5, DAY)
    assert (one.began, one.over, two.began) == (at(5), at(EDGE + 1), at(EDGE + 3))
    assert two.cases[:2] == ("case3", "case4")


def test_all_at_one_moment_are_one_surge() -> None:
    """Ten at once begin one surge that has all of them."""
    (run,) = runs(points(*[7] * 10), 5, DAY)
    assert (run.began, len(run.cases), run.peak) == (at(7), 10, 10)


@st.composite
def some_spans(draw: st.DrawFn) -> list[Span]:
    """Cases that are in a group once or several times."""
    found = []
    for number in range(draw(st.integers(0, 12))):
        cuts = draw(st.lists(st.integers(0, 40), min_size=1, max_size=4, unique=True).map(sorted))
        since = at(cuts[0])
        for begin, end in zip(cuts[::2], [*cuts[1::2], None], strict=False):
            found.append(Span(f"c{number}", since, at(begin), at(end) if end is not None else None))
    return found


@given(some_spans(), st.integers(1, 5), st.integers(1, 15))
@settings(max_examples=300, deadline=None)
def test_surges_are_what_counting_at_every_moment_finds(spans: list[Span], more_than: int, within: int) -> None:
    """Beginning, end, complaints and peak of every surge are those of a count at each microsecond."""
    assert runs(spans, more_than, within * TICK) == naive(spans, more_than, within * TICK)


class Kept(InPython):
    """A store with nothing but histories."""

    def __init__(self, rows: list[HistoryRow]) -> None:
        self.rows = rows

    def entries(self) -> list[HistoryRow]:
        """See ``InPython``."""
        return self.rows


Moves = list[tuple[int, int, int, str | None]]
MOVES = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 30), st.integers(0, 1), st.sampled_from(["a", "b", None])), max_size=40
)


def rule(more_than: int, within: int) -> Surge:
    """A surge of complaints of one type and department, in minutes."""
    interval = Interval(within, "minute")
    return Surge(clause=("T",), origin="document", more_than=more_than, interval=interval, starts="plan")


def store(moves: Moves) -> tuple[Any, Any]:
    """What cases write: (case, minute, which fact, its value), in any order of cases, one commit a case and minute."""
    commits: dict[tuple[int, int], dict[int, str | None]] = defaultdict(dict)
    for case, minute, fact, value in moves:
        commits[minute, case][fact] = value
    rows: list[HistoryRow] = []
    values: dict[int, list[str | None]] = defaultdict(lambda: [None, None])
    books: dict[int, Any] = defaultdict(lambda: {"in": None, "since": {}})
    seqs: defaultdict[int, int] = defaultdict(int)

    def write(case: int, minute: int, event: str, name: str, value: str | None) -> None:
        seqs[case] += 1
        moment = ZERO + minute * MINUTE
        rows.append(HistoryRow(f"c{case}", seqs[case], moment, event, None, None, b"", b"", name, value))

    for (minute, case), said_then in sorted(commits.items()):
        changed = {fact: value for fact, value in said_then.items() if values[case][fact] != value}
        for fact, value in changed.items():
            values[case][fact] = value
            write(case, minute, "fact", ("p/type", "p/department")[fact], value)
        if changed and moved(books[case], group(values[case]), written(ZERO + minute * MINUTE)):
            write(case, minute, ALIKE, "p/s", said(books[case]))
    return cast("Any", Kept(rows)), rows


@given(MOVES, st.integers(1, 3), st.integers(1, 10))
@settings(max_examples=200, deadline=None)
def test_facts_of_the_past_tell_what_was_written_then(moves: Moves, more_than: int, within: int) -> None:
    """The replay from facts has the same spans as the entries that were written while the cases ran."""
    tx, _ = store(moves)
    then = reading.spans(reading.told_since(tx, "p/s", reading.EARLIEST))
    now = reading.spans(reading.retold(tx, "p", rule(more_than, within), reading.LATEST, set()))
    assert {name: sorted(map(repr, one)) for name, one in then.items()} == {
        name: sorted(map(repr, one)) for name, one in now.items()
    }


@given(MOVES, st.integers(1, 3), st.integers(1, 10), st.integers(0, 45))
@settings(max_examples=300, deadline=None)
def test_looking_back_a_little_finds_what_looking_at_everything_finds(
    moves: Moves, more_than: int, within: int, since: int
) -> None:
    """The surges that last at some moment or later are found with their true beginnings, however long they last."""
    tx, _ = store(moves)
    surge, moment = rule(more_than, within), ZERO + since * MINUTE
    whole = reading.spans(reading.told_since(tx, "p/s", reading.EARLIEST))
    expected = {
        name: lasting
        for name, one in whole.items()
        if (lasting := [run for run in runs(one, more_than, within * MINUTE) if run.over > moment])
    }
    assert reading.found_since(tx, "p/s", surge, moment) == expected
    for name in whole:
        only = {name: expected[name]} if name in expected else {}
        assert reading.found_since(tx, "p/s", surge, moment, name) == only


def test_a_surge_that_has_lasted_long_is_found_with_its_beginning() -> None:
    """An hour of a complaint a minute: whenever one looks, for one group or for all, it began with the third."""
    tx, _ = store([(case, case, fact, "a") for case in range(60) for fact in (0, 1)])
    for since in (2, 3, 7, 30, 59):
        for only in (None, '["a","a"]'):
            found = reading.found_since(tx, "p/s", rule(2, 3), ZERO + since * MINUTE, only)
            assert [(name, [run.began for run in one]) for name, one in found.items()] == [
                ('["a","a"]', [ZERO + 2 * MINUTE])
            ]
    assert reading.found_since(tx, "p/s", rule(2, 3), ZERO + 90 * MINUTE) == {}


def test_facts_are_read_page_by_page() -> None:
    """Pages that end in the middle of one moment lose nothing and repeat nothing."""
    _, rows = store([(case, minute, 0, "a") for case in range(9) for minute in (1, 2)] + [(1, 2, 1, "b")])
    calls: list[int] = []

    def counted(events: Any, names: Any, since: datetime, until: datetime, limit: int) -> list[HistoryRow]:
        calls.append(limit)
        return Kept(rows).counted(events, names, since, until, limit)

    tx: Any = SimpleNamespace(counted=counted)
    names = ("p/type", "p/department")
    everything = Kept(rows).counted(("fact",), names, reading.EARLIEST, reading.LATEST, 1000)
    assert list(reading._pages(tx, names, reading.LATEST, limit=4)) == everything
    assert len(calls) > 2
