"""ZIP packages of office documents: read within bounds, written without times, owners and comments."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from complaintflow.scrub.refusal import Broken, Unscrubbed

_MOST_PARTS: Final = 5_000
_MOST_BYTES: Final = 300_000_000
_LOCKED: Final = 0x1
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)


def read(content: bytes) -> dict[str, bytes]:
    """The parts of a package by name, in its order.

    Raises:
        Broken: it is no ZIP file, or has two parts of one name.
        Unscrubbed: it is encrypted, or too large once unpacked.
    """
    parts: dict[str, bytes] = {}
    left = _MOST_BYTES
    try:
        with ZipFile(BytesIO(content)) as package:
            for entry in package.infolist():
                if entry.is_dir():
                    continue
                if entry.flag_bits & _LOCKED:
                    raise Unscrubbed("it is protected by a password", "save it without one")
                if len(parts) == _MOST_PARTS or entry.file_size > left:
                    raise Unscrubbed("it is too large to be looked through", "send it in parts, or as a PDF")
                if entry.filename in parts:
                    raise Broken("it has two parts of one name")
                with package.open(entry) as source:
                    data = source.read(left + 1)
                left -= len(data)
                if left < 0:
                    raise Unscrubbed("it is too large to be looked through", "send it in parts, or as a PDF")
                parts[entry.filename] = data
    except Unscrubbed:
        raise
    except Exception:  # whatever a decoder finds wrong
        raise Broken("its package is damaged") from None
    return parts


def write(parts: Mapping[str, bytes], *, stored: str = "") -> bytes:
    """A package of these parts. ``stored`` names one that is not compressed, as ODF wants of its first."""
    packed = BytesIO()
    with ZipFile(packed, "w") as package:
        for name, data in parts.items():
            entry = ZipInfo(name, _LONG_AGO)
            entry.create_system = 0
            package.writestr(entry, data, ZIP_STORED if name == stored else ZIP_DEFLATED)
    return packed.getvalue()
