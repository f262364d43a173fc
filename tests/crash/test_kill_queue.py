"""Workers that procrastinate calls die at any moment, and others are asked to stop amid their work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.crash.conftest import KILLS
from tests.crash.killing import report
from tests.crash.queued import QueueCampaign, Queued

OF_CALLS = max(12, KILLS // 8)


def test_killed_and_stopped_procrastinate_workers_lose_double_and_strand_nothing(
    new_database: Callable[[], str], tmp_path: Path, seed: int
) -> None:
    """Between fetching a call and finishing it, amid a sweep or anywhere: each case is whole, and ends by a worker."""
    world = Queued(new_database(), tmp_path / "world")
    world.engine.schedule("clockwork")
    tally = QueueCampaign(world, seed).run(OF_CALLS)
    report("procrastinate", tally, seed)
    assert tally.violations == []
    assert tally.kills == OF_CALLS
    world.tidy()
    world.engine.close()
