"""WebP (RFC 9649), chunk by chunk: frames and transparency stay; EXIF, XMP and profiles go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from complaintflow.scrub.jpeg import orientation, turned_only
from complaintflow.scrub.refusal import Broken

_KEPT: Final = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"})
_IN_FRAME: Final = frozenset({b"VP8 ", b"VP8L", b"ALPH"})
_NAMES: Final = {b"EXIF": "EXIF", b"XMP ": "XMP", b"ICCP": "colour profile"}
_PROFILE, _EXIF, _XMP = 0x20, 0x08, 0x04
_FRAME_HEAD: Final = 16


def scrub(content: bytes) -> tuple[bytes, list[str]]:
    """The picture alone, and what was left out. Raises Broken: it is no WebP."""
    end = 8 + int.from_bytes(content[4:8], "little")
    if end > len(content):
        raise Broken("the picture breaks off")
    removed = ["data after the picture"] if content[end:].strip(b"\x00") else []
    kept: list[tuple[bytes, bytes]] = []
    turned = 1
    for kind, body in _chunks(content[12:end]):
        if kind == b"ANMF":
            body = body[:_FRAME_HEAD] + _joined(
                (inner, data) for inner, data in _chunks(body[_FRAME_HEAD:]) if inner in _IN_FRAME
            )
        if kind in _KEPT:
            kept.append((kind, body))
        else:
            removed.append(_NAMES.get(kind, f"{kind.decode('latin-1').strip()} chunk"))
        if kind == b"EXIF":
            turned = orientation(body.removeprefix(b"Exif\x00\x00"))
    if turned != 1:
        kept.append((b"EXIF", turned_only(turned)))
    flags = _EXIF if turned != 1 else 0
    chunks = _joined((kind, _flagged(body, flags) if kind == b"VP8X" else body) for kind, body in kept)
    return b"RIFF" + (len(chunks) + 4).to_bytes(4, "little") + b"WEBP" + chunks, removed


def _flagged(body: bytes, flags: int) -> bytes:
    if len(body) < 10:
        raise Broken("it is damaged")
    return bytes([body[0] & ~(_PROFILE | _EXIF | _XMP) | flags]) + body[1:]


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(content):
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        if at + 8 + size > len(content):
            raise Broken("the picture breaks off")
        yield content[at : at + 4], content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _joined(chunks: Iterator[tuple[bytes, bytes]]) -> bytes:
    return b"".join(kind + len(body).to_bytes(4, "little") + body + b"\x00" * (len(body) % 2) for kind, body in chunks)
