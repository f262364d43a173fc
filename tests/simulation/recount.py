"""Every figure of docs/figures.md counted again, from an exported OCEL 2.0 file alone.

Nothing of complaintflow is used here: the file is plain JSON, and which facts a policy has is said by
its ``policy.toml``. Each method follows the sentence of the page that it quotes.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Final

Group = tuple[str | None, ...]
# (when, value), in the order of the history.
Told = list[tuple[datetime, Any]]
_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Counted:
    """A figure of a group: what the page calls numerator and denominator, and how many cases are behind it."""

    value: Decimal | None
    numerator: Decimal | None
    denominator: int | None
    cases: int


@dataclass(slots=True)
class Promise:
    """A deadline of a case: when it was due (None: its clock stands still), and how it ended."""

    name: str = ""
    due: Told = field(default_factory=list)
    outcome: Told = field(default_factory=list)


@dataclass(slots=True)
class CaseLog:
    """What the log says of a case."""

    id: str
    process: str
    facts: dict[str, Told] = field(default_factory=dict)
    events: dict[str, list[datetime]] = field(default_factory=dict)
    promises: list[Promise] = field(default_factory=list)

    def when(self, event: str) -> list[datetime]:
        """The times of an event."""
        return self.events.get(event, [])


def read(file: Path) -> list[CaseLog]:
    """The cases of an OCEL 2.0 JSON file, in the order of their beginnings."""
    log = json.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
    objects = {one["id"]: one for one in log["objects"]}
    cases = {id: CaseLog(id, one["type"]) for id, one in objects.items() if one["type"] not in ("deadline", "person")}
    for case in cases.values():
        for said in objects[case.id]["attributes"]:
            case.facts.setdefault(said["name"], []).append((_time(said["time"]), said["value"]))
        for related in objects[case.id]["relationships"]:
            if related["qualifier"] == "deadline":
                case.promises.append(_promise(objects[related["objectId"]]))
    for event in log["events"]:
        said = {one["name"]: one["value"] for one in event["attributes"]}
        for related in event["relationships"]:
            if related["qualifier"] == "case":
                cases[related["objectId"]].events.setdefault(said["event"], []).append(_time(event["time"]))
    return sorted(cases.values(), key=lambda case: (case.when("started"), case.id))


def _promise(written: Mapping[str, Any]) -> Promise:
    promise = Promise()
    for said in written["attributes"]:
        at = _time(said["time"])
        if said["name"] == "name":
            promise.name = said["value"]
        elif said["name"] == "due":
            promise.due.append((at, _time(said["value"]) if said["value"] else None))
        elif said["name"] == "outcome":
            promise.outcome.append((at, said["value"]))
    return promise


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Recount:
    """The figures of one policy for a time.

    Args:
        cases: of the whole log.
        rules: its ``policy.toml``, parsed.
        since, until: aware.
    """

    def __init__(self, cases: Iterable[CaseLog], rules: Mapping[str, Any], since: datetime, until: datetime) -> None:
        self._facts = rules.get("facts", {})
        self._feedback = rules.get("figures", {}).get("case", {}).get("feedback", [])
        # The shipped processes are called like their policies.
        self._cases = [case for case in cases if case.process == rules["policy"]["id"]]
        self._since, self._until = since, until
        self._by: Group = ()
        self._promises = list(self._due())
        self._last: dict[tuple[str, str], Any] = {}

    def tables(self, by: Group = ()) -> dict[tuple[str, Group], dict[Group, Counted]]:
        """(figure, what it is told apart by) -> group -> what was counted. ``by``: facts to tell them apart by."""
        self._by = by
        whole = {(name, by): count(self) for name, (needs, count) in _FIGURES.items() if self._has(needs)}
        if by:
            return whole
        for fact in ("type", "department"):
            if fact in self._facts:
                self._by = (fact,)
                whole["received", (fact,)] = self.received()
        self._by = ()
        whole["breaches", ("deadline",)] = self._breaches_by_deadline()
        if "cost" in self._facts:
            whole["cost", ("bearer",)] = self._cost_by_bearer()
        return whole

    def _has(self, needs: str) -> bool:
        return not needs or needs in self._facts

    # -- reading a case ---------------------------------------------------------------------

    def _within(self, at: datetime) -> bool:
        return self._since <= at < self._until

    def _last_in(self, case: CaseLog, fact: str) -> Any:
        """Of a fact, the last entry of each case within the time counts."""
        if (case.id, fact) not in self._last:
            told = (value for at, value in reversed(case.facts.get(fact, [])) if self._within(at))
            self._last[case.id, fact] = next(told, None)
        return self._last[case.id, fact]

    def _last_before(self, case: CaseLog, fact: str) -> Any:
        return next((value for at, value in reversed(case.facts.get(fact, [])) if at < self._until), None)

    def _group(self, case: CaseLog) -> Group:
        """By the case's last value at the end of the time."""
        return tuple(_text(self._last_before(case, str(fact))) for fact in self._by)

    def _grouped(self, cases: Iterable[CaseLog]) -> dict[Group, list[CaseLog]]:
        found: dict[Group, list[CaseLog]] = defaultdict(list)
        for case in cases:
            found[self._group(case)].append(case)
        return found

    def _began(self) -> list[CaseLog]:
        return [case for case in self._cases for at in case.when("started") if self._within(at)]

    def _came_to_end(self) -> list[CaseLog]:
        return [case for case in self._cases for at in case.when("ended") if self._within(at)]

    # -- figures ----------------------------------------------------------------------------

    def received(self) -> dict[Group, Counted]:
        """Cases that began in the time."""
        return {group: _number(len(cases)) for group, cases in self._grouped(self._began()).items()}

    def ended(self) -> dict[Group, Counted]:
        """Cases that came to their end in the time, those called off left out."""
        return {group: _number(len(cases)) for group, cases in self._grouped(self._came_to_end()).items()}

    def acceptance(self) -> dict[Group, Counted]:
        """Cases accepted, by the last word of the time; of those accepted or turned away in the time."""
        return self._yes_of("accepted")

    def satisfaction(self) -> dict[Group, Counted]:
        """Complainants who said that they are satisfied; of those who answered in the time."""
        return self._yes_of("satisfied")

    def _yes_of(self, fact: str) -> dict[Group, Counted]:
        said = self._grouped(case for case in self._cases if self._last_in(case, fact) is not None)
        return {
            group: _share(sum(self._last_in(case, fact) is True for case in cases), len(cases))
            for group, cases in said.items()
        }

    def handling(self) -> dict[Group, Counted]:
        """Of the cases accepted in the time (where nothing says so: begun in it), those handled by its end."""
        if "accepted" in self._facts:
            taken = [case for case in self._cases if self._last_in(case, "accepted") is True]
        else:
            taken = self._began()
        return {
            group: _share(sum(self._last_before(case, "handled") is True for case in cases), len(cases))
            for group, cases in self._grouped(taken).items()
        }

    def score(self) -> dict[Group, Counted]:
        """The sum of the scores given in the time, of complainants who gave one."""
        given = self._grouped(case for case in self._cases if self._last_in(case, "score") is not None)
        found = {}
        for group, cases in given.items():
            total = sum((Decimal(self._last_in(case, "score")) for case in cases), Decimal(0))
            found[group] = Counted(_rounded(total / len(cases)), total, len(cases), len(cases))
        return found

    def reopened(self) -> dict[Group, Counted]:
        """Cases taken up again for the first time in the time."""
        again = []
        for case in self._cases:
            first = next((at for at, value in case.facts.get("reopened", []) if value is True), None)
            if first is not None and self._within(first):
                again.append(case)
        return {group: _number(len(cases)) for group, cases in self._grouped(again).items()}

    def feedback(self) -> dict[Group, Counted]:
        """Of the answers to complainants that were due in the time, those given by their day."""
        found = {}
        for group, due in self._due_by_group(set(self._feedback)).items():
            share = _share(sum(kept for _, _, kept in due), len(due))
            found[group] = replace(share, cases=len({case.id for case, _, _ in due}))
        return found

    def breaches(self) -> dict[Group, Counted]:
        """Deadlines that passed in the time without what they promise; of those that were due in it."""
        found = {}
        for group, due in self._due_by_group(None).items():
            late = Decimal(sum(not kept for _, _, kept in due))
            found[group] = Counted(late, late, len(due), len({case.id for case, _, _ in due}))
        return found

    def _due(self) -> Iterator[tuple[CaseLog, str, bool]]:
        """The promises due in the time: case, deadline, and whether it was kept by the end of the time."""
        for case in self._cases:
            for promise in case.promises:
                due = next((due for at, due in reversed(promise.due) if at < self._until), None)
                # One that is called off, or whose clock stands still, is not waited for.
                if due is not None and self._within(due):
                    ended = next((what for at, what in reversed(promise.outcome) if at < self._until), None)
                    if ended != "dropped":
                        yield case, promise.name, ended == "kept"

    def _due_by_group(self, names: set[str] | None) -> dict[Group, list[tuple[CaseLog, str, bool]]]:
        found: dict[Group, list[tuple[CaseLog, str, bool]]] = defaultdict(list)
        for one in self._promises:
            if names is None or one[1] in names:
                found[self._group(one[0])].append(one)
        return found

    def _breaches_by_deadline(self) -> dict[Group, Counted]:
        number = Counter(name for _, name, _ in self._promises)
        late = Counter(name for _, name, kept in self._promises if not kept)
        return {
            (name,): Counted(Decimal(late[name]), Decimal(late[name]), count, count) for name, count in number.items()
        }

    def duration(self) -> dict[Group, Counted]:
        """Days of 24 hours from beginning to end, of the case in the middle."""
        return self._ranked(self._days, 50)

    def duration_p90(self) -> dict[Group, Counted]:
        """Days of 24 hours that nine of ten cases did not exceed."""
        return self._ranked(self._days, 90)

    def working_days(self) -> dict[Group, Counted]:
        """Working days after the first day, of the case in the middle."""
        return self._ranked(self._working_days, 50)

    def working_days_p90(self) -> dict[Group, Counted]:
        """Working days that nine of ten cases did not exceed."""
        return self._ranked(self._working_days, 90)

    def _days(self) -> list[tuple[CaseLog, Decimal]]:
        lengths = []
        for case in self._came_to_end():
            took = case.when("ended")[0] - case.when("started")[0]
            lengths.append((case, Decimal(took.days * 86_400 + took.seconds) / 86_400))
        return lengths

    def _working_days(self) -> list[tuple[CaseLog, Decimal]]:
        counted = [(case, self._last_in(case, "working_days")) for case in self._cases]
        return [(case, Decimal(value)) for case, value in counted if value is not None]

    def _ranked(self, values: Callable[[], list[tuple[CaseLog, Decimal]]], percent: int) -> dict[Group, Counted]:
        """Nearest rank: the smallest value that at least so many of a hundred do not exceed."""
        groups: dict[Group, list[Decimal]] = defaultdict(list)
        for case, value in values():
            groups[self._group(case)].append(value)
        found = {}
        for group, known in groups.items():
            known.sort()
            least = next(value for value in known if 100 * bisect_right(known, value) >= percent * len(known))
            found[group] = Counted(_rounded(least), None, len(known), len(known))
        return found

    def cost(self) -> dict[Group, Counted]:
        """The sum of what complaints cost, as last recorded in the time; of the cases with a cost."""
        groups: dict[Group, list[Decimal]] = defaultdict(list)
        for case in self._cases:
            parts = [self._last_in(case, name) for name in case.facts if name.partition("/")[0] == "cost"]
            amounts = [Decimal(part) for part in parts if part is not None]
            if amounts:
                groups[self._group(case)].append(sum(amounts, Decimal(0)))
        return {group: _sum(amounts) for group, amounts in groups.items()}

    def _cost_by_bearer(self) -> dict[Group, Counted]:
        bearers: dict[Group, list[Decimal]] = defaultdict(list)
        for case in self._cases:
            for name in case.facts:
                amount = self._last_in(case, name) if name.startswith("cost/") else None
                if amount is not None:
                    bearers[name.partition("/")[2],].append(Decimal(amount))
        return {bearer: _sum(amounts) for bearer, amounts in bearers.items()}


def _text(value: Any) -> str | None:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else value


def _number(count: int) -> Counted:
    return Counted(Decimal(count), Decimal(count), None, count)


def _share(part: int, whole: int) -> Counted:
    return Counted(_rounded(Decimal(part * 100) / whole), Decimal(part), whole, whole)


def _sum(amounts: list[Decimal]) -> Counted:
    total = sum(amounts, Decimal(0))
    return Counted(total, total, len(amounts), len(amounts))


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_UP)


_FIGURES: Final[dict[str, tuple[str, Callable[[Recount], dict[Group, Counted]]]]] = {
    "received": ("", Recount.received),
    "ended": ("", Recount.ended),
    "acceptance": ("accepted", Recount.acceptance),
    "handling": ("handled", Recount.handling),
    "satisfaction": ("satisfied", Recount.satisfaction),
    "score": ("score", Recount.score),
    "feedback": ("", Recount.feedback),
    "breaches": ("", Recount.breaches),
    "duration": ("", Recount.duration),
    "duration_p90": ("", Recount.duration_p90),
    "working_days": ("working_days", Recount.working_days),
    "working_days_p90": ("working_days", Recount.working_days_p90),
    "reopened": ("reopened", Recount.reopened),
    "cost": ("cost", Recount.cost),
}
