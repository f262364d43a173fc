"""FEEL, the expression language of DMN 1.5 (clause 10.3), with the built-in functions that Camunda adds.

    import complaintflow.feel as feel

    feel.evaluate("amount > 100 and severity = \\"high\\"", {"amount": 150, "severity": "high"})     # True
    feel.unary_test("[1..5], > 10", 12)                                                          # True

    expression = feel.parse("sum(items.price) * rate")       # parsed once, compiled to closures, cached by its text
    expression.free_names                                    # frozenset({'items', 'rate'})
    warnings: list[feel.Warning] = []
    expression.evaluate({"items": []}, warnings=warnings)    # None; the warnings say which part gave null, and why

Reading order, inside out: `values` (the kinds of values), `numbers`, `temporal` and `moments` (dates and times),
`comparison` and `arithmetic`; then the way of a text: `names` and `scanner` (tokens), `feel.lark`, `parser` and
`builder` (the tree of `nodes`), `compiler` with `compile_calls` and `compile_tests` (closures), `expression` (the
public class and the cache); at run time `runtime` (scopes, counters, warnings) under `limits`; and the built-in
functions in `functions` (the table) and `functions_*` (by subject), with `regex` for patterns that cannot hang. The
parser's table, ``feel.table.json``, is made by `grammar`; the page docs/feel.md by `reference`.

Values: numbers are int, Decimal or float in contexts and int or Decimal in results, null is None, a list is a list,
a context is a dict (any Mapping goes in); dates and times are those of `datetime`, a named zone is a `ZoneInfo`; days
and time durations are `timedelta`, years and months durations are `YearMonthDuration`; `Range` and `Function` are
FEEL's own.

An error inside FEEL is null plus a `Warning`. Only these are raised: `FeelSyntaxError` by parse, `FeelLimitExceeded`
when a bound of `Limits` is passed, `EvaluationError` by the built-in `assert`, and whatever a host function raises
beyond ValueError, TypeError, LookupError and ArithmeticError.

For the DMN room: `parse(text, names)` takes the names with spaces that are in scope; `Expression.evaluate(types=...)`
the item definitions by name; `types` has the types and `types.Type.coerce` the implicit conversions; `parse_type` reads
a ``typeRef``; a knowledge model goes into the context as a `Function`; `Expression.test` is one cell of a table.
"""

from complaintflow.feel import types
from complaintflow.feel.expression import (
    Expression,
    evaluate,
    parse,
    parse_later,
    parse_type,
    parse_unary,
    set_limits,
    unary_test,
)
from complaintflow.feel.limits import Limits
from complaintflow.feel.runtime import Warning
from complaintflow.feel.types import MISMATCH, Type
from complaintflow.feel.values import Function, Range, YearMonthDuration, kind

__all__ = [
    "MISMATCH",
    "Expression",
    "Function",
    "Limits",
    "Range",
    "Type",
    "Warning",
    "YearMonthDuration",
    "evaluate",
    "kind",
    "parse",
    "parse_later",
    "parse_type",
    "parse_unary",
    "set_limits",
    "types",
    "unary_test",
]
