"""Relations between points and ranges (DMN 1.5, 10.3.4.7, table 78), and `range`.

An end that is open to infinity (of ``> 5``) comes before, or after, every point.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from complaintflow.feel import strings, temporal
from complaintflow.feel.comparison import equal, less
from complaintflow.feel.functions import TABLE, builtin
from complaintflow.feel.functions_convert import number
from complaintflow.feel.runtime import Run
from complaintflow.feel.values import Failure, Range, Value, kind

_LOWEST, _HIGHEST = object(), object()


def _start(interval: Range) -> Value:
    return _LOWEST if interval.low is None else interval.low


def _end(interval: Range) -> Value:
    return _HIGHEST if interval.high is None else interval.high


def _before(left: Value, right: Value) -> bool:
    if left is _LOWEST or right is _HIGHEST:
        return left is not right
    if left is _HIGHEST or right is _LOWEST:
        return False
    return less(left, right)


def _same(left: Value, right: Value) -> bool:
    if left in (_LOWEST, _HIGHEST) or right in (_LOWEST, _HIGHEST):
        return left is right
    _before(left, right)
    return equal(left, right) is True


def _as_range(value: Value) -> Range:
    """A point is the range of itself alone.

    Raises:
        Failure: null.
    """
    if value is None:
        raise Failure("a point is null")
    return value if isinstance(value, Range) else Range(value, value)


def _ends_before(left: Range, right: Range) -> bool:
    """All of left lies before all of right."""
    end, start = _end(left), _start(right)
    return _before(end, start) or (not (left.high_closed and right.low_closed) and _same(end, start))


def _starts_earlier(left: Range, right: Range) -> bool:
    """left begins before right does."""
    start, other = _start(left), _start(right)
    return _before(start, other) or (_same(start, other) and left.low_closed and not right.low_closed)


def _ends_later(left: Range, right: Range) -> bool:
    """left ends after right does."""
    end, other = _end(left), _end(right)
    return _before(other, end) or (_same(end, other) and left.high_closed and not right.high_closed)


def _touch(left: Range, right: Range) -> bool:
    """The end of left is the start of right, or lies after it."""
    return not _ends_before(left, right)


def _relation(
    name: str, *declarations: str, example: str, about: str
) -> Callable[[Callable[[Range, Range], bool]], Callable[[Range, Range], bool]]:
    def declare(relation: Callable[[Range, Range], bool]) -> Callable[[Range, Range], bool]:
        def implementation(run: Run, left: Value, right: Value) -> bool:
            return relation(_as_range(left), _as_range(right))

        implementation.__doc__ = about
        builtin(*(f"{name}({parameters})" for parameters in declarations), example=example)(implementation)
        return relation

    return declare


_BOTH_WAYS = (
    "range1: range, range2: range", "point: any, range: range", "range: range, point: any", "point1: any, point2: any",
)  # fmt: skip
_RANGES = "range1: range, range2: range"
_POINT_RANGE = (_RANGES, "point: any, range: range")
_RANGE_POINT = (_RANGES, "range: range, point: any")


@_relation("before", *_BOTH_WAYS, example="before([1..5], 6)", about="The first lies wholly before the second.")
def before(left: Range, right: Range) -> bool:
    """left < right."""
    return _ends_before(left, right)


@_relation("after", *_BOTH_WAYS, example="after(6, [1..5])", about="The first lies wholly after the second.")
def after(left: Range, right: Range) -> bool:
    """left > right."""
    return _ends_before(right, left)


@_relation("meets", _RANGES, example="meets([1..5], [5..10])", about="The first ends where the second begins.")
def meets(left: Range, right: Range) -> bool:
    """The one point they share ends the one and starts the other."""
    return left.high_closed and right.low_closed and _same(_end(left), _start(right))


@_relation("met by", _RANGES, example="met by([5..10], [1..5])", about="The first begins where the second ends.")
def met_by(left: Range, right: Range) -> bool:
    """The converse of meets."""
    return meets(right, left)


@_relation("overlaps", _RANGES, example="overlaps([1..5], [3..8])", about="The two have a point in common.")
def overlaps(left: Range, right: Range) -> bool:
    """Neither lies wholly before the other."""
    return _touch(left, right) and _touch(right, left)


@_relation(
    "overlaps before", _RANGES, example="overlaps before([1..5], [3..8])",
    about="The first begins before the second and ends inside it.",
)  # fmt: skip
def overlaps_before(left: Range, right: Range) -> bool:
    """left starts earlier, reaches into right, and ends no later."""
    return _starts_earlier(left, right) and _touch(left, right) and not _ends_later(left, right)


@_relation(
    "overlaps after", _RANGES, example="overlaps after([3..8], [1..5])",
    about="The first begins inside the second and ends after it.",
)  # fmt: skip
def overlaps_after(left: Range, right: Range) -> bool:
    """The converse of overlaps before."""
    return _starts_earlier(right, left) and _touch(right, left) and not _ends_later(right, left)


@_relation(
    "finishes", *_POINT_RANGE, example="finishes([3..5], [1..5])",
    about="The first lies in the second and ends where it ends.",
)  # fmt: skip
def finishes(left: Range, right: Range) -> bool:
    """The ends are the same, and left begins no earlier."""
    same = left.high_closed == right.high_closed and _same(_end(left), _end(right))
    return same and not _starts_earlier(left, right)


@_relation(
    "finished by", *_RANGE_POINT, example="finished by([1..5], 5)",
    about="The second lies in the first and ends where it ends.",
)  # fmt: skip
def finished_by(left: Range, right: Range) -> bool:
    """The converse of finishes."""
    return finishes(right, left)


@_relation("includes", *_RANGE_POINT, example="includes([1..10], 4)", about="The second lies in the first.")
def includes(left: Range, right: Range) -> bool:
    """right neither starts earlier nor ends later."""
    return not _starts_earlier(right, left) and not _ends_later(right, left)


@_relation("during", *_POINT_RANGE, example="during(4, [1..10])", about="The first lies in the second.")
def during(left: Range, right: Range) -> bool:
    """The converse of includes."""
    return includes(right, left)


@_relation(
    "starts", *_POINT_RANGE, example="starts([1..3], [1..5])",
    about="The first lies in the second and begins where it begins.",
)  # fmt: skip
def starts(left: Range, right: Range) -> bool:
    """The starts are the same, and left ends no later."""
    same = left.low_closed == right.low_closed and _same(_start(left), _start(right))
    return same and not _ends_later(left, right)


@_relation(
    "started by", *_RANGE_POINT, example="started by([1..5], 1)",
    about="The second lies in the first and begins where it begins.",
)  # fmt: skip
def started_by(left: Range, right: Range) -> bool:
    """The converse of starts."""
    return starts(right, left)


@_relation(
    "coincides", _RANGES, "point1: any, point2: any", example="coincides([1..5], [1..5])", about="The two are the same."
)
def coincides(left: Range, right: Range) -> bool:
    """Both ends are the same."""
    starts_same = left.low_closed == right.low_closed and _same(_start(left), _start(right))
    return starts_same and left.high_closed == right.high_closed and _same(_end(left), _end(right))


# Texts, which `re` keeps once they are used: few expressions read a range from a text, and all import this.
_TEXT = r'"((?:[^"\\]|\\.)*)"'
_RANGE = r"\s*([\[\](])(.*?)\.\.(.*?)([\[\])])\s*"
_NUMBER = r"(-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)"
_LITERAL = rf"\s*(?:{_TEXT}|@\s*{_TEXT}|{_NUMBER})\s*"
_CALL = r"(date and time|date|time|duration)\s*\((.*)\)"


@builtin("range(from: string)", example='range("[18..21)") = [18..21)')
def range_from(run: Run, text: str) -> Range:
    """The range in a text (grammar rule 66); its ends are literals, and one of them may be left out."""
    match = re.fullmatch(_RANGE, text, re.DOTALL)
    if match is None:
        raise Failure(f'"{text}" is no range')
    opening, low, high, closing = match.groups()
    start, end = _literal_end(run, low.strip()), _literal_end(run, high.strip())
    low_closed, high_closed = opening == "[", closing == "]"
    if (start is None and (end is None or low_closed)) or (end is None and high_closed):
        raise Failure("a range needs an end, and is open where it has none")
    if start is not None and end is not None and (kind(start) != kind(end) or less(end, start)):
        raise Failure("the range ends before it starts")
    return Range(start, end, low_closed, high_closed)


def _literal_end(run: Run, text: str) -> Value:
    """A literal, or one of the four functions that make dates and times, over literals (grammar rules 60 and 67)."""
    if not text:
        return None
    call = re.fullmatch(_CALL, text, re.DOTALL)
    if call is None:
        value, end = _literal(run, text, 0)
        if end == len(text):
            return value
    else:
        arguments: list[Value] = []
        end = -1
        while end < len(call[2]) and (end < 0 or call[2][end] == ","):
            value, end = _literal(run, call[2], end + 1)
            arguments.append(value)
        if end == len(call[2]):
            return TABLE[call[1]](run, arguments)
    raise Failure(f"`{text}` cannot stand at the end of a range")


def _literal(run: Run, text: str, position: int) -> tuple[Value, int]:
    match = re.compile(_LITERAL, re.DOTALL | re.ASCII).match(text, position)
    if match is None:
        raise Failure(f"`{text}` cannot stand at the end of a range")
    if match[1] is not None:
        return strings.unescape(match[1]), match.end()
    return (temporal.parse_at(match[2]) if match[2] is not None else number(run, match[3])), match.end()
