"""Figures and event logs on the command line: what stands in a row, and what a file is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from complaintflow.cli.app import app
from complaintflow.time.clock import SystemClock

Run = Callable[..., Result]
YEAR = str(SystemClock().now().astimezone(ZoneInfo("Asia/Shanghai")).year)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in an empty folder, where one employee has complained."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("COMPLAINTFLOW_DATABASE_URL", "COMPLAINTFLOW_LAYERS", "COMPLAINTFLOW_APP", "LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def call(*words: str, **settings: Any) -> Result:
        return CliRunner().invoke(app, words, prog_name="complaintflow", **settings)

    assert call("run", "hr", "--example").exit_code == 0
    return call


def lines(run: Run, *words: str) -> list[list[str]]:
    """The output as rows of columns."""
    result = run("figures", "hr", "--year", YEAR, *words)
    assert result.exit_code == 0, result.output
    return [[part.strip() for part in line.split("  ") if part.strip()] for line in result.stdout.splitlines()]


def test_each_row_says_what_it_is(run: Run) -> None:
    """Parts name what they are told apart by, also where it is not known; every column has a title; one is one."""
    rows = lines(run)
    assert ["FIGURE", "VALUE", "COUNTED"] in rows
    assert ["Complaints received", "1 case"] in rows
    assert ["type: process", "not shown: too few"] in rows
    assert ["department: not recorded", "not shown: too few"] in rows
    assert ["FIGURE", "DEPARTMENT", "TYPE", "VALUE"] in lines(run, "--by", "department", "--by", "type")
    assert ["指标", "数值", "计数"] in lines(run, "--language", "zh")


def test_a_period_that_is_none_is_explained(run: Run) -> None:
    """A slip in a period says how one is written, once, and no more."""
    refused = run("figures", "hr", "--quarter", "2026-4")
    assert refused.exit_code == 2
    assert refused.stderr.count("2026Q3") == 1
    assert "is none" not in refused.stderr


def test_the_zone_is_named_once(run: Run) -> None:
    """Until when was counted has the zone of the policy, in a time that is over and in one that is not."""
    for year in ("2020", YEAR):
        shown = run("figures", "hr", "--year", year).stdout
        assert shown.count("Asia/Shanghai") == 1
    assert "counted until Thu 31 Dec 2020 24:00, Asia/Shanghai" in run("figures", "hr", "--year", "2020").stdout


def test_an_event_log_has_a_format(run: Run, tmp_path: Path) -> None:
    """A name that says nothing of the format is refused before anything is read, unless --format says it."""
    for name in ("log.foo", "log", "log.xes.gz"):
        refused = run("eventlog", "-o", name)
        assert refused.exit_code == 2
        for word in (".json", ".xes", "--format"):
            assert word in refused.stderr
        assert not (tmp_path / name).exists()
    assert "(XES)" in run("eventlog", "-o", "log.foo", "--format", "xes").stdout
    assert "(OCEL)" in run("eventlog", "-o", "log.json").stdout
    assert "(OCEL)" in run("eventlog", "-o", "log.jsonocel").stdout
    assert "(XES)" in run("eventlog", "-o", "log.XES").stdout
