"""The seam to FEEL: texts compiled once, with the names and types of their place, and errors placed in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from complaintflow import feel
from complaintflow.dmn.run import Code, Run
from complaintflow.dmn.types import Mismatch, Types
from complaintflow.dmn.types import conform as conform_to
from complaintflow.errors import FeelLimitExceeded, InvalidDecision
from complaintflow.feel.types import FunctionType, Type

Value = Any


class Vocabulary:
    """What an expression may name at its place in the file.

    Args:
        types: the types of the file, or None where an expression needs none.
        ambient: names that may follow a dot or stand in a filter, such as item components.
        names: the variables that are visible.

    Attributes:
        reads: names that the compiled texts read and that are not among the variables.
    """

    def __init__(self, types: Types | None = None, ambient: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        self.reads: set[str] = set()
        self._types = types
        self._ambient = frozenset(ambient)
        self._visible = frozenset(names)
        self._names = self._visible | self._ambient

    def plus(self, *names: str) -> Vocabulary:
        """The same place with more variables."""
        inside = Vocabulary(self._types, self._ambient, self._visible.union(names))
        inside.reads = self.reads
        return inside

    def type(self, reference: str) -> Type | None:
        """The type of a `typeRef`, None for an empty one.

        Raises:
            InvalidDecision: no such type.
        """
        return self._types.find(reference) if reference and self._types is not None else None

    def result_type(self, reference: str) -> Type | None:
        """The type of what a function gives: DMN 1.2 refers to it directly, later versions to a function type."""
        wanted = self.type(reference)
        return wanted.result if isinstance(wanted, FunctionType) else wanted

    def expression(self, text: str, where: str) -> Code:
        """Compile a FEEL expression.

        Raises:
            FeelSyntaxError: it does not parse; `where` is added to it.
            InvalidDecision: it is too long, or nested too deeply.
        """
        return self._code(feel.parse, text, where)

    def unary(self, text: str, where: str) -> Code:
        """Compile unary tests; the scope they run in has the value as `?`.

        Raises:
            FeelSyntaxError: they do not parse; `where` is added to it.
            InvalidDecision: they are too long, or nested too deeply.
        """
        return self._code(feel.parse_unary, text, where)

    def _code(self, parse: Callable[..., feel.Expression], text: str, where: str) -> Code:
        try:
            compiled = parse(text, self._names, where=where)
        except FeelLimitExceeded as error:
            raise InvalidDecision(error.what, where=where, advice=error.remedy) from None
        self.reads.update(compiled.free_names - self._visible - {"?"})
        types = self._types.table if self._types is not None else {}

        def code(scope: Mapping[str, Value], run: Run) -> Value:
            return compiled.evaluate(
                scope, functions=run.functions, warnings=run.warnings, limits=run.limits, types=types, meter=run
            )

        return code


def typed(code: Code, wanted: Type | None, where: str) -> Code:
    """`code`, with its result converted to a type; what does not conform is null and a warning (10.3.2.9.4)."""
    if wanted is None:
        return code

    def checked(scope: Mapping[str, Value], run: Run) -> Value:
        return conform(code(scope, run), wanted, where, run)

    return checked


def conform(value: Value, wanted: Type, where: str, run: Run) -> Value:
    """The value as the type, or null and a warning."""
    try:
        return conform_to(value, wanted)
    except Mismatch as mismatch:
        run.warn(where, str(mismatch))
        return None
