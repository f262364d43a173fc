"""What expressions may ask of the case around them: the clock, the calendar, the policy, the decisions.

The functions beyond FEEL are few (D4): ``deadline(name, from)``, ``repeat(name)``,
``working_days_between(a, b)``, ``now()`` and ``today()``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from complaintflow import feel
from complaintflow.bpmn.asking import Note
from complaintflow.bpmn.camunda7.decisions import mapped
from complaintflow.bpmn.formula import plain, read_time, shown
from complaintflow.bpmn.node import Stuck
from complaintflow.bpmn.scope import Ambient
from complaintflow.bpmn.triggers import Moment
from complaintflow.errors import CalendarError, ComplaintflowError
from complaintflow.time.calendar import WorkingCalendar
from complaintflow.time.cron import read_cron
from complaintflow.time.interval import CLOCK_UNITS, Due, Interval

if TYPE_CHECKING:
    from complaintflow.bpmn.token import Token
    from complaintflow.definition.definition import Bundle
    from complaintflow.dmn import Fired


class CaseHost:
    """The surroundings of one case during one command.

    Args:
        bundle: the case's definition.
        calendar: the organisation's.
        now: the command's time, aware.
        facts: the ``case`` context that every expression reads.
        ledger: the case's own book, kept beside the marking: decisions made, deadlines promised.
        actor: who gave the command.
    """

    def __init__(
        self,
        bundle: Bundle,
        calendar: WorkingCalendar,
        now: datetime,
        facts: dict[str, Any],
        ledger: dict[str, Any],
        actor: str | None,
    ) -> None:
        self.bundle = bundle
        self.calendar = calendar
        self.zone = calendar.zone
        self.now = now
        self.actor = actor
        self.ledger = ledger
        self.asked: Moment | None = None
        self.facts = facts
        self._under: dict[str, Ambient] = {}
        own = self._ambient(bundle.policies.own)
        self.ambient: Mapping[str, Any] = own
        self.functions = own.functions
        self.notes: list[Note] = []
        self.done: list[Token] = []

    def _ambient(self, policy_id: str) -> Ambient:
        """What expressions see under a policy of the bundle."""
        if policy_id not in self._under:
            policies, calendar = self.bundle.policies, self.calendar_of(policy_id)
            functions: dict[str, Callable[..., Any]] = {
                "deadline": lambda name, start: self.deadline(policies.qualified(policy_id, name), start),
                "repeat": lambda name: self.repeat(name, policy_id),
                "working_days_between": lambda a, b: calendar.working_days_between(self._day(a), self._day(b)),
                "now": lambda: self.now.astimezone(self.zone),
                "today": self.today,
            }
            values = {"case": self.facts, "policy": policies.context(policy_id)}
            self._under[policy_id] = Ambient(policy_id, values, functions, self._elsewhere)
        return self._under[policy_id]

    def _elsewhere(self, file: str) -> Ambient | None:
        policy_id = self.bundle.policies.governing(file)
        return self._ambient(policy_id) if policy_id is not None else None

    def calendar_of(self, policy_id: str) -> WorkingCalendar:
        """What deadlines of a policy are counted on: the engine's calendar, if it was given one."""
        if self.calendar is not self.bundle.calendar:
            return self.calendar
        return self.bundle.policies.calendar(policy_id)

    # -- what a designer may call -----------------------------------------------------------

    def deadline(self, name: str, start: Any) -> datetime:
        """When a deadline (by its qualified name) ends that starts at ``start`` (a time, or its ISO 8601 text)."""
        due = self.due(name, self._time(start))
        return due.at.astimezone(self.zone)

    def repeat(self, name: str, policy_id: str) -> str:
        """A policy's interval as an ISO 8601 repetition, for a timer's cycle."""
        entry = self.bundle.policies.of(policy_id).repeat(name)
        return f"R{entry.times or ''}/{entry.interval}"

    def today(self) -> date:
        """The day of the command in the organisation's zone."""
        return self.now.astimezone(self.zone).date()

    # -- what the game asks -----------------------------------------------------------------

    def due(self, name: str, start: datetime) -> Due:
        """Compute a deadline, by its qualified name, and remember that it was asked for."""
        entry = self.bundle.policies.deadline(name)
        calendar = self.calendar_of(self.bundle.policies.split(name)[0])
        due = calendar.due(start, entry.interval, ends=entry.ends, roll=entry.roll)
        self.asked = Moment(due.at, name, start, due.provisional)
        return due

    def instant(self, value: datetime | date) -> datetime:
        """See ``Host``."""
        if not isinstance(value, datetime):
            value = datetime.combine(value, time.min)
        if value.tzinfo is None:
            value = value.replace(tzinfo=self.zone)
        return value.astimezone(UTC)

    def after(
        self, interval: str | timedelta | feel.YearMonthDuration, start: datetime, *, again: bool = False
    ) -> Moment:
        """See ``Host``."""
        try:
            cron = read_cron(interval) if isinstance(interval, str) else None
            if cron is not None:
                if (following := cron.after(start, self.zone)) is not None:
                    return Moment(following)
                raise Stuck("timer", f"'{interval}' does not come any more")
            if isinstance(interval, str) and not interval.lstrip("-").startswith("P"):
                words = Interval.parse(interval)
                if again and words.unit not in CLOCK_UNITS:
                    # A round ends with its last day, at 24:00, and the next is counted from that day.
                    start -= timedelta(microseconds=1)
                due = self.calendar.due(start, words)
                return Moment(due.at, provisional=due.provisional)
            span = read_time(interval) if isinstance(interval, str) else interval
            if isinstance(span, feel.YearMonthDuration):
                later = feel.evaluate("a + b", {"a": start.astimezone(self.zone), "b": span})
                if isinstance(later, datetime):
                    return Moment(self.instant(later))
            if isinstance(span, timedelta):
                return Moment((start + span).astimezone(UTC))
        except (CalendarError, OverflowError) as error:
            raise Stuck("timer", str(error)) from None
        raise Stuck("timer", f"'{interval}' is not a duration")

    def decide(self, decision_id: str, token: Token) -> Any:
        """See ``Host``."""
        model = self.bundle.decisions.get(decision_id)
        if model is None:
            raise Stuck("decision", f"there is no decision '{decision_id}'")
        rules: list[Fired] = []
        try:
            value = model.evaluate(decision_id, token.variables, functions=token.variables.functions, trace=rules)
            shape = getattr(token.task_spec, "shape", None)
            if shape is not None:
                value = mapped(value, shape, model.outputs(decision_id), many=model.gives_many(decision_id))
        except ComplaintflowError as error:
            raise Stuck("decision", str(error)) from None
        fired = [[table.decision, list(table.rules)] for table in rules]
        detail = {"decision": decision_id, "rules": fired, "result": plain(value)}
        self.notes.append(Note("decided", token.task_spec.bpmn_id, detail))
        return value

    def may_begin(self, token: Token) -> None:
        """See ``Host``. A promise needs its decision first (RET-D2, RET-D5, LAW-2.7.2.b)."""
        needed = self.bundle.commitment(token.task_spec)
        if needed is None:
            return
        flows = (token.game.top, *token.game.flows.values())
        deciding = any(
            other.task_spec.properties.get("decides") == needed and other is not token
            for flow in flows
            for other in flow.tokens
        )
        if deciding or needed not in self.ledger["decided"]:
            raise Stuck(
                "commitment",
                f"'{token.task_spec.label}' tells or promises the outcome, and '{needed}' has not been decided yet",
            )

    def began(self, token: Token) -> None:
        """See ``Host``. A matter that is taken up again is no longer decided."""
        decides = token.task_spec.properties.get("decides")
        if decides is not None and self.ledger["decided"].pop(decides, None) is not None:
            self.notes.append(Note("revoked", token.task_spec.bpmn_id, {"decision": decides}))

    def finished(self, token: Token, variables: Mapping[str, Any]) -> None:
        """See ``Host``. The completed deciding task is the decision; a promise may be kept by this task."""
        self.done.append(token)
        self._keep_promises(token)
        decides = token.task_spec.properties.get("decides")
        if decides is None:
            return
        versions = self.ledger["versions"]
        versions[decides] = versions.get(decides, 0) + 1
        record = {
            "at": self.now.isoformat(),
            "by": self.actor,
            "element": token.task_spec.bpmn_id,
            "version": versions[decides],
        }
        self.ledger["decided"][decides] = record
        self.notes.append(Note("ruled", token.task_spec.bpmn_id, {"decision": decides} | record))

    def governs(self, deadline: str, token: Token) -> bool:
        """Whether the deadline's policy governs the token: another policy may have an element of the same name."""
        return token.variables.policy_id == self.bundle.policies.split(deadline)[0]

    def _keep_promises(self, token: Token) -> None:
        element, promised, policies = token.task_spec.bpmn_id, self.ledger["promised"], self.bundle.policies
        for name in list(promised):
            if element in policies.deadline(name).met_by and self.governs(name, token):
                self.notes.append(Note("kept", element, {"deadline": name, "due": promised.pop(name)}))

    # -- times ------------------------------------------------------------------------------

    def _time(self, value: Any) -> datetime:
        moment = read_time(value) if isinstance(value, str) else value
        if isinstance(moment, (datetime, date)):
            return self.instant(moment)
        raise CalendarError(f"a deadline starts at {shown(value)}, which is not a time")

    def _day(self, value: Any) -> date:
        return self._time(value).astimezone(self.zone).date()
