"""The FEEL expressions of a form, and the variables they see.

As in form-js, an expression sees the variables of the case, the form's data over them, and, inside a dynamic list,
``this`` (the row), ``parent`` (what is around it) and ``i`` (the positions, counted from 1), each also between
underscores.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import field
from typing import TYPE_CHECKING, cast

from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.feel import Expression

Functions = Mapping[str, Callable[..., object]]
_NOT = re.compile(r"not\s*\(")
_LOCAL = frozenset({"this", "parent", "i", "_this_", "_parent_", "_i_"})


@dataclass(frozen=True, slots=True)
class Scope:
    """The variables at one place of a form.

    Attributes:
        data: the form's own values, over those of the case; what is hidden is as at first.
        context: the variables of the case.
        this: the row of the dynamic list; None outside of one.
        parent: the scope around the row.
        positions: the row numbers on the way in, counted from 1.
        functions: host functions that expressions may call.
    """

    data: Mapping[str, object]
    context: Mapping[str, object]
    functions: Functions
    this: Mapping[str, object] | None = None
    parent: Scope | None = None
    positions: tuple[int, ...] = ()

    def row(self, values: Mapping[str, object], position: int) -> Scope:
        """The scope inside a row of a list that stands in this scope."""
        return Scope(self.data, self.context, self.functions, values, self, (*self.positions, position))

    def variables(self, names: frozenset[str]) -> Mapping[str, object]:
        """What an expression that reads ``names`` sees."""
        maps: list[Mapping[str, object]] = [self.data, self.context]
        if names & _LOCAL:
            local = self._local()
            maps = [{f"_{name}_": value for name, value in local.items()}, *maps, local]
        return ChainMap(*(cast("MutableMapping[str, object]", layer) for layer in maps))

    def _local(self) -> dict[str, object]:
        parent = self.parent
        return {
            "this": self._own(),
            "parent": None if parent is None else {**parent._local(), **parent._own()},
            "i": list(self.positions),
        }

    def _own(self) -> Mapping[str, object]:
        return self.this if self.this is not None else {**self.context, **self.data}


@dataclass(frozen=True, slots=True)
class Formula:
    """A FEEL expression of a form, written with a leading ``=``."""

    text: str
    expression: Expression = field(repr=False, compare=False)

    @classmethod
    def read(cls, text: str) -> Formula:
        """Parse ``text``.

        Raises:
            FeelSyntaxError: it is not FEEL.
            FeelLimitExceeded: it is too long or nested too deeply.
        """
        from complaintflow import feel

        return cls(text, feel.parse(text[1:]))

    def value(self, scope: Scope) -> object:
        """Evaluate; an error inside is null, as everywhere in FEEL.

        Raises:
            FeelLimitExceeded: the expression did too much work.
        """
        names = self.expression.free_names | self.expression.filter_names
        return self.expression.evaluate(scope.variables(names), functions=scope.functions)


@dataclass(frozen=True, slots=True)
class Condition:
    """A FEEL condition of a form (``conditional.hide``, ``readonly``).

    form-js evaluates these as unary tests of null: tests between commas, of which one must hold, perhaps all within
    ``not(...)``. A test holds if it is true, and also if it is null, since null is what it is compared with. So
    ``amount > 3`` hides a field while the amount is not known, and ``not(anonymous)`` does not; the server has to
    agree with what the browser showed.
    """

    text: str
    negated: bool
    tests: Expression = field(repr=False, compare=False)

    @classmethod
    def read(cls, text: str) -> Condition:
        """Parse ``text``.

        Raises:
            FeelSyntaxError: it is not FEEL.
            FeelLimitExceeded: it is too long or nested too deeply.
        """
        from complaintflow import feel

        source = text[1:].strip()
        inside = _within_not(source)
        return cls(text, inside is not None, feel.parse(f"[{source if inside is None else inside}]"))

    def holds(self, scope: Scope) -> bool:
        """Whether the condition is true.

        Raises:
            FeelLimitExceeded: the expression did too much work.
        """
        names = self.tests.free_names | self.tests.filter_names
        values = self.tests.evaluate(scope.variables(names), functions=scope.functions)
        passed = isinstance(values, list) and any(_passes(value) for value in values)
        return passed is not self.negated


def _passes(value: object) -> bool:
    return value is True or value is None or (isinstance(value, list) and None in value)


def _within_not(source: str) -> str | None:
    """What stands between the parentheses, if the whole text is one ``not(...)``."""
    head = _NOT.match(source)
    if head is None or not source.endswith(")"):
        return None
    depth, quoted = 1, False
    for position in range(head.end(), len(source) - 1):
        letter = source[position]
        if letter == '"' and source[position - 1] != "\\":
            quoted = not quoted
        elif not quoted:
            depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return None
    return source[head.end() : -1]


def is_expression(value: object) -> bool:
    """Whether form-js would evaluate the value."""
    return isinstance(value, str) and value.startswith("=")
