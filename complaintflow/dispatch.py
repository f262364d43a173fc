"""Running one job after the commit: find the handler, bind its arguments, turn what happens into a command.

result            -> FinishJob
BusinessError     -> ThrowError           a BPMN error, not a failure
any other error   -> RetryJob, and after the last attempt FailJob: an incident
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from complaintflow import spawning
from complaintflow.bpmn.node import Stuck
from complaintflow.bpmn.token import Token
from complaintflow.case import SIGNAL, LiveCase
from complaintflow.commands import Command, DeliverSignal, DropJob, FailJob, FinishJob, RetryJob, ThrowError
from complaintflow.errors import (
    BusinessError,
    ComplaintflowError,
    DefinitionError,
    EvaluationError,
    HandlerError,
    InvalidData,
)
from complaintflow.handlers import Backoff, Handlers, Job
from complaintflow.notify import Notify
from complaintflow.rows import JobRow
from complaintflow.values import variables

if TYPE_CHECKING:
    from complaintflow.work import Work

log = logging.getLogger("complaintflow")

# Job types that need no registered handler; a registered one of the same type takes their place.
BUILT_IN: Final = frozenset({Notify.TYPE, spawning.TYPE})


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Runs jobs. ``notify`` is the built-in handler for notices."""

    work: Work
    handlers: Handlers
    provided: Mapping[type, Any]
    notify: Notify

    def run(self, row: JobRow) -> None:
        """Run one leased job to its command."""
        if row.type == SIGNAL:
            self._broadcast(row)
            return
        with self.work.store.reading() as tx:
            live = self.work.load(tx, row.case_id)
        token = live.token(row.token)
        if token is None or "stuck" in token.internal_data:
            self.work.run(row.case_id, DropJob(row))
            return
        command = self._outcome(live, token, row)
        try:
            self.work.run(row.case_id, command)
        except EvaluationError as error:
            # The work is done, and what it leads to cannot be: a person has to see that.
            self.work.run(row.case_id, FailJob(row, str(error)))

    def _outcome(self, live: LiveCase, token: Token, row: JobRow) -> Command:
        try:
            live.host.may_begin(token)
        except Stuck as stuck:
            return FailJob(row, stuck.message, stuck.kind)
        backoff = Backoff()
        job = replace(row, attempt=row.attempt + 1)
        try:
            if row.type in BUILT_IN and row.type not in self.handlers.by_type:
                return self._built_in(live, token, job)
            handler = self.handlers.find(row.type, token.task_spec.where)
            backoff = handler.backoff
            job = replace(job, retries=handler.retries or job.retries)
            result = handler.call(**handler.arguments(_job(live, token, job), self.provided))
            return FinishJob(row.token, _results(result, job))
        except BusinessError as error:
            return ThrowError(job, error.code, error.args[0], variables(error.variables, f"BusinessError {error.code}"))
        except (HandlerError, DefinitionError, InvalidData) as error:
            # Trying again cannot help: a person has to change something first.
            return FailJob(job, str(error))
        except Exception as error:
            return self._failed(job, error, backoff)

    def _built_in(self, live: LiveCase, token: Token, row: JobRow) -> Command:
        if row.type == Notify.TYPE:
            sent = self.notify.send(live, token, row)
            return FinishJob(row.token, {}, (sent,), {"notice": sent.name, "channel": sent.channel})
        return FinishJob(row.token, spawning.start_case(self.work, _job(live, token, row)))

    def _failed(self, job: JobRow, error: Exception, backoff: Backoff) -> Command:
        message = str(error) if isinstance(error, ComplaintflowError) else f"{type(error).__name__}: {error}"
        # The message may quote what a reporter wrote, so the log names only its kind.
        log.warning("job %s (%s) failed on attempt %d: %s", job.key, job.type, job.attempt, type(error).__name__)
        if job.attempt >= job.retries:
            return FailJob(job, message)
        return RetryJob(replace(job, due_at=self.work.clock.now() + backoff.after(job.attempt)), message)

    def _broadcast(self, row: JobRow) -> None:
        """Deliver a thrown signal to every case that waits for it; each delivery is a command of its own."""
        with self.work.store.reading() as tx:
            name, cargo = self.work.load(tx, row.case_id).ledger["signals"][str(row.token)]
            waiting = tx.waiting("signal", name, None)
        for subscription in waiting:
            self.work.run(subscription.case_id, DeliverSignal(subscription.token, name, cargo, row.key))
        self.work.run(row.case_id, DropJob(row))


def _job(live: LiveCase, token: Token, row: JobRow) -> Job:
    return Job(
        key=row.key,
        case_id=row.case_id,
        element=row.element,
        type=row.type,
        headers=token.task_spec.headers,
        variables={**live.host.ambient, **token.variables.visible()},
        attempt=row.attempt,
        now=live.now,
    )


def _results(result: object, job: JobRow) -> dict[str, Any]:
    if result is None:
        return {}
    return variables(result, f"the result of the handler for '{job.type}' at element {job.element}")
