"""Thousands of kills: processes that work on the same cases, each with its own hour of death."""

from __future__ import annotations

import gc
import math
import os
import random
import select
import signal
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Final

from complaintflow.errors import StoreUnavailable
from tests.crash import fatal
from tests.crash.oracle import examine, examine_all
from tests.crash.world import LEASE_IS_OVER, Mark, World

CREW: Final = 2
TOLD: Final = 500
POOL: Final = 3
DEEDS: Final = 8
STATEMENTS, CALLS, SECONDS = 80, 20_000, 0.05
PASSES: Final = (timedelta(0), timedelta(seconds=10), timedelta(minutes=2), LEASE_IS_OVER, timedelta(minutes=40))


@dataclass(slots=True)
class Tally:
    """What a campaign did: kills by what was being done and at which point, and what went wrong."""

    kills: int = 0
    survived: int = 0
    stopped: int = 0
    seconds: float = 0
    works: Counter[str] = field(default_factory=Counter)
    points: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def died(self, slate: fatal.Slate, how: str) -> None:
        """Count a kill."""
        work, point = slate.read()
        self.kills += 1
        self.works[work or "birth"] += 1
        self.points[how if how != "statement" else point] += 1

    def __str__(self) -> str:
        lines = [
            f"{self.kills} kills in {self.seconds:.0f} s ({60 * self.kills / max(self.seconds, 0.001):.0f} a minute);"
            f" {self.survived} processes survived, {self.stopped} stopped when asked;"
            f" {len(self.violations)} violations",
            "  by work:  " + ", ".join(f"{work} {number}" for work, number in self.works.most_common()),
            "  by point: " + ", ".join(f"{point} {number}" for point, number in self.points.most_common()),
        ]
        return "\n".join([*lines, *(f"  VIOLATION {violation}" for violation in self.violations[:20])])


@dataclass(slots=True)
class Child:
    """A process of the crew; ``dies_at`` is when it is killed from outside, or asked to stop (``how`` "stop")."""

    process: int
    handle: int
    dies_at: float | None
    how: str
    slate: fatal.Slate
    name: str
    asked: bool = False


class Campaign:
    """Kills on one world, and what is found after each."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.tally = world, Tally()
        self.chance = random.Random(seed)
        self.keys: list[str] = []
        self.pool: list[str] = []
        self._slates = [fatal.Slate() for _ in range(CREW)]
        self._crew: list[Child] = []
        self._seen: dict[str, tuple[int, str] | None] = {}

    def run(self, kills: int, works: frozenset[str] = frozenset()) -> Tally:
        """Kill so often, and on until each of these works was hit; then let all cases end. Stops at violations."""
        began, told = monotonic(), TOLD
        gc.collect()
        gc.freeze()  # children that collect nothing copy less of the parent's memory
        while (left := self._wanted(kills, works)) and not self.tally.violations:
            while len(self._crew) < min(CREW, left):
                self._fork()
            self._reap()
            self._look()
            self.tally.seconds = monotonic() - began
            if self.tally.kills >= told:
                told += TOLD
                print(f"so far {self.tally.kills} of {kills} kills in {self.tally.seconds:.0f} s", file=sys.stderr)
        while self._crew:
            self._reap()
        gc.unfreeze()
        self.tally.violations += examine(self.world, self.pool)
        self.world.finish(self.pool)
        self.tally.violations += examine(self.world, self.pool) + examine_all(self.world, self.keys)
        self.tally.seconds = monotonic() - began
        return self.tally

    def _wanted(self, kills: int, works: frozenset[str]) -> int:
        """How many kills are wanted still; a work that ten times as many have not hit is not done at all."""
        left = kills - self.tally.kills
        return left if left > 0 else int(left > -9 * kills and not works <= self.tally.works.keys())

    def _look(self) -> None:
        """Look at the cases that have changed, and leave out those that have ended."""
        found = {key: self._version(key) for key in self.pool}
        changed = [key for key, version in found.items() if version is None or version != self._seen.get(key)]
        self.tally.violations += examine(self.world, changed)
        self._seen.update(found)
        self.pool = [key for key, version in found.items() if version is None or version[1] == "active"]

    def _version(self, key: str) -> tuple[int, str] | None:
        with self.world.engine.store.reading() as tx:
            rows = [tx.case(case_id) for case_id in tx.case_ids(process="p", key=key)]
        return (rows[0].version, rows[0].status) if rows else None

    def _fork(self) -> None:
        while len(self.pool) < POOL:
            self.keys.append(f"k{len(self.keys) + 1}")
            self.pool.append(self.keys[-1])
        self.world.clock.advance(self.chance.choice(PASSES))
        how = self._how()
        slate = next(slate for slate in self._slates if all(slate is not child.slate for child in self._crew))
        slate.clear()
        seed = self.chance.getrandbits(60)
        child = fatal.run(lambda: self._live(how, seed, slate))
        self._crew.append(Child(child, os.pidfd_open(child), self._hour(how), how, slate, f"{how}-{seed:x}"))

    def _how(self) -> str:
        """How the next process dies."""
        return self.chance.choices(("statement", "call", "time"), (5, 3, 3))[0]

    def _hour(self, how: str) -> float | None:
        """When such a process dies, where that is not its own affair."""
        return monotonic() + self.chance.uniform(0, SECONDS) if how == "time" else None

    def _live(self, how: str, seed: int, slate: fatal.Slate) -> None:
        """What a child does: some things that can be done, on connections of its own."""
        chance, world = random.Random(seed), self.world
        fuse = fatal.Fuse(slate)

        def mark(work: str) -> None:
            slate.work(work)
            if work != "look":
                fuse.lit = True

        world.mark = mark
        if how == "statement":
            fuse.left = chance.randint(1, STATEMENTS)
            fatal.at_statements(fuse, *(engine.store.engine for engine in world.engines))
        elif how == "call":
            fuse.left = int(math.exp(chance.uniform(0, math.log(CALLS))))
            fatal.at_calls(fuse)
        with suppress(StoreUnavailable):  # told that the database is held for too long, which is no harm
            self._work(chance, mark, f"{how}-{seed:x}")

    def _work(self, chance: random.Random, mark: Mark, name: str) -> None:
        """What the child of that name does until it dies: people and workers take turns."""
        if chance.random() < 0.08:
            mark("open")
            self.world.engine = self.world.open()
        for _ in range(DEEDS):
            self.world.act(self.pool, chance)

    def _reap(self) -> None:
        """Wait until one of the children is over, killing those whose time has come."""
        while True:
            hours = [child.dies_at for child in self._crew if child.dies_at is not None]
            left = max(0.0, min(hours) - monotonic()) if hours else None
            ended, _, _ = select.select([child.handle for child in self._crew], [], [], left)
            for child in list(self._crew):
                if child.handle in ended:
                    self._bury(child)
                elif child.dies_at is not None and child.dies_at <= monotonic():
                    self._end(child)
            if ended:
                return

    def _end(self, child: Child) -> None:
        """Its time has come."""
        os.kill(child.process, signal.SIGKILL)
        child.dies_at = None

    def _bury(self, child: Child) -> None:
        self._crew.remove(child)
        os.close(child.handle)
        _, status = os.waitpid(child.process, 0)
        try:
            if fatal.died(status):
                self.tally.died(child.slate, child.how)
            else:
                self.tally.survived += child.how != "stop"
                self.tally.stopped += child.how == "stop"
                self._left(child)
        except AssertionError as error:
            self.tally.violations.append(f"{error} ({child.slate.read()})")

    def _left(self, child: Child) -> None:
        """A process left in order. Raises AssertionError when it should not have left so."""


def report(title: str, tally: Tally, seed: int) -> None:
    """Print what a campaign did."""
    print(f"\n{title}, seed {seed}: {tally}", file=sys.stderr, flush=True)
