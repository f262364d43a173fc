"""OCEL 2.0 as JSON (Berti and others, "OCEL (Object-Centric Event Log) 2.0 Specification", 2023).

Objects are the cases (their type is the process), the deadlines that were promised in them, and the persons that a
policy counts by, under their pseudonyms. What is counted of a case are attributes that change with time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from complaintflow.eventlog.log import EventLog, Happening, Trace

_TYPES: Final = {"boolean": "boolean", "number": "float", "money": "float"}
_DEADLINE: Final = "deadline"
_PERSON: Final = "person"
_ATTRIBUTES: Final = ("event", "element")


def write(log: EventLog, out: TextIO) -> int:
    """Write the log; how many cases are in it. It is read twice and never held as a whole."""
    types: dict[str, dict[str, str]] = {_DEADLINE: {"name": "string", "due": "time", "outcome": "string"}, _PERSON: {}}
    activities: set[str] = set()
    persons: set[str] = set()
    cases = 0
    out.write('{"objects":[')
    comma = ""
    for trace in log:
        cases += 1
        for one in _objects(trace, types, persons):
            out.write(f"{comma}\n{json.dumps(one, ensure_ascii=False)}")
            comma = ","
    out.write('\n],"events":[')
    comma = ""
    for trace in log:
        for event in trace.events:
            if not event.is_fact:
                activities.add(event.activity)
                out.write(f"{comma}\n{json.dumps(_event(trace, event), ensure_ascii=False)}")
                comma = ","
    kinds = [
        {"name": name, "attributes": [{"name": one, "type": kind} for one, kind in sorted(attributes.items())]}
        for name, attributes in sorted(types.items())
    ]
    said = [{"name": name, "type": "string"} for name in _ATTRIBUTES]
    events = [{"name": name, "attributes": said} for name in sorted(activities)]
    out.write(f'\n],"objectTypes":{json.dumps(kinds, ensure_ascii=False)},')
    out.write(f'"eventTypes":{json.dumps(events, ensure_ascii=False)}}}\n')
    return cases


def _objects(trace: Trace, types: dict[str, dict[str, str]], persons: set[str]) -> Iterator[dict[str, Any]]:
    """The case, its deadlines, and those of its persons who have not come before."""
    row, own = trace.case, types.setdefault(trace.case.process, {"status": "string"})
    attributes = [_attribute("status", row.created_at, "active")]
    if row.status != "active":
        attributes.append(_attribute("status", row.updated_at, row.status))
    related: list[dict[str, str]] = []
    deadlines: dict[int, dict[str, Any]] = {}
    for event in trace.events:
        if event.is_fact and event.name is not None:
            kind = trace.kind(event.name)
            own[event.name] = _TYPES.get(kind, "string")
            attributes.append(_attribute(event.name, event.at, _value(kind, event.value)))
            if kind == _PERSON and event.value is not None:
                related.append({"objectId": event.value, "qualifier": event.name})
        elif event.is_promise:
            _deadline(deadlines, trace, event)
    related += [{"objectId": one["id"], "qualifier": _DEADLINE} for one in deadlines.values()]
    for person in dict.fromkeys(one["objectId"] for one in related if one["qualifier"] != _DEADLINE):
        if person not in persons:
            persons.add(person)
            yield {"id": person, "type": _PERSON, "attributes": [], "relationships": []}
    yield from deadlines.values()
    yield {"id": row.id, "type": row.process, "attributes": attributes, "relationships": related}


def _deadline(known: dict[int, dict[str, Any]], trace: Trace, event: Happening) -> None:
    number = event.token or 0
    one = known.setdefault(
        number,
        {
            "id": _deadline_id(trace, event),
            "type": _DEADLINE,
            "attributes": [_attribute("name", event.at, event.name)],
            "relationships": [],
        },
    )
    if event.event in ("promised", "moved"):
        # While its clock stands still it is not due.
        due = _time(datetime.fromisoformat(event.value)) if event.value else None
        one["attributes"].append(_attribute("due", event.at, due))
    else:
        one["attributes"].append(_attribute("outcome", event.at, event.event))


def _event(trace: Trace, event: Happening) -> dict[str, Any]:
    related = [{"objectId": trace.case.id, "qualifier": "case"}]
    if event.is_promise:
        related.append({"objectId": _deadline_id(trace, event), "qualifier": _DEADLINE})
    said = {"event": event.event, "element": event.element or ""}
    return {
        "id": f"{trace.case.id}.{event.number}",
        "type": event.activity,
        "time": _time(event.at),
        "attributes": [{"name": name, "value": said[name]} for name in _ATTRIBUTES],
        "relationships": related,
    }


def _deadline_id(trace: Trace, event: Happening) -> str:
    return f"{trace.case.id}.{_DEADLINE}.{event.token}"


def _attribute(name: str, at: datetime, value: Any) -> dict[str, Any]:
    return {"name": name, "time": _time(at), "value": value}


def _value(kind: str, value: str | None) -> Any:
    if value is None:
        return None
    if kind == "boolean":
        return value == "true"
    return float(value) if kind in _TYPES else value


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
