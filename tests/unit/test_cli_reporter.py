"""Reporting without a name, and coming back, on the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from complaintflow.cli.app import app
from tests.planted import TRACE, jpeg

Run = Callable[..., Result]
REPORT = ("whistleblower", "-d", "channel=web", "-d", "content=The buyer takes money.")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("COMPLAINTFLOW_DATABASE_URL", "COMPLAINTFLOW_LAYERS", "COMPLAINTFLOW_APP", "LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def call(*words: str, **settings: Any) -> Result:
        return CliRunner().invoke(app, words, prog_name="complaintflow", **settings)

    return call


def receipt(run: Run) -> str:
    """The receipt of a new report."""
    found = re.search(r"Receipt: ((?:\d{4} ){3}\d{4})", run("run", *REPORT).stdout)
    assert found is not None
    return found[1]


def test_the_receipt_is_said_once(run: Run) -> None:
    """After the start, with one sentence what it is for; no later command knows it, and a named report has none."""
    number = receipt(run)
    assert number not in run("show", _case(run)).output
    assert "Receipt" not in run("run", *REPORT, "--actor", "hotline").stdout
    assert "回执号" in run("--language", "zh", "run", *REPORT).stdout
    assert re.fullmatch(r"\d{16}", json.loads(run("run", *REPORT, "--json").stdout)["receipt"])


def _case(run: Run) -> str:
    tasks: list[dict[str, Any]] = json.loads(run("tasks", "--json").stdout)
    return str(tasks[0]["case_id"])


def test_a_reporter_looks_answers_and_adds_evidence(run: Run, tmp_path: Path) -> None:
    """The receipt comes from the prompt; progress is shown, a message is sent, a photo is kept without its traces."""
    number = receipt(run)
    shown = run("reporter", input=f"{number}\n")
    assert "Report received" in shown.stdout
    assert shown.stdout.count("Times in Asia/Shanghai.") == 1
    assert "more-evidence" in shown.stdout
    assert number not in shown.output
    (tmp_path / "photo.jpg").write_bytes(jpeg())
    words = ("reporter", "more-evidence", "-d", "material=A photo.", "--attach", "photo.jpg", "--language", "zh")
    sent = run(*words, input=f"{number}\n")
    assert sent.exit_code == 0
    assert "attachment-1.jpg" in sent.stderr
    assert "补充材料" in sent.stdout
    told = run("show", _case(run))
    assert "attachment 1: attachment-1.jpg (image/jpeg)" in told.stdout + run("show", _case(run), "-v").stdout
    assert TRACE not in told.stdout
    asked = run("reporter", "retaliation", "--json", input=f"{number}\nThey moved me to nights.\n")
    assert json.loads(asked.stdout[asked.stdout.index("{") :])["status"] == "active"


def test_evidence_sent_alone_is_seen_by_both_sides(run: Run, tmp_path: Path) -> None:
    """A file without a message stands in what happened for its reporter, and in what was reported for others."""
    number = receipt(run)
    (tmp_path / "ev.txt").write_text("A list of payments.", encoding="utf-8")
    sent = run("reporter", "--attach", "ev.txt", input=f"{number}\n")
    assert sent.exit_code == 0, sent.output
    assert "Your file has arrived: attachment-1.txt" in sent.stdout
    again = run("--language", "zh", "reporter", input=f"{number}\n")
    assert "已收到您的文件：attachment-1.txt" in again.stdout
    shown = run("show", _case(run)).stdout
    assert "Attachments: 1 attachment-1.txt" in shown
    assert "None" not in shown


def test_a_reporter_who_types_nothing_is_told_what_to_do(run: Run) -> None:
    """An answer that does not come is not a bare "Aborted!": what was not sent is said, and how to give it."""
    number = receipt(run)
    silent = run("reporter", "more-evidence", input=f"{number}\n")
    assert silent.exit_code == 2
    assert "'more-evidence' was not sent" in silent.stderr
    assert "-d material=TEXT" in silent.stderr


def test_a_wrong_receipt_opens_nothing(run: Run) -> None:
    """One sentence, and what to do; a file that is not there is said too; fields need the name of what they fill in."""
    number = receipt(run)
    wrong = run("reporter", input="1234 5678 9012 3456\n")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "no report has this receipt" in wrong.stderr
    lost = run("reporter", "--attach", "nothing.jpg", input=f"{number}\n").stderr
    assert "cannot be read" in lost
    assert "what to do: see the spelling of the path that --attach names" in lost
    assert run("reporter", "-d", "material=x", input=f"{number}\n").exit_code == 2
