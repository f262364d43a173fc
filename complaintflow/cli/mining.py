"""``complaintflow eventlog``: what happened, for tools of process mining."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from complaintflow.cli.data import format_of
from complaintflow.cli.look import say
from complaintflow.cli.progress import progress
from complaintflow.cli.session import ACTING, Session, command

_DAY = click.DateTime(["%Y-%m-%d"])


@command("eventlog", shown=ACTING)
@click.option(
    "-o", "--output", "file", metavar="FILE", required=True, type=click.Path(dir_okay=False), help="A new file."
)
@click.option("--format", "form", type=click.Choice(["ocel", "xes"]), help="Default: as the name ends, .json or .xes.")
@click.option("--process", metavar="ID", help="Only its cases.")
@click.option("--since", type=_DAY, metavar="2026-07-01", help="Only cases that began from that day on (UTC).")
@click.option("--until", type=_DAY, metavar="2026-10-01", help="Only cases that began before that day (UTC).")
def eventlog_command(
    session: Session,
    file: str,
    form: str | None,
    process: str | None,
    since: datetime | None,
    until: datetime | None,
) -> None:
    """Write what happened in all cases into FILE: a case each, its steps, deadlines, and the facts its policy counts.

    Nothing sealed is in it: no names, no texts, and not who did something. Cases that were shredded are. With --people
    it is for those who may have the figures of every policy in it.
    """
    chosen = format_of(file, form, {".json": "ocel", ".jsonocel": "ocel", ".xes": "xes"})
    with session.engine(reading=True) as engine, progress("Reading cases", engine) as seen:
        cases = engine.event_log(
            file,
            "xes" if chosen == "xes" else "ocel",
            process=process,
            since=since.replace(tzinfo=UTC) if since is not None else None,
            until=until.replace(tzinfo=UTC) if until is not None else None,
            language=session.tongue or "en",
            on_progress=seen,
            actor=session.who(engine),
        )
    say(f"{cases} {'case' if cases == 1 else 'cases'} written to {file} ({chosen.upper()})")
