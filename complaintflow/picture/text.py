"""How wide a text is in Arial, and where it breaks."""

from __future__ import annotations

import unicodedata
from typing import Final

# Widths of ASCII letters in thousandths of the font size (Arial's metrics); others are close to an average letter.
_NARROW: Final = dict.fromkeys("ijl.,;:'|!", 245) | dict.fromkeys("ftrI ()[]/-", 300) | dict.fromkeys('"*`', 360)
_WIDE: Final = dict.fromkeys("mwM%@W", 860) | dict.fromkeys("ABCDEGHKNOPQRSUVXY&", 705) | dict.fromkeys("FTZLJ", 600)
_WIDTHS: Final = _NARROW | _WIDE
_AVERAGE: Final = 550


def width(text: str, size: float) -> float:
    """The width of one line in the diagram's units."""
    total = 0
    for letter in text:
        if unicodedata.east_asian_width(letter) in "WF":
            total += 1000
        else:
            total += _WIDTHS.get(letter, _AVERAGE)
    return total * size / 1000


def lines(text: str, room: float, size: float) -> list[str]:
    """Break a text at spaces, and Chinese anywhere, so that each line fits the room if it can."""
    found: list[str] = []
    for paragraph in text.splitlines() or [""]:
        current = ""
        for piece in _pieces(paragraph):
            if current and width((current + piece).rstrip(), size) > room:
                found.append(current.rstrip())
                current = piece.lstrip()
            else:
                current += piece
        found.append(current.rstrip())
    return [line for line in found if line] or [""]


def _pieces(paragraph: str) -> list[str]:
    """Words with the space behind them, and single wide letters."""
    pieces: list[str] = []
    word = ""
    for letter in paragraph:
        if unicodedata.east_asian_width(letter) in "WF":
            pieces += [word, letter] if word else [letter]
            word = ""
        else:
            word += letter
            if letter in " -":
                pieces.append(word)
                word = ""
    return [*pieces, word] if word else pieces
