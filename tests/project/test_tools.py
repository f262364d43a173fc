"""The linter and the type checker agree with the tree."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str, cwd: Path = ROOT) -> str:
    done = subprocess.run([sys.executable, "-m", *command], cwd=cwd, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_ruff_is_content() -> None:
    """ruff finds nothing, and would not lay out anything differently."""
    assert run("ruff", "check", "--quiet", ".") == ""
    assert run("ruff", "format", "--check", "--quiet", ".") == ""


def test_mypy_strict_is_content(tmp_path: Path) -> None:
    """mypy in strict mode finds nothing in the package as it is installed, adapters included."""
    package = tmp_path / "complaintflow"
    package.mkdir()
    for entry in (ROOT / "complaintflow").iterdir():
        (package / entry.name).symlink_to(entry)
    for folder in ("adapters", "processes", "forms"):
        (package / folder).symlink_to(ROOT / folder)
    config = str(ROOT / "setup.cfg")
    cache = str(ROOT / ".mypy_cache")
    assert run("mypy", "--config-file", config, "--cache-dir", cache, "-p", "complaintflow", cwd=tmp_path) == ""
