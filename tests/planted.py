"""Files with somebody's traces in every place that their format has for them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, is_zipfile

import docx
import odf.dc
import odf.meta
import odf.office
import odf.opendocument
import odf.text
import openpyxl
import openpyxl.comments
import pikepdf
import pptx
from PIL import Image, PngImagePlugin, TiffImagePlugin

from complaintflow import Case

TRACE = "Trace-Zhao-Min-4711"
"""What must be nowhere in a scrubbed file."""
WORDS = "The soup arrived cold"
"""What must stay in a document."""

_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    f'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:creator="{TRACE}"/></rdf:RDF></x:xmpmeta>'
).encode()


def picture(mode: str = "RGB", size: tuple[int, int] = (40, 30)) -> Image.Image:
    """A picture with something to see."""
    image = Image.new("RGB", size)
    image.putdata([(x * 6 % 256, y * 8 % 256, (x + y) * 3 % 256) for y in range(size[1]) for x in range(size[0])])
    return image.convert(mode)


def exif(orientation: int = 6) -> bytes:
    """EXIF data with maker, place, time and a thumbnail, and which way up."""
    data = Image.Exif()
    data[0x0112] = orientation
    for tag in (0x010E, 0x010F, 0x0110, 0x0131, 0x013B, 0x8298):
        data[tag] = TRACE
    data[0x0132] = "2026:03:02 09:00:00"
    data.get_ifd(0x8769)[0xA431] = TRACE
    data.get_ifd(0x8825).update({1: "N", 2: (31.0, 14.0, 5.0), 29: TRACE})
    return bytes(data.tobytes())


def jpeg(orientation: int = 6, **options: object) -> bytes:
    """A photograph."""
    out = BytesIO()
    picture().save(out, "JPEG", exif=exif(orientation), xmp=_XMP, icc_profile=b"profile " + TRACE.encode(),
                   comment=TRACE.encode(), **options)  # fmt: skip
    iptc = b"Photoshop 3.0\x008BIM" + TRACE.encode()
    content = out.getvalue()
    segment = b"\xff\xed" + (len(iptc) + 2).to_bytes(2) + iptc
    return content[:20] + segment + content[20:] + b"trailer " + TRACE.encode()


def progressive() -> bytes:
    """A photograph in several scans, with restarts."""
    return jpeg(1, progressive=True, restart_marker_blocks=2)


def png() -> bytes:
    """A picture of a screen, with an animation's second frame."""
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", TRACE)
    texts.add_text("Comment", TRACE, zip=True)
    texts.add_itxt("XML:com.adobe.xmp", _XMP.decode())
    texts.add(b"tIME", b"\x07\xea\x03\x02\x09\x00\x00")
    texts.add(b"prIV", TRACE.encode())
    out = BytesIO()
    picture("P").save(out, "PNG", pnginfo=texts, exif=exif(), icc_profile=TRACE.encode(), save_all=True,
                      append_images=[picture("P").rotate(180)], dpi=(96, 96))  # fmt: skip
    return out.getvalue() + TRACE.encode()


def gif() -> bytes:
    """A moving picture with a comment and XMP."""
    out = BytesIO()
    picture("P").save(out, "GIF", save_all=True, append_images=[picture("P").rotate(180)], loop=3,
                      comment=TRACE.encode())  # fmt: skip
    content = out.getvalue()
    text = _XMP + bytes(range(255, -1, -1))
    blocks = b"".join(bytes([len(text[at : at + 255])]) + text[at : at + 255] for at in range(0, len(text), 255))
    xmp = b"\x21\xff\x0bXMP DataXMP" + blocks + b"\x00"
    return content[:-1] + xmp + b";" + TRACE.encode()


def webp() -> bytes:
    """A moving picture of the web."""
    out = BytesIO()
    picture("RGBA").save(out, "WEBP", save_all=True, append_images=[picture("RGBA").rotate(180)], lossless=True,
                         exif=exif(), xmp=_XMP, icc_profile=TRACE.encode())  # fmt: skip
    return out.getvalue() + TRACE.encode()


def plain_webp() -> bytes:
    """A still one that has nothing to hide."""
    out = BytesIO()
    picture().save(out, "WEBP", quality=70)
    return out.getvalue()


def tiff() -> bytes:
    """Two scanned pages."""
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    for tag in (270, 271, 272, 305, 315, 316, 33432, 65000):
        tags.tagtype[tag] = 2
        tags[tag] = TRACE
    tags[700] = _XMP
    out = BytesIO()
    picture("1").save(out, "TIFF", save_all=True, append_images=[picture("1").rotate(180)], tiffinfo=tags,
                      icc_profile=TRACE.encode())  # fmt: skip
    return out.getvalue()


def pdf() -> bytes:
    """A page with a photograph, a note and everything around it."""
    document = pikepdf.new()
    page = document.add_blank_page(page_size=(200, 200)).obj
    photo = pikepdf.Stream(document, jpeg(), Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image)
    photo.Width, photo.Height, photo.BitsPerComponent = 40, 30, 8
    photo.ColorSpace, photo.Filter = pikepdf.Name.DeviceRGB, pikepdf.Name.DCTDecode
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=photo))
    page.Contents = document.make_stream(f"q 40 0 0 30 0 0 cm /Im0 Do Q % {WORDS}".encode())
    page.PieceInfo = pikepdf.Dictionary(App=pikepdf.Dictionary(Private=TRACE, LastModified=TRACE))
    page.Thumb = document.make_stream(TRACE.encode())
    page.Annots = document.make_indirect(
        pikepdf.Array([
            pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, Rect=[0, 0, 9, 9], Contents=WORDS,
                               T=TRACE, NM=TRACE, M=TRACE, CreationDate=TRACE)
        ])
    )  # fmt: skip
    page.Metadata = document.make_stream(_XMP)
    document.Root.Metadata = document.make_stream(_XMP)
    document.trailer.ID = pikepdf.Array([TRACE.encode(), TRACE.encode()])
    for key in ("/Author", "/Title", "/Producer", "/Company"):
        document.docinfo[key] = TRACE
    out = BytesIO()
    document.save(out, static_id=False, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    with pikepdf.open(out) as first:  # an object that nothing shows
        first.make_indirect(pikepdf.String(TRACE))
        again = BytesIO()
        first.save(again)
    return again.getvalue()


def _with_parts(
    content: bytes, *edits: tuple[str, Callable[[str], str]], more: dict[str, bytes] | None = None
) -> bytes:
    """A package with some of its parts changed, and more of them."""
    out = BytesIO()
    with ZipFile(BytesIO(content)) as before, ZipFile(out, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            if name in (more or {}):
                continue
            text = before.read(name)
            for part, edit in edits:
                if part == name:
                    changed = edit(text.decode())
                    assert changed != text.decode(), name
                    text = changed.encode()
            after.writestr(name, text)
        for name, data in (more or {}).items():
            after.writestr(name, data)
        after.comment = TRACE.encode()
    return out.getvalue()


def word() -> bytes:
    """A letter with a photograph, a comment, a revision and a template."""
    document = docx.Document()
    paragraph = document.add_paragraph(WORDS)
    document.add_comment(paragraph.runs, text=WORDS, author=TRACE, initials=TRACE)
    document.add_picture(BytesIO(jpeg()))
    facts = document.core_properties
    facts.author = facts.last_modified_by = facts.title = facts.comments = TRACE
    out = BytesIO()
    document.save(out)
    w15 = 'xmlns:w15="http://schemas.microsoft.com/office/word/2012/wordml"'
    return _with_parts(
        out.getvalue(),
        ("word/document.xml", lambda text: text.replace(
            "<w:p>", f'<w:p w:rsidR="{TRACE}"><w:ins w:id="9" w:author="{TRACE}" w:date="{TRACE}"/>', 1)
            .replace('name="', f'descr="C:\\{TRACE}" name="{TRACE}', 1)),
        ("word/settings.xml", lambda text: text.replace(
            "</w:settings>", f'<w:attachedTemplate r:id="rT"/><w:rsids><w:rsid w:val="{TRACE}"/></w:rsids></w:settings>'
            ).replace("<w:settings ", '<w:settings xmlns:rr="x" ', 1)),
        ("[Content_Types].xml", lambda text: text.replace(
            "</Types>", '<Override PartName="/word/people.xml" ContentType="application/vnd.openxmlformats-'
            'officedocument.wordprocessingml.people+xml"/></Types>')),
        ("word/_rels/document.xml.rels", lambda text: text.replace(
            "</Relationships>",
            f'<Relationship Id="rP" Type="p" Target="people.xml"/>'
            f'<Relationship Id="rX" Type="x" TargetMode="External" Target="file:///C:/Users/{TRACE}/a.docx"/>'
            "</Relationships>")),
        more={"word/people.xml": f'<w15:people {w15}><w15:person w15:author="{TRACE}"/></w15:people>'.encode(),
              "customXml/item9.xml": f"<x>{TRACE}</x>".encode()},
    )  # fmt: skip


def sheet() -> bytes:
    """A table with a comment, a path and the settings of a printer."""
    book = openpyxl.Workbook()
    page = book.active
    page["A1"] = WORDS
    page["A1"].comment = openpyxl.comments.Comment(WORDS, TRACE)
    book.properties.creator = book.properties.lastModifiedBy = TRACE
    out = BytesIO()
    book.save(out)
    path = (
        f'<fileSharing userName="{TRACE}"/>'
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Choice '
        'Requires="x15"><x15ac:absPath xmlns:x15ac="http://schemas.microsoft.com/office/spreadsheetml/2010/11/ac" '
        f'url="C:\\Users\\{TRACE}\\"/></mc:Choice></mc:AlternateContent>'
    )
    return _with_parts(
        out.getvalue(),
        ("xl/workbook.xml", lambda text: text.replace("<workbookPr", f"{path}<workbookPr", 1)),
        more={"xl/printerSettings/printerSettings1.bin": TRACE.encode("utf-16-le"),
              "docProps/custom.xml": TRACE.encode()},
    )  # fmt: skip


def slides() -> bytes:
    """A slide with a photograph, and who commented it."""
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[5])
    slide.shapes.title.text = WORDS
    slide.shapes.add_picture(BytesIO(jpeg()), 0, 0)
    show.core_properties.author = show.core_properties.last_modified_by = TRACE
    out = BytesIO()
    show.save(out)
    p = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
    author = f'<p:cmAuthor id="0" name="{TRACE}" initials="{TRACE}" lastIdx="1" clrIdx="0"/>'
    authors = f"<p:cmAuthorLst {p}>{author}</p:cmAuthorLst>"
    return _with_parts(
        out.getvalue(),
        ("[Content_Types].xml", lambda text: text.replace(
            "</Types>", '<Override PartName="/ppt/commentAuthors.xml" ContentType="application/vnd.openxmlformats-'
            'officedocument.presentationml.commentAuthors+xml"/></Types>')),
        ("ppt/_rels/presentation.xml.rels", lambda text: text.replace(
            "</Relationships>", '<Relationship Id="rA" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
            'relationships/commentAuthors" Target="commentAuthors.xml"/></Relationships>')),
        more={"ppt/commentAuthors.xml": authors.encode(), "docProps/thumbnail.jpeg": jpeg()},
    )  # fmt: skip


def open_text() -> bytes:
    """A text of LibreOffice with a note, a photograph and a field that prints the author."""
    document = odf.opendocument.OpenDocumentText()
    document.meta.addElement(odf.dc.Creator(text=TRACE))
    document.meta.addElement(odf.meta.InitialCreator(text=TRACE))
    paragraph = odf.text.P(text=WORDS)
    note = odf.office.Annotation()
    note.addElement(odf.dc.Creator(text=TRACE))
    note.addElement(odf.dc.Date(text=TRACE))
    note.addElement(odf.text.P(text=WORDS))
    paragraph.addElement(note)
    paragraph.addElement(odf.text.AuthorName(fixed="true", text=TRACE))
    document.text.addElement(paragraph)
    document.addPictureFromString(jpeg(), "image/jpeg")
    document.addThumbnail(jpeg())
    out = BytesIO()
    document.write(out)
    return _with_parts(out.getvalue(), more={"Configurations2/x.xml": TRACE.encode()})


FILES: dict[str, Callable[[], bytes]] = {
    "photo.jpg": jpeg,
    "progressive.jpg": progressive,
    "screen.png": png,
    "moving.gif": gif,
    "moving.webp": webp,
    "still.webp": plain_webp,
    "scan.tif": tiff,
    "letter.pdf": pdf,
    "letter.docx": word,
    "table.xlsx": sheet,
    "talk.pptx": slides,
    "letter.odt": open_text,
}


def depths(content: bytes) -> Iterator[bytes]:
    """A file, and whatever is packed in it."""
    yield content
    if content.startswith(b"%PDF"):
        with pikepdf.open(BytesIO(content)) as document:
            out = BytesIO()
            document.save(out, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
                          object_stream_mode=pikepdf.ObjectStreamMode.disable)  # fmt: skip
            yield out.getvalue()
    elif content.startswith(b"\x89PNG"):
        yield _unpacked_texts(content)
    elif is_zipfile(BytesIO(content)):
        with ZipFile(BytesIO(content)) as package:
            for name in package.namelist():
                yield name.encode()
                yield from depths(package.read(name))


def _unpacked_texts(content: bytes) -> bytes:
    at = content.find(b"zTXt")
    start = content.find(b"\x00", at) + 2
    return zlib.decompressobj().decompress(content[start:]) if at >= 0 else b""


def traces(content: bytes) -> list[bytes]:
    """Where somebody's trace still is."""
    forms = [TRACE.encode(code) for code in ("ascii", "utf-16-le", "utf-16-be")]
    forms += [form.hex().encode() for form in forms]
    return [layer[:20] for layer in depths(content) for form in forms if form in layer or form in layer.lower()]


def told(case: Case) -> str:
    """Everything that a case tells whoever may read it."""
    history = [(event.actor, event.element, dict(event.detail)) for event in case.history()]
    notices = [(notice.to.person, notice.to.address, notice.subject, notice.text) for notice in case.notices()]
    return repr((case.id, case.key, dict(case.variables), history, notices))
