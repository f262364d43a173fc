"""The engine's figures beside those of the recount: each policy, each month and quarter and the year, whole and told
apart. A figure that is suppressed must be so for the reason that docs/figures.md states.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from complaintflow.facade.engine import Engine
from complaintflow.figures.table import Figure
from tests.simulation.layer import rules, setting
from tests.simulation.recount import CaseLog, Counted, Group, Recount
from tests.simulation.surges import surges

BY: Final = ("type", "department", "severity", "outcome", "handler")
"""What figures are told apart by, where a policy has it."""
# Numbers of nothing that are 0; the others are no number.
_COUNTS: Final = frozenset({"received", "ended", "breaches", "reopened", "cost"})


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that the engine and the recount tell otherwise."""

    policy: str
    period: str
    figure: str
    group: str
    engine: str
    recount: str

    def __str__(self) -> str:
        return f"{self.policy} {self.period} {self.figure} [{self.group}]: {self.engine}, recounted {self.recount}"


@dataclass(slots=True)
class Comparison:
    """What was compared: ``figures`` numbers that are shown, and ``suppressed`` ones that are not."""

    figures: int = 0
    suppressed: int = 0
    differences: list[Difference] = field(default_factory=list)


@dataclass(slots=True)
class SurgeComparison:
    """How many surges were counted, and in what the replay says otherwise."""

    surges: int = 0
    differences: list[str] = field(default_factory=list)


def periods(year: int, months: Sequence[int]) -> Iterator[tuple[str, tuple[int, int], tuple[int, int]]]:
    """Name, first month, and the month after the last: the year, its quarters, its months."""
    yield f"{year}", (year, 1), (year + 1, 1)
    for number in range(4):
        yield f"{year}Q{number + 1}", (year, 3 * number + 1), _month(year, 3 * number + 4)
    for number in months:
        yield f"{year}-{number:02}", (year, number), _month(year, number + 1)


def _month(year: int, month: int) -> tuple[int, int]:
    return (year, month) if month < 13 else (year + 1, month - 12)


def compare(
    engine: Engine, cases: list[CaseLog], year: int, *, by: Sequence[str] = BY, months: Sequence[int] = range(1, 13)
) -> Comparison:
    """Every figure of every policy in the log, for the year, its quarters and these months; told apart by each of these
    facts, and by the first two together.
    """
    found = Comparison()
    for policy in sorted({case.process for case in cases}):
        settings = setting(policy)
        own = [case for case in cases if case.process == policy]
        for period, first, after in periods(year, months):
            zone = ZoneInfo(settings["policy"]["zone"])
            recount = Recount(own, settings, datetime(*first, 1, tzinfo=zone), datetime(*after, 1, tzinfo=zone))
            for facts in _told_apart(settings, by):
                _compare(engine, recount, settings, period, facts, found)
    return found


def _told_apart(settings: Mapping[str, Any], by: Sequence[str]) -> Iterator[tuple[str, ...]]:
    facts = settings.get("facts", {})
    yield ()
    known = [fact for fact in by if fact in facts]
    yield from ((fact,) for fact in known)
    if len(known) > 1:
        yield (known[0], known[1])


def _compare(
    engine: Engine,
    recount: Recount,
    settings: Mapping[str, Any],
    period: str,
    by: tuple[str, ...],
    found: Comparison,
) -> None:
    name = settings["policy"]["id"]
    wanted = recount.tables(by)
    tables: dict[tuple[str, Group], dict[Group, Figure]] = {}
    for figure in engine.figures(name, period, by=by):
        key = figure.id, tuple(fact for fact, _ in figure.by)
        tables.setdefault(key, {})[tuple(value for _, value in figure.by)] = figure
    smallest = settings.get("figures", {}).get("case", {}).get("smallest", 5)
    for key in sorted(wanted.keys() | tables.keys(), key=str):
        mine, own = wanted.get(key, {}), tables.get(key, {})
        if not key[1] and not mine:
            mine = {(): _nothing(key[0])}
        guarded = key[1] not in ((), ("deadline",))
        for group, told, counted in _differences(own, mine, smallest if guarded else 1):
            found.differences.append(Difference(name, period, key[0], f"{key[1]}={group}", told, counted))
        found.figures += sum(not one.suppressed for one in own.values())
        found.suppressed += sum(one.suppressed for one in own.values())


def compare_surges(engine: Engine, cases: list[CaseLog]) -> SurgeComparison:
    """What ``engine.replay_surges`` finds, and what was begun, beside the naive count."""
    found = SurgeComparison()
    for rule in rules():
        name = f"{rule.policy}/{rule.name}"
        own = [case for case in cases if case.process == rule.policy]
        wanted = surges(own, rule.of, rule.more_than, rule.within)
        told = [one for one in engine.replay_surges(rule.policy) if one.name == rule.name]
        left = {(one.group, one.began, one.over, one.cases) for one in wanted}
        right = {(tuple(one.of.values()), one.began, one.over, frozenset(one.cases)) for one in told}
        found.surges += len(wanted)
        found.differences += [f"{name}: only counted: {one}" for one in sorted(left - right, key=str)]
        found.differences += [f"{name}: only replayed: {one}" for one in sorted(right - left, key=str)]
        found.differences += [f"{name}: nobody began upon {one}" for one in told if one.case is None]
    return found


def _nothing(figure: str) -> Counted:
    return Counted(None, None, None, 0) if figure not in _COUNTS else Counted(0, 0, 0, 0)  # type: ignore[arg-type]


def _differences(
    told: Mapping[Group, Figure], counted: Mapping[Group, Counted], smallest: int
) -> Iterator[tuple[Group, str, str]]:
    for group in sorted(told.keys() | counted.keys(), key=repr):
        figure, mine = told.get(group), counted.get(group)
        if figure is None or mine is None:
            yield group, "-" if figure is None else f"{figure.value} of {figure.denominator}", str(mine)
        elif figure.suppressed:
            if (figure.value, figure.numerator, figure.denominator) != (None, None, None):
                yield group, "suppressed, and told", str(mine)
        elif mine.cases and (figure.value, figure.numerator, figure.denominator) != (
            mine.value, mine.numerator, mine.denominator,
        ):  # fmt: skip
            yield group, f"{figure.value} = {figure.numerator} / {figure.denominator}", str(mine)
        elif not mine.cases and (figure.value != mine.value or figure.numerator or figure.denominator):
            yield group, f"{figure.value} of nothing", str(mine)
    for group, why in unjustified(
        {group: counted[group].cases for group in told if group in counted},
        {group for group, figure in told.items() if figure.suppressed},
        smallest,
    ):
        yield group, why, f"{counted[group].cases} cases, not below {smallest}"


def unjustified(counts: Mapping[Group, int], hidden: set[Group], smallest: int) -> Iterator[tuple[Group, str]]:
    """Groups that are shown though they must not be, or hidden without the page's reason.

    A count below the smallest is not shown; on every line either nothing is hidden, or two groups or more that
    together are not below it, as far as there are so many. What is hidden beyond the small ones stands on a line that
    needs it.
    """
    lines = [list(line) for line in _lines(list(counts))]
    for group, count in counts.items():
        if 0 < count < smallest and group not in hidden:
            yield group, "shown, though it is small"
        if count >= smallest and group in hidden:
            own = [line for line in lines if group in line]
            others = [[one for one in line if one in hidden and one != group] for line in own]
            if not any(line and not _enough(line, counts, smallest) for line in others) and len(group) < 2:
                yield group, "hidden without need"
            if not any(others):
                yield group, "hidden alone"
    for line in lines:
        closed = [one for one in line if one in hidden]
        shown = [one for one in line if one not in hidden]
        if closed and shown and not _enough(closed, counts, smallest):
            yield closed[0], "to be worked out from its line"


def _enough(groups: list[Group], counts: Mapping[Group, int], smallest: int) -> bool:
    return len(groups) > 1 and sum(counts[one] for one in groups) >= smallest


def _lines(groups: list[Group]) -> Iterator[list[Group]]:
    """The whole table, and each sum along one of its sides."""
    yield groups
    for place in range(len(groups[0]) if groups and len(groups[0]) > 1 else 0):
        for rest in {group[:place] + group[place + 1 :] for group in groups}:
            yield [group for group in groups if group[:place] + group[place + 1 :] == rest]
