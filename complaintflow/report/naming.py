"""What the values of a policy's facts are called: by its roles, its decision tables and the choices of its forms."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from complaintflow.bpmn.xml import local
from complaintflow.labels import Labels, labels
from complaintflow.report.words import VALUES

if TYPE_CHECKING:
    from complaintflow.definition.definition import Bundle
    from complaintflow.figures.registry import Language

_NAMES: Final[Mapping[str, str]] = {"en": "name", "zh": "name_zh"}


def value_names(bundle: Bundle, language: Language) -> dict[str, str]:
    """Value -> name. What a policy's own tables and roles say goes before the choices of forms."""
    words = labels(bundle, language)
    found = {value: names[language] for value, names in VALUES.items()}
    for path, source in bundle.files.items():
        if path.endswith(".form"):
            found.update(_choices(source, words))
    for path, source in bundle.files.items():
        if path.endswith(".dmn"):
            found.update(_outputs(source, language))
    for role in bundle.policy.roles.values():
        if language in role.label:
            found[role.group] = role.label[language]
    return found


def element_names(bundle: Bundle, language: Language) -> dict[str, str]:
    """Element, flow or pool -> its label in another language; what has none is not there."""
    return {context: text for (context, _), text in labels(bundle, language).items() if "/" not in context}


def task_names(bundle: Bundle, language: Language) -> dict[str, str]:
    """Element -> what people call it, in any language; its id where it has no name."""
    return {node.bpmn_id: node.label for node in bundle.program.nodes} | element_names(bundle, language)


def _choices(source: bytes, words: Labels) -> Iterator[tuple[str, str]]:
    form = json.loads(source)
    for component in _components(form.get("components", [])):
        for choice in component.get("values") or ():
            value, label = choice.get("value"), choice.get("label")
            if isinstance(value, str) and isinstance(label, str):
                yield value, words.get((f"{form.get('id')}/{component.get('key')}", label), label)


def _components(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for component in components:
        yield component
        yield from _components(component.get("components") or [])


def _outputs(source: bytes, language: str) -> Iterator[tuple[str, str]]:
    """Of tables that put out a value with its names: the column before ``name``, by the column of the language."""
    root = etree.fromstring(source, etree.XMLParser(resolve_entities=False, no_network=True))
    for table in root.iter():
        if not isinstance(table.tag, str) or local(table) != "decisionTable":
            continue
        columns = [str(child.get("name")) for child in table if local(child) == "output"]
        if not {"name", _NAMES[language]} <= set(columns) or columns.index("name") == 0:
            continue
        value, name = columns.index("name") - 1, columns.index(_NAMES[language])
        for rule in (child for child in table if local(child) == "rule"):
            cells = [
                "".join(map(str, cell.itertext())).strip().strip('"') for cell in rule if local(cell) == "outputEntry"
            ]
            if len(cells) == len(columns) and cells[value] and cells[name]:
                yield cells[value], cells[name]
