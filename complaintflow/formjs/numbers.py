"""Numbers as forms take them: exact, finite and of bounded size."""

from __future__ import annotations

import re
from decimal import Context, Decimal

MAX_DIGITS = 34  # what FEEL computes with
MAX_EXPONENT = 300
EXACT = Context(prec=700)  # wide enough for any two such numbers together

_NUMERAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")


def as_decimal(value: object) -> Decimal | None:
    """The number in ``value`` (a number, or a text that spells one), or None if there is none.

    Digits are ASCII, the decimal sign is a point. Infinity, not-a-number, more than 34 digits and exponents beyond 300
    count as no number.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        return None
    if isinstance(value, int) and value.bit_length() > 1_100:
        return None
    text = value.strip() if isinstance(value, str) else str(value)
    if len(text) > 400 or not _NUMERAL.fullmatch(text):
        return None
    number = Decimal(text)
    if number == 0:
        return Decimal(0)
    too_long = len(number.normalize(EXACT).as_tuple().digits) > MAX_DIGITS
    return None if too_long or abs(number.adjusted()) > MAX_EXPONENT else number


def as_json_number(number: Decimal) -> int | float | Decimal:
    """The plainest JSON number that keeps all digits: int, else float, else Decimal."""
    if number == number.to_integral_value():
        return int(number)
    return float(number) if Decimal(repr(float(number))) == number else number


def decimal_places(number: Decimal) -> int:
    """How many digits stand behind the point, trailing zeros not counted."""
    exponent = number.normalize(EXACT).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def spelled(number: Decimal) -> str:
    """The number without exponent and trailing zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
