"""Numbers: int, float and Decimal are one type, computed with 34 digits and half-even (DMN 1.5, 10.3.2.3.1)."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal

from complaintflow.feel.values import Failure, Value

EMAX = 6144
CONTEXT = Context(prec=34, rounding=ROUND_HALF_EVEN, Emin=1 - EMAX, Emax=EMAX, traps=[])
"""decimal128; nothing is trapped: what is not finite becomes a Failure in `finite`."""

_MOST_BITS = 20_412
"""Of an integer up to the largest exponent."""

EXACT = 10**33
"""Integers below this need no rounding to 34 digits."""


def is_number(value: Value) -> bool:
    """True for int, float and Decimal, but not for bool."""
    return isinstance(value, int | Decimal | float) and not isinstance(value, bool)


def decimal(value: Value) -> Decimal:
    """A number as Decimal; a float by its shortest representation, so that 0.1 is 0.1.

    Raises:
        Failure: it is not a finite number.
    """
    if isinstance(value, float):
        value = Decimal(repr(value))
    elif isinstance(value, int) and not isinstance(value, bool):
        if value.bit_length() > _MOST_BITS:  # converting it could take minutes
            raise Failure("the number is too large")
        value = CONTEXT.create_decimal(value)
    elif not isinstance(value, Decimal):
        raise Failure("not a number")
    return finite(CONTEXT.plus(value))


def exact(value: Value) -> Value:
    """A number in the form that compares exactly in Python: int as it is, float as Decimal."""
    if isinstance(value, float):
        return decimal(value)
    if isinstance(value, Decimal):
        return finite(CONTEXT.plus(value))
    return value


def finite(value: Decimal) -> Decimal:
    """The value itself, if it is a number.

    Raises:
        Failure: NaN or infinite, as after a division by zero or an overflow.
    """
    if value.is_finite():
        return value
    raise Failure("the result is not a finite number")


def integer(value: Value, what: str = "number") -> int:
    """A number as int; a fraction is cut off, as the standard's scale and positions are integers.

    Raises:
        Failure: too large to be a position, scale or count.
    """
    number = exact(value)
    if not -(10**18) < number < 10**18:
        raise Failure(f"the {what} is too large")
    return int(number)


def whole(value: Value) -> bool:
    """True if the number has no fraction."""
    number = exact(value)
    return isinstance(number, int) or number == number.to_integral_value()


def text(value: Value) -> str:
    """The number as FEEL writes it: no exponent, no minus on zero."""
    if isinstance(value, int) and -EXACT < value < EXACT:
        return str(value)
    number = decimal(value)
    return format(number if number else abs(number), "f")
