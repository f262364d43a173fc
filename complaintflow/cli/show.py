"""``complaintflow show``: one case, readable."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from complaintflow.cli.data import write_json
from complaintflow.cli.look import aside, at, clean, dim, say
from complaintflow.cli.session import ACTING, Session, command, find_case, json_option, warn_backlog
from complaintflow.cli.words import SCREEN

if TYPE_CHECKING:
    from complaintflow.cli.caseview import Setting
    from complaintflow.facade.engine import Engine
    from complaintflow.facade.views import Case, Event
    from complaintflow.notices.notices import Notice


@command("show", shown=ACTING)
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
        found = find_case(session.hand(engine), case)
        if svg is not None:
            _draw(found, svg, session.tongue)
        if as_json:
            write_json(_json(engine, found))
        else:
            _print(engine, found, session, notices)
        warn_backlog(engine, session.tongue)


def _draw(case: Case, file: str, language: str) -> None:
    """Write the picture.

    Raises:
        click.UsageError: the file cannot be written.
    """
    try:
        Path(file).write_text(str(case.diagram(language=language)), encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{file} cannot be written: {error.strerror}") from None
    aside(SCREEN[language]["drawn"].format(file=file))


def _json(engine: Engine, case: Case) -> dict[str, Any]:
    from complaintflow.cli.caseview import case_json
    from complaintflow.cli.session import zone_of

    return {
        **case_json(case),
        "zone": str(zone_of(engine, engine.bundle(case.id))),
        "history": [asdict(event) for event in case.history()],
        "notices": [asdict(notice) for notice in _notices(case)],
    }


def _notices(case: Case) -> list[Notice]:
    """Every notice; none of a case whose content was destroyed."""
    return [] if case.status == "shredded" else case.notices()


def _print(engine: Engine, case: Case, session: Session, notices: bool) -> None:
    from complaintflow.cli.caseview import Setting, print_head, print_standing
    from complaintflow.cli.jobs import print_jobs
    from complaintflow.cli.payload import print_payload
    from complaintflow.cli.teller import Teller
    from complaintflow.cli.timeline import print_timeline

    bundle = engine.bundle(case.id)
    setting = Setting.of(engine, case.id, session.tongue)
    print_head(case, setting, setting.title(bundle))
    say(dim(f"{case.id}  {case.process}  {setting.word('zone', zone=setting.zone)}"))
    print_payload(engine, case, setting)
    print_standing(case, setting)
    print_jobs(case, engine, setting)
    print_timeline(map(_without_payload, case.history()), Teller.of(bundle, setting), verbose=session.verbose > 0)
    if notices:
        _print_notices(case, setting)
    elif session.verbose == 0 and _notices(case):
        aside("")
        aside(setting.word("hint"), dim=True)


def _without_payload(event: Event) -> Event:
    """The event without what was reported, which stands above in full."""
    if event.event != "started":
        return event
    return replace(event, detail={name: fact for name, fact in event.detail.items() if name != "data"})


def _print_notices(case: Case, setting: Setting) -> None:
    from complaintflow.cli.look import heading
    from complaintflow.notices.notices import sheet

    words = SCREEN[setting.language]
    # History tells of each whether it left, in the same order.
    left = [not event.detail.get("kept") for event in case.history() if "notice" in event.detail]
    for number, notice in enumerate(_notices(case)):
        heading(setting.word("notice", name=notice.name))
        facts = {
            "at": at(notice.created_at, setting.zone, setting.language),
            "channel": words.get(notice.channel, notice.channel),
            "language": words.get(f"language {notice.language}", notice.language),
        }
        how = "notice by" if left[number : number + 1] != [False] else "notice kept"
        say(dim("  " + setting.word(how, **facts)))
        say()
        for line in sheet(notice).split("\n"):
            say(f"  {clean(line, lines=True)}".rstrip())
