"""PNG (ISO/IEC 15948), chunk by chunk: the picture, its colours and its animation stay as they are."""

from __future__ import annotations

import zlib
from typing import Final

from complaintflow.scrub.jpeg import orientation, turned_only
from complaintflow.scrub.refusal import Broken

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_KEPT: Final = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"pHYs",
     b"acTL", b"fcTL", b"fdAT", b"cICP"}
)  # fmt: skip
_NAMES: Final = {b"eXIf": "EXIF", b"tIME": "time of the last change", b"iCCP": "colour profile"}


def scrub(content: bytes) -> tuple[bytes, list[str]]:
    """The picture alone, and what was left out. Raises Broken: it is no PNG."""
    clean, removed, at = bytearray(_SIGNATURE), [], len(_SIGNATURE)
    while at + 12 <= len(content):
        length, kind = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(content) or zlib.crc32(content[at + 4 : end - 4]) != int.from_bytes(content[end - 4 : end]):
            raise Broken("it is damaged")
        if kind in _KEPT:
            clean += content[at:end]
        else:
            removed.append(_NAMES.get(kind, f"{kind.decode('latin-1')} chunk"))
            turned = orientation(content[at + 8 : end - 4]) if kind == b"eXIf" else 1
            clean += _chunk(b"eXIf", turned_only(turned)) if turned != 1 else b""
        if kind == b"IEND":
            if end < len(content):
                removed.append("data after the picture")
            return bytes(clean), removed
        at = end
    raise Broken("the picture breaks off")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)
