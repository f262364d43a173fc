"""Widths, dates and tables of the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import click
import pytest
from click.testing import CliRunner

from complaintflow.cli import look

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("投诉", 4), ("a投b", 4), ("e\u0301", 1), (click.style("投诉", fg="red"), 4), ("", 0)],
)
def test_chinese_takes_two_columns(text: str, columns: int) -> None:
    """A wide character counts twice, a combining one not at all, a style not at all."""
    assert look.width(text) == columns


def test_cutting_never_passes_the_column() -> None:
    """A text is cut between characters, and the sign for the cut fits in."""
    assert look.cut("查明原因", 5) == "查明…"
    assert look.cut("查明原因", 8) == "查明原因"
    assert all(look.width(look.cut("a查b明c原d因", size)) <= size for size in range(2, 14))


def test_wrapping_keeps_words_whole_and_breaks_chinese_anywhere() -> None:
    """English breaks between words; Chinese between characters, but never before its punctuation."""
    assert look.wrap("the soup was cold", 9) == ["the soup", "was cold"]
    assert look.wrap("顾客来电，汤是凉的。", 8) == ["顾客来", "电，汤是", "凉的。"]
    assert look.wrap("a\n\nb", 10, "  ") == ["  a", "", "  b"]
    assert look.wrap("never cut without a terminal", None) == ["never cut without a terminal"]


def test_what_reporters_write_cannot_steer_the_terminal() -> None:
    """Escape sequences, backspaces and text that runs backwards become visible signs."""
    hostile = "ok\x1b[2J\x1b]0;title\x07 \u202egnp.exe\b\r\n2"
    shown = look.clean(hostile)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\n" not in shown
    assert shown.startswith("ok\ufffd[2J")
    assert look.clean("a\nb", lines=True) == "a\nb"


def test_midnight_belongs_to_the_day_it_closes() -> None:
    """What is at the close of Thursday says Thursday 24:00, not Friday; a second later it is Friday."""
    assert look.at(datetime(2026, 10, 8, 16, 0, 1, tzinfo=UTC), SHANGHAI) == "Fri 9 Oct 2026 00:00"
    assert look.at(datetime(2026, 10, 8, 16, tzinfo=UTC), SHANGHAI) == "Thu 8 Oct 2026 24:00"
    assert look.at(datetime(2026, 10, 8, 16, tzinfo=UTC), SHANGHAI, "zh") == "2026年10月8日 周四 24:00"
    assert look.at(datetime(2026, 10, 8, 10, tzinfo=UTC), SHANGHAI) == "Thu 8 Oct 2026 18:00"


@pytest.mark.parametrize(
    ("away", "said"),
    [
        (timedelta(days=3, hours=2), "in 3 days"),
        (timedelta(days=1), "in 1 day"),
        (timedelta(minutes=59), "in 59 minutes"),
        (timedelta(0), "0 seconds late"),
        (timedelta(hours=-4), "4 hours late"),
    ],
)
def test_distance_in_the_largest_unit(away: timedelta, said: str) -> None:
    """How far a deadline is away, in words; at its very moment it is late."""
    now = datetime(2026, 9, 28, 9, tzinfo=UTC)
    assert look.distance(now + away, now) == said


def test_a_table_lines_up_in_chinese_too() -> None:
    """Columns begin at the same place in every row, and a column without content is left out."""

    @click.command()
    def show() -> None:
        look.table(("A", "EMPTY", "B"), [[look.cell("投诉"), look.cell(""), look.cell("x")],
                                        [look.cell("ab"), look.cell(""), look.cell("y")]])  # fmt: skip

    assert CliRunner().invoke(show).output.splitlines() == ["  A     B", "  投诉  x", "  ab    y"]
