"""XML parts of office documents: hardened reading, and what is taken out of any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from lxml import etree

from complaintflow.scrub.refusal import Broken

Element = etree._Element


def read(content: bytes) -> Element:
    """The root of a part. Raises Broken: it is no XML, or brings a DTD."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Broken("a part of it is no XML") from None
    facts: Any = root.getroottree().docinfo
    if facts.internalDTD is not None:
        raise Broken("a part of it brings a document type")
    return root


def write(root: Element) -> bytes:
    """The part as a file."""
    text: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return text


def local(name: object) -> str:
    """A tag or attribute without its namespace."""
    return str(name).rpartition("}")[2]


def elements(root: Element) -> Iterable[Element]:
    """All of them; the list is made before anything is removed."""
    return [one for one in root.iter() if isinstance(one.tag, str)]


def drop(element: Element) -> None:
    """Take an element out, and leave the text behind it."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def forget(element: Element, is_telling: Callable[[str], bool]) -> None:
    """Take the attributes away whose names (without namespace) tell something."""
    for name in [name for name in element.attrib if is_telling(local(name))]:
        del element.attrib[name]


_LOCAL: Final = ("file:", "\\\\", "//", "/home/", "/users/")


def is_local(address: str) -> bool:
    """Whether an address is a place in somebody's files: it may have their name in it."""
    lowered = address.strip().lower()
    drive = len(lowered) > 2 and lowered[0].isalpha() and lowered[1:3] in (":\\", ":/")
    return drive or lowered.startswith(_LOCAL)
