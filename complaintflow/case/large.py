"""Large values get a row of their own, so that a step does not rewrite what it did not touch.

A case's state is rewritten with every command. A variable of a megabyte (an attachment's text, an
export) would cost a millisecond each time; kept apart, it is written when it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from complaintflow.bpmn.scope import Apart, Scope
from complaintflow.bpmn.sleeping import is_asleep
from complaintflow.errors import ComplaintflowError, StaleCase
from complaintflow.store.codec import to_json

if TYPE_CHECKING:
    from complaintflow.sealing.vault import CaseCodec

# Above this size (bytes) of a state its large variables move out; below, one row is cheaper than two.
STATE_LIMIT: Final = 16_384
VALUE_LIMIT: Final = 4_096
# Bytes that a character takes in JSON at most.
_ESCAPED: Final = 6


class Large:
    """The values of one case that live in rows of their own; each is fetched when it is first read.

    Scopes that hold the same object (a called process gets its caller's variables) share a row.
    """

    def __init__(self) -> None:
        # Scope -> its large variables, as the state was stored.
        self._placed: dict[str, list[Any]] = {}
        self._loaded: dict[str, Any] = {}
        self._fetch: Callable[[], Mapping[str, bytes]] = dict
        self._rows: Mapping[str, bytes] | None = None
        self._codec: CaseCodec
        self._failed: ComplaintflowError | None = None

    def open(self, placed: dict[str, list[Any]], fetch: Callable[[], Mapping[str, bytes]], codec: CaseCodec) -> None:
        """Begin with what a stored marking says of them; ``fetch`` gives their rows."""
        self._placed, self._fetch, self._codec = placed, fetch, codec

    def keep(self) -> None:
        """Read them now: nothing can be fetched after the transaction."""
        for key in _keys(self._placed.items()):
            self._value(key)

    def require_read(self) -> None:
        """Raises what was raised when a value was fetched: to an expression that is a problem of its own, and null."""
        if self._failed is not None:
            raise self._failed

    def __bool__(self) -> bool:
        return bool(self._placed)

    def join(self, scope: Scope) -> None:
        """Lend a scope that was just opened its large values."""
        number = str(scope.number)
        for name, key in _named(number, self._placed.get(number, ())):
            scope.lend(name, Apart(key, self._value))

    def split(self, marking: dict[str, Any], codec: CaseCodec, woken: Iterable[int]) -> dict[str, bytes | None]:
        """Take large values out of a marking that is about to be written.

        A value that is still the object that was loaded stays where it is: variables are never changed in place.

        Args:
            woken: the stored scopes that this command may have changed; the others are as the last split left them.

        Returns:
            the rows to write by key; None deletes.
        """
        writes: dict[str, bytes | None] = {}
        large = dict(self._placed)
        before = _keys([(scope, large.pop(scope)) for scope in map(str, woken) if scope in large])
        rows = [row for row in marking["scopes"] if not is_asleep(row)]
        places = {id(value): key for key, value in self._loaded.items()}
        values = (value for row in rows for value in row[2].values())
        here = {key for value in values if (key := _key(value, places)) is not None}
        # Of what sleeps, which is looked at only where a key may come or go.
        elsewhere: set[str] | None = None
        for row in rows:
            scope, variables = str(row[0]), row[2]
            apart: dict[str, str] = {}
            for name, value in variables.items():
                key = _key(value, places)
                if key is None:
                    content = _content(value)
                    if len(content) <= VALUE_LIMIT:
                        continue
                    elsewhere = _keys(large.items()) if elsewhere is None else elsewhere
                    key = _unused(f"{scope}/{name}", here, elsewhere)
                    writes[key] = codec.encode_bytes(_place(key), content)
                    here.add(key)
                    places[id(value)] = key
                apart[name] = key
            if apart:
                row[2] = {name: value for name, value in variables.items() if name not in apart}
                large[scope] = [name if key == f"{scope}/{name}" else [name, key] for name, key in apart.items()]
        gone = before - here
        if gone:
            writes.update(dict.fromkeys(gone - _keys(large.items())))
        if large:
            marking["large"] = {scope: large[scope] for scope in sorted(large, key=int)}
        return writes

    def _value(self, key: str) -> Any:
        if key not in self._loaded:
            try:
                self._loaded[key] = self._codec.decode(_place(key), self._stored(key))
            except ComplaintflowError as error:
                self._failed = error
                raise
        return self._loaded[key]

    def _stored(self, key: str) -> bytes:
        if self._rows is None:
            self._rows = self._fetch()
        content = self._rows.get(key)
        if content is None:
            # The case and its values were read at two moments, and somebody wrote in between.
            raise StaleCase("a case changed while it was read", where=f"value {key}")
        return content


def placed(marking: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Scope, variable and key of each large value that a stored marking refers to."""
    for scope, entries in marking.get("large", {}).items():
        yield from ((scope, name, key) for name, key in _named(scope, entries))


def _named(scope: str, entries: Sequence[Any]) -> list[tuple[str, str]]:
    """Name and key of a scope's large values, as a marking has them."""
    return [(entry, f"{scope}/{entry}") if isinstance(entry, str) else (entry[0], entry[1]) for entry in entries]


def _keys(scopes: Iterable[tuple[str, list[Any]]]) -> set[str]:
    return {key for scope, entries in scopes for _, key in _named(scope, entries)}


def _key(value: Any, places: Mapping[int, str]) -> str | None:
    """Where a value is stored already."""
    return value.key if type(value) is Apart else places.get(id(value))


def _content(value: Any) -> bytes:
    """A value as it is stored; empty where it is surely small."""
    if isinstance(value, (list, dict)) or (isinstance(value, str) and len(value) > VALUE_LIMIT // _ESCAPED):
        return to_json(value)
    return b""


def _unused(key: str, here: Container[str], elsewhere: Container[str]) -> str:
    """The key, unless a value that another scope still holds has it."""
    while key in here or key in elsewhere:
        key += "'"
    return key


def _place(key: str) -> str:
    return f"value:{key}"
