"""The options of choices, and when two JSON values are the same."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from complaintflow.formjs.component import Option
from complaintflow.formjs.numbers import as_decimal

MAX_OPTIONS = 10_000


def options_from(found: object) -> tuple[Option, ...]:
    """The usable options of a list, as form-js reads it; what is unusable is left out.

    An option is a plain value (a text that is not empty, a number, true or false), or an object with ``value`` and
    ``label``.
    """
    if not isinstance(found, (list, tuple)):
        return ()
    options = (_option(item) for item in found[:MAX_OPTIONS])
    return tuple(option for option in options if option is not None)


def _option(item: object) -> Option | None:
    if _plain(item):
        return Option(item, _shown(item))
    if not isinstance(item, Mapping):
        return None
    value, label = item.get("value"), item.get("label")
    if not isinstance(label, str) or not label:
        return Option(value, _shown(value)) if _plain(value) else None
    usable = _plain(value) or (isinstance(value, (Mapping, list, tuple)) and len(value) > 0)
    return Option(value, label) if usable else None


def _plain(value: object) -> bool:
    return isinstance(value, (bool, int, float, Decimal)) or (isinstance(value, str) and value != "")


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def same(left: object, right: object) -> bool:
    """Whether two JSON values are equal; true is not 1, and 1 is 1.0."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, (int, float, Decimal)) and isinstance(right, (int, float, Decimal)):
        return as_decimal(left) == as_decimal(right)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right
