"""``complaintflow tasks``: the inbox."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone
from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

from complaintflow.cli.data import write_json
from complaintflow.cli.look import Cell, aside, cell, clean, dim, say, table
from complaintflow.cli.session import ACTING, Session, command, json_option, warn_backlog
from complaintflow.cli.words import SCREEN
from complaintflow.errors import ComplaintflowError

if TYPE_CHECKING:
    from complaintflow.cli.caseview import Setting
    from complaintflow.facade.engine import Engine
    from complaintflow.facade.views import Task

# Groups that a doubt lists, where none is like the one that was asked for.
_NAMED = 8
# The zone where a given day ends last.
_LAST = timezone(timedelta(hours=-12))


class Moment(click.ParamType[datetime]):
    """A day or a moment in ISO 8601; a day means its beginning."""

    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it; without an offset the result is naive."""
        try:
            return datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"'{value}' is not a day or time; write 2026-10-09 or 2026-10-09T12:00", param, ctx)


@command("tasks", shown=ACTING)
@click.option("--role", multiple=True, metavar="GROUP", help="Only this candidate group's. Repeatable.")
@click.option("--user", help="Only this person's.")
@click.option("--process", help="Only of this process.")
@click.option(
    "--due-before", type=Moment(), metavar="TIME",
    help="Only due before 2026-10-09 or 2026-10-09T12:00, where the case is.",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="At most so many.")
@json_option
def tasks_command(
    session: Session,
    role: tuple[str, ...],
    user: str | None,
    process: str | None,
    due_before: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """List open tasks, the earliest due first; each time is in the zone of its case's calendar.

    With --people and --as: the tasks of one person, those that they have and those that they may take.
    """
    with session.engine(reading=True) as engine:
        hand = session.hand(engine)
        bound = due_before
        if bound is not None and bound.tzinfo is None:
            # Every case counts in its own zone: ask for all that may fit, then look at each.
            bound = bound.replace(tzinfo=_LAST)
        found = hand.tasks(
            role=role or None,
            user=user,
            process=process,
            due_before=bound.astimezone(UTC) if bound is not None else None,
            limit=None if bound is not None else limit + 1,
        )
        if hand is engine:
            _doubt(engine, role, session.tongue)
        settings = _Settings(engine, session.tongue)
        if due_before is not None and due_before.tzinfo is None:
            found = [task for task in found if task.due_at and settings.local_due(task) < due_before]
        if as_json:
            write_json([asdict(task) for task in found[:limit]])
        else:
            _print(found[:limit], settings, more=len(found) > limit)
        warn_backlog(engine, session.tongue)


def _doubt(engine: Engine, asked: tuple[str, ...], language: str) -> None:
    """Say so when a group is asked for that nobody knows: its empty inbox would look like no work."""
    if not asked:
        return
    words = SCREEN[language]
    groups, named = _groups(engine)
    for group in asked:
        if group in groups or engine.tasks(role=group, limit=1):
            continue
        role = named.get(group)
        if role:
            advice = words["role has group"].format(role=group, group=role)
        else:
            close = get_close_matches(group, sorted(groups), 1)
            names = (words["list"].join(sorted(groups)[:_NAMED]) or "-") + (" …" if len(groups) > _NAMED else "")
            advice = words["meant"].format(name=close[0]) if close else words["there are"].format(names=names)
        doubt = words["no group"].format(group=group) + advice
        aside(click.style(words["warning"], fg="yellow", bold=True) + clean(doubt))


def _groups(engine: Engine) -> tuple[set[str], dict[str, str]]:
    """The groups of all policies, and those of roles that have another name than their group."""
    groups: set[str] = set()
    named: dict[str, str] = {}
    for process in engine.processes():
        try:
            roles = engine.library.assemble(process).policy.roles
        except ComplaintflowError:
            continue  # `check` tells what is wrong with it.
        groups |= {role.group for role in roles.values()}
        named |= {name: role.group for name, role in roles.items()}
    return groups, named


class _Settings:
    """How to show tasks of many cases; one look per definition."""

    def __init__(self, engine: Engine, language: str) -> None:
        self.engine = engine
        self.language = language
        self.known: dict[str, Setting] = {}

    def of(self, task: Task) -> Setting:
        from complaintflow.cli.caseview import Setting

        if task.case_id not in self.known:
            self.known[task.case_id] = Setting.of(self.engine, task.case_id, self.language)
        return self.known[task.case_id]

    def local_due(self, task: Task) -> datetime:
        """When it is due, by the clocks where the case is."""
        assert task.due_at is not None
        return task.due_at.astimezone(self.of(task).zone).replace(tzinfo=None)


def _print(tasks: list[Task], settings: _Settings, *, more: bool) -> None:
    words = SCREEN[settings.language]
    if not tasks:
        say(words["nothing open"])
        return
    zones = sorted({str(settings.of(task).zone) for task in tasks if task.due_at})
    due, task_id, process, hands, priority, zone = words["inbox"].split("|")
    heads = (due, "", zone, task_id, "", process, hands, priority)
    table(heads, [_row(task, settings, zoned=len(zones) > 1) for task in tasks], indent="", shrink=4)
    say()
    where = words["inbox zone"].format(zone=zones[0]) if len(zones) == 1 else ""
    say(dim(words["open more" if more else "open"].format(count=len(tasks)) + where))


def _row(task: Task, settings: _Settings, *, zoned: bool) -> list[Cell]:
    from complaintflow.cli.caseview import due_cells, short, who

    setting = settings.of(task)
    due = due_cells(task.due_at, task.provisional, setting) if task.due_at else [cell("-", dim=True), cell("")]
    return [
        *due,
        cell(setting.zone if zoned and task.due_at else "", dim=True),
        cell(short(task.id), bold=True),
        cell(f"{setting.name(task.element, task.name)}", fg="cyan"),
        cell(task.process),
        cell(who(task, setting)),
        cell("" if task.priority == 50 else task.priority),
    ]
