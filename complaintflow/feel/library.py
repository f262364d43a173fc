"""Finding a function by its name: all the built-in ones, and the host's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from complaintflow.feel import (
    functions_contexts,
    functions_convert,
    functions_lists,
    functions_logic,
    functions_numbers,
    functions_ranges,
    functions_text,
    functions_time,
)
from complaintflow.feel.functions import TABLE, Builtin
from complaintflow.feel.invoking import call_host
from complaintflow.feel.runtime import Run
from complaintflow.feel.values import Function

BUILTINS: Final[Mapping[str, Builtin]] = TABLE
SUBJECTS: Final = (
    functions_convert,
    functions_logic,
    functions_text,
    functions_numbers,
    functions_lists,
    functions_contexts,
    functions_time,
    functions_ranges,
)
"""The modules that fill the table, in the order of the documentation."""


def function_value(name: str, run: Run) -> Function | None:
    """The function of that name as a value, to be passed on; None if there is none."""
    found = BUILTINS.get(name)
    if found is not None:
        known = found
        parameters = tuple(parameter.names[0] for parameter in found.overloads[0].parameters)
        return Function(parameters, lambda *arguments: known(run, arguments), name)
    host = run.functions.get(name)
    if host is not None:
        function = host
        return Function((), lambda *arguments: call_host(name, function, arguments), name)
    return None
