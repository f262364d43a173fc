"""GIF (89a), block by block: frames, colours and the number of rounds stay; comments, XMP and profiles go."""

from __future__ import annotations

from typing import Final

from complaintflow.scrub.refusal import Broken

_EXTENSION, _IMAGE, _END = 0x21, 0x2C, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF
_ROUNDS: Final = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def scrub(content: bytes) -> tuple[bytes, list[str]]:
    """The picture alone, and what was left out. Raises Broken: it is no GIF."""
    try:
        return _scrub(content)
    except IndexError:
        raise Broken("the picture breaks off") from None


def _scrub(content: bytes) -> tuple[bytes, list[str]]:
    at = 13 + _table(content[10])
    clean, removed = bytearray(content[:at]), []
    while True:
        kind = content[at]
        if kind == _END:
            if content[at + 1 :].strip(b"\x00"):
                removed.append("data after the picture")
            return bytes(clean) + b"\x3b", removed
        if kind == _IMAGE:
            start, at = at, at + 10 + _table(content[at + 9]) + 1
        elif kind == _EXTENSION:
            start, at = at, at + 2
        else:
            raise Broken("it is damaged")
        at = _after_blocks(content, at)
        if kind == _IMAGE or _stays(content[start:at]):
            clean += content[start:at]
        else:
            removed.append("comment" if content[start + 1] == 0xFE else "application data")


def _stays(extension: bytes) -> bool:
    if extension[1] == _CONTROL:
        return True
    # The blocks behind the name: one of three bytes, how many rounds.
    return extension[1] == _APPLICATION and extension[3:14] in _ROUNDS and len(extension) == 19


def _table(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(content: bytes, at: int) -> int:
    while content[at]:
        at += content[at] + 1
    return at + 1
