"""Figures in SQL: all is read from indexes of ``cf_history`` that have what is asked for, nothing from the table.

Facts lie there by case, so that each case's last one is the end of a short run, and what a case is told apart by is one
look. Promises lie by the time they are due: a quarter reads its own, however many years there are. Statements are text
with parameters; their shape depends on how many names and facts are asked for, and on nothing else.

The last of several entries is found by one aggregate, which costs a third of a window: an entry's number and what it
says are one value whose greatest is the last entry's.
"""

# ruff: noqa: S608  (the text has words of this file and question marks alone)

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from complaintflow.adapters.sql.encoding import Query
from complaintflow.adapters.sql.tables import COUNTED, FACTS, PROMISES
from complaintflow.store.counting import written
from complaintflow.store.rows import Counting
from complaintflow.store.ticks import to_ticks

_AFTER: Final = "0"
"""What follows "/" in the order of text: names that begin with "hr/" are those from "hr/" up to "hr0"."""
_FACT: Final = "fact"
_MOVED: Final = "moved"
_PROMISES: Final = frozenset({"promised", _MOVED, "kept", "broken", "dropped"})

# All numbers have 13 digits, so that they compare as texts do; a "+" before the value tells an empty one from none.
_LAST: Final = "max(CAST(seq + 1000000000000 AS TEXT) || coalesce('+' || value, ''))"
_LAST_VALUE: Final = f"CASE WHEN length({_LAST}) = 13 THEN NULL ELSE substr({_LAST}, 15) END"
# By the aggregate and not by order and limit, for which PostgreSQL walks the case's whole history by its key.
_FACT_OF: Final = (
    f"(SELECT {_LAST_VALUE} FROM cf_history AS one WHERE one.{FACTS} AND one.name = ? AND one.case_id = entry.case_id"
    " AND one.at < ?)"
)
# How a promise stands: the number of its last entry, times four, and 1 kept, 2 dropped, 0 neither.
_STANDS: Final = "max(seq * 4 + CASE event WHEN 'kept' THEN 1 WHEN 'dropped' THEN 2 ELSE 0 END)"


def tally(counting: Counting) -> Query:
    """Name, value, the values counted by, and how many."""
    entries, given = _entries(counting)
    looks, facts, by = _by(counting)
    counts = f"SELECT name, value{by}, count(*) FROM told GROUP BY name, value{by}"
    if counting.cases:
        counts = f"SELECT '', NULL{by}, count(DISTINCT case_id) FROM told WHERE value IS NOT NULL{_group(by)}"
    sql = f"WITH entry AS ({entries}), told AS (SELECT case_id, name, value{looks} FROM entry) {counts}"
    return sql, (*given, *facts)


def spread(counting: Counting) -> Query:
    """The values counted by, how many, and the values at the two ranks."""
    entries, given = _entries(counting)
    looks, facts, by = _by(counting)
    apart = f"PARTITION BY {by[2:]}" if by else ""
    low, high = (f"(number * {tenths} + 9) / 10" for tenths in (5, 9))  # whole numbers, as ``counting.rank`` has them
    columns = f"{by[2:]}, " if by else ""
    sql = (
        f"WITH entry AS ({entries}),"
        f" told AS (SELECT value, CAST(value AS NUMERIC(24, 6)) AS amount{looks} FROM entry WHERE value IS NOT NULL),"
        f" ranked AS (SELECT value{by}, row_number() OVER ({apart} ORDER BY amount) AS place,"
        f" count(*) OVER ({apart}) AS number FROM told)"
        f" SELECT {columns}max(number), max(CASE WHEN place = {low} THEN value END),"
        f" max(CASE WHEN place = {high} THEN value END) FROM ranked WHERE place IN ({low}, {high})"
        f"{_group(by)}"
    )
    return sql, (*given, *facts)


def promise_names(counting: Counting) -> Query:
    """The names of promises that are asked for: those of a beginning that there are, each found by one look."""
    whole, begun = _names(counting.names)
    least = f"SELECT min(name) FROM cf_history WHERE {PROMISES} AND name"
    walks, given = [], []
    for number, (first, end) in enumerate(begun):
        walk = f"named{number}"
        following = f"SELECT ({least} > {walk}.name AND name < ?) FROM {walk} WHERE {walk}.name IS NOT NULL"
        walks.append(f"{walk}(name) AS ({least} >= ? AND name < ? UNION ALL {following})")
        given += [first, end, end]
    found = [f"SELECT name FROM named{number} WHERE name IS NOT NULL" for number in range(len(begun))]
    found += ["SELECT CAST(? AS TEXT)"] * len(whole)
    return (f"WITH RECURSIVE {', '.join(walks)} " if walks else "") + " UNION ALL ".join(found), (*given, *whole)


def due_promises(counting: Counting, names: Sequence[str]) -> Query:
    """Name, "kept" or "late", the values counted by, and how many, of promises of these names.

    A promise's entries of one due time stand together. Where it was moved after the last of them, they say nothing.
    """
    which, asked = PROMISES, []
    if not set(counting.events) >= _PROMISES:
        which, asked = f"{PROMISES} AND event IN ({_marks(counting.events)})", [*counting.events]
    until = to_ticks(counting.until)
    entries = (
        f"SELECT name, case_id, token, {_STANDS} AS last FROM cf_history WHERE {which} AND name IN ({_marks(names)})"
        " AND value >= ? AND value < ? AND at < ? GROUP BY name, value, case_id, token"
    )
    given = [*asked, *names, written(counting.since), written(counting.until), until]
    if _MOVED in counting.events:
        moved = (
            f"SELECT case_id, token, name, max(seq) AS moved FROM cf_history WHERE {COUNTED} AND event = '{_MOVED}'"
            f" AND name IN ({_marks(names)}) AND at < ? GROUP BY case_id, token, name"
        )
        entries = (
            f"SELECT said.name, said.case_id, said.last FROM ({entries}) AS said LEFT JOIN ({moved}) AS later"
            " ON later.case_id = said.case_id AND later.name = said.name"
            " AND coalesce(later.token, -1) = coalesce(said.token, -1)"
            " WHERE later.moved IS NULL OR later.moved <= said.last / 4"
        )
        given += [*names, until]
    looks, facts, by = _by(counting)
    told = f"told AS (SELECT name, last & 3 AS stands{looks} FROM entry WHERE last & 3 <> 2)"
    counts = f"SELECT name, CASE stands WHEN 1 THEN 'kept' ELSE 'late' END{by}, count(*) FROM told"
    counts += f" GROUP BY name, stands{by}"
    if counting.cases:
        each = "SELECT DISTINCT case_id FROM entry WHERE last & 3 <> 2"
        told = f"whose AS ({each}), told AS (SELECT entry.case_id{looks} FROM whose AS entry)"
        counts = f"SELECT '', NULL{by}, count(*) FROM told{_group(by)}"
    return f"WITH entry AS ({entries}), {told} {counts}", (*given, *facts)


def counted(events: Sequence[str], names: Sequence[str], since: datetime, until: datetime, limit: int) -> Query:
    """The plain columns of entries, the oldest first."""
    columns = "case_id, seq, at, event, token, name, value"
    sql, given = _all(events, names, since, until, columns, "")
    return f"{sql} ORDER BY at, case_id, seq LIMIT ?", (*given, limit)


def _entries(counting: Counting) -> Query:
    """The entries that are counted: case, name, value."""
    value, group = (f"{_LAST_VALUE} AS value", " GROUP BY name, case_id") if counting.last else ("value", "")
    columns = f"case_id, name, {value}"
    return _all(counting.events, counting.names, counting.since, counting.until, columns, group)


def _all(
    events: Sequence[str], names: Sequence[str], since: datetime, until: datetime, columns: str, group: str
) -> Query:
    """Each run of names is a question of its own, which walks an index; together they would read all of it."""
    kind, asked = _kind(events)
    whole, begun = _names(names)
    runs: list[tuple[str, list[Any]]] = [(f"name IN ({_marks(whole)})", [*whole])] if whole else []
    runs += [("name >= ? AND name < ?", [*run]) for run in begun]
    sql, given = [], []
    for run, ends in runs or [("name IS NULL", [])]:
        where = f"{kind} AND {run} AND at >= ? AND at < ?{group}"
        sql.append(f"SELECT {columns} FROM cf_history WHERE {where}")
        given += [*asked, *ends, to_ticks(since), to_ticks(until)]
    return " UNION ALL ".join(sql), tuple(given)


def _kind(events: Sequence[str]) -> Query:
    """Entries of these events, in the words of the index that has them."""
    asked, which = set(events), f"event IN ({_marks(events)})"
    if asked == {_FACT}:
        return FACTS, ()
    if asked == {_MOVED} or not asked & (_PROMISES | {_FACT}):
        return f"{COUNTED} AND {which}", tuple(events)
    return (f"{PROMISES} AND {which}" if asked <= _PROMISES else f"name IS NOT NULL AND {which}"), tuple(events)


def _names(names: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Names that are given whole, and runs from a beginning on to before an end; none has what another has."""
    begun = [one for one in dict.fromkeys(names) if one[-1:] == "/"]
    begun = [one for one in begun if not any(one != other and one.startswith(other) for other in begun)]
    whole = [one for one in dict.fromkeys(names) if one[-1:] != "/" and not one.startswith(tuple(begun))]
    return whole, [(one, one[:-1] + _AFTER) for one in begun]


def _by(counting: Counting) -> tuple[str, list[Any], str]:
    """The looks for each case's last value of what is counted by, what they are given, and the columns they make."""
    looks = "".join(f", {_FACT_OF} AS by{number}" for number in range(len(counting.by)))
    columns = "".join(f", by{number}" for number in range(len(counting.by)))
    return looks, [one for name in counting.by for one in (name, to_ticks(counting.until))], columns


def _group(by: str) -> str:
    return f" GROUP BY {by[2:]}" if by else ""


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
