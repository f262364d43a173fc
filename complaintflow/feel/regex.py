"""Regular expressions that cannot hang.

Without back references the matcher visits each pair of instruction and position once at most, so its work is bounded
by the product of both; with them it may not remember, and only the step limit holds. Passing the limit is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from complaintflow.feel.limits import exceeded
from complaintflow.feel.regex_parser import (
    CHAR,
    CHECK,
    END,
    JUMP,
    MARK,
    MATCH,
    REFER,
    SAVE,
    SET,
    SPLIT,
    START,
    Flags,
    Instruction,
    Parser,
)
from complaintflow.feel.regex_sets import variants
from complaintflow.feel.values import Failure
from complaintflow.records import dataclass


@dataclass(slots=True)
class Budget:
    """How many steps one call may take, and how many are left."""

    total: int
    left: int

    @property
    def used(self) -> int:
        """The steps taken so far."""
        return self.total - self.left


@dataclass(frozen=True, slots=True)
class Found:
    """One match: where it starts and ends, and its groups."""

    start: int
    end: int
    saved: dict[int, int]

    def group(self, text: str, number: int) -> str:
        """The text of a group; empty if it took no part."""
        start, end = self.saved.get(2 * number), self.saved.get(2 * number + 1)
        return "" if start is None or end is None else text[start:end]


class Program:
    """A compiled pattern."""

    def __init__(self, pattern: str, flags: Flags) -> None:
        parser = Parser(pattern, flags)
        self.code: list[Instruction] = parser.program()
        self.groups = parser.groups
        self.remembers = not parser.refers
        self.prefix = self._literal_prefix()

    def _literal_prefix(self) -> str:
        """What every match begins with."""
        prefix = ""
        for instruction in self.code[1:]:
            if instruction[0] != CHAR:
                break
            prefix += instruction[1]
        return prefix

    def search(self, text: str, position: int, budget: Budget) -> Found | None:
        """The first match from a position on.

        Raises:
            FeelLimitExceeded: the budget is spent.
        """
        visited: set[int] = set()
        while position <= len(text):
            if self.prefix:
                position = text.find(self.prefix, position)
                if position < 0:
                    return None
            found = self._match(text, position, visited, budget)
            if found is not None:
                return found
            position += 1
        return None

    def find_all(self, text: str, budget: Budget) -> Iterator[Found]:
        """All matches that do not overlap, from left to right; the budget is for all together."""
        position = 0
        while position <= len(text):
            found = self.search(text, position, budget)
            if found is None:
                return
            yield found
            position = found.end + (found.start == found.end)

    def _match(self, text: str, start: int, visited: set[int], budget: Budget) -> Found | None:
        """A match that begins exactly here."""
        code, length, remembers = self.code, len(text), self.remembers
        stack: list[tuple[int, int, dict[int, int]]] = [(0, start, {})]
        left = budget.left
        while stack:
            at, position, saved = stack.pop()
            while True:
                left -= 1
                if left < 0:
                    raise exceeded("the work of a regular expression", budget.total, "regex_steps")
                instruction = code[at]
                what = instruction[0]
                if what == CHAR:
                    if position >= length or text[position] != instruction[1]:
                        break
                    position += 1
                    at += 1
                elif what == SET:
                    if position >= length or not instruction[1](text[position]):
                        break
                    position += 1
                    at += 1
                elif what == SPLIT:
                    if remembers:
                        state = at * (length + 1) + position
                        if state in visited:
                            break
                        visited.add(state)
                    stack.append((at + instruction[2], position, saved))
                    at += instruction[1]
                elif what == JUMP:
                    at += instruction[1]
                elif what == SAVE:
                    saved = {**saved, instruction[1]: position}
                    at += 1
                elif what == MATCH:
                    budget.left = left
                    return Found(saved[0], saved[1], saved)
                else:
                    moved = self._rare(instruction, at, text, position, saved)
                    if moved is None:
                        break
                    at, position, saved = moved
        budget.left = left
        return None

    def _rare(
        self, instruction: Instruction, at: int, text: str, position: int, saved: dict[int, int]
    ) -> tuple[int, int, dict[int, int]] | None:
        """Anchors, back references, and the guard against empty rounds of a loop."""
        what = instruction[0]
        if what == START:
            inside = instruction[1] and position < len(text) and text[position - 1 : position] == "\n"
            return (at + 1, position, saved) if position == 0 or inside else None
        if what == END:
            before_newline = instruction[1] and text[position : position + 1] == "\n"
            return (at + 1, position, saved) if position == len(text) or before_newline else None
        if what == REFER:
            end = self._repeat_end(instruction, text, position, saved)
            return None if end < 0 else (at + 1, end, saved)
        if self.remembers:
            return at + 1, position, saved
        if what == MARK:
            return at + 1, position, {**saved, -at: position}
        if what == CHECK:
            begun = saved.get(-self._mark_of(at))
            return None if begun == position else (at + 1, position, saved)
        raise AssertionError(what)

    def _mark_of(self, check: int) -> int:
        """The instruction that opened the loop which this one closes."""
        depth = 0
        for at in range(check, -1, -1):
            depth += {CHECK: 1, MARK: -1}.get(self.code[at][0], 0)
            if depth == 0:
                return at
        raise AssertionError(check)

    def _repeat_end(self, instruction: Instruction, text: str, position: int, saved: dict[int, int]) -> int:
        start, end = saved.get(2 * instruction[1]), saved.get(2 * instruction[1] + 1)
        if start is None or end is None:
            return position
        wanted = text[start:end]
        found = text[position : position + len(wanted)]
        if found == wanted:
            return position + len(wanted)
        same = instruction[2] and len(found) == len(wanted)
        if same and all(not variants(a).isdisjoint(variants(b)) for a, b in zip(found, wanted, strict=True)):
            return position + len(wanted)
        return -1


@lru_cache(maxsize=128)
def compiled(pattern: str, flags: str) -> Program:
    """The program of a pattern, from the cache if it was compiled before.

    Raises:
        Failure: it is no regular expression.
    """
    return Program(pattern, Flags.parse(flags))


def replacement_pieces(replacement: str, groups: int, *, literal: bool) -> list[str | int]:
    """A replacement as texts and numbers of groups: ``$1`` is a group, ``\\$`` and ``\\\\`` are characters.

    Raises:
        Failure: a ``$`` without number, or a backslash before anything else.
    """
    if literal:
        return [replacement]
    pieces: list[str | int] = []
    position = 0
    while position < len(replacement):
        character, following = replacement[position], replacement[position + 1 : position + 2]
        if character == "\\":
            if following not in ("$", "\\"):
                raise Failure("a backslash in the replacement must come before $ or another one")
            pieces.append(following)
            position += 2
        elif character == "$":
            if not following.isdecimal() or not following.isascii():
                raise Failure("a $ in the replacement must come before the number of a group")
            number, position = int(following), position + 2
            while number and replacement[position : position + 1].isdecimal():
                longer = number * 10 + int(replacement[position])
                if longer > groups:
                    break
                number, position = longer, position + 1
            pieces.append(number if number <= groups else "")
        else:
            pieces.append(character)
            position += 1
    return pieces
