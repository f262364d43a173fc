"""Every error the library raises on purpose.

    ComplaintflowError                  what happened, where, what to do
    ├── DefinitionError                 something the designer wrote
    │   ├── UnknownProcess              no layer has a process of that id
    │   ├── InvalidDiagram              the file is not a BPMN diagram we can read
    │   │   └── UnsupportedElement      it is, but uses something outside the allow-list
    │   ├── InvalidForm
    │   ├── InvalidDecision             a DMN file
    │   ├── InvalidNotice
    │   ├── InvalidPolicy               policy.toml
    │   └── FeelSyntaxError             an expression that does not parse
    ├── EvaluationError                 something that only showed when it ran
    │   ├── FeelLimitExceeded           an expression did more work than we allow
    │   ├── DecisionError               a hit policy was violated, an input had the wrong type
    │   ├── NoticeError                 a template could not be rendered
    │   └── PrematureCommitment         a promise before the decision it depends on
    ├── InvalidData                     a payload or a form violates its form
    ├── AccessError                     somebody wants what they may not have
    │   ├── AccessDenied                no rule of the policy gives it
    │   ├── InvalidIdentity             the file of people and groups
    │   ├── UnknownReceipt              no case has it
    │   └── RateLimited                 too many receipts were tried
    ├── HandlerError                    something the developer wrote
    │   ├── MissingHandler
    │   ├── DuplicateHandler
    │   └── UnboundArgument             no variable and no provided object fits
    ├── CaseError                       a command that does not fit the case
    │   ├── UnknownCase
    │   ├── UnknownTask
    │   ├── UnknownIncident
    │   ├── UnknownAttachment
    │   ├── TaskAlreadyCompleted
    │   ├── TaskTaken                   somebody else has claimed it
    │   ├── CaseEnded
    │   ├── CaseShredded                its content was destroyed
    │   ├── DuplicateKey                the business key is taken
    │   ├── NoSubscription              nothing waits for that message
    │   └── StaleCase                   somebody else saved the case meanwhile
    ├── StoreError
    │   ├── InvalidDatabaseUrl
    │   ├── NewerDatabase               written by a later release
    │   ├── ForeignDatabase             it holds tables that are not ours
    │   ├── UnreadableValue             a stored value does not decode
    │   ├── MissingKey                  what it was sealed with is not here
    │   ├── InvalidKeys                 a key file that cannot be used
    │   └── StoreUnavailable
    ├── CalendarError
    │   └── ClockWentBack
    └── BusinessError                   not a failure: a BPMN error, raised by a handler

Each error keeps its facts as attributes, and ``str(error)`` is one readable paragraph:
what, where (file, element or field), and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar


class ComplaintflowError(Exception):
    """Base of the tree.

    Args:
        what: one sentence without a final full stop.
        where: the file, element, field or row concerned.
        advice: what the reader can do about it; each class has a default.
    """

    advice: ClassVar[str] = ""

    def __init__(self, what: str, *, where: str = "", advice: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = advice or type(self).advice
        super().__init__(what)

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.remedy:
            lines.append(f"  what to do: {self.remedy}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.__dict__, self.args))


def _rebuild(cls: type[ComplaintflowError], facts: dict[str, object], args: tuple[object, ...]) -> ComplaintflowError:
    error = cls.__new__(cls)
    error.__dict__.update(facts)
    error.args = args
    return error


class DefinitionError(ComplaintflowError):
    """Something the process designer wrote cannot be used."""


class UnknownProcess(DefinitionError):
    """No layer has a process of that id."""

    advice = "run `complaintflow processes` to see what is installed, or add a layer that has it"


class InvalidDiagram(DefinitionError):
    """The file is not a BPMN diagram that can be read."""

    advice = "open the file in Camunda Modeler and export it again"


class UnsupportedElement(InvalidDiagram):
    """The diagram uses something that would not run as BPMN says, so it is refused."""


class InvalidForm(DefinitionError):
    """A form is missing or is not form-js JSON."""


class InvalidDecision(DefinitionError):
    """A DMN file cannot be used."""


class InvalidNotice(DefinitionError):
    """A notice template is missing or is not Jinja2."""


class InvalidPolicy(DefinitionError):
    """policy.toml lacks a value or has one of the wrong type."""


class FeelSyntaxError(DefinitionError):
    """An expression does not parse; ``text`` and ``position`` (0-based) say where.

    ``position`` counts characters; the message shows the line with a caret under it.
    """

    def __init__(self, what: str, *, text: str = "", position: int = 0, where: str = "", advice: str = "") -> None:
        self.text = text
        self.position = position
        super().__init__(what, where=where, advice=advice)


class EvaluationError(ComplaintflowError):
    """Something that only showed when it ran."""


class FeelLimitExceeded(EvaluationError):
    """An expression did more work than is allowed (steps, list length, string length, recursion)."""

    advice = "simplify the expression, or compute the value in a handler"


class DecisionError(EvaluationError):
    """A decision could not be made: hit policy violated, or an input outside its type."""


class NoticeError(EvaluationError):
    """A notice could not be rendered."""


class PrematureCommitment(EvaluationError):
    """A promise was about to leave before the decision it depends on exists (RET-D2, RET-D5, LAW-2.7.2.b)."""

    advice = "complete the deciding task first, then resolve this incident"


class InvalidData(ComplaintflowError):
    """A payload or a task's data violates its form; ``problems`` has (field, sentence) pairs."""

    def __init__(
        self, what: str, problems: Sequence[tuple[str, str]] = (), *, where: str = "", advice: str = ""
    ) -> None:
        self.problems = tuple(problems)
        super().__init__(what, where=where, advice=advice)

    def __str__(self) -> str:
        listed = "".join(f"\n  {field}: {sentence}" for field, sentence in self.problems)
        head, _, rest = super().__str__().partition("\n")
        return head + listed + ("\n" + rest if rest else "")


class AccessError(ComplaintflowError):
    """Somebody wants what they may not have."""


class AccessDenied(AccessError):
    """Refused by default: no rule of the policy gives it."""

    advice = "the policy file says who may: [access], [sealed], and the roles of tasks"


class InvalidIdentity(AccessError):
    """The file of people and groups cannot be used."""

    advice = 'write [people.<id>] with name = "..." and groups = ["..."]'


class UnknownReceipt(AccessError):
    """No case has this receipt; which part of it is wrong is not said."""

    advice = "a receipt has 16 digits; type it as it was shown when the report was sent"


class RateLimited(AccessError):
    """Too many receipts were tried; ``until`` is when the next try is let in."""

    def __init__(self, what: str, *, until: datetime, where: str = "", advice: str = "") -> None:
        self.until = until
        super().__init__(what, where=where, advice=advice or f"try again after {until.isoformat(timespec='minutes')}")


class HandlerError(ComplaintflowError):
    """Something about the registered handlers."""


class MissingHandler(HandlerError):
    """A service task names a job type that nobody handles."""

    advice = 'register one: @handlers.handler("the-type"), and pass it as Engine(handlers=[...])'


class DuplicateHandler(HandlerError):
    """Two handlers claim the same job type."""

    advice = "give one of them another type"


class UnboundArgument(HandlerError):
    """A handler asks for an argument that is neither a variable nor a provided object."""


class CaseError(ComplaintflowError):
    """A command that does not fit the case; nothing was changed."""


class UnknownCase(CaseError):
    """No case has that id."""


class UnknownTask(CaseError):
    """No open task has that id."""


class UnknownIncident(CaseError):
    """No open incident has that id."""


class UnknownAttachment(CaseError):
    """The case has no attachment of that number."""


class TaskAlreadyCompleted(CaseError):
    """The task was completed before, or is no longer wanted."""

    advice = "reload the case: `complaintflow show CASE` says where it stands"


class TaskTaken(CaseError):
    """Somebody else has claimed the task."""

    advice = "ask them to release it: engine.release(task)"


class CaseEnded(CaseError):
    """The case is closed; it takes no more commands."""


class CaseSuspended(CaseEnded):
    """The case stands still: it takes no commands until somebody resumes it."""

    advice = "`complaintflow resume CASE` lets it go on"


class CaseShredded(CaseError):
    """The content of a case was destroyed at the end of its retention period."""

    advice = "its history's times and events are still there: `complaintflow verify CASE`"


class DuplicateKey(CaseError):
    """A case of this process already has this business key."""


class NoSubscription(CaseError):
    """No open case waits for that message with that key."""


class StaleCase(CaseError):
    """Somebody else saved the case since it was read."""

    advice = "reload the case and decide again"


class StoreError(ComplaintflowError):
    """The database cannot be used."""


class InvalidDatabaseUrl(StoreError):
    """The database URL is not one we can open."""

    advice = "use sqlite:///file.db or postgresql+psycopg://user:password@host/name"


class NewerDatabase(StoreError):
    """The database was written by a later release."""

    advice = "upgrade complaintflow on this machine"


class ForeignDatabase(StoreError):
    """The database holds tables that are not ours."""

    advice = "point COMPLAINTFLOW_DATABASE_URL at an empty database or at one of complaintflow's"


class UnreadableValue(StoreError):
    """A stored value does not decode: it was damaged or written by something else."""


class MissingKey(StoreError):
    """A key-encryption key that is needed is not there."""

    advice = "put the key back, or set COMPLAINTFLOW_KEY_FILE to the file that has it"


class InvalidKeys(StoreError):
    """The key-encryption keys cannot be used."""

    advice = "a key file holds one key a line: cfk1-...; make one: complaintflow keys new FILE"


class StoreUnavailable(StoreError):
    """The database does not answer, is read-only or is locked."""


class CalendarError(ComplaintflowError):
    """A calendar, an interval or a clock that cannot be used."""


class ClockWentBack(CalendarError):
    """The clock shows a time before the case's last entry."""

    advice = "set the machine's clock; nothing was written"


class BusinessError(ComplaintflowError):
    """Raised by a handler: not a failure but a BPMN error that the diagram catches.

    Args:
        code: the error code of the boundary event that shall catch it.
        message: for the history and, when nothing catches it, for the incident.
        variables: set in the catching scope.
    """

    advice = "draw an error boundary event with this code, or let the handler return a result"

    def __init__(self, code: str, message: str = "", variables: dict[str, object] | None = None) -> None:
        self.code = code
        self.variables = variables or {}
        super().__init__(message or f"business error {code}")
