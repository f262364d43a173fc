"""``complaintflow retry``: incidents are cleared, one, several, or all of a kind."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from complaintflow.cli.caseview import INCIDENTS
from complaintflow.cli.data import write_json
from complaintflow.cli.incidents import case_of_incident
from complaintflow.cli.look import aside, clean, heading, say
from complaintflow.cli.session import ACTING, Session, command, json_option
from complaintflow.facade.operating import Retried, retry_all

if TYPE_CHECKING:
    from collections.abc import Iterable

    from complaintflow.facade.views import Incident

_ALL: Final = 1_000_000


@command("retry", shown=ACTING)
@click.argument("incidents", metavar="[INCIDENT]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="All that are open, or all of --kind, --process and --element.")
@click.option("--kind", type=click.Choice(sorted(INCIDENTS)), help="Only of this kind.")
@click.option("--process", metavar="PROCESS", help="Only of cases of this process.")
@click.option("--element", metavar="ELEMENT", help="Only at this element of the diagram.")
@click.option("--actor", help="Who has mended the cause.")
@json_option
def retry_command(session: Session, incidents: tuple[str, ...], every: bool, as_json: bool, **narrow: Any) -> None:
    """Try again where cases stopped, after the cause is mended: jobs get fresh attempts.

    INCIDENT is an incident id as `complaintflow incidents` shows it, or a case: then all of its incidents.
    """
    if bool(incidents) == every:
        raise click.UsageError("name incidents or cases, or say --all")
    actor, process = narrow["actor"], narrow["process"]
    with session.engine(reading=True) as engine:
        hand = session.hand(engine, actor)
        if incidents:
            found = [one for name in incidents for one in _named(hand, name)]
        else:
            found = hand.incidents() if hand is not engine else engine.incidents(limit=_ALL)
        wanted = [
            one.id
            for one in found
            if narrow["kind"] in (None, one.kind)
            and narrow["element"] in (None, one.element)
            and (process is None or hand.case(one.case_id).process == process)
        ]
        if not wanted and process is not None:
            engine.library.newest(process)  # raises, with the nearest name
        done = retry_all(hand, wanted, actor)
    if as_json:
        write_json(asdict(done))
    else:
        _print(done, found)


def _named(hand: Any, name: str) -> list[Incident]:
    """The incidents of a case, or the one of this id. Raises UnknownIncident."""
    case_id, dot, token = name.partition(".")
    found: tuple[Incident, ...] = case_of_incident(hand, case_id).incidents
    return [one for one in found if not dot or one.id.endswith(f".{token}")]


def _print(done: Retried, open_before: Iterable[Incident]) -> None:
    if not (done.resolved or done.refused):
        others = ", ".join(f"{count} {kind}" for kind, count in Counter(one.kind for one in open_before).items())
        say(f"No such incident is open; there are others: {others}." if others else "No incident is open.")
        return
    say(f"Tried again: {len(done.resolved)}")
    if done.refused:
        heading(f"Not cleared: {len(done.refused)}")
        for incident, why in done.refused:
            say(f"  {incident}  {clean(why)}")
    aside("`complaintflow incidents` shows what stopped again.")
