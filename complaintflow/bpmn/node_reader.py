"""What every node is read from: name, documentation, properties, mappings, and what its event waits for."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from lxml import etree
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser

from complaintflow.bpmn.activities import Job
from complaintflow.bpmn.formula import Formula, compile_formula, read_time
from complaintflow.bpmn.node import Mapped, Node
from complaintflow.bpmn.triggers import (
    Cycle,
    ErrorTrigger,
    EscalationTrigger,
    LinkTrigger,
    MessageTrigger,
    SignalTrigger,
    TimerTrigger,
    Trigger,
)
from complaintflow.bpmn.xml import bpmn, local, reference, zeebe
from complaintflow.errors import InvalidDiagram
from complaintflow.feel import YearMonthDuration
from complaintflow.values import RESERVED

_TIMES: Final = {
    "timeDate": ("date", frozenset({"deadline"})),
    "timeDuration": ("duration", frozenset[str]()),
    "timeCycle": ("cycle", frozenset({"repeat"})),
}


class NodeReader(TaskParser):  # type: ignore[misc]
    """Reads what every node has: name, documentation, properties, headers, mappings."""

    throws = False

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
        self.read(node)
        return node

    def read(self, node: Any) -> None:
        """Read what only this kind of node has."""

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
        return [
            Mapped(
                self.formula(mapping, "source") or compile_formula("=null", self.where),
                self.variable(mapping, "target", path_allowed=True) or "",
            )
            for mapping in self._extensions("ioMapping", kind)
        ]

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
        if path.partition(".")[0] in RESERVED:
            raise InvalidDiagram(
                f"'{self.node.get('name') or self.node.get('id')}' writes the variable '{path}', which is reserved",
                where=self.where,
                advice="choose another name",
            )
        return path

    def formula(
        self, element: etree._Element | None, attribute: str, *, times: frozenset[str] = frozenset()
    ) -> Formula | None:
        """An attribute as a formula; None where it is absent or empty."""
        text = element.get(attribute) if element is not None else None
        return compile_formula(text, self.where, times=times) if text and text.strip() else None

    def missing(self, what: str, advice: str) -> InvalidDiagram:
        """The error for something this element must have."""
        return InvalidDiagram(
            f"'{self.node.get('name') or self.node.get('id')}' has no {what}", where=self.where, advice=advice
        )

    def job(self) -> Job | None:
        """The job definition, if there is one."""
        definition = self._extension("taskDefinition")
        job_type = self.formula(definition, "type")
        return Job(job_type, self.formula(definition, "retries")) if job_type is not None else None

    def trigger(self) -> tuple[Trigger | str | None, Formula | None]:
        """What the event waits for or throws, and for throwing the code, name or key."""
        definitions = [child for child in self.node if local(child).endswith("EventDefinition")]
        if len(definitions) > 1:
            raise InvalidDiagram(
                "an event with several definitions", where=self.where, advice="draw one event for each"
            )
        if not definitions:
            return None, None
        return self._definition(definitions[0])

    def _definition(self, element: etree._Element) -> tuple[Trigger | str | None, Formula | None]:
        kind = local(element).removesuffix("EventDefinition")
        if kind == "timer":
            return self._timer(element), None
        if kind == "terminate":
            return "terminate", None
        if kind == "link":
            name = element.get("name") or self.node.get("name") or ""
            return LinkTrigger(name), compile_formula(name, self.where)
        if kind == "message":
            # Thrown messages are sent by a handler, which knows where; the reference is for readers.
            if self.throws:
                return "message", None
            return self._message(element.get("messageRef"))
        parser = self.process_parser.parser
        if kind == "signal":
            name = self._constant(parser.signals.get(reference(element.get("signalRef"))), "signal")
            return SignalTrigger(name), name
        catalogue, key = {
            "error": (parser.errors, "error_code"),
            "escalation": (parser.escalations, "escalation_code"),
        }[kind]
        wanted = reference(element.get(f"{kind}Ref"))
        code = catalogue.get(wanted, {}).get(key)
        if wanted and not code:
            raise self.missing(f"code for its {kind}", f"give the {kind} a code, or choose none to catch any")
        if code and code.startswith("=") and not self.throws:
            raise InvalidDiagram(
                f"the {kind} that '{self.node.get('name') or self.node.get('id')}' catches has a formula as its code",
                where=self.where,
                advice="write the code itself; only a throwing event may compute it",
            )
        trigger = ErrorTrigger(code) if kind == "error" else EscalationTrigger(code)
        return trigger, compile_formula(code, self.where) if code else None

    def _constant(self, text: str | None, what: str) -> Formula:
        if not text:
            raise self.missing(f"{what} reference", f"choose the {what} in the properties panel")
        return compile_formula(text, self.where)

    def _message(self, message_ref: str | None) -> tuple[MessageTrigger, None]:
        parser = self.process_parser.parser
        message = reference(message_ref)
        name = self._constant(parser.messages.get(message), "message")
        key = parser.subscriptions.get(message)
        return MessageTrigger(name, compile_formula(key, self.where) if key else None), None

    def _timer(self, element: etree._Element) -> TimerTrigger:
        for tag, (form, times) in _TIMES.items():
            text = (element.findtext(bpmn(tag)) or "").strip()
            if not text:
                continue
            if not text.startswith("="):
                self._check_time(form, text)
            return TimerTrigger(form, compile_formula(text, self.where, times=times))
        raise self.missing("time", "give the timer a date, a duration or a cycle")

    def _check_time(self, form: str, text: str) -> None:
        if form == "cycle":
            known = Cycle.parse(text) is not None
        else:
            known = isinstance(read_time(text), date if form == "date" else (timedelta, YearMonthDuration))
        if not known:
            example = {"date": "2026-03-02T09:00:00+08:00", "duration": "P3D", "cycle": "R3/P7D"}[form]
            raise InvalidDiagram(
                f"'{text}' is not a {form} that can be read", where=self.where, advice=f"write ISO 8601, e.g. {example}"
            )
