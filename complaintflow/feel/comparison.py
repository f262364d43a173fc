"""Equal, less, and the unary tests built on them (DMN 1.5, 10.3.2.2 and tables 52 to 55).

The answers are True, False or None; `Failure` says why an order could not be given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import cast

from complaintflow.feel import moments, numbers
from complaintflow.feel.values import Failure, Range, Value, describe, kind


def equal(left: Value, right: Value) -> bool | None:
    """``left = right``: None if the two are of different kinds and neither is null (table 53)."""
    what, other = kind(left), kind(right)
    if what != other:
        return False if what == "null" or other == "null" else None
    answer: bool = _EQUAL.get(what, _same)(left, right)
    return answer


def _equal_numbers(left: Value, right: Value) -> bool:
    try:
        return bool(numbers.exact(left) == numbers.exact(right))
    except Failure:  # not a number after all
        return False


def _equal_lists(left: Value, right: Value) -> bool:
    return len(left) == len(right) and all(equal(a, b) is True for a, b in zip(left, right, strict=True))


def _equal_contexts(left: Mapping[str, Value], right: Mapping[str, Value]) -> bool:
    return left.keys() == right.keys() and all(equal(left[key], right[key]) is True for key in left)


def _equal_moments(left: datetime, right: datetime) -> bool:
    if (left.tzinfo is None) != (right.tzinfo is None):
        return False
    return moments.instant(left) == moments.instant(right) and _nanos(left) == _nanos(right)


def _equal_times(left: Value, right: Value) -> bool:
    if (left.tzinfo is None) != (right.tzinfo is None):
        return False
    return moments.since_midnight(left) == moments.since_midnight(right) and _nanos(left) == _nanos(right)


def _nanos(value: Value) -> int:
    return getattr(value, "nanos", 0)


def _equal_ranges(left: Range, right: Range) -> bool:
    return (
        left.low_closed == right.low_closed
        and left.high_closed == right.high_closed
        and equal(left.low, right.low) is True
        and equal(left.high, right.high) is True
    )


def _same(left: Value, right: Value) -> bool:
    return bool(left is right or left == right)


def _identical(left: Value, right: Value) -> bool:
    return left is right


_EQUAL: Mapping[str, Callable[[Value, Value], bool]] = {
    "number": _equal_numbers,
    "list": _equal_lists,
    "context": _equal_contexts,
    "date and time": _equal_moments,
    "time": _equal_times,
    "range": _equal_ranges,
    "function": _identical,
    "unknown": _identical,
}

_ORDERED = frozenset({"string", "days and time duration", "years and months duration"})
_MOMENTS = frozenset({"date", "date and time"})


def order(left: Value, right: Value) -> int:
    """-1, 0 or 1: left is less than right, equal, or greater (table 54).

    Raises:
        Failure: the two have no order.
    """
    if type(left) is int and type(right) is int:
        return (left > right) - (left < right)
    what, other = kind(left), kind(right)
    a, b = left, right
    if what == other == "number":
        a, b = numbers.exact(left), numbers.exact(right)
    elif what == other == "time":
        a, b = moments.comparable_times(left, right)
    elif what in _MOMENTS and other in _MOMENTS:
        a, b = moments.comparable(left, right)
    elif what != other or what not in _ORDERED:
        raise Failure(f"there is no order between {describe(left)} and {describe(right)}")
    return int(a > b) - int(a < b)


def less(left: Value, right: Value) -> bool:
    """``left < right``.

    Raises:
        Failure: the two have no order.
    """
    return order(left, right) < 0


def inside(value: Value, interval: Range) -> bool | None:
    """``value in [low..high]``; None for a null value.

    Raises:
        Failure: the value and an end have no order.
    """
    if value is None:
        return None
    low, high = interval.low, interval.high
    if low is None and high is None:
        raise Failure("the range has no ends")
    if low is not None and order(value, low) < (0 if interval.low_closed else 1):
        return False
    return high is None or order(value, high) <= (0 if interval.high_closed else -1)


def member(value: Value, test: Value) -> bool | None:
    """``value in test`` for a test that has been evaluated (table 55): equal to it, in it, or in one of its ranges.

    None if that cannot be said: the value is null and the test a range, or the two are of different kinds.

    Raises:
        Failure: the test is a range whose ends have no order with the value.
    """
    what = kind(test)
    if what == "range":
        if kind(value) == "range":
            return equal(value, test)
        return inside(value, test)
    if what != "list":
        return equal(value, test)
    if kind(value) == "list" and equal(value, test):
        return True
    return any(_among(value, item) for item in test)


def _among(value: Value, item: Value) -> bool:
    if kind(item) == "range" and kind(value) != "range":
        try:
            return inside(value, item) is True
        except Failure:
            return False
    return equal(value, item) is True


def contains(items: Value, value: Value) -> bool:
    """``list contains``: an element equals the value, null included."""
    return any(cast(bool, equal(item, value)) for item in items)
