"""OpenDocument (ISO/IEC 26300: odt, ods, odp, odg): text, tables and pictures stay, who wrote them when goes."""

from __future__ import annotations

import re
from typing import Final

from complaintflow.scrub import markup, packages, pictures
from complaintflow.scrub.refusal import Unscrubbed

_MANIFEST: Final = "META-INF/manifest.xml"
_FIRST: Final = "mimetype"
_DROPPED: Final = re.compile(
    r"(?:.*/)?(?:meta\.xml|settings\.xml|manifest\.rdf|layout-cache|Thumbnails/.*|Configurations2/.*|ObjectReplacements/.*)$"
    r"|META-INF/(?!manifest\.xml)"
)
_NEVER: Final = re.compile(r"(?:Basic|Scripts|Dialogs)/")
_FONTS: Final = (".ttf", ".otf", ".woff")
# Fields that print who, when and where: their text is what they printed last.
_FIELDS: Final = frozenset(
    {"author-name", "author-initials", "initial-creator", "creator", "printed-by", "file-name", "template-name",
     "creation-date", "creation-time", "modification-date", "modification-time", "print-date", "print-time",
     "editing-duration", "editing-cycles", "meta-field", "user-defined"}
    | {f"sender-{what}" for what in (
        "firstname", "lastname", "initials", "title", "position", "email", "phone-private", "fax", "company",
        "phone-work", "street", "city", "postal-code", "country", "state-or-province")}
)  # fmt: skip
_TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_DC: Final = "{http://purl.org/dc/elements/1.1/}"
_INITIALS: Final = frozenset({"creator-initials", "sender-initials"})
_LINK: Final = "{http://www.w3.org/1999/xlink}href"
_NOBODY: Final = "Author"


def scrub(content: bytes) -> tuple[bytes, list[str]]:
    """The document alone, and what was left out. Raises Unscrubbed, Broken."""
    parts = packages.read(content)
    if any(_NEVER.match(name) for name in parts):
        raise Unscrubbed("it has a program inside", "save it as a document without macros")
    if b"encryption-data" in parts.get(_MANIFEST, b""):
        raise Unscrubbed("it is protected by a password", "save it without one")
    dropped = {name for name in parts if _DROPPED.match(name)}
    clean = {name: _part(name, data, dropped) for name, data in parts.items() if name not in dropped}
    removed = ["properties", "authors and dates", "thumbnail"]
    return packages.write(clean, stored=_FIRST), removed


def _part(name: str, data: bytes, dropped: set[str]) -> bytes:
    if name == _FIRST:
        return data
    if name == _MANIFEST:
        return _manifest(data, dropped)
    if name.lower().endswith(".xml"):
        return _markup(data)
    if name.lower().endswith(_FONTS):
        return data
    return pictures.inside(name, data)


def _manifest(data: bytes, dropped: set[str]) -> bytes:
    root = markup.read(data)
    for entry in markup.elements(root):
        path = next((value for name, value in entry.attrib.items() if markup.local(name) == "full-path"), "")
        if path in dropped or _DROPPED.match(str(path)):
            markup.drop(entry)
    return markup.write(root)


def _markup(data: bytes) -> bytes:
    root = markup.read(data)
    for element in markup.elements(root):
        tag = str(element.tag)
        name = markup.local(tag)
        if tag == f"{_DC}creator":
            element.text = _NOBODY
        elif tag == f"{_DC}date" or name in _INITIALS:
            markup.drop(element)
            continue
        elif tag.startswith(_TEXT) and name in _FIELDS:
            element.text = ""
            for child in list(element):
                element.remove(child)
            element.attrib.clear()
        markup.forget(element, lambda one: "rsid" in one)
        if markup.is_local(str(element.get(_LINK, ""))):
            element.set(_LINK, "about:blank")
    return markup.write(root)
