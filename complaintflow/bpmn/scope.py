"""Variables live in scopes, as in Camunda 8: each sub-process, iteration or mapped activity may open one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class Scope(Mapping[str, Any]):
    """A frame of variables with a parent; reading looks outward, as far as ``ambient``.

    ``ambient`` holds what every expression may read and nobody may write (``policy``, ``case``): it comes first.
    A variable that is null is there; a variable that was never set is not.
    """

    __slots__ = ("ambient", "number", "parent", "variables")

    def __init__(
        self,
        number: int,
        parent: Scope | None,
        variables: dict[str, Any],
        ambient: Mapping[str, Any],
    ) -> None:
        self.number = number
        self.parent = parent
        self.variables = variables
        self.ambient = ambient

    def __getitem__(self, name: str) -> Any:
        if name in self.ambient:
            return self.ambient[name]
        scope: Scope | None = self
        while scope is not None:
            if name in scope.variables:
                return scope.variables[name]
            scope = scope.parent
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.variables:
                return True
            scope = scope.parent
        return name in self.ambient

    def __iter__(self) -> Iterator[str]:
        return iter(self.visible() | dict(self.ambient))

    def __len__(self) -> int:
        return len(self.visible() | dict(self.ambient))

    def visible(self) -> dict[str, Any]:
        """Every variable that can be read here, inner ones over outer ones."""
        frames: list[dict[str, Any]] = []
        scope: Scope | None = self
        while scope is not None:
            frames.append(scope.variables)
            scope = scope.parent
        seen: dict[str, Any] = {}
        for frame in reversed(frames):
            seen.update(frame)
        return seen

    def declare(self, path: str, value: Any) -> None:
        """Set a variable here; a dotted path reaches into a context."""
        name, _, rest = path.partition(".")
        self.variables[name] = _inside(self.variables.get(name), rest, value) if rest else value

    def propagate(self, name: str, value: Any) -> None:
        """Set a variable where it is known; one that is new goes to the outermost scope."""
        scope = self
        while name not in scope.variables and scope.parent is not None:
            scope = scope.parent
        scope.variables[name] = value


def _inside(context: Any, path: str, value: Any) -> dict[str, Any]:
    """A copy of ``context`` in which ``path`` is ``value``."""
    name, _, rest = path.partition(".")
    copy = dict(context) if isinstance(context, dict) else {}
    copy[name] = _inside(copy.get(name), rest, value) if rest else value
    return copy
