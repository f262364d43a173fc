"""A text of a Camunda 7 diagram as Camunda 8 writes it: ``${...}`` becomes FEEL behind an equals sign.

    ${amount > 100}            =(amount > 100)
    Case ${number}             ="Case " + (if number = null then "" else string(number))
    =amount > 100              =amount > 100        FEEL may be written in every place that takes an expression
    li.wei                     li.wei

An expression that has no FEEL of the same meaning is refused, with the FEEL that comes nearest as advice.
"""

from __future__ import annotations

from complaintflow import feel
from complaintflow.bpmn.camunda7.feel_text import Feel, Writer, joined, quoted
from complaintflow.bpmn.camunda7.juel import Juel, JuelError, parse
from complaintflow.errors import ComplaintflowError, UnsupportedElement
from complaintflow.records import dataclass

_HANDLER = "let a handler compute it (camunda:topic) and read the variable that it sets"


@dataclass(frozen=True, slots=True)
class Expression:
    """What stands between ``${`` and ``}``."""

    text: str


def pieces(text: str) -> list[str | Expression]:
    """A text in its parts: what is written out, and expressions. ``\\${`` is no expression."""
    found: list[str | Expression] = []
    plain, at = "", 0
    while at < len(text):
        if text[at : at + 1] == "\\" and text[at + 1 : at + 3] in ("${", "#{"):
            plain, at = plain + text[at + 1 : at + 3], at + 3
        elif text[at : at + 2] in ("${", "#{") and (end := _closing(text, at + 2)) is not None:
            if plain:
                found.append(plain)
            found.append(Expression(text[at + 2 : end].strip()))
            plain, at = "", end + 1
        else:
            plain, at = plain + text[at], at + 1
    return [*found, plain] if plain or not found else found


def _closing(text: str, at: int) -> int | None:
    """Where the brace closes; one inside a text does not."""
    quote = ""
    while at < len(text):
        if quote:
            if text[at] == "\\":
                at += 1
            elif text[at] == quote:
                quote = ""
        elif text[at] in "'\"":
            quote = text[at]
        elif text[at] == "}":
            return at
        at += 1
    return None


def has_expression(text: str) -> bool:
    """Whether any of it is computed."""
    return text.strip().startswith("=") or any(isinstance(piece, Expression) for piece in pieces(text))


def translated(text: str, where: str, *, counting: bool = False) -> str:
    """The text as an attribute of Camunda 8: FEEL behind an equals sign, or plain text.

    Args:
        text: an attribute or body of a Camunda 7 diagram.
        where: file, line and element.
        counting: it is the completion condition of a loop.

    Raises:
        UnsupportedElement: it has no FEEL of the same meaning.
    """
    if text.strip().startswith("="):
        return text.strip()
    parts = pieces(text.strip())
    if len(parts) == 1 and isinstance(parts[0], str):
        return parts[0]
    writer = Writer(counting=counting)
    try:
        written = [
            writer.write(parse(part.text)) if isinstance(part, Expression) else Feel(quoted(part), "text", sure=True)
            for part in parts
        ]
    except JuelError as error:
        raise UnsupportedElement(
            f"the expression {text.strip()} cannot be read: {error}", where=where, advice="correct it, or write FEEL"
        ) from None
    result = _bare(written[0].text) if len(written) == 1 else joined(written)
    doubt = writer.doubts[0] if writer.doubts else _misread(result, writer.names)
    if doubt:
        raise UnsupportedElement(
            f"the expression {text.strip()} has no FEEL of the same meaning: {doubt}",
            where=where,
            advice=_HANDLER if writer.hopeless else f"write the FEEL that you mean, for example ={result}",
        )
    return f"={result}"


def suggestion(code: str) -> str | None:
    """The FEEL for a line of script that happens to be a plain expression; None for all others."""
    writer = Writer()
    try:
        written = writer.write(parse(code.strip().rstrip(";")))
    except JuelError:
        return None
    return None if writer.hopeless else f"={_bare(written.text)}"


def written(read: Juel) -> str | None:
    """The FEEL of a tree behind an equals sign; None where it has none of the same meaning."""
    writer = Writer()
    text = _bare(writer.write(read).text)
    return None if writer.doubts or _misread(text, writer.names) else f"={text}"


def tree(text: str) -> Juel | None:
    """The tree of a text that is one expression and nothing else."""
    parts = pieces(text.strip())
    if len(parts) != 1 or not isinstance(parts[0], Expression):
        return None
    try:
        return parse(parts[0].text)
    except JuelError:
        return None


def _misread(text: str, names: set[str]) -> str:
    """A name may be a word of FEEL: then the text reads other variables than were meant."""
    try:
        read = feel.parse(text).free_names - {"case", "now"}
    except ComplaintflowError as error:
        return f"FEEL cannot read it ({error.what}); rename the variable"
    wrong = sorted(names - {"case"} - read)
    return f"'{wrong[0]}' is a word of FEEL; rename the variable" if wrong else ""


def _bare(text: str) -> str:
    """Without the brackets around the whole."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth, quote = 0, False
    for at, sign in enumerate(text):
        if sign == '"' and text[at - 1] != "\\":
            quote = not quote
        if not quote:
            depth += (sign == "(") - (sign == ")")
        if depth == 0 and at < len(text) - 1:
            return text
    return text[1:-1]
