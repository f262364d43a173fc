"""What nobody uses: left over, or misspelled where it should be used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Final

from complaintflow.check.facts import Facts
from complaintflow.check.finding import NOTE, WARNING, Finding, readable
from complaintflow.definition.layers import SHARED, Layer, Layers

if TYPE_CHECKING:
    from complaintflow.definition.definition import Bundle
    from complaintflow.policy.policy import Policy

# Files beside the parts of a bundle that have a meaning of their own.
_BESIDE: Final = frozenset({"README.md", "clauses.csv", "payload.json", "demo.json", "__init__.py"})
# Entries that the library itself reads.
_READ_BY_US: Final = frozenset({"texts.language", "texts.staff_language"})
# Retention is kept by the engine, not named in a diagram.
_SECTIONS: Final = ("deadlines", "repeats", "roles", "bounds", "amounts", "texts", "lists", "switches")


def unused_entries(facts: Facts) -> Iterator[Finding]:
    """Policy entries that no diagram, table, form, notice or fact names."""
    if facts.policy is None:
        return
    text = "\n".join([*facts.texts.values(), *(fact.value for fact in facts.policy.facts.values())])
    known = _READ_BY_US | _named_within(facts.policy)
    for entry in facts.policy.entries():
        name = f"{entry.section}.{entry.name}"
        if entry.section not in _SECTIONS or name in known:
            continue
        if not re.search(_mention(entry.section, entry.name), text):
            where = f"{entry.file}, line {entry.line}" if entry.line else entry.file
            yield Finding(NOTE, f"nothing uses {name}", where, "use it, or delete it")


def _named_within(policy: Policy) -> set[str]:
    """The entries that the policy file itself names: a deadline around another or in a list, a role that has rights."""
    around = (deadline.inside for deadline in policy.deadlines.values())
    listed = (name for choices in policy.lists.values() for name in choices.value)
    granted = (role for grant in (*policy.access.values(), *policy.sealed.values()) for role in grant.roles)
    standing_in = (fallback.role for fallback in policy.fallbacks.values())
    return {f"deadlines.{name}" for name in (*around, *listed)} | {f"roles.{name}" for name in (*granted, *standing_in)}


def _mention(section: str, name: str) -> str:
    """How a diagram, table, form or notice names an entry."""
    if section in ("deadlines", "repeats"):
        # The name may be computed: a table that yields it as a text uses it too.
        return rf"[\"']{name}[\"']"
    mention = rf"\bpolicy\.{section}\.{name}\b"
    return mention + rf"|\brole:{name}\b" if section == "roles" else mention


# -- files ------------------------------------------------------------------------------------


def unused_files(layers: Layers, bundles: Iterable[Bundle], *, layer: str = "", process: str = "") -> list[Finding]:
    """Files of layers that no bundle has.

    Nothing is said of folders whose diagrams cannot be read, for it is not known what these use; nor of files that go
    unused because a nearer layer has a diagram of its own: they belong to the layers below, and are right there.

    Args:
        layers: which the bundles were assembled from.
        bundles: of all processes that may use the files.
        layer: look only in the layer of this name.
        process: look only in the folders of this process.
    """
    bundles = list(bundles)
    # A file counts as used only in the layer that it was taken from.
    taken = {(at, readable(path)) for bundle in bundles for path, at in bundle.origin.items()}
    known = {readable(path) for bundle in bundles for path in bundle.files}
    processes = {*layers.processes(), SHARED}
    unknown, redrawn = _illegible(bundles), _redrawn(layers, bundles)
    found = []
    for depth, one in enumerate(layers.layers):
        if layer and one.name != layer:
            continue
        for path, file in _files(one):
            folder = path.split("/")[1]
            if (process and folder != process) or folder in unknown or depth > redrawn.get(folder, depth):
                continue
            # A file that a nearer layer replaces is not left over: that is what layers are for.
            if (one.name, path) not in taken and path not in known:
                found.append(Finding(WARNING, "nothing uses this file", str(file), _why(path, processes, known)))
    return found


def _illegible(bundles: Iterable[Bundle]) -> set[str]:
    """The folders of bundles with a diagram that is not XML."""
    found: set[str] = set()
    for bundle in bundles:
        facts = Facts(bundle)
        if any(path.endswith(".bpmn") and path not in facts.legible for path in bundle.files):
            found |= {bundle.home, SHARED, *(path.split("/")[1] for path in bundle.files)}
    return found


def _redrawn(layers: Layers, bundles: Iterable[Bundle]) -> dict[str, int]:
    """Folder -> number of the nearest layer that a diagram of a bundle with files in that folder is taken from."""
    number = {layer.name: depth for depth, layer in reversed([*enumerate(layers.layers)])}
    found: dict[str, int] = {}
    for bundle in bundles:
        drawn = [number[at] for path, at in bundle.origin.items() if path.endswith(".bpmn") and at in number]
        for folder in {bundle.home, *(path.split("/")[1] for path in bundle.files)} if drawn else ():
            found[folder] = min(min(drawn), found.get(folder, min(drawn)))
    return found


def _files(layer: Layer) -> Iterator[tuple[str, Path]]:
    """Path inside the layer, and file; what has a meaning of its own is left out."""
    for kind, root in (("processes", layer.processes), ("forms", layer.forms)):
        for file in sorted(root.rglob("*")) if root.is_dir() else []:
            hidden = file.name.startswith(".") or "__pycache__" in file.parts
            inner = file.relative_to(root)
            if file.is_file() and not hidden and file.name not in _BESIDE and len(inner.parts) > 1:
                yield f"{kind}/{inner.as_posix()}", file


def _why(path: str, processes: set[str], known: set[str]) -> str:
    folder = path.split("/")[1]
    if folder not in processes:
        close = get_close_matches(folder, processes, 1)
        there = f"there are: {', '.join(sorted(processes - {SHARED}))}"
        return f"'{folder}' is no process; " + (f"did you mean '{close[0]}'?" if close else there)
    close = get_close_matches(path, known, 1, 0.85)
    return "link it in a diagram, or delete it" + (f"; or did you mean {close[0]}?" if close else "")
