"""A case as JSON, and where it stands in a few lines: what `run`, `complete`, `correlate` and `resolve` print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any, Final

import click

from complaintflow.cli.jobs import print_jobs
from complaintflow.cli.look import (
    Cell,
    bold,
    cell,
    clean,
    columns,
    dim,
    distance,
    heading,
    say,
    sign,
    table,
    until,
    wrap,
)
from complaintflow.cli.session import again, again_at_a_desk, zone_of
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.facade.engine import Engine
    from complaintflow.facade.views import Case, Incident, Task

SHORT: Final = 8
PROVISIONAL: Final = "provisional"
_COLOURS: Final = {"active": "cyan", "completed": "green", "cancelled": "yellow", "suspended": "yellow"}

# Every kind of incident, and what to do about it.
INCIDENTS: Final = {
    "job": "the work of a handler failed; mend its cause",
    "condition": "no way out fits, or a condition is neither true nor false; correct the diagram or the data",
    "expression": "an expression did not give what is needed; correct the diagram or the data",
    "decision": "the decision table gave no usable result; correct the table or its inputs",
    "timer": "a time could not be computed; correct the expression or the policy file",
    "call": "the called process is not there; add it to the definition",
    "error": "an error was thrown that nothing catches; draw a boundary event for it, or mend its cause",
    "join": "branches meet in a way that cannot go on; correct the diagram",
    "commitment": "complete the deciding task first: nothing may be promised before the decision",
    "event": "an event leads where the case cannot go; correct the diagram or the data",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """What is needed to show a case: the engine's time, the zone of its calendar, the labels of a language."""

    now: datetime
    zone: tzinfo
    language: str
    labels: Mapping[tuple[str, str], str]

    @classmethod
    def of(cls, engine: Engine, case_id: str, language: str) -> Setting:
        """The setting of one case."""
        from complaintflow.labels import labels

        bundle = engine.bundle(case_id)
        return cls(engine.clock.now(), zone_of(engine, bundle), language, labels(bundle, language))

    def name(self, element: str, name: str) -> str:
        """An element's label in the language."""
        return clean(self.labels.get((element, name), name))


def case_json(case: Case) -> dict[str, Any]:
    """Everything a program may want of a case."""
    return {
        "id": case.id,
        "key": case.key,
        "process": case.process,
        "status": case.status,
        "version": case.version,
        "created_at": case.created_at,
        "updated_at": case.updated_at,
        "waiting_for": case.waiting_for,
        "tasks": [asdict(task) for task in case.tasks],
        "timers": [asdict(timer) for timer in case.timers],
        "messages": list(case.messages),
        "incidents": [asdict(incident) for incident in case.incidents],
        "variables": case.variables,
    }


def short(public_id: str) -> str:
    """A case id, or a task's or incident's, as short as people need it."""
    case_id, dot, token = public_id.partition(".")
    return case_id[:SHORT] + dot + token


def print_head(case: Case, title: str = "") -> None:
    """Id, process and status in one line."""
    line = [bold(f"Case {short(case.id)}"), clean(title) or case.process]
    if case.key != case.id:
        line.append(clean(case.key))
    say(dim("  ").join([*line, click.style(case.status, fg=_COLOURS.get(case.status))]))


def print_standing(case: Case, setting: Setting) -> None:
    """What the case waits for: people, messages, time, and what a person must look at."""
    if case.status == "suspended":
        heading("Suspended")
        say("  its tasks are in nobody's inbox, no timer fires, no job runs, and messages are refused")
        say(dim("  go on: ") + again(f"resume {short(case.id)}"))
    if case.tasks or (case.messages and case.status != "suspended"):
        heading("Waits for")
        table(("", "", "", ""), [_task_row(task, setting) for task in case.tasks])
        if case.messages and case.status != "suspended":
            # Most of them may come at any time and are seldom of interest: one line.
            say(dim(f"  it also hears: {', '.join(sorted(set(case.messages)))}"))
    if case.timers:
        heading("By itself")
        table(("", "", ""), [
            [cell(setting.name(timer.element, timer.name)), *due_cells(timer.due_at, timer.provisional, setting)]
            for timer in case.timers
        ])  # fmt: skip
    print_incidents(case.incidents)
    if any(task.provisional for task in case.tasks) or any(timer.provisional for timer in case.timers):
        say()
        say(dim("  provisional: the official holidays of that year are not published yet; the date may still move"))


def _task_row(task: Task, setting: Setting) -> list[Cell]:
    return [
        cell(setting.name(task.element, task.name), fg="cyan"),
        cell(who(task)),
        *(due_cells(task.due_at, task.provisional, setting, "until ") if task.due_at else [cell(""), cell("")]),
    ]


def who(task: Task) -> str:
    """In whose hands a task is."""
    return task.assignee or ", ".join((*task.groups, *task.users)) or "anybody"


def due_cells(due: datetime, provisional: bool, setting: Setting, lead: str = "") -> list[Cell]:
    """When, and how far that is."""
    late = due <= setting.now
    note = f", {PROVISIONAL}" if provisional else ""
    colour = "red" if late else "yellow" if provisional else None
    return [
        cell(lead + until(due, setting.zone, setting.language), **({"fg": colour} if colour else {})),
        cell(distance(due, setting.now) + note, **({"fg": colour} if colour else {"dim": True})),
    ]


def print_incidents(incidents: Iterable[Incident]) -> None:
    """What a person must look at, and what to do."""
    for number, incident in enumerate(incidents):
        if number == 0:
            heading("Needs a person")
        print_incident(incident)


def print_incident(incident: Incident) -> None:
    """One incident: where, what, what to do."""
    head = f"{sign('bad')} {incident.element}"
    say("  " + click.style(head, fg="red", bold=True) + dim(f"  {incident.kind}  {short(incident.id)}"))
    for line in incident.message.split("\n"):
        for wrapped in wrap(clean(line), columns(), "    "):
            say(wrapped)
    advice = INCIDENTS.get(incident.kind, "mend its cause")
    say(dim(f"    {advice}, then: ") + again(f"resolve {short(incident.id)}"))


def print_case(case: Case, engine: Engine, language: str) -> None:
    """Head and standing; what `run`, `complete`, `correlate` and `resolve` end with."""
    setting = Setting.of(engine, case.id, language)
    print_head(case, engine.bundle(case.id).policy.head.title)
    if case.timers or any(task.due_at for task in case.tasks):
        say(dim(f"times in {setting.zone}"))
    print_standing(case, setting)
    print_jobs(case, engine, setting)


def print_next(case: Case) -> None:
    """The command that most likely comes next."""
    say()
    if case.tasks:
        say(dim("Next: ") + again_at_a_desk(f"complete {short(case.id)} {case.tasks[0].element}"))
    say(dim("      " if case.tasks else "Next: ") + again_at_a_desk(f"show {short(case.id)}"))
