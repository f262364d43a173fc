"""Patterns of form fields, matched in bounded time.

A form's ``validate.pattern`` is a JavaScript regular expression. The pattern is the designer's and the text is a
stranger's: with a backtracking matcher, ``(a+)+$`` and forty letters keep a processor busy for hours. Here the pattern
becomes a set of states that all walk over the text together, so the work is at most states times letters, and that
is bounded too.

Like JavaScript without the ``u`` flag, everything is counted in UTF-16 units.
"""

from __future__ import annotations

from array import array
from dataclasses import field
from functools import lru_cache

from complaintflow.formjs.pattern_syntax import (
    WORD,
    Assert,
    Chain,
    Choice,
    Eat,
    PatternError,
    Piece,
    Ranges,
    Repeat,
    read,
)
from complaintflow.records import dataclass

MAX_STATES = 2_000
MAX_WORK = 500_000  # states visited for one text: about a quarter of a second
MAX_REMEMBERED = 500


class PatternTooSlow(Exception):
    """Matching this text would take more work than is allowed."""


@lru_cache(maxsize=256)
def compiled(text: str) -> Pattern:
    """The pattern of that source, compiled once.

    Raises:
        PatternError: see `Pattern`.
    """
    return Pattern(text)


def unit_count(text: str) -> int:
    """The length of ``text`` as JavaScript counts it: in UTF-16 units."""
    return len(text) + sum(letter > "\uffff" for letter in text)


@dataclass(slots=True)
class _State:
    """It eats a unit within ``ranges``, or passes freely to all of ``free`` where ``assertion`` holds."""

    ranges: Ranges | None = None
    target: int = -1
    free: list[int] = field(default_factory=list)
    assertion: str = ""


class Pattern:
    """A compiled pattern.

    Args:
        text: the source of a JavaScript regular expression, without slashes and flags.

    Raises:
        PatternError: it does not parse, asks for something that cannot be matched in bounded time, or is too large.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._states: list[_State] = []
        self._final = self._add(_State())
        self._start = self._build(read(text), self._final)
        self._closures: dict[tuple[frozenset[int], bool, bool, bool], tuple[int, ...]] = {}
        self._steps: dict[tuple[tuple[int, ...], int], frozenset[int]] = {}

    def search(self, text: str) -> bool:
        """Tell whether the pattern occurs anywhere in ``text``, as ``RegExp.test`` does.

        Raises:
            PatternTooSlow: the text is so long, or the pattern so wide, that the allowed work is exceeded.
        """
        letters = array("H", text.encode("utf-16-le", "surrogatepass"))
        work = 0
        current: frozenset[int] = frozenset()
        before = False
        for position in range(len(letters) + 1):
            ends = position == len(letters)
            after = not ends and _within(letters[position], WORD)
            reached = self._closure(current | {self._start}, position == 0, ends, before != after)
            if self._final in reached:
                return True
            if ends:
                break
            current = self._step(reached, letters[position])
            before = after
            work += len(reached)
            if work > MAX_WORK:
                raise PatternTooSlow
        return False

    def _step(self, reached: tuple[int, ...], unit: int) -> frozenset[int]:
        known = self._steps.get((reached, unit))
        if known is not None:
            return known
        following = set()
        for index in reached:
            state = self._states[index]
            if state.ranges is not None and _within(unit, state.ranges):
                following.add(state.target)
        if len(self._steps) >= MAX_REMEMBERED:
            self._steps.clear()
        self._steps[reached, unit] = result = frozenset(following)
        return result

    def _closure(self, states: frozenset[int], starts: bool, ends: bool, boundary: bool) -> tuple[int, ...]:
        """All states reachable from ``states`` without eating anything, at a place of that kind."""
        key = (states, starts, ends, boundary)
        known = self._closures.get(key)
        if known is not None:
            return known
        holds = {"": True, "^": starts, "$": ends, "b": boundary, "B": not boundary}
        seen = set(states)
        waiting = list(states)
        while waiting:
            state = self._states[waiting.pop()]
            if holds[state.assertion]:
                fresh = [index for index in state.free if index not in seen]
                seen.update(fresh)
                waiting.extend(fresh)
        if len(self._closures) >= MAX_REMEMBERED:
            self._closures.clear()
        self._closures[key] = reached = tuple(sorted(seen))
        return reached

    def _add(self, state: _State) -> int:
        if len(self._states) >= MAX_STATES:
            raise PatternError("the pattern is too large: its repetitions multiply")
        self._states.append(state)
        return len(self._states) - 1

    def _build(self, piece: Piece, then: int) -> int:
        """Add the states of ``piece`` in front of the state ``then``; return where to enter."""
        match piece:
            case Eat():
                return self._add(_State(ranges=piece.ranges, target=then))
            case Assert():
                return self._add(_State(free=[then], assertion=piece.kind))
            case Choice():
                return self._add(_State(free=[self._build(part, then) for part in piece.parts]))
            case Chain():
                for part in reversed(piece.parts):
                    then = self._build(part, then)
                return then
            case Repeat():
                return self._repeat(piece, then)

    def _repeat(self, piece: Repeat, then: int) -> int:
        if piece.most is None:
            loop = self._add(_State())
            self._states[loop].free = [self._build(piece.part, loop), then]
            then = loop
        else:
            skip = then
            for _ in range(piece.most - piece.least):
                then = self._add(_State(free=[self._build(piece.part, then), skip]))
        for _ in range(piece.least):
            then = self._build(piece.part, then)
        return then


def _within(unit: int, ranges: Ranges) -> bool:
    return any(low <= unit <= high for low, high in ranges)
