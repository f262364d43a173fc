"""From layers to bundles: which files a process is made of.

A bundle holds the diagram, the processes it calls, the forms, decisions and notices these refer to, and
the policy values. Each is looked for in the policy's own folder, then in ``shared``, then in the folder of
a called process; in each of these the nearest layer wins. A called process of another folder uses the caller's
policy values: a ``policy.toml`` of its own with another id is refused when the two are merged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import ClassVar, Final

from complaintflow.definition import Bundle, nearest
from complaintflow.errors import UnknownProcess
from complaintflow.layers import SHARED, Layers, Part

_CALLED: Final = re.compile(rb'<zeebe:calledElement\b[^>]*?\bprocessId="([^"=][^"]*)"')
_FORM: Final = re.compile(rb'<zeebe:formDefinition\b[^>]*?\bformId="([^"=][^"]*)"')
_DECISION: Final = re.compile(rb'<zeebe:calledDecision\b[^>]*?\bdecisionId="([^"=][^"]*)"')
_HEADER: Final = re.compile(rb"<zeebe:header\b[^>]*>")
_VALUE: Final = re.compile(rb'\bvalue="([^"]*)"')


class Library:
    """The definitions that layers offer, assembled and compiled once per digest."""

    # Shared by all engines of a program: a bundle is immutable, and compiling one costs more than a hundred steps.
    _by_digest: ClassVar[dict[str, Bundle]] = {}

    def __init__(self, layers: Layers) -> None:
        self.layers = layers
        self._newest: dict[str, Bundle] = {}

    def newest(self, process_id: str) -> Bundle:
        """The bundle of a process as the layers have it now (read once per library).

        Raises:
            UnknownProcess: no layer has it.
            DefinitionError: it cannot be used.
        """
        bundle = self._newest.get(process_id)
        if bundle is None:
            bundle = self.assemble(process_id)
            known = self._by_digest.get(bundle.digest)
            if known is None or known.origin != bundle.origin:
                bundle.check()
                self._by_digest[bundle.digest] = known = bundle
            bundle = self._newest[process_id] = known
        return bundle

    def known(self, digest: str) -> Bundle | None:
        """A bundle that was used before."""
        return self._by_digest.get(digest)

    def remember(self, bundle: Bundle) -> Bundle:
        """Keep a bundle that came from a store."""
        return self._by_digest.setdefault(bundle.digest, bundle)

    def assemble(self, process_id: str) -> Bundle:
        """Gather a bundle without checking it.

        Raises:
            UnknownProcess: no layer has the process.
        """
        known = self.layers.processes()
        if process_id not in known:
            raise UnknownProcess(
                f"there is no process '{process_id}'",
                where=", ".join(layer.name for layer in self.layers.layers),
                advice=nearest(process_id, known),
            )
        parts = _Assembly(self.layers, process_id, frozenset(known)).parts
        return Bundle(
            process_id,
            {path: part.content for path, part in parts.items()},
            {path: part.layer for path, part in parts.items()},
        )


class _Assembly:
    """The parts of one bundle, by path."""

    def __init__(self, layers: Layers, process_id: str, known: frozenset[str]) -> None:
        self.layers = layers
        self.known = known
        self.folders = [process_id, SHARED]
        self.parts: dict[str, Part] = {}
        self._diagrams(process_id)
        diagrams = [part.content for part in self.parts.values()]
        self._named(diagrams, _FORM, "forms", ".form")
        self._decisions(diagrams)
        self._notices(diagrams)
        for folder in self.folders:
            self._add(self.layers.process_files(folder, ".po"))
            for depth, part in enumerate(self.layers.every(f"processes/{folder}/policy.toml")):
                path = f"processes/{folder}/{depth}.policy.toml"
                self.parts[path] = Part(path, part.layer, part.content)

    def _add(self, found: list[Part]) -> None:
        for part in found:
            self.parts.setdefault(part.path, part)

    def _find(self, kind: str, name: str) -> Part | None:
        for folder in self.folders:
            found = self.layers.every(f"{kind}/{folder}/{name}")
            if found:
                return found[0]
        return None

    def _diagrams(self, process_id: str) -> None:
        """The process, and what it calls, and what these call."""
        seen: set[str] = set()
        todo = [process_id]
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            part = self._find("processes", f"{name}.bpmn")
            if part is None and name in self.known:
                self.folders.append(name)
                part = self._find("processes", f"{name}.bpmn")
            if part is not None:
                self._add([part])
                todo += sorted(_names([part.content], _CALLED))

    def _named(self, diagrams: list[bytes], pattern: re.Pattern[bytes], kind: str, suffix: str) -> None:
        for name in sorted(_names(diagrams, pattern)):
            part = self._find(kind, f"{name}{suffix}")
            if part is not None:
                self._add([part])

    def _decisions(self, diagrams: list[bytes]) -> None:
        """Tables are known by the decisions in them, and may import each other: a folder's tables come together."""
        wanted = _names(diagrams, _DECISION)
        for folder in self.folders:
            tables = self.layers.process_files(folder, ".dmn")
            if any(f'id="{name}"'.encode() in table.content for table in tables for name in wanted):
                self._add(tables)

    def _notices(self, diagrams: list[bytes]) -> None:
        """Templates by the headers that name them; parts (with a low line) come along."""
        wanted = set(_notice_names(diagrams))
        for folder in self.folders:
            for part in self.layers.process_files(folder, ".j2"):
                name = PurePosixPath(part.path).name.split(".")[0]
                if name in wanted or name.startswith("_"):
                    self._add_notice(part)

    def _add_notice(self, part: Part) -> None:
        """The policy's own template of a name goes before a shared one."""
        name = PurePosixPath(part.path).name
        if not any(PurePosixPath(path).name == name for path in self.parts if path.endswith(".j2")):
            self._add([part])


def _names(texts: list[bytes], pattern: re.Pattern[bytes]) -> set[str]:
    return {match.decode() for text in texts for match in pattern.findall(text)}


def _notice_names(diagrams: list[bytes]) -> Iterator[str]:
    for text in diagrams:
        for header in _HEADER.findall(text):
            value = _VALUE.search(header)
            if b'key="notice"' in header and value is not None:
                yield value[1].decode()
