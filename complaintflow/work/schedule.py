"""Cases that the clock starts: timer start events of processes that were put on the schedule.

    put(work, bundle)          one row for each timer start event, with the time of its next case
    start_case(work, row)      that case and the row's next time, in one commit

A row names the definition that it starts, so a worker needs no layers, and two workers with different layers do not
pull at one schedule: whoever puts a process on the schedule says what runs, as a deployment does in Camunda 8.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from complaintflow.bpmn.formula import read_time, shown
from complaintflow.bpmn.node import Stuck
from complaintflow.bpmn.triggers import Cycle, TimerTrigger, next_round
from complaintflow.case.commands import Start
from complaintflow.case.host import CaseHost
from complaintflow.case.live import LiveCase
from complaintflow.errors import ComplaintflowError, InvalidDiagram
from complaintflow.records import dataclass
from complaintflow.store.rows import BundleRow, Change, ScheduleRow
from complaintflow.work.fresh import until_fresh
from complaintflow.work.work import Work

if TYPE_CHECKING:
    from complaintflow.bpmn.events import StartEvent
    from complaintflow.definition.definition import Bundle
    from complaintflow.time.calendar import WorkingCalendar

_SPLIT: Final = " "


@dataclass(frozen=True, slots=True)
class Timing:
    """What a timer start event says at some time.

    Attributes:
        text: "date" or "cycle" and its value: the same text means the same schedule.
        due_at: when the first case starts; None when every round is over.
        rounds: how many are left, that one included; None: without end.
    """

    text: str
    due_at: datetime | None
    rounds: int | None


def clocked(bundle: Bundle) -> list[tuple[StartEvent, TimerTrigger]]:
    """The start events of the bundle's own process that the clock sets off."""
    return [(event, event.trigger) for event in bundle.process.start_events if isinstance(event.trigger, TimerTrigger)]


def timing(bundle: Bundle, trigger: TimerTrigger, calendar: WorkingCalendar, now: datetime) -> Timing:
    """Evaluate a timer. There is no case yet: its formula sees the policy, the calendar and the clock.

    Rounds of a cycle with a start in the past that were over before it was set are not made up for. A date in the past
    is due at once, as in Camunda 8.

    Raises:
        InvalidDiagram: it gives no time.
    """
    host = _host(bundle, calendar, now)
    formula = trigger.formula
    try:
        value = formula.value(host.ambient, host.functions, [])
        if trigger.form == "cycle":
            return _cycle(trigger, value, host)
        moment = read_time(value) if isinstance(value, str) else value
        if not isinstance(moment, date):
            raise Stuck("timer", f"'{formula.text}' gave {shown(value)}, not a time")
        at = host.instant(moment)
        return Timing(f"date{_SPLIT}{at.isoformat()}", at, 1)
    except Stuck as stuck:
        what = stuck.message
    except ComplaintflowError as error:
        what = error.what
    raise InvalidDiagram(
        f"the clock cannot start '{bundle.process_id}': {what}",
        where=formula.where,
        advice='write a cycle, e.g. =repeat("name"), R/P7D or 0 0 9 * * MON, or a date; nothing but policy values is '
        "known here",
    )


def _cycle(trigger: TimerTrigger, value: object, host: CaseHost) -> Timing:
    cycle = trigger.cycle(value)
    if cycle is None:
        raise Stuck(
            "timer", f"'{trigger.formula.text}' gave {shown(value)}, not a repetition like R/P7D or 0 0 9 * * MON"
        )
    text = f"cycle{_SPLIT}{cycle.interval if cycle.is_cron else value}"
    if cycle.start is None:
        return Timing(text, host.after(cycle.interval, host.now).at, cycle.times)
    first = host.instant(cycle.start)
    if first >= host.now:
        return Timing(text, first, cycle.times)
    later = next_round(host, cycle.interval, first, cycle.times)
    return Timing(text, later.moment.at, later.left) if later is not None else Timing(text, None, 0)


def _host(bundle: Bundle, calendar: WorkingCalendar, now: datetime) -> CaseHost:
    return CaseHost(bundle, calendar, now.astimezone(UTC), {}, {}, None)


# -- on the schedule and off it ---------------------------------------------------------------


def put(work: Work, bundle: Bundle) -> Sequence[ScheduleRow]:
    """Put a process on the schedule, or bring it up to date there.

    A timer that says what it said keeps its next time, whatever else changed in the definition; one that says something
    else is set anew; a start event that is gone leaves the schedule.

    Raises:
        InvalidDiagram: a timer gives no time, or the process has no timer start event and none on the schedule.
        StaleCase: others kept changing the schedule meanwhile.
    """
    return until_fresh(partial(_put, work, bundle))


def _put(work: Work, bundle: Bundle) -> list[ScheduleRow]:
    events, now = clocked(bundle), work.clock.now().astimezone(UTC)
    calendar = work.settings.calendar or bundle.calendar
    content = BundleRow(bundle.digest, bundle.process_id, bundle.pack())
    with work.store.transaction() as tx:
        stored = {row.element: row for row in tx.schedules(bundle.process_id)}
        if not events and not stored:
            raise InvalidDiagram(
                f"the process '{bundle.process_id}' has no start event with a timer",
                where=bundle.process.file,
                advice="give its start event a timer in Camunda Modeler, with a cycle or a date",
            )
        rows = []
        for event, trigger in events:
            before = stored.pop(event.bpmn_id, None)
            row = _row(bundle, event, trigger, calendar, now, before)
            if row != before:
                tx.set_schedule(before, row, content)
            rows.append(row)
        for gone in stored.values():
            tx.set_schedule(gone, None)
    return rows


def _row(
    bundle: Bundle,
    event: StartEvent,
    trigger: TimerTrigger,
    calendar: WorkingCalendar,
    now: datetime,
    before: ScheduleRow | None,
) -> ScheduleRow:
    if before is not None and timing(bundle, trigger, calendar, before.set_at).text == before.timer:
        return before._replace(bundle=bundle.digest)
    said = timing(bundle, trigger, calendar, now)
    due_at = said.due_at
    if before is not None and before.due_at is None and due_at is not None and due_at <= now:
        due_at = None  # It started its case; a date that was corrected afterwards starts no second one.
    return ScheduleRow(bundle.process_id, event.bpmn_id, bundle.digest, said.text, now, due_at, said.rounds)


def drop(work: Work, process: str) -> int:
    """Take a process off the schedule. Returns how many start events it had there."""

    def once() -> int:
        with work.store.transaction() as tx:
            rows = tx.schedules(process)
            for row in rows:
                tx.set_schedule(row, None)
        return len(rows)

    return until_fresh(once)


# -- what a worker does -----------------------------------------------------------------------


def start_case(work: Work, row: ScheduleRow) -> Change | None:
    """Start the case of a row that is due, and set the row's next time, in one commit.

    None when another worker was faster, or the row has changed since it was read.

    Raises:
        ComplaintflowError: the case cannot be started; nothing is written then.
    """
    if row.due_at is None:
        return None
    with work.store.reading() as tx:
        bundle = work.stored(tx, row.bundle, f"schedule of {row.process}")
    # Clocks of several machines differ a little; a case is never older than what started it.
    now = max(work.clock.now(), row.due_at).astimezone(UTC)
    after, missed = _after(bundle, row, work.settings.calendar or bundle.calendar, now)
    came = {"due": row.due_at.isoformat(), "timer": row.timer, **({"missed": missed} if missed else {})}
    live = LiveCase.new(secrets.token_hex(16), None, bundle, work.settings, now, None)
    Start({}, row.element, came).apply(live)
    change = live.change()

    def save() -> Change | None:
        with work.store.transaction() as tx:
            if row not in tx.schedules(row.process):
                return None
            tx.set_schedule(row, after)
            work.write(tx, live.row, change)
        return change

    return until_fresh(save)


def _after(bundle: Bundle, row: ScheduleRow, calendar: WorkingCalendar, now: datetime) -> tuple[ScheduleRow, int]:
    """The row with its next time, and how many rounds went by unseen."""
    assert row.due_at is not None
    over = row._replace(due_at=None, rounds=0), 0
    kind, _, text = row.timer.partition(_SPLIT)
    cycle = Cycle.parse(text) if kind == "cycle" else None
    if cycle is None:
        return over
    try:
        later = next_round(_host(bundle, calendar, now), cycle.interval, row.due_at, row.rounds)
    except Stuck:
        return over  # out of the calendar: the last case still starts
    if later is None:
        return over
    return row._replace(due_at=later.moment.at, rounds=later.left), later.missed
