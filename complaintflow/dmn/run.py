"""What one evaluation carries along: host functions, warnings, the rules that fired, and how deep calls are nested."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import Any, NamedTuple, TypeAlias

from complaintflow import feel
from complaintflow.feel.limits import DEFAULT_LIMITS, Limits, exceeded
from complaintflow.records import dataclass

Value: TypeAlias = Any
_CALL = 20
"""What a call costs: scopes, arguments and types are prepared for it."""


class Fired(NamedTuple):
    """One decision table was evaluated.

    Attributes:
        decision: id of the decision or knowledge model that holds the table (its name, if it has no id).
        rules: ids of the rules whose outputs the result was taken from, in the order of the table; a rule without an
            id appears as ``"rule 3"``. Empty when none matched.
    """

    decision: str
    rules: tuple[str, ...]


@dataclass(slots=True)
class Run:
    """The state of one call of ``DecisionModel.evaluate``."""

    functions: Mapping[str, Callable[..., Value]] = field(default_factory=dict)
    warnings: list[feel.Warning] | None = None
    trace: list[Fired] | None = None
    limits: Limits = DEFAULT_LIMITS
    steps: int = 0
    depth: int = 0

    def warn(self, where: str, reason: str) -> None:
        """Record why a value became null."""
        if self.warnings is not None:
            self.warnings.append(feel.Warning(where, 0, reason))

    def quiet(self) -> Run:
        """The same run without warnings."""
        return replace(self, warnings=None)

    def step(self, cost: int = 1) -> None:
        """Count the work of an iteration or call; expressions count theirs here as well.

        Raises:
            FeelLimitExceeded: more than ``limits.steps`` in this run.
        """
        self.steps += cost
        if self.steps > self.limits.steps:
            raise exceeded("the work of the decision", self.limits.steps, "steps")

    def enter(self, name: str) -> None:
        """Count one nested call of a knowledge model, service or boxed function; `leave` ends it.

        Raises:
            FeelLimitExceeded: deeper than ``limits.recursion``, or more than ``limits.steps`` in this run.
        """
        self.step(_CALL)
        self.depth += 1
        if self.depth > self.limits.recursion:
            raise exceeded(f"calls of {name} inside each other", self.limits.recursion, "recursion")

    def leave(self) -> None:
        self.depth -= 1


class Scope(dict[str, Value]):
    """Names that are set here, over those of an outer scope, which is read by key and never copied."""

    __slots__ = ("outer",)

    def __init__(self, local: Mapping[str, Value], outer: Mapping[str, Value]) -> None:
        super().__init__(local)
        self.outer = outer

    def __missing__(self, name: str) -> Value:
        return self.outer[name]


class LoopScope(Scope):
    """The scope of one turn of a `for`, in which `partial` is the list of the results so far (10.3.2.14)."""

    __slots__ = ("results",)

    def __init__(self, local: Mapping[str, Value], outer: Mapping[str, Value], results: list[Value]) -> None:
        super().__init__(local, outer)
        self.results = results

    def __missing__(self, name: str) -> Value:
        # A copy, made only for those who ask, so that a result can hold it without holding itself.
        return list(self.results) if name == "partial" else self.outer[name]


Code: TypeAlias = Callable[[Mapping[str, Value], Run], Value]
"""Compiled logic: a scope and the run in, a value out."""
