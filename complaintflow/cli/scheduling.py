"""``complaintflow schedule``: which cases the clock starts, and when."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from complaintflow.cli.data import write_json
from complaintflow.cli.look import Cell, aside, at, bold, cell, distance, say, table
from complaintflow.cli.session import ACTING, Session, again, command, json_option

if TYPE_CHECKING:
    from complaintflow.facade.engine import Engine
    from complaintflow.facade.views import Scheduled


@command("schedule", shown=ACTING)
@click.argument("process", required=False)
@click.option("--stop", is_flag=True, help="Let the clock start no more cases of PROCESS.")
@json_option
def schedule_command(session: Session, process: str | None, stop: bool, as_json: bool) -> None:
    """List what the clock starts; with PROCESS, let it start cases of that process.

    PROCESS needs a start event with a timer. Say it again after a change of your layers: a timer that says something
    else is set anew, the others keep their next time. A worker starts the cases.
    """
    if stop and process is None:
        raise click.UsageError("--stop needs the process to stop")
    with session.engine(reading=process is None) as engine:
        if process is not None:
            # Looking at it shows no case; changing it begins some, or no more of them.
            session.who(engine)
        if process is not None and stop:
            _stopped(engine.unschedule(process), process, as_json)
            return
        found = engine.schedules() if process is None else engine.schedule(process)
        if as_json:
            write_json([asdict(one) for one in found])
            return
        if found:
            _print(found, engine, session.tongue)
        else:
            say("The clock starts nothing." if process is None else f"The clock starts {process} no more.")
        for name in dict.fromkeys(one.process for one in found if one.outdated):
            aside(f"The layers have another definition of {name}: `{again(f'schedule {name}')}` takes it.")


def _stopped(count: int, process: str, as_json: bool) -> None:
    if as_json:
        write_json({"process": process, "stopped": count})
    elif count:
        say(f"Stopped: the clock starts {bold(process)} no more. Cases that it started go on.")
    else:
        say(f"The clock did not start {bold(process)}.")


def _print(found: list[Scheduled], engine: Engine, language: str) -> None:
    now = engine.clock.now()
    rows: list[list[Cell]] = []
    for one in found:
        head = [cell(one.process, bold=True), cell(one.name), cell(_timer(one.timer), dim=True)]
        if one.due_at is None or one.due_at.tzinfo is None:
            rows.append([*head, cell("over", dim=True), cell(""), cell(""), cell("")])
            continue
        next_case = at(one.due_at, one.due_at.tzinfo, language)
        late = {"fg": "red"} if one.due_at <= now else {}
        left = "" if one.rounds is None else one.rounds
        zone = cell(one.due_at.tzinfo, dim=True)
        rows.append([*head, cell(next_case, **late), zone, cell(distance(one.due_at, now), dim=True), cell(left)])
    table(("PROCESS", "START", "TIMER", "NEXT CASE", "ZONE", "", "LEFT"), rows, indent="", shrink=1)


def _timer(text: str) -> str:
    """ "cycle R/7 days" as "every 7 days"; a date is the next case itself."""
    kind, _, value = text.partition(" ")
    return f"every {value.rpartition('/')[2]}" if kind == "cycle" else "once"
