"""Reading JUEL, the expression language of Camunda 7: the text between ``${`` and ``}`` becomes a small tree.

The grammar is that of the Unified Expression Language (JSR 245, section 1) without assignments: literals, names,
properties, indices, calls, arithmetic, comparisons, logic, ``empty`` and the conditional. Nothing is evaluated here.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from complaintflow.records import dataclass


class JuelError(Exception):
    """The text is no JUEL; the message says where."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, a number (as it is written), a truth value or null. ``kind`` is text, number, boolean or null."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """A variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Property:
    """``base.name`` or ``base['name']``."""

    base: Juel
    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """``base[index]`` with something other than a text."""

    base: Juel
    index: Juel


@dataclass(frozen=True, slots=True)
class Call:
    """``base.name(arguments)``, or a function where there is no base."""

    base: Juel | None
    name: str
    arguments: tuple[Juel, ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """``not``, ``-`` or ``empty``."""

    operator: str
    operand: Juel


@dataclass(frozen=True, slots=True)
class Binary:
    """One of ``or and == != < > <= >= + - * / %``."""

    operator: str
    left: Juel
    right: Juel


@dataclass(frozen=True, slots=True)
class Choice:
    """``condition ? yes : no``."""

    condition: Juel
    yes: Juel
    no: Juel


Juel: TypeAlias = Literal | Name | Property | Index | Call | Unary | Binary | Choice

# Deeper ones are nothing that a person wrote.
_DEPTH: Final = 40
_LENGTH: Final = 4_000

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<number>\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+(?:[eE][+-]?\d+)?)
    | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<word>[^\W\d][\w$]*|\$[\w$]+)
    | (?P<sign>==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()\[\]])
    )""",
    re.VERBOSE,
)
_SPELLINGS: Final = {
    "&&": "and", "||": "or", "!": "not", "eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=",
    "div": "/", "mod": "%",
}  # fmt: skip
_WORDS: Final = frozenset({"and", "or", "not", "empty", *(word for word in _SPELLINGS if word.isalpha())})
_LEVELS: Final = (
    frozenset({"or"}), frozenset({"and"}), frozenset({"==", "!="}), frozenset({"<", ">", "<=", ">="}),
    frozenset({"+", "-"}), frozenset({"*", "/", "%"}),
)  # fmt: skip
_CONSTANTS: Final = {"true": "boolean", "false": "boolean", "null": "null"}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def parse(text: str) -> Juel:
    """The tree of an expression, without ``${`` and ``}``.

    Raises:
        JuelError: it does not parse, or is longer than 4,000 characters or deeper than 40 levels.
    """
    if len(text) > _LENGTH:
        raise JuelError(f"the expression has {len(text):,} characters")
    return _Parser(_scan(text)).whole()


def _scan(text: str) -> list[_Token]:
    found: list[_Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise JuelError(f"'{text[at:].strip()[:20]}' at character {at + 1} is not understood")
        kind, shown = match.lastgroup, match[match.lastgroup]
        if kind in ("sign", "word"):
            spelt = _SPELLINGS.get(shown, shown)
            kind = "sign" if kind == "sign" or shown in _WORDS else "word"
            shown = spelt
        found.append(_Token(kind, shown, match.start(match.lastgroup) + 1))
        at = match.end()
    found.append(_Token("end", "the end", len(text) + 1))
    return found


class _Parser:
    """Recursive descent; each method leaves ``self.at`` behind what it read."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    def whole(self) -> Juel:
        tree = self.choice()
        if self.here.kind != "end":
            raise self.unexpected()
        return tree

    @property
    def here(self) -> _Token:
        return self.tokens[self.at]

    def unexpected(self) -> JuelError:
        return JuelError(f"'{self.here.text}' at character {self.here.at} is not expected")

    def sign(self, *signs: str) -> str | None:
        """The sign that stands here, if it is one of these; it is read."""
        if self.here.kind == "sign" and self.here.text in signs:
            self.at += 1
            return self.tokens[self.at - 1].text
        return None

    def need(self, sign: str) -> None:
        if self.sign(sign) is None:
            raise self.unexpected()

    def word(self) -> str:
        if self.here.kind != "word":
            raise self.unexpected()
        self.at += 1
        return self.tokens[self.at - 1].text

    def choice(self) -> Juel:
        self.depth += 1
        if self.depth > _DEPTH:
            raise JuelError("the expression is nested too deeply")
        condition = self.level(0)
        if self.sign("?") is not None:
            yes = self.choice()
            self.need(":")
            condition = Choice(condition, yes, self.choice())
        self.depth -= 1
        return condition

    def level(self, number: int) -> Juel:
        if number == len(_LEVELS):
            return self.unary()
        left = self.level(number + 1)
        while (operator := self.sign(*_LEVELS[number])) is not None:
            left = Binary(operator, left, self.level(number + 1))
        return left

    def unary(self) -> Juel:
        operator = self.sign("not", "-", "empty")
        if operator is None:
            return self.path()
        self.depth += 1
        if self.depth > _DEPTH:
            raise JuelError("the expression is nested too deeply")
        operand = self.unary()
        self.depth -= 1
        return Unary(operator, operand)

    def path(self) -> Juel:
        tree = self.primary()
        while True:
            if self.sign(".") is not None:
                name = self.word()
                tree = Call(tree, name, self.arguments()) if self.sign("(") is not None else Property(tree, name)
            elif self.sign("[") is not None:
                index = self.choice()
                self.need("]")
                is_text = isinstance(index, Literal) and index.kind == "text"
                tree = Property(tree, index.text) if is_text else Index(tree, index)  # type: ignore[union-attr]
            else:
                return tree

    def arguments(self) -> tuple[Juel, ...]:
        found: list[Juel] = []
        if self.sign(")") is not None:
            return ()
        while True:
            found.append(self.choice())
            if self.sign(",") is None:
                self.need(")")
                return tuple(found)

    def primary(self) -> Juel:
        token = self.here
        if self.sign("(") is not None:
            tree = self.choice()
            self.need(")")
            return tree
        if token.kind in ("sign", "end"):
            raise self.unexpected()
        self.at += 1
        if token.kind == "number":
            return Literal("number", token.text)
        if token.kind == "text":
            return Literal("text", re.sub(r"\\(.)", r"\1", token.text[1:-1]))
        if token.text in _CONSTANTS:
            return Literal(_CONSTANTS[token.text], token.text)
        if self.sign(":") is not None:
            # A function with a namespace; a colon that belongs to a conditional stands behind a question mark.
            if self.here.kind == "word" and self.tokens[self.at + 1].text == "(":
                name = self.word()
                self.need("(")
                return Call(Name(token.text), name, self.arguments())
            self.at -= 1
        if self.sign("(") is not None:
            return Call(None, token.text, self.arguments())
        return Name(token.text)
