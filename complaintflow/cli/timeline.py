"""The history of a case, told: what happened, when, who."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

import click

from complaintflow.cli.look import bold, clean, columns, cut, day_and_time, dim, heading, say, sign, wrap
from complaintflow.cli.teller import Teller, Telling
from complaintflow.cli.words import TIMELINE

if TYPE_CHECKING:
    from complaintflow.facade.views import Event

_MARGIN: Final = " " * 12


def tell(teller: Teller, event: Event) -> Telling:
    """The event in words; one of an unknown kind tells its name."""
    kind = _KINDS.get(event.event)
    if kind is None:
        return Telling("quiet", f"{teller.name(event)} {event.event}".strip(), more=teller.facts(event.detail))
    return kind(teller, event)


def print_timeline(events: Iterable[Event], teller: Teller, *, verbose: bool) -> None:
    """Every event under its day."""
    setting = teller.setting
    heading(teller.word("happened"))
    last = ""
    for event in events:
        telling = tell(teller, event)
        if telling.quiet and not verbose:
            continue
        today, time = day_and_time(event.at, setting.zone, setting.language)
        if today != last:
            say(dim(f"  {today}"))
            last = today
        more = [*telling.more, *teller.notes(event, verbose=verbose)]
        print_event(event, telling, more, time, columns(), wrapped=verbose)


def print_event(event: Event, telling: Telling, more: list[str], time: str, room: int | None, *, wrapped: bool) -> None:
    """One event: time, sign, words, who; what it brought below, each on a line or wrapped."""
    mark = click.style(sign(telling.mark), fg=telling.colour) if telling.colour else sign(telling.mark)
    text = click.style(telling.text, fg=telling.colour) if telling.colour in ("red", "yellow") else telling.text
    who = dim(f"  {clean(event.actor)}") if event.actor else ""
    say(f"    {time} {mark} {text}{who}")
    for line in more:
        short = cut(line, room - len(_MARGIN)) if room is not None else line
        for one in wrap(line, room, _MARGIN) if wrapped else [_MARGIN + short]:
            say(dim(one.rstrip()))


# -- the kinds of events ----------------------------------------------------------------------


def _started(teller: Teller, event: Event) -> Telling:
    more = teller.answers(event)
    if "due" in event.detail:
        name, due = teller.label(event.detail.get("start")), teller.time(event.detail["due"])
        more = (teller.word("by clock", name=name, due=due), *more)
    return Telling("begin", bold(teller.word("started")), "cyan", more)


def _task_completed(teller: Teller, event: Event) -> Telling:
    return Telling("done", bold(teller.name(event)), "green", teller.answers(event))


def _task_claimed(teller: Teller, event: Event) -> Telling:
    return Telling("quiet", teller.at(event, "claimed", who=event.detail.get("assignee")))


def _task_released(teller: Teller, event: Event) -> Telling:
    return Telling("quiet", teller.at(event, "released"))


def _timer_fired(teller: Teller, event: Event) -> Telling:
    return Telling("time", teller.at(event, "timer"), "yellow")


def _message(teller: Teller, event: Event) -> Telling:
    text = teller.at(event, "message", name=event.detail.get("name"))
    return Telling("message", text, "cyan", teller.facts(event.detail.get("data")))


def _signal(teller: Teller, event: Event) -> Telling:
    return Telling("message", teller.at(event, "signal", name=event.detail.get("name")), "cyan")


def _job_done(teller: Teller, event: Event) -> Telling:
    if "notice" not in event.detail:
        return Telling("done", teller.name(event), None, teller.facts(event.detail.get("data")))
    channel = str(event.detail.get("channel"))
    channel = TIMELINE[teller.setting.language].get(channel, channel)
    # Into the portal nothing has to be sent.
    kept = event.detail.get("kept") and event.detail.get("channel") not in ("portal", "collection")
    key = "notice kept" if kept else "notice"
    return Telling("notice", teller.at(event, key, name=event.detail["notice"], channel=channel))


def _job_failed(teller: Teller, event: Event) -> Telling:
    retry = event.detail.get("retry")
    text = teller.at(event, "failed", attempt=event.detail.get("attempt"))
    again = teller.word("retry", at=teller.time(retry)) if retry else ""
    return Telling("bad", text + again, "yellow" if retry else "red", _message_of(event))


def _job_unwanted(teller: Teller, event: Event) -> Telling:
    return Telling("quiet", teller.word("unwanted"), quiet=True)


def _error_thrown(teller: Teller, event: Event) -> Telling:
    return Telling("bad", teller.at(event, "error", code=event.detail.get("code")), "yellow", _message_of(event))


def _incident(teller: Teller, event: Event) -> Telling:
    return Telling("bad", teller.at(event, "incident", kind=event.detail.get("kind")), "red", _message_of(event))


def _incident_resolved(teller: Teller, event: Event) -> Telling:
    return Telling("done", teller.at(event, "resolved"), "green")


def _cancelled(teller: Teller, event: Event) -> Telling:
    reason = "".join(_reason_of(event))
    return Telling("end", bold(teller.word("cancelled")) + (teller.word("colon") + reason if reason else ""), "yellow")


def _ended(teller: Teller, event: Event) -> Telling:
    return Telling("end", bold(teller.word("ended")), "green")


def _outlives(teller: Teller, event: Event) -> Telling:
    facts = event.detail
    more = teller.word("outlives more", due=teller.time(facts.get("due")), promised=teller.time(facts.get("promised")))
    names = {name: teller.called(facts.get(name)) for name in ("deadline", "promise")}
    text = teller.word("outlives", **names)
    return Telling("warning", text, "yellow", (more,))


def _paused(teller: Teller, event: Event) -> Telling:
    more = teller.word("paused more", due=teller.time(event.detail.get("due")))
    return Telling("time", teller.word("paused", deadline=teller.called(event.detail.get("deadline"))), None, (more,))


def _resumed(teller: Teller, event: Event) -> Telling:
    due = teller.time(event.detail.get("due"))
    return Telling("time", teller.word("resumed", deadline=teller.called(event.detail.get("deadline")), due=due))


def _moved(teller: Teller, event: Event) -> Telling:
    due, before = teller.time(event.detail.get("due")), teller.time(event.detail.get("before"))
    text = teller.word("moved", deadline=teller.called(event.detail.get("deadline")), due=due)
    return Telling("time", text, "yellow", (teller.word("moved more", before=before),))


def _counted(teller: Teller, event: Event) -> Telling:
    value = event.value or "-"
    said = teller.fact(value) if event.event == "fact" else teller.time(value)
    facts = {"name": teller.called(event.counted), "value": said}
    return Telling("quiet", teller.word(f"counted {event.event}", **facts), quiet=True)


def _accessed(teller: Teller, event: Event) -> Telling:
    purpose = f"access {event.detail.get('purpose')}"
    text = teller.word(purpose) if purpose in TIMELINE[teller.setting.language] else clean(purpose)
    material = event.detail.get("material")
    where = teller.word("colon") + clean(str(material)) if material else ""
    return Telling("quiet", text + where, more=_reason_of(event))


def _attached(teller: Teller, event: Event) -> Telling:
    facts = event.detail
    text = teller.word("attached", number=facts.get("number"), name=facts.get("name"), type=facts.get("type"))
    return Telling("quiet", text, more=(f"SHA-256 {clean(str(facts.get('sha256')))}", *_reason_of(event)))


def _held(teller: Teller, event: Event) -> Telling:
    return Telling("quiet", teller.word("held"), "yellow", _reason_of(event))


def _hold_ended(teller: Teller, event: Event) -> Telling:
    return Telling("quiet", teller.word("hold ended"), more=_reason_of(event))


def _stood_still(teller: Teller, event: Event) -> Telling:
    return Telling("quiet", bold(teller.word("suspended")), "yellow", _reason_of(event))


def _goes_on(teller: Teller, event: Event) -> Telling:
    return Telling("quiet", bold(teller.word("goes on")), "yellow", _reason_of(event))


def _signal_missed(teller: Teller, event: Event) -> Telling:
    return Telling("quiet", teller.word("signal-missed", name=event.detail.get("name")), "yellow")


def _migrated(teller: Teller, event: Event) -> Telling:
    before, after = (clean(str(event.detail.get(name, "")))[:12] for name in ("from", "to"))
    return Telling("quiet", bold(teller.word("migrated", before=before, after=after)))


def _shredded(teller: Teller, event: Event) -> Telling:
    return Telling("end", bold(teller.word("shredded")), "yellow")


_KINDS: Final[dict[str, Callable[[Teller, Event], Telling]]] = {
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
    "deadline-moved": _moved,
    **dict.fromkeys(("fact", "alike", "surge", "promised", "moved", "kept", "broken", "dropped"), _counted),
    "accessed": _accessed,
    "attached": _attached,
    "held": _held,
    "hold-ended": _hold_ended,
    "shredded": _shredded,
    "suspended": _stood_still,
    "resumed": _goes_on,
    "signal-missed": _signal_missed,
    "migrated": _migrated,
}


def _message_of(event: Event) -> tuple[str, ...]:
    return tuple(clean(line) for line in str(event.detail.get("message") or "").split("\n") if line.strip())


def _reason_of(event: Event) -> tuple[str, ...]:
    # Where none was given there is a null.
    reason = clean(str(event.detail.get("reason") or ""))
    return (reason,) if reason else ()
