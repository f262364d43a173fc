"""The fuzzer runs for some seconds where atheris is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def test_feel_survives_the_fuzzer(tmp_path: Path) -> None:
    """Garbage that follows the coverage brings out our own errors only, and quickly."""
    pytest.importorskip("atheris", reason="the fuzzer needs atheris: pip install atheris")
    script = Path(__file__).with_name("fuzz_feel.py")
    command = [sys.executable, str(script), "-max_total_time=15", "-timeout=10", f"-artifact_prefix={tmp_path}/"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
