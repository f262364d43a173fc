"""Messages and signals: the cases that wait for them, and the cases that begin with them.

A process may begin with a message or signal start event, a receive task that instantiates, or the events behind an
event-based gateway that does. What begins a case is looked for in the newest definitions of the layers at hand, as
Camunda 8 looks among those that were deployed last.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

from complaintflow.bpmn.triggers import MessageTrigger, MultipleTrigger, SignalTrigger
from complaintflow.bpmn.watching import ConditionTrigger
from complaintflow.case.commands import Start
from complaintflow.case.events import Deliver, DeliverSignal
from complaintflow.case.host import CaseHost
from complaintflow.errors import CaseEnded, DefinitionError, DuplicateKey, InvalidData, NoSubscription
from complaintflow.logs import about
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.definition.definition import Bundle
    from complaintflow.definition.library import Library
    from complaintflow.work.work import Work

log = logging.getLogger("complaintflow")

_KINDS: Final[dict[str, Any]] = {"message": MessageTrigger, "signal": SignalTrigger}


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a process begins: its definition and the id of the element."""

    bundle: Bundle
    element: str


def entries(library: Library, kind: str, name: str) -> list[Entry]:
    """The entries of all processes that a message or signal of this name begins, one for each process.

    A definition that cannot be used begins nothing; it is logged.
    """
    found = []
    for process in library.addresses.begun_by(name):
        bundle = _newest(library, process)
        if bundle is None:
            continue
        element = next((node.bpmn_id for node in bundle.process.entries if _waits_for(node, kind, name)), None)
        if element is not None:
            found.append(Entry(bundle, element))
    return found


def true_of(work: Work, variables: dict[str, Any]) -> list[Entry]:
    """The conditional start events of all processes whose condition holds for these variables.

    A condition that is neither true, false nor null begins nothing; it is logged.
    """
    found = []
    for process in work.library.addresses.begun_by("conditionalEventDefinition"):
        bundle = _newest(work.library, process)
        for event in bundle.process.start_events if bundle is not None else ():
            if bundle is None or not isinstance(event.trigger, ConditionTrigger):
                continue
            host = CaseHost(bundle, work.settings.calendar or bundle.calendar, work.clock.now(), {}, {}, None)
            value = event.trigger.formula.value({**variables, **host.ambient}, host.functions, [])
            if value is True:
                found.append(Entry(bundle, event.bpmn_id))
            elif value not in (None, False):
                told = about("condition-unusable", process=process, element=event.bpmn_id)
                log.error("the condition of %s in %s is neither true nor false", event.bpmn_id, process, extra=told)
    return found


def _newest(library: Library, process: str) -> Bundle | None:
    """The definition of a process, if it can be used."""
    try:
        bundle = library.newest(process)
        bundle.process  # noqa: B018  a definition that was not checked may still be wrong
    except DefinitionError as error:
        told = about("process-unusable", process=process)
        log.error("the process %s cannot begin: %s", process, error.what, extra=told)
        return None
    return bundle


def _waits_for(node: Any, kind: str, name: str) -> bool:
    trigger = node.trigger
    parts = trigger.parts if isinstance(trigger, MultipleTrigger) else (trigger,)
    return any(isinstance(part, _KINDS[kind]) and part.name.text == name for part in parts)


def begin(
    work: Work, entry: Entry, kind: str, name: str, cargo: dict[str, Any], *, key: str | None, actor: str | None
) -> str:
    """Start a case at an entry; returns its id.

    Raises:
        DuplicateKey: the process has a case of this key.
        InvalidData: the cargo violates the intake form of the start event.
    """
    change = work.start(entry.bundle, Start(cargo, entry.element, {kind: name}), key=key, actor=actor)
    return change.case.id


def correlate(work: Work, message: str, cargo: dict[str, Any], *, key: str | None, actor: str | None) -> list[str]:
    """Deliver a message to what waits for it under this key, and begin what begins with it; ids of the cases.

    Raises:
        NoSubscription: nothing waits for it, and no process begins with it.
        DuplicateKey, InvalidData: see ``by_message``.
    """
    with work.store.reading() as tx:
        waiting = tx.waiting("message", message, str(key)) if key is not None else []
        reached = {tx.case(subscription.case_id).process for subscription in waiting}
    delivered: list[str] = []
    for subscription in waiting:
        try:
            work.run(subscription.case_id, Deliver(subscription.token, message, cargo, subscription.key), actor)
        except (NoSubscription, CaseEnded):
            # The first delivery may end what the next one would have reached.
            if not delivered:
                raise
        else:
            delivered.append(subscription.case_id)
    delivered += by_message(work, message, cargo, key=key, actor=actor, besides=reached)
    if not delivered:
        raise NoSubscription(f"no case waits for the message '{message}' with the key '{key}'")
    return list(dict.fromkeys(delivered))


def broadcast(work: Work, signal: str, cargo: dict[str, Any], *, actor: str | None) -> list[str]:
    """Throw a signal from outside the cases; ids of those that heard it or begin with it."""
    throw = secrets.token_hex(8)
    with work.store.reading() as tx:
        waiting = tx.waiting("signal", signal, None)
    heard = [
        subscription.case_id
        for subscription in waiting
        if work.run(subscription.case_id, DeliverSignal(subscription.token, signal, cargo, throw), actor) is not None
    ]
    heard += by_signal(work, signal, cargo, key=None, actor=actor)
    return list(dict.fromkeys(heard))


def evaluate(work: Work, variables: dict[str, Any], *, actor: str | None) -> list[str]:
    """Begin a case at every conditional start event that holds for the variables; ids of the cases.

    Raises:
        InvalidData: the variables violate the intake form of one of them.
    """
    return [
        begin(work, entry, "condition", entry.element, variables, key=None, actor=actor)
        for entry in true_of(work, variables)
    ]


def by_message(
    work: Work, name: str, cargo: dict[str, Any], *, key: str | None, actor: str | None, besides: Collection[str]
) -> list[str]:
    """Start a case of every process that begins with this message; ids of the cases.

    Args:
        key: the correlation key, which becomes the key of the cases; None: they have none.
        besides: processes that got the message already, by a case that waited for it.

    Raises:
        DuplicateKey: it begins nothing but cases that are there already.
        InvalidData: the cargo violates an intake form.
    """
    begun: list[str] = []
    taken: list[DuplicateKey] = []
    for entry in entries(work.library, "message", name):
        if entry.bundle.process_id in besides:
            continue
        try:
            begun.append(begin(work, entry, "message", name, cargo, key=key, actor=actor))
        except DuplicateKey as error:
            taken.append(error)
        except InvalidData as error:
            if not besides and not begun:
                raise
            # Others have it already; who sent it is not to think that nobody does.
            told = about("message-refused", process=entry.bundle.process_id, message_name=name)
            log.error("the message '%s' cannot begin %s: %s", name, entry.bundle.process_id, error.what, extra=told)
    if taken and not begun and not besides:
        raise taken[0]
    return begun


def by_signal(work: Work, name: str, cargo: dict[str, Any], *, key: str | None, actor: str | None = None) -> list[str]:
    """Start a case of every process that begins with this signal; ids of the cases.

    ``key`` names the throw, and becomes the key of the cases: however often it is delivered, one case comes of it in
    each process. None: it is delivered once.
    """
    begun = []
    for entry in entries(work.library, "signal", name):
        try:
            begun.append(begin(work, entry, "signal", name, cargo, key=key, actor=actor))
        except DuplicateKey:
            continue
        except InvalidData as error:
            # One receiver that cannot take it must not keep the others from hearing.
            told = about("signal-refused", process=entry.bundle.process_id, signal_name=name)
            log.error("the signal '%s' cannot begin %s: %s", name, entry.bundle.process_id, error.what, extra=told)
    return begun
