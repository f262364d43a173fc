"""``complaintflow incidents`` and ``resolve``: what a person must look at."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from complaintflow.cli.data import data_option, with_fields, write_json
from complaintflow.cli.look import heading, say
from complaintflow.cli.session import ACTING, Session, command, find_case, json_option
from complaintflow.cli.words import SCREEN
from complaintflow.errors import UnknownCase, UnknownIncident

if TYPE_CHECKING:
    from complaintflow.facade.engine import Engine
    from complaintflow.facade.views import Case


@command("incidents", shown=ACTING)
@click.argument("case", required=False)
@json_option
def incidents_command(session: Session, case: str | None, as_json: bool) -> None:
    """List open incidents, the oldest first; of all cases, or of CASE."""
    with session.engine(reading=True) as engine:
        hand = session.hand(engine)
        found = hand.incidents(find_case(hand, case).id if case else None)
    if as_json:
        write_json([asdict(incident) for incident in found])
        return
    words = SCREEN[session.tongue]
    if not found:
        say(words["no incident"])
        return
    from complaintflow.cli.caseview import print_incident, short

    last = ""
    for incident in found:
        if incident.case_id != last:
            heading(words["case"].format(name=short(incident.case_id)))
            last = incident.case_id
        print_incident(incident, words)


@command("resolve", shown=ACTING)
@click.argument("incident")
@data_option
@click.option("--actor", help="Who cleared it.")
@json_option
def resolve_command(session: Session, incident: str, fields: tuple[str, ...], actor: str | None, as_json: bool) -> None:
    """Clear INCIDENT, after its cause is mended: the case tries again where it stopped.

    With -d variables are set there first.

    INCIDENT is an incident id as `complaintflow incidents` shows it, or a case that has only one.
    """
    with session.engine(reading=True) as engine:
        case_id, dot, token = incident.partition(".")
        hand = session.hand(engine, actor)
        case = case_of_incident(hand, case_id)
        wanted = f"{case.id}.{token}"
        if not dot:
            if len(case.incidents) != 1:
                raise UnknownIncident(
                    f"the case has {len(case.incidents) or 'no'} open incidents",
                    where=f"case {case.id}",
                    advice="name one of: " + ", ".join(one.id for one in case.incidents) if case.incidents else "",
                )
            wanted = case.incidents[0].id
        case = hand.resolve(wanted, data=with_fields({}, fields, None), actor=actor)
        from complaintflow.cli.caseview import case_json, print_case

        if as_json:
            write_json(case_json(case))
        else:
            print_case(case, engine, session.tongue)


def case_of_incident(engine: Engine, name: str) -> Case:
    """The case of the incident that somebody means, by what stands before the dot of its id.

    Raises:
        UnknownIncident: no case is meant, or several are.
    """
    try:
        return find_case(engine, name)
    except UnknownCase as error:
        what = f"there is no such incident: {error.what}"
        raise UnknownIncident(what, advice="`complaintflow incidents` lists them with their ids") from None
