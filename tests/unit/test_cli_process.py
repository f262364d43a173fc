"""The command line as a real process: console script, module, signals, terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cli_samples import write_layer

MODULE = [sys.executable, "-m", "complaintflow"]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty folder with the sample layer."""
    write_layer(tmp_path / "layer")
    return tmp_path


def environment(place: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COMPLAINTFLOW_")}
    return {**kept, "COMPLAINTFLOW_LAYERS": str(place / "layer"), "LC_ALL": "C.UTF-8", **more}


def call(place: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MODULE, *words], cwd=place, env=environment(place, **more), capture_output=True, encoding="utf-8", check=False
    )


def test_a_case_from_process_to_process(place: Path) -> None:
    """Each command is a process of its own: what one wrote, the next one finds."""
    case = json.loads(call(place, "run", "sample", "--example", "--json", "--key", "k").stdout)
    assert (place / "complaintflow.db").exists()
    done = call(place, "complete", case["id"][:8], "investigate", "-d", "justified=true", "-d", "cause=food")
    assert done.returncode == 0, done.stderr
    assert "completed" in call(place, "show", "k").stdout
    assert "Traceback" not in done.stderr


def test_a_terminal_without_utf8_gets_replacements_not_an_error(place: Path) -> None:
    """Signs become plain letters and Chinese becomes question marks where the encoding cannot write them."""
    call(place, "run", "sample", "--example", "--key", "k")
    shown = call(place, "--language", "zh", "show", "k", PYTHONIOENCODING="latin-1")
    assert shown.returncode == 0, shown.stderr
    assert " > ??" in shown.stdout


def test_the_worker_says_how_it_goes_and_stops_politely(place: Path) -> None:
    """Lines at the interval that was asked for; a signal ends it with 0 and a summary."""
    call(place, "run", "sample", "--example")
    worker = subprocess.Popen(
        [*MODULE, "worker", "--every", "0.1"],
        cwd=place,
        env=environment(place),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert worker.stderr is not None
    banner = ""
    while (line := worker.stderr.readline()) and "fired" not in line:
        banner += line
    assert banner.startswith("Working on sqlite:///complaintflow.db; Ctrl-C or SIGTERM stops after the step at hand.")
    for what in ("looks for work      by itself", str(place / "layer"), "notify", "none: --app MODULE:NAME"):
        assert what in banner
    assert line.startswith("0 timers fired, 0 jobs run; up 0 seconds; next in ")
    worker.send_signal(signal.SIGINT)
    output, rest = worker.communicate(timeout=30)
    assert worker.returncode == 0
    assert output == "0 timers fired, 0 jobs run\n"
    assert rest.endswith("Stopping.\n")
    assert "Traceback" not in rest


def test_a_closed_pipe_is_no_error_of_ours(place: Path) -> None:
    """`complaintflow processes | head -1` ends quietly."""
    line = f"{sys.executable} -m complaintflow processes | head -1"
    done = subprocess.run(
        line, shell=True, cwd=place, env=environment(place), capture_output=True, text=True, check=False
    )
    assert done.stdout
    assert done.stderr == ""


def converse(place: Path, answers: dict[str, str], *words: str) -> str:
    """Run a command on a terminal of its own, answering each prompt when it stands at the end; what was shown."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(place)
        os.execve(sys.executable, [*MODULE, *words], environment(place, TERM="xterm", NO_COLOR="1"))
    shown = ""
    open_questions = dict(answers)
    while select.select([terminal], [], [], 30)[0]:
        try:
            piece = os.read(terminal, 65536).decode("utf-8", "replace")
        except OSError:
            break
        shown += piece
        tail = shown[-200:]
        for question, answer in list(open_questions.items()):
            if shown.endswith("> ") and question in tail:
                del open_questions[question]
                os.write(terminal, answer.encode() + b"\n")
                break
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, shown
    return shown


def test_a_form_is_asked_on_a_terminal(place: Path) -> None:
    """Without data, complete asks the task's fields in the terminal's language and sends what was answered."""
    case = json.loads(call(place, "run", "sample", "--example", "--json", "--key", "k").stdout)
    answers = {"Is the complaint justified?": "n", "原因": "2", "Remark": "none of it"}
    shown = converse(place, answers, "--language", "zh", "complete", case["id"][:8], "investigate")
    assert "查明原因" in shown
    assert "是/否" in shown
    variables = json.loads(call(place, "show", "k", "--json").stdout)["variables"]
    assert variables["cause"] == "none"
    assert variables["remark"] == "none of it"
