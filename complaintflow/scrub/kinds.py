"""What a file is, by its content: a name or a header can say anything."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Final
from zipfile import ZipFile

from complaintflow.scrub.endings import ENDINGS, UNKNOWN, WORD

_STARTS: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"%PDF-", "application/pdf"),
    (b"{\\rtf", "application/rtf"),
    (b"OggS", "audio/ogg"),
    (b"#!AMR", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)
_RIFF: Final = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_BRANDS: Final = {
    **dict.fromkeys((b"heic", b"heix", b"heif", b"mif1", b"msf1", b"hevc", b"avif"), "image/heic"),
    **dict.fromkeys((b"M4A ", b"M4B "), "audio/mp4"),
    b"qt  ": "video/quicktime",
}
_OOXML: Final = {
    f"{WORD}.wordprocessingml.document.main+xml": f"{WORD}.wordprocessingml.document",
    f"{WORD}.spreadsheetml.sheet.main+xml": f"{WORD}.spreadsheetml.sheet",
    f"{WORD}.presentationml.presentation.main+xml": f"{WORD}.presentationml.presentation",
}
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Names of streams that tell which program wrote a compound file.
_STREAMS: Final = (
    ("__substg1.0_", "application/vnd.ms-outlook"),
    ("WordDocument", "application/msword"),
    ("Workbook", "application/vnd.ms-excel"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
)
_MARKUP: Final = re.compile(r"\s*<(?:[!?a-z])", re.IGNORECASE)
_MAIL: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*\n(?:[ \t][^\n]*\n)*){2}")
_MAIL_HEADERS: Final = re.compile(r"^(?:from|received|return-path|message-id|delivered-to|mime-version):", re.I | re.M)
_CARD: Final = re.compile(r"\s*BEGIN:V(?:CARD|CALENDAR)", re.IGNORECASE)
_CONTROLS: Final = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def sniff(content: bytes) -> str:
    """The content type of a file, ``UNKNOWN`` for what we do not know."""
    for start, kind in _STARTS:
        if content.startswith(start):
            return kind
    if content[:4] == b"RIFF":
        return _RIFF.get(content[8:12], UNKNOWN)
    if content[4:8] == b"ftyp":
        brand = content[8:12]
        return _BRANDS.get(brand, "video/3gpp" if brand.startswith(b"3g") else "video/mp4")
    if content.startswith(b"PK\x03\x04"):
        return _package(content)
    if content.startswith(_OLE):
        found = (kind for name, kind in _STREAMS if name.encode("utf-16-le") in content)
        return next(found, UNKNOWN)
    return _text(content)


def _package(content: bytes) -> str:
    """Office documents are ZIP files; which one, its table of contents says. Those with macros are none of ours."""
    try:
        with ZipFile(BytesIO(content)) as package:
            names = package.namelist()
            if names[0] == "mimetype" and package.getinfo("mimetype").file_size < 100:
                kind = package.read("mimetype").decode("ascii", "replace").strip()
                return kind if kind in ENDINGS else UNKNOWN
            if "[Content_Types].xml" in names and package.getinfo("[Content_Types].xml").file_size < 1_000_000:
                table = package.read("[Content_Types].xml").decode("utf-8", "replace")
                found = (kind for part, kind in _OOXML.items() if f'"{part}"' in table)
                return next(found, UNKNOWN)
    except Exception:  # whatever a decoder finds wrong: then it is no document
        return UNKNOWN
    return UNKNOWN


def _text(content: bytes) -> str:
    text = _decoded(content)
    if text is None or _CONTROLS.search(text):
        return UNKNOWN
    if _MARKUP.match(text):
        return "text/html"
    if _CARD.match(text):
        return "text/vcard"
    head = text[:20_000].replace("\r\n", "\n")
    mail = _MAIL.match(head)
    return "message/rfc822" if mail and _MAIL_HEADERS.search(head) else "text/plain"


def _decoded(content: bytes) -> str | None:
    codes = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for code in codes:
        try:
            return content.decode(code)
        except UnicodeDecodeError:
            continue
    return None
