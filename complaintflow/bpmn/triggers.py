"""What an event waits for. A trigger opens a row for its token and says which kind of row it is."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from complaintflow.bpmn.formula import read_time, shown
from complaintflow.bpmn.node import Stuck
from complaintflow.bpmn.watching import ConditionTrigger
from complaintflow.errors import CalendarError
from complaintflow.feel import YearMonthDuration
from complaintflow.records import dataclass
from complaintflow.time.cron import from_quartz, read_cron
from complaintflow.time.interval import Interval

if TYPE_CHECKING:
    from complaintflow.bpmn.asking import Host
    from complaintflow.bpmn.formula import Formula
    from complaintflow.bpmn.token import Token

# So many rounds of a cron expression are counted one by one after the clock stood still; then they are "so many".
MOST_MISSED: Final = 10_000

_CYCLE: Final = r"R(?P<times>\d*)/(?:(?P<start>[^/]+)/)?(?P<interval>[^/]+)"


@dataclass(frozen=True, slots=True)
class Moment:
    """A time that a formula gave. ``deadline`` and ``start`` are set where a policy deadline was asked."""

    at: datetime
    deadline: str | None = None
    start: datetime | None = None
    provisional: bool = False

    def mark(self, token: Token) -> None:
        """Let the token remember which deadline it stands under, so that it can be paused or computed again."""
        if self.deadline is not None and self.start is not None:
            token.internal_data["deadline"] = [self.deadline, self.start.isoformat()]
            if self.provisional:
                token.internal_data["provisional"] = True


@dataclass(frozen=True, slots=True)
class TimerWait:
    """An open timer."""

    token: Token
    moment: Moment


@dataclass(frozen=True, slots=True)
class Subscription:
    """An open message or signal subscription."""

    token: Token
    kind: str
    name: str
    key: str | None


@dataclass(frozen=True, slots=True)
class Cycle:
    """An ISO 8601 repetition: ``R3/P7D``, ``R/2026-03-02T09:00:00+08:00/P1D``; with our intervals also ``R3/7 days``.

    Or a cron expression (``complaintflow.time.cron``), which is its own interval. ``times`` is None where it has no
    end; ``start`` is the first time, else one interval from now.
    """

    times: int | None
    start: datetime | date | None
    interval: str

    @classmethod
    def parse(cls, text: str) -> Cycle | None:
        """None where it is not one."""
        match = re.fullmatch(_CYCLE, text)
        if match is None:
            return cls(None, None, " ".join(text.split())) if read_cron(text) is not None else None
        start = read_time(match["start"]) if match["start"] else None
        times = int(match["times"]) if match["times"] else None
        if (match["start"] and not isinstance(start, date)) or times == 0 or not _is_interval(match["interval"]):
            return None
        return cls(times, start, match["interval"])

    @property
    def is_cron(self) -> bool:
        """Whether the times are those of a cron expression."""
        return self.times is None and self.start is None and read_cron(self.interval) is not None


def _is_interval(text: str) -> bool:
    """Whether time passes between two rounds: a repetition without a pause would never end."""
    if text.startswith("P"):
        span = read_time(text)
        if isinstance(span, YearMonthDuration):
            return span.months > 0
        return isinstance(span, timedelta) and span > timedelta()
    try:
        return Interval.parse(text).amount > 0
    except CalendarError:
        return False


@dataclass(frozen=True, slots=True)
class Round:
    """A round of a cycle.

    Attributes:
        moment: when.
        left: how many rounds are left, this one included; None: without end.
        missed: how many went by before it.
    """

    moment: Moment
    left: int | None
    missed: int


def next_round(host: Host, every: str, due: datetime, left: int | None) -> Round | None:
    """The round after the one that was due: the first that is not over yet, since rounds that nobody was there for are
    not made up for all at once. None when there is none; ``left`` counts the one that was due.

    Raises:
        Stuck: the interval leads out of the calendar.
    """
    moment, missed = Moment(due), -1
    while moment.at <= host.now:
        missed += 1
        if missed > MOST_MISSED and left is None and read_cron(every) is not None:
            return Round(host.after(every, host.now, again=True), left, missed)
        if left == 1:
            return None
        if left is not None:
            left -= 1
        moment = host.after(every, moment.at, again=True)
    return Round(moment, left, max(missed, 0))


@dataclass(frozen=True, slots=True)
class TimerTrigger:
    """``form`` is "date", "duration" or "cycle"; with ``quartz`` a cron expression is written as in Camunda 7."""

    form: str
    formula: Formula
    quartz: bool = False
    waits: ClassVar[str] = "timer"
    armed: ClassVar[bool] = True

    def arm(self, token: Token) -> None:
        """Open the timer's row.

        Raises:
            Stuck: the formula does not give a time.
        """
        if self.form == "cycle":
            self._arm_cycle(token)
        else:
            self._open(token, token.game.moment(self.formula, token.variables, duration=self.form == "duration"))

    def again(self, token: Token) -> bool:
        """After firing without interrupting: open the next round of a cycle. False when there is none."""
        data = token.internal_data
        if "every" not in data:
            return False
        following = next_round(token.game.host, data["every"], datetime.fromisoformat(data["due"]), data["left"])
        if following is None:
            return False
        data["left"] = following.left
        if following.missed:
            token.game.missed(token, following.missed)
        self._open(token, following.moment)
        return True

    def cycle(self, value: object) -> Cycle | None:
        """What the formula gave as a cycle; None where it is none."""
        if not isinstance(value, str):
            return None
        cycle = Cycle.parse(value)
        if self.quartz and (cycle is None or cycle.is_cron):
            text = from_quartz(value)
            return Cycle.parse(text) if text is not None else None
        return cycle

    def _arm_cycle(self, token: Token) -> None:
        text = token.game.value(self.formula, token.variables)
        cycle = self.cycle(text)
        if cycle is None:
            raise Stuck(
                "timer", f"'{self.formula.text}' gave {shown(text)}, not a repetition like R3/P7D or 0 0 9 * * MON"
            )
        host = token.game.host
        token.internal_data["left"] = cycle.times
        token.internal_data["every"] = cycle.interval
        first = Moment(host.instant(cycle.start)) if cycle.start is not None else host.after(cycle.interval, host.now)
        self._open(token, first)

    def _open(self, token: Token, moment: Moment) -> None:
        token.internal_data["due"] = moment.at.isoformat()
        moment.mark(token)
        token.game.open("timer", TimerWait(token, moment))


@dataclass(frozen=True, slots=True)
class MessageTrigger:
    """``key`` is the correlation key; a message start event of a process has none."""

    name: Formula
    key: Formula | None
    waits: ClassVar[str] = "subscription"
    armed: ClassVar[bool] = True

    def arm(self, token: Token) -> None:
        """Open the subscription.

        Raises:
            Stuck: name or key did not evaluate to text or a number.
        """
        game = token.game
        name = game.value(self.name, token.variables)
        key = game.value(self.key, token.variables) if self.key is not None else None
        if not isinstance(name, str) or not name:
            raise Stuck("expression", f"the message name '{self.name.text}' gave {shown(name)}, not text")
        if isinstance(key, bool) or not isinstance(key, (str, int)) or key == "":
            text = self.key.text if self.key is not None else ""
            raise Stuck("expression", f"the correlation key '{text}' gave {shown(key)}, not text or a whole number")
        game.open("subscription", Subscription(token, "message", name, str(key)))

    def again(self, token: Token) -> bool:
        """A subscription stays open until its host is done."""
        return True


@dataclass(frozen=True, slots=True)
class SignalTrigger:
    """A broadcast."""

    name: Formula
    waits: ClassVar[str] = "subscription"
    armed: ClassVar[bool] = True

    def arm(self, token: Token) -> None:
        """Open the subscription.

        Raises:
            Stuck: the name did not evaluate to text.
        """
        token.game.open(
            "subscription", Subscription(token, "signal", token.game.text(self.name, token.variables), None)
        )

    def again(self, token: Token) -> bool:
        """A subscription stays open until its host is done."""
        return True


@dataclass(frozen=True, slots=True)
class ErrorTrigger:
    """Catches a thrown error of this code, or of any code; names the variables that say which it was."""

    code: str | None
    code_variable: str | None = None
    message_variable: str | None = None
    kind: ClassVar[str] = "error"
    waits: ClassVar[None] = None
    armed: ClassVar[bool] = False

    def told(self, code: str, message: str) -> dict[str, str]:
        """The variables that say what was caught."""
        named = {self.code_variable: code, self.message_variable: message}
        return {name: value for name, value in named.items() if name is not None}


@dataclass(frozen=True, slots=True)
class EscalationTrigger:
    """Catches a thrown escalation of this code, or of any code; names the variable that says which it was."""

    code: str | None
    code_variable: str | None = None
    message_variable: str | None = None
    kind: ClassVar[str] = "escalation"
    waits: ClassVar[None] = None
    armed: ClassVar[bool] = False

    def told(self, code: str, message: str) -> dict[str, str]:
        """The variables that say what was caught."""
        named = {self.code_variable: code, self.message_variable: message}
        return {name: value for name, value in named.items() if name is not None}


@dataclass(frozen=True, slots=True)
class CompensationTrigger:
    """At a boundary it leads to what undoes the activity; at a start event it begins what undoes a sub-process."""

    waits: ClassVar[None] = None
    armed: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class CancelTrigger:
    """Catches the cancellation of a transaction, after what was done in it is undone."""

    waits: ClassVar[None] = None
    armed: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class LinkTrigger:
    """Continues where a link of the same name is thrown, within one flow."""

    name: str
    waits: ClassVar[None] = None
    armed: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class MultipleTrigger:
    """Several at one event: any of them, or with ``parallel`` all of them, in any order.

    Each that waits by itself has a token of its own (``events.EventPart``), hosted by the event's.
    """

    parts: tuple[ArmedTrigger | CaughtTrigger, ...]
    parallel: bool
    waits: ClassVar[None] = None

    @property
    def armed(self) -> bool:
        """Whether any of them waits by itself."""
        return any(part.armed for part in self.parts)

    def arm(self, token: Token) -> None:
        """Let each wait."""
        for part in token.task_spec.parts:
            token.game.host_token(token, part)

    def again(self, token: Token) -> bool:
        """After firing without interrupting: all of them anew, or those that still wait."""
        if self.parallel:
            self.arm(token)
        return bool(token.hosted)


ArmedTrigger = TimerTrigger | MessageTrigger | SignalTrigger | ConditionTrigger
CaughtTrigger = ErrorTrigger | EscalationTrigger
Trigger = ArmedTrigger | CaughtTrigger | CompensationTrigger | CancelTrigger | LinkTrigger | MultipleTrigger


def catches(trigger: Trigger | None, wanted: type[CaughtTrigger]) -> CaughtTrigger | None:
    """What of an event's trigger catches errors, or escalations; None where nothing does."""
    parts = trigger.parts if isinstance(trigger, MultipleTrigger) else (trigger,)
    return next((part for part in parts if isinstance(part, wanted)), None)
