"""Sealed values: who they are about is nobody's business who was not granted it.

A form component marked ``sealed`` names the class of its value ("identity"). The value is remembered when it comes in,
and wherever it turns up again (copied by a mapping, quoted by a handler, within a longer text) a reader sees
``[sealed]`` in its place: whatever the capitals and the spaces, and whatever stands between the digits of a number.
What somebody made of it by hand (a nickname, a part of a name, another script) is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from complaintflow.errors import InvalidData

MASK: Final = "[sealed]"

# Shorter ones are masked where they stand alone: within a text they would hide words that say nothing.
_LETTERS: Final = 3
_IDEOGRAPHS: Final = 2
# From so many digits on, a number is known however it is grouped.
_DIGITS: Final = 6
_GROUPING: Final = r"[\s().\-\u2010-\u2015]*"
_NUMBER: Final = r"\+?[\d\s().\-\u2010-\u2015]+"

Marks = Mapping[str, str]
"""Path of a value ("reporter.name", "persons[].name") -> the class it is sealed as."""


def sealed_values(data: object, marks: Marks, path: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every value in ``data`` that is marked: its path, its class, and itself (a text or a number)."""
    if isinstance(data, Mapping):
        for name, value in data.items():
            yield from sealed_values(value, marks, f"{path}.{name}" if path else str(name))
    elif isinstance(data, list):
        for value in data:
            yield from sealed_values(value, marks, f"{path}[]")
    else:
        seal = _class_of(path, marks)
        if seal is not None and data not in (None, "", True, False):
            yield path, seal, data


def _class_of(path: str, marks: Marks) -> str | None:
    """A mark on a list or context holds for what is inside it."""
    while path:
        if path in marks:
            return marks[path]
        path = path.removesuffix("[]") if path.endswith("[]") else path.rpartition(".")[0]
    return None


def masked(value: Any, sealed: frozenset[str]) -> Any:
    """A copy of JSON data in which nothing sealed can be read. ``sealed`` are the values, as text."""
    if not sealed:
        return value
    if isinstance(value, str):
        return _mask_text(value, sealed)
    if isinstance(value, Mapping):
        return {masked(name, sealed): masked(item, sealed) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(item, sealed) for item in value]
    if value is None or isinstance(value, bool):
        return value
    return MASK if str(value) in sealed else value


def kept(data: Any, seen: Any, sealed: frozenset[str]) -> Any:
    """What somebody sent back who saw masks: a field that was left as it was is as if it had not been sent.

    Args:
        data: what they sent.
        seen: the values that they saw masked, at the same places.
        sealed: what was masked.

    Raises:
        InvalidData: a mask stands where they did not see one.
    """
    problems: list[tuple[str, str]] = []
    found = _kept(data, seen, sealed, "", problems)
    if problems:
        advice = f"leave a field that shows {MASK} as it is, or write what shall stand there"
        raise InvalidData("a mask is no value", problems, advice=advice)
    return found


def _kept(data: Any, seen: Any, sealed: frozenset[str], path: str, problems: list[tuple[str, str]]) -> Any:
    if isinstance(data, Mapping):
        inside = seen if isinstance(seen, Mapping) else {}
        return {
            name: _kept(value, inside.get(name), sealed, f"{path}.{name}".strip("."), problems)
            for name, value in data.items()
            if not _untouched(value, inside.get(name), sealed)
        }
    if isinstance(data, list):
        rows = seen if isinstance(seen, list) else []
        return [
            _kept(value, rows[index] if index < len(rows) else None, sealed, f"{path}[{index}]", problems)
            for index, value in enumerate(data)
        ]
    if _untouched(data, seen, sealed):
        return seen
    if isinstance(data, str) and data.strip() == MASK:
        problems.append((path, f"has {MASK} in place of a value"))
    return data


def _untouched(data: Any, seen: Any, sealed: frozenset[str]) -> bool:
    return isinstance(data, str) and MASK in data and masked(seen, sealed) == data


def _mask_text(text: str, sealed: frozenset[str]) -> str:
    if text.strip().casefold() in _folded(sealed):
        return MASK
    pattern = _pattern(sealed)
    return text if pattern is None else pattern.sub(MASK, text)


@lru_cache(maxsize=256)
def _folded(sealed: frozenset[str]) -> frozenset[str]:
    return frozenset(value.strip().casefold() for value in sealed)


@lru_cache(maxsize=256)
def _pattern(sealed: frozenset[str]) -> re.Pattern[str] | None:
    words = sorted((value.strip() for value in sealed if _long_enough(value.strip())), key=len, reverse=True)
    return re.compile("|".join(map(_loosely, words)), re.IGNORECASE) if words else None


def _loosely(value: str) -> str:
    digits = [letter for letter in value if letter.isdigit()]
    if re.fullmatch(_NUMBER, value) and len(digits) >= _DIGITS:
        return _GROUPING.join(digits)
    return r"\s+".join(map(re.escape, value.split()))


def _long_enough(value: str) -> bool:
    return len(value) >= (_LETTERS if value.isascii() else _IDEOGRAPHS)
