"""A definition is its content: everything one process needs, immutable, known by its digest (D9).

Library.newest(id)          the bundle that the layers have now (see ``library.py``)
bundle.check()              compile every part and follow every reference
bundle.pack() -> bytes      what is stored with the first case that uses it
Bundle.unpack(bytes)        the same bundle again, years later
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from complaintflow.bpmn.activities import DecisionTask, UserTask
from complaintflow.bpmn.events import StartEvent
from complaintflow.bpmn.program import FlowSpec, Program
from complaintflow.bpmn.reader import read_program
from complaintflow.calendar import WorkingCalendar
from complaintflow.errors import (
    DefinitionError,
    InvalidDecision,
    InvalidDiagram,
    InvalidForm,
    InvalidNotice,
    InvalidPolicy,
    UnknownProcess,
    UnreadableValue,
)
from complaintflow.layers import SHARED
from complaintflow.policy import Policy

if TYPE_CHECKING:
    from complaintflow.bpmn.node import Node
    from complaintflow.dmn import DecisionModel
    from complaintflow.formjs import Form
    from complaintflow.notices import NoticeSet

FORMAT: Final = "complaintflow bundle 1"
_NO_POLICY: Final = '[policy]\nid = "{0}"\ntitle = "{0}"\nsource = "none"\n'
_POLICY_PATH: Final = re.compile(r"\bpolicy\.([a-z_]+)\.([A-Za-z_][A-Za-z0-9_]*)")
_TIME_CALL: Final = re.compile(r'\b(deadline|repeat)\(\s*"([^"]*)"')


class Bundle:
    """One process with everything it refers to.

    Attributes:
        process_id: the process that a case starts with.
        files: path -> bytes, e.g. ``processes/customer/customer.bpmn``.
        origin: path -> name of the layer it came from (empty for a stored bundle).
        digest: SHA-256 of process id and files, in hex.
    """

    def __init__(self, process_id: str, files: Mapping[str, bytes], origin: Mapping[str, str] | None = None) -> None:
        self.process_id = process_id
        self.files = dict(sorted(files.items()))
        self.origin = dict(origin or {})
        self.digest = _digest(process_id, self.files)

    @cached_property
    def program(self) -> Program:
        """The compiled diagrams. Raises DefinitionError."""
        return read_program(self._of(".bpmn"))

    @cached_property
    def process(self) -> FlowSpec:
        """The process that a case starts with."""
        return self.program.process(self.process_id)

    @cached_property
    def policy(self) -> Policy:
        """The numbers, roles and intervals, layers merged. Raises InvalidPolicy."""
        paths = sorted((path for path in self.files if path.endswith("policy.toml")), key=self._distance, reverse=True)
        texts = [(_text(self.files[path], path, InvalidPolicy), self._policy_name(path)) for path in paths]
        # A diagram from elsewhere need not come with a policy file.
        return Policy.merge(texts or [(_NO_POLICY.format(self.process_id), "policy.toml")])

    def _policy_name(self, path: str) -> str:
        """The file as its author knows it: in a bundle each layer's policy file carries its number."""
        name = PurePosixPath(path).with_name("policy.toml").as_posix()
        layer = self.origin.get(path)
        return f"{layer}/{name}" if layer else name

    def _distance(self, path: str) -> tuple[int, int]:
        """How far a policy file is: the own policy's nearest layer first, then called ones, shared values last."""
        place = PurePosixPath(path)
        room = 0 if place.parent.name == self.process_id else 2 if place.parent.name == SHARED else 1
        depth = place.name.partition(".")[0]
        return room, int(depth) if depth.isdigit() else 0

    @cached_property
    def policy_context(self) -> dict[str, Any]:
        """What expressions read as ``policy``."""
        return dict(self.policy.as_context())

    @cached_property
    def calendar(self) -> WorkingCalendar:
        """The calendar the policy file describes."""
        return WorkingCalendar(**self.policy.calendar_options())

    @cached_property
    def forms(self) -> dict[str, Form]:
        """Forms by id. Raises InvalidForm."""
        from complaintflow.formjs import Form

        forms: dict[str, Form] = {}
        for path, source in self._of(".form").items():
            form = Form.load(_text(source, path, InvalidForm), file=path)
            if form.id in forms:
                raise InvalidForm(f"two forms have the id '{form.id}'", where=path, advice="rename one of them")
            forms[form.id] = form
        return forms

    @cached_property
    def decisions(self) -> dict[str, DecisionModel]:
        """Decision id -> the model that has it. Raises InvalidDecision."""
        from complaintflow.dmn import DecisionModel

        models = [DecisionModel.parse(source, file=path) for path, source in self._of(".dmn").items()]
        for problem in (problem for model in models for problem in model.problems):
            raise problem
        return {decision: model for model in models for decision in model.decisions}

    @cached_property
    def notices(self) -> NoticeSet:
        """The notice templates. Raises InvalidNotice."""
        from complaintflow.notices import NoticeSet

        texts = {
            f"notices/{PurePosixPath(path).name}": _text(source, path, InvalidNotice)
            for path, source in self._of(".j2").items()
        }
        return NoticeSet.load(texts)

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

    def intake_form(self, start: str | None = None) -> Form | None:
        """The form of the start event, if it links one."""
        event = self.process.task_specs[start] if start is not None else self.process.plain_start
        form_id = event.form_id if isinstance(event, StartEvent) else None
        return self.forms[form_id] if form_id is not None else None

    def check(self) -> None:
        """Compile every part and follow every reference.

        Raises:
            DefinitionError: the first thing that does not fit.
        """
        for path, source in self.files.items():
            _text(source, path, DefinitionError)
        program = self.program
        self._check_references(program)
        self._check_policy_names(program)
        self._check_commitments(program)

    def _check_references(self, program: Program) -> None:
        for called in sorted(program.called_processes() - program.processes.keys()):
            raise UnknownProcess(
                f"a call activity calls the process '{called}', which no layer has", where=self.process.file
            )
        for node in program.nodes:
            form_id = node.form_id if isinstance(node, (UserTask, StartEvent)) else None
            if form_id and form_id not in self.forms:
                raise InvalidForm(
                    f"there is no form '{form_id}'", where=node.where, advice=nearest(form_id, self.forms)
                )
            if isinstance(node, DecisionTask) and node.decision is not None and node.decision.expression is None:
                decision = node.decision.text
                if decision not in self.decisions:
                    raise InvalidDecision(
                        f"there is no decision '{decision}'", where=node.where, advice=nearest(decision, self.decisions)
                    )
            notice = node.headers.get("notice")
            if notice and notice not in self.notices.names:
                raise InvalidNotice(
                    f"there is no notice '{notice}'", where=node.where, advice=nearest(notice, self.notices.names)
                )
            to = node.headers.get("to", "")
            if to.startswith("role:"):
                self.policy.entry("roles", to.removeprefix("role:"))

    def _check_policy_names(self, program: Program) -> None:
        known = self.policy_context
        for path, source in self.files.items():
            if not path.endswith((".bpmn", ".form", ".dmn", ".j2")):
                continue
            text = source.decode("utf-8", "replace").replace("&quot;", '"').replace("&#34;", '"')
            for section, name in _POLICY_PATH.findall(text):
                if section in known and name not in known[section]:
                    raise InvalidDiagram(
                        f"policy.{section}.{name} is not in the policy file",
                        where=path,
                        advice=nearest(name, known[section]),
                    )
            for function, name in _TIME_CALL.findall(text.replace('\\"', '"')):
                if function == "deadline":
                    self.policy.deadline(name)
                else:
                    self.policy.repeat(name)

    def _check_commitments(self, program: Program) -> None:
        decided = {name for node in program.nodes if (name := node.properties.get("decides"))}
        for node in program.nodes:
            needed = self.commitment(node)
            if needed is not None and needed not in decided:
                raise InvalidDiagram(
                    f"'{node.label}' commits to the decision '{needed}', which no task decides",
                    where=node.where,
                    advice=f'give the deciding task the property decides="{needed}"',
                )

    def pack(self) -> bytes:
        """The bundle's files as one compressed text."""
        files = {path: source.decode() for path, source in self.files.items()}
        return zlib.compress(json.dumps([FORMAT, self.process_id, files], ensure_ascii=False).encode(), 6)

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


def nearest(name: str, known: Iterable[str]) -> str:
    """The advice for a name that is not among those known."""
    from difflib import get_close_matches

    known = list(known)
    close = get_close_matches(name, known, 1)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"there are: {', '.join(sorted(known)) or 'none'}"
