"""The one seam through which every stored value passes.

``encode`` and ``decode`` are all that stands between a case's content and the database; encryption
takes its place here. A stored value begins with one byte that names its format.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final, Protocol

from complaintflow.errors import UnreadableValue

_JSON: Final = b"\x01"
# A key that no caller can use (``values.variables`` refuses NUL): a number too long for a float.
_DECIMAL: Final = "\x00decimal"


class Codec(Protocol):
    """Turns JSON data of one case into bytes and back."""

    def encode(self, case_id: str, value: Any) -> bytes:
        """``value`` is None, bool, int, float, Decimal, str, list or dict."""

    def decode(self, case_id: str, data: bytes) -> Any:
        """Raises UnreadableValue."""


class JsonCodec:
    """UTF-8 JSON behind a format byte."""

    def __init__(self) -> None:
        self._write = json.JSONEncoder(
            ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False, default=_tagged
        ).encode

    def encode(self, case_id: str, value: Any) -> bytes:
        """See ``Codec``."""
        return _JSON + self._write(value).encode()

    def decode(self, case_id: str, data: bytes) -> Any:
        """See ``Codec``."""
        try:
            if data[:1] != _JSON:
                raise ValueError(f"unknown format byte {data[:1]!r}")
            hook = _untagged if b"\\u0000decimal" in data else None
            return json.loads(data[1:], object_hook=hook)
        except ValueError as error:
            raise UnreadableValue(f"a stored value does not decode: {error}", where=f"case {case_id}") from None


def _tagged(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {_DECIMAL: str(value)}
    raise TypeError(f"{type(value).__name__} is not a case variable")


def _untagged(value: dict[str, Any]) -> Any:
    return Decimal(value[_DECIMAL]) if value.keys() == {_DECIMAL} else value
