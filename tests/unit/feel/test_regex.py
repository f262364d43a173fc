"""Regular expressions are those of XPath, with its flags and replacements (XQuery 1.0 and XPath 2.0 Functions, 7.6)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaintflow import feel
from complaintflow.feel.regex import Budget, compiled
from complaintflow.feel.values import Failure


@pytest.mark.parametrize(
    ("text", "pattern", "flags", "answer"),
    [
        ("abracadabra", "bra", "", True),
        ("abracadabra", "^a.*a$", "", True),
        ("abracadabra", "^bra", "", False),
        ("a\nb", "a.b", "", False),
        ("a\rb", "a.b", "", False),
        ("a\nb", "a.b", "s", True),
        ("abcd\ndefg\n", "^$", "m", False),
        ("abcd\n\ndefg", "^$", "m", True),
        ("x\nabc", "^abc$", "m", True),
        ("x\nabc", "^abc$", "", False),
        ("ABC", "abc", "i", True),
        ("K", "k", "i", True),
        ("x", "[A-Z-[OI]]", "i", True),
        ("o", "[A-Z-[OI]]", "i", False),
        ("q", "[^Q]", "i", False),
        ("hello world", " hello[ ]wor ld", "x", True),
        ("a+b", "a+b", "q", True),
        ("aa", "(a)\\1", "", True),
        ("aA", "(a)\\1", "i", True),
        ("ab", "(a)\\1", "", False),
        ("é1_", r"^\w\d\W$", "", True),
        ("α", r"^\p{IsGreek}$", "", True),
        ("a", r"^\P{Lu}$", "", True),
        ("aaa", "^a{2,3}$", "", True),
        ("aaaa", "^a{2,3}$", "", False),
        ("aaaa", "^a{2,}$", "", True),
        ("ab", "^(?:a|b)+?$", "", True),
        ("-", "[a-]", "", True),
        ("]", r"[\]]", "", True),
    ],
)
def test_matches(text: str, pattern: str, flags: str, answer: bool) -> None:
    """The pattern matches somewhere, or not."""
    assert feel.evaluate("matches(t, p, f)", {"t": text, "p": pattern, "f": flags}) is answer


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        ")",
        "[",
        "a**",
        "*a",
        "a{2,1}",
        "a{x}",
        "[z-a]",
        "(a)\\2",
        "[\\1]",
        "\\q",
        "\\p{Nonsense}",
        "\\p{ IsGreek}",
        "[]",
        "[^]",
        "a{99999999}",
        "((a{1000}){1000}){1000}",
        "[a-z-[aeiou]x]",
        "\\",
        "\\pL",
        "(" * 200,
        "x" * 30000,
    ],
)
def test_broken_pattern(pattern: str) -> None:
    """A pattern that is none, or too large, gives null."""
    assert feel.evaluate("matches(t, p)", {"t": "abc", "p": pattern}) is None


@pytest.mark.parametrize(
    ("call", "value"),
    [
        (r'replace("abracadabra", "a(.)", "a$1$1")', "abbraccaddabbra"),
        ('replace("abracadabra", "a.*?a", "*")', "*c*bra"),
        ('replace("AAAA", "A+?", "b")', "bbbb"),
        ('replace("darted", "^(.*?)d(.*)$", "$1c$2")', "carted"),
        ('replace("abcd", "(ab)|(a)", "[1=$1][2=$2]")', "[1=ab][2=]cd"),
        ('replace("ab", "(a)", "$12")', "a2b"),
        ('replace("abc", "b", "\\\\$1")', "a$1c"),
        ('replace("a.b", ".", "$", "q")', "a$b"),
        ('replace("abc", "x*", "-")', None),
        ('replace("abc", "b", "$")', None),
        ('replace("abc", "x", "a\\\\b")', None),
        ('split("a;b;c;;", ";")', ["a", "b", "c", "", ""]),
        ('split("", ";")', [""]),
        ('split("a1b22c", "\\d+")', ["a", "b", "c"]),
        ('extract("1234, 1256, 1378", "12[0-9]*")', ["1234", "1256"]),
        ('matches("abc", "b", "z")', None),
    ],
)
def test_replace_split_extract(call: str, value: Any) -> None:
    """Replacements take groups by number; what XPath refuses is null."""
    assert feel.evaluate(call) == value


@given(st.text("ab", max_size=8), st.text("ab()|*+?.", max_size=8))
def test_agrees_with_python(text: str, pattern: str) -> None:
    """On the syntax that both have, the matcher finds the same span as Python's `re`."""
    import re

    try:
        program = compiled(pattern, "")
        expected = re.compile(pattern, re.DOTALL).search(text)
    except (Failure, re.error):
        return
    found = program.search(text, 0, Budget(100_000, 100_000))
    assert (found and (found.start, found.end)) == (expected and expected.span())


@given(st.text(max_size=12), st.text(max_size=12), st.text("smixqz", max_size=2))
def test_garbage(text: str, pattern: str, flags: str) -> None:
    """Any pattern gives true, false or null."""
    assert feel.evaluate("matches(t, p, f)", {"t": text, "p": pattern, "f": flags}) in (True, False, None)
