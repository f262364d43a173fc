"""Names with spaces and symbols: which of them are known, and where one of them stands in a text.

FEEL names may hold spaces and ``. / - ' + *`` (DMN 1.5, grammar rules 25 to 31); only the scope tells ``a-b`` the
name from a minus b. The longest known name wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

_START = (
    r"?A-Za-z_\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D\u2070-\u218F"
    r"\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)
_PART = _START + r"0-9\u00B7\u0300-\u036F\u203F-\u2040"
# Compiling these classes takes milliseconds each, so there are two patterns of them and the rest is walked by hand.
_WORD = re.compile(rf"[{_START}][{_PART}]*")
_PARTS = re.compile(rf"[{_PART}]+")
_SPACES = re.compile(r"\s+")
_SYMBOLS = frozenset("./-'+*")

BETWEEN_OPERANDS = frozenset({"and", "or", "then", "else", "return", "satisfies", "in", "between", "instance"})
"""Words after which no name goes on: they stand between two operands."""

BUILT_IN_NAMES = (
    "string length", "upper case", "lower case", "substring before", "substring after", "starts with", "ends with",
    "string join", "list contains", "insert before", "list replace", "index of", "distinct values",
    "duplicate values", "round up", "round down", "round half up", "round half down", "get value", "get entries",
    "context put", "context merge", "day of year", "day of week", "month of year", "week of year",
    "last day of month", "met by", "overlaps before", "overlaps after", "finished by", "started by", "is defined",
    "is blank", "is empty", "random number", "to base64", "to json", "from json",
)  # fmt: skip
"""Built-in functions whose words cannot mean anything else."""

AMBIGUOUS_NAMES = ("date and time", "years and months duration", "days and time duration", "get or else")
"""Built-in functions and types with a keyword inside: known only where a bracket follows."""


class Known(NamedTuple):
    """One known name: its words and symbols, how it is called, and a character that must follow it."""

    pieces: tuple[str, ...]
    name: str
    before: str


def word_end(text: str, position: int) -> int:
    """Where the word that begins here ends; the position itself if none does."""
    match = _WORD.match(text, position)
    return match.end() if match is not None else position


def spaces_end(text: str, position: int) -> int:
    """Where the white space that begins here ends."""
    match = _SPACES.match(text, position)
    return match.end() if match is not None else position


def name_end(text: str, position: int) -> int:
    """Where the longest text ends that could be a name, spaces and symbols included: a context key, a parameter."""
    end = found = word_end(text, position)
    if end == position:
        return position
    while end < len(text):
        match = _PARTS.match(text, end)
        if match is not None:
            end = found = match.end()
        elif text[end] in _SYMBOLS:
            end = found = end + 1
        elif text[end].isspace():
            end += 1
        else:
            break
    return found


def in_word(text: str, position: int) -> bool:
    """True if the character here continues a word."""
    return _PARTS.match(text, position) is not None


def normal(name: str) -> str:
    """The name with single spaces."""
    return _SPACES.sub(" ", name.strip())


def first_word(name: str) -> str:
    """What stands before the first space or symbol."""
    return name[: word_end(name, 0)]


def is_simple(name: str) -> bool:
    """True for a name of one word, which needs no help to be found."""
    return bool(name) and word_end(name, 0) == len(name)


@lru_cache(maxsize=4096)
def known(name: str, before: str = "") -> Known:
    """The name as something to look for; ``before`` is a character that must follow it."""
    pieces: list[str] = []
    position = 0
    while position < len(name):
        match = _PARTS.match(name, position)
        end = match.end() if match is not None else position + 1
        if not name[position].isspace():
            pieces.append(name[position:end])
        position = end
    return Known(tuple(pieces), name, before)


def known_end(candidate: Known, text: str, position: int) -> int:
    """Where the known name ends if it stands here; -1 if it does not."""
    end = position
    last = ""
    for piece in candidate.pieces:
        start = spaces_end(text, end) if last else end
        if not text.startswith(piece, start):
            return -1
        if start == end and last and in_word(last, len(last) - 1) and in_word(piece, 0):
            return -1
        end, last = start + len(piece), piece
    if in_word(text, end) and in_word(last, len(last) - 1):
        return -1
    if candidate.before and not text.startswith(candidate.before, spaces_end(text, end)):
        return -1
    return end


@lru_cache(maxsize=1024)
def index(names: frozenset[str]) -> dict[str, list[Known]]:
    """Names of several words by their first word, the longest first; those of the language are among them."""
    found: dict[str, list[Known]] = {}
    for name in sorted(map(normal, names), key=len, reverse=True):
        if not is_simple(name):
            found.setdefault(first_word(name), []).append(known(name))
    for name in sorted(AMBIGUOUS_NAMES, key=len, reverse=True):
        found.setdefault(first_word(name), []).append(known(name, "("))
    for name in sorted(BUILT_IN_NAMES, key=len, reverse=True):
        found.setdefault(first_word(name), []).append(known(name))
    return found


def find(candidates: Iterable[Known], text: str, position: int) -> tuple[str, int] | None:
    """The longest known name at the position, and where it ends."""
    best: tuple[str, int] | None = None
    for candidate in candidates:
        end = known_end(candidate, text, position)
        if end >= 0 and (best is None or end > best[1]):
            best = candidate.name, end
    return best
