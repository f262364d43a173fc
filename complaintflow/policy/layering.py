"""Policy files as they lie upon each other, and what is wrong with one in words that say where."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import fields
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

from complaintflow.errors import InvalidPolicy
from complaintflow.policy.format import CLASSES
from complaintflow.policy.keys import ALLOWED
from complaintflow.records import NamedTuple

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class Layer(NamedTuple):
    """One policy file: its name, its text, and the tables in it."""

    file: str
    text: str
    tables: dict[str, Any]

    def has(self, path: Sequence[str]) -> bool:
        """Whether the file says it."""
        value: Any = self.tables
        for key in path:
            if not isinstance(value, dict) or key not in value:
                return False
            value = value[key]
        return True

    def value(self, path: Sequence[str]) -> object:
        """What stands at a path that is there."""
        found: Any = self.tables
        for key in path:
            found = found[key]
        return found

    def line(self, path: Sequence[str]) -> int | None:
        """The line (from 1) of the longest part of `path` that is written on a line of its own."""
        found, length = None, 0
        header: tuple[str, ...] = ()
        for number, line in enumerate(self.text.splitlines(), 1):
            match = re.match(r"\s*(?:\[\s*([^\[\]]+?)\s*\]|([\w.\-\"']+)\s*=)", line)
            if match is None:
                continue
            names = tuple(name.strip(" \"'") for name in (match[1] or match[2]).split("."))
            header, names = (names, names) if match[1] else (header, (*header, *names))
            shared = names[: len(path)]
            if length < len(shared) and shared == tuple(path[: len(shared)]):
                found, length = number, len(shared)
        return found

    def place(self, path: Sequence[str]) -> str:
        """File, line and entry, for a message."""
        line = self.line(path)
        return f"{self.file}{f', line {line}' if line else ''}: {'.'.join(path)}"


class Problem(NamedTuple):
    """What is wrong, where, and what to do."""

    what: str
    where: str
    advice: str


# A file is read for its id, and then for all that it says; nobody changes the tables.
@lru_cache(maxsize=16)
def read_toml(text: str, file: str) -> dict[str, Any]:
    """The tables of a file. Raises InvalidPolicy: it is not TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        where = f"{file}, line {line[1]}" if line else file
        advice = "correct that line"
        if "overwrite" in str(error):
            advice = "it stands twice: keep one, or uncomment the line in brackets above the second"
        raise InvalidPolicy(f"the policy file is not TOML: {error}", where=where, advice=advice) from error


def merged(layers: Sequence[Layer]) -> dict[str, Any]:
    """The tables of all layers, one upon the other, down to the keys of an entry."""
    merged: dict[str, Any] = {}
    for layer in layers:
        for section, table in layer.tables.items():
            if section not in CLASSES or not isinstance(table, dict):
                merged[section] = table
                continue
            below = merged.setdefault(section, {})
            _check_layer(layer, section, table, below)
            for name, value in table.items():
                # What one layer leaves out on purpose stays left out in those over it.
                whole = (
                    (section == "policy" and name != "dropped_marks")
                    or not isinstance(value, dict)
                    or not isinstance(below.get(name), dict)
                )
                below[name] = value if whole else {**below[name], **value}
    return merged


def _check_layer(layer: Layer, section: str, table: dict[str, Any], below: dict[str, Any]) -> None:
    if section == "policy":
        if below.get("id", table.get("id")) != table.get("id", below.get("id")):
            what = f'the layer is for policy "{table["id"]}", but lies over "{below["id"]}"'
            refuse([Problem(what, layer.place(("policy", "id")), "move it to the folder of its own policy")])
        return
    for name in table:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            advice = "use small letters, digits and underscores, so that expressions can name it"
            refuse([Problem(f'"{name}" cannot be the name of an entry', layer.place((section, name)), advice)])


def explain(detail: ErrorDetails, layers: Sequence[Layer]) -> Problem:
    """A validation error in the words of the file."""
    path = [str(part) for part in detail["loc"] if part != "[key]"]
    section, depth = path[0], 2 if path[0] == "policy" else 3
    key = path[depth - 1] if len(path) >= depth else ""
    where = top(layers, path).place(path)
    allowed = ALLOWED.get(f"{section}.{key}") or ALLOWED.get(key) or "a text"
    kind = detail["type"]
    if kind == "unexpected_keyword_argument" and (stray := _stray(path, where)):
        return stray
    if kind == "unexpected_keyword_argument" and len(path) == 1:
        return Problem(f'there is no section "{section}"', where, nearest(section, list(CLASSES)))
    if kind == "unexpected_keyword_argument":
        return Problem(f'unknown key "{key}"', where, nearest(key, _keys(section)))
    if kind == "missing":
        if len(path) == 1:
            return Problem("the [policy] table is missing", layers[0].file, "begin with [policy], id and title")
        advice = f"add {key} = {allowed}"
        others = [name for name in layers[0].tables.get(section, {}) if name != path[1]]
        if depth == 3 and not layers[0].has(path[:2]) and (near := get_close_matches(path[1], others, 1)):
            advice += f'; or did you mean the entry "{near[0]}"?'
        return Problem(f'"{key}" is missing', where, advice)
    if not key:
        if kind == "literal_error":
            return Problem(f"there is no entry [{section}.{path[-1]}]", where, f"write it as [{section}.case]")
        if kind == "value_error":
            return Problem(detail["msg"].removeprefix("Value error, "), where, 'add why = "..."')
        return Problem("a table was expected", where, f"write it as [{'.'.join(path)}] with keys below")
    reason = f": {detail['ctx']['error']}" if kind == "value_error" else ""
    given = json.dumps(detail["input"], ensure_ascii=False)
    return Problem(f"{key} = {given} is not allowed{reason}", where, f"write {allowed}")


def _stray(path: Sequence[str], where: str) -> Problem | None:
    """The problem of a key that belongs to an entry, or to ``[policy]``, and stands before every entry."""
    key = path[-1]
    home = next((section for section in CLASSES if key in _keys(section)), None)
    if home is None or not (len(path) == 1 or (len(path) == 2 and path[0] == "policy")):
        return None
    what = f'"{key}" stands under ' + ("no heading" if len(path) == 1 else "[policy], not under its own heading")
    heading = "[policy]" if home == "policy" else f"[{home}.NAME]"
    return Problem(what, where, f"write its heading above it, as {heading}, or uncomment the line in brackets there")


def refuse(problems: Sequence[Problem]) -> NoReturn:
    """Raise InvalidPolicy for all problems at once."""
    first = problems[0]
    if len(problems) == 1:
        raise InvalidPolicy(first.what, where=first.where, advice=first.advice)
    listed = "".join(f"\n  {problem.where}: {problem.what}; {problem.advice}" for problem in problems)
    raise InvalidPolicy(f"the policy has {len(problems)} problems:{listed}", advice="correct each of them")


def top(layers: Sequence[Layer], path: Sequence[str]) -> Layer:
    """The layer that says it last: the whole path, or as much of it as any layer has."""
    parts = (path[:length] for length in range(len(path), 0, -1))
    return next((layer for part in parts for layer in reversed(layers) if layer.has(part)), layers[0])


def sections() -> list[str]:
    """The sections of a policy file but for ``[policy]``."""
    return [section for section in CLASSES if section != "policy"]


def _keys(section: str) -> list[str]:
    form = CLASSES[section]
    return [form.__pydantic_config__["alias_generator"](one.name) for one in fields(form)]


def nearest(name: str, known: Sequence[str]) -> str:
    """Advice: the name that was probably meant, or those that there are."""
    near = get_close_matches(name, known, 1)
    return (f'did you mean "{near[0]}"? ' if near else "") + f"allowed: {', '.join(known) or 'none'}"
