"""The script of a demonstration, ``processes/<policy>/demo.json``, and playing it on a workbench.

The file is a list of steps. Each is an object with exactly one of these keys:

    {"start": {...} or "example", "at": "2026-09-28T09:00", "key": "...", "actor": "..."}      first, and only there
    {"complete": "investigate", "data": {...}, "actor": "li.wei"}
    {"claim": "investigate", "actor": "li.wei"}
    {"correlate": "appeal", "data": {...}, "key": "..."}      key: default is the case's own
    {"advance": {"working_days": 3}}                           also days, hours, minutes; what falls due happens
    {"at": "2026-10-09T09:00"}                                 the same, to a moment in the calendar's zone
    {"resolve": "element"}                                     clear the incident there

and, with any of them, ``"say": {"en": "...", "zh": "..."}``: a sentence that is said before the step.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from complaintflow.errors import ComplaintflowError, DefinitionError, UnknownIncident
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.definition.layers import Layers
    from complaintflow.facade.views import Case, Event
    from complaintflow.notices.notices import Notice
    from complaintflow.testing import Workbench

_VERBS: Final = ("start", "complete", "claim", "correlate", "advance", "at", "resolve")
_UNITS: Final = frozenset({"working_days", "days", "hours", "minutes"})


class InvalidDemo(DefinitionError):
    """A demonstration's script cannot be played."""

    advice = "see the docstring of complaintflow.cli.playing for what a step may hold"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a script.

    Attributes:
        number: from 1.
        verb: one of start, complete, claim, correlate, advance, at, resolve.
        what: its value.
        facts: the other keys.
        say: sentences by language.
    """

    number: int
    verb: str
    what: Any
    facts: Mapping[str, Any]
    say: Mapping[str, str]


def read_script(text: bytes, where: str) -> list[Step]:
    """The steps of a script.

    Raises:
        InvalidDemo: the file is not a list of steps.
    """
    try:
        raw = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InvalidDemo(f"the script is not JSON: {error}", where=where) from None
    if not isinstance(raw, list) or not raw:
        raise InvalidDemo("the script is not a list of steps", where=where)
    steps = [_step(number, one, where) for number, one in enumerate(raw, 1)]
    for step in steps:
        if (step.verb == "start") != (step.number == 1):
            raise InvalidDemo("a script starts one case, in its first step", where=f"{where}, step {step.number}")
    return steps


def _step(number: int, raw: object, where: str) -> Step:
    place = f"{where}, step {number}"
    if not isinstance(raw, dict):
        raise InvalidDemo("a step is an object", where=place)
    # "at" beside "start" says when the case starts; alone it is a step of its own.
    verbs = [verb for verb in _VERBS if verb in raw and not (verb == "at" and "start" in raw)]
    if len(verbs) != 1:
        raise InvalidDemo(f"a step has exactly one of {', '.join(_VERBS)}", where=place)
    say = raw.get("say", {})
    if isinstance(say, str):
        say = {"en": say}
    unknown = sorted(raw.keys() - {*verbs, "say", "data", "actor", "key", "at"})
    if unknown or not isinstance(say, dict):
        what = f"a step has no '{unknown[0]}'" if unknown else "say has one sentence per language"
        raise InvalidDemo(what, where=place)
    verb = verbs[0]
    if verb == "advance" and not (isinstance(raw[verb], dict) and raw[verb] and raw[verb].keys() <= _UNITS):
        raise InvalidDemo(f"advance takes {', '.join(sorted(_UNITS))}", where=place)
    return Step(number, verb, raw[verb], {name: raw[name] for name in raw if name not in (verb, "say")}, say)


@dataclass(slots=True)
class Play:
    """A script on a workbench: after each step, what is new.

    Args:
        bench: whose clock is moved.
        process: the process to start.
        where: the script's file, for errors.
        example: the payload for ``"start": "example"``.
    """

    bench: Workbench
    process: str
    where: str
    example: Mapping[str, Any] = field(default_factory=dict)
    case: Case | None = None
    seen: int = 0
    sent: int = 0

    def run(self, step: Step) -> Case:
        """Do one step.

        Raises:
            ComplaintflowError: what the engine refuses, with the step in its place.
        """
        try:
            action: Callable[[Step], Case | None] = getattr(self, f"_{step.verb}")
            self.case = action(step) or self.case
        except ComplaintflowError as error:
            error.where = f"{self.where}, step {step.number}" + (f" ({error.where})" if error.where else "")
            raise
        except (TypeError, ValueError) as error:
            raise InvalidDemo(f"the step cannot be done: {error}", where=f"{self.where}, step {step.number}") from None
        assert self.case is not None
        self.case = self.bench.case(self.case.id)
        return self.case

    def news(self) -> Iterator[tuple[Event, Notice | None]]:
        """Events since the last call, each with the notice that it sent."""
        assert self.case is not None
        for event in self.case.history():
            if event.seq > self.seen:
                self.seen = event.seq
                yield event, self._notice(event)

    def _notice(self, event: Event) -> Notice | None:
        assert self.case is not None
        # A case that this one has begun sends letters of its own.
        sent = [notice for notice in self.bench.notices if notice.case_id == self.case.id]
        if "notice" not in event.detail or self.sent >= len(sent):
            return None
        self.sent += 1
        return sent[self.sent - 1]

    # -- the verbs --------------------------------------------------------------------------

    def _start(self, step: Step) -> Case:
        if "at" in step.facts:
            self.bench.at(datetime.fromisoformat(str(step.facts["at"])))
        payload = self.example if step.what == "example" else step.what
        return self.bench.start(self.process, payload, key=step.facts.get("key"), actor=step.facts.get("actor"))

    def _complete(self, step: Step) -> Case:
        assert self.case is not None
        return self.bench.complete(self.case, step.what, step.facts.get("data"), actor=step.facts.get("actor"))

    def _claim(self, step: Step) -> None:
        assert self.case is not None
        self.bench.engine.claim(self.case.task(step.what).id, str(step.facts.get("actor", "")))

    def _correlate(self, step: Step) -> None:
        assert self.case is not None
        key = str(step.facts.get("key", self.case.key))
        self.bench.engine.correlate(step.what, key=key, data=step.facts.get("data"), actor=step.facts.get("actor"))

    def _advance(self, step: Step) -> None:
        self.bench.advance(**step.what)

    def _at(self, step: Step) -> None:
        self.bench.at(datetime.fromisoformat(str(step.what)))

    def _resolve(self, step: Step) -> Case:
        assert self.case is not None
        for incident in self.case.incidents:
            if incident.element == step.what:
                return self.bench.engine.resolve(incident, actor=step.facts.get("actor"))
        raise UnknownIncident(f"no incident is open at '{step.what}'")


def find_script(layers: Layers, process: str) -> list[Step]:
    """The script that a process ships.

    Raises:
        InvalidDemo: it ships none, or one that cannot be played.
    """
    path = f"processes/{process}/demo.json"
    parts = layers.every(path)
    if not parts:
        raise InvalidDemo(
            f"the process '{process}' has no demonstration",
            where=path,
            advice=f"`complaintflow run {process} --example` starts a case; complaintflow.cli.playing has the format",
        )
    return read_script(parts[0].content, f"{path} ({parts[0].layer})")
