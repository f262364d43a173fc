"""A whole syntax tree to one closure, and what a check at load wants to know about it."""

from __future__ import annotations

from complaintflow.feel import compile_calls, compile_loops, compile_tests, compile_values
from complaintflow.feel.closures import Code, Compiler
from complaintflow.feel.nodes import Node
from complaintflow.feel.quick import Quick, shortcut
from complaintflow.records import NamedTuple

_FORMS = {**compile_values.FORMS, **compile_tests.FORMS, **compile_loops.FORMS, **compile_calls.FORMS}


class Compiled(NamedTuple):
    """The closure, its short cut if it has one, and the names it uses."""

    code: Code
    quick: Quick | None
    free_names: frozenset[str]
    filter_names: frozenset[str]
    calls: frozenset[str]


def compile_tree(text: str, tree: Node) -> Compiled:
    """The closure of a tree that was parsed from the text."""
    compiler = Compiler(text, _FORMS)
    code = compiler.compile(tree)
    return Compiled(
        code, shortcut(tree), frozenset(compiler.free), frozenset(compiler.filtered), frozenset(compiler.calls)
    )
