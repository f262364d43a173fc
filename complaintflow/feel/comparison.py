"""Equal, less, and the unary tests built on them (DMN 1.5, 10.3.2.4 to 10.3.2.10, tables 42, 43 and 45).

The answers are True, False or None; `Failure` says why an order could not be given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import cast

from complaintflow.feel import moments, numbers
from complaintflow.feel.values import Failure, Range, Value, describe, kind


def equal(left: Value, right: Value) -> bool | None:
    """``left = right``: None if the two are of different kinds and neither is null (table 42)."""
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

_ORDERED = frozenset({"string", "date", "days and time duration", "years and months duration"})


def less(left: Value, right: Value) -> bool:
    """``left < right`` (table 43).

    Raises:
        Failure: the two have no order.
    """
    if type(left) is int and type(right) is int:
        return left < right
    what, other = kind(left), kind(right)
    if what == other:
        if what == "number":
            return bool(numbers.exact(left) < numbers.exact(right))
        if what in _ORDERED:
            return bool(left < right)
        if what == "date and time":
            return moments.before(left, right)
        if what == "time":
            _same_zoning(left, right)
            return moments.since_midnight(left) < moments.since_midnight(right)
    elif {what, other} == {"date", "date and time"}:
        return moments.before(left, right)
    raise Failure(f"there is no order between {describe(left)} and {describe(right)}")


def _same_zoning(left: Value, right: Value) -> None:
    if (left.tzinfo is None) != (right.tzinfo is None):
        raise Failure("one of the two times has an offset and the other has none")


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
    if low is not None and (less(value, low) or not (interval.low_closed or less(low, value))):
        return False
    return high is None or not (less(high, value) or not (interval.high_closed or less(value, high)))


def member(value: Value, test: Value) -> bool | None:
    """``value in test`` for a test that has been evaluated (table 55): equal to it, in it, or in one of its ranges.

    None if the test is a range and the value is null.

    Raises:
        Failure: the test is a range whose ends have no order with the value.
    """
    what = kind(test)
    if what == "range":
        if kind(value) == "range":
            return equal(value, test)
        return inside(value, test)
    if what != "list":
        return equal(value, test) is True
    if kind(value) == "list" and equal(value, test):
        return True
    return any(_among(value, item) for item in test)


def _among(value: Value, item: Value) -> bool:
    if kind(item) == "range" and kind(value) != "range":
        try:
            return inside(value, item) is True
        except Failure:
            return False
    if kind(item) == "list" and kind(value) != "list":
        return any(_among(value, one) for one in item)
    return equal(value, item) is True


def contains(items: Value, value: Value) -> bool:
    """``list contains``: an element equals the value, null included."""
    return any(cast(bool, equal(item, value)) for item in items)
