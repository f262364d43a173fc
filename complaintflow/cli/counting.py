"""``complaintflow figures``: what a policy's cases say of a time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from complaintflow.cli.data import write_json
from complaintflow.cli.look import Cell, aside, at, cell, clean, dim, heading, say, table
from complaintflow.cli.session import ACTING, Session, command
from complaintflow.errors import InvalidData

if TYPE_CHECKING:
    from complaintflow.figures import Figure, Figures
    from complaintflow.figures.registry import Language

_WORDS = {
    "en": {
        "cases": "cases", "promises": "promises", "points": "points", "days": "days", "working days": "working days",
        "money": "", "%": "%", "of": "of", "hidden": "not shown: too few", "none": "-", "unknown": "not recorded",
        "over": "counted until {day}", "until": "not over: counted until {day}", "colon": ": ",
        "figure": "FIGURE", "value": "VALUE", "made": "COUNTED",
        "few": "Counts below {smallest} are not shown where they are told apart, nor what they follow from.",
    },
    "zh": {
        "cases": "件", "promises": "项", "points": "分", "days": "天", "working days": "个工作日",
        "money": "", "%": "%", "of": "/", "hidden": "样本过小，不显示", "none": "-", "unknown": "未记录",
        "over": "统计截至 {day}", "until": "期间未结束，统计截至 {day}", "colon": "：",
        "figure": "指标", "value": "数值", "made": "计数",
        "few": "分组统计时，小于 {smallest} 的数以及可由其推出的数不显示。",
    },
}  # fmt: skip


@command("figures", shown=ACTING)
@click.argument("policy")
@click.option("--quarter", metavar="2026Q3", help="A quarter.")
@click.option("--month", metavar="2026-07", help="A month.")
@click.option("--year", metavar="2026", help="A year.")
@click.option("--by", multiple=True, metavar="FACT", help="Tell apart by a fact, as department; may be repeated.")
@click.option("--format", "form", type=click.Choice(["table", "json", "csv", "xlsx"]), default="table")
@click.option("-o", "--output", "file", type=click.Path(dir_okay=False), help="A file to write; xlsx needs one.")
def figures_command(
    session: Session,
    policy: str,
    quarter: str | None,
    month: str | None,
    year: str | None,
    by: tuple[str, ...],
    form: str,
    file: str | None,
) -> None:
    """Count the cases of POLICY: acceptance, handling, satisfaction, answers in time, durations, costs and more.

    A quarter, month or year is that of the policy's zone. docs/figures.md says what exactly each figure is.
    """
    asked = [one for one in (quarter, month, year) if one is not None]
    if len(asked) != 1:
        raise click.UsageError("say of which time: --quarter 2026Q3, --month 2026-07 or --year 2026")
    if form == "xlsx" and file is None:
        raise click.UsageError("a workbook needs a file: -o figures.xlsx")
    with session.engine(reading=True) as engine:
        found = session.hand(engine).figures(policy, asked[0], by=by or None)
    language: Language = "zh" if session.tongue == "zh" else "en"
    if form == "table" and file is None:
        _print(found, language)
    elif form == "xlsx" and file is not None:
        found.to_xlsx(file, language)
        aside(f"written: {file}")
    elif form == "json" and file is None:
        write_json(found.as_json(language))
    elif form == "table":
        raise click.UsageError("a table is for reading; write a file with --format csv, xlsx or json")
    else:
        _write(found, form, file, language)


def _write(found: Figures, form: str, file: str | None, language: Language) -> None:
    """JSON or CSV, to a file or to the output."""
    if form == "csv":
        text = found.to_csv(language)
    else:
        text = json.dumps(found.as_json(language), ensure_ascii=False, indent=2)
    if file is None:
        click.echo(text, nl=False)
        return
    try:
        # Spreadsheets take UTF-8 for what it is only with a mark in front.
        with Path(file).open("w", encoding="utf-8-sig" if form == "csv" else "utf-8", newline="") as out:
            out.write(text)
    except OSError as error:
        raise InvalidData(f"it cannot be written: {error.strerror}", where=file) from None
    aside(f"written: {file}")


def _print(found: Figures, language: Language) -> None:
    words, zone = _WORDS[language], found.period.since.tzinfo
    heading(f"{found.title} {found.period.name}".strip())
    over = "over" if found.counted_until >= found.period.until else "until"
    last = at(found.counted_until, zone, language) if zone is not None else found.counted_until
    say(dim(f"  {words[over].format(day=last)}, {zone}"))
    rows: list[list[Cell]] = []
    for one in found:
        groups = {fact: words["unknown"] if value is None else value for fact, value in one.by}
        name = cell(one.definition.label[language])
        if groups and not found.by:
            # Below the whole figure: what it is told apart by, and which part this is.
            name = Cell("  " + clean(", ".join(f"{fact}{words['colon']}{value}" for fact, value in groups.items())))
        head = [name, *(cell(groups.get(fact, "")) for fact in found.by)]
        rows.append([*head, cell(_value(one, words), dim=one.suppressed), cell(_made(one, words), dim=True)])
    titles = (words["figure"], *(fact.upper() for fact in found.by), words["value"], words["made"])
    table(titles, rows, indent="  ", shrink=0)
    if any(one.suppressed for one in found):
        aside(words["few"].format(smallest=found.smallest))


def _value(one: Figure, words: dict[str, str]) -> str:
    if one.suppressed:
        return words["hidden"]
    if one.value is None:
        return words["none"]
    unit = words[one.unit]
    return f"{one.value} {unit.removesuffix('s') if one.value == 1 else unit}".strip()


def _made(one: Figure, words: dict[str, str]) -> str:
    if one.suppressed or one.denominator is None or one.numerator is None:
        return ""
    return f"{one.numerator} {words['of']} {one.denominator}"
