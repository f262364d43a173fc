"""Processes die: nothing may be lost, doubled or stuck."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import traceback
from collections import Counter
from pathlib import Path

import pytest

from complaintflow.adapters.sql import open_store
from complaintflow.history import broken_at
from tests.crash import driver

ROOT = Path(__file__).resolve().parents[2]


def run_and_die(url: str, folder: Path, events: int) -> bool:
    """Drive in a forked process that kills itself (SIGKILL) at the given function call. True if it died."""
    child = os.fork()
    if child == 0:
        left = events

        def count(*_: object) -> None:
            nonlocal left
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

        status = 1
        try:
            sys.setprofile(count)
            driver.drive(url, folder)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.setprofile(None)
            os._exit(status)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the driver failed without being killed"
    return False


def examine(url: str, folder: Path) -> int:
    """Every case is whole. Returns how many have ended."""
    delivered = Counter((folder / "delivered").read_text().split())
    kept: set[str] = set()
    ended = 0
    with driver.engine(url, folder) as engine:
        for case in engine.cases(limit=1000):
            with engine.store.reading() as tx:
                history = tx.history(case.id)
                row = tx.case(case.id)
                rows = [*tx.tasks(case_id=case.id), *tx.timers(case.id), *tx.jobs(case.id), *tx.subscriptions(case.id)]
            assert broken_at(history, row.length, row.head) is None, "a line of history is lost, doubled or changed"
            completed = [row.token for row in history if row.event in ("task-completed", "job-done", "timer-fired")]
            assert len(completed) == len(set(completed)), "something was done twice"
            assert not case.incidents
            if case.status == "completed":
                ended += 1
                assert rows == [], "an ended case has nothing open"
            notices = [notice.key for notice in engine.notices(case.id)]
            assert len(notices) == len(set(notices)), "a notice is kept twice"
            kept.update(notices)
    assert kept <= delivered.keys(), "a notice was kept that never left"
    return ended


@pytest.mark.parametrize("kills", [200])
def test_200_kills_lose_double_and_strand_nothing(tmp_path: Path, kills: int) -> None:
    """A process killed at 200 random function calls leaves every case whole, and the cases still reach their end."""
    shutil.copy(ROOT / "processes/customer/payload.json", tmp_path)
    (tmp_path / "delivered").touch()
    url = f"sqlite:///{tmp_path / 'cases.db'}"
    open_store(url).close()
    with driver.engine(url, tmp_path) as engine:
        engine.library.newest("customer")  # compiled once, so that the kills fall into the work itself
    chance = random.Random(20261122)
    died = 0
    while died < kills:
        died += run_and_die(url, tmp_path, chance.randint(1, 300_000))
        if died % 20 == 0:
            examine(url, tmp_path)
    assert run_and_die(url, tmp_path, sys.maxsize) is False
    assert examine(url, tmp_path) >= 2
