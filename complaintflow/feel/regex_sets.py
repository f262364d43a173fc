"""Sets of characters for regular expressions: classes, categories, blocks (XML Schema part 2, F.1)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeAlias

from complaintflow.feel.unicode_blocks import block
from complaintflow.feel.values import Failure

Holds: TypeAlias = Callable[[str], bool]
"""Whether a character belongs to a set."""

_CATEGORIES = frozenset(
    re.findall(r"\w+", "L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po Z Zs Zl Zp S Sm Sc Sk So")
) | {"C", "Cc", "Cf", "Co", "Cn"}
_SPACES = " \t\n\r"


@lru_cache(maxsize=4096)
def variants(character: str) -> frozenset[str]:
    """The character in both cases, and what shares one of them: k has the Kelvin sign's small letter."""
    simple = {character, character.lower(), character.upper(), character.casefold()}
    simple |= {form for one in tuple(simple) for form in (one.lower(), one.upper())}
    return frozenset(form for form in simple if len(form) == 1)


def cached(holds: Holds) -> Holds:
    """The same set, remembering its answers: a text has few different characters."""
    answers: dict[str, bool] = {}

    def look_up(character: str) -> bool:
        answer = answers.get(character)
        if answer is None:
            answer = answers[character] = holds(character)
        return answer

    return look_up


def characters(ranges: Iterable[tuple[str, str]], *, ignore_case: bool) -> Holds:
    """Ranges of characters; in any case if case is ignored."""
    spans = tuple(ranges)

    def holds(character: str) -> bool:
        return any(first <= character <= last for first, last in spans)

    def holds_caseless(character: str) -> bool:
        return any(holds(form) for form in variants(character))

    if not ignore_case:
        return holds
    own = frozenset(form for first, last in spans if first == last for form in variants(first))
    return lambda character: character in own or holds_caseless(character)


def negated(holds: Holds) -> Holds:
    """Everything else."""
    return lambda character: not holds(character)


def united(sets: list[Holds]) -> Holds:
    """What is in one of the sets."""
    return lambda character: any(holds(character) for holds in sets)


def without(holds: Holds, removed: Holds) -> Holds:
    """What is in the one and not in the other."""
    return lambda character: holds(character) and not removed(character)


def _category(name: str) -> Holds:
    return lambda character: unicodedata.category(character).startswith(name)


def _is_word(character: str) -> bool:
    return unicodedata.category(character)[0] not in "PZC"


def _is_name_start(character: str) -> bool:
    return character in "_:" or unicodedata.category(character) in ("Lu", "Ll", "Lt", "Lo", "Nl")


def _is_name_part(character: str) -> bool:
    if _is_name_start(character) or character in "-.\u00b7":
        return True
    return unicodedata.category(character) in ("Mc", "Me", "Mn", "Lm", "Nd")


_ESCAPES: dict[str, Holds] = {
    "s": lambda character: character in _SPACES,
    "d": _category("Nd"),
    "w": _is_word,
    "i": _is_name_start,
    "c": _is_name_part,
}


def escape(letter: str) -> Holds | None:
    """The set of ``\\s``, ``\\d``, ``\\w``, ``\\i``, ``\\c`` or of their capitals; None for other letters."""
    found = _ESCAPES.get(letter.lower())
    return found if found is None or letter.islower() else negated(found)


def named(name: str) -> Holds:
    """The set of ``\\p{name}``: a category, or a block after ``Is``.

    Raises:
        Failure: there is none of that name.
    """
    if name in _CATEGORIES:
        return _category(name)
    span = block(name[2:]) if name.startswith("Is") else None
    if span is None:
        raise Failure(f'there is no category or block "{name}"')
    first, last = chr(span[0]), chr(span[1])
    return lambda character: first <= character <= last


def any_but_newline(character: str) -> bool:
    """``.`` without the flag s."""
    return character not in "\n\r"
