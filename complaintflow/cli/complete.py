"""``complaintflow complete``: a person did a task."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from complaintflow.cli.data import data_option, read_json, with_fields, write_json
from complaintflow.cli.session import ACTING, Session, command, find_case, json_option, warn_backlog

if TYPE_CHECKING:
    from complaintflow.cli.asking import Around
    from complaintflow.facade.engine import Engine
    from complaintflow.facade.views import Case, Task
    from complaintflow.formjs import Form


@command("complete", shown=("language", *ACTING))
@click.argument("task", nargs=-1, required=True, metavar="TASK [DATA.json | KEY=VALUE ...]")
@data_option
@click.option("--actor", help="Who did it.")
@json_option
def complete_command(
    session: Session, task: tuple[str, ...], fields: tuple[str, ...], actor: str | None, as_json: bool
) -> None:
    """Complete a task with what its form asks for.

    TASK is a task id, or a case and an element; the case is its key, or an id as long as it fits only one. The data are
    a JSON file ("-" for standard input), fields written key=value (with or without -d), or what you answer: without
    any of them the task's form is asked on the terminal.

    \b
    complaintflow complete 9f3c61d2 investigate justified=true cause=food --actor li.wei
    complaintflow complete 9f3c61d2.5 answer.json
    """
    fields = (*fields, *(word for word in task if "=" in word))
    task = tuple(word for word in task if "=" not in word)
    if not task:
        raise click.UsageError("say which task: a task id, or a case and an element")
    with session.engine(reading=True) as engine:
        hand = session.hand(engine, actor)
        case, found, file = _find(hand, task)
        form = engine.bundle(case.id).forms.get(found.form) if found.form else None
        data = _data(hand, case, found, form, file, fields, session.tongue)
        case = hand.complete(found.id, data, actor=actor)
        from complaintflow.cli.caseview import case_json, print_case, print_next

        if as_json:
            write_json(case_json(case))
        else:
            print_case(case, engine, session.tongue)
            print_next(case, session.tongue)
        warn_backlog(engine, session.tongue)


def _find(engine: Engine, words: tuple[str, ...]) -> tuple[Case, Task, str | None]:
    """The task that the words mean, and the file behind them.

    Raises:
        UnknownCase, UnknownTask, TaskAlreadyCompleted: it is not there, or no longer open.
    """
    case_id, dot, token = words[0].partition(".")
    count = 1 if dot and token.isdigit() else 2
    if not count <= len(words) <= count + 1:
        raise click.UsageError("give a task id, or a case and an element; then at most one file of data")
    case = find_case(engine, case_id)
    wanted = f"{case.id}.{token}" if count == 1 else words[1]
    if count == 1 and all(task.id != wanted for task in case.tasks):
        # The engine knows whether it was done before or never existed.
        engine.complete(wanted, {})
    found = case.task(wanted)
    return case, found, words[count] if len(words) > count else None


def _data(
    engine: Engine, case: Case, task: Task, form: Form | None, file: str | None, fields: tuple[str, ...], language: str
) -> dict[str, Any]:
    if file or fields or form is None or not sys.stdin.isatty():
        return with_fields(read_json(file) if file else {}, fields, form)
    from complaintflow.cli.asking import Interview
    from complaintflow.cli.caseview import Setting, print_head, short
    from complaintflow.cli.look import aside, bold
    from complaintflow.cli.payload import print_payload

    setting = Setting.of(engine, case.id, language)
    print_head(case, setting, setting.title(engine.bundle(case.id)))
    print_payload(engine, case, setting, aside)
    aside("")
    aside(bold(setting.name(task.element, task.name)) + f"  {short(task.id)}")
    return Interview(form, _around(engine, task), setting.labels, language).run()


def _around(engine: Engine, task: Task) -> Around:
    """What the task's form sees: the variables where it stands, which are more than the case's own."""
    from complaintflow.cli.asking import Around

    seen = engine.surroundings(task.id)
    return Around(seen.variables, seen.today, seen.functions)
