"""Reading DMN XML safely: no DTD, no entities, no network, known namespaces only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from lxml import etree

from complaintflow.errors import InvalidDecision

NAMESPACES: Final = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
}
"""Model namespaces that are read, and the version of DMN each belongs to."""

MAX_BYTES: Final = 20_000_000
"""A larger file is refused before it is parsed."""

MAX_DEPTH: Final = 100
"""Elements inside each other, where they hold logic or types; beyond, nobody could follow."""

_DECLARATION: Final = re.compile(r"^\ufeff?\s*<\?xml[^>]*\?>")
_SPACES: Final = re.compile(r"\s+")


def read(text: str | bytes, file: str) -> etree._Element:
    """The `definitions` element of a DMN file.

    Raises:
        InvalidDecision: not well-formed, too large, with a document type declaration (the way entity bombs and
            references to other files come in), or not DMN 1.1 to 1.5.
    """
    data = _DECLARATION.sub("", text).encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(data) > MAX_BYTES:
        raise InvalidDecision(f"the file has {len(data):,} bytes, more than {MAX_BYTES:,}", where=file)
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InvalidDecision(
            f"not well-formed XML: {str(error).partition(' (<string>')[0]}",
            where=file,
            advice="open it in Camunda Modeler and export it again",
        ) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise InvalidDecision(
            "the file carries a document type declaration (DOCTYPE), which could pull in other files or explode",
            where=file,
            advice="remove the <!DOCTYPE ...> line; DMN needs none",
        )
    name = etree.QName(root)
    if name.localname != "definitions" or name.namespace not in NAMESPACES:
        raise InvalidDecision(
            f"the root element is {root.tag}, not the definitions of DMN 1.1 to 1.5",
            where=file,
            advice="export the decision as DMN 1.3, as Camunda Modeler does",
        )
    return root


def guard_depth(element: etree._Element, where: str) -> None:
    """Refuse logic and types that are nested too deeply.

    Raises:
        InvalidDecision: the element stands inside more than `MAX_DEPTH` others.
    """
    if sum(1 for _ in element.iterancestors()) > MAX_DEPTH:
        raise InvalidDecision(
            f"{describe(element)} is nested more than {MAX_DEPTH} elements deep",
            where=where,
            advice="give the inner part a name of its own: a decision, a knowledge model or a type",
        )


def local(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return etree.QName(element).localname


def children(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    """Child elements in the same namespace, all or those of the given local names."""
    namespace = etree.QName(element).namespace
    for child in element:
        if not isinstance(child.tag, str):
            continue
        name = etree.QName(child)
        if name.namespace == namespace and (not names or name.localname in names):
            yield child


def child(element: etree._Element, name: str) -> etree._Element | None:
    """The first child of that local name."""
    return next(children(element, name), None)


def text_of(element: etree._Element | None) -> str:
    """The element's own text, or that of its `text` child; the empty string when there is none."""
    if element is None:
        return ""
    inner = child(element, "text")
    return (inner if inner is not None else element).text or ""


def attribute(element: etree._Element, name: str) -> str:
    """An attribute without surrounding blanks; the empty string when it is absent."""
    return (element.get(name) or "").strip()


def name_of(element: etree._Element) -> str:
    """The `name` attribute with inner blanks collapsed, as FEEL compares names (DMN 1.5, 10.3.1.4)."""
    return _SPACES.sub(" ", attribute(element, "name"))


def describe(element: etree._Element) -> str:
    """An element for people: its kind, and its name or id."""
    label = name_of(element) or attribute(element, "id")
    return f"{local(element)} '{label}'" if label else f"{local(element)} in line {element.sourceline}"
