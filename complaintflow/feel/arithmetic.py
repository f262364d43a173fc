"""``+ - * / **`` on numbers, strings, dates, times and durations (DMN 1.5, tables 56 to 60)."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal

from complaintflow.feel import moments
from complaintflow.feel.numbers import CONTEXT, EXACT, decimal, finite, is_number
from complaintflow.feel.values import Failure, Value, YearMonthDuration, describe

_MICROSECOND = timedelta(microseconds=1)


def add(left: Value, right: Value) -> Value:
    """``left + right``; raises `Failure` if the two do not add up (table 57)."""
    if type(left) is int and type(right) is int and -EXACT < left + right < EXACT:
        return left + right
    if is_number(left) and is_number(right):
        return finite(CONTEXT.add(decimal(left), decimal(right)))
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    if isinstance(right, date | time) and isinstance(left, timedelta | YearMonthDuration):
        left, right = right, left
    if isinstance(left, date) and isinstance(right, timedelta | YearMonthDuration):
        return moments.move(left, right)
    if isinstance(left, time) and isinstance(right, timedelta):
        return moments.move_time(left, right)
    if isinstance(left, timedelta) and isinstance(right, timedelta):
        return _span(lambda: left + right)
    if isinstance(left, YearMonthDuration) and isinstance(right, YearMonthDuration):
        return YearMonthDuration(left.months + right.months)
    raise Failure(f"cannot add {describe(left)} and {describe(right)}")


def subtract(left: Value, right: Value) -> Value:
    """``left - right``; raises `Failure` if that has no meaning (table 57)."""
    if type(left) is int and type(right) is int and -EXACT < left - right < EXACT:
        return left - right
    if is_number(left) and is_number(right):
        return finite(CONTEXT.subtract(decimal(left), decimal(right)))
    if isinstance(left, date):
        if isinstance(right, date):
            return moments.between(left, right)
        if isinstance(right, timedelta | YearMonthDuration):
            return moments.move(left, negate(right))
    if isinstance(left, time):
        if isinstance(right, time) and (left.tzinfo is None) == (right.tzinfo is None):
            return moments.since_midnight(left) - moments.since_midnight(right)
        if isinstance(right, timedelta):
            return moments.move_time(left, -right)
    if isinstance(left, timedelta) and isinstance(right, timedelta):
        return _span(lambda: left - right)
    if isinstance(left, YearMonthDuration) and isinstance(right, YearMonthDuration):
        return YearMonthDuration(left.months - right.months)
    raise Failure(f"cannot subtract {describe(right)} from {describe(left)}")


def multiply(left: Value, right: Value) -> Value:
    """``left * right``; raises `Failure` if that has no meaning (table 59)."""
    if type(left) is int and type(right) is int and -EXACT < left * right < EXACT:
        return left * right
    if is_number(left) and is_number(right):
        return finite(CONTEXT.multiply(decimal(left), decimal(right)))
    if is_number(left):
        left, right = right, left
    if is_number(right):
        factor = decimal(right)
        if isinstance(left, YearMonthDuration):
            return _months(CONTEXT.multiply(Decimal(left.months), factor))
        if isinstance(left, timedelta):
            return _micros(CONTEXT.multiply(Decimal(left // _MICROSECOND), factor))
    raise Failure(f"cannot multiply {describe(left)} by {describe(right)}")


def divide(left: Value, right: Value) -> Value:
    """``left / right``; raises `Failure` if that has no meaning or right is zero (table 59)."""
    if is_number(right):
        divisor = decimal(right)
        if divisor == 0:
            raise Failure("division by zero")
        if is_number(left):
            return finite(CONTEXT.divide(decimal(left), divisor))
        if isinstance(left, YearMonthDuration):
            return _months(CONTEXT.divide(Decimal(left.months), divisor))
        if isinstance(left, timedelta):
            return _micros(CONTEXT.divide(Decimal(left // _MICROSECOND), divisor))
    if isinstance(left, YearMonthDuration) and isinstance(right, YearMonthDuration):
        return _ratio(left.months, right.months)
    if isinstance(left, timedelta) and isinstance(right, timedelta):
        return _ratio(left // _MICROSECOND, right // _MICROSECOND)
    raise Failure(f"cannot divide {describe(left)} by {describe(right)}")


def power(left: Value, right: Value) -> Value:
    """``left ** right``; raises `Failure` for other kinds than numbers or a result that is none."""
    if is_number(left) and is_number(right):
        exponent = decimal(right)
        return finite(CONTEXT.power(decimal(left), exponent)) if exponent else Decimal(1)
    raise Failure(f"cannot raise {describe(left)} to the power of {describe(right)}")


def negate(value: Value) -> Value:
    """``-value`` for a number or a duration; raises `Failure` for other kinds."""
    if type(value) is int:
        return -value
    if is_number(value):
        return CONTEXT.minus(decimal(value))
    if isinstance(value, timedelta):
        return _span(lambda: -value)
    if isinstance(value, YearMonthDuration):
        return YearMonthDuration(-value.months)
    raise Failure(f"cannot negate {describe(value)}")


def _span(compute: Value) -> timedelta:
    try:
        return compute()  # type: ignore[no-any-return]
    except OverflowError:
        raise Failure("the duration is too long") from None


def _ratio(left: int, right: int) -> Decimal:
    if right == 0:
        raise Failure("division by a duration of zero")
    return finite(CONTEXT.divide(Decimal(left), Decimal(right)))


def _months(count: Decimal) -> YearMonthDuration:
    if not -(10**18) < finite(count) < 10**18:
        raise Failure("the duration is too long")
    return YearMonthDuration(int(count))


def _micros(count: Decimal) -> timedelta:
    if not finite(count).is_finite() or abs(count) > 86_399_999_999_999 * 10**6:
        raise Failure("the duration is too long")
    return timedelta(microseconds=int(count))
