"""What the checks know of a bundle: each part read on its own, so that one broken part does not hide the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from complaintflow.bpmn.reader import read_partly
from complaintflow.check.diagram import Diagram
from complaintflow.check.finding import nearest
from complaintflow.definition.definition import Bundle
from complaintflow.definition.forms import Forms
from complaintflow.definition.reach import reach
from complaintflow.errors import ComplaintflowError

if TYPE_CHECKING:
    from complaintflow.bpmn.program import Program
    from complaintflow.definition.marks import DroppedMark
    from complaintflow.dmn import DecisionModel
    from complaintflow.formjs import Form
    from complaintflow.policy.policy import Policy

SECTIONS: Final = (
    "deadlines", "repeats", "roles", "bounds", "amounts", "texts", "lists", "switches", "retention",
)  # fmt: skip
_NOTICE: Final = re.compile(r"(?P<name>[a-z0-9][a-z0-9_-]*)\.(?P<language>[a-zA-Z_-]+)\.j2")


class Facts:
    """A bundle in parts; what cannot be read is missing here, and is reported with its own file.

    Attributes:
        bundle: the bundle.
        beside: paths of files that lie beside its parts and that nothing in it names: perhaps they were meant.
        texts: path -> text of every part in which names can be looked for, quotes as people write them.
    """

    def __init__(self, bundle: Bundle, beside: Iterable[str] = ()) -> None:
        self.bundle = bundle
        self.beside = tuple(beside)
        self.texts = {
            path: source.decode("utf-8", "replace").replace("&quot;", '"').replace("&#34;", '"').replace('\\"', '"')
            for path, source in bundle.files.items()
            if path.endswith((".bpmn", ".form", ".dmn", ".j2"))
        }

    @cached_property
    def readable(self) -> Bundle:
        """The bundle with what can be read of its parts, so that what does not fit is found whatever else is wrong."""
        bundle = self.bundle
        copy = Bundle(bundle.process_id, bundle.files, bundle.origin, bundle.replaced)
        copy.program = self.program
        copy.forms = Forms({name: form for name, (_, form) in self.forms.items()})
        copy.decisions = {name: model for name, (_, model) in self._tables.items()}
        return copy

    @cached_property
    def program(self) -> Program:
        """What can be read of the diagrams."""
        diagrams = {path: source for path, source in self.bundle.files.items() if path.endswith(".bpmn")}
        return read_partly(diagrams)[0]

    @cached_property
    def diagrams(self) -> list[Diagram]:
        """The diagrams that are XML."""
        return [
            diagram
            for path, source in self.bundle.files.items()
            if path.endswith(".bpmn") and (diagram := _diagram(path, source)) is not None
        ]

    @property
    def legible(self) -> set[str]:
        """Paths of the diagrams that are XML."""
        return {diagram.file for diagram in self.diagrams}

    @cached_property
    def policy(self) -> Policy | None:
        """The merged policy."""
        try:
            return self.bundle.policy
        except ComplaintflowError:
            return None

    @cached_property
    def policies(self) -> dict[str, Policy]:
        """All policies that can be read by id: the process's own first, then those of called processes."""
        try:
            ids = self.bundle.policies.ids
        except ComplaintflowError:
            return {}
        return {one: policy for one in ids if (policy := self._read(one)) is not None}

    def _read(self, policy_id: str) -> Policy | None:
        try:
            return self.bundle.policies.of(policy_id)
        except ComplaintflowError:
            return None

    def governing(self, path: str) -> list[Policy]:
        """The policies under which a file is used, those that can be read."""
        ids = self._reach.get(path, tuple(self.policies)[:1])
        return [self.policies[one] for one in ids if one in self.policies]

    @cached_property
    def _reach(self) -> dict[str, tuple[str, ...]]:
        try:
            return reach(self.readable)
        except ComplaintflowError:
            return {}

    @cached_property
    def names(self) -> Mapping[str, Mapping[str, Any]]:
        """Policy section -> the names in it."""
        return {section: getattr(self.policy, section) for section in SECTIONS} if self.policy is not None else {}

    @cached_property
    def dropped_marks(self) -> list[DroppedMark]:
        """Marks that layers below have (D16)."""
        try:
            return self.bundle.dropped_marks
        except ComplaintflowError:
            return []

    @cached_property
    def forms(self) -> dict[str, tuple[str, Form]]:
        """Form id -> path and form."""
        from complaintflow.formjs import Form

        found: dict[str, tuple[str, Form]] = {}
        for path, source in self.bundle.files.items():
            if path.endswith(".form"):
                try:
                    form = Form.load(source.decode("utf-8-sig"), file=path)
                except (ComplaintflowError, UnicodeDecodeError):
                    continue
                found.setdefault(form.id, (path, form))
        for form_id, (path, text) in self.program.forms.items():
            try:
                found.setdefault(form_id, (path, Form.load(text, file=f"{path}, form {form_id}")))
            except ComplaintflowError:
                continue
        return found

    @cached_property
    def form_ids(self) -> set[str]:
        """Ids of all forms; one that cannot be read counts by its file's name."""
        return set(self.forms) | {PurePosixPath(path).stem for path in self.bundle.files if path.endswith(".form")}

    @cached_property
    def decisions(self) -> dict[str, str]:
        """Decision id -> path."""
        return {name: path for name, (path, _) in self._tables.items()}

    @cached_property
    def _tables(self) -> dict[str, tuple[str, DecisionModel]]:
        from complaintflow.dmn import DecisionModel

        found: dict[str, tuple[str, DecisionModel]] = {}
        for path, source in self.bundle.files.items():
            if path.endswith(".dmn"):
                try:
                    model = DecisionModel.parse(source, file=path)
                except ComplaintflowError:
                    continue
                found |= dict.fromkeys((*model.decisions, *model.services), (path, model))
        return found

    @cached_property
    def notices(self) -> dict[str, list[str]]:
        """Notice name -> paths, one per language; shared parts (``_name``) are left out."""
        found: dict[str, list[str]] = {}
        for path in self.bundle.files:
            match = _NOTICE.fullmatch(PurePosixPath(path).name)
            if match is not None:
                found.setdefault(match["name"], []).append(path)
        return found

    @cached_property
    def notice_variables(self) -> dict[str, frozenset[str]]:
        """Path of a notice -> the variables it reads."""
        found: dict[str, frozenset[str]] = {}
        for policy_id in self.policies:
            for file, path in self.bundle.notice_files(policy_id).items():
                match = _NOTICE.fullmatch(file)
                try:
                    if match is not None:
                        template = self.bundle.notices_of(policy_id).template(match["name"], match["language"])
                        found[path] = template.variables
                except ComplaintflowError:
                    continue  # Said with its file.
        return found

    def near(self, name: str, known: Iterable[str], suffix: str) -> str:
        """Advice for a name that is not there: the nearest of those that are, or of the files beside the bundle."""
        others = (PurePosixPath(path).name.split(".")[0] for path in self.beside if path.endswith(suffix))
        return nearest(name, {*known, *(other for other in others if not other.startswith("_"))})

    def headers(self, key: str) -> Iterator[tuple[Diagram, Any, str]]:
        """Task headers of a key: diagram, element, value."""
        for diagram in self.diagrams:
            for header in diagram.zeebe("header"):
                if header.get("key") == key and header.get("value"):
                    yield diagram, header, str(header.get("value"))


def _diagram(path: str, source: bytes) -> Diagram | None:
    try:
        return Diagram.read(path, source)
    except ComplaintflowError:
        return None
