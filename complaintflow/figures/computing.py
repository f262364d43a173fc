"""A policy's figures for a time. Every number is one question to the store; see ``registry`` for what each means."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Final

from complaintflow.errors import InvalidData
from complaintflow.figures.registry import REGISTRY
from complaintflow.figures.suppression import hidden
from complaintflow.figures.table import Figure, Figures
from complaintflow.policy.format import Figures as Setting
from complaintflow.records import dataclass
from complaintflow.store.rows import Counting, Tally

if TYPE_CHECKING:
    from complaintflow.figures.period import Period
    from complaintflow.policy.policy import Policy
    from complaintflow.store.port import Transaction

Group = tuple[str | None, ...]
_SMALLEST: Final = 5
_DAY: Final = 86_400
_HUNDREDTH: Final = Decimal("0.01")
_PROMISES: Final = ("promised", "moved", "kept", "broken", "dropped")


@dataclass(frozen=True, slots=True)
class Number:
    """What was counted for one group. ``base`` is the number of cases behind it, which decides whether it is shown."""

    value: Decimal | None
    numerator: Decimal | None
    denominator: int | None
    base: int


Numbers = dict[Group, Number]


def compute(
    tx: Transaction,
    policy: Policy,
    period: Period,
    now: datetime,
    by: tuple[str, ...] = (),
    only: Collection[str] = (),
) -> Figures:
    """The figures of a policy.

    Args:
        tx: of one picture of the store.
        period: a time that has begun.
        now: figures of a time that is not over are those until now.
        by: facts of the policy to tell them apart by.
        only: ids of figures; the others are not asked for.
    """
    setting = policy.figures.get("case") or Setting(clause=(), origin="default", why="-", smallest=_SMALLEST)
    until = min(period.until, max(now, period.since))
    question = _Questions(tx, policy, setting, period.since, until, by)
    found: list[Figure] = []
    for one in REGISTRY.values():
        if (only and one.id not in only) or any(fact not in policy.facts for fact in one.facts):
            continue
        clause = tuple(dict.fromkeys(id for fact in one.facts for id in policy.facts[fact].clause)) or setting.clause
        numbers = question.answer(one.id, by)
        found += _told(one.id, by, numbers, clause, setting.smallest if by else 1)
        for part in () if by else one.parts:
            split = question.parts(one.id, part)
            clauses = policy.facts[part].clause if part in policy.facts else clause
            found += _told(one.id, (part,), split, clauses, 1 if part == "deadline" else setting.smallest)
    return Figures(policy.head.id, policy.head.title, period, until, by, setting.smallest, tuple(found))


def require_category(policy: Policy, fact: str) -> None:
    """Raises InvalidData: the policy does not tell its figures apart by this fact."""
    known = policy.facts.get(fact)
    setting = policy.figures.get("case")
    open_to = known is not None and (
        known.kind in ("category", "boolean")
        or (known.kind == "person" and setting is not None and fact in setting.persons)
    )
    if not open_to:
        persons = setting.persons if setting is not None else ()
        may = [name for name, one in policy.facts.items() if one.kind in ("category", "boolean") or name in persons]
        what = f"the policy '{policy.head.id}' tells nothing apart by '{fact}'"
        raise InvalidData(what, [("by", "is no category")], advice=f"there are: {', '.join(may) or 'none'}")


def _told(figure: str, by: tuple[str, ...], numbers: Numbers, clause: tuple[str, ...], smallest: int) -> list[Figure]:
    closed = hidden({group: number.base for group, number in numbers.items()}, smallest)
    return [
        Figure(
            figure,
            tuple(zip(by, group, strict=True)),
            None if group in closed else number.value,
            None if group in closed else number.numerator,
            None if group in closed else number.denominator,
            group in closed,
            clause,
        )
        for group, number in sorted(numbers.items(), key=_order)
    ]


def _order(pair: tuple[Group, Number]) -> tuple[tuple[bool, str], ...]:
    """By the texts, unknown ones last."""
    return tuple((one is None, one or "") for one in pair[0])


class _Questions:
    """What the store is asked, and what is made of its answers."""

    def __init__(
        self,
        tx: Transaction,
        policy: Policy,
        setting: Setting,
        since: datetime,
        until: datetime,
        by: tuple[str, ...],
    ) -> None:
        self._tx = tx
        self._policy = policy
        self._id = policy.head.id
        self._setting = setting
        self._asked = Counting((), (), since, until)
        self._known: dict[tuple[str, Counting], Any] = {}
        # What is asked by nothing, by type and by department is asked once, by all, and summed here.
        parts = () if by else REGISTRY["received"].parts
        handled = ("handled",)
        apart = {"accepted": handled} if "accepted" in policy.facts else {"": (*parts, *handled)}
        self._apart = {
            f"{self._id}/{name}": tuple(fact for fact in facts if fact in policy.facts)
            for name, facts in ({"": parts} | apart).items()
        }
        self._answers: Mapping[str, Callable[[tuple[str, ...]], Numbers]] = {
            "received": lambda by: self._cases("started", by),
            "ended": lambda by: self._cases("ended", by),
            "acceptance": lambda by: self._rate(self._fact("accepted", by)),
            "handling": self._handling,
            "satisfaction": lambda by: self._rate(self._fact("satisfied", by)),
            "score": self._score,
            "feedback": self._feedback,
            "breaches": self._breaches,
            "duration": lambda by: self._spread("duration", by),
            "duration_p90": lambda by: self._spread("duration_p90", by),
            "working_days": lambda by: self._spread("working_days", by),
            "working_days_p90": lambda by: self._spread("working_days_p90", by),
            "reopened": self._reopened,
            "cost": self._cost,
        }

    def answer(self, figure: str, by: tuple[str, ...]) -> Numbers:
        """Group -> number; without groups the whole is there, also if it is nothing."""
        found = self._answers[figure](by)
        return found or ({} if by else {(): self._nothing(figure)})

    def parts(self, figure: str, part: str) -> Numbers:
        """The same, told apart by a fact, by deadline or by bearer."""
        if part == "deadline":
            return self._late_by_deadline()
        if part == "bearer":
            return self._cost_by_bearer()
        return self._answers[figure]((part,)) if part in self._policy.facts else {}

    @staticmethod
    def _nothing(figure: str) -> Number:
        counted = REGISTRY[figure].unit in ("cases", "promises", "money")
        zero = Decimal(0)
        return (
            Number(zero, zero, None if figure in ("received", "ended", "reopened") else 0, 0)
            if counted
            else Number(None, zero if REGISTRY[figure].unit in ("%", "points") else None, 0, 0)
        )

    # -- questions --------------------------------------------------------------------------

    def _once(self, question: str, counting: Counting) -> Any:
        """The store's answer; several figures are made of one."""
        if (question, counting) not in self._known:
            self._known[question, counting] = getattr(self._tx, question)(counting)
        return self._known[question, counting]

    def _ask(self, event: str, name: str, by: tuple[str, ...], *, last: bool = False) -> list[Tally]:
        wide = tuple(dict.fromkeys((*self._apart.get(name, ()), *by)))
        places = [wide.index(fact) for fact in by]
        found = self._once("tally", self._counting((event,), (name,), wide, last=last))
        return [Tally(one.name, one.value, tuple(one.by[place] for place in places), one.number) for one in found]

    def _counting(
        self, events: tuple[str, ...], names: tuple[str, ...], by: tuple[str, ...], *, last: bool = False
    ) -> Counting:
        facts = tuple(f"{self._id}/{fact}" for fact in by)
        return replace(self._asked, events=events, names=names, by=facts, last=last)

    def _fact(self, fact: str, by: tuple[str, ...]) -> list[Tally]:
        return self._ask("fact", f"{self._id}/{fact}", by, last=True)

    # -- figures ----------------------------------------------------------------------------

    def _cases(self, event: str, by: tuple[str, ...]) -> Numbers:
        found: defaultdict[Group, int] = defaultdict(int)
        if event == "ended":  # Each case has its own value there: only how many there are is asked for.
            for one in self._once("spread", self._counting((event,), (f"{self._id}/",), by)):
                found[one.by] += one.number
        else:
            for told in self._ask(event, f"{self._id}/", by):
                found[told.by] += told.number
        return {group: Number(Decimal(number), Decimal(number), None, number) for group, number in found.items()}

    def _rate(self, tallies: Iterable[Tally]) -> Numbers:
        yes: defaultdict[Group, int] = defaultdict(int)
        all_: defaultdict[Group, int] = defaultdict(int)
        for one in tallies:
            if one.value in ("true", "false"):
                all_[one.by] += one.number
                yes[one.by] += one.number if one.value == "true" else 0
        return {group: _share(yes[group], number) for group, number in all_.items()}

    def _handling(self, by: tuple[str, ...]) -> Numbers:
        with_handled = (*by, "handled")
        if "accepted" in self._policy.facts:
            tallies = [one for one in self._fact("accepted", with_handled) if one.value == "true"]
        else:
            tallies = self._ask("started", f"{self._id}/", with_handled)
        done: defaultdict[Group, int] = defaultdict(int)
        all_: defaultdict[Group, int] = defaultdict(int)
        for one in tallies:
            *group, handled = one.by
            all_[tuple(group)] += one.number
            done[tuple(group)] += one.number if handled == "true" else 0
        return {group: _share(done[group], number) for group, number in all_.items()}

    def _score(self, by: tuple[str, ...]) -> Numbers:
        total: defaultdict[Group, Decimal] = defaultdict(Decimal)
        number: defaultdict[Group, int] = defaultdict(int)
        for one in self._fact("score", by):
            if one.value is not None:
                total[one.by] += Decimal(one.value) * one.number
                number[one.by] += one.number
        return {
            group: Number(_rounded(total[group] / count), total[group], count, count) for group, count in number.items()
        }

    def _promised(self, names: tuple[str, ...] | None, by: tuple[str, ...]) -> list[Tally]:
        """Of some deadlines, or of all."""
        found = self._once("due_promises", self._counting(_PROMISES, (f"{self._id}/",), by))
        return [one for one in found if names is None or one.name in names]

    def _behind(self, names: tuple[str, ...], by: tuple[str, ...], numbers: Numbers) -> Numbers:
        """The same numbers of promises, with the cases behind each group: one case may have many promises."""
        if not by or not numbers:
            return numbers
        asked = replace(self._counting(_PROMISES, names, by), cases=True)
        cases = {one.by: one.number for one in self._tx.due_promises(asked)}
        return {group: replace(number, base=cases[group]) for group, number in numbers.items()}

    def _feedback(self, by: tuple[str, ...]) -> Numbers:
        names = tuple(f"{self._id}/{deadline}" for deadline in self._setting.feedback)
        kept: defaultdict[Group, int] = defaultdict(int)
        all_: defaultdict[Group, int] = defaultdict(int)
        for one in self._promised(names, by):
            all_[one.by] += one.number
            kept[one.by] += one.number if one.value == "kept" else 0
        return self._behind(names, by, {group: _share(kept[group], number) for group, number in all_.items()})

    def _breaches(self, by: tuple[str, ...]) -> Numbers:
        names = (f"{self._id}/",)
        return self._behind(names, by, _late(self._promised(None, by), lambda one: one.by))

    def _late_by_deadline(self) -> Numbers:
        return _late(self._promised(None, ()), lambda one: (one.name.partition("/")[2],))

    def _spread(self, figure: str, by: tuple[str, ...]) -> Numbers:
        days = figure.startswith("duration")
        event, name = ("ended", f"{self._id}/") if days else ("fact", f"{self._id}/working_days")
        found: Numbers = {}
        for one in self._once("spread", self._counting((event,), (name,), by, last=not days)):
            value = one.ninth if figure.endswith("p90") else one.median
            found[one.by] = Number(_rounded(value / _DAY) if days else _rounded(value), None, one.number, one.number)
        return found

    def _reopened(self, by: tuple[str, ...]) -> Numbers:
        found: defaultdict[Group, int] = defaultdict(int)
        for one in self._fact("reopened", by):
            found[one.by] += one.number if one.value == "true" else 0
        return {
            group: Number(Decimal(number), Decimal(number), None, number) for group, number in found.items() if number
        }

    def _costs(self, by: tuple[str, ...]) -> list[Tally]:
        names = (f"{self._id}/cost", f"{self._id}/cost/")
        found = self._once("tally", self._counting(("fact",), names, by, last=True))
        return [one for one in found if one.value is not None]

    def _cost(self, by: tuple[str, ...]) -> Numbers:
        """Of a case that several bear, each part is an entry, and it is one case all the same."""
        names = (f"{self._id}/cost", f"{self._id}/cost/")
        asked = replace(self._counting(("fact",), names, by, last=True), cases=True)
        cases = {one.by: one.number for one in self._tx.tally(asked)}
        sums = _sums(self._costs(by), lambda one: one.by)
        return {group: replace(one, denominator=cases[group], base=cases[group]) for group, one in sums.items()}

    def _cost_by_bearer(self) -> Numbers:
        return _sums(
            [one for one in self._costs(()) if one.name.count("/") > 1], lambda one: (one.name.rpartition("/")[2],)
        )


def _share(part: int, whole: int) -> Number:
    return Number(_rounded(Decimal(100) * part / whole) if whole else None, Decimal(part), whole, whole)


def _late(tallies: Iterable[Tally], group: Callable[[Tally], Group]) -> Numbers:
    late: defaultdict[Group, int] = defaultdict(int)
    due: defaultdict[Group, int] = defaultdict(int)
    for one in tallies:
        due[group(one)] += one.number
        late[group(one)] += one.number if one.value == "late" else 0
    return {key: Number(Decimal(late[key]), Decimal(late[key]), number, number) for key, number in due.items()}


def _sums(tallies: Iterable[Tally], group: Callable[[Tally], Group]) -> Numbers:
    total: defaultdict[Group, Decimal] = defaultdict(Decimal)
    number: defaultdict[Group, int] = defaultdict(int)
    for one in tallies:
        total[group(one)] += Decimal(one.value or 0) * one.number
        number[group(one)] += one.number
    return {key: Number(value, value, number[key], number[key]) for key, value in total.items()}


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_HUNDREDTH, ROUND_HALF_UP)
