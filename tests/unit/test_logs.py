"""The log for programs: one JSON object a line, with names that stay, and nothing that anybody said."""

from __future__ import annotations

import ast
import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from complaintflow import Handlers, JsonFormatter
from complaintflow.cli.app import app
from complaintflow.errors import HandlerError
from complaintflow.logs import EVENTS, about
from complaintflow.testing import Workbench
from tests import diagrams as d

ROOT = Path(__file__).resolve().parents[2]
SECRET = "the cashier's name is Zhao Min"


def line(record: logging.LogRecord) -> dict[str, Any]:
    """A record as the formatter writes it."""
    text = JsonFormatter().format(record)
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_failing_handler_is_logged_without_its_words(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A failure has its event, the job, the class of the error and where it was raised; not what the error says."""
    handlers = Handlers()

    @handlers.handler("work")
    def work() -> None:
        ask()

    def ask() -> None:
        raise OSError(SECRET)

    diagram = d.process(d.start(), d.service("work", "work", retries=1), d.end(), d.flows("start > work > end"))
    bench = Workbench(layers=[d.layer(tmp_path, d.document(diagram))], handlers=[handlers])
    case = bench.start("p")
    (record,) = [one for one in caplog.records if getattr(one, "event", "") == "job-failed"]
    told = line(record)
    assert told["job"].startswith(case.id)
    assert {key: told[key] for key in ("event", "level", "logger", "type", "attempt", "error", "place")} == {
        "event": "job-failed", "level": "warning", "logger": "complaintflow", "type": "work", "attempt": 1,
        "error": "OSError",
        "place": f"test_logs.py:{work.__code__.co_firstlineno + 2} in work,"
                 f" then test_logs.py:{ask.__code__.co_firstlineno + 1} in ask",
    }  # fmt: skip
    assert record.getMessage().endswith(f"failed on attempt 1: OSError (at {told['place']})")
    assert told["at"].endswith("+00:00")
    assert SECRET not in json.dumps(told)


class Wilful(BaseException):
    """An error with a will of its own."""

    @property
    def __traceback__(self) -> Any:  # type: ignore[override]
        raise RuntimeError


@pytest.mark.parametrize("error", [asyncio.CancelledError, GeneratorExit, Wilful])
def test_whatever_a_handler_raises_is_an_attempt(error: type[BaseException], tmp_path: Path) -> None:
    """What is no Exception (a cancelled client's, for one) is counted like any failure, and in the end an incident."""
    handlers = Handlers()

    @handlers.handler("work")
    def work() -> None:
        raise error

    diagram = d.process(d.start(), d.service("work", "work", retries=2), d.end(), d.flows("start > work > end"))
    bench = Workbench(layers=[d.layer(tmp_path, d.document(diagram))], handlers=[handlers])
    case = bench.start("p")
    bench.advance(hours=1)
    [incident] = bench.case(case.id).incidents
    assert incident.message.startswith(error.__name__)


def test_a_handler_is_tried_at_least_once() -> None:
    """No attempt at all is refused where the handler is made, and not taken for the diagram's number."""
    with pytest.raises(HandlerError, match="all attempts, the first too"):
        Handlers().handler("work", retries=0)


def test_of_an_exception_only_classes_and_places_are_kept(caplog: pytest.LogCaptureFixture) -> None:
    """What an error says may quote a report, so its words and those of what caused it are left out."""
    try:
        try:
            raise ValueError(SECRET)
        except ValueError as cause:
            raise RuntimeError(SECRET) from cause
    except RuntimeError:
        logging.getLogger("host").exception("it went wrong")
    told = line(caplog.records[-1])
    assert (told["event"], told["error"], told["because"]) == ("log", "RuntimeError", ["ValueError"])
    assert told["frames"][-1].endswith("test_of_an_exception_only_classes_and_places_are_kept")
    assert SECRET not in json.dumps(told)


def test_facts_do_not_replace_what_every_line_has(caplog: pytest.LogCaptureFixture) -> None:
    """A fact called like a field of every line leaves that field alone."""
    logging.getLogger("complaintflow").warning("a sentence", extra=about("job-left", message="x", level="y", more=1))
    told = line(caplog.records[-1])
    assert (told["message"], told["level"], told["more"]) == ("a sentence", "warning", 1)


def test_every_log_call_has_a_name_that_is_listed() -> None:
    """Each call that logs names an event of the list, so that whoever watches can rely on the names."""
    used: set[str] = set()
    for path in [*ROOT.glob("complaintflow/**/*.py"), *ROOT.glob("adapters/imap.py"), *ROOT.glob("adapters/sql/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "about":
                name = node.args[0]
                assert isinstance(name, ast.Constant), f"{path}:{node.lineno}"
                used.add(str(name.value))
    assert used <= EVENTS.keys()
    assert EVENTS.keys() - used <= {"log"}


def test_the_command_line_writes_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--log-format json` turns the log on standard error into lines of JSON, before a command or behind it."""
    layer = d.layer(
        tmp_path / "layer", d.document(d.process(d.start(), d.user("ask"), d.end(), d.flows("start > ask > end")))
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("COMPLAINTFLOW_DATABASE_URL", "COMPLAINTFLOW_KEYS", "COMPLAINTFLOW_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    words = ["--layer", str(layer), "run", "p", "-", "--log-format", "json"]
    result = CliRunner().invoke(app, words, input="{}")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stderr.splitlines()[0])
    assert (told["event"], told["level"]) == ("key-made", "warning")
