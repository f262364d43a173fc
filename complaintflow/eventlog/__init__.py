"""Event logs for process mining: what happened in which case and when, for any tool to read.

    log      the cases and their events, read one case at a time from the plain columns of the history
    ocel     OCEL 2.0 as JSON: cases, deadlines and the persons behind pseudonyms are objects; facts their attributes
    xes      IEEE 1849-2016 (XES) as XML: a trace for each case

A log says no more than the plain columns do: elements, times, facts that the policy names, and pseudonyms. Who did
something and what was said is sealed and stays so; cases whose content was destroyed are in it like all others.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final, Literal

from complaintflow.errors import InvalidData
from complaintflow.eventlog import ocel, xes
from complaintflow.eventlog.log import EventLog, Happening, Trace
from complaintflow.whole import whole_file

Form = Literal["ocel", "xes"]
FORMS: Final[tuple[Form, ...]] = ("ocel", "xes")


def save(log: EventLog, file: str | Path, form: Form) -> int:
    """Write a log to a new file, whole or not at all; how many cases are in it.

    Raises:
        InvalidData: there is such a file already, or it cannot be written.
    """
    path = Path(file)
    if path.exists():
        what = "there is such a file already"
        raise InvalidData(what, where=str(file), advice="give another name, or remove it first")
    with whole_file(path) as out:
        if form == "xes":
            return xes.write(log, out)
        text = io.TextIOWrapper(out, encoding="utf-8")
        cases = ocel.write(log, text)
        text.detach()
        return cases


__all__ = ["FORMS", "EventLog", "Form", "Happening", "Trace", "save"]
