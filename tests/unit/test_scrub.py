"""What an anonymous reporter attaches does not tell who they are."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import docx
import openpyxl
import pikepdf
import pptx
import pytest
from PIL import Image, ImageOps, ImageSequence

from complaintflow import Case, Engine, InvalidData
from tests import planted
from tests.planted import FILES, TRACE, WORDS, depths, told, traces

REPORT = {"channel": "web", "content": "The buyer takes money."}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine on a file."""
    with Engine(f"sqlite:///{tmp_path}/cases.db") as found:
        yield found


@pytest.fixture
def case(engine: Engine) -> Case:
    """A report without a name."""
    return engine.start("whistleblower", REPORT)


def given(engine: Engine, case: Case, name: str, content: bytes) -> bytes:
    """What is kept of a reporter's file."""
    file = engine.attach(case.id, name, content)
    return engine.attachment(case.id, file.number, actor="li.wei", reason="to read it")


@pytest.mark.parametrize("name", FILES)
def test_no_trace_is_kept(engine: Engine, case: Case, tmp_path: Path, name: str) -> None:
    """Every byte of what is kept, unpacked, and of the database is free of what was planted in the file."""
    content = FILES[name]()
    assert traces(content) or name == "still.webp"
    kept = given(engine, case, name, content)
    assert traces(kept) == []
    engine.close()
    files = [file.read_bytes() for file in tmp_path.iterdir()]
    assert files
    assert not any(word.encode() in data for data in files for word in (TRACE, WORDS, name))


@pytest.mark.parametrize("name", ["photo.jpg", "progressive.jpg", "screen.png", "moving.gif", "moving.webp",
                                  "still.webp", "scan.tif"])  # fmt: skip
def test_pictures_look_as_before(engine: Engine, case: Case, name: str) -> None:
    """Every frame has the very pixels that it had, the same way up."""
    content = FILES[name]()
    with Image.open(BytesIO(content)) as before, Image.open(BytesIO(given(engine, case, name, content))) as after:
        assert frames(after) == frames(before)
        assert after.info.get("loop") == before.info.get("loop")
        assert after.info.get("duration") == before.info.get("duration")


def frames(image: Image.Image) -> list[tuple[tuple[int, int], bytes]]:
    """The frames as they are shown."""
    shown = (ImageOps.exif_transpose(frame).convert("RGBA") for frame in ImageSequence.Iterator(image))
    return [(frame.size, frame.tobytes()) for frame in shown]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_shown_the_same_way_up(engine: Engine, case: Case, orientation: int) -> None:
    """Which way the camera was held is the one thing that stays of its EXIF."""
    kept = given(engine, case, "a.jpg", planted.jpeg(orientation))
    with Image.open(BytesIO(kept)) as image:
        assert dict(image.getexif()) == ({} if orientation == 1 else {0x0112: orientation})


def test_documents_say_what_they_said(engine: Engine, case: Case) -> None:
    """Words, tables, comments and pictures are there, and the programs' own libraries open the copies."""
    letter = docx.Document(BytesIO(given(engine, case, "a.docx", planted.word())))
    assert WORDS in [paragraph.text for paragraph in letter.paragraphs]
    assert [(comment.text, comment.author) for comment in letter.comments] == [(WORDS, "Author")]
    assert len(letter.inline_shapes) == 1
    book = openpyxl.load_workbook(BytesIO(given(engine, case, "a.xlsx", planted.sheet())))
    assert (book.active["A1"].value, book.active["A1"].comment.author) == (WORDS, "Author")
    show = pptx.Presentation(BytesIO(given(engine, case, "a.pptx", planted.slides())))
    assert [shape.has_text_frame and shape.text_frame.text for shape in show.slides[0].shapes] == [WORDS, False]
    with pikepdf.open(BytesIO(given(engine, case, "a.pdf", planted.pdf()))) as document:
        page = document.pages[0]
        assert WORDS.encode() in page.Contents.read_bytes()
        assert str(page.Annots[0].Contents) == WORDS
        assert pikepdf.PdfImage(page.Resources.XObject.Im0).as_pil_image().size == (40, 30)
    text = given(engine, case, "a.odt", planted.open_text())
    assert any(WORDS.encode() in layer for layer in depths(text))


def test_the_name_of_the_file_goes_too(engine: Engine, case: Case) -> None:
    """A name can be a person's, a camera's or a day's; ours says only what kind of file it is."""
    file = engine.attach(case.id, "Zhao Min at home.jpg", planted.jpeg())
    assert (file.name, file.by) == ("attachment-1.jpg", None)
    assert {"EXIF", "name of the file", "comment"} <= set(file.removed)
    assert "Zhao" not in told(case)
    assert "attachment-1.jpg" in told(case)


def test_an_original_is_kept_when_somebody_known_brings_it(engine: Engine, case: Case) -> None:
    """Staff attach what they have to the byte (LAW-1.4.2), and so does a reporter who gave a name."""
    photo = planted.jpeg()
    named = engine.start("whistleblower", {**REPORT, "reporter": {"name": "Zhao Min"}})
    for one, actor in ((case, "li.wei"), (named, None)):
        file = engine.attach(one.id, "photo.jpg", photo, actor=actor)
        assert (file.name, file.removed) == ("photo.jpg", ())
        assert engine.attachment(one.id, 1, actor="li.wei", reason="to compare") == photo


def with_files() -> bytes:
    """A PDF that carries another file."""
    document = pikepdf.new()
    document.add_blank_page()
    document.attachments["a.txt"] = b"x"
    return saved(document)


def locked() -> bytes:
    """A PDF behind a password."""
    document = pikepdf.new()
    document.add_blank_page()
    return saved(document, encryption=pikepdf.Encryption(user="x", owner="y"))


def saved(document: pikepdf.Pdf, **options: object) -> bytes:
    """A PDF as a file."""
    out = BytesIO()
    document.save(out, **options)  # type: ignore[arg-type]
    return out.getvalue()


REFUSED = {
    "film.mp4": (b"\x00\x00\x00\x18ftypisom" + b"\x00" * 40, "metadata cannot be taken out"),
    "photo.heic": (b"\x00\x00\x00\x18ftypheic" + b"\x00" * 40, "metadata cannot be taken out"),
    "letter.doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "metadata cannot be"),
    "mail.eml": (b"From: zhao.min@example.com\nTo: x@example.com\n\nHello", "metadata cannot be taken out"),
    "files.pdf": (with_files(), "other files inside"),
    "locked.pdf": (locked(), "protected by a password"),
    "cut.jpg": (planted.jpeg()[:200], "breaks off"),
    "cut.png": (planted.png()[:200], "damaged"),
    "cut.pdf": (b"%PDF-1.7 nothing", "cannot be read"),
    "cut.tif": (b"II*\x00" + b"\x08\x00\x00\x00" + b"\x00" * 9, "cannot be read"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_made_anonymous_is_refused(engine: Engine, case: Case, name: str) -> None:
    """The reporter hears which file, why, and what to do; nothing of it is kept, unless they say that it shall be."""
    content, why = REFUSED[name]
    with pytest.raises(InvalidData) as refusal:
        engine.attach(case.id, name, content)
    assert name in refusal.value.what
    assert why in refusal.value.what
    assert "as_is" in refusal.value.remedy
    assert engine.attachments(case.id) == []
    file = engine.attach(case.id, name, content, as_is=True)
    assert (file.name, file.removed) == (name, ())
    assert engine.attachment(case.id, 1, actor="li.wei", reason="to read it") == content
