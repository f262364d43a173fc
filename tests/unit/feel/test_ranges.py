"""The relations between points and ranges, case by case (DMN 1.5, table 78)."""

from __future__ import annotations

import pytest

from complaintflow import feel

TRUE = """
before(1, 10); before(1, (1..10]); before(1, [5..10]); before([1..10), 10); before([1..10], 15)
before([1..10], [15..20]); before([1..10), [10..20]); before([1..10], (10..20])
after(10, 5); after(12, [1..10]); after(10, [1..10)); after([11..20], 10); after((11..20], 11)
after([11..20], [1..10]); after([11..20], [1..11)); after((11..20], [1..11])
meets([1..5], [5..10]); met by([5..10], [1..5])
overlaps([1..5], [3..8]); overlaps([3..8], [1..5]); overlaps([1..8], [3..5]); overlaps([3..5], [1..8])
overlaps([1..5], [5..8]); overlaps([5..8], [1..5])
overlaps before([1..5], [3..8]); overlaps before([1..5], [5..8]); overlaps before([1..5), (1..5])
overlaps before([1..5], (1..5])
overlaps after([3..8], [1..5]); overlaps after([5..8], [1..5]); overlaps after((1..5], [1..5))
overlaps after((1..5], [1..5])
finishes(10, [1..10]); finishes([5..10], [1..10]); finishes([5..10), [1..10)); finishes([1..10], [1..10])
finishes((1..10], [1..10])
finished by([1..10], 10); finished by([1..10], [5..10]); finished by([1..10), [5..10)); finished by([1..10], [1..10])
finished by([1..10], (1..10])
includes([1..10], 5); includes([1..10], 1); includes([1..10], 10); includes([1..10], [4..6]); includes([1..10], [1..5])
includes((1..10], (1..5]); includes([1..10], (1..10)); includes([1..10), [5..10)); includes([1..10], [1..10))
includes([1..10], (1..10]); includes([1..10], [1..10])
during(5, [1..10]); during(1, [1..10]); during(10, [1..10]); during([4..6], [1..10]); during((1..10), [1..10])
during([5..10), [1..10)); during([1..10), [1..10]); during((1..10], [1..10]); during([1..10], [1..10])
starts(1, [1..10]); starts([1..5], [1..10]); starts((1..5], (1..10]); starts([1..10], [1..10]); starts([1..10), [1..10])
starts((1..10), (1..10))
started by([1..10], 1); started by([1..10], [1..5]); started by((1..10], (1..5]); started by([1..10], [1..10])
started by([1..10], [1..10)); started by((1..10), (1..10))
coincides(5, 5); coincides([1..5], [1..5])
before(@"2024-01-01", [@"2024-01-02"..@"2024-01-03"]); during("b", ["a".."c"]); includes([@"P1D"..@"P3D"], @"P2D")
"""
FALSE = """
before(10, 1); before(1, [1..10]); before([1..10], 10); before([1..10], [10..20])
after(5, 10); after(10, [1..10]); after([11..20], 12); after([11..20], 11); after([1..10], [11..20])
meets([1..5), [5..10]); meets([1..5], (5..10]); meets([1..5], [6..10])
met by([5..10], [1..5)); met by((5..10], [1..5]); met by([6..10], [1..5])
overlaps([1..5], [6..8]); overlaps([6..8], [1..5]); overlaps([1..5], (5..8]); overlaps([1..5), [5..8])
overlaps([1..5), (5..8]); overlaps((5..8], [1..5]); overlaps([5..8], [1..5)); overlaps((5..8], [1..5))
overlaps before([1..5], [6..8]); overlaps before([1..5], (5..8]); overlaps before([1..5), [5..8])
overlaps before([1..5), [1..5]); overlaps before([1..5], [1..5])
overlaps after([6..8], [1..5]); overlaps after((5..8], [1..5]); overlaps after([5..8], [1..5))
overlaps after([1..5], [1..5)); overlaps after([1..5], [1..5])
finishes(10, [1..10)); finishes([5..10), [1..10]); finished by([1..10), 10); finished by([1..10], [5..10))
includes([1..10], 12); includes((1..10], 1); includes([1..10), 10); during(12, [1..10]); during(1, (1..10])
during(10, [1..10))
starts(1, (1..10]); starts(2, [1..10]); starts((1..5], [1..10]); starts([1..5], (1..10])
started by((1..10], 1); started by([1..10], 2); started by([1..10], (1..5]); started by((1..10], [1..5])
coincides(3, 4); coincides((1..5), [1..5]); coincides([1..5], [2..6])
"""


def cases(text: str) -> list[str]:
    """One expression each."""
    return [case.strip() for case in text.replace("\n", ";").split(";") if case.strip()]


@pytest.mark.parametrize("text", cases(TRUE))
def test_holds(text: str) -> None:
    """The relation holds."""
    assert feel.evaluate(text) is True


@pytest.mark.parametrize("text", cases(FALSE))
def test_does_not_hold(text: str) -> None:
    """The relation does not hold, and it is no error."""
    assert feel.evaluate(text) is False


@pytest.mark.parametrize("text", ["before(null, 1)", "after([1..2], null)", 'during("a", [1..2])', "meets(1, [1..2])"])
def test_no_relation(text: str) -> None:
    """Null, kinds without order, and a point where a range is needed give null."""
    assert feel.evaluate(text) is None


def test_open_ends() -> None:
    """A range with one end reaches to infinity on the other side."""
    assert feel.evaluate("includes((> 5), 1e6000) and before(4, (>= 5)) and overlaps((< 5), (> 4))") is True
    assert feel.evaluate("before((< 5), 4) or includes((> 5), (< 6))") is False
