"""The README is executed, and complete."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_python_in_the_readme_runs(number: int, tmp_path: Path) -> None:
    """Each Python block runs in an empty folder, and its comments say what the lines give."""
    block = BLOCKS[number]
    is_test = "def test_" in block
    lines = []
    for line in block.splitlines():
        shown = re.fullmatch(r"(case\.[a-z_]+)  # (\S.*)", line)
        lines.append(f"assert {shown[1]} == {shown[2]}" if shown else line)
    script = tmp_path / ("test_block.py" if is_test else "block.py")
    script.write_text("\n".join(lines), encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if key != "COMPLAINTFLOW_DATABASE_URL"}
    command = [sys.executable, "-m", "pytest", "-q", str(script)] if is_test else [sys.executable, str(script)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


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
