"""Tokens to a syntax tree: runs the table that `grammar` made of ``feel.lark``.

The machine has no recursion, so however deep an expression nests, the stack stays; `Builder` makes the nodes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path as File
from typing import Any

from complaintflow.feel.builder import Builder
from complaintflow.feel.limits import Limits, exceeded
from complaintflow.feel.nodes import Node, Tests
from complaintflow.feel.scanner import Scanner, Token
from complaintflow.feel.syntax import syntax_error
from complaintflow.records import NamedTuple

_WORDS = {
    "RPAR": ")", "RSQB": "]", "RBRACE": "}", "COLON": ":", "THEN": "then", "ELSE": "else", "RETURN": "return",
    "SATISFIES": "satisfies", "IN": "in", "AND": "and", "TYPE": "a type", "KEY": "the name of an entry",
}  # fmt: skip
"""Tokens worth suggesting: what people forget."""


class _Rule(NamedTuple):
    """A production: its left side, how many parts it has, which it keeps, and what is made of them."""

    left: str
    size: int
    parts: str
    make: Callable[[list[Any]], Any] | None


class _Table(NamedTuple):
    """What `grammar` describes, with the builder's methods filled in."""

    starts: dict[str, tuple[int, int]]
    rules: tuple[_Rule, ...]
    states: list[dict[str, int]]


@lru_cache(maxsize=1)
def _table() -> _Table:
    read = json.loads(File(__file__).with_name("feel.table.json").read_text(encoding="utf-8"))
    builder = Builder()
    rules = tuple(
        _Rule(left, len(parts.replace("n", "")), parts, getattr(builder, method) if method else None)
        for left, method, parts in read["rules"]
    )
    # A move below zero is a production, counted from -1; so they stand in reverse.
    return _Table(read["starts"], rules[::-1], read["states"])


def _reduced(rule: _Rule, values: list[Any]) -> Any:
    """What a production makes of its parts."""
    if rule.make is None and len(rule.parts) == 1:
        return values[0]
    if rule.make is None and rule.parts[0] == "e":  # one more of a row: not copied, which would be quadratic
        row: list[Any] = values[0]
        row += values[1:]
        return row
    if rule.parts.strip("k"):
        kept: list[Any] = []
        given = iter(values)
        for part in rule.parts:
            if part == "n":
                kept.append(None)
            elif part == "e":
                kept.extend(next(given))
            else:
                kept.append(next(given))
        values = kept
    return values if rule.make is None else rule.make(values)


class _Unexpected(Exception):
    """A token, or the end (None), that no rule allows there, and the symbols that some rule would."""

    def __init__(self, token: Token | None, expected: set[str]) -> None:
        super().__init__()
        self.token = token
        self.expected = expected


def _tree(tokens: list[Token], start: str) -> Any:
    """Run the table over the tokens.

    Raises:
        _Unexpected: they follow no rule.
    """
    starts, rules, states = _table()
    state, last = starts[start]
    visited, values = [state], []
    for token in (*tokens, None):
        symbol = "$END" if token is None else token.type
        while True:
            move = states[state].get(symbol)
            if move is None:
                raise _Unexpected(token, {name for name in states[state] if name.isupper()})
            if move >= 0:
                visited.append(move)
                values.append(token)
                state = move
                break
            rule = rules[move]
            made = _reduced(rule, values[-rule.size :])
            del visited[-rule.size :], values[-rule.size :]
            state = states[visited[-1]][rule.left]
            visited.append(state)
            values.append(made)
            if token is None and state == last:
                return made
    raise AssertionError(start)


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
    try:
        tree: Node = _tree(tokens, "tests" if unary else "expression")
    except _Unexpected as error:
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


def _unexpected(text: str, tokens: list[Token], token: Token | None, expected: set[str]) -> Exception:
    hints = [f'"{_WORDS[name]}"' for name in sorted(expected & _WORDS.keys())]
    wanted = f"; perhaps {' or '.join(hints)} is missing" if 0 < len(hints) <= 3 else ""
    if token is None:
        return syntax_error(text, tokens[-1].end_pos, f"it ends too early{wanted}")
    found = text[token.start_pos : token.end_pos].strip()
    advice = ""
    index = next((i for i, one in enumerate(tokens) if one is token), 0)
    if token.type == "NAME" and index and tokens[index - 1].type == "NAME":
        advice = f"a name with spaces stands in backquotes: `{tokens[index - 1].value} {token.value}`"
    elif found == "=" or text.startswith("==", max(0, token.start_pos - 1)):
        advice = "equality is written with a single ="
    return syntax_error(text, token.start_pos, f'"{found}" is unexpected here{wanted}', advice)
