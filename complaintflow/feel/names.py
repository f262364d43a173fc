"""Names with spaces and symbols: which of them are known, and where one of them stands in a text.

FEEL names may hold spaces and ``. / - ' + *`` (DMN 1.5, grammar rules 25 to 31); only the scope tells ``a-b`` the
name from a minus b. The longest known name wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

_START = (
    r"?A-Za-z_\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D\u2070-\u218F"
    r"\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)
_PART = _START + r"0-9\u00B7\u0300-\u036F\u203F-\u2040"
_WORD = re.compile(r"[?A-Za-z_][?A-Za-z_0-9]*")
_PARTS = re.compile(r"[?A-Za-z_0-9]+")
_LAST_PLAIN = "\x7f"
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


@lru_cache(maxsize=1)
def _wide() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Words and their parts in all letters: patterns that take long to compile, for texts that need them."""
    return re.compile(rf"[{_START}][{_PART}]*"), re.compile(rf"[{_PART}]+")


def word_end(text: str, position: int) -> int:
    """Where the word that begins here ends; the position itself if none does."""
    match = _WORD.match(text, position)
    end = match.end() if match is not None else position
    if text[end : end + 1] > _LAST_PLAIN:
        match = _wide()[0].match(text, position)
        end = match.end() if match is not None else position
    return end


def parts_end(text: str, position: int) -> int:
    """Where the characters end that may stand inside a word; the position itself if none does here."""
    match = _PARTS.match(text, position)
    end = match.end() if match is not None else position
    if text[end : end + 1] > _LAST_PLAIN:
        match = _wide()[1].match(text, position)
        end = match.end() if match is not None else position
    return end


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
        more = parts_end(text, end)
        if more > end:
            end = found = more
        elif text[end] in _SYMBOLS:
            end = found = end + 1
        elif text[end].isspace():
            end += 1
        else:
            break
    return found


def normal(name: str) -> str:
    """The name with single spaces."""
    return _SPACES.sub(" ", name.strip())


def is_simple(name: str) -> bool:
    """True for a name of one word, which needs no help to be found."""
    return bool(name) and word_end(name, 0) == len(name)


def pieces(name: str) -> list[str]:
    """The words and symbols a name is made of."""
    found: list[str] = []
    position = 0
    while position < len(name):
        end = max(parts_end(name, position), position + 1)
        if not name[position].isspace():
            found.append(name[position:end])
        position = end
    return found


class Names:
    """Known names, to be found in a text piece by piece: the time depends on the text and not on how many there are."""

    __slots__ = ("_tree",)

    def __init__(self) -> None:
        self._tree: dict[str | None, Any] = {}

    def add(self, name: str, before: str = "") -> None:
        """Make a name known; ``before`` is a character that must follow it."""
        branch = self._tree
        for piece in pieces(name):
            branch = branch.setdefault(piece, {})
        if branch is not self._tree:
            branch[None] = name, before

    def find(self, text: str, position: int) -> tuple[str, int] | None:
        """The longest known name that stands here, and where it ends."""
        found: tuple[str, int] | None = None
        branch, end = self._tree, position
        while True:
            start = spaces_end(text, end) if end > position else end
            end = max(parts_end(text, start), start + 1)
            branch = branch.get(text[start:end])  # type: ignore[assignment]
            if not branch:
                return found
            name, before = branch.get(None, ("", ""))
            if name and text.startswith(before, spaces_end(text, end)):
                found = name, end


@lru_cache(maxsize=1024)
def index(names: frozenset[str]) -> Names:
    """Names of several words, and those of the language among them."""
    found = Names()
    for name in AMBIGUOUS_NAMES:
        found.add(name, "(")
    for name in (*BUILT_IN_NAMES, *(normal(name) for name in names if not is_simple(normal(name)))):
        found.add(name)
    return found


def find(places: Iterable[Names], text: str, position: int) -> tuple[str, int] | None:
    """The longest known name at the position, and where it ends; of two that are as long, the first."""
    best: tuple[str, int] | None = None
    for place in places:
        found = place.find(text, position)
        if found is not None and (best is None or found[1] > best[1]):
            best = found
    return best
