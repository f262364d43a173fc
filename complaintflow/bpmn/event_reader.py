"""Event definitions: what an event waits for, and what it throws."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from lxml import etree

from complaintflow.bpmn import constants
from complaintflow.bpmn.formula import Formula, compile_formula, read_time
from complaintflow.bpmn.node_reader import NodeReader
from complaintflow.bpmn.throws import ORDER, Thrown
from complaintflow.bpmn.triggers import (
    ArmedTrigger,
    CancelTrigger,
    CaughtTrigger,
    CompensationTrigger,
    ErrorTrigger,
    EscalationTrigger,
    LinkTrigger,
    MessageTrigger,
    MultipleTrigger,
    SignalTrigger,
    TimerTrigger,
    Trigger,
)
from complaintflow.bpmn.watching import ConditionTrigger
from complaintflow.bpmn.xml import bpmn, local, ours, reference, zeebe
from complaintflow.errors import InvalidDiagram
from complaintflow.feel import YearMonthDuration
from complaintflow.values import RESERVED

_TIMES: Final = {
    "timeDate": ("date", frozenset({"deadline"})),
    "timeDuration": ("duration", frozenset[str]()),
    "timeCycle": ("cycle", frozenset({"repeat"})),
}
_SUFFIX: Final = "EventDefinition"
# What changes without a variable being set.
_CLOCKS: Final = frozenset({"now", "today", "working_days_between"})
_CHANGES: Final = frozenset({"create", "update"})


class EventReader(NodeReader):
    """Reads event definitions; some activities have an event too."""

    def _definitions(self) -> list[etree._Element]:
        return [child for child in self.node if local(child).endswith(_SUFFIX)]

    @property
    def label(self) -> str:
        """The element's name, or its id."""
        return str(self.node.get("name") or self.node.get("id"))

    # -- waiting ----------------------------------------------------------------------------

    def awaited(self) -> Trigger | None:
        """What the event waits for; None where it is a plain one.

        Raises:
            InvalidDiagram: its definitions make no sense, or not together.
        """
        found = [self._trigger(element) for element in self._definitions()]
        if len(found) < 2:
            return found[0] if found else None
        parallel = self.node.get("parallelMultiple") == "true"
        parts = [trigger for trigger in found if isinstance(trigger, ArmedTrigger | CaughtTrigger)]
        if len(parts) < len(found) or (parallel and not all(part.armed for part in parts)):
            raise InvalidDiagram(
                f"'{self.label}' waits for several things, of which one cannot stand beside others",
                where=self.where,
                advice="messages, timers, signals and conditions go together, and errors and escalations where any of "
                "them is enough; draw the others as events of their own",
            )
        return MultipleTrigger(tuple(parts), parallel)

    def _trigger(self, element: etree._Element) -> Trigger:
        match local(element).removesuffix(_SUFFIX):
            case "timer":
                return self._timer(element)
            case "message":
                return self.message(element.get("messageRef"))
            case "signal":
                return SignalTrigger(self._signal(element))
            case "conditional":
                return self._condition(element)
            case "error":
                code = self._code("error", element)
                names = (element.get(ours("errorCodeVariable")), element.get(ours("errorMessageVariable")))
                return ErrorTrigger(self._constant_code("error", code), *names)
            case "escalation":
                code = self._code("escalation", element)
                return EscalationTrigger(
                    self._constant_code("escalation", code), element.get(ours("escalationCodeVariable"))
                )
            case "compensate":
                return CompensationTrigger()
            case "cancel":
                return CancelTrigger()
            case "link":
                return LinkTrigger(self._link(element))
        raise self.missing("event to wait for", "an event that is waited for has no such definition")

    def message(self, message_ref: str | None) -> MessageTrigger:
        """The message of this id."""
        parser = self.process_parser.parser
        message = reference(message_ref)
        name = self._named(parser.messages.get(message), "message")
        key = parser.subscriptions.get(message)
        return MessageTrigger(name, self.compiled(key, constants.KEY, "correlation key") if key else None)

    def need_keys(self, trigger: Trigger | None) -> None:
        """Raises InvalidDiagram: a message that a case waits for has no correlation key."""
        for part in trigger.parts if isinstance(trigger, MultipleTrigger) else (trigger,):
            if isinstance(part, MessageTrigger) and part.key is None:
                raise self.missing("correlation key", "set the message's subscription correlation key, e.g. =case.key")

    def _signal(self, element: etree._Element) -> Formula:
        return self._named(self.process_parser.parser.signals.get(reference(element.get("signalRef"))), "signal")

    def _named(self, text: str | None, what: str) -> Formula:
        if not text:
            raise self.missing(f"{what} reference", f"choose the {what} in the properties panel")
        return self.compiled(text, constants.TEXT, f"name of the {what}")

    def _link(self, element: etree._Element) -> str:
        return str(element.get("name") or self.node.get("name") or "")

    def _code(self, kind: str, element: etree._Element) -> str | None:
        parser = self.process_parser.parser
        catalogue = parser.errors if kind == "error" else parser.escalations
        wanted = reference(element.get(f"{kind}Ref"))
        code = catalogue.get(wanted, {}).get(f"{kind}_code")
        if wanted and not code:
            raise self.missing(f"code for its {kind}", f"give the {kind} a code, or choose none to catch any")
        return str(code) if code else None

    def _constant_code(self, kind: str, code: str | None) -> str | None:
        if code and code.startswith("="):
            raise InvalidDiagram(
                f"the {kind} that '{self.label}' catches has a formula as its code",
                where=self.where,
                advice="write the code itself; only a throwing event may compute it",
            )
        return code

    def _condition(self, element: etree._Element) -> ConditionTrigger:
        text = (element.findtext(bpmn("condition")) or "").strip()
        if not text:
            raise self.missing("condition", "write a FEEL condition, e.g. =amount > 100")
        formula = compile_formula(text, self.where, feel_only=True)
        constants.demand(formula, constants.CONDITION, f"the condition of '{self.label}'")
        assert formula.expression is not None
        names = formula.expression.free_names
        moving = {name for name in _CLOCKS if name in formula.expression.calls}
        if "case.decisions" in text:
            moving.add("case.decisions")
        for name in sorted(moving):
            raise InvalidDiagram(
                f"the condition of '{self.label}' asks {name}, which changes without a variable being set",
                where=self.where,
                advice="wait for a timer or a message, or decide at a gateway",
            )
        chosen = element.find(f"{bpmn('extensionElements')}/{zeebe('conditionalFilter')}")
        said = (chosen.get("variableEvents") or "") if chosen is not None else ""
        kinds = frozenset(word.strip() for word in said.split(",") if word.strip()) or _CHANGES
        if not kinds <= _CHANGES:
            raise InvalidDiagram(
                f"the condition of '{self.label}' is asked after '{said}'",
                where=self.where,
                advice="write create, update, or both",
            )
        listed = (chosen.get("variableNames") or "") if chosen is not None else ""
        watched = frozenset(word.strip() for word in listed.split(",") if word.strip()) or names
        return ConditionTrigger(formula, watched - RESERVED, kinds)

    def _timer(self, element: etree._Element) -> TimerTrigger:
        for tag, (form, times) in _TIMES.items():
            text = (element.findtext(bpmn(tag)) or "").strip()
            if not text:
                continue
            checked = self.process_parser.parser.checked
            formula = compile_formula(text, self.where, times=times, checked=checked)
            trigger = TimerTrigger(form, formula, self._is_quartz(element))
            if not checked:
                self._check_time(trigger)
            return trigger
        raise self.missing("time", "give the timer a date, a duration or a cycle")

    @staticmethod
    def _is_quartz(element: etree._Element) -> bool:
        return any(child.get(ours("cron")) == "quartz" for child in element)

    def _check_time(self, trigger: TimerTrigger) -> None:
        form, found = trigger.form, constants.known(trigger.formula)
        if found is None:
            return
        text = found[0]
        if form == "cycle":
            known = trigger.cycle(text) is not None
        elif trigger.formula.expression is not None:
            known = (constants.TIME if form == "date" else constants.DURATION).fits(text)
        else:
            known = isinstance(read_time(text), date if form == "date" else (timedelta, YearMonthDuration))
        if not known and trigger.formula.expression is not None:
            kinds = {"date": constants.TIME, "duration": constants.DURATION}
            wanted = kinds[form].wanted if form in kinds else 'a repetition, e.g. ="R3/P7D"'
            constants.refuse(trigger.formula, found, wanted, f"the {form} of '{self.label}'")
        if not known:
            example = {"date": "2026-03-02T09:00:00+08:00", "duration": "P3D", "cycle": "R3/P7D"}[form]
            cron = ", or a cron expression with six fields, e.g. 0 0 9 * * MON" if form == "cycle" else ""
            raise InvalidDiagram(
                f"'{text}' is not a {form} that can be read",
                where=self.where,
                advice=f"write ISO 8601, e.g. {example}{cron}",
            )

    # -- throwing ---------------------------------------------------------------------------

    def thrown(self) -> tuple[Thrown, ...]:
        """What the event throws, in the order in which it is thrown.

        Raises:
            InvalidDiagram: its definitions make no sense, or not together.
        """
        found = [thrown for element in self._definitions() for thrown in self._throws(element)]
        kinds = {thrown.kind for thrown in found}
        several = len(self._definitions()) > 1
        if several and ("link" in kinds or ("message" in kinds and kinds & {"error", "cancel"})):
            raise InvalidDiagram(
                f"'{self.label}' throws several things, of which one cannot stand beside the others",
                where=self.where,
                advice="a link stands alone; send the message before an error or cancel end event",
            )
        return tuple(sorted(found, key=lambda thrown: ORDER.index(thrown.kind)))

    def _throws(self, element: etree._Element) -> list[Thrown]:
        kind = local(element).removesuffix(_SUFFIX)
        match kind:
            # Messages are sent by a handler, which knows where; the reference is for readers.
            case "message" | "terminate":
                return [Thrown(kind)]
            case "cancel":
                return [Thrown("undo"), Thrown("cancel")]
            case "signal":
                return [Thrown(kind, self._signal(element))]
            case "link":
                return [Thrown(kind, Formula(self._link(element), None, self.where))]
            case "compensate":
                only = reference(element.get("activityRef"))
                return [Thrown(kind, activity=only, waits=element.get("waitForCompletion") != "false")]
            case "error" | "escalation":
                code = self._code(kind, element)
                if code is None:
                    raise self.missing("code to throw", f"choose the {kind} and give it a code")
                return [Thrown(kind, self.compiled(code, constants.TEXT, f"code of the {kind}"))]
        raise self.missing("event to throw", f"a {kind} cannot be thrown: draw an event that waits for it")
