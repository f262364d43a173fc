"""Case data as JSON bytes, exactly: what is sealed is these, and what is opened becomes data again."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final

import orjson

# A key that no caller can use (``values.variables`` refuses NUL): a number too long for a float.
_DECIMAL: Final = "\x00decimal"
# What orjson wrote begins so, for it may read it: a whole number of more than 64 bits would become a float there.
_SHORT: Final = b" "


def to_json(value: Any) -> bytes:
    """UTF-8 JSON of None, bool, int, float (finite, which ``values.variables`` sees to), Decimal, str, list or dict.

    Raises:
        TypeError, ValueError: it is something else.
    """
    try:
        return _SHORT + orjson.dumps(value, default=_tagged, option=_OPTIONS)
    except orjson.JSONEncodeError:
        return _write(value).encode()


def from_json(data: bytes) -> Any:
    """What ``to_json`` wrote. Raises ValueError."""
    if b"\\u0000decimal" in data:
        return json.loads(data, object_hook=_untagged)
    return orjson.loads(data) if data[:1] == _SHORT else json.loads(data)


def _tagged(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {_DECIMAL: str(value)}
    raise TypeError(f"{type(value).__name__} is not a case variable")


def _untagged(value: dict[str, Any]) -> Any:
    return Decimal(value[_DECIMAL]) if value.keys() == {_DECIMAL} else value


# Dates and the like are FEEL's business before; here they are an error, as in the standard library.
_OPTIONS: Final = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_SUBCLASS
_write: Final = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False, default=_tagged
).encode
