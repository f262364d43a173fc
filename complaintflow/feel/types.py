"""FEEL types: ``instance of``, typed parameters, and the implicit conversions (DMN 1.5, 10.3.2.9).

A type answers two questions: `Type.holds(value)` is ``value instance of type``; `Type.coerce(value)` is the value
after the implicit conversions of 10.3.2.9.4, or `MISMATCH`. The DMN room makes item definitions out of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from typing import Final

from complaintflow.feel import moments
from complaintflow.feel.values import Function, Range, Value, kind
from complaintflow.records import dataclass


class _Mismatch:
    def __repr__(self) -> str:
        return "MISMATCH"


MISMATCH: Final = _Mismatch()
"""What `Type.coerce` gives when the value does not fit."""


class Type:
    """One FEEL type."""

    name: str = "Any"

    def holds(self, value: Value) -> bool:
        """True if the (non-null) value belongs to the type as it is."""
        raise NotImplementedError

    def resolve(self, types: Mapping[str, object]) -> Type:
        """The type with the names of the DMN model filled in; unknown names stay and hold nothing."""
        return self

    def coerce(self, value: Value) -> Value:
        """The value converted implicitly to this type, null as null, or `MISMATCH` (10.3.2.9.4).

        A list of one element fits where its element does, an element where a list of it does, and a date where
        a date and time is wanted (midnight UTC).
        """
        if value is None or self.holds(value):
            return value
        if kind(value) == "list" and len(value) == 1 and not isinstance(self, ListType):
            return value[0] if value[0] is None or self.holds(value[0]) else MISMATCH
        return MISMATCH

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class SimpleType(Type):
    """A type without parts; ``kind`` is the word `values.kind` uses."""

    name: str
    kind: str = ""

    def holds(self, value: Value) -> bool:
        return kind(value) == self.kind

    def coerce(self, value: Value) -> Value:
        if self.kind == "date and time" and isinstance(value, date) and not isinstance(value, datetime):
            return moments.as_date_time(value)
        return super().coerce(value)


class AnyType(Type):
    """Holds every value that is not null."""

    def holds(self, value: Value) -> bool:
        return value is not None


@dataclass(frozen=True)
class ListType(Type):
    """``list<number>``."""

    of: Type

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"list<{self.of.name}>"

    def holds(self, value: Value) -> bool:
        return kind(value) == "list" and all(item is None or self.of.holds(item) for item in value)

    def resolve(self, types: Mapping[str, object]) -> Type:
        return ListType(self.of.resolve(types))

    def coerce(self, value: Value) -> Value:
        if value is None or self.holds(value):
            return value
        if kind(value) == "list":
            items = [self.of.coerce(item) for item in value]
            return MISMATCH if any(item is MISMATCH for item in items) else items
        item = self.of.coerce(value)
        return MISMATCH if item is MISMATCH else [item]


@dataclass(frozen=True)
class ContextType(Type):
    """``context<a: number, b: string>``; a value may have more entries, but none less."""

    fields: Mapping[str, Type] = field(default_factory=dict)

    @property
    def name(self) -> str:  # type: ignore[override]
        return "context<" + ", ".join(f"{key}: {of.name}" for key, of in self.fields.items()) + ">"

    def holds(self, value: Value) -> bool:
        if kind(value) != "context":
            return False
        return all(key in value and (value[key] is None or of.holds(value[key])) for key, of in self.fields.items())

    def resolve(self, types: Mapping[str, object]) -> Type:
        return ContextType({key: of.resolve(types) for key, of in self.fields.items()})

    def coerce(self, value: Value) -> Value:
        if value is None or self.holds(value):
            return value
        if kind(value) != "context" or any(key not in value for key in self.fields):
            return super().coerce(value)
        fitted = dict(value)
        for key, of in self.fields.items():
            fitted[key] = of.coerce(value[key])
            if fitted[key] is MISMATCH:
                return MISMATCH
        return fitted


@dataclass(frozen=True)
class RangeType(Type):
    """``range<date>``."""

    of: Type

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"range<{self.of.name}>"

    def holds(self, value: Value) -> bool:
        if not isinstance(value, Range):
            return False
        return all(end is None or self.of.holds(end) for end in (value.low, value.high))

    def resolve(self, types: Mapping[str, object]) -> Type:
        return RangeType(self.of.resolve(types))


@dataclass(frozen=True)
class FunctionType(Type):
    """``function<number, number> -> number``: a function conforms if it takes as much and gives as much.

    Parameters are contravariant, the result is covariant (10.3.2.9.2); what a function does not declare is Any.
    """

    parameters: tuple[Type, ...]
    result: Type

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"function<{', '.join(of.name for of in self.parameters)}> -> {self.result.name}"

    def holds(self, value: Value) -> bool:
        if not isinstance(value, Function) or len(value.parameters) != len(self.parameters):
            return False
        takes, gives = value.signature or ((None,) * len(value.parameters), None)
        accepted = all(conforms(mine, theirs or ANY) for mine, theirs in zip(self.parameters, takes, strict=True))
        return accepted and (gives is None or conforms(gives, self.result))

    def resolve(self, types: Mapping[str, object]) -> Type:
        return FunctionType(tuple(of.resolve(types) for of in self.parameters), self.result.resolve(types))


@dataclass(frozen=True)
class NamedType(Type):
    """A type of the DMN model, known by name until the model is there."""

    name: str

    @property
    def unknown(self) -> str:
        """Why ``instance of`` has no answer."""
        return f'there is no type "{self.name}"'

    def holds(self, value: Value) -> bool:
        return False

    def resolve(self, types: Mapping[str, object]) -> Type:
        found = types.get(self.name)
        return found if isinstance(found, Type) else self


ANY: Final = AnyType()
NUMBER, STRING, BOOLEAN, DATE, TIME, DATE_TIME, DAYS_TIME, YEARS_MONTHS = (
    SimpleType(name, name)
    for name in (
        "number",
        "string",
        "boolean",
        "date",
        "time",
        "date and time",
        "days and time duration",
        "years and months duration",
    )
)


class NullType(Type):
    """Holds null only."""

    name = "Null"

    def holds(self, value: Value) -> bool:
        return value is None


@dataclass(frozen=True)
class BareType(Type):
    """``list``, ``context``, ``range`` or ``function`` without parts: good for a typeRef, not for ``instance of``.

    Table 61 says that ``123 instance of list`` is null, as a list type requires parameters.
    """

    name: str

    @property
    def unknown(self) -> str:
        """Why ``instance of`` has no answer."""
        return f'the type "{self.name}" needs its parts, like {_EXAMPLES[self.name]}'

    def holds(self, value: Value) -> bool:
        return kind(value) == self.name

    def coerce(self, value: Value) -> Value:
        fitted = super().coerce(value)
        return [value] if fitted is MISMATCH and self.name == "list" else fitted


_EXAMPLES = {
    "list": "list<Any>",
    "context": "context<name: string>",
    "range": "range<number>",
    "function": "function<number> -> Any",
}


NAMED: Final[dict[str, Type]] = {
    of.name: of for of in (NUMBER, STRING, BOOLEAN, DATE, TIME, DATE_TIME, DAYS_TIME, YEARS_MONTHS)
}
NAMED.update(
    {
        "Any": ANY,
        "Null": NullType(),
        "null": NullType(),
        "dateTime": DATE_TIME,
        "date time": DATE_TIME,
        "day and time duration": DAYS_TIME,
        "dayTimeDuration": DAYS_TIME,
        "year and month duration": YEARS_MONTHS,
        "yearMonthDuration": YEARS_MONTHS,
        **{name: BareType(name) for name in _EXAMPLES},
    }
)
"""The types of the language, by every name a DMN file or an expression may use."""


def conforms(narrow: Type, wide: Type) -> bool:
    """True if every value of the one type is a value of the other (10.3.2.9.2)."""
    if wide is ANY or isinstance(wide, AnyType) or narrow == wide or isinstance(narrow, NullType):
        return True
    if isinstance(narrow, ListType) and isinstance(wide, ListType):
        return conforms(narrow.of, wide.of)
    if isinstance(narrow, RangeType) and isinstance(wide, RangeType):
        return conforms(narrow.of, wide.of)
    if isinstance(narrow, ContextType) and isinstance(wide, ContextType):
        return all(key in narrow.fields and conforms(narrow.fields[key], of) for key, of in wide.fields.items())
    if isinstance(narrow, FunctionType) and isinstance(wide, FunctionType):
        return (
            len(narrow.parameters) == len(wide.parameters)
            and all(conforms(w, n) for n, w in zip(narrow.parameters, wide.parameters, strict=True))
            and conforms(narrow.result, wide.result)
        )
    return isinstance(wide, BareType) and type(narrow).__name__.lower() == f"{wide.name}type"
