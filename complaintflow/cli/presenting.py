"""``complaintflow report``: what a policy promised and what happened, for people to look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from complaintflow.cli.data import format_of
from complaintflow.cli.look import aside
from complaintflow.cli.session import ACTING, Session, command

if TYPE_CHECKING:
    from complaintflow.report import Form


@command("report", shown=("language", *ACTING))
@click.argument("policy")
@click.option("--quarter", metavar="2026Q3", help="A quarter.")
@click.option("--month", metavar="2026-07", help="A month.")
@click.option("--year", metavar="2026", help="A year.")
@click.option(
    "-o", "--output", "file", required=True, type=click.Path(dir_okay=False), help="A new file: HTML or .pdf."
)
@click.option("--format", "form", type=click.Choice(["html", "pdf"]), help="Default: as the name ends.")
@click.option("--proposal", "proposals", multiple=True, metavar="TEXT", help="What was decided; may be repeated.")
@click.option(
    "--cases", type=click.IntRange(0), metavar="N", help="Open so many cases for the diagrams [default: 500]."
)
@click.option("--replace", is_flag=True, help="Write over the file if it is there.")
def report_command(
    session: Session,
    policy: str,
    quarter: str | None,
    month: str | None,
    year: str | None,
    file: str,
    form: Form | None,
    proposals: tuple[str, ...],
    cases: int | None,
    replace: bool,
) -> None:
    """Write a report on POLICY: promises and what became of them, charts, diagrams with heat, problems, departments.

    One file that loads nothing, in English or Chinese (--language). It needs complaintflow[report].
    """
    asked = [one for one in (quarter, month, year) if one is not None]
    if len(asked) != 1:
        raise click.UsageError("say of which time: --quarter 2026Q3, --month 2026-07 or --year 2026")
    chosen = format_of(file, form, {".html": "html", ".pdf": "pdf"})
    with session.engine(reading=True) as engine:
        session.hand(engine).report(
            policy,
            asked[0],
            language=session.tongue,
            proposals=proposals,
            cases=cases,
            file=Path(file),
            form="pdf" if chosen == "pdf" else "html",
            replace=replace,
        )
    aside(f"written: {file}")
