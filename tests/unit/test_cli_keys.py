"""Which key a database has, for somebody who has made two of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_samples import write_layer
from click.testing import CliRunner, Result

from complaintflow.cli.app import app
from complaintflow.sealing.keyfile import FILE_VARIABLE, KEYS_VARIABLE

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in an empty folder of a user who has no key yet."""
    write_layer(tmp_path / "layer")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in (FILE_VARIABLE, KEYS_VARIABLE, "COMPLAINTFLOW_DATABASE_URL", "COMPLAINTFLOW_LAYERS"):
        monkeypatch.delenv(name, raising=False)

    def call(*words: str, **settings: Any) -> Result:
        return CliRunner().invoke(app, ["--layer", "layer", *words], prog_name="complaintflow", **settings)

    return call


def test_a_second_key_says_what_it_is_for(run: Run, tmp_path: Path) -> None:
    """A new key is offered for new databases, and what is sealed already is said to need the key that it has."""
    alone = run("keys", "new", "first/keys")
    assert f"export {FILE_VARIABLE}={tmp_path}/first/keys" in alone.stderr
    assert "need the key that sealed them" not in alone.stderr
    run("run", "sample", "--example")
    second = run("keys", "new", "second/keys")
    assert second.exit_code == 0
    assert "Databases that are there already need the key that sealed them" in second.stderr
    assert str(tmp_path / "config/complaintflow/keys") in second.stderr
    refused = run("keys", "new", "second/keys")
    assert refused.exit_code == 2
    assert f"to use it: export {FILE_VARIABLE}={tmp_path}/second/keys" in refused.stderr


def test_the_file_may_be_named_before_it_is_made(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable and the command go together in either order."""
    monkeypatch.setenv(FILE_VARIABLE, "own/keys")
    assert run("run", "sample", "--example").exit_code == 2
    assert run("keys", "new", "own/keys").exit_code == 0
    assert run("run", "sample", "--example").exit_code == 0


def test_another_key_than_the_databases_own(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said where the right key is and how to go over to the other; both ways work."""
    own = tmp_path / "config/complaintflow/keys"
    run("run", "sample", "--example", "--key", "k")
    run("keys", "new", "second/keys")
    monkeypatch.setenv(FILE_VARIABLE, "second/keys")
    refused = run("show", "k")
    assert refused.exit_code == 2
    assert "this database was sealed with another key than the one that is configured" in refused.stderr
    assert f"{FILE_VARIABLE}={own}" in refused.stderr
    assert "cfk1-" not in refused.output
    monkeypatch.setenv(FILE_VARIABLE, str(own))
    assert run("show", "k").exit_code == 0
    monkeypatch.setenv(FILE_VARIABLE, "second/keys")
    (line,) = [line for line in own.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    with Path("second/keys").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    assert run("keys", "rotate", "--no-new-key").exit_code == 0
    assert run("keys", "retire", "--yes").exit_code == 0
    own.unlink()
    assert run("show", "k").exit_code == 0


def test_a_key_that_nobody_here_has(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this user has no key that fits, none is named."""
    run("keys", "new", "first/keys")
    monkeypatch.setenv(FILE_VARIABLE, "first/keys")
    run("run", "sample", "--example", "--key", "k")
    monkeypatch.delenv(FILE_VARIABLE)
    lost = run("show", "k")
    assert lost.exit_code == 2
    assert f"set {FILE_VARIABLE} to where it is" in lost.stderr
    run("keys", "new", "second/keys")
    monkeypatch.setenv(FILE_VARIABLE, "second/keys")
    assert "this was sealed with the key" in run("show", "k").stderr
