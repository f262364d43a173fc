"""``complaintflow correlate``: a message arrived."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from complaintflow.cli.data import data_option, read_json, with_fields
from complaintflow.cli.session import ACTING, Session, command, json_option
from complaintflow.cli.signalling import print_cases
from complaintflow.errors import NoSubscription

if TYPE_CHECKING:
    from complaintflow.facade.engine import Engine
    from complaintflow.facade.views import Case


@command("correlate", shown=ACTING)
@click.argument("message")
@click.argument("file", required=False, metavar="[DATA.json]")
@click.option("--key", help="The correlation key, often the case's own key; none where the message only begins cases.")
@data_option
@click.option("--actor", help="Who sent it.")
@json_option
def correlate_command(
    session: Session,
    message: str,
    file: str | None,
    key: str | None,
    fields: tuple[str, ...],
    actor: str | None,
    as_json: bool,
) -> None:
    """Deliver MESSAGE to every case that waits for it under a key, or begin a case with it.

    \b
    complaintflow correlate appeal --key order-17 -d reason='The soup was cold again.'
    complaintflow correlate order-came-in order.json
    """
    otherwise = f"if it is the case's key: --key {shlex.quote(file or '')}" if key is None else ""
    data: dict[str, Any] = with_fields(read_json(file, otherwise) if file else {}, fields, None)
    with session.engine(reading=key is not None) as engine:
        hand = session.hand(engine, actor)
        if key is None and hand is not engine:
            raise click.UsageError("give the correlation key of a case: --key")
        cases = _told(hand, message, key, data, actor)
        print_cases(cases, engine, session.tongue, as_json, "")


def _told(hand: Engine, message: str, key: str | None, data: dict[str, Any], actor: str | None) -> list[Case]:
    """The cases that the message reached. Raises NoSubscription, with what else could have been meant."""
    try:
        return hand.correlate(message, key=key, data=data, actor=actor)
    except NoSubscription as error:
        if key is not None:
            raise
        what = f"no process begins with the message '{message}'"
        advice = "see its name in the diagram; if a case waits for it, give the correlation key: --key"
        raise NoSubscription(what, where=error.where, advice=advice) from None
