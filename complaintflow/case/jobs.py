"""What comes of a job: its handler came back, failed or refused, or its row is taken out of the outbox.

Each is a command (``complaintflow.case.commands``). A job may be reported twice, for a lease can run out while its
handler works: the second report finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from complaintflow.bpmn.node import Stuck
from complaintflow.case.live import LiveCase
from complaintflow.history.chain import Entry
from complaintflow.records import dataclass
from complaintflow.store.rows import JobRow, NoticeRow

if TYPE_CHECKING:
    from complaintflow.bpmn.token import Token


@dataclass(frozen=True, slots=True)
class FinishJob:
    """A handler came back with results; notices that it sent are stored in the same commit."""

    token: int
    variables: dict[str, Any] = field(repr=False)
    notices: tuple[NoticeRow, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict, repr=False)
    answer: dict[str, Any] | None = field(default=None, repr=False)

    def apply(self, live: LiveCase) -> None:
        """A job that is no longer wanted leaves its notices and a line of history; one reported before, nothing."""
        token = live.token(self.token)
        if token is None and live.is_reported(self.token):
            # Somebody took it over when its lease was over; or this is said again, for the answer was lost.
            return
        live.notices.extend(self.notices)
        if token is None:
            live.entries.append(Entry("job-unwanted", None, self.token, {"number": self.token, **self.detail}))
            live.game.closed.append(("job", self.token))
            return
        live.permit.seal(self.variables)
        answered = {"answer": self.answer} if self.answer is not None else {}
        live.record("job-done", token, data=self.variables, **answered, **self.detail)
        live.game.complete(self.token, self.variables, self.answer)


def _wanted(live: LiveCase, job: JobRow) -> Token | None:
    """The token behind a job, or None after its row was closed."""
    token = live.token(job.token)
    if token is None:
        live.game.closed.append(("job", job.token))
    return token


def _is_old_news(token: Token, job: JobRow, *, final: bool = False) -> bool:
    """Whether somebody who took over this job after its lease has reported already."""
    known = token.internal_data.get("attempt", 0)
    return "stuck" in token.internal_data or job.attempt < known or (job.attempt == known and not final)


@dataclass(frozen=True, slots=True)
class RetryJob:
    """A handler failed, and may try again at ``job.due_at``."""

    job: JobRow
    message: str = field(repr=False)

    def apply(self, live: LiveCase) -> None:
        """A job that is no longer wanted is left alone."""
        token = _wanted(live, self.job)
        if token is None or _is_old_news(token, self.job):
            return
        token.internal_data["attempt"] = self.job.attempt
        live.record(
            "job-failed",
            token,
            attempt=self.job.attempt,
            message=self.message,
            retry=self.job.due_at.isoformat() if self.job.due_at else None,
        )
        live.retried.append(self.job)


@dataclass(frozen=True, slots=True)
class FailJob:
    """A handler failed for the last time: an incident."""

    job: JobRow
    message: str = field(repr=False)
    kind: str = "job"

    def apply(self, live: LiveCase) -> None:
        """A job that is no longer wanted is left alone."""
        token = _wanted(live, self.job)
        if token is None or _is_old_news(token, self.job, final=True):
            return
        live.record("job-failed", token, attempt=self.job.attempt, message=self.message)
        live.retried.append(self.job._replace(due_at=None))
        live.game.fail(self.job.token, Stuck(self.kind, self.message))


@dataclass(frozen=True, slots=True)
class ThrowError:
    """A handler raised BusinessError."""

    job: JobRow
    code: str
    message: str = field(repr=False)
    variables: dict[str, Any] = field(repr=False)

    def apply(self, live: LiveCase) -> None:
        """An error that nothing catches becomes an incident; one that was reported before is left alone."""
        token = _wanted(live, self.job)
        if token is None or "stuck" in token.internal_data:
            return
        live.permit.seal(self.variables)
        live.record("error-thrown", token, code=self.code, message=self.message)
        if not live.game.throw(self.job.token, self.code, self.message, self.variables):
            live.retried.append(self.job._replace(due_at=None))


@dataclass(frozen=True, slots=True)
class DropJob:
    """Take a row out of the outbox whose work is done or no longer wanted."""

    job: JobRow

    def apply(self, live: LiveCase) -> None:
        """A job whose token waits for it again is left alone."""
        if live.token(self.job.token) is not None:
            return
        live.game.closed.append(("job", self.job.token))
        live.ledger["signals"].pop(str(self.job.token), None)
