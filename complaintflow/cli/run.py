"""``complaintflow run``: start a case."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import click

from complaintflow.cli.data import data_option, parse_object, read_json, with_fields, write_json
from complaintflow.cli.look import aside, say
from complaintflow.cli.session import ACTING, Session, again, command, json_option, warn_backlog
from complaintflow.errors import InvalidData, UnknownCase

if TYPE_CHECKING:
    from complaintflow.facade.engine import Engine
    from complaintflow.facade.views import Case


# What whoever files a case learns of it that is not theirs to see.
_OUTSIDE: Final = ("id", "key", "process", "status")
_RECEIPT: Final = {
    "en": "Receipt: {number}  Keep it: with `{reporter}` it is the only way back to this report, and it is "
    "never shown again.",
    "zh": "回执号：{number}  请妥善保存：凭此号用 `{reporter}` 查询和补充，是返回本案的唯一途径，且不会再次显示。",
}


@command("run", shown=ACTING)
@click.argument("process")
@click.argument("payload", required=False, metavar="[PAYLOAD.json]")
@click.option("--example", is_flag=True, help="Use the payload that the process ships.")
@data_option
@click.option("--key", help="Your own name for the case, unique within the process.")
@click.option("--actor", help="Who files it.")
@json_option
def run_command(
    session: Session,
    process: str,
    payload: str | None,
    example: bool,
    fields: tuple[str, ...],
    key: str | None,
    actor: str | None,
    as_json: bool,
) -> None:
    """Start a case of PROCESS and run it to its first person.

    The payload is a JSON file ("-" for standard input), the one the process ships (--example), fields given with -d, or
    what you answer: without any of them the intake form is asked on the terminal.

    \b
    complaintflow run customer --example
    complaintflow run customer complaint.json --key order-17 --actor hotline
    complaintflow run customer -d channel=phone -d content='The soup arrived cold.'

    With --people, --as says who files it; reports are taken without a name where the policy gives receipts.
    """
    if payload and example:
        raise click.UsageError("give a payload file or --example, not both")
    if not (payload or example or fields or sys.stdin.isatty()):
        session.library().assemble(process)  # raises, with the nearest name
        shipped = f"complaintflow run {process} --example"
        raise click.UsageError(f"give a payload file ('-' for standard input), or use the shipped one: {shipped}")
    with session.engine() as engine:
        who = _filer(session, engine, process, actor)
        data = _data(engine, process, payload, example, fields, session.tongue)
        case = engine.start(process, data, key=key, actor=who)
        seen = _seen(session, engine, case, who)
        if as_json:
            from complaintflow.cli.caseview import case_json

            full = case_json(seen if seen is not None else case)
            shown = full if seen is not None else {name: full[name] for name in _OUTSIDE}
            write_json(shown | ({"receipt": case.receipt} if case.receipt else {}))
        else:
            _print(seen, case, engine, session.tongue)
        _warn_stranded(engine, case.id, session.tongue)
        warn_backlog(engine, session.tongue)


def _filer(session: Session, engine: Engine, process: str, actor: str | None) -> str | None:
    """Who files it. Nobody needs a right for that, and where the policy gives receipts, nobody a name."""
    if engine.settings.access.enforced and not (session.acting or actor):
        receipts = engine.library.newest(process).policy.receipts.get("case")
        if receipts is not None and receipts.enabled:
            return None
    return session.who(engine, actor)


def _seen(session: Session, engine: Engine, case: Case, who: str | None) -> Case | None:
    """The case as whoever filed it has it; None where it is not theirs to see."""
    if not engine.settings.access.enforced:
        return case
    try:
        return session.hand(engine, who).case(case.id) if who is not None else None
    except UnknownCase:
        return None


def _print(seen: Case | None, case: Case, engine: Engine, language: str) -> None:
    from complaintflow.cli.caseview import Setting, print_case, print_head, print_next

    if seen is not None:
        print_case(seen, engine, language)
        print_next(seen, language)
    else:
        setting = Setting.of(engine, case.id, language)
        print_head(case, setting, setting.title(engine.bundle(case.id)))
    if case.receipt:
        _print_receipt(case.receipt, language)


def _warn_stranded(engine: Engine, case_id: str, language: str) -> None:
    """Say so where it is known who people are and none of them can do what the case waits for."""
    if not engine.settings.access.enforced:
        return
    from complaintflow.cli.caseview import Setting

    case, setting = engine.case(case_id), Setting.of(engine, case_id, language)
    notes = [note for event in case.history() for note in event.detail.get("notes", ())]
    stranded = {element for kind, element, facts in notes if kind == "nobody-eligible" and facts.get("stranded")}
    for task in case.tasks:
        if task.element in stranded:
            groups = setting.word("list").join(map(setting.value, task.groups)) or "-"
            said = setting.word("stranded", task=setting.name(task.element, task.name), groups=groups)
            aside(click.style(setting.word("warning"), fg="yellow", bold=True) + said)


def _print_receipt(number: str, language: str) -> None:
    from complaintflow.case.receipts import shown

    say()
    say(_RECEIPT[language].format(number=click.style(shown(number), bold=True), reporter=again("reporter")))


def _data(
    engine: Engine, process: str, payload: str | None, example: bool, fields: tuple[str, ...], language: str
) -> dict[str, Any]:
    bundle = engine.library.newest(process)
    form = bundle.intake_form()
    if payload:
        data = read_json(payload)
    elif example:
        data = _example(engine, process)
    elif not fields and form is not None:
        from complaintflow.cli.asking import Around, Interview
        from complaintflow.labels import labels

        around = Around({"policy": bundle.policy_context})
        return Interview(form, around, labels(bundle, language), language).run()
    else:
        data = {}
    return with_fields(data, fields, form)


def _example(engine: Engine, process: str) -> dict[str, Any]:
    path = f"processes/{process}/payload.json"
    parts = engine.library.layers.every(path)
    if not parts:
        raise InvalidData(
            f"the process '{process}' ships no example", where=path, advice="give a payload file of your own"
        )
    return parse_object(parts[0].content, f"{path} ({parts[0].layer})")
