"""What every node is read from: name, documentation, properties, mappings, forms, jobs, listeners."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser

from complaintflow.bpmn import constants, data
from complaintflow.bpmn.activities import Job
from complaintflow.bpmn.constants import Kind
from complaintflow.bpmn.formula import Formula, compile_formula
from complaintflow.bpmn.inline import EMBEDDED, embedded
from complaintflow.bpmn.listener_reader import read_listeners
from complaintflow.bpmn.node import Mapped, Node
from complaintflow.bpmn.xml import bpmn, local, ours, zeebe
from complaintflow.errors import InvalidDiagram
from complaintflow.values import RESERVED


class NodeReader(TaskParser):  # type: ignore[misc]
    """Reads what every node has: name, documentation, properties, headers, mappings."""

    def parse_node(self) -> Node:
        """Create the node in the flow's specification."""
        name = self.node.get("id")
        self.where = f"{self.filename}, line {self.node.sourceline}, element {name}"
        if not name:
            raise InvalidDiagram(f"a <{local(self.node)}> without an id", where=self.where)
        node: Node = self.spec_class(self.spec, name, lane=self.lane, documentation=self._documentation())
        node.bpmn_name = self._clean(self.node.get("name"))
        node.default_flow = self.node.get("default")
        node.where = f"{self.filename}, element {name}"
        node.properties = {
            str(p.get("name")): p.get("value") or ""
            for p in self._extensions("properties", "property")
            if p.get("name")
        }
        node.headers = {
            str(h.get("key")): h.get("value") or "" for h in self._extensions("taskHeaders", "header") if h.get("key")
        }
        node.input_mappings = self._mappings("input")
        node.output_mappings = self._mappings("output")
        node.results = self.node.get(ours("results"))
        with self.trying():
            node.version_tag = self._version_tag()
        with self.trying():
            node.listeners = read_listeners(self.spec, self.node, self.where, node.headers)
        self.read(node)
        return node

    def read(self, node: Any) -> None:
        """Read what only this kind of node has."""

    def trying(self) -> AbstractContextManager[None]:
        """Read one part of the element; where it cannot be, remember why and go on with the others."""
        tried: AbstractContextManager[None] = self.process_parser.parser.trying(self.node)
        return tried

    def _documentation(self) -> str:
        return (self.node.findtext(bpmn("documentation")) or "").strip()

    @staticmethod
    def _clean(name: str | None) -> str | None:
        return " ".join(name.split()) if name else None

    def _extensions(self, *path: str) -> list[etree._Element]:
        found: list[etree._Element] = self.node.findall("/".join([bpmn("extensionElements"), *map(zeebe, path)]))
        return found

    def _extension(self, tag: str) -> etree._Element | None:
        found = self._extensions(tag)
        return found[0] if found else None

    def _mappings(self, kind: str) -> list[Mapped]:
        found: list[Mapped] = []
        for mapping in self._extensions("ioMapping", kind):
            with self.trying():
                source = self.formula(mapping, "source") or compile_formula("=null", self.where)
                found.append(Mapped(source, self.variable(mapping, "target", path_allowed=True) or ""))
        with self.trying():
            for text, target in data.moved(self.node, kind, self.process_parser.parser.items, self.where):
                self.may_write(target)
                found.append(Mapped(self.compiled(text, feel_only=True), target))
        return found

    def variable(
        self, element: etree._Element, attribute: str, *, optional: bool = False, path_allowed: bool = False
    ) -> str | None:
        """The name of a variable that is written, or a dotted path into one.

        Raises:
            InvalidDiagram: it is missing, or a name that nobody may overwrite.
        """
        path = (element.get(attribute) or "").strip()
        if not path and optional:
            return None
        if not all(path.split(".")) or ("." in path and not path_allowed):
            raise self.missing(f"name for a variable ({attribute} of {local(element)})", "fill in the variable's name")
        self.may_write(path)
        return path

    def may_write(self, path: str) -> None:
        """Raises InvalidDiagram: nobody may write the variable."""
        if path.partition(".")[0] in RESERVED:
            raise InvalidDiagram(
                f"'{self.node.get('name') or self.node.get('id')}' writes the variable '{path}', which is reserved",
                where=self.where,
                advice="choose another name",
            )

    def formula(
        self,
        element: etree._Element | None,
        attribute: str,
        gives: Kind | None = None,
        *,
        times: frozenset[str] = frozenset(),
    ) -> Formula | None:
        """An attribute as a formula; None where it is absent or empty."""
        text = element.get(attribute) if element is not None else None
        return self.compiled(text, gives, attribute, times=times) if text and text.strip() else None

    def compiled(
        self,
        text: str,
        gives: Kind | None = None,
        role: str = "value",
        *,
        times: frozenset[str] = frozenset(),
        feel_only: bool = False,
    ) -> Formula:
        """A text as a formula; where it is none, that is remembered, and something stands for it.

        Args:
            text: as a designer wrote it.
            gives: what it must give, as far as that is known without a case.
            role: what it is, for the message.
            times, feel_only: as for ``compile_formula``.
        """
        checked = self.process_parser.parser.checked
        with self.trying():
            formula = compile_formula(text, self.where, times=times, feel_only=feel_only, checked=checked)
            if gives is not None and not checked:
                constants.demand(formula, gives, f"the {role} of '{self.node.get('name') or self.node.get('id')}'")
            return formula
        return Formula(text, None, self.where)

    def condition(self, text: str, role: str) -> Formula | None:
        """A condition; None where there is none."""
        return self.compiled(text, constants.CONDITION, role, feel_only=True) if text else None

    def missing(self, what: str, advice: str) -> InvalidDiagram:
        """The error for something this element must have."""
        return InvalidDiagram(
            f"'{self.node.get('name') or self.node.get('id')}' has no {what}", where=self.where, advice=advice
        )

    def job(self) -> Job | None:
        """The job definition, if there is one."""
        definition = self._extension("taskDefinition")
        job_type = self.formula(definition, "type", constants.TEXT)
        if job_type is None or definition is None:
            return None
        return Job(job_type, self.formula(definition, "retries", constants.RETRIES), definition.get(ours("result")))

    def form(self) -> tuple[str | None, str | None]:
        """The id of the element's form, or what else it says of one that is no form of ours.

        Raises:
            InvalidDiagram: it is named in two ways, or an embedded form is not in the process.
        """
        definition = self._extension("formDefinition")
        if definition is None:
            return None, None
        names = [name for name in ("formId", "formKey", "externalReference") if definition.get(name)]
        if len(names) > 1:
            raise InvalidDiagram(
                f"the form is named by {' and '.join(names)}", where=self.where, advice="keep one of them"
            )
        key = definition.get("formKey") or ""
        if key.startswith(EMBEDDED):
            return self._embedded(key.removeprefix(EMBEDDED)), None
        if key or definition.get("externalReference"):
            reference = key or definition.get("externalReference") or ""
            if reference.startswith("="):
                raise self.missing("form that is written out", "name the form; use a gateway for several forms")
            return None, reference
        return definition.get("formId"), None

    def _embedded(self, form_id: str) -> str:
        process = next(self.node.iterancestors(bpmn("process")))
        if form_id not in embedded(process):
            raise InvalidDiagram(
                f"the process has no embedded form '{form_id}'", where=self.where, advice="link a form by its id"
            )
        return form_id

    def _version_tag(self) -> str | None:
        """The version that the element's link asks for, if it has one that does.

        Raises:
            InvalidDiagram: it says that it asks for one, and not which.
        """
        for tag in ("formDefinition", "calledElement", "calledDecision"):
            for link in self._extensions(tag):
                version = link.get("versionTag")
                if (link.get("bindingType") == "versionTag") != bool(version):
                    raise InvalidDiagram(
                        "a link has a version tag without the binding versionTag, or the binding without the tag",
                        where=self.where,
                        advice="fill in both, or choose the binding deployment",
                    )
                return version
        return None
