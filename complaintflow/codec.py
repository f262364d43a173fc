"""Case data as JSON bytes, exactly: what is sealed is these, and what is opened becomes data again."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final

# A key that no caller can use (``values.variables`` refuses NUL): a number too long for a float.
_DECIMAL: Final = "\x00decimal"


def to_json(value: Any) -> bytes:
    """UTF-8 JSON of None, bool, int, float, Decimal, str, list or dict."""
    return _write(value).encode()


def from_json(data: bytes) -> Any:
    """What ``to_json`` wrote. Raises ValueError."""
    return json.loads(data, object_hook=_untagged if b"\\u0000decimal" in data else None)


def _tagged(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {_DECIMAL: str(value)}
    raise TypeError(f"{type(value).__name__} is not a case variable")


def _untagged(value: dict[str, Any]) -> Any:
    return Decimal(value[_DECIMAL]) if value.keys() == {_DECIMAL} else value


_write: Final = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False, default=_tagged
).encode
