"""Pictures, by their type: on their own and inside documents."""

from __future__ import annotations

from typing import Final

from complaintflow.scrub import gif, jpeg, png, tiff, webp
from complaintflow.scrub.kinds import sniff
from complaintflow.scrub.refusal import Unscrubbed

_SCRUBBERS: Final = {
    "image/jpeg": jpeg.scrub,
    "image/png": png.scrub,
    "image/gif": gif.scrub,
    "image/webp": webp.scrub,
    "image/tiff": tiff.scrub,
}
TYPES: Final = frozenset(_SCRUBBERS)

_EMF_SIGNATURE: Final = b" EMF"
_WMF: Final = (b"\xd7\xcd\xc6\x9a", b"\x01\x00\x09\x00")


def scrub(kind: str, content: bytes) -> tuple[bytes, list[str]]:
    """A picture of one of ``TYPES`` without metadata, and what was left out. Raises Unscrubbed."""
    return _SCRUBBERS[kind](content)


def inside(name: str, content: bytes) -> bytes:
    """A picture that a document brings along. Raises Unscrubbed: it is of a kind that nobody can look through."""
    kind = sniff(content)
    if kind in _SCRUBBERS:
        return _SCRUBBERS[kind](content)[0]
    if content[40:44] == _EMF_SIGNATURE:
        return _undescribed(content)
    if content.startswith(_WMF):
        return content  # it has no room for metadata
    what = f"it contains '{name.rpartition('/')[2]}', which cannot be looked through"
    raise Unscrubbed(what, "print it to a PDF, or take that part out")


def _undescribed(emf: bytes) -> bytes:
    """An EMF whose description (program and title) is blank."""
    length, start = (int.from_bytes(emf[at : at + 4], "little") for at in (60, 64))
    end = start + 2 * length
    return emf if not start or end > len(emf) else emf[:start] + b"\x00" * (end - start) + emf[end:]
