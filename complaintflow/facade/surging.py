"""The side of the facade that sees surges: what the windows have now, and what they had in past cases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from complaintflow.errors import InvalidData
from complaintflow.facade.figuring import Figuring
from complaintflow.history.similar import SURGE
from complaintflow.records import dataclass
from complaintflow.surge.reading import EARLIEST, LATEST, found_since, length, marks, retold, spans, told_since
from complaintflow.surge.watching import Rule
from complaintflow.surge.window import runs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from complaintflow.store.port import Transaction
    from complaintflow.surge.reading import Mark
    from complaintflow.surge.watching import Watch
    from complaintflow.surge.window import Run


@dataclass(frozen=True, slots=True)
class Window:
    """Similar complaints, as many as there are now.

    Attributes:
        policy, name: of the surge.
        of: fact -> the value that the complaints have in common.
        count: how many count within the window that ends now; ``more_than`` and ``within`` are what the policy allows.
        first_at, last_at: from when the earliest and the latest of them count.
        began: when the surge began that lasts now; None: there is none.
        starts: the process that a surge begins.
        case: id of the case that this one began; None: there is none (yet).
    """

    policy: str
    name: str
    of: Mapping[str, str]
    count: int
    more_than: int
    within: timedelta
    first_at: datetime
    last_at: datetime
    began: datetime | None
    starts: str
    case: str | None


@dataclass(frozen=True, slots=True)
class PastSurge:
    """A surge in past cases, by the policy as it is now.

    Attributes:
        policy, name: of the surge.
        of: fact -> the value that the complaints have in common.
        began, over: its first moment, and the first moment after it.
        count: how many complaints were in the window when it began; ``cases`` are their ids, the earliest first.
        peak: the most that a window had.
        case: id of the case that was begun upon it at the time, if one was.
    """

    policy: str
    name: str
    of: Mapping[str, str]
    began: datetime
    over: datetime
    count: int
    peak: int
    cases: tuple[str, ...]
    case: str | None


class Surging(Figuring):
    """What sees surges; an engine is one of these."""

    _watch: Watch

    def surges(self, policy: str | None = None, *, actor: str | None = None) -> list[Window]:
        """The windows as they are now, the fullest first; groups without a complaint in them are left out.

        Args:
            policy: its id, or that of a process under it; None: all that have surges.
            actor: who asks. With an identity the policy's ``[access.figures]`` must name a role of theirs, and they see
                no count below ``[figures.case] smallest``; without an actor the application asks.

        Raises:
            UnknownProcess, DefinitionError: the policy.
            AccessDenied: the actor may not see those of this policy; of all policies they get those that they may see.
        """
        rules, now, found = self._rules_of(policy, actor), self.clock.now(), []
        with self.store.reading() as tx:
            for rule in rules:
                least = self._least(rule, actor)
                found += [one for one in _windows(tx, rule, now) if one.count >= least]
        return sorted(found, key=lambda one: (-one.count, one.policy, one.name, tuple(one.of.values())))

    def replay_surges(
        self,
        policy: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        actor: str | None = None,
    ) -> list[PastSurge]:
        """The surges that the policy, as the layers have it now, would have found in past cases; nothing is begun.

        They are worked out from the facts in the histories, so also for a time in which the policy had no surges or
        others. It reads all facts up to ``until``.

        Args:
            policy: its id, or that of a process under it; None: all that have surges.
            since, until: aware; surges that lasted at ``since`` or later, of what was known before ``until``.
            actor: who asks, as for ``surges``; they are told no ids of complaints.

        Raises:
            UnknownProcess, DefinitionError: the policy.
            InvalidData: the times have no zone.
            AccessDenied: the actor may not.
        """
        if any(one is not None and one.tzinfo is None for one in (since, until)):
            raise InvalidData("a time has no zone", [("since and until", "must be aware")])
        rules, found = self._rules_of(policy, actor), []
        first, last = since or EARLIEST, until or LATEST
        with self.store.reading() as tx:
            begun = _begun(tx, {rule.policy.head.id for rule in (*rules, *self._watch.rules)})
            for rule in rules:
                least = self._least(rule, actor)
                groups = spans(retold(tx, rule.policy.head.id, rule.surge, last, begun))
                known = marks(tx, rule.counted)
                for group, whole in groups.items():
                    for run in runs(whole, rule.surge.more_than, length(rule.surge)):
                        if run.over > first and len(run.cases) >= least:
                            past = _past(rule, group, run, known)
                            found.append(replace(past, cases=()) if self._hides(actor) else past)
        return sorted(found, key=lambda one: (one.began, one.policy, one.name, tuple(one.of.values())))

    def _hides(self, actor: str | None) -> bool:
        return actor is not None and self.settings.access.enforced

    def _least(self, rule: Rule, actor: str | None) -> int:
        figures = rule.policy.figures.get("case")
        return figures.smallest if figures is not None and self._hides(actor) else 1

    def _rules_of(self, policy: str | None, actor: str | None) -> list[Rule]:
        access = self.settings.access
        person = access.person(actor) if actor is not None and access.enforced else None
        if policy is None:
            return [rule for rule in self._watch.rules if person is None or access.may_count(person, rule.policy)]
        own = self.library.newest(policy).policy
        if person is not None:
            access.require_figures(person, own)
        return [Rule(own, name, surge) for name, surge in own.surges.items()]


def _windows(tx: Transaction, rule: Rule, now: datetime) -> Iterator[Window]:
    within, known = length(rule.surge), marks(tx, rule.counted)
    lasting = found_since(tx, rule.counted, rule.surge, now)
    for group, whole in spans(told_since(tx, rule.counted, now - within)).items():
        there = [one.since for one in whole if one.begin <= now and (one.end is None or one.end > now)]
        there = [since for since in there if since >= now - within]
        if there:
            run = next((one for one in lasting.get(group, []) if one.began <= now < one.over), None)
            yield Window(
                rule.policy.head.id,
                rule.name,
                _of(rule, group),
                len(there),
                rule.surge.more_than,
                within,
                min(there),
                max(there),
                run.began if run is not None else None,
                rule.surge.starts,
                _case(known, group, run) if run is not None else None,
            )


def _past(rule: Rule, group: str, run: Run, known: list[Mark]) -> PastSurge:
    return PastSurge(
        rule.policy.head.id,
        rule.name,
        _of(rule, group),
        run.began,
        run.over,
        len(run.cases),
        run.peak,
        run.cases,
        _case(known, group, run),
    )


def _of(rule: Rule, group: str) -> dict[str, Any]:
    return dict(zip(rule.surge.of, json.loads(group), strict=False))


def _case(known: list[Mark], group: str, run: Run) -> str | None:
    return next((one.case for one in known if one.group == group and run.began <= one.began < run.over), None)


def _begun(tx: Transaction, policies: set[str]) -> set[str]:
    """The cases that surges of these policies began."""
    names = tuple(f"{one}/" for one in sorted(policies))
    limit = 100_000_000
    return {row.case_id for row in tx.counted((SURGE,), names, EARLIEST, LATEST, limit)} if names else set()
