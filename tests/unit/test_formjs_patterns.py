"""Patterns of form fields: what JavaScript finds, in bounded time."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaintflow.formjs.pattern_syntax import PatternError
from complaintflow.formjs.patterns import MAX_WORK, Pattern, PatternTooSlow, unit_count


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("b", "abc", True),
        ("^b", "abc", False),
        ("c$", "abc", True),
        ("c$", "abc\n", False),
        ("^$", "", True),
        ("^[A-Z]{2}-\\d{4}$", "AB-1234", True),
        ("^[A-Z]{2}-\\d{4}$", "AB-12345", False),
        ("^(?:\\+86|0)1[3-9]\\d{9}$", "+8613800138000", True),
        ("^a{2,3}$", "aaaa", False),
        ("^a{2,}$", "aaaa", True),
        ("^a{0}$", "", True),
        ("^(ab|c)*d?$", "ababcd", True),
        ("^a.c$", "a\nc", False),
        ("^a[^]c$", "a\nc", True),
        ("^[^a-c]+$", "xyz", True),
        ("[]", "x", False),
        ("^[\\w.-]+$", "a_b.c-d", True),
        ("^\\w+$", "é", False),
        ("^\\d$", "３", False),
        ("^\\s$", "\u3000", True),
        ("^\\S+$", "a b", False),
        ("\\bcat\\b", "a cat!", True),
        ("\\bcat\\b", "concat", False),
        ("\\Bcat", "concat", True),
        ("^投诉[\\u4e00-\\u9fff]+$", "投诉人", True),
        ("^\\x41\\t\\$$", "A\t$", True),
        ("^a{$", "a{", True),
        ("^a{,2}$", "a{,2}", True),
        ("^[a\\-z]$", "-", True),
        ("^(?<year>\\d{4})$", "2026", True),
        ("^a+?b*?$", "aabb", True),
        ("^.$", "😀", False),
        ("^..$", "😀", True),
        ("^😀$", "😀", True),
    ],
)
def test_patterns_find_what_javascript_finds(pattern: str, text: str, found: bool) -> None:
    """The same answers as ``new RegExp(pattern).test(text)`` in a browser."""
    assert Pattern(pattern).search(text) is found


@pytest.mark.parametrize(
    "pattern",
    ["(", ")", "[", "a**", "*a", "a{3,2}", "a{1001}", "(a{1000}){1000}", "\\", "\\1", "(?=a)", "(?!a)", "(?<=a)b",
     "(?<!a)b", "(?i)a", "\\p{L}", "\\u12", "[z-a]", "[a-\\d]", "^*", "[😀]", "(" * 60 + ")" * 60],
)  # fmt: skip
def test_what_cannot_be_matched_is_refused(pattern: str) -> None:
    """Broken patterns, look-around, back-references and giants are refused when the form is loaded."""
    with pytest.raises(PatternError):
        Pattern(pattern)


@pytest.mark.parametrize(
    "pattern", ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^(.*a){12}$", "(x+x+)+y", "^(([a-z])+.)+[A-Z]([a-z])+$"]
)
def test_no_pattern_runs_wild(pattern: str) -> None:
    """Patterns that keep a backtracking matcher busy for hours answer within the allowed work."""
    assert Pattern(pattern).search("a" * 3_000 + "!") is False


def test_too_much_work_is_refused() -> None:
    """A wide pattern on a long text ends in a refusal, not in a busy machine."""
    with pytest.raises(PatternTooSlow):
        Pattern("(?:a?){500}b").search("a" * MAX_WORK)


@given(st.text(alphabet="ab.()|*+?[]^$\\{}1,-", max_size=14), st.text(alphabet="ab1-", max_size=8))
def test_any_pattern_is_answered_or_refused(pattern: str, text: str) -> None:
    """Whatever a designer types, the answer is yes, no or a PatternError."""
    try:
        compiled = Pattern(pattern)
    except PatternError:
        return
    assert compiled.search(text) in (True, False)


@given(st.text(alphabet=string.printable + "投😀", max_size=20))
def test_an_escaped_text_finds_itself(text: str) -> None:
    """A pattern of a text's own letters finds exactly that text."""
    special = "\\^$.*+?()[]{}|/"
    pattern = "^" + "".join(f"\\{letter}" if letter in special else letter for letter in text) + "$"
    assert Pattern(pattern).search(text)
    assert not Pattern(pattern).search(text + "x")


def test_length_counts_as_in_a_browser() -> None:
    """A browser counts an emoji as two."""
    assert unit_count("投诉") == 2
    assert unit_count("a😀") == 3
