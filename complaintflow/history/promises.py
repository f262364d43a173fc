"""Promises as history keeps them in the plain: when each was given, moved, kept or broken.

A deadline of the policy that opens is a promise, unless the policy says otherwise or nothing but time is waited for.
Its entries have one token, the deadline's name (``hr/response``) and the time it is due, ISO 8601 in UTC:

    promised    it opened
    moved       it is due at another time, also after it was kept, where its clock ran on; empty while it pauses
    kept        what it is about was done by then
    broken      its time passed, or what it is about was done later
    dropped     it ended otherwise: called off, or the case is over

What keeps it are the tasks of the policy's ``met_by``, else the task that is due or that the timer stands at. A task
and its own timer under one deadline are one promise. One that is neither kept nor broken and past its time is late,
though no entry says so. A token's promise is promised once; the entries that end it say the time that stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from complaintflow.bpmn.activities import TaskWait
from complaintflow.bpmn.events import CatchEvent
from complaintflow.store.counting import written

if TYPE_CHECKING:
    from complaintflow.bpmn.token import Token
    from complaintflow.case.live import LiveCase
    from complaintflow.store.rows import Change

PROMISED: Final = "promised"
MOVED: Final = "moved"
KEPT: Final = "kept"
BROKEN: Final = "broken"
DROPPED: Final = "dropped"

_BOOK: Final = "due"
_STANDING: Final = "due-again"
"""In the ledger: tokens that stand on after their promise was kept or broken. A new time of theirs moves it."""
# Whose completion keeps a promise: of nothing, of the case, or of the token with that number.
_NOBODY: Final = -1
_CASE: Final = 0


def settle(live: LiveCase, change: Change) -> None:
    """Write what this command did to the case's promises.

    The book is the ledger's ``due``: token -> [deadline, due, token that keeps it, timer that breaks it].
    """
    opened = list(_opened(live, change))
    book: dict[str, list[Any]] = live.ledger.get(_BOOK, {})
    if book:
        _close(live, book)
    for token, name, at in opened:
        _open(live, book, token, name, written(at))
    if book:
        live.ledger[_BOOK] = book
    else:
        live.ledger.pop(_BOOK, None)


def move(live: LiveCase, number: int, at: datetime | None) -> None:
    """A token's deadline is due at another time; None: its clock stands still."""
    book: dict[str, list[Any]] = live.ledger.get(_BOOK, {})
    due = written(at) if at is not None else None
    for key, promise in book.items():
        if number in (int(key), promise[3]) and promise[1] != due:
            promise[1] = due
            live.mark(MOVED, qualified(live, promise[0]), due or "", int(key))


def qualified(live: LiveCase, deadline: str) -> str:
    """The name under which a deadline is counted: its policy's id and its own name."""
    return "/".join(live.bundle.policies.split(deadline))


def _opened(live: LiveCase, change: Change) -> Iterator[tuple[Token, str, datetime]]:
    """The deadlines that this command opened; tasks come before the timers that stand at them."""
    for wait in live.game.opened.values():
        if isinstance(wait, TaskWait) and wait.due is not None and wait.due.deadline is not None:
            yield wait.token, wait.due.deadline, wait.due.at
    for row in change.timers:
        if row.deadline is not None:
            yield live.game.token(row.token), row.deadline, row.due_at


def _open(live: LiveCase, book: dict[str, list[Any]], token: Token, name: str, due: str) -> None:
    entry, key = live.bundle.policies.deadline(name), str(token.id)
    timer = token.task_spec.waits == "timer"
    waits = timer and token.host is None and isinstance(token.task_spec, CatchEvent) and not token.task_spec.arms_flow
    if key in book or not entry.promise or (waits and not entry.met_by):
        return
    # The same promise again: the timer of the task that is due, or another event that watches over it.
    host = str(token.host.id) if token.host is not None else ""
    known = book.get(host) or next((one for one in book.values() if entry.met_by and one[0] == name), None)
    if known is not None and known[0] == name:
        known[3] = token.id if timer else known[3]
        return
    around = token.host or token.workflow.host
    keeper = (around.id if around is not None else _CASE) if timer else token.id
    book[key] = [name, due, _NOBODY if entry.met_by else keeper, token.id if timer else 0]
    again = token.id in live.ledger.get(_STANDING, ())
    live.mark(MOVED if again else PROMISED, qualified(live, name), due, token.id)


def _close(live: LiveCase, book: dict[str, list[Any]]) -> None:
    now, over = written(live.now), live.over
    fired = {entry.token for entry in live.entries if entry.event == "timer-fired"}
    done = {entry.token for entry in live.entries if entry.event == "task-completed"}
    done |= {token.id for token in live.host.done}
    if live.status == "completed":
        done.add(_CASE)
    for key, (name, due, keeper, timer) in list(book.items()):
        late = due is not None and now > due
        if timer and timer in fired:
            outcome = BROKEN
        elif keeper in done or _is_met(live, name):
            outcome = BROKEN if late else KEPT
        elif over or (keeper != _NOBODY and live.token(int(key)) is None):
            outcome = BROKEN if late else DROPPED
        else:
            continue
        del book[key]
        live.mark(outcome, qualified(live, name), due or "", int(key))
        if not over and live.token(int(key)) is not None:
            standing = [one for one in live.ledger.get(_STANDING, ()) if live.token(one) is not None]
            live.ledger[_STANDING] = list(dict.fromkeys([*standing, int(key)]))


def _is_met(live: LiveCase, name: str) -> bool:
    met_by = live.bundle.policies.deadline(name).met_by
    return any(one.task_spec.bpmn_id in met_by and live.host.governs(name, one) for one in live.host.done)
