"""How findings are printed: for people, as JSON, and as annotations of a workflow run."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import click

from complaintflow.cli.look import bold, cell, clean, columns, dim, heading, say, sign, table, width, wrap
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.check import Changed, Finding
    from complaintflow.policy.policy import Entry

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
        home: the folder of the process.
        changes: what a layer says otherwise than those below it.
    """

    subject: str
    findings: list[Finding]
    parts: dict[str, list[str]] = field(default_factory=dict)
    defaults: list[Entry] = field(default_factory=list)
    home: str = ""
    changes: list[Changed] = field(default_factory=list)

    def layer_of(self, finding: Finding) -> str:
        """The layer whose file it is in; "" where that is not a part of a process."""
        file = finding.file.partition(", ")[0]  # A component of a form stands behind its file, too.
        return next((layer for layer, paths in self.parts.items() if file in paths), "")

    def place(self, finding: Finding) -> str:
        """Where it is, for people: with the layer, for several may have a file of that name."""
        layer = self.layer_of(finding)
        return f"{layer}/{finding.where}" if layer else finding.where


def as_data(report: Report) -> dict[str, Any]:
    """For programs."""
    return {
        "subject": report.subject,
        "findings": [
            asdict(finding)
            | {
                "file": finding.file,
                "line": finding.line,
                "element": finding.element,
                "layer": report.layer_of(finding),
            }
            for finding in report.findings
        ],
        "parts": report.parts,
        "defaults": [entry._asdict() for entry in report.defaults],
        "changes": [one._asdict() for one in report.changes],
    }


def annotate(report: Report) -> None:
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


def print_reports(reports: list[Report], *, verbose: bool, defaults: bool) -> None:
    """For people: one report after the other; below several of them, what it comes to."""
    for number, report in enumerate(reports):
        if number:
            say()
        _print_report(report, verbose=verbose, defaults=defaults)
    if len(reports) > 1:
        _print_summary(reports, verbose=verbose)
    if any(report.defaults for report in reports) and not defaults:
        say(dim("--defaults lists the values that are still ours, their clauses and why they are as they are"))


def _print_report(report: Report, *, verbose: bool, defaults: bool) -> None:
    """The parts, the findings by severity, and what is still our default."""
    say(bold(report.subject))
    for layer, paths in report.parts.items():
        say(dim("  from ") + layer + dim(f"  {_summary(paths)}"))
    for severity in ("error", "warning", "note"):
        found = [finding for finding in report.findings if finding.severity == severity]
        if found and (severity != "note" or verbose):
            heading(f"{severity.capitalize()}s")
            for finding in found:
                _print_finding(finding, report.place(finding))
    if report.changes:
        _print_changes(report.changes)
    if report.defaults:
        (_print_defaults if defaults else _count_defaults)(report.defaults)
    say()
    say(_verdict(report.findings, verbose=verbose))


def _summary(paths: list[str]) -> str:
    kinds = Counter(_KINDS.get(PurePosixPath(path).suffix, "file") for path in paths)
    return ", ".join(f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in kinds.items())


def _print_finding(finding: Finding, where: str) -> None:
    room = columns()
    colour = _COLOURS[finding.severity]
    # What is indented, such as an expression over its caret, stays so.
    parts = [(clean(part.lstrip(" ")), len(part) - len(part.lstrip(" "))) for part in finding.what.split("\n")]
    first, *rest = [line for part, inside in parts for line in wrap(part, room, " " * (4 + inside))]
    say("  " + click.style(sign(_MARKS[finding.severity]), fg=colour) + " " + first.strip())
    for line in rest:
        say(line)
    for line in wrap(clean(where), room, "    "):
        say(dim(line))
    if finding.advice:
        for line in wrap(clean(finding.advice), room, "    "):
            say(line, italic=True)


def _count_defaults(defaults: list[Entry]) -> None:
    """Their names by section: what a designer looks through to see what is left."""
    heading("Still our default (policy.toml)")
    sections: dict[str, list[str]] = {}
    for entry in defaults:
        sections.setdefault(entry.section, []).append(entry.name)
    longest = max(map(len, sections))
    for section, names in sections.items():
        for number, line in enumerate(wrap(", ".join(names), (columns() or 120) - longest - 4)):
            say(f"  {(section if number == 0 else '').ljust(longest)}  {line}")


def _print_summary(reports: list[Report], *, verbose: bool) -> None:
    """How many were checked, and those with something that has to be looked at, the worst first."""
    heading(f"In all: {len(reports)} checked")
    counted = [(report.subject, Counter(finding.severity for finding in report.findings)) for report in reports]
    wrong = [(subject, found) for subject, found in counted if found["error"] or found["warning"]]
    if wrong:
        wrong.sort(key=lambda one: (-one[1]["error"], -one[1]["warning"]))
        table(("", "ERRORS", "WARNINGS"), [
            [cell(subject), cell(found["error"] or "", fg="red"), cell(found["warning"] or "", fg="yellow")]
            for subject, found in wrong
        ])  # fmt: skip
    else:
        say("  no errors, no warnings")
    values = sum(len(report.defaults) for report in reports)
    if values:
        say(dim(f"  still our default: {values} value{'' if values == 1 else 's'} of policy files"))
    say("  " + _verdict([finding for report in reports for finding in report.findings], verbose=verbose))


def _print_defaults(defaults: list[Entry]) -> None:
    """Each on its line and its reason below it, whole however narrow the terminal is."""
    heading("Still our default (policy.toml)")
    for entry in defaults:
        named = f"{entry.section}.{entry.name}"
        line = "  ".join(part for part in (named, clean(entry.value) or '""', " ".join(entry.clause)) if part)
        for number, part in enumerate(_folded(line)):
            say(part.replace(named, bold(named), 1) if number == 0 else part)
        for part in wrap(clean(entry.why), columns(), "      "):
            say(dim(part))


def _print_changes(changes: list[Changed]) -> None:
    """Both values beside each other; below each other where they do not fit."""
    heading("Changed by a layer")
    for one in changes:
        for part in _folded(f"{one.name}  ({one.file})"):
            say(part)
        values = [f"{layer}: {clean(text)}" for layer, text in ((one.below, one.before), (one.layer, one.after))]
        room, line = columns(), "      " + "    ".join(values)
        if room is None or width(line) <= room:
            say(click.style(line, fg="cyan"))
            continue
        for value in values:
            for part in _folded(value, "      "):
                say(part, fg="cyan")


def _folded(text: str, indent: str = "  ") -> list[str]:
    """A line that goes on further in where it does not fit."""
    room = columns()
    first, *rest = wrap(text, room, indent)
    return [first, *wrap(" ".join(one.strip() for one in rest), room, indent + "    ")] if rest else [first]


def _verdict(findings: list[Finding], *, verbose: bool) -> str:
    counts = Counter(finding.severity for finding in findings)
    if not counts:
        return click.style(f"{sign('done')} nothing wrong", fg="green")
    parts = [
        click.style(f"{counts[severity]} {severity}{'' if counts[severity] == 1 else 's'}", fg=_COLOURS[severity])
        for severity in ("error", "warning", "note")
        if counts[severity]
    ]
    return ", ".join(parts) + (dim("  (-v lists the notes)") if counts["note"] and not verbose else "")
