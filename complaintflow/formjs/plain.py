"""Plain JSON values, and the exception for a value that does not fit its field."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal

from complaintflow.formjs.numbers import as_decimal

MAX_DEPTH = 40
MAX_INTEGER_BITS = 2_000

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # databases and UTF-8 refuse these


class Unfit(ValueError):
    """A value does not fit its field; the message is a full sentence for the person who filled in the form."""


def storable(text: str) -> str:
    """The text itself.

    Raises:
        Unfit: it holds a character that neither UTF-8 nor a database keeps.
    """
    if _UNSTORABLE.search(text):
        raise Unfit("It holds a character that cannot be stored.")
    return text


def plain(value: object, depth: int = 0) -> object:
    """A JSON value, with dates and times written as ISO 8601.

    Raises:
        Unfit: it holds something that is not JSON, or is nested too deep.
    """
    if depth > MAX_DEPTH:
        raise Unfit(f"Nothing may be nested deeper than {MAX_DEPTH} levels.")
    if isinstance(value, str):
        return storable(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and value.bit_length() <= MAX_INTEGER_BITS:
        return value
    if isinstance(value, float | Decimal) and as_decimal(value) is not None:
        return value
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        return {storable(name): plain(item, depth + 1) for name, item in value.items()}
    raise Unfit("It is not a text, number, yes or no, list or object.")
