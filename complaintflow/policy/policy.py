"""policy.toml: every number, role and interval that a written policy leaves to the organisation (D11).

A policy is loaded from layers, the shipped file first and the organisation's last; a later layer replaces single
entries, or single keys of an entry. Each entry says which clause it belongs to and whether its value is the document's
or our default. The classes below are the format: a field is a key of the file under the same name, except where the
class names another (`interval` is written ``within``, ``every`` or ``keep``; `origin` is written ``from``).

pydantic validates what is not plainly right, and is imported (0.2 s) only then (see `policy_plain`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, fields
from functools import cache
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
from complaintflow.policy.layering import Layer, Problem, explain, merged, nearest, read_toml, refuse, sections, top
from complaintflow.records import NamedTuple, dataclass
from complaintflow.time.calendar import WorkingCalendar

if TYPE_CHECKING:
    from pydantic import TypeAdapter


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


@dataclass(frozen=True, kw_only=True)
class Policy(Sections):
    """A loaded policy: one mapping per section from name to entry, and `head`. Immutable."""

    _layers: tuple[Layer, ...] = field(repr=False, compare=False)

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
        layers = tuple(Layer(file, text, read_toml(text, file)) for text, file in base_texts)
        if not layers:
            raise InvalidPolicy("no policy was given", advice="add a policy.toml")
        stored = json.dumps(merged(layers), default=str)
        try:
            sections = policy_plain.read(json.loads(stored)) or _adapter().validate_json(stored)
        except ValueError as error:
            refuse([explain(detail, layers) for detail in error.errors()])  # type: ignore[attr-defined]
        policy = cls(**{one.name: getattr(sections, one.name) for one in fields(Sections)}, _layers=layers)
        if problems := list(policy._contradictions()):
            refuse(problems)
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
            raise InvalidPolicy(f'a policy has no section "{section}"', advice=nearest(section, sections()))
        found: Setting | None = getattr(self, section).get(name)
        return found if found is not None else self._missing(section, name)

    def entries(self) -> list[Entry]:
        """Every entry, by section and then in the order of the files."""
        return [self._listed(section, name) for section in sections() for name in getattr(self, section)]

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

    def look_up_country(self) -> None:
        """Ask the `holidays` package, which no load waits for (0.1 s), for the country and the subdivision.

        Raises:
            InvalidPolicy: it does not know them; with the line that says so.
        """
        options = self.calendar_options()
        for key, stated in (("country", {**options, "subdivision": None}), ("subdivision", options)):
            try:
                WorkingCalendar(**stated).look_up_country()
            except CalendarError as error:
                raise InvalidPolicy(error.what, where=self.place("policy", key), advice=error.remedy) from error

    def bare_headings(self) -> list[tuple[str, str]]:
        """Headings with nothing under them, which change nothing: (heading, file and line)."""
        found = []
        for layer in self._layers:
            paths: list[tuple[str, ...]] = [(section,) for section in layer.tables]
            # What stands under [policy] are values; one of them may be an empty table on purpose.
            paths += [(one, name) for one, table in layer.tables.items() if one != "policy" for name in table]
            for path in paths:
                if layer.value(path) == {}:
                    found.append((f"[{'.'.join(path)}]", layer.place(path).rpartition(": ")[0]))
        return found

    def place(self, *path: str) -> str:
        """File, line and entry of a key, in the last layer that has it."""
        return top(self._layers, path).place(path)

    def _missing(self, section: str, name: str) -> NoReturn:
        raise InvalidPolicy(
            f'the policy "{self.head.id}" has no entry "{name}" in {section}',
            where=", ".join(layer.file for layer in self._layers),
            advice=nearest(name, list(getattr(self, section))),
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

    def _contradictions(self) -> Iterator[Problem]:
        """What no single key shows: a calendar that cannot be, deadlines inside missing ones or inside themselves."""
        try:
            WorkingCalendar(**self.calendar_options())
            for name in self.openings:
                self.opening(name)
        except CalendarError as error:
            yield Problem(error.what, top(self._layers, ("policy",)).place(("policy",)), error.remedy)
        yield from self._unknown_roles()
        yield from self._unlike()
        for name, rule in self.recusals.items():
            if not (rule.person.strip() or rule.group.strip()):
                where = top(self._layers, ("recusals", name)).place(("recusals", name))
                yield Problem("it keeps nobody out", where, 'add person = "persons.name", or group = "..."')
        for name, deadline in self.deadlines.items():
            around, outer = [name], deadline.inside
            if outer is not None and outer not in self.deadlines:
                others = [other for other in self.deadlines if other != name]
                what = f'inside = "{outer}" is no deadline of this policy'
                yield Problem(what, self.place("deadlines", name, "inside"), nearest(outer, others))
            while outer is not None and outer in self.deadlines and outer not in around:
                around.append(outer)
                outer = self.deadlines[outer].inside
            if outer == name:
                what = f"it is inside itself: {' inside '.join([*around, name])}"
                advice = "let the outermost deadline have no `inside`"
                yield Problem(what, self.place("deadlines", name, "inside"), advice)

    def _unlike(self) -> Iterator[Problem]:
        """Surges of what no fact says, or of what is not said in a few words."""
        may = [name for name, fact in self.facts.items() if fact.kind in ("category", "boolean", "person")]
        for name, surge in self.surges.items():
            where = top(self._layers, ("surges", name, "of")).place(("surges", name, "of"))
            if not surge.of or len(set(surge.of)) < len(surge.of):
                what = "it names no fact that makes complaints similar, or one twice"
                yield Problem(what, where, f"write {ALLOWED['of']}")
            for fact in surge.of:
                if fact not in may:
                    what = f'"{fact}" is no fact of this policy that says a category, a yes or no, or a person'
                    yield Problem(what, where, nearest(fact, may))

    def _unknown_roles(self) -> Iterator[Problem]:
        named = [("access", name, "roles", role) for name, grant in self.access.items() for role in grant.roles]
        named += [("sealed", name, "roles", role) for name, grant in self.sealed.items() for role in grant.roles]
        named += [("fallbacks", name, "role", entry.role) for name, entry in self.fallbacks.items()]
        for *path, role in named:
            if role not in self.roles:
                where = top(self._layers, tuple(path)).place(tuple(path))
                yield Problem(f'"{role}" is no role of this policy', where, nearest(role, list(self.roles)))


def stated_id(text: str, file: str = "policy.toml") -> str | None:
    """The policy id that a file states, if it does. Raises InvalidPolicy: it is not TOML."""
    head = read_toml(text, file).get("policy")
    stated = head.get("id") if isinstance(head, dict) else None
    return stated if isinstance(stated, str) else None


@cache
def _adapter() -> TypeAdapter[Sections]:
    from pydantic import TypeAdapter

    return TypeAdapter(Sections)


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
