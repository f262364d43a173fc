"""Dates, times, zones and durations (DMN 1.5, 10.3.2.3.4 to 10.3.2.3.8, tables 56 to 59 and 63)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from complaintflow import feel

TRUE = [
    '@"2024-01-31" + @"P1M" = @"2024-02-29"',
    '@"2024-02-29" - @"P1Y" = @"2023-02-28"',
    '@"2024-02-28" + @"P2D" = @"2024-03-01"',
    '@"2024-02-28" + @"PT36H" = @"2024-02-29"',
    '@"2024-03-01" - @"2024-02-01" = @"P29D"',
    '@"PT1H" + @"2024-01-01T23:30:00" = @"2024-01-02T00:30:00"',
    '@"2024-03-31T00:00:00@Europe/Paris" + @"PT3H" = @"2024-03-31T04:00:00@Europe/Paris"',
    '@"2024-03-31T04:00:00@Europe/Paris" - @"2024-03-31T00:00:00@Europe/Paris" = @"PT3H"',
    '@"2024-01-01T00:00:00+01:00" = @"2023-12-31T23:00:00Z"',
    '@"2024-01-01T00:00:00+01:00" < @"2024-01-01T00:00:00Z"',
    '@"2024-01-01" < @"2024-01-01T00:00:01Z"',
    '@"23:00:00" + @"PT2H" = @"01:00:00"',
    '@"10:00:00+01:00" = @"09:00:00Z"',
    '@"10:00:00" - @"09:30:00" = @"PT30M"',
    '@"P1Y" + @"P2M" = @"P14M" and @"P1Y" - @"P2M" = @"P10M"',
    '@"P1D" * 2 = @"P2D" and 1.5 * @"P1D" = @"PT36H" and @"P1D" / 2 = @"PT12H" and @"P1D" / @"PT6H" = 4',
    '@"P1Y" * 1.5 = @"P18M" and @"P1Y" / 5 = @"P2M" and @"P1Y" / @"P6M" = 2',
    '-@"P1D" = @"-P1D" and -@"P1M" = @"-P1M"',
    '@"2024-02-29".year = 2024 and @"2024-02-29".month = 2 and @"2024-02-29".day = 29 and @"2024-02-29".weekday = 4',
    '@"2024-02-29T10:20:30+02:00".time offset = @"PT2H" and @"2024-02-29T10:20:30@Etc/UTC".timezone = "Etc/UTC"',
    '@"10:20:30".hour = 10 and @"10:20:30".time offset = null',
    '@"-P1DT2H3M4S".days = -1 and @"P1DT2H3M4S".hours = 2 and @"P14M".years = 1 and @"P14M".months = 2',
    'string(@"2024-02-29T10:20:30.500@Europe/Paris") = "2024-02-29T10:20:30.5@Europe/Paris"',
    'string(time("11:22:33.123456789@Europe/Paris")) = "11:22:33.123456789@Europe/Paris"',
    '@"2024-01-01T10:00:00" < @"2024-01-01T11:00:00+05:00" and @"10:00:00" <= @"10:00:00Z"',
    '@"10:20:30.25".second = 30.25 and @"PT1.5S".seconds = 1.5 and @"2024-02-29".hour = null',
    'time("23:59:00z") + duration("PT2M") = time("00:01:00@Etc/UTC")',
    'string(@"PT26H") = "P1DT2H" and string(@"P0D") = "PT0S" and string(@"P14M") = "P1Y2M" and string(@"P0M") = "P0M"',
    'string(time(11, 59, 45, duration("-PT2H45M55S"))) = "11:59:45-02:45:55"',
    'date and time(@"2024-01-01T10:00:00@Europe/Berlin", "Z") = @"2024-01-01T09:00:00Z"',
    'date and time("2018-04-29T09:30:00+02:00[Europe/Berlin]") = @"2018-04-29T09:30:00@Europe/Berlin"',
    'date and time(2024, 2, 29, 10, 0, 0) = @"2024-02-29T10:00:00"',
    'time(@"2024-01-01") = @"00:00:00Z"',
    'years and months duration(@"2013-08-24", @"2011-12-22") = @"-P1Y8M"',
    'not(is(@"10:00:00+01:00", @"09:00:00Z")) and is(@"10:00:00Z", @"10:00:00+00:00")',
]


@pytest.mark.parametrize("text", TRUE)
def test_expression_is_true(text: str) -> None:
    """Each expression of the table is true."""
    assert feel.evaluate(text) is True


@pytest.mark.parametrize(
    "text",
    [
        'date("2024-02-30")',
        'date("24-1-1")',
        'time("25:00:00")',
        'time("7:00:00")',
        'time("10:00:00+19:00")',
        'date and time("2024-01-01T10:00:00@xyz/abc")',
        'date and time("2024-01-01T10:00:00+02:00@Europe/Paris")',
        'duration("P1Y1D")',
        'duration("P")',
        'duration("PT")',
        '@"9999-12-31" + @"P1D"',
        'date("99999-01-01")',
        '@"2024-01-01T10:00:00" - @"2024-01-01T10:00:00Z"',
        '@"P1D" + @"P1M"',
        '@"10:00:00" + @"P1M"',
        'duration("P999999999999999999D")',
        '-@"2024-01-01"',
        '@"2024-01-01T10:00:00@localtime"',
        'date("2024-01-01").nothing',
        '@"P1D".years',
    ],
)
def test_no_such_time(text: str) -> None:
    """What is no date, time or duration, or has no order, is null."""
    assert feel.evaluate(text) is None


def test_zones_are_python_zones() -> None:
    """An offset is a fixed time zone, a named zone a ZoneInfo, and they come in from the context as well."""
    assert feel.evaluate('@"10:00:00+02:00"') == time(10, tzinfo=timezone(timedelta(hours=2)))
    moment = feel.evaluate('@"2024-07-01T10:00:00@Europe/Paris"')
    assert moment.tzinfo == ZoneInfo("Europe/Paris")
    assert feel.evaluate("x = y", {"x": moment, "y": datetime(2024, 7, 1, 8, tzinfo=UTC)}) is True


def test_nanoseconds_stay_inside() -> None:
    """Digits beyond the microsecond are written by `string`, and a result is a plain Python value without them."""
    result = feel.evaluate('[time("11:22:33.123456789")]')
    assert result == [time(11, 22, 33, 123456)]
    assert type(result[0]) is time


def test_clock_comes_from_the_host() -> None:
    """`now` and `today` are the host's; without them they are the system's, in UTC."""
    noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert feel.evaluate("now()", functions={"now": lambda: noon}) == noon
    assert feel.evaluate("today()", functions={"now": lambda: noon}) == noon.date()
    assert feel.evaluate("now().time offset") == timedelta(0)
