"""``complaintflow correlate``: a message arrived."""

from __future__ import annotations

from typing import Any

import click

from complaintflow.cli.data import data_option, read_json, with_fields, write_json
from complaintflow.cli.look import say
from complaintflow.cli.session import Session, command, json_option, warn_backlog


@command("correlate")
@click.argument("message")
@click.argument("file", required=False, metavar="[DATA.json]")
@click.option("--key", required=True, help="The correlation key, often the case's own key.")
@data_option
@click.option("--actor", help="Who sent it.")
@json_option
def correlate_command(
    session: Session,
    message: str,
    file: str | None,
    key: str,
    fields: tuple[str, ...],
    actor: str | None,
    as_json: bool,
) -> None:
    """Deliver MESSAGE to every case that waits for it under a key.

    \b
    complaintflow correlate appeal --key order-17 -d reason='The soup was cold again.'
    """
    data: dict[str, Any] = with_fields(read_json(file) if file else {}, fields, None)
    with session.engine(reading=True) as engine:
        cases = session.hand(engine, actor).correlate(message, key=key, data=data, actor=actor)
        from complaintflow.cli.caseview import case_json, print_case

        if as_json:
            write_json([case_json(case) for case in cases])
        else:
            for number, case in enumerate(cases):
                if number:
                    say()
                print_case(case, engine, session.tongue)
        warn_backlog(engine)
