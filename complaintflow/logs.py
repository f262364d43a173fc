"""The library's log for programs: one JSON object a line, under names that do not change.

    handler.setFormatter(complaintflow.JsonFormatter())        complaintflow --log-format json worker

Each record of ours has the name of what happened (``event``) and its facts beside the sentence for people. A case, job
or timer is named by its id; nothing that a person said, no error's text, and no name of a person is among them. Of an
exception the classes and the places in the code are kept, not the words: these may quote what somebody wrote.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

EVENTS: Final[Mapping[str, str]] = {
    "store-opened": "where cases are kept, said once",
    "key-made": "a key that seals all cases was made",
    "job-failed": "a handler failed; it is tried again, or an incident",
    "job-not-written": "what a job led to could not be written down; it is taken again when its lease ends",
    "job-left": "a job is left to a worker that has its handler or definition",
    "timer-unfit": "a due timer cannot fire here; its row stays due",
    "schedule-unfit": "the clock cannot start a case of a process; its row stays due",
    "store-unavailable": "the database does not answer; it is tried again",
    "drain-failed": "a command is committed, and what it made ready waits for a worker",
    "layer-unused": "a folder of a layer is no process's, so nothing in it is used",
    "process-unusable": "a definition cannot be used, so nothing begins with it",
    "condition-unusable": "a condition that would begin a case is neither true nor false",
    "message-refused": "a message cannot begin a process",
    "signal-refused": "a signal cannot begin a process",
    "surge": "a surge of similar complaints began a case",
    "surge-unanswered": "a surge cannot begin its process, or was not looked for; a worker tries again",
    "cases-shredded": "cases were shredded at the end of their retention",
    "case-changed": "a case was changed in the database, and is not shredded",
    "mail-refused": "a mail cannot be taken",
    "schema-migrating": "the tables of an older release are brought up to date",
    "schema-moving": "how far a migration of the tables has moved data",
    "log": "anything else: a record of another library, or one without a name",
}
"""Every event name, and when it is written. Names are kept from release to release; facts may be added."""


_LONGEST: Final = 10


def about(event: str, **facts: Any) -> dict[str, Any]:
    """The ``extra`` of a log call: what happened, and its facts, in the plain."""
    return {"event": event, "facts": facts}


class JsonFormatter(logging.Formatter):
    """One JSON object a line: ``at`` (ISO 8601, UTC), ``level``, ``logger``, ``event``, ``message``, and facts."""

    def format(self, record: logging.LogRecord) -> str:
        """A record as a line."""
        told: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": getattr(record, "event", "log"),
            "message": record.getMessage(),
        }
        facts = getattr(record, "facts", None)
        for name, value in facts.items() if isinstance(facts, Mapping) else ():
            told.setdefault(name, value)
        if record.exc_info and record.exc_info[1] is not None:
            told |= _without_words(record.exc_info[1])
        return json.dumps(told, ensure_ascii=False, default=str)


def _without_words(error: BaseException) -> dict[str, Any]:
    """An exception's class, those behind it, and where it was raised."""
    chain: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(chain) < _LONGEST:
        chain.append(type(seen).__qualname__)
        seen = seen.__cause__ or seen.__context__
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    return {"error": chain[0], "because": chain[1:], "frames": frames}
