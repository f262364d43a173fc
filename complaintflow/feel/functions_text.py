"""Functions on strings (DMN 1.5, 10.3.4.3; Camunda's extract, trim, is blank, to base64 and uuid)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING

from complaintflow.feel import numbers
from complaintflow.feel.functions import CAMUNDA, builtin
from complaintflow.feel.runtime import Run
from complaintflow.feel.values import Failure, Value

if TYPE_CHECKING:
    from complaintflow.feel import regex


@builtin(
    "substring(string: string, start position: number, length?: number)",
    example='substring("foobar", -3, 2) = "ba"',
)
def substring(run: Run, string: str, start: Value, length: Value = None) -> str:
    """A part of the string, from a position that may count from the end, of a length or up to the end."""
    position = numbers.integer(start, "start position")
    if not 1 <= abs(position) <= len(string):
        raise Failure(f"there is no position {position} in a string of {len(string)} characters")
    first = position - 1 if position > 0 else len(string) + position
    if length is None:
        return string[first:]
    size = numbers.integer(length, "length")
    if size < 1:
        raise Failure("the length must be at least 1")
    return string[first : first + size]


@builtin("string length(string: string)", example='string length("foo") = 3')
def string_length(run: Run, string: str) -> int:
    """How many characters the string has."""
    return len(string)


@builtin("upper case(string: string)", example='upper case("aBc4") = "ABC4"')
def upper_case(run: Run, string: str) -> str:
    """The string in capitals."""
    return run.lengthy(string.upper())


@builtin("lower case(string: string)", example='lower case("aBc4") = "abc4"')
def lower_case(run: Run, string: str) -> str:
    """The string in small letters."""
    return run.lengthy(string.lower())


@builtin("substring before(string: string, match: string)", example='substring before("foobar", "bar") = "foo"')
def substring_before(run: Run, string: str, match: str) -> str:
    """What stands before the first match; empty if there is none."""
    head, found, _ = string.partition(match) if match else ("", "", "")
    return head if found else ""


@builtin("substring after(string: string, match: string)", example='substring after("foobar", "ob") = "ar"')
def substring_after(run: Run, string: str, match: str) -> str:
    """What stands after the first match; empty if there is none."""
    return string.partition(match)[2] if match else string


@builtin("contains(string: string, match: string)", example='contains("foobar", "oba")')
def contains(run: Run, string: str, match: str) -> bool:
    """True if the string has the other in it."""
    return match in string


@builtin("starts with(string: string, match: string)", example='starts with("foobar", "fo")')
def starts_with(run: Run, string: str, match: str) -> bool:
    """True if the string begins with the other."""
    return string.startswith(match)


@builtin("ends with(string: string, match: string)", example='ends with("foobar", "r")')
def ends_with(run: Run, string: str, match: str) -> bool:
    """True if the string ends with the other."""
    return string.endswith(match)


@builtin("matches(input: string, pattern: string, flags?: string?)", example='matches("FooBar", "^fo*b", "i")')
def matches(run: Run, text: str, pattern: str, flags: str | None = None) -> bool:
    """True if the regular expression of XPath matches somewhere; flags are s, m, i, x and q."""
    budget = _budget(run)
    found = _compiled(pattern, flags).search(text, 0, budget)
    run.spend(budget.used)
    return found is not None


def _compiled(pattern: str, flags: str | None = None) -> regex.Program:
    from complaintflow.feel import regex  # Four modules and a table of Unicode's blocks, which few expressions need.

    return regex.compiled(pattern, flags or "")


def _budget(run: Run) -> regex.Budget:
    from complaintflow.feel import regex

    return regex.Budget(run.limits.regex_steps, run.limits.regex_steps)


def _find_all(run: Run, program: regex.Program, text: str) -> Iterator[regex.Found]:
    """All matches; the matcher's steps count as work."""
    budget = _budget(run)
    before = 0
    for found in program.find_all(text, budget):
        run.spend(budget.used - before + 1)
        before = budget.used
        yield found
    run.spend(budget.used - before)


@builtin(
    "replace(input: string, pattern: string, replacement: string, flags?: string?)",
    example=r'replace("0123456", "(\d{3})(\d{4})", "$1-$2") = "012-3456"',
)
def replace(run: Run, text: str, pattern: str, replacement: str, flags: str | None = None) -> str:
    """The string with every match replaced; $1 to $9 are the groups, $0 is the match."""
    from complaintflow.feel import regex

    program = _compiled(pattern, flags)
    pieces = regex.replacement_pieces(replacement, program.groups, literal="q" in (flags or ""))
    made: list[str] = []
    size = last = 0
    for found in _find_all(run, program, text):
        if found.start == found.end:
            raise Failure("the pattern matches an empty string")
        new = text[last : found.start] + "".join(
            piece if isinstance(piece, str) else found.group(text, piece) for piece in pieces
        )
        made.append(new)
        size += len(new)
        if size > run.limits.string_length:
            break
        last = found.end
    return run.lengthy("".join(made) + text[last:])


@builtin("split(string: string, delimiter: string)", example=r'split("John Doe", "\s") = ["John", "Doe"]')
def split(run: Run, string: str, delimiter: str) -> list[str]:
    """The parts between the matches of a regular expression."""
    parts: list[Value] = []
    last = 0
    for found in _find_all(run, _compiled(delimiter), string):
        if found.start < found.end:
            parts.append(string[last : found.start])
            last = found.end
        elif 0 < found.start < len(string):
            parts.append(string[last : found.start])
            last = found.start
    return run.sized([*parts, string[last:]])


@builtin(
    "extract(string: string, pattern: string)", example='extract("1234, 1256", "12[0-9]*") = ["1234", "1256"]',
    source=CAMUNDA,
)  # fmt: skip
def extract(run: Run, string: str, pattern: str) -> list[str]:
    """All parts that match a regular expression."""
    found = _find_all(run, _compiled(pattern), string)
    return run.sized([string[one.start : one.end] for one in found])


@builtin(
    "string join(list: list, delimiter?: string?, prefix?: string?, suffix?: string?)",
    example='string join(["a", "b", "c"], "-") = "a-b-c"',
)
def string_join(
    run: Run, items: list[Value], delimiter: str | None = None, prefix: str | None = None, suffix: str | None = None
) -> str:
    """One string out of a list of strings; nulls are left out (prefix and suffix are Camunda's)."""
    run.spend(len(items))
    strings = [item for item in items if item is not None]
    if not all(isinstance(item, str) for item in strings):
        raise Failure("an element is no string")
    size = sum(map(len, strings)) + len(delimiter or "") * len(strings)
    if size > run.limits.string_length:
        run.lengthy(" " * (run.limits.string_length + 1))
    return (prefix or "") + (delimiter or "").join(strings) + (suffix or "")


@builtin("trim(string: string)", example='trim("  hello world  ") = "hello world"', source=CAMUNDA)
def trim(run: Run, string: str) -> str:
    """The string without the white space around it."""
    return string.strip()


@builtin("is blank(string: string)", example='is blank(" ")', source=CAMUNDA)
def is_blank(run: Run, string: str) -> bool:
    """True if the string has nothing but white space."""
    return not string.strip()


@builtin("to base64(value: string)", example='to base64("FEEL") = "RkVFTA=="', source=CAMUNDA)
def to_base64(run: Run, value: str) -> str:
    """The string in UTF-8 and Base64."""
    return run.lengthy(base64.b64encode(value.encode("utf-8", "replace")).decode("ascii"))


@builtin("uuid()", example="string length(uuid()) = 36", source=CAMUNDA)
def uuid_(run: Run) -> Value:
    """A random identifier (UUID 4); the host may give its own `uuid`."""
    import uuid

    own = run.functions.get("uuid")
    return own() if own is not None else str(uuid.uuid4())
