"""``complaintflow surge``: windows and replays for people and programs, and what ``check`` says of surges."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner, Result

from complaintflow.cli.app import app
from complaintflow.time.clock import VirtualClock
from tests.surge_cases import engine, file, plans, policy, procedure

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a folder with the procedure and an empty database."""
    monkeypatch.chdir(tmp_path)
    for name in ("COMPLAINTFLOW_DATABASE_URL", "COMPLAINTFLOW_LAYERS", "COMPLAINTFLOW_APP", "LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)
    procedure(tmp_path / "layer")

    def call(*words: str, **settings: Any) -> Result:
        common = ["--layer", "layer", "--database", "sqlite:///cases.db"]
        return CliRunner().invoke(app, [*common, *words], prog_name="complaintflow", **settings)

    return call


def live() -> str:
    """Six complaints of June in a file; the id of the plan that they began."""
    with engine(Path("layer"), None, "sqlite:///cases.db", keys=None) as shop:
        for _ in range(6):
            file(shop)
            cast("VirtualClock", shop.clock).advance(timedelta(hours=1))
        return plans(shop)[0]


def test_a_replay_names_the_surge_and_its_case(run: Run) -> None:
    """People read when it began and which case it led to, programs all of it, and a time leaves others out."""
    begun = live()
    told = run("surge", "--replay")
    assert told.exit_code == 0, told.output
    assert "shop/similar" in told.stdout
    assert "late · kitchen" in told.stdout
    assert "Sat 20 Jun 2026 14:00" in told.stdout
    assert told.stdout.count("times in Asia/Shanghai") == 1
    assert begun[:8] in told.stdout
    (one,) = json.loads(run("surge", "shop", "--replay", "--json").stdout)
    assert (one["count"], one["peak"], one["case"], len(one["cases"])) == (6, 6, begun, 6)
    assert "no surge" in run("surge", "shop", "--replay", "--until", "2026-06-20").stdout
    assert begun[:8] in run("surge", "shop", "--replay", "--since", "2026-06-21", "--until", "2026-06-22").stdout
    assert "no surge" in run("surge", "--replay", "--since", "2026-06-22T00:00:00+08:00").stdout


def test_windows_of_now(run: Run) -> None:
    """Without --replay only what lies within the window of this moment is shown."""
    live()
    assert "No complaints" in run("surge").stdout
    filed = run("run", "shop", "-d", "kind=late", "-d", "place.group=kitchen")
    assert filed.exit_code == 0, filed.output
    (one,) = json.loads(run("surge", "shop", "--json").stdout)
    assert (one["count"], one["more_than"], one["within"], one["began"]) == (1, 5, 86_400.0, None)
    assert "late · kitchen" in run("surge").stdout
    assert "同类" in run("--language", "zh", "surge").stdout


def test_times_that_cannot_be_read_are_refused(run: Run) -> None:
    """A word that is no time, a day without a zone, and times without --replay each say what to write."""
    live()
    assert "2026-07-01" in run("surge", "shop", "--replay", "--since", "yesterday").output
    assert "POLICY" in run("surge", "--replay", "--since", "2026-06-20").output
    assert "--replay" in run("surge", "--since", "2026-06-20").output


def test_history_says_which_group_a_case_is_in(run: Run) -> None:
    """The lines of surges are among the quiet ones of a case's history."""
    begun = live()
    assert "Begun by a surge: shop/similar" in run("-v", "show", begun).stdout


def test_check_misses_what_a_surge_begins(run: Run) -> None:
    """A surge of a process that no layer has is an error at its line; with the process it is none."""
    assert run("check", "shop").exit_code == 0
    Path("layer/processes/shop/policy.toml").write_text(policy(starts="plam"), encoding="utf-8")
    found = run("check", "shop")
    assert found.exit_code == 1
    assert "the surge 'similar' begins the process 'plam', which is not there" in found.stdout
    assert "policy.toml" in found.stdout
