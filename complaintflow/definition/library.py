"""From layers to bundles: which files a process is made of.

A bundle holds the diagram, the processes it calls, the forms, decisions and notices these refer to, and
the policy values. Each is looked for in the folder of the process, then in ``shared``, then in the folder of
a called process (processes by their ids, see ``addresses.py``); in each of these the nearest layer wins. What a
process of another folder names is looked for in that folder first: it brings its own forms, tables, notices and
policy values (see ``policies.py``).
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import ClassVar, Final

from complaintflow.bpmn.naming import declared, named
from complaintflow.definition.addresses import Addresses, folder_of
from complaintflow.definition.definition import Bundle
from complaintflow.definition.fitting import marks, nearest
from complaintflow.definition.layers import SHARED, Layers, Part
from complaintflow.errors import UnknownProcess

# How long advice is that names ids, in characters.
_LINE: Final = 160


class Library:
    """The definitions that layers offer, assembled and compiled once per digest."""

    # Shared by all engines of a program: a bundle is immutable, and compiling one costs more than a hundred steps.
    _by_digest: ClassVar[dict[str, Bundle]] = {}

    def __init__(self, layers: Layers) -> None:
        self.layers = layers
        self.addresses = Addresses(layers)
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
            if known is None or (known.origin, known.replaced) != (bundle.origin, bundle.replaced):
                self._check(bundle)
                self._by_digest[bundle.digest] = known = bundle
            bundle = self._newest[process_id] = known
        return bundle

    def _check(self, bundle: Bundle) -> None:
        """What we ship was checked when it was packed; the layers may still have taken a guard away."""
        if bundle.digest in self.layers.checked:
            bundle.trust()
            marks(bundle)
        else:
            bundle.check()

    def processes(self) -> list[str]:
        """The ids of the processes that people start, sorted."""
        return self.addresses.listed()

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
            InvalidDiagram: two files have it, or a process that it calls.
        """
        self.addresses.look()
        path = self.addresses.find(process_id)
        if path is None:
            raise UnknownProcess(
                f"there is no process '{process_id}'",
                where=", ".join(layer.name for layer in self.layers.layers),
                advice=self._meant(process_id),
            )
        assembly = _Assembly(self.layers, self.addresses, process_id, folder_of(path))
        return Bundle(
            process_id,
            {path: part.content for path, part in assembly.parts.items()},
            {path: part.layer for path, part in assembly.parts.items()},
            assembly.replaced,
        )

    def _meant(self, process_id: str) -> str:
        """Advice for an id that no process has: what the file of that name has, or the nearest id; else none."""
        for part in self.layers.every(f"processes/{process_id}/{process_id}.bpmn")[:1]:
            return f"{part.path} has: {', '.join(declared(part.content, part.path))}"
        advice = nearest(process_id, self.addresses.listed())
        # More ids than anybody reads in a line are left to `complaintflow processes`, which the error then names.
        return advice if len(advice) <= _LINE else ""


class _Assembly:
    """The parts of one bundle, by path, and the diagrams that they replace."""

    def __init__(self, layers: Layers, addresses: Addresses, process_id: str, home: str) -> None:
        self.layers = layers
        self.addresses = addresses
        self.folders = [home, SHARED]
        self.parts: dict[str, Part] = {}
        self.replaced: dict[str, list[Part]] = {}
        self._diagrams(process_id)
        diagrams = list(self.parts.values())
        self._forms(diagrams)
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

    def _find(self, kind: str, name: str, first: str = "") -> list[Part]:
        """Every file of that name, the one in force first; ``first`` is a folder to look in before the others."""
        folders = dict.fromkeys([first, *self.folders] if first else self.folders)
        return [part for folder in folders for part in self.layers.every(f"{kind}/{folder}/{name}")]

    def _diagrams(self, process_id: str) -> None:
        """The process, and what it calls, and what these call."""
        seen: set[str] = set()
        todo = [process_id]
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            found = self._diagram(name)
            if found and found[0].path not in self.parts:
                self._add(found[:1])
                if found[1:]:
                    self.replaced[found[0].path] = found[1:]
                todo += sorted(named(found[0].content, found[0].path).processes)

    def _diagram(self, name: str) -> list[Part]:
        """The file that has a process, and the files it replaces."""
        path = self.addresses.find(name, self.folders)
        if path is None:
            return self._find("processes", f"{name}.bpmn")  # what it has instead is said when it is compiled
        if folder_of(path) not in self.folders:
            self.folders.append(folder_of(path))
        below = [path, f"processes/{SHARED}/{PurePosixPath(path).name}"]
        return [part for one in dict.fromkeys(below) for part in self.layers.every(one)]

    def _forms(self, diagrams: list[Part]) -> None:
        for diagram in diagrams:
            folder = PurePosixPath(diagram.path).parts[1]
            # A process of another policy has its own forms; one of ours may have shared ones replaced.
            first = folder if folder in self.folders[2:] else ""
            for name in sorted(named(diagram.content, diagram.path).forms):
                found = self._find("forms", f"{name}.form", first)
                self._add(found[:1])
                if found[1:]:
                    self.replaced[found[0].path] = found[1:]

    def _decisions(self, diagrams: list[Part]) -> None:
        """Tables are known by the decisions in them, and may import each other: a folder's tables come together."""
        wanted = {name for diagram in diagrams for name in named(diagram.content, diagram.path).decisions}
        for folder in self.folders:
            tables = self.layers.process_files(folder, ".dmn")
            if any(f'id="{name}"'.encode() in table.content for table in tables for name in wanted):
                self._add(tables)

    def _notices(self, diagrams: list[Part]) -> None:
        """Templates by the headers that name them; parts (with a low line) come along."""
        wanted = {name for diagram in diagrams for name in named(diagram.content, diagram.path).notices}
        there: set[str] = set()
        for number, folder in enumerate(self.folders):
            for part in self.layers.process_files(folder, ".j2"):
                file = part.path.rpartition("/")[2]
                name = file.partition(".")[0]
                # The policy's own template of a name goes before a shared one; a called process brings its own besides.
                if (name in wanted or name.startswith("_")) and (number > 1 or file not in there):
                    there.add(file)
                    self._add([part])
