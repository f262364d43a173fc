"""What an evaluation carries along: the scopes of names, the work done so far, and the warnings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Protocol

from complaintflow.feel.limits import DEFAULT_LIMITS, Limits, exceeded
from complaintflow.feel.values import Value
from complaintflow.records import dataclass

NOTHING: Mapping[str, Any] = MappingProxyType({})
MOST_WARNINGS = 100
"""No more are recorded: a loop repeats itself."""
_LONG_STRING = 6
"""64 characters count as one step."""
_WEIGHTY = frozenset({str, list, tuple, dict})


@dataclass(frozen=True, slots=True)
class Warning:
    """Why a part of an expression gave null.

    Attributes:
        expression: the part, as it is written.
        position: where it begins in the whole expression, counted from 0.
        message: the reason, a sentence without full stop.
    """

    expression: str
    position: int
    message: str

    def __str__(self) -> str:
        return f"`{self.expression}` gave null: {self.message}"


class Meter(Protocol):
    """Counts the steps of several evaluations."""

    steps: int


class Run:
    """One evaluation: its settings and its counters.

    What is not set stands in the class: most evaluations decide a gateway and never look at any of it.

    Attributes:
        text: the expression that is evaluated.
        fine: a value with nanoseconds was made, which must not leave.
        meter: is told how many steps were taken, those `before` left out.
    """

    text: str = ""
    functions: Mapping[str, Callable[..., Value]] = NOTHING
    warnings: list[Warning] | None = None
    limits: Limits = DEFAULT_LIMITS
    types: Mapping[str, object] = NOTHING
    steps: int = 0
    depth: int = 0
    fine: bool = False
    meter: Meter | None = None
    before: int = 0

    def spend(self, steps: int) -> None:
        """Count work.

        Raises:
            FeelLimitExceeded: it was too much.
        """
        self.steps += steps
        if self.steps > self.limits.steps:
            raise exceeded("the work of the expression", self.limits.steps, "steps")

    def report(self) -> None:
        """Tell the meter; evaluations inside this one have told it already."""
        if self.meter is not None:
            self.meter.steps += self.steps - self.before

    def weigh(self, value: Value) -> None:
        """Count every element and entry inside a value as work: what is shared may be far larger than it seems."""
        if isinstance(value, str):
            self.spend(len(value) >> _LONG_STRING)
        elif isinstance(value, list | tuple):
            self.spend(len(value) + 1)
            for item in value:
                if type(item) in _WEIGHTY:
                    self.weigh(item)
        elif isinstance(value, Mapping):
            self.spend(len(value) + 1)
            for key in value:
                item = value[key]
                if type(item) in _WEIGHTY:
                    self.weigh(item)

    def sized(self, items: list[Value]) -> list[Value]:
        """The list, if it is not too long; its length counts as work."""
        if len(items) > self.limits.list_length:
            raise exceeded("a list", self.limits.list_length, "list_length")
        self.spend(len(items))
        return items

    def lengthy(self, text: str) -> str:
        """The string, if it is not too long; its length counts as work."""
        if len(text) > self.limits.string_length:
            raise exceeded("a string", self.limits.string_length, "string_length")
        self.spend(len(text) >> _LONG_STRING)
        return text

    def bounded(self, number: Value) -> None:
        """Refuse a number whose exponent is too large."""
        if isinstance(number, Decimal) and abs(number.adjusted()) > self.limits.exponent:
            raise exceeded("the exponent of a number", self.limits.exponent, "exponent")

    def warn(self, text: str, start: int, end: int, message: str) -> None:
        """Record why ``text[start:end]`` gave null, once."""
        if self.warnings is not None and len(self.warnings) < MOST_WARNINGS:
            warning = Warning(text[start:end], start, message)
            if warning not in self.warnings:
                self.warnings.append(warning)

    def explained(self, text: str, start: int, end: int) -> bool:
        """True if the latest warning is about a part of ``text[start:end]``, so that a null there needs no second."""
        if not self.warnings:
            return self.warnings is None
        latest = self.warnings[-1]
        inside = start <= latest.position and latest.position + len(latest.expression) <= end
        return inside and text.startswith(latest.expression, latest.position)


def in_force(limits: Limits) -> Limits:
    """The limits, or in place of the default those of `feel.set_limits`."""
    return Run.limits if limits is DEFAULT_LIMITS else limits


class Scope:
    """One level of names; looked up outwards. The outermost is the host's context, read by key and never copied."""

    __slots__ = ("parent", "run", "vars")

    def __init__(self, names: Mapping[str, Value], parent: Scope | None, run: Run) -> None:
        self.vars = names
        self.parent = parent
        self.run = run

    def find(self, name: str) -> Value:
        """The value of a name.

        Raises:
            KeyError: no level has it.
        """
        scope: Scope | None = self
        while scope is not None:
            try:
                return scope.vars[name]
            except KeyError:
                scope = scope.parent
        raise KeyError(name)
