"""What comes from outside becomes case variables: plain JSON, bounded, or one clear error."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from complaintflow.errors import InvalidData

MAX_DEPTH: Final = 40
MAX_TEXT: Final = 1_000_000
MAX_BITS: Final = 4_096
MAX_NAME: Final = 200

# Names that every expression reads and nobody may overwrite.
RESERVED: Final = frozenset({"case", "policy"})


def variables(data: object, where: str) -> dict[str, Any]:
    """A copy of ``data`` as case variables.

    Args:
        data: a mapping with text keys; values are None, bool, int, float, Decimal, str, date, time,
            datetime (these become ISO 8601 text), and lists, tuples and mappings of such.
        where: for the error.

    Raises:
        InvalidData: naming each field that cannot be stored.
    """
    if not isinstance(data, Mapping):
        raise InvalidData(f"expected an object with named fields, found {type(data).__name__}", where=where)
    problems: list[tuple[str, str]] = []
    result = {name: _copy(value, str(name), problems, 1) for name, value in data.items() if _named(name, problems)}
    problems += [(name, "is a reserved name") for name in sorted(RESERVED & result.keys())]
    if problems:
        raise InvalidData("the data cannot be stored", problems, where=where)
    return result


def _named(name: object, problems: list[tuple[str, str]]) -> bool:
    if isinstance(name, str) and name and "\x00" not in name and _encodable(name):
        return True
    problems.append((repr(name)[:40], "is not a usable field name"))
    return False


def _copy(value: Any, path: str, problems: list[tuple[str, str]], depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if value.bit_length() > MAX_BITS:
            problems.append((path, f"is a whole number of more than {MAX_BITS} bits"))
        return value
    if isinstance(value, str):
        return _text(value, path, problems)
    if isinstance(value, (float, Decimal)):
        if value.is_finite() if isinstance(value, Decimal) else math.isfinite(value):
            return value
        problems.append((path, "is not a finite number"))
    elif isinstance(value, (datetime, date, time)):
        return value.isoformat()
    elif depth >= MAX_DEPTH:
        problems.append((path, f"is nested deeper than {MAX_DEPTH} levels"))
    elif isinstance(value, (list, tuple)):
        return [_copy(item, f"{path}[{i}]", problems, depth + 1) for i, item in enumerate(value, 1)]
    elif isinstance(value, Mapping):
        return {
            name: _copy(item, f"{path}.{name}", problems, depth + 1)
            for name, item in value.items()
            if _named(name, problems)
        }
    else:
        problems.append((path, f"is a {type(value).__name__}, which is not JSON"))
    return None


def _text(value: str, path: str, problems: list[tuple[str, str]]) -> str:
    if len(value) > MAX_TEXT:
        problems.append((path, f"is longer than {MAX_TEXT:,} characters"))
    elif not _encodable(value):
        problems.append((path, "holds half a character (a lone surrogate)"))
    return value


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def name(text: str | None, what: str) -> str | None:
    """A key, actor or assignee as every store can keep it.

    Args:
        text: at most 200 characters, without NUL.
        what: for the error.

    Raises:
        InvalidData: it is longer, empty, or cannot be stored.
    """
    if text is None:
        return None
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_NAME or "\x00" in text or not _encodable(text):
        raise InvalidData(
            f"the {what} cannot be stored", [(what, f"must be a text of 1 to {MAX_NAME} characters, without NUL")]
        )
    return text
