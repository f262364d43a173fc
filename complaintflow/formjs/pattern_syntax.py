"""Read a JavaScript regular expression (ECMA-262 22.2.1 and Annex B.1.2, without flags) into pieces.

Only what can be matched in bounded time is read; the rest raises `PatternError`, whose message says what to write
instead. Positions in messages count from 1.
"""

from __future__ import annotations

import re

from complaintflow.records import dataclass

MAX_REPEAT = 1_000
MAX_DEPTH = 40
LAST = 0xFFFF

Ranges = tuple[tuple[int, int], ...]

DIGIT: Ranges = ((0x30, 0x39),)
WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
SPACE: Ranges = (
    (0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029),
    (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF),
)  # fmt: skip
LINE_END: Ranges = ((0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029))
_CONTROLS = {"t": 0x09, "n": 0x0A, "v": 0x0B, "f": 0x0C, "r": 0x0D}
_CLASSES = {"d": DIGIT, "w": WORD, "s": SPACE}
_COUNT = re.compile(r"\{([0-9]{1,6})(,([0-9]{0,6}))?\}")
_HEX = {"x": re.compile(r"[0-9A-Fa-f]{2}"), "u": re.compile(r"[0-9A-Fa-f]{4}")}
_GROUP_NAME = re.compile(r"\?<[A-Za-z_$][A-Za-z0-9_$]*>")


class PatternError(ValueError):
    """The pattern is not one we match; the message is a sentence without a full stop."""


@dataclass(frozen=True, slots=True)
class Eat:
    """One UTF-16 unit within ``ranges``."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Assert:
    """A place: ``^`` the start, ``$`` the end, ``b`` a word boundary, ``B`` none."""

    kind: str


@dataclass(frozen=True, slots=True)
class Chain:
    """All parts, one after the other."""

    parts: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Any one of the parts."""

    parts: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """``part`` at least ``least`` and at most ``most`` times (None: any number)."""

    part: Piece
    least: int
    most: int | None


Piece = Eat | Assert | Chain | Choice | Repeat


def complement(ranges: Ranges) -> Ranges:
    """All UTF-16 units outside ``ranges``."""
    outside = []
    start = 0
    for low, high in sorted(ranges):
        if low > start:
            outside.append((start, low - 1))
        start = max(start, high + 1)
    if start <= LAST:
        outside.append((start, LAST))
    return tuple(outside)


def read(text: str) -> Piece:
    """Parse ``text``.

    Raises:
        PatternError: it is not a regular expression, or asks for more than we match.
    """
    reader = _Reader(text)
    piece = reader.choice(0)
    if reader.more():
        raise reader.error("a closing parenthesis without an opening one")
    return piece


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def error(self, what: str) -> PatternError:
        return PatternError(f"the pattern has {what} at position {min(self.at, len(self.text)) + 1}")

    def more(self) -> bool:
        return self.at < len(self.text)

    def peek(self) -> str:
        return self.text[self.at] if self.more() else ""

    def take(self, expected: str) -> bool:
        """Step over ``expected`` if it comes next."""
        if self.text.startswith(expected, self.at):
            self.at += len(expected)
            return True
        return False

    def quantified(self) -> bool:
        """Whether a quantifier comes next."""
        return self.peek() in ("*", "+", "?") or _COUNT.match(self.text, self.at) is not None

    def choice(self, depth: int) -> Piece:
        if depth > MAX_DEPTH:
            raise self.error(f"parentheses nested deeper than {MAX_DEPTH}")
        parts = [self.chain(depth)]
        while self.take("|"):
            parts.append(self.chain(depth))
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def chain(self, depth: int) -> Piece:
        parts: list[Piece] = []
        while self.more() and self.peek() not in "|)":
            starts = self.at
            part = self.atom(depth)
            if isinstance(part, Assert) and self.text[starts] != "(" and self.quantified():
                raise self.error("nothing to repeat")
            parts.append(self.repeated(part))
        return parts[0] if len(parts) == 1 else Chain(tuple(parts))

    def repeated(self, part: Piece) -> Piece:
        counted = _COUNT.match(self.text, self.at)
        if counted:
            least = int(counted[1])
            most = least if counted[2] is None else int(counted[3]) if counted[3] else None
            self._check_counts(least, most)
            self.at = counted.end()
        elif self.peek() and self.peek() in "*+?":
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[self.peek()]
            self.at += 1
        else:
            return part
        self.take("?")  # a lazy repetition finds the same texts
        if self.quantified():
            raise self.error("nothing to repeat")
        return Repeat(part, least, most)

    def _check_counts(self, least: int, most: int | None) -> None:
        if least > MAX_REPEAT or (most or 0) > MAX_REPEAT:
            raise self.error(f"a repetition of more than {MAX_REPEAT} times")
        if most is not None and most < least:
            raise self.error("a repetition whose bounds are the wrong way round")

    def atom(self, depth: int) -> Piece:
        letter = self.peek()
        if self.quantified():
            raise self.error("nothing to repeat")
        if letter == "(":
            return self.group(depth)
        if letter == "[":
            return self.letters()
        if letter == "\\":
            return self.escape()
        self.at += 1
        if letter == ".":
            return Eat(complement(LINE_END))
        if letter in "^$":
            return Assert(letter)
        return _literal(letter)

    def group(self, depth: int) -> Piece:
        self.at += 1
        for ahead in ("?=", "?!", "?<=", "?<!"):
            if self.text.startswith(ahead, self.at):
                raise self.error("a look-ahead or look-behind, which we do not match,")
        named = _GROUP_NAME.match(self.text, self.at)
        if named:
            self.at = named.end()
        elif not self.take("?:") and self.peek() == "?":
            raise self.error("a kind of group that JavaScript does not have")
        inner = self.choice(depth + 1)
        if not self.take(")"):
            raise self.error("a parenthesis that is not closed")
        return inner

    def escape(self) -> Piece:
        self.at += 1
        if self.peek() in ("b", "B"):
            self.at += 1
            return Assert(self.text[self.at - 1])
        found = self.escaped()
        return Eat(found) if isinstance(found, tuple) else _literal(chr(found))

    def escaped(self) -> Ranges | int:
        """What comes after a backslash: a class, or the code of one letter."""
        letter = self.peek()
        if not letter:
            raise self.error("a backslash with nothing after it")
        if letter.lower() in _CLASSES:
            self.at += 1
            ranges = _CLASSES[letter.lower()]
            return ranges if letter.islower() else complement(ranges)
        if letter in _HEX:
            return self._hexadecimal(letter)
        if letter in _CONTROLS:
            self.at += 1
            return _CONTROLS[letter]
        if letter == "0" and not self.text[self.at + 1 : self.at + 2].isdigit():
            self.at += 1
            return 0
        if letter.isascii() and letter.isalnum():
            kind = "back-reference" if letter.isdigit() or letter == "k" else "escape"
            raise self.error(f"the {kind} \\{letter}, which we do not match,")
        self.at += 1
        return ord(letter)

    def _hexadecimal(self, letter: str) -> int:
        digits = _HEX[letter].match(self.text, self.at + 1)
        if not digits:
            raise self.error(f"\\{letter} without its hexadecimal digits")
        self.at = digits.end()
        return int(digits[0], 16)

    def letters(self) -> Piece:
        """A character class: ``[...]``."""
        self.at += 1
        negated = self.take("^")
        ranges: list[tuple[int, int]] = []
        while not self.take("]"):
            low = self.member()
            if isinstance(low, tuple):
                ranges.extend(low)
                continue
            if self.peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                high = self.member()
                if isinstance(high, tuple) or high < low:
                    raise self.error("a range of letters without two ends in order")
                ranges.append((low, high))
            else:
                ranges.append((low, low))
        found = tuple(ranges)
        return Eat(complement(found) if negated else found)

    def member(self) -> Ranges | int:
        letter = self.peek()
        if not letter:
            raise self.error("a bracket that is not closed")
        if letter == "\\":
            self.at += 1
            if self.take("b"):
                return 0x08
            return 0x2D if self.take("-") else self.escaped()
        if ord(letter) > LAST:
            raise self.error("a letter beyond U+FFFF between brackets, which a browser reads as two,")
        self.at += 1
        return ord(letter)


def _literal(letter: str) -> Piece:
    encoded = letter.encode("utf-16-le", "surrogatepass")
    units = [int.from_bytes(encoded[index : index + 2], "little") for index in range(0, len(encoded), 2)]
    parts = tuple(Eat(((unit, unit),)) for unit in units)
    return parts[0] if len(parts) == 1 else Chain(parts)
