"""``complaintflow reporter``: somebody who reported without a name comes back."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from complaintflow.cli.data import data_option, with_fields, write_json
from complaintflow.cli.look import aside, at, bold, cell, clean, columns, day, dim, heading, say, table, wrap
from complaintflow.cli.session import Session, again, command, json_option
from complaintflow.errors import InvalidData, NoSubscription

if TYPE_CHECKING:
    from complaintflow.facade.progress import Open, Progress
    from complaintflow.facade.reporter import Reporter
    from complaintflow.formjs import Form

_WORDS: Final[dict[str, dict[str, Any]]] = {
    "en": {
        "receipt": "Your receipt (it is not shown)",
        "active": "Your report is being worked on.",
        "completed": "Your report is closed.",
        "cancelled": "Your report was ended early.",
        "suspended": "Work on your report is interrupted; what was promised to you stays promised.",
        "steps": "What happened",
        "letters": "Letters to you",
        "questions": "Questions to you",
        "messages": "What you can say now",
        "promised": "You hear from us by {day} at the latest.",
        "zone": "Times in {zone}.",
        "how": "To say something: {say}; to add evidence: {attach}",
        "columns": ("NAME", "WHAT", "FIELDS"),
        "sent": "It has arrived.",
        "kept": "Kept as {name}; taken out: {removed}.",
        "original": "Kept as it is: {name}.",
    },
    "zh": {
        "receipt": "您的回执号（不显示）",
        "active": "您反映的问题正在处理。",
        "completed": "您反映的问题已办结。",
        "cancelled": "您反映的问题已提前终止。",
        "suspended": "您反映的问题暂停处理；已作出的承诺仍然有效。",
        "steps": "进展",
        "letters": "给您的信件",
        "questions": "需要您回答",
        "messages": "您现在可以",
        "promised": "最迟于{day}给您答复。",
        "zone": "时区：{zone}。",
        "how": "回答或补充：{say}；提交证据：{attach}",
        "columns": ("名称", "内容", "需填项"),
        "sent": "已收到。",
        "kept": "已保存为 {name}；已去除：{removed}。",
        "original": "已按原样保存：{name}。",
    },
}


@command("reporter", shown=("language",))
@click.argument("name", required=False)
@data_option
@click.option("--attach", "files", multiple=True, metavar="FILE", help="Add evidence; metadata are taken out of it.")
@click.option("--as-is", is_flag=True, help="Keep the file with everything that it tells about you.")
@json_option
def reporter_command(
    session: Session, name: str | None, fields: tuple[str, ...], files: tuple[str, ...], as_is: bool, as_json: bool
) -> None:
    """Come back to a report that was made without a name: see how it stands, answer, add evidence.

    The receipt is asked for and not shown. NAME is a question or a message of those listed; what is not given with -d
    is asked for.

    \b
    complaintflow reporter
    complaintflow reporter reporter-answer -d answer='In March, in the store.'
    complaintflow reporter --attach photo.jpg
    """
    words = _WORDS[session.tongue]
    if fields and not name:
        raise click.UsageError("say to what the fields belong: complaintflow reporter NAME -d KEY=VALUE")
    with session.engine(reading=True) as engine:
        reporter = engine.reporter(_receipt(words["receipt"]))
        for file in files:
            _attach(reporter, file, as_is, words)
        if name:
            _send(reporter, name, fields, session.tongue)
            aside(words["sent"])
        progress = reporter.progress(session.tongue)
        if as_json:
            write_json(asdict(progress))
        else:
            _print(progress, session.tongue)


def _receipt(question: str) -> str:
    """The receipt as it is typed, without an echo; from a pipe, its first line."""
    if sys.stdin.isatty():
        typed: str = click.prompt(question, hide_input=True, err=True)
        return typed
    return sys.stdin.readline()


def _attach(reporter: Reporter, file: str, as_is: bool, words: dict[str, Any]) -> None:
    path = Path(file)
    try:
        with path.open("rb") as content:
            kept = reporter.attach(path.name, content, as_is=as_is)
    except OSError as error:
        what, advice = f"the file cannot be read: {error.strerror}", "see the spelling of the path that --attach names"
        raise InvalidData(what, where=file, advice=advice) from None
    removed = ", ".join(kept.removed)
    aside(clean(words["kept" if removed else "original"].format(name=kept.name, removed=removed)))


def _send(reporter: Reporter, name: str, fields: tuple[str, ...], language: str) -> None:
    progress = reporter.progress(language)
    opening = next((one for one in (*progress.questions, *progress.messages) if one.name == name), None)
    data: dict[str, Any] = with_fields({}, fields, _form(reporter, opening))
    if opening is not None and not fields:
        try:
            data = _asked(reporter, opening, language)
        except click.Abort:
            aside("")
            example = f"-d {opening.fields[0] if opening.fields else 'KEY'}=TEXT"
            what = f"'{name}' was not sent: type what is asked for, or give it with {example}"
            raise click.UsageError(what) from None
    reporter.send(name, data)


def _form(reporter: Reporter, opening: Open | None) -> Form | None:
    """What a task of the reporter's asks for; messages have no form."""
    if opening is None or not opening.task:
        return None
    try:
        return reporter.form(opening.name)[0]
    except NoSubscription:
        return None


def _asked(reporter: Reporter, opening: Open, language: str) -> dict[str, Any]:
    """What a person answers on the terminal: to the form of a task, or in a few texts."""
    if opening.task:
        from complaintflow.cli.asking import Around, Interview
        from complaintflow.labels import labels

        form, seen = reporter.form(opening.name)
        around = Around(seen.variables, seen.today, seen.functions)
        return Interview(form, around, labels(reporter.bundle, language), language).run()
    aside(bold(clean(opening.question or opening.label)))
    return {field: click.prompt(f"  {field}", err=True, default="", show_default=False) for field in opening.fields}


def _print(progress: Progress, language: str) -> None:
    words = _WORDS[language]
    say(bold(words[progress.status]))
    if progress.promised_at is not None:
        zone = progress.promised_at.tzinfo
        assert zone is not None
        say(words["promised"].format(day=at(progress.promised_at, zone, language)))
    zones = {str(moment.tzinfo) for moment in (progress.promised_at, *(one.at for one in progress.steps)) if moment}
    if zones:
        say(dim(words["zone"].format(zone=", ".join(sorted(zones)))))
    if progress.steps:
        heading(words["steps"])
        for step in progress.steps:
            say(f"  {at(step.at, step.at.tzinfo or UTC, language)}  {clean(step.label)}")
    if progress.letters:
        heading(words["letters"])
        for letter in progress.letters:
            say(f"  {day(letter.at, language)}  {bold(clean(letter.subject))}")
            for line in clean(letter.text, lines=True).splitlines():
                for part in wrap(line, columns() or 100, "    ") if line.strip() else [""]:
                    say(part)
    for title, openings in (("questions", progress.questions), ("messages", progress.messages)):
        if openings:
            heading(words[title])
            table(words["columns"], [
                [cell(one.name, bold=True), cell(one.question or one.label), cell(", ".join(one.fields), dim=True)]
                for one in openings
            ], shrink=1)  # fmt: skip
    if progress.questions or progress.messages:
        say()
        aside(words["how"].format(say=again("reporter NAME"), attach=again("reporter --attach FILE")), dim=True)
