"""Reading XML that somebody else wrote: no DTD, no entities, no network, bounded size."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from lxml import etree

from complaintflow.errors import InvalidDiagram

BPMN: Final = "http://www.omg.org/spec/BPMN/20100524/MODEL"
ZEEBE: Final = "http://camunda.org/schema/zeebe/1.0"
CAMUNDA: Final = "http://camunda.org/schema/1.0/bpmn"
MODELER: Final = "http://camunda.org/schema/modeler/1.0"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
# What a translated diagram says beyond its dialect; no file may say it.
OURS: Final = "urn:complaintflow"

MAX_BYTES: Final = 8_000_000
# What lxml says of the text's origin, and of a line that we say ourselves.
_SOURCE: Final = r"(, line \d+, column \d+)? \(<string>, line \d+\)$"


def read(source: bytes, file: str) -> etree._Element:
    """Parse one document and return its root.

    Args:
        source: the file's bytes; the encoding is the one the document declares, else UTF-8.
        file: its name, for the error.

    Raises:
        InvalidDiagram: it is too large, not well-formed, or carries a document type declaration.
    """
    if len(source) > MAX_BYTES:
        raise InvalidDiagram(f"the file has more than {MAX_BYTES:,} bytes, and no more are read", where=file)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(source, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise InvalidDiagram(
            f"the file is not well-formed XML: {re.sub(_SOURCE, '', str(error))}",
            where=f"{file}, line {line}" if line else file,
        ) from None
    if str(getattr(root.getroottree().docinfo, "doctype", "")):
        raise InvalidDiagram(
            "the file has a document type declaration (DTD), which could hide entities",
            where=file,
            advice="delete the <!DOCTYPE ...> line; BPMN never needs one",
        )
    return root


def local(element: etree._Element) -> str:
    """The tag without its namespace."""
    return _parts(str(element.tag))[1]


def namespace(element: etree._Element) -> str:
    """The tag's namespace, or an empty string."""
    return _parts(str(element.tag))[0]


# A diagram has a thousand elements of forty tags, and each is asked for its own a dozen times.
@lru_cache(maxsize=512)
def _parts(tag: str) -> tuple[str, str]:
    space, _, name = tag.rpartition("}")
    return space[1:], name


def uses(root: etree._Element, space: str) -> bool:
    """Whether any element or attribute of the document is in a namespace."""
    return bool(root.xpath("boolean(//s:* | //@s:*)", namespaces={"s": space}))


def bpmn(name: str) -> str:
    """A BPMN tag as lxml spells it."""
    return f"{{{BPMN}}}{name}"


def zeebe(name: str) -> str:
    """A zeebe tag as lxml spells it."""
    return f"{{{ZEEBE}}}{name}"


def ours(name: str) -> str:
    """An attribute that only a translation writes, as lxml spells it."""
    return f"{{{OURS}}}{name}"


def reference(value: str | None) -> str | None:
    """An id reference without its namespace prefix (``tns:task`` -> ``task``)."""
    return value.rpartition(":")[2].strip() if value else None


def owner(element: etree._Element) -> str:
    """The id of the nearest element that has one, else the tag."""
    node: etree._Element | None = element
    while node is not None:
        if node.get("id"):
            return str(node.get("id"))
        node = node.getparent()
    return local(element)
