"""What people made of the figures: the reviews of a time, as their own cases tell them.

A policy names the one that reviews its figures (``[figures.case] review``), and that one has the fact ``reviewed``: the
policy and time that a case looked at, ``hr/2026Q3``. Its numbers are counted for everybody who gets the report. Words
stand in it only where a person released them: then the case has the variable ``for_report``, a context of two lists,
``proposed`` and ``decided``, of contexts {text, department, due}.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from complaintflow.history.facts import FACT
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.figures.period import Period
    from complaintflow.figures.registry import Language
    from complaintflow.policy.policy import Policy
    from complaintflow.store.port import Transaction

REVIEWED: Final = "reviewed"
"""The fact."""
RELEASED: Final = "for_report"
"""The variable."""
LONGEST: Final = 1000
"""Letters of a text; the rest is left out."""
_MOST: Final = 50
_ALL: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Words:
    """One thing that was proposed or decided: in a person's words, for whom, until when."""

    text: str
    department: str | None
    due: date | None


@dataclass(frozen=True, slots=True)
class Review:
    """One review.

    Attributes:
        numbers: label of a fact, in each language, and its number.
        proposed, decided: empty where nobody released them.
    """

    numbers: tuple[tuple[Mapping[Language, str], Decimal], ...]
    proposed: tuple[Words, ...]
    decided: tuple[Words, ...]


def reviews(
    tx: Transaction,
    policy: Policy,
    period: Period,
    now: datetime,
    opened: Callable[[str], tuple[Policy, Mapping[str, Any]]],
) -> list[Review]:
    """The reviews of a policy's time that were not called off, the earliest first.

    Args:
        opened: a case's policy and its outermost variables, by its id.
    """
    figures = policy.figures.get("case")
    if figures is None or not figures.review:
        return []
    name, wanted = f"{figures.review}/{REVIEWED}", f"{policy.head.id}/{period.name}"
    rows = tx.counted((FACT,), (name,), period.since, now + timedelta(microseconds=1), _ALL)
    found = []
    for case_id in dict.fromkeys(row.case_id for row in rows if row.value == wanted):
        case = tx.case(case_id)
        if case.status != "cancelled" and case.sealed_key is not None:
            found.append(_review(tx, case_id, *opened(case_id)))
    return found


def _review(tx: Transaction, case_id: str, policy: Policy, variables: Mapping[str, Any]) -> Review:
    told = {row.name: row.value for row in tx.history(case_id) if row.event == FACT}
    known = {name: told.get(f"{policy.head.id}/{name}") for name, fact in policy.facts.items() if fact.kind == "number"}
    numbers = tuple((policy.facts[name].label, Decimal(value)) for name, value in known.items() if value is not None)
    released = variables.get(RELEASED)
    lists = released if isinstance(released, Mapping) else {}
    return Review(numbers, tuple(_words(lists.get("proposed"))), tuple(_words(lists.get("decided"))))


def _words(said: object) -> Iterator[Words]:
    for one in said[:_MOST] if isinstance(said, list) else ():
        text = " ".join(str(one.get("text") or "").split()) if isinstance(one, Mapping) else ""
        if text:
            short = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
            department = one.get("department")
            yield Words(short, department if isinstance(department, str) and department else None, _day(one.get("due")))


def _day(said: object) -> date | None:
    try:
        return date.fromisoformat(str(said)[:10])
    except ValueError:
        return None
