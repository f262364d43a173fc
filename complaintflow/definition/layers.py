"""Variants are layers: a file is looked up in your folders first, then in installed packages, then in ours.

A layer is a folder with ``processes/<policy>/`` and ``forms/<policy>/`` in it, or any part of that.
It may replace one diagram, one table, one form, one notice, or one number in ``policy.toml``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from complaintflow.errors import UnknownProcess
from complaintflow.records import dataclass

ENTRY_POINT: Final = "complaintflow.processes"
SHARED: Final = "shared"
_ROOMS: Final = ("processes", "forms")


@dataclass(frozen=True, slots=True)
class Layer:
    """One place to look: a name for people, and its two folders."""

    name: str
    processes: Path
    forms: Path

    @classmethod
    def folder(cls, path: str | Path) -> Layer:
        """A layer on disk.

        Raises:
            UnknownProcess: there is no such folder, or neither ``processes/`` nor ``forms/`` is in it.
        """
        root = Path(path)
        if not root.is_dir():
            raise UnknownProcess(
                "a layer is not a folder",
                where=str(root),
                advice="give a folder with processes/<policy>/ in it, for example one made by `complaintflow init`",
            )
        found = cls(str(root), root / "processes", root / "forms")
        if not (found.processes.is_dir() or found.forms.is_dir()):
            # Taken in silence it would change nothing, and the shipped values would be in force.
            raise UnknownProcess(
                "the folder of a layer has neither processes/ nor forms/ in it",
                where=str(root),
                advice=f"a layer is the folder that holds processes/ and forms/{_meant(root)}",
            )
        return found


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a definition and where it came from. ``path`` is relative, e.g. ``processes/customer/policy.toml``."""

    path: str
    layer: str
    content: bytes


class Layers:
    """An ordered list of layers, the nearest first."""

    def __init__(self, folders: Sequence[str | Path] = (), *, installed: bool = True) -> None:
        self.layers: list[Layer] = [Layer.folder(folder) for folder in folders]
        self._given = len(self.layers)
        if installed:
            self.layers += _installed()
        self.layers.append(_shipped())

    @cached_property
    def checked(self) -> frozenset[str]:
        """The digests of the bundles that we ship and have checked: a content of that digest passes every check."""
        file = self.layers[-1].processes / "checked.json"
        return frozenset(json.loads(file.read_bytes()).values()) if file.is_file() else frozenset()

    def processes(self) -> list[str]:
        """The folders that have a diagram of their own name, sorted."""
        found = {
            folder.name
            for layer in self.layers
            if layer.processes.is_dir()
            for folder in layer.processes.iterdir()
            if (folder / f"{folder.name}.bpmn").is_file()
        }
        return sorted(found)

    def diagrams(self) -> dict[str, str]:
        """Path of each diagram in force -> name of the layer it comes from, sorted by path."""
        found: dict[str, str] = {}
        for layer in self.layers:
            for path in _diagrams(layer):
                found.setdefault(path, layer.name)
        return dict(sorted(found.items()))

    def shipped(self) -> frozenset[str]:
        """The paths of the diagrams that we ship, whether a layer replaces them or not."""
        return frozenset(_diagrams(self.layers[-1]))

    def policies_with(self, word: str) -> list[str]:
        """The folders that have a policy file with this word in it, sorted."""
        files = (file for layer in self.layers for file in layer.processes.glob("*/policy.toml"))
        return sorted({file.parent.name for file in files if word.encode() in file.read_bytes()})

    def process_files(self, policy: str, suffix: str) -> list[Part]:
        """The files of one policy that end so, nearest layer wins, sorted by path."""
        return self._gather("processes", policy, suffix)

    def form_files(self, policy: str) -> list[Part]:
        """The forms of one policy."""
        return self._gather("forms", policy, ".form")

    def every(self, path: str) -> list[Part]:
        """The same file from every layer that has it, the nearest first."""
        return [
            Part(path, layer.name, file.read_bytes())
            for layer in self.layers
            if (file := _inside(layer, path)) is not None
        ]

    def strays(self) -> list[Path]:
        """Folders in the given layers that are called like no folder with a diagram: nothing uses them. Sorted."""
        known = {path.split("/")[1] for path in self.diagrams()} | {SHARED} if self._given else set()
        return sorted(
            Path(folder)
            for layer in self.layers[: self._given]
            for root in (layer.processes, layer.forms)
            for folder in (os.scandir(root) if root.is_dir() else ())
            if folder.is_dir() and folder.name not in known and not folder.name.startswith((".", "__"))
        )

    def _gather(self, kind: str, policy: str, suffix: str) -> list[Part]:
        parts: dict[str, Part] = {}
        for layer in self.layers:
            for inside, file in _files(getattr(layer, kind) / policy, suffix):
                path = f"{kind}/{policy}/{inside}"
                parts.setdefault(path, Part(path, layer.name, file.read_bytes()))
        return [parts[path] for path in sorted(parts)]


def _meant(root: Path) -> str:
    """The layer that a folder lies in, or that lies in it, as the end of an advice; often empty."""
    place = root.resolve()
    inside = [place.parents[at] for at, one in enumerate((place, *place.parents[:-1])) if one.name in _ROOMS]
    below = (one for one in sorted(place.iterdir()) if any(os.path.isdir(one / name) for name in _ROOMS))
    found = inside[0] if inside else next(below, None)
    return f"; did you mean {os.path.relpath(found)}?" if found is not None else ""


def _diagrams(layer: Layer) -> Iterator[str]:
    for folder in os.scandir(layer.processes) if layer.processes.is_dir() else ():
        for file in os.scandir(folder.path) if folder.is_dir() else ():
            if file.name.endswith(".bpmn") and file.is_file():
                yield f"processes/{folder.name}/{file.name}"


def _files(folder: Path, suffix: str) -> Iterator[tuple[str, Path]]:
    """The path inside the folder, with slashes, and the file."""
    root = str(folder)
    for place, _, names in os.walk(root):
        inner = place[len(root) :].replace(os.sep, "/").lstrip("/")
        for name in names:
            if name.endswith(suffix) and (file := Path(place, name)).is_file():
                yield f"{inner}/{name}" if inner else name, file


def _inside(layer: Layer, path: str) -> Path | None:
    kind, _, rest = path.partition("/")
    file = (layer.processes if kind == "processes" else layer.forms) / rest
    return file if file.is_file() else None


def _installed() -> list[Layer]:
    """Folders that installed packages announce: entry point value = a package with processes/ in it."""
    if not _announced():
        return []
    from importlib.metadata import entry_points  # with email, zipfile and sockets a tenth of our own import

    layers = []
    for point in sorted(entry_points(group=ENTRY_POINT), key=lambda point: point.name):
        spec = find_spec(point.module)
        for root in (spec.submodule_search_locations or []) if spec is not None else []:
            layers.append(Layer(f"package {point.module}", Path(root) / "processes", Path(root) / "forms"))
    return layers


def _announced() -> bool:
    """Whether any installed package can announce a layer: most programs have none, and are spared the full look.

    Looked at are the files that ``importlib.metadata`` would parse; where there may be others, the answer is yes.
    """
    if any(hasattr(finder, "find_distributions") for finder in sys.meta_path if finder is not PathFinder):
        return True
    word = ENTRY_POINT.encode()
    return any(word in _entry_points(info) for place in dict.fromkeys(sys.path) for info in _infos(place or "."))


def _infos(place: str) -> list[str]:
    """Where the packages in one place of ``sys.path`` say what they are."""
    try:
        found = os.listdir(place)
    except NotADirectoryError:
        return [place]  # a zip file, or something that only its own importer knows
    except OSError:
        return []
    return [os.path.join(place, name) for name in found if name.lower().endswith(("dist-info", "egg-info"))]


def _entry_points(info: str) -> bytes:
    """What they announce, unparsed; of what is no folder, nothing is known but that it may announce a layer."""
    try:
        with open(os.path.join(info, "entry_points.txt"), "rb") as file:
            return file.read()
    except NotADirectoryError:
        return b"" if info.lower().endswith("egg-info") else ENTRY_POINT.encode()
    except OSError:
        return b""


def _shipped() -> Layer:
    def root(package: str) -> Path:
        spec = find_spec(f"complaintflow.{package}")
        if spec is None or spec.origin is None:
            raise UnknownProcess(
                "the shipped processes are missing",
                where=f"complaintflow.{package}",
                advice="install complaintflow again",
            )
        return Path(spec.origin).parent

    return Layer("complaintflow", root("processes"), root("forms"))
