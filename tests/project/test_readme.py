"""The README is executed, and complete."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import complaintflow.facade.runner
from complaintflow.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
(SHELL,) = (block for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if "people.toml" in block)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder beside which the examples lie, as in a checkout."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    return tmp_path


def checking(block: str) -> str:
    """The block with what its comments say that the lines give turned into assertions."""
    lines = []
    for line in block.splitlines():
        shown = re.fullmatch(r"(case\.[\w\[\]\".]+)  # (\S.*)", line)
        lines.append(f"assert {shown[1]} == {shown[2]}" if shown else line)
    return "\n".join(lines)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_python_in_the_readme_runs(number: int, folder: Path) -> None:
    """Each Python block runs in an empty folder, and its comments say what the lines give."""
    block = BLOCKS[number]
    is_test = "def test_" in block
    script = folder / ("test_block.py" if is_test else "block.py")
    script.write_text(checking(block), encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if key != "COMPLAINTFLOW_DATABASE_URL"}
    command = [sys.executable, "-m", "pytest", "-q", str(script)] if is_test else [sys.executable, str(script)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for said in re.findall(r"# prints: (.*)", block):
        assert said in done.stdout.splitlines()


@pytest.mark.parametrize("backwards", [False, True], ids=["top to bottom", "bottom to top"])
def test_the_readme_is_followed_from_either_end(backwards: bool, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs and commands share a folder and one key that the first of them makes, whichever it is."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    for name in ("DATABASE_URL", "KEY_FILE", "KEYS", "PEOPLE", "LAYERS", "APP"):
        monkeypatch.delenv(f"COMPLAINTFLOW_{name}", raising=False)
    monkeypatch.setattr(complaintflow.facade.runner, "_engines", {})
    parts = [block for block in BLOCKS if "def test_" not in block] + [SHELL]
    for part in reversed(parts) if backwards else parts:
        if part is SHELL:
            type_in(part, monkeypatch)
        else:
            (folder / "block.py").write_text(checking(part), encoding="utf-8")
            runpy.run_path("block.py")
    assert [path.name for path in folder.rglob("keys")] == ["keys"]


def type_in(block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a shell does with the block: a file, variables, commands. Only the receipt is not asked for."""
    for name, text in re.findall(r"cat > (\S+) <<'END'\n(.*?)END\n", block, re.DOTALL):
        Path(name).write_text(text, encoding="utf-8")
    for line in re.findall("^(?:export|complaintflow) .*", block, re.MULTILINE):
        first, *words = shlex.split(line, comments=True)
        if first == "export":
            monkeypatch.setenv(*words[0].split("=", 1))
        elif words != ["reporter"]:
            done = CliRunner().invoke(app, words, prog_name=first)
            assert done.exit_code == 0, f"{line}\n{done.output}"


def test_the_readme_names_every_command() -> None:
    """A command that the README does not mention fails the build."""
    from complaintflow.cli.app import COMMANDS

    commands = {name for group in COMMANDS.values() for name in group}
    assert (
        sorted(name for name in commands if f"`{name}`" not in README and f"complaintflow {name}" not in README) == []
    )


def test_the_readme_names_every_process() -> None:
    """A shipped process that the README does not mention fails the build."""
    folders = sorted(path.parent.name for path in ROOT.glob("processes/*/*.bpmn") if path.stem == path.parent.name)
    assert [name for name in folders if f"processes/{name}/README.md" not in README] == []
