"""Where the processes are: each executable process of each diagram in the layers, by its id.

A diagram lies in ``processes/<folder>/``; the folder's policy is that of all processes in it, whatever its files are
called and however many pools a file has. A process is looked for in given folders first, so that a folder may bring
its own process of an id that another has too; where nobody says which of two is meant, both files are named.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from complaintflow.bpmn.naming import declared, named
from complaintflow.definition.layers import SHARED, Layers
from complaintflow.errors import InvalidDiagram


class Addresses:
    """The processes that layers have. A file is read once; new files are seen after ``look``."""

    def __init__(self, layers: Layers) -> None:
        self._layers = layers
        self._shipped = layers.layers[-1].name
        self._diagrams: dict[str, str] = {}
        self._contents: dict[tuple[str, str], bytes] = {}

    def look(self) -> None:
        """See which files there are."""
        self._diagrams = self._layers.diagrams()

    def find(self, process_id: str, folders: Sequence[str] = ()) -> str | None:
        """The path of the diagram that has a process; None: no layer has it.

        Args:
            folders: where to look first, in this order; then in all others, and in the shared one last.

        Raises:
            InvalidDiagram: several files have it, and the folders do not say which is meant.
        """
        paths = self.paths(process_id)
        inside = ([path for path in paths if folder_of(path) == folder] for folder in folders)
        first = next(filter(None, inside), None)
        found = first or [path for path in paths if folder_of(path) != SHARED] or paths
        if len(found) > 1:
            raise InvalidDiagram(
                f"two files have the process '{process_id}'",
                where=" and ".join(f"{self._diagrams[path]}/{path}" for path in found[:2]),
                advice="rename one of the processes",
            )
        return found[0] if found else None

    def paths(self, process_id: str) -> list[str]:
        """The diagrams that have a process."""
        return [path for path in self._diagrams if process_id in self._ids(path)]

    def folders(self, process_id: str) -> frozenset[str]:
        """The folders that have a process."""
        return frozenset(map(folder_of, self.paths(process_id)))

    def inside(self, folder: str) -> list[str]:
        """The ids of the processes in a folder, the one called like it first."""
        paths = [path for path in self._diagrams if folder_of(path) == folder]
        return list(dict.fromkeys(one for path in sorted(paths, key=_is_main, reverse=True) for one in self._ids(path)))

    def listed(self) -> list[str]:
        """The ids of the processes that people start, sorted: shared ones and those that others call are left out."""
        self.look()
        mains = {path for path in self._diagrams if _is_main(path)}
        # What we ship besides is called by ours, also where a layer replaces it.
        others = self._diagrams.keys() - mains - self._layers.shipped()
        own = [path for path, layer in self._diagrams.items() if layer != self._shipped]
        called = {one for path in own for one in named(self._content(path), path).processes}
        further = {one for path in others if folder_of(path) != SHARED for one in self._ids(path)}
        found = {one for path in mains for one in self._ids(path) if one == folder_of(path) or one not in called}
        return sorted(found | (further - called))

    def begun_by(self, word: str) -> list[str]:
        """The ids of all processes that begin with an event and whose file has the word in it, sorted.

        Most files have not, and are not compiled to say so.
        """
        self.look()
        written, found = word.encode(), set()
        for path in self._diagrams:
            content = self._content(path)
            # A name may be written with references to characters.
            if written in content or b"&" in written or b"&#" in content:
                found |= {one for one, by_event in declared(content, path).items() if by_event}
        return sorted(found)

    def _ids(self, path: str) -> Sequence[str]:
        stem = PurePosixPath(path).stem
        if self._diagrams[path] == self._shipped:
            return (stem,)  # a test of ours holds the shipped diagrams to it; nothing is read to know it
        found = declared(self._content(path), path)
        # Whoever asks for a process whose diagram cannot be used shall be told why.
        return tuple(found) or ((stem,) if _is_main(path) else ())

    def _content(self, path: str) -> bytes:
        key = self._diagrams[path], path
        if key not in self._contents:
            parts = self._layers.every(path)
            self._contents[key] = parts[0].content if parts else b""
        return self._contents[key]


def folder_of(path: str) -> str:
    """The folder of a diagram inside ``processes/``."""
    return PurePosixPath(path).parts[1] if path.count("/") > 1 else ""


def _is_main(path: str) -> bool:
    """Whether a diagram has the name of its folder."""
    return PurePosixPath(path).stem == folder_of(path)
