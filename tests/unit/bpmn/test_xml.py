"""Files that somebody else wrote cannot do harm: no DTD, no entities, bounded size, one clear error."""

from __future__ import annotations

from pathlib import Path

import pytest

from complaintflow.bpmn.reader import read_program
from complaintflow.bpmn.xml import MAX_BYTES
from complaintflow.errors import ComplaintflowError, InvalidDiagram
from tests.diagrams import document, flows, process, start, user

GOOD = document(process(start(), user("a"), flows("start > a")))


def refuse(source: str | bytes) -> InvalidDiagram:
    with pytest.raises(InvalidDiagram) as caught:
        read_program({"p.bpmn": source.encode() if isinstance(source, str) else source})
    assert "p.bpmn" in caught.value.where
    assert caught.value.remedy
    return caught.value


BILLION = (
    '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + "]>"
)


@pytest.mark.parametrize(
    "doctype",
    [
        BILLION,
        '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE d [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;]>',
        '<!DOCTYPE d SYSTEM "http://127.0.0.1:9/x.dtd">',
        "<!DOCTYPE d>",
    ],
    ids=["billion-laughs", "external-entity", "parameter-entity", "external-dtd", "bare"],
)
@pytest.mark.parametrize("used", [True, False], ids=["used", "declared"])
def test_document_types(doctype: str, used: bool) -> None:
    """A document type declaration is refused, before anything in it is expanded or fetched."""
    body = GOOD.replace('name="a"', 'name="&j;&x;"') if used else GOOD
    found = refuse('<?xml version="1.0"?>' + doctype + body)
    assert "root:" not in str(found)


def test_text_in_the_clear_never_comes_from_a_file(tmp_path: Path) -> None:
    """An external entity's content never shows up, not even in the error."""
    secret = tmp_path / "secret.txt"
    secret.write_text("swordfish", encoding="utf-8")
    found = refuse(f'<!DOCTYPE d [<!ENTITY x SYSTEM "{secret.as_uri()}">]>' + GOOD.replace('name="a"', 'name="&x;"'))
    assert "swordfish" not in str(found)


@pytest.mark.parametrize(
    "source",
    [b"", b"   ", b"\x00\x01\x02", b"not xml", b"<a>", b"<a></b>", b"<a b=1/>", GOOD[:-20].encode(),
    b"\xff\xfe<\x00a\x00",
     b'<?xml version="1.0" encoding="no-such"?><a/>', GOOD.replace("start", "\x08").encode(),
     b"PK\x03\x04" * 10],
    ids=["empty", "blank", "binary", "text", "open", "crossed", "unquoted", "cut-off", "half-utf-16",
    "unknown-encoding",
         "control", "zip"],
)  # fmt: skip
def test_broken_files(source: bytes) -> None:
    """Whatever is not XML is one clear error."""
    refuse(source)


def test_another_document() -> None:
    """XML that is not BPMN is refused by its root."""
    for source in ("<html/>", '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"/>'):
        refuse(source)


def test_size() -> None:
    """A file above the bound is not parsed at all; a text of any size below it is."""
    refuse(b"<a>" + b" " * MAX_BYTES + b"</a>")
    large = GOOD.replace(
        "</bpmn:process>", f"<bpmn:documentation>{'x' * 2_000_000}</bpmn:documentation></bpmn:process>"
    )
    assert read_program({"p.bpmn": large.encode()}).find("a") is not None


def test_depth() -> None:
    """Nesting without end is one clear error, and no crash."""
    with pytest.raises(ComplaintflowError):
        read_program({"p.bpmn": document(process(start(), "<bpmn:subProcess id='s'>" * 5000)).encode()})
    refuse("<a>" * 100_000 + "</a>" * 100_000)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "iso-8859-1"])
def test_encodings(encoding: str) -> None:
    """A file is read in the encoding that it declares."""
    name = "größe" if encoding == "iso-8859-1" else "调查"
    declared = encoding.removesuffix("-sig")
    text = f'<?xml version="1.0" encoding="{declared}"?>' + GOOD.replace('name="a"', f'name="{name}"')
    node = read_program({"p.bpmn": text.encode(encoding)}).find("a")
    assert node is not None
    assert node.label == name


def test_comments_and_processing_instructions_are_nothing() -> None:
    """They are read over wherever they stand."""
    text = GOOD.replace("<bpmn:process", "<!-- c --><?pi x?><bpmn:process").replace(
        "<bpmn:startEvent", "<!-- d --><bpmn:startEvent"
    )
    assert read_program({"p.bpmn": text.encode()}).find("a") is not None
