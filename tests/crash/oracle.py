"""What must hold after every crash, whatever was killed and where."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from complaintflow.case.writing import SIGNAL
from complaintflow.store.port import Transaction
from complaintflow.store.rows import CaseRow, HistoryRow
from tests.crash.world import EFFECTS, ONE_CASE, World

DONE = frozenset({"task-completed", "job-done", "timer-fired", "message", "error-thrown"})
"""Events that stand for the end of a token: there is one each."""
EVENT_OF = {"complete": "task-completed", "resolve": "incident-resolved", "claim": "task-claimed"}
MANY = 1_000_000


def examine(world: World, keys: list[str]) -> list[str]:
    """What is wrong with the cases of these keys."""
    return [f"{key}: {problem}" for key in keys for problem in _problems(world, key)]


def _problems(world: World, key: str) -> Iterator[str]:
    answered = set(world.answers.about(key))  # before the store is read: what was answered then, it has
    with world.engine.store.reading() as tx:
        ids = tx.case_ids(process="p", key=key)
        if len(ids) != 1:
            if ids or answered:
                yield f"{len(ids)} cases of one key"
            return
        row, history = tx.case(ids[0]), tx.history(ids[0])
        yield from _rows(tx, row)
    yield from (str(problem) for problem in world.engine.verify(row.id).problems)
    yield from _events(row, history)
    yield from _effects(world, row, history)
    yield from _answers(history, answered)


def _rows(tx: Transaction, row: CaseRow) -> Iterator[str]:
    """None stuck: an open case has something that moves it on, or somebody who was told."""
    waiting = [*tx.tasks(case_id=row.id), *tx.timers(row.id), *tx.subscriptions(row.id)]
    jobs, incidents = tx.jobs(row.id), {incident.token for incident in tx.incidents(row.id)}
    if row.status == "active" and not (waiting or incidents or any(job.due_at is not None for job in jobs)):
        yield "it waits for nothing, and nobody is told"
    if any(job.due_at is None and job.token not in incidents for job in jobs):
        yield "a job was given up without an incident"
    # A signal that was thrown may still be on its way to other cases.
    if row.status != "active" and (waiting or incidents or any(job.type != SIGNAL for job in jobs)):
        yield "it has ended, and something of it is still open"
    notices = len(tx.notices(row.id))
    if notices > 1 or (row.status == "completed" and not notices):
        yield f"{notices} notices are kept"


def _events(row: CaseRow, history: list[HistoryRow]) -> Iterator[str]:
    """No transition twice, none left out."""
    ends = Counter(entry.token for entry in history if entry.event in DONE)
    if any(number > 1 for number in ends.values()):
        yield f"something was done twice: {ends}"
    events = Counter(entry.event for entry in history if entry.event not in ("task-claimed", "migrated"))
    if (row.status == "completed" and events != Counter(ONE_CASE)) or not events <= Counter(ONE_CASE):
        yield f"its history is not that of one case: {dict(events)}"


def _effects(world: World, row: CaseRow, history: list[HistoryRow]) -> Iterator[str]:
    """Each effect at least once, under one key."""
    keys: defaultdict[str, set[str]] = defaultdict(set)
    for element, key in world.effects.about(row.id):
        keys[element].add(key)
    if any(len(found) > 1 for found in keys.values()):
        yield f"an effect has several keys: {dict(keys)}"
    done = {entry.element for entry in history if entry.event in ("job-done", "error-thrown", "job-failed")}
    if missing := {element for element in done & EFFECTS if element not in keys}:
        yield f"done without an effect: {missing}"


def _answers(history: list[HistoryRow], answered: set[tuple[str, ...]]) -> Iterator[str]:
    """What people were told that is done, is."""
    done = {(entry.event, entry.token) for entry in history}
    for name, subject in answered:
        event = EVENT_OF.get(name)
        if event is not None and (event, int(subject.partition(".")[2])) not in done:
            yield f"{name} of {subject} was answered, and is not in the history"
        if name == "correlate" and not any(event == "message" for event, _ in done):
            yield "a message was answered, and is not in the history"


def examine_all(world: World, keys: list[str]) -> list[str]:
    """What is wrong with the store as a whole, once all cases of these keys have ended."""
    problems = [str(problem) for problem in world.engine.verify().problems]
    with world.engine.store.reading() as tx:
        threw = {tx.case(case_id).key: case_id for case_id in tx.case_ids(process="p", limit=MANY)}
        ids = tx.case_ids(process="echo", limit=MANY)
        began = Counter(str(tx.case(case_id).key).partition(".")[0] for case_id in ids)
        unended = [*tx.case_ids(status="active", limit=MANY), *tx.case_ids(status="cancelled", limit=MANY)]
        ticks = tx.case_ids(process="clockwork", limit=MANY)
        if any(tx.jobs(case_id) for case_id in threw.values()):
            problems.append("jobs were left over")
    if threw.keys() != set(keys):
        problems.append(f"cases were lost or doubled: {threw.keys() ^ set(keys)}")
    if began != Counter(threw.values()):
        problems.append("a signal did not begin one case for each case that threw it")
    dues = Counter(world.engine.history(case_id)[0].detail["due"] for case_id in ticks)
    if any(number > 1 for number in dues.values()):
        problems.append(f"the clock began several cases at one time: {dues.most_common(2)}")
    return problems + [f"{case_id} has not ended" for case_id in unended]
