"""``complaintflow trace``: which element, and which test, stands for each clause (D13)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from complaintflow.cli.data import write_json
from complaintflow.cli.look import (
    GAP,
    INDENT,
    Cell,
    bold,
    cell,
    clean,
    columns,
    counted,
    dim,
    heading,
    say,
    sign,
    table,
    width,
    wrap,
)
from complaintflow.cli.session import Session, command, json_option
from complaintflow.cli.tracing import Clause, Trace, trace


@command("trace")
@click.argument("process", nargs=-1)
@click.option(
    "--tests", multiple=True, metavar="DIR", type=click.Path(exists=True, path_type=Path),
    help="Look for clause ids in the tests of this folder (in a checkout). Repeatable.",
)  # fmt: skip
@click.option("--missing", is_flag=True, help="Only clauses that something is missing for.")
@json_option
@click.pass_context
def trace_command(
    ctx: click.Context,
    session: Session,
    process: tuple[str, ...],
    tests: tuple[Path, ...],
    missing: bool,
    as_json: bool,
) -> None:
    """Show which element stands for each clause of PROCESS, or of all processes; with --tests, which test too.

    The clauses are those of processes/<policy>/clauses.csv; what stands for them are the clause properties and
    documentation of diagrams and forms, the entries of policy.toml, and decision tables. Ends with 1 if an element
    names a clause that is not listed, or a clause is marked implemented and nothing stands for it.
    """
    library = session.library()
    every = library.layers.processes()
    names = process or [name for name in every if library.layers.every(f"processes/{name}/clauses.csv")]
    traces = [trace(library, name, tests) for name in names]
    if as_json:
        write_json([asdict(one) for one in traces])
    else:
        for number, one in enumerate(traces):
            if number:
                say()
            _print(one, tested=bool(tests), missing=missing)
        if len(traces) > 1:
            _print_summary(traces, tested=bool(tests))
    ctx.exit(1 if any(one.strangers or one.broken for one in traces) else 0)


def _print(found: Trace, *, tested: bool, missing: bool) -> None:
    say(bold(found.process) + dim(f"  {counted(len(found.clauses), 'clause')}"))
    say()
    for clause in found.clauses:
        lacks = not clause.elements or (tested and not clause.tests)
        if not missing or lacks:
            _print_clause(clause, tested=tested)
    if found.strangers:
        heading("Named, but not listed in clauses.csv")
        for name, places in found.strangers.items():
            first, *rest = wrap(f"{name}  {clean(', '.join(places))}", columns(), "    ")
            say(f"  {click.style(sign('bad'), fg='red')} {first.strip()}")
            for line in rest:
                say(dim(line))
    implemented = sum(bool(clause.elements) for clause in found.clauses)
    has = "has" if implemented == 1 else "have"
    line = f"{implemented} of {counted(len(found.clauses), 'clause')} {has} an element"
    if tested:
        proven = sum(bool(clause.tests) for clause in found.clauses)
        line += f", {proven} {'has' if proven == 1 else 'have'} a test"
    say()
    say(dim(line))


def _print_summary(traces: list[Trace], *, tested: bool) -> None:
    """A line for each policy: how much of it stands for something, and what lacks it."""
    heading(f"In all: {len(traces)} policies, {sum(len(one.clauses) for one in traces)} clauses")
    rows: list[list[Cell]] = []
    named: list[tuple[str, str, list[str]]] = []
    for one in traces:
        lacking = [clause.id for clause in one.clauses if not clause.elements or (tested and not clause.tests)]
        rows.append([
            cell(one.process, bold=True),
            cell(len(one.clauses)),
            cell(sum(bool(clause.elements) for clause in one.clauses)),
            cell(sum(bool(clause.tests) for clause in one.clauses) if tested else ""),
            cell(len(lacking) or "", fg="yellow"),
            cell(len(one.strangers) or "", fg="red"),
        ])  # fmt: skip
        named += [(one.process, "lacking", lacking)] if lacking else []
        named += [(one.process, "not listed", list(one.strangers))] if one.strangers else []
    table(("POLICY", "CLAUSES", "WITH ELEMENT", "WITH TEST", "LACKING", "NOT LISTED"), rows)
    for process, what, names in named:
        for line in wrap(f"{process}, {what}: {clean(', '.join(names))}", columns(), INDENT):
            say(line)
    say(dim("  --missing shows only the clauses that lack something"))


def _print_clause(clause: Clause, *, tested: bool) -> None:
    fine = clause.elements and (clause.tests or not tested)
    mark = click.style(sign("done"), fg="green") if fine else click.style(sign("warning"), fg="yellow")
    head: list[Cell] = [cell(clause.id, bold=True), cell(clause.kind, dim=True)]
    lead = f"  {mark} " + "  ".join(one.shown(len(one.text), last=True) for one in head) + GAP
    room, gap = columns(), " " * width(lead)
    first, *rest = wrap(clean(clause.paraphrase), room, gap)
    for line in (lead + first.removeprefix(gap), *rest):
        say(line)
    if clause.elements:
        for line in wrap(clean(", ".join(clause.elements)), room, "      "):
            say(dim(line))
    else:
        reason = "; ".join(text for text in (clause.status, clause.where) if text)
        for line in wrap("no element" + (f": {clean(reason)}" if reason else ""), room, "      "):
            say(line, fg="yellow")
    if tested:
        for line in wrap(clean(", ".join(clause.tests) or "no test"), room, "      "):
            say(dim(line) if clause.tests else click.style(line, fg="yellow"))
