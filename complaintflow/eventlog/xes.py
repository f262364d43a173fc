"""XES as XML (IEEE 1849-2016): a trace for each case, an event for each line of history, facts as attributes.

Extensions: Concept (names), Time (timestamps), Lifecycle (complete, or unknown where nothing was done), Cost is not
used, and Organizational neither: who did something is sealed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import BinaryIO, Final

from lxml import etree

from complaintflow.eventlog.log import EventLog, Happening, Trace

_EXTENSIONS: Final = (
    ("Concept", "concept", "http://www.xes-standard.org/concept.xesext"),
    ("Time", "time", "http://www.xes-standard.org/time.xesext"),
    ("Lifecycle", "lifecycle", "http://www.xes-standard.org/lifecycle.xesext"),
)
_TAGS: Final = {"boolean": "boolean", "number": "float", "money": "float"}
# What XML 1.0 cannot say; a category may have been typed by a program.
_UNWRITABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def write(log: EventLog, out: BinaryIO) -> int:
    """Write the log; how many cases are in it. It is never held as a whole."""
    cases = 0
    with etree.xmlfile(out, encoding="utf-8") as xml:
        xml.write_declaration()
        with xml.element(
            "log", {"xes.version": "1849-2016", "xes.features": "", "xmlns": "http://www.xes-standard.org/"}
        ):
            for name, prefix, uri in _EXTENSIONS:
                xml.write(etree.Element("extension", name=name, prefix=prefix, uri=uri))
            classifier = etree.Element("classifier", name="Activity", keys="concept:name")
            xml.write(classifier)
            for trace in log:
                cases += 1
                xml.write(_trace(trace), pretty_print=True)
    return cases


def _trace(trace: Trace) -> etree._Element:
    element = etree.Element("trace")
    _add(element, "string", "concept:name", trace.case.id)
    _add(element, "string", "process", trace.case.process)
    _add(element, "string", "status", trace.case.status)
    facts = {event.name: event.value for event in trace.events if event.is_fact and event.name is not None}
    for name, value in facts.items():
        if value is not None:
            _add(element, _TAGS.get(trace.kind(name), "string"), name, value)
    for event in trace.events:
        if not event.is_fact:
            element.append(_event(event))
    return element


def _event(event: Happening) -> etree._Element:
    element = etree.Element("event")
    _add(element, "string", "concept:name", event.activity)
    _add(element, "date", "time:timestamp", _time(event.at))
    _add(element, "string", "lifecycle:transition", "complete" if event.is_done else "unknown")
    _add(element, "string", "event", event.event)
    for key, value in (("element", event.element), ("deadline", event.name), ("due", event.value)):
        if value:
            _add(element, "string", key, value)
    return element


def _add(parent: etree._Element, tag: str, key: str, value: str) -> None:
    etree.SubElement(parent, tag, key=key, value=_UNWRITABLE.sub("\ufffd", value))


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
