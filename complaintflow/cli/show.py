"""``complaintflow show``: one case, readable."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from complaintflow.cli.data import write_json
from complaintflow.cli.look import aside, at, clean, dim, say
from complaintflow.cli.session import Session, command, json_option, warn_backlog

if TYPE_CHECKING:
    from complaintflow.cli.caseview import Setting
    from complaintflow.engine import Engine
    from complaintflow.views import Case


@command("show")
@click.argument("case")
@click.option("--notices", is_flag=True, help="Print every notice in full.")
@click.option("--svg", metavar="FILE", type=click.Path(dir_okay=False), help="Write the case on its diagram.")
@json_option
def show_command(session: Session, case: str, notices: bool, svg: str | None, as_json: bool) -> None:
    """Show what happened to CASE, what it waits for, and what a person must look at.

    CASE is a case id, or a beginning of it that fits only one, or the case's key.
    Times are in the zone of the case's calendar. With -v also what each step set in motion.
    """
    with session.engine(reading=True) as engine:
        found = _find(engine, case)
        if svg is not None:
            _draw(found, svg, session.tongue)
        if as_json:
            write_json(_json(engine, found))
        else:
            _print(engine, found, session, notices)
        warn_backlog(engine)


def _find(engine: Engine, name: str) -> Case:
    """By key first, since a key may look like the beginning of an id.

    Raises:
        UnknownCase: none fits, or several do.
    """
    by_key = engine.cases(key=name, limit=2)
    return by_key[0] if len(by_key) == 1 else engine.case(name)


def _draw(case: Case, file: str, language: str) -> None:
    """Write the picture.

    Raises:
        click.UsageError: the file cannot be written.
    """
    try:
        Path(file).write_text(str(case.diagram(language=language)), encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{file} cannot be written: {error.strerror}") from None
    aside(f"the case on its diagram: {file}")


def _json(engine: Engine, case: Case) -> dict[str, Any]:
    from complaintflow.cli.caseview import case_json
    from complaintflow.cli.session import zone_of

    return {
        **case_json(case),
        "zone": str(zone_of(engine, engine.bundle(case.id))),
        "history": [asdict(event) for event in case.history()],
        "notices": [asdict(notice) for notice in case.notices()],
    }


def _print(engine: Engine, case: Case, session: Session, notices: bool) -> None:
    from complaintflow.cli.caseview import Setting, print_head, print_standing
    from complaintflow.cli.timeline import print_timeline

    bundle = engine.bundle(case.id)
    setting = Setting.of(engine, case.id, session.tongue)
    print_head(case, bundle.policy.head.title)
    say(dim(f"{case.id}  {case.process}  times in {setting.zone}"))
    print_standing(case, setting)
    print_timeline(case.history(), setting, _labels_of(engine, case, setting), verbose=session.verbose > 0)
    if notices:
        _print_notices(case, setting)
    elif session.verbose == 0 and case.notices():
        aside("")
        aside("--notices prints the notices in full, -v what each step set in motion", dim=True)


def _labels_of(engine: Engine, case: Case, setting: Setting) -> dict[str, str]:
    """The label of every element, for what the history names by id."""
    program = engine.bundle(case.id).program
    return {str(node.bpmn_id): setting.name(str(node.bpmn_id), node.label) for node in program.nodes}


def _print_notices(case: Case, setting: Setting) -> None:
    from complaintflow.cli.look import heading
    from complaintflow.notices import sheet

    for notice in case.notices():
        heading(f"Notice {notice.name}")
        sent = at(notice.created_at, setting.zone, setting.language)
        say(dim(f"  {sent}  by {notice.channel}, in {notice.language}"))
        say()
        for line in sheet(notice).split("\n"):
            say(f"  {clean(line, lines=True)}".rstrip())
