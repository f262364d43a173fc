"""Every figure equals what plain Python makes of the histories, and tells of nobody."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

import pytest

from complaintflow.facade.engine import Engine
from complaintflow.figures import REGISTRY, Figures
from complaintflow.time.calendar import WorkingCalendar
from complaintflow.time.interval import Interval
from tests.figure_cases import engine as opened
from tests.figure_cases import live

CALENDAR = WorkingCalendar("CN")
SINCE = datetime.fromisoformat("2026-07-01T00:00:00+08:00")
UNTIL = datetime.fromisoformat("2026-10-01T00:00:00+08:00")


class Told(NamedTuple):
    """One case as its history tells it, nothing of what is counted."""

    began: datetime
    done: dict[str, tuple[datetime, dict[str, Any]]]
    kind: str | None
    over: tuple[datetime, str] | None


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Four months of three hundred cases."""
    with opened(tmp_path_factory.mktemp("small")) as engine:
        live(engine, 300, seed=20260701)
        yield engine


@pytest.fixture(scope="module")
def cases(engine: Engine) -> list[Told]:
    """The same from ``engine.history`` alone: what was said, when; no line that is counted."""
    found = []
    for case in engine.cases(limit=1000):
        began, kind, over = case.created_at, None, None
        done: dict[str, tuple[datetime, dict[str, Any]]] = {}
        for event in engine.history(case.id):
            if event.event == "started":
                kind = event.detail["data"].get("kind")
            elif event.event == "task-completed":
                done[str(event.element)] = event.at, dict(event.detail["data"])
            elif event.event in ("ended", "cancelled"):
                over = event.at, event.event
        found.append(Told(began, done, kind, over))
    return found


def within(at: datetime) -> bool:
    return SINCE <= at < UNTIL


def said(case: Told, element: str, *, before: datetime = UNTIL) -> dict[str, Any]:
    """What was said at a task before a time."""
    at, data = case.done.get(element, (before, {}))
    return data if at < before else {}


def department(case: Told) -> str | None:
    place = said(case, "assess").get("place")
    return place["group"] if place else None


def percent(part: int, whole: int) -> Decimal | None:
    return hundredths(Decimal(100 * part) / whole) if whole else None


def hundredths(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.01"), ROUND_HALF_UP)


def nearest(values: list[Decimal], tenths: int) -> Decimal | None:
    """The smallest value that so many tenths do not exceed."""
    ordered = sorted(values)
    for value in ordered:
        if 10 * sum(1 for one in ordered if one <= value) >= tenths * len(ordered):
            return value
    return None


def promises(case: Told) -> Iterator[tuple[str, datetime, bool]]:
    """Deadline, when it was due, whether it was kept, of those that somebody still waited for."""
    opened_at = case.done["assess"][0] if "assess" in case.done else None
    if opened_at is None:
        return
    worked = case.done["work"][0] if "work" in case.done else None
    days = {"answer": (case.began, "5 working days"), "step": (opened_at, "2 working days")}
    for name, (start, length) in days.items():
        due = CALENDAR.due(start, Interval.parse(length)).at
        called_off = worked is None and case.over is not None and case.over[0] <= due
        if not called_off:
            yield name, due, worked is not None and worked <= due


def expected(cases: list[Told]) -> dict[str, tuple[Decimal | None, int | None]]:
    """Figure -> value and denominator."""
    assessed = [one for one in cases if "assess" in one.done and within(one.done["assess"][0])]
    accepted = [one for one in assessed if one.done["assess"][1]["accepted"]]
    asked = [one.done["ask"][1] for one in cases if "ask" in one.done and within(one.done["ask"][0])]
    answered = [one for one in asked if one["satisfaction"] != "not_reached"]
    satisfied = sum(one["satisfaction"] in ("satisfied", "very_satisfied") for one in answered)
    scores = [one["score"] for one in answered]
    due = [(name, kept) for one in cases for name, at, kept in promises(one) if within(at)]
    answers = [kept for name, kept in due if name == "answer"]
    over = [one for one in cases if one.over is not None and one.over[1] == "ended" and within(one.over[0])]
    lengths = [Decimal((one.over[0] - one.began) // timedelta(seconds=1)) for one in over if one.over]
    worked = [
        Decimal(CALENDAR.working_days_between(local(one.began), local(one.over[0])))
        for one in cases
        if one.over is not None and within(one.over[0])
    ]
    days = {name: nearest(lengths, tenths) for name, tenths in (("duration", 5), ("duration_p90", 9))}
    again = sum(
        1 for one in cases if "work" in one.done and within(one.done["work"][0]) and one.done["work"][1]["rounds"]
    )
    handled = sum(1 for one in accepted if said(one, "work"))
    costs = [sum(Decimal(str(item["amount"])) for item in one["costs"]) for one in asked]
    borne = sum(bool(one["costs"]) for one in asked)
    return {
        "received": (Decimal(sum(within(one.began) for one in cases)), None),
        "ended": (Decimal(len(over)), None),
        "acceptance": (percent(len(accepted), len(assessed)), len(assessed)),
        "handling": (percent(handled, len(accepted)), len(accepted)),
        "satisfaction": (percent(satisfied, len(answered)), len(answered)),
        "score": (hundredths(Decimal(sum(scores)) / len(scores)) if scores else None, len(scores)),
        "feedback": (percent(sum(answers), len(answers)), len(answers)),
        "breaches": (Decimal(sum(not kept for _, kept in due)), len(due)),
        **{name: (hundredths(one / 86400) if one is not None else None, len(over)) for name, one in days.items()},
        "working_days": (nearest(worked, 5), len(worked)),
        "working_days_p90": (nearest(worked, 9), len(worked)),
        "reopened": (Decimal(again), None),
        "cost": (sum(costs, Decimal(0)), borne),
    }


def local(at: datetime) -> Any:
    return at.astimezone(CALENDAR.zone).date()


def test_every_figure_is_what_the_histories_say(engine: Engine, cases: list[Told]) -> None:
    """Three hundred cases: each number of the registry equals an independent count."""
    made = {one.id: (one.value, one.denominator) for one in engine.figures("small", "2026Q3") if not one.by}
    assert made.keys() == REGISTRY.keys()
    assert made == expected(cases)


@pytest.mark.parametrize("by", ["department", "type"])
def test_every_figure_of_a_group_is_what_its_histories_say(engine: Engine, cases: list[Told], by: str) -> None:
    """The same, apart for each department and type, where it is shown at all."""
    figures = engine.figures("small", "2026Q3", by=by)
    groups: defaultdict[str | None, list[Told]] = defaultdict(list)
    for case in cases:
        groups[department(case) if by == "department" else said(case, "assess").get("kind", case.kind)].append(case)
    shown = 0
    for group, theirs in groups.items():
        for name, (value, denominator) in expected(theirs).items():
            figure = figures.get(name, **{by: group})
            if figure is not None and not figure.suppressed:
                assert (figure.value, figure.denominator) == (value, denominator), (name, group)
                shown += 1
    assert shown > 20


def test_persons_are_pseudonyms_and_count_together(engine: Engine, cases: list[Told]) -> None:
    """However a name was typed, it is one person, and the store has no name in the plain."""
    figures = engine.figures("small", "2026Q3", by="handler")
    per = Counter(" ".join(one.done["work"][1]["handler"].split()).casefold() for one in cases if said(one, "work"))
    assert per.keys() == {"zhao min", "li wei"}
    known = {value for one in figures for _, value in one.by if value is not None}
    assert known == {engine.pseudonym("handler", "Zhao Min"), engine.pseudonym("handler", "LI WEI")}
    with engine.store.reading() as tx:
        plain = str(tx.counted(["fact"], ["small/"], SINCE, UNTIL, 100_000))
    assert "Zhao" not in plain
    assert "wei" not in plain.casefold()


def test_a_published_figure_stays(engine: Engine) -> None:
    """What happened after the end of a time changes nothing in it."""
    before = engine.figures("small", since=SINCE, until=UNTIL)
    extra = engine.start("small", {"kind": "food"})
    extra.complete("assess", {"accepted": True, "place": None, "kind": "food"}, actor="li.wei")
    engine.drain()
    assert engine.figures("small", since=SINCE, until=UNTIL).figures == before.figures


def test_small_groups_are_not_shown_and_cannot_be_worked_out(engine: Engine) -> None:
    """No count below the smallest is told, and what is hidden is two groups at least, together large enough."""
    for by in (("department",), ("type",), ("handler",), ("department", "type")):
        figures: Figures = engine.figures("small", "2026Q3", by=by)
        for name in REGISTRY:
            theirs = [one for one in figures if one.id == name]
            gone = [one for one in theirs if one.suppressed]
            assert all(one.value is None and one.numerator is None and one.denominator is None for one in gone)
            assert len(gone) != 1 or len(theirs) == 1, (name, by)
            counted = [one.denominator or one.numerator for one in theirs if not one.suppressed]
            assert all(number is None or number >= figures.smallest or name == "breaches" for number in counted), name
