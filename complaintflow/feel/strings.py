"""String literals: their escapes (DMN 1.5, grammar rules 35 and 64)."""

from __future__ import annotations

import re

_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{6})|([nrt\"'\\]))")
_CHARACTERS = {"n": "\n", "r": "\r", "t": "\t"}


def unescape(body: str) -> str:
    """The string a literal stands for; a backslash before any other character stays, as regular expressions need it.

    Two surrogates of a pair (``\\uD83D\\uDCA9``) are one character.
    """
    if "\\" not in body:
        return body
    found = _ESCAPE.sub(_character, body)
    return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _character(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    if code:
        number = int(code, 16)
        return chr(number) if number <= 0x10FFFF else match[0]
    return _CHARACTERS.get(match[3], match[3])
