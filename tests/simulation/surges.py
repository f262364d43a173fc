"""Surges counted again, naively: at every moment at which anything changes, all complaints of a group are counted.

What is counted is said by docs/surges.md; the facts come from the exported event log alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any, Final

from tests.simulation.recount import CaseLog

_TICK: Final = timedelta(microseconds=1)
Group = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Stay:
    """A time in which a complaint is in a group; ``since``: from when it counts there."""

    case: str
    since: datetime
    begin: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Surge:
    """One surge: its group, first moment, the first moment after it, and the complaints in the window at first."""

    group: Group
    began: datetime
    over: datetime
    cases: frozenset[str]


def surges(cases: Iterable[CaseLog], of: Sequence[str], more_than: int, within: timedelta) -> list[Surge]:
    """The surges among the cases of a policy, in order of time."""
    groups: dict[Group, list[Stay]] = defaultdict(list)
    for case in cases:
        if not case.when("surge"):  # Cases that a surge began do not count.
            for group, stay in _stays(case, of):
                groups[group].append(stay)
    found = [surge for group, stays in groups.items() for surge in _of_group(group, stays, more_than, within)]
    return sorted(found, key=lambda one: (one.began, str(one.group)))


def _stays(case: CaseLog, of: Sequence[str]) -> Iterable[tuple[Group, Stay]]:
    """In which group the case was from when to when; coming back it counts from when it first was there."""
    moments = sorted({at for fact in of for at, _ in case.facts.get(fact, [])})
    first: dict[Group, datetime] = {}
    for moment, following in zip_longest(moments, moments[1:]):
        group = tuple(_value(case, fact, moment) for fact in of)
        if None not in group:
            since = first.setdefault(group, moment)
            yield group, Stay(case.id, since, moment, following)


def _value(case: CaseLog, fact: str, moment: datetime) -> Any:
    return next((value for at, value in reversed(case.facts.get(fact, [])) if at <= moment), None)


def _of_group(group: Group, stays: list[Stay], more_than: int, within: timedelta) -> Iterable[Surge]:
    moments = {stay.begin for stay in stays} | {stay.since + within + _TICK for stay in stays}
    moments |= {stay.end for stay in stays if stay.end is not None}
    began: tuple[datetime, frozenset[str]] | None = None
    for moment in sorted(moments):
        window = frozenset(
            stay.case
            for stay in stays
            if stay.begin <= moment and (stay.end is None or moment < stay.end)
            if moment - within <= stay.since <= moment
        )
        if len(window) > more_than:
            began = began or (moment, window)
        elif began is not None:
            yield Surge(group, began[0], moment, began[1])
            began = None
