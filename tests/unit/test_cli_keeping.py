"""The archivist's commands: whole or not, how long, who holds the keys."""

from __future__ import annotations

import json
import runpy
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from cli_samples import write_layer
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text

from complaintflow.cli.app import app
from complaintflow.cli.teller import Teller
from complaintflow.cli.timeline import tell
from complaintflow.sealing import keyfile
from complaintflow.sealing.keys import KeyRing

Run = Callable[..., Result]
ROOT = Path(__file__).resolve().parents[2]
DESK = """
from datetime import datetime
from complaintflow.time.clock import VirtualClock
from complaintflow.facade.engine import Engine

def make():
    return Engine("sqlite:///cases.db", layers=["layer"], clock=VirtualClock(datetime.fromisoformat("{moment}")))
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in an empty folder with the sample layer and a configuration folder of its own."""
    layer = write_layer(tmp_path / "layer")
    policy = layer / "processes/sample/policy.toml"
    kept = '\n[retention.case]\nkeep = "1 year"\nclause = "S-9"\nfrom = "document"\n'
    policy.write_text(policy.read_text(encoding="utf-8") + kept, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in ("COMPLAINTFLOW_LAYERS", "COMPLAINTFLOW_APP", keyfile.KEYS_VARIABLE, keyfile.FILE_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COMPLAINTFLOW_DATABASE_URL", "sqlite:///cases.db")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def call(*words: str, moment: str = "", **settings: Any) -> Result:
        if moment:
            name = "desk_" + "".join(one for one in f"{tmp_path.name}{moment}" if one.isalnum())
            (tmp_path / f"{name}.py").write_text(DESK.replace("{moment}", moment), encoding="utf-8")
            monkeypatch.syspath_prepend(str(tmp_path))
            return CliRunner().invoke(app, ["--app", f"{name}:make", *words], **settings)
        return CliRunner().invoke(app, ["--layer", "layer", *words], prog_name="complaintflow", **settings)

    return call


def started(run: Run, **settings: Any) -> str:
    """The id of a fresh case of the sample."""
    result = run("run", "sample", "--example", "--json", **settings)
    assert result.exit_code == 0, result.output
    case_id: str = json.loads(result.stdout)["id"]
    return case_id


def ended(run: Run, moment: str) -> str:
    """The id of a case that is over at that moment."""
    case_id = started(run, moment=moment)
    done = run("complete", case_id, "investigate", "-d", "justified=true", "-d", "cause=food", moment=moment)
    assert done.exit_code == 0, done.output
    return case_id


def bend(statement: str) -> None:
    """Somebody writes into the database."""
    engine = create_engine("sqlite:///cases.db")
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


# -- the key that is made ---------------------------------------------------------------------


def test_the_made_key_is_told_once_and_readable(run: Run, tmp_path: Path) -> None:
    """The first command says on standard error where the key is and what to do; the JSON stays JSON; then silence."""
    first = run("run", "sample", "--example", "--json")
    path = tmp_path / "config/complaintflow/keys"
    (line,) = [line for line in first.stderr.splitlines() if "key" in line]
    assert line.startswith("Warning: a key that seals all cases was made: ")
    assert str(path) in line
    assert "keep a copy" in line
    assert json.loads(first.stdout)["process"] == "sample"
    assert "seals all cases" not in run("tasks").stderr


def test_strict_refuses_to_make_a_key(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On either side of the command; it says how to make one, and does with that one."""
    for words in (("--strict", "run", "sample", "--example"), ("run", "sample", "--example", "--strict")):
        refused = run(*words)
        assert refused.exit_code == 2
        assert "strict mode makes none" in refused.stderr
        assert "complaintflow keys new FILE" in refused.stderr
    assert not (tmp_path / "config").exists()
    assert run("keys", "new", "safe/keys").exit_code == 0
    monkeypatch.setenv(keyfile.FILE_VARIABLE, "safe/keys")
    assert run("--strict", "run", "sample", "--example").exit_code == 0
    usage = run("--strict", "tasks", moment="2026-03-02T09:00+08:00")
    assert usage.exit_code == 2
    assert "strict=True" in usage.stderr


# -- verify -----------------------------------------------------------------------------------


def test_verify_prints_figures_where_all_is_whole(run: Run) -> None:
    """Of the store that none is missing; of a case its own; as JSON for a program."""
    case_id = started(run)
    started(run)
    whole = run("verify")
    assert whole.exit_code == 0
    assert "Whole: 2 cases, 8 entries of history, and none is missing." in whole.stdout
    assert "Whole: 1 case, 4 entries of history." in run("verify", case_id[:8]).stdout
    assert json.loads(run("verify", "--json").stdout) == {"cases": 2, "entries": 8, "problems": [], "whole": True}


def test_verify_names_the_first_broken_entry_and_ends_with_1(run: Run) -> None:
    """In words and as JSON, for the store and for the case."""
    case_id = started(run)
    bend("UPDATE cf_history SET event = 'cancelled' WHERE seq = 2")
    for words in (("verify",), ("verify", case_id)):
        result = run(*words)
        assert result.exit_code == 1
        assert f"case {case_id}: entry 2 of its history was changed, moved or removed" in result.stdout
        assert "Not whole: 1 problem in 1 case, 4 entries of history." in result.stdout
    found = run("verify", "--json")
    assert found.exit_code == 1
    assert [one["case_id"] for one in json.loads(found.stdout)["problems"]] == [case_id]
    assert run("verify", "ffff").exit_code == 2


def test_verify_misses_a_case(run: Run) -> None:
    """A case that vanished has no name any more, and is missed."""
    case_id = started(run)
    started(run)
    bend("PRAGMA foreign_keys = ON")
    for table in ("history", "task", "task_group", "timer", "subscription", "job", "notice", "value", "key"):
        bend(f"DELETE FROM cf_{table} WHERE case_id = '{case_id}'")
    bend(f"DELETE FROM cf_case WHERE id = '{case_id}'")
    result = run("verify")
    assert result.exit_code == 1
    assert "a case vanished" in result.stdout


def test_verify_exports_for_a_third_party(run: Run) -> None:
    """The file and `keys public` are all that the example's script needs."""
    case_id = started(run)
    assert run("verify", case_id, "--export", "case.json").exit_code == 0
    key = run("keys", "public").stdout.strip()
    check = runpy.run_path(str(ROOT / "examples/07_check_evidence.py"))["check"]
    document = json.loads(Path("case.json").read_text(encoding="utf-8"))
    assert check(document, key) == ""
    assert check({**document, "status": "completed"}, key)
    assert run("verify", "--export", "case.json").exit_code == 2, "it needs the case"
    assert run("verify", case_id, "--export", "nowhere/case.json").exit_code == 2


# -- purge, hold, export ----------------------------------------------------------------------


def test_purge_lists_what_is_shredded_waits_or_is_held(run: Run) -> None:
    """The first look makes a case wait, the second shreds it; a held one stays; a dry run changes nothing."""
    begin, end, later = "2026-03-02T09:00+08:00", "2027-03-03T09:00+08:00", "2027-03-04T09:00+08:00"
    case_id, held = ended(run, begin), ended(run, begin)
    assert "No case's period is over." in run("purge", moment=begin).stdout
    assert run("hold", held, "--reason", "A lawsuit.", "--actor", "counsel", moment=begin).exit_code == 0
    first = run("purge", moment=end)
    assert first.exit_code == 0
    assert f"Wait for another look, a day after the first: 1\n  {case_id}" in first.stdout
    assert f"Held (`complaintflow hold CASE --end` lets go): 1\n  {held}" in first.stdout
    for _ in range(2):
        dry = run("purge", "--dry-run", moment=later)
        assert f"Would be shredded: 1\n  {case_id}" in dry.stdout
    done = json.loads(run("purge", "--json", moment=later).stdout)
    assert done == {"shredded": [case_id], "waiting": [], "held": [held], "changed": [], "dry_run": False}
    shown = run("show", case_id, moment=later)
    assert shown.exit_code == 0, shown.output
    assert "Content destroyed at the end of its retention period" in shown.stdout
    assert run("show", case_id, "--notices", "--json", moment=later).exit_code == 0
    assert run("verify", moment=later).exit_code == 0


def test_a_hold_needs_a_reason_and_ends_with_one(run: Run) -> None:
    """Both are in the history, in words."""
    case_id = started(run)
    assert run("hold", case_id).exit_code == 2
    assert run("hold", case_id, "--reason", " ").exit_code == 2
    assert "kept until" in run("hold", case_id, "--reason", "A lawsuit.").stdout
    assert "counts again" in run("hold", case_id, "--end", "--reason", "Settled.").stdout
    shown = run("show", case_id).stdout
    for words in ("kept, whatever the retention period says", "A lawsuit.", "the retention period counts again"):
        assert words in shown
    assert "暂缓销毁" in run("show", case_id, "--language", "zh").stdout


def test_export_writes_the_bundle_and_warns(run: Run) -> None:
    """Plain content is said to be plain; the copy is in the history with who and why; a file is not written over."""
    case_id = started(run)
    who = ("--actor", "archivist", "--reason", "The file of the year.")
    assert run("export", case_id, "-o", "case.zip").exit_code == 2
    result = run("export", case_id, "-o", "case.zip", *who)
    assert result.exit_code == 0, result.output
    assert "Copied: " in result.stdout
    assert "the copy is not sealed" in " ".join(result.stderr.split())
    assert stat.S_IMODE(Path("case.zip").stat().st_mode) == 0o600
    with ZipFile("case.zip") as zipped:
        assert b"The soup arrived cold, twice." in zipped.read("variables.json")
    shown = run("show", case_id).stdout
    assert "copied: archive  archivist" in shown
    assert "The file of the year." in shown
    again = run("export", case_id, "-o", "case.zip", *who)
    assert again.exit_code == 2
    assert "File exists" in again.stderr
    listed = json.loads(run("export", case_id, "-o", "second.zip", "--json", *who).stdout)
    assert listed["file"] == "second.zip"
    assert "manifest.json" in listed["contents"]


@pytest.mark.parametrize("purpose", ["read", "copy", "print", "publish", "other"])
def test_every_purpose_of_an_access_has_words(purpose: str) -> None:
    """The timeline says what was done with the material; an unknown purpose is told by its name."""
    from datetime import UTC, datetime
    from types import SimpleNamespace

    from complaintflow.facade.views import Event

    setting: Any = SimpleNamespace(language="en", zone=UTC)
    detail = {"purpose": purpose, "reason": "Asked for."}
    telling = tell(Teller(setting), Event(1, datetime.now(UTC), "accessed", None, None, "li.wei", detail))
    words = {"read": "read", "copy": "copied", "print": "printed", "publish": "handed out", "other": "access other"}
    assert (telling.text, telling.more) == (words[purpose], ("Asked for.",))


# -- keys -------------------------------------------------------------------------------------


def test_keys_are_made_once_and_never_shown(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """`new` writes over nothing; `show` tells names and place; no command prints a key."""
    nothing = run("keys", "show")
    assert "There is no key yet" in nothing.stdout
    made = run("keys", "new", "safe/keys")
    assert made.exit_code == 0
    assert stat.S_IMODE(Path("safe/keys").stat().st_mode) == 0o600
    assert run("keys", "new", "safe/keys").exit_code == 2
    monkeypatch.setenv(keyfile.FILE_VARIABLE, "safe/keys")
    started(run)
    outputs = [run("keys", *words) for words in (["show"], ["show", "--json"], ["public"], ["rotate"], ["show"])]
    assert [result.exit_code for result in outputs] == [0] * 5
    secrets = [line for line in Path("safe/keys").read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    assert len(secrets) == 2
    for result in (made, *outputs):
        assert not any(secret in result.output for secret in secrets)
        assert "cfk1-" not in result.output
    ring = KeyRing.parse(Path("safe/keys").read_text(encoding="utf-8"), "")
    assert f"{ring.names[0]}  the newest" in outputs[-1].stdout
    assert f"{ring.names[1]}  opens older" in outputs[-1].stdout
    assert json.loads(outputs[1].stdout) == {"where": "safe/keys", "keys": ring.names[1:]}
    assert len(outputs[2].stdout.strip()) == 64


def test_rotating_puts_a_new_key_in_front_and_retiring_drops_the_others(run: Run, tmp_path: Path) -> None:
    """Everything is wrapped anew and nothing is lost; what still needs an older key keeps it."""
    case_id = started(run)
    path = tmp_path / "config/complaintflow/keys"
    first = KeyRing.parse(path.read_text(encoding="utf-8"), "").names
    assert "There is one key only." in run("keys", "retire").stdout
    keyfile.write(path, keyfile.KeyFile(path).ring.with_new_key(), replace=True)
    refused = run("keys", "retire", "--yes")
    assert refused.exit_code == 2
    assert "2 wrapped keys still need an older key" in refused.stderr
    assert json.loads(run("keys", "rotate", "--no-new-key", "--json").stdout)["wrapped"] == 2
    assert "2 stored keys (each case has one" in run("keys", "rotate").stdout
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = run("keys", "retire", input="n\n")
    assert kept.exit_code == 1
    assert len(KeyRing.parse(path.read_text(encoding="utf-8"), "").names) == 3
    dropped = run("keys", "retire", "--yes")
    assert dropped.exit_code == 0
    assert first[0] in dropped.stdout
    names = KeyRing.parse(path.read_text(encoding="utf-8"), "").names
    assert len(names) == 1
    assert names != first
    assert "The soup arrived cold" in run("show", case_id).stdout
    assert run("verify").exit_code == 0


def test_keys_of_the_environment_are_changed_there(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command writes no file of somebody else; it wraps anew what the environment's newest key has not wrapped."""
    old, new = (KeyRing.fresh().text.splitlines()[-1] for _ in range(2))
    monkeypatch.setenv(keyfile.KEYS_VARIABLE, old)
    started(run)
    for words in (["rotate"], ["retire"]):
        refused = run("keys", *words)
        assert refused.exit_code == 2
        assert "not in a file that this command may write" in refused.stderr
    monkeypatch.setenv(keyfile.KEYS_VARIABLE, f"{new} {old}")
    assert keyfile.KEYS_VARIABLE in run("keys", "show").stdout
    assert (
        "2 stored keys (each case has one, and the store its own) are now wrapped"
        in run("keys", "rotate", "--no-new-key").stdout
    )
    monkeypatch.setenv(keyfile.KEYS_VARIABLE, new)
    assert run("verify").exit_code == 0


def test_a_case_that_slips_in_keeps_the_older_keys(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If something was wrapped with an older key while the file was written, the file is put back."""
    from complaintflow.cli import keys
    from complaintflow.errors import InvalidKeys

    started(run)
    assert run("keys", "rotate").exit_code == 0
    path = tmp_path / "config/complaintflow/keys"
    before, looks = path.read_bytes(), iter([None, InvalidKeys("1 wrapped key still needs an older key")])

    def look(engine: object) -> None:
        error = next(looks)
        if error is not None:
            raise error

    monkeypatch.setattr(keys, "_require_current", look)
    assert run("keys", "retire", "--yes").exit_code == 2
    assert path.read_bytes() == before


def test_keys_of_an_application_are_those_of_its_engine(run: Run, tmp_path: Path) -> None:
    """With --app the engine says where its keys are."""
    shown = run("keys", "show", moment="2026-03-02T09:00+08:00")
    assert str(tmp_path / "config/complaintflow/keys") in shown.stdout
