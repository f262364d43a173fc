"""Job types that count and need no handler: a service task of the type, and headers.

    figures        headers ``policy`` (default: the case's own), ``period`` ("quarter", "month", "year"), ``by`` (facts,
                   with spaces between) -> a context of plain numbers: figure -> value, ``period``, ``parts``; told
                   apart by facts there are parts alone
    sample         headers ``process``, ``size``, ``period``, ``seed`` (default: the case's id and the period's name)
                   -> a list of ended cases, {case, key, process, closed_at}, in the order in which they were drawn;
                   ``since`` and ``until`` (FEEL) in place of a period: ended from the one time on, before the other;
                   ``missing`` = "none": a process that is not there has no cases, in place of an incident
    case-summary   header ``case``, or the variable ``case_id`` -> what is counted of one case, without persons

The period is the last one that was over when the asking case began, in the zone of the policy that is counted, which
is also that of times without one. Every header may be FEEL ("=size"). The result is the variable that the header
``resultVariable`` names; without it ``figures``, ``sample`` or ``case_summary``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from complaintflow import feel
from complaintflow.errors import InvalidData, UnknownProcess
from complaintflow.figures.computing import compute, require_category
from complaintflow.figures.period import Kind, Period

if TYPE_CHECKING:
    from complaintflow.definition.definition import Bundle
    from complaintflow.handlers.registry import Job
    from complaintflow.policy.policy import Policy
    from complaintflow.work.work import Work

_EVERY_CASE: Final = 10_000_000
_DAY: Final = 86_400
_KINDS: Final[Mapping[str, Kind]] = {"month": "month", "quarter": "quarter", "year": "year"}


def figures(work: Work, job: Job) -> dict[str, Any]:
    """A policy's figures of the last period. Raises UnknownProcess, DefinitionError, InvalidData."""
    by = tuple(str(_header(job, "by") or "").split())
    with work.store.reading() as tx:
        own = work.bundle(tx, tx.case(job.case_id)).policies.own
        bundle = work.library.newest(str(_header(job, "policy") or own))
        for fact in by:
            require_category(bundle.policy, fact)
        made = compute(tx, bundle.policy, _period(work, bundle, job), work.clock.now(), by)
    return {_result(job, "figures"): made.plain()}


def sample(work: Work, job: Job) -> dict[str, Any]:
    """Cases drawn by lot from those that ended in the time asked for: the same seed draws the same ones again.

    Each case's lot is the SHA-256 of seed and case id, and the smallest lots win: nobody can move a case in or out by
    adding others, and anybody can draw again by hand.

    Raises:
        InvalidData: the headers do not say of what, how many, or of which time.
        UnknownProcess, DefinitionError: the process.
    """
    process, size = _header(job, "process"), _whole(_header(job, "size"))
    if not isinstance(process, str) or size is None:
        what = "a sample needs the headers 'process' (an id) and 'size' (a whole number, 1 or more)"
        raise InvalidData(what, where=f"element {job.element}", advice="write them at the task")
    try:
        bundle = work.library.newest(process)
    except UnknownProcess:
        if _header(job, "missing") != "none":
            raise
        return {_result(job, "sample"): []}
    period = _between(work, bundle, job) if "since" in job.headers else _period(work, bundle, job)
    seed = _header(job, "seed")
    seed = f"{job.case_id}/{period.name}" if seed is None else str(seed)
    name = f"{bundle.policies.own}/{process}"
    with work.store.reading() as tx:
        ended = tx.counted(["ended"], [name], period.since, period.until, _EVERY_CASE)
        drawn = sorted(ended, key=lambda row: hashlib.sha256(f"{seed}/{row.case_id}".encode()).digest())[:size]
        found = [
            {
                "case": row.case_id,
                "key": tx.case(row.case_id).key or row.case_id,
                "process": process,
                "closed_at": _time(row.at),
            }
            for row in drawn
        ]
    return {_result(job, "sample"): found}


def case_summary(work: Work, job: Job) -> dict[str, Any]:
    """What is counted of one case: process, facts but for persons, times. It is there when the content is gone too.

    Raises:
        InvalidData: no case is named.
        UnknownCase: there is none of this id.
    """
    case_id = _header(job, "case") or job.variables.get("case_id")
    if not isinstance(case_id, str):
        what = "a case-summary needs a case: the header 'case', or the variable 'case_id'"
        raise InvalidData(what, where=f"element {job.element}", advice='write the header, as "=reviewed.case"')
    with work.store.reading() as tx:
        row = tx.case(case_id)
        policy = work.bundle(tx, row).policy
        entries = [entry for entry in tx.history(case_id) if entry.name is not None]
    known: dict[str, Any] = {
        "process": row.process,
        "began_at": _time(row.created_at),
        "ended_at": None,
        "duration_days": None,
        "broken_promises": sum(entry.event == "broken" for entry in entries),
    }
    for entry in entries:
        if entry.event == "fact" and entry.name is not None:
            _fact(known, policy, entry.name.partition("/")[2], entry.value)
        elif entry.event in ("ended", "cancelled") and entry.value is not None:
            known["ended_at"] = _time(entry.at)
            known["duration_days"] = round(Decimal(entry.value) / _DAY, 2)
    return {_result(job, "case_summary"): known}


COUNTING: Final[Mapping[str, Callable[[Work, Job], dict[str, Any]]]] = {
    "figures": figures,
    "sample": sample,
    "case-summary": case_summary,
}
"""Job type -> what does it."""


def _fact(known: dict[str, Any], policy: Policy, name: str, value: str | None) -> None:
    fact = policy.facts.get(name.partition("/")[0])
    if fact is None or fact.kind == "person":
        return
    if value is None or fact.kind == "category":
        known[name] = value
    else:
        known[name] = value == "true" if fact.kind == "boolean" else Decimal(value)


def _header(job: Job, name: str) -> Any:
    """A header's text, or the value of its FEEL; None where there is none."""
    text = job.headers.get(name, "").strip()
    if text.startswith("="):
        return feel.evaluate(text[1:], job.variables)
    return text or None


def _result(job: Job, default: str) -> str:
    return str(_header(job, "resultVariable") or default)


def _whole(value: Any) -> int | None:
    try:
        number = int(Decimal(str(value)))
    except (ArithmeticError, ValueError):
        return None
    return number if number >= 1 and Decimal(str(value)) == number else None


def _period(work: Work, bundle: Bundle, job: Job) -> Period:
    kind = _KINDS.get(str(_header(job, "period") or "quarter"))
    if kind is None:
        raise InvalidData("the period is none", where=f"element {job.element}", advice="write quarter, month or year")
    return Period.ended(kind, _began(job), _zone(work, bundle))


def _between(work: Work, bundle: Bundle, job: Job) -> Period:
    """From ``since`` to ``until``. The name is what a seed is made of."""
    zone, times = _zone(work, bundle), []
    for name in ("since", "until"):
        at = _header(job, name)
        if not isinstance(at, datetime):
            advice = f'write FEEL for the header, as {name} "=date and time(drawn_at)"'
            raise InvalidData(
                f"'{name}' of the sample is no date and time", where=f"element {job.element}", advice=advice
            )
        times.append((at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC))
    return Period(times[0], times[1], "/".join(time.isoformat() for time in times))


def _zone(work: Work, bundle: Bundle) -> tzinfo:
    return (work.settings.calendar or bundle.calendar).zone


def _began(job: Job) -> datetime:
    began = job.variables["case"]["started_at"]
    assert isinstance(began, datetime)
    return began


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
