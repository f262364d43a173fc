"""The table of built-in functions: how one is declared, and how arguments are fitted to it (DMN 1.5, 10.3.4).

A declaration is what a reader sees in the standard, and is checked as it stands::

    @builtin("substring(string: string, start position: number, length?: number)", example=...)
    def substring(run, string, start, length=None): ...

``name?`` may be left out, ``...name`` takes all that follows, and ``name: kind?`` accepts null. A kind is one of
`_KINDS`; several are joined by ``or``. A name may have a second spelling: ``m/context``. Arguments get the implicit
conversions of 10.3.2.9.4: a list of one element where one is wanted, and a list made of one where a list is wanted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import TypeAlias, TypeVar

from complaintflow.feel import numbers
from complaintflow.feel.runtime import Run
from complaintflow.feel.values import Failure, Function, Range, Value, YearMonthDuration, describe, kind
from complaintflow.records import dataclass

Implementation: TypeAlias = Callable[..., Value]
Declared = TypeVar("Declared", bound=Implementation)

_KINDS: Mapping[str, Callable[[Value], bool]] = {
    "any": lambda value: True,
    "number": numbers.is_number,
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, (list, tuple)),
    "context": lambda value: kind(value) == "context",
    "date": lambda value: isinstance(value, date) and not isinstance(value, datetime),
    "time": lambda value: isinstance(value, time),
    "date and time": lambda value: isinstance(value, datetime),
    "days and time duration": lambda value: isinstance(value, timedelta),
    "years and months duration": lambda value: isinstance(value, YearMonthDuration),
    "range": lambda value: isinstance(value, Range),
    "function": lambda value: isinstance(value, Function),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a signature."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    optional: bool
    nullable: bool
    variadic: bool
    checks: tuple[Callable[[Value], bool], ...]

    def fit(self, value: Value) -> Value:
        """The value, converted if need be.

        Raises:
            Failure: it does not fit.
        """
        if value is None:
            if self.nullable:
                return None
            raise Failure(f'"{self.names[0]}" is null')
        for check in self.checks:
            if check(value):
                return value
        if "list" in self.kinds:
            return [value]
        if isinstance(value, list) and len(value) == 1 and value[0] is not None:
            for check in self.checks:
                if check(value[0]):
                    return value[0]
        raise Failure(f'"{self.names[0]}" must be a {" or a ".join(self.kinds)}, and is {describe(value)}')


class _OtherShape(Failure):
    """Another number or other names of arguments: of several reasons why no signature fits the least telling."""


@dataclass(frozen=True, slots=True)
class Overload:
    """One signature and what computes it."""

    declaration: str
    parameters: tuple[Parameter, ...]
    implementation: Implementation
    fewest: int
    variadic: bool

    def bind(self, arguments: Sequence[Value], names: Sequence[str] | None) -> list[Value]:
        """The arguments in the implementation's order.

        Raises:
            Failure: too many, too few, or one that does not fit.
        """
        if names is not None:
            return self._bind_named(dict(zip(names, arguments, strict=True)))
        parameters = self.parameters
        if len(arguments) < self.fewest or (len(arguments) > len(parameters) and not self.variadic):
            raise _OtherShape(f"{self.declaration} does not take {len(arguments)} arguments")
        if self.variadic:
            fixed = len(parameters) - 1
            heads = [parameter.fit(value) for parameter, value in zip(parameters, arguments[:fixed], strict=False)]
            return [*heads, *(parameters[-1].fit(value) for value in arguments[fixed:])]
        return [parameter.fit(value) for parameter, value in zip(parameters, arguments, strict=False)]

    def _bind_named(self, given: dict[str, Value]) -> list[Value]:
        known = {name for parameter in self.parameters for name in parameter.names}
        unknown = next((name for name in given if name not in known), None)
        if unknown is not None:
            raise _OtherShape(f'{self.declaration} has no parameter "{unknown}"')
        bound: list[Value] = []
        for parameter in self.parameters:
            name = next((name for name in parameter.names if name in given), None)
            if name is not None:
                value = parameter.fit(given.pop(name))
                bound.extend(value if parameter.variadic and isinstance(value, list) else [value])
            elif parameter.optional:
                bound.append(None)
            elif not parameter.variadic:  # not given is null (DMN 1.5, 10.3.2.13.5)
                bound.append(parameter.fit(None))
        if given:  # both spellings of one parameter
            raise _OtherShape(f'{self.declaration} has "{next(iter(given))}" twice')
        return bound


class Builtin:
    """One built-in function with all its signatures.

    Attributes:
        name: as it is called.
        declared: each declaration, and what computes it.
        example: an expression that is true; it is executed as a test and printed in the documentation.
        source: where it is defined: the standard, or Camunda's extensions.
    """

    def __init__(self, name: str, example: str, source: str) -> None:
        self.name = name
        self.declared: list[tuple[str, Implementation]] = []
        self.example = example
        self.source = source

    @cached_property
    def overloads(self) -> tuple[Overload, ...]:
        """Tried in order; the first that the arguments fit is taken. Read when the function is first called."""
        return tuple(_overload(declaration, implementation) for declaration, implementation in self.declared)

    @property
    def about(self) -> str:
        """What it does, in a sentence."""
        texts = (implementation.__doc__ for _, implementation in self.declared)
        return " ".join((next(filter(None, texts), None) or "").split())

    def __call__(self, run: Run, arguments: Sequence[Value], names: Sequence[str] | None = None) -> Value:
        """Call it with FEEL values.

        Raises:
            Failure: no signature fits, or the function has no result for them.
        """
        steps = 1
        for value in arguments:
            if type(value) is str:
                steps += len(value) >> 6
        run.spend(steps)
        nearest: Failure | None = None
        for overload in self.overloads:
            try:
                bound = overload.bind(arguments, names)
            except Failure as why:
                if nearest is None or isinstance(nearest, _OtherShape):
                    nearest = why
                continue
            return overload.implementation(run, *bound)
        raise nearest or Failure(f"{self.name} cannot be called")


TABLE: dict[str, Builtin] = {}
"""All built-in functions by name; filled by the modules ``functions_*``, which `library` imports."""

_DECLARATION = re.compile(r"([a-z][\w ]*)\((.*)\)", re.IGNORECASE)
CAMUNDA = "Camunda"
STANDARD = "DMN 1.5"


def builtin(*declarations: str, example: str = "", source: str = STANDARD) -> Callable[[Declared], Declared]:
    """Declare a function; several declarations share one implementation."""

    def declare(implementation: Declared) -> Declared:
        for declaration in declarations:
            name = declaration.partition("(")[0]
            entry = TABLE.setdefault(name, Builtin(name, example, source))
            entry.declared.append((declaration, implementation))
            entry.example = entry.example or example
        return implementation

    return declare


def _overload(declaration: str, implementation: Implementation) -> Overload:
    match = _DECLARATION.fullmatch(declaration)
    if match is None:
        raise ValueError(declaration)
    parameters = _parameters(match[2])
    fewest = sum(not parameter.optional and not parameter.variadic for parameter in parameters)
    variadic = bool(parameters) and parameters[-1].variadic
    return Overload(declaration, parameters, implementation, fewest, variadic)


def _parameters(text: str) -> tuple[Parameter, ...]:
    return tuple(_parameter(part.strip()) for part in text.split(",")) if text else ()


def _parameter(text: str) -> Parameter:
    name, _, kinds = (part.strip() for part in text.partition(":"))
    variadic = name.startswith("...")
    optional = name.endswith("?")
    nullable = kinds.endswith("?") or kinds == "any"
    spellings = tuple(name.removeprefix("...").removesuffix("?").split("/"))
    accepted = tuple(kinds.removesuffix("?").split(" or "))
    checks = tuple(_KINDS[name] for name in accepted)
    return Parameter(spellings, accepted, optional, nullable, variadic, checks)
