"""Tokens to a syntax tree: lark's LALR parser over ``feel.lark``, built once, when the first expression is parsed."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path as File
from typing import Any

from complaintflow.feel.builder import Builder
from complaintflow.feel.limits import Limits, exceeded
from complaintflow.feel.nodes import Node, Tests
from complaintflow.feel.scanner import Scanner, Token
from complaintflow.feel.syntax import syntax_error

_WORDS = {
    "RPAR": ")", "RSQB": "]", "RBRACE": "}", "COLON": ":", "THEN": "then", "ELSE": "else", "RETURN": "return",
    "SATISFIES": "satisfies", "IN": "in", "AND": "and", "TYPE": "a type", "KEY": "the name of an entry",
}  # fmt: skip
"""Tokens worth suggesting: what people forget."""


@lru_cache(maxsize=1)
def _lark() -> Any:
    """The parser; lark itself is imported here, as that takes longer than all of this package."""
    import lark
    from lark.lexer import Lexer

    class Scanned(Lexer):
        """The tokens are there already."""

        __future_interface__ = 1

        def __init__(self, conf: object) -> None:
            pass

        def lex(self, lexer_state: Any, parser_state: Any) -> Any:
            return iter(lexer_state.text)

    grammar = File(__file__).with_name("feel.lark").read_text(encoding="utf-8")
    return lark.Lark(
        grammar, parser="lalr", lexer=Scanned, start=["expression", "tests"], transformer=Builder(),
        maybe_placeholders=True, propagate_positions=False,
    )  # fmt: skip


def parse_tree(text: str, names: frozenset[str], limits: Limits, *, unary: bool) -> Node:
    """The syntax tree of an expression, or of unary tests.

    Raises:
        FeelSyntaxError: it is none.
        FeelLimitExceeded: too long, or nested too deeply.
    """
    tokens = Scanner(text, names, limits).scan()
    if not tokens:
        raise syntax_error(text, len(text), "the expression is empty")
    if unary:
        if len(tokens) == 1 and tokens[0].type == "MINUS":
            return Tests(0, len(text), 1, [], False)
        _mark_negation(tokens)
    import lark

    try:
        tree: Node = _lark().parse(tokens, start="tests" if unary else "expression")
    except lark.UnexpectedToken as error:
        raise _unexpected(text, tokens, error.token, error.expected) from None
    if tree.depth > limits.nesting:
        raise exceeded("the nesting of the expression", limits.nesting, "nesting")
    return tree


def _mark_negation(tokens: list[Token]) -> None:
    """``not(...)`` over the whole cell negates its tests; elsewhere it is the function."""
    if len(tokens) < 3 or tokens[0].value != "not" or tokens[1].type != "LPAR":
        return
    depth = 0
    for index, token in enumerate(tokens):
        depth += {"LPAR": 1, "LSQB": 1, "LBRACE": 1, "OPEN_START": 1}.get(token.type, 0)
        depth -= {"RPAR": 1, "RSQB": 1, "RBRACE": 1, "OPEN_END": 1}.get(token.type, 0)
        if index and depth == 0:
            if index == len(tokens) - 1:
                tokens[0].type = "NOT_TESTS"
            return


def _unexpected(text: str, tokens: list[Token], token: Any, expected: set[str]) -> Exception:
    hints = [f'"{_WORDS[name]}"' for name in sorted(expected & _WORDS.keys())]
    wanted = f"; perhaps {' or '.join(hints)} is missing" if 0 < len(hints) <= 3 else ""
    if token.type == "$END":
        return syntax_error(text, tokens[-1].end_pos, f"it ends too early{wanted}")
    found = text[token.start_pos : token.end_pos].strip()
    advice = ""
    index = next((i for i, one in enumerate(tokens) if one is token), 0)
    if token.type == "NAME" and index and tokens[index - 1].type == "NAME":
        advice = f"a name with spaces stands in backquotes: `{tokens[index - 1].value} {token.value}`"
    elif found == "=" or text.startswith("==", max(0, token.start_pos - 1)):
        advice = "equality is written with a single ="
    return syntax_error(text, token.start_pos, f'"{found}" is unexpected here{wanted}', advice)
