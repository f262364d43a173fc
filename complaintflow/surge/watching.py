"""Looking for surges and beginning upon them: after each commit that makes complaints similar, and now and then.

Of any number that commit at once, whoever commits last sees all of them, and everybody looks after the own commit. Who
dies in between is made up for by every worker, which looks again when it starts and twice a minute. The case that is
begun has a business key made of the surge's name, its group and how many were begun there before, so of any number who
find the same surge one begins upon it; and it has an entry ``surge`` that says which moment it answers, so that nobody
begins again while the surge lasts, whichever complaint they came from.
"""

from __future__ import annotations

import hashlib
import json
import logging
import tomllib
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from complaintflow.errors import (
    ComplaintflowError,
    DefinitionError,
    DuplicateKey,
    InvalidDiagram,
    StaleCase,
    StoreUnavailable,
)
from complaintflow.history.similar import ALIKE, BEGUN, SURGE
from complaintflow.logs import about
from complaintflow.records import dataclass
from complaintflow.store.counting import written
from complaintflow.surge.reading import LATEST, found_since, marks, parted

if TYPE_CHECKING:
    from complaintflow.case.live import LiveCase
    from complaintflow.policy.format import Surge
    from complaintflow.policy.policy import Policy
    from complaintflow.store.rows import CaseRow, Change
    from complaintflow.surge.window import Run
    from complaintflow.work.work import Work

log = logging.getLogger("complaintflow")

SWEPT: Final = timedelta(seconds=30)
"""How often a worker looks again."""
STARTING: Final = timedelta(days=7)
"""How far back one that has just started looks: so long a surge may wait for somebody to begin upon it."""
_LATE: Final = timedelta(minutes=5)
_ALL: Final = 100_000_000
# More than ever find the same surge at once and see something else each time.
_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class Rule:
    """One surge of one policy."""

    policy: Policy
    name: str
    surge: Surge

    @property
    def counted(self) -> str:
        """Its name in histories."""
        return f"{self.policy.head.id}/{self.name}"


class Watch:
    """What looks over all cases of a store. May be shared between threads.

    Attributes:
        begun: ids of cases that surges began here and whose jobs nobody here has run yet.
    """

    def __init__(self, work: Work) -> None:
        self.begun: deque[str] = deque(maxlen=1_000)
        self._work = work
        self._written: dict[str, str] | None = None
        # Up to when everything was looked at; None: something may have been missed.
        self._swept: datetime | None = None
        self._looked: datetime | None = None
        self._said: set[tuple[str, str]] = set()

    @property
    def rules(self) -> list[Rule]:
        """The surges of all policies in the layers; a policy that cannot be used has none."""
        return [rule for name in self._names if (rule := self._named(name)) is not None]

    @property
    def _names(self) -> dict[str, str]:
        """The surges that policy files have -> their folder, read once, the rest of the definitions left alone."""
        if self._written is None:
            layers = self._work.library.layers
            found: dict[str, str] = {}
            for folder in layers.policies_with("surges"):
                parts = layers.every(f"processes/{folder}/policy.toml")
                tables = [told for part in parts if (told := _toml(part.content))]
                heads = [told.get("policy") for told in reversed(tables)]
                own = next((str(head["id"]) for head in heads if isinstance(head, dict) and "id" in head), folder)
                sections = [told.get("surges") for told in reversed(tables)]
                found |= {f"{own}/{name}": folder for one in sections if isinstance(one, dict) for name in one}
            self._written = found
        return self._written

    def _named(self, counted: str) -> Rule | None:
        """The newest definition of a surge of the layers."""
        folder, library = self._names[counted], self._work.library
        library.addresses.look()
        for process in library.addresses.inside(folder)[:1]:
            try:
                policy = library.newest(process).policy
            except DefinitionError as error:
                self._unanswered(counted, error)
                return None
            name = counted.rpartition("/")[2]
            return Rule(policy, name, policy.surges[name])
        return None

    def after(self, change: Change) -> None:
        """Look whether a commit has made a surge. What goes wrong is logged: the commit stands."""
        for row in change.history:
            if row.event == ALIKE and row.name is not None and row.value is not None:
                try:
                    rule = self._rule(change.case, row.name)
                    if rule is not None:
                        self._answer(rule, row.at, parted(row.value)[1])
                except Exception as error:
                    self._unanswered(row.name, error)

    def sweep(self, *, due: bool = True) -> int:
        """Begin upon every surge since the last time that nobody began upon. Returns how many.

        Args:
            due: only if the last time was long enough ago.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        now, begun = self._work.clock.now(), 0
        if due and self._looked is not None and now < self._looked + SWEPT:
            return 0
        since = now - STARTING if self._swept is None else self._swept - _LATE
        self._looked = self._swept = now
        for rule in self._joined(since):
            try:
                begun += self._answer(rule, since, None)
            except StoreUnavailable:
                self._swept = None
                raise
            except ComplaintflowError as error:
                self._unanswered(rule.counted, error)
        return begun

    def _joined(self, since: datetime) -> list[Rule]:
        """The surges that a complaint has joined since; no other can have begun."""
        names = tuple(self._names)
        if not names:
            return []
        try:
            with self._work.store.reading() as tx:
                joined = {row.name for row in tx.counted((ALIKE,), names, since, LATEST, _ALL)}
        except StoreUnavailable:
            self._swept = None
            raise
        return [rule for name in names if name in joined and (rule := self._named(name)) is not None]

    def taken(self) -> Iterator[str]:
        """The ids in ``begun``, each for one caller."""
        while self.begun:
            try:
                yield self.begun.popleft()
            except IndexError:
                return

    def _rule(self, case: CaseRow, counted: str) -> Rule | None:
        """What the newest definition says, as the sweep does; the case's own where the layers have it no more."""
        library = self._work.library
        try:
            policy = library.newest(case.process).policy
        except DefinitionError:
            bundle = library.known(case.bundle)
            if bundle is None:
                return None
            policy = bundle.policy
        name = counted.rpartition("/")[2]
        surge = policy.surges.get(name)
        return Rule(policy, name, surge) if surge is not None else None

    def _answer(self, rule: Rule, since: datetime, group: str | None) -> int:
        """Begin upon the surges that last at ``since`` or later, of one group or of all."""
        begun = 0
        for _ in range(_ATTEMPTS):
            with self._work.store.reading() as tx:
                found = found_since(tx, rule.counted, rule.surge, since, group)
                if not found:
                    return begun
                known = marks(tx, rule.counted)
            times = {one: [mark.began for mark in known if mark.group == one] for one in found}
            try:
                for one, lasting in found.items():
                    for run in lasting:
                        if not any(run.began <= time < run.over for time in times[one]):
                            self._begin(rule, one, run, len(times[one]))
                            times[one].append(run.began)
                            begun += 1
            except DuplicateKey:
                continue  # Somebody else begins upon this one, or upon another: look once more.
            return begun
        raise StaleCase(f"others kept beginning upon the surge {rule.counted}")

    def _begin(self, rule: Rule, group: str, run: Run, before: int) -> None:
        bundle = self._work.library.newest(rule.surge.starts)
        said = f"{rule.counted}\x00{group}\x00{before}"
        key = f"surge-{hashlib.sha256(said.encode()).hexdigest()[:24]}"
        command = Begin(told(rule, group, run), rule.counted, f"{written(run.began)} {group}")
        change = self._work.start(bundle, command, key=key, actor=None)
        self.begun.append(change.case.id)
        facts = {"case": change.case.id, "surge": rule.counted, "process": bundle.process_id}
        log.warning(
            "%s: a surge of %d complaints began %s",
            rule.counted,
            len(run.cases),
            bundle.process_id,
            extra=about("surge", **facts, count=len(run.cases)),
        )

    def _unanswered(self, name: str, error: Exception) -> None:
        self._swept = None
        kind = error.what if isinstance(error, DefinitionError) else type(error).__name__
        if (name, kind) not in self._said:
            self._said.add((name, kind))
            log.error("the surge %s is not begun upon: %s", name, kind, extra=about("surge-unanswered", surge=name))


def _toml(content: bytes) -> dict[str, Any] | None:
    """The tables of a policy file; None where it is none, which is said when somebody uses it."""
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Begin:
    """A surge begins a case, at the plain start event. Its form is for people, so it is not asked for.

    Attributes:
        variables: what the case begins with.
        name, value: of the entry that says which surge it answers.
    """

    variables: dict[str, Any]
    name: str
    value: str

    def apply(self, live: LiveCase) -> None:
        """Raises InvalidDiagram: the process begins with events only."""
        process = live.bundle.process
        if process.entries and process.plain_start is None:
            what = f"the process '{live.bundle.process_id}' begins with events only, and a surge is to begin it"
            raise InvalidDiagram(what, where=process.file, advice="add a plain start event")
        live.ledger[BEGUN] = self.name
        live.mark("started", live.counted, None, data=self.variables, process=live.row.process, surge=self.name)
        live.mark(SURGE, self.name, self.value)
        live.game.start(live.bundle.process_id, self.variables, None)


def told(rule: Rule, group: str, run: Run) -> dict[str, Any]:
    """The variables that a surge's case begins with."""
    surge = {
        "name": rule.name,
        "policy": rule.policy.head.id,
        "of": dict(zip(rule.surge.of, json.loads(group), strict=False)),
        "more_than": rule.surge.more_than,
        "within": str(rule.surge.interval),
        "count": len(run.cases),
        "first_at": written(run.first_at),
        "last_at": written(run.last_at),
        "cases": list(run.cases),
    }
    return {"surge": surge}
