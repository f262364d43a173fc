"""Text to tokens, knowing the names in scope.

FEEL cannot be cut into tokens without its scope: ``first name`` and ``a-b`` may be names. The scanner therefore
follows the brackets and the three places where an expression declares names (context entries, iteration variables,
parameters). It also tells ``]1..5[`` from a list and a filter. The grammar proper is in ``feel.lark``.
"""

from __future__ import annotations

import re
from typing import ClassVar, Final, NoReturn

from complaintflow.feel import names, strings
from complaintflow.feel.limits import Limits, exceeded
from complaintflow.feel.syntax import syntax_error
from complaintflow.feel.typetext import read_type
from complaintflow.feel.values import Value
from complaintflow.records import dataclass

_SKIP = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_TOKEN = re.compile(
    r"(?P<NUMBER>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r'|(?P<STRING>"(?:[^"\\]|\\.)*")'
    r'|(?P<AT>@\s*"(?:[^"\\]|\\.)*")'
    r"|`(?P<QUOTED>[^`]+)`"
    r"|(?P<OP>\*\*|\.\.|<=|>=|!=|[-+*/=<>()\[\]{},:.])",
    re.DOTALL,
)
_IN = re.compile(r"\s+in\b")
_OF = re.compile(r"\s+of\b")

OPERATORS = {
    "**": "POW", "..": "DOTDOT", "-": "MINUS", "+": "PLUS", "*": "STAR", "/": "SLASH", "(": "LPAR", ")": "RPAR",
    "[": "LSQB", "]": "RSQB", "{": "LBRACE", "}": "RBRACE", ",": "COMMA", ":": "COLON", ".": "DOT",
    "<": "CMP", "<=": "CMP", ">": "CMP", ">=": "CMP", "=": "CMP", "!=": "CMP",
}  # fmt: skip
KEYWORDS = {
    word: word.upper()
    for word in (
        "if", "then", "else", "for", "in", "return", "some", "every", "satisfies", "and", "or", "between",
        "true", "false", "null",
    )
}  # fmt: skip
_OPERAND_ENDS = frozenset(
    {"NUMBER", "STRING", "NAME", "AT", "TRUE", "FALSE", "NULL", "RPAR", "RSQB", "RBRACE", "TYPE", "OPEN_END"}
)
_INTERVALS = frozenset({"(", "[", "]"})
_STARTS_VALUE = re.compile(r'[0-9"@`]|\.[0-9]')


@dataclass(slots=True, eq=False)
class Token:
    """What the parser sees; lines and columns are not counted, a position is enough."""

    type: str
    value: Value
    start_pos: int
    end_pos: int

    line: ClassVar[int] = 0
    column: ClassVar[int] = 0
    end_line: ClassVar[int] = 0
    end_column: ClassVar[int] = 0


@dataclass(slots=True, eq=False)
class _Bracket:
    """An open bracket, and the names of several words that are declared inside it."""

    kind: str
    headings: int = 0
    interval: bool = False
    declared: names.Names | None = None


# What other languages, and word processors, write.
_INSTEAD: Final = {
    **dict.fromkeys("'“”„‘’«»", 'strings stand in double quotes: "text"'),
    "&": "write: and", "|": "write: or", "%": "write: modulo(a, b)",
    **dict.fromkeys("$#", "FEEL stands in no braces: write the expression alone"),
    **dict.fromkeys("（）", "write brackets as ( )"), "，": "write the comma as ,", "＝": "write the sign as =",
}  # fmt: skip


class Scanner:
    """One pass over one text; `scan` gives the tokens."""

    def __init__(self, text: str, known: frozenset[str], limits: Limits) -> None:
        self.text = text
        self.limits = limits
        self.index = names.index(known)
        self.position = 0
        self.tokens: list[Token] = []
        self.members = names.Names()
        self.open: list[_Bracket] = [_Bracket("")]

    def scan(self) -> list[Token]:
        """All tokens.

        Raises:
            FeelSyntaxError: a character that begins nothing, a string without end.
            FeelLimitExceeded: too long, or brackets nested too deeply.
        """
        if len(self.text) > self.limits.text_length:
            raise exceeded("the text of the expression", self.limits.text_length, "text_length")
        while True:
            self._skip()
            if self.position >= len(self.text):
                return self.tokens
            end = names.word_end(self.text, self.position)
            if end > self.position:
                self._word(self.text[self.position : end])
                continue
            match = _TOKEN.match(self.text, self.position)
            if match is None:
                self._unreadable()
            what = match.lastgroup
            if what == "OP":
                self._operator(match[0], match.end())
            elif what == "NUMBER":
                self._add("NUMBER", match[0], match.end())
            elif what == "STRING":
                self._add("STRING", strings.unescape(match[0][1:-1]), match.end())
            elif what == "AT":
                self._add("AT", strings.unescape(match[0][match[0].index('"') + 1 : -1]), match.end())
            else:
                self._add("NAME", match["QUOTED"], match.end())

    def _add(self, kind: str, value: Value, end: int) -> None:
        self.tokens.append(Token(kind, value, self.position, end))
        self.position = end

    def _skip(self) -> None:
        self.position = _SKIP.match(self.text, self.position).end()  # type: ignore[union-attr]

    def _unreadable(self) -> NoReturn:
        character = self.text[self.position]
        if character == '"' or self.text.startswith('@"', self.position):
            raise syntax_error(self.text, self.position, "this string has no end", 'close it with "')
        advice = _INSTEAD.get(character, "")
        raise syntax_error(self.text, self.position, f'"{character}" has no meaning here', advice)

    @property
    def _after_operand(self) -> bool:
        return bool(self.tokens) and self.tokens[-1].type in _OPERAND_ENDS

    def _word(self, word: str) -> None:
        if self.tokens and self.tokens[-1].type == "DOT":
            self._member(word)
            return
        found = names.find(self._visible(), self.text, self.position)
        if found is not None:
            self._add("NAME", found[0], found[1])
            return
        if word == "instance":
            match = _OF.match(self.text, self.position + len(word))
            if match is not None and self._after_operand:
                self._add("INSTANCE_OF", None, match.end())
                self._type()
                return
        if word == "function" and self.text.startswith("(", self._peek(self.position + len(word))):
            self._function()
            return
        keyword = KEYWORDS.get(word)
        self._add(keyword or "NAME", word, self.position + len(word))
        if keyword in ("FOR", "SOME", "EVERY"):
            self.open[-1].headings += 1
            self._variable()
        elif keyword in ("RETURN", "SATISFIES") and self.open[-1].headings:
            self.open[-1].headings -= 1

    def _peek(self, position: int) -> int:
        return _SKIP.match(self.text, position).end()  # type: ignore[union-attr]

    def _member(self, word: str) -> None:
        """After a dot: the longest known name, else all words that follow each other, as no operator is between."""
        found = names.find((self.members, self.index), self.text, self.position)
        if found is not None:
            self._add("NAME", found[0], found[1])
            return
        start = self.position
        end = start + len(word)
        while True:
            start_of_next = names.spaces_end(self.text, end)
            more = names.word_end(self.text, start_of_next)
            following = self.text[start_of_next:more]
            if more == start_of_next or following in names.BETWEEN_OPERANDS:
                break
            end = more
        self._add("NAME", names.normal(self.text[start:end]), end)

    def _type(self) -> None:
        self.position = self._peek(self.position)
        found, end = read_type(self.text, self.position, self._visible())
        self._add("TYPE", found, end)

    def _declare(self, name: str) -> None:
        if not names.is_simple(name):
            bracket = self.open[-1]
            bracket.declared = bracket.declared or names.Names()
            bracket.declared.add(name)
            self.members.add(name)

    def _visible(self) -> list[names.Names]:
        """The names that are known here: those of the open brackets, and those from outside."""
        return [bracket.declared for bracket in self.open if bracket.declared is not None] + [self.index]

    def _variable(self) -> None:
        self._skip()
        match = _IN.search(self.text, self.position, names.name_end(self.text, self.position))
        if match is None:
            wanted = 'a variable and "in" are expected here'
            raise syntax_error(self.text, self.position, wanted, "for x in list return x")
        name = names.normal(self.text[self.position : match.start()])
        self._declare(name)
        self._add("VARIABLE", name, match.start())

    def _function(self) -> None:
        self._add("FUNCTION", None, self._peek(self.position + len("function")))
        self._add("LPAR", None, self.position + 1)
        self._skip()
        while not self.text.startswith(")", self.position):
            end = names.name_end(self.text, self.position)
            if end == self.position:
                raise syntax_error(self.text, self.position, "the name of a parameter is expected here")
            name = names.normal(self.text[self.position : end])
            self._declare(name)
            self._add("PARAMETER", name, end)
            self._skip()
            if self.text.startswith(":", self.position):
                self.position += 1
                self._type()
                self._skip()
            if self.text.startswith(",", self.position):
                self._add("COMMA", None, self.position + 1)
                self._skip()
            elif not self.text.startswith(")", self.position):
                raise syntax_error(self.text, self.position, '"," or ")" is expected here')
        self._add("RPAR", None, self.position + 1)
        self._skip()
        end = names.word_end(self.text, self.position)
        if self.text[self.position : end] == "external":
            self._add("EXTERNAL", None, end)

    def _operator(self, symbol: str, end: int) -> None:
        if self.text.startswith("/*", self.position):
            raise syntax_error(self.text, self.position, "this comment has no end", "close it with */")
        if symbol in "([{":
            self._opening(symbol, end)
        elif symbol in ")]}":
            self._closing(symbol, end)
        elif symbol == "..":
            self.open[-1].interval = True
            self._add("DOTDOT", symbol, end)
        else:
            self._add(OPERATORS[symbol], symbol, end)
            if symbol == ",":
                self._after_comma()

    def _opening(self, symbol: str, end: int) -> None:
        bracket = self.open[-1]
        may_end = symbol == "[" and bracket.interval and bracket.kind in _INTERVALS and self._after_operand
        if may_end and not self._value_begins(end, "({[-"):
            self._close("OPEN_END", symbol, end)
            return
        call = symbol == "(" and self._after_operand
        self._open("call" if call else symbol, OPERATORS[symbol], symbol, end)

    def _open(self, kind: str, token: str, symbol: str, end: int) -> None:
        if len(self.open) > self.limits.nesting:
            raise exceeded("the nesting of the expression", self.limits.nesting, "nesting")
        self.open.append(_Bracket(kind))
        self._add(token, symbol, end)
        if kind == "{":
            self._key()
        elif kind == "call":
            self._argument()

    def _closing(self, symbol: str, end: int) -> None:
        if symbol == "]" and not self._after_operand and not self._empty_list(end):
            self._open("]", "OPEN_START", symbol, end)
        else:
            self._close(OPERATORS[symbol], symbol, end)

    def _empty_list(self, end: int) -> bool:
        """``[]``; also after a comma, where the grammar says what is wrong."""
        if not self.tokens or self.tokens[-1].type not in ("LSQB", "COMMA"):
            return False
        return not self._value_begins(end, "")

    def _value_begins(self, position: int, brackets: str) -> bool:
        """True if a literal, a name, or one of the given characters comes next."""
        position = self._peek(position)
        end = names.word_end(self.text, position)
        if end > position:
            return self.text[position:end] not in names.BETWEEN_OPERANDS
        return bool(_STARTS_VALUE.match(self.text, position)) or self.text[position : position + 1] in tuple(brackets)

    def _close(self, token: str, symbol: str, end: int) -> None:
        if len(self.open) == 1:
            raise syntax_error(self.text, self.position, f'"{symbol}" closes nothing')
        self.open.pop()
        self._add(token, symbol, end)

    def _after_comma(self) -> None:
        bracket = self.open[-1]
        if bracket.headings:
            self._variable()
        elif bracket.kind == "{":
            self._key()
        elif bracket.kind == "call":
            self._argument()

    def _key(self) -> None:
        self._skip()
        end = self._before_colon()
        if end:
            name = names.normal(self.text[self.position : end])
            self._declare(name)
            self._add("KEY", name, end)
            return
        string = _TOKEN.match(self.text, self.position)
        if string is not None and string.lastgroup == "STRING":
            name = strings.unescape(string[0][1:-1])
            self._declare(name)
            self._add("KEY", name, string.end())

    def _argument(self) -> None:
        self._skip()
        end = self._before_colon()
        if end:
            self._add("ARGUMENT", names.normal(self.text[self.position : end]), end)

    def _before_colon(self) -> int:
        """Where a name ends that begins here and that a colon follows; 0 if there is none."""
        end = names.name_end(self.text, self.position)
        return end if end > self.position and self.text.startswith(":", self._peek(end)) else 0
