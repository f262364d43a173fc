"""Whoever writes into the database without the key is found out: on both databases, with real cases."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import Connection, TableClause, delete, insert, select, update

from complaintflow import Case, Engine
from complaintflow.adapters.sql import SqlStore
from complaintflow.errors import StoreError
from complaintflow.facade.retention import Purged
from complaintflow.facade.verification import Problem
from complaintflow.history.chain import Entry, broken_at, chain
from complaintflow.sealing.keys import KeyRing
from complaintflow.time.clock import VirtualClock
from tests import sql_tables as tables

NOW = datetime.fromisoformat("2026-03-02T09:00:00+08:00")
OF_A_CASE = [table for table in tables.BY_NAME.values() if "case_id" in table.c]
VANISHED = "a case vanished, or was put back to an older copy of itself"


@dataclass
class Desk:
    """An engine with three cases, and a way round it."""

    engine: Engine
    cases: list[Case]

    def sql(self) -> Any:
        """A transaction of somebody who has the database and no key."""
        return cast("SqlStore", self.engine.store).engine.begin()

    def problems(self) -> tuple[Problem, ...]:
        return self.engine.verify().problems


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    """Three cases of the customer procedure, one of them with a text that has a row of its own."""
    engine = Engine(database, clock=VirtualClock(NOW), keys=KeyRing.fresh())
    cases = [
        engine.start("customer", {"channel": "web", "content": text})
        for text in ("The soup was cold.", "x" * 20_000, "The parcel was opened.")
    ]
    cases = [case.complete("investigate", {"justified": True, "cause": "food"}, actor="li.wei") for case in cases]
    engine.attach(cases[1].id, "receipt.txt", b"Two soups, 9.80", actor="li.wei", reason="The bill.")
    yield Desk(engine, cases)
    engine.close()


def rows_of(connection: Connection, case: Case) -> dict[TableClause, list[dict[str, Any]]]:
    """Everything that the database has of a case."""
    found: dict[TableClause, list[dict[str, Any]]] = {}
    for table, column in [(tables.case, tables.case.c.id), *((table, table.c.case_id) for table in OF_A_CASE)]:
        found[table] = [dict(row) for row in connection.execute(select(table).where(column == case.id)).mappings()]
    return found


def test_what_nobody_touched_is_whole(desk: Desk) -> None:
    """Cases and entries are counted, each case for itself is whole, and a part of its id is enough."""
    found = desk.engine.verify()
    assert (found.whole, found.cases) == (True, 3)
    assert found.entries == sum(len(case.history()) for case in desk.cases)
    assert desk.engine.verify(desk.cases[0].id[:8]).entries == len(desk.cases[0].history())


def test_a_changed_byte_of_an_entry_names_the_entry(desk: Desk) -> None:
    """A random byte of a random entry's detail or digest is found, at that entry or the one after it."""
    chosen = random.Random(4)
    for _ in range(20):
        case = chosen.choice(desk.cases)
        seq, column = chosen.randint(1, len(case.history())), chosen.choice(["detail", "digest"])
        here = (tables.history.c.case_id == case.id) & (tables.history.c.seq == seq)
        with desk.sql() as connection:
            before = connection.execute(select(tables.history.c[column]).where(here)).scalar_one()
            place = chosen.randrange(len(before))
            after = before[:place] + bytes([before[place] ^ chosen.randint(1, 255)]) + before[place + 1 :]
            connection.execute(update(tables.history).where(here).values({column: after}))
        what = f"entry {seq} of its history was changed, moved or removed"
        assert desk.problems() == (Problem(case.id, what),)
        with desk.sql() as connection:
            connection.execute(update(tables.history).where(here).values({column: before}))
    assert desk.problems() == ()


def test_ten_thousand_changed_bytes_are_found(desk: Desk) -> None:
    """Whatever byte of an entry changes, in its columns or its sealed detail, the chain breaks no later than there."""
    case, chosen = desk.cases[0], random.Random(17)
    with desk.engine.store.reading() as tx:
        row, entries = tx.case(case.id), tx.history(case.id)
    missed = []
    for _ in range(10_000):
        number = chosen.randrange(len(entries))
        entry = entries[number]
        columns = ["at", "event", "element", "token", "detail", "digest", "seq", "case_id", "name", "value"]
        column = chosen.choice(columns)
        changed = entry._replace(**{column: bent(getattr(entry, column), chosen)})
        found = broken_at([*entries[:number], changed, *entries[number + 1 :]], row.length, row.head)
        if found is None or found > number + 2:
            missed.append((number, column))
    assert missed == []


def bent(value: Any, chosen: random.Random) -> Any:
    """The value with one byte changed, as a database would give it back."""
    bits = chosen.randint(1, 255)
    if value is None:
        return chr(bits)
    if isinstance(value, datetime):
        return value + timedelta(microseconds=bits << (8 * chosen.randrange(4)))
    if isinstance(value, int):
        return value ^ (bits << (8 * chosen.randrange(4)))
    place = chosen.randrange(len(value))
    if isinstance(value, bytes):
        return value[:place] + bytes([value[place] ^ bits]) + value[place + 1 :]
    return value[:place] + chr(ord(value[place]) ^ (bits & 0x7F or 1)) + value[place + 1 :]


@pytest.mark.parametrize("seq", [1, 3])
def test_a_removed_entry_is_named(desk: Desk, seq: int) -> None:
    """An entry that is gone is found where it stood, by looking at the case alone."""
    case = desk.cases[0]
    with desk.sql() as connection:
        gone = (tables.history.c.case_id == case.id) & (tables.history.c.seq == seq)
        connection.execute(delete(tables.history).where(gone))
    what = f"entry {seq} of its history was changed, moved or removed"
    assert desk.engine.verify(case.id).problems == (Problem(case.id, what),)


def test_a_cut_tail_does_not_pass_for_a_shorter_history(desk: Desk) -> None:
    """Without its last entry a case is not whole, and setting its head to the entry before does not help."""
    case, length = desk.cases[0], len(desk.cases[0].history())
    last = (tables.history.c.case_id == case.id) & (tables.history.c.seq == length)
    with desk.sql() as connection:
        connection.execute(delete(tables.history).where(last))
    assert desk.problems()[0] == Problem(case.id, f"entry {length} of its history was changed, moved or removed")
    with desk.sql() as connection:
        before = (tables.history.c.case_id == case.id) & (tables.history.c.seq == length - 1)
        head = connection.execute(select(tables.history.c.digest).where(before)).scalar_one()
        shorter = update(tables.case).where(tables.case.c.id == case.id).values(length=length - 1, head=head)
        connection.execute(shorter)
    alone, together = desk.problems()
    assert alone == Problem(case.id, "a stored value (state) was changed or moved, and does not open")
    assert together.what.startswith(VANISHED)


def test_a_history_that_was_written_anew_does_not_fit_the_stores_head(desk: Desk) -> None:
    """Who computes every digest again after changing what happened has a whole chain, and no key for the store."""
    case = desk.cases[0]
    with desk.engine.store.reading() as tx:
        entries = tx.history(case.id)
    head, forged = b"", []
    for entry in entries:
        event = "cancelled" if entry.event == "task-completed" else entry.event
        told = Entry(event, entry.element, entry.token, {}, entry.name, entry.value)
        forged.append(chain(head, case.id, entry.seq, entry.at, told, entry.detail))
        head = forged[-1].digest
    with desk.sql() as connection:
        for entry in forged:
            here = (tables.history.c.case_id == case.id) & (tables.history.c.seq == entry.seq)
            connection.execute(update(tables.history).where(here).values(event=entry.event, digest=entry.digest))
        connection.execute(update(tables.case).where(tables.case.c.id == case.id).values(head=head))
    alone, together = desk.problems()
    assert alone == Problem(case.id, "a stored value (state) was changed or moved, and does not open")
    assert together.what.startswith(VANISHED)


def test_a_case_that_vanished_is_missed(desk: Desk) -> None:
    """A case that is deleted with everything of it leaves its place in the store's head."""
    with desk.sql() as connection:
        for table in OF_A_CASE:
            connection.execute(delete(table).where(table.c.case_id == desk.cases[1].id))
        connection.execute(delete(tables.case).where(tables.case.c.id == desk.cases[1].id))
    found = desk.engine.verify()
    assert found.cases == 2
    (problem,) = found.problems
    assert problem.what.startswith(VANISHED)
    assert problem.case_id == ""


def test_a_case_put_back_to_an_older_copy_is_noticed(desk: Desk) -> None:
    """A copy of yesterday is whole in itself, and still not what the store has seen last."""
    case = desk.cases[2]
    with desk.sql() as connection:
        before = rows_of(connection, case)
    case.complete("propose", {"proposal": "A refund."}, actor="the.cook")
    assert desk.problems() == ()
    with desk.sql() as connection:
        connection.execute(delete(tables.case).where(tables.case.c.id == case.id))
        for table in OF_A_CASE:
            connection.execute(delete(table).where(table.c.case_id == case.id))
        for table, rows in before.items():
            if rows:
                connection.execute(insert(table), rows)
    assert desk.engine.verify(case.id).whole, "alone it looks as it once was"
    (problem,) = desk.problems()
    assert problem.what.startswith(VANISHED)


@pytest.mark.parametrize(
    ("table", "column"), [("cf_case", "state"), ("cf_key", "sealed_key"), ("cf_notice", "content")]
)
def test_what_belongs_to_another_case_does_not_open(desk: Desk, table: str, column: str) -> None:
    """A value or key that is put into another case's place is named there, in both of them."""
    of = tables.BY_NAME[table]
    number = of.c.id if table == "cf_case" else of.c.case_id
    first, second = desk.cases[0].id, desk.cases[2].id
    with desk.sql() as connection:
        values = {one: connection.execute(select(of.c[column]).where(number == one)).first() for one in (first, second)}
        for one, other in ((first, second), (second, first)):
            found = values[other]
            assert found is not None
            connection.execute(update(of).where(number == one).values({column: found[0]}))
    problems = desk.problems()
    assert sorted(problem.case_id for problem in problems) == sorted([first, second])
    assert all("changed" in problem.what for problem in problems)


def test_a_value_of_its_own_row_is_looked_at_too(desk: Desk) -> None:
    """A large value that was changed does not open."""
    with desk.sql() as connection:
        (case_id,) = {row.case_id for row in connection.execute(select(tables.value.c.case_id))}
        connection.execute(update(tables.value).values(content=b"\x02" + bytes(40)))
    assert [problem.case_id for problem in desk.problems()] == [case_id]


@pytest.mark.parametrize("column", ["facts", "content"])
def test_an_attachment_is_looked_at_too(desk: Desk, column: str) -> None:
    """A changed file does not open, nor does what is said of it."""
    with desk.sql() as connection:
        connection.execute(update(tables.attachment).values({column: b"\x02" + bytes(40)}))
    assert [problem.case_id for problem in desk.problems()] == [desk.cases[1].id]


def test_a_key_that_was_only_deleted_is_no_end_of_retention(desk: Desk) -> None:
    """Content that nobody can open any more was destroyed, and the history does not say so."""
    with desk.sql() as connection:
        connection.execute(delete(tables.key).where(tables.key.c.case_id == desk.cases[0].id))
    assert desk.problems() == (Problem(desk.cases[0].id, "its key is gone, and it was not shredded"),)


@pytest.mark.parametrize("table", [tables.notice, tables.value, tables.attachment], ids=lambda table: str(table.name))
def test_a_row_that_the_history_tells_of_is_missed(desk: Desk, table: TableClause) -> None:
    """A notice, a large value or an attachment cannot be deleted without a trace."""
    case = desk.cases[1]
    with desk.sql() as connection:
        assert connection.execute(delete(table).where(table.c.case_id == case.id)).rowcount
    (problem,) = desk.engine.verify(case.id).problems
    assert problem.case_id == case.id
    assert problem.what.endswith("is missing that its history tells of")


@pytest.mark.parametrize("facts", [{"keep_until": 1}, {"status": "completed"}, {"held": True}], ids=str)
def test_a_changed_column_of_a_case_shows(desk: Desk, facts: dict[str, Any]) -> None:
    """What a case's row says of its end is sealed with its state."""
    case = desk.cases[0]
    with desk.sql() as connection:
        connection.execute(update(tables.case).where(tables.case.c.id == case.id).values(**facts))
    assert desk.problems() == (Problem(case.id, "a stored value (state) was changed or moved, and does not open"),)


def test_a_period_that_somebody_shortened_shreds_nothing(desk: Desk) -> None:
    """A purge looks whether the row is as it was written, and keeps what is not."""
    case = desk.cases[0]
    desk.engine.cancel(case.id, "filed twice")
    with desk.sql() as connection:
        past = {"keep_until": 1, "looked_at": 1}
        connection.execute(update(tables.case).where(tables.case.c.id == case.id).values(**past))
    assert desk.engine.purge() == Purged(changed=(case.id,))
    assert desk.engine.history(case.id)[0].detail["data"]


def test_a_head_that_was_removed_is_missed(desk: Desk) -> None:
    """An empty store with an empty head does not pass for a whole one, and takes no case either."""
    with desk.sql() as connection:
        connection.execute(delete(tables.case))
        connection.execute(delete(tables.anchor))
    assert all(problem.what.startswith(VANISHED) for problem in desk.problems())
    assert desk.problems()
    with pytest.raises(StoreError, match="head of the store is missing"):
        desk.engine.start("customer", {"channel": "web", "content": "The soup was cold."})


def test_a_case_does_not_run_on_a_definition_that_somebody_gave_it(desk: Desk) -> None:
    """Which definition, process and key a case has is sealed with its state."""
    case = desk.cases[0]
    for facts in ({"bundle": "0" * 64}, {"process": "office"}, {"key": "order-17"}):
        with desk.sql() as connection:
            here = tables.case.c.id == case.id
            before = connection.execute(select(tables.case).where(here)).mappings().one()
            connection.execute(update(tables.case).where(here).values(**facts))
        assert [problem.case_id for problem in desk.engine.verify().problems] == [case.id]
        with desk.sql() as connection:
            connection.execute(update(tables.case).where(here).values(**{name: before[name] for name in facts}))
    assert desk.engine.verify().whole
