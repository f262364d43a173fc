"""The protocol of one job, small enough to look at every interleaving: two workers, a crash, lost answers, redelivery.

Each step is named after the function of the code that it stands for:

    lease       Transaction.lease_jobs, called by Worker._run_jobs
    load        Work.load, called by Dispatcher.run
    handle      Handler.call, called by Dispatcher._outcome: the effect outside, under JobRow.key
    begin       Store.transaction and Work.opened, called by Work.run; FinishJob.apply asks LiveCase.is_reported
    write       Transaction.write: statements.SAVE_CASE guards the version (StaleCase: Work.run begins again)
    commit      Pool.commit: the case, its history and the outbox in one
    lost        the same, and the answer does not come (StoreUnavailable: Dispatcher._finish asks Work.run again)
    cut         the connection breaks before the commit: nothing is written, and Dispatcher._finish tries again
    expire      the clock reaches the end of the lease (worker.LEASE): the job may be leased again
    crash       SIGKILL: what the process knew is gone, its transaction is rolled back; another takes its place
    other       somebody else's command on the same case is committed: its version moves
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

IDLE: Final = "idle"


@dataclass(frozen=True, slots=True)
class Process:
    """A worker: the step it takes next, and what it has read."""

    next: str = IDLE
    version: int = 0
    reported: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """The database, the world outside, the workers, and how much may still go wrong."""

    version: int = 1
    transitions: int = 0
    lines: int = 0
    """Lines of history that tell what came of the job."""
    job: bool = True
    held: bool = False
    locked_by: int | None = None
    attempts: int = 0
    effects: int = 0
    keys: frozenset[int] = frozenset()
    workers: tuple[Process, ...] = (Process(), Process())
    crashes: int = 1
    losses: int = 1
    expiries: int = 2
    others: int = 1


Step = tuple[str, int]
"""A step's name, and the number of the worker that takes it (-1: none of them)."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """The rules; each switch turned is a mistake that somebody could make in the code.

    ``one_writer`` is SQLite, whose transactions begin IMMEDIATE; without it, PostgreSQL: the guard waits for the row.
    """

    one_writer: bool = False
    guards_version: bool = True
    deletes_job_at_lease: bool = False
    leases_expire: bool = True
    asks_whether_reported: bool = True
    same_key: bool = True
    effect_first: bool = True
    job_goes_with_the_commit: bool = True

    def steps(self, state: State) -> Iterator[tuple[Step, State]]:
        """Everything that can happen next."""
        for number, worker in enumerate(state.workers):
            for name, after in self._of(state, number, worker):
                yield (name, number), after
            if state.crashes and worker.next != IDLE:
                lock = None if state.locked_by == number else state.locked_by
                yield (
                    ("crash", number),
                    _put(replace(state, crashes=state.crashes - 1, locked_by=lock), number, Process()),
                )
        if self.leases_expire and state.held and state.expiries:
            yield ("expire", -1), replace(state, held=False, expiries=state.expiries - 1)
        if state.others and state.locked_by is None:
            yield ("other", -1), replace(state, version=state.version + 1, others=state.others - 1)

    def _of(self, state: State, number: int, worker: Process) -> Iterator[tuple[str, State]]:
        def goes(step: str, **facts: object) -> State:
            return _put(replace(state, **facts), number, replace(worker, next=step))  # type: ignore[arg-type]

        free = state.locked_by is None
        match worker.next:
            case "idle" if state.job and not state.held and free:
                yield "lease", goes("load", held=True, job=not self.deletes_job_at_lease)
            case "load" if free or not state.transitions:
                # A token that is gone needs no handler: DropJob.
                first = "handle" if self.effect_first else "begin"
                dropped = {"job": False, "version": state.version + 1}
                yield "load", goes(IDLE, **dropped) if state.transitions else goes(first)
            case "handle":
                key = 0 if self.same_key else state.attempts
                then = "begin" if self.effect_first else IDLE
                done = {
                    "effects": min(state.effects + 1, 3),
                    "keys": state.keys | {key},
                    "attempts": state.attempts + 1,
                }
                yield "handle", goes(then, **done)
            case "begin" if free or not self.one_writer:
                yield "begin", self._begun(state, number)
            case "write" if state.locked_by in (None, number):
                stale = self.guards_version and worker.version != state.version
                yield "write", goes("begin", locked_by=None) if stale else goes("commit", locked_by=number)
            case "commit":
                yield from self._committing(state, number, worker)

    def _begun(self, state: State, number: int) -> State:
        reported = state.transitions > 0
        if reported and self.asks_whether_reported:
            return _put(state, number, Process())
        lock = number if self.one_writer else state.locked_by
        return _put(replace(state, locked_by=lock), number, Process("write", state.version, reported))

    def _committing(self, state: State, number: int, worker: Process) -> Iterator[tuple[str, State]]:
        moved = 0 if worker.reported else 1
        written = replace(
            state,
            version=worker.version + 1,
            transitions=state.transitions + moved,
            lines=state.lines + 1,
            job=state.job and not self.job_goes_with_the_commit,
            locked_by=None,
        )
        yield "commit", _put(written, number, Process() if self.effect_first else Process("handle"))
        if state.losses:
            less = state.losses - 1
            yield "lost", _put(replace(written, losses=less), number, Process("begin"))
            yield "cut", _put(replace(state, losses=less, locked_by=None), number, Process("begin"))


def _put(state: State, number: int, worker: Process) -> State:
    workers = tuple(worker if place == number else other for place, other in enumerate(state.workers))
    return replace(state, workers=workers)


def broken(state: State) -> str | None:
    """What must never be."""
    if state.transitions > 1:
        return "a transition happened twice"
    if state.lines > 1:
        return "the history tells of it twice"
    if len(state.keys) > 1:
        return "the effect had two keys"
    return None


def is_finished(state: State) -> bool:
    """The job is done, and nobody has anything to do."""
    done = state.transitions == 1 and state.effects >= 1
    return done and not state.job and all(worker.next == IDLE for worker in state.workers)


@dataclass(slots=True)
class Explored:
    """Every state that can be reached, the shortest way to it, and what is wrong."""

    ways: dict[State, tuple[State, Step] | None] = field(default_factory=dict)
    edges: list[tuple[State, Step, State]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def way(self, state: State) -> list[Step]:
        """The steps to a state."""
        steps: list[Step] = []
        while (before := self.ways[state]) is not None:
            state, step = before
            steps.append(step)
        return steps[::-1]


def explore(protocol: Protocol) -> Explored:
    """All interleavings. A state from which the job cannot be finished any more has lost it."""
    found = Explored({State(): None})
    todo, into = deque([State()]), defaultdict[State, list[State]](list)
    while todo:
        state = todo.popleft()
        if problem := broken(state):
            found.problems.append(f"{problem}: {found.way(state)}")
            continue
        for step, after in protocol.steps(state):
            found.edges.append((state, step, after))
            into[after].append(state)
            if after not in found.ways:
                found.ways[after] = state, step
                todo.append(after)
    finishing = {state for state in found.ways if is_finished(state)}
    todo = deque(finishing)
    while todo:
        for before in into[todo.popleft()]:
            if before not in finishing:
                finishing.add(before)
                todo.append(before)
    stuck = [state for state in found.ways if state not in finishing and not broken(state) and _has_time(state)]
    found.problems += [f"the job is lost: {found.way(state)}" for state in stuck[:1]]
    return found


def _has_time(state: State) -> bool:
    """Whether a lease could still end: the model's clock has only so many ticks, the world's has more."""
    return state.expiries > 0
