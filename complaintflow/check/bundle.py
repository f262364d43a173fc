"""One process with all it refers to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from complaintflow.check.duties import duties
from complaintflow.check.facts import Facts
from complaintflow.check.files import check_file
from complaintflow.check.finding import ERROR, NOTE, WARNING, Finding, guarded, of_error, readable
from complaintflow.check.formulas import formulas
from complaintflow.check.numbers import numbers
from complaintflow.check.people import people
from complaintflow.check.places import located
from complaintflow.check.references import habits, references
from complaintflow.check.starts import starts
from complaintflow.check.stated import stated
from complaintflow.check.surges import surges
from complaintflow.check.times import times
from complaintflow.check.usage import unused_entries
from complaintflow.check.variables import variables
from complaintflow.check.ways import ways
from complaintflow.definition.definition import Bundle
from complaintflow.errors import ComplaintflowError, InvalidData

if TYPE_CHECKING:
    from complaintflow.access.identity import Identity


def check_bundle(
    bundle: Bundle,
    *,
    strict: bool = False,
    now: datetime | None = None,
    payload: bytes | None = None,
    beside: Iterable[str] = (),
    identity: Identity | None = None,
    find: Callable[[str], str | None] | None = None,
) -> list[Finding]:
    """Everything wrong with a process, the worst first.

    Args:
        bundle: from `Library.assemble`, which does not check it.
        strict: policy values that are still our default are errors.
        now: aware; with it, years whose official holidays are unknown are reported.
        payload: the example that the process ships, to be held against its intake form.
        beside: paths of files that could have been meant where a name leads nowhere.
        identity: with it, tasks that could run out of people are reported.
        find: gives the file of a process, None where there is none; with it, surges that begin nothing are reported.
    """
    facts = Facts(bundle, beside)
    found = [finding for path, source in bundle.files.items() for finding in _part(bundle, path, source)]
    found += guarded("policy.toml", lambda: _policy(bundle, strict, now))
    if any(path.endswith(".bpmn") and path not in facts.legible for path in bundle.files):
        # What else there would be to say follows from what is not known of that diagram.
        return located(map(_shown, found), facts.diagrams)
    for look in (references, numbers, habits, ways, times, variables, duties, unused_entries):
        found += guarded(bundle.process_id, lambda look=look: look(facts))  # type: ignore[misc]
    found += guarded(bundle.process_id, lambda: formulas(facts, found))
    if facts.policy is not None and bundle.process_id in facts.program.processes:
        found += guarded(bundle.process_id, lambda: starts(facts.readable, now))
        if identity is not None:
            found += guarded(bundle.process_id, lambda: people(facts.readable, identity))
        if find is not None:
            found += guarded("policy.toml", partial(surges, facts, find))
        if payload is not None:
            found += guarded("payload.json", lambda: _example(facts.readable, payload))
    if not any(finding.severity == ERROR for finding in found):
        # The engine's own word: whatever it refuses and nobody here saw must not pass.
        found += guarded(bundle.process_id, lambda: _engine(bundle))
    return located(map(_shown, found), facts.diagrams)


def check_alone(
    file: str, source: bytes, beside: Mapping[str, bytes] | None = None, below: Sequence[tuple[str, str]] = ()
) -> list[Finding]:
    """Everything that can be said of one file without the others; arguments as for `check_file`."""
    facts = Facts(Bundle("", {file: source}))
    found = check_file(file, source, beside, below)
    for look in (numbers, habits, ways):
        found += guarded(file, lambda look=look: look(facts))  # type: ignore[misc]
    found += guarded(file, lambda: formulas(facts, found))
    return located(found, facts.diagrams)


def _part(bundle: Bundle, path: str, source: bytes) -> list[Finding]:
    if path.endswith("policy.toml"):
        return []  # only all layers together are complete
    beside = {}
    if path.endswith(".j2"):
        if PurePosixPath(path).name.startswith("_"):
            return []  # a shared part is compiled with the notices that include it
        beside = {
            f"notices/{name}": text
            for other, text in bundle.files.items()
            if (name := PurePosixPath(other).name).startswith("_") and name.endswith(".j2")
        }
    found = check_file(path, source, beside)
    if path.endswith(".bpmn"):
        return [finding for finding in found if not finding.what.startswith("no file has an executable process")]
    return found


def _policy(bundle: Bundle, strict: bool, now: datetime | None) -> Iterator[Finding]:
    policy = bundle.policy
    for called in bundle.policies.ids:
        said = [*stated(bundle.policies.of(called))]  # raises what is wrong with it
        yield from said
        if any(finding.severity == ERROR for finding in said):
            now = None  # a calendar that cannot be used knows no year
    if strict:
        for entry in policy.defaults():
            where = f"{entry.file}, line {entry.line}" if entry.line else entry.file
            advice = f'set it in your own policy.toml, with from = "document" ({entry.why})'
            yield Finding(ERROR, f"{entry.section}.{entry.name} = {entry.value} is still our default", where, advice)
    if now is None:
        return
    year = now.astimezone(bundle.calendar.zone).year
    for one, severity in ((year, WARNING), (year + 1, NOTE)):
        if bundle.calendar.provisional(one):
            yield Finding(
                severity,
                f"the official holidays of {one} are not known here, so deadlines in it are provisional",
                "the calendar",
                "upgrade the holidays package when they are published, or enter them as confirmed_years",
            )


def _engine(bundle: Bundle) -> Iterator[Finding]:
    try:
        bundle.check()
        _ = bundle.process
    except ComplaintflowError as error:
        yield of_error(error, bundle.process_id)


def _example(bundle: Bundle, payload: bytes) -> Iterator[Finding]:
    where = f"processes/{bundle.process_id}/payload.json"
    try:
        data = json.loads(payload.decode("utf-8-sig"))
    except ValueError as error:
        yield Finding(ERROR, f"the example is not JSON: {error}", where, "save it as UTF-8 JSON")
        return
    form = bundle.intake_form()
    if form is None or not isinstance(data, dict):
        return
    try:
        form.validate(data, {"policy": bundle.policy_context})
    except InvalidData as error:
        for field, sentence in error.problems:
            yield Finding(ERROR, f"the example violates the intake form: {field}: {sentence}", where, error.remedy)


def _shown(finding: Finding) -> Finding:
    return Finding(finding.severity, finding.what, readable(finding.where), finding.advice)
