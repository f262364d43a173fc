"""Item definitions as FEEL types, and how values from outside are held against them (DMN 1.5, 7.3.2 and 10.3.2.9).

Results and arguments are converted as the standard says, by `feel.types.Type.coerce`. What comes in from outside goes
through `accept`: case variables are JSON, where a date is a string and an absent field is no error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from complaintflow.dmn import tree
from complaintflow.errors import DefinitionError, InvalidDecision
from complaintflow.feel import parse_type, temporal
from complaintflow.feel.types import ANY, MISMATCH, NAMED, ContextType, FunctionType, ListType, Type
from complaintflow.feel.values import Failure, describe, kind

Value = Any

_FROM_TEXT: Final[Mapping[str, Callable[[str], Value]]] = {
    "date": temporal.parse_date,
    "time": temporal.parse_time,
    "date and time": temporal.parse_date_time,
    "days and time duration": temporal.parse_duration,
    "years and months duration": temporal.parse_duration,
}

_ALSO: Final = {"any": ANY, "integer": NAMED["number"], "long": NAMED["number"], "double": NAMED["number"]}
"""Names that Camunda 7 writes."""

_CHAIN: Final = 50
"""Item definitions that are built inside each other; from there on they are looked up when used."""


class Mismatch(Exception):
    """A value does not conform; `path` leads to it inside a structure. Never leaves this package."""

    def __init__(self, expected: str, value: Value, path: str = "") -> None:
        self.expected = expected
        self.value = value
        self.path = path
        super().__init__(expected)

    def __str__(self) -> str:
        at = f" at {self.path}" if self.path else ""
        return f"expected {self.expected}{at}, got {describe(self.value)}"

    def under(self, step: str) -> Mismatch:
        """The same mismatch, seen from one level further out."""
        joint = "." if self.path and not self.path.startswith("[") else ""
        return Mismatch(self.expected, self.value, step + joint + self.path)


class Constrained(Type):
    """A type of which only some values are allowed; `allowed` is the text of the unary tests."""

    def __init__(self, name: str, base: Type, allowed: str, test: Callable[[Value], bool]) -> None:
        self.name = name
        self.base = base
        self.allowed = allowed
        self.test = test

    def holds(self, value: Value) -> bool:
        return self.base.holds(value) and self.test(value)

    def coerce(self, value: Value) -> Value:
        converted = self.base.coerce(value)
        if converted is None or converted is MISMATCH:
            return converted
        return converted if self.test(converted) else MISMATCH

    def __str__(self) -> str:
        return f"{self.name} ({self.allowed})"


class Reference(Type):
    """An item definition by its name, looked up when it is used, so that a type may contain itself."""

    def __init__(self, name: str, table: Mapping[str, Type]) -> None:
        self.name = name
        self.table = table

    def holds(self, value: Value) -> bool:
        return self.table[self.name].holds(value)

    def coerce(self, value: Value) -> Value:
        return self.table[self.name].coerce(value)


def conform(value: Value, wanted: Type) -> Value:
    """The value converted as the standard says (10.3.2.9.4).

    Raises:
        Mismatch: it does not conform and no conversion applies.
    """
    converted = wanted.coerce(value)
    if converted is MISMATCH:
        raise Mismatch(str(wanted), value)
    return converted


def accept(value: Value, wanted: Type) -> Value:
    """A value from outside as a type: ISO 8601 strings become temporal values, absent components stay absent.

    Raises:
        Mismatch: it is of another type, or not among the allowed values.
    """
    if value is None:
        return None
    if isinstance(wanted, Reference):
        return accept(value, wanted.table[wanted.name])
    if isinstance(wanted, Constrained):
        accepted = accept(value, wanted.base)
        if not wanted.test(accepted):
            raise Mismatch(str(wanted), value)
        return accepted
    if isinstance(wanted, ContextType) and kind(value) == "context":
        return _accept_parts(value, wanted)
    if isinstance(wanted, ListType):
        items = value if kind(value) == "list" else [value]
        return [_accept_at(item, wanted.of, f"[{number}]") for number, item in enumerate(items, 1)]
    reader = _FROM_TEXT.get(wanted.name)
    if reader is not None and isinstance(value, str):
        try:
            return conform(reader(value), wanted)
        except (Failure, Mismatch):
            raise Mismatch(f"{wanted} (ISO 8601)", value) from None
    return conform(value, wanted)


def _accept_parts(value: Mapping[str, Value], wanted: ContextType) -> dict[str, Value]:
    result = dict(value)
    for key, part in wanted.fields.items():
        if key in result:
            result[key] = _accept_at(result[key], part, key)
    return result


def _accept_at(value: Value, wanted: Type, step: str) -> Value:
    try:
        return accept(value, wanted)
    except Mismatch as mismatch:
        raise mismatch.under(step) from None


class Types:
    """The types a file knows: those of FEEL, its item definitions, and those it imports as `name.type`.

    What is wrong with an item definition is kept in `broken`, by its name.

    Args:
        definitions: the file's item definitions.
        imported: the types of imported files, by the name of the import; an empty name adds them to the file's own.
        test_of: compiles the text of unary tests into a predicate; the second argument says where they stand.
    """

    def __init__(
        self,
        definitions: Iterable[tree.ItemDefinition],
        imported: Mapping[str, Types],
        test_of: Callable[[str, str], Callable[[Value], bool]],
        file: str,
    ) -> None:
        self._test_of = test_of
        self._file = file
        self.table: dict[str, Type] = {}
        self.broken: dict[str, DefinitionError] = {}
        self._own = {each.name: each for each in definitions}
        self._open: set[str] = set()
        for alias, types in imported.items():
            for name, each in types.table.items():
                known = f"{alias}.{name}" if alias else name
                if known not in self._own:
                    self.table[known] = each
        for name in self._own:
            if name not in self.table:
                self._make(name)
        for name in self._own:
            self._refuse_circle(name)

    def find(self, reference: str) -> Type:
        """The type of a `typeRef`; a namespace prefix (`feel:string`) is left out of account.

        Raises:
            DefinitionError: no such type, or it is broken.
        """
        for name in (reference, reference.rpartition(":")[2].strip()):
            if name in self.broken:
                raise self.broken[name]
            if name in self._own and name not in self.table:
                if name in self._open or len(self._open) > _CHAIN:
                    return Reference(name, self.table)
                self._make(name)
            if name in self.table:
                return self.table[name]
            found = NAMED.get(name) or _ALSO.get(name)
            if found is not None:
                return found
        if "<" in reference:
            return parse_type(reference).resolve(self.table)
        raise InvalidDecision(
            f"the type '{reference}' is not defined",
            where=self._file,
            advice="define it as an item definition, or use a type of FEEL such as string, number, date or boolean",
        )

    def _make(self, name: str) -> None:
        self._open.add(name)
        try:
            self.table[name] = self._build(self._own[name], name)
        except DefinitionError as error:
            self.broken[name], self.table[name] = error, ANY
        self._open.remove(name)

    def _build(self, definition: tree.ItemDefinition, path: str) -> Type:
        base: Type
        if definition.function is not None:
            parameters, result = definition.function
            base = FunctionType(tuple(self._or_any(each) for each in parameters), self._or_any(result))
        elif definition.components:
            base = ContextType({each.name: self._build(each, f"{path}.{each.name}") for each in definition.components})
        else:
            base = self._or_any(definition.type_ref)
        if definition.allowed:
            base = self._constrained(base, definition.allowed, path)
        if definition.collection:
            base = ListType(base)
        if definition.constraint:
            base = self._constrained(base, definition.constraint, path)
        return base

    def _refuse_circle(self, name: str) -> None:
        """A type that is only another name for itself has no values and no end."""
        seen = {name}
        each = self.table[name]
        while isinstance(each, Reference | Constrained):
            if isinstance(each, Constrained):
                each = each.base
                continue
            if each.name in seen:
                self.broken[name] = InvalidDecision(f"the type '{name}' is defined by itself", where=self._file)
                self.table[name] = ANY
                return
            seen.add(each.name)
            each = self.table[each.name]

    def _or_any(self, reference: str) -> Type:
        return self.find(reference) if reference else ANY

    def _constrained(self, base: Type, tests: str, path: str) -> Constrained:
        return Constrained(path, base, tests, self._test_of(tests, f"{self._file}, type '{path}'"))
