"""Many record at once, and some die: one case for each surge, on both databases."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier

import pytest

from complaintflow.facade.engine import Engine
from complaintflow.store.rows import Change
from complaintflow.time.clock import SystemClock
from tests.surge_cases import engine, file, plans

ROOT = Path(__file__).resolve().parents[2]
AT_ONCE = 8
DYING = """
import os, sys
from complaintflow.facade.engine import Engine

shop = Engine(sys.argv[1], layers=[sys.argv[2]])
for number in range(6):
    if number == 5:
        shop._work.watch.after = lambda change: os._exit(9)  # the commit stands, nobody has looked
    shop.start("shop", {"kind": "late", "place": {"group": "kitchen"}})
"""


def several(folder: Path, database: str, number: int, stack: ExitStack) -> list[Engine]:
    """Engines of their own on one database, as programs have them."""
    return [stack.enter_context(engine(folder, None, database, clock=SystemClock(), keys=None)) for _ in range(number)]


def together(engines: list[Engine], act: Callable[[Engine], object]) -> None:
    """Let all of them act at one time."""
    barrier = Barrier(len(engines))

    def wait(one: Engine) -> None:
        barrier.wait()
        act(one)

    with ThreadPoolExecutor(len(engines)) as pool:
        list(pool.map(wait, engines))


def test_eight_that_record_at_once_begin_one_case(database: str, tmp_path: Path) -> None:
    """Eight programs file three complaints each at the same time, as fast as they can: one plan begins."""
    with ExitStack() as stack:
        engines = several(tmp_path, database, AT_ONCE, stack)

        def act(one: Engine) -> None:
            for _ in range(3):
                file(one)

        together(engines, act)
        assert len(plans(engines[0])) == 1
        (past,) = engines[0].replay_surges("shop")
        assert (past.peak, past.case) == (3 * AT_ONCE, plans(engines[0])[0])


def test_eight_that_all_see_the_surge_begin_one_case(database: str, tmp_path: Path) -> None:
    """When everybody has committed before anybody looks, all of them find the surge, and one begins upon it."""
    with ExitStack() as stack:
        engines = several(tmp_path, database, AT_ONCE, stack)
        committed = Barrier(AT_ONCE)
        for one in engines:
            look = one._watch.after

            def later(change: Change, look: Callable[[Change], None] = look) -> None:
                if change.case.process == "shop":
                    committed.wait()
                look(change)

            one._watch.after = later  # type: ignore[method-assign]
        together(engines, file)
        assert len(plans(engines[0])) == 1


def test_workers_that_sweep_at_once_begin_one_case(database: str, tmp_path: Path) -> None:
    """Several groups whose looks were all lost are made up for by eight workers at once, one case for each group."""
    with ExitStack() as stack:
        engines = several(tmp_path, database, AT_ONCE, stack)
        engines[0]._work.watch = None
        for place in ("kitchen", "hall"):
            for _ in range(6):
                file(engines[0], place=place)
        assert plans(engines[1]) == []
        together(engines[1:], lambda one: one.worker().beat())
        told = [engines[1].case(case_id).variables["surge"]["of"]["department"] for case_id in plans(engines[1])]
        assert sorted(told) == ["hall", "kitchen"]


@pytest.mark.parametrize("finds", ["the next complaint", "a worker"])
def test_a_program_that_dies_between_commit_and_look(database: str, tmp_path: Path, finds: str) -> None:
    """The sixth complaint is committed and its program killed: one case all the same, whoever comes by next."""
    with ExitStack() as stack:
        (shop,) = several(tmp_path, database, 1, stack)
        command = [sys.executable, "-c", DYING, database, str(tmp_path)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        assert done.returncode == 9, done.stderr
        assert (len(shop.cases(process="shop")), plans(shop)) == (6, [])
        if finds == "a worker":
            shop.worker().beat()
        else:
            file(shop)
        (begun,) = plans(shop)
        shop.drain()
        assert plans(shop) == [begun]
        assert shop.case(begun).waiting_for == ["act"]
