"""Variables live in scopes, as in Camunda 8: each sub-process, iteration or mapped activity may open one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any


class Ambient(dict[str, Any]):
    """What every expression of a process may read and nobody may write (``policy``, ``case``).

    Args:
        name: whose they are: the id of the policy that governs the process.
        values: name -> value.
        functions: what expressions may call beyond FEEL.
        elsewhere: file of a called process -> its own surroundings; None where the caller's serve it.

    Attributes:
        name, functions: see above.
    """

    def __init__(
        self,
        name: str,
        values: Mapping[str, Any],
        functions: Mapping[str, Callable[..., Any]],
        elsewhere: Callable[[str], Ambient | None],
    ) -> None:
        super().__init__(values)
        self.name = name
        self.functions = functions
        self._elsewhere = elsewhere

    def called(self, file: str) -> Ambient:
        """The surroundings of a process in this file that is called from here."""
        return self._elsewhere(file) or self


class Apart:
    """Stands for a value that is stored apart from the state, until somebody reads it.

    Attributes:
        key: where it is stored.
    """

    __slots__ = ("_fetch", "key")

    def __init__(self, key: str, fetch: Callable[[str], Any]) -> None:
        self.key = key
        self._fetch = fetch

    def read(self) -> Any:
        """The value, the same object each time."""
        return self._fetch(self.key)


class Scope(Mapping[str, Any]):
    """A frame of variables with a parent; reading looks outward, as far as ``ambient``.

    ``ambient`` holds what every expression may read and nobody may write (``policy``, ``case``): it comes first, and is
    that of the outermost scope.
    A variable that is null is there; a variable that was never set is not.

    Attributes:
        kept: name -> value, where one that nobody has read may be ``Apart``.
    """

    __slots__ = ("_lacks", "ambient", "journal", "kept", "noted", "number", "parent")

    def __init__(
        self,
        number: int,
        parent: Scope | None,
        variables: dict[str, Any],
        ambient: Mapping[str, Any],
    ) -> None:
        self.number = number
        self.parent = parent
        self.kept = variables
        self._lacks = False
        self.ambient: Mapping[str, Any] = ambient if parent is None else parent.ambient
        # Where changes are noted, if anything waits for a condition: (scope, variable, "create" or "update").
        self.journal: list[tuple[Scope, str, str]] | None = None
        # Names of variables that got another value, if somebody asked.
        self.noted: set[str] | None = None

    @property
    def variables(self) -> dict[str, Any]:
        """Name -> value of what is here itself."""
        if self._lacks:
            self.kept.update({name: value.read() for name, value in self.kept.items() if type(value) is Apart})
            self._lacks = False
        return self.kept

    def lend(self, name: str, value: Apart) -> None:
        """Have a variable here whose value is fetched when it is read."""
        self.kept[name] = value
        self._lacks = True

    @property
    def policy_id(self) -> str:
        """The policy that governs what reads here."""
        return self.ambient.name if isinstance(self.ambient, Ambient) else ""

    @property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """What expressions that read here may call beyond FEEL."""
        return self.ambient.functions if isinstance(self.ambient, Ambient) else {}

    def called(self, file: str) -> Mapping[str, Any]:
        """What surrounds the outermost scope of a process that is called from here."""
        return self.ambient.called(file) if isinstance(self.ambient, Ambient) else self.ambient

    def __getitem__(self, name: str) -> Any:
        if name in self.ambient:
            return self.ambient[name]
        scope: Scope | None = self
        while scope is not None:
            if name in scope.kept:
                return scope._read(name)
            scope = scope.parent
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.kept:
                return True
            scope = scope.parent
        return name in self.ambient

    def __iter__(self) -> Iterator[str]:
        return iter(self.visible() | dict(self.ambient))

    def __len__(self) -> int:
        return len(self.visible() | dict(self.ambient))

    def visible(self) -> dict[str, Any]:
        """Every variable that can be read here, inner ones over outer ones."""
        seen: dict[str, Any] = {}
        for scope in self.frames():
            seen.update(scope.variables)
        return seen

    def frames(self) -> list[Scope]:
        """This one and those around it, outer before inner."""
        found: list[Scope] = []
        scope: Scope | None = self
        while scope is not None:
            found.append(scope)
            scope = scope.parent
        return found[::-1]

    def copy(self, others: Iterable[Scope]) -> None:
        """Have here what others have, later ones over earlier ones; what is stored apart is not read for it."""
        for other in others:
            self.kept.update(other.kept)
            self._lacks = self._lacks or other._lacks

    def declare(self, path: str, value: Any) -> None:
        """Set a variable here; a dotted path reaches into a context."""
        name, _, rest = path.partition(".")
        self._set(name, _inside(self.variables.get(name), rest, value) if rest else value)

    def take(self, variables: Mapping[str, Any]) -> None:
        """Set variables here; a name is no path."""
        for name, value in variables.items():
            self._set(name, value)

    def propagate(self, name: str, value: Any) -> None:
        """Set a variable where it is known; one that is new goes to the outermost scope."""
        scope = self
        while name not in scope.kept and scope.parent is not None:
            scope = scope.parent
        scope._set(name, value)

    def sees(self, other: Scope, name: str) -> bool:
        """Whether this variable, read here, is the one of the other scope."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.kept:
                return scope is other
            scope = scope.parent
        return False

    def _read(self, name: str) -> Any:
        value = self.kept[name]
        return value.read() if type(value) is Apart else value

    def _set(self, name: str, value: Any) -> None:
        if type(value) is Apart:
            if self.journal is None and self.noted is None:
                self.lend(name, value)
                return
            value = value.read()
        if self.journal is not None:
            known = name in self.kept
            if not known or self._read(name) != value:
                self.journal.append((self, name, "update" if known else "create"))
        if self.noted is not None and (name not in self.kept or self._read(name) != value):
            self.noted.add(name)
        self.kept[name] = value


def _inside(context: Any, path: str, value: Any) -> dict[str, Any]:
    """A copy of ``context`` in which ``path`` is ``value``."""
    name, _, rest = path.partition(".")
    copy = dict(context) if isinstance(context, dict) else {}
    copy[name] = _inside(copy.get(name), rest, value) if rest else value
    return copy
