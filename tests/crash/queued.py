"""The same world where procrastinate calls the workers, and workers of that kind that die or are asked to stop."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any, Final

from sqlalchemy import text

from complaintflow.adapters.procrastinate import serving
from complaintflow.adapters.procrastinate.sweeping import sweep
from complaintflow.store.ticks import to_ticks
from complaintflow.work.worker import Worker
from tests.crash.killing import Campaign, Child
from tests.crash.world import Mark, World

SECONDS: Final = 0.6
"""How long a worker lives at most that is killed from outside or asked to stop; it needs a tenth of it to begin."""
LONGEST: Final = 2.0
"""After so long those are asked to stop whose point does not come."""
PATIENCE: Final = 60.0
TICK: Final = 0.02


class Queued(World):
    """A world on PostgreSQL whose ready jobs are procrastinate's."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(f"{url}{'&' if '?' in url else '?'}queue=procrastinate", folder)

    def work(self) -> int:
        """A worker that does what is due, and leaves."""
        self.mark("drain")
        return self.engine.drain()

    def stand(self, name: str) -> None:
        """A worker that stands until SIGTERM comes, as ``complaintflow worker`` does; whoever calls has it blocked."""
        self.mark("serve")
        self.attend(lambda seconds: signal.sigtimedwait({signal.SIGTERM}, seconds) is not None, name)

    def attend(self, is_over: Callable[[float], bool], name: str = "") -> None:
        """A worker that stands until it is over."""
        worker = self.engine.worker()
        worker.name = name or worker.name
        with self._standing(worker) as thread:
            while thread.is_alive() and not is_over(TICK):
                pass

    def settle(self) -> None:
        """Let a standing worker do all that is due, while the time goes on."""
        with self._standing(self.engine.worker()) as thread:
            end = monotonic() + PATIENCE
            while (due := self._next_due()) is not None and due <= self.clock.now():
                assert thread.is_alive()
                assert monotonic() < end, "what is due is not done"
                Event().wait(TICK)
                self.clock.advance(timedelta(seconds=0.2))

    def calls(self) -> dict[str, int]:
        """How many calls procrastinate has, by status."""
        with self.engine.store.engine.connect() as connection:  # type: ignore[attr-defined]
            found = connection.execute(text("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY status"))
            return {str(status): int(number) for status, number in found}

    def tidy(self) -> None:
        """Let an hour pass for procrastinate, and a worker stand until no call is left."""
        with self.engine.store.engine.begin() as connection:  # type: ignore[attr-defined]
            connection.execute(text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'"))
        end = monotonic() + PATIENCE
        with self._standing(self.engine.worker()):
            while self.calls():
                assert monotonic() < end, f"calls lie about: {self.calls()}"
                Event().wait(TICK)

    def _next_due(self) -> Any:
        with self.engine.store.reading() as tx:
            return tx.next_due()

    @contextmanager
    def _standing(self, worker: Worker) -> Iterator[Thread]:
        errors: list[BaseException] = []

        def run() -> None:
            try:
                worker.run()
            except BaseException as error:
                errors.append(error)

        thread = Thread(target=run)
        thread.start()
        try:
            yield thread
        finally:
            worker.stop()
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a worker does not stop"
        for error in errors:
            raise error


class QueueCampaign(Campaign):
    """Kills on such a world: of standing workers, of short ones and of people; some workers are only asked to stop."""

    world: Queued

    def _how(self) -> str:
        return self.chance.choices(("statement", "call", "time", "stop"), (5, 2, 3, 2))[0]

    def _hour(self, how: str) -> float | None:
        return monotonic() + (self.chance.uniform(0, SECONDS) if how in ("time", "stop") else LONGEST)

    def _end(self, child: Child) -> None:
        if child.how == "time" or child.asked:
            if child.asked:
                self.tally.violations.append(f"a worker did not stop ({child.slate.read()})")
            super()._end(child)
        else:
            os.kill(child.process, signal.SIGTERM)
            child.asked, child.dies_at = True, monotonic() + PATIENCE

    def _fork(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # the child waits for it in its own way
        try:
            super()._fork()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})

    def _work(self, chance: random.Random, mark: Mark, name: str) -> None:
        def sweeping(*args: Any) -> int:
            mark("sweep")
            try:
                return sweep(*args)
            finally:
                mark("serve")

        serving.sweep = sweeping  # type: ignore[attr-defined]
        if name.startswith("stop") or chance.random() < 0.6:
            self.world.stand(name)
        else:
            super()._work(chance, mark, name)

    def _left(self, child: Child) -> None:
        held = text("SELECT count(*) FROM cf_job WHERE owner = :owner AND ready_at > :now")
        with self.world.engine.store.engine.connect() as connection:  # type: ignore[attr-defined]
            number = connection.scalar(held, {"owner": child.name, "now": to_ticks(self.world.clock.now())})
        assert number == 0, f"a worker that left in order holds {number} jobs"
