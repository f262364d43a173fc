"""``complaintflow check``: everything wrong with a process, a layer or a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import click

from complaintflow.cli.data import write_json
from complaintflow.cli.look import bold, cell, clean, columns, cut, dim, heading, say, sign, table, wrap
from complaintflow.cli.session import Session, command, json_option
from complaintflow.errors import UnknownProcess

if TYPE_CHECKING:
    from complaintflow.access.identity import Identity
    from complaintflow.check import Finding
    from complaintflow.definition import Bundle
    from complaintflow.library import Library
    from complaintflow.policy import Entry

_SUFFIXES: Final = (".bpmn", ".dmn", ".form", ".j2", ".toml", ".po", ".json")
# Columns of a policy value, at most.
_VALUE: Final = 40
_COLOURS: Final = {"error": "red", "warning": "yellow", "note": "cyan"}
_MARKS: Final = {"error": "bad", "warning": "warning", "note": "quiet"}
_KINDS: Final = {
    ".bpmn": "diagram", ".dmn": "decision table", ".form": "form", ".j2": "notice", ".toml": "policy file",
    ".po": "translation",
}  # fmt: skip


@dataclass(slots=True)
class Report:
    """What was checked and found: one process, one layer or one file.

    Attributes:
        subject: what it is about.
        findings: the worst first.
        parts: layer -> paths of the parts that came from it.
        defaults: policy entries that are still our default.
    """

    subject: str
    findings: list[Finding]
    parts: dict[str, list[str]] = field(default_factory=dict)
    defaults: list[Entry] = field(default_factory=list)


@command("check")
@click.argument("subject", required=False, metavar="[PATH|PROCESS]")
@click.option("--strict", is_flag=True, help="Refuse policy values that are still our default.")
@click.option("--format", "form", type=click.Choice(["text", "json", "github"]), default="text",
              help="How findings are printed; github: annotations of a workflow run.")  # fmt: skip
@json_option
@click.pass_context
def check_command(
    ctx: click.Context, session: Session, subject: str | None, strict: bool, form: str, as_json: bool
) -> None:
    """Find everything wrong with a process, a layer folder, or a single file; without an argument, with all processes.

    Lists which layer each part comes from and which policy values are still our default. Ends with 1 if there are
    errors. With -v also the notes, which are only counted otherwise. With --people also the tasks that could run out of
    people.

    \b
    complaintflow check customer --strict
    complaintflow check my-company
    complaintflow check processes/customer/customer.bpmn
    complaintflow check diagrams/ --format github
    complaintflow check whistleblower --people people.toml
    """
    reports = list(_reports(session, subject, strict))
    errors = sum(finding.severity == "error" for report in reports for finding in report.findings)
    if as_json or form == "json":
        write_json([_json(report) for report in reports])
    elif form == "github":
        for report in reports:
            _annotate(report)
    else:
        for number, report in enumerate(reports):
            if number:
                say()
            _print(report, verbose=session.verbose > 0)
    ctx.exit(1 if errors else 0)


def _reports(session: Session, subject: str | None, strict: bool) -> Iterator[Report]:
    library = session.library()
    known = library.layers.processes()
    if subject is None:
        reports = [_process(library, name, strict, session.identity()) for name in known]
        yield from reports
        for folder in session.layer:
            yield from _leftovers(library, Path(folder), reports)
        return
    path = Path(subject)
    if subject in known and not path.is_file():
        yield _process(library, subject, strict, session.identity())
    elif path.is_file():
        if path.suffix not in _SUFFIXES:
            what = f"'{path.suffix or path.name}' is no kind of file that can be checked"
            raise UnknownProcess(what, where=str(path.absolute()), advice=f"known kinds: {', '.join(_SUFFIXES)}")
        yield _file(path)
    elif path.is_dir():
        yield from _folder(session, path, strict)
    elif path.suffix or "/" in subject:
        what = f"there is no file or folder '{subject}'"
        raise UnknownProcess(what, where=str(path.absolute()), advice="see the spelling")
    else:
        library.newest(subject)  # raises, with the nearest name


def _process(library: Library, name: str, strict: bool, identity: Identity | None = None) -> Report:
    from complaintflow.check import check_bundle, unused_files
    from complaintflow.clock import SystemClock
    from complaintflow.errors import ComplaintflowError

    bundle = library.assemble(name)
    payloads = library.layers.every(f"processes/{name}/payload.json")
    layers = library.layers
    files = [*layers.form_files(name), *(part for end in (".j2", ".dmn") for part in layers.process_files(name, end))]
    found = check_bundle(
        bundle,
        strict=strict,
        now=SystemClock().now(),
        payload=payloads[0].content if payloads else None,
        beside=[part.path for part in files],
        identity=identity,
    )
    found += unused_files(library.layers, [bundle], process=name)
    try:
        defaults = bundle.policy.defaults()
    except ComplaintflowError:
        defaults = []
    return Report(name, sorted(found, key=lambda finding: finding.order), _origins(bundle), defaults)


def _origins(bundle: Bundle) -> dict[str, list[str]]:
    parts: dict[str, list[str]] = {}
    for path, layer in bundle.origin.items():
        parts.setdefault(layer, []).append(path)
    return parts


def _folder(session: Session, path: Path, strict: bool) -> Iterator[Report]:
    """A layer, or the folder of one process inside a layer."""
    if path.parent.name == "processes" and not (path / "processes").is_dir():
        library = _before(path.parent.parent, session)
        if path.name in library.layers.processes():
            yield _process(library, path.name, strict, session.identity())
        else:
            yield from (_file(file) for file in sorted(path.rglob("*")) if file.suffix in _SUFFIXES)
        return
    if not (path / "processes").is_dir() and not (path / "forms").is_dir():
        files = [file for file in sorted(path.rglob("*")) if file.suffix in _SUFFIXES]
        if not files:
            raise UnknownProcess(
                "the folder has nothing to check", where=str(path), advice="a layer has processes/<policy>/ in it"
            )
        yield from map(_file, files)
        return
    library = _before(path, session)
    touched = {folder.name for kind in ("processes", "forms") for folder in path.glob(f"{kind}/*") if folder.is_dir()}
    identity = session.identity()
    reports = [
        _process(library, name, strict, identity)
        for name in library.layers.processes()
        if name in touched or "shared" in touched
    ]
    yield from reports
    yield from _leftovers(library, path, reports)


def _before(folder: Path, session: Session) -> Library:
    """The session's definitions with this layer in front, if it is not among them."""
    from complaintflow.layers import Layers
    from complaintflow.library import Library

    there = session.layers()
    if any(layer.processes.resolve() == (folder / "processes").resolve() for layer in there.layers):
        return Library(there)
    return Library(Layers([folder, *session.layer]))


def _leftovers(library: Library, folder: Path, reports: list[Report]) -> Iterator[Report]:
    """What lies in a layer and no process is made of, besides what the processes' own reports say."""
    from complaintflow.check import unused_files

    bundles = [library.assemble(name) for name in library.layers.processes()]
    said = {finding for report in reports for finding in report.findings}
    found = [finding for finding in unused_files(library.layers, bundles, layer=str(folder)) if finding not in said]
    if found:
        yield Report(f"layer {folder}", found)


def _file(path: Path) -> Report:
    from complaintflow.bpmn.xml import MAX_BYTES
    from complaintflow.check import Finding, check_alone

    beside = {str(file): file.read_bytes() for file in path.parent.glob("_*.j2")} if path.suffix == ".j2" else {}
    try:
        # No more is read than the checks would look at.
        with path.open("rb") as file:
            source = file.read(MAX_BYTES + 1)
    except OSError as error:
        finding = Finding("error", f"the file cannot be read: {error.strerror}", str(path), "see who may read it")
        return Report(str(path), [finding])
    return Report(str(path), check_alone(str(path), source, beside))


# -- output -----------------------------------------------------------------------------------


def _json(report: Report) -> dict[str, Any]:
    return {
        "subject": report.subject,
        "findings": [
            asdict(finding) | {"file": finding.file, "line": finding.line, "element": finding.element}
            for finding in report.findings
        ],
        "parts": report.parts,
        "defaults": [entry._asdict() for entry in report.defaults],
    }


def _annotate(report: Report) -> None:
    """One workflow command of GitHub for each finding; see "Workflow commands" in its documentation."""
    kinds = {"error": "error", "warning": "warning", "note": "notice"}
    for finding in report.findings:
        place = f"file={_escaped(_on_disk(report, finding.file), inside=True)}"
        if finding.line is not None:
            place += f",line={finding.line}"
        element = " ".join(part for part in (finding.label, finding.element and f"({finding.element})") if part)
        title = _escaped(element or "complaintflow", inside=True)
        message = finding.what + (f"\n{finding.advice}" if finding.advice else "")
        say(f"::{kinds[finding.severity]} {place},title={title}::{_escaped(message)}")


def _on_disk(report: Report, file: str) -> str:
    """Where a part of a bundle lies; GitHub knows nothing of layers."""
    for layer, paths in report.parts.items():
        if file in paths and (Path(layer) / file).is_file():
            return (Path(layer) / file).as_posix()
    return file


def _escaped(text: str, *, inside: bool = False) -> str:
    """Text in a workflow command; inside its properties colons and commas would end it."""
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if inside else text


def _print(report: Report, *, verbose: bool) -> None:
    say(bold(report.subject))
    for layer, paths in report.parts.items():
        say(dim("  from ") + layer + dim(f"  {_summary(paths)}"))
    for severity in ("error", "warning", "note"):
        found = [finding for finding in report.findings if finding.severity == severity]
        if found and (severity != "note" or verbose):
            heading(f"{severity.capitalize()}s")
            for finding in found:
                _print_finding(finding)
    if report.defaults:
        _print_defaults(report.defaults, verbose=verbose)
    say()
    say(_verdict(report, verbose=verbose))


def _summary(paths: list[str]) -> str:
    kinds = Counter(_KINDS.get(PurePosixPath(path).suffix, "file") for path in paths)
    return ", ".join(f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in kinds.items())


def _print_finding(finding: Finding) -> None:
    room = columns()
    colour = _COLOURS[finding.severity]
    # What is indented, such as an expression over its caret, stays so.
    parts = [(clean(part.lstrip(" ")), len(part) - len(part.lstrip(" "))) for part in finding.what.split("\n")]
    first, *rest = [line for part, inside in parts for line in wrap(part, room, " " * (4 + inside))]
    say("  " + click.style(sign(_MARKS[finding.severity]), fg=colour) + " " + first.strip())
    for line in rest:
        say(line)
    for line in wrap(clean(finding.where), room, "    "):
        say(dim(line))
    if finding.advice:
        for line in wrap(clean(finding.advice), room, "    "):
            say(line, italic=True)


def _print_defaults(defaults: list[Entry], *, verbose: bool) -> None:
    heading("Still our default (policy.toml)")
    table(("", "", "", ""), [
        [
            cell(f"{entry.section}.{entry.name}"),
            cell(cut(entry.value, None if verbose else _VALUE) or '""', fg="cyan"),
            cell(" ".join(entry.clause), dim=True),
            cell(entry.why if verbose or columns() else "", dim=True),
        ]
        for entry in defaults
    ], shrink=3)  # fmt: skip


def _verdict(report: Report, *, verbose: bool) -> str:
    counts = Counter(finding.severity for finding in report.findings)
    if not counts:
        return click.style(f"{sign('done')} nothing wrong", fg="green")
    parts = [
        click.style(f"{counts[severity]} {severity}{'' if counts[severity] == 1 else 's'}", fg=_COLOURS[severity])
        for severity in ("error", "warning", "note")
        if counts[severity]
    ]
    return ", ".join(parts) + (dim("  (-v lists the notes)") if counts["note"] and not verbose else "")
