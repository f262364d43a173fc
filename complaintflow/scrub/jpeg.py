"""JPEG (ITU-T T.81) segment by segment: the picture stays as it is, to the bit.

Gone are EXIF with its thumbnail, XMP, IPTC, comments, colour profiles and whatever follows the picture. Which way up
the picture is shown is not about its maker: where EXIF turned it, a new EXIF says only that.
"""

from __future__ import annotations

import struct
from typing import Final

from complaintflow.scrub.refusal import Broken

_SOI: Final = b"\xff\xd8"
_APP0, _APP1, _APP14, _COM, _SOS, _EOI = 0xE0, 0xE1, 0xEE, 0xFE, 0xDA, 0xD9
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_ORIENTATION: Final = 0x0112


def scrub(content: bytes) -> tuple[bytes, list[str]]:
    """The picture alone, and what was left out. Raises Broken: it is no JPEG."""
    clean, removed, at = bytearray(_SOI), [], 2
    turned = 1
    while at < len(content):
        marker, start = _marker(content, at)
        if marker == _EOI:
            if content[start:].strip(b"\x00\xff"):
                removed.append("data after the picture")
            return bytes(clean) + b"\xff\xd9", removed
        if marker in _ALONE:
            at = start
            continue
        end = start + _length(content, start)
        body = content[start + 2 : end]
        kept = _kept(marker, body)
        if kept is None:
            removed.append(_name(marker, body))
            if marker == _APP1 and body.startswith(b"Exif\x00\x00") and turned == 1:
                turned = orientation(body[6:])
                clean += _segment(_APP1, b"Exif\x00\x00" + turned_only(turned)) if turned != 1 else b""
        else:
            clean += _segment(marker, kept)
        at = end
        if marker == _SOS:
            at = _after_scan(content, end)
            clean += content[end:at]
    raise Broken("the picture breaks off")


def _marker(content: bytes, at: int) -> tuple[int, int]:
    if content[at] != 0xFF:
        raise Broken("it is damaged")
    while at < len(content) and content[at] == 0xFF:
        at += 1
    if at >= len(content):
        raise Broken("the picture breaks off")
    return content[at], at + 1


def _length(content: bytes, start: int) -> int:
    length = int.from_bytes(content[start : start + 2])
    if length < 2 or start + length > len(content):
        raise Broken("the picture breaks off")
    return length


def _after_scan(content: bytes, at: int) -> int:
    """Where the compressed data end: at a marker that is neither a stuffed zero nor a restart."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            raise Broken("the picture breaks off")
        if content[at + 1] not in (0x00, *range(0xD0, 0xD8)):
            return at
        at += 2


def _kept(marker: int, body: bytes) -> bytes | None:
    """A segment as it may stay; None for one that goes."""
    if marker == _APP0 and body.startswith(b"JFIF\x00") and len(body) >= 14:
        return body[:12] + b"\x00\x00"  # without its thumbnail
    if marker == _APP14 and body.startswith(b"Adobe") and len(body) >= 12:
        return body[:12]  # how the colours are coded
    if 0xE0 <= marker <= 0xEF or marker == _COM or 0xF0 <= marker <= 0xFD:
        return None
    return body


def _name(marker: int, body: bytes) -> str:
    known = {b"Exif": "EXIF", b"http://ns.adobe.com": "XMP", b"Photoshop": "IPTC", b"ICC_PROFILE": "colour profile"}
    if marker == _COM:
        return "comment"
    return next((name for start, name in known.items() if body.startswith(start)), "application data")


def _segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2) + body


def orientation(tiff: bytes) -> int:
    """Which way up EXIF data says the picture is shown: 1 to 8."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, first)
        for number in range(min(count, 500)):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, first + 2 + 12 * number)
            if tag == _ORIENTATION and kind == 3 and 1 <= value <= 8:
                return int(value)
    except struct.error:
        pass
    return 1


def turned_only(turned: int) -> bytes:
    """EXIF data that say nothing but which way up."""
    return b"MM\x00*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, turned, 0, 0)
