"""Who puts the history into words: labels, times and values as the reader reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from complaintflow.cli.look import at, bold, clean, cut
from complaintflow.cli.payload import answers
from complaintflow.cli.words import TIMELINE
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.cli.caseview import Setting
    from complaintflow.definition.definition import Bundle
    from complaintflow.facade.views import Event
    from complaintflow.formjs import Form

_VALUE: Final = 60
# The columns of a table that say what its value is called, by language.
_NAMES: Final[Mapping[str, str]] = {"name": "en", "name_zh": "zh"}


@dataclass(frozen=True, slots=True)
class Telling:
    """One event in words.

    Attributes:
        mark: a sign of `look.sign`.
        text: what happened.
        colour: of sign and text.
        more: lines below it.
        quiet: told only with -v.
    """

    mark: str
    text: str
    colour: str | None = None
    more: tuple[str, ...] = ()
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Teller:
    """Puts events into words.

    Args:
        setting: zone and language.
        labels: element id -> label.
        forms: in another language than English, whose labels say what was answered: element id -> the form of a task,
            and the intake's for the beginning, which has no element.
    """

    setting: Setting
    labels: Mapping[str, str] = field(default_factory=dict)
    forms: Mapping[str, Form] = field(default_factory=dict)

    @classmethod
    def of(cls, bundle: Bundle, setting: Setting) -> Teller:
        """Who tells of the cases of a definition."""
        nodes = list(bundle.program.nodes)
        labels = {str(node.bpmn_id): setting.name(str(node.bpmn_id), node.label) for node in nodes}
        forms: dict[str, Form] = {}
        if setting.language != "en":
            asked = {str(node.bpmn_id): getattr(node, "form_id", None) for node in nodes}
            forms = {name: bundle.forms[form] for name, form in asked.items() if form and form in bundle.forms}
            if (intake := bundle.intake_form()) is not None:
                forms[""] = intake
        return cls(setting, labels, forms)

    def word(self, key: str, **facts: object) -> str:
        """A sentence in the language."""
        safe = {name: clean(str(value)) for name, value in facts.items()}
        return TIMELINE[self.setting.language][key].format(**safe)

    def name(self, event: Event) -> str:
        """The label of the event's element."""
        return self.label(event.element or event.name or "")

    def label(self, element: object) -> str:
        """The label of an element."""
        return self.labels.get(str(element), clean(str(element)))

    def called(self, name: object) -> str:
        """A deadline, or a fact."""
        return self.setting.called(str(name))

    def fact(self, value: str) -> str:
        """What a fact is."""
        if self.setting.language != "en" and value in ("true", "false"):
            return self.word("yes" if value == "true" else "no")
        return self.setting.value(value)

    def at(self, event: Event, key: str, **facts: object) -> str:
        """Where, and what."""
        return bold(self.name(event)) + self.word("colon") + self.word(key, **facts)

    def time(self, text: object) -> str:
        """A stored time."""
        try:
            return at(datetime.fromisoformat(str(text)), self.setting.zone, self.setting.language)
        except ValueError:
            return clean(str(text))

    def facts(self, data: Any) -> tuple[str, ...]:
        """Form data on one line; what was left empty is left out."""
        pairs = [f"{name}: {self.value(value)}" for name, value in _flat(data, "") if value not in (None, "", [], {})]
        return ("  ".join(pairs),) if pairs else ()

    def answers(self, event: Event) -> tuple[str, ...]:
        """What was answered to a task's form, in its words where they are of the reader's language."""
        form, data = self.forms.get(event.element or ""), event.detail.get("data")
        if form is None or not isinstance(data, Mapping):
            return self.facts(data)
        said = [f"{label}{self.word('colon')}{self.value(text)}" for label, text in answers(form, data, self.setting)]
        return ("  ".join(said),) if said else ()

    def value(self, value: Any) -> str:
        """One value, short."""
        if isinstance(value, bool):
            return self.word("yes" if value else "no")
        if isinstance(value, str):
            return cut(clean(value), _VALUE)
        return cut(clean(json.dumps(value, ensure_ascii=False, default=str)), _VALUE)

    def notes(self, event: Event, *, verbose: bool) -> Iterator[str]:
        """What the step decided on its way; with ``verbose`` also warnings and what it opened."""
        for kind, element, facts in event.detail.get("notes", ()):
            name = self.label(element)
            if kind == "decided":
                yield f"{name}{self.word('colon')}{self._decided(facts.get('result'))}{_rules(facts.get('rules'))}"
            elif kind in ("ruled", "revoked"):
                yield self.word(kind, decision=facts.get("decision"), version=facts.get("version"))
            elif kind in ("caught", "uncaught"):
                yield f"{self.word(kind, name=name)}{self.word('colon')}{self.value(facts)}"
            elif verbose:
                yield f"{kind}: {self.value(facts)}"
        if verbose and event.detail.get("opened"):
            opened = self.setting.word("list").join(map(self.label, event.detail["opened"]))
            yield self.word("opened") + self.word("colon") + opened

    def _decided(self, result: Any) -> str:
        """What a table put out; where it names its value, the name in the reader's language stands for it."""
        if not isinstance(result, Mapping) or not result.keys() >= _NAMES.keys():
            return (self.facts(result) or (self.value(result),))[0]
        fields = list(result)
        # As tables are written, the value is the column before its names.
        called = fields[max(fields.index("name") - 1, 0)]
        name = next(name for name, language in _NAMES.items() if language == self.setting.language)
        rest = {key: value for key, value in result.items() if key not in _NAMES and key != called}
        return "  ".join([self.value(result[name]), *self.facts(rest)])


def _rules(rules: Any) -> str:
    """Which rows of a decision table fired; stored as [[decision, [rules]], ...]."""
    fired = [str(rule) for one in rules or () if isinstance(one, list) and len(one) == 2 for rule in one[1]]
    return f" ({', '.join(fired)})" if fired else ""


def _flat(data: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    if isinstance(data, Mapping):
        for name, value in data.items():
            yield from _flat(value, f"{prefix}.{name}" if prefix else str(name))
    elif prefix:
        yield prefix, data
