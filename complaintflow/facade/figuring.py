"""The counting side of the facade: who may ask for figures, of what, and for which time.

What counts, draws and writes is imported where it is called: few programs do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from complaintflow.errors import InvalidData
from complaintflow.facade.keeping import Keeping
from complaintflow.history.facts import PERSONS, pseudonym

if TYPE_CHECKING:
    from complaintflow.definition.definition import Bundle
    from complaintflow.eventlog import Form
    from complaintflow.figures.period import Period
    from complaintflow.figures.table import Figures
    from complaintflow.policy.policy import Policy
    from complaintflow.report import Form as ReportForm
    from complaintflow.report import Report
    from complaintflow.store.port import Transaction
    from complaintflow.store.rows import CaseRow


class Figuring(Keeping):
    """What counts; an engine is one of these."""

    def figures(
        self,
        policy: str,
        period: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        by: str | Sequence[str] | None = None,
        actor: str | None = None,
    ) -> Figures:
        """A policy's figures for a time: see ``complaintflow.figures.REGISTRY`` and docs/figures.md.

        Args:
            policy: its id, or that of a process under it, e.g. "hr".
            period: "2026Q3", "2026-07" or "2026", in the policy's zone; or else
            since, until: aware; figures of a time that is not over are those until now.
            by: one fact of the policy, or several, to tell the figures apart by: "department". Persons are told apart
                only by facts that ``[figures.case] persons`` names, and by their pseudonyms, see ``pseudonym``.
            actor: who asks. With an identity the policy's ``[access.figures]`` must name a role of theirs; without an
                actor the application asks.

        Raises:
            UnknownProcess, DefinitionError: the policy.
            InvalidData: the time or the facts.
            AccessDenied: the actor may not.
        """
        from complaintflow.figures.computing import compute, require_category

        bundle = self._countable(policy, actor)
        rules = bundle.policy
        facts = (by,) if isinstance(by, str) else tuple(by or ())
        for fact in facts:
            require_category(rules, fact)
        chosen = _period(period, since, until, self._zone_of(bundle))
        with self.store.reading() as tx:
            return compute(tx, rules, chosen, self.clock.now(), facts)

    def report(
        self,
        policy: str,
        period: str,
        *,
        language: str = "en",
        proposals: Sequence[str] = (),
        cases: int | None = None,
        file: str | Path | None = None,
        form: ReportForm | None = None,
        replace: bool = False,
        actor: str | None = None,
    ) -> Report:
        """What happened in a time against what a policy promises, for people to look at: see ``complaintflow.report``.

        Args:
            policy: as for ``figures``.
            period: "2026Q3", "2026-07" or "2026", in the policy's zone.
            language: "en" or "zh".
            proposals: what people decided, besides what a review of that time released; without any, the report asks
                questions, and says so.
            cases: at most so many cases are opened to see where they waited (default 500; 0: no diagrams). Of those
                only elements, flows and times are read.
            file: where it is written, as PDF if the name ends so.
            form: "html" or "pdf", whatever the file's name is.
            replace: write over a file that is there.
            actor: who asks, as for ``figures``.

        Raises:
            UnknownProcess, DefinitionError: the policy.
            InvalidData: the time, the language or the file.
            MissingLibrary: matplotlib or weasyprint are not installed (``complaintflow[report]``).
            AccessDenied: the actor may not.
        """
        from complaintflow import report
        from complaintflow.figures.period import Period

        bundle = self._countable(policy, actor)
        order = report.Order(language, proposals, report.CASES if cases is None else cases)  # type: ignore[arg-type]
        chosen = Period.parse(period, self._zone_of(bundle))
        if file is not None:
            report.ready(file, form, replace=replace)
        with self.store.reading() as tx:
            made = report.build(
                tx, bundle, chosen, self.clock.now(), self._work.codec, order, partial(self._reviewing, tx)
            )
        if file is not None:
            made.save(file, form, replace=replace)
        return made

    def event_log(
        self,
        file: str | Path,
        form: Form = "ocel",
        *,
        process: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        language: str = "en",
        on_progress: Callable[[int], None] | None = None,
        actor: str | None = None,
    ) -> int:
        """Write what happened in all cases for a tool of process mining: see ``complaintflow.eventlog``.

        It is the operator's: elements, times, facts and pseudonyms of every case, nothing that is sealed.

        Args:
            file: a new file.
            form: "ocel" (OCEL 2.0 as JSON) or "xes" (IEEE 1849 as XML).
            process: only its cases.
            since, until: aware; only cases that began from then on, and before then.
            language: of the activities' names, where there is a translation.
            on_progress: told how many cases have been looked at.
            actor: who wants it; without one it is the operator.

        Returns:
            how many cases are in it.

        Raises:
            InvalidData: there is such a file already, it cannot be written, or a time has no zone.
            AccessDenied: a policy that governs a case in it does not let the actor have its figures.
        """
        from complaintflow import eventlog

        if form not in eventlog.FORMS:
            raise InvalidData(f"there is no log of the form '{form}'", [("form", "is ocel or xes")])
        for name, at in (("since", since), ("until", until)):
            if at is not None and at.tzinfo is None:
                raise InvalidData("a time without a zone is no time", [(name, "has no zone")])
        with self.store.reading() as tx:
            log = eventlog.EventLog(tx, self._readable_by(actor), process, since, until, language, on_progress)
            return eventlog.save(log, file, form)

    def pseudonym(self, fact: str, person: str) -> str:
        """What stands for a person, by id or name, in figures by this fact: who knows the person finds the figure."""
        return pseudonym(self.vault.derive(PERSONS), fact, person)

    def _readable_by(self, actor: str | None) -> Callable[[Transaction, CaseRow], Bundle]:
        """How definitions are read for somebody: only those under policies whose figures they may have."""
        access = self.settings.access
        if actor is None or not access.enforced:
            return self._work.bundle
        person = access.person(actor)

        def read(tx: Transaction, row: CaseRow) -> Bundle:
            bundle = self._work.bundle(tx, row)
            access.require_figures(person, bundle.policy)
            return bundle

        return read

    def _countable(self, policy: str, actor: str | None) -> Bundle:
        """The definition under a policy, for whoever may have its figures. Raises as ``figures``."""
        bundle, access = self.library.newest(policy), self.settings.access
        if actor is not None and access.enforced:
            access.require_figures(access.person(actor), bundle.policy)
        return bundle

    def _reviewing(self, tx: Transaction, case_id: str) -> tuple[Policy, Mapping[str, Any]]:
        """What a report asks of a case that reviews another policy's figures."""
        live = self._work.load(tx, case_id)
        return live.bundle.policy, live.game.top.scope.variables

    def _zone_of(self, bundle: Bundle) -> tzinfo:
        return (self.settings.calendar or bundle.calendar).zone


def _period(period: str | None, since: datetime | None, until: datetime | None, zone: tzinfo) -> Period:
    from complaintflow.figures.period import Period

    if period is not None:
        if since is not None or until is not None:
            raise InvalidData("give a period, or since and until", [("period", "and since or until are given")])
        return Period.parse(period, zone)
    if since is None or until is None or since.tzinfo is None or until.tzinfo is None:
        advice = "give period='2026Q3', or since and until as times with a zone"
        raise InvalidData("it is not said of which time", [("since", "and until are needed, aware")], advice=advice)
    if until <= since:
        raise InvalidData("the time ends before it begins", [("until", "must be after since")])
    return Period(since.astimezone(zone), until.astimezone(zone))
