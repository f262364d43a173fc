"""How output looks: widths, colours, dates and tables. Nothing here knows what a case is.

Colours are click styles; click drops them where the output is no terminal, and `app.py` where NO_COLOR is set.
Whatever a person typed passes `clean` before it reaches a terminal.
"""

from __future__ import annotations

import shutil
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

import click

from complaintflow.records import dataclass

INDENT: Final = "  "
GAP: Final = "  "
_NARROWEST: Final = 12
_DAYS: Final = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
}
_UNITS: Final = ((86_400, "day", "天"), (3_600, "hour", "小时"), (60, "minute", "分钟"), (1, "second", "秒"))
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Punctuation that no line begins with.
_CLOSING: Final = frozenset("，。、；：！？）》」』】”’…,.;:!?)")
# Turn the direction of the text around, or hide it: a terminal must not be talked into showing something else.
_INVISIBLE: Final = frozenset("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
# What is drawn in front of a line, and what stands for it where the terminal cannot write it.
_SIGNS: Final = {
    "begin": ("▸", ">"), "done": ("✓", "+"), "time": ("◷", "@"), "notice": ("✉", "="), "message": ("◂", "<"),
    "bad": ("✗", "x"), "warning": ("⚠", "!"), "end": ("■", "#"), "decided": ("⚑", "*"), "quiet": ("·", "."),
}  # fmt: skip


def say(text: str = "", **style: Any) -> None:
    """One line on standard output."""
    click.echo(click.style(text, **style) if style else text)


def aside(text: str, **style: Any) -> None:
    """One line on standard error: for people, not for the program that reads the output."""
    click.echo(click.style(text, **style) if style else text, err=True)


def dim(text: str) -> str:
    """Less important."""
    return click.style(text, dim=True)


def bold(text: str) -> str:
    """More important."""
    return click.style(text, bold=True)


def sign(name: str) -> str:
    """The sign in front of a line, as far as the terminal's encoding has it."""
    fine, plain = _SIGNS[name]
    try:
        fine.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return plain
    return fine


def heading(text: str) -> None:
    """The title of a block, after an empty line."""
    say()
    say(text, bold=True)


# -- text -------------------------------------------------------------------------------------


def clean(text: str, *, lines: bool = False) -> str:
    """Text for a terminal: control characters, which could move the cursor or change colours, are made visible.

    Args:
        lines: keep line breaks; otherwise all white space becomes single spaces.
    """
    if not lines:
        text = " ".join(text.split())
    return "".join("\ufffd" if _dangerous(one) else one for one in text)


def _dangerous(one: str) -> bool:
    return one in _INVISIBLE or (one != "\n" and unicodedata.category(one) in ("Cc", "Cs"))


def width(text: str) -> int:
    """Columns that a text takes: two for Chinese characters, none for combining ones; styles do not count."""
    return sum(_width(one) for one in click.unstyle(text))


def _width(one: str) -> int:
    if unicodedata.east_asian_width(one) in ("W", "F"):
        return 2
    return 0 if unicodedata.category(one) in ("Mn", "Me", "Cf") else 1


def pad(text: str, columns: int) -> str:
    """The text, filled up with spaces."""
    return text + " " * (columns - width(text))


def cut(text: str, columns: int | None) -> str:
    """The text without style, shortened to so many columns; None leaves it."""
    if columns is None or width(text) <= columns:
        return text
    kept, room = "", columns - 1
    for one in text:
        room -= _width(one)
        if room < 0:
            break
        kept += one
    return kept.rstrip() + "…"


def wrap(text: str, columns: int | None, indent: str = "") -> list[str]:
    """Lines of at most so many columns, each with the indent; Chinese text breaks anywhere."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in _pieces(paragraph):
            if columns is not None and line and width(indent + line + piece.rstrip()) > columns:
                lines.append(indent + line.rstrip())
                line = ""
            line += piece
        lines.append((indent + line).rstrip())
    return lines


def _pieces(text: str) -> Iterator[str]:
    """What may not be broken: words with the space behind them, wide characters with the punctuation behind them."""
    piece = ""
    for one in text:
        wide = _width(one) == 2
        if piece and one not in _CLOSING and (piece[-1] == " " or wide or _width(piece[-1]) == 2):
            yield piece
            piece = ""
        piece += one
    if piece:
        yield piece


def columns() -> int | None:
    """The terminal's width; None where the output is not read on one, so that nothing is cut."""
    return min(shutil.get_terminal_size().columns, 140) if sys.stdout.isatty() else None


# -- tables -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cell:
    """A text and how it is styled (names of `click.style`)."""

    text: str
    style: tuple[tuple[str, Any], ...] = ()

    def shown(self, size: int, *, last: bool) -> str:
        """The cell in its column."""
        text = cut(self.text, size)
        styled = click.style(text, **dict(self.style)) if self.style and text else text
        return styled if last else pad(styled, size)


def cell(text: object, **style: Any) -> Cell:
    """A cell with anything printable in it."""
    return Cell(clean(str(text)), tuple(style.items()))


def table(heads: Sequence[str], rows: Sequence[Sequence[Cell]], *, indent: str = INDENT, shrink: int = 0) -> None:
    """Print rows under dim heads; on a terminal the column ``shrink`` gives way first. Empty columns are left out."""
    filled = [index for index in range(len(heads)) if any(row[index].text for row in rows)]
    sizes = {index: max(width(heads[index]), *(width(row[index].text) for row in rows)) for index in filled}
    room = columns()
    if room is not None:
        excess = len(indent) + sum(sizes.values()) + len(GAP) * (len(filled) - 1) - room
        for index in [shrink, *sorted(sizes, key=lambda index: -sizes[index])]:
            if excess > 0 and index in sizes:
                given = min(excess, max(0, sizes[index] - _NARROWEST))
                sizes[index] -= given
                excess -= given
    if any(heads):
        titles = [cell(head, dim=True) for head in heads]
        say(indent + GAP.join(titles[index].shown(sizes[index], last=index == filled[-1]) for index in filled))
    for row in rows:
        cells = (row[index].shown(sizes[index], last=index == filled[-1]) for index in filled)
        say((indent + GAP.join(cells)).rstrip())


# -- time -------------------------------------------------------------------------------------


def counted(count: int, one: str, more: str = "") -> str:
    """A number with its noun: "1 notice", "2 notices"; ``more`` where the plural has no plain s."""
    return f"{count} {one}" if count == 1 else f"{count} {more or one + 's'}"


def day(moment: datetime, language: str = "en") -> str:
    """A day with its weekday: "Mon 28 Sep 2026"."""
    name = _DAYS[language][moment.weekday()]
    if language == "zh":
        return f"{moment.year}年{moment.month}月{moment.day}日 {name}"
    return f"{name} {moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def at(moment: datetime, zone: tzinfo, language: str = "en") -> str:
    """A moment in a zone, to the minute."""
    return " ".join(day_and_time(moment, zone, language))


def day_and_time(moment: datetime, zone: tzinfo, language: str = "en") -> tuple[str, str]:
    """The same in two: midnight belongs to the day that it closes, so it is 24:00 of that day and never 00:00.

    It is so for all moments, not only for the ends of deadlines, so that no moment is written in two ways. What happens
    some seconds later is another moment, and is 00:00.
    """
    local = moment.astimezone(zone)
    if (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0):
        return day(local - timedelta(hours=1), language), "24:00"
    return day(local, language), f"{local:%H:%M}"


def distance(moment: datetime, now: datetime, language: str = "en") -> str:
    """How far away a deadline is: "in 3 days", "4 hours late"."""
    seconds = int((moment - now).total_seconds())
    length = span(abs(seconds), language)
    if language == "zh":
        return f"还有{length}" if seconds > 0 else f"已逾期{length}"
    return f"in {length}" if seconds > 0 else f"{length} late"


def span(seconds: int, language: str = "en") -> str:
    """A length of time in its largest unit."""
    size, unit, chinese = next((one for one in _UNITS if seconds >= one[0]), _UNITS[-1])
    count = seconds // size
    return f"{count}{chinese}" if language == "zh" else f"{count} {unit}" + ("" if count == 1 else "s")
