"""What a layer says otherwise than the layers below it: numbers of the policy, rules of the decision tables."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import PurePosixPath
from typing import Any, Final

from complaintflow.bpmn.xml import local, read
from complaintflow.definition.definition import Bundle
from complaintflow.definition.layers import SHARED, Layers, Part
from complaintflow.errors import ComplaintflowError
from complaintflow.records import NamedTuple

# Keys of an entry that say something about it, not what it is.
_ABOUT: Final = frozenset({"clause", "why", "label", "from"})
_NONE: Final = "-"


class Changed(NamedTuple):
    """One value, both ways.

    Attributes:
        name: `deadlines.answer.within`, or a decision and its rules.
        before, after: what the layer below says, and what the layer over it says; "-": nothing.
        below, layer: the names of the two layers.
        file: where the nearer layer says it.
    """

    name: str
    before: str
    after: str
    below: str
    layer: str
    file: str


def changes(bundle: Bundle, layers: Layers) -> list[Changed]:
    """Of every policy and decision table of a bundle; what cannot be read is told by the other checks."""
    policies = (path for path in bundle.files if path.endswith("policy.toml"))
    paths = dict.fromkeys(f"{PurePosixPath(path).parent}/policy.toml" for path in policies)
    paths |= dict.fromkeys(path for path in bundle.files if path.endswith(".dmn"))
    return list(dict.fromkeys(one for path in paths for one in changes_of(path, layers)))


def changes_of(path: str, layers: Layers) -> list[Changed]:
    """Those of one policy file or decision table, given as it lies in a layer; none of another file."""
    kind = PurePosixPath(path).suffix
    return list(_policy(path, layers) if kind == ".toml" else _tables(path, layers) if kind == ".dmn" else ())


def _policy(path: str, layers: Layers) -> Iterator[Changed]:
    """Keys that a nearer layer's file gives another value than the file below it that has them."""
    texts: list[tuple[Part, dict[str, Any]]] = []
    shared = f"processes/{SHARED}/policy.toml"
    for part in (*layers.every(path), *(layers.every(shared) if path != shared else ())):
        try:
            texts.append((part, _flat(tomllib.loads(part.content.decode("utf-8-sig")))))
        except ValueError:
            return
    said: set[str] = set()
    lowest = layers.layers[-1].name
    for number, (part, values) in enumerate(texts):
        for name, after in values.items():
            if name in said or part.layer == lowest:
                continue
            said.add(name)
            below = ((one.layer, base[name]) for one, base in texts[number + 1 :] if name in base)
            layer, before = next(((layer, value) for layer, value in below if layer != part.layer), ("", after))
            if before != after:
                yield Changed(name, _shown(before), _shown(after), layer, part.layer, f"{part.layer}/{part.path}")


def _flat(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Section, entry and key -> value; of `[policy]` only what is counted by."""
    found: dict[str, Any] = {}
    for section, entries in tables.items():
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            if section == "policy":
                if name not in ("id", "title", "source", "dropped_marks"):
                    found[f"{section}.{name}"] = entry
            elif isinstance(entry, dict):
                found |= {f"{section}.{name}.{key}": value for key, value in entry.items() if key not in _ABOUT}
    return found


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name} {_shown(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or _NONE
    return ("false", "true")[value] if isinstance(value, bool) else str(value) or '""'


def _tables(path: str, layers: Layers) -> Iterator[Changed]:
    """Rules of a decision table that the nearest layer writes otherwise than the one below."""
    parts = layers.every(path)
    if len(parts) < 2:
        return
    try:
        after, before = (_rules(part.content, path) for part in parts[:2])
    except ComplaintflowError:
        return
    place = {"below": parts[1].layer, "layer": parts[0].layer, "file": f"{parts[0].layer}/{path}"}
    for decision in dict.fromkeys((*before, *after)):
        ours, theirs = before.get(decision, []), after.get(decision, [])
        for kind, first, last, start, end in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
            if kind == "equal":
                continue
            for number in range(max(last - first, end - start)):
                old, new = _at(ours, first + number, last), _at(theirs, start + number, end)
                rule = start + number + 1 if new is not None else first + number + 1
                yield Changed(f"{decision}, rule {rule}", old or _NONE, new or _NONE, **place)


def _at(rules: Sequence[str], index: int, end: int) -> str | None:
    return rules[index] if index < end else None


def _rules(source: bytes, path: str) -> dict[str, list[str]]:
    """Decision id -> its rules, each as conditions and results in one line."""
    found: dict[str, list[str]] = {}
    for decision in (one for one in read(source, path).iter("{*}decision")):
        rules = []
        for rule in decision.iter("{*}rule"):
            cells: dict[str, list[str]] = {"inputEntry": [], "outputEntry": []}
            for cell in rule:
                if isinstance(cell.tag, str) and local(cell) in cells:
                    cells[local(cell)].append(" ".join("".join(map(str, cell.itertext())).split()) or _NONE)
            rules.append(" | ".join(cells["inputEntry"]) + " => " + " | ".join(cells["outputEntry"]))
        if rules:
            found[str(decision.get("id"))] = rules
    return found
