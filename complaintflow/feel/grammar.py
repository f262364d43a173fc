"""From the grammar to the parser's table: ``python -m complaintflow.feel.grammar`` after every change of ``feel.lark``.

lark reads ``feel.lark``, refuses what is ambiguous and works out the LALR(1) table. That takes a fifth of a second and
is the same in every process, so it is done once, by who changes the grammar, and ``feel.table.json`` is what `parser`
runs. lark is needed here only; a test compares the file with the grammar.

The table: ``rules`` has, for each production, its left side, the method of `builder.Builder` (empty where the only
part stands for the whole), and for each part ``k`` (kept), ``e`` (the parts of a helping rule, put in one by one) or
``n`` (null: an optional part that is not there). ``states`` has for each state and symbol a state to go to, or, when
negative, the production to reduce by, counted from -1. ``starts`` has first and last state of each start symbol.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path as File
from typing import Any

TABLE = File(__file__).with_name("feel.table.json")
GRAMMAR = File(__file__).with_name("feel.lark")
STARTS = ("expression", "tests")


def table() -> dict[str, Any]:
    """The table of the grammar as it is now; states and productions are numbered the same way every time."""
    import lark
    from lark.lexer import Lexer

    class NoLexer(Lexer):
        """The scanner has its own tokens."""

        __future_interface__ = 1

        def __init__(self, conf: object) -> None:
            pass

        def lex(self, lexer_state: object, parser_state: object) -> Iterator[Any]:
            return iter(())

    text = GRAMMAR.read_text(encoding="utf-8")
    parser: Any = lark.Lark(text, parser="lalr", lexer=NoLexer, start=list(STARTS), maybe_placeholders=True)
    made = parser.parser.parser.parser.parse_table
    order = {state: number for number, state in enumerate(_reached(made))}
    reductions = {move for moves in made.states.values() for _, move in moves.values() if not isinstance(move, int)}
    rules = sorted(reductions, key=str)
    places = {rule: -1 - number for number, rule in enumerate(rules)}
    states = [
        {
            symbol: order[to] if isinstance(to, int) else places[to]
            for symbol, (_, to) in sorted(made.states[at].items())
        }
        for at in order
    ]
    starts = {name: [order[made.start_states[name]], order[made.end_states[name]]] for name in STARTS}
    return {"starts": starts, "rules": [_rule(rule) for rule in rules], "states": states}


def _reached(made: Any) -> Iterator[int]:
    """The states, in the order in which they are found from the start symbols."""
    seen = list(dict.fromkeys(made.start_states[name] for name in STARTS))
    for state in seen:
        yield state
        moves: Mapping[str, Any] = made.states[state]
        seen.extend(to for _, (_, to) in sorted(moves.items()) if isinstance(to, int) and to not in seen)


def _rule(rule: Any) -> list[str]:
    """Left side, method and parts of a production."""
    gaps = [len(ones) for ones in "".join("01"[empty] for empty in rule.options.empty_indices).split("0")]
    gaps = gaps if rule.options.empty_indices else [0] * (len(rule.expansion) + 1)
    parts = "n" * gaps[0]
    for symbol, gap in zip(rule.expansion, gaps[1:], strict=True):
        parts += ("e" if symbol.name.startswith("_") else "k") + "n" * gap
    left: str = rule.origin.name
    single = left.startswith("_") or (rule.options.expand1 and not rule.alias)
    return [left, "" if single else rule.alias or left, parts]


def written() -> str:
    """The table as the file has it."""
    made = table()
    lines = [f'"starts": {json.dumps(made["starts"])}']
    for name in ("rules", "states"):
        rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in made[name])
        lines.append(f'"{name}": [\n{rows}\n]')
    return "{" + ",\n".join(lines) + "}\n"


if __name__ == "__main__":
    TABLE.write_text(written(), encoding="utf-8")
