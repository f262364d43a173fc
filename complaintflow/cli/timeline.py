"""The history of a case, told: what happened, when, who."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from complaintflow.cli.look import bold, clean, columns, cut, day, dim, heading, say, sign, until, wrap

if TYPE_CHECKING:
    from complaintflow.cli.caseview import Setting
    from complaintflow.views import Event

_MARGIN: Final = " " * 12
_VALUE: Final = 60


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
    """

    setting: Setting
    labels: Mapping[str, str] = field(default_factory=dict)

    def tell(self, event: Event) -> Telling:
        """The event in words; one of an unknown kind tells its name."""
        words = _WORDS.get(event.event)
        if words is None:
            return Telling("quiet", f"{self.name(event)} {event.event}".strip(), more=_facts(event.detail))
        return words(self, event)

    def name(self, event: Event) -> str:
        """The label of the event's element."""
        return self.labels.get(event.element or "", clean(event.name or event.element or ""))

    def time(self, text: object) -> str:
        """A stored time as the end of a deadline."""
        try:
            return until(datetime.fromisoformat(str(text)), self.setting.zone, self.setting.language)
        except ValueError:
            return clean(str(text))

    def notes(self, event: Event, *, verbose: bool) -> Iterator[str]:
        """What the step decided on its way; with ``verbose`` also warnings and what it opened."""
        for kind, element, facts in event.detail.get("notes", ()):
            name = self.labels.get(element, clean(str(element)))
            if kind == "decided":
                yield f"{name}: {_value(facts.get('result'))}{_rules(facts.get('rules'))}"
            elif kind == "ruled":
                yield f"decision '{facts.get('decision')}' made (version {facts.get('version')})"
            elif kind == "revoked":
                yield f"decision '{facts.get('decision')}' is open again"
            elif kind == "caught":
                yield f"caught at {name}: {_value(facts)}"
            elif kind == "uncaught":
                yield f"nobody caught {_value(facts)}"
            elif verbose:
                yield f"{kind}: {_value(facts)}"
        if verbose and event.detail.get("opened"):
            yield "opened: " + ", ".join(self.labels.get(one, one) for one in event.detail["opened"])


def print_timeline(events: Iterable[Event], setting: Setting, labels: Mapping[str, str], *, verbose: bool) -> None:
    """Every event under its day."""
    heading("What happened")
    teller = Teller(setting, labels)
    last = ""
    for event in events:
        telling = teller.tell(event)
        if telling.quiet and not verbose:
            continue
        local = event.at.astimezone(setting.zone)
        today = day(local, setting.language)
        if today != last:
            say(dim(f"  {today}"))
            last = today
        print_event(event, telling, [*telling.more, *teller.notes(event, verbose=verbose)], local, verbose=verbose)


def print_event(event: Event, telling: Telling, more: list[str], local: datetime, *, verbose: bool) -> None:
    """One event: time, sign, words, who; what it brought below."""
    mark = click.style(sign(telling.mark), fg=telling.colour) if telling.colour else sign(telling.mark)
    text = click.style(telling.text, fg=telling.colour) if telling.colour in ("red", "yellow") else telling.text
    who = dim(f"  {clean(event.actor)}") if event.actor else ""
    say(f"    {local:%H:%M} {mark} {text}{who}")
    room = columns()
    for line in more:
        if verbose or room is None:
            for wrapped in wrap(line, room, _MARGIN):
                say(dim(wrapped))
        else:
            say(dim(_MARGIN + cut(line, room - len(_MARGIN))))


# -- the kinds of events ----------------------------------------------------------------------


def _started(teller: Teller, event: Event) -> Telling:
    return Telling("begin", bold("Started"), "cyan", _facts(event.detail.get("data")))


def _task_completed(teller: Teller, event: Event) -> Telling:
    return Telling("done", bold(teller.name(event)), "green", _facts(event.detail.get("data")))


def _task_claimed(teller: Teller, event: Event) -> Telling:
    return Telling("quiet", f"{teller.name(event)}: taken by {clean(str(event.detail.get('assignee')))}")


def _task_released(teller: Teller, event: Event) -> Telling:
    return Telling("quiet", f"{teller.name(event)}: given back")


def _timer_fired(teller: Teller, event: Event) -> Telling:
    return Telling("time", f"{bold(teller.name(event))}: the time came", "yellow")


def _message(teller: Teller, event: Event) -> Telling:
    name = clean(str(event.detail.get("name")))
    return Telling("message", f"{bold(teller.name(event))}: message '{name}'", "cyan", _facts(event.detail.get("data")))


def _signal(teller: Teller, event: Event) -> Telling:
    return Telling("message", f"{bold(teller.name(event))}: signal '{clean(str(event.detail.get('name')))}'", "cyan")


def _job_done(teller: Teller, event: Event) -> Telling:
    if "notice" in event.detail:
        channel = str(event.detail.get("channel", "")).replace("_", " ")
        text = f"{teller.name(event)}: notice '{event.detail['notice']}', by {channel}"
        return Telling("notice", text)
    return Telling("done", teller.name(event), None, _facts(event.detail.get("data")))


def _job_failed(teller: Teller, event: Event) -> Telling:
    retry = event.detail.get("retry")
    again = f", next at {teller.time(retry)}" if retry else ""
    text = f"{teller.name(event)}: attempt {event.detail.get('attempt')} failed{again}"
    return Telling("bad", text, "yellow" if retry else "red", _message_of(event))


def _job_unwanted(teller: Teller, event: Event) -> Telling:
    return Telling("quiet", "a job came back that nobody waits for any more", quiet=True)


def _error_thrown(teller: Teller, event: Event) -> Telling:
    return Telling("bad", f"{teller.name(event)}: error {event.detail.get('code')}", "yellow", _message_of(event))


def _incident(teller: Teller, event: Event) -> Telling:
    text = f"{teller.name(event)}: stopped, a person must look ({event.detail.get('kind')})"
    return Telling("bad", text, "red", _message_of(event))


def _incident_resolved(teller: Teller, event: Event) -> Telling:
    return Telling("done", f"{teller.name(event)}: incident cleared", "green")


def _cancelled(teller: Teller, event: Event) -> Telling:
    return Telling("end", f"{bold('Cancelled')}: {clean(str(event.detail.get('reason')))}", "yellow")


def _ended(teller: Teller, event: Event) -> Telling:
    return Telling("end", bold("Ended"), "green")


def _outlives(teller: Teller, event: Event) -> Telling:
    facts = event.detail
    return Telling(
        "warning",
        f"The deadline '{facts.get('deadline')}' would end after the promise '{facts.get('promise')}' around it",
        "yellow",
        (f"{teller.time(facts.get('due'))}, promised until {teller.time(facts.get('promised'))}",),
    )


def _paused(teller: Teller, event: Event) -> Telling:
    text = f"The deadline '{event.detail.get('deadline')}' pauses"
    return Telling("time", text, None, (f"it was due {teller.time(event.detail.get('due'))}",))


def _resumed(teller: Teller, event: Event) -> Telling:
    text = f"The deadline '{event.detail.get('deadline')}' runs again, until {teller.time(event.detail.get('due'))}"
    return Telling("time", text)


_WORDS: Final[dict[str, Callable[[Teller, Event], Telling]]] = {
    "started": _started,
    "task-completed": _task_completed,
    "task-claimed": _task_claimed,
    "task-released": _task_released,
    "timer-fired": _timer_fired,
    "message": _message,
    "signal": _signal,
    "job-done": _job_done,
    "job-failed": _job_failed,
    "job-unwanted": _job_unwanted,
    "error-thrown": _error_thrown,
    "incident": _incident,
    "incident-resolved": _incident_resolved,
    "cancelled": _cancelled,
    "ended": _ended,
    "deadline-outlives-promise": _outlives,
    "deadline-paused": _paused,
    "deadline-resumed": _resumed,
}


def _message_of(event: Event) -> tuple[str, ...]:
    return tuple(clean(line) for line in str(event.detail.get("message", "")).split("\n") if line.strip())


def _rules(rules: Any) -> str:
    """Which rows of a decision table fired; stored as [[decision, [rules]], ...]."""
    fired = [str(rule) for one in rules or () if isinstance(one, list) and len(one) == 2 for rule in one[1]]
    return f" ({', '.join(fired)})" if fired else ""


def _facts(data: Any) -> tuple[str, ...]:
    """Form data on one line; what was left empty is left out."""
    pairs = [f"{name}: {_value(value)}" for name, value in _flat(data, "") if value not in (None, "", [], {})]
    return ("  ".join(pairs),) if pairs else ()


def _flat(data: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    if isinstance(data, Mapping):
        for name, value in data.items():
            yield from _flat(value, f"{prefix}.{name}" if prefix else str(name))
    elif prefix:
        yield prefix, data


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return cut(clean(value), _VALUE)
    return cut(clean(json.dumps(value, ensure_ascii=False, default=str)), _VALUE)
