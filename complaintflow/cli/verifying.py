"""``complaintflow verify``: is what is stored what was written?"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from complaintflow.cli.data import write_json
from complaintflow.cli.look import aside, clean, say, sign
from complaintflow.cli.progress import progress
from complaintflow.cli.session import ACTING, Session, command, find_case, json_option

if TYPE_CHECKING:
    from complaintflow.facade.verification import Verification


@command("verify", shown=ACTING)
@click.argument("case", required=False)
@click.option(
    "--export", "file", metavar="FILE", type=click.Path(dir_okay=False),
    help="Write the history of CASE, signed, for a third party to check (examples/07_check_evidence.py).",
)  # fmt: skip
@json_option
@click.pass_context
def verify_command(ctx: click.Context, session: Session, case: str | None, file: str | None, as_json: bool) -> None:
    """Prove that CASE, or all cases and that none is missing, are as they were written.

    Every entry of the history follows from the one before it, every stored value opens in its place, and the heads of
    all cases add up. Ends with 1 when something is wrong, and names the first broken entry of each case.
    """
    if file is not None and case is None:
        raise click.UsageError("--export needs the CASE whose history is written")
    with session.engine(reading=True) as engine:
        hand = session.hand(engine)
        if case is not None:
            case = find_case(hand, case).id
            found = engine.verify(case)
        else:
            with progress("Checking cases", engine) as seen:
                found = engine.verify(on_progress=seen)
        if file is not None and case is not None:
            # A broken history is exported all the same: the third party shall see where it breaks.
            _write(file, json.dumps(engine.evidence(case), indent=1))
            aside(f"the signed history: {file}; the public key: {engine.public_key}")
    if as_json:
        write_json({**asdict(found), "whole": found.whole})
    else:
        _print(found, of_store=case is None)
    if not found.whole:
        ctx.exit(1)


def _print(found: Verification, *, of_store: bool) -> None:
    cases = f"{found.cases} case{'' if found.cases == 1 else 's'}"
    entries = f"{found.entries} {'entry' if found.entries == 1 else 'entries'} of history"
    if found.whole:
        rest = ", and none is missing" if of_store else ""
        say(f"{click.style(sign('done'), fg='green')} Whole: {cases}, {entries}{rest}.")
        return
    for problem in found.problems:
        say(f"{click.style(sign('bad'), fg='red')} {clean(str(problem))}")
    count = len(found.problems)
    say(f"Not whole: {count} problem{'' if count == 1 else 's'} in {cases}, {entries}.", fg="red")


def _write(file: str, text: str) -> None:
    try:
        Path(file).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{file} cannot be written: {error.strerror}") from None
