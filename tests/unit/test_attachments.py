"""Files of a case: kept as they came, sealed, within limits, and with a record of who had them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from complaintflow import Case, Engine, InvalidData
from complaintflow.case.limits import MEGABYTE, Limits
from complaintflow.errors import CaseEnded, StoreError, UnknownAttachment, UnreadableValue
from tests.diagrams import document, end, flows, layer, process, start, user
from tests.planted import jpeg

COMPLAINT = {"channel": "phone", "content": "Cold soup.", "reporter": {"name": "Zhao Min"}}
LETTER = b"Dear all, the soup was cold. " * 40


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine on a file."""
    with Engine(f"sqlite:///{tmp_path}/cases.db") as found:
        yield found


@pytest.fixture
def case(engine: Engine) -> Case:
    """A complaint."""
    return engine.start("customer", COMPLAINT, actor="hotline")


def test_a_file_comes_back_as_it_was(engine: Engine, case: Case) -> None:
    """Bytes and open files, of any size and type that is taken, come back to the byte, with their facts (LAW-1.4.2)."""
    photo = jpeg()
    first = engine.attach(case.id, "letter.txt", LETTER, actor="li.wei", reason="came by post", content_type="text/csv")
    second = engine.attach(case.id[:10], "photo.png", BytesIO(photo), actor="zhao.min", sealed="identity")
    assert engine.attachments(case.id) == [first, second]
    assert (first.number, first.name, first.type, first.size, first.by) == (1, "letter.txt", "text/csv", 1160, "li.wei")
    assert (second.type, second.sealed, second.removed) == ("image/jpeg", "identity", ())
    assert second.sha256 == hashlib.sha256(photo).hexdigest()
    assert engine.attachment(case.id, 2, actor="li.wei", reason="to compare") == photo
    assert engine.attachment(case.id, 1, actor="li.wei", reason="to read") == LETTER


def test_custody_is_in_the_history(engine: Engine, case: Case) -> None:
    """Who brought it and why with its digest, and each reading with who and why; a refused one reads nothing."""
    file = engine.attach(case.id, "letter.txt", LETTER, actor="li.wei", reason="came by post")
    for actor, reason in (("li.wei", " "), ("", "to read")):
        with pytest.raises(InvalidData):
            engine.attachment(case.id, 1, actor=actor, reason=reason)
    engine.attachment(case.id, 1, actor="zhao.min", reason="to read")
    brought, read = engine.history(case.id)[-2:]
    assert (brought.event, brought.actor, brought.detail["reason"]) == ("attached", "li.wei", "came by post")
    assert brought.detail["sha256"] == file.sha256
    assert (read.event, read.actor) == ("accessed", "zhao.min")
    assert read.detail == {"purpose": "read", "reason": "to read", "material": "attachment:1"}
    assert engine.verify(case.id).whole


def test_nothing_of_a_file_lies_open(engine: Engine, case: Case, tmp_path: Path) -> None:
    """Neither content nor name, type or digest is in the database's files."""
    file = engine.attach(case.id, "letter-of-zhao.txt", LETTER, actor="li.wei")
    engine.close()
    stored = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    for secret in (
        LETTER[:30],
        b"letter-of-zhao",
        file.sha256.encode(),
        bytes.fromhex(file.sha256),
        b"li.wei",
        b"text/plain",
    ):
        assert secret not in stored


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("big.txt", b"x" * 3_000_001, "big.txt' has more than 3 MB"),
        ("run.exe", b"MZ\x90\x00\x03", "run.exe' is of a kind that is not known here"),
        ("page.txt", b"<html><script>", "page.txt' is of the type text/html, which is not taken here"),
        ("photo.jpg", b"PK\x03\x04 a zip", "photo.jpg' is of a kind that is not known here"),
        ("macros.docx", b"\x7fELF\x02\x01", "macros.docx' is of a kind that is not known here"),
        ("empty.txt", b"", "empty.txt' is empty"),
        ("../x.txt", b"x", "without folders"),
        ("a\x00b", b"x", "control characters"),
        ("", b"x", "needs a name"),
        ("x" * 256, b"x", "at most 255"),
    ],
)  # fmt: skip
def test_what_is_not_taken_is_refused_in_words(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    """The error names file, limit and remedy; what a file is, its content says and not its name."""
    with Engine("sqlite://", limits=Limits(file_bytes=3 * MEGABYTE)) as engine:
        case = engine.start("customer", COMPLAINT)
        for data in (content, BytesIO(content)):
            with pytest.raises(InvalidData) as refusal:
                engine.attach(case.id, name, data)
            assert words in refusal.value.what
            assert refusal.value.remedy
        assert engine.attachments(case.id) == []


def test_a_case_takes_so_much_and_no_more() -> None:
    """The sum over all files is bounded, across steps; a smaller file still fits."""
    with Engine("sqlite://", limits=Limits(case_bytes=2500)) as engine:
        case = engine.start("customer", COMPLAINT)
        engine.attach(case.id, "a.txt", LETTER)
        engine.attach(case.id, "b.txt", LETTER)
        with pytest.raises(InvalidData, match="does not fit"):
            engine.attach(case.id, "c.txt", LETTER)
        assert engine.attach(case.id, "d.txt", LETTER[:100]).number == 3


POLICY = """
[policy]
id = "files"
title = "Files"
[attachments.case]
file_megabytes = 1
types = ["image/*", "text/plain", "application/x-anything"]
clause = "X-1"
from = "document"
"""


def test_a_policy_narrows_and_never_widens(tmp_path: Path) -> None:
    """Its limits hold where they are lower than the engine's, and its types where the engine allows them too."""
    diagram = document(process(start(), user("work"), end(), flows("start > work > end"), name="files"))
    folder = layer(tmp_path, diagram, name="files", policy=POLICY)
    with Engine(
        "sqlite://", layers=[folder], limits=Limits(types=frozenset({"image/jpeg", "application/pdf"}))
    ) as engine:
        case = engine.start("files", {})
        assert engine.attach(case.id, "a.jpg", jpeg()).type == "image/jpeg"
        for name, content in (("a.txt", LETTER), ("a.pdf", b"%PDF-1.7"), ("b.jpg", b"\xff\xd8\xff" + b"x" * MEGABYTE)):
            with pytest.raises(InvalidData):
                engine.attach(case.id, name, content)


def test_a_closed_case_takes_nothing_and_still_shows_what_it_has(engine: Engine, case: Case) -> None:
    """After its end a file can be read, which is recorded, and none added; an unknown number says what there is."""
    engine.attach(case.id, "a.txt", LETTER)
    engine.cancel(case.id, "withdrawn")
    with pytest.raises(CaseEnded):
        engine.attach(case.id, "b.txt", LETTER)
    assert engine.attachment(case.id, 1, actor="li.wei", reason="an appeal") == LETTER
    with pytest.raises(UnknownAttachment, match="no attachment 2") as unknown:
        engine.attachment(case.id, 2, actor="li.wei", reason="an appeal")
    assert unknown.value.remedy == "there are: 1"
    assert [event.event for event in engine.history(case.id)][-1] == "accessed"


def test_a_changed_or_moved_file_does_not_open(engine: Engine, case: Case) -> None:
    """A byte changed in the database, or another file put in its place, is an error and not another content."""
    for name in ("a.txt", "b.txt"):
        engine.attach(case.id, name, LETTER + name.encode())
    sqlite = engine.store.engine  # type: ignore[attr-defined]
    with sqlite.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE cf_attachment SET content = (SELECT content FROM cf_attachment WHERE number = 2) WHERE number = 1"
        )
    with pytest.raises(UnreadableValue):
        engine.attachment(case.id, 1, actor="li.wei", reason="to read")
    with sqlite.begin() as connection:
        connection.exec_driver_sql("UPDATE cf_attachment SET content = substr(content, 1, 50) WHERE number = 2")
    with pytest.raises(StoreError):
        engine.attachment(case.id, 2, actor="li.wei", reason="to read")
