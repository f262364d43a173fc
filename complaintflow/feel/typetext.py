"""Types as they are written: ``list<number>``, ``context<a: date>``, ``function<string> -> Any`` (grammar rule 54)."""

from __future__ import annotations

from functools import lru_cache

from complaintflow.feel import names
from complaintflow.feel.syntax import syntax_error
from complaintflow.feel.types import NAMED, ContextType, FunctionType, ListType, NamedType, RangeType, Type

_BUILT_IN = names.Names()
for _name in NAMED:
    if " " in _name:
        _BUILT_IN.add(_name)
_DEEPEST = 30


@lru_cache(maxsize=1024)
def parse_type(text: str) -> Type:
    """The type written in a whole text, as in the ``typeRef`` of a DMN file.

    Raises:
        FeelSyntaxError: it is none.
    """
    found, end = read_type(text, 0, [])
    if names.spaces_end(text, end) != len(text):
        raise syntax_error(text, end, "unexpected text after the type")
    return found


def read_type(text: str, position: int, candidates: list[names.Names], depth: int = 0) -> tuple[Type, int]:
    """The type that begins at a position, and where it ends; ``candidates`` are known names of several words.

    Raises:
        FeelSyntaxError: there is none.
    """
    if depth > _DEEPEST:
        raise syntax_error(text, position, "the type is nested too deeply")
    position = names.spaces_end(text, position)
    spaced = names.find([*candidates, _BUILT_IN], text, position)
    if spaced is not None:
        return NAMED.get(spaced[0]) or NamedType(spaced[0]), spaced[1]
    end = _qualified_end(text, position)
    if end == position:
        raise syntax_error(text, position, "a type is expected here", "write for example number, string or list<date>")
    name = names.normal(text[position:end])
    after = names.spaces_end(text, end)
    if name in ("list", "range", "context", "function") and text.startswith("<", after):
        return _read_parts(name, text, after + 1, candidates, depth)
    return NAMED.get(name) or NamedType(name), end


def _read_parts(name: str, text: str, position: int, candidates: list[names.Names], depth: int) -> tuple[Type, int]:
    if name in ("list", "range"):
        of, position = read_type(text, position, candidates, depth + 1)
        return ListType(of) if name == "list" else RangeType(of), _expect(text, position, ">")
    if name == "context":
        fields: dict[str, Type] = {}
        while not text.startswith(">", names.spaces_end(text, position)):
            position = _expect(text, position, ",") if fields else position
            start = names.spaces_end(text, position)
            end = names.name_end(text, start)
            if end == start:
                raise syntax_error(text, position, "the name of a context entry is expected here")
            key, position = names.normal(text[start:end]), _expect(text, end, ":")
            fields[key], position = read_type(text, position, candidates, depth + 1)
        return ContextType(fields), _expect(text, position, ">")
    parameters: list[Type] = []
    while not text.startswith(">", names.spaces_end(text, position)):
        position = _expect(text, position, ",") if parameters else position
        of, position = read_type(text, position, candidates, depth + 1)
        parameters.append(of)
    position = _expect(text, _expect(text, position, ">"), "->")
    result, position = read_type(text, position, candidates, depth + 1)
    return FunctionType(tuple(parameters), result), position


def _qualified_end(text: str, position: int) -> int:
    """Where a type's name ends: words with dots or spaces between them, as a model may call its types so."""
    end = names.word_end(text, position)
    while end > position:
        start = end + 1 if text.startswith(".", end) else names.spaces_end(text, end)
        following = names.word_end(text, start)
        if start == end or following == start or text[start:following] in names.BETWEEN_OPERANDS:
            break
        end = following
    return end


def _expect(text: str, position: int, symbol: str) -> int:
    position = names.spaces_end(text, position)
    if not text.startswith(symbol, position):
        raise syntax_error(text, position, f'"{symbol}" is expected here')
    return position + len(symbol)
