"""``complaintflow broadcast`` and ``evaluate``: what reaches many cases at once, or begins some."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from complaintflow.cli.data import data_option, read_json, with_fields, write_json
from complaintflow.cli.look import say
from complaintflow.cli.session import Session, command, json_option, warn_backlog

if TYPE_CHECKING:
    from complaintflow.facade.engine import Engine
    from complaintflow.facade.views import Case


@command("broadcast")
@click.argument("signal")
@click.argument("file", required=False, metavar="[DATA.json]")
@data_option
@click.option("--actor", help="Who sent it.")
@json_option
def broadcast_command(
    session: Session, signal: str, file: str | None, fields: tuple[str, ...], actor: str | None, as_json: bool
) -> None:
    """Throw SIGNAL: every case that waits for it goes on, and every process that begins with it begins.

    \b
    complaintflow broadcast office-closed -d until=2026-10-08
    """
    _for_operators(session, "broadcast")
    data = with_fields(read_json(file) if file else {}, fields, None)
    with session.engine() as engine:
        cases = engine.broadcast(signal, data=data, actor=actor)
        print_cases(cases, engine, session.tongue, as_json, f"No case waits for the signal '{signal}'.")


@command("evaluate")
@click.argument("file", required=False, metavar="[DATA.json]")
@data_option
@click.option("--actor", help="Who brought the data.")
@json_option
def evaluate_command(
    session: Session, file: str | None, fields: tuple[str, ...], actor: str | None, as_json: bool
) -> None:
    """Begin a case of every process whose conditional start event holds for the data.

    \b
    complaintflow evaluate reading.json
    complaintflow evaluate -d temperature:=42
    """
    _for_operators(session, "evaluate")
    if not (file or fields):
        raise click.UsageError("give the data: a JSON file ('-' for standard input), or fields with -d")
    data = with_fields(read_json(file) if file else {}, fields, None)
    with session.engine() as engine:
        cases = engine.evaluate(data, actor=actor)
        print_cases(cases, engine, session.tongue, as_json, "No start condition holds for the data.")


def _for_operators(session: Session, name: str) -> None:
    """At a desk one person acts, on cases that they see; these two reach cases that nobody at a desk has to see."""
    if session.people or session.acting:
        raise click.UsageError(
            f"`{name}` is for who runs the system, and reaches all cases: leave out --people and --as"
        )


def print_cases(cases: Iterable[Case], engine: Engine, language: str, as_json: bool, nothing: str) -> None:
    """The cases that heard something or were begun by it."""
    from complaintflow.cli.caseview import case_json, print_case

    found = list(cases)
    if as_json:
        write_json([case_json(case) for case in found])
    elif not found:
        say(nothing)
    else:
        for number, case in enumerate(found):
            if number:
                say()
            print_case(case, engine, language)
    warn_backlog(engine, language)
