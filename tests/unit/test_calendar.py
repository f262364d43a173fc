"""Intervals and the working calendar: the rule of counting, China's adjusted days, zones, hours, pauses."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import complaintflow.time.calendar as calendar_module
from complaintflow.errors import CalendarError
from complaintflow.time.calendar import Due, Interval, Remaining, WorkingCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = WorkingCalendar("CN")
DESK = WorkingCalendar("CN", hours={"mon-fri": ("09:00", "12:00", "13:00", "18:00")})

# The notices of the State Council, 2019 to 2026: runs of days off (month.day, inclusive), and moved working days.
NOTICES = {
    2019: (
        "1.1 2.4-2.10 4.5-4.7 5.1-5.4 6.7-6.9 9.13-9.15 10.1-10.7",
        "2.2 2.3 4.28 5.5 9.29 10.12",
    ),
    2020: (
        "1.1 1.24-2.2 4.4-4.6 5.1-5.5 6.25-6.27 10.1-10.8",
        "1.19 4.26 5.9 6.28 9.27 10.10",
    ),
    2021: (
        "1.1-1.3 2.11-2.17 4.3-4.5 5.1-5.5 6.12-6.14 9.19-9.21 10.1-10.7",
        "2.7 2.20 4.25 5.8 9.18 9.26 10.9",
    ),
    2022: (
        "1.1-1.3 1.31-2.6 4.3-4.5 4.30-5.4 6.3-6.5 9.10-9.12 10.1-10.7",
        "1.29 1.30 4.2 4.24 5.7 10.8 10.9",
    ),
    2023: (
        "1.1-1.2 1.21-1.27 4.5 4.29-5.3 6.22-6.24 9.29-10.6",
        "1.28 1.29 4.23 5.6 6.25 10.7 10.8",
    ),
    2024: (
        "1.1 2.10-2.17 4.4-4.6 5.1-5.5 6.10 9.15-9.17 10.1-10.7",
        "2.4 2.18 4.7 4.28 5.11 9.14 9.29 10.12",
    ),
    2025: (
        "1.1 1.28-2.4 4.4-4.6 5.1-5.5 5.31-6.2 10.1-10.8",
        "1.26 2.8 4.27 9.28 10.11",
    ),
    2026: (
        "1.1-1.3 2.15-2.23 4.4-4.6 5.1-5.5 6.19-6.21 9.25-9.27 10.1-10.7",
        "1.4 2.14 2.28 5.9 9.20 10.10",
    ),
}


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """A moment in a zone, from "2026-09-28 10:17"."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def local(moment: datetime, zone: ZoneInfo = SHANGHAI) -> str:
    """A moment as "2026-09-28 10:17" in a zone; results are always in UTC."""
    assert moment.tzinfo is UTC
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def days_of(year: int, runs: str) -> set[date]:
    """The dates in "1.1-1.3 2.14"."""
    found = set()
    for run in runs.split():
        first, _, last = run.partition("-")
        day, end = (date(year, *map(int, text.split("."))) for text in (first, last or first))
        while day <= end:
            found.add(day)
            day += timedelta(days=1)
    return found


# -- intervals


@pytest.mark.parametrize(
    "text", ["4 hours", "90 minutes", "3 working days", "15 days", "2 weeks", "2 months", "1 year", "2 working hours"]
)
def test_interval_round_trips(text: str) -> None:
    """Every interval a policy may write reads back from its own text."""
    assert str(Interval.parse(text)) == text
    assert Interval.parse(str(Interval.parse(text))) == Interval.parse(text)


def test_interval_takes_singular_plural_and_spaces() -> None:
    """Singular, plural and stray spaces mean the same interval."""
    assert Interval.parse("1 working day") == Interval.parse(" 1  working days ") == Interval(1, "working day")
    assert str(Interval(1, "month")) == "1 month"


@pytest.mark.parametrize(
    "text", ["", "soon", "3", "days", "-1 days", "1.5 hours", "3 workdays", "P3D", "three days", "٣ days", "3 Days"]
)
def test_interval_refuses_anything_else(text: str) -> None:
    """A text that is no interval is refused with the list of units."""
    with pytest.raises(CalendarError, match="is not an interval") as caught:
        Interval.parse(text)
    assert "working days" in caught.value.remedy
    assert "minutes" in caught.value.remedy


def test_interval_is_at_most_a_hundred_years() -> None:
    """A slip of the keyboard is refused instead of counted."""
    assert Interval.parse("100 years").amount == 100
    for text in ("101 years", "99999 working days", "999999999 minutes"):
        with pytest.raises(CalendarError, match="out of range"):
            Interval.parse(text)


# -- China


@pytest.mark.parametrize("year", NOTICES)
def test_china_is_right_for_every_day(year: int) -> None:
    """Every day of 2019 to 2026 is a working day or not as the notice of its year says."""
    off_text, moved_text = NOTICES[year]
    off, moved = days_of(year, off_text), days_of(year, moved_text)
    if year == 2022:
        off.add(date(2022, 12, 31))  # by the notice for 2023; a Saturday
    day = date(year, 1, 1)
    while day.year == year:
        expected = day in moved or (day.weekday() < 5 and day not in off)
        assert CHINA.is_working_day(day) is expected, day
        day += timedelta(days=1)


def test_china_agrees_with_the_holidays_package() -> None:
    """The fast look-up answers as `holidays` itself does once its years are populated, 2001 to 2030."""
    package = holidays.country_holidays("CN", years=range(2001, 2031))
    day = date(2002, 1, 1)
    while day < date(2030, 12, 31):
        assert CHINA.is_working_day(day) is package.is_working_day(day), day
        day += timedelta(days=1)


def test_golden_week_is_skipped_and_the_adjusted_saturday_counts() -> None:
    """Three working days from 28 September 2026 end on 8 October, and the fifth is Saturday 10 October."""
    start = at("2026-09-28 10:17")
    assert CHINA.due(start, "3 working days") == Due(at("2026-10-09 00:00").astimezone(UTC), False, date(2026, 10, 8))
    assert CHINA.due(start, "5 working days").day == date(2026, 10, 10)
    assert CHINA.due(start, "6 working days").day == date(2026, 10, 12)


@pytest.mark.parametrize(
    ("code", "subdivision", "year"),
    [("DE", "BY", 2026), ("US", None, 2021), ("AE", None, 2021), ("RU", None, 2024), ("PR", None, 2026)],
)
def test_a_country_loaded_alone_is_the_same(code: str, subdivision: str | None, year: int) -> None:
    """Loading one country's file gives the working days that the whole package gives, weekends that differ included."""
    calendar = WorkingCalendar(code, subdivision, zone="UTC")
    package = holidays.country_holidays(code, subdiv=subdivision, years=range(year - 1, year + 2))
    day = date(year, 1, 1)
    while day.year == year:
        assert calendar.is_working_day(day) is package.is_working_day(day), day
        day += timedelta(days=1)


def test_holidays_is_imported_late_and_only_one_country() -> None:
    """Making a calendar imports nothing heavy; the first look-up imports one country, not 250."""
    script = (
        "import sys; from datetime import date; from complaintflow.time.calendar import WorkingCalendar;"
        "c = WorkingCalendar('CN'); before = 'holidays' in sys.modules; c.is_working_day(date(2026, 2, 14));"
        "print(before, 'holidays' in sys.modules, 'holidays.countries' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "False"]


def test_unknown_countries_and_subdivisions_are_named() -> None:
    """A wrong code is refused: its shape at once, its existence at the first look-up."""
    with pytest.raises(CalendarError, match="no country code"):
        WorkingCalendar("China")
    with pytest.raises(CalendarError, match='knows no country "XX"'):
        WorkingCalendar("XX").is_working_day(date(2026, 1, 1))
    with pytest.raises(CalendarError, match='no subdivision "ZZ"') as caught:
        WorkingCalendar("DE", "ZZ").is_working_day(date(2026, 1, 1))
    assert "BY" in caught.value.remedy


# -- provisional years


def test_a_year_without_notice_is_provisional() -> None:
    """China's years are settled by a notice; one without is provisional, and other countries' never are."""
    assert [year for year in range(2018, 2027) if CHINA.provisional(year)] == []
    assert CHINA.provisional(2060)
    assert not WorkingCalendar("DE", zone="Europe/Berlin").provisional(2060)
    assert not WorkingCalendar(None).provisional(2060)


def test_only_what_the_notice_could_move_is_provisional() -> None:
    """A due date is provisional when its day was looked up in an unsettled year, and not when nothing was looked up."""
    start = at("2060-03-01 09:00")
    assert CHINA.due(start, "3 working days").provisional
    assert CHINA.due(start, "2 months").provisional
    assert CHINA.due(start, "4 hours", roll=True).provisional
    assert not CHINA.due(start, "4 hours").provisional
    assert not CHINA.due(start, "2 months", roll=False).provisional
    assert DESK.due(start, "2 working hours").provisional


def test_the_end_of_december_belongs_to_the_next_notice() -> None:
    """28 December of the last year with a notice is settled; 29 to 31 are not, as 2018 showed."""
    last = max(year for year in range(2019, 2060) if not CHINA.provisional(year))
    before = datetime(last, 12, 1, tzinfo=SHANGHAI)
    assert not CHINA.due(before, "24 days").provisional
    assert all(CHINA.due(before, f"{days} days", roll=True).provisional for days in (28, 29, 30, 31))


def test_a_notice_entered_by_hand_settles_its_year() -> None:
    """Days off and working days of the organisation's own win, and a confirmed year is not provisional."""
    calendar = WorkingCalendar(
        "CN",
        extra_days_off=[date(2060, 3, 2)],
        extra_working_days=[date(2060, 3, 6)],
        confirmed_years=[2060],
    )
    assert CHINA.is_working_day(date(2060, 3, 2))
    assert not CHINA.is_working_day(date(2060, 3, 6))
    assert not calendar.is_working_day(date(2060, 3, 2))
    assert calendar.is_working_day(date(2060, 3, 6))
    assert not calendar.due(at("2060-03-01 09:00"), "3 working days").provisional


# -- counting


@pytest.mark.parametrize(
    ("start", "interval", "day"),
    [
        ("2026-11-02 23:59", "1 day", "2026-11-03"),
        ("2026-11-02 00:00", "1 day", "2026-11-03"),
        ("2026-11-02 10:00", "0 days", "2026-11-02"),
        ("2026-11-06 10:00", "1 day", "2026-11-09"),  # Saturday moves to Monday
        ("2026-11-07 10:00", "1 working day", "2026-11-09"),  # a day off as starting day makes no difference
        ("2026-11-07 10:00", "0 working days", "2026-11-09"),
        ("2026-11-02 10:00", "2 weeks", "2026-11-16"),
        ("2026-01-31 10:00", "1 month", "2026-02-28"),  # no 31 February; 28 February 2026 is a moved working day
        ("2028-01-31 10:00", "1 month", "2028-02-29"),
        ("2024-02-29 10:00", "1 year", "2025-02-28"),
        ("2026-08-01 10:00", "2 months", "2026-10-08"),  # 1 October starts the holiday week
        ("2025-12-31 10:00", "1 day", "2026-01-04"),  # a moved Sunday after the New Year holiday
    ],
)
def test_the_starting_day_is_left_out_and_the_last_day_rolls(start: str, interval: str, day: str) -> None:
    """Each unit ends at 24:00 of the day that the Civil Code's rule gives."""
    due = CHINA.due(at(start), interval)
    assert due.day == date.fromisoformat(day)
    assert local(due.at) == f"{due.day + timedelta(days=1)} 00:00"


def test_hours_run_from_the_moment_over_days_off() -> None:
    """Clock hours count on a holiday as on any day, to the microsecond."""
    start = at("2026-09-30 22:00") + timedelta(microseconds=7)
    due = CHINA.due(start, "4 hours")
    assert (due.at, due.day) == (start + timedelta(hours=4), date(2026, 10, 1))
    assert CHINA.due(start, "90 minutes").day == date(2026, 9, 30)
    assert CHINA.due(at("2026-09-30 20:00"), "4 hours").day == date(2026, 9, 30)  # 24:00 is still that day


def test_a_deadline_may_choose_otherwise() -> None:
    """`ends` and `roll` override the rule for days and for hours."""
    start = at("2026-11-05 10:17")
    assert local(CHINA.due(start, "3 working days", ends="exact").at) == "2026-11-10 10:17"
    assert local(CHINA.due(start, "2 days", ends="exact").at) == "2026-11-09 10:17"
    assert local(CHINA.due(start, "2 days", ends="exact", roll=False).at) == "2026-11-07 10:17"
    assert local(CHINA.due(start, "2 days", roll=False).at) == "2026-11-08 00:00"
    assert local(CHINA.due(start, "4 hours", ends="close of day").at) == "2026-11-06 00:00"
    assert local(CHINA.due(start, "48 hours", roll=True).at) == "2026-11-09 10:17"
    assert local(CHINA.due(at("2026-11-07 00:00"), "24 hours", roll=True).at) == "2026-11-10 00:00"  # Monday's 24:00
    with pytest.raises(CalendarError, match='cannot end "noon"'):
        CHINA.due(start, "2 days", ends="noon")  # type: ignore[arg-type]


def test_a_naive_start_is_refused() -> None:
    """A time without zone is never guessed at."""
    with pytest.raises(CalendarError, match="has no zone"):
        CHINA.due(datetime(2026, 11, 2), "1 day")  # noqa: DTZ001 - the naive time is the point


def test_the_day_is_the_organisations() -> None:
    """The starting day is that of the organisation's zone, whatever zone the moment is written in."""
    late = datetime(2026, 11, 2, 17, 0, tzinfo=UTC)  # 01:00 on the 3rd in Shanghai
    assert CHINA.due(late, "1 working day").day == date(2026, 11, 4)
    assert WorkingCalendar("CN", zone="UTC").due(late, "1 working day").day == date(2026, 11, 3)


@pytest.mark.parametrize(
    ("country", "zone", "start", "interval", "ends", "expected"),
    [
        # Berlin: clocks go back on 2026-10-25 and forward on 2026-03-29; New York: forward on 2026-03-08.
        ("DE", "Europe/Berlin", "2026-10-23 10:00", "1 working day", None, "2026-10-26T23:00+00:00"),
        ("DE", "Europe/Berlin", "2026-10-23 10:00", "1 working day", "exact", "2026-10-26T09:00+00:00"),
        ("DE", "Europe/Berlin", "2026-10-24 20:00", "12 hours", None, "2026-10-25T06:00+00:00"),
        ("DE", "Europe/Berlin", "2026-03-27 10:00", "1 working day", None, "2026-03-30T22:00+00:00"),
        ("DE", "Europe/Berlin", "2026-03-28 02:30", "1 day", "exact unrolled", "2026-03-29T01:30+00:00"),
        ("US", "America/New_York", "2026-03-06 10:00", "1 working day", None, "2026-03-10T04:00+00:00"),
        ("US", "America/New_York", "2026-03-07 23:00", "4 hours", None, "2026-03-08T08:00+00:00"),
        ("CN", "Asia/Shanghai", "2026-03-27 10:00", "1 working day", None, "2026-03-30T16:00+00:00"),
    ],
)
def test_summer_time(country: str, zone: str, start: str, interval: str, ends: str | None, expected: str) -> None:
    """Days close at local midnight and keep local time over a change of clocks, while hours are elapsed time."""
    calendar = WorkingCalendar(country, zone=zone)
    roll = False if ends == "exact unrolled" else None
    due = calendar.due(at(start, ZoneInfo(zone)), interval, ends="exact" if ends else None, roll=roll)
    assert due.at == datetime.fromisoformat(expected)


def test_working_days_between_leaves_out_the_starting_day() -> None:
    """The count is half-open, additive, negative backwards, and takes moments in the zone."""
    a, b = date(2026, 9, 28), date(2026, 10, 12)
    assert CHINA.working_days_between(a, a) == 0
    assert CHINA.working_days_between(a, b) == 6
    assert CHINA.working_days_between(b, a) == -6
    assert CHINA.working_days_between(at("2026-09-28 23:59"), at("2026-09-29 00:00")) == 1
    assert CHINA.working_days_between(date(2025, 12, 31), date(2027, 1, 1)) == 248


# -- opening hours


def test_opening_hours_close_the_day() -> None:
    """With hours a day ends with business, an adjusted Saturday too."""
    assert local(DESK.due(at("2026-11-02 10:00"), "1 working day").at) == "2026-11-03 18:00"
    assert local(DESK.due(at("2026-10-09 10:00"), "1 working day").at) == "2026-10-10 18:00"
    assert local(DESK.due(at("2026-11-05 10:00"), "2 days", roll=False).at) == "2026-11-08 00:00"  # no business then


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-02 10:00", 1, "2026-11-02 11:00"),
        ("2026-11-02 10:00", 2, "2026-11-02 12:00"),
        ("2026-11-02 11:30", 1, "2026-11-02 13:30"),
        ("2026-11-02 12:30", 1, "2026-11-02 14:00"),
        ("2026-11-02 17:30", 1, "2026-11-03 09:30"),
        ("2026-11-02 18:00", 1, "2026-11-03 10:00"),
        ("2026-11-06 17:00", 2, "2026-11-09 10:00"),
        ("2026-11-07 11:00", 8, "2026-11-09 18:00"),
        ("2026-09-30 17:00", 2, "2026-10-08 10:00"),
    ],
)
def test_working_hours_run_while_open(start: str, hours: int, end: str) -> None:
    """Working hours skip lunch, nights and days off, and end at closing time rather than at the next opening."""
    assert local(DESK.add_working_hours(at(start), timedelta(hours=hours))) == end
    assert local(DESK.due(at(start), Interval(hours, "working hour")).at) == end


def test_open_at_and_next_opening() -> None:
    """The house is open from the opening minute to before the closing minute of working days."""
    assert DESK.open_at(at("2026-11-02 09:00"))
    assert not DESK.open_at(at("2026-11-02 12:00"))
    assert not DESK.open_at(at("2026-11-07 10:00"))
    assert DESK.open_at(at("2026-10-10 10:00"))
    assert local(DESK.next_opening(at("2026-11-02 12:10"))) == "2026-11-02 13:00"
    assert local(DESK.next_opening(at("2026-11-06 18:00"))) == "2026-11-09 09:00"
    assert local(DESK.next_opening(at("2026-11-02 10:10"))) == "2026-11-02 10:10"
    assert CHINA.open_at(at("2026-11-02 00:00"))
    assert local(CHINA.next_opening(at("2026-11-07 10:00"))) == "2026-11-09 00:00"


def test_working_hours_need_opening_hours() -> None:
    """Without opening hours nobody can say what a working hour is, so it is refused."""
    with pytest.raises(CalendarError, match="need opening hours"):
        CHINA.due(at("2026-11-02 10:00"), "2 working hours")


@pytest.mark.parametrize(
    ("hours", "message"),
    [
        ({"mon-fri": ("9:00", "18:00")}, "not a time of day"),
        ({"mon-fri": ("09:00",)}, "open and close in turn"),
        ({"mon-fri": ("18:00", "09:00")}, "open and close in turn"),
        ({"monday": ("09:00", "18:00")}, "not a weekday"),
        ({"fri-mon": ("09:00", "18:00")}, "name no day"),
        ({"mon-fri": ("09:00", "18:00"), "fri": ("09:00", "12:00")}, "hours already"),
    ],
)
def test_bad_opening_hours_are_refused(hours: dict[str, tuple[str, ...]], message: str) -> None:
    """Each mistake in a table of opening hours has its own sentence."""
    with pytest.raises(CalendarError, match=message):
        WorkingCalendar(None, hours=hours)


def test_weekend_can_be_chosen() -> None:
    """A shop that works on Saturdays, or every day, says so; no calendar is without a working day."""
    assert WorkingCalendar(None, weekend=["sun"]).is_working_day(date(2026, 11, 7))
    assert not WorkingCalendar(None).is_working_day(date(2026, 11, 7))
    assert WorkingCalendar("CN", weekend=[]).is_working_day(date(2026, 11, 8))
    assert not WorkingCalendar("CN", weekend=["sun"]).is_working_day(date(2026, 10, 3))
    with pytest.raises(CalendarError, match="all seven"):
        WorkingCalendar(None, weekend=["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
    with pytest.raises(CalendarError, match="both"):
        WorkingCalendar(None, extra_days_off=[date(2026, 1, 5)], extra_working_days=[date(2026, 1, 5)])
    with pytest.raises(CalendarError, match="no time zone"):
        WorkingCalendar(None, zone="Asia/Atlantis")


# -- reminders, extensions, pauses


def test_reminders_come_in_the_morning_of_an_earlier_working_day() -> None:
    """Days before a deadline leave out its last day; hours count back from its end."""
    due = CHINA.due(at("2026-11-04 10:00"), "3 working days")  # Monday 9 November
    assert local(CHINA.before(due, "1 working day")) == "2026-11-06 00:00"
    assert local(CHINA.before(due.at, "1 working day")) == "2026-11-06 00:00"
    assert local(CHINA.before(due, "1 day")) == "2026-11-06 00:00"  # the Sunday before would be a day off
    assert local(CHINA.before(due, "0 days")) == "2026-11-09 00:00"
    assert local(CHINA.before(due, "1 week")) == "2026-11-02 00:00"
    assert local(CHINA.before(due, "1 month")) == "2026-10-09 00:00"
    assert local(CHINA.before(due, "4 hours")) == "2026-11-09 20:00"
    desk_due = DESK.due(at("2026-11-04 10:00"), "3 working days")
    assert local(DESK.before(desk_due, "1 working day")) == "2026-11-06 09:00"
    assert local(DESK.before(desk_due, "2 working hours")) == "2026-11-09 16:00"
    assert local(DESK.before(desk_due, "10 working hours")) == "2026-11-06 16:00"


def test_extensions_count_from_the_old_end() -> None:
    """A prolonged deadline counts days from the old last day and hours from the old end."""
    due = CHINA.due(at("2026-11-02 10:00"), "3 working days")
    assert CHINA.extend(due, "2 working days").day == date(2026, 11, 9)
    assert local(CHINA.extend(due, "2 hours").at) == "2026-11-06 02:00"
    exact = CHINA.due(at("2026-11-02 10:17"), "3 working days", ends="exact")
    assert local(CHINA.extend(exact, "2 working days", ends="exact").at) == "2026-11-09 10:17"


@pytest.mark.parametrize(
    ("interval", "paused", "resumed", "expected"),
    [
        ("5 working days", "2026-11-04 09:00", "2026-11-06 16:30", "2026-11-12 00:00"),  # two working days
        ("5 working days", "2026-11-04 09:00", "2026-11-04 23:00", "2026-11-10 00:00"),  # the same day
        ("5 working days", "2026-11-06 17:00", "2026-11-08 09:00", "2026-11-10 00:00"),  # over a weekend
        ("5 working days", "2026-11-09 17:00", "2026-11-14 09:00", "2026-11-17 00:00"),  # paused on its last day
        ("10 days", "2026-11-04 09:00", "2026-11-06 09:00", "2026-11-17 00:00"),  # Saturday 14 rolls to Monday 16
        ("90 minutes", "2026-11-02 10:30", "2026-11-02 12:00", "2026-11-02 13:17"),
        ("2 months", "2026-11-04 09:00", "2026-11-05 09:00", "2027-01-06 00:00"),  # 4 January: moved to the 5th
    ],
)
def test_a_pause_moves_the_deadline_by_its_own_unit(interval: str, paused: str, resumed: str, expected: str) -> None:
    """Pausing moves a deadline by what was paused: working days by working days, hours by hours."""
    calendar = WorkingCalendar(None)
    due = calendar.due(at("2026-11-02 10:17"), interval)
    left = calendar.remaining(at(paused), due, interval)
    assert local(calendar.resume(at(resumed), left).at) == expected
    assert Remaining.from_json(json.loads(json.dumps(left.to_json()))) == left


def test_a_pause_with_opening_hours() -> None:
    """Working hours are left as open time; a last day that is over when work goes on gives way to the next."""
    due = DESK.due(at("2026-11-02 10:00"), "4 working hours")  # 15:00
    left = DESK.remaining(at("2026-11-02 12:30"), due, "4 working hours")
    assert left.time == timedelta(hours=2)
    assert local(DESK.resume(at("2026-11-02 17:00"), left).at) == "2026-11-03 10:00"
    due = DESK.due(at("2026-11-02 10:00"), "1 working day")
    left = DESK.remaining(at("2026-11-03 17:00"), due, "1 working day")
    assert local(DESK.resume(at("2026-11-06 17:00"), left).at) == "2026-11-06 18:00"
    assert local(DESK.resume(at("2026-11-06 20:00"), left).at) == "2026-11-09 18:00"


def test_an_exact_deadline_keeps_its_minutes_over_a_pause() -> None:
    """A deadline to the minute is moved by days and minutes, and is never over the moment it goes on."""
    due = CHINA.due(at("2026-11-02 10:17"), "3 working days", ends="exact")  # Thursday 10:17
    left = CHINA.remaining(at("2026-11-05 10:00"), due, "3 working days", ends="exact")
    assert local(CHINA.resume(at("2026-11-05 16:00"), left).at) == "2026-11-05 16:17"
    assert local(CHINA.resume(at("2026-11-06 23:50"), left).at) == "2026-11-09 00:07"  # Saturday 00:07 moves on


def test_what_had_run_out_stays_run_out() -> None:
    """A pause does not revive a deadline that was over when it began."""
    due = CHINA.due(at("2026-11-02 10:17"), "1 working day")
    left = CHINA.remaining(due.at, due, "1 working day")
    resumed = CHINA.resume(at("2026-12-01 09:00"), left)
    assert (resumed.at, resumed.day) == (due.at, due.day)
    assert Remaining.from_json(json.loads(json.dumps(left.to_json()))) == left


# -- properties

moments = st.datetimes(datetime(2019, 1, 1), datetime(2026, 11, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds
DAY_UNITS = ["day", "working day", "week", "month"]
day_units = st.sampled_from(DAY_UNITS)
units = st.sampled_from([*DAY_UNITS, "hour"])
calendars = st.sampled_from(
    [
        CHINA,
        DESK,
        WorkingCalendar("DE", "BY", "Europe/Berlin", hours={"mon-thu": ("08:30", "17:00"), "fri": ("08:30", "12:00")}),
        WorkingCalendar("US", zone="America/New_York"),
        WorkingCalendar(None, zone="Pacific/Auckland", weekend=["sun"]),
    ]
)


def naive_last_day(calendar: WorkingCalendar, day: date, interval: Interval) -> date:
    """The rule, day by day, without tables."""
    if interval.unit == "working day":
        left = interval.amount
        while left:
            day += timedelta(days=1)
            left -= calendar.is_working_day(day)
    elif interval.unit == "month":
        number, wanted = day.month - 1 + interval.amount, day.day
        first = date(day.year + number // 12, number % 12 + 1, 1)
        day = first
        while day.day < wanted and (day + timedelta(days=1)).month == first.month:
            day += timedelta(days=1)
    else:
        day += timedelta(days=interval.amount * (7 if interval.unit == "week" else 1))
    while not calendar.is_working_day(day):
        day += timedelta(days=1)
    return day


@given(calendars, moments, st.integers(0, 40), day_units)
@settings(max_examples=150, deadline=None)
def test_counting_equals_counting_on_fingers(
    calendar: WorkingCalendar, start: datetime, amount: int, unit: str
) -> None:
    """The tables give the day that counting one by one gives; it is a working day and after the start."""
    interval = Interval(amount, unit)  # type: ignore[arg-type]
    due = calendar.due(start, interval)
    first = start.astimezone(calendar.zone).date()
    assert due.day == naive_last_day(calendar, first, interval)
    assert calendar.is_working_day(due.day)
    assert due.at > start or amount == 0  # with 0 days the close of business may be over
    if unit == "working day" and amount:
        assert calendar.working_days_between(start, due.day) == amount


@given(calendars, moments, moments, st.integers(0, 30), st.integers(0, 30), units)
@settings(max_examples=150, deadline=None)
def test_due_is_monotone(calendar: WorkingCalendar, a: datetime, b: datetime, few: int, more: int, unit: str) -> None:
    """Starting later never ends earlier, and a longer interval never ends earlier."""
    (a, b), (few, more) = sorted((a, b)), sorted((few, more))
    assert calendar.due(a, Interval(few, unit)).at <= calendar.due(b, Interval(few, unit)).at  # type: ignore[arg-type]
    assert calendar.due(a, Interval(few, unit)).at <= calendar.due(a, Interval(more, unit)).at  # type: ignore[arg-type]


@given(calendars, moments, moments, moments)
@settings(max_examples=100, deadline=None)
def test_working_days_between_adds_up(calendar: WorkingCalendar, a: datetime, b: datetime, c: datetime) -> None:
    """Counting over a stop in the middle gives the same as counting through, in any order."""
    between = calendar.working_days_between
    assert between(a, b) + between(b, c) == between(a, c)


@given(
    calendars,
    moments,
    st.integers(1, 20),
    units,
    st.sampled_from(["exact", "close of day"]),
    st.floats(0, 0.999),
    st.integers(0, 60 * 24 * 20),
)
@example(
    WorkingCalendar("CN"), datetime(2022, 12, 31, 9, 17, 30, tzinfo=UTC), 17, "working day", "exact", 0.2421875, 20
)
@settings(max_examples=200, deadline=None)
def test_pauses_are_fair(
    calendar: WorkingCalendar, start: datetime, amount: int, unit: str, ends: str, share: float, minutes: int
) -> None:
    """A pause of no length moves nothing; any other never shortens a deadline, and leaves time to act."""
    interval = Interval(amount, unit)  # type: ignore[arg-type]
    due = calendar.due(start, interval, ends=ends)  # type: ignore[arg-type]
    paused = start + (due.at - start) * share
    left = calendar.remaining(paused, due, interval, ends=ends)  # type: ignore[arg-type]
    assert calendar.resume(paused, left) == due
    resumed = paused + timedelta(minutes=minutes)
    after = calendar.resume(resumed, left)
    assert after.at > resumed
    assert after.at >= due.at - timedelta(hours=1)  # a change of clocks within may cost its hour
    if unit == "working day" and ends == "close of day" and left.days:
        shift = calendar.working_days_between(paused, resumed)
        assert after == calendar.extend(due, Interval(shift, "working day"))


def test_the_page_on_counting_is_true() -> None:
    """Every example in docs/counting.md runs and prints what the page says."""
    page = Path(calendar_module.__file__).parents[2] / "docs" / "counting.md"
    outcome = doctest.testfile(str(page), module_relative=False)
    assert outcome.failed == 0
    assert outcome.attempted > 20
