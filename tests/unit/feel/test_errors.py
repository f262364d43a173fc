"""A syntax error shows the line with a caret, says what is missing, and where the text stands."""

from __future__ import annotations

import pytest

from complaintflow import feel
from complaintflow.errors import FeelSyntaxError


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", 0, "empty"),
        ("1 +", 3, "ends too early"),
        ("a b", 2, "backquotes: `a b`"),
        ("(1", 2, '")"'),
        ("if a then b", 11, '"else" is missing'),
        ("a == b", 3, "single ="),
        ('"x', 0, "no end"),
        ("/* x", 0, "comment has no end"),
        ("'a'", 0, "double quotes"),
        ("for x return 1", 4, 'a variable and "in"'),
        ("function(1) 2", 9, "parameter"),
        ("function(a b: ) 2", 14, "type"),
        ("1)", 1, "closes nothing"),
        ("a > b then c", 6, '"then" is unexpected'),
        ("order.total greater than 5", 25, '"5" is unexpected'),
        ("x instance of", 13, "type"),
        ("[1, 2", 5, '"]"'),
        ("a ; b", 2, "no meaning"),
        ("@2024", 0, "no meaning"),
        ("{a 1}", 1, "unexpected"),
        ("1 2", 2, "unexpected"),
    ],
)
def test_caret(text: str, position: int, words: str) -> None:
    """The error has the place as a number and as a caret, and helps with words."""
    with pytest.raises(FeelSyntaxError) as caught:
        feel.parse(text)
    error = caught.value
    assert error.position == position
    assert error.text == text
    assert words in str(error)
    *_, line, caret = error.what.split("\n")
    assert caret.index("^") - 4 == min(position, len(line) - 4)


def test_caret_in_a_long_text() -> None:
    """Of several lines the right one is shown, and of a long line only the part around the caret."""
    with pytest.raises(FeelSyntaxError) as caught:
        feel.parse("1 +\n2 +\n\t3 4")
    assert caught.value.what.endswith("\n    \t3 4\n    \t  ^")
    with pytest.raises(FeelSyntaxError) as caught:
        feel.parse("1 + " * 100 + "2 3")
    assert len(caught.value.what.split("\n")[1]) < 120


def test_where_is_told() -> None:
    """The file and element that the caller names are in the message, and do not stick to the cache."""
    with pytest.raises(FeelSyntaxError, match=r"where: fee\.dmn, rule r1"):
        feel.parse("1 +", where="fee.dmn, rule r1")
    with pytest.raises(FeelSyntaxError) as caught:
        feel.parse("1 +")
    assert "where" not in str(caught.value)


def test_parse_is_cached() -> None:
    """The same text with the same names is compiled once."""
    assert feel.parse("1 + 1") is feel.parse("1 + 1")
    assert feel.parse("1 + 1", ["a b"]) is not feel.parse("1 + 1")
