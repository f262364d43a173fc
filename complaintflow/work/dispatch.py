"""Running one job after the commit: find the handler, bind its arguments, turn what happens into a command.

result            -> FinishJob
BusinessError     -> ThrowError           a BPMN error, not a failure
any other error   -> RetryJob, and after the last attempt FailJob: an incident
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import field
from traceback import walk_tb
from typing import TYPE_CHECKING, Any, Final

from complaintflow import telemetry
from complaintflow.bpmn.node import Stuck
from complaintflow.bpmn.token import Token
from complaintflow.case import correcting
from complaintflow.case.commands import Command
from complaintflow.case.events import DeliverSignal, HaltEvent
from complaintflow.case.jobs import DropJob, FailJob, FinishJob, RetryJob, ThrowError
from complaintflow.case.live import LiveCase
from complaintflow.case.writing import SIGNAL
from complaintflow.errors import (
    BusinessError,
    ClockWentBack,
    ComplaintflowError,
    DefinitionError,
    EvaluationError,
    HandlerError,
    InvalidData,
    StaleCase,
    StoreError,
    StoreUnavailable,
)
from complaintflow.handlers.answers import CORRECTIONS, Answer
from complaintflow.handlers.registry import Backoff, Handlers, Job
from complaintflow.logs import about
from complaintflow.notices.notices import KeepingNotifier
from complaintflow.records import dataclass
from complaintflow.store.rows import JobRow
from complaintflow.values import variables
from complaintflow.work import beginning, spawning
from complaintflow.work.notify import Notify

if TYPE_CHECKING:
    from complaintflow.work.work import Work

log = logging.getLogger("complaintflow")

# Job types that need no registered handler; a registered one of the same type takes their place.
ATTEMPTS: Final = 5
LONGEST_MESSAGE: Final = 4_000
# Those of ``complaintflow.figures.jobs``, which is imported when the first of them is run.
_COUNTING: Final = frozenset({"figures", "sample", "case-summary"})
BUILT_IN: Final = frozenset({Notify.TYPE, spawning.TYPE}) | _COUNTING
_OUTCOMES: Final[dict[type, str]] = {RetryJob: "retry", FailJob: "incident", ThrowError: "error"}


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Runs jobs. ``notify`` is the built-in handler for notices.

    ``lacking`` collects the job types without a handler here, where they are left to other workers; None where there
    are none: such a job is an incident.
    """

    work: Work
    handlers: Handlers
    provided: Mapping[type, Any]
    notify: Notify
    spawned: list[str] = field(default_factory=list)
    lacking: set[str] | None = None

    @property
    def job_types(self) -> frozenset[str]:
        """The types of jobs that can be run here."""
        return BUILT_IN | {SIGNAL} | self.handlers.by_type.keys()

    def run(self, row: JobRow) -> None:
        """Run one leased job to its command.

        Raises:
            MissingHandler: other workers have its handler.
            DefinitionError, UnreadableValue, MissingKey: the case cannot be read here; nothing was written.
        """
        if row.type == SIGNAL:
            self._broadcast(row)
            return
        with self.work.store.reading() as tx:
            live = self.work.load(tx, row.case_id)
            token = live.token(row.token)
            if token is not None and token.task_spec.answers == CORRECTIONS:
                live.keep_tasks()
        if live.suspended:
            return  # The case has its row, and opens it again when it is resumed.
        if token is None:
            self.work.run(row.case_id, DropJob(row))
            return
        if "stuck" in token.internal_data:
            return  # A person has it in hand; resolving the incident opens the job again.
        if self.lacking is not None and row.type not in self.job_types:
            self.handlers.find(row.type, token.task_spec.where)
        facts = {"process": live.row.process, "element": row.element, "type": row.type}
        with telemetry.span("handler", "jobs", **facts, case=row.case_id, attempt=row.attempt + 1) as seen:
            command = self._outcome(live, token, row)
            seen.tell(_OUTCOMES.get(type(command), ""))
        try:
            self._finish(row.case_id, command)
        except (StoreError, ClockWentBack, StaleCase):
            raise
        except Exception as error:
            # The work is done, and what it leads to cannot be: a person has to see that.
            self._finish(row.case_id, FailJob(row, _said(error)))

    def _finish(self, case_id: str, command: Command) -> None:
        """Write down what a handler did: it has happened, whatever the clock or a busy database say."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self.work.run(case_id, command, happened=True)
            except StoreUnavailable:
                if attempt == ATTEMPTS:
                    raise
            else:
                return

    def _outcome(self, live: LiveCase, token: Token, row: JobRow) -> Command:
        try:
            live.host.may_begin(token)
        except Stuck as stuck:
            return FailJob(row, stuck.message, stuck.kind)
        backoff = Backoff()
        job = row._replace(attempt=row.attempt + 1)
        try:
            if row.type in BUILT_IN and row.type not in self.handlers.by_type:
                return self._built_in(live, token, job)
            handler = self.handlers.find(row.type, token.task_spec.where)
            backoff = handler.backoff
            job = job._replace(retries=job.retries if handler.retries is None else handler.retries)
            result = handler.call(**handler.arguments(_job(live, token, job), self.provided))
            if isinstance(result, Answer):
                return FinishJob(row.token, {}, answer=_answered(result, token, job))
            kept = getattr(getattr(token.task_spec, "job", None), "result", None)
            return FinishJob(row.token, _results({kept: result} if kept else result, job))
        except BusinessError as error:
            return _thrown(job, error)
        except (HandlerError, DefinitionError, InvalidData) as error:
            # Trying again cannot help: a person has to change something first.
            return FailJob(job, _said(error))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # CancelledError too: a handler's own has nothing to do with us
            return self._failed(job, error, backoff)

    def _built_in(self, live: LiveCase, token: Token, row: JobRow) -> Command:
        if row.type == Notify.TYPE:
            sent = self.notify.send(live, token, row)
            # Nobody may read later that something was sent which only lies here.
            kept = {"kept": True} if isinstance(self.notify.notifier, KeepingNotifier) else {}
            return FinishJob(row.token, {}, (sent,), {"notice": sent.name, "channel": sent.channel, **kept})
        if row.type in _COUNTING:
            from complaintflow.figures.jobs import COUNTING

            return FinishJob(row.token, variables(COUNTING[row.type](self.work, _job(live, token, row)), row.type))
        results = spawning.start_case(self.work, _job(live, token, row))
        self.spawned.append(results["started_case"])
        return FinishJob(row.token, results)

    def _failed(self, job: JobRow, error: BaseException, backoff: Backoff) -> Command:
        place = _place(error)
        where = f" (at {place})" if place else ""
        message = _said(error) + where
        # The message may quote what a reporter wrote, so the log names only its kind and where it was raised.
        kind, key = type(error).__name__, job.key
        told = about("job-failed", job=key, type=job.type, attempt=job.attempt, error=kind, place=place)
        log.warning("job %s (%s) failed on attempt %d: %s%s", key, job.type, job.attempt, kind, where, extra=told)
        if job.attempt >= job.retries:
            return FailJob(job, message)
        return RetryJob(job._replace(due_at=self.work.clock.now() + backoff.after(job.attempt)), message)

    def _broadcast(self, row: JobRow) -> None:
        """Deliver a thrown signal to every case that waits for it; each delivery is a command of its own."""
        with self.work.store.reading() as tx:
            live = self.work.load(tx, row.case_id)
            if live.suspended:
                return
            name, cargo = live.ledger["signals"].get(str(row.token), ("", {}))
            waiting = tx.waiting("signal", name, None) if name else []
        for subscription in waiting:
            try:
                self._finish(subscription.case_id, DeliverSignal(subscription.token, name, cargo, row.key))
            except EvaluationError as error:
                # One receiver that runs in a circle must not keep the others from hearing.
                self._finish(subscription.case_id, HaltEvent(subscription.token, "subscription", _said(error)))
        if name:
            self.spawned.extend(beginning.by_signal(self.work, name, cargo, key=row.key))
        self._finish(row.case_id, DropJob(row))


def _thrown(job: JobRow, error: BusinessError) -> Command:
    try:
        cargo = variables(error.variables, f"BusinessError {error.code}")
    except InvalidData as problem:
        return FailJob(job, _said(problem))
    return ThrowError(job, str(error.code), _said(error), cargo)


def _place(error: BaseException) -> str:
    """Where a handler raised it: the line of the handler, and the last one that it led to; empty if it is all ours."""
    try:
        lines = [
            f"{os.path.basename(frame.f_code.co_filename)}:{line} in {frame.f_code.co_name}"
            for frame, line in walk_tb(error.__traceback__)
            if str(frame.f_globals.get("__name__")).split(".")[0] != "complaintflow"
        ]
    except Exception:  # of an exception class that has a will of its own
        return ""
    return ", then ".join(dict.fromkeys([*lines[:1], *lines[-1:]]))


def _said(error: BaseException) -> str:
    """An error's text as it can be stored, whatever a handler raised."""
    try:
        text = str(error)
    except Exception:
        text = "(its text cannot be shown)"
    if isinstance(error, BusinessError):
        text = str(error.args[0])
    elif not isinstance(error, ComplaintflowError):
        text = f"{type(error).__name__}: {text}"
    return text.encode("utf-8", "replace").decode()[:LONGEST_MESSAGE]


def _job(live: LiveCase, token: Token, row: JobRow) -> Job:
    return Job(
        key=row.key,
        case_id=row.case_id,
        element=row.element,
        type=row.type,
        headers={**token.task_spec.headers, **correcting.headers(live, token)},
        variables={**token.variables.ambient, **token.variables.visible()},
        attempt=row.attempt,
        now=live.now,
    )


def _answered(answer: Answer, token: Token, job: JobRow) -> dict[str, Any]:
    where = f"the result of the handler for '{job.type}' at element {job.element}"
    if token.task_spec.answers != answer.kind:
        raise InvalidData(f"nothing takes {type(answer).__name__} there", where=where)
    checked = answer.checked(where)
    why = token.task_spec.refuses(token, checked)
    if why is not None:
        raise InvalidData(why, where=where)
    return checked


def _results(result: object, job: JobRow) -> dict[str, Any]:
    if result is None:
        return {}
    return variables(result, f"the result of the handler for '{job.type}' at element {job.element}")
