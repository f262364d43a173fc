"""Imported files: found, read once each, linked (DMN 1.5, 6.3.3)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

from complaintflow.dmn import tree
from complaintflow.dmn.graph import Unit
from complaintflow.dmn.parse import parse
from complaintflow.dmn.source import attribute, read
from complaintflow.errors import InvalidDecision

Resolver: TypeAlias = Callable[[str, str], str | bytes | None]
"""(namespace, location) of an import -> the file's content, or None."""

MAX_FILES: Final = 100
"""Files that one model may consist of."""


def link_files(definitions: tree.Definitions, resolver: Resolver) -> Unit:
    """A file with everything it imports, each imported namespace read once.

    Raises:
        InvalidDecision: an import that is not found, is another file than it says, or leads back to its importer.
    """
    return _Linker(resolver).unit(definitions, (definitions.namespace,))


class _Linker:
    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._units: dict[str, Unit] = {}

    def unit(self, definitions: tree.Definitions, path: tuple[str, ...]) -> Unit:
        imports: dict[str, Unit] = {}
        for each in definitions.imports:
            if each.name in imports:
                raise InvalidDecision(f"two imports have the name '{each.name}'", where=definitions.file)
            imports[each.name] = self._imported(each, definitions.file, path)
        return Unit(definitions, imports)

    def _imported(self, each: tree.Import, file: str, path: tuple[str, ...]) -> Unit:
        if each.namespace in path:
            raise InvalidDecision(f"import '{each.name}' leads back to the file that imports it", where=file)
        if each.namespace in self._units:
            return self._units[each.namespace]
        content = self._resolver(each.namespace, each.location)
        if content is None:
            raise InvalidDecision(
                f"import '{each.name}' is not found: {each.location or each.namespace}",
                where=file,
                advice="put the imported file into the same folder",
            )
        if len(self._units) >= MAX_FILES:
            raise InvalidDecision(f"the model consists of more than {MAX_FILES} files", where=file)
        definitions = parse(content, each.location or each.namespace)
        if definitions.namespace != each.namespace:
            raise InvalidDecision(
                f"import '{each.name}' wants the namespace {each.namespace}, but the file has {definitions.namespace}",
                where=file,
            )
        unit = self._units[each.namespace] = self.unit(definitions, (*path, each.namespace))
        return unit


def folder_resolver(folder: Path) -> Resolver:
    """Finds imported files in a folder: the one at the import's location, else the one with its namespace.

    A location outside the folder is not followed.
    """

    def resolve(namespace: str, location: str) -> bytes | None:
        root = folder.resolve()
        candidates = [root / location] if location else []
        candidates += sorted(root.glob("*.dmn"))
        for candidate in candidates:
            path = candidate.resolve()
            if not path.is_relative_to(root) or not path.is_file():
                continue
            data = path.read_bytes()
            if _namespace(data) == namespace:
                return data
        return None

    return resolve


def _namespace(data: bytes) -> str:
    """The namespace of a file; empty for one that is no DMN, which is nobody's import."""
    try:
        return attribute(read(data, ""), "namespace")
    except InvalidDecision:
        return ""
