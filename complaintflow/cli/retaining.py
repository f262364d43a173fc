"""``complaintflow purge``, ``hold`` and ``export``: the end of a case, its delay, and the copy made before it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from complaintflow.cli.data import write_json
from complaintflow.cli.look import aside, heading, say, wrap
from complaintflow.cli.progress import progress
from complaintflow.cli.session import ACTING, Session, command, find_case, json_option

if TYPE_CHECKING:
    from complaintflow.facade.engine import Engine
    from complaintflow.facade.retention import Purged


@command("purge", shown=ACTING)
@click.option("--dry-run", is_flag=True, help="Only say what would be shredded; it does not count as a look.")
@json_option
def purge_command(session: Session, dry_run: bool, as_json: bool) -> None:
    """Shred the cases whose retention period is over: their keys are destroyed, and nobody can read them again.

    A case is shredded when two looks at least a day apart have found its period over, so run this once a day. Its
    history's times and events stay. `complaintflow hold` keeps a case; `complaintflow export` copies one before.
    """
    with session.engine(reading=True) as engine:
        # No policy has a right for it, since it does what the policies' periods say; but somebody says who does.
        session.who(engine)
        with progress("Looking at cases", engine) as seen:
            done = engine.purge(dry_run=dry_run, on_progress=seen)
        if as_json:
            write_json({**asdict(done), "dry_run": dry_run})
        else:
            _print(done, dry_run=dry_run)


def _print(done: Purged, *, dry_run: bool) -> None:
    if not (done.shredded or done.waiting or done.held or done.changed):
        say("No case's period is over.")
        return
    shredded = "Would be shredded" if dry_run else "Shredded"
    _list(shredded, done.shredded)
    _list("Wait for another look, a day after the first", done.waiting)
    _list("Held (`complaintflow hold CASE --end` lets go)", done.held)
    _list("Kept, for somebody changed them in the database (run `complaintflow verify`)", done.changed)


def _list(title: str, cases: tuple[str, ...]) -> None:
    if cases:
        heading(f"{title}: {len(cases)}")
        for case in cases:
            say(f"  {case}")


@command("hold", shown=ACTING)
@click.argument("case")
@click.option("--reason", required=True, help="Why; it is kept sealed in the history.")
@click.option("--end", is_flag=True, help="The hold is over: the policy's period counts again.")
@click.option("--actor", help="Who.")
def hold_command(session: Session, case: str, reason: str, end: bool, actor: str | None) -> None:
    """Keep CASE whatever its retention period says, until `--end`: a legal hold."""
    with session.engine(reading=True) as engine:
        who, case_id = _who(session, engine, case, actor)
        (engine.end_hold if end else engine.hold)(case_id, reason, actor=who)
    say("The hold is over: the policy's period counts again." if end else "The case is kept until the hold ends.")


@command("export", shown=ACTING)
@click.argument("case")
@click.option(
    "-o", "--output", "file", metavar="FILE.zip", required=True, type=click.Path(dir_okay=False), help="A new file."
)
@click.option("--actor", help="Who copies it; else --as says so.")
@click.option("--reason", required=True, help="Why; it is kept sealed in the history.")
@json_option
def export_command(session: Session, case: str, file: str, actor: str | None, reason: str, as_json: bool) -> None:
    """Copy CASE into an archive bundle: what was said, done and sent, the signed history, and its definition.

    The copy is plain, not sealed. Who made it and why is written into the case's history.
    """
    with session.engine(reading=True) as engine:
        who, case_id = _who(session, engine, case, actor)
        if who is None:
            raise click.UsageError("say who copies the case: --actor PERSON")
        names = engine.export(case_id, file, actor=who, reason=reason)
    if as_json:
        write_json({"file": file, "contents": names})
    else:
        say(f"Copied: {len(names)} files in {file}")
    warning = (
        "the copy is not sealed: whoever has the file reads all of it, names included, and it stays when the case is "
        "shredded. Keep it where only those may look who may see the case."
    )
    for line in wrap(click.style("Warning: ", fg="yellow", bold=True) + warning, 100):
        aside(line)


def _who(session: Session, engine: Engine, case: str, actor: str | None) -> tuple[str | None, str]:
    """Who acts, and the id of the case, which they must be able to see."""
    return actor or session.acting, find_case(session.hand(engine, actor), case).id
