"""Large values get a row of their own, so that a step does not rewrite what it did not touch.

A case's state is rewritten with every command. A variable of a megabyte (an attachment's text, an
export) would cost a millisecond each time; kept apart, it is written when it changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final

from complaintflow.errors import StaleCase
from complaintflow.records import dataclass
from complaintflow.store.codec import to_json

if TYPE_CHECKING:
    from complaintflow.sealing.vault import CaseCodec

# Above this size (bytes) of a state its large variables move out; below, one row is cheaper than two.
STATE_LIMIT: Final = 16_384
VALUE_LIMIT: Final = 4_096
# Bytes that a character takes in JSON at most.
_ESCAPED: Final = 6


@dataclass(slots=True)
class Large:
    """The values of one case that live in rows of their own: key -> the object as it was loaded.

    Scopes that hold the same object (a called process gets its caller's variables) share a row.
    """

    loaded: dict[str, Any] = field(default_factory=dict)

    def join(self, marking: dict[str, Any], values: Mapping[str, bytes], codec: CaseCodec) -> None:
        """Put the values back into the scopes of a marking that was just read."""
        scopes = {str(number): variables for number, _, variables in marking["scopes"]}
        for scope, name, key in placed(marking):
            if key not in self.loaded:
                if key not in values:
                    # The case and its values were read at two moments, and somebody wrote in between.
                    raise StaleCase("a case changed while it was read", where=f"value {key}")
                self.loaded[key] = codec.decode(_place(key), values[key])
            scopes[scope][name] = self.loaded[key]
        marking.pop("large", None)

    def split(self, marking: dict[str, Any], codec: CaseCodec) -> dict[str, bytes | None]:
        """Take large values out of a marking that is about to be written.

        A value that is still the object that was loaded stays where it is: variables are never changed in place.

        Returns:
            the rows to write by key; None deletes.
        """
        writes: dict[str, bytes | None] = {}
        large: dict[str, list[Any]] = {}
        held = {id(value) for row in marking["scopes"] for value in row[2].values()}
        kept = {key: value for key, value in self.loaded.items() if id(value) in held}
        places = {id(value): key for key, value in kept.items()}
        for row in marking["scopes"]:
            scope, variables = str(row[0]), row[2]
            apart: dict[str, str] = {}
            for name, value in variables.items():
                key = places.get(id(value))
                if key is None:
                    content = _content(value)
                    if len(content) <= VALUE_LIMIT:
                        continue
                    key = _unused(f"{scope}/{name}", kept)
                    writes[key], kept[key] = codec.encode_bytes(_place(key), content), value
                    places[id(value)] = key
                apart[name] = key
            if apart:
                row[2] = {name: value for name, value in variables.items() if name not in apart}
                large[scope] = [name if key == f"{scope}/{name}" else [name, key] for name, key in apart.items()]
        writes.update(dict.fromkeys(self.loaded.keys() - kept.keys()))
        if large:
            marking["large"] = large
        self.loaded = kept
        return writes


def placed(marking: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Scope, variable and key of each large value that a stored marking refers to."""
    for scope, entries in marking.get("large", {}).items():
        for entry in entries:
            name, key = (entry, f"{scope}/{entry}") if isinstance(entry, str) else entry
            yield scope, name, key


def _content(value: Any) -> bytes:
    """A value as it is stored; empty where it is surely small."""
    if isinstance(value, (list, dict)) or (isinstance(value, str) and len(value) > VALUE_LIMIT // _ESCAPED):
        return to_json(value)
    return b""


def _unused(key: str, kept: Mapping[str, Any]) -> str:
    """The key, unless a value that another scope still holds has it."""
    while key in kept:
        key += "'"
    return key


def _place(key: str) -> str:
    return f"value:{key}"
