"""The facade for somebody who reported without a name, and comes back with a receipt.

They see what the policy's ``[receipts.case]`` lists and the letters written to them, and may say and do what it names.
What they do is in the history under the actor "reporter"; when they only look, nothing is written down, for the hours
at which somebody looks tell something about them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from complaintflow.case import receipts
from complaintflow.case.attaching import REPORTER
from complaintflow.case.commands import CompleteTask
from complaintflow.case.events import Deliver
from complaintflow.case.places import history_place
from complaintflow.errors import CaseEnded, InvalidData, NoSubscription, UnknownCase, UnknownReceipt
from complaintflow.facade.progress import Letter, Open, Progress, arrivals, openings, promised, steps
from complaintflow.facade.reading import split_id
from complaintflow.facade.views import Surroundings
from complaintflow.records import dataclass
from complaintflow.store.parking import parked

if TYPE_CHECKING:
    from complaintflow.case.live import LiveCase
    from complaintflow.definition.definition import Bundle
    from complaintflow.facade.engine import Engine
    from complaintflow.facade.views import Attachment
    from complaintflow.formjs import Form
    from complaintflow.policy.format import Receipts
    from complaintflow.store.port import Transaction
    from complaintflow.work.work import Work

LONGEST: Final = 20_000


@dataclass(frozen=True, slots=True)
class DoTask:
    """A reporter does a task that the policy leaves to them."""

    token: int
    data: dict[str, Any] = field(repr=False)

    def apply(self, live: LiveCase) -> None:
        """Raises as ``CompleteTask``."""
        live.permit.leave_to_reporter()
        CompleteTask(self.token, self.data).apply(live)


class Reporter:
    """A case as its reporter has it, with those that it started (a watch, for instance). Made by ``Engine.reporter``.

    Args:
        engine: whose case.
        work: the engine's unit of work.
        receipt: as it was typed.

    Raises:
        UnknownReceipt: no report has it.
        RateLimited: too many receipts were tried; says until when.
    """

    def __init__(self, engine: Engine, work: Work, receipt: str) -> None:
        self._engine = engine
        self._work = work
        typed = receipts.Receipt.typed(receipt, engine.vault)
        self._case_id, digest = receipts.find(engine.store, engine.clock, typed)
        with engine.store.reading() as tx:
            live, _ = self._load(tx)
        # The row that led here is plain: whoever writes into the database must not lead a receipt to another case.
        if live.ledger.get("receipt") != digest.hex():
            raise UnknownReceipt("no report has this receipt")

    # -- reading ----------------------------------------------------------------------------

    def progress(self, language: str = "en") -> Progress:
        """How the case stands.

        Args:
            language: of the labels, "en" or "zh".

        Raises:
            UnknownReceipt: the case was shredded since, or the policy gives no receipts any more.
        """
        own, *others = self._all(language)
        promises = [one.promised_at for one in (own, *others) if one.promised_at is not None]
        return replace(
            own,
            steps=tuple(sorted((step for one in (own, *others) for step in one.steps), key=lambda step: step.at)),
            letters=tuple(sorted((letter for one in (own, *others) for letter in one.letters), key=lambda one: one.at)),
            questions=tuple(question for one in (own, *others) for question in one.questions),
            messages=tuple(message for one in (own, *others) for message in one.messages),
            promised_at=min(promises, default=None),
        )

    def _all(self, language: str) -> Iterator[Progress]:
        """The reported case first, then those it started that the policy gives its reporter a part in."""
        todo = [self._case_id]
        while todo:
            case_id = todo.pop(0)
            try:
                progress, started = self._progress(case_id, language)
            except (UnknownReceipt, UnknownCase):
                if case_id == self._case_id:
                    raise
                continue
            yield progress
            todo += started

    def _progress(self, case_id: str, language: str) -> tuple[Progress, list[str]]:
        with self._engine.store.reading() as tx:
            live, rules = self._load(tx, case_id)
            heard, tasks = tx.subscriptions(case_id), tx.tasks(case_id=case_id)
            timers = tx.timers(case_id)
            # A suspended case hears and asks nothing until it goes on; what it promised stays promised.
            kept = parked(live.ledger)
            heard = [] if live.suspended else heard
            entries = [
                (row.at, live.codec.decode(history_place(row.seq), row.detail)[1]) for row in tx.history(case_id)
            ]
        # A case that is over hears nothing; its letters can still be read.
        found = [replace(one, case_id=case_id) for one in openings(live, rules, heard, tasks, language)]
        paths = [(at, detail.get("path", ())) for at, detail in entries]
        results = [detail.get("data") for _, detail in entries]
        # Only the reported case takes files from its reporter; one without an actor is theirs there (``is_nameless``).
        own = case_id == self._case_id
        files = [file for file in self._engine.attachments(case_id) if own and file.by in (None, REPORTER)]
        started = [data["started_case"] for data in results if isinstance(data, dict) and "started_case" in data]
        progress = Progress(
            status=live.status,
            received_at=live.row.created_at.astimezone(live.calendar.zone),
            steps=(*steps(live, rules, paths, language), *arrivals(live, files, language)),
            letters=tuple(self._letters(live)),
            questions=tuple(one for one in found if one.question),
            messages=tuple(one for one in found if not one.question),
            promised_at=promised(live, rules, [*timers, *tasks, *kept.timers, *kept.tasks]),
            attachments=len(files),
        )
        return progress, started

    def form(self, name: str) -> tuple[Form, Surroundings]:
        """The form of a task that is left to the reporter, and what it sees, for a page that asks it.

        What the policy fills in for them stands in the variables already.

        Raises:
            NoSubscription: it is not open, not theirs, or has no form.
        """
        opening = self._open(name)
        with self._engine.store.reading() as tx:
            live, rules = self._load(tx, opening.case_id)
        token = live.token(split_id(opening.task, "task")[1]) if opening.task else None
        form_id = getattr(token.task_spec, "form_id", None) if token is not None else None
        if token is None or form_id is None:
            raise NoSubscription(f"'{name}' has no form")
        seen = {**token.variables, **rules.tasks[name]}
        return live.bundle.forms[form_id], Surroundings(seen, live.host.today(), token.variables.functions)

    @property
    def bundle(self) -> Bundle:
        """The definition that the case runs on: for labels."""
        return self._engine.bundle(self._case_id)

    # -- doing ------------------------------------------------------------------------------

    def send(self, name: str, data: Mapping[str, Any]) -> Progress:
        """Say something, answer a question, or do a task that is left to the reporter.

        Args:
            name: as in ``progress()``.
            data: what is filled in. A message takes texts only, under the names that the policy lists.

        Raises:
            NoSubscription: the case does not wait for it now, or the policy does not let a reporter say it.
            InvalidData: something else is filled in, or nothing.
        """
        opening = self._open(name)
        if opening.task:
            self._do(opening, data)
        else:
            self._say(opening, data)
        self._engine.settle(opening.case_id)
        return self.progress()

    def answer(self, text: str) -> Progress:
        """Answer the one question that is open.

        Raises:
            NoSubscription: none is open that a text answers, or several are; then ``send`` says which.
        """
        asked = [one for one in self.progress().questions if not one.task and len(one.fields) == 1]
        if len(asked) != 1:
            raise NoSubscription("no question is open" if not asked else "several questions are open")
        return self.send(asked[0].name, {asked[0].fields[0]: text})

    def attach(
        self, name: str, content: bytes | BinaryIO, *, content_type: str | None = None, as_is: bool = False
    ) -> Attachment:
        """Add evidence. What is kept is a copy without metadata, under a name of ours, unless ``as_is``.

        Where the policy says how (``[receipts.case] files``), those who work on the case are told as of a message.

        Raises:
            CaseEnded: the case takes no more.
            InvalidData: see ``Engine.attach``.
        """
        kept = self._engine.attach(self._case_id, name, content, content_type=content_type, actor=REPORTER, as_is=as_is)
        self._engine.settle(self._case_id)
        return kept

    # -- inside -----------------------------------------------------------------------------

    def _load(self, tx: Transaction, case_id: str | None = None) -> tuple[LiveCase, Receipts]:
        case_id = case_id or self._case_id
        if tx.case(case_id).sealed_key is None:
            raise UnknownReceipt("no report has this receipt")
        live = self._work.load(tx, case_id, REPORTER)
        rules = live.bundle.policy.receipts.get("case")
        if rules is None or not rules.enabled:
            raise UnknownReceipt("no report has this receipt")
        return live, rules

    def _letters(self, live: LiveCase) -> list[Letter]:
        """What was written to the reporter, and to no group of the organisation."""
        return [
            Letter(notice.created_at.astimezone(live.calendar.zone), notice.subject, notice.text)
            for notice in self._engine.notices(live.row.id)
            if not notice.to.group
        ]

    def _open(self, name: str) -> Open:
        progress = self.progress()
        # The reported case comes first: what it still hears is not for another.
        found = {one.name: one for one in reversed((*progress.questions, *progress.messages))}
        if name not in found:
            advice = f"open now: {', '.join(found) or 'nothing'}"
            raise NoSubscription(f"the case does not wait for '{name}' from its reporter", advice=advice)
        return found[name]

    def _say(self, opening: Open, data: Mapping[str, Any]) -> None:
        # Only these: a message becomes variables of the case, and none else is the reporter's to set.
        problems = [(str(field), "cannot be filled in here") for field in data if field not in opening.fields]
        problems += [
            (field, f"must be a text of at most {LONGEST:,} characters")
            for field, text in data.items()
            if field in opening.fields and not (isinstance(text, str) and len(text) <= LONGEST)
        ]
        if problems or not any(str(text).strip() for text in data.values()):
            advice = f"fill in {', '.join(opening.fields)}"
            raise InvalidData(f"this cannot be sent as '{opening.name}'", problems, advice=advice)
        with self._engine.store.reading() as tx:
            heard = [row for row in tx.subscriptions(opening.case_id) if row.name == opening.name]
        said = False
        for row in heard:
            try:
                self._work.run(opening.case_id, Deliver(row.token, opening.name, dict(data), row.key), REPORTER)
            except (NoSubscription, CaseEnded):
                if not said:
                    raise
            said = True

    def _do(self, opening: Open, data: Mapping[str, Any]) -> None:
        with self._engine.store.reading() as tx:
            _, rules = self._load(tx, opening.case_id)
        filled = {**data, **rules.tasks[opening.name]}
        self._work.run(opening.case_id, DoTask(split_id(opening.task, "task")[1], filled), REPORTER)
