"""Figures in SQL: everything is read from the index ``cf_history_counted``, nothing from the table.

The last of several entries is found by one aggregate, which costs a third of a window: number, event and value are one
text whose greatest is the last entry's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Numeric,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
)

from complaintflow.adapters.sql.encoding import to_ticks
from complaintflow.adapters.sql.tables import history
from complaintflow.store.counting import written
from complaintflow.store.rows import Counting

_AFTER: Final = "0"
"""What follows "/" in the order of text: names that begin with "hr/" are those from "hr/" up to "hr0"."""
# Constants in the text of the statement: SQLite computes an aggregate once that is written twice alike.
_FIRST: Final[ColumnElement[int]] = literal_column("1000000000000")
"""Added to an entry's number, so that all numbers have 13 digits and compare as texts do."""
_THERE: Final[ColumnElement[str]] = literal_column("'+'")
_NOTHING: Final[ColumnElement[str]] = literal_column("''")
_KEPT, _DROPPED, _OPEN = "k", "d", "o"


def tally(counting: Counting) -> Select[Any]:
    """Name, value, the values counted by, and how many."""
    entry = _entries(counting).cte("entry")
    facts = _facts(counting)
    if counting.cases:
        groups = [fact.c.value for fact in facts]
        whose = select(literal("").label("name"), null(), *groups, func.count(entry.c.case_id.distinct()))
        return _joined(whose, entry, facts).where(entry.c.value.is_not(None)).group_by(*groups)
    columns = [entry.c.name, entry.c.value, *(fact.c.value for fact in facts)]
    return _joined(select(*columns, func.count()), entry, facts).group_by(*columns)


def spread(counting: Counting) -> Select[Any]:
    """The values counted by, how many, and the numbers of the two ranks."""
    entry, facts = _entries(counting).cte("entry"), _facts(counting)
    groups = [fact.c.value.label(f"by{number}") for number, fact in enumerate(facts)]
    amount = cast(entry.c.value, Numeric(24, 6)).label("amount")
    chosen = _joined(select(*groups, amount), entry, facts).where(entry.c.value.is_not(None)).cte("chosen")
    kinds = [chosen.c[group.name] for group in groups]
    place = func.row_number().over(partition_by=kinds or None, order_by=chosen.c.amount).label("place")
    number = func.count().over(partition_by=kinds or None).label("number")
    ranked = select(*kinds, chosen.c.amount, place, number).cte("ranked")
    kinds = [ranked.c[group.name] for group in groups]
    # Whole numbers on both sides: the ranks are what ``counting.rank`` says.
    low, high = (ranked.c.place == cast(ranked.c.number * tenths + 9, Integer) // 10 for tenths in (5, 9))
    return (
        select(
            *kinds,
            func.max(ranked.c.number),
            func.max(case((low, ranked.c.amount))),
            func.max(case((high, ranked.c.amount))),
        )
        .where(or_(low, high))
        .group_by(*kinds or [literal(1)])
    )


def due_promises(counting: Counting) -> Select[Any]:
    """Name, "kept" or "late", the values counted by, and how many."""
    entry = history.c
    stands = case((entry.event == "kept", _KEPT), (entry.event == "dropped", _DROPPED), else_=_OPEN)
    last = func.max(_numbered(stands, func.coalesce(entry.value, _NOTHING))).label("last")
    told = (
        select(entry.case_id, entry.name, last)
        .where(_of(counting.events, counting.names), entry.at < to_ticks(counting.until))
        .group_by(entry.case_id, entry.token, entry.name)
        .cte("told")
    )
    facts = _facts(counting)
    groups = [fact.c.value for fact in facts]
    how, due = func.substr(told.c.last, 14, 1), func.substr(told.c.last, 15)
    named = [told.c.name, case((how == _KEPT, "kept"), else_="late").label("stands"), *groups]
    columns = [literal("").label("name"), null(), *groups] if counting.cases else named
    number = func.count(told.c.case_id.distinct()) if counting.cases else func.count()
    query = _joined(select(*columns, number), told, facts)
    query = query.where(how != _DROPPED, due >= written(counting.since), due < written(counting.until))
    return query.group_by(*(groups if counting.cases else [told.c.name, how, *groups]))


def counted(events: Sequence[str], names: Sequence[str], since: datetime, until: datetime, limit: int) -> Select[Any]:
    """The plain columns of entries, the oldest first."""
    entry = history.c
    return (
        select(entry.case_id, entry.seq, entry.at, entry.event, entry.token, entry.name, entry.value)
        .where(_of(events, names), entry.at >= to_ticks(since), entry.at < to_ticks(until))
        .order_by(entry.at, entry.case_id, entry.seq)
        .limit(limit)
    )


def _of(events: Sequence[str], names: Sequence[str]) -> ColumnElement[bool]:
    name = history.c.name
    whole = [one for one in names if one[-1:] != "/"]
    begun = [and_(name >= one, name < one[:-1] + _AFTER) for one in names if one[-1:] == "/"]
    which = or_(*([name.in_(whole)] if whole else []), *begun)
    return and_(history.c.event.in_(events), name.is_not(None), which)


def _numbered(*parts: Any) -> ColumnElement[str]:
    """An entry's number and what follows it, as one text."""
    text: Any = cast(history.c.seq + _FIRST, Text)
    for part in parts:
        text = text.concat(part)
    return text  # type: ignore[no-any-return]


def _last_value() -> ColumnElement[str]:
    """The value of the last entry of a group; a "+" before it tells an empty value from none."""
    last = func.max(_numbered(func.coalesce(_THERE.concat(history.c.value), _NOTHING)))
    return case((func.length(last) == 13, null()), else_=func.substr(last, 15))


def _entries(counting: Counting) -> Select[Any]:
    """The entries that are counted: case, name, value."""
    entry = history.c
    chosen = (
        _of(counting.events, counting.names),
        entry.at >= to_ticks(counting.since),
        entry.at < to_ticks(counting.until),
    )
    if not counting.last:
        return select(entry.case_id, entry.name, entry.value).where(*chosen)
    last = _last_value().label("value")
    return select(entry.case_id, entry.name, last).where(*chosen).group_by(entry.case_id, entry.name)


def _facts(counting: Counting) -> list[CTE]:
    """For each name that is counted by, each case's last value."""
    entry, until = history.c, to_ticks(counting.until)
    return [
        select(entry.case_id, _last_value().label("value"))
        .where(entry.event == "fact", entry.name == name, entry.at < until)
        .group_by(entry.case_id)
        .cte(f"fact{number}")
        for number, name in enumerate(counting.by)
    ]


def _joined(query: Select[Any], entry: CTE, facts: list[CTE]) -> Select[Any]:
    joined: Any = entry
    for fact in facts:
        joined = joined.outerjoin(fact, fact.c.case_id == entry.c.case_id)
    return query.select_from(joined)
