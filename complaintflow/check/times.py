"""Deadlines that cannot do their work: a reminder that comes too late, a step longer than the promise around it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from lxml import etree

from complaintflow.bpmn import xml
from complaintflow.check.diagram import Diagram
from complaintflow.check.facts import Facts
from complaintflow.check.finding import WARNING, Finding
from complaintflow.errors import CalendarError

if TYPE_CHECKING:
    from complaintflow.policy.policy import Policy
    from complaintflow.time.calendar import WorkingCalendar

_CALL: Final = re.compile(r'deadline\(\s*"(?P<name>[^"]*)"\s*,\s*(?P<start>.*)\)\s*$', re.DOTALL)
_REMINDER: Final = "_reminder"
# Starts in a year whose official holidays are known: one a week, on changing weekdays, in the middle of the day.
_STARTS: Final = tuple(datetime(2026, 1, 5, 10, tzinfo=UTC) + timedelta(days=8 * week) for week in range(44))


def times(facts: Facts) -> Iterator[Finding]:
    """Deadlines longer than the one around them, and reminders that do not come before what they remind of."""
    for policy_id, policy in facts.policies.items():
        calendar = facts.bundle.policies.calendar(policy_id)
        for name, deadline in policy.deadlines.items():
            outer = deadline.inside
            if outer is not None and outer in policy.deadlines and _later(policy, calendar, name, outer, ties=False):
                what = f"the deadline {_said(policy, name)} ends after {_said(policy, outer)}, inside which it lies"
                yield Finding(
                    WARNING, what, policy.place("deadlines", name), "shorten it, or lengthen the one around it"
                )
        for name, outer, where in _reminders(facts, policy):
            if _later(policy, calendar, name, outer, ties=True):
                what = f"the reminder {_said(policy, name)} comes no earlier than {_said(policy, outer)}"
                yield Finding(WARNING, what, where, "let it come earlier, while there is time to do something")


def _reminders(facts: Facts, policy: Policy) -> Iterator[tuple[str, str, str]]:
    """Reminder, the deadline it reminds of, and the place: by its name, else by the activity that both stand at."""
    told = set()
    for name in policy.deadlines:
        outer = name.removesuffix(_REMINDER)
        if outer != name and outer in policy.deadlines:
            told.add((name, outer))
            yield name, outer, policy.place("deadlines", name)
    for diagram in facts.diagrams:
        if policy not in facts.governing(diagram.file):
            continue
        for one in (found := list(_standing(diagram))):
            for other in found:
                pair = (one.name, other.name)
                together = one.host == other.host and one.start == other.start and pair not in told
                known = one.name in policy.deadlines and other.name in policy.deadlines
                if together and known and one.name.endswith(_REMINDER) and not other.name.endswith(_REMINDER):
                    told.add(pair)
                    yield *pair, f"{policy.place('deadlines', one.name)}, for {other.where}"


class _Standing(NamedTuple):
    """A deadline at an activity: its due date, or a timer attached to it."""

    host: str
    name: str
    start: str
    where: str


def _standing(diagram: Diagram) -> Iterator[_Standing]:
    for schedule in diagram.zeebe("taskSchedule"):
        yield from _asked(diagram, schedule, diagram.owner(schedule), schedule.get("dueDate"))
    for event in diagram.bpmn("boundaryEvent"):
        for timer in event.iter(xml.bpmn("timeDate")):
            yield from _asked(diagram, timer, event.get("attachedToRef") or "", timer.text)


def _asked(diagram: Diagram, element: etree._Element, host: str, text: str | None) -> Iterator[_Standing]:
    call = _CALL.search((text or "").strip())
    if call is not None:
        yield _Standing(host, call["name"], "".join(call["start"].split()), diagram.where(element))


def _later(policy: Policy, calendar: WorkingCalendar, name: str, outer: str, *, ties: bool) -> bool:
    """Whether a deadline ends after another that starts with it, on most days of a year (with ``ties``: not before)."""
    ends = []
    try:
        for start in _STARTS:
            moment = start.replace(tzinfo=calendar.zone)
            one, other = (
                calendar.due(moment, entry.interval, ends=entry.ends, roll=entry.roll).at
                for entry in (policy.deadlines[name], policy.deadlines[outer])
            )
            ends.append(one > other or (ties and one == other))
    except CalendarError:
        return False  # Whoever asks for it hears of it.
    return sum(ends) > len(_STARTS) // 2


def _said(policy: Policy, name: str) -> str:
    return f"{name} ({policy.deadlines[name].interval})"
