"""Numeric functions (DMN 1.5, 10.3.4.5)."""

from __future__ import annotations

import decimal
from datetime import timedelta
from decimal import Decimal

from complaintflow.feel import numbers
from complaintflow.feel.functions import CAMUNDA, builtin
from complaintflow.feel.numbers import CONTEXT, finite
from complaintflow.feel.runtime import Run
from complaintflow.feel.values import Failure, Value, YearMonthDuration

_LOWEST_SCALE, _HIGHEST_SCALE = -6111, 6176
"""The scales of decimal128 (DMN 1.5, 10.3.4.5)."""
_MODES = {
    "UP": decimal.ROUND_UP,
    "DOWN": decimal.ROUND_DOWN,
    "CEILING": decimal.ROUND_CEILING,
    "FLOOR": decimal.ROUND_FLOOR,
    "HALF_UP": decimal.ROUND_HALF_UP,
    "HALF_DOWN": decimal.ROUND_HALF_DOWN,
    "HALF_EVEN": decimal.ROUND_HALF_EVEN,
}
_WIDE = decimal.Context(prec=80, Emax=99999, Emin=-99999, traps=[])


def rounded(number: Value, scale: Value, mode: str) -> Decimal:
    """The number with ``scale`` digits after the point.

    Raises:
        Failure: the scale is outside that of decimal128.
    """
    places = numbers.integer(0 if scale is None else scale, "scale")
    if not _LOWEST_SCALE <= places <= _HIGHEST_SCALE:
        raise Failure(f"the scale must lie between {_LOWEST_SCALE} and {_HIGHEST_SCALE}")
    value = numbers.decimal(number)
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent <= places:
        return value
    result = value.quantize(Decimal((0, (1,), -places)), rounding=mode, context=_WIDE)
    return CONTEXT.plus(result) if result else Decimal(0)


@builtin("decimal(n: number, scale: number)", example="decimal(1/3, 2) = 0.33")
def decimal_(run: Run, n: Value, scale: Value) -> Decimal:
    """The number rounded to a scale, half to even."""
    return rounded(n, scale, decimal.ROUND_HALF_EVEN)


@builtin("decimal(n: number, scale: number, mode: string)")
def decimal_mode(run: Run, n: Value, scale: Value, mode: str) -> Decimal:
    """The number rounded in a mode of Camunda: UP, DOWN, CEILING, FLOOR, HALF_UP, HALF_DOWN, HALF_EVEN, UNNECESSARY."""
    if mode.upper() == "UNNECESSARY":
        exact = rounded(n, scale, decimal.ROUND_DOWN)
        if exact != numbers.decimal(n):
            raise Failure(f"{numbers.text(n)} has more digits than that")
        return exact
    if mode.upper() not in _MODES:
        raise Failure(f'"{mode}" is no rounding mode')
    return rounded(n, scale, _MODES[mode.upper()])


@builtin("floor(n: number)", "floor(n: number, scale: number)", example="floor(-1.56, 1) = -1.6")
def floor(run: Run, n: Value, scale: Value = 0) -> Decimal:
    """The largest number of a scale that is not above n."""
    return rounded(n, scale, decimal.ROUND_FLOOR)


@builtin("ceiling(n: number)", "ceiling(n: number, scale: number)", example="ceiling(1.56, 1) = 1.6")
def ceiling(run: Run, n: Value, scale: Value = 0) -> Decimal:
    """The smallest number of a scale that is not below n."""
    return rounded(n, scale, decimal.ROUND_CEILING)


@builtin("round up(n: number, scale: number)", "round up(n: number)", example="round up(1.121, 2) = 1.13")
def round_up(run: Run, n: Value, scale: Value = 0) -> Decimal:
    """Rounded away from zero."""
    return rounded(n, scale, decimal.ROUND_UP)


@builtin("round down(n: number, scale: number)", "round down(n: number)", example="round down(-1.126, 2) = -1.12")
def round_down(run: Run, n: Value, scale: Value = 0) -> Decimal:
    """Rounded towards zero."""
    return rounded(n, scale, decimal.ROUND_DOWN)


@builtin("round half up(n: number, scale: number)", "round half up(n: number)", example="round half up(-5.5, 0) = -6")
def round_half_up(run: Run, n: Value, scale: Value = 0) -> Decimal:
    """Rounded to the nearest, a half away from zero."""
    return rounded(n, scale, decimal.ROUND_HALF_UP)


@builtin(
    "round half down(n: number, scale: number)", "round half down(n: number)", example="round half down(5.5, 0) = 5"
)
def round_half_down(run: Run, n: Value, scale: Value = 0) -> Decimal:
    """Rounded to the nearest, a half towards zero."""
    return rounded(n, scale, decimal.ROUND_HALF_DOWN)


@builtin("abs(n: number or days and time duration or years and months duration)", example='abs(@"-PT5H") = @"PT5H"')
def absolute(run: Run, n: Value) -> Value:
    """A number or a duration without its sign."""
    if isinstance(n, timedelta):
        return abs(n)
    if isinstance(n, YearMonthDuration):
        return YearMonthDuration(abs(n.months))
    return abs(numbers.exact(n))


@builtin("modulo(dividend: number, divisor: number)", example="modulo(-12, 5) = 3")
def modulo(run: Run, dividend: Value, divisor: Value) -> Decimal:
    """The remainder of a division; it has the sign of the divisor."""
    left, right = numbers.decimal(dividend), numbers.decimal(divisor)
    if right == 0:
        raise Failure("division by zero")
    rest = CONTEXT.remainder(left, right)
    if not rest.is_finite():  # the quotient has more than 34 digits
        quotient = CONTEXT.divide(left, right).to_integral_value(decimal.ROUND_FLOOR)
        return finite(CONTEXT.subtract(left, CONTEXT.multiply(right, quotient)))
    return CONTEXT.add(rest, right) if rest and (rest < 0) != (right < 0) else rest


@builtin("sqrt(number: number)", example="sqrt(16) = 4")
def sqrt(run: Run, number: Value) -> Decimal:
    """The square root; null for a negative number."""
    return finite(CONTEXT.sqrt(numbers.decimal(number)))


@builtin("log(number: number)", example="decimal(log(10), 4) = 2.3026")
def log(run: Run, number: Value) -> Decimal:
    """The natural logarithm; null for zero and below."""
    return finite(CONTEXT.ln(numbers.decimal(number)))


@builtin("exp(number: number)", example="decimal(exp(5), 4) = 148.4132")
def exp(run: Run, number: Value) -> Decimal:
    """Euler's number to the power of the number."""
    return finite(CONTEXT.exp(numbers.decimal(number)))


@builtin("odd(number: number)", example="odd(5)")
def odd(run: Run, number: Value) -> bool:
    """True for an odd integer."""
    return numbers.whole(number) and int(numbers.exact(number)) % 2 == 1


@builtin("even(number: number)", example="even(2)")
def even(run: Run, number: Value) -> bool:
    """True for an even integer."""
    return numbers.whole(number) and int(numbers.exact(number)) % 2 == 0


@builtin("random number()", example="random number() < 1", source=CAMUNDA)
def random_number(run: Run) -> Value:
    """A number from 0 up to 1; the host may give its own `random number`."""
    import random

    own = run.functions.get("random number")
    return own() if own is not None else Decimal(str(random.random()))  # noqa: S311 - not for secrets
