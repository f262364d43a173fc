"""Put the values of a filled-in form together again, as nested objects and lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from complaintflow.formjs.filling import Block, Cell
from complaintflow.formjs.paths import MISSING, Keys

Part = Cell | Block


class Assembly:
    """Nested data, built place by place.

    An object that the form fills only in part starts as a copy of the one in ``origin``, so that writing
    ``reporter.phone`` leaves ``reporter.name`` as it is. The same holds for the rows of lists whose rows stay.

    Args:
        origin: what is there already; it is not changed.
    """

    def __init__(self, origin: Mapping[str, object]) -> None:
        self.data: dict[str, object] = {}
        self._origin = origin
        self._fixed: set[Keys] = set()

    def put(self, keys: Keys, value: object) -> None:
        """Set the value at a place; the objects on the way are made."""
        level: dict[str, object] | list[object] = self.data
        origin: object = self._origin
        for index, key in enumerate(keys[:-1]):
            origin = self._below(origin, keys[:index], key)
            inner = _get(level, key)
            if not isinstance(inner, dict | list):
                inner = dict(origin) if isinstance(origin, Mapping) else {}
                _set(level, key, inner)
            level = inner
        _set(level, keys[-1], value)

    def put_list(self, block: Block) -> None:
        """Set a list with an object for each of its rows."""
        self.put(block.keys, [])
        if block.component.fixed:
            self._fixed.add(block.keys)
        for index in range(len(block.rows)):
            origin: object = self._origin
            for depth, key in enumerate((*block.keys, index)):
                origin = self._below(origin, block.keys[:depth], key)
            self.put((*block.keys, index), dict(origin) if isinstance(origin, Mapping) else {})

    def _below(self, origin: object, keys: Keys, key: str | int) -> object:
        if isinstance(key, str):
            return origin.get(key, MISSING) if isinstance(origin, Mapping) else MISSING
        keeps = keys in self._fixed and isinstance(origin, list | tuple) and key < len(origin)
        return origin[key] if keeps else MISSING  # type: ignore[index]


def everything(root: Block, context: Mapping[str, object]) -> dict[str, object]:
    """All values of the form, hidden or not, over those of the case that share an object with them."""
    return result(root, context, lambda part: True).data


def without_hidden(root: Block, context: Mapping[str, object]) -> dict[str, object]:
    """All values of the form but the hidden ones; an object or list that loses all goes with them."""
    data = everything(root, context)
    for part in root.inner():
        if part.hidden and part.component.bound:
            _remove(data, part.keys)
    return data


def result(root: Block, origin: Mapping[str, object], wanted: Callable[[Part], bool]) -> Assembly:
    """The data that the form yields: the fields and lists that are ``wanted``."""
    assembly = Assembly(origin)
    for part in root.inner():
        if not wanted(part):
            continue
        if isinstance(part, Cell):
            assembly.put(part.keys, part.value)
        elif part.component.repeats:
            assembly.put_list(part)
    return assembly


def _get(level: dict[str, object] | list[object], key: str | int) -> object:
    if isinstance(level, list):
        assert isinstance(key, int)
        return level[key] if key < len(level) else MISSING
    return level.get(str(key), MISSING)


def _set(level: dict[str, object] | list[object], key: str | int, value: object) -> None:
    if isinstance(level, dict):
        level[str(key)] = value
        return
    assert isinstance(key, int)
    level.extend([None] * (key + 1 - len(level)))
    level[key] = value


def _remove(data: dict[str, object] | list[object], keys: Keys) -> None:
    key, below = keys[0], keys[1:]
    inner = _get(data, key)
    if below and isinstance(inner, dict | list):
        _remove(inner, below)
    gone = not below or (isinstance(inner, dict | list) and all(value is None for value in _values(inner)))
    if isinstance(data, dict):
        if gone:
            data.pop(str(key), None)
    elif gone and isinstance(key, int) and key < len(data):
        data[key] = None


def _values(level: dict[str, object] | list[object]) -> list[object]:
    """What must all be null for the level to count as empty: nothing in an object may be left at all."""
    return [True for _ in level] if isinstance(level, dict) else level
