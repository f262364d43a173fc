"""A case as JSON, and where it stands in a few lines: what `run`, `complete`, `correlate` and `resolve` print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, field
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any, Final

import click

from complaintflow.cli.jobs import print_jobs
from complaintflow.cli.look import (
    Cell,
    at,
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
    width,
    wrap,
)
from complaintflow.cli.session import again, again_at_a_desk, zone_of
from complaintflow.cli.words import SCREEN
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.definition.definition import Bundle
    from complaintflow.facade.engine import Engine
    from complaintflow.facade.views import Case, Incident, Task

SHORT: Final = 8
_COLOURS: Final = {"active": "cyan", "completed": "green", "cancelled": "yellow", "suspended": "yellow"}

# Every kind of incident; what to do about each is among the words.
INCIDENTS: Final = (
    "job", "condition", "expression", "decision", "timer", "call", "error", "join", "commitment", "event",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """What is needed to show a case: the engine's time, the zone of its calendar, the labels of a language.

    Attributes:
        names, values: what the policies call deadlines and facts, and groups and what facts are, in a language other
            than English; there, one reads what one types.
    """

    now: datetime
    zone: tzinfo
    language: str
    labels: Mapping[tuple[str, str], str]
    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, engine: Engine, case_id: str, language: str) -> Setting:
        """The setting of one case."""
        bundle = engine.bundle(case_id)
        return cls.in_bundle(bundle, engine.clock.now(), zone_of(engine, bundle), language)

    @classmethod
    def in_bundle(cls, bundle: Bundle, now: datetime, zone: tzinfo, language: str) -> Setting:
        """The setting of all cases of a definition."""
        if language != "zh":
            return cls(now, zone, language, {})
        from complaintflow.labels import labels
        from complaintflow.report.naming import value_names

        return cls(now, zone, language, labels(bundle, language), _names(bundle), value_names(bundle, "zh"))

    def word(self, key: str, **facts: object) -> str:
        """One of the fixed words, in the language."""
        safe = {name: clean(str(value)) for name, value in facts.items()}
        return SCREEN[self.language][key].format(**safe)

    def title(self, bundle: Bundle) -> str:
        """What a policy is called: in its file, and in another language by what its translation calls the process."""
        process = bundle.process_id
        translated = (text for (context, _), text in self.labels.items() if context == process)
        return clean(next(translated, bundle.policy.head.title) or process)

    def called(self, name: str) -> str:
        """A deadline, or a fact."""
        return self.names.get(name, name)

    def value(self, value: str) -> str:
        """A group, or what a fact is."""
        return self.values.get(value, value)

    def name(self, element: str, name: str) -> str:
        """An element's label in the language."""
        return clean(self.labels.get((element, name), name))


def _names(bundle: Bundle) -> dict[str, str]:
    """Deadlines and facts in Chinese, by their name: after their policy's, and alone where it is the case's."""
    names: dict[str, str] = {}
    for policy_id in bundle.policies.ids:
        policy = bundle.policies.of(policy_id)
        for name, entry in (*policy.facts.items(), *policy.deadlines.items()):
            if "zh" in entry.label:
                names[f"{policy.head.id}/{name}"] = entry.label["zh"]
                names[bundle.policies.qualified(policy_id, name)] = entry.label["zh"]
    return names


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


def print_head(case: Case, setting: Setting, title: str = "") -> None:
    """Id, process and status in one line."""
    line = [bold(setting.word("case", name=short(case.id))), clean(title) or case.process]
    if case.key != case.id:
        line.append(clean(case.key))
    say(dim("  ").join([*line, click.style(setting.word(case.status), fg=_COLOURS.get(case.status))]))


def print_standing(case: Case, setting: Setting) -> None:
    """What the case waits for: people, messages, time, and what a person must look at."""
    if case.status == "suspended":
        heading(setting.word("standing still"))
        say("  " + setting.word("standing still more"))
        say(dim("  " + setting.word("go on")) + again(f"resume {short(case.id)}"))
    if case.tasks or (case.messages and case.status != "suspended"):
        heading(setting.word("waits"))
        table(("", "", "", ""), [_task_row(task, setting) for task in case.tasks])
        if case.messages and case.status != "suspended":
            # Most of them may come at any time and are seldom of interest: one line.
            names = setting.word("list").join(sorted(set(case.messages)))
            say(dim("  " + setting.word("hears", names=names)))
    if case.timers:
        heading(setting.word("itself"))
        table(("", "", ""), [
            [cell(setting.name(timer.element, timer.name)), *due_cells(timer.due_at, timer.provisional, setting)]
            for timer in case.timers
        ])  # fmt: skip
    print_incidents(case.incidents, setting)
    if any(task.provisional for task in case.tasks) or any(timer.provisional for timer in case.timers):
        say()
        say(dim("  " + setting.word("provisional more")))


def _task_row(task: Task, setting: Setting) -> list[Cell]:
    return [
        cell(setting.name(task.element, task.name), fg="cyan"),
        cell(who(task, setting)),
        *(due_cells(task.due_at, task.provisional, setting, "until") if task.due_at else [cell(""), cell("")]),
    ]


def who(task: Task, setting: Setting) -> str:
    """In whose hands a task is."""
    each = (*map(setting.value, task.groups), *task.users)
    return task.assignee or setting.word("list").join(each) or setting.word("anybody")


def due_cells(due: datetime, provisional: bool, setting: Setting, lead: str = "") -> list[Cell]:
    """When, and how far that is; ``lead`` is the word around the time."""
    late = due <= setting.now
    note = setting.word("list") + setting.word("provisional") if provisional else ""
    colour = "red" if late else "yellow" if provisional else None
    when = at(due, setting.zone, setting.language)
    return [
        cell(setting.word(lead, at=when) if lead else when, **({"fg": colour} if colour else {})),
        cell(distance(due, setting.now, setting.language) + note, **({"fg": colour} if colour else {"dim": True})),
    ]


def print_incidents(incidents: Iterable[Incident], setting: Setting) -> None:
    """What a person must look at, and what to do."""
    for number, incident in enumerate(incidents):
        if number == 0:
            heading(setting.word("needs person"))
        print_incident(incident, SCREEN[setting.language])


def print_incident(incident: Incident, words: Mapping[str, str]) -> None:
    """One incident: where, what, what to do."""
    head = f"{sign('bad')} {incident.element}"
    say("  " + click.style(head, fg="red", bold=True) + dim(f"  {incident.kind}  {short(incident.id)}"))
    for line in incident.message.split("\n"):
        for wrapped in wrap(clean(line), columns(), "    "):
            say(wrapped)
    advice = words.get(f"incident {incident.kind}", words["incident other"])
    say(dim("    " + words["then"].format(advice=advice)) + again(f"resolve {short(incident.id)}"))


def print_case(case: Case, engine: Engine, language: str) -> None:
    """Head and standing; what `run`, `complete`, `correlate` and `resolve` end with."""
    setting = Setting.of(engine, case.id, language)
    print_head(case, setting, setting.title(engine.bundle(case.id)))
    if case.timers or any(task.due_at for task in case.tasks):
        say(dim(setting.word("zone", zone=setting.zone)))
    print_standing(case, setting)
    print_jobs(case, engine, setting)


def print_next(case: Case, language: str) -> None:
    """The command that most likely comes next."""
    lead = SCREEN[language]["next"]
    say()
    if case.tasks:
        say(dim(lead) + again_at_a_desk(f"complete {short(case.id)} {case.tasks[0].element}"))
    say(dim(" " * width(lead) if case.tasks else lead) + again_at_a_desk(f"show {short(case.id)}"))
