"""Large values get a row of their own, so that a step does not rewrite what it did not touch.

A case's state is rewritten with every command. A variable of a megabyte (an attachment's text, an
export) would cost a millisecond each time; kept apart, it is written when it changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from complaintflow.codec import to_json
from complaintflow.errors import StaleCase

if TYPE_CHECKING:
    from complaintflow.sealing.vault import CaseCodec

# Above this size (bytes) of a state its large variables move out; below, one row is cheaper than two.
STATE_LIMIT: Final = 16_384
VALUE_LIMIT: Final = 4_096


@dataclass(slots=True)
class Large:
    """The values of one case that live in rows of their own: key -> the object as it was loaded."""

    loaded: dict[str, Any] = field(default_factory=dict)

    def join(self, marking: dict[str, Any], values: Mapping[str, bytes], codec: CaseCodec) -> None:
        """Put the values back into the scopes of a marking that was just read."""
        for scope, names in marking.pop("large", {}).items():
            for number, _, variables in marking["scopes"]:
                if number == int(scope):
                    for name in names:
                        key = f"{scope}/{name}"
                        if key not in values:
                            # The case and its values were read at two moments, and somebody wrote in between.
                            raise StaleCase("a case changed while it was read", where=f"value {key}")
                        variables[name] = self.loaded[key] = codec.decode(_place(key), values[key])

    def split(self, marking: dict[str, Any], codec: CaseCodec) -> dict[str, bytes | None]:
        """Take large values out of a marking that is about to be written.

        Returns:
            the rows to write by key; None deletes.
        """
        writes: dict[str, bytes | None] = {}
        kept: dict[str, Any] = {}
        large: dict[str, list[str]] = {}
        self._leave_unchanged(marking, kept, large)
        for row in marking["scopes"]:
            scope, variables = row[0], row[2]
            for name, value in list(variables.items()):
                key = f"{scope}/{name}"
                content = to_json(value) if isinstance(value, (str, list, dict)) else b""
                if len(content) > VALUE_LIMIT:
                    writes[key], kept[key] = codec.encode_bytes(_place(key), content), value
                    large.setdefault(str(scope), []).append(name)
                    row[2] = {k: v for k, v in row[2].items() if k != name}
        writes.update(dict.fromkeys(self.loaded.keys() - kept.keys()))
        if large:
            marking["large"] = large
        self.loaded = kept
        return writes

    def _leave_unchanged(self, marking: dict[str, Any], kept: dict[str, Any], large: dict[str, list[str]]) -> None:
        """A value that is still the object that was loaded stays where it is: variables are never changed in place."""
        for row in marking["scopes"]:
            scope = row[0]
            for name in [n for n, v in row[2].items() if self.loaded.get(f"{scope}/{n}", _NOTHING) is v]:
                key = f"{scope}/{name}"
                kept[key] = row[2][name]
                large.setdefault(str(scope), []).append(name)
                row[2] = {k: v for k, v in row[2].items() if k != name}


def _place(key: str) -> str:
    return f"value:{key}"


_NOTHING: Final = object()
