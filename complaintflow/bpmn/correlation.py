"""Correlation as BPMN itself says it (2.0.2, 8.3.2): a process subscribes to a key, whose value its messages carry.

    correlationProperty      how the value is read out of each message (messagePath)
    correlationKey           the properties that have to be the same
    correlationSubscription  how the process computes them (dataPath)

Where the key is one property, ``dataPath`` is what Camunda 8 calls the correlation key of these messages, and so it is
read. ``messagePath`` is held against what a message brings: one that brings another value than its key is not this
case's. A key that no process subscribes to would be that of the first message exchanged; it is refused, as are keys of
several properties, with the correlation key to write instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

from complaintflow.bpmn.formula import Formula, compile_formula
from complaintflow.bpmn.xml import bpmn, ours, owner, reference, zeebe
from complaintflow.errors import InvalidDiagram, UnsupportedElement

_RETRIEVAL: Final = ours("retrieval")
_TASKS: Final = (bpmn("receiveTask"), bpmn("sendTask"))
_SENDERS: Final = (bpmn("endEvent"), bpmn("intermediateThrowEvent"), bpmn("sendTask"))
_INSTEAD: Final = "set the correlation key on the message (zeebe:subscription)"


def stated(root: etree._Element) -> frozenset[str]:
    """The ids of the messages whose correlation key the file says in Camunda 8's way."""
    return frozenset(
        str(message.get("id"))
        for message in root.iter(bpmn("message"))
        if any(one.get("correlationKey") for one in message.iter(zeebe("subscription")))
    )


def is_written(root: etree._Element) -> bool:
    """Whether the file has any of it."""
    parts = (bpmn("correlationProperty"), bpmn("correlationKey"), bpmn("correlationSubscription"))
    return next(root.iter(*parts), None) is not None


def settle(root: etree._Element, file: str, known: frozenset[str]) -> list[InvalidDiagram]:
    """Write the keys that processes subscribe to into their messages; returns what cannot be run.

    Args:
        root: the file's, translated.
        file: its name.
        known: what ``stated`` said of the file as it was read.
    """
    if not is_written(root):
        return []
    page = _Page(root, file, known)
    for process in root.iterchildren(bpmn("process")):
        if process.get("isExecutable", "true") == "true":
            page.subscribe(process)
    page.unused()
    page.write()
    return page.problems


def retrievals(root: etree._Element, file: str) -> dict[str, Formula]:
    """Message name -> how its key is read out of what it brings. Raises FeelSyntaxError."""
    return {
        str(message.get("name")): compile_formula(
            str(message.get(_RETRIEVAL)),
            f"{file}, line {message.sourceline}, element {message.get('id')}",
            feel_only=True,
        )
        for message in root.iterchildren(bpmn("message"))
        if message.get(_RETRIEVAL)
    }


class _Page:
    """One file while its subscriptions are read."""

    def __init__(self, root: etree._Element, file: str, known: frozenset[str]) -> None:
        self.file = file
        self.known = known
        self.problems: list[InvalidDiagram] = []
        self.messages = {str(one.get("id")): one for one in root.iterchildren(bpmn("message"))}
        self.keys = {str(one.get("id")): one for one in root.iter(bpmn("correlationKey"))}
        self.properties = {str(one.get("id")): one for one in root.iterchildren(bpmn("correlationProperty"))}
        self.processes = [*root.iterchildren(bpmn("process"))]
        self.used: set[str] = set()
        self.unlike: list[etree._Element] = []
        # Message id -> the data path, the message path, and the process that said it.
        self.wanted: dict[str, tuple[str, str, etree._Element]] = {}

    def refuse(self, element: etree._Element, what: str, advice: str) -> None:
        """Note that something cannot be run."""
        where = f"{self.file}, line {element.sourceline}, element {owner(element)}"
        if all((one.what, one.where) != (what, where) for one in self.problems):
            self.problems.append(UnsupportedElement(what, where=where, advice=advice))

    def subscribe(self, process: etree._Element) -> None:
        """Read what one process subscribes to."""
        found = [*process.iterchildren(bpmn("correlationSubscription"))]
        for further in found[1:]:
            self.refuse(further, "a process subscribes to two correlation keys", _INSTEAD)
        for one in found[:1]:
            self._subscription(one, process)

    def _subscription(self, one: etree._Element, process: etree._Element) -> None:
        key = self.keys.get(reference(one.get("correlationKeyRef")) or "")
        if key is None:
            self.refuse(one, "the subscription names no correlation key of this file", _INSTEAD)
            return
        self.used.add(str(key.get("id")))
        paths = {
            reference(binding.get("correlationPropertyRef")) or "": _text(binding.find(bpmn("dataPath")))
            for binding in one.iterchildren(bpmn("correlationPropertyBinding"))
        }
        names = [reference(ref.text) or "" for ref in key.iterchildren(bpmn("correlationPropertyRef"))]
        if len(names) > 1:
            joined = ' + "/" + '.join(f"string({paths.get(name) or name})" for name in names)
            self.refuse(one, "the correlation key has several properties", f"{_INSTEAD}: ={joined}")
            return
        named = self.properties.get(names[0]) if names else None
        path = paths.get(names[0]) if names else None
        if named is None or not path:
            self.refuse(one, "the subscription has no property with a data path", "give the key a property, and the "
                        "subscription a binding of that property with a dataPath in FEEL")  # fmt: skip
            return
        for message, retrieval in _retrievals(named):
            self._want(message, path, retrieval, process, one)

    def _want(self, message: str, path: str, retrieval: str, process: etree._Element, one: etree._Element) -> None:
        if message not in self.messages or not retrieval:
            advice = "name the message (messageRef), and write the FEEL that reads what it brings (messagePath)"
            self.refuse(one, "a retrieval expression has no message or no message path", advice)
        elif message in self.known:
            what = (
                f"the message '{self.messages[message].get('name')}' has a correlation key and a correlation property"
            )
            self.refuse(one, what, "keep one of them")
        elif message in self.wanted and self.wanted[message][0] != path:
            what = "two processes of the file compute the key of a message in two ways"
            self.refuse(one, what, "write the same dataPath in both, or keep each process in a file of its own")
            self.unlike.append(process)
        else:
            self.wanted[message] = path, retrieval, process

    def unused(self) -> None:
        """Refuse keys and properties that no executable process subscribes to, and processes that do not join in."""
        for key_id, key in self.keys.items():
            if key_id not in self.used:
                self.refuse(key, "no process subscribes to the correlation key, so the first message would make it",
                            self._first(key))  # fmt: skip
        listed = {reference(ref.text) for key in self.keys.values() for ref in key.iter(bpmn("correlationPropertyRef"))}
        for name, one in self.properties.items():
            if name not in listed:
                self.refuse(one, "no correlation key has the correlation property", f"{_INSTEAD}, or remove it")
        for message, (path, _, first) in self.wanted.items():
            for process in self.processes:
                told = process is first or process in self.unlike or self._joins(process, path)
                if not told and _waits(process, message):
                    called = self.messages[message].get("name")
                    what = f"'{process.get('id')}' waits for the message '{called}' without its correlation key"
                    self.refuse(process, what, "give it the same correlationSubscription, or a file of its own")

    def _first(self, key: etree._Element) -> str:
        names = [reference(ref.text) or "" for ref in key.iterchildren(bpmn("correlationPropertyRef"))]
        found = [pair for name in names if name in self.properties for pair in _retrievals(self.properties[name])]
        written = (f"'{self.messages[one].get('name')}': ={path}" for one, path in found if one in self.messages)
        return f"{_INSTEAD}: {', '.join(written)}" if len(names) == 1 and found else _INSTEAD

    def _joins(self, process: etree._Element, path: str) -> bool:
        return any(_text(one) == path for one in process.iter(bpmn("dataPath")))

    def write(self) -> None:
        """Say it as Camunda 8 does; what was refused is not missed again."""
        mentioned = (one for named in self.properties.values() for one, _ in _retrievals(named))
        said = {name: (path, retrieval) for name, (path, retrieval, _) in self.wanted.items()}
        gaps = {name: ("null", "") for name in mentioned if self.problems and name not in self.known}
        for name, (path, retrieval) in {**gaps, **said}.items():
            message = self.messages.get(name)
            if message is None:
                continue
            message.set(_RETRIEVAL, retrieval)
            subscription = next(message.iter(zeebe("subscription")), None)
            if subscription is None:
                holder = message.find(bpmn("extensionElements"))
                holder = etree.SubElement(message, bpmn("extensionElements")) if holder is None else holder
                subscription = etree.SubElement(holder, zeebe("subscription"))
            subscription.set("correlationKey", f"={path}")


def _retrievals(named: etree._Element) -> Iterator[tuple[str, str]]:
    for one in named.iterchildren(bpmn("correlationPropertyRetrievalExpression")):
        yield reference(one.get("messageRef")) or "", _text(one.find(bpmn("messagePath")))


def _text(element: etree._Element | None) -> str:
    return (element.text or "").strip().removeprefix("=").strip() if element is not None else ""


def _waits(process: etree._Element, message: str) -> bool:
    """Whether a case of the process waits for a message; one that begins with it has no key."""
    if process.get("isExecutable", "true") != "true":
        return False
    for element in process.iter("*"):
        host = element if element.tag in _TASKS else element.getparent()
        if reference(element.get("messageRef")) != message or host is None:
            continue
        begins = host.getparent() is process and (host.tag == bpmn("startEvent") or host.get("instantiate") == "true")
        if host.tag not in _SENDERS and not begins:
            return True
    return False
