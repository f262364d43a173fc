"""One small process with every way of waiting in it, and the people and clocks that move its cases.

What is done next depends only on what the database says, as it would for people who come back to their desks after a
power cut. The world outside, which no rollback reaches, is two files that are only ever appended to: what handlers
did, and which commands were answered.
"""

from __future__ import annotations

import os
import random
import struct
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from mmap import mmap
from pathlib import Path

from complaintflow import BusinessError, Case, Engine, Handlers
from complaintflow.errors import CaseError, ClockWentBack, StoreUnavailable
from complaintflow.handlers.registry import Backoff, Job
from complaintflow.notices.notices import Notice
from tests import diagrams as d

START = datetime(2026, 9, 28, 1, tzinfo=UTC)
LEASE_IS_OVER = timedelta(minutes=6)
RESTS = 0.05
"""How long a worker rests that found nothing, in seconds."""
ONE_CASE = {
    "started": 1, "task-completed": 2, "message": 1, "timer-fired": 1, "job-failed": 2, "job-done": 5,
    "error-thrown": 1, "incident": 1, "incident-resolved": 1, "ended": 1,
}  # fmt: skip
"""How often each event stands in the history of a case that ended, however often its workers died."""
EFFECTS = frozenset({"charge", "refuse", "thank", "nag", "mend", "tell"})
"""Elements whose handlers have an effect outside."""

XML = d.document(
    d.process(
        d.start(),
        d.gateway("parallel", "fork"),
        d.service("charge", "effect"),
        d.user("check", groups="clerks"),
        d.service("refuse", "refuse"),
        d.boundary("refused", "refuse", d.event("error", "no")),
        d.receive("answer", "answered"),
        d.service("thank", "effect"),
        d.catch("wait", d.timer(duration="PT2H")),
        d.service("nag", "flaky"),
        d.gateway("parallel", "join"),
        d.service("mend", "broken", retries=1),
        d.throw("shout", d.event("signal", "done")),
        d.user("approve"),
        d.service(
            "tell",
            "notify",
            extension='<zeebe:taskHeaders><zeebe:header key="notice" value="told"/>'
            '<zeebe:header key="to" value="role:office"/></zeebe:taskHeaders>',
        ),
        d.end(),
        d.end("never"),
        d.flows(
            "start > fork > charge > check > refuse > never",
            "refused > join",
            "fork > answer > thank > join",
            "fork > wait > nag > join",
            "join > mend > shout > approve > tell > end",
        ),
    ),
    d.message("answered", "answer"),
    d.error("no", "NO"),
    d.signal("done", "done"),
)
ECHO = d.document(
    d.process(
        d.start("heard", d.event("signal", "done")),
        d.service("call-back", "effect"),
        d.end(),
        d.flows("heard > call-back > end"),
        name="echo",
    ),
    d.signal("done", "done"),
)
CLOCKWORK = d.document(
    d.process(
        d.start("due", d.timer(cycle="R/PT6H")),
        d.service("tick", "effect"),
        d.end(),
        d.flows("due > tick > end"),
        name="clockwork",
    )
)


def layer(folder: Path, *, check: str = "check", approve: str = "approve") -> Path:
    """The processes ``p``, ``echo`` (begun by p's signal) and ``clockwork`` (begun by the clock).

    ``check`` is the label of a task, ``approve`` the id of another: with other ones it is another version of the
    definition.
    """
    policy = d.POLICY + '\n[roles.office]\ngroup = "office"\nclause = "T-1"\nfrom = "document"\n'
    told = {"processes__p__notices__told.en.j2": "Subject: News\n\nIt is done.\n"}
    xml = XML.replace('name="check"', f'name="{check}"').replace('"approve"', f'"{approve}"')
    d.layer(folder, xml, policy=policy, **told)
    d.layer(folder, ECHO, name="echo")
    return d.layer(folder, CLOCKWORK, name="clockwork")


class SharedClock:
    """Time in memory that parent and children share: it outlives whoever is killed."""

    def __init__(self) -> None:
        self._memory = mmap(-1, 8)

    def now(self) -> datetime:
        """The moment."""
        return START + timedelta(microseconds=struct.unpack("q", self._memory[:8])[0])

    def advance(self, by: timedelta) -> None:
        """Move, also backwards."""
        self._memory[:8] = struct.pack("q", (self.now() + by - START) // timedelta(microseconds=1))


class Log:
    """A file of lines that is only ever appended to; a line is there whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read = 0
        self._lines: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
        path.touch()

    def add(self, subject: str, *words: str) -> None:
        """Append one line about a subject."""
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(file, (" ".join((subject, *words)) + "\n").encode())
        finally:
            os.close(file)

    def about(self, subject: str) -> list[tuple[str, ...]]:
        """The lines about a subject so far, in words."""
        with self.path.open() as file:
            file.seek(self._read)
            for line in file.readlines():
                first, *words = line.split()
                self._lines[first].append(tuple(words))
            self._read = file.tell()
        return self._lines[subject]


@dataclass(frozen=True, slots=True)
class Move:
    """Something that can be done: its name, what it is done to, and the deed."""

    name: str
    subject: str
    deed: Callable[[], object]


Mark = Callable[[str], None]
"""Told where the work stands, so that whoever is killed there can be counted."""


class World:
    """An engine with all it needs to run those processes."""

    def __init__(self, url: str, folder: Path, mark: Mark = lambda place: None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.url, self.folder, self.mark = url, folder, mark
        self.clock = SharedClock()
        self.meanwhile: Callable[[str], object] = lambda element: None
        self.effects, self.answers = Log(folder / "effects"), Log(folder / "answers")
        self.layer = layer(folder / "layer")
        self.engine = self.open()
        self.engines = [self.engine]
        for process in ("p", "echo"):
            self.engine.library.newest(process)

    def open(self, layer: Path | None = None) -> Engine:
        """An engine on the world's database, with other definitions if need be; the first makes its tables."""
        options = {
            "layers": [layer or self.layer],
            "handlers": [self._handlers()],
            "clock": self.clock,
            "notifier": self,
        }
        return Engine(self.url, **options)  # type: ignore[arg-type]

    def deliver(self, notice: Notice) -> None:
        """The notifier: a notice that left."""
        self._effect(notice.case_id, "tell", notice.key)

    def _effect(self, case_id: str, element: str, key: str) -> None:
        self.mark("handler")
        self.effects.add(case_id, element, key)
        self.meanwhile(element)
        self.mark("handler")

    def _handlers(self) -> Handlers:
        desk = Handlers()

        def acts(job: Job) -> None:
            self._effect(job.case_id, job.element, job.key)

        @desk.handler("effect")
        def effect(job: Job) -> dict[str, object]:
            acts(job)
            return {"last": job.element}

        @desk.handler("flaky", retries=5, backoff=Backoff(timedelta(seconds=1)))
        def flaky(job: Job) -> None:
            acts(job)
            if job.attempt < 2:
                raise TimeoutError("not yet")

        @desk.handler("refuse")
        def refuse(job: Job) -> None:
            acts(job)
            raise BusinessError("NO", "refused")

        @desk.handler("broken")
        def broken(job: Job) -> None:
            acts(job)
            if not job.variables.get("mended"):
                raise RuntimeError("somebody must mend it")

        return desk

    # -- what people and clocks do ----------------------------------------------------------

    def moves(self, key: str) -> list[Move]:
        """What people can do with the case of that key."""
        engine = self.engine
        found = engine.cases(process="p", key=key, limit=1)
        if not found:
            return [Move("start", key, partial(engine.start, "p", {}, key=key))]
        case = found[0]
        moves = [Move("complete", task.id, partial(engine.complete, task.id, {"by": "li.wei"})) for task in case.tasks]
        moves += [Move("claim", task.id, partial(engine.claim, task.id, "li.wei")) for task in case.tasks]
        if "answer" in case.waiting_for:
            moves.append(Move("correlate", case.id, partial(engine.correlate, "answer", key=key)))
        resolve = partial(engine.resolve, data={"mended": True})
        return moves + [Move("resolve", incident.id, partial(resolve, incident.id)) for incident in case.incidents]

    def do(self, key: str, move: Move) -> bool:
        """Do it, and note that it was answered; False when somebody else was faster."""
        self.mark(move.name)
        try:
            move.deed()
        except CaseError:
            return False
        self.answers.add(key, move.name, move.subject)
        return True

    def act(self, keys: list[str], chance: random.Random) -> None:
        """Do one thing: a command for one of the cases, or a round of a worker."""
        self.mark("look")
        key = chance.choice(keys)
        moves = [] if chance.random() < 0.4 else self.moves(key)
        if moves:
            self.do(key, chance.choice(moves))
        else:
            self.work()

    def work(self) -> int:
        """A worker's round."""
        now = self.clock.now()
        with self.engine.store.reading() as tx:
            self.mark("schedule" if tx.due_schedules(now, 1) else "timer" if tx.due_timers(now, 1) else "drain")
        return self.engine.worker().run_once()

    def attend(self, is_over: Callable[[float], bool]) -> None:
        """A worker that stands until it is over, which it asks with how long it may wait for the answer."""
        done = 1
        while not is_over(0 if done else RESTS):
            done = 0
            with suppress(StoreUnavailable, ClockWentBack):
                done = self.work()

    def settle(self) -> None:
        """Let workers do all that is due now."""
        self.engine.drain()

    def finish(self, keys: list[str]) -> None:
        """Bring all cases to their end, undisturbed. Raises AssertionError when one cannot get there."""
        left = list(keys)
        for _ in range(40):
            left = [
                key for key in left if any(case.status == "active" for case in self.cases(key)) or not self.cases(key)
            ]
            if not left and not self._goes_on():
                return
            for key in left:
                for move in self.moves(key):
                    if move.name != "claim":
                        self.do(key, move)
            self.clock.advance(timedelta(minutes=45))
            self.settle()
        raise AssertionError(f"stuck: {[self.cases(key) for key in left]}")

    def _goes_on(self) -> bool:
        """Whether any case is active: one that a signal or the clock began may outlive what people do."""
        with self.engine.store.reading() as tx:
            return bool(tx.case_ids(status="active", limit=1))

    def cases(self, key: str) -> list[Case]:
        """The cases of a key: one, or none yet."""
        return self.engine.cases(process="p", key=key)
