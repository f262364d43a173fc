"""Nobody who speaks up is exposed: what people said stands in no file, log, error or letter to others in the open.

Every process plays its demonstration with a secret in every sealed field, every free text and every message; handlers
fail with what they read in their hands, incidents are resolved, histories exported. Then every byte is searched.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from complaintflow.cli.playing import Play, Step, find_script
from complaintflow.definition.layers import Layers
from complaintflow.errors import ComplaintflowError
from complaintflow.notices.notices import Notice
from complaintflow.testing import Workbench

PROCESSES = ("office", "whistleblower", "hr", "customer", "law-firm", "grievance", "wedding-client")


class Planter:
    """Puts a secret of its own into every text that a person writes, and remembers where."""

    def __init__(self) -> None:
        self.secrets: list[str] = []
        self.sealed: set[str] = set()

    def plant(self, data: Any, marks: Mapping[str, str], path: str = "") -> Any:
        """A copy of ``data`` with secrets in its sealed fields and sentences."""
        if isinstance(data, dict):
            return {name: self.plant(value, marks, f"{path}.{name}".lstrip(".")) for name, value in data.items()}
        if isinstance(data, list):
            return [self.plant(value, marks, f"{path}[]") for value in data]
        if isinstance(data, str) and data and (path in marks or data.count(" ") > 1):  # a name may decide something
            return self._with_secret(data, sealed=path in marks)
        return data

    def _with_secret(self, text: str, *, sealed: bool) -> str:
        if text.strip("-") and text.replace("+", "").replace("-", "").replace(" ", "").isdigit():
            secret = f"139{10_000_000 + 7 * len(self.secrets)}"
            planted = secret
        else:
            secret = f"zq{len(self.secrets):03}Xv{(len(self.secrets) * 7919) % 9973:04}"
            planted = f"{secret}@example.org" if "@" in text else f"{text} {secret}"
        self.secrets.append(secret)
        if sealed:
            self.sealed.add(secret)
        return planted


@dataclass(frozen=True)
class Played:
    """What came of it."""

    benches: list[Workbench]
    planter: Planter
    folder: Path
    notifier: ClumsyNotifier


class ClumsyNotifier:
    """Fails the first time with the letter's text in its error, and keeps what it delivers."""

    def __init__(self) -> None:
        self.tried: set[str] = set()
        self.delivered: list[Notice] = []

    def deliver(self, notice: Notice) -> None:
        """Raise what a careless adapter would raise, then deliver."""
        if notice.key not in self.tried:
            self.tried.add(notice.key)
            raise OSError(f"lost on the way to {notice.to.address}: {notice.subject} {notice.text}")
        self.delivered.append(notice)


def planted(step: Step, planter: Planter, marks: Mapping[str, str], example: Mapping[str, Any]) -> Step:
    """The step with secrets in its data."""
    facts = dict(step.facts)
    if "data" in facts:
        facts["data"] = planter.plant(facts["data"], marks)
    what = step.what
    if step.verb == "start":
        payload = dict(example if what == "example" else what)
        known = {path.removeprefix("reporter."): "a@b.example" if "email" in path else "-" for path in marks}
        asked = {name: value for name, value in known.items() if name in ("name", "email", "address", "department")}
        texts = dict.fromkeys(("subject", "place", "evidence", "wish"), "what nobody else may read")
        what = planter.plant({**texts, **payload, "reporter": {**asked, **payload.get("reporter", {})}}, marks)
    return Step(step.number, step.verb, what, facts, {})


def search(secrets: list[str], places: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Every secret that stands somewhere in the open: in UTF-8 or UTF-16, and whatever the capitals."""
    found = []
    for place, content in places.items():
        lower = content.lower()
        for secret in secrets:
            needle = secret.lower()
            if needle.encode() in lower or needle.encode("utf-16-le") in lower:
                found.append((secret, place))
    return found


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below the folder."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """All processes played, each in a database file of its own, with everything that was logged or raised beside it."""
    folder = tmp_path_factory.mktemp("secrets")
    log = logging.FileHandler(folder / "debug.log")
    root = logging.getLogger()
    level = root.level
    root.addHandler(log)
    root.setLevel(logging.DEBUG)
    planter, notifier = Planter(), ClumsyNotifier()
    errors: list[str] = []
    benches = {process: Workbench(database=f"sqlite:///{folder}/{process}.db") for process in PROCESSES}
    for process, bench in benches.items():
        bench.engine.notifier = notifier
        bundle = bench.engine.library.newest(process)
        example = json.loads(Layers([]).every(f"processes/{process}/payload.json")[0].content)
        play = Play(bench, process, process, example)
        for step in find_script(Layers([]), process):
            await_task(bench, play, step)
            refuse(bench, play, step, planter, errors)
            play.run(planted(step, planter, bundle.seals, example))
            if step.number == 1:
                attach(bench, play, planter)
            # What failed is tried again.
            bench.advance(minutes=1)
            assert play.case is not None
            bench.engine.verify(play.case.id)
        assert play.case is not None
        (folder / f"{process}.evidence.json").write_text(json.dumps(bench.engine.evidence(play.case.id)))
        errors += [repr(play.case), repr(bench.engine.history(play.case.id)), repr(bench.engine.notices(play.case.id))]
    (folder / "errors.txt").write_text("\n".join(errors))
    yield Played(list(benches.values()), planter, folder, notifier)
    root.removeHandler(log)
    root.setLevel(level)
    log.close()


def await_task(bench: Workbench, play: Play, step: Step) -> None:
    """Notices that come late move what comes after them: wait a few days more for the step's task."""
    for _ in range(20):
        if play.case is None:
            return
        play.case = bench.case(play.case.id)
        if step.verb != "complete" or step.what in play.case.waiting_for:
            return
        bench.advance(days=1)


def attach(bench: Workbench, play: Play, planter: Planter) -> None:
    """Three files, with secrets in their names, their content and the reason."""
    assert play.case is not None
    for kind in ("photo of the bill", "list of witnesses", "letter of the supplier"):
        name, content, reason = (planter.plant(f"{what} {kind}", {}) for what in ("a", "this is the", "for the"))
        bench.engine.attach(play.case.id, f"{name}.txt", content.encode(), actor="li.wei", reason=reason)


def refuse(bench: Workbench, play: Play, step: Step, planter: Planter, errors: list[str]) -> None:
    """Try the step with data that its form refuses; the traceback is kept for the search."""
    if step.verb == "complete" and step.facts.get("data") and play.case is not None:
        wrong = {name: {"nested": planter.plant("some secret", {})} for name in step.facts.get("data", {})}
        try:
            bench.complete(play.case, step.what, wrong, actor="somebody")
        except ComplaintflowError:
            errors.append(traceback.format_exc())
        else:
            raise AssertionError(f"{play.process} took a context for every value of '{step.what}'")


def test_no_secret_stands_anywhere_in_the_open(played: Played, capfd: pytest.CaptureFixture[str]) -> None:
    """200 secrets and more: none in the database, its journals, the debug log, tracebacks, reprs or signed exports."""
    secrets = played.planter.secrets
    assert len(set(secrets)) == len(secrets) >= 200
    said = capfd.readouterr()
    places = {**dict(files(played.folder)), "stdout": said.out.encode(), "stderr": said.err.encode()}
    assert "office.db-wal" in places
    assert b"failed on attempt" in places["debug.log"], "nothing failed, so nothing could have leaked"
    assert search(secrets, places) == []
    # The search itself finds what is there.
    assert search(secrets, {"x": b"... " + secrets[0].upper().encode()}) == [(secrets[0], "x")]


def test_letters_to_staff_name_nobody(played: Played) -> None:
    """Whoever gets a notice as a member of a group reads no sealed value, unless the policy opens it to the group."""
    seen = 0
    for bench in played.benches:
        cases = {case.id: case.process for case in bench.engine.cases(limit=1000)}
        for notice in played.notifier.delivered:
            if notice.to.group and notice.case_id in cases:
                policy = bench.engine.bundle(notice.case_id).policy
                granted = {policy.roles[role].group for grant in policy.sealed.values() for role in grant.roles}
                if notice.to.group not in granted:
                    seen += 1
                    text = f"{notice.subject}\n{notice.text}\n{notice.html}".encode()
                    assert search(sorted(played.planter.sealed), {f"{notice.name} to {notice.to.group}": text}) == []
    assert seen > 10


def test_after_the_end_not_even_the_keys_are_left(played: Played) -> None:
    """Shredded, cleaned, checkpointed: no wrapped key stands in any byte, so the key-encryption key opens nothing."""
    for bench in played.benches:
        engine = bench.engine
        cases = engine.cases(limit=1000)
        for case in cases:
            if case.status == "active":
                engine.cancel(case.id, "end of the test")
        with engine.store.reading() as tx:
            wrapped = [key for _, key in tx.sealed_keys("", 1000)]
        assert len(wrapped) == len(cases)
        content = dict(files(played.folder)).values()
        assert all(any(key in file for file in content) for key in wrapped)
        bench.advance(days=366 * 11)
        assert engine.purge().shredded == ()
        bench.advance(days=2)
        assert sorted(engine.purge().shredded) == sorted(case.id for case in cases)
        assert {case.status for case in engine.cases(limit=1000)} == {"shredded"}
        places = dict(files(played.folder))
        assert [key for key in wrapped if any(key in content for content in places.values())] == []
        assert search(played.planter.secrets, places) == []
        assert engine.verify().whole, "times, events and digests can still be proved"
