"""A definition is its content: everything one process needs, immutable, known by its digest (D9).

Library.newest(id)          the bundle that the layers have now (see ``library``)
bundle.check()              compile every part and follow every reference
bundle.pack() -> bytes      what is stored with the first case that uses it
Bundle.unpack(bytes)        the same bundle again, years later
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import orjson

from complaintflow.bpmn.events import StartEvent
from complaintflow.bpmn.naming import declared
from complaintflow.bpmn.program import FlowSpec, Program
from complaintflow.bpmn.reader import read_program
from complaintflow.definition import answering, fitting
from complaintflow.definition.forms import Forms
from complaintflow.definition.layers import SHARED, Part
from complaintflow.definition.marks import DroppedMark, dropped_marks, dropped_seals
from complaintflow.definition.policies import Policies
from complaintflow.errors import (
    DefinitionError,
    InvalidDecision,
    InvalidForm,
    InvalidNotice,
    UnreadableValue,
)
from complaintflow.history.facts import reads
from complaintflow.policy.policy import Policy
from complaintflow.time.calendar import WorkingCalendar

if TYPE_CHECKING:
    from complaintflow.bpmn.node import Node
    from complaintflow.dmn import DecisionModel
    from complaintflow.formjs import Form
    from complaintflow.notices.notices import NoticeSet

FORMAT: Final = "complaintflow bundle 1"


class Bundle:
    """One process with everything it refers to.

    Attributes:
        process_id: the process that a case starts with.
        files: path -> bytes, e.g. ``processes/customer/customer.bpmn``.
        origin: path -> name of the layer it came from (empty for a stored bundle).
        replaced: path -> the files of that name in the layers below, the nearest first (empty for a stored bundle).
        digest: SHA-256 of process id and files, in hex.
    """

    def __init__(
        self,
        process_id: str,
        files: Mapping[str, bytes],
        origin: Mapping[str, str] | None = None,
        replaced: Mapping[str, Sequence[Part]] | None = None,
    ) -> None:
        self.process_id = process_id
        self.files = dict(sorted(files.items()))
        self.origin = dict(origin or {})
        self.replaced = dict(replaced or {})
        self.digest = _digest(process_id, self.files)
        self._checked = False
        self._notices: dict[str, NoticeSet] = {}

    @cached_property
    def program(self) -> Program:
        """The compiled diagrams. Raises DefinitionError."""
        return read_program(self._of(".bpmn"), checked=self._checked)

    @cached_property
    def process(self) -> FlowSpec:
        """The process that a case starts with."""
        return self.program.process(self.process_id)

    @cached_property
    def home(self) -> str:
        """The folder that the process lies in, whose policy governs it; without any, its id."""
        # A process is most often in the file of its name, and one of a called folder's may have its id too.
        own, shared = f"processes/{self.process_id}/{self.process_id}.bpmn", f"processes/{SHARED}/"
        for path in sorted(self._of(".bpmn"), key=lambda path: (path != own, path.startswith(shared))):
            if path.count("/") > 1 and self.process_id in declared(self.files[path], path):
                return PurePosixPath(path).parts[1]
        return self.process_id

    @cached_property
    def policy(self) -> Policy:
        """The process's own numbers, roles and intervals, layers merged. Raises InvalidPolicy."""
        return self.policies.of(self.policies.own)

    @cached_property
    def policies(self) -> Policies:
        """The bundle's own policy and those of called processes."""
        return Policies(self.home, self.files, self.origin)

    @cached_property
    def policy_context(self) -> dict[str, Any]:
        """What expressions read as ``policy``."""
        return self.policies.context(self.policies.own)

    @cached_property
    def calendar(self) -> WorkingCalendar:
        """The calendar the policy file describes."""
        return self.policies.calendar(self.policies.own)

    @cached_property
    def forms(self) -> Forms:
        """Forms by id. Raises InvalidForm."""
        texts = {path: _text(source, path, InvalidForm) for path, source in self._of(".form").items()}
        texts |= {f"{path}, form {form_id}": text for form_id, (path, text) in self.program.forms.items()}
        return Forms.load(texts, checked=self._checked)

    @cached_property
    def seals(self) -> dict[str, str]:
        """Path of a value -> the class that a form marks it with (``properties: {"sealed": "identity"}``)."""
        return self.forms.seals()

    @cached_property
    def counted(self) -> frozenset[str]:
        """The variables that the policy's facts read."""
        return frozenset().union(*map(reads, self.policy.facts.values()))

    @cached_property
    def decisions(self) -> dict[str, DecisionModel]:
        """Decision id -> the model that has it. Raises InvalidDecision."""
        from complaintflow.dmn import DecisionModel

        models = [DecisionModel.parse(source, file=path) for path, source in self._of(".dmn").items()]
        for problem in (problem for model in models for problem in model.problems):
            raise problem
        found: dict[str, DecisionModel] = {}
        for model in models:
            for decision in model.decisions:
                if decision in found:
                    what = f"two tables have the decision '{decision}'"
                    raise InvalidDecision(what, where=f"{found[decision].file} and {model.file}", advice="rename one")
                found[decision] = model
        return found

    @cached_property
    def notices(self) -> NoticeSet:
        """The notice templates of the process itself. Raises InvalidNotice."""
        return self.notices_of(self.policies.own)

    def notices_of(self, policy_id: str) -> NoticeSet:
        """The templates as processes of one policy find them, each compiled when it is used. Raises InvalidNotice."""
        from complaintflow.notices.notices import NoticeSet

        if policy_id not in self._notices:
            files = self.notice_files(policy_id).items()
            self._notices[policy_id] = NoticeSet.named(
                {f"notices/{name}": _text(self.files[path], path, InvalidNotice) for name, path in files}
            )
        return self._notices[policy_id]

    def notice_files(self, policy_id: str) -> dict[str, str]:
        """File name -> path of the templates of one policy: its own go before shared ones, others come last."""
        found: dict[str, str] = {}
        for path in sorted(self._of(".j2"), key=lambda path: self._reach(path, policy_id)):
            found.setdefault(PurePosixPath(path).name, path)
        return found

    def _reach(self, path: str, policy_id: str) -> tuple[int, str]:
        governing = self.policies.governing(path)
        if governing is not None:
            return (0 if governing == policy_id else 3), path
        return (1 if PurePosixPath(path).parts[1] == SHARED else 2), path

    @cached_property
    def committing(self) -> dict[str, str]:
        """Notice name -> the decision it depends on: one element that commits speaks for all that send the notice."""
        found: dict[str, str] = {}
        for node in self.program.nodes:
            if "commits" in node.properties and "notice" in node.headers:
                found[node.headers["notice"]] = node.properties["commits"]
        return found

    def commitment(self, node: Node) -> str | None:
        """The decision that must exist before this node may begin (D16), if it promises anything."""
        return node.properties.get("commits") or self.committing.get(node.headers.get("notice", ""))

    @cached_property
    def dropped_marks(self) -> list[DroppedMark]:
        """Marks that guard a promise or seal a field in a lower layer, and are gone from the file in force (D16)."""
        found: list[DroppedMark] = []
        for path, below in self.replaced.items():
            policy_id = self.policies.governing(path) or self.policies.own
            meant = self.policies.of(policy_id).head.dropped_marks
            part = Part(path, self.origin.get(path, ""), self.files[path])
            found += (dropped_seals if path.endswith(".form") else dropped_marks)(part, below, meant)
        return found

    def intake_form(self, start: str | None = None) -> Form | None:
        """The form of the start event, if it links one."""
        event = self.process.task_specs[start] if start is not None else self.process.plain_start
        form_id = event.form_id if isinstance(event, StartEvent) else None
        return self.forms[form_id] if form_id is not None else None

    def trust(self) -> None:
        """Take every part for checked, because the digest is one that was: each is compiled when it is needed.

        To be said before anything of the bundle is looked at.
        """
        self._checked = True

    def check(self) -> None:
        """Compile every part and follow every reference.

        Raises:
            DefinitionError: the first thing that does not fit.
        """
        for path, source in self.files.items():
            _text(source, path, DefinitionError)
        fitting.check(self)
        answering.check(self)

    def pack(self) -> bytes:
        """The bundle's files as one compressed text."""
        files = {path: source.decode() for path, source in self.files.items()}
        # A first case waits for it: a tenth smaller would take twice as long.
        return zlib.compress(orjson.dumps([FORMAT, self.process_id, files]), 4)

    @classmethod
    def unpack(cls, content: bytes) -> Bundle:
        """A stored bundle.

        Raises:
            UnreadableValue: the bytes are not one.
        """
        try:
            bundle_format, process_id, files = json.loads(zlib.decompress(content))
        except (ValueError, zlib.error) as error:
            raise UnreadableValue(f"a stored definition does not decode: {error}") from None
        if bundle_format != FORMAT:
            raise UnreadableValue(
                f"a stored definition has the format '{bundle_format}', this release reads '{FORMAT}'"
            )
        return cls(process_id, {path: text.encode() for path, text in files.items()})

    def _of(self, suffix: str) -> dict[str, bytes]:
        return {path: source for path, source in self.files.items() if path.endswith(suffix)}


def _digest(process_id: str, files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256(process_id.encode())
    for path, source in files.items():
        digest.update(f"\n{path} {len(source)}\n".encode())
        digest.update(source)
    return digest.hexdigest()


def _text(source: bytes, path: str, error: type[DefinitionError]) -> str:
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise error(f"the file is not UTF-8: {problem}", where=path, advice="save it as UTF-8") from None
