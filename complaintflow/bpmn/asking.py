"""What the game asks: the case around it, and formulas."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from complaintflow import feel
from complaintflow.bpmn.formula import read_time, shown
from complaintflow.bpmn.node import Stuck
from complaintflow.bpmn.triggers import Moment
from complaintflow.errors import ComplaintflowError
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.bpmn.formula import Formula
    from complaintflow.bpmn.token import Token


class Host(Protocol):
    """What the game asks of the case around it."""

    now: datetime
    ambient: Mapping[str, Any]
    functions: Mapping[str, Callable[..., Any]]
    asked: Moment | None

    def instant(self, value: datetime | date) -> datetime:
        """A FEEL time as an aware UTC time; one without a zone is the organisation's."""

    def after(
        self, interval: str | timedelta | feel.YearMonthDuration, start: datetime, *, again: bool = False
    ) -> Moment:
        """``start`` plus a duration, its ISO 8601 text, or an interval like "7 days"; or the next time of a cron
        expression. Raises Stuck.

        ``again`` says that ``start`` is the end of the same interval before.
        """

    def decide(self, decision_id: str, token: Token) -> Any:
        """Evaluate a decision with the token's variables. Raises Stuck."""

    def may_begin(self, token: Token) -> None:
        """Raises Stuck when the node promises something that is not decided yet."""

    def began(self, token: Token) -> None:
        """The token came to its node."""

    def finished(self, token: Token, variables: Mapping[str, Any]) -> None:
        """The node did its work, all rounds of it, with these results."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth remembering that no row shows. ``kind`` is e.g. warning, caught, uncaught, cancelled."""

    kind: str
    element: str
    detail: dict[str, Any]


class Asking:
    """Evaluates formulas, and notes what went wrong inside them."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.notes: list[Note] = []

    def value(self, formula: Formula, scope: Mapping[str, Any], *, quiet: bool = False) -> Any:
        """Evaluate; what went wrong inside is null and a note, or with ``quiet`` only null.

        Raises:
            Stuck: the expression did too much work.
        """
        warnings: list[Any] = []
        try:
            result = formula.value(scope, self.host.functions, warnings)
        except ComplaintflowError as error:
            # A bound was passed, or a function of ours was asked for a deadline or time that does not exist.
            raise Stuck("expression", str(error)) from None
        for warning in () if quiet else warnings:
            self.notes.append(Note("warning", formula.where, {"expression": formula.text, "warning": str(warning)}))
        return result

    def holds(self, formula: Formula, scope: Mapping[str, Any]) -> bool:
        """Evaluate a condition.

        Raises:
            Stuck: it is neither true nor false.
        """
        value = self.value(formula, scope)
        if value is True or value is False:
            return bool(value)
        raise Stuck("condition", f"the condition '{formula.text}' is {shown(value)}, neither true nor false")

    def text(self, formula: Formula, scope: Mapping[str, Any]) -> str:
        """Evaluate to a text that is not empty.

        Raises:
            Stuck: it is something else.
        """
        value = self.value(formula, scope)
        if isinstance(value, str) and value:
            return value
        raise Stuck("expression", f"'{formula.text}' gave {shown(value)}, not a text")

    def moment(self, formula: Formula, scope: Mapping[str, Any], *, duration: bool = False) -> Moment:
        """Evaluate to a time; a duration counts from now.

        Raises:
            Stuck: it is neither.
        """
        self.host.asked = None
        value = self.value(formula, scope)
        asked, self.host.asked = self.host.asked, None
        if isinstance(value, str):
            value = read_time(value)
        if duration and isinstance(value, (timedelta, feel.YearMonthDuration)):
            return self.host.after(value, self.host.now)
        if isinstance(value, (datetime, date)):
            at = self.host.instant(value)
            return asked if asked is not None and asked.at == at else Moment(at)
        raise Stuck("timer", f"'{formula.text}' gave {shown(value)}, not a {'duration' if duration else 'time'}")
