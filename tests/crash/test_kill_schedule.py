"""Processes die while the clock starts cases: each due time has one case, none or two never."""

from __future__ import annotations

import os
import random
import signal
import sys
from datetime import datetime, timedelta
from pathlib import Path

from complaintflow import Engine
from complaintflow.time.clock import VirtualClock
from tests import diagrams as d

START = datetime.fromisoformat("2026-03-02T09:00:00+08:00")
XML = d.document(
    d.process(d.start("due", d.timer(cycle="R/PT1H")), d.user("look"), d.end(), d.flows("due > look > end"))
)


def drain_and_die(url: str, now: datetime, calls: int) -> None:
    """Drain in a forked process that kills itself (SIGKILL) at the given function call."""
    child = os.fork()
    if child == 0:
        left = calls

        def count(*_: object) -> None:
            nonlocal left
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            engine = Engine(url, clock=VirtualClock(now))
            sys.setprofile(count)
            engine.drain()
        finally:
            sys.setprofile(None)
            os._exit(0)
    os.waitpid(child, 0)


def calls_of_a_round(url: str, now: datetime) -> int:
    """How many function calls a drain that nobody disturbs takes."""
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    engine = Engine(url, clock=VirtualClock(now))
    sys.setprofile(count)
    try:
        engine.drain()
    finally:
        sys.setprofile(None)
    return calls


def test_workers_that_die_start_each_case_once(tmp_path: Path) -> None:
    """Whatever call kills the workers of 24 rounds, after each round there is one case for each due time so far."""
    url = f"sqlite:///{tmp_path / 'cases.db'}"
    chance, now = random.Random(20260302), START
    with Engine(url, layers=[d.layer(tmp_path / "layer", XML)], clock=VirtualClock(START)) as engine:
        engine.schedule("p")
        now += timedelta(hours=1)
        calls = calls_of_a_round(url, now)
        killed_before_the_case = 0
        for hour in range(2, 26):
            now += timedelta(hours=1)
            # A round that is no longer the first, or in which something is made for good, has more calls or fewer.
            drain_and_die(url, now, chance.randint(1, 2 * calls))
            killed_before_the_case += len(engine.cases(process="p")) < hour
            Engine(url, clock=VirtualClock(now)).drain()
            dues = [datetime.fromisoformat(case.history()[0].detail["due"]) for case in engine.cases(process="p")]
            assert sorted(dues) == [START + timedelta(hours=n) for n in range(1, hour + 1)]
        assert 0 < killed_before_the_case < 24, "the kills fall before and after the commit"
