"""policy.toml: every number, role and interval that a written policy leaves to the organisation (D11).

A policy is loaded from layers, the shipped file first and the organisation's last; a later layer replaces single
entries, or single keys of an entry. Each entry says which clause it belongs to and whether its value is the document's
or our default. The classes below are the format: a field is a key of the file under the same name, except where the
class names another (`interval` is written ``within``, ``every`` or ``keep``; `origin` is written ``from``).

pydantic validates what is not plainly right, and is imported (0.2 s) only then (see `policy_plain`).
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, fields
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from complaintflow.errors import CalendarError, InvalidPolicy
from complaintflow.policy import plain as policy_plain
from complaintflow.policy.format import (
    CLASSES,
    Clauses,
    Deadline,
    Figures,
    Files,
    Opening,
    Origin,
    Receipts,
    Recusal,
    Repeat,
    Sections,
    Setting,
)
from complaintflow.policy.keys import ALLOWED, CALENDAR_KEYS, VALUE_KEY
from complaintflow.records import NamedTuple, dataclass
from complaintflow.time.calendar import WorkingCalendar

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import ErrorDetails


class Entry(NamedTuple):
    """One entry for listings.

    Attributes:
        value: as it is shown.
        key: under which it is written, and ``written``: what stands there.
        origin: "organisation" where a later layer replaced the value.
    """

    section: str
    name: str
    value: str
    key: str
    written: object
    clause: Clauses
    origin: Origin
    why: str
    label: Mapping[Literal["en", "zh"], str]
    file: str
    line: int | None


class _Layer(NamedTuple):
    file: str
    text: str
    tables: dict[str, Any]

    def has(self, path: Sequence[str]) -> bool:
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
        line = self.line(path)
        return f"{self.file}{f', line {line}' if line else ''}: {'.'.join(path)}"


class _Problem(NamedTuple):
    what: str
    where: str
    advice: str


@dataclass(frozen=True, kw_only=True)
class Policy(Sections):
    """A loaded policy: one mapping per section from name to entry, and `head`. Immutable."""

    _layers: tuple[_Layer, ...] = field(repr=False, compare=False)

    @classmethod
    def load(cls, text: str, file: str = "policy.toml") -> Policy:
        """Read one file.

        Raises:
            InvalidPolicy: with file, line, entry and key of every problem, and what is allowed there.
        """
        return cls.merge([(text, file)])

    @classmethod
    def merge(cls, base_texts: Sequence[tuple[str, str]]) -> Policy:
        """Read layers of (text, file), the base first; each later one replaces entries or keys of entries.

        A layer need not be complete; ``[policy]`` may be missing from it, or names the same id.

        Raises:
            InvalidPolicy: as `load`; each problem names the layer that has it.
        """
        layers = tuple(_Layer(file, text, _toml(text, file)) for text, file in base_texts)
        if not layers:
            raise InvalidPolicy("no policy was given", advice="add a policy.toml")
        stored = json.dumps(_merged(layers), default=str)
        try:
            sections = policy_plain.read(json.loads(stored)) or _adapter().validate_json(stored)
        except ValueError as error:
            _refuse([_explain(detail, layers) for detail in error.errors()])  # type: ignore[attr-defined]
        policy = cls(**{one.name: getattr(sections, one.name) for one in fields(Sections)}, _layers=layers)
        if problems := list(policy._contradictions()):
            _refuse(problems)
        return policy

    def deadline(self, name: str) -> Deadline:
        """The deadline of that name; raises InvalidPolicy with the nearest name if there is none."""
        return self.deadlines[name] if name in self.deadlines else self._missing("deadlines", name)

    def repeat(self, name: str) -> Repeat:
        """The repeat of that name; raises InvalidPolicy with the nearest name if there is none."""
        return self.repeats[name] if name in self.repeats else self._missing("repeats", name)

    def entry(self, section: str, name: str) -> Setting:
        """The entry of any section ("roles", "texts", ...); raises InvalidPolicy with the nearest name if none."""
        if section not in CLASSES or section == "policy":
            raise InvalidPolicy(f'a policy has no section "{section}"', advice=_nearest(section, _sections()))
        found: Setting | None = getattr(self, section).get(name)
        return found if found is not None else self._missing(section, name)

    def entries(self) -> list[Entry]:
        """Every entry, by section and then in the order of the files."""
        return [self._listed(section, name) for section in _sections() for name in getattr(self, section)]

    def defaults(self) -> list[Entry]:
        """The entries whose value is still our default: the document leaves them open and no layer settled them."""
        return [entry for entry in self.entries() if entry.origin == "default"]

    def as_context(self) -> dict[str, dict[str, object]]:
        """The read-only FEEL variable `policy`: section -> name -> plain value (amounts as Decimal, lists as list)."""
        context: dict[str, dict[str, object]] = {"roles": {name: role.group for name, role in self.roles.items()}}
        for section in ("bounds", "amounts", "texts", "switches"):
            context[section] = {name: entry.value for name, entry in getattr(self, section).items()}
        context["retention"] = {name: str(entry.interval) for name, entry in self.retention.items()}
        context["lists"] = {name: list(entry.value) for name, entry in self.lists.items()}
        context["openings"] = {
            name: {days: list(times) for days, times in entry.hours.items()} for name, entry in self.openings.items()
        }
        return context

    def calendar_options(self) -> dict[str, Any]:
        """The keyword arguments for `WorkingCalendar` that the file states."""
        written = [key for key in CALENDAR_KEYS if any(layer.has(("policy", key)) for layer in self._layers)]
        stated = {key: getattr(self.head, key) for key in written}
        if stated.get("country") == "none":
            stated["country"] = None
        return stated

    def opening(self, name: str) -> WorkingCalendar:
        """The calendar of an ``[openings]`` entry: the policy's, with the hours of that place."""
        entry = self.entry("openings", name)
        assert isinstance(entry, Opening)
        return WorkingCalendar(**{**self.calendar_options(), "hours": entry.hours})

    def place(self, *path: str) -> str:
        """File, line and entry of a key, in the last layer that has it."""
        return _top(self._layers, path).place(path)

    def _missing(self, section: str, name: str) -> NoReturn:
        raise InvalidPolicy(
            f'the policy "{self.head.id}" has no entry "{name}" in {section}',
            where=", ".join(layer.file for layer in self._layers),
            advice=_nearest(name, list(getattr(self, section))),
        )

    def _listed(self, section: str, name: str) -> Entry:
        entry: Setting = getattr(self, section)[name]
        key = "group" if isinstance(entry, Recusal) and not entry.person else VALUE_KEY.get(section, "value")
        path: tuple[str, ...] = (section, name, key)
        said = any(layer.has(path) for layer in self._layers)
        if not said:
            path = path[:2]
        index = max(number for number, layer in enumerate(self._layers) if layer.has(path))
        layer = self._layers[index]
        replaced = index > 0 and any(below.has(path) for below in self._layers[:index])
        origin: Origin = entry.origin
        if replaced and not layer.has((section, name, "from")):
            origin = "organisation"
        text, written = _shown(_value(entry)), layer.value(path) if said else _value(entry)
        place = layer.file, layer.line(path)
        return Entry(section, name, text, key, written, entry.clause, origin, entry.why, entry.label, *place)

    def _contradictions(self) -> Iterator[_Problem]:
        """What no single key shows: a calendar that cannot be, deadlines inside missing ones or inside themselves."""
        try:
            WorkingCalendar(**self.calendar_options())
            for name in self.openings:
                self.opening(name)
        except CalendarError as error:
            yield _Problem(error.what, _top(self._layers, ("policy",)).place(("policy",)), error.remedy)
        yield from self._unknown_roles()
        yield from self._unlike()
        for name, rule in self.recusals.items():
            if not (rule.person.strip() or rule.group.strip()):
                where = _top(self._layers, ("recusals", name)).place(("recusals", name))
                yield _Problem("it keeps nobody out", where, 'add person = "persons.name", or group = "..."')
        for name, deadline in self.deadlines.items():
            around, outer = [name], deadline.inside
            if outer is not None and outer not in self.deadlines:
                others = [other for other in self.deadlines if other != name]
                what = f'inside = "{outer}" is no deadline of this policy'
                yield _Problem(what, self.place("deadlines", name, "inside"), _nearest(outer, others))
            while outer is not None and outer in self.deadlines and outer not in around:
                around.append(outer)
                outer = self.deadlines[outer].inside
            if outer == name:
                what = f"it is inside itself: {' inside '.join([*around, name])}"
                advice = "let the outermost deadline have no `inside`"
                yield _Problem(what, self.place("deadlines", name, "inside"), advice)

    def _unlike(self) -> Iterator[_Problem]:
        """Surges of what no fact says, or of what is not said in a few words."""
        may = [name for name, fact in self.facts.items() if fact.kind in ("category", "boolean", "person")]
        for name, surge in self.surges.items():
            where = _top(self._layers, ("surges", name, "of")).place(("surges", name, "of"))
            if not surge.of or len(set(surge.of)) < len(surge.of):
                what = "it names no fact that makes complaints similar, or one twice"
                yield _Problem(what, where, f"write {ALLOWED['of']}")
            for fact in surge.of:
                if fact not in may:
                    what = f'"{fact}" is no fact of this policy that says a category, a yes or no, or a person'
                    yield _Problem(what, where, _nearest(fact, may))

    def _unknown_roles(self) -> Iterator[_Problem]:
        named = [("access", name, "roles", role) for name, grant in self.access.items() for role in grant.roles]
        named += [("sealed", name, "roles", role) for name, grant in self.sealed.items() for role in grant.roles]
        named += [("fallbacks", name, "role", entry.role) for name, entry in self.fallbacks.items()]
        for *path, role in named:
            if role not in self.roles:
                where = _top(self._layers, tuple(path)).place(tuple(path))
                yield _Problem(f'"{role}" is no role of this policy', where, _nearest(role, list(self.roles)))


def stated_id(text: str, file: str = "policy.toml") -> str | None:
    """The policy id that a file states, if it does. Raises InvalidPolicy: it is not TOML."""
    head = _toml(text, file).get("policy")
    stated = head.get("id") if isinstance(head, dict) else None
    return stated if isinstance(stated, str) else None


@cache
def _adapter() -> TypeAdapter[Sections]:
    from pydantic import TypeAdapter

    return TypeAdapter(Sections)


# A file is read for its id, and then for all that it says; nobody changes the tables.
@lru_cache(maxsize=16)
def _toml(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        where = f"{file}, line {line[1]}" if line else file
        raise InvalidPolicy(f"the policy file is not TOML: {error}", where=where, advice="correct that line") from error


def _merged(layers: Sequence[_Layer]) -> dict[str, Any]:
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


def _check_layer(layer: _Layer, section: str, table: dict[str, Any], below: dict[str, Any]) -> None:
    if section == "policy":
        if below.get("id", table.get("id")) != table.get("id", below.get("id")):
            what = f'the layer is for policy "{table["id"]}", but lies over "{below["id"]}"'
            _refuse([_Problem(what, layer.place(("policy", "id")), "move it to the folder of its own policy")])
        return
    for name in table:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            advice = "use small letters, digits and underscores, so that expressions can name it"
            _refuse([_Problem(f'"{name}" cannot be the name of an entry', layer.place((section, name)), advice)])


def _explain(detail: ErrorDetails, layers: Sequence[_Layer]) -> _Problem:
    """A validation error in the words of the file."""
    path = [str(part) for part in detail["loc"] if part != "[key]"]
    section, depth = path[0], 2 if path[0] == "policy" else 3
    key = path[depth - 1] if len(path) >= depth else ""
    where = _top(layers, path).place(path)
    allowed = ALLOWED.get(f"{section}.{key}") or ALLOWED.get(key) or "a text"
    kind = detail["type"]
    if kind == "unexpected_keyword_argument" and len(path) == 1:
        return _Problem(f'there is no section "{section}"', where, _nearest(section, list(CLASSES)))
    if kind == "unexpected_keyword_argument":
        return _Problem(f'unknown key "{key}"', where, _nearest(key, _keys(section)))
    if kind == "missing":
        if len(path) == 1:
            return _Problem("the [policy] table is missing", layers[0].file, "begin with [policy], id and title")
        advice = f"add {key} = {allowed}"
        others = [name for name in layers[0].tables.get(section, {}) if name != path[1]]
        if depth == 3 and not layers[0].has(path[:2]) and (near := get_close_matches(path[1], others, 1)):
            advice += f'; or did you mean the entry "{near[0]}"?'
        return _Problem(f'"{key}" is missing', where, advice)
    if not key:
        if kind == "literal_error":
            return _Problem(f"there is no entry [{section}.{path[-1]}]", where, f"write it as [{section}.case]")
        if kind == "value_error":
            return _Problem(detail["msg"].removeprefix("Value error, "), where, 'add why = "..."')
        return _Problem("a table was expected", where, f"write it as [{'.'.join(path)}] with keys below")
    reason = f": {detail['ctx']['error']}" if kind == "value_error" else ""
    given = json.dumps(detail["input"], ensure_ascii=False)
    return _Problem(f"{key} = {given} is not allowed{reason}", where, f"write {allowed}")


def _refuse(problems: Sequence[_Problem]) -> NoReturn:
    first = problems[0]
    if len(problems) == 1:
        raise InvalidPolicy(first.what, where=first.where, advice=first.advice)
    listed = "".join(f"\n  {problem.where}: {problem.what}; {problem.advice}" for problem in problems)
    raise InvalidPolicy(f"the policy has {len(problems)} problems:{listed}", advice="correct each of them")


def _value(entry: Setting) -> object:
    """What an entry says, whatever its section calls it."""
    if isinstance(entry, Recusal):
        return entry.person or entry.group
    if isinstance(entry, Receipts):
        return entry.enabled
    if isinstance(entry, Files):
        return entry.types or ()
    if isinstance(entry, Figures):
        return entry.smallest
    names = ("interval", "group", "hours", "value", "roles", "role", "tasks")
    return next(getattr(entry, name) for name in names if hasattr(entry, name))


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{days} {'-'.join(times)}" for days, times in value.items())
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _top(layers: Sequence[_Layer], path: Sequence[str]) -> _Layer:
    """The layer that says it last: the whole path, or as much of it as any layer has."""
    parts = (path[:length] for length in range(len(path), 0, -1))
    return next((layer for part in parts for layer in reversed(layers) if layer.has(part)), layers[0])


def _sections() -> list[str]:
    return [section for section in CLASSES if section != "policy"]


def _keys(section: str) -> list[str]:
    form = CLASSES[section]
    return [form.__pydantic_config__["alias_generator"](one.name) for one in fields(form)]


def _nearest(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, 1)
    return (f'did you mean "{near[0]}"? ' if near else "") + f"allowed: {', '.join(known) or 'none'}"
