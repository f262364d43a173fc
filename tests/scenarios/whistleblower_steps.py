"""Steps through the whistleblower procedure: each function brings a fresh case to a certain point."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from complaintflow.facade.views import Case, Timer
from complaintflow.testing import Workbench

PROCESS = "whistleblower"
ANONYMOUS = {"channel": "suggestion_box", "anonymous": True, "content": "The buyer takes money from a supplier."}
NAMED = {
    "channel": "phone",
    "taken_by": "hotline",
    "reporter": {"name": "Zhao Min", "email": "zhao.min@example.com", "relation": "employee"},
    "content": "The buyer takes money from a supplier.",
    "persons": [{"name": "the buyer", "role": "purchasing"}],
}
REGISTER = {"summary": "A buyer takes money", "category": "report"}
PARTS = {
    "facts": "A buyer.",
    "course": "Heard three people.",
    "result": "It is true.",
    "proposal": "A second signature.",
}
GOOD = dict.fromkeys(("lawful_procedure", "clear_facts", "sufficient_evidence", "reasonable_proposal"), True)
POOR = {**GOOD, "sufficient_evidence": False, "review_opinion": "Hear the supplier, too."}
MEASURE = {"what": "A second signature", "owner": "li.wei", "due": "2026-03-18"}


def registered(wb: Workbench, **fields: Any) -> Case:
    """A report in the register, waiting for the check."""
    return wb.complete(wb.start(PROCESS, NAMED | fields), "register", REGISTER)


def accepted(wb: Workbench, **fields: Any) -> Case:
    """A report that was accepted, waiting to be classified."""
    return wb.complete(registered(wb, **fields), "assess", admissible=True)


def classified(wb: Workbench, **data: Any) -> Case:
    """A report with its department(s)."""
    return wb.complete(accepted(wb), "classify", {"kind": "corruption"} | data)


def appointed(wb: Workbench, **data: Any) -> Case:
    """A report with an investigator."""
    return wb.complete(classified(wb, **data), "appoint", investigator="li.wei")


def investigated(wb: Workbench, case: Case | None = None) -> Case:
    """A report that was investigated, waiting for the written report."""
    return wb.complete(case or appointed(wb), "investigate", conflict_free=True, findings="Three invoices.")


def reported(wb: Workbench, *measures: dict[str, str]) -> Case:
    """A written report, waiting for the review."""
    return wb.complete(investigated(wb), "report", PARTS, measures=list(measures))


def fixed(wb: Workbench, *measures: dict[str, str]) -> Case:
    """A result that passed the review."""
    return wb.complete(reported(wb, *measures), "review", GOOD)


def told(wb: Workbench, *measures: dict[str, str]) -> Case:
    """A reporter who has the result."""
    return wb.complete(fixed(wb, *measures), "feed-back")


def asked(wb: Workbench, case: Case, satisfaction: str) -> Case:
    """The reporter said how satisfied they are."""
    extra = {"call_attempts": "twice"} if satisfaction == "not_reached" else {}
    return wb.complete(case, "ask-satisfaction", {"asked_by": "call", "satisfaction": satisfaction} | extra)


def appealing(wb: Workbench, *measures: dict[str, str]) -> Case:
    """A dissatisfied reporter who has appealed."""
    case = wb.complete(asked(wb, told(wb, *measures), "dissatisfied"), "explain", still_objects=True)
    return sent(wb, case, "appeal", grounds="Nobody heard me.")


def threatened(wb: Workbench) -> Case:
    """A reporter who suffers retaliation while the report is being checked."""
    return sent(wb, registered(wb), "retaliation", incident="Moved to the night shift.")


def sent(wb: Workbench, case: Case, message: str, **data: Any) -> Case:
    """A message reached the case."""
    return wb.engine.correlate(message, key=case.key, data=data)[0]


def open_tasks(wb: Workbench, case: Case) -> list[str]:
    """The elements of the open tasks, sorted."""
    return sorted(task.element for task in wb.case(case.id).tasks)


def letters(wb: Workbench) -> list[str]:
    """The names of all notices, in order."""
    return [notice.name for notice in wb.notices]


def timer(wb: Workbench, case: Case, element: str) -> Timer:
    """The open timer at an element."""
    return next(timer for timer in wb.case(case.id).timers if timer.element == element)


def day(wb: Workbench, moment: datetime) -> str:
    """Day and time in the organisation's zone."""
    return moment.astimezone(wb.calendar.zone).strftime("%m-%d %H:%M")


def started(wb: Workbench, process: str) -> list[Case]:
    """The cases of a process that others have begun, the oldest first."""
    return wb.engine.cases(process=process)[::-1]
