"""The documentation of the built-in functions, made from their declarations.

``python -m complaintflow.feel.reference > docs/feel.md`` writes it; a test says whether the page is of today.
"""

from __future__ import annotations

import sys
from dataclasses import fields

from complaintflow.feel.library import BUILTINS, SUBJECTS
from complaintflow.feel.limits import Limits

_HEAD = """# Expressions

Conditions, mappings, timers, forms and decision tables are written in FEEL, the expression language of DMN 1.5, with
the functions that Camunda adds. `complaintflow feel 'EXPRESSION' --context FILE` tries one; without an expression it
asks for some. An error inside an expression is null, and a warning says which part gave it and why; a name that does
not exist is null, so `appeal = null` is true where nobody appealed.

Beyond FEEL, diagrams and tables of a case may use `deadline(name, from)` (in times), `repeat(name)` (in cycles),
`working_days_between(a, b)` and the contexts `policy` and `case`; `now()` and `today()` are those of the case.

## Bounds

What one evaluation may cost is bounded, whatever is written. `feel.set_limits(feel.Limits(...))` sets the bounds of a
process, `limits=` those of one evaluation; passing one is the error `FeelLimitExceeded`.

| bound | unless set | of |
|---|---|---|
"""
_FUNCTIONS = """
## Built-in functions

Each example is true; all of them are executed as tests. Functions of Camunda are marked.
"""


def markdown() -> str:
    """A page with one table for each subject: signatures, what the function does, and an example that is true."""
    sections = [_HEAD, *_bounds(), _FUNCTIONS]
    done: set[str] = set()
    for module in SUBJECTS:
        title = (module.__doc__ or "").strip().splitlines()[0].rstrip(".")
        rows = [f"\n### {title}\n\n| function | what it gives | example |\n|---|---|---|"]
        for entry in BUILTINS.values():
            home = entry.overloads[0].implementation.__module__
            if home == module.__name__ and entry.name not in done:
                done.add(entry.name)
                signatures = "<br>".join(f"`{overload.declaration}`" for overload in entry.overloads)
                source = "" if entry.source.startswith("DMN") else f" ({entry.source})"
                example = entry.example.replace("|", "\\|")
                rows.append(f"| {signatures} | {entry.about}{source} | `{example}` |")
        sections.append("\n".join(rows) + "\n")
    return "".join(sections)


def _bounds() -> list[str]:
    """A row for each field of `Limits`, with what its docstring says of it."""
    about: dict[str, str] = {}
    name = ""
    for line in (Limits.__doc__ or "").partition("Attributes:")[2].splitlines():
        head, _, rest = line.strip().partition(": ")
        if head in Limits.__dataclass_fields__ and rest:
            name, about[head] = head, rest
        elif line.strip():
            about[name] += f" {line.strip()}"
    return [f"| `{each.name}` | {each.default:,} | {about[each.name]} |\n" for each in fields(Limits)]


if __name__ == "__main__":
    sys.stdout.write(markdown())
