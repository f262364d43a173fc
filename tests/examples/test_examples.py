"""Every example runs by itself, as a reader would run it."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
# Those that need more than to be run, and the beginning of what they say when they are run all the same.
NEEDY = {
    "03_web_view.py": "This example is a web application. Serve it: uvicorn --app-dir examples 03_web_view:app",
    "07_check_evidence.py": "This example checks a file that you give it, with a public key.",
}
SCRIPTS = sorted(path.name for path in EXAMPLES.glob("*.py") if path.name not in NEEDY)

EXPECTED = {
    "01_run_process.py": ["active", "Investigate complaint: customer-service", " 00:00 (Asia/Shanghai)", "['propose']"],
    "02_handlers.py": ["17 ['propose']", "99 ['ask'] None"],
    "04_host_transaction.py": [
        "before the commit: 0 cases, nothing sent",
        "after the commit: 1 case, ['acknowledgement']",
        "after a rollback: 1 case",
    ],
    "06_own_layer.py": [", 1.0)", "my company: ('We are on it', 2.0)"],
}


def played(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The example as a process of its own in that folder."""
    environment = {key: value for key, value in os.environ.items() if key != "COMPLAINTFLOW_DATABASE_URL"}
    command = [sys.executable, str(EXAMPLES / words[0]), *words[1:]]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", NEEDY)
def test_an_example_that_needs_more_says_so(name: str, tmp_path: Path) -> None:
    """Run by itself, it ends with one message of what it needs and leaves nothing behind."""
    done = played(tmp_path, name)
    assert done.returncode == 1
    assert done.stderr.startswith(NEEDY[name])
    assert list(tmp_path.iterdir()) == []


def test_evidence_that_is_none_is_told_in_a_sentence(tmp_path: Path) -> None:
    """A file that is not there, or something else, is one line and no traceback."""
    (tmp_path / "other.json").write_text("nothing", encoding="utf-8")
    for file in ("missing.json", "other.json"):
        done = played(tmp_path, "07_check_evidence.py", file, "00")
        assert (done.returncode, "Traceback" in done.stderr) == (1, False)
        assert f"{file} is not a history that `complaintflow verify CASE --export` wrote" in done.stderr


@pytest.mark.parametrize("name", SCRIPTS)
def test_example_runs_in_an_empty_folder(name: str, tmp_path: Path) -> None:
    """The example ends without an error and prints what its text promises."""
    done = played(tmp_path, name)
    assert done.returncode == 0, done.stderr
    for line in EXPECTED.get(name, []):
        assert line in done.stdout


def test_the_web_view_files_lists_and_completes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The FastAPI example files a complaint, lists it, completes its task, and refuses bad data with 422."""
    from fastapi.testclient import TestClient

    monkeypatch.setenv("COMPLAINTFLOW_DATABASE_URL", f"sqlite:///{tmp_path / 'web.db'}")
    application = runpy.run_path(str(EXAMPLES / "03_web_view.py"))["app"]
    with TestClient(application) as client:
        filed = client.post("/complaints", json={"channel": "web", "content": "The door was locked."})
        assert filed.status_code == 201
        assert filed.json()["waiting_for"] == ["investigate"]
        task = client.get("/inbox/customer-service").json()[0]
        done = client.post(f"/tasks/{task['task']}?actor=li.wei", json={"justified": True, "cause": "service"})
        assert done.json()["waiting_for"] == ["propose"]
        again = client.post(f"/tasks/{task['task']}?actor=li.wei", json={"justified": True, "cause": "service"})
        assert again.status_code == 409
        refused = client.post("/complaints", json={"channel": "web"})
        assert refused.status_code == 422
        assert [field for field, _ in refused.json()["detail"]["problems"]] == ["content"]
