"""Office Open XML (ISO/IEC 29500: docx, xlsx, pptx): text, tables and pictures stay, and who wrote them when goes.

Parts about the document (properties, people, labels, printers, caches of the cloud) are left out; in the others
authors, dates, revision ids and paths into somebody's files are taken away. What cannot be looked through is refused.
"""

from __future__ import annotations

import posixpath
import re
from typing import Final

from complaintflow.scrub import markup, packages, pictures
from complaintflow.scrub.refusal import Unscrubbed

_DROPPED: Final = re.compile(
    r"docProps/|customXml/|docMetadata/|_xmlsignatures/|\[trash\]/|(?:word|xl|ppt)/(?:printerSettings/|revisions/|webextensions/"
    r"|customXml/|people\.xml|revisionInfo\.xml|changesInfos/|userShapes/|commentsIds\.xml|commentsExtensible\.xml"
    r"|connections\.xml|queryTables/|customProperty)"
)
_NEVER: Final = re.compile(r"vbaProject|activeX/|macrosheets/|\.exe$|\.dll$", re.IGNORECASE)
_EMBEDDED: Final = (".docx", ".xlsx", ".pptx")
_XML: Final = (".xml", ".rels", ".vml")
_FONTS: Final = (".odttf", ".fntdata")

_AUTHORS: Final = frozenset({"author", "initials", "userName", "userId", "providerId", "lastModifiedBy", "refreshedBy"})
_TIMES: Final = frozenset({"date", "dateUtc", "dt", "dT", "refreshedDate", "refreshedDateIso", "created", "modified"})
_TELLING_ELEMENTS: Final = frozenset(
    {"rsids", "attachedTemplate", "docId", "docVars", "mailMerge", "absPath", "revisionPtr", "fileSharing", "modId",
     "creationId", "mru", "lastEdited", "presenceInfo", "documentId", "saveThroughXslt"}
)  # fmt: skip
_PEOPLE: Final = frozenset({"cmAuthor", "author", "person"})
_PICTURE_NAMES: Final = frozenset({"docPr", "cNvPr"})
_RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_NOBODY: Final = "Author"


def scrub(content: bytes) -> tuple[bytes, list[str]]:
    """The document alone, and what was left out. Raises Unscrubbed, Broken."""
    parts = packages.read(content)
    if any(_NEVER.search(name) for name in parts):
        raise Unscrubbed("it has a program inside", "save it as a document without macros")
    dropped = {name for name in parts if _DROPPED.match(name)}
    kept = {name: data for name, data in parts.items() if name not in dropped}
    gone = {owner: _relations(owner, data, dropped) for owner, data in kept.items() if owner.endswith(".rels")}
    clean: dict[str, bytes] = {}
    for name, data in kept.items():
        if name == "[Content_Types].xml":
            clean[name] = _types(data, dropped)
        elif name in gone:
            clean[name] = gone[name][0]
        else:
            clean[name] = _part(name, data, gone.get(_relations_of(name), (b"", frozenset()))[1])
    removed = ["properties", "authors, dates and revision ids"]
    return packages.write(clean), [*removed, "parts about the document"] if dropped else removed


def _relations_of(name: str) -> str:
    folder, _, file = name.rpartition("/")
    return f"{folder}/_rels/{file}.rels".lstrip("/")


def _part(name: str, data: bytes, gone: frozenset[str]) -> bytes:
    lowered = name.lower()
    if lowered.endswith(_XML):
        return _markup(data, gone)
    if lowered.endswith(_EMBEDDED):
        return scrub(data)[0]
    if lowered.endswith(_FONTS):
        return data
    return pictures.inside(name, data)


def _types(data: bytes, dropped: set[str]) -> bytes:
    root = markup.read(data)
    for entry in markup.elements(root):
        if (entry.get("PartName") or "").lstrip("/") in dropped:
            markup.drop(entry)
    return markup.write(root)


def _relations(owner: str, data: bytes, dropped: set[str]) -> tuple[bytes, frozenset[str]]:
    """The relations of a part without those to parts that went; and their ids."""
    root, gone = markup.read(data), set()
    base = posixpath.dirname(posixpath.dirname(owner))
    for relation in markup.elements(root):
        target = relation.get("Target") or ""
        if relation.get("TargetMode") == "External":
            if markup.is_local(target):
                relation.set("Target", "about:blank")
        else:
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(base, target))
            if path in dropped:
                gone.add(relation.get("Id") or "")
                markup.drop(relation)
    return markup.write(root), frozenset(gone)


def _markup(data: bytes, gone: frozenset[str]) -> bytes:
    root = markup.read(data)
    for element in markup.elements(root):
        tag = markup.local(element.tag)
        if tag in _TELLING_ELEMENTS:
            markup.drop(element)
            continue
        markup.forget(element, _tells)
        for name in [
            name for name, value in element.attrib.items() if str(name).startswith(_RELATION) and value in gone
        ]:
            del element.attrib[name]
        for name in _AUTHORS & {markup.local(name) for name in element.attrib}:
            _set(element, name)
        if tag in _PEOPLE:
            _nobody(element)
        elif tag in _PICTURE_NAMES:
            _unnamed(element)
    return markup.write(root)


def _tells(name: str) -> bool:
    return name.startswith("rsid") or name in _TIMES or name == "uid"


def _set(element: markup.Element, name: str) -> None:
    """Authors stay as somebody: a reader of the document wants to see that there is one."""
    for full in list(element.attrib):
        if markup.local(full) == name:
            element.set(full, _NOBODY)


def _nobody(element: markup.Element) -> None:
    if not len(element) and element.text:
        element.text = _NOBODY
    for name in ("name", "displayName"):
        if element.get(name) is not None:
            element.set(name, _NOBODY)


def _unnamed(element: markup.Element) -> None:
    """A picture's name and description are often the path it was taken from."""
    for name in ("descr", "title"):
        element.attrib.pop(name, "")
    if element.get("name") is not None:
        element.set("name", "Object")
