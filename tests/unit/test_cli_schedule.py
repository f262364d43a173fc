"""``complaintflow schedule``: what the clock starts, seen and set from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from complaintflow.cli.app import app
from complaintflow.testing import Workbench
from tests import diagrams as d

Run = Callable[..., Result]


def write(folder: Path, cycle: str) -> None:
    """A layer whose process "p" begins by the clock."""
    start = d.start("due", d.timer(cycle=cycle))
    d.layer(folder / "layer", d.document(d.process(start, d.user("look"), d.end(), d.flows("due > look > end"))))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a folder with the layer."""
    write(tmp_path, "R3/PT1S")
    monkeypatch.chdir(tmp_path)
    for name in ("COMPLAINTFLOW_DATABASE_URL", "COMPLAINTFLOW_LAYERS", "COMPLAINTFLOW_APP", "LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def call(*words: str, **settings: Any) -> Result:
        return CliRunner().invoke(app, ["--layer", "layer", *words], prog_name="complaintflow", **settings)

    return call


def test_start_list_and_stop(run: Run) -> None:
    """A process is put on the schedule, listed with its next time, and taken off again."""
    started = run("schedule", "p")
    assert started.exit_code == 0, started.output
    assert "every PT1S" in started.stdout
    listed = json.loads(run("schedule", "--json").stdout)
    assert [(one["process"], one["element"], one["timer"], one["rounds"]) for one in listed] == [
        ("p", "due", "cycle R3/PT1S", 3)
    ]
    assert "p no more" in run("schedule", "p", "--stop").stdout
    assert "did not start" in run("schedule", "p", "--stop").stdout
    assert run("schedule").stdout == "The clock starts nothing.\n"


def test_a_changed_layer_is_pointed_out(run: Run, tmp_path: Path) -> None:
    """The list says that the layers differ from what runs, and how to take them."""
    run("schedule", "p")
    write(tmp_path, "R/P1D")
    result = run("schedule")
    assert "every PT1S" in result.stdout
    assert "`complaintflow schedule p --layer layer` takes it" in result.stderr
    assert "every P1D" in run("schedule", "p").stdout


def test_mistakes_are_named(run: Run) -> None:
    """A process that does not begin by the clock, and --stop without a process, end with 2 and say why."""
    refused = run("schedule", "customer")
    assert (refused.exit_code, "no start event with a timer" in refused.stderr) == (2, True)
    assert run("schedule", "--stop").exit_code == 2


def test_check_says_what_the_clock_starts(run: Run, tmp_path: Path) -> None:
    """`check` notes what starts by itself once somebody says so, and refuses a timer that gives no time."""
    found = json.loads(run("check", "p", "--json").stdout)
    assert "the clock starts 'due' (cycle R3/PT1S) once the process is on the schedule" in json.dumps(found)
    write(tmp_path, "=case.interval")
    result = run("check", "p")
    assert result.exit_code == 1
    assert "the clock cannot start 'p'" in result.output


def test_the_timeline_says_that_the_clock_did_it(tmp_path: Path) -> None:
    """`show` tells by which start event, and for which time, a case began."""
    write(tmp_path, "R/PT1H")
    url = f"sqlite:///{tmp_path / 'cases.db'}"
    bench = Workbench(layers=[tmp_path / "layer"], database=url)
    bench.schedule("p")
    bench.advance(hours=1)
    (case,) = bench.engine.cases(process="p")
    bench.close()
    shown = CliRunner().invoke(app, ["--database", url, "--language", "en", "show", case.id])
    assert "by the clock: due, Mon 2 Mar 2026 10:00" in shown.stdout
