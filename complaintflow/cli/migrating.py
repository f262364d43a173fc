"""``complaintflow migrate``: running cases get another version of their definition, after a rehearsal."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from complaintflow.cli.data import data_option, read_json, with_fields, write_json
from complaintflow.cli.look import aside, clean, columns, dim, heading, say, sign, wrap
from complaintflow.cli.progress import progress
from complaintflow.cli.session import ACTING, Session, command, json_option

if TYPE_CHECKING:
    from complaintflow.migration.batch import Migration, Position

_SHORT: Final = 8
_SIGNS: Final = {"safe": ("done", "green"), "data missing": ("warning", "yellow"), "blocked": ("bad", "red")}


@command("migrate", shown=ACTING)
@click.argument("process")
@click.option("--dry-run", is_flag=True, help="Only say what would become of each position.")
@click.option("--case", "cases", multiple=True, metavar="CASE", help="Only this case. Repeatable.")
@click.option(
    "--from", "version", metavar="DIGEST", default="", help="Only cases on this version; a beginning will do."
)
@click.option("--to", metavar="DIGEST", help="A stored definition [default: what the layers have now].")
@click.option("--map", "pairs", multiple=True, metavar="OLD=NEW", help="An element that has another id. Repeatable.")
@data_option
@click.option("--data-file", metavar="FILE", help="Data as a JSON object; - is standard input.")
@click.option("--accept-missing", is_flag=True, help="Move cases too that lack data which the new way reads.")
@click.option("--actor", help="Who moves them.")
@json_option
def migrate_command(session: Session, process: str, pairs: tuple[str, ...], as_json: bool, **chosen: Any) -> None:
    """Move the running cases of PROCESS to the definition that the layers have now.

    Each position of each case is judged: safe, blocked (its element is gone, of another kind, in another scope ...) or
    data missing (the new way reads what the case lacks; give it with -d). Cases of which all positions are safe are
    moved, one transaction each; after an interruption, say it again. Due dates, candidates and assignees stay.
    """
    data = with_fields(read_json(chosen["data_file"]) if chosen["data_file"] else {}, chosen["fields"], None)
    dry_run: bool = chosen["dry_run"]
    with session.engine(reading=True) as engine, progress("Rehearsing" if dry_run else "Moving", engine) as seen:
        # A policy has no right for it, since definitions are no case's; but where people are known, somebody says who.
        who = session.who(engine, chosen["actor"])
        done = engine.migrate(
            process,
            cases=chosen["cases"] or None,
            version=chosen["version"],
            to=chosen["to"],
            mapping=_map(pairs),
            data=data,
            accept_missing=chosen["accept_missing"],
            dry_run=dry_run,
            actor=who,
            on_progress=seen,
        )
    if as_json:
        write_json(asdict(done))
    else:
        _print(done)
    click.get_current_context().exit(1 if done.blocked or done.failed or _left(done, chosen["accept_missing"]) else 0)


def _left(done: Migration, accepted: bool) -> bool:
    return bool(done.missing) and not accepted


def _map(pairs: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        old, equals, new = (part.strip() for part in pair.partition("="))
        if not (old and equals and new):
            raise click.UsageError(f"--map {pair}: write OLD=NEW")
        found[old] = new
    return found


def _print(done: Migration) -> None:
    if not (done.positions or done.failed):
        say(
            f"No running case of {done.process} is on another version"
            + (f" ({done.already} {'is' if done.already == 1 else 'are'} on this one)." if done.already else ".")
        )
        return
    for position in done.positions:
        _print_position(position)
    if done.failed:
        heading(f"Could not be read or written: {len(done.failed)}")
        for case, why in done.failed:
            say(f"  {case[:_SHORT]}  {clean(why)}")
    say()
    counts = f"{done.safe} safe, {done.missing} with data missing, {done.blocked} blocked"
    say(f"To {done.to[:12]}: {counts}" + (f"; {done.already} were there before" if done.already else ""))
    if not done.dry_run:
        say(f"Moved: {done.moved}", bold=True)
    elif done.safe:
        aside(dim("Nothing was written. To move what is safe, say the same without --dry-run."))
    if done.moved or (done.dry_run and done.safe):
        say(
            dim("Due dates of open tasks and timers stay as they are; the new values hold for what begins from now on.")
        )


def _print_position(position: Position) -> None:
    name, colour = _SIGNS[position.verdict]
    place = f"{position.process}/{position.element}" if position.element else "(the case as a whole)"
    moved = f" -> {position.to}" if position.to not in ("", position.element) else ""
    count = f"{position.tokens} token{'' if position.tokens == 1 else 's'}"
    verdict = click.style(f"{sign(name)} {position.verdict}", fg=colour, bold=position.verdict != "safe")
    say(f"{verdict}  {clean(place)}{moved}  {dim(clean(position.name))}  {count}")
    for line in (*position.reasons, *(f"({one})" for one in position.remarks)):
        for wrapped in wrap(clean(line), columns(), "    "):
            say(wrapped)
    cases = ", ".join(one[:_SHORT] for one in position.examples)
    say(dim(f"    on {position.digest[:12]}; for example {cases}"))
