"""Diagrams, tables and forms in another language: the same files, only read by other people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from complaintflow.definition.layers import SHARED
from complaintflow.errors import InvalidDiagram

if TYPE_CHECKING:
    from complaintflow.definition.definition import Bundle
    from complaintflow.labels import Labels

# The texts of a form component that a person reads; everything else is for the engine.
_READ = ("label", "dateLabel", "timeLabel", "description", "text", "content", "alt", "title")


def translated(bundle: Bundle, language: str) -> dict[str, bytes]:
    """The diagrams, tables and forms of one process with the labels of a language, by path in a layer.

    Shared forms that the process uses come along, in the folder of the process, where they replace the shared ones
    for this process only. Shared diagrams stay: other processes call them too.

    Raises:
        InvalidDiagram: the process has no labels in the language.
    """
    from complaintflow.labels import labels

    process = bundle.process_id
    known = labels(bundle, language)
    if not known:
        raise InvalidDiagram(
            f"the process has no labels in '{language}'", where=f"processes/{process}/labels.{language}.po"
        )
    files: dict[str, bytes] = {}
    for path, source in bundle.files.items():
        folder, name = str(PurePosixPath(path).parent), PurePosixPath(path).name
        if folder == f"processes/{process}" and name.endswith((".bpmn", ".dmn")):
            files[path] = translate_diagram(source, path, known)
        elif folder in (f"forms/{process}", f"forms/{SHARED}") and name.endswith(".form"):
            files[f"forms/{process}/{name}"] = translate_form(source, known)
    return files


def translate_diagram(source: bytes, path: str, labels: Labels) -> bytes:
    """A diagram or table with other labels; nothing else of it changes.

    A label is a name, an annotation, the label of a table's column or the description of its row. Names in tables stay:
    expressions refer to them.
    """
    from lxml import etree

    from complaintflow.bpmn import xml

    root = xml.read(source, path)
    attributes = ("label",) if path.endswith(".dmn") else ("name",)
    for element in root.iter("{*}*"):
        context = element.get("id")
        for attribute in attributes if context else ():
            text = " ".join((element.get(attribute) or "").split())
            if (context, text) in labels:
                element.set(attribute, labels[str(context), text])
        for child in element.iterchildren("{*}text", "{*}description") if context else ():
            text = " ".join((child.text or "").split())
            if (context, text) in labels:
                child.text = labels[str(context), text]
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=False) + b"\n"


def translate_form(source: bytes, labels: Labels) -> bytes:
    """A form (form-js JSON) with other texts; ids, keys, values, rules and expressions stay.

    Texts are labels, descriptions, paragraphs, the labels of choices and the sentence for a wrong pattern. Labels that
    an expression makes up are not among them.
    """
    form = json.loads(source.decode("utf-8-sig"))
    for component in _components(form):
        context = f"{form['id']}/{component.get('key') or component.get('path') or component.get('id')}"
        _replace(component, _READ, context, labels)
        _replace(component.get("validate"), ("patternErrorMessage",), context, labels)
        for option in component.get("values") or ():
            _replace(option, ("label",), context, labels)
    return (json.dumps(form, ensure_ascii=False, indent=2) + "\n").encode()


def _components(outer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for component in outer.get("components") or ():
        yield component
        yield from _components(component)


def _replace(texts: object, names: tuple[str, ...], context: str, labels: Labels) -> None:
    if isinstance(texts, dict):
        for name in names:
            text = texts.get(name)
            if isinstance(text, str):
                texts[name] = labels.get((context, text), text)
