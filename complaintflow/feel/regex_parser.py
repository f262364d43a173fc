"""Regular expressions of XPath to a small program (XQuery 1.0 and XPath 2.0 Functions, 7.6.1; XML Schema part 2, F).

The program is a list of instructions for the matcher in `regex`; a repetition ``{2,5}`` is written out, so the
program's length bounds the work.
"""

from __future__ import annotations

from typing import Any

from complaintflow.feel import regex_sets as sets
from complaintflow.feel.values import Failure
from complaintflow.records import dataclass

Instruction = tuple[Any, ...]
CHAR, SET, SPLIT, JUMP, SAVE, START, END, REFER, MARK, CHECK, MATCH = range(11)
_LONGEST_PROGRAM = 20_000
_DEEPEST = 100
_SINGLE = {"n": "\n", "r": "\r", "t": "\t"}
_LITERAL_ESCAPES = frozenset("\\|.-^?*+{}()[]$")


@dataclass(frozen=True, slots=True)
class Flags:
    """What the letters of the flags say."""

    dot_all: bool
    multi_line: bool
    ignore_case: bool
    extended: bool
    literal: bool

    @classmethod
    def parse(cls, letters: str) -> Flags:
        """The flags of their letters.

        Raises:
            Failure: a letter is none.
        """
        if set(letters) - set("smixq"):
            raise Failure(f'"{letters}" has a flag that is none of s, m, i, x and q')
        return cls(*(letter in letters for letter in "smixq"))


class Parser:
    """Parses one pattern and writes its program; `groups` is the number of its groups."""

    def __init__(self, pattern: str, flags: Flags) -> None:
        if len(pattern) > _LONGEST_PROGRAM:
            raise Failure("the regular expression is too long")
        self.flags = flags
        self.pattern = _without_spaces(pattern) if flags.extended and not flags.literal else pattern
        self.position = 0
        self.groups = 0
        self.closed: set[int] = set()
        self.refers = False
        self.depth = 0

    def program(self) -> list[Instruction]:
        """The whole program.

        Raises:
            Failure: the pattern is no regular expression, or too large.
        """
        if self.flags.literal:
            body = [self._character(character) for character in self.pattern]
        else:
            body = self._alternatives()
            if self.position < len(self.pattern):
                self._refuse('")" closes nothing')
        return [(SAVE, 0), *body, (SAVE, 1), (MATCH,)]

    def _refuse(self, why: str) -> None:
        raise Failure(f'"{self.pattern}" is no regular expression: {why}')

    def _peek(self) -> str:
        return self.pattern[self.position : self.position + 1]

    def _next(self) -> str:
        character = self._peek()
        if not character:
            self._refuse("it ends too early")
        self.position += 1
        return character

    def _character(self, character: str) -> Instruction:
        if self.flags.ignore_case and len(sets.variants(character)) > 1:
            return SET, sets.cached(sets.characters([(character, character)], ignore_case=True))
        return CHAR, character

    def _alternatives(self) -> list[Instruction]:
        self.depth += 1
        if self.depth > _DEEPEST:
            self._refuse("it is nested too deeply")
        branches = [self._branch()]
        while self._peek() == "|":
            self.position += 1
            branches.append(self._branch())
        self.depth -= 1
        code = branches[-1]
        for branch in reversed(branches[:-1]):
            code = [(SPLIT, 1, len(branch) + 2), *branch, (JUMP, len(code) + 1), *code]
        return self._bounded(code)

    def _bounded(self, code: list[Instruction]) -> list[Instruction]:
        if len(code) > _LONGEST_PROGRAM:
            self._refuse("its repetitions are too large")
        return code

    def _branch(self) -> list[Instruction]:
        code: list[Instruction] = []
        while self._peek() not in ("", "|", ")"):
            code += self._repeated(self._atom())
            self._bounded(code)
        return code

    def _atom(self) -> list[Instruction]:
        character = self._next()
        if character == "(":
            return self._group()
        if character == "[":
            return [(SET, sets.cached(self._class()))]
        if character == "\\":
            return [self._escape()]
        if character == ".":
            return [(SET, (lambda _: True) if self.flags.dot_all else sets.any_but_newline)]
        if character in "^$":
            return [(START if character == "^" else END, self.flags.multi_line)]
        if character in "?*+{}]":
            self._refuse(f'"{character}" has nothing to repeat, or must be written \\{character}')
        return [self._character(character)]

    def _group(self) -> list[Instruction]:
        if self.pattern.startswith("?:", self.position):
            self.position += 2
            body = self._alternatives()
        else:
            self.groups += 1
            number = self.groups
            body = [(SAVE, 2 * number), *self._alternatives(), (SAVE, 2 * number + 1)]
            self.closed.add(number)
        if self._peek() != ")":
            self._refuse('a ")" is missing')
        self.position += 1
        return body

    def _escape(self) -> Instruction:
        character = self._peek()
        if character.isdigit():
            return self._reference()
        found = self._class_escape()
        return self._character(found) if isinstance(found, str) else (SET, sets.cached(found))

    def _reference(self) -> Instruction:
        """``\\12`` is group 12 if there are so many, else group 1 and a 2."""
        number = int(self._next())
        while self._peek().isdigit() and number * 10 + int(self._peek()) <= self.groups:
            number = number * 10 + int(self._next())
        if number not in self.closed:
            self._refuse(f"there is no group {number} before \\{number}")
        self.refers = True
        return REFER, number, self.flags.ignore_case

    def _class_escape(self) -> str | sets.Holds:
        """What follows a backslash, in a class or outside: one character, or a set."""
        character = self._next()
        if character in _LITERAL_ESCAPES:
            return character
        if character in _SINGLE:
            return _SINGLE[character]
        if character in "pP":
            end = self.pattern.find("}", self.position)
            if self._peek() != "{" or end < 0:
                self._refuse(f"\\{character} needs a name in braces")
            found = sets.named(self.pattern[self.position + 1 : end])
            self.position = end + 1
            return found if character == "p" else sets.negated(found)
        escaped = sets.escape(character)
        if escaped is None:
            self._refuse(f"\\{character} has no meaning")
        return escaped  # type: ignore[return-value]

    def _class(self) -> sets.Holds:
        """The rest of ``[...]``, with subtraction: ``[a-z-[aeiou]]``."""
        self.depth += 1
        if self.depth > _DEEPEST:
            self._refuse("it is nested too deeply")
        negative = self._peek() == "^"
        self.position += negative
        ranges: list[tuple[str, str]] = []
        parts: list[sets.Holds] = []
        removed: sets.Holds | None = None
        while self._peek() != "]" or not (ranges or parts):
            if self.pattern.startswith("-[", self.position) and (ranges or parts):
                self.position += 2
                removed = self._class()
                if self._peek() != "]":
                    self._refuse("a subtraction must end its class")
                break
            self._class_part(ranges, parts)
        self.position += 1
        self.depth -= 1
        holds = sets.united([sets.characters(ranges, ignore_case=self.flags.ignore_case), *parts])
        holds = sets.negated(holds) if negative else holds
        return holds if removed is None else sets.without(holds, removed)

    def _class_part(self, ranges: list[tuple[str, str]], parts: list[sets.Holds]) -> None:
        first = self._class_character()
        if not isinstance(first, str):
            parts.append(first)
            return
        following = self.pattern[self.position : self.position + 2]
        if following[:1] != "-" or following in ("-]", "-["):
            ranges.append((first, first))
            return
        self.position += 1
        last = self._class_character()
        if not isinstance(last, str) or last < first:
            self._refuse("a range in a class must go upwards")
        ranges.append((first, str(last)))

    def _class_character(self) -> str | sets.Holds:
        character = self._next()
        if character in "[]":
            self._refuse(f'"{character}" in a class must be written \\{character}')
        return self._class_escape() if character == "\\" else character

    def _repeated(self, atom: list[Instruction]) -> list[Instruction]:
        character = self._peek()
        if not character or character not in "?*+{":
            return atom
        self.position += 1
        low, high = {"?": (0, 1), "*": (0, None), "+": (1, None)}.get(character) or self._counts()
        lazy = self._peek() == "?"
        self.position += lazy
        if self._peek() and self._peek() in "?*+{":
            self._refuse("a repetition cannot be repeated")
        copies = low if high is None else high
        if (len(atom) + 3) * max(copies, 1) > _LONGEST_PROGRAM:
            self._refuse("its repetitions are too large")
        return atom * low + (_star(atom, lazy) if high is None else _optional(atom, high - low, lazy))

    def _counts(self) -> tuple[int, int | None]:
        end = self.pattern.find("}", self.position)
        low, comma, high = self.pattern[self.position : max(end, 0)].partition(",")
        if not low.isdecimal() or not (high.isdecimal() or not high) or len(low + high) > 10:
            self._refuse("braces must hold counts: {2}, {2,} or {2,5}")
        self.position = end + 1
        if not comma:
            return int(low), int(low)
        if high and int(high) < int(low):
            self._refuse("the counts in braces must go upwards")
        return int(low), int(high) if high else None


def _star(atom: list[Instruction], lazy: bool) -> list[Instruction]:
    body = [(MARK,), *atom, (CHECK,)]
    into, out = 1, len(body) + 2
    return [(SPLIT, out, into) if lazy else (SPLIT, into, out), *body, (JUMP, -len(body) - 1)]


def _optional(atom: list[Instruction], times: int, lazy: bool) -> list[Instruction]:
    code: list[Instruction] = []
    for index in range(times):
        out = (times - index) * (len(atom) + 1)
        code += [(SPLIT, out, 1) if lazy else (SPLIT, 1, out), *atom]
    return code


def _without_spaces(pattern: str) -> str:
    """The flag x: white space goes, except in classes."""
    kept: list[str] = []
    depth = 0
    escaped = False
    for character in pattern:
        if depth == 0 and character in " \t\n\r":
            continue
        kept.append(character)
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == "[":
            depth += 1
        elif character == "]" and depth:
            depth -= 1
    return "".join(kept)
