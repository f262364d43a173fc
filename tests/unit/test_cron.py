"""Cron expressions: Spring's six fields, as Camunda 8 reads them, and Quartz's, as Camunda 7 does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from complaintflow.errors import InvalidDiagram
from complaintflow.testing import Workbench
from complaintflow.time.cron import from_quartz, read_cron
from tests import diagrams as d

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


def times(text: str, start: str, zone: ZoneInfo = SHANGHAI, count: int = 3) -> list[str]:
    """The next times on the wall clock: month, day, hour and minute."""
    cron = read_cron(text)
    assert cron is not None
    moment, found = datetime.fromisoformat(start).replace(tzinfo=zone), []
    for _ in range(count):
        following = cron.after(moment, zone)
        assert following is not None
        assert following > moment
        moment = following
        found.append(f"{moment.astimezone(zone):%m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 0 9 * * MON", ["03-09 09:00", "03-16 09:00", "03-23 09:00"]),
        ("0 0 9-17/4 * * mon-fri", ["03-02 13:00", "03-02 17:00", "03-03 09:00"]),
        ("0 10/25 * * * *", ["03-02 09:10", "03-02 09:35", "03-02 10:10"]),
        ("0 0 0 1,15 * ?", ["03-15 00:00", "04-01 00:00", "04-15 00:00"]),
        ("0 0 0 L * *", ["03-31 00:00", "04-30 00:00", "05-31 00:00"]),
        ("0 0 0 L-3 * *", ["03-28 00:00", "04-27 00:00", "05-28 00:00"]),
        ("0 0 0 LW * *", ["03-31 00:00", "04-30 00:00", "05-29 00:00"]),
        ("0 0 0 15W * *", ["03-16 00:00", "04-15 00:00", "05-15 00:00"]),
        ("0 0 0 1W * *", ["04-01 00:00", "05-01 00:00", "06-01 00:00"]),
        ("0 0 0 31W 5 *", ["05-29 00:00", "05-31 00:00", "05-31 00:00"]),
        ("0 0 0 ? * FRIL", ["03-27 00:00", "04-24 00:00", "05-29 00:00"]),
        ("0 0 0 ? * 5L", ["03-27 00:00", "04-24 00:00", "05-29 00:00"]),
        ("0 0 0 ? * MON#2", ["03-09 00:00", "04-13 00:00", "05-11 00:00"]),
        ("0 0 0 ? * 1#5", ["03-30 00:00", "06-29 00:00", "08-31 00:00"]),
        ("0 0 0 * * FRI-SUN", ["03-06 00:00", "03-07 00:00", "03-08 00:00"]),
        ("0 0 0 * * SUN-MON", ["03-08 00:00", "03-09 00:00", "03-15 00:00"]),
        ("0 0 0 * * 7", ["03-08 00:00", "03-15 00:00", "03-22 00:00"]),
        ("0 0 0 13 * FRI", ["03-13 00:00", "11-13 00:00", "08-13 00:00"]),
        ("0 0 0 29 2 *", ["02-29 00:00", "02-29 00:00", "02-29 00:00"]),
        ("@yearly", ["01-01 00:00", "01-01 00:00", "01-01 00:00"]),
        ("@monthly", ["04-01 00:00", "05-01 00:00", "06-01 00:00"]),
        ("@weekly", ["03-08 00:00", "03-15 00:00", "03-22 00:00"]),
        ("@daily", ["03-03 00:00", "03-04 00:00", "03-05 00:00"]),
        ("@hourly", ["03-02 10:00", "03-02 11:00", "03-02 12:00"]),
    ],
)
def test_times(text: str, expected: list[str]) -> None:
    """Each kind of field gives its times, in the zone that is asked, from Monday, 2 March 2026, nine o'clock on."""
    assert times(text, "2026-03-02T09:00:00") == expected


@pytest.mark.parametrize(
    "text",
    [
        "* * * * *", "* * * * * * *", "60 * * * * *", "0 0 24 * * *", "0 0 0 0 * *", "0 0 0 * 13 *", "0 0 0 * * 8",
        "0 0 0 * * L", "0 0 0 * * MON#6", "0 0 0 30 2 *", "0 0 0 32W * *", "0 0 0 5-1 * *", "0 */0 * * * *",
        "0 0 0 *-3 * *", "0 0 0 1, * *", "? 0 0 * * *", "0 0 0 * JANUARY *", "@reboot", "@dail", "7 days", "",
    ],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    """Five fields, numbers out of range, and days that never come are no cron expressions."""
    assert read_cron(text) is None


def test_clocks_that_skip_and_repeat() -> None:
    """A time that the clocks skip comes an hour later, one that they show twice comes once, whenever one asks."""
    assert times("0 30 2 * * *", "2026-03-28T12:00:00", BERLIN) == ["03-29 03:30", "03-30 02:30", "03-31 02:30"]
    assert times("0 30 2 * * *", "2026-10-24T12:00:00", BERLIN) == ["10-25 02:30", "10-26 02:30", "10-27 02:30"]
    twice = datetime(2026, 10, 25, 2, 10, tzinfo=BERLIN, fold=1)
    cron = read_cron("0 30 2 * * *")
    assert cron is not None
    assert cron.after(twice, BERLIN) == datetime(2026, 10, 26, 2, 30, tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("quartz", "ours"),
    [
        ("0 0 9 ? * 2", "0 0 9 ? * 1"), ("0 0 9 ? * MON-FRI *", "0 0 9 ? * 1,2,3,4,5"),
        ("0 0 9 ? * FRI-SUN", "0 0 9 ? * 5,6,0"), ("0 0 9 ? * 2/2", "0 0 9 ? * 1,3,5"),
        ("0 0 9 ? * L", "0 0 9 ? * 6"), ("0 0 9 ? * 6L", "0 0 9 ? * 5L"), ("0 0 9 ? * FRI#3", "0 0 9 ? * 5#3"),
        ("0 0/5 * L-2 * ?", "0 0/5 * L-2 * ?"), ("0 0 9 1 1 ? 2026", None), ("0 0 9 ? * 0", None), ("@daily", None),
        ("0 0 9 ? * *L", None), ("0 0 9 ? * *-3", None), ("0 0 9 ? * ,", None),
    ],
)  # fmt: skip
def test_quartz(quartz: str, ours: str | None) -> None:
    """In Camunda 7 a week is counted from Sunday as 1, may be gone round, and may be followed by a year."""
    assert from_quartz(quartz) == ours


def _reminding(cycle: str, head: str = "") -> str:
    boundary = d.boundary("remind", "a", d.timer(cycle=cycle), interrupting=False)
    parts = (d.start(), d.user("a"), boundary, d.user("call"), d.flows("start > a", "remind > call"))
    xml = d.document(d.process(*parts))
    return xml.replace('"Camunda Cloud"', '"Camunda Platform"').replace("<zeebe:userTask/>", "") if head else xml


@pytest.fixture
def bench(tmp_path: Path) -> Callable[[str], Workbench]:
    """A workbench with one process."""
    return lambda xml: Workbench(layers=[d.layer(tmp_path, xml)])


def test_a_case_is_reminded_in_its_own_zone(bench: Callable[[str], Workbench]) -> None:
    """Monday, nine o'clock, is nine o'clock in Shanghai, each week; rounds that nobody was there for are counted."""
    work = bench(_reminding("0 0 9 * * MON"))
    case = work.start("p")
    (timer,) = case.timers
    assert timer.due_at == datetime.fromisoformat("2026-03-09T09:00:00+08:00")
    work.advance(days=8)
    assert work.case(case.id).waiting_for.count("call") == 1
    work.clock.set(timer.due_at + timedelta(days=22))
    work.engine.drain()
    case = work.case(case.id)
    assert case.waiting_for.count("call") == 2
    assert case.timers[0].due_at == datetime.fromisoformat("2026-04-06T09:00:00+08:00")


def test_long_stillness_does_not_hang(bench: Callable[[str], Workbench]) -> None:
    """A timer of every second that nobody was there for in a year fires once, and goes on from now."""
    work = bench(_reminding("* * * * * *"))
    case = work.start("p")
    work.clock.set(work.clock.now() + timedelta(days=365))
    work.engine.drain()
    (timer,) = work.case(case.id).timers
    assert timer.due_at - work.clock.now() <= timedelta(seconds=1)


def test_an_expression_may_give_it_and_camunda_7_counts_otherwise(bench: Callable[[str], Workbench]) -> None:
    """The day 2 is Tuesday in a Camunda 8 diagram and Monday in a Camunda 7 one, also where an expression gives it."""
    for xml, day in (
        (_reminding('="0 0 9 ? * 2"'), "2026-03-03"),
        (_reminding("0 0 9 ? * 2", "7"), "2026-03-09"),
        (_reminding("${'0 0 9 ? * 2'}", "7"), "2026-03-09"),
    ):
        (timer,) = bench(xml).start("p").timers
        assert timer.due_at.astimezone(SHANGHAI).date().isoformat() == day


def test_the_clock_starts_cases_by_it(bench: Callable[[str], Workbench]) -> None:
    """A start event with a cron expression is put on the schedule, and starts a case at each of its times."""
    parts = (d.start("due", d.timer(cycle="0 30 8 * * MON-FRI")), d.user("look"), d.flows("due > look"))
    work = bench(d.document(d.process(*parts)))
    (row,) = work.schedule("p")
    assert row.due_at == datetime.fromisoformat("2026-03-03T08:30:00+08:00")
    work.advance(days=7)
    days = [case.created_at.astimezone(SHANGHAI).day for case in work.engine.cases(process="p")]
    assert sorted(days) == [3, 4, 5, 6, 9]
    assert work.schedule("p")[0].timer == "cycle 0 30 8 * * MON-FRI"


@pytest.mark.parametrize("text", ["0 0 9 * *", "0 0 0 30 2 *"])
def test_what_never_comes_is_refused_at_load(bench: Callable[[str], Workbench], text: str) -> None:
    """Who writes five fields, or a day that never comes, is told how to write it."""
    with pytest.raises(InvalidDiagram) as caught:
        bench(_reminding(text)).start("p")
    assert "six fields" in str(caught.value)
