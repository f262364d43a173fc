"""``complaintflow check``: everything wrong with a process, a layer or a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from complaintflow.cli.data import write_json
from complaintflow.cli.findings import Report, annotate, as_data, print_reports
from complaintflow.cli.session import Session, command, json_option
from complaintflow.errors import UnknownProcess
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.access.identity import Identity
    from complaintflow.check import Changed, Finding
    from complaintflow.definition.definition import Bundle
    from complaintflow.definition.layers import Layers
    from complaintflow.definition.library import Library

_SUFFIXES: Final = (".bpmn", ".dmn", ".form", ".j2", ".toml", ".po", ".json")


@command("check")
@click.argument("subject", required=False, metavar="[PATH|PROCESS]")
@click.option("--strict", is_flag=True, help="Refuse policy values that are still our default.")
@click.option("--defaults", is_flag=True, help="List every policy value that is still our default, with its reason.")
@click.option("--format", "form", type=click.Choice(["text", "json", "github"]), default="text",
              help="How findings are printed; github: annotations of a workflow run.")  # fmt: skip
@json_option
@click.pass_context
def check_command(
    ctx: click.Context,
    session: Session,
    subject: str | None,
    strict: bool,
    defaults: bool,
    form: str,
    as_json: bool,
) -> None:
    """Find everything wrong with a process, a layer folder, or a single file; without an argument, with all processes.

    Lists which layer each part comes from, what a layer changes (numbers of the policy, rules of decision tables; both
    are shown), and which policy values are still our default (--defaults: all of them, with the reasons). Ends with 1
    if there are errors. With -v also the notes, which are only counted otherwise. With --people also the tasks that
    could run out of people.

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
        write_json([as_data(report) for report in reports])
    elif form == "github":
        for report in reports:
            annotate(report)
    else:
        print_reports(reports, verbose=session.verbose > 0, defaults=defaults or session.verbose > 0)
    ctx.exit(1 if errors else 0)


def _reports(session: Session, subject: str | None, strict: bool) -> Iterator[Report]:
    library = session.library()
    known = library.processes()
    if subject is None:
        reports = _processes(library, known, strict, session.identity())
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
        yield _file(path, session)
    elif path.is_dir():
        yield from _folder(session, path, strict)
    elif path.suffix or "/" in subject:
        what = f"there is no file or folder '{subject}'"
        raise UnknownProcess(what, where=str(path.absolute()), advice="see the spelling")
    else:
        yield _process(library, subject, strict, session.identity())  # one that is called; or raises the nearest name


def _processes(library: Library, names: list[str], strict: bool, identity: Identity | None) -> list[Report]:
    """Several processes; what is wrong with the files of one folder is said once."""
    reports = [_process(library, name, strict, identity) for name in names]
    said: set[tuple[str, Finding]] = set()
    told: set[Changed] = set()
    for report in reports:
        found = {(report.home, finding) for finding in report.findings}
        report.findings = [finding for finding in report.findings if (report.home, finding) not in said]
        report.defaults = report.defaults if not any(home == report.home for home, _ in said) else []
        said |= found
        report.changes = [one for one in report.changes if one not in told]
        told |= set(report.changes)
    return reports


def _process(library: Library, name: str, strict: bool, identity: Identity | None = None) -> Report:
    from complaintflow.check import changes, check_bundle, unused_files
    from complaintflow.check.finding import of_error
    from complaintflow.errors import ComplaintflowError, InvalidDiagram
    from complaintflow.time.clock import SystemClock

    try:
        bundle = library.assemble(name)
    except InvalidDiagram as error:
        return Report(name, [of_error(error)])
    home = bundle.home
    payloads = library.layers.every(f"processes/{name}/payload.json")
    layers = library.layers
    files = [*layers.form_files(home), *(part for end in (".j2", ".dmn") for part in layers.process_files(home, end))]
    found = check_bundle(
        bundle,
        strict=strict,
        now=SystemClock().now(),
        payload=payloads[0].content if payloads else None,
        beside=[part.path for part in files],
        identity=identity,
        find=library.addresses.find,
    )
    unused = unused_files(library.layers, [bundle, *_beside(library, name, home)], process=home)
    if unused:  # unless a process of another folder calls it
        every = (_whole(library, one) for one in library.processes())
        unused = unused_files(library.layers, [bundle, *(one for one in every if one is not None)], process=home)
    found += unused
    try:
        defaults = bundle.policy.defaults()
    except ComplaintflowError:
        defaults = []
    worst_first = sorted(found, key=lambda finding: finding.order)
    return Report(name, worst_first, _origins(bundle), defaults, home, changes(bundle, layers))


def _beside(library: Library, name: str, home: str) -> list[Bundle]:
    """The other processes that people start of a folder."""
    names = (one for one in library.processes() if one != name and home in library.addresses.folders(one))
    return [bundle for one in names if (bundle := _whole(library, one)) is not None]


def _whole(library: Library, name: str) -> Bundle | None:
    """A bundle; None where two files have it, which its own report says."""
    from complaintflow.errors import InvalidDiagram

    try:
        return library.assemble(name)
    except InvalidDiagram:
        return None


def _origins(bundle: Bundle) -> dict[str, list[str]]:
    parts: dict[str, list[str]] = {}
    for path, layer in bundle.origin.items():
        parts.setdefault(layer, []).append(path)
    return parts


def _folder(session: Session, path: Path, strict: bool) -> Iterator[Report]:
    """A layer, or the folder of one process inside a layer."""
    if path.parent.name == "processes" and not (path / "processes").is_dir():
        library = _before(path.parent.parent, session)
        names = [name for name in library.processes() if path.name in library.addresses.folders(name)]
        if names:
            yield from _processes(library, names, strict, session.identity())
        else:
            yield from (_file(file, session) for file in sorted(path.rglob("*")) if file.suffix in _SUFFIXES)
        return
    if not (path / "processes").is_dir() and not (path / "forms").is_dir():
        files = [file for file in sorted(path.rglob("*")) if file.suffix in _SUFFIXES]
        if not files:
            raise UnknownProcess(
                "the folder has nothing to check", where=str(path), advice="a layer has processes/<policy>/ in it"
            )
        yield from (_file(file, session) for file in files)
        return
    library = _before(path, session)
    touched = {folder.name for kind in ("processes", "forms") for folder in path.glob(f"{kind}/*") if folder.is_dir()}
    identity = session.identity()
    names = [
        name
        for name in library.processes()
        if "shared" in touched or not touched.isdisjoint(library.addresses.folders(name))
    ]
    reports = _processes(library, names, strict, identity)
    yield from reports
    yield from _leftovers(library, path, reports)


def _before(folder: Path, session: Session) -> Library:
    """The session's definitions with this layer in front, if it is not among them."""
    from complaintflow.definition.layers import Layers
    from complaintflow.definition.library import Library

    there = session.layers()
    if any(layer.processes.resolve() == (folder / "processes").resolve() for layer in there.layers):
        return Library(there)
    return Library(Layers([folder, *session.layer]))


def _leftovers(library: Library, folder: Path, reports: list[Report]) -> Iterator[Report]:
    """What lies in a layer and no process is made of, besides what the processes' own reports say."""
    from complaintflow.check import unused_files

    bundles = [bundle for name in library.processes() if (bundle := _whole(library, name)) is not None]
    said = {finding for report in reports for finding in report.findings}
    found = [finding for finding in unused_files(library.layers, bundles, layer=str(folder)) if finding not in said]
    if found:
        yield Report(f"layer {folder}", found)


@dataclass(frozen=True, slots=True)
class _Below:
    """What a file of a layer is laid over: the layers below its own, and the folder it is in."""

    layers: Layers
    own: int
    folder: str

    @classmethod
    def of(cls, path: Path, session: Session) -> _Below | None:
        """None: the file lies in no layer."""
        places = path.resolve().parents
        at = next((at for at, place in enumerate(places) if at and place.name == "processes"), None)
        if at is None:
            return None
        layers = _before(places[at].parent, session).layers
        own = next(number for number, one in enumerate(layers.layers) if one.processes.resolve() == places[at])
        return cls(layers, own, places[at - 1].name)

    def policies(self) -> list[tuple[str, str]]:
        """(text, file) of the policy files below, the base first."""
        there = {layer.name for layer in self.layers.layers[self.own + 1 :]}
        own = [part for part in self.layers.every(f"processes/{self.folder}/policy.toml") if part.layer in there]
        shared = self.layers.every("processes/shared/policy.toml") if self.folder != "shared" else []
        files = reversed([*own, *shared])
        return [(part.content.decode("utf-8-sig", "replace"), f"{part.layer}/{part.path}") for part in files]

    def notice_parts(self) -> dict[str, bytes]:
        """Name -> content of the parts that notices include, those of the file's own folder last.

        A shared notice may include what only its callers have; whether each of them has it, their own checks say.
        """
        callers = self.layers.processes() if self.folder == "shared" else ()
        folders = dict.fromkeys((*callers, "shared", self.folder))
        parts = (part for folder in folders for part in self.layers.process_files(folder, ".j2"))
        return {part.path.rpartition("/")[2]: part.content for part in parts if "/_" in part.path}


def _file(path: Path, session: Session) -> Report:
    from complaintflow.bpmn.xml import MAX_BYTES
    from complaintflow.check import Finding, changes_of, check_alone

    over = _Below.of(path, session) if path.suffix in (".j2", ".toml", ".dmn") else None
    beside = over.notice_parts() if over is not None and path.suffix == ".j2" else {}
    if path.suffix == ".j2":
        beside |= {str(file): file.read_bytes() for file in path.parent.glob("_*.j2")}
    below = over.policies() if over is not None and path.name == "policy.toml" else []
    try:
        # No more is read than the checks would look at.
        with path.open("rb") as file:
            source = file.read(MAX_BYTES + 1)
    except OSError as error:
        finding = Finding("error", f"the file cannot be read: {error.strerror}", str(path), "see who may read it")
        return Report(str(path), [finding])
    report = Report(str(path), check_alone(str(path), source, beside, below))
    if over is not None:
        own = over.layers.layers[over.own].name
        found = changes_of(f"processes/{over.folder}/{path.name}", over.layers)
        report.changes = [one for one in found if one.layer == own]
    return report
