"""PDF (ISO 32000), read and written anew by pikepdf: pages stay, and what tells of their maker goes.

Written anew, a file has no earlier versions of itself and no objects that nothing shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

import pikepdf

from complaintflow.scrub import jpeg
from complaintflow.scrub.refusal import Broken, Unscrubbed

# Wherever they stand: XMP, private data of programs, thumbnails, who made a layer.
_ANYWHERE: Final = ("/Metadata", "/PieceInfo", "/LastModified", "/CreatorInfo", "/OPI")
_OF_THE_ROOT: Final = ("/Perms", "/DSS", "/SpiderInfo", "/Collection")
_OF_A_PAGE: Final = ("/Thumb", "/ID", "/LastModified", "/AA")
_OF_A_NOTE: Final = ("/T", "/M", "/CreationDate", "/NM")
_CARRIERS: Final = frozenset({"/FileAttachment", "/RichMedia", "/Movie", "/Sound", "/Screen", "/3D"})
_JP2: Final = b"\x00\x00\x00\x0cjP  "
_JP2_BOXES: Final = frozenset({b"jP  ", b"ftyp", b"jp2h", b"jp2c"})


def scrub(content: bytes) -> tuple[bytes, list[str]]:
    """The pages alone, and what was left out. Raises Unscrubbed, Broken."""
    try:
        with pikepdf.open(BytesIO(content)) as document:
            removed = _clean(document)
            written = BytesIO()
            document.save(written, deterministic_id=True, preserve_pdfa=False)
            return written.getvalue(), removed
    except pikepdf.PasswordError:
        raise Unscrubbed("it is protected by a password", "save it without one") from None
    except (pikepdf.PdfError, ValueError, TypeError, RuntimeError, RecursionError):
        raise Broken("it cannot be read") from None


def _clean(document: pikepdf.Pdf) -> list[str]:
    removed: list[str] = []
    for name in ("/Info", "/ID"):
        if name in document.trailer:
            del document.trailer[name]
            removed.append({"/Info": "title, author and dates", "/ID": "identity of the file"}[name])
    root = document.Root
    _refuse(root)
    for name in _OF_THE_ROOT:
        if name in root:
            del root[name]
    for thing in _dictionaries(document):
        removed += _forget(thing, _ANYWHERE, "private data of programs")
        if thing.get("/Type") == "/Page":
            removed += _forget(thing, _OF_A_PAGE, "private data of programs")
        if "/Rect" in thing and "/Subtype" in thing:
            removed += _anonymous_note(thing)
        if thing.get("/S") in ("/Launch", "/GoToR", "/ImportData"):
            raise Unscrubbed("it leads to files of its maker", "print it to a new PDF")
    for stream in document.objects:
        if isinstance(stream, pikepdf.Stream):
            removed += _picture(stream)
    return removed


def _refuse(root: Any) -> None:
    """What is a document of its own inside the document."""
    names, form = root.get("/Names", {}), root.get("/AcroForm", {})
    if "/EmbeddedFiles" in names or "/AF" in root:
        raise Unscrubbed("it has other files inside", "take them out and send them one by one")
    if "/XFA" in form:
        raise Unscrubbed("it is a form that fills itself in", "print it to a new PDF")
    if int(form.get("/SigFlags", 0)) & 1:
        raise Unscrubbed("it is signed, and a signature says whose it is", "print it to a new PDF")


def _dictionaries(document: pikepdf.Pdf) -> Iterator[Any]:
    """Every dictionary, those inside other objects too."""
    todo: list[Any] = list(document.objects)
    while todo:
        thing = todo.pop()
        if isinstance(thing, (pikepdf.Dictionary, pikepdf.Stream)):
            yield thing
            children: Any = [thing.get(key) for key in list(thing.keys())]
        elif isinstance(thing, pikepdf.Array):
            children = list(thing)
        else:
            continue
        todo += [child for child in children if isinstance(child, pikepdf.Object) and not child.is_indirect]


def _forget(thing: Any, names: tuple[str, ...], what: str) -> list[str]:
    found = [name for name in names if name in thing]
    for name in found:
        del thing[name]
    return [what] if found else []


def _anonymous_note(note: Any) -> list[str]:
    """A note, a mark, a field: without who put it there and when."""
    kind = str(note.get("/Subtype"))
    if kind in _CARRIERS:
        raise Unscrubbed("it has other files inside", "take them out and send them one by one")
    if note.get("/FT") == "/Sig" and "/V" in note:
        raise Unscrubbed("it is signed, and a signature says whose it is", "print it to a new PDF")
    # The T of a field is its name, and the form needs it.
    names = tuple(name for name in _OF_A_NOTE if name != "/T" or kind != "/Widget")
    return _forget(note, names, "authors of notes")


def _picture(stream: Any) -> list[str]:
    """Photographs keep their EXIF inside a PDF."""
    filters = stream.get("/Filter")
    if filters is None:
        return []
    chain = [str(one) for one in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    raw = stream.read_raw_bytes() if len(chain) == 1 else b""
    if chain == ["/DCTDecode"]:
        clean, removed = jpeg.scrub(raw)
    elif chain == ["/JPXDecode"]:
        clean, removed = _bare_jp2(raw)
    elif chain[-1] in ("/DCTDecode", "/JPXDecode"):
        raise Unscrubbed("it has a picture packed twice", "print it to a new PDF")
    else:
        return []
    if clean != raw:
        stream.write(clean, filter=filters, decode_parms=stream.get("/DecodeParms"))
    return [f"{one} of a picture" for one in removed]


def _bare_jp2(content: bytes) -> tuple[bytes, list[str]]:
    """JPEG 2000: the boxes that make the picture."""
    if not content.startswith(_JP2):
        return content, []
    clean, removed, at = bytearray(), [], 0
    while at + 8 <= len(content):
        size, kind = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        if size == 1:
            size = int.from_bytes(content[at + 8 : at + 16])
        size = size or len(content) - at
        if size < 8 or at + size > len(content):
            raise Broken("a picture in it breaks off")
        if kind in _JP2_BOXES:
            clean += content[at : at + size]
        else:
            removed.append("metadata")
        at += size
    return bytes(clean), removed
