"""``complaintflow feel``: try an expression."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from complaintflow.cli.data import data_option, read_json, with_fields, write_json
from complaintflow.cli.look import aside, clean, dim, say
from complaintflow.cli.session import Session, command, json_option
from complaintflow.errors import ComplaintflowError

if TYPE_CHECKING:
    from complaintflow import feel


@command("feel")
@click.argument("expression", required=False)
@click.option("--context", metavar="FILE", help="A JSON file with the variables; '-' for standard input.")
@data_option
@click.option("--unary", metavar="VALUE", help="Test this value (JSON or text) with EXPRESSION, as in a table.")
@json_option
def feel_command(
    session: Session,
    expression: str | None,
    context: str | None,
    fields: tuple[str, ...],
    unary: str | None,
    as_json: bool,
) -> None:
    """Evaluate a FEEL expression; without one, ask for expressions until Ctrl-D.

    What became null without being written so is explained on standard error.

    \b
    complaintflow feel 'sum(for x in costs return x.amount)' --context costs.json
    complaintflow feel '[1..5], > 10' --unary 12
    """
    variables = with_fields(read_json(context) if context else {}, fields, None)
    if expression is not None:
        _show(_evaluate(expression, variables, unary), as_json)
    elif unary is not None:
        raise click.UsageError("--unary needs an expression")
    else:
        _prompt(variables, as_json)


def _evaluate(expression: str, variables: Mapping[str, Any], unary: str | None) -> Any:
    from complaintflow import feel
    from complaintflow.cli.data import guess

    text = expression.strip().removeprefix("=")
    warnings: list[feel.Warning] = []
    if unary is not None:
        value: Any = feel.unary_test(text, guess(unary), variables, warnings=warnings, functions=_functions())
    else:
        value = feel.evaluate(text, variables, warnings=warnings, functions=_functions())
    for warning in warnings:
        aside(clean(str(warning)), fg="yellow")
    return value


def _functions() -> dict[str, Any]:
    """The clock; the calendar's functions need a case's policy."""
    from complaintflow.time.calendar import WorkingCalendar
    from complaintflow.time.clock import SystemClock

    now = SystemClock().now().astimezone(WorkingCalendar().zone)
    return {"now": lambda: now, "today": lambda: now.date()}


def _show(value: Any, as_json: bool) -> None:
    from complaintflow import feel
    from complaintflow.bpmn.formula import plain

    if as_json:
        write_json(plain(value))
    elif isinstance(value, (str, bool, int, dict, list)) or value is None:
        say(clean(json.dumps(plain(value), ensure_ascii=False, default=str), lines=True))
    else:
        # A date or a function has no JSON: FEEL's own text says more.
        text = feel.evaluate("string(it)", {"it": value})
        say(clean(str(text if text is not None else value)))


def _prompt(variables: Mapping[str, Any], as_json: bool) -> None:
    if sys.stdin.isatty():
        # With it, the arrow keys edit and remember lines.
        import readline  # noqa: F401

        aside("FEEL expressions, one a line; Ctrl-D ends.", dim=True)
        if variables:
            aside(dim("variables: ") + ", ".join(sorted(variables)))
    while True:
        try:
            line = input("feel> " if sys.stdin.isatty() else "").strip()
        except EOFError:
            break
        if line:
            try:
                _show(_evaluate(line, variables, None), as_json)
            except ComplaintflowError as error:
                aside(clean(str(error), lines=True), fg="red")
    if sys.stdin.isatty():
        aside("")
