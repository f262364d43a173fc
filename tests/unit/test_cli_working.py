"""What is left to workers: how a case says so, and what a worker says of itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_samples import write_layer
from click.testing import CliRunner, Result

from complaintflow import Engine, Handlers
from complaintflow.cli.app import app

Run = Callable[..., Result]
ELSEWHERE = """
from datetime import UTC, datetime, timedelta

from complaintflow import Engine, Handlers
from complaintflow.time.clock import VirtualClock

failing = Handlers()

@failing.handler("look-up-order")
def look_up_order():
    raise OSError("the shop does not answer")

def web():
    return Engine("sqlite:///cases.db", layers=["layer"], handlers_elsewhere=True)

def later():
    clock = VirtualClock(datetime.now(UTC) + timedelta(seconds=90))
    return Engine("sqlite:///cases.db", layers=["layer"], handlers_elsewhere=True, clock=clock)

def worker():
    return Engine("sqlite:///cases.db", layers=["layer"], handlers=[failing])
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command with an application whose handlers are elsewhere (or, with ``place``, another one)."""
    write_layer(tmp_path / "layer")
    module = f"shop_{tmp_path.name}"
    (tmp_path / f"{module}.py").write_text(ELSEWHERE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("COMPLAINTFLOW_DATABASE_URL", "COMPLAINTFLOW_LAYERS", "COMPLAINTFLOW_APP", "LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def call(*words: str, place: str = "web", **settings: Any) -> Result:
        return CliRunner().invoke(app, ["--app", f"{module}:{place}", *words], prog_name="complaintflow", **settings)

    return call


def test_a_case_says_what_is_left_to_a_worker(run: Run) -> None:
    """A case that no person has to move says which job it waits for, whether a worker runs, and how to start one."""
    shown = run("run", "broken", "--example", "--key", "k")
    assert shown.exit_code == 0, shown.output
    assert "For a worker\n  Look up the order  look-up-order  ready\n" in shown.stdout
    assert (
        "no worker is running, and the case goes on only when one has done this: complaintflow worker" in shown.stdout
    )
    with Engine("sqlite:///cases.db", layers=["layer"], handlers=[Handlers()], handlers_elsewhere=True) as engine:
        engine.worker().beat()
    shown = run("show", "k")
    assert "a worker does this by itself" in shown.stdout
    assert "no worker is running" not in shown.stdout
    assert "no worker which is alive has its handler" not in shown.stdout


def test_a_job_that_waits_for_long_says_why_it_may(run: Run) -> None:
    """Where a worker is alive and the job waits all the same, the case says for how long, and what that may mean."""
    run("run", "broken", "--example", "--key", "k")
    with Engine("sqlite:///cases.db", layers=["layer"], handlers=[Handlers()], handlers_elsewhere=True) as engine:
        engine.worker().beat()
    shown = run("show", "k", place="later")
    assert "look-up-order  ready for 1 minute\n" in shown.stdout
    assert "no worker which is alive has its handler" in " ".join(shown.stdout.split())


def test_what_failed_says_when_a_worker_tries_again(run: Run) -> None:
    """A handler that failed is tried again by a worker: the case says when, and after how many attempts."""
    shown = run("run", "broken", "--example", "--key", "k", place="worker")
    assert shown.exit_code == 0, shown.output
    assert re.search(r"next try in \d+ seconds, after 1 failed attempt of 3\n", shown.stdout)
    assert "look-up-order" in run("show", "k").stdout


def test_one_timer_is_one_timer(run: Run) -> None:
    """The warning that nobody watches counts in words that fit the number."""
    run("run", "broken", "--example")
    warning = run("tasks").stderr
    assert "Warning: 1 job is due (the oldest since" in warning
    run("run", "broken", "--example")
    assert "Warning: 2 jobs are due (the oldest since" in run("tasks").stderr
