"""One file by itself: can it be read, and does everything in it make sense without the others?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import PurePosixPath

from complaintflow import feel
from complaintflow.bpmn import reader
from complaintflow.check.diagram import Diagram
from complaintflow.check.finding import ERROR, WARNING, Finding, guarded, of_error
from complaintflow.check.stated import stated
from complaintflow.errors import ComplaintflowError, FeelSyntaxError


def check_file(
    file: str, source: bytes, beside: Mapping[str, bytes] | None = None, below: Sequence[tuple[str, str]] = ()
) -> list[Finding]:
    """What is wrong with one file, by its suffix; a file of another kind has no findings.

    Args:
        file: its name, for the findings.
        source: its content.
        beside: name -> content of the shared notice parts (``_greeting.en.j2``) in the same folder.
        below: (text, name) of the policy files that a layer's policy file is laid over, the base first.
    """
    name = PurePosixPath(file).name
    if name.endswith(".bpmn"):
        found = guarded(file, lambda: _diagram(file, source))
    elif name.endswith(".dmn"):
        found = guarded(file, lambda: _decisions(file, source))
    elif name.endswith(".form"):
        found = guarded(file, lambda: _form(file, source))
    elif name.endswith(".j2"):
        found = guarded(file, lambda: _notice(file, source, beside or {}))
    elif name.endswith("policy.toml"):
        found = guarded(file, lambda: _policy(file, source, below))
    elif name.endswith(".po"):
        found = guarded(file, lambda: _labels(file, source))
    elif name.endswith(".json"):
        found = guarded(file, lambda: _json(file, source))
    else:
        found = []
    return sorted(found, key=lambda finding: finding.order)


# -- diagrams ---------------------------------------------------------------------------------


def _diagram(file: str, source: bytes) -> Iterator[Finding]:
    """Everything that the reader refuses, and every expression that does not parse."""
    diagram = Diagram.read(file, source)
    try:
        source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        yield Finding(ERROR, f"the file is not UTF-8: {error}", file, "save it as UTF-8")
    syntax = [*_syntax(diagram)]
    yield from syntax
    for problem in reader.find_problems({file: source}):
        # Of an element's expressions the reader names the first that does not parse; they were all looked at above.
        if not (syntax and isinstance(problem, FeelSyntaxError)):
            yield of_error(problem, file)


def _syntax(diagram: Diagram) -> Iterator[Finding]:
    for element, text in diagram.formulas():
        try:
            feel.parse(text, where=diagram.where(element))
        except ComplaintflowError as error:
            yield of_error(error, diagram.where(element))


# -- the others -------------------------------------------------------------------------------


def _decisions(file: str, source: bytes) -> Iterator[Finding]:
    from complaintflow.dmn import DecisionModel

    for problem in DecisionModel.parse(source, file=file).problems:
        yield of_error(problem, file)


def _form(file: str, source: bytes) -> Iterator[Finding]:
    from complaintflow.formjs import Form
    from complaintflow.formjs.problems import find_problems

    text = _text(file, source)
    if isinstance(text, Finding):
        yield text
        return
    if problems := find_problems(text, file):
        yield from (of_error(problem, file) for problem in problems)
        return
    form = Form.load(text, file=file)
    if form.id != PurePosixPath(file).stem:
        what = f"the form has the id '{form.id}', which is not its file's name"
        yield Finding(WARNING, what, file, f"save it as {form.id}.form")


def _notice(file: str, source: bytes, beside: Mapping[str, bytes]) -> Iterator[Finding]:
    from complaintflow.notices.notices import NoticeSet

    text = _text(file, source)
    if isinstance(text, Finding):
        yield text
        return
    parts = {name: part.decode("utf-8-sig", "replace") for name, part in beside.items()}
    NoticeSet.load({**parts, file: text})


def _policy(file: str, source: bytes, below: Sequence[tuple[str, str]]) -> Iterator[Finding]:
    from complaintflow.policy.policy import Policy

    text = _text(file, source)
    if isinstance(text, Finding):
        yield text
        return
    # A layer's file need not be complete; only with the files below it can that be said.
    yield from stated(Policy.merge([*below, (text, file)]))


def _labels(file: str, source: bytes) -> Iterator[Finding]:
    from babel.messages.pofile import PoFileError, read_po

    try:
        read_po(BytesIO(source), abort_invalid=True)
    except (PoFileError, ValueError, LookupError) as error:
        yield Finding(ERROR, f"the translations cannot be read: {error}", file, "write msgctxt, msgid and msgstr")


def _json(file: str, source: bytes) -> Iterator[Finding]:
    try:
        json.loads(source.decode("utf-8-sig"))
    except ValueError as error:
        yield Finding(ERROR, f"the file is not JSON: {error}", file, "save it as UTF-8 JSON")


def _text(file: str, source: bytes) -> str | Finding:
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Finding(ERROR, f"the file is not UTF-8: {error}", file, "save it as UTF-8")
