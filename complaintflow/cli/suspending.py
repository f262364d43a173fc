"""``complaintflow suspend``, ``resume`` and ``cancel``: a case stands still, goes on, or ends early."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from complaintflow.cli.data import write_json
from complaintflow.cli.session import ACTING, Session, command, find_case, json_option

if TYPE_CHECKING:
    from complaintflow.facade.desk import Desk
    from complaintflow.facade.engine import Engine
    from complaintflow.facade.views import Case


@command("suspend", shown=ACTING)
@click.argument("case")
@click.option("--reason", required=True, help="Why; it is kept sealed in the history.")
@json_option
def suspend_command(session: Session, case: str, reason: str, as_json: bool) -> None:
    """Let CASE stand still until it is resumed.

    No timer fires, no job runs, its tasks are in nobody's inbox, and messages to it are refused. What was promised
    stays promised: due dates do not move, and what came due meanwhile fires when the case is resumed.
    """
    with session.engine(reading=True) as engine:
        hand = session.hand(engine)
        _show(hand.suspend(find_case(hand, case).id, reason), engine, session, as_json)


@command("resume", shown=ACTING)
@click.argument("case")
@click.option("--reason", default="", help="Why; it is kept sealed in the history.")
@json_option
def resume_command(session: Session, case: str, reason: str, as_json: bool) -> None:
    """Let CASE go on that was suspended; what came due meanwhile is due now."""
    with session.engine(reading=True) as engine:
        hand = session.hand(engine)
        _show(hand.resume(find_case(hand, case).id, reason), engine, session, as_json)


@command("cancel", shown=ACTING)
@click.argument("case")
@click.option("--reason", required=True, help="Why; it is kept sealed in the history.")
@click.option("--actor", help="Who ends it.")
@json_option
def cancel_command(session: Session, case: str, reason: str, actor: str | None, as_json: bool) -> None:
    """End CASE before its process does. It cannot be taken back; `complaintflow suspend` can."""
    with session.engine(reading=True) as engine:
        hand = session.hand(engine, actor)
        found = find_case(hand, case).id
        if engine.settings.access.enforced:
            _desk(session, engine).cancel(found, reason)
        else:
            engine.cancel(found, reason, actor=actor)
        _show(hand.case(found), engine, session, as_json)


def _desk(session: Session, engine: Engine) -> Desk:
    return cast("Desk", session.hand(engine))


def _show(case: Case, engine: Engine, session: Session, as_json: bool) -> None:
    from complaintflow.cli.caseview import case_json, print_case

    if as_json:
        write_json(case_json(case))
    else:
        print_case(case, engine, session.tongue)
